"""A reconciliation of two lists that are all at hand, and a ledger's shipments from all its bodies at once.

What the product does, which goes through them side by side, is held to this.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from ledger.application import Ledger
from ledger.domain import events as e
from ledger.domain.state import replacement
from ledger.investigation import leftovers
from ledger.investigation import reconciliation as r
from ledger.investigation.shipments import EXPORT, IMPORT, Shipment, last_day
from ledger.store.bodies import Body, bodies


def flow(
    senders: Sequence[Shipment], receivers: Sequence[Shipment], exporter: str, importer: str, terms: r.Terms
) -> list[r.Pair]:
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
    told = {one.certificate for one in received if one.lost}
    pairs = match(sent, [one for one in received if not one.lost], terms, told)
    return [pair for pair in pairs if any(terms.within(one) for one in (*pair.sent, *pair.received))]


def match(
    sent: Iterable[Shipment], received: Iterable[Shipment], terms: r.Terms, told: Set[str]
) -> list[r.Pair]:
    """Every shipment of both lists in exactly one pair, ordered by certificate."""
    left, arrived = _by_certificate(sent), _by_certificate(received)
    both = left.keys() & arrived.keys()
    couples = [(left[name], arrived[name]) for name in both]
    lone = [group for name, group in left.items() if name not in both]
    found = [group for name, group in arrived.items() if name not in both]
    couples += _alike(lone, found, terms)
    until = max((one.day for group in arrived.values() for one in group if one.day is not None), default=None)
    since = min((one.day for group in left.values() for one in group if one.day is not None), default=None)
    pairs = [r._pair(*couple, terms) for couple in couples]
    pairs += [r._unmatched_export(tuple(group), until, terms, told) for group in lone]
    pairs += [r._unmatched_import(tuple(group), since, terms) for group in found]
    return sorted(pairs, key=lambda pair: pair.certificate)


def _by_certificate(shipments: Iterable[Shipment]) -> dict[str, list[Shipment]]:
    groups: dict[str, list[Shipment]] = {}
    for one in shipments:
        groups.setdefault(one.certificate, []).append(one)
    for group in groups.values():
        if len(group) > 1:
            group.sort(key=lambda one: (r._order(one), repr(one)))
    return groups


Group = list[Shipment]
_Place = tuple[int, str]


def _alike(
    lone: list[Group], found: list[Group], terms: r.Terms
) -> list[tuple[list[Shipment], list[Shipment]]]:
    """Groups without a counterpart, paired by weight and date; the paired ones are taken out of both lists.

    From the lightest shipment on, each takes the closest that is left: the same value, least difference in
    weight, then in days, then the first number.
    """
    shelf = _Shelf(group for group in found if len(group) == 1)
    couples = []
    for group in sorted((g for g in lone if len(g) == 1), key=lambda g: (g[0].weight or 0, *r._order(g[0]))):
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

    def take(self, sent: Shipment, terms: r.Terms) -> Group | None:
        """The arrival that is most like a departure; it is on the shelf no more."""
        best = min(self._candidates(sent, terms), default=None)
        if best is None:
            return None
        *_, day, name, weight = best
        places = self._places[weight]
        del places[bisect_left(places, (day, name))]
        return self._groups.pop(name)

    def _candidates(self, sent: Shipment, terms: r.Terms) -> Iterator[tuple[bool, int, int, int, str, int]]:
        """Other value, difference in weight, in days; then its day, number and weight."""
        if sent.weight is None or sent.day is None:
            return
        place = bisect_left(self._weights, sent.weight - terms.weight)
        while place < len(self._weights) and self._weights[place] <= sent.weight + terms.weight:
            weight = self._weights[place]
            places = self._places[weight]
            start = bisect_left(places, (sent.day - leftovers.EARLY, ""))
            for day, name in places[start : start + leftovers._LOOKED_AT]:
                if day > sent.day + terms.days:
                    break
                value = self._groups[name][0].value
                other = None not in (value, sent.value) and value != sent.value
                yield other, abs(weight - sent.weight), abs(day - sent.day), day, name, weight
            place += 1


def shipments(ledger: Ledger, own: str | None) -> list[Shipment]:
    """Every export and import of a ledger."""
    return list(_made(_bodies(ledger), own))


def _bodies(ledger: Ledger) -> dict[str, list[Body]]:
    """All bodies that are asked for, by type, as the last correction has them."""
    wires = dict(ledger.journal.wires())
    corrected: dict[int, dict[str, Any]] = {}
    for index in (index for index, wire in wires.items() if wire == e.Corrected.TYPE):
        correction = ledger.records.recorded(index)
        if isinstance(correction.event, e.Corrected) and correction.about is not None:
            now = replacement(correction.event, correction.about).event
            if isinstance(now, e.Event):
                corrected[correction.event.index] = e.write(now)
    found: dict[str, list[Body]] = {record.TYPE: [] for record in _ASKED}
    asked = [index for index, wire in wires.items() if wire in found]
    opened = {e.CertificateIssued.TYPE: ("value",), e.Imported.TYPE: ("value",)}
    for body in bodies(ledger.journal, asked, opened):
        now_ = corrected.get(body.index, body.values)
        found[body.wire].append(dataclasses.replace(body, values=now_))
    return found


_ASKED = (e.CertificateIssued, e.Exported, e.Imported, e.ImportConfirmed, e.ShipmentReturned, e.ShipmentLost)


def _made(read: Mapping[str, Sequence[Body]], own: str | None) -> Iterator[Shipment]:
    issued = {_named(body): body.values for body in read[e.CertificateIssued.TYPE]}
    confirmed = {_named(body) for body in read[e.ImportConfirmed.TYPE]}
    returned = {_named(body) for body in read[e.ShipmentReturned.TYPE]}
    lost = {_named(body) for body in read[e.ShipmentLost.TYPE]}
    for body in read[e.Exported.TYPE]:
        name = _named(body)
        if name is not None:
            paper = issued.get(name, {})
            back = name in returned or body.values.get("returns") is not None
            made = _exported(name, body, paper, own, confirmed=name in confirmed, back=back)
            yield dataclasses.replace(made, lost=True) if name in lost else made
    for body in read[e.Imported.TYPE]:
        name = _named(body)
        if name is not None:
            yield _imported(name, body, own)
    met = {_named(body) for wire in (e.Exported.TYPE, e.Imported.TYPE) for body in read[wire]} | set(issued)
    for name, body in {_named(body): body for body in read[e.ShipmentLost.TYPE]}.items():
        if name is not None and name not in met and name[:2] != own:
            yield Shipment(name, IMPORT, None, own, last_day(body), None, lost=True, entry=body.index)


def _named(body: Body) -> str | None:
    name: str | None = body.values.get("certificate")
    return name


def _exported(
    name: str, body: Body, paper: Mapping[str, Any], own: str | None, *, confirmed: bool, back: bool
) -> Shipment:
    values = body.values
    weight = paper.get("weight")
    classes = [(line["hs"], line.get("weight")) for line in paper.get("classes", ())]
    return Shipment(
        certificate=name,
        flow=EXPORT,
        provenance=paper.get("provenance") or own,
        destination=values.get("destination"),
        day=last_day(body),
        weight=_sum(values.get("parts", ())) if weight is None else weight,
        value=_whole(paper.get("value")),
        classes=tuple(sorted((hs, weight) for hs, weight in classes if weight)),
        origins=tuple(sorted(paper.get("origins", ()))),
        exporter=values.get("by"),
        parcels=len(values.get("parts", ())) or None,
        confirmed=confirmed,
        back=back,
        entry=body.index,
    )


def _imported(name: str, body: Body, own: str | None) -> Shipment:
    values = body.values
    lines = values.get("lines", ())
    measured = _sum(lines)
    classes: dict[str, int] = {}
    for line in lines:
        if line.get("hs") is not None and line.get("weight"):
            classes[line["hs"]] = classes.get(line["hs"], 0) + line["weight"]
    return Shipment(
        certificate=name,
        flow=IMPORT,
        provenance=values.get("provenance"),
        destination=own,
        day=last_day(body),
        weight=values.get("weight") if measured is None else measured,
        value=_whole(values.get("value")),
        classes=tuple(sorted(classes.items())),
        origins=tuple(sorted(values.get("origins", ()))),
        importer=values.get("by"),
        parcels=len(lines) or None,
        entry=body.index,
    )


def _sum(lines: Any) -> int | None:
    """The weight of all lines; None where one of them is not known."""
    weights = [line.get("weight") for line in lines]
    return None if None in weights or not weights else sum(weights)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None
