"""The embedded store: one ledger in one SQLite file.

Every commit is durable when `append` returns: write-ahead log, ``synchronous = FULL``, one fsync a commit.
Readers do not block writers nor writers readers; several processes may write, each waiting for the lock in
turn. What is written goes through the library's recorder (`ledger.store.sqlite_recorder`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ledger.chain.disclosure import digest
from ledger.chain.merkle import Frontier
from ledger.errors import AdamasError
from ledger.store import plain_tables
from ledger.store.journal import Appended, Draft, Head, Stale, chained, chained_at
from ledger.store.sqlite_connection import LedgerConnection, Transaction
from ledger.store.sqlite_erasure import erase_bytes
from ledger.store.sqlite_file import Place, find_place, new_place
from ledger.store.sqlite_reading import HEAD, SqliteReading, the_head, versions_of

if TYPE_CHECKING:
    from ledger.store.sqlite_recorder import EntryRecorder

PATIENCE = 30
"""Seconds to wait for another process's lock."""
_KEPT = "SELECT number, digest, disclosure FROM disclosures WHERE idx = ?"
_KEPT_ELSEWHERE = "SELECT 1 FROM disclosures WHERE digest = ? LIMIT 1"
_NO_TIP = (None, Frontier())


class SqliteJournal(SqliteReading):
    """A ledger in a SQLite file, or in this process's memory."""

    def __init__(self, place: Place, *, patience: int = PATIENCE, log: bool = True) -> None:
        self.url = place.url
        self.path = place.path
        self.writable = place.writable
        self._place = place
        self._patience = patience
        log = log and place.writable and place.path is not None
        self._connection = LedgerConnection(place, patience=patience, log=log)
        self._recorder: EntryRecorder | None = None
        self._tip: tuple[Head | None, Frontier] = _NO_TIP
        self._wires: set[str] = set()

    @classmethod
    def create(cls, url: str, *, patience: int = PATIENCE) -> SqliteJournal:
        """A new, empty ledger. Raises `StoreTrouble` (``store-exists``, ``store-unwritable``,
        ``store-full``)."""
        place = new_place(url)
        # The tables are laid without a log, so that the file's own header says from the first that it is a
        # ledger.
        journal = cls(place, patience=patience, log=False)
        try:
            with journal.transaction(write=True) as rows:
                journal._the_recorder().lay(rows)
        except (AdamasError, sqlite3.Error):
            journal.close()
            if place.path is not None:
                place.path.unlink(missing_ok=True)  # this call made it
            raise
        if place.path is None:
            return journal
        journal.close()
        return cls.open(url, patience=patience)

    @classmethod
    def open(cls, url: str, *, write: bool = True, patience: int = PATIENCE) -> SqliteJournal:
        """A ledger that is there; without permission to write it is opened for reading (``writable``).

        Raises `StoreTrouble` as `find_place` does, ``store-damaged``, and ``store-computed`` where a table's
        rows are not stored but computed.
        """
        journal = cls(find_place(url, write=write), patience=patience)
        try:
            plain_tables.check(journal._connection.answer, journal.url, write=journal.writable)
            journal.head()
        except AdamasError:
            journal.close()
            raise
        return journal

    def _the_recorder(self) -> EntryRecorder:
        """The library's, imported by who writes: it takes a fifth of the time in which a command starts."""
        if self._recorder is None:
            from ledger.store.sqlite_recorder import recorder

            self._recorder = recorder(self._place)
        return self._recorder

    def transaction(self, *, write: bool) -> Transaction:
        """See `Journal.transaction`; the cursor's rows are tuples."""
        return self._connection.transaction(write=write)

    def append(
        self,
        drafts: Sequence[Draft],
        *,
        clock: Callable[[], int],
        read: Mapping[str, int],
        head: Head,
        moments: Sequence[int] | None = None,
    ) -> tuple[list[Appended], Head]:
        """See `Journal.append`."""
        with self._writing(), self.transaction(write=True) as rows:
            now = the_head(rows.execute(HEAD).fetchall(), self.url)
            if now.size != head.size or now.hash != head.hash:
                found = versions_of(rows, read)
                moved = [name for name, version in read.items() if found[name] != version]
                if moved:
                    raise Stale(moved)
            frontier = self._frontier(now)
            entries, appended, then, nodes = (
                chained(now, frontier, drafts, clock())
                if moments is None
                else chained_at(now, frontier, drafts, moments)
            )
            self._insert(rows, drafts, entries, appended, read)
            if nodes:
                rows.executemany("INSERT INTO nodes VALUES (?, ?, ?)", nodes)
            rows.execute(
                "UPDATE head SET size = ?, hash = ?, recorded = ?, frontier = ?",
                (then.size, then.hash, then.recorded, then.frontier),
            )
        self._tip = (then, frontier)
        self._wires.update(draft.wire for draft in drafts)
        return appended, then

    def _frontier(self, head: Head) -> Frontier:
        """The head's frontier, to grow: as it was left by the last append, or read anew."""
        (last, frontier), self._tip = self._tip, _NO_TIP
        return frontier if last == head else Frontier.decode(head.frontier)

    def _insert(
        self,
        rows: sqlite3.Cursor,
        drafts: Sequence[Draft],
        entries: Sequence[bytes],
        appended: Sequence[Appended],
        read: Mapping[str, int],
    ) -> None:
        unread = [name for draft in drafts for name in draft.guarded if name not in read]
        versions = {**read, **versions_of(rows, unread)} if unread else dict(read)
        new = [(draft, one.index) for draft, one in zip(drafts, appended, strict=True)]
        try:
            self._the_recorder().insert(
                rows,
                [(index, draft.wire, data) for (draft, index), data in zip(new, entries, strict=True)],
                ids=[(draft.id, index) for draft, index in new],
                links=_links(new, versions),
                mentions=[(name, index) for draft, index in new for name in draft.touched],
                disclosures=[
                    (index, digest(text), text) for draft, index in new for text in draft.disclosures
                ],
                types=[(draft.wire, index) for draft, index in new if draft.wire not in self._wires],
            )
        except sqlite3.IntegrityError:
            raise Stale(name for draft in drafts for name in draft.guarded) from None

    def erase(self, index: int, digests: Iterable[str]) -> int:
        """See `Journal.erase`. Raises `StoreTrouble` (``store-erase-remains``) if bytes are found
        afterwards."""
        wanted = set(digests)
        with self.transaction(write=True) as rows:
            kept = rows.execute(_KEPT, (index,)).fetchall()
            gone = [(number, text) for number, name, text in kept if name in wanted]
            rows.executemany("DELETE FROM disclosures WHERE number = ?", [(number,) for number, _ in gone])
        if self.path is not None:
            # The same disclosure may be kept for another entry, where nobody erased it.
            texts = [text for _, text in gone if not self._all(_KEPT_ELSEWHERE, digest(text))]
            erase_bytes(self._connection.answer, self.path, texts, self._patience)
        return len(gone)

    def discard(self) -> None:
        """See `Journal.discard`."""
        empty = self.head().size == 0
        self.close()
        if empty and self.path is not None:
            for ending in ("", "-wal", "-shm", "-turn"):
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)

    def close(self) -> None:
        """See `Journal.close`."""
        self._connection.close()
        if self._place.copy is not None:
            import shutil

            shutil.rmtree(self._place.copy, ignore_errors=True)


def _links(new: list[tuple[Draft, int]], versions: dict[str, int]) -> list[tuple[str, int, int]]:
    """Each guarded subject with its next version; entries of one append that guard the same follow each
    other."""
    links = []
    for draft, index in new:
        for name in draft.guarded:
            versions[name] = version = versions[name] + 1
            links.append((name, version, index))
    return links
