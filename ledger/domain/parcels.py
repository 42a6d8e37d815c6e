"""A parcel, and what each act changes in it.

A parcel's state folds from its own acts alone; an act names everything that it changes. `changes` lists,
for an event, each parcel it changes with the new values. It is total: it never refuses and never rounds,
and a value the event does not know (None) leaves what was known, except where the act says that something
ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ledger.domain import events as e
from ledger.domain.change import Change
from ledger.values import dataclass

HELD, CONSUMED, EXPORTED, LOST = "held", "consumed", "exported", "lost"
"""The four conditions of a parcel. Seized and certified goods are held, with ``seized_by`` or
``certificate`` set."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Stones packed together; one stone is a parcel with ``stones = 1``. None always means unknown.

    ``weight`` 0.001 ct, the latest known; ``holder`` in whose hands, ``owner`` to whom it belongs;
    ``sources`` the parcels it was made from, ``outputs`` those made from it; ``began`` the wire name of the
    act that began it; ``documented``: known from sources only; ``marked``: began by seizure or as opening
    stock.
    """

    id: str
    condition: str = HELD
    weight: int | None = None
    stones: int | None = None
    hs: str | None = None
    holder: str | None = None
    owner: str | None = None
    country: str | None = None
    began: str | None = None
    begun: int | None = None
    site: str | None = None
    origins: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    certificate: str | None = None
    seals: tuple[str, ...] = ()
    seized_by: str | None = None
    value: Any = None
    names: tuple[str, ...] = ()
    tracking: tuple[str, ...] = ()
    ticket: str | None = None
    documented: bool = False
    marked: bool = False
    acts: tuple[e.Recorded, ...] = ()


def subject(parcel: str) -> str:
    """The subject of a parcel."""
    return "parcel:" + parcel


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value != ()}


def _begin(
    lines: Iterable[e.Goods], event: e.Event, index: int, values: Mapping[str, Any], hs: str | None = None
) -> Iterator[Change]:
    """The parcels that an act begins; ``values`` are those that all of them have."""
    shared = {
        "condition": HELD,
        "began": event.TYPE,
        "begun": index,
        "documented": event.documented,
        **values,
    }
    for goods in lines:
        own = {
            "weight": goods.weight,
            "stones": goods.stones,
            "hs": goods.hs or hs,
            "names": (goods.name,) if goods.name else (),
        }
        yield Change(subject(goods.parcel), {**shared, **own})


def _consume(parcel: str, outputs: Iterable[str]) -> Change:
    return Change(subject(parcel), {"condition": CONSUMED}, add={"outputs": tuple(outputs)})


def _divide(event: e.Split | e.Sorted | e.Polished, index: int, hs: str | None = None) -> Iterator[Change]:
    yield _consume(event.parcel, (goods.parcel for goods in event.outputs))
    values = {"holder": event.by, "owner": event.by, "sources": (event.parcel,), "country": event.country}
    yield from _begin(event.outputs, event, index, values, hs)


def _mixed(event: e.Mixed, index: int) -> Iterator[Change]:
    for parcel in event.inputs:
        yield _consume(parcel, (event.output,))
    goods = e.Goods(event.output, event.weight, event.stones, event.hs, event.name)
    values = {"holder": event.by, "owner": event.by, "sources": event.inputs, "country": event.country}
    yield from _begin([goods], event, index, values)


def _mined(event: e.Mined, index: int) -> Iterator[Change]:
    values = {"holder": event.by, "owner": event.by, "site": event.site, "country": event.country}
    if event.ticket is not None:
        values["ticket"] = event.ticket
    return _begin(event.lines, event, index, values)


def _opened(event: e.StockOpened, index: int) -> Iterator[Change]:
    values = {
        "holder": event.holder,
        "owner": event.holder,
        "origins": event.origins,
        "marked": True,
        "country": event.country,
    }
    return _begin(event.lines, event, index, values)


def _move(event: Any, *, owner: bool) -> Iterator[Change]:
    values = {"holder": event.to, **_known(country=event.country)}
    if owner:
        values["owner"] = event.to
    for parcel in event.parcels:
        yield Change(subject(parcel), values)


def _sold(event: e.Sold, index: int) -> Iterator[Change]:
    yield from _move(event, owner=True)
    if event.tracking is not None:
        for parcel in event.parcels:
            yield Change(subject(parcel), {}, add={"tracking": (event.tracking,)})


def _seized(event: e.Seized, index: int) -> Iterator[Change]:
    for goods in event.lines:
        found = _known(weight=goods.weight, stones=goods.stones, country=event.country)
        begin = {"began": event.TYPE, "begun": index, "marked": True, "documented": event.documented}
        yield Change(
            subject(goods.parcel),
            {"seized_by": event.by, "holder": event.by, "condition": HELD, **found},
            begin={**begin, **_known(hs=goods.hs)},
        )


def _exported(event: e.Exported, index: int) -> Iterator[Change]:
    for part in event.parts if event.returns is None else ():  # what goes back unentered was no parcel here
        values = {"condition": EXPORTED, "holder": None, "country": event.destination}
        yield Change(
            subject(part.parcel), {**values, **_known(weight=part.weight, certificate=event.certificate)}
        )


def _imported(event: e.Imported, index: int) -> Iterator[Change]:
    for line in event.lines:
        values = {
            "condition": HELD,
            **_known(
                holder=event.by,
                weight=line.weight,
                stones=line.stones,
                country=event.country,
                certificate=event.certificate,
            ),
        }
        begin = {"began": event.TYPE, "begun": index, "owner": event.by, "documented": event.documented}
        yield Change(
            subject(line.parcel), values, begin={**begin, **_known(hs=line.hs, origins=event.origins)}
        )


def _received(event: e.Received, index: int) -> Iterator[Change]:
    for part in event.parts:
        values = {"holder": event.by, **_known(weight=part.weight, country=event.country)}
        yield Change(subject(part.parcel), values)


def _recovered(event: e.Recovered, index: int) -> Iterator[Change]:
    for part in event.parts:
        values = {"condition": HELD, "holder": event.to, **_known(weight=part.weight, country=event.country)}
        yield Change(subject(part.parcel), values)


def _weighed(event: e.Weighed, index: int) -> Iterator[Change]:
    found = _known(weight=event.weight, stones=event.stones, country=event.country)
    yield Change(subject(event.parcel), found)


def _sealed(event: e.Sealed, index: int) -> Iterator[Change]:
    for parcel in event.parcels:
        yield Change(subject(parcel), {"seals": event.seals})


def _released(event: e.Released, index: int) -> Iterator[Change]:
    for parcel in event.parcels:
        yield Change(subject(parcel), {"seized_by": None, "holder": event.to, "owner": event.to})


def _lost(event: e.Lost | e.ShipmentLost, index: int) -> Iterator[Change]:
    for parcel in event.parcels:
        yield Change(subject(parcel), {"condition": LOST, "holder": None})


def _came_back(event: e.ShipmentReturned, index: int) -> Iterator[Change]:
    for part in event.parts:
        values = {"condition": HELD, "holder": event.to, **_known(weight=part.weight, country=event.country)}
        yield Change(subject(part.parcel), values)


def _forfeited(event: e.Forfeited, index: int) -> Iterator[Change]:
    for parcel in event.parcels:
        values: dict[str, Any] = {"owner": event.by}
        if event.fate == "destroyed":
            values |= {"condition": LOST, "holder": None, "seized_by": None}
        yield Change(subject(parcel), values)


def _certified(event: e.CertificateIssued, index: int) -> Iterator[Change]:
    for part in event.parts if event.returns is None else ():
        yield Change(subject(part.parcel), {"certificate": event.certificate})


_CHANGES: dict[type[Any], Callable[[Any, int], Iterable[Change]]] = {
    e.Mined: _mined,
    e.StockOpened: _opened,
    e.Weighed: _weighed,
    e.Valued: lambda event, _: [Change(subject(event.parcel), {"value": event.value})],
    e.Named: lambda event, _: [Change(subject(event.parcel), {}, add={"names": (event.name,)})],
    e.Split: _divide,
    e.Sorted: _divide,
    e.Polished: lambda event, index: _divide(event, index, "710239"),
    e.Mixed: _mixed,
    e.Consigned: lambda event, _: _move(event, owner=False),
    e.Transferred: lambda event, _: _move(event, owner=bool(event.title)),
    e.Sold: _sold,
    e.Received: _received,
    e.Sealed: _sealed,
    e.Seized: _seized,
    e.Released: _released,
    e.Lost: _lost,
    e.Recovered: _recovered,
    e.CertificateIssued: _certified,
    e.Exported: _exported,
    e.Imported: _imported,
    e.ShipmentReturned: _came_back,
    e.ShipmentLost: _lost,
    e.Forfeited: _forfeited,
}


def changes(event: e.Event | e.Opaque, index: int) -> Iterable[Change]:
    """Every parcel that an event changes, with its new values; empty for acts that change none."""
    rule = _CHANGES.get(type(event))
    return () if rule is None else rule(event, index)
