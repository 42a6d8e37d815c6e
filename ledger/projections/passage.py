"""What one act does to the custody of one parcel: through whose hands it passes, with what weight.

The same acts as `ledger.domain.parcels.changes`, asked the other way round: not what an act changes, but what
happens to this parcel in it. So a sheet of a thousand lines costs no more than the line that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from ledger.domain import events as e


class Turn(StrEnum):
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


@dataclass(frozen=True, slots=True)
class Passage:
    """One turn of a parcel: into whose hands (``holder``), out of whose (``source``), None where not told.

    ``weight`` 0.001 ct and ``stones`` as the act states them, ``certificate`` the one it travels or is to
    travel under.
    """

    turn: Turn
    holder: str | None = None
    source: str | None = None
    weight: int | None = None
    stones: int | None = None
    certificate: str | None = None


def passages(event: e.Event | e.Opaque, parcel: str) -> Iterator[Passage]:
    """What an act does to the parcel: nothing, one thing, or (a parcel made from itself) two."""
    match event:
        case e.Split() | e.Sorted() | e.Polished() | e.Mixed():
            yield from _made(event, parcel)
        case e.Mined() | e.StockOpened() | e.Imported() | e.Seized():
            yield from _in_lines(event, parcel)
        case e.Received() | e.Recovered() | e.CertificateIssued() | e.Exported() | e.ShipmentReturned():
            yield from _in_parts(event, parcel)
        case e.Weighed() | e.Valued() | e.Named():
            if event.parcel == parcel:
                yield _found_out(event)
        case e.AliasRecorded():
            if event.subject == "parcel:" + parcel:
                yield Passage(Turn.STAYS)
        case _:
            yield from _in_names(event, parcel)


def _found_out(event: e.Weighed | e.Valued | e.Named) -> Passage:
    if isinstance(event, e.Weighed):
        return Passage(Turn.STAYS, weight=event.weight, stones=event.stones)
    return Passage(Turn.STAYS)


def _made(event: e.Split | e.Sorted | e.Polished | e.Mixed, parcel: str) -> Iterator[Passage]:
    if parcel in inputs(event):
        yield Passage(Turn.ENDS, source=event.by)
    for goods in outputs(event):
        if goods.parcel == parcel:
            yield Passage(Turn.BEGINS, event.by, event.by, goods.weight, goods.stones)


def inputs(event: e.Event | e.Opaque) -> tuple[str, ...]:
    """The parcels that an act uses up."""
    match event:
        case e.Split(parcel=str(parcel)) | e.Sorted(parcel=str(parcel)) | e.Polished(parcel=str(parcel)):
            return (parcel,)
        case e.Mixed():
            return event.inputs
        case _:
            return ()


def outputs(event: e.Event | e.Opaque) -> tuple[e.Goods, ...]:
    """The parcels that an act makes of those it uses up."""
    match event:
        case e.Split() | e.Sorted() | e.Polished():
            return tuple(goods for goods in event.outputs if goods.parcel is not None)
        case e.Mixed(output=str()):
            return (e.Goods(event.output, event.weight, event.stones, event.hs, event.name),)
        case _:
            return ()


def _in_lines(event: e.Mined | e.StockOpened | e.Imported | e.Seized, parcel: str) -> Iterator[Passage]:
    for line in event.lines:
        if line.parcel != parcel:
            continue
        match event:
            case e.Mined():
                yield Passage(Turn.BEGINS, event.by, event.by, line.weight, line.stones)
            case e.StockOpened():
                yield Passage(Turn.BEGINS, event.holder, event.holder, line.weight, line.stones)
            case e.Imported():
                yield Passage(Turn.ARRIVES, event.by, event.by, line.weight, line.stones, event.certificate)
            case e.Seized():
                yield Passage(Turn.SEIZED, event.by, event.taken_from, line.weight, line.stones)


def _in_parts(
    event: e.Received | e.Recovered | e.CertificateIssued | e.Exported | e.ShipmentReturned, parcel: str
) -> Iterator[Passage]:
    for part in event.parts:
        if part.parcel != parcel:
            continue
        match event:
            case e.Received():
                yield Passage(Turn.RECEIVED, event.by, event.sender, part.weight)
            case e.Recovered():
                yield Passage(Turn.FOUND, event.to, None, part.weight)
            case e.ShipmentReturned():
                yield Passage(Turn.RETURNED, event.to, None, part.weight, None, event.certificate)
            case e.CertificateIssued():
                yield Passage(Turn.STAYS, certificate=event.certificate)
            case e.Exported():
                yield Passage(Turn.LEAVES, None, event.by, part.weight, None, event.certificate)


def _in_names(event: e.Event | e.Opaque, parcel: str) -> Iterator[Passage]:
    match event:
        case e.Consigned(parcels=parcels) if parcel in parcels:
            yield Passage(Turn.CONSIGNED, event.to, event.by)
        case e.Transferred(parcels=parcels) | e.Sold(parcels=parcels) if parcel in parcels:
            yield Passage(Turn.MOVES, event.to, event.by)
        case e.Released(parcels=parcels) if parcel in parcels:
            yield Passage(Turn.RELEASED, event.to, event.by)
        case e.Lost(parcels=parcels) if parcel in parcels:
            yield Passage(Turn.MISSING, None, event.by)
        case e.Forfeited(parcels=parcels) if parcel in parcels:
            yield Passage(Turn.MISSING if event.fate == "destroyed" else Turn.STAYS, None, event.by)
        case e.Sealed(parcels=parcels) | e.Offered(parcels=parcels) if parcel in parcels:
            yield Passage(Turn.STAYS)
        case e.Reported(parcels=parcels) if parcel in parcels:
            yield Passage(Turn.STAYS)


def narrowed(act: e.Recorded, parcel: str) -> e.Recorded:
    """The act with the lines of one parcel alone, which changes that parcel as the whole act does."""
    event: Any = act.event
    match event:
        case e.Mined() | e.StockOpened() | e.Imported() | e.Seized():
            return _with_own(act, event, "lines", lambda line: line.parcel == parcel)
        case e.Split() | e.Sorted() if event.parcel != parcel:
            return _with_own(act, event, "outputs", lambda goods: goods.parcel == parcel)
        case e.Received() | e.Recovered() | e.Exported() | e.ShipmentReturned():
            return _with_own(act, event, "parts", lambda part: part.parcel == parcel)
        case e.Sold() | e.Transferred() | e.Consigned():
            return _with_own(act, event, "parcels", lambda name: name == parcel)
        case _:
            return act


def _with_own(act: e.Recorded, event: Any, field: str, own: Callable[[Any], bool]) -> e.Recorded:
    every = getattr(event, field)
    if len(every) <= 1:
        return act
    return replace(act, event=replace(event, **{field: tuple(filter(own, every))}))
