"""Other sovereign ledgers, alerts, findings and grants, and what each act changes in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ledger.domain import events as e
from ledger.domain.change import Change
from ledger.domain.parties import HOUSE
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Partner:
    """Another participant's ledger: its keys, and the newest checkpoint pinned of it.

    ``pins``: ``(size, root, index of the entry here, outcome)``, oldest first; ``forked``: the hash of a
    fork proof.
    """

    id: str
    participant: str | None = None
    keys: tuple[str, ...] = ()
    since: str | None = None
    published: str | None = None
    dropped: str | None = None
    pins: tuple[tuple[int, bytes, int, str], ...] = ()
    checkpoint: str | None = None
    forked: bytes | None = None
    acts: tuple[e.Recorded, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert and where it stands; ``outcome`` None while it is open."""

    id: str
    about: str | None = None
    certificate: str | None = None
    parcel: str | None = None
    outcome: str | None = None
    acts: tuple[e.Recorded, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding and where it stands."""

    id: str
    state: str | None = None
    review: str | None = None
    rule: str | None = None
    entries: tuple[int, ...] = ()
    acts: tuple[e.Recorded, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """Which sealed fields a reader may be given."""

    id: str
    reader: str | None = None
    fields: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    withdrawn: str | None = None
    acts: tuple[e.Recorded, ...] = ()


def _recognised(event: e.PartnerRecognised, index: int) -> Iterable[Change]:
    values = {
        "participant": event.participant,
        "keys": event.keys,
        "since": event.since,
        "published": event.published,
        "dropped": None,
    }
    yield Change("partner:" + event.origin, values)
    yield Change(HOUSE, {}, add={"partners": ((event.participant, event.origin),)})


def _pinned(event: e.CheckpointPinned, index: int) -> Iterable[Change]:
    pin = (event.size, event.root, index, event.outcome)
    yield Change("partner:" + event.origin, {"checkpoint": event.checkpoint}, add={"pins": (pin,)})


def _raised(event: e.AlertRaised, index: int) -> Iterable[Change]:
    values = {"about": event.about, "certificate": event.certificate, "parcel": event.parcel}
    yield Change("alert:" + event.alert, values)


def _found(event: e.FindingRecorded, index: int) -> Iterable[Change]:
    values = {"state": "open", "review": event.review, "rule": event.rule, "entries": event.entries}
    yield Change("finding:" + event.finding, values)


def _given(event: e.GrantGiven, index: int) -> Iterable[Change]:
    values = {
        "reader": event.reader,
        "fields": event.fields,
        "kinds": event.acts,
        "since": event.since,
        "until": event.until,
    }
    yield Change("grant:" + event.grant, values)


_CHANGES: dict[type[Any], Callable[[Any, int], Iterable[Change]]] = {
    e.PartnerRecognised: _recognised,
    e.PartnerDropped: lambda event, _: [Change("partner:" + event.origin, {"dropped": event.since})],
    e.CheckpointPinned: _pinned,
    e.ForkProved: lambda event, _: [Change("partner:" + event.origin, {"forked": event.proof})],
    e.ProfileAdopted: lambda event, _: [Change(HOUSE, {"profile": event})],
    e.AlertRaised: _raised,
    e.AlertClosed: lambda event, _: [Change("alert:" + event.alert, {"outcome": event.outcome})],
    e.FindingRecorded: _found,
    e.FindingFollowed: lambda event, _: [Change("finding:" + event.finding, {"state": event.state})],
    e.GrantGiven: _given,
    e.GrantWithdrawn: lambda event, _: [Change("grant:" + event.grant, {"withdrawn": event.since})],
}


def changes(event: e.Event | e.Opaque, index: int) -> Iterable[Change]:
    """Every partner, alert, finding or grant that an event changes, and the house's profile."""
    rule = _CHANGES.get(type(event))
    return () if rule is None else rule(event, index)
