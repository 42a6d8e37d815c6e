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
from ledger.domain.parcels import Parcel
from ledger.domain.parties import HOUSE, House, Key, key_subject
from ledger.domain.state import Subject, advance, fold_subject, guarded
from ledger.projections import entries, movements, names, register
from ledger.projections.entries import ENTRIES
from ledger.projections.movements import MOVEMENTS
from ledger.projections.names import NAMES
from ledger.projections.register import REGISTERS
from ledger.store.rows import Changes, Rows, Table
from ledger.store.tables import Tables

VIEW = "ledger"
TABLES: tuple[Table, ...] = (ENTRIES, *(one.table for one in REGISTERS.values()), MOVEMENTS, NAMES)

_SCHEME = 1
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


def pages(records: Iterable[e.Recorded]) -> Iterator[list[tuple[e.Recorded, tuple[str, ...]]]]:
    """Entries with the subjects they guard, in pages that are bounded by both."""
    page: list[tuple[e.Recorded, tuple[str, ...]]] = []
    subjects = 0
    for recorded in records:
        names_ = guarded(recorded.event, recorded.about)
        page.append((recorded, names_))
        subjects += len(names_)
        if len(page) >= _PAGE or subjects >= _PAGE_SUBJECTS:
            yield page
            page, subjects = [], 0
    if page:
        yield page


class Folding:
    """Folds a page of entries onto the rows that are there, and notes what changes."""

    def __init__(self, rows: Rows, history: History) -> None:
        self._rows = rows
        self._history = history
        self._states: dict[str, Subject | None] = {}
        self._signers: dict[bytes, str | None] = {}
        self._home: str | None = None

    def fold(self, page: Sequence[tuple[e.Recorded, tuple[str, ...]]]) -> Changes:
        """What a page changes."""
        changes = Changes()
        if self._home is None:
            house = fold_subject(HOUSE, self._history(HOUSE))
            self._home = house.participant if isinstance(house, House) else None
        wanted = {name for _, names_ in page for name in names_}
        self._states = register.states(self._rows, sorted(wanted))
        changed: dict[str, Subject | None] = {}
        for recorded, names_ in page:
            changed.update(self._entry(changes, recorded, names_))
        register.put(changes, changed)
        return changes

    def _entry(
        self, changes: Changes, recorded: e.Recorded, names_: Sequence[str]
    ) -> dict[str, Subject | None]:
        event = recorded.event
        before = self._before(recorded, names_)
        after = advance(before.get, recorded)
        self._states.update(after)
        changes.put(ENTRIES, entries.row(recorded, self._signer(recorded.author), recorded.corrected_by))
        if isinstance(event, e.Corrected) and recorded.about is not None:
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

    def _before(self, recorded: e.Recorded, names_: Sequence[str]) -> dict[str, Subject | None]:
        if isinstance(recorded.event, e.Corrected):  # folds anew, so it needs all acts, which rows forget
            return {name: self._folded(name, recorded.index) for name in names_}
        return {name: self._states.get(name) for name in names_}

    def _folded(self, name: str, index: int) -> Subject | None:
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


def build(
    tables: Tables, records: Iterable[e.Recorded], history: History, progress: Progress | None = None
) -> int:
    """Fill private tables from entries in any order that folds; how many entries there were."""
    folding = Folding(tables, history)
    prepare(tables)
    done = 0
    for page in pages(records):
        if not tables.advance(VIEW, VERSION, TABLES, done, done + len(page), folding.fold(page)):
            raise RuntimeError("private tables were changed by another")
        done += len(page)
        if progress is not None:
            progress(len(page))
    return done
