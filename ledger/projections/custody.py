"""One parcel's custody: who held it, where, from when to when, at what weight, under which certificate.

A history is a row of spans, each opened by the act that put the goods into somebody's hands and closed by
the act that took them away. Between two spans there is a gap wherever the next act takes the goods from
somebody who is not their last known holder. A seller may sell what an agent or a cutter holds for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from ledger.domain import events as e
from ledger.domain.moments import Reading
from ledger.domain.refusal import when
from ledger.projections.passage import Passage, Turn, passages
from ledger.projections.spans import Custody, Gap, History, How, Step, Why

_HOW = {
    Turn.CONSIGNED: How.CONSIGNED,
    Turn.SEIZED: How.SEIZED,
    Turn.LEAVES: How.ABROAD,
    Turn.MISSING: How.MISSING,
}
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
    steps: list[Step] = []
    struck: list[Step] = []
    for reading in readings:
        found = tuple(passages(reading.act.event, parcel))
        span = when(reading.act).text or None
        step = Step(reading, span, found, walk.weight, walk.weight, disputed(reading.act))
        if not found and reading.correction is not None:
            struck.append(step)
            continue
        steps.append(walk.take(step))
    return History(parcel, walk.closed(), tuple(walk.gaps), tuple(steps), tuple(struck), walk.ended)


@dataclass
class _Walk:
    """Goes through a parcel's acts; what is open now, what was closed, what the parcel weighs."""

    country_of: Callable[[str], str | None]
    spans: list[Custody] = field(default_factory=list)
    open: Custody | None = None
    gaps: list[Gap] = field(default_factory=list)
    weight: int | None = None
    ended: bool = False
    last_known: str | None = None
    owner: str | None = None
    latest: Step | None = None

    def take(self, step: Step) -> Step:
        """Go one act on; the step with the weight after it."""
        for passage in step.passages:
            if passage.weight is not None or passage.turn == Turn.BEGINS:
                self.weight = passage.weight
            self._turn(passage, step)
        step = replace(step, weight=self.weight)
        self._note(step)
        self.latest = step
        return step

    def closed(self) -> tuple[Custody, ...]:
        """All spans, the open one last."""
        return tuple(self.spans if self.open is None else [*self.spans, self.open])

    def _turn(self, passage: Passage, step: Step) -> None:
        turn = passage.turn
        if turn == Turn.BEGINS:
            if self.spans or (self.open is not None and self.open.opened is not None):
                self._gap(Why.BEGINS_AGAIN, None, step)
            self._into(passage, step)
        elif turn == Turn.RECEIVED:
            self._received(passage, step)
        elif turn == Turn.ARRIVES:
            self._arrives(passage, step)
        elif turn in _TAKES:
            self._out_of(passage.source, step)
            self._into(passage, step)
        elif turn in _OPENS:
            if turn == Turn.SEIZED and passage.source is not None:
                self._out_of(passage.source, step)
            elif self.open is None and self.spans:
                self._gap(Why.AFTER_END, passage.source, step)
            elif self.open is not None and self.open.how in _NOT_BACK.get(turn, ()):
                self._gap(Why.NOT_RETURNED, passage.source, step)
            self._into(passage, step)

    def _received(self, passage: Passage, step: Step) -> None:
        now = self.open
        if now is not None and now.how in (How.HELD, How.CONSIGNED) and now.holder == passage.holder:
            if None not in (passage.source, now.source) and passage.source not in (now.source, now.holder):
                self._gap(Why.OTHER_SOURCE, passage.source, step, now.source)
            return
        if now is not None or passage.source is not None:
            self._out_of(passage.source, step)
        self._into(passage, step)

    def _arrives(self, passage: Passage, step: Step) -> None:
        now = self.open
        if now is not None and now.how != How.ABROAD and now.holder != passage.holder:
            self._out_of(passage.source, step)
        elif now is None and self.spans:
            self._gap(Why.AFTER_END, passage.source, step)
        self._into(passage, step)

    def _out_of(self, source: str | None, step: Step) -> None:
        """The act takes the goods out of somebody's hands: are they those that held them?"""
        now = self.open
        if now is None:
            if self.spans:
                self._gap(Why.AFTER_END, source, step)
            self._known_from_handing_over(source, step)
        elif now.how in (How.ABROAD, How.MISSING):
            self._gap(Why.NOT_RETURNED, source, step)
            self._known_from_handing_over(source, step)
        elif source is None:
            if now.holder is not None:
                self._gap(Why.SOURCE_UNKNOWN, None, step)
        elif source != now.holder and not (isinstance(step.event, e.Sold) and source == self.owner):
            if self.last_known not in (None, source):
                self._gap(Why.OTHER_SOURCE, source, step)
            self._known_from_handing_over(source, step)

    def _known_from_handing_over(self, source: str | None, step: Step) -> None:
        self._close(None, step.index)
        self.open = Custody(source, weight=step.before) if source is not None else None

    def _gap(self, why: Why, source: str | None, step: Step, holder: str | None = None) -> None:
        after, since = (self.latest.index, self.latest.when) if self.latest is not None else (None, None)
        self.gaps.append(Gap(why, holder or self.last_known, source, after, step.index, since, step.when))

    def _close(self, until: str | None, index: int) -> None:
        if self.open is not None:
            self.spans.append(replace(self.open, until=until, closed=index))
        self.open = None

    def _into(self, passage: Passage, step: Step) -> None:
        self._close(step.when, step.index)
        self.ended = passage.turn == Turn.ENDS
        if self.ended:
            return
        how = _HOW.get(passage.turn, How.HELD)
        self.owner = self._owner_after(passage, step.event)
        self.open = Custody(
            passage.holder,
            how,
            since=step.when,
            opened=step.index,
            act=step.event.TYPE,
            source=passage.source,
            weight=self.weight,
        )

    def _owner_after(self, passage: Passage, event: e.Event | e.Opaque) -> str | None:
        keeps = passage.turn in _KEEPS_OWNER
        if keeps or (isinstance(event, e.Transferred) and not event.title):
            return self.owner
        return passage.holder

    def _note(self, step: Step) -> None:
        """The open span takes the act among its steps, and what the act tells of place and certificate."""
        now = self.open
        if now is None:
            if self.ended or not step.passages:
                return
            now = Custody(None)
        event = step.event
        country, place = now.country, now.place
        if isinstance(event, e.Event):
            country, place = event.country or country, event.place or place
        if isinstance(event, e.Exported):
            country, place = event.destination, None
        elif isinstance(event, e.Mined) and event.site is not None:
            country, place = country or self.country_of(event.site), place or event.site
        certificates = [p.certificate for p in step.passages if p.certificate is not None]
        self.open = replace(
            now,
            country=country,
            place=place,
            weight=self.weight,
            certificate=certificates[-1] if certificates else now.certificate,
            steps=(*now.steps, step),
        )
        self.last_known = now.holder or self.last_known
