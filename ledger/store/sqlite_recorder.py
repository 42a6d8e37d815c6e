"""The library's SQLite recorder, with what a ledger adds to it.

``stored_events`` is the library's table: one stream, the entry's bytes as the event's state, its wire name
as the topic, its index as the version. The notification id (the rowid) is never used as the index. Our own
tables are made and filled at the recorder's own seams, in one transaction with its table, over the journal's
connection (`ledger.store.sqlite_connection`).

The library takes a fifth of the time in which a command starts, so only who writes imports this module.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteCursor, SQLiteDatastore

from ledger.store.journal import FORMAT, Head
from ledger.store.sqlite_file import APPLICATION_ID, STREAM, Place

TABLES = (
    "CREATE TABLE head (only INTEGER PRIMARY KEY CHECK (only = 1), size INTEGER NOT NULL, "
    "hash BLOB NOT NULL, recorded INTEGER NOT NULL, frontier BLOB NOT NULL)",
    "CREATE TABLE links (subject TEXT, version INTEGER, idx INTEGER NOT NULL, "
    "PRIMARY KEY (subject, version)) WITHOUT ROWID",
    "CREATE TABLE mentions (subject TEXT, idx INTEGER, PRIMARY KEY (subject, idx)) WITHOUT ROWID",
    "CREATE TABLE nodes (level INTEGER, place INTEGER, hash BLOB NOT NULL, PRIMARY KEY (level, place)) "
    "WITHOUT ROWID",
    "CREATE TABLE types (wire TEXT PRIMARY KEY, first INTEGER NOT NULL) WITHOUT ROWID",
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


_INSERT = {
    "links": "INSERT INTO links VALUES (?, ?, ?)",
    "mentions": "INSERT INTO mentions VALUES (?, ?)",
    "ids": "INSERT INTO ids VALUES (?, ?)",
    "types": "INSERT OR IGNORE INTO types VALUES (?, ?)",
    "disclosures": "INSERT INTO disclosures (idx, digest, disclosure) VALUES (?, ?, ?)",
}


def recorder(place: Place) -> EntryRecorder:
    """The recorder of a ledger; the library's own pool of connections stays empty."""
    return EntryRecorder(SQLiteDatastore(place.database, originator_id_type="text"))


class EntryRecorder(SQLiteApplicationRecorder):
    """The library's recorder of one stream of entries, and the tables that find them."""

    def lay(self, rows: sqlite3.Cursor) -> None:
        """Make the tables."""
        self._create_table(SQLiteCursor(rows))

    def insert(self, rows: sqlite3.Cursor, entries: Iterable[tuple[int, str, bytes]], **tables: Any) -> None:
        """Entries as (index, type, bytes), and by table the rows that find them."""
        events = [StoredEvent(STREAM, index, wire, data) for index, wire, data in entries]
        self._insert_events(SQLiteCursor(rows), events, **tables)

    def construct_create_table_statements(self) -> list[str]:
        """The library's table and ours."""
        return [*super().construct_create_table_statements(), *TABLES]

    def _create_table(self, c: SQLiteCursor) -> None:
        super()._create_table(c)
        none = Head()
        c.execute(
            "INSERT INTO head VALUES (1, ?, ?, ?, ?)", (none.size, none.hash, none.recorded, none.frontier)
        )

    def _insert_events(self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        """Entries, and by table the rows that find them; nobody asks for the notification ids."""
        entries = [(e.originator_id, e.originator_version, e.topic, e.state) for e in stored_events]
        c.executemany(self.insert_events_statement, entries)
        for table, rows in kwargs.items():
            if rows:
                c.executemany(_INSERT[table], rows)
