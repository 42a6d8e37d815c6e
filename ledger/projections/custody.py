"""One parcel's custody: who held it, where, from when to when, at what weight, under which certificate.

A history is a row of spans, each opened by the act that put the goods into somebody's hands and closed by
the act that took them away. Between two spans there is a gap wherever the next act takes the goods from
somebody who is not their last known holder. A seller may sell what an agent or a cutter holds for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ledger.domain import events as e
from ledger.domain.moments import Reading
from ledger.domain.refusal import when
from ledger.projections.passage import Passage, Turn, passages
from ledger.projections.spans import Custody, Gap, History, How, Stage, Why

_HOW = {
    Turn.CONSIGNED: How.CONSIGNED,
    Turn.SEIZED: How.SEIZED,
    Turn.LEAVES: How.ABROAD,
    Turn.MISSING: How.MISSING,
}
_MAY_BEGIN = (Turn.SEIZED, Turn.ARRIVES)
_TAKES = (Turn.MOVES, Turn.CONSIGNED, Turn.LEAVES, Turn.ENDS)
_OPENS = (
    Turn.MOVES,
    Turn.CONSIGNED,
    Turn.LEAVES,
    Turn.RELEASED,
    Turn.FOUND,
    Turn.RETURNED,
    Turn.MISSING,
    Turn.SEIZED,
)
_KEEPS_OWNER = (
    Turn.CONSIGNED,
    Turn.RECEIVED,
    Turn.LEAVES,
    Turn.RETURNED,
    Turn.MISSING,
    Turn.FOUND,
    Turn.SEIZED,
)
_SEEN_AT = (e.Received, e.Weighed, e.Sealed)
"""Acts that tell where goods are, beside those that open a span; an offer is made anywhere."""
_NOT_BACK = {
    Turn.RELEASED: (How.ABROAD, How.MISSING),
    Turn.SEIZED: (How.ABROAD,),
    Turn.FOUND: (How.ABROAD,),
}
"""After which ways of being gone an act that takes goods from nobody in particular finds them here again."""


def history(
    parcel: str,
    readings: Iterable[Reading],
    *,
    disputed: Callable[[e.Recorded], bool] = lambda act: False,
    country_of: Callable[[str], str | None] = lambda site: None,
) -> History:
    """The custody of a parcel as its acts tell it, in the order in which they are given.

    ``country_of`` names the country of a mining site, ``disputed`` tells which entries are.
    """
    walk = _Walk(country_of)
    stages: list[Stage] = []
    struck: list[Stage] = []
    for reading in readings:
        found = passages(reading.act.event, parcel)
        before = walk.weight
        walk.find_out(found)
        happened = when(reading.act).text or None
        stage = Stage(reading, happened, found, before, walk.weight, disputed(reading.act))
        if not found and reading.correction is not None:
            struck.append(stage)
            continue
        stages.append(stage)
        walk.take(stage)
    return History(
        parcel,
        walk.closed(),
        tuple(walk.gaps),
        tuple(stages),
        tuple(struck),
        walk.ended,
        tuple(dict.fromkeys(walk.names)),
        walk.stones,
        walk.hs,
        tuple(walk.begun),
    )


@dataclass(slots=True)
class _Hand:
    """The span that is open: a `Custody` in the making."""

    holder: str | None
    how: How = How.HELD
    since: str | None = None
    opened: int | None = None
    act: str | None = None
    source: str | None = None
    country: str | None = None
    place: str | None = None
    weight: int | None = None
    certificate: str | None = None
    stages: list[Stage] = field(default_factory=list)

    def custody(self, until: str | None = None, closed: int | None = None) -> Custody:
        """The span, closed by an entry or still open."""
        return Custody(
            self.holder,
            self.how,
            self.since,
            until,
            self.opened,
            closed,
            self.act,
            self.source,
            self.country,
            self.place,
            self.weight,
            self.certificate,
            tuple(self.stages),
        )


@dataclass
class _Walk:
    """Goes through a parcel's acts; what is open now, what was closed, what is known of the goods."""

    country_of: Callable[[str], str | None]
    spans: list[Custody] = field(default_factory=list)
    open: _Hand | None = None
    gaps: list[Gap] = field(default_factory=list)
    weight: int | None = None
    stones: int | None = None
    hs: str | None = None
    names: list[str] = field(default_factory=list)
    begun: list[Stage] = field(default_factory=list)
    ended: bool = False
    last_known: str | None = None
    left_with: str | None = None
    owner: str | None = None
    latest: Stage | None = None

    def find_out(self, found: tuple[Passage, ...]) -> None:
        """What the next act tells of the goods themselves."""
        for passage in found:
            if passage.turn == Turn.BEGINS:
                self.weight, self.stones, self.hs = passage.weight, passage.stones, passage.hs
            else:
                self.weight = self.weight if passage.weight is None else passage.weight
                self.stones = self.stones if passage.stones is None else passage.stones
                self.hs = passage.hs if self.latest is None else self.hs
            if passage.name is not None:
                self.names.append(passage.name)

    def take(self, stage: Stage) -> None:
        """Go one act on."""
        for passage in stage.passages:
            self._turn(passage, stage)
        self._note(stage)
        self.latest = stage

    def closed(self) -> tuple[Custody, ...]:
        """All spans, the open one last."""
        return tuple(self.spans if self.open is None else [*self.spans, self.open.custody()])

    def _turn(self, passage: Passage, stage: Stage) -> None:
        turn = passage.turn
        if turn == Turn.BEGINS or (turn in _MAY_BEGIN and self._untouched()):
            self.begun.append(stage)
        if turn == Turn.BEGINS:
            if not self._untouched():
                self._gap(Why.BEGINS_AGAIN, None, stage)
            self._into(passage, stage)
        elif turn == Turn.RECEIVED:
            self._received(passage, stage)
        elif turn == Turn.ARRIVES:
            self._arrives(passage, stage)
        elif turn in _TAKES:
            self._out_of(passage.source, stage)
            self._into(passage, stage)
        elif turn in _OPENS:
            if turn == Turn.SEIZED and passage.source is not None:
                self._out_of(passage.source, stage)
            elif self.open is None and self.ended:
                self._gap(Why.AFTER_END, passage.source, stage)
            elif self.open is not None and self.open.how in _NOT_BACK.get(turn, ()):
                self._gap(Why.NOT_RETURNED, passage.source, stage)
            self._into(passage, stage)

    def _untouched(self) -> bool:
        """Nothing was done with the goods so far; of a name or a weight there may be talk already."""
        if self.spans or self.ended:
            return False
        return self.open is None or (self.open.opened is None and self.open.holder is None)

    def _received(self, passage: Passage, stage: Stage) -> None:
        now = self.open
        if now is not None and now.how in (How.HELD, How.CONSIGNED) and now.holder == passage.holder:
            if None not in (passage.source, now.source) and passage.source not in (now.source, now.holder):
                self._gap(Why.OTHER_SOURCE, passage.source, stage, now.source)
            return
        if now is not None or passage.source is not None or self.ended:
            self._out_of(passage.source, stage)
        self._into(passage, stage)

    def _arrives(self, passage: Passage, stage: Stage) -> None:
        """An arrival that does not say whose it is leaves the goods in the hands in which they were."""
        now = self.open
        if passage.holder is None:
            passage = passage._replace(holder=now.holder if now is not None else self.left_with)
        if now is not None and now.how != How.ABROAD and now.holder != passage.holder:
            self._out_of(passage.source, stage)
        elif now is None and self.ended:
            self._gap(Why.AFTER_END, passage.source, stage)
        self._into(passage, stage)

    def _out_of(self, source: str | None, stage: Stage) -> None:
        """The act takes the goods out of somebody's hands: are they those that held them?"""
        now = self.open
        if now is None:
            if self.ended:
                self._gap(Why.AFTER_END, source, stage)
            self._known_from_handing_over(source, stage)
        elif now.how in (How.ABROAD, How.MISSING):
            self._gap(Why.NOT_RETURNED, source, stage)
            self._known_from_handing_over(source, stage)
        elif source is None:
            if now.holder is not None:
                self._gap(Why.SOURCE_UNKNOWN, None, stage)
        elif source != now.holder and not (isinstance(stage.event, e.Sold) and source == self.owner):
            if self.last_known not in (None, source):
                self._gap(Why.OTHER_SOURCE, source, stage)
            self._known_from_handing_over(source, stage)

    def _known_from_handing_over(self, source: str | None, stage: Stage) -> None:
        self._close(None, stage.entry)
        self.open = _Hand(source, weight=stage.before) if source is not None else None

    def _gap(self, why: Why, source: str | None, stage: Stage, holder: str | None = None) -> None:
        after, since = (self.latest.entry, self.latest.when) if self.latest is not None else (None, None)
        self.gaps.append(Gap(why, holder or self.last_known, source, after, stage.entry, since, stage.when))

    def _close(self, until: str | None, index: int) -> None:
        if self.open is not None:
            self.spans.append(self.open.custody(until, index))
        self.open = None

    def _into(self, passage: Passage, stage: Stage) -> None:
        self.left_with = self.open.holder if self.open is not None else None
        self._close(stage.when, stage.entry)
        self.ended = passage.turn == Turn.ENDS
        if self.ended:
            return
        how = _HOW.get(passage.turn, How.HELD)
        self.owner = self._owner_after(passage, stage.event)
        self.open = _Hand(
            passage.holder,
            how,
            since=stage.when,
            opened=stage.entry,
            act=stage.event.TYPE,
            source=passage.source,
            weight=self.weight,
        )

    def _owner_after(self, passage: Passage, event: e.Event | e.Opaque) -> str | None:
        keeps = passage.turn in _KEEPS_OWNER
        if keeps or (isinstance(event, e.Transferred) and not event.title):
            return self.owner
        return passage.holder

    def _note(self, stage: Stage) -> None:
        """The open span takes the act among its stages, and what the act tells of place and certificate."""
        if self.open is None:
            if self.ended or not stage.passages:
                return
            self.open = _Hand(None)
        now, event = self.open, stage.event
        if stage.entry == now.opened or isinstance(event, _SEEN_AT):
            now.country = getattr(event, "country", None) or now.country
            now.place = getattr(event, "place", None) or now.place
        if isinstance(event, e.Exported):
            now.country, now.place = event.destination, None
        elif isinstance(event, e.Mined) and event.site is not None:
            now.country = now.country or self.country_of(event.site)
            now.place = now.place or event.site
        for passage in stage.passages:
            now.certificate = passage.certificate or now.certificate
        now.weight = self.weight
        now.stages.append(stage)
        self.last_known = now.holder or self.last_known
