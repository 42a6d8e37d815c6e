"""Moving a ledger from one store to another, either way, and copying one while it is being written.

A copy is made of the entries alone: each is taken apart, framed again behind its predecessor, and must come
out byte for byte as it was, so that the copy's hashes and root are the source's. Links, mentions, ids and
subtrees follow from the entries as they did the first time; of entries that a newer version of this program
wrote, links and mentions are taken from the source, which that version filled. Kept values of sealed fields
go with them, but for those whose erasure is recorded. Views are left behind: they are made again when
somebody asks.

The copy is one transaction: there is all of it, or an empty store that says so. Documents attached to acts
lie beside a ledger and are copied like any folder.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from ledger.chain.disclosure import digest
from ledger.chain.entry import entry_hash, fields
from ledger.chain.statement import Statement
from ledger.domain.events import DisclosureErased, Opaque, Recorded
from ledger.domain.state import guarded, touched
from ledger.errors import Malformed, StoreTrouble
from ledger.store import opening
from ledger.store.journal import Draft, Head, Journal
from ledger.store.records import Records
from ledger.store.sqlite import SqliteJournal

Progress = Callable[[int], None]
"""Told how many entries (of a file's backup: pages) have been copied since the last time."""
_PAGE = 2_000
_PAGES_A_STEP = 1_000


def copy(source: Journal, url: str, progress: Progress | None = None) -> Head:
    """Make a new ledger of the entries that ``source`` has now; its head.

    Raises `StoreTrouble`: ``store-exists`` where there is a ledger, ``copy-differs`` where an entry of the
    source is not what its own index, chain and time say, or cannot be taken apart.
    """
    wanted = source.head()
    target = opening.create(url)
    try:
        with target.transaction(write=True):
            for page in _pages(source, wanted.size):
                _put(target, page, source.url)
                if progress is not None:
                    progress(len(page))
            found = target.head()
            if (found.size, found.hash, found.root()) != (wanted.size, wanted.hash, wanted.root()):
                raise StoreTrouble("copy-differs", path=source.url, index=wanted.size - 1)
    except BaseException:
        target.discard()
        raise
    target.close()
    return wanted


class _Copied:
    """An entry on its way: what was read, and the draft that must become the same again."""

    __slots__ = ("data", "draft", "moment")

    def __init__(
        self, data: bytes, record: Recorded, disclosures: tuple[str, ...], path: str, newer: _Newer
    ) -> None:
        try:
            _, _, self.moment, statement, signature = fields(data)
            known = Statement.read(statement)
        except Malformed:
            raise StoreTrouble("copy-differs", path=path, index=record.index) from None
        opaque = isinstance(record.event, Opaque)
        self.data = data
        self.draft = Draft(
            statement,
            signature,
            known.id,
            known.type,
            newer.guarded(record.index) if opaque else guarded(record.event, record.about),
            newer.touched(record.index) if opaque else touched(record.event, record.about),
            disclosures,
        )


class _Newer:
    """What the source says about entries that this version cannot read; it is gone through once, should there
    be any."""

    def __init__(self, source: Journal, records: Records, stop: int) -> None:
        self._source = source
        self._records = records
        self._stop = stop
        self._found: dict[int, tuple[list[str], list[str]]] | None = None

    def guarded(self, index: int) -> tuple[str, ...]:
        """The subjects that such an entry guards."""
        return tuple(self._of(index)[0])

    def touched(self, index: int) -> tuple[str, ...]:
        """The subjects that it only touches."""
        return tuple(self._of(index)[1])

    def _of(self, index: int) -> tuple[list[str], list[str]]:
        if self._found is None:
            self._found = self._gathered(index)
        return self._found[index]

    def _gathered(self, first: int) -> dict[int, tuple[list[str], list[str]]]:
        found: dict[int, tuple[list[str], list[str]]] = {}
        for one in self._records.between(first, self._stop):
            if isinstance(one.event, Opaque):
                found[one.index] = ([], [])
        for subject, _, index in self._source.links():
            if index in found:
                found[index][0].append(subject)
        for subject, index in self._source.mentions():
            if index in found:
                found[index][1].append(subject)
        return found


def _pages(source: Journal, stop: int) -> Iterator[list[_Copied]]:
    records = Records(source)
    erased, newer = _erased(source, records), _Newer(source, records, stop)
    entries, told = source.entries(0, stop), records.between(0, stop)
    while page := list(islice(zip(entries, told, strict=True), _PAGE)):
        kept = source.disclosed(page[0][0][0], page[-1][0][0] + 1)
        yield [
            _Copied(data, record, _left(kept.get(index, ()), erased.get(index)), source.url, newer)
            for (index, data), record in page
        ]


def _erased(source: Journal, records: Records) -> dict[int, set[str]]:
    """By entry, the digests of the values whose erasure is recorded."""
    found: dict[int, set[str]] = {}
    for index in source.erasures():
        event = records.recorded(index).event
        if isinstance(event, DisclosureErased):
            found.setdefault(event.index, set()).update(event.digests)
    return found


def _left(texts: tuple[str, ...], erased: set[str] | None) -> tuple[str, ...]:
    return texts if erased is None else tuple(text for text in texts if digest(text) not in erased)


def _put(target: Journal, page: list[_Copied], path: str) -> None:
    appended, _ = target.append(
        [one.draft for one in page],
        clock=lambda: 0,
        read={},
        head=target.head(),
        moments=[one.moment for one in page],
    )
    for one, told in zip(page, appended, strict=True):
        if told.hash != entry_hash(one.data):
            raise StoreTrouble("copy-differs", path=path, index=told.index)


def backup(source: Journal, path: Path, progress: Progress | None = None) -> Head:
    """Copy a ledger into a new SQLite file while others write to it; the head of what was copied.

    A SQLite ledger is copied page by page by SQLite itself, in one read transaction; one in PostgreSQL as
    `copy` does. The file is there only when it is whole and on the disk.

    Raises `StoreTrouble` (``store-exists``, ``store-unwritable``, ``store-full``, ...).
    """
    if path.exists():
        raise StoreTrouble("store-exists", path=str(path))
    draft = path.with_name(path.name + ".part")
    draft.unlink(missing_ok=True)
    try:
        if isinstance(source, SqliteJournal):
            _copy_pages(source, draft, progress)
        else:
            copy(source, str(draft), progress)
        _settle(draft)
        with opening.open(str(draft), write=False) as made:
            head = made.head()
        os.rename(draft, path)  # noqa: PTH104  a file that has come there meanwhile stays, on Windows
    finally:
        for ending in ("", "-wal", "-shm"):
            draft.with_name(draft.name + ending).unlink(missing_ok=True)
    return head


def _copy_pages(source: SqliteJournal, draft: Path, progress: Progress | None) -> None:
    before = 0

    def tell(_: int, remaining: int, total: int) -> None:
        nonlocal before
        if progress is not None:
            progress(total - remaining - before)
        before = total - remaining

    try:
        draft.touch(mode=0o600, exist_ok=False)  # what is sealed in the ledger lies here too
    except OSError as problem:
        raise StoreTrouble("store-unwritable", path=str(draft), reason=problem.strerror) from None
    with source.transaction(write=False) as rows:
        rows.execute("SELECT size FROM head").fetchone()  # the state that is copied begins here
        target = sqlite3.connect(draft)
        try:
            rows.connection.backup(target, pages=_PAGES_A_STEP, progress=tell, sleep=0)
        finally:
            target.close()


def _settle(draft: Path) -> None:
    """One file without a log, on the disk."""
    connection = sqlite3.connect(draft)
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
    finally:
        connection.close()
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
