"""Replay: the whole state at a moment, rebuilt from the entries, to ask the same questions of as of now.

What is rebuilt are the tables of `ledger.projections.views`, in private, by the same functions: whatever
lists, counts or balances the views of today answer, a replay answers of its moment. On the clock of recording
entries are folded in their own order; on the clock of occurrence (`ledger.domain.moments`) the acts that had
certainly happened by then are folded in the order of occurrence, each as it is now known to read.

The tables may be kept in a file (`ledger.store.kept_tables`). Then a replay that was stopped goes on where it
was, and the next question of the same moment is answered from there at once. The file says what it is of:
the ledger and the moment, and how far it came with the hash of the last entry that was folded; on the clock
of occurrence the whole head, since any later entry may say what happened earlier. Another ledger, moment or
history is refused; where that head is no more the ledger's, or the tables are of another version, they begin
anew. Its rows rest on the file, as those of views do on the ledger's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from ledger.domain import events as e
from ledger.domain import moments
from ledger.domain.moments import Moment
from ledger.domain.state import replacement
from ledger.errors import Malformed, NotFound
from ledger.investigation.occurrence import CORRECTED, VIEW, happened, uncertain_in
from ledger.projections import views
from ledger.projections.entries import ENTRIES
from ledger.projections.following import reading
from ledger.projections.views import Progress
from ledger.store.rows import Changes, Column, Rows, Table, Where
from ledger.store.tables import Tables
from ledger.values import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.store.journal import Journal
    from ledger.store.records import Records

_RUN = 8
"""So many entries one behind the other are read in a stream, fewer one by one."""
_LONGEST_RUN = 2_000
_CORRECTED_TOGETHER = 200
_TOLD = Table("told", (Column("name"), Column("value")))
"""What kept tables are of, and how far they came."""
_TABLES = (*views.TABLES, _TOLD)
_HEAD, _LAST, _ENDED = "head", "last", "ended"
_BOUND = ("ledger", "moment")


@dataclass(frozen=True, slots=True)
class Replay:
    """The state at a moment: ``counted`` entries make it up.

    ``uncertain`` acts may have happened by then and do not count, since it is not certain that they had;
    ``found`` of the entries were in the file already, ``is_anew`` tells that what was there is of no use now.
    """

    moment: Moment
    rows: Rows
    counted: int
    uncertain: int = 0
    found: int = 0
    is_anew: bool = False

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
    journal: Journal,
    records: Records,
    moment: Moment,
    progress: Progress | None = None,
    file: Path | None = None,
) -> Iterator[Replay]:
    """The state at a moment; now, the views themselves. With a ``file`` the tables are kept there.

    Raises `NotFound` (``entry-missing``) for an index that is not there; `Malformed` (``replay-file-other``)
    for the file of another replay, and as `kept_tables.kept` does.
    """
    if moment.kind == moments.PRESENT:
        with reading(journal, records, progress) as rows:
            yield Replay(moment, rows, journal.head().size)
        return
    if moment.index is not None and moment.index >= journal.head().size:
        raise NotFound("entry-missing", index=moment.index)
    with Tables.private() if file is None else _kept(file) as tables:
        yield _Building(tables, journal, records, moment, file).run(progress)


def _kept(file: Path) -> Tables:
    from ledger.store.kept_tables import kept  # only here: SQLite is not wanted by whoever keeps nothing

    return kept(file)


class _Building:
    """Fills private tables as of a moment, from wherever an earlier run came to."""

    def __init__(
        self, tables: Tables, journal: Journal, records: Records, moment: Moment, file: Path | None
    ) -> None:
        self._tables, self._journal, self._records, self._moment = tables, journal, records, moment
        self._file = file
        self._head = journal.head()

    def run(self, progress: Progress | None) -> Replay:
        """All of it."""
        is_anew = self._begin()
        done = self._tables.position(views.VIEW, views.VERSION) or 0
        if progress is not None and done:
            progress(done)
        uncertain = 0
        if self._moment.kind != moments.OCCURRED:
            acts = self._recorded(done)
        elif _ENDED in self._told():
            acts, uncertain = iter(()), uncertain_in(self._tables)
        else:
            with reading(self._journal, self._records, progress) as rows:
                found = happened(self._tables, rows, self._moment, self._head.size)
            uncertain = found.uncertain
            acts = _read(self._records, islice(found.order, done, None))
            acts = _as_corrected(acts, self._records, self._tables)
        counted = self._build(acts, done, progress)
        return Replay(self._moment, self._tables, counted, uncertain, done, is_anew)

    def _recorded(self, done: int) -> Iterable[e.Recorded]:
        if self._moment.index is not None:
            return self._records.between(done, self._moment.index + 1)
        return takewhile(lambda recorded: moments.counts(recorded, self._moment), self._records.between(done))

    def _build(self, acts: Iterable[e.Recorded], done: int, progress: Progress | None) -> int:
        folding = views.Folding(self._tables, self._records.of)
        for page in views.pages(acts):
            changes = folding.fold(page)
            last = page[-1].recorded
            if self._moment.kind != moments.OCCURRED:
                changes.put(_TOLD, (_LAST, f"{last.index}:{last.hash.hex()}"))
            self._advance(done, done + len(page), changes)
            done += len(page)
            if progress is not None:
                progress(len(page))
        changes = Changes()
        changes.put(_TOLD, (_ENDED, "yes"))
        self._advance(done, done, changes)
        return done

    def _advance(self, start: int, stop: int, changes: Changes) -> None:
        if not self._tables.advance(views.VIEW, views.VERSION, _TABLES, start, stop, changes):
            raise RuntimeError("private tables were changed by another")

    def _begin(self) -> bool:
        """Make the tables, or see that those which are there fit; whether they had to be begun anew."""
        wanted, was = self._belongs_to(), self._told()
        if was and self._file is not None:
            for name in _BOUND:
                if was.get(name) != wanted[name]:
                    told = {"what": name, "found": was.get(name, "-"), "wanted": wanted[name]}
                    raise Malformed("replay-file-other", path=str(self._file), **told)
            if was.get(_HEAD) == wanted.get(_HEAD):
                self._check(was, self._file)
                return False
        changes = Changes()
        for name, value in wanted.items():
            changes.put(_TOLD, (name, value))
        if not was and self._tables.advance(views.VIEW, views.VERSION, _TABLES, 0, 0, changes):
            return False
        for view in (views.VIEW, VIEW):
            self._tables.drop(view)
        self._advance(0, 0, changes)
        return True

    def _check(self, was: dict[str, str], file: Path) -> None:
        """Whether what was folded is this ledger's still, and the file whole where it is to be written on."""
        from ledger.store.kept_tables import check_structure

        if _ENDED not in was:
            check_structure(self._tables, file)
        if _LAST in was:
            index, _, told = was[_LAST].partition(":")
            now = self._hash(int(index))
            if now != told:
                values = {"what": f"entry {index}", "found": told[:16], "wanted": now[:16]}
                raise Malformed("replay-file-other", path=str(file), **values)

    def _hash(self, index: int) -> str:
        """That of an entry; of none where there is none."""
        there = index < self._head.size
        return self._records.recorded(index).hash.hex() if there else "-"

    def _belongs_to(self) -> dict[str, str]:
        """What the tables are of."""
        moment = f"{self._moment.kind} {self._moment.text}"
        told = {"ledger": self._hash(0)[:16], "moment": moment}
        if self._moment.kind == moments.OCCURRED:
            told[_HEAD] = f"{self._head.size}:{self._head.hash.hex()}"
        return told

    def _told(self) -> dict[str, str]:
        """What the tables say that they are of; nothing where there are none, or of another version."""
        if self._tables.position(views.VIEW, views.VERSION) is None:
            return {}
        return {str(name): str(value) for name, value in self._tables.select(_TOLD)}


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


def _as_corrected(acts: Iterable[e.Recorded], records: Records, tables: Tables) -> Iterator[e.Recorded]:
    """The acts as they are now known to read."""
    coming = iter(acts)
    while page := list(islice(coming, _CORRECTED_TOGETHER)):
        corrections = tables.among(CORRECTED, [(act.index,) for act in page])
        for act in page:
            correction = corrections.get((act.index,))
            event = None if correction is None else records.recorded(correction[1]).event
            if isinstance(event, e.Corrected) and correction is not None:
                yield dataclasses.replace(replacement(event, act), corrected_by=correction[1])
            else:
                yield act
