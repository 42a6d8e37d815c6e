"""The library's SQLite recorder, with what a ledger adds to it.

``stored_events`` is the library's table: one stream, the entry's bytes as the event's state, its wire name
as the topic, its index as the version. The notification id (the rowid) is never used as the index. Our own
tables are made and filled at the recorder's own seams (`construct_create_table_statements`,
`_insert_events`), in its transaction.

Two things differ from the library on purpose. A writing transaction takes the lock at once (``BEGIN
IMMEDIATE``): with a deferred one, whoever has read the head fails as soon as another writer commits,
whatever the timeout. And a commit that fails (full disk) rolls back, so that the connection does not go
back to the pool inside a transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)

from ledger.store.journal import FORMAT, Head
from ledger.store.sqlite_file import APPLICATION_ID

STREAM = "ledger"
"""The one stream's name in the library's table."""
ERASURES = "SELECT originator_version FROM stored_events WHERE topic = 'disclosure-erased/1'"
"""Answered from an index of its own, so that opening a large ledger need not read it."""

_COUNTED = "INSERT INTO types VALUES (?, 1, ?) ON CONFLICT (wire) DO UPDATE SET count = count + 1"

TABLES = (
    "CREATE TABLE head (only INTEGER PRIMARY KEY CHECK (only = 1), size INTEGER NOT NULL, "
    "hash BLOB NOT NULL, recorded INTEGER NOT NULL, frontier BLOB NOT NULL)",
    "CREATE TABLE links (subject TEXT, version INTEGER, idx INTEGER NOT NULL, "
    "PRIMARY KEY (subject, version)) WITHOUT ROWID",
    "CREATE TABLE mentions (subject TEXT, idx INTEGER, PRIMARY KEY (subject, idx)) WITHOUT ROWID",
    "CREATE TABLE types (wire TEXT PRIMARY KEY, count INTEGER NOT NULL, first INTEGER NOT NULL) "
    "WITHOUT ROWID",
    "CREATE TABLE ids (id BLOB PRIMARY KEY, idx INTEGER NOT NULL) WITHOUT ROWID",
    # With a rowid, so that rows are only ever put behind the last one: SQLite then copies no row from page
    # to page, and no forgotten copy outlives an erasure.
    "CREATE TABLE disclosures (number INTEGER PRIMARY KEY, idx INTEGER NOT NULL, digest TEXT NOT NULL, "
    "disclosure TEXT NOT NULL)",
    "CREATE INDEX disclosures_by_entry ON disclosures (idx)",
    "CREATE INDEX erasures ON stored_events (originator_version) WHERE topic = 'disclosure-erased/1'",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FORMAT}",
)


class _Transaction(SQLiteTransaction):
    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE" if self.commit else "BEGIN")
        return cursor


class _Connection(SQLiteConnection):
    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        with _Transaction(self, commit=commit) as cursor:
            try:
                yield cursor
            finally:
                cursor.sqlite_cursor.close()

    def commit(self) -> None:
        try:
            super().commit()
        except sqlite3.Error:
            self.rollback()
            raise


class _Pool(SQLiteConnectionPool):
    pragmas: tuple[str, ...] = ()

    def _create_connection(self) -> SQLiteConnection:
        connection = sqlite3.connect(
            self.db_name,
            uri=True,
            check_same_thread=False,
            isolation_level=None,
            timeout=self.lock_timeout or 0,
        )
        try:
            for pragma in self.pragmas:
                connection.execute(pragma)
        except sqlite3.Error:
            connection.close()
            raise
        connection.row_factory = sqlite3.Row
        return _Connection(connection, max_age=None)


class LedgerDatastore(SQLiteDatastore):
    """The library's datastore with connections as a ledger wants them.

    ``patience``: seconds to wait for a lock; ``log``: write through a write-ahead log from now on.
    """

    def __init__(self, database: str, *, patience: int, log: bool) -> None:
        super().__init__(database, originator_id_type="text")
        pool = _Pool(db_name=database, lock_timeout=patience, pool_timeout=float(patience))
        pool.pragmas = (
            *(("PRAGMA journal_mode = WAL",) if log else ()),
            "PRAGMA synchronous = FULL",
            "PRAGMA secure_delete = ON",
            "PRAGMA cache_size = -16384",
        )
        self.pool = pool

    @contextmanager
    def rows(self, *, write: bool) -> Iterator[sqlite3.Cursor]:
        """A transaction, and a cursor whose rows are tuples."""
        with self.transaction(commit=write) as cursor:
            bare = cursor.sqlite_cursor
            bare.row_factory = None
            yield bare

    def answer(self, statement: str, values: Sequence[object]) -> list[Any]:
        """The rows of one SELECT, which needs no transaction around it."""
        with self.get_connection(commit=False) as connection, connection.cursor() as cursor:
            cursor.row_factory = None
            return cursor.execute(statement, values).fetchall()


class EntryRecorder(SQLiteApplicationRecorder):
    """The library's recorder of one stream of entries, and the tables that find them."""

    datastore: LedgerDatastore

    def construct_create_table_statements(self) -> list[str]:
        """The library's table and ours."""
        return [*super().construct_create_table_statements(), *TABLES]

    def _create_table(self, c: SQLiteCursor) -> None:
        super()._create_table(c)
        none = Head()
        c.execute(
            "INSERT INTO head VALUES (1, ?, ?, ?, ?)", (none.size, none.hash, none.recorded, none.frontier)
        )

    def _insert_events(
        self,
        c: SQLiteCursor,
        stored_events: Sequence[StoredEvent],
        *,
        links: Iterable[tuple[str, int, int]] = (),
        mentions: Iterable[tuple[str, int]] = (),
        ids: Iterable[tuple[bytes, int]] = (),
        disclosures: Iterable[tuple[int, str, str]] = (),
        **_: Any,
    ) -> Sequence[int] | None:
        """Entries and what finds them; the notification ids, which nobody may use, are not asked for."""
        c.executemany(
            "INSERT INTO stored_events VALUES (?, ?, ?, ?)",
            [(e.originator_id, e.originator_version, e.topic, e.state) for e in stored_events],
        )
        c.executemany(_COUNTED, [(e.topic, e.originator_version) for e in stored_events])
        c.executemany("INSERT INTO ids VALUES (?, ?)", ids)
        c.executemany("INSERT INTO links VALUES (?, ?, ?)", links)
        c.executemany("INSERT INTO mentions VALUES (?, ?)", mentions)
        c.executemany("INSERT INTO disclosures (idx, digest, disclosure) VALUES (?, ?, ?)", disclosures)
        return None
