"""Weight is conserved to the thousandth of a carat: what is lost is declared, and nothing grows.

Two weighings of the same goods may differ by the scales: a parcel that is weighed again may show up to 0.01
ct more for each of the two weighings, or twice the stated uncertainty if that is more. Everything else is
exact.
"""

from __future__ import annotations

from collections.abc import Iterable

from ledger.domain import events as e
from ledger.domain.parcels import Parcel
from ledger.domain.refusal import Refusal, Refusals
from ledger.domain.state import State
from ledger.domain.vocabulary import HS_MOVES, LARGEST_WEIGHT, carats

WEIGHING_TOLERANCE = 10
"""0.01 ct for each weighing, in 0.001 ct (no Kimberley tolerance is published; the trade states two
decimals)."""


def weights(state: State, act: e.Recorded) -> Refusals:
    """Refusals of an act whose weights, stones or HS classes cannot be."""
    event = act.event
    if isinstance(event, e.Opaque):
        return
    yield from _sizes(event)
    match event:
        case e.Split() | e.Sorted():
            yield from _divided(state, event)
        case e.Mixed():
            yield from _mixed(state, event)
        case e.Polished():
            yield from _polished(state, event)
        case e.Weighed():
            yield from _grown(state, event.parcel, event.weight, event.uncertainty or 0)
        case e.Received() | e.Recovered():
            for part in event.parts:
                yield from _grown(state, part.parcel, part.weight, 0)


def _stated(event: e.Event) -> Iterable[tuple[str, int | None]]:
    match event:
        case e.Mined() | e.StockOpened() | e.Seized() | e.Imported():
            return [(line.parcel, line.weight) for line in event.lines]
        case e.Split() | e.Sorted() | e.Polished():
            return [(goods.parcel, goods.weight) for goods in event.outputs]
        case e.Mixed():
            return [(event.output, event.weight)]
        case e.Weighed():
            return [(event.parcel, event.weight)]
        case e.Received() | e.Recovered():
            return [(part.parcel, part.weight) for part in event.parts]
        case _:
            return []


def _sizes(event: e.Event) -> Refusals:
    for parcel, weight in _stated(event):
        if weight == 0:
            yield Refusal("weight-zero", f"parcel:{parcel}", {"parcel": parcel})
        elif weight is not None and weight > LARGEST_WEIGHT:
            yield Refusal(
                "weight-too-large",
                f"parcel:{parcel}",
                {"parcel": parcel, "weight": carats(weight), "most": carats(LARGEST_WEIGHT)},
            )


def _sum(weights: Iterable[int | None]) -> int | None:
    """The sum, or None when one of them is unknown."""
    total = 0
    for weight in weights:
        if weight is None:
            return None
        total += weight
    return total


def _unequal(parcel: str, held: int, stated: int, code: str = "weight-conserved") -> Refusal:
    difference = stated - held
    return Refusal(
        code,
        f"parcel:{parcel}",
        {
            "parcel": parcel,
            "held": carats(held),
            "stated": carats(stated),
            "difference": carats(abs(difference)),
            "direction": "too much" if difference > 0 else "missing: declare it as loss",
        },
    )


def _divided(state: State, event: e.Split | e.Sorted) -> Refusals:
    parcel = state.parcel(event.parcel)
    if parcel is None:
        return
    yield from _classes(parcel, event.outputs)
    outputs = _sum(goods.weight for goods in event.outputs)
    if parcel.weight is None or outputs is None:
        return
    stated = outputs + (event.loss or 0)
    if event.documented and event.loss is None and stated <= parcel.weight:
        return
    if stated != parcel.weight:
        yield _unequal(parcel.id, parcel.weight, stated)


def _classes(parcel: Parcel, outputs: Iterable[e.Goods]) -> Refusals:
    if parcel.hs is None:
        return
    for goods in outputs:
        if goods.hs is not None and goods.hs not in HS_MOVES[parcel.hs]:
            yield Refusal(
                "hs-move",
                f"parcel:{goods.parcel}",
                {"parcel": parcel.id, "output": goods.parcel, "from_class": parcel.hs, "to_class": goods.hs},
            )


def _mixed(state: State, event: e.Mixed) -> Refusals:
    inputs = [state.parcel(name) for name in event.inputs]
    held = _sum(parcel.weight if parcel is not None else None for parcel in inputs)
    if held is None or event.weight is None or not inputs:  # inputs that nobody tells do not weigh nothing
        return
    stated = event.weight + (event.loss or 0)
    if stated != held:
        yield _unequal(event.output, held, stated, "weight-conserved-mix")


def _polished(state: State, event: e.Polished) -> Refusals:
    parcel = state.parcel(event.parcel)
    if parcel is None:
        return
    yield from _classes(parcel, event.outputs)
    known = sum(goods.weight or 0 for goods in event.outputs)
    if parcel.weight is not None and known > parcel.weight:
        yield _unequal(parcel.id, parcel.weight, known)


def _grown(state: State, name: str, weight: int | None, uncertainty: int) -> Refusals:
    parcel = state.parcel(name)
    if parcel is None or parcel.weight is None or weight is None:
        return
    tolerance = max(2 * WEIGHING_TOLERANCE, 2 * uncertainty)
    if weight > parcel.weight + tolerance:
        yield Refusal(
            "weight-grows",
            f"parcel:{name}",
            {
                "parcel": name,
                "held": carats(parcel.weight),
                "stated": carats(weight),
                "difference": carats(weight - parcel.weight),
                "tolerance": carats(tolerance),
            },
        )
