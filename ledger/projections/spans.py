"""What a custody history is made of: stages, the spans of time they open and close, the gaps between.

What no act tells is None: nothing is filled in. Times are as the acts spell them (`ledger.edtf`), weights
0.001 ct, ``index`` and the like are indexes of entries.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from ledger.domain import events as e
from ledger.domain.moments import Reading
from ledger.projections.handling import Handling
from ledger.values import dataclass


class How(StrEnum):
    """In what way goods are in somebody's hands, or in nobody's here."""

    HELD = "held"
    CONSIGNED = "consigned"
    SEIZED = "seized"
    ABROAD = "outside this ledger"
    MISSING = "missing"


class Why(StrEnum):
    """Why custody is not unbroken; the codes of the catalogue's sentences."""

    OTHER_SOURCE = "gap-other-source"
    SOURCE_UNKNOWN = "gap-source-unknown"
    NOT_RETURNED = "gap-not-returned"
    AFTER_END = "gap-after-end"
    BEGINS_AGAIN = "gap-begins-again"


class Stage(NamedTuple):
    """One act of a parcel's history.

    ``handlings`` what happens to the parcel in it: none where a correction took the parcel out of the act
    (then it is ``struck``) or the act is not understood; ``before`` and ``weight`` before and after it.
    """

    reading: Reading
    when: str | None
    handlings: tuple[Handling, ...]
    before: int | None = None
    weight: int | None = None
    disputed: bool = False

    @property
    def entry(self) -> int:
        """The entry's index."""
        return self.reading.act.index

    @property
    def event(self) -> e.Event | e.Opaque:
        """What was recorded, as it reads now."""
        return self.reading.act.event

    @property
    def struck(self) -> bool:
        """True where a correction says that the act is not about this parcel."""
        return not self.handlings and self.reading.correction is not None

    @property
    def documented(self) -> bool:
        """True for an act recorded from sources."""
        return not isinstance(self.event, e.Opaque) and self.event.documented


class Custody(NamedTuple):
    """A span of time in which goods are in the same hands.

    ``opened`` and ``closed`` the entries that begin and end it, ``act`` the wire name of the first;
    ``source`` out of whose hands; ``weight`` the last known in it, ``certificate`` the last one named.

    A span that no act opened (``opened`` None) stands for a holder who is known only because the goods came
    out of those hands, or for goods of which something is told before anybody is known to hold them.
    """

    holder: str | None
    how: How = How.HELD
    since: str | None = None
    until: str | None = None
    opened: int | None = None
    closed: int | None = None
    act: str | None = None
    source: str | None = None
    country: str | None = None
    place: str | None = None
    weight: int | None = None
    certificate: str | None = None
    stages: tuple[Stage, ...] = ()

    @property
    def documented(self) -> bool:
        """True where an act that it rests on is known from sources only."""
        return any(stage.documented for stage in self.stages)

    @property
    def corrected(self) -> bool:
        """True where an act that it rests on was corrected."""
        return any(stage.reading.correction is not None for stage in self.stages)

    @property
    def disputed(self) -> bool:
        """True where an act that it rests on was signed with a key that was revoked by then."""
        return any(stage.disputed for stage in self.stages)


@dataclass(frozen=True, slots=True)
class Gap:
    """Custody is not unbroken: ``holder`` was the last known, the goods come next from ``source``.

    ``after`` the last entry before it, ``before`` the entry in which the goods appear again.
    """

    why: Why
    holder: str | None
    source: str | None
    after: int | None
    before: int
    since: str | None = None
    until: str | None = None

    @property
    def code(self) -> str:
        """The catalogue's code of the sentence that says so."""
        return self.why.value


@dataclass(frozen=True, slots=True)
class History:
    """What is known of one parcel's custody; ``struck`` are acts that were corrected away from it.

    ``ended``: the goods were used up; ``names``, ``stones`` and ``hs`` as last told; ``begun`` the acts in
    which the parcel came to be here, none where that is not told.
    """

    parcel: str
    spans: tuple[Custody, ...] = ()
    gaps: tuple[Gap, ...] = ()
    stages: tuple[Stage, ...] = ()
    struck: tuple[Stage, ...] = ()
    ended: bool = False
    names: tuple[str, ...] = ()
    stones: int | None = None
    hs: str | None = None
    begun: tuple[Stage, ...] = ()

    @property
    def documented(self) -> bool:
        """True for goods that are known from sources."""
        return bool(self.stages) and self.stages[0].documented

    @property
    def marked(self) -> bool:
        """True for goods that began with a seizure or as opening stock: they stay marked for life."""
        return any(isinstance(stage.event, e.StockOpened | e.Seized) for stage in self.begun)

    @property
    def now(self) -> Custody | None:
        """The span that is open; None where the goods were used up, or nothing is known."""
        return self.spans[-1] if self.spans and self.spans[-1].closed is None else None

    @property
    def weight(self) -> int | None:
        """The first weight that is told."""
        return next((stage.weight for stage in self.stages if stage.weight is not None), None)

    @property
    def last_weight(self) -> int | None:
        """The last weight that is told."""
        return self.stages[-1].weight if self.stages else None
