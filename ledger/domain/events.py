"""What can happen: every act as a frozen record, its field table, its permanent wire name.

An act says who did it in ``by`` (a party's id); goods are named by parcel ids. Common to all: ``documented`` marks an
act recorded from sources by an archivist, in which what the source lacks is absent, and ``discrepancies`` names
what a rule would have refused. The records carry no bytes, keys or times: those belong to the statement.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ledger.domain import fields as f
from ledger.domain.fields import Problem, may, need, rows


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """What a rule would have refused, stored with a documented act: the rule's code, its subject, its sentence."""

    rule: str = need(f.TEXT, "the rule's code")
    subject: str = may(f.TEXT, "what it is about")
    said: str = may(f.TEXT, "the rule's sentence, with the numbers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every act shares."""

    TYPE: ClassVar[str] = ""
    COMMAND: ClassVar[tuple[str, ...]] = ()

    by: str | None = need(f.PARTY, "the party that acts")
    documented: bool = False
    discrepancies: tuple[Discrepancy, ...] = ()
    country: str | None = may(f.COUNTRY, "where it happened")
    place: str | None = may(f.TEXT, "where it happened, in words")
    note: str | None = may(f.TEXT, "a remark")


EVENTS: dict[str, type[Event]] = {}
"""Every act that this version knows, by its wire name."""


def act(wire: str, command: str) -> Callable[[type[Event]], type[Event]]:
    """Registers a record class under its wire name and the words of its command."""

    def register(record: type[Event]) -> type[Event]:
        record.TYPE = wire
        record.COMMAND = tuple(command.split())
        EVENTS[wire] = record
        return record

    return register


@dataclass(frozen=True, slots=True)
class Goods:
    """Goods that come to be a parcel: a line of a sheet, an output of a split."""

    parcel: str = need(f.PARCEL, "the id the parcel gets")
    weight: int | None = need(f.WEIGHT, "its weight")
    stones: int | None = may(f.STONES, "how many stones")
    hs: str | None = may(f.HS, "HS code")
    name: str | None = may(f.TEXT, "the name it is known by")


@dataclass(frozen=True, slots=True)
class Part:
    """A parcel that exists, with the weight found or stated for it."""

    parcel: str = need(f.PARCEL, "the parcel")
    weight: int | None = may(f.WEIGHT, "its weight")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A parcel that arrives from another participant, under the id it gets here."""

    parcel: str = need(f.PARCEL, "its id here")
    weight: int | None = need(f.WEIGHT, "its weight as measured")
    stones: int | None = may(f.STONES, "how many stones")
    hs: str | None = may(f.HS, "HS code")
    foreign: str | None = may(f.PARCEL, "its id in the sender's ledger")


@dataclass(frozen=True, slots=True)
class ClassWeight:
    """The weight in one HS class."""

    hs: str = need(f.HS, "HS code")
    weight: int | None = need(f.WEIGHT, "weight in that class")


# --- the ledger, its parties and what they may do -----------------------------------------------------------------


@act("ledger-opened/1", "init")
@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerOpened(Event):
    """A ledger begins: its origin, its first authority, the keys that speak for it."""

    origin: str = need(f.TEXT, "the ledger's origin, never used again")
    participant: str | None = may(f.COUNTRY, "the participant whose ledger it is")
    name: str | None = may(f.TEXT, "the authority's name")
    keys: tuple[str, ...] = need(f.TEXT, "the ledger's verifier keys", many=True)
    authority_key: bytes | None = need(f.KEY, "the first authority's key")
    recovery_key: bytes | None = need(f.KEY, "the key that can revoke the ledger's keys")


@act("party-registered/1", "party register")
@dataclass(frozen=True, slots=True, kw_only=True)
class PartyRegistered(Event):
    """A party is known to the ledger under a public pseudonym; name and address are sealed."""

    party: str = need(f.PARTY, "the party's id")
    roles: tuple[str, ...] = need(f.ROLE, "what it may do", many=True)
    residence: str | None = may(f.COUNTRY, "its country")
    name: Any = may(f.TEXT, "its name", sealed=True)
    address: Any = may(f.TEXT, "its address", sealed=True)
    nationality: Any = may(f.TEXT, "its nationality or residence status", sealed=True)


@act("alias-recorded/1", "party alias")
@dataclass(frozen=True, slots=True, kw_only=True)
class AliasRecorded(Event):
    """Another name of a party, parcel or site."""

    subject: str = need(f.SUBJECT, "what is so called")
    alias: str = need(f.TEXT, "the other name")
    language: str | None = may(f.LANGUAGE, "the name's language")


@act("site-registered/1", "site register")
@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRegistered(Event):
    """A mine or field; its exact location is sealed."""

    site: str = need(f.SITE, "the site's id")
    name: str | None = may(f.TEXT, "its name")
    in_country: str | None = need(f.COUNTRY, "the country where it lies")
    zone: str | None = may(f.TEXT, "its zone, such as a sub-prefecture")
    operator: str | None = may(f.PARTY, "who works it")
    mining: str | None = may(f.MINING, "how it is worked")
    capacity: int | None = may(f.WEIGHT, "what it can yield in a year")
    location: Any = may(f.TEXT, "its coordinates", sealed=True)


@act("licence-granted/1", "licence grant")
@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceGranted(Event):
    """A licence of a party, for a kind of business and, for mining, a site (KPCS Annex II 9-14)."""

    licence: str = need(f.LICENCE, "the licence's number")
    party: str = need(f.PARTY, "who is licensed")
    licensed: str = need(f.LICENCE_KIND, "for what")
    site: str | None = may(f.SITE, "the site it is for")
    since: str = need(f.DATE, "first day")
    until: str | None = may(f.DATE, "last day")


@act("licence-withdrawn/1", "licence withdraw")
@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceWithdrawn(Event):
    """A licence ends before its time."""

    licence: str = need(f.LICENCE, "the licence's number")
    since: str = need(f.DATE, "from which day on")
    reason: str | None = may(f.TEXT, "why")


@act("role-granted/1", "role grant")
@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted(Event):
    """A party may act in a further role."""

    party: str = need(f.PARTY, "the party")
    role: str = need(f.ROLE, "the role")
    since: str = need(f.DATE, "first day")
    until: str | None = may(f.DATE, "last day")


@act("role-withdrawn/1", "role withdraw")
@dataclass(frozen=True, slots=True, kw_only=True)
class RoleWithdrawn(Event):
    """A party no longer acts in a role."""

    party: str = need(f.PARTY, "the party")
    role: str = need(f.ROLE, "the role")
    since: str = need(f.DATE, "from which day on")
    reason: str | None = may(f.TEXT, "why")


@act("mandate-granted/1", "mandate grant")
@dataclass(frozen=True, slots=True, kw_only=True)
class MandateGranted(Event):
    """A clerk may record kinds of acts for a party that does not sign itself."""

    mandate: str = need(f.MANDATE, "the mandate's id")
    clerk: str = need(f.PARTY, "who may record")
    party: str = need(f.PARTY, "for whom")
    acts: tuple[str, ...] = need(f.WIRE, "which kinds of acts", many=True)
    since: str = need(f.DATE, "first day")
    until: str | None = may(f.DATE, "last day")


@act("mandate-withdrawn/1", "mandate withdraw")
@dataclass(frozen=True, slots=True, kw_only=True)
class MandateWithdrawn(Event):
    """A mandate ends."""

    mandate: str = need(f.MANDATE, "the mandate's id")
    since: str = need(f.DATE, "from which day on")
    reason: str | None = may(f.TEXT, "why")


@act("key-enrolled/1", "key enrol")
@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEnrolled(Event):
    """A key signs for a party from now on; ``proof`` shows that its holder agreed."""

    party: str = need(f.PARTY, "whose key")
    key: bytes = need(f.KEY, "the key")
    proof: bytes = need(f.PROOF, "the key's signature over party and origin")


@act("key-revoked/1", "key revoke")
@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked(Event):
    """A key no longer signs; what it signed since ``since`` is disputed."""

    key: bytes = need(f.KEY, "the key")
    since: str = need(f.DATE, "from which day on")
    reason: str | None = may(f.TEXT, "why")


# --- parcels: how they begin --------------------------------------------------------------------------------------


@act("parcel-mined/1", "parcel mine")
@dataclass(frozen=True, slots=True, kw_only=True)
class Mined(Event):
    """A production sheet: what was recovered at a site, a line a parcel."""

    site: str | None = need(f.SITE, "the site")
    lines: tuple[Goods, ...] = rows(Goods, "what was recovered")
    paid: Any = may(f.VALUE, "the price paid to the miner", sealed=True)


@act("stock-opened/1", "parcel open-stock")
@dataclass(frozen=True, slots=True, kw_only=True)
class StockOpened(Event):
    """Goods that were there before the ledger was; they stay marked for life (EUREG Article 6)."""

    holder: str | None = need(f.PARTY, "who holds them")
    lines: tuple[Goods, ...] = rows(Goods, "what is there")
    origins: tuple[str, ...] = may(f.COUNTRY, "the countries they may come from", many=True)
    basis: str | None = may(f.TEXT, "what the declaration rests on")


# --- parcels: what is found out about them ------------------------------------------------------------------------


@act("parcel-weighed/1", "parcel weigh")
@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed(Event):
    """A parcel was put on a scale."""

    parcel: str = need(f.PARCEL, "the parcel")
    weight: int | None = need(f.WEIGHT, "what the scale showed")
    stones: int | None = may(f.STONES, "how many stones were counted")
    uncertainty: int | None = may(f.WEIGHT, "the scale's uncertainty")
    reason: str | None = may(f.TEXT, "why it was weighed, such as cleaning")


@act("parcel-valued/1", "parcel value")
@dataclass(frozen=True, slots=True, kw_only=True)
class Valued(Event):
    """A parcel was valued; the value is sealed."""

    parcel: str = need(f.PARCEL, "the parcel")
    value: Any = need(f.VALUE, "the value", sealed=True)
    basis: str | None = may(f.TEXT, "whose valuation, on what basis")


@act("parcel-reported/1", "parcel report")
@dataclass(frozen=True, slots=True, kw_only=True)
class Reported(Event):
    """Somebody reports something about a parcel, or about no parcel in particular; it changes nothing."""

    parcels: tuple[str, ...] = may(f.PARCEL, "the parcels it is about", many=True)
    report: str = need(f.TEXT, "what is reported")
    to: str | None = may(f.PARTY, "the party it concerns")


@act("parcel-named/1", "parcel name")
@dataclass(frozen=True, slots=True, kw_only=True)
class Named(Event):
    """A parcel is known by a name."""

    parcel: str = need(f.PARCEL, "the parcel")
    name: str = need(f.TEXT, "the name")


# --- parcels: what becomes of them --------------------------------------------------------------------------------


@act("parcel-sorted/1", "parcel sort")
@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted(Event):
    """Unsorted goods are sorted into HS classes."""

    parcel: str = need(f.PARCEL, "the parcel that is sorted")
    outputs: tuple[Goods, ...] = rows(Goods, "what it becomes")
    loss: int | None = may(f.WEIGHT, "what was lost")


@act("parcel-split/1", "parcel split")
@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Event):
    """A parcel is divided, or a stone breaks, is sawn or cleaved."""

    parcel: str = need(f.PARCEL, "the parcel that is divided")
    outputs: tuple[Goods, ...] = rows(Goods, "what it becomes")
    loss: int | None = may(f.WEIGHT, "what was lost")


@act("parcel-mixed/1", "parcel mix")
@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed(Event):
    """Whole parcels are put together into one."""

    inputs: tuple[str, ...] = need(f.PARCEL, "the parcels that are put together", many=True)
    output: str = need(f.PARCEL, "the id the mixed parcel gets")
    weight: int | None = need(f.WEIGHT, "its weight")
    stones: int | None = may(f.STONES, "how many stones")
    hs: str | None = may(f.HS, "HS code")
    name: str | None = may(f.TEXT, "the name it is known by")
    loss: int | None = may(f.WEIGHT, "what was lost")


@act("parcel-polished/1", "parcel polish")
@dataclass(frozen=True, slots=True, kw_only=True)
class Polished(Event):
    """Rough is cut and polished: it leaves the scheme. ``complete``: all outputs are named."""

    parcel: str = need(f.PARCEL, "the rough")
    outputs: tuple[Goods, ...] = rows(Goods, "the polished stones")
    complete: bool | None = need(f.YES, "whether these are all the outputs")


# --- parcels: in whose hands they are -----------------------------------------------------------------------------


@act("parcel-offered/1", "parcel offer")
@dataclass(frozen=True, slots=True, kw_only=True)
class Offered(Event):
    """Goods are offered in a tender, an auction or otherwise; nothing moves."""

    parcels: tuple[str, ...] = need(f.PARCEL, "what is offered", many=True)
    channel: str | None = need(f.CHANNEL, "how")
    outcome: str | None = may(f.OUTCOME, "how it ended")
    reserve: Any = may(f.VALUE, "the reserve", sealed=True)


@act("parcel-consigned/1", "parcel consign")
@dataclass(frozen=True, slots=True, kw_only=True)
class Consigned(Event):
    """Goods go into another's hands and keep their owner."""

    parcels: tuple[str, ...] = need(f.PARCEL, "what is consigned", many=True)
    to: str | None = need(f.PARTY, "to whom")
    purpose: str | None = need(f.PURPOSE, "what for")
    until: str | None = may(f.DATE, "until when")


@act("parcel-transferred/1", "parcel transfer")
@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred(Event):
    """Goods go into another's hands without a sale; with ``title`` the ownership passes too."""

    parcels: tuple[str, ...] = need(f.PARCEL, "what is handed over", many=True)
    to: str | None = need(f.PARTY, "to whom")
    title: bool | None = may(f.YES, "whether ownership passes")


@act("parcel-sold/1", "parcel sell")
@dataclass(frozen=True, slots=True, kw_only=True)
class Sold(Event):
    """Goods are sold and delivered; price and invoice are sealed."""

    parcels: tuple[str, ...] = need(f.PARCEL, "what is sold", many=True)
    to: str | None = need(f.PARTY, "the buyer")
    channel: str | None = may(f.CHANNEL, "how")
    warranty: str | None = may(f.TEXT, "the version of the warranty's text")
    tracking: str | None = may(f.TEXT, "the courier's tracking number")
    price: Any = may(f.VALUE, "the price", sealed=True)
    invoice: Any = may(f.TEXT, "the invoice", sealed=True)


@act("parcel-received/1", "parcel receive")
@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Event):
    """The new holder confirms what arrived, with the weights found."""

    parts: tuple[Part, ...] = rows(Part, "what arrived, with the weight found")
    sender: str | None = may(f.PARTY, "from whom")


@act("parcel-sealed/1", "parcel seal")
@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed(Event):
    """Parcels are put into a tamper-evident container (KPCS section IV)."""

    parcels: tuple[str, ...] = need(f.PARCEL, "what is sealed", many=True)
    seals: tuple[str, ...] = need(f.SEAL, "the seals' numbers", many=True)


@act("parcel-seized/1", "parcel seize")
@dataclass(frozen=True, slots=True, kw_only=True)
class Seized(Event):
    """An authority takes goods; goods unknown until then begin here and stay marked for life."""

    lines: tuple[Goods, ...] = rows(Goods, "what is seized")
    taken_from: str | None = may(f.PARTY, "from whom")
    ground: Any = may(f.TEXT, "on what ground", sealed=True)


@act("parcel-released/1", "parcel release")
@dataclass(frozen=True, slots=True, kw_only=True)
class Released(Event):
    """Seized goods go to somebody: back, or to the buyer of forfeited goods."""

    parcels: tuple[str, ...] = need(f.PARCEL, "what is released", many=True)
    to: str | None = need(f.PARTY, "to whom")


@act("parcel-lost/1", "parcel lose")
@dataclass(frozen=True, slots=True, kw_only=True)
class Lost(Event):
    """Goods are lost, stolen or destroyed."""

    parcels: tuple[str, ...] = need(f.PARCEL, "what is missing", many=True)
    how: str | None = need(f.LOSS, "how")


@act("parcel-recovered/1", "parcel recover")
@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered(Event):
    """Lost goods are found again."""

    parts: tuple[Part, ...] = rows(Part, "what was found")
    to: str | None = need(f.PARTY, "who holds it now")


# --- certificates and the border ----------------------------------------------------------------------------------


@act("certificate-issued/1", "certificate issue")
@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateIssued(Event):
    """A Kimberley Process certificate for one shipment (KPCS Annex I A); values and names are sealed."""

    certificate: str = need(f.CERTIFICATE, "issuer and normal form of the number")
    number: str = need(f.NUMBER, "the number as printed")
    normalisation: str | None = need(f.TEXT, "how the number was brought to normal form")
    parts: tuple[Part, ...] = rows(Part, "the parcels of the shipment, with their weights")
    classes: tuple[ClassWeight, ...] = rows(ClassWeight, "the weight in each HS class")
    weight: int | None = need(f.WEIGHT, "the shipment's weight")
    value: Any = need(f.VALUE, "the shipment's value", sealed=True)
    origins: tuple[str, ...] = need(f.COUNTRY, "countries of mining origin; several = mixed", many=True)
    provenance: str | None = need(f.COUNTRY, "the participant it leaves")
    destination: str | None = need(f.COUNTRY, "the participant it goes to")
    exporter: str = need(f.PARTY, "who exports")
    importer: Any = need(f.TEXT, "who imports: name and address", sealed=True)
    expiry: str = need(f.DATE, "last day on which it is valid")
    seals: tuple[str, ...] = may(f.SEAL, "the seals' numbers", many=True)


@act("certificate-validated/1", "certificate validate")
@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateValidated(Event):
    """The exporting authority found the goods equal to the certificate and sealed them (EUREG 12(2))."""

    certificate: str = need(f.CERTIFICATE, "the certificate")
    seals: tuple[str, ...] = may(f.SEAL, "the seals' numbers", many=True)


@act("certificate-voided/1", "certificate void")
@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateVoided(Event):
    """A certificate is no longer valid; its parcels are free again."""

    certificate: str = need(f.CERTIFICATE, "the certificate")
    reason: str = need(f.TEXT, "why")


@act("shipment-exported/1", "shipment export")
@dataclass(frozen=True, slots=True, kw_only=True)
class Exported(Event):
    """The shipment of a certificate leaves the territory."""

    certificate: str | None = need(f.CERTIFICATE, "the certificate it travels under")
    parts: tuple[Part, ...] = rows(Part, "the parcels that leave, with their weights")
    destination: str | None = need(f.COUNTRY, "where it goes")
    carrier: str | None = may(f.PARTY, "who carries it")
    seals: tuple[str, ...] = may(f.SEAL, "the seals' numbers", many=True)


@act("shipment-imported/1", "shipment import")
@dataclass(frozen=True, slots=True, kw_only=True)
class Imported(Event):
    """A shipment arrives under another participant's certificate; its parcels begin here."""

    certificate: str | None = need(f.CERTIFICATE, "the certificate it came under")
    number: str | None = need(f.NUMBER, "the number as printed")
    lines: tuple[Arrival, ...] = rows(Arrival, "the parcels that arrived")
    weight: int | None = need(f.WEIGHT, "the weight the certificate states")
    origins: tuple[str, ...] = may(f.COUNTRY, "mining origins the certificate states", many=True)
    provenance: str | None = need(f.COUNTRY, "the participant it left")
    expiry: str | None = may(f.DATE, "the certificate's last day")
    seals: tuple[str, ...] = may(f.SEAL, "the seals' numbers found", many=True)
    value: Any = may(f.VALUE, "the value the certificate states", sealed=True)


@act("import-confirmed/1", "shipment confirm")
@dataclass(frozen=True, slots=True, kw_only=True)
class ImportConfirmed(Event):
    """The importing authority's confirmation of receipt (KPCS section III): number, parcels, weight, parties."""

    certificate: str = need(f.CERTIFICATE, "the certificate")
    parcels: int | None = need(f.STONES, "how many parcels arrived")
    weight: int | None = need(f.WEIGHT, "the weight that arrived")
    importer: Any = may(f.TEXT, "who imported", sealed=True)


# --- acts about acts ----------------------------------------------------------------------------------------------


@act("attested/1", "attest")
@dataclass(frozen=True, slots=True, kw_only=True)
class Attested(Event):
    """A further signer agrees with an entry, of this ledger or another."""

    origin: str = need(f.TEXT, "the ledger's origin")
    index: int = need(f.INDEX, "the entry's index")
    hash: bytes = need(f.HASH, "the entry's hash")


@act("corrected/1", "correct")
@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected(Event):
    """An earlier entry's body is replaced from here on; the original stays (FORMATS section 4)."""

    index: int = need(f.INDEX, "the entry's index")
    hash: bytes = need(f.HASH, "the entry's hash")
    replacement: Mapping[str, Any] = need(f.BODY, "the body that replaces it")
    reason: str = need(f.TEXT, "why")


@act("disclosure-erased/1", "erase")
@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureErased(Event):
    """Sealed values of an entry were erased from this database, by law."""

    index: int = need(f.INDEX, "the entry's index")
    digests: tuple[str, ...] = need(f.TEXT, "the digests whose values are gone", many=True)
    ground: str = need(f.TEXT, "on what ground")


@dataclass(frozen=True, slots=True)
class Opaque:
    """An entry of a type, or with a field, that this version does not know: kept, chained, never interpreted."""

    TYPE: str
    body: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()


_SHARED = {"documented", "discrepancies"}


def read(wire: str, body: Mapping[str, Any]) -> tuple[Event | None, list[Problem]]:
    """The event of a body with all its values, or the problems that keep it from being one."""
    record = EVENTS.get(wire)
    if record is None:
        return None, [Problem("type", "type-unknown", wire)]
    documented = body.get("documented", False)
    if documented not in (False, True) or ("documented" in body and not documented):
        return None, [Problem("documented", "field-kind", documented)]
    own = {name: value for name, value in body.items() if name not in _SHARED}
    event, problems = f.read(record, own, lenient=documented)
    discrepancies, more = _discrepancies(body, documented)
    problems.extend(more)
    if problems:
        return None, problems
    if documented:
        event = dataclasses.replace(event, documented=True, discrepancies=discrepancies)
    return event, []


def _discrepancies(body: Mapping[str, Any], documented: bool) -> tuple[tuple[Discrepancy, ...], list[Problem]]:
    rows_ = body.get("discrepancies")
    if rows_ is None:
        return (), []
    if not documented or not isinstance(rows_, (list, tuple)) or not rows_:
        return (), [Problem("discrepancies", "field-array", rows_)]
    lines, problems = [], []
    for number, row in enumerate(rows_, 1):
        line, found = f.read(Discrepancy, row if isinstance(row, Mapping) else {}, at=f"discrepancies.{number}.")
        problems.extend(found)
        lines.append(line)
    return tuple(lines), problems


def recall(wire: str, body: Mapping[str, Any]) -> Event | Opaque:
    """The event of a recorded body; what this version cannot read is `Opaque`, never an error."""
    event, problems = read(wire, body)
    return Opaque(wire, body, tuple(problems)) if event is None else event


def write(event: Event) -> dict[str, Any]:
    """The body of an event; `read` gives the event back."""
    body = f.write(event)
    if event.documented:
        body["documented"] = True
        if event.discrepancies:
            body["discrepancies"] = [f.write(line) for line in event.discrepancies]
    return body


def sealed_fields(wire: str) -> frozenset[str]:
    """The names of the fields that are sealed unless the author chooses to publish them."""
    record = EVENTS.get(wire)
    return frozenset() if record is None else frozenset(row.name for row in f.table(record) if row.sealed)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as the domain sees it: one event, who recorded it and when.

    ``recorded`` microseconds since 1970 UTC; ``author`` algorithm byte and public key; ``occurred`` as spelled in
    the statement (None: unknown); ``sources`` how many sources its evidence names; ``about`` the earlier
    entry that a `Corrected`, `Attested` or `DisclosureErased` names, attached by the reader; ``corrected_by`` the index of
    the entry that put this event in the place of the original one.
    """

    index: int
    recorded: int
    author: bytes
    event: Event | Opaque
    occurred: str | None = None
    on_behalf: str | None = None
    hash: bytes = b""
    sources: int = 0
    about: Recorded | None = None
    corrected_by: int | None = None
