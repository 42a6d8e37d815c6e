"""Two clocks: which acts count at a moment, how they read then, and in which order they happened.

| moment                | counts                                 | corrections           | order         |
|-----------------------|----------------------------------------|-----------------------|---------------|
| now                   | every entry                            | all                   | by index      |
| as recorded until T   | entries the ledger took until T        | recorded until T      | by index      |
| as recorded, index N  | entries 0 to N                         | those up to N         | by index      |
| as occurred until T   | acts that had certainly happened by T  | all that are known now | of occurrence |

T is one date (`2015`, `2015-11-16`) or moment and means its last instant: on the clock of recording the end
of the day in UTC, on the clock of occurrence the end of the day where it ends last on earth (`ledger.edtf`).
An act had certainly happened by T when the last instant that its `occurred` allows is not later. A live act
without a date happened when it was recorded; a documented act without a date is never certain.

Acts with uncertain dates have no full order. **Order of occurrence**: again and again the act with the
smallest index among those that no waiting act certainly precedes. So whatever certainly happened earlier
comes earlier, and where the ledger's own order contradicts no date it is kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import Protocol

from ledger import messages
from ledger.domain.events import Corrected, Recorded
from ledger.domain.parties import Key
from ledger.domain.refusal import in_force, when
from ledger.domain.state import replacement
from ledger.edtf import Span, certainly_before, day_before, moment, parse
from ledger.errors import Malformed
from ledger.values import dataclass

PRESENT, RECORDED, INDEX, OCCURRED = "now", "as-recorded", "as-recorded-index", "as-occurred"


LAST_ZONE = 12 * 3_600 * 1_000_000
"""How long after its end in UTC a day ends where it ends last."""


class Acts(Protocol):
    """Where histories are read, by index."""

    def of(self, subject: str) -> Sequence[Recorded]:
        """The entries that change the subject."""

    def histories(self, subjects: Iterable[str]) -> Mapping[str, Sequence[Recorded]]:
        """Of each subject the entries that change it and those that only name it."""

    def has(self, wire: str) -> bool:
        """Whether there is any entry of that type at all."""

    def opaque(self) -> tuple[int, int | None]:
        """How many entries this version does not understand, and the first one's index."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment on one of the two clocks; see the module's table. ``instant`` µs since 1970, inclusive."""

    kind: str = PRESENT
    text: str = ""
    instant: int | None = None
    index: int | None = None

    def __bool__(self) -> bool:
        """False for now."""
        return self.kind != PRESENT

    def __str__(self) -> str:
        match self.kind:
            case "as-recorded":
                return messages.text("moment-as-recorded", {"text": self.text})
            case "as-recorded-index":
                return messages.text("moment-as-recorded-index", {"index": self.index})
            case "as-occurred":
                return messages.text("moment-as-occurred", {"text": self.text})
            case _:
                return messages.text("moment-now", {})


NOW = Moment()


def as_recorded(text: str) -> Moment:
    """What the ledger knew at the end of a date, in UTC, or of a moment's second.

    Raises `Malformed` for what is no date, and (``moment-open``) for an interval.
    """
    latest = _end(text)
    return Moment(RECORDED, text, latest if "T" in text else latest - LAST_ZONE)


def as_recorded_index(index: int) -> Moment:
    """What the ledger knew once entry ``index`` was recorded; -1: nothing yet."""
    return Moment(INDEX, str(index), index=index)


def as_occurred(text: str) -> Moment:
    """What is now known to have happened by the end of ``text``. Raises `Malformed` as `as_recorded`."""
    return Moment(OCCURRED, text, _end(text))


def _end(text: str) -> int:
    latest = parse(text).latest
    if latest is None or "/" in text:
        raise Malformed("moment-open", text=text)
    return latest


def counts(recorded: Recorded, moment: Moment = NOW) -> bool:
    """Whether an entry counts at a moment."""
    match moment:
        case Moment(kind="as-recorded", instant=int(instant)):
            return recorded.recorded <= instant
        case Moment(kind="as-recorded-index", index=int(index)):
            return recorded.index <= index
        case Moment(kind="as-occurred", instant=int(instant)):
            latest = when(recorded).latest
            return latest is not None and latest <= instant
        case _:
            return True


def may_count(recorded: Recorded, moment: Moment) -> bool:
    """Whether an act that does not count as occurred may have happened by then all the same.

    Not where the calendar puts it on a later day than the moment's: nobody's midnight is in doubt here.
    """
    if moment.kind != OCCURRED or counts(recorded, moment):
        return False
    by, span = parse(moment.text), when(recorded)
    return not (certainly_before(by, span) or day_before(by, span))


@dataclass(frozen=True, slots=True)
class Reading:
    """An act as it reads at a moment; ``original`` is what a ``correction`` replaced, both None otherwise."""

    act: Recorded
    original: Recorded | None = None
    correction: Recorded | None = None


def readings(records: Iterable[Recorded], moment: Moment = NOW) -> list[Reading]:
    """The acts that count at a moment, as they read then, in the moment's order.

    ``records`` in any order: all entries, or one subject's. Corrections stand in the place of what they
    correct, not in their own. Folding these acts from nothing gives the state at the moment.
    """
    found: dict[int, Reading] = {}
    prefix = moment.kind in (RECORDED, INDEX)
    for record in sorted(records, key=_index):
        if prefix and not counts(record, moment):
            continue
        event, about = record.event, record.about
        if isinstance(event, Corrected) and about is not None:
            new = dataclasses.replace(replacement(event, about), corrected_by=record.index)
            found[about.index] = Reading(new, about, record)
        else:
            found[record.index] = Reading(record)
    if moment.kind != OCCURRED:
        return [found[index] for index in sorted(found)]
    counted = [reading.act for reading in found.values() if counts(reading.act, moment)]
    return [found[act.index] for act in in_order_of_occurrence(counted)]


def known_at(records: Iterable[Recorded], moment: Moment = NOW) -> list[Recorded]:
    """The acts of `readings` alone: what a fold takes."""
    return [reading.act for reading in readings(records, moment)]


def in_order_of_occurrence(records: Iterable[Recorded]) -> list[Recorded]:
    """The acts in the order of occurrence that the module describes; O(n log n)."""
    acts = {act.index: act for act in records}
    spans = {index: when(act) for index, act in acts.items()}
    begins = sorted((begin(span), index) for index, span in spans.items())
    ends = sorted((span.latest, index) for index, span in spans.items() if span.latest is not None)
    return [acts[index] for index in merged(iter(begins), iter(ends))]


def merged(begins: Iterator[tuple[int, int]], ends: Iterator[tuple[int, int]]) -> Iterator[int]:
    """The order of occurrence of acts, given in the order of (earliest instant, index), as `begin` has it,
    and of (latest instant, index), without those whose latest is not known.

    What is remembered are the acts whose time lies around that of the next one, not more.
    """
    ready: list[int] = []
    gone: set[int] = set()
    start, end = next(begins, None), next(ends, None)
    while start is not None or ready:
        while end is not None and end[1] in gone:
            gone.remove(end[1])
            end = next(ends, None)
        while start is not None and (end is None or start[0] <= end[0]):
            heappush(ready, start[1])
            start = next(begins, None)
        index = heappop(ready)
        gone.add(index)
        yield index


def begin(span: Span) -> int:
    """The earliest instant, before all others where that is not known."""
    return _EVER if span.earliest is None else span.earliest


def disputed(key: Key | None, act: Recorded) -> bool:
    """Whether an entry was signed with a key that was revoked from a day on that is not after its recording.

    What counts is when it was recorded, not when it says that it occurred: whoever took a key can date
    acts back (`KeyRevoked`: what the key signed since then is disputed).
    """
    if key is None or key.revoked is None:
        return False
    return in_force(key.revoked, None, moment(act.recorded))


def _index(record: Recorded) -> int:
    return record.index


_EVER = -(2**62)
"""Before every instant that a date can spell."""
