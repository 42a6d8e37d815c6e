"""How other processes open the ledger that this one is checking, to read ranges of it.

    source = shared(journal, salvage, stop)         # it can be pickled
    with source.opened() as other: ...              # there: a Salvage of the same entries

On PostgreSQL it is the same snapshot. On SQLite it is the file as it is then, in a snapshot of its own: no
two connections can be given one. Whoever joins the ranges sees whether they belong together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ledger.store.journal import Journal
from ledger.store.salvage import Salvage, snapshot
from ledger.store.sqlite import SqliteJournal
from ledger.store.sqlite_file import Place
from ledger.store.sqlite_reading import SqliteReading
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A SQLite file, up to but not including the entry ``stop``."""

    place: Place
    stop: int

    @contextmanager
    def opened(self) -> Iterator[Salvage]:
        """The file, read by whoever asks. Raises `StoreTrouble`."""
        with SqliteJournal(self.place) as journal, snapshot(journal) as found:
            yield found


@dataclass(frozen=True, slots=True)
class SharedSchema:
    """A snapshot of a PostgreSQL ledger that lasts until the transaction ends that exported it, up to but not
    including the entry ``stop``. ``told``: what to connect with."""

    told: dict[str, Any]
    url: str
    snapshot: str
    stop: int

    @contextmanager
    def opened(self) -> Iterator[Salvage]:
        """The snapshot, read by whoever asks. Raises `StoreTrouble`."""
        from ledger.store.postgres_salvage import joined

        with joined(self.told, self.url, self.snapshot) as found:
            yield found


def shared(journal: Journal, salvage: Salvage, stop: int) -> SharedFile | SharedSchema | None:
    """How others open it; None for a ledger in this process's memory."""
    if isinstance(journal, SqliteReading):
        place = journal._connection.place  # noqa: SLF001  the connection that the snapshot is on
        return None if place.path is None else SharedFile(replace(place, writable=False, copy=None), stop)
    from ledger.store.postgres_salvage import PostgresSalvage, way_to

    assert isinstance(salvage, PostgresSalvage)  # noqa: S101  the only other store
    return SharedSchema(way_to(salvage.connection), salvage.url, salvage.snapshot, stop)
