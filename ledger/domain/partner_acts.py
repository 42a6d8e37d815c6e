"""Acts between sovereign ledgers: partners recognised, their checkpoints pinned, accounts reconciled; the
profile."""

from __future__ import annotations

from ledger.domain import fields as f
from ledger.domain.act import Event, act, record
from ledger.domain.fields import may, need, rows
from ledger.values import dataclass


@act("partner-recognised/1", "partner recognise")
@record
class PartnerRecognised(Event):
    """Another participant's ledger is recognised under its origin and keys, from a day on."""

    origin: str = need(f.TEXT, "the partner ledger's origin", always=True)
    participant: str = need(f.COUNTRY, "whose ledger it is", always=True)
    keys: tuple[str, ...] = need(f.TEXT, "its verifier keys", many=True)
    since: str = need(f.DATE, "from when", always=True)
    published: str | None = may(f.TEXT, "where it publishes its tiles")


@act("partner-dropped/1", "partner drop")
@record
class PartnerDropped(Event):
    """A partner's ledger is no longer recognised."""

    origin: str = need(f.TEXT, "the partner ledger's origin", always=True)
    since: str = need(f.DATE, "from when", always=True)
    reason: str | None = may(f.TEXT, "why")


@act("checkpoint-pinned/1", "partner pin")
@record
class CheckpointPinned(Event):
    """A partner's signed checkpoint, whole: from now on its past cannot change unnoticed (DESIGN section 6).

    ``outcome``: ``first``, ``extends`` an earlier pin with proof, or ``not-shown`` where no path came along.
    """

    origin: str = need(f.TEXT, "the partner ledger's origin", always=True)
    size: int = need(f.COUNTED, "the checkpoint's size", always=True)
    root: bytes = need(f.HASH, "its root", always=True)
    checkpoint: str = need(f.NOTE, "the signed note", always=True)
    outcome: str = need(f.PIN, "what it was shown to be", always=True)


@act("fork-proved/1", "partner fork")
@record
class ForkProved(Event):
    """A partner showed two histories: the proof's hash; imports from it stop."""

    origin: str = need(f.TEXT, "the partner ledger's origin", always=True)
    proof: bytes = need(f.HASH, "the SHA-256 of the fork proof", always=True)


@act("reconciliation-stated/1", "reconciliation state")
@record
class ReconciliationStated(Event):
    """The agreed statement of a reconciliation; both sides attest it (A/RES/67/135 paragraph 27)."""

    participant: str = need(f.COUNTRY, "the other side", always=True)
    period: str = need(f.DATE, "the period", always=True)
    statement: bytes = need(f.HASH, "the SHA-256 of the statement", always=True)
    matched: int | None = need(f.COUNTED, "certificates that agree")
    differing: int | None = need(f.COUNTED, "certificates that differ")
    unexplained: int | None = may(f.COUNTED, "differences without explanation")


@dataclass(frozen=True, slots=True)
class TradeLine:
    """Who may sell to whom."""

    seller: str = need(f.ROLE, "the seller's role", always=True)
    buyer: str = need(f.ROLE, "the buyer's role", always=True)


@dataclass(frozen=True, slots=True)
class LicenceLine:
    """Which licence a role needs for an act; several lines of one role and act: any of them."""

    role: str = need(f.ROLE, "the role", always=True)
    act: str = need(f.WIRE, "the act, such as parcel-sold/1", always=True)
    licensed: str = need(f.LICENCE_KIND, "for what the licence is", always=True)
    national: str | None = may(f.TEXT, "its class in the State's own words, such as class B")


@dataclass(frozen=True, slots=True)
class RangeLine:
    """Certificate numbers that an issuer gave out."""

    issuer: str = need(f.COUNTRY, "the issuer", always=True)
    first: int = need(f.COUNTED, "the first number", always=True)
    last: int = need(f.COUNTED, "the last number", always=True)
    since: str | None = may(f.DATE, "from when")
    until: str | None = may(f.DATE, "until when")


@act("profile-adopted/1", "profile adopt")
@record
class ProfileAdopted(Event):
    """What KPCS leaves to each State: validity, deadlines, tolerances, numbers, who may sell to whom."""

    profile: str = need(f.TEXT, "the profile's name and version", always=True)
    validity_days: int | None = may(f.DAYS, "how long a certificate is valid")
    confirmation_days: int | None = may(f.DAYS, "within how many days an import is confirmed")
    confirmation_working: bool | None = may(f.YES, "whether those are working days")
    weight_tolerance: int | None = may(f.WEIGHT, "by how much a shipment's weight may differ on arrival")
    value_tolerance: int | None = may(f.PERCENT, "by how much its value may differ")
    number_pattern: str | None = may(f.TEXT, "the form of own certificate numbers, # for a digit")
    ranges: tuple[RangeLine, ...] = rows(RangeLine, "ranges of numbers", required=False)
    trade: tuple[TradeLine, ...] = rows(TradeLine, "who may sell to whom; none: everybody", required=False)
    licences: tuple[LicenceLine, ...] = rows(
        LicenceLine, "which licence a role needs for an act, instead of the built-in ones", required=False
    )
    retention_years: int | None = may(
        f.YEARS, "how long papers are kept: until then nothing sealed is erased"
    )
    inspection: str | None = may(f.INSPECTION, "whether every container is opened")
    governing: str | None = may(f.GOVERNING, "which of several valuations governs")
    detention_days: int | None = may(f.DAYS, "within how many days a detained shipment is decided on")
    application_needed: bool | None = may(f.YES, "whether a certificate is issued on an application only")
    seals_needed: bool | None = may(f.YES, "whether validation names the seals")
    stone_tolerance: int | None = may(f.COUNTED, "by how many stones a counted shipment may differ")
