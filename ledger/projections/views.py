"""Views: tables that follow the ledger, so that lists, totals and searches do not read it all again.

A view is a pure function from an entry, and the states before and after it of the subjects that it changes,
to rows. All views stand at one position, since each entry is folded once for all of them:

| table        | a row is                                             | module                      |
|--------------|------------------------------------------------------|-----------------------------|
| entries      | an entry                                             | `entries`                   |
| parcels, certificates, parties, licences, sites, keys | a subject as it is now | `register`       |
| movements    | a weight that changed its place                      | `movements`                 |
| names        | a text by which a subject is found                   | `names`                     |

Nothing is lost when they are dropped: they are built anew from the entries, and `verify` compares them with
that. `ledger.projections.following` keeps them where the ledger is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from zlib import crc32

from ledger.domain import events as e
from ledger.domain import fields
from ledger.domain.change import Change
from ledger.domain.parcels import Parcel
from ledger.domain.parties import HOUSE, House, Key, key_subject
from ledger.domain.state import Subject, advance, apply, fold_subject, guarded
from ledger.domain.state import changes as changes_of
from ledger.projections import entries, movements, names, register
from ledger.projections.entries import ENTRIES
from ledger.projections.movements import MOVEMENTS
from ledger.projections.names import NAMES
from ledger.projections.register import REGISTERS
from ledger.store.rows import Changes, Rows, Table
from ledger.store.tables import Tables
from ledger.values import dataclass

VIEW = "ledger"
TABLES: tuple[Table, ...] = (ENTRIES, *(one.table for one in REGISTERS.values()), MOVEMENTS, NAMES)

_SCHEME = 2
"""To be raised whenever a row would read otherwise although no column and no type of act has changed."""


def _version() -> int:
    acts = [(wire, [field.name for field in fields.table(act)]) for wire, act in sorted(e.EVENTS.items())]
    columns = [(table.name, [column.name for column in table.columns]) for table in TABLES]
    return crc32(repr((_SCHEME, acts, columns)).encode())


VERSION = _version()
"""Another one whenever this program knows other acts, fields or columns than the one that built the tables,
which are then built anew: an entry that was not understood may be understood now."""

_PAGE = 1_000
_PAGE_SUBJECTS = 10_000

History = Callable[[str], Iterable[e.Recorded]]
"""A subject's own entries in index order."""
Progress = Callable[[int], None]
"""Is told how many entries more are done."""


@dataclass(frozen=True, slots=True)
class Step:
    """An entry, the subjects it guards, and what it changes; a correction changes nothing itself: it folds
    anew.
    """

    recorded: e.Recorded
    subjects: tuple[str, ...]
    changes: tuple[Change, ...]


def pages(records: Iterable[e.Recorded]) -> Iterator[list[Step]]:
    """Entries with the subjects they guard, in pages that are bounded by both."""
    page: list[Step] = []
    subjects = 0
    for recorded in records:
        step = _step(recorded)
        page.append(step)
        subjects += len(step.subjects)
        if len(page) >= _PAGE or subjects >= _PAGE_SUBJECTS:
            yield page
            page, subjects = [], 0
    if page:
        yield page


def _step(recorded: e.Recorded) -> Step:
    if isinstance(recorded.event, e.Corrected):
        return Step(recorded, guarded(recorded.event, recorded.about), ())
    found = tuple(changes_of(recorded.event, recorded.index))
    return Step(recorded, tuple(dict.fromkeys(change.subject for change in found)), found)


class Folding:
    """Folds a page of entries onto the rows that are there, and notes what changes."""

    def __init__(self, rows: Rows, history: History) -> None:
        self._rows = rows
        self._history = history
        self._states: dict[str, Subject | None] = {}
        self._signers: dict[bytes, str | None] = {}
        self._home: str | None = None

    def fold(self, page: Sequence[Step]) -> Changes:
        """What a page changes."""
        changes = Changes()
        if self._home is None:
            house = fold_subject(HOUSE, self._history(HOUSE))
            self._home = house.participant if isinstance(house, House) else None
        wanted = {subject for step in page for subject in step.subjects}
        self._states = register.states(self._rows, sorted(wanted))
        changed: dict[str, Subject | None] = {}
        for step in page:
            changed.update(self._entry(changes, step))
        register.put(changes, changed)
        return changes

    def _entry(self, changes: Changes, step: Step) -> dict[str, Subject | None]:
        recorded = step.recorded
        before, after = self._folded(step)
        self._states.update(after)
        changes.put(ENTRIES, entries.row(recorded, self._signer(recorded.author), recorded.corrected_by))
        if isinstance(recorded.event, e.Corrected) and recorded.about is not None:
            original = recorded.about
            corrected = entries.row(original, self._signer(original.author), recorded.index)
            changes.put(ENTRIES, corrected)
        moved: list[movements.Moved] = []
        for name, state in after.items():
            earlier = before[name]
            names.put(changes, name, earlier, state)
            if isinstance(state, Parcel) or isinstance(earlier, Parcel):
                moved.append((name.partition(":")[2], _parcel(earlier), _parcel(state)))
        for row in movements.rows(recorded, moved, self._home):
            changes.put(MOVEMENTS, row)
        return after

    def _folded(self, step: Step) -> tuple[dict[str, Subject | None], dict[str, Subject | None]]:
        """The states of an entry's subjects before and after it."""
        recorded = step.recorded
        if isinstance(recorded.event, e.Corrected):  # folds anew, so it needs all acts, which rows forget
            before = {name: self._whole(name, recorded.index) for name in step.subjects}
            return before, advance(before.get, recorded)
        before = {name: self._states.get(name) for name in step.subjects}
        after = dict(before)
        for change in step.changes:
            after[change.subject] = apply(change, after[change.subject], recorded)
        return before, after

    def _whole(self, name: str, index: int) -> Subject | None:
        return fold_subject(name, (one for one in self._history(name) if one.index < index))

    def _signer(self, author: bytes) -> str | None:
        """The party whose key it is: one for ever, so that the order of the entries does not matter."""
        if author not in self._signers:
            key = fold_subject(key_subject(author), self._history(key_subject(author)))
            if not isinstance(key, Key):
                return None
            self._signers[author] = key.party
        return self._signers[author]


def _parcel(state: Subject | None) -> Parcel | None:
    return state if isinstance(state, Parcel) else None


def prepare(tables: Tables) -> None:
    """Make the tables, if they are not there."""
    tables.advance(VIEW, VERSION, TABLES, 0, 0, Changes())


def building(tables: Tables, records: Iterable[e.Recorded], history: History) -> Iterator[int]:
    """Fill private tables from entries in any order that folds, the ones behind those that they stand for
    already; tells for how many they stand, page by page."""
    folding = Folding(tables, history)
    prepare(tables)
    done = tables.position(VIEW, VERSION) or 0
    for page in pages(records):
        if not tables.advance(VIEW, VERSION, TABLES, done, done + len(page), folding.fold(page)):
            raise RuntimeError("private tables were changed by another")
        done += len(page)
        yield done


def build(
    tables: Tables, records: Iterable[e.Recorded], history: History, progress: Progress | None = None
) -> int:
    """`building` to its end; for how many entries the tables stand then."""
    done = tables.position(VIEW, VERSION) or 0
    for reached in building(tables, records, history):
        if progress is not None:
            progress(reached - done)
        done = reached
    return done
