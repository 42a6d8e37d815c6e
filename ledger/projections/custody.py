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
from ledger.projections.handling import Handling, What, handlings
from ledger.projections.spans import Custody, Gap, History, How, Stage, Why

_HOW = {
    What.CONSIGNED: How.CONSIGNED,
    What.SEIZED: How.SEIZED,
    What.LEAVES: How.ABROAD,
    What.MISSING: How.MISSING,
}
_MAY_BEGIN = (What.SEIZED, What.ARRIVES)
_TAKES = (What.MOVES, What.CONSIGNED, What.LEAVES, What.ENDS)
_OPENS = (
    What.MOVES,
    What.CONSIGNED,
    What.LEAVES,
    What.RELEASED,
    What.FOUND,
    What.RETURNED,
    What.MISSING,
    What.SEIZED,
)
_KEEPS_OWNER = (
    What.CONSIGNED,
    What.RECEIVED,
    What.LEAVES,
    What.RETURNED,
    What.MISSING,
    What.FOUND,
    What.SEIZED,
)
_SEEN_AT = (e.Received, e.Weighed, e.Sealed)
"""Acts that tell where goods are, beside those that open a span; an offer is made anywhere."""
_NOT_BACK = {
    What.RELEASED: (How.ABROAD, How.MISSING),
    What.SEIZED: (How.ABROAD,),
    What.FOUND: (How.ABROAD,),
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
        found = handlings(reading.act.event, parcel)
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

    def find_out(self, found: tuple[Handling, ...]) -> None:
        """What the next act tells of the goods themselves."""
        for handling in found:
            if handling.what == What.BEGINS:
                self.weight, self.stones, self.hs = handling.weight, handling.stones, handling.hs
            else:
                self.weight = self.weight if handling.weight is None else handling.weight
                self.stones = self.stones if handling.stones is None else handling.stones
                self.hs = handling.hs if self.latest is None else self.hs
            if handling.name is not None:
                self.names.append(handling.name)

    def take(self, stage: Stage) -> None:
        """Go one act on."""
        for handling in stage.handlings:
            self._handle(handling, stage)
        self._note(stage)
        self.latest = stage

    def closed(self) -> tuple[Custody, ...]:
        """All spans, the open one last."""
        return tuple(self.spans if self.open is None else [*self.spans, self.open.custody()])

    def _handle(self, handling: Handling, stage: Stage) -> None:
        what = handling.what
        if what == What.BEGINS or (what in _MAY_BEGIN and self._untouched()):
            self.begun.append(stage)
        if what == What.BEGINS:
            if not self._untouched():
                self._gap(Why.BEGINS_AGAIN, None, stage)
            self._into(handling, stage)
        elif what == What.RECEIVED:
            self._received(handling, stage)
        elif what == What.ARRIVES:
            self._arrives(handling, stage)
        elif what in _TAKES:
            self._out_of(handling.source, stage)
            self._into(handling, stage)
        elif what in _OPENS:
            if what == What.SEIZED and handling.source is not None:
                self._out_of(handling.source, stage)
            elif self.open is None and self.ended:
                self._gap(Why.AFTER_END, handling.source, stage)
            elif self.open is not None and self.open.how in _NOT_BACK.get(what, ()):
                self._gap(Why.NOT_RETURNED, handling.source, stage)
            self._into(handling, stage)

    def _untouched(self) -> bool:
        """Nothing was done with the goods so far; of a name or a weight there may be talk already."""
        if self.spans or self.ended:
            return False
        return self.open is None or (self.open.opened is None and self.open.holder is None)

    def _received(self, handling: Handling, stage: Stage) -> None:
        now = self.open
        if now is not None and now.how in (How.HELD, How.CONSIGNED) and now.holder == handling.holder:
            if None not in (handling.source, now.source) and handling.source not in (now.source, now.holder):
                self._gap(Why.OTHER_SOURCE, handling.source, stage, now.source)
            return
        if now is not None or handling.source is not None or self.ended:
            self._out_of(handling.source, stage)
        self._into(handling, stage)

    def _arrives(self, handling: Handling, stage: Stage) -> None:
        """An arrival that does not say whose it is leaves the goods in the hands in which they were."""
        now = self.open
        if handling.holder is None:
            handling = handling._replace(holder=now.holder if now is not None else self.left_with)
        if now is not None and now.how != How.ABROAD and now.holder != handling.holder:
            self._out_of(handling.source, stage)
        elif now is None and self.ended:
            self._gap(Why.AFTER_END, handling.source, stage)
        self._into(handling, stage)

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

    def _into(self, handling: Handling, stage: Stage) -> None:
        self.left_with = self.open.holder if self.open is not None else None
        self._close(stage.when, stage.entry)
        self.ended = handling.what == What.ENDS
        if self.ended:
            return
        how = _HOW.get(handling.what, How.HELD)
        self.owner = self._owner_after(handling, stage.event)
        self.open = _Hand(
            handling.holder,
            how,
            since=stage.when,
            opened=stage.entry,
            act=stage.event.TYPE,
            source=handling.source,
            weight=self.weight,
        )

    def _owner_after(self, handling: Handling, event: e.Event | e.Opaque) -> str | None:
        keeps = handling.what in _KEEPS_OWNER
        if keeps or (isinstance(event, e.Transferred) and not event.title):
            return self.owner
        return handling.holder

    def _note(self, stage: Stage) -> None:
        """The open span takes the act among its stages, and what the act tells of place and certificate."""
        if self.open is None:
            if self.ended or not stage.handlings:
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
        for handling in stage.handlings:
            now.certificate = handling.certificate or now.certificate
        now.weight = self.weight
        now.stages.append(stage)
        self.last_known = now.holder or self.last_known
