"""Parties, their roles, licences, mandates, keys and sites; and the one table that says who may record
what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.domain import events as e
from ledger.domain.parcels import Change
from ledger.domain.vocabulary import LicenceKind, Role

_HOLDERS = frozenset({Role.MINER, Role.DEALER, Role.CUTTER, Role.AUTHORITY})
_HANDS = _HOLDERS | {Role.LABORATORY, Role.AGENT, Role.CARRIER}
_AUTHORITY = frozenset({Role.AUTHORITY})
_ANY = frozenset(Role) - {Role.ARCHIVIST, Role.CLERK}

MAY_RECORD: dict[type[e.Event], frozenset[Role]] = {
    e.LedgerOpened: _AUTHORITY,
    e.LedgerClosed: _AUTHORITY,
    e.LedgerKeyChanged: _AUTHORITY,
    e.LedgerKeyRevoked: _AUTHORITY,
    e.CertificateIndex: _AUTHORITY,
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
    e.Exported: _HOLDERS,
    e.Imported: _HOLDERS,
    e.ImportConfirmed: _AUTHORITY,
    e.Attested: _ANY,
    e.Corrected: _ANY,
    e.DisclosureErased: _AUTHORITY,
}
"""Act by role: which roles may record an act themselves. A clerk records what the mandating party may
record."""

ARCHIVED = frozenset(MAY_RECORD) - {
    e.LedgerOpened,
    e.LedgerClosed,
    e.LedgerKeyChanged,
    e.LedgerKeyRevoked,
    e.CertificateIndex,
    e.LicenceGranted,
    e.LicenceWithdrawn,
    e.RoleGranted,
    e.RoleWithdrawn,
    e.MandateGranted,
    e.MandateWithdrawn,
    e.KeyEnrolled,
    e.KeyRevoked,
    e.CertificateIssued,
    e.CertificateValidated,
    e.CertificateVoided,
    e.ImportConfirmed,
    e.Attested,
    e.Corrected,
    e.DisclosureErased,
}
"""The acts that an archivist may record in their documented form: what sources can tell of the past."""

NEEDS_LICENCE: dict[type[e.Event], dict[Role, frozenset[LicenceKind]]] = {
    e.Mined: {Role.MINER: frozenset({LicenceKind.MINING, LicenceKind.ARTISANAL})},
    e.Sold: {
        Role.MINER: frozenset({LicenceKind.MINING, LicenceKind.ARTISANAL}),
        Role.DEALER: frozenset({LicenceKind.DEALING, LicenceKind.EXPORT}),
        Role.CUTTER: frozenset({LicenceKind.CUTTING, LicenceKind.DEALING}),
    },
    e.Polished: {Role.CUTTER: frozenset({LicenceKind.CUTTING})},
    e.Exported: {role: frozenset({LicenceKind.EXPORT}) for role in (Role.MINER, Role.DEALER, Role.CUTTER)},
    e.Imported: {role: frozenset({LicenceKind.IMPORT}) for role in (Role.MINER, Role.DEALER, Role.CUTTER)},
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
    certificate index stands.
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
    acts: tuple[e.Recorded, ...] = ()


HOUSE = "ledger:house"


def key_subject(author: bytes) -> str:
    """The subject of an author's key."""
    return "key:" + author.hex()


def changes(event: e.Event | e.Opaque, index: int) -> Iterator[Change]:
    """Every party, licence, mandate, key or site that an event changes, with its new values."""
    match event:
        case e.LedgerOpened():
            yield from _opened(event)
        case e.LedgerClosed() | e.LedgerKeyChanged() | e.LedgerKeyRevoked() | e.CertificateIndex():
            yield from _house(event, index)
        case e.PartyRegistered():
            values = {
                "known": True,
                "residence": event.residence,
                "name": event.name,
                "documented": event.documented,
            }
            yield Change(
                "party:" + event.party,
                values,
                add={"standings": tuple(Standing(role) for role in event.roles)},
            )
        case e.SiteRegistered():
            site: dict[str, object] = {
                "known": True,
                "name": event.name,
                "country": event.in_country,
                "zone": event.zone,
                "operator": event.operator,
                "mining": event.mining,
                "capacity": event.capacity,
                "documented": event.documented,
            }
            yield Change("site:" + event.site, site)
        case e.AliasRecorded():
            kind = event.subject.partition(":")[0]
            yield Change(event.subject, {}, add={"names" if kind == "parcel" else "aliases": (event.alias,)})
        case e.LicenceGranted() | e.LicenceWithdrawn():
            yield from _licence(event)
        case e.RoleGranted():
            yield Change(
                "party:" + event.party,
                {},
                add={"standings": (Standing(event.role, event.since, event.until),)},
            )
        case e.RoleWithdrawn():
            yield Change("party:" + event.party, {}, add={"withdrawn": ((event.role, event.since),)})
        case e.MandateGranted() | e.MandateWithdrawn():
            yield from _mandate(event)
        case e.KeyEnrolled():
            yield Change(key_subject(event.key), {"party": event.party})
            yield Change("party:" + event.party, {}, add={"keys": (event.key,)})
        case e.KeyRevoked():
            yield Change(key_subject(event.key), {"revoked": event.since, "revoked_at": index})
        case _:
            return


def _opened(event: e.LedgerOpened) -> Iterator[Change]:
    yield Change(
        HOUSE,
        {
            "origin": event.origin,
            "participant": event.participant,
            "authority": event.by,
            "keys": event.keys,
            "recovery": event.recovery_key,
            "predecessor": event.predecessor,
        },
    )
    if event.by is None:
        return
    yield Change(
        "party:" + event.by,
        {"known": True, "residence": event.participant, "name": event.name},
        add={
            "standings": (Standing(Role.AUTHORITY.value),),
            "keys": () if event.authority_key is None else (event.authority_key,),
        },
    )
    if event.authority_key is not None:
        yield Change(key_subject(event.authority_key), {"party": event.by})
    if event.recovery_key is not None:
        yield Change(key_subject(event.recovery_key), {"party": event.by, "recovery": True})


def _house(event: e.Event, index: int) -> Iterator[Change]:
    match event:
        case e.LedgerClosed():
            yield Change(HOUSE, {"successor": event.successor})
        case e.LedgerKeyChanged():
            yield Change(HOUSE, {}, add={"keys": (event.key,)})
        case e.LedgerKeyRevoked():
            yield Change(HOUSE, {}, add={"revoked": ((event.key, event.size, event.root),)})
        case e.CertificateIndex():
            yield Change(HOUSE, {"indexed": index})


def _licence(event: e.LicenceGranted | e.LicenceWithdrawn) -> Iterator[Change]:
    if isinstance(event, e.LicenceWithdrawn):
        yield Change("licence:" + event.licence, {"withdrawn": event.since})
        return
    values = {
        "party": event.party,
        "licensed": event.licensed,
        "site": event.site,
        "since": event.since,
        "until": event.until,
    }
    yield Change("licence:" + event.licence, values)
    yield Change("party:" + event.party, {}, add={"licences": (event.licence,)})


def _mandate(event: e.MandateGranted | e.MandateWithdrawn) -> Iterator[Change]:
    if isinstance(event, e.MandateWithdrawn):
        yield Change("mandate:" + event.mandate, {"withdrawn": event.since})
        return
    values = {
        "clerk": event.clerk,
        "party": event.party,
        "kinds": event.acts,
        "since": event.since,
        "until": event.until,
    }
    yield Change("mandate:" + event.mandate, values)
    yield Change("party:" + event.party, {}, add={"mandates": (event.mandate,)})
