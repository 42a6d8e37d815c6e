"""Bilateral reconciliation: one side's exports against the other's imports, certificate by certificate
(A/RES/67/135 paragraph 27; causes of difference: KP working groups and the trade).

`reconcile` matches by certificate first. What is left over is matched by what was shipped: the same weight
within the tolerance, arrival within so many days of departure, closest first. Every shipment of either side
ends in exactly one `Pair`, and every pair in exactly one class, the first of its differences in this order:

| class                 | the two sides                                                            |
|-----------------------|--------------------------------------------------------------------------|
| `unexplained`         | differ in something that no class below explains                         |
| `not-returned`        | sent, not received, and nobody confirmed it                              |
| `missing-at-importer` | sent and confirmed, and not in the importer's list                       |
| `missing-at-exporter` | received, and not in the exporter's list                                 |
| `returned`            | sent, and back again, or technical: the importer need not count it       |
| `lost`                | sent, and lost or stolen on the way, as its sender recorded              |
| `split-on-arrival`    | the same weight, in more parcels or entries on arrival                   |
| `transit`             | differ in provenance or destination: a country of transit was booked     |
| `origin`              | the importer booked the provenance as the mining origin                  |
| `number`              | agree, under another certificate number                                  |
| `timing`              | lie on both sides of a period's end                                      |
| `hs`                  | agree in weight, under other HS codes                                    |
| `weighing`            | differ in weight by no more than the tolerance                           |
| `value-basis`         | differ in value by no more than the tolerance: FOB, CIF, re-assessed     |
| `agrees`              | agree                                                                    |

Only integers are compared. The tolerances are the reader's: KPCS gives none.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ledger.investigation.shipments import EXPORT, IMPORT, Shipment
from ledger.values import dataclass

UNEXPLAINED, NOT_RETURNED = "unexplained", "not-returned"
AT_IMPORTER, AT_EXPORTER = "missing-at-importer", "missing-at-exporter"
RETURNED, LOST = "returned", "lost"
SPLIT, TRANSIT, ORIGIN, NUMBER = "split-on-arrival", "transit", "origin", "number"
TIMING, HS, WEIGHING, BASIS, AGREES = "timing", "hs", "weighing", "value-basis", "agrees"

CLASSES = (
    UNEXPLAINED, NOT_RETURNED, AT_IMPORTER, AT_EXPORTER, RETURNED, LOST, SPLIT, TRANSIT, ORIGIN,
    NUMBER, TIMING, HS, WEIGHING, BASIS, AGREES,
)  # fmt: skip

OPEN = frozenset({UNEXPLAINED, NOT_RETURNED, AT_IMPORTER, AT_EXPORTER})
"""Differences that somebody has still to explain."""

_EARLY = 2
"""So many days may an arrival be booked before its departure: time zones, days written down later."""
_LOOKED_AT = 64
"""So many arrivals of one weight are looked at for a departure, from the earliest on."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What two sides agreed to compare by.

    ``first`` and ``last`` day of the period (ordinals, inclusive); ``weight`` by how many thousandths of a
    carat a shipment may differ; ``value`` by how many hundredths of a percent; ``days`` a journey may take.
    """

    first: int
    last: int
    weight: int = 50
    value: int = 1_000
    days: int = 30

    def within(self, shipment: Shipment) -> bool:
        """Whether it belongs to the period; one whose day is unknown does."""
        return shipment.day is None or self.first <= shipment.day <= self.last


@dataclass(frozen=True, slots=True)
class Pair:
    """What one certificate is to both sides; ``differences`` all that was found, the class first."""

    certificate: str
    sent: tuple[Shipment, ...]
    received: tuple[Shipment, ...]
    kind: str
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """What went one way: the exporter's list against the importer's, by certificate."""

    exporter: str
    importer: str
    pairs: tuple[Pair, ...]

    @property
    def counted(self) -> Counter[str]:
        """How many certificates are in each class."""
        return Counter(pair.kind for pair in self.pairs)


def reconcile(
    ours: Sequence[Shipment], theirs: Sequence[Shipment], own: str, other: str, terms: Terms
) -> tuple[Flow, Flow]:
    """What went from us to them, and from them to us, in the period."""
    return _flow(ours, theirs, own, other, terms), _flow(theirs, ours, other, own, terms)


def _flow(
    senders: Sequence[Shipment], receivers: Sequence[Shipment], exporter: str, importer: str, terms: Terms
) -> Flow:
    """One direction: transit countries do not take a shipment out of it as long as the certificate tells."""
    received = [
        one
        for one in receivers
        if one.flow == IMPORT and exporter in (one.provenance, one.issuer) and one.destination == importer
    ]
    arrived = {one.certificate for one in received}
    sent = [
        one
        for one in senders
        if one.flow == EXPORT
        and one.provenance in (exporter, None)
        and (one.destination == importer or one.certificate in arrived)
    ]
    pairs = match(sent, received, terms)
    kept = [pair for pair in pairs if any(terms.within(one) for one in (*pair.sent, *pair.received))]
    return Flow(exporter, importer, tuple(kept))


def match(sent: Iterable[Shipment], received: Iterable[Shipment], terms: Terms) -> list[Pair]:
    """Every shipment of both lists in exactly one pair, ordered by certificate."""
    left, arrived = _by_certificate(sent), _by_certificate(received)
    both = left.keys() & arrived.keys()
    couples = [(left[name], arrived[name]) for name in both]
    lone = [group for name, group in left.items() if name not in both]
    found = [group for name, group in arrived.items() if name not in both]
    couples += _alike(lone, found, terms)
    until = max((one.day for group in arrived.values() for one in group if one.day is not None), default=None)
    since = min((one.day for group in left.values() for one in group if one.day is not None), default=None)
    pairs = [_pair(*couple, terms) for couple in couples]
    pairs += [_unmatched_export(tuple(group), until, terms) for group in lone]
    pairs += [_unmatched_import(tuple(group), since, terms) for group in found]
    return sorted(pairs, key=lambda pair: pair.certificate)


def _by_certificate(shipments: Iterable[Shipment]) -> dict[str, list[Shipment]]:
    groups: dict[str, list[Shipment]] = {}
    for one in shipments:
        groups.setdefault(one.certificate, []).append(one)
    for group in groups.values():
        if len(group) > 1:
            group.sort(key=lambda one: (_order(one), repr(one)))
    return groups


def _order(one: Shipment) -> tuple[str, int, int, int]:
    return one.certificate, one.day or 0, one.weight or 0, one.entry or 0


Group = list[Shipment]
_Place = tuple[int, str]


def _alike(
    lone: list[Group], found: list[Group], terms: Terms
) -> list[tuple[list[Shipment], list[Shipment]]]:
    """Groups without a counterpart, paired by weight and date; the paired ones are taken out of both lists.

    From the lightest shipment on, each takes the closest that is left: the same value, least difference in
    weight, then in days, then the first number.
    """
    shelf = _Shelf(group for group in found if len(group) == 1)
    couples = []
    for group in sorted((g for g in lone if len(g) == 1), key=lambda g: (g[0].weight or 0, *_order(g[0]))):
        match_ = shelf.take(group[0], terms)
        if match_ is not None:
            couples.append((group, match_))
    taken = {id(group) for couple in couples for group in couple}
    lone[:] = [group for group in lone if id(group) not in taken]
    found[:] = [group for group in found if id(group) not in taken]
    return couples


class _Shelf:
    """Arrivals by weight, and within a weight by day."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self._groups: dict[str, Group] = {}
        self._places: dict[int, list[_Place]] = {}
        for group in groups:
            one = group[0]
            if one.weight is not None and one.day is not None:
                self._places.setdefault(one.weight, []).append((one.day, one.certificate))
                self._groups[one.certificate] = group
        self._weights = sorted(self._places)
        for places in self._places.values():
            places.sort()

    def take(self, sent: Shipment, terms: Terms) -> Group | None:
        """The arrival that is most like a departure; it is on the shelf no more."""
        best = min(self._candidates(sent, terms), default=None)
        if best is None:
            return None
        *_, day, name, weight = best
        places = self._places[weight]
        del places[bisect_left(places, (day, name))]
        return self._groups.pop(name)

    def _candidates(self, sent: Shipment, terms: Terms) -> Iterator[tuple[bool, int, int, int, str, int]]:
        """Other value, difference in weight, in days; then its day, number and weight."""
        if sent.weight is None or sent.day is None:
            return
        place = bisect_left(self._weights, sent.weight - terms.weight)
        while place < len(self._weights) and self._weights[place] <= sent.weight + terms.weight:
            weight = self._weights[place]
            places = self._places[weight]
            start = bisect_left(places, (sent.day - _EARLY, ""))
            for day, name in places[start : start + _LOOKED_AT]:
                if day > sent.day + terms.days:
                    break
                value = self._groups[name][0].value
                other = None not in (value, sent.value) and value != sent.value
                yield other, abs(weight - sent.weight), abs(day - sent.day), day, name, weight
            place += 1


def _pair(sent: Sequence[Shipment], received: Sequence[Shipment], terms: Terms) -> Pair:
    differences = tuple(sorted(set(_differences(sent, received, terms)), key=CLASSES.index))
    kind = differences[0] if differences else AGREES
    return Pair(sent[0].certificate, tuple(sent), tuple(received), kind, differences)


def _differences(sent: Sequence[Shipment], received: Sequence[Shipment], terms: Terms) -> Iterator[str]:
    left, came = sent[0], received[0]
    if any(one.lost for one in sent):
        yield UNEXPLAINED  # lost on the way, and yet received
    if len(sent) == len(received) == 1 and _alike_in_all(left, came):
        yield from _days(sent, received, terms)
        return
    weights = _total(sent, "weight"), _total(received, "weight")
    same_weight = None in weights or abs((weights[0] or 0) - (weights[1] or 0)) <= terms.weight
    if left.certificate != came.certificate:
        yield NUMBER
    if len(sent) > 1 and len(sent) != len(received):
        yield UNEXPLAINED  # the exporter has the number more than once
    yield from _places(left, came)
    yield from _days(sent, received, terms)
    if not same_weight:
        yield UNEXPLAINED
    elif weights[0] != weights[1] and None not in weights:
        yield WEIGHING
    parcels = _total(sent, "parcels"), _total(received, "parcels")
    more = None not in parcels and (parcels[1] or 0) > (parcels[0] or 0)
    if same_weight and (len(received) > len(sent) or more):
        yield SPLIT
    elif None not in parcels and parcels[1] != parcels[0]:
        yield UNEXPLAINED
    yield from _worth(sent, received, terms)
    if same_weight and _other_classes(sent, received, terms):
        yield HS


def _alike_in_all(left: Shipment, came: Shipment) -> bool:
    """Most certificates agree: whether all that is compared is the same, but for the days."""
    return (
        left.certificate == came.certificate
        and left.weight == came.weight
        and left.value == came.value
        and left.classes == came.classes
        and left.parcels == came.parcels
        and left.origins == came.origins
        and left.provenance == came.provenance
        and left.destination == came.destination
    )


def _places(left: Shipment, came: Shipment) -> Iterator[str]:
    if None not in (left.provenance, came.provenance) and left.provenance != came.provenance:
        yield TRANSIT
    if None not in (left.destination, came.destination) and left.destination != came.destination:
        yield TRANSIT
    if left.origins and came.origins and set(left.origins) != set(came.origins):
        booked = set(came.origins) in ({left.provenance}, {came.provenance})
        yield ORIGIN if booked else UNEXPLAINED


def _days(sent: Sequence[Shipment], received: Sequence[Shipment], terms: Terms) -> Iterator[str]:
    left = max((one.day for one in sent if one.day is not None), default=None)
    came = min((one.day for one in received if one.day is not None), default=None)
    if left is None or came is None:
        return
    if not -_EARLY <= came - left <= terms.days:
        yield UNEXPLAINED
    elif (terms.first <= left <= terms.last) != (terms.first <= came <= terms.last):
        yield TIMING


def _worth(sent: Sequence[Shipment], received: Sequence[Shipment], terms: Terms) -> Iterator[str]:
    left, came = _total(sent, "value"), _total(received, "value")
    if left is None or came is None or left == came:
        return
    # by how much the larger exceeds the smaller, in hundredths of a percent, without dividing
    within = abs(left - came) * 10_000 <= min(left, came) * terms.value
    yield BASIS if within else UNEXPLAINED


def _other_classes(sent: Sequence[Shipment], received: Sequence[Shipment], terms: Terms) -> bool:
    """Whether the weights in the HS classes differ by more than weighings can."""
    left, came = _in_classes(sent), _in_classes(received)
    if not left or not came:
        return False
    return any(abs(left[hs] - came[hs]) > terms.weight for hs in left.keys() | came.keys())


def _in_classes(shipments: Sequence[Shipment]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for one in shipments:
        for hs, weight in one.classes:
            counted[hs] += weight
    return counted


def _total(shipments: Sequence[Shipment], name: str) -> int | None:
    values = [getattr(one, name) for one in shipments]
    return None if None in values else sum(values)


def _unmatched_export(group: tuple[Shipment, ...], until: int | None, terms: Terms) -> Pair:
    """Sent, and nowhere in the importer's list, which goes until the day ``until``."""
    left = max((one.day for one in group if one.day is not None), default=None)
    if any(one.back for one in group):
        kind = RETURNED
    elif any(one.lost for one in group):
        kind = LOST
    elif left is not None and left + terms.days > terms.last and (until is None or until <= terms.last):
        kind = TIMING  # still on its way when the importer's list ends
    else:
        kind = AT_IMPORTER if any(one.confirmed for one in group) else NOT_RETURNED
    return Pair(group[0].certificate, group, (), kind, (kind,))


def _unmatched_import(group: tuple[Shipment, ...], since: int | None, terms: Terms) -> Pair:
    """Received, and nowhere in the exporter's list, which begins on the day ``since``."""
    came = min((one.day for one in group if one.day is not None), default=None)
    early = came is not None and came - terms.days < terms.first
    kind = TIMING if early and (since is None or since >= terms.first) else AT_EXPORTER
    return Pair(group[0].certificate, (), group, kind, (kind,))
