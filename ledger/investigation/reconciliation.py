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

A loss that the importer alone recorded, which was told of it, stands beside the class of a shipment that did
not come, as a further difference: what its sender does not say closes nothing.

Only integers are compared. The tolerances are the reader's: KPCS gives none. Both lists are gone through side
by side; however long they are, some of either is in memory (`ledger.store.ordered`), and of what is left over
those arrivals that weigh about as much as the departure at hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from ledger.investigation.leftovers import EARLY, Group, alike, by_place, by_weight
from ledger.investigation.shipments import EXPORT, IMPORT, MOST, Shipment, as_values, in_order, of_values
from ledger.store.ordered import Ordered
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
    pairs: Ordered[Pair]

    @property
    def counted(self) -> Counter[str]:
        """How many certificates are in each class; all are gone through."""
        return Counter(pair.kind for pair in self.pairs)


def reconcile(
    ours: Iterable[Shipment], theirs: Iterable[Shipment], own: str, other: str, terms: Terms
) -> tuple[Flow, Flow]:
    """What went from us to them, and from them to us, in the period."""
    out, into = _Matching(own, other, terms), _Matching(other, own, terms)
    for mine, others in _side_by_side(ours, theirs):
        out.put(mine, others)
        into.put(others, mine)
    return out.flow(), into.flow()


def _side_by_side(ours: Iterable[Shipment], theirs: Iterable[Shipment]) -> Iterator[tuple[Group, Group]]:
    """What either side has under a certificate, in the order of certificates."""
    left, right = _by_certificate(ours), _by_certificate(theirs)
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0].certificate < other[0].certificate):
            yield one or [], []
            one = next(left, None)
        elif one is None or other[0].certificate < one[0].certificate:
            yield [], other
            other = next(right, None)
        else:
            yield one, other
            one, other = next(left, None), next(right, None)


def _by_certificate(shipments: Iterable[Shipment]) -> Iterator[Group]:
    ordered = shipments if isinstance(shipments, Ordered) else in_order(shipments)
    return (list(group) for _, group in groupby(ordered, key=attrgetter("certificate")))


class _Matching:
    """What goes one way, certificate by certificate: pairs as far as a number tells, and what is left over.

    Transit countries do not take a shipment out of it as long as the certificate tells.
    """

    def __init__(self, exporter: str, importer: str, terms: Terms) -> None:
        self._exporter, self._importer, self._terms = exporter, importer, terms
        self._pairs: Ordered[Pair] = Ordered(attrgetter("certificate"), _packed, _unpacked, MOST)
        self._lone: Ordered[Group] = Ordered(by_weight, _packed_group, _unpacked_group, MOST)
        self._found: Ordered[Group] = Ordered(by_place, _packed_group, _unpacked_group, MOST)
        self._told: set[str] = set()
        self._since: int | None = None
        self._until: int | None = None

    def put(self, senders: Group, receivers: Group) -> None:
        """What both sides have under one certificate."""
        exporter, importer = self._exporter, self._importer
        received = [
            one
            for one in receivers
            if one.flow == IMPORT and exporter in (one.provenance, one.issuer) and one.destination == importer
        ]
        sent = [
            one
            for one in senders
            if one.flow == EXPORT
            and one.provenance in (exporter, None)
            and (one.destination == importer or received)
        ]
        self._told.update(one.certificate for one in received if one.lost)
        self.match(sent, [one for one in received if not one.lost])

    def match(self, sent: Group, received: Group) -> None:
        """The shipments of one certificate that went this way."""
        for group in (sent, received):
            if len(group) > 1:
                group.sort(key=lambda one: (_order(one), repr(one)))
        self._look_at(sent, received)
        if sent and received:
            self._keep(_pair(sent, received, self._terms))
        elif sent:
            self._lone.add(sent)
        elif received:
            self._found.add(received)

    def _look_at(self, sent: Group, received: Group) -> None:
        for one in sent:
            if one.day is not None and (self._since is None or one.day < self._since):
                self._since = one.day
        for one in received:
            if one.day is not None and (self._until is None or one.day > self._until):
                self._until = one.day

    def flow(self) -> Flow:
        """All pairs, now that what is left over is all there."""
        for left, came in alike(self._lone, self._found, self._terms.weight, self._terms.days):
            if left and came:
                self._keep(_pair(left, came, self._terms))
            elif left:
                self._keep(_unmatched_export(tuple(left), self._until, self._terms, self._told))
            else:
                self._keep(_unmatched_import(tuple(came), self._since, self._terms))
        return Flow(self._exporter, self._importer, self._pairs)

    def _keep(self, pair: Pair) -> None:
        if any(self._terms.within(one) for one in (*pair.sent, *pair.received)):
            self._pairs.add(pair)


def _packed(pair: Pair) -> list[Any]:
    groups = (_packed_group(pair.sent), _packed_group(pair.received))
    return [pair.certificate, *groups, pair.kind, pair.differences]


def _unpacked(values: list[Any]) -> Pair:
    certificate, sent, received, kind, differences = values
    groups = tuple(_unpacked_group(sent)), tuple(_unpacked_group(received))
    return Pair(certificate, *groups, kind, tuple(differences))


def _packed_group(group: Iterable[Shipment]) -> list[Sequence[Any]]:
    return [as_values(one) for one in group]


def _unpacked_group(values: list[Any]) -> Group:
    return [of_values(one) for one in values]


def _order(one: Shipment) -> tuple[str, int, int, int]:
    return one.certificate, one.day or 0, one.weight or 0, one.entry or 0


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
    if not -EARLY <= came - left <= terms.days:
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


def _unmatched_export(
    group: tuple[Shipment, ...], until: int | None, terms: Terms, told: Collection[str]
) -> Pair:
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
    name = group[0].certificate
    return Pair(name, group, (), kind, (kind, LOST) if name in told and kind != LOST else (kind,))


def _unmatched_import(group: tuple[Shipment, ...], since: int | None, terms: Terms) -> Pair:
    """Received, and nowhere in the exporter's list, which begins on the day ``since``."""
    came = min((one.day for one in group if one.day is not None), default=None)
    early = came is not None and came - terms.days < terms.first
    kind = TIMING if early and (since is None or since >= terms.first) else AT_EXPORTER
    return Pair(group[0].certificate, (), group, kind, (kind,))
