"""Particulars: all that is known of one entry, parcel, certificate or party, with what it rests on.

A corrected act stands beside what it replaced, a documented one with its discrepancies and sources. Sealed
values are told as *public* (their author published them), *disclosed* (given here, sealed in the entry) or
*withheld*. A digest does not tell which field it hides: where fewer are hidden than could be, each of these
is *withheld or never given*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ledger.chain import disclosure
from ledger.chain.entry import fields as entry_fields
from ledger.chain.statement import Statement
from ledger.domain import events as e
from ledger.domain import fields
from ledger.domain.certificates import Certificate
from ledger.domain.events import Corrected
from ledger.domain.fields import WITHHELD
from ledger.domain.moments import NOW, Moment, Reading, disputed, known_at, readings
from ledger.domain.parcels import Parcel
from ledger.domain.parties import HOUSE, House, Key, Licence, Mandate, Party, key_subject
from ledger.domain.state import fold_subject, replacement
from ledger.domain.vocabulary import certificate_key, is_identifier
from ledger.errors import Malformed, NotFound
from ledger.projections.wording import replaced
from ledger.store.journal import Journal
from ledger.store.records import Records
from ledger.values import dataclass

PUBLIC, DISCLOSED, HIDDEN = "public", "disclosed", "withheld"
UNCERTAIN = "withheld or never given"


@dataclass(frozen=True, slots=True)
class Sealable:
    """A field that its table seals: ``standing`` public, disclosed, withheld, or withheld or never given."""

    name: str
    standing: str


@dataclass(frozen=True, slots=True)
class Act:
    """An act as it reads at a moment; ``differs`` lists (field, was, is) where a correction replaced it."""

    recorded: e.Recorded
    correction: int | None = None
    differs: tuple[tuple[str, str, str], ...] = ()

    @property
    def event(self) -> e.Event | e.Opaque:
        """What was recorded, as it reads."""
        return self.recorded.event


@dataclass(frozen=True, slots=True)
class EntryParticulars:
    """An entry. ``signer`` the party whose key signed it, ``disputed`` if that key was revoked by then.

    ``attested`` the entries of those who agree with it, ``erased`` those that erased sealed values of it.
    """

    recorded: e.Recorded
    signer: str | None
    disputed: bool
    sealed: tuple[Sealable, ...]
    evidence: tuple[Mapping[str, Any], ...]
    corrections: tuple[Act, ...]
    attested: tuple[tuple[int, str | None], ...]
    erased: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ParcelParticulars:
    """A parcel with its acts, and the acts that only name it."""

    parcel: Parcel
    acts: tuple[Act, ...]
    named_in: tuple[Act, ...]
    certificate_status: str | None


@dataclass(frozen=True, slots=True)
class CertificateParticulars:
    """A certificate with its acts, and the acts that only name it."""

    certificate: Certificate
    acts: tuple[Act, ...]
    named_in: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class PartyParticulars:
    """A party with its licences, mandates and keys."""

    party: Party
    licences: tuple[Licence, ...]
    mandates: tuple[Mandate, ...]
    keys: tuple[Key, ...]
    acts: tuple[Act, ...]


def entry(journal: Journal, records: Records, index: int) -> EntryParticulars:
    """Raises `NotFound` (``entry-missing``)."""
    recorded = records.recorded(index)
    key = fold_subject(key_subject(recorded.author), records.of(key_subject(recorded.author)))
    key = key if isinstance(key, Key) else None
    about = [*records.of(f"entry:{index}"), *records.mentioning(f"entry:{index}")]
    return EntryParticulars(
        recorded=recorded,
        signer=None if key is None else key.party,
        disputed=disputed(key, recorded),
        sealed=tuple(_sealed(journal, recorded)),
        evidence=_evidence(journal, index),
        corrections=tuple(_corrections(recorded, about)),
        attested=tuple((one.index, one.event.by) for one in about if isinstance(one.event, e.Attested)),
        erased=tuple(one.index for one in about if isinstance(one.event, e.DisclosureErased)),
    )


def _sealed(journal: Journal, recorded: e.Recorded) -> Iterator[Sealable]:
    event = recorded.event
    if isinstance(event, e.Opaque):
        return
    disclosed = {disclosure.parse(text).name for text in journal.disclosures(recorded.index)}
    values = {field.name: getattr(event, field.name) for field in fields.table(type(event)) if field.sealed}
    absent = sum(value is WITHHELD for value in values.values())
    hidden = HIDDEN if absent and _hidden(journal, recorded.index) >= absent else UNCERTAIN
    for name, value in values.items():
        if value is not None:
            yield Sealable(name, hidden if value is WITHHELD else DISCLOSED if name in disclosed else PUBLIC)


def _hidden(journal: Journal, index: int) -> int:
    """How many values an entry sealed whose disclosures are not here."""
    body = Statement.read(entry_fields(journal.entry(index))[3]).body
    return len(body.get(disclosure.SEALED, ())) - len(journal.disclosures(index))


def _evidence(journal: Journal, index: int) -> tuple[Mapping[str, Any], ...]:
    """The sources and documents that the statement names; none where it cannot be read."""
    try:
        return tuple(Statement.read(entry_fields(journal.entry(index))[3]).evidence)
    except Malformed:
        return ()


def _corrections(recorded: e.Recorded, about: list[e.Recorded]) -> Iterator[Act]:
    """Each correction of an entry, with what it says otherwise than what stood before it."""
    then = recorded.event
    for one in about:
        if isinstance(one.event, Corrected) and one.event.index == recorded.index:
            now = replacement(one.event, recorded).event
            yield Act(one, one.index, tuple(replaced(now, then)))
            then = now


def _acts(records: Records, subject: str, moment: Moment) -> tuple[tuple[Act, ...], tuple[Act, ...]]:
    """The acts that change a subject and those that only name it, as they read at a moment."""
    own = tuple(_act(reading) for reading in readings(records.of(subject), moment))
    others = tuple(_act(reading) for reading in readings(records.mentioning(subject), moment))
    return own, others


def _act(reading: Reading) -> Act:
    if reading.original is None or reading.correction is None:
        return Act(reading.act)
    differs = tuple(replaced(reading.act.event, reading.original.event))
    return Act(reading.act, reading.correction.index, differs)


def _state(records: Records, subject: str, moment: Moment) -> Any:
    return fold_subject(subject, known_at(records.of(subject), moment))


def parcel(records: Records, name: str, moment: Moment = NOW) -> ParcelParticulars:
    """Raises `NotFound` (``parcel-unknown``)."""
    found = _state(records, "parcel:" + name, moment) if is_identifier(name) else None
    if not isinstance(found, Parcel):
        raise NotFound("parcel-unknown", parcel=name)
    status = None
    if found.certificate is not None:
        covering = _state(records, "certificate:" + found.certificate, moment)
        status = covering.status if isinstance(covering, Certificate) else None
    return ParcelParticulars(found, *_acts(records, "parcel:" + name, moment), status)


def certificate(records: Records, name: str, moment: Moment = NOW) -> CertificateParticulars:
    """By its key, or by the number as printed of one that this ledger issued.

    Raises `NotFound` (``certificate-unknown``).
    """
    for key in _keys(records, name):
        found = _state(records, "certificate:" + key, moment)
        if isinstance(found, Certificate) and found.status is not None:
            return CertificateParticulars(found, *_acts(records, "certificate:" + key, moment))
    raise NotFound("certificate-unknown", certificate=name)


def _keys(records: Records, name: str) -> Iterator[str]:
    yield name
    issuer, slash, number = name.partition("/")
    if slash and len(issuer) == 2:
        yield certificate_key(issuer.upper(), number)
    house = fold_subject(HOUSE, records.of(HOUSE))
    if isinstance(house, House) and house.participant is not None:
        yield certificate_key(house.participant, name)


def party(records: Records, name: str, moment: Moment = NOW) -> PartyParticulars:
    """Raises `NotFound` (``party-unknown``)."""
    found = _state(records, "party:" + name, moment)
    if not isinstance(found, Party) or not found.known:
        raise NotFound("party-unknown", party=name)
    licences = (_state(records, "licence:" + number, moment) for number in found.licences)
    mandates = (_state(records, "mandate:" + number, moment) for number in found.mandates)
    keys = (_state(records, key_subject(key), moment) for key in found.keys)
    return PartyParticulars(
        found,
        tuple(one for one in licences if isinstance(one, Licence)),
        tuple(one for one in mandates if isinstance(one, Mandate)),
        tuple(one for one in keys if isinstance(one, Key)),
        _acts(records, "party:" + name, moment)[0],
    )
