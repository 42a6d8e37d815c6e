"""Parties, their roles, licences, mandates, keys and sites; and the one table that says who may record
what."""

from __future__ import annotations

from ledger.domain import events as e
from ledger.domain.vocabulary import LicenceKind, Role
from ledger.values import dataclass

_SENDERS = frozenset({Role.MINER, Role.DEALER, Role.EXPORTER, Role.CUTTER, Role.AUTHORITY})
_HOLDERS = _SENDERS | {Role.BROKER}
_HANDS = _HOLDERS | {Role.LABORATORY, Role.AGENT, Role.CARRIER}
_AUTHORITY = frozenset({Role.AUTHORITY})
_ANY = frozenset(Role) - {Role.ARCHIVIST, Role.CLERK}

MAY_RECORD: dict[type[e.Event], frozenset[Role]] = {
    e.LedgerOpened: _AUTHORITY,
    e.LedgerClosed: _AUTHORITY,
    e.LedgerKeyChanged: _AUTHORITY,
    e.LedgerKeyRevoked: _AUTHORITY,
    e.CertificateIndex: _AUTHORITY,
    e.RegisterAdopted: _AUTHORITY,
    e.ParticipantAdmitted: _AUTHORITY,
    e.ParticipantLeft: _AUTHORITY,
    e.MeasureAdopted: _AUTHORITY,
    e.MeasureEnded: _AUTHORITY,
    e.PartyRegistered: _AUTHORITY,
    e.AliasRecorded: _AUTHORITY,
    e.SiteRegistered: _AUTHORITY,
    e.LicenceGranted: _AUTHORITY,
    e.LicenceWithdrawn: _AUTHORITY,
    e.RoleGranted: _AUTHORITY,
    e.RoleWithdrawn: _AUTHORITY,
    e.MandateGranted: _ANY,
    e.MandateWithdrawn: _ANY,
    e.KeyEnrolled: _AUTHORITY,
    e.KeyRevoked: _ANY,
    e.Mined: frozenset({Role.MINER}),
    e.StockOpened: _AUTHORITY,
    e.Weighed: _HANDS,
    e.Valued: _HANDS,
    e.Reported: _ANY,
    e.Named: _HOLDERS,
    e.Sorted: _HOLDERS,
    e.Split: _HOLDERS,
    e.Mixed: _HOLDERS,
    e.Polished: frozenset({Role.CUTTER}),
    e.Offered: _HOLDERS | {Role.AGENT},
    e.Consigned: _HANDS,
    e.Transferred: _HANDS,
    e.Sold: _HOLDERS,
    e.Received: _HANDS,
    e.Sealed: _HANDS,
    e.Seized: _AUTHORITY,
    e.Released: _AUTHORITY,
    e.Lost: _HANDS,
    e.Recovered: _HANDS,
    e.CertificateIssued: _AUTHORITY,
    e.CertificateValidated: _AUTHORITY,
    e.CertificateVoided: _AUTHORITY,
    e.Exported: _SENDERS,
    e.Imported: _SENDERS,
    e.ImportConfirmed: _AUTHORITY,
    e.CertificateApplied: _SENDERS,
    e.CertificateRefused: _AUTHORITY,
    e.CertificateEndorsed: _AUTHORITY,
    e.CertificateReplaced: _AUTHORITY,
    e.CertificateReturned: _AUTHORITY,
    e.ShipmentNotified: _AUTHORITY,
    e.ShipmentArrived: _AUTHORITY,
    e.ShipmentInspected: _AUTHORITY,
    e.ShipmentDetained: _AUTHORITY,
    e.ShipmentRemedied: _AUTHORITY,
    e.ShipmentRejected: _AUTHORITY,
    e.ShipmentReturned: _AUTHORITY,
    e.ShipmentLost: _AUTHORITY,
    e.Forfeited: _AUTHORITY,
    e.PartnerRecognised: _AUTHORITY,
    e.PartnerDropped: _AUTHORITY,
    e.CheckpointPinned: _AUTHORITY,
    e.ForkProved: _AUTHORITY,
    e.ReconciliationStated: _AUTHORITY,
    e.ProfileAdopted: _AUTHORITY,
    e.AlertRaised: _ANY,
    e.AlertReceived: _AUTHORITY,
    e.AlertClosed: _AUTHORITY,
    e.FindingRecorded: frozenset({Role.AUTHORITY, Role.OBSERVER}),
    e.FindingFollowed: frozenset({Role.AUTHORITY, Role.OBSERVER}),
    e.DecisionRecorded: _AUTHORITY,
    e.OfficeHeld: _AUTHORITY,
    e.GrantGiven: _AUTHORITY,
    e.GrantWithdrawn: _AUTHORITY,
    e.Attested: _ANY,
    e.Corrected: _ANY | {Role.ARCHIVIST},
    e.DisclosureErased: _AUTHORITY,
}
"""Act by role: which roles may record an act themselves. A clerk records what the mandating party may
record."""

ARCHIVED: frozenset[type[e.Event]] = frozenset(
    {
        e.PartyRegistered,
        e.AliasRecorded,
        e.SiteRegistered,
        e.Mined,
        e.StockOpened,
        e.Weighed,
        e.Valued,
        e.Reported,
        e.Named,
        e.Sorted,
        e.Split,
        e.Mixed,
        e.Polished,
        e.Offered,
        e.Consigned,
        e.Transferred,
        e.Sold,
        e.Received,
        e.Sealed,
        e.Seized,
        e.Released,
        e.Lost,
        e.Recovered,
        e.Exported,
        e.Imported,
    }
)
"""The acts that an archivist may record in their documented form: what sources can tell of the past."""

NEEDS_LICENCE: dict[type[e.Event], dict[Role, frozenset[LicenceKind]]] = {
    e.Mined: {Role.MINER: frozenset({LicenceKind.MINING, LicenceKind.ARTISANAL})},
    e.Sold: {
        Role.MINER: frozenset({LicenceKind.MINING, LicenceKind.ARTISANAL}),
        Role.BROKER: frozenset({LicenceKind.BROKING, LicenceKind.DEALING}),
        Role.DEALER: frozenset({LicenceKind.DEALING, LicenceKind.EXPORT}),
        Role.EXPORTER: frozenset({LicenceKind.DEALING, LicenceKind.EXPORT}),
        Role.CUTTER: frozenset({LicenceKind.CUTTING, LicenceKind.DEALING}),
    },
    e.Polished: {Role.CUTTER: frozenset({LicenceKind.CUTTING})},
    e.Exported: {role: frozenset({LicenceKind.EXPORT}) for role in _SENDERS - _AUTHORITY},
    e.Imported: {role: frozenset({LicenceKind.IMPORT}) for role in _SENDERS - _AUTHORITY},
}
"""Which acts need a licence in force, by the role in which they are done; one of the kinds is enough."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A role held from ``since`` to ``until`` (dates; None: unbounded)."""

    role: str
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """A party under its public pseudonym; ``licences`` are the numbers of all it was ever granted."""

    id: str
    known: bool = False
    standings: tuple[Standing, ...] = ()
    withdrawn: tuple[tuple[str, str], ...] = ()
    residence: str | None = None
    name: object = None
    aliases: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    mandates: tuple[str, ...] = ()
    keys: tuple[bytes, ...] = ()
    documented: bool = False
    acts: tuple[e.Recorded, ...] = ()


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence: whose, for what, where, from when to when."""

    id: str
    party: str | None = None
    licensed: str | None = None
    national: str | None = None
    site: str | None = None
    since: str | None = None
    until: str | None = None
    withdrawn: str | None = None
    acts: tuple[e.Recorded, ...] = ()


@dataclass(frozen=True, slots=True)
class Mandate:
    """A mandate: ``clerk`` records ``kinds`` of acts for ``party``."""

    id: str
    clerk: str | None = None
    party: str | None = None
    kinds: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    withdrawn: str | None = None
    acts: tuple[e.Recorded, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """A key belongs to one party for ever; ``revoked`` is the date from which its acts are disputed."""

    id: str
    party: str | None = None
    recovery: bool = False
    revoked: str | None = None
    revoked_at: int | None = None
    acts: tuple[e.Recorded, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """A mine or field; ``capacity`` in 0.001 ct a year."""

    id: str
    known: bool = False
    name: str | None = None
    country: str | None = None
    zone: str | None = None
    operator: str | None = None
    mining: str | None = None
    capacity: int | None = None
    aliases: tuple[str, ...] = ()
    documented: bool = False
    acts: tuple[e.Recorded, ...] = ()


@dataclass(frozen=True, slots=True)
class House:
    """The ledger itself: its origin, whose it is, the keys that speak for it.

    ``revoked``: verifier keys with the size and root up to which they count; ``indexed``: where the newest
    certificate index stands; ``partners``: participant and origin of each ledger that was ever recognised;
    ``barring``: participants under whose name a measure on a party was adopted.
    """

    id: str = "house"
    origin: str | None = None
    participant: str | None = None
    authority: str | None = None
    keys: tuple[str, ...] = ()
    revoked: tuple[tuple[str, int, bytes], ...] = ()
    recovery: bytes | None = None
    predecessor: str | None = None
    successor: str | None = None
    indexed: int | None = None
    register: str | None = None
    profile: e.ProfileAdopted | None = None
    partners: tuple[tuple[str, str], ...] = ()
    barring: tuple[str, ...] = ()
    acts: tuple[e.Recorded, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that parties attested, or that was corrected: by which entry, naming which subjects.

    ``attested_in``: for each of ``attested_by``, in which ledger the entry stands; others have that number
    too.
    """

    id: str
    attested_by: tuple[str, ...] = ()
    attested_in: tuple[str, ...] = ()
    corrected_by: int | None = None
    corrected: tuple[str, ...] = ()
    acts: tuple[e.Recorded, ...] = ()


HOUSE = "ledger:house"


def key_subject(author: bytes) -> str:
    """The subject of an author's key."""
    return "key:" + author.hex()
