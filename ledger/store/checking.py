"""Opening a ledger of either store for checking it, and one snapshot of it (`ledger.store.salvage`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.errors import StoreTrouble
from ledger.store import opening, salvage
from ledger.store.journal import Journal
from ledger.store.salvage import Salvage


def open_for_checking(url: str) -> Journal:
    """A ledger that is there, for reading, also one whose head is missing or cannot be read.

    Raises `StoreTrouble` as `ledger.store.opening.open` does for what is no ledger at all, and
    ``store-damaged`` where nobody can make out which tables there are.
    """
    if not opening.is_postgresql(url):
        return salvage.open_for_checking(url)
    try:
        return opening.open(url, write=False)
    except StoreTrouble as problem:
        if problem.code != "store-damaged":
            raise
        from ledger.store.postgres import PostgresJournal

        return PostgresJournal(url, write=False)


@contextmanager
def snapshot(journal: Journal) -> Iterator[Salvage]:
    """One state of the ledger for as long as this lasts; what others append meanwhile is not seen."""
    if journal.engine == "sqlite":
        with salvage.snapshot(journal) as found:
            yield found
        return
    from ledger.store.postgres import PostgresJournal
    from ledger.store.postgres_salvage import snapshot as on_server

    assert isinstance(journal, PostgresJournal)  # noqa: S101  the only other store
    with on_server(journal) as found:
        yield found
