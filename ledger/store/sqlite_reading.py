"""Asking a SQLite ledger: every question of `ledger.store.journal`.

Python's own ``sqlite3`` is all that reading needs: the library behind the store is left to who writes. A list
of names or indexes goes in as a JSON array; taking that apart costs more than asking for a few one by one.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from ledger.errors import NotFound, StoreTrouble
from ledger.store.journal import Found, Head, Journal
from ledger.store.sqlite_connection import LedgerConnection
from ledger.store.sqlite_file import ERASURES, STREAM

_PAGE_ROWS = 20_000
_PAGE_BYTES = 4 * 1024 * 1024
_STRIDE = 500
HEAD = "SELECT size, hash, recorded, frontier FROM head"
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
_VERSIONS = (  # one step into the index for each, however many versions it has
    "SELECT value, coalesce((SELECT max(version) FROM links WHERE subject = value), 0) FROM json_each(?)"
)
_TOUCHED = "SELECT idx FROM mentions WHERE subject = ? AND idx >= ? AND idx < ? ORDER BY idx LIMIT ?"
_TOUCHED_LAST = _TOUCHED.replace("ORDER BY idx", "ORDER BY idx DESC")
_ERASURES = ERASURES + " ORDER BY originator_version"
_DISCLOSED_AMONG = (
    "SELECT idx, disclosure FROM disclosures WHERE idx IN (SELECT value FROM json_each(?)) ORDER BY number"
)
# The order is forced: without statistics SQLite may begin with the entries, all of them.
_GUARDED_WITH_ALL = (
    "SELECT idx, state, (SELECT group_concat(disclosure, ' ') FROM disclosures WHERE idx = found.idx) "
    "FROM links AS found CROSS JOIN stored_events "
    "ON originator_id = 'ledger' AND originator_version = idx WHERE subject = ?1"
)
_ENTRIES_OF_ONE = " UNION ALL ".join((_GUARDED_WITH_ALL, _GUARDED_WITH_ALL.replace("links", "mentions")))
_NODES = "SELECT hash FROM nodes WHERE level = ? AND place >= ? AND place < ? ORDER BY place"
_NO_END = 2**53
_FEW = 3


class SqliteReading(Journal):
    """The questions of a journal, asked over its ``_connection``."""

    _connection: LedgerConnection

    def head(self) -> Head:
        """Where the ledger ends now."""
        return the_head(self._all(HEAD), self.url)

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
        return self._connection.answer(statement, values)

    def versions(self, subjects: Iterable[str]) -> dict[str, int]:
        """See `Journal.versions`."""
        with self.transaction(write=False) as rows:
            return versions_of(rows, subjects)

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

    def entries_of(self, subjects: Iterable[str]) -> Found:
        """See `Journal.entries_of`."""
        names = list(subjects)
        if len(names) > _FEW:
            return super().entries_of(names)
        found = Found({}, {}, {})
        for name in names:
            rows = self._all(_ENTRIES_OF_ONE, name)
            if rows:
                found.indexes[name] = [row[0] for row in rows]
            for index, data, texts in rows:
                found.entries[index] = data
                if texts is not None:
                    found.disclosures[index] = tuple(texts.split(" "))
        return found

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
        statement = "SELECT idx, disclosure FROM disclosures WHERE idx >= ? AND idx < ? ORDER BY number"
        return _gathered(self._all(statement, start, stop))

    def disclosed_among(self, indexes: Iterable[int]) -> dict[int, tuple[str, ...]]:
        """See `Journal.disclosed_among`."""
        return _gathered(self._all(_DISCLOSED_AMONG, json.dumps(list(indexes))))

    def erasures(self) -> list[int]:
        """See `Journal.erasures`."""
        return [index for (index,) in self._all(_ERASURES)]

    def _paged(self, statement: str, key: tuple[str, ...], last: tuple[Any, ...]) -> Iterator[Any]:
        """See `Journal._paged`."""
        columns, marks = ", ".join(key), ", ".join("?" * len(key))
        statement += f" WHERE ({columns}) > ({marks}) ORDER BY {columns} LIMIT {_PAGE_ROWS}"
        while page := self._all(statement, *last):
            yield from page
            last = page[-1][: len(key)]

    def nodes(self, level: int, start: int, stop: int) -> list[bytes]:
        """See `Journal.nodes`."""
        return [data for (data,) in self._all(_NODES, level, start, stop)]


def the_head(found: list[tuple[Any, ...]], url: str) -> Head:
    """The head in rows of its table. Raises `StoreTrouble` (``store-damaged``)."""
    if not found:
        raise StoreTrouble("store-damaged", path=url, reason="the head is missing")
    return Head(*found[0])


def versions_of(rows: sqlite3.Cursor, subjects: Iterable[str]) -> dict[str, int]:
    """`Journal.versions` inside a transaction."""
    found = dict.fromkeys(subjects, 0)
    found.update(rows.execute(_VERSIONS, (json.dumps(list(found)),)).fetchall())
    return found


def _gathered(rows: Iterable[tuple[int, str]]) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = defaultdict(list)
    for index, text in rows:
        found[index].append(text)
    return {index: tuple(texts) for index, texts in found.items()}
