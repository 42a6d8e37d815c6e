"""Yields: the polished weight that came of rough, in a lineage walked forward.

A yield is the weight of all polished outputs over the weight with which the rough came to be, through every
split in between. It is complete where all the rough was cut and every cut names all its outputs with their
weights; otherwise it is what was at least got out. A polished stone that was cut again counts through its
outputs, once. Where one parcel was cut in several acts and a later one names all outputs, that one alone
counts. Rough that was mixed is followed no further: what comes of a mix is the mix's own yield.
"""

from __future__ import annotations

from dataclasses import field

from ledger.domain import events as e
from ledger.domain.vocabulary import ROUGH_HS
from ledger.projections.lineage import Lineage, Making
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Yield:
    """What was got out of one rough parcel; weights 0.001 ct, ``cuts`` the entries of all its cuts.

    ``rough`` None: the rough was never weighed, and there is no ratio.
    """

    parcel: str
    rough: int | None
    polished: int
    complete: bool
    cuts: tuple[int, ...]

    @property
    def permille(self) -> int | None:
        """Polished over rough in thousandths, rounded half up; None where the rough's weight is unknown."""
        return None if not self.rough else (2000 * self.polished + self.rough) // (2 * self.rough)


def yields(lineage: Lineage) -> tuple[Yield, ...]:
    """The yield of where the walk began, then of every other rough parcel that was cut, in the order of
    cuts.
    """
    uses: dict[str, list[Making]] = {}
    polished: set[str] = set()
    for making in lineage.makings:
        for name in making.inputs:
            uses.setdefault(name, []).append(making)
        if making.polishes:
            polished.update(goods.parcel for goods in making.outputs)
    rough = [
        name
        for name, makings in uses.items()
        if name not in polished and (name == lineage.start or any(making.polishes for making in makings))
    ]
    rough.sort(key=lambda name: name != lineage.start)
    found = (_Got(uses).out_of(lineage, name) for name in rough)
    return tuple(one for one in found if one.cuts)


def _cut(making: Making, goods: e.Goods) -> bool:
    """Whether a cut made polished goods of this output: what it left over unpolished is rough still."""
    return making.polishes and goods.hs not in ROUGH_HS


@dataclass
class _Got:
    """Goes from a rough parcel to the polished stones that came of it."""

    uses: dict[str, list[Making]]
    weight: int = 0
    complete: bool = True
    cuts: set[int] = field(default_factory=set)

    def out_of(self, lineage: Lineage, parcel: str) -> Yield:
        """The yield of one rough parcel."""
        waiting: list[tuple[str, int | None, bool]] = [(parcel, None, False)]
        met = {parcel}
        while waiting:
            name, weight, polished = waiting.pop()
            makings = self._onward(name)
            if not makings:
                self._counts(weight, polished)
            for making in makings:
                for goods in making.outputs:
                    if goods.parcel not in met:
                        met.add(goods.parcel)
                        waiting.append((goods.parcel, goods.weight, polished or _cut(making, goods)))
        node = lineage.nodes.get(parcel)
        rough = node.history.weight if node is not None else None
        return Yield(parcel, rough, self.weight, self.complete, tuple(sorted(self.cuts)))

    def _onward(self, parcel: str) -> list[Making]:
        """The cuts of a parcel that count, or how it was divided; nothing where it is whole, or in a mix."""
        makings = self.uses.get(parcel, [])
        cuts = [making for making in makings if making.polishes]
        if not cuts:
            return [making for making in makings if not isinstance(making.stage.event, e.Mixed)]
        self.cuts.update(making.index for making in cuts)
        whole = [making for making in cuts if making.complete][-1:]
        self.complete = self.complete and bool(whole)
        return whole or cuts

    def _counts(self, weight: int | None, polished: bool) -> None:
        if polished and weight is not None:
            self.weight += weight
        else:
            self.complete = False
