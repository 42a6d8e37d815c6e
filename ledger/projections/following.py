"""Keeping the views where the ledger is: whoever reads them brings them up to date first.

A process that may write advances the tables in the ledger's own store, page by page: each entry exactly
once, since a page is written only if the views still stand where it begins. A process that may not write, and
one whose disk is full or whose store is locked, folds the entries that are missing over the tables that are
there, in private.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ledger.errors import Conflict, StoreTrouble
from ledger.projections.views import TABLES, VERSION, VIEW, Folding, Progress, pages, prepare
from ledger.store.layers import Layered
from ledger.store.rows import Rows
from ledger.store.tables import Tables

if TYPE_CHECKING:
    from ledger.store.journal import Journal
    from ledger.store.records import Records


@contextmanager
def reading(journal: Journal, records: Records, progress: Progress | None = None) -> Iterator[Rows]:
    """The views as of the ledger's head."""
    tables = Tables.of(journal)
    if _advanced(tables, journal, records, progress):
        yield tables
        return
    layered = _laid_over(tables, journal, records, progress)
    try:
        yield layered
    finally:
        layered.close()


def _advanced(tables: Tables, journal: Journal, records: Records, progress: Progress | None) -> bool:
    if not journal.writable:
        return False
    try:
        advance(tables, journal, records, progress)
    except (StoreTrouble, Conflict):  # what is there can be read all the same
        return False
    return True


def advance(tables: Tables, journal: Journal, records: Records, progress: Progress | None = None) -> None:
    """Bring the views in the ledger's store up to its head. Raises `StoreTrouble`, `Conflict`."""
    while (position := _standing(tables, journal)) < journal.head().size:
        folding = Folding(tables, records.of)
        for page in pages(records.between(position)):
            stop = page[-1].recorded.index + 1
            if not tables.advance(VIEW, VERSION, TABLES, position, stop, folding.fold(page)):
                break  # another process was first: go on from where it came to
            position = stop
            if progress is not None:
                progress(len(page))


_GONE = ("store-damaged", "store-missing")
"""What the stores say of a table that is not there."""
_ATTEMPTS = 8
"""So often another one who throws the views away is given way to."""


def rebuild(journal: Journal, records: Records, progress: Progress | None = None) -> dict[str, int]:
    """Throw the views away and build them anew from the entries; how many rows each has.

    Whoever is stopped in between loses nothing: who asks next goes on from there. Raises `StoreTrouble`
    (``store-readonly``, ``store-full``, ...), `Conflict`.
    """
    tables = Tables.of(journal)
    tables.discard(VIEW, TABLES)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            advance(tables, journal, records, progress)
            return {table.name: tables.sums(table, ())[0][0] for table in TABLES}
        except StoreTrouble as trouble:  # tables that another one has thrown away meanwhile look like damage
            if trouble.code not in _GONE or attempt == _ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


def behind(journal: Journal) -> int:
    """How many entries the tables in the ledger's store lack."""
    return journal.head().size - (Tables.of(journal).position(VIEW, VERSION) or 0)


def _standing(tables: Tables, journal: Journal) -> int:
    """Where the views stand; views of another version, or from beyond the end, begin anew."""
    position = tables.position(VIEW, VERSION)
    if position is None or position > journal.head().size:
        tables.drop(VIEW, TABLES)
        prepare(tables)
        position = tables.position(VIEW, VERSION)
    return position or 0


def _laid_over(tables: Tables, journal: Journal, records: Records, progress: Progress | None) -> Layered:
    position = tables.position(VIEW, VERSION)
    if position is not None and position > journal.head().size:
        position = None
    layered = Layered(None if position is None else tables, VIEW, TABLES)
    folding = Folding(layered, records.of)
    for page in pages(records.between(position or 0)):
        layered.lay(folding.fold(page))
        if progress is not None:
            progress(len(page))
    return layered
