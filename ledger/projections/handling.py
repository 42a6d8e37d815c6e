"""What one act does to the custody of one parcel: through whose hands it passes, with what weight.

The same acts as `ledger.domain.parcels.changes`, asked the other way round: not what an act changes, but what
happens to this parcel in it. So a sheet of a thousand lines costs no more than the line that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from ledger.domain import events as e
from ledger.domain.vocabulary import POLISHED_HS


class What(StrEnum):
    """What happens to the parcel."""

    BEGINS = "begins"
    MOVES = "moves"
    CONSIGNED = "consigned"
    RECEIVED = "received"
    SEIZED = "seized"
    RELEASED = "released"
    LEAVES = "leaves"
    ARRIVES = "arrives"
    MISSING = "missing"
    FOUND = "found"
    RETURNED = "returned"
    ENDS = "ends"
    STAYS = "stays"


class Handling(NamedTuple):
    """What happens to a parcel in an act; ``holder``: into whose hands, ``source``: out of whose, None where
    that is not told.

    ``weight`` 0.001 ct, ``stones``, ``hs`` and ``name`` as the act states them, ``certificate`` the one it
    travels or is to travel under.
    """

    what: What
    holder: str | None = None
    source: str | None = None
    weight: int | None = None
    stones: int | None = None
    certificate: str | None = None
    hs: str | None = None
    name: str | None = None


def handlings(event: e.Event | e.Opaque, parcel: str) -> tuple[Handling, ...]:
    """What an act does to the parcel: nothing, one thing, or (a parcel made from itself) two."""
    rule = _RULES.get(type(event))
    return () if rule is None else tuple(rule(event, parcel))


def inputs(event: e.Event | e.Opaque) -> tuple[str, ...]:
    """The parcels that an act uses up."""
    if isinstance(event, e.Mixed):
        return event.inputs
    if isinstance(event, e.Split | e.Sorted | e.Polished) and event.parcel is not None:
        return (event.parcel,)
    return ()


def outputs(event: e.Event | e.Opaque) -> tuple[e.Goods, ...]:
    """The parcels that an act makes of those it uses up."""
    if isinstance(event, e.Mixed):
        made = e.Goods(event.output, event.weight, event.stones, event.hs, event.name)
        return (made,) if event.output is not None else ()
    if isinstance(event, e.Split | e.Sorted | e.Polished):
        return tuple(goods for goods in event.outputs if goods.parcel is not None)
    return ()


def _made(event: Any, parcel: str) -> Iterable[Handling]:
    if parcel in inputs(event):
        yield Handling(What.ENDS, source=event.by)
    for goods in outputs(event):
        if goods.parcel == parcel:
            yield _begins(event.by, goods, POLISHED_HS[-1] if isinstance(event, e.Polished) else None)


def _begins(holder: str | None, goods: e.Goods, hs: str | None = None) -> Handling:
    return Handling(What.BEGINS, holder, holder, goods.weight, goods.stones, None, goods.hs or hs, goods.name)


def _mined(event: e.Mined, parcel: str) -> Iterable[Handling]:
    return [_begins(event.by, line) for line in event.lines if line.parcel == parcel]


def _opened(event: e.StockOpened, parcel: str) -> Iterable[Handling]:
    return [_begins(event.holder, line) for line in event.lines if line.parcel == parcel]


def _seized(event: e.Seized, parcel: str) -> Iterable[Handling]:
    for line in event.lines:
        if line.parcel == parcel:
            found = (line.weight, line.stones, None, line.hs, line.name)
            yield Handling(What.SEIZED, event.by, event.taken_from, *found)


def _imported(event: e.Imported, parcel: str) -> Iterable[Handling]:
    for line in event.lines:
        if line.parcel == parcel:
            found = (line.weight, line.stones, event.certificate, line.hs)
            yield Handling(What.ARRIVES, event.by, event.by, *found)


def _alias(event: e.AliasRecorded, parcel: str) -> Iterable[Handling]:
    return [Handling(What.STAYS, name=event.alias)] if event.subject == "parcel:" + parcel else ()


Rule = Callable[[Any, str], Iterable[Handling]]


def _of_one(make: Callable[[Any], Handling]) -> Rule:
    """Of an act on one parcel."""
    return lambda event, parcel: (make(event),) if event.parcel == parcel else ()


def _of_each(make: Callable[[Any], Handling]) -> Rule:
    """Of an act on several parcels, which does the same to each."""
    return lambda event, parcel: (make(event),) if parcel in event.parcels else ()


def _of_parts(make: Callable[[Any, Any], Handling]) -> Rule:
    """Of an act on several parcels, with what was found of each."""
    return lambda event, parcel: [
        make(event, part)
        for part in event.parts
        if part.parcel == parcel and getattr(event, "returns", None) is None  # lots that were no parcels here
    ]


_RULES: dict[type[Any], Rule] = {
    e.Mined: _mined,
    e.StockOpened: _opened,
    e.Seized: _seized,
    e.Imported: _imported,
    e.AliasRecorded: _alias,
    e.Split: _made,
    e.Sorted: _made,
    e.Mixed: _made,
    e.Polished: _made,
    e.Weighed: _of_one(lambda act: Handling(What.STAYS, weight=act.weight, stones=act.stones)),
    e.Valued: _of_one(lambda act: Handling(What.STAYS)),
    e.Named: _of_one(lambda act: Handling(What.STAYS, name=act.name)),
    e.Consigned: _of_each(lambda act: Handling(What.CONSIGNED, act.to, act.by)),
    e.Transferred: _of_each(lambda act: Handling(What.MOVES, act.to, act.by)),
    e.Sold: _of_each(lambda act: Handling(What.MOVES, act.to, act.by)),
    e.Released: _of_each(lambda act: Handling(What.RELEASED, act.to, act.by)),
    e.Lost: _of_each(lambda act: Handling(What.MISSING, None, act.by)),
    e.ShipmentLost: _of_each(lambda act: Handling(What.MISSING, None, act.by)),
    e.Forfeited: _of_each(
        lambda act: Handling(What.MISSING if act.fate == "destroyed" else What.STAYS, None, act.by)
    ),
    e.Sealed: _of_each(lambda act: Handling(What.STAYS)),
    e.Offered: _of_each(lambda act: Handling(What.STAYS)),
    e.Reported: _of_each(lambda act: Handling(What.STAYS)),
    e.Received: _of_parts(lambda act, part: Handling(What.RECEIVED, act.by, act.sender, part.weight)),
    e.Recovered: _of_parts(lambda act, part: Handling(What.FOUND, act.to, None, part.weight)),
    e.ShipmentReturned: _of_parts(
        lambda act, part: Handling(What.RETURNED, act.to, None, part.weight, None, act.certificate)
    ),
    e.Exported: _of_parts(
        lambda act, part: Handling(What.LEAVES, None, act.by, part.weight, None, act.certificate)
    ),
    e.CertificateIssued: _of_parts(lambda act, part: Handling(What.STAYS, certificate=act.certificate)),
}
"""For each act that names parcels: what it does to one of them."""
