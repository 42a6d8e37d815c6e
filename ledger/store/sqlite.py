"""The embedded store: one ledger in one SQLite file.

Every commit is durable when `append` returns: write-ahead log, ``synchronous = FULL``, one fsync a commit.
Readers do not block writers nor writers readers; several processes may write, each waiting for the lock in
turn.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from eventsourcing.persistence import PersistenceError, StoredEvent

from ledger.chain.disclosure import digest
from ledger.chain.merkle import Frontier
from ledger.errors import AdamasError, NotFound, StoreTrouble
from ledger.store.journal import Appended, Draft, Head, Journal, Stale, chained, chained_at
from ledger.store.sqlite_connection import LedgerDatastore, Turn, told
from ledger.store.sqlite_erasure import erase_bytes
from ledger.store.sqlite_file import Place, find_place, new_place
from ledger.store.sqlite_recorder import ERASURES, STREAM, EntryRecorder

PATIENCE = 30
"""Seconds to wait for another process's lock."""
_PAGE_ROWS = 20_000
_PAGE_BYTES = 4 * 1024 * 1024
_STRIDE = 500
_HEAD = "SELECT size, hash, recorded, frontier FROM head"
_ENTRIES = (
    "SELECT originator_version, state FROM stored_events WHERE originator_id = ? "
    "AND originator_version >= ? AND originator_version < ? ORDER BY originator_version"
)
_WIRES = _ENTRIES.replace("state", "topic", 1)
_GUARDING = (
    "SELECT subject, idx FROM links "
    "WHERE subject IN (SELECT value FROM json_each(?)) ORDER BY subject, version"
)
_SEVERAL = (
    "SELECT originator_version, state FROM stored_events "
    "WHERE originator_id = ? AND originator_version IN (SELECT value FROM json_each(?))"
)
_CONCERNING = (
    "SELECT subject, idx FROM links WHERE subject IN (SELECT value FROM json_each(?1)) "
    "UNION ALL SELECT subject, idx FROM mentions WHERE subject IN (SELECT value FROM json_each(?1))"
)
_VERSIONS = (
    "SELECT subject, max(version) FROM links "
    "WHERE subject IN (SELECT value FROM json_each(?)) GROUP BY subject"
)
_TOUCHED = "SELECT idx FROM mentions WHERE subject = ? AND idx >= ? AND idx < ? ORDER BY idx LIMIT ?"
_TOUCHED_LAST = _TOUCHED.replace("ORDER BY idx", "ORDER BY idx DESC")
_ERASURES = ERASURES + " ORDER BY originator_version"
_KEPT = "SELECT number, digest, disclosure FROM disclosures WHERE idx = ?"
_KEPT_ELSEWHERE = "SELECT 1 FROM disclosures WHERE digest = ? LIMIT 1"
_NODES = "SELECT hash FROM nodes WHERE level = ? AND place >= ? AND place < ? ORDER BY place"
_NO_END = 2**53
_NO_TIP = (None, Frontier())


class SqliteJournal(Journal):
    """A ledger in a SQLite file, or in this process's memory."""

    def __init__(self, place: Place, *, patience: int = PATIENCE, log: bool = True) -> None:
        self.url = place.url
        self.path = place.path
        self.writable = place.writable
        self._place = place
        self._patience = patience
        log = log and place.writable and place.path is not None
        self._datastore = LedgerDatastore(place, patience=patience, log=log)
        self._recorder = EntryRecorder(self._datastore)
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
            journal._recorder.create_table()
        except (PersistenceError, sqlite3.Error) as problem:
            journal.close()
            if place.path is not None:
                place.path.unlink(missing_ok=True)  # this call made it
            raise told(problem, url) from problem
        if place.path is None:
            return journal
        journal.close()
        return cls.open(url, patience=patience)

    @classmethod
    def open(cls, url: str, *, write: bool = True, patience: int = PATIENCE) -> SqliteJournal:
        """A ledger that is there; without permission to write it is opened for reading (``writable``).

        Raises `StoreTrouble` as `find_place` does, and ``store-damaged``.
        """
        journal = cls(find_place(url, write=write), patience=patience)
        try:
            journal.head()
        except AdamasError:
            journal.close()
            raise
        return journal

    def transaction(self, *, write: bool) -> Turn:
        """See `Journal.transaction`; the cursor's rows are tuples."""
        return self._datastore.turn(write=write)

    def head(self) -> Head:
        """Where the ledger ends now."""
        return _the_head(self._all(_HEAD), self.url)

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
            now = _the_head(rows.execute(_HEAD).fetchall(), self.url)
            if now.size != head.size or now.hash != head.hash:
                found = _versions(rows, read)
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
        versions = {**read, **_versions(rows, unread)} if unread else dict(read)
        new = [(draft, one.index) for draft, one in zip(drafts, appended, strict=True)]
        try:
            self._recorder._insert_events(  # noqa: SLF001  the library's own seam
                rows,  # type: ignore[arg-type]
                [
                    StoredEvent(STREAM, index, draft.wire, data)
                    for (draft, index), data in zip(new, entries, strict=True)
                ],
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

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """See `Journal.entries`."""
        return self._stream(_ENTRIES, start, stop)

    def wires(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, str]]:
        """See `Journal.wires`."""
        return self._stream(_WIRES, start, stop)

    def _stream(self, statement: str, start: int, stop: int | None) -> Iterator[tuple[int, Any]]:
        end = _NO_END if stop is None else stop
        while start < end:
            page: list[tuple[int, Any]] = []
            size = 0
            with self.transaction(write=False) as rows:
                rows.execute(statement, (STREAM, start, end))
                while len(page) < _PAGE_ROWS and size < _PAGE_BYTES:
                    more = rows.fetchmany(_STRIDE)
                    if not more:
                        break
                    page += more
                    size += sum(len(row[1]) for row in more)
            if not page:
                return
            yield from page
            start = page[-1][0] + 1

    def types(self) -> dict[str, int]:
        """See `Journal.types`."""
        return dict(self._all("SELECT wire, first FROM types"))

    def count(self, wire: str) -> int:
        """See `Journal.count`."""
        (number,) = self._all("SELECT count(*) FROM stored_events WHERE topic = ?", wire)[0]
        return int(number)

    def entry(self, index: int) -> bytes:
        """See `Journal.entry`."""
        found = self._all(_ENTRIES, STREAM, index, index + 1)
        if not found:
            raise NotFound("entry-missing", index=index)
        data: bytes = found[0][1]
        return data

    def several(self, indexes: Iterable[int]) -> dict[int, bytes]:
        """See `Journal.several`."""
        return dict(self._all(_SEVERAL, STREAM, json.dumps(list(indexes))))

    def _all(self, statement: str, *values: object) -> list[Any]:
        return self._datastore.answer(statement, values)

    def versions(self, subjects: Iterable[str]) -> dict[str, int]:
        """See `Journal.versions`."""
        with self.transaction(write=False) as rows:
            return _versions(rows, subjects)

    def guarded_entries(self, subject: str) -> list[int]:
        """See `Journal.guarded_entries`."""
        found = self._all("SELECT idx FROM links WHERE subject = ? ORDER BY version", subject)
        return [index for (index,) in found]

    def guarding(self, subjects: Iterable[str]) -> dict[str, list[int]]:
        """See `Journal.guarding`."""
        found: dict[str, list[int]] = defaultdict(list)
        names = list(subjects)
        if len(names) == 1:  # the usual act has one, and asking so costs half
            indexes = self.guarded_entries(names[0])
            return {names[0]: indexes} if indexes else {}
        for subject, index in self._all(_GUARDING, json.dumps(names)):
            found[subject].append(index)
        return dict(found)

    def touched_entries(
        self,
        subject: str,
        start: int = 0,
        stop: int | None = None,
        *,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[int]:
        """See `Journal.touched_entries`."""
        statement = _TOUCHED_LAST if newest_first else _TOUCHED
        end, most = _NO_END if stop is None else stop, -1 if limit is None else limit
        return [index for (index,) in self._all(statement, subject, start, end, most)]

    def concerning(self, subjects: Iterable[str]) -> dict[str, list[int]]:
        """See `Journal.concerning`."""
        found: dict[str, list[int]] = defaultdict(list)
        for subject, index in self._all(_CONCERNING, json.dumps(list(subjects))):
            found[subject].append(index)
        return dict(found)

    def indexes_of(self, ids: Iterable[bytes]) -> dict[bytes, int]:
        """See `Journal.indexes_of`."""
        found: dict[bytes, int] = {}
        for one in ids:
            found.update(self._all("SELECT id, idx FROM ids WHERE id = ?", one))
        return found

    def disclosures(self, index: int) -> tuple[str, ...]:
        """See `Journal.disclosures`."""
        found = self._all("SELECT disclosure FROM disclosures WHERE idx = ? ORDER BY number", index)
        return tuple(text for (text,) in found)

    def disclosed(self, start: int, stop: int) -> dict[int, tuple[str, ...]]:
        """See `Journal.disclosed`."""
        found: dict[int, list[str]] = defaultdict(list)
        statement = "SELECT idx, disclosure FROM disclosures WHERE idx >= ? AND idx < ? ORDER BY number"
        for index, text in self._all(statement, start, stop):
            found[index].append(text)
        return {index: tuple(texts) for index, texts in found.items()}

    def erasures(self) -> list[int]:
        """See `Journal.erasures`."""
        return [index for (index,) in self._all(_ERASURES)]

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
            erase_bytes(self._datastore.answer, self.path, texts, self._patience)
        return len(gone)

    def links(self) -> Iterator[tuple[str, int, int]]:
        """See `Journal.links`."""
        return self._paged("SELECT subject, version, idx FROM links", ("subject", "version"), ("", 0))

    def mentions(self) -> Iterator[tuple[str, int]]:
        """See `Journal.mentions`."""
        return self._paged("SELECT subject, idx FROM mentions", ("subject", "idx"), ("", -1))

    def ids(self) -> Iterator[tuple[bytes, int]]:
        """See `Journal.ids`."""
        return self._paged("SELECT id, idx FROM ids", ("id",), (b"",))

    def digests(self) -> Iterator[tuple[int, str, str]]:
        """See `Journal.digests`."""
        rows = self._paged("SELECT number, idx, digest, disclosure FROM disclosures", ("number",), (0,))
        return (row[1:] for row in rows)

    def _paged(self, statement: str, key: tuple[str, ...], last: tuple[Any, ...]) -> Iterator[Any]:
        """Rows in the order of their key, whose columns come first; no lock is held between pages."""
        columns, marks = ", ".join(key), ", ".join("?" * len(key))
        statement += f" WHERE ({columns}) > ({marks}) ORDER BY {columns} LIMIT {_PAGE_ROWS}"
        while page := self._all(statement, *last):
            yield from page
            last = page[-1][: len(key)]

    def nodes(self, level: int, start: int, stop: int) -> list[bytes]:
        """See `Journal.nodes`."""
        return [data for (data,) in self._all(_NODES, level, start, stop)]

    def discard(self) -> None:
        """See `Journal.discard`."""
        empty = self.head().size == 0
        self.close()
        if empty and self.path is not None:
            for ending in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + ending).unlink(missing_ok=True)

    def close(self) -> None:
        """See `Journal.close`."""
        self._datastore.close()
        if self._place.copy is not None:
            shutil.rmtree(self._place.copy, ignore_errors=True)


def _the_head(found: list[tuple[Any, ...]], url: str) -> Head:
    if not found:
        raise StoreTrouble("store-damaged", path=url, reason="the head is missing")
    return Head(*found[0])


def _versions(rows: sqlite3.Cursor, subjects: Iterable[str]) -> dict[str, int]:
    found = dict.fromkeys(subjects, 0)
    found.update(rows.execute(_VERSIONS, (json.dumps(list(found)),)).fetchall())
    return found


def _links(new: list[tuple[Draft, int]], versions: dict[str, int]) -> list[tuple[str, int, int]]:
    """Each guarded subject with its next version; entries of one append that guard the same follow each
    other."""
    links = []
    for draft, index in new:
        for name in draft.guarded:
            versions[name] = version = versions[name] + 1
            links.append((name, version, index))
    return links
