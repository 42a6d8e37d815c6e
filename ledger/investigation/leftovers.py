"""Shipments whose number the other side does not have, paired by what was shipped: a departure with an
arrival of nearly its weight, soon after.

Departures and arrivals are gone through side by side, from the lightest on; in memory are the arrivals that
weigh about as much as the departure at hand.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from ledger.investigation.shipments import Shipment

Group = list[Shipment]
"""What one side has under a certificate."""
_Place = tuple[int, str]


EARLY = 2
"""So many days may an arrival be booked before its departure: time zones, days written down later."""
_LOOKED_AT = 64
"""So many arrivals of one weight are looked at for a departure, from the earliest on."""


def by_weight(group: Group) -> tuple[int, str]:
    """The order in which departures are gone through."""
    return group[0].weight or 0, group[0].certificate


def by_place(group: Group) -> tuple[int, int, str]:
    """The order in which arrivals are gone through."""
    return group[0].weight or 0, group[0].day or 0, group[0].certificate


def alike(
    lone: Iterable[Group], found: Iterable[Group], nearly: int, days: int
) -> Iterator[tuple[Group, Group]]:
    """Groups without a counterpart, each once: paired by weight and date, or alone.

    From the lightest shipment on, each takes the closest that is left: the same value, least difference in
    weight, then in days, then the first number. Several under one number are not paired.

    ``lone`` departures in the order `by_weight`, ``found`` arrivals in the order `by_place`; a weight may
    differ by ``nearly``, a journey takes ``days`` at most.
    """
    shelf, arrivals = _Shelf(), iter(found)
    waiting = next(arrivals, None)
    for group in lone:
        weight = group[0].weight
        if len(group) > 1 or weight is None:
            yield group, []
            continue
        while waiting is not None and (waiting[0].weight or 0) <= weight + nearly:
            if not shelf.put(waiting):
                yield [], waiting
            waiting = next(arrivals, None)
        yield from (([], left) for left in shelf.drop_below(weight - nearly))
        yield group, shelf.take(group[0], nearly, days) or []
    yield from (([], left) for left in shelf.drop_below(None))
    while waiting is not None:
        yield [], waiting
        waiting = next(arrivals, None)


class _Shelf:
    """Arrivals by weight, and within a weight by day: those that a departure could still be."""

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}
        self._places: dict[int, list[_Place]] = {}
        self._weights: list[int] = []

    def put(self, group: Group) -> bool:
        """One that is no lighter than all before it, and of its weight the latest; False for one of which too
        little is known."""
        one = group[0]
        if len(group) > 1 or one.weight is None or one.day is None:
            return False
        if not self._weights or self._weights[-1] < one.weight:
            self._weights.append(one.weight)
            self._places[one.weight] = []
        self._places[one.weight].append((one.day, one.certificate))
        self._groups[one.certificate] = group
        return True

    def drop_below(self, weight: int | None) -> Iterator[Group]:
        """Those lighter than that, or all; they are on the shelf no more."""
        end = len(self._weights) if weight is None else bisect_left(self._weights, weight)
        for lighter in self._weights[:end]:
            yield from (self._groups.pop(name) for _, name in self._places.pop(lighter))
        del self._weights[:end]

    def take(self, sent: Shipment, nearly: int, days: int) -> Group | None:
        """The arrival that is most like a departure; it is on the shelf no more."""
        best = min(self._candidates(sent, nearly, days), default=None)
        if best is None:
            return None
        *_, day, name, weight = best
        places = self._places[weight]
        del places[bisect_left(places, (day, name))]
        return self._groups.pop(name)

    def _candidates(
        self, sent: Shipment, nearly: int, days: int
    ) -> Iterator[tuple[bool, int, int, int, str, int]]:
        """Other value, difference in weight, in days; then its day, number and weight."""
        if sent.weight is None or sent.day is None:
            return
        place = bisect_left(self._weights, sent.weight - nearly)
        while place < len(self._weights) and self._weights[place] <= sent.weight + nearly:
            weight = self._weights[place]
            places = self._places[weight]
            start = bisect_left(places, (sent.day - EARLY, ""))
            for day, name in places[start : start + _LOOKED_AT]:
                if day > sent.day + days:
                    break
                value = self._groups[name][0].value
                other = None not in (value, sent.value) and value != sent.value
                yield other, abs(weight - sent.weight), abs(day - sent.day), day, name, weight
            place += 1
