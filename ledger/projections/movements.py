"""Movements: the double-entry book of the goods, a row for every weight that changes its place.

A place is in whose hands (``party``), at which mine (``site``), in which ``country``, in which HS class, live
or ``documented``. A movement takes a weight out of one place and puts it into another; one of the two is
missing where goods come into the stock (``way`` 1) or leave it (-1). Of what an act does to a parcel nothing
is left out, so that for every place, at any time:

    opening + in - out = closing     exactly, in 0.001 ct, and the same for the parcels of unknown weight

An unknown weight counts 0 in ``weight`` and 1 in ``unknown``; when it is found, a movement of kind ``found``
brings the weight in and takes the 1 away.

| kind                                       | what happens                                             |
|--------------------------------------------|----------------------------------------------------------|
| mined, opened, imported, seized, recovered, returned | goods come into the stock                      |
| made                                       | they are made of others: split, sorted, mixed, polished  |
| known                                      | nobody recorded where they came from                     |
| consumed, polished                         | they are made into others                                |
| exported, lost                             | they leave                                               |
| sold, transferred, consigned, received, seized, released | into other hands                           |
| moved                                      | the same hands, another country, class or mine           |
| loss, cutting                              | weight that was lost: declared; cut away in polishing    |
| unexplained                                | weight missing that nobody declared as lost              |
| gain                                       | weight that is there although nobody brought it          |
| found                                      | a weight that was unknown                                |
| correction                                 | what a correction of an earlier act changes              |

A mine's account holds what was recovered there as long as it is undivided in the hands of the party that
mined it. Live goods of which no act names a country are in the ledger's own (``home``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ledger.domain import events as e
from ledger.domain.parcels import CONSUMED, EXPORTED, HELD, LOST, Parcel
from ledger.projections.register_goods import mined_by
from ledger.store.rows import INT, Column, Row, Table, maybe
from ledger.values import dataclass

MOVEMENTS = Table(
    "movements",
    (
        Column("entry", INT),
        Column("line", INT),
        Column("parcel"),
        Column("kind"),
        Column("way", INT),
        Column("weight", INT),
        Column("unknown", INT),
        maybe("from_party"),
        maybe("to_party"),
        maybe("from_site"),
        maybe("to_site"),
        maybe("from_country"),
        maybe("to_country"),
        maybe("from_hs"),
        maybe("to_hs"),
        Column("documented", INT),
    ),
    key=2,
    indexes=(("from_party",), ("to_party",)),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where goods are."""

    party: str | None
    site: str | None
    country: str | None
    hs: str | None
    documented: bool


NOWHERE = Place(None, None, None, None, documented=False)


@dataclass(frozen=True, slots=True)
class Movement:
    """A weight (or an unknown one) out of ``source`` into ``target``; None: out of the stock, into it."""

    parcel: str
    kind: str
    source: Place | None
    target: Place | None
    weight: int
    unknown: int = 0


Moved = tuple[str, Parcel | None, Parcel | None]
"""A parcel's id, with its states before and after an act."""


def movements(recorded: e.Recorded, moved: Sequence[Moved], home: str | None = None) -> Iterator[Movement]:
    """What an act does to the stock, parcel by parcel."""
    event = recorded.event
    found = [movement for one in moved for movement in _of_parcel(event, *one, home)]
    if isinstance(event, e.Split | e.Sorted | e.Polished | e.Mixed):
        found = list(_balanced(event, found))
    yield from found


def rows(recorded: e.Recorded, moved: Sequence[Moved], home: str | None = None) -> Iterator[Row]:
    """The rows of an act's movements."""
    for line, movement in enumerate(movements(recorded, moved, home)):
        source, target = movement.source or NOWHERE, movement.target or NOWHERE
        way = 1 if movement.source is None else -1 if movement.target is None else 0
        yield (
            recorded.index,
            line,
            movement.parcel,
            movement.kind,
            way,
            movement.weight,
            movement.unknown,
            source.party,
            target.party,
            source.site,
            target.site,
            source.country,
            target.country,
            source.hs,
            target.hs,
            int(source.documented or target.documented),
        )


def place(parcel: Parcel | None, home: str | None = None) -> Place | None:
    """Where a parcel's weight is; None where it is in nobody's hands."""
    if parcel is None or parcel.condition != HELD:
        return None
    site = parcel.site
    if site is not None and mined_by(parcel) != parcel.holder:
        site = None
    return Place(parcel.holder, site, country_of(parcel, home), parcel.hs, parcel.documented)


def country_of(parcel: Parcel, home: str | None) -> str | None:
    """The country in which goods are."""
    return home if parcel.country is None and not parcel.documented else parcel.country


_ENTERS: dict[type[object], str] = {
    e.Mined: "mined",
    e.StockOpened: "opened",
    e.Imported: "imported",
    e.Seized: "seized",
    e.Recovered: "recovered",
    e.ShipmentReturned: "returned",
    e.Split: "made",
    e.Sorted: "made",
    e.Mixed: "made",
    e.Polished: "made",
    e.Corrected: "correction",
}
_LEAVES = {CONSUMED: "consumed", EXPORTED: "exported", LOST: "lost"}
_MOVES: dict[type[object], str] = {
    e.Sold: "sold",
    e.Transferred: "transferred",
    e.Consigned: "consigned",
    e.Received: "received",
    e.Seized: "seized",
    e.Released: "released",
    e.Corrected: "correction",
}


def _of_parcel(
    event: e.Event | e.Opaque, name: str, before: Parcel | None, after: Parcel | None, home: str | None
) -> Iterator[Movement]:
    source, target = place(before, home), place(after, home)
    held = before.weight if before is not None else None
    found = after.weight if after is not None else None
    corrects = isinstance(event, e.Corrected)
    if source is not None and target is not None:
        if source != target:
            yield from _moved(event, name, source, target, held)
        yield from _difference(name, target, held, found, corrects=corrects)
    elif target is not None:
        yield _whole(name, _ENTERS.get(type(event), "known"), None, target, found)
    elif source is not None:
        left = held
        if found is not None and not corrects:
            yield from _difference(name, source, held, found, corrects=False)
            left = found
        yield _whole(name, _leaving(event, after), source, None, left)


def _leaving(event: e.Event | e.Opaque, after: Parcel | None) -> str:
    if isinstance(event, e.Corrected) or after is None:
        return "correction"
    return "polished" if isinstance(event, e.Polished) else _LEAVES[after.condition]


def _moved(
    event: e.Event | e.Opaque, name: str, source: Place, target: Place, weight: int | None
) -> Iterator[Movement]:
    kind = _MOVES.get(type(event), "moved")
    if source.party == target.party and kind != "correction":
        kind = "moved"
    if source.documented == target.documented:
        yield _whole(name, kind, source, target, weight)
    else:  # documented and live goods have separate accounts
        yield _whole(name, kind, source, None, weight)
        yield _whole(name, kind, None, target, weight)


def _whole(name: str, kind: str, source: Place | None, target: Place | None, weight: int | None) -> Movement:
    return Movement(name, kind, source, target, weight or 0, int(weight is None))


def _difference(
    name: str, where: Place, held: int | None, found: int | None, *, corrects: bool
) -> Iterator[Movement]:
    """What a weighing changes at a place."""
    if held == found:
        return
    if held is None and found is not None:
        yield Movement(name, "correction" if corrects else "found", None, where, found, -1)
    elif held is not None and found is None:
        yield Movement(name, "correction", where, None, held, -1)
    elif held is not None and found is not None and found > held:
        yield Movement(name, "correction" if corrects else "gain", None, where, found - held)
    elif held is not None and found is not None:
        yield Movement(name, "correction" if corrects else "loss", where, None, held - found)


def _balanced(event: e.Split | e.Sorted | e.Polished | e.Mixed, found: list[Movement]) -> Iterator[Movement]:
    """The same movements, with what the outputs weigh more or less than the inputs told apart.

    For one input the difference stands at it, for several at the output, so that what is used up equals
    what is made. Where a weight is unknown nothing can be told apart.
    """
    used = [one for one in found if one.kind in ("consumed", "polished")]
    made = [one for one in found if one.kind == "made"]
    if not used or not made or any(one.unknown for one in (*used, *made)):
        yield from found
        return
    missing = sum(one.weight for one in used) - sum(one.weight for one in made)
    at = made[0] if isinstance(event, e.Mixed) else used[0]
    for one in found:
        if one is not at or missing == 0:
            yield one
        elif one.source is not None:
            yield from _apart(event, missing, one.parcel, one.source)
            yield replace(one, weight=one.weight - missing)
        elif one.target is not None:
            yield replace(one, weight=one.weight + missing)
            yield from _apart(event, missing, one.parcel, one.target)


def _apart(
    event: e.Split | e.Sorted | e.Polished | e.Mixed, missing: int, parcel: str, where: Place
) -> Iterator[Movement]:
    if missing < 0:
        yield Movement(parcel, "gain", None, where, -missing)
        return
    if isinstance(event, e.Polished):
        kind = "cutting" if event.complete else "unexplained"
        yield Movement(parcel, kind, where, None, missing)
        return
    declared = min(event.loss or 0, missing)
    if declared:
        yield Movement(parcel, "loss", where, None, declared)
    if missing > declared:
        yield Movement(parcel, "unexplained", where, None, missing - declared)
