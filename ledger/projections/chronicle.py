"""The log: entries in their order, by what they name, by kind, and by either clock.

By the clock of recording a period is exact. By the clock of occurrence an entry is in a period when it may
have happened in it; one whose sources give no date may always have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ledger.domain.events import EVENTS
from ledger.edtf import DAY, Span, certainly_before, day_before, parse, spans
from ledger.errors import Malformed
from ledger.projections.entries import ENTRIES
from ledger.store.rows import Row, Rows, Where, matching
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.store.journal import Journal

_FIRST_ZONE = 14 * DAY // 24
_LAST_ZONE = 12 * DAY // 24
_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Period:
    """From the begin of one date to the end of another; None: open. Dates as `ledger.edtf` spells them."""

    since: str | None = None
    until: str | None = None

    def recorded(self) -> tuple[int | None, int | None]:
        """The first and the last microsecond on the clock of recording: days begin and end in UTC.

        Raises `Malformed` (``moment-open`` for an interval, ``edtf-...``).
        """
        first = None if self.since is None else _whole(self.since).earliest
        last = None if self.until is None else _whole(self.until).latest
        if first is not None and "T" not in str(self.since):
            first += _FIRST_ZONE
        if last is not None and "T" not in str(self.until):
            last -= _LAST_ZONE
        return first, last

    def may_hold(self, span: Span) -> bool:
        """Whether something may have happened in the period. Raises `Malformed` as `recorded`."""
        if self.since is not None and _surely_before(span, _whole(self.since)):
            return False
        return self.until is None or not _surely_before(_whole(self.until), span)

    def __bool__(self) -> bool:
        return (self.since, self.until) != (None, None)


def _whole(text: str) -> Span:
    span = parse(text)
    if "/" in text:
        raise Malformed("moment-open", text=text)
    return span


def _surely_before(one: Span, other: Span) -> bool:
    return certainly_before(one, other) or day_before(one, other)


@dataclass(frozen=True, slots=True)
class Query:
    """Which entries: those that name all ``subjects``, of one of the ``types``, in both periods."""

    subjects: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    recorded: Period = Period()
    occurred: Period = Period()


def wires(words: str) -> tuple[str, ...]:
    """The types that ``parcel-sold/1``, ``parcel-sold`` or ``parcel sell`` stands for."""
    if "/" in words:
        return (words,)
    command = tuple(words.split())
    found = [
        wire for wire, event in EVENTS.items() if wire.startswith(words + "/") or event.COMMAND == command
    ]
    return tuple(found) or (words,)


def newest(journal: Journal, rows: Rows, query: Query, limit: int | None = None) -> list[Row]:
    """The rows of the newest entries that the query asks for, at most ``limit``, in their own order."""
    found: list[Row] = []
    entries = _named(journal, rows, query) if query.subjects else rows.select(
        ENTRIES, _conditions(query), descending=True
    )  # fmt: skip
    for row in entries:
        if limit is not None and len(found) >= limit:
            break
        if not query.occurred or query.occurred.may_hold(_span(row)):
            found.append(row)
    return found[::-1]


def _conditions(query: Query) -> list[Where]:
    first, last = query.recorded.recorded()
    where: list[Where] = []
    if first is not None:
        where.append(Where("recorded", "from", first))
    if last is not None:
        where.append(Where("recorded", "below", last + 1))
    types = [wire for words in query.types for wire in wires(words)]
    if types:
        where.append(Where("wire", "among", tuple(types)))
    return where


def _named(journal: Journal, rows: Rows, query: Query) -> Iterator[Row]:
    """The rows of entries that name every subject, newest first."""
    where = _conditions(query)
    every: list[set[int]] = [
        {*journal.guarded_entries(subject), *journal.touched_entries(subject)} for subject in query.subjects
    ]
    indexes = sorted(set.intersection(*every), reverse=True)
    for start in range(0, len(indexes), _AT_ONCE):
        some = rows.among(ENTRIES, [(index,) for index in indexes[start : start + _AT_ONCE]])
        yield from (some[key] for key in sorted(some, reverse=True) if matching(ENTRIES, some[key], where))


def _span(row: Row) -> Span:
    named = ENTRIES.labelled(row)
    if named["occurred"] is None:
        return Span("", named["earliest"], named["latest"])
    return spans(named["occurred"])
