"""Replay: the whole state at a moment, rebuilt from the entries, to ask the same questions of as of now.

What is rebuilt are the tables of `ledger.projections.views`, in private, by the same functions: whatever
lists, counts or balances the views of today answer, a replay answers of its moment. On the clock of recording
entries are folded in their own order; on the clock of occurrence (`ledger.domain.moments`) the acts that had
certainly happened by then are folded in the order of occurrence, each as it is now known to read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import TYPE_CHECKING

from ledger.domain import events as e
from ledger.domain import moments
from ledger.domain.moments import Moment
from ledger.domain.state import replacement
from ledger.errors import NotFound
from ledger.investigation.occurrence import happened
from ledger.projections import views
from ledger.projections.entries import ENTRIES
from ledger.projections.following import reading
from ledger.projections.views import Progress
from ledger.store.rows import Rows, Where
from ledger.store.tables import Tables
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.store.journal import Journal
    from ledger.store.records import Records

_RUN = 8
"""So many entries one behind the other are read in a stream, fewer one by one."""
_LONGEST_RUN = 2_000


@dataclass(frozen=True, slots=True)
class Replay:
    """The state at a moment: ``counted`` entries make it up.

    ``uncertain`` acts may have happened by then and do not count, since it is not certain that they had.
    """

    moment: Moment
    rows: Rows
    counted: int
    uncertain: int = 0

    @property
    def opaque(self) -> tuple[int, int | None]:
        """How many of the entries are not understood by this version, and the index of the first."""
        return opaque(self.rows)


def opaque(rows: Rows) -> tuple[int, int | None]:
    """How many entries are not understood by this version, and the index of the first."""
    unknown = [Where("opaque", "is", 1)]
    first = next(iter(rows.select(ENTRIES, unknown, limit=1)), None)
    return (0, None) if first is None else (int(rows.sums(ENTRIES, [], unknown)[0][0]), int(first[0]))


@contextmanager
def replay(
    journal: Journal, records: Records, moment: Moment, progress: Progress | None = None
) -> Iterator[Replay]:
    """The state at a moment; now, the views themselves. Raises `NotFound` (``entry-missing``) for an index
    that is not there.
    """
    if moment.kind == moments.PRESENT:
        with reading(journal, records, progress) as rows:
            yield Replay(moment, rows, journal.head().size)
        return
    with Tables.private() as tables:
        views.prepare(tables)
        if moment.kind == moments.OCCURRED:
            yield _as_occurred(tables, journal, records, moment, progress)
        else:
            known = _as_recorded(journal, records, moment)
            yield Replay(moment, tables, views.build(tables, known, records.of, progress))


def _as_recorded(journal: Journal, records: Records, moment: Moment) -> Iterable[e.Recorded]:
    if moment.index is not None:
        if moment.index >= journal.head().size:
            raise NotFound("entry-missing", index=moment.index)
        return records.between(0, moment.index + 1)
    return takewhile(lambda recorded: moments.counts(recorded, moment), records.between(0))


def _as_occurred(
    tables: Tables, journal: Journal, records: Records, moment: Moment, progress: Progress | None
) -> Replay:
    with reading(journal, records, progress) as rows:
        found = happened(tables, rows, moment)
        corrections = {
            int(row[0]): int(row[ENTRIES.places["corrected_by"]])
            for row in rows.select(ENTRIES, [Where("corrected_by", "not", None)])
        }
    acts = _as_corrected(_read(records, found.order), records, corrections)
    return Replay(moment, tables, views.build(tables, acts, records.of, progress), found.uncertain)


def _read(records: Records, order: Iterable[int]) -> Iterator[e.Recorded]:
    """The entries in an order that mostly is their own."""
    start = stop = 0
    for index in order:
        if index != stop or stop - start >= _LONGEST_RUN:
            yield from _run(records, start, stop)
            start = index
        stop = index + 1
    yield from _run(records, start, stop)


def _run(records: Records, start: int, stop: int) -> Iterator[e.Recorded]:
    if stop - start < _RUN:
        return map(records.recorded, range(start, stop))
    return records.between(start, stop)


def _as_corrected(
    acts: Iterable[e.Recorded], records: Records, corrections: dict[int, int]
) -> Iterator[e.Recorded]:
    """The acts as they are now known to read."""
    for act in acts:
        correction = corrections.get(act.index)
        event = None if correction is None else records.recorded(correction).event
        if isinstance(event, e.Corrected):
            yield dataclasses.replace(replacement(event, act), corrected_by=correction)
        else:
            yield act
