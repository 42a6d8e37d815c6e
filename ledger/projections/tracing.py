"""Walking a lineage: back to the mines (`trace`) and forward to whoever holds the goods now (`track`).

Only the entries of the parcels that are met are read, so the cost does not depend on the ledger's size. Each
parcel is met once: acts that contradict one another, even parcels made from themselves, end the walk and are
shown as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from ledger.domain import events as e
from ledger.domain import parcels
from ledger.domain.certificates import Certificate
from ledger.domain.moments import INDEX, NOW, OCCURRED, Acts, Moment, disputed, known_at, may_count, readings
from ledger.domain.parties import Key, Site, key_subject
from ledger.domain.state import fold_subject
from ledger.projections.custody import history
from ledger.projections.handling import What, inputs, outputs
from ledger.projections.lineage import Direction, Edge, Lineage, Making, Node, Origin
from ledger.projections.spans import History, Stage


def trace(acts: Acts, parcel: str, moment: Moment = NOW) -> Lineage:
    """Back through every split, sort, mix and cut to where the goods began."""
    return _Walk(acts, moment, Direction.BACK).lineage(parcel)


def track(acts: Acts, parcel: str, moment: Moment = NOW) -> Lineage:
    """Forward through every split, sort, mix and cut to the parcels that are there now."""
    return _Walk(acts, moment, Direction.FORWARD).lineage(parcel)


class _Walk:
    """Reads what a lineage asks for, each subject once."""

    def __init__(self, acts: Acts, moment: Moment, direction: Direction) -> None:
        self.acts, self.moment, self.direction = acts, moment, direction
        # Of registers and keys the clock of occurrence asks what is now known.
        self.registers = NOW if moment.kind == OCCURRED else moment
        self.revocations = acts.has(e.KeyRevoked.TYPE)
        self.keys: dict[bytes, Key | None] = {}
        self.sites: dict[str, Site | None] = {}
        self.uncertain: set[int] = set()

    def lineage(self, parcel: str) -> Lineage:
        """Walk from a parcel, nearest first."""
        nodes: dict[str, Node] = {}
        makings: dict[int, Making] = {}
        waiting, distance = [parcel], 0
        met = {parcel}
        while waiting:
            further: list[str] = []
            for name, records in self._read(waiting):
                nodes[name] = node = self._node(name, records, distance)
                for making in self._onward(node):
                    makings.setdefault(making.index, making)
                    for other in self._others(making):
                        if other not in met:
                            met.add(other)
                            further.append(other)
            waiting, distance = further, distance + 1
        ordered = tuple(_weighed(makings[index], nodes) for index in sorted(makings))
        if self.direction == Direction.FORWARD:
            nodes = _mixed(nodes, ordered, parcel)
        edges = tuple(edge for making in ordered for edge in _edges(making, nodes))
        return Lineage(
            parcel,
            self.direction,
            self.moment,
            nodes,
            ordered,
            edges,
            self._certificates(nodes),
            tuple(sorted(self.uncertain)),
            self._opaque(),
        )

    def _read(self, names: Sequence[str]) -> Iterator[tuple[str, Sequence[e.Recorded]]]:
        """The entries of parcels that are equally far away, with one question."""
        found = self.acts.histories(map(parcels.subject, names))
        for name in names:
            yield name, found.get(parcels.subject(name), ())

    def _node(self, parcel: str, records: Sequence[e.Recorded], distance: int) -> Node:
        self.uncertain.update(record.index for record in records if may_count(record, self.moment))
        read = readings(records, self.moment)
        told = history(parcel, read, disputed=self._disputed, country_of=self._country_of)
        return Node(parcel, told, tuple(self._origins(parcel, told)), distance)

    def _onward(self, node: Node) -> list[Making]:
        what = What.BEGINS if self.direction == Direction.BACK else What.ENDS
        stages = (s for s in node.history.stages if any(p.what == what for p in s.handlings))
        return [_making(stage) for stage in stages if inputs(stage.event)]

    def _others(self, making: Making) -> tuple[str, ...]:
        if self.direction == Direction.BACK:
            return making.inputs
        return tuple(goods.parcel for goods in making.outputs)

    def _origins(self, parcel: str, told: History) -> Iterator[Origin]:
        if not told.begun:
            yield Origin("unknown", parcel, weight=told.weight)
        for stage in told.begun:
            if not inputs(stage.event):
                yield self._origin(parcel, stage)

    def _origin(self, parcel: str, stage: Stage) -> Origin:
        event = stage.event
        told = partial(
            Origin,
            parcel=parcel,
            index=stage.entry,
            when=stage.when,
            weight=stage.weight,
            documented=stage.documented,
        )
        match event:
            case e.Mined():
                country = event.country or (self._country_of(event.site) if event.site else None)
                countries = (country,) if country else ()
                return told("mined", by=event.by, site=event.site, country=country, countries=countries)
            case e.StockOpened():
                return told("opening-stock", by=event.holder, countries=event.origins)
            case e.Seized():
                return told("seized", by=event.by, country=event.country)
            case e.Imported():
                line = next(line for line in event.lines if line.parcel == parcel)
                return told(
                    "imported", by=event.by, country=event.provenance, countries=event.origins,
                    certificate=event.certificate, foreign=line.foreign,
                )  # fmt: skip
            case _:
                return told("unknown")

    def _disputed(self, act: e.Recorded) -> bool:
        if not self.revocations:
            return False
        if act.author not in self.keys:
            key = self._register(key_subject(act.author))
            self.keys[act.author] = key if isinstance(key, Key) else None
        return disputed(self.keys[act.author], act)

    def _country_of(self, site: str) -> str | None:
        if site not in self.sites:
            found = self._register("site:" + site)
            self.sites[site] = found if isinstance(found, Site) else None
        known = self.sites[site]
        return known.country if known is not None else None

    def _certificates(self, nodes: dict[str, Node]) -> dict[str, Certificate]:
        named = {span.certificate for node in nodes.values() for span in node.history.spans}
        found: dict[str, Certificate] = {}
        for name in sorted(name for name in named if name is not None):
            subject = "certificate:" + name
            state = fold_subject(subject, known_at(self.acts.of(subject), self.moment))
            if isinstance(state, Certificate):
                found[name] = state
        return found

    def _register(self, subject: str) -> object:
        return fold_subject(subject, known_at(self.acts.of(subject), self.registers))

    def _opaque(self) -> tuple[int, int | None]:
        count, first = self.acts.opaque()
        last = self.moment.index if self.moment.kind == INDEX else None
        return (0, None) if first is None or (last is not None and first > last) else (count, first)


def _making(stage: Stage) -> Making:
    event = stage.event
    loss = event.loss if isinstance(event, e.Split | e.Sorted | e.Mixed) else None
    complete = event.complete if isinstance(event, e.Polished) else None
    return Making(stage, tuple(dict.fromkeys(inputs(event))), outputs(event), loss, complete)


def _weighed(making: Making, nodes: dict[str, Node]) -> Making:
    """The making with what its weights do not account for."""
    went_in = [_before(nodes.get(name), making.index) for name in making.inputs]
    came_out = [goods.weight for goods in making.outputs]
    if None in went_in or None in came_out or not came_out:
        return making
    difference = sum(filter(None, came_out)) + (making.loss or 0) - sum(filter(None, went_in))
    if making.polishes and difference < 0:
        return making
    return replace(making, difference=difference) if difference else making


def _before(node: Node | None, index: int) -> int | None:
    """What a parcel weighed before the act that used it up."""
    stages = node.history.stages if node is not None else ()
    return next((stage.before for stage in stages if stage.entry == index), None)


def _edges(making: Making, nodes: dict[str, Node]) -> Iterator[Edge]:
    mix = isinstance(making.stage.event, e.Mixed)
    for source in making.inputs:
        for goods in making.outputs:
            if source in nodes and goods.parcel in nodes:
                weight = _before(nodes[source], making.index) if mix else goods.weight
                yield Edge(source, goods.parcel, making.index, making.act, weight)


def _mixed(nodes: dict[str, Node], makings: tuple[Making, ...], start: str) -> dict[str, Node]:
    """Going forward: the parcels that hold other goods too, from a mix with parcels outside the walk on."""
    found: set[str] = set()
    grown = -1
    while grown != len(found):
        grown = len(found)
        for making in makings:
            if any(name not in nodes or name in found for name in making.inputs):
                found.update(goods.parcel for goods in making.outputs if goods.parcel != start)
    return {name: replace(node, mixed=name in found) for name, node in nodes.items()}
