"""The log: entries in their order, by what they name, by kind, and by either clock.

By the clock of recording a period is exact. By the clock of occurrence an entry is in a period when it may
have happened in it; one whose sources give no date may always have.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import neg
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
    return list(islice(_asked(journal, rows, query, newest_first=True), limit))[::-1]


def all_of(journal: Journal, rows: Rows, query: Query) -> Iterator[Row]:
    """The rows of all entries that the query asks for, in their order; they come in pages."""
    return _asked(journal, rows, query, newest_first=False)


def _asked(journal: Journal, rows: Rows, query: Query, *, newest_first: bool) -> Iterator[Row]:
    where = _conditions(query)
    entries = (
        _named(journal, rows, query.subjects, where, newest_first=newest_first)
        if query.subjects
        else rows.select(ENTRIES, where, descending=newest_first)
    )
    return (row for row in entries if not query.occurred or query.occurred.may_hold(_span(row)))


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


def _named(
    journal: Journal, rows: Rows, subjects: Sequence[str], where: Sequence[Where], *, newest_first: bool
) -> Iterator[Row]:
    """The rows of entries that name every subject."""
    indexes = _in_all(journal, subjects, newest_first=newest_first)
    while page := list(islice(indexes, _AT_ONCE)):
        some = rows.among(ENTRIES, [(index,) for index in page])
        yield from (
            some[index,] for index in page if (index,) in some and matching(ENTRIES, some[index,], where)
        )


def _in_all(journal: Journal, subjects: Sequence[str], *, newest_first: bool) -> Iterator[int]:
    """The entries that name every subject. What names one seldom lets all but a few of another be passed
    over."""
    namings = [_Naming(journal, subject, newest_first=newest_first) for subject in subjects]
    place = journal.head().size if newest_first else 0
    while place >= 0:
        nexts = [naming.at(place) for naming in namings]
        known = [one for one in nexts if one is not None]
        if len(known) < len(nexts):
            return
        far = min(known) if newest_first else max(known)
        if min(known) == max(known):
            yield far
            far += -1 if newest_first else 1
        place = far


class _Naming:
    """The entries that name a subject, from the newest to the oldest or the other way; a page at a time."""

    def __init__(self, journal: Journal, subject: str, *, newest_first: bool) -> None:
        self._journal, self._subject, self._newest_first = journal, subject, newest_first
        self._guarded = self._ordered(journal.guarded_entries(subject))
        self._page: list[int] = []
        self._is_last = False

    def at(self, place: int) -> int | None:
        """The next one from a place on, that place too; the places asked for only go on."""
        found = [one for one in (self._next(self._guarded, place), self._touched(place)) if one is not None]
        return (max(found) if self._newest_first else min(found)) if found else None

    def _touched(self, place: int) -> int | None:
        found = self._next(self._page, place)
        if found is None and not self._is_last:
            start, stop = (0, place + 1) if self._newest_first else (place, None)
            self._page = self._ordered(
                self._journal.touched_entries(
                    self._subject, start, stop, newest_first=self._newest_first, limit=_AT_ONCE
                )
            )
            self._is_last = len(self._page) < _AT_ONCE
            found = self._next(self._page, place)
        return found

    def _ordered(self, indexes: Iterable[int]) -> list[int]:
        return sorted(indexes, reverse=self._newest_first)

    def _next(self, indexes: list[int], place: int) -> int | None:
        if self._newest_first:
            there = bisect_left(indexes, -place, key=neg)
        else:
            there = bisect_left(indexes, place)
        return indexes[there] if there < len(indexes) else None


def _span(row: Row) -> Span:
    named = ENTRIES.labelled(row)
    if named["occurred"] is None:
        return Span("", named["earliest"], named["latest"])
    return spans(named["occurred"])
