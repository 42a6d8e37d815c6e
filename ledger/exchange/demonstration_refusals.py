"""What a ledger refuses: one attempt for each kind, made on the ledger of `demonstration` after the play.

Nothing of them is recorded. The families are those of the rules: may you, is it known, when, whose goods, how
much, under which certificate and with whom, in and back over the border, about which entry, from which
source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from typing import Any, Unpack

from ledger import keys as keyring
from ledger.chain.note import verifier_key
from ledger.chain.succession import possession_name
from ledger.domain import events as e
from ledger.domain.refusal import Refusal
from ledger.domain.vocabulary import LARGEST_WEIGHT
from ledger.errors import Refused
from ledger.exchange.demonstration import (
    CERTIFICATE,
    MINISTRY,
    NUMBER,
    SOURCE,
    Asked,
    Cast,
    Said,
    Stage,
    issue,
)
from ledger.exchange.drafts import Draft
from ledger.exchange.rehearsal import signed
from ledger.keys import SigningKey
from ledger.values import dataclass

FAMILIES = (
    "May you record it?", "Is it known?", "When was it?", "Whose goods are they?", "How much is it?",
    "Under which certificate, with whom?", "May it come in?", "May it go back?", "How were they acquired?",
    "About which entry?", "From which source?",
)  # fmt: skip
"""In the order in which they are told."""
STANDING, REGISTRY, TIMES, CUSTODY, WEIGHTS, BORDER, ARRIVAL, RETURN, EVIDENCE, ENTRIES, SOURCES = FAMILIES


@dataclass(frozen=True, slots=True)
class AsSigned:
    """Offers an act to a ledger as it is: a documented one without its discrepancies named."""

    ledger: Stage

    def preview(self, event: e.Event, key: SigningKey, **said: Unpack[Said]) -> list[Refusal]:
        """Why it is refused. Raises ``LookupError`` where it was recorded."""
        around = said.get("occurred"), said.get("on_behalf")
        draft = Draft(event, (), *around, tuple(said.get("evidence", ())))
        try:
            self.ledger.append([signed(self.ledger, draft, key)])
        except Refused as refused:
            return list(refused.refusals)
        raise LookupError(f"{event.TYPE} was recorded")


@dataclass(frozen=True, slots=True)
class Attempt:
    """An act that is refused: the ``code`` it shows, who signs it, what its statement says beside it.

    ``on`` is asked, where it is another one than the cast's ledger.
    """

    family: str
    code: str
    event: e.Event
    party: str
    said: dict[str, Any] = field(default_factory=dict)
    on: Asked | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A refusal as it came."""

    attempt: Attempt
    refusal: Refusal


def refusals(cast: Cast, tried: Iterable[Attempt]) -> Iterator[Shown]:
    """Make every attempt and give the refusal it shows.

    Raises ``LookupError`` where a rule no longer refuses it: the demonstration would promise too much.
    """
    for attempt in tried:
        asked = attempt.on or cast.ledger
        found = asked.preview(attempt.event, cast.keys[attempt.party], **attempt.said)
        shown = next((refusal for refusal in found if refusal.code == attempt.code), None)
        if shown is None:
            raise LookupError(f"{attempt.code}: {[str(refusal) for refusal in found]}")
        yield Shown(attempt, shown)


def attempts(cast: Cast) -> Iterator[Attempt]:
    """All attempts, family by family."""
    yield from _standing(cast)
    yield from _registry(cast)
    yield from _times(cast)
    yield from _custody(cast)
    yield from _weights(cast)
    yield from _border(cast)
    yield from _entries(cast)
    yield from _sources(cast)


def _mined(parcel: str, weight: int = 1_000, by: str = "mine-1", site: str = "karowe") -> e.Mined:
    return e.Mined(by=by, site=site, lines=(e.Goods(parcel, weight),))


def _sold(parcel: str = "K-6", by: str = "mine-1", to: str = "dealer-7") -> e.Sold:
    return e.Sold(by=by, parcels=(parcel,), to=to)


def _weighed(parcel: str = "K-6", weight: int = 2_250, by: str = "mine-1", **more: Any) -> e.Weighed:
    return e.Weighed(by=by, parcel=parcel, weight=weight, **more)


def _exported(parcel: str, by: str) -> e.Exported:
    return e.Exported(by=by, certificate=CERTIFICATE, parts=(e.Part(parcel),), destination="AE")


def _standing(cast: Cast) -> Iterator[Attempt]:
    def no(code: str, event: e.Event, party: str, **said: Any) -> Attempt:
        return Attempt(STANDING, code, event, party, said)

    today = {"occurred": cast.day(1)}
    opening = e.LedgerOpened(
        by=MINISTRY, origin=cast.ledger.origin, participant="BW", keys=("a+key",),
        authority_key=cast.keys[MINISTRY].public, recovery_key=cast.keys["recovery"].public,
    )  # fmt: skip
    mandate = e.MandateGranted(
        by="dealer-7", mandate="M-9", clerk="clerk-6", party="mine-1", acts=(e.Sold.TYPE,), since=cast.day(9)
    )
    yield no("role-missing", _mined("X", by="dealer-7"), "dealer-7", **today)
    yield no("licence-missing", _exported("K-6", "mine-1"), "mine-1", **today)
    yield no("licence-expired", _sold("K-6", "dealer-8", "dealer-7"), "dealer-8", **today)
    yield no("mandate-missing", _sold(), "clerk-6", on_behalf="mine-1", **today)
    yield no("author-other-party", _sold(by="dealer-7"), "mine-1", **today)
    yield no("not-own", mandate, "dealer-7")
    yield no("key-unknown", _sold(), "stranger", **today)
    yield no("key-revoked", _sold("K-6", "dealer-9", "dealer-7"), "dealer-9", **today)
    yield no("key-recovery-only", _mined("X", by=MINISTRY), "recovery", **today)
    yield no("ledger-opened-twice", opening, MINISTRY)
    yield from _ledger_keys(cast)


def _ledger_keys(cast: Cast) -> Iterator[Attempt]:
    """Keys that speak for the ledger, and one that belongs to somebody already."""
    origin, own, taken = cast.ledger.origin, cast.keys["ledger"], cast.keys["mine-1"]
    speaking, other = verifier_key(origin, own), verifier_key(origin, taken)
    known = keyring.prove_possession(own, possession_name(speaking), origin)
    size, root = cast.ledger.head().size, cast.ledger.head().root()
    gone = e.LedgerKeyRevoked(by=MINISTRY, key=str(other), size=size, root=root)
    again = e.LedgerKeyChanged(by=MINISTRY, key=str(speaking), proof=known)
    proof = keyring.prove_possession(taken, "dealer-7", origin)
    enrolled = e.KeyEnrolled(by=MINISTRY, party="dealer-7", key=taken.public, proof=proof)
    yield Attempt(STANDING, "ledger-key-unknown", gone, MINISTRY)
    yield Attempt(STANDING, "ledger-key-taken", again, MINISTRY)
    yield Attempt(STANDING, "key-taken", enrolled, MINISTRY)


def _registry(cast: Cast) -> Iterator[Attempt]:
    def no(code: str, event: e.Event, party: str = MINISTRY) -> Attempt:
        return Attempt(REGISTRY, code, event, party, {"occurred": cast.day(1)})

    again = e.PartyRegistered(by=MINISTRY, party="dealer-7", roles=("dealer",))
    nobody = e.LicenceWithdrawn(by=MINISTRY, licence="DL-99", since=cast.day(1))
    backwards = e.LicenceGranted(
        by=MINISTRY,
        licence="DL-9",
        party="dealer-7",
        licensed="dealing",
        since=cast.day(1),
        until=cast.day(9),
    )
    line = e.LicenceLine("dealer", "parcel-wished/1", "dealing")
    yield no("type-unknown", e.ProfileAdopted(by=MINISTRY, profile="x", licences=(line,)))
    yield no("party-unknown", _sold(to="dealer-99"), "mine-1")
    yield no("site-unknown", _mined("X", site="nowhere"), "mine-1")
    yield no("licence-unknown", nobody)
    yield no("mandate-unknown", e.MandateWithdrawn(by=MINISTRY, mandate="M-99", since=cast.day(1)))
    yield no("subject-unknown", e.AliasRecorded(by=MINISTRY, subject="party:dealer-99", alias="Nobody"))
    yield no("id-taken", again)
    yield no("period-order", backwards)
    yield no("trade-not-allowed", _sold(to="laboratory-3"), "mine-1")


def _times(cast: Cast) -> Iterator[Attempt]:
    yield Attempt(TIMES, "time-future", _sold(), "mine-1", {"occurred": cast.day(-400)})
    yield Attempt(TIMES, "time-order", _weighed(), "mine-1", {"occurred": cast.day(90)})


def _custody(cast: Cast) -> Iterator[Attempt]:
    def no(code: str, event: e.Event, party: str = "mine-1") -> Attempt:
        return Attempt(CUSTODY, code, event, party, {"occurred": cast.day(1)})

    yield no("holder-only", _weighed(by="dealer-7"), "dealer-7")
    yield no("parcel-unknown", _sold("K-99"))
    yield no("parcel-twice", e.Sold(by="mine-1", parcels=("K-6", "K-6"), to="dealer-7"))
    yield no("parcel-consumed", _weighed("K-1"))
    yield no("parcel-exported", _weighed("K-1a", 10_000, "dealer-7"), "dealer-7")
    yield no("parcel-underway", e.Lost(by="dealer-7", parcels=("K-1a",), how="stolen"), "dealer-7")
    yield no("parcel-certified", _sold("K-23", "dealer-7", "cutter-2"), "dealer-7")
    yield no("parcel-seized", _sold("K-4"))
    yield no("parcel-not-seized", e.Released(by=MINISTRY, parcels=("K-6",), to="mine-1"), MINISTRY)
    yield no("parcel-lost", _sold("K-5"))
    yield no("to-itself", _sold(to="mine-1"))
    yield no("parcel-not-lost", e.Recovered(by="mine-1", parts=(e.Part("K-6"),), to="mine-1"))
    yield no("parcel-documented", _sold("OLD-1"))


def _weights(cast: Cast) -> Iterator[Attempt]:
    def no(code: str, event: e.Event) -> Attempt:
        return Attempt(WEIGHTS, code, event, "mine-1", {"occurred": cast.day(1)})

    pieces = (e.Goods("X1", 1_500), e.Goods("X2", 950))
    back = e.Sorted(by="cutter-2", parcel="K-1c", outputs=(e.Goods("X1", 900, None, "710231"),))
    yield no("weight-conserved", e.Split(by="mine-1", parcel="K-6", outputs=pieces))
    yield no("weight-conserved-mix", e.Mixed(by="mine-1", inputs=("K-6",), output="X", weight=2_251))
    yield no("weight-grows", _weighed(weight=2_350))
    yield no("weight-zero", _mined("X", 0))
    yield no("weight-too-large", _mined("X", LARGEST_WEIGHT + 1))
    yield Attempt(WEIGHTS, "hs-move", back, "cutter-2", {"occurred": cast.day(1)})


def _border(cast: Cast) -> Iterator[Attempt]:
    def no(code: str, event: e.Event, party: str = MINISTRY) -> Attempt:
        return Attempt(BORDER, code, event, party, {"occurred": cast.day(1)})

    def arrives(code: str, event: e.Event) -> Attempt:
        return Attempt(ARRIVAL, code, event, MINISTRY, {"occurred": cast.day(1)})

    polished = replace(issue(cast, "BW 000109", "K-1c", 900, "710239"), exporter="cutter-2")

    def for_polished(**more: Any) -> e.CertificateIssued:
        return replace(polished, **more)

    arriving = e.Imported(
        by=MINISTRY, certificate="AE/00000001", number="1", lines=(e.Arrival("X", 1_000),), weight=1_000,
        provenance="AE",
    )  # fmt: skip
    own = replace(arriving, certificate="BW/00000999", number="BW 000999")
    elsewhere = replace(arriving, origin="ledger.example/ae/x1", entry=1, hash=bytes(32))
    unknown = e.CertificateVoided(by=MINISTRY, certificate="BW/00000555", reason="an example")
    heavier = e.CertificateEndorsed(
        by=MINISTRY,
        certificate=CERTIFICATE,
        field="weight",
        stated="1.00",
        endorsed="2.00",
        instruction="none",
    )
    gone = e.CertificateVoided(by=MINISTRY, certificate=CERTIFICATE, reason="an example")
    yield no("certificate-used", _exported("K-1a", "dealer-7"), "dealer-7")
    yield no("certificate-unknown", unknown)
    yield no("endorsement-substance", heavier)
    another = replace(heavier, field="importer", stated="Example Gems, Dubai", endorsed="Another, Antwerp")
    yield no("endorsement-spelling", another)
    yield no("certificate-state", gone)
    yield no("certificate-taken", replace(polished, certificate=CERTIFICATE, number=NUMBER))
    yield no("certificate-polished", for_polished())
    yield arrives("certificate-differs", replace(arriving, weight=2_000))
    yield no("certificate-number", for_polished(number="BW 000110"))
    yield no("certificate-pattern", for_polished(number="BW-109"))
    yield no("certificate-range", for_polished(certificate="BW/00001109", number="BW 001109"))
    yield no("certificate-issuer", for_polished(certificate="AE/00000109"))
    yield no("certificate-expired", for_polished(expiry=cast.day(30)))
    yield no("certificate-validity", for_polished(expiry=cast.day(-300)))
    yield no("certificate-destination", for_polished(destination="BW"))
    yield arrives("certificate-own", own)
    yield arrives("certificate-incomplete", arriving)
    yield no("standing-unknown", for_polished(destination="ZA"))
    yield arrives("partner-unknown", elsewhere)
    yield no("application-not-open", for_polished(application="A-99"))
    evidence = e.CertificateApplied(
        by="cutter-2", application="A-1", parts=(e.Part("K-1c"),), destination="AE", importer="an example",
        declaration="an example", acquired=(e.Acquired("AE/00000001", 900),),
    )  # fmt: skip
    yield Attempt(EVIDENCE, "acquired-unknown", evidence, "cutter-2", {"occurred": cast.day(1)})
    back = for_polished(technical=True)
    yield Attempt(RETURN, "technical-returns", back, MINISTRY, {"occurred": cast.day(1)})


def _entries(cast: Cast) -> Iterator[Attempt]:
    records = cast.ledger.records
    mined, event = next((r, r.event) for r in records.between() if isinstance(r.event, e.Mined))
    body = e.write(event)

    def no(code: str, party: str = "mine-1", **changed: Any) -> Attempt:
        values = {"index": mined.index, "hash": mined.hash, "replacement": body, "reason": "an example"}
        return Attempt(ENTRIES, code, e.Corrected(by=party, **{**values, **changed}), party)

    size = cast.ledger.head().size
    smaller = {**body, "lines": [{**body["lines"][0], "weight": 11_000}, *body["lines"][1:]]}
    opened = records.recorded(0)
    opening = {"index": 0, "hash": opened.hash}
    yield no("entry-unknown", index=size + 5)
    yield no("entry-hash", hash=bytes(32))
    yield no("correction-author", "dealer-7")
    yield no("correction-actor", replacement={**body, "by": "dealer-7"})
    yield no("correction-body", replacement={"by": "mine-1", "weight": 5})
    yield no("correction-fixed", MINISTRY, **opening)
    yield no("correction-impossible", replacement=smaller)


def _sources(cast: Cast) -> Iterator[Attempt]:
    def no(code: str, event: e.Event, *sources: dict[str, str]) -> Attempt:
        return Attempt(SOURCES, code, event, "archive-0", {"evidence": sources})

    known = e.Weighed(by="mine-1", parcel="K-6", weight=2_250, documented=True)
    unsaid = e.Mined(by=None, site=None, lines=(e.Goods("OLD-2", 1_000),), documented=True)
    issued = e.CertificateVoided(by=None, certificate=CERTIFICATE, reason="an example", documented=True)
    yield no("documented-source", unsaid)
    yield no("documented-kind", issued, SOURCE)
    yield no("documented-on-live", known, SOURCE)
    on = AsSigned(cast.ledger)
    yield Attempt(SOURCES, "discrepancy-unnamed", unsaid, "archive-0", {"evidence": (SOURCE,)}, on)
