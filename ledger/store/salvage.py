"""Reading a ledger's file for checking it: every row as it lies there, in one snapshot, whatever was done to
it.

`ledger.store.sqlite` reads what this program wrote. Whoever checks a file must also see what it did not
write: rows that no reader asks for, values of another kind, texts that are none, pages that cannot be read.
Such a row is told as `Strange`, and an entry that lies on a damaged page as lost with its index; reading goes
on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import field
from typing import Any, ClassVar

from ledger.errors import StoreTrouble
from ledger.store import opening
from ledger.store.journal import Journal
from ledger.store.rows import Table
from ledger.store.sqlite import SqliteJournal
from ledger.store.sqlite_file import STREAM, find_place
from ledger.store.sqlite_trouble import trouble
from ledger.store.tables import definitions
from ledger.values import dataclass

_PAGE_ROWS = 512
_RESCUED = 4_096
_VIEWS = "views"
_BEYOND = 2**53
_ENTRIES = (
    "SELECT originator_version, CAST(topic AS BLOB), state FROM stored_events WHERE originator_id = ? "
    "AND originator_version >= ? AND originator_version < ? AND typeof(originator_version) = 'integer' "
    "AND typeof(state) = 'blob' ORDER BY originator_version LIMIT ?"
)
_LAST = (
    "SELECT originator_version FROM stored_events WHERE originator_id = ? AND originator_version < ? "
    "AND typeof(originator_version) = 'integer' ORDER BY originator_version DESC LIMIT 1"
)
KINDS: dict[str, tuple[tuple[str, str], ...]] = {
    "links": (("subject", "text"), ("version", "integer"), ("idx", "integer")),
    "mentions": (("subject", "text"), ("idx", "integer")),
    "types": (("wire", "text"), ("first", "integer")),
    "ids": (("id", "blob"), ("idx", "integer")),
    "disclosures": (("number", "integer"), ("idx", "integer"), ("digest", "text"), ("disclosure", "text")),
    "nodes": (("level", "integer"), ("place", "integer"), ("hash", "blob")),
    "head": (("size", "integer"), ("hash", "blob"), ("recorded", "integer"), ("frontier", "blob")),
}
"""The tables that find entries: their columns in the order that rows are told, and of which kind each is."""
_STRANGE_ENTRIES = (
    "SELECT count(*) FROM stored_events WHERE originator_id IS NOT ? "
    "OR typeof(originator_version) <> 'integer' OR originator_version < 0 "
    "OR originator_version >= ? OR typeof(topic) <> 'text' OR typeof(state) <> 'blob'"
)

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Strange:
    """A row that this program did not write: a value of it is of another kind than the table's."""

    values: Row


@dataclass(frozen=True, slots=True)
class Deformed:
    """A ``kind`` of thing in the file (table, index, trigger, view) that is ``missing``, ``altered`` or
    ``foreign``."""

    kind: str
    name: str
    how: str


@dataclass
class Salvage:
    """One snapshot of a ledger's file. ``lost``: indexes of entries that could not be read, with the
    reason."""

    connection: Any
    url: str
    lost: dict[int, str] = field(default_factory=dict)

    ENTRIES: ClassVar[str] = _ENTRIES
    LAST: ClassVar[str] = _LAST

    def stop(self) -> int:
        """One more than the last entry's index; where that page cannot be read, what the head says."""
        try:
            found = list(self._all(self.LAST, STREAM, _BEYOND))
            return int(found[0][0]) + 1 if found else 0
        except StoreTrouble:
            return self._size()

    def _size(self) -> int:
        try:
            heads = [row for row in self.rows("head") if not isinstance(row, Strange)]
        except StoreTrouble:
            return 0
        return int(heads[0][0]) if heads and 0 <= heads[0][0] < _BEYOND else 0

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Indexes and bytes of all entries that can be read, in order."""
        for index, _, data in self.topics(start, stop):
            yield index, data

    def topics(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes | None, bytes]]:
        """`entries` with the type's name beside each, as the table has it."""
        end = _BEYOND if stop is None else stop
        while start < end:
            try:
                page = list(self._all(self.ENTRIES, STREAM, start, end, _PAGE_ROWS))
                following = page[-1][0] + 1 if len(page) == _PAGE_ROWS else end
            except StoreTrouble as damage:
                end = min(end, max(self.stop(), start + 1))
                following = min(start + _RESCUED, end)
                page = list(self._rescued(start, following, damage))
            yield from page
            start = following

    def _rescued(self, start: int, stop: int, damage: StoreTrouble) -> Iterator[Row]:
        """What of a stretch can be read, halving it again and again around what cannot."""
        if stop - start == 1:
            self.lost[start] = str(damage.values.get("reason", damage))
            return
        middle = (start + stop) // 2
        for low, high in ((start, middle), (middle, stop)):
            try:
                page = list(self._all(self.ENTRIES, STREAM, low, high, -1))
            except StoreTrouble as inner:
                page = list(self._rescued(low, high, inner))
            yield from page

    def rows(self, table: str) -> Iterator[Row | Strange]:
        """All rows of one of the tables that find entries, ordered by its columns. Texts are strict UTF-8.

        Raises `StoreTrouble` (``store-damaged``) where a page cannot be read.
        """
        kinds = KINDS[table]
        columns = ", ".join(f"CAST({name} AS BLOB)" if kind == "text" else name for name, kind in kinds)
        right = " AND ".join(f"typeof({name}) = '{kind}'" for name, kind in kinds)
        order = ", ".join(name for name, _ in kinds)
        statement = f"SELECT {right}, {columns} FROM {table} ORDER BY {order}"  # noqa: S608  names from above
        texts = [place for place, (_, kind) in enumerate(kinds) if kind == "text"]
        for is_right, *values in self._all(statement):
            yield _told(values, texts) if is_right else Strange(tuple(values))

    def disclosed(self, start: int, stop: int) -> dict[int, list[Row]]:
        """(digest, disclosure) of the entries from ``start`` to ``stop`` - 1, as far as they are texts."""
        statement = (
            "SELECT idx, CAST(digest AS BLOB), CAST(disclosure AS BLOB) FROM disclosures "
            "WHERE idx >= ? AND idx < ? AND typeof(disclosure) = 'text' AND typeof(digest) = 'text'"
        )
        found: dict[int, list[Row]] = {}
        for values in self._all(statement, start, stop):
            row = _told(list(values), [1, 2])
            if not isinstance(row, Strange):
                found.setdefault(row[0], []).append(row[1:])
        return found

    def first_of(self, subjects: list[str]) -> dict[str, int]:
        """The index of the first entry that is linked to each subject; unknown ones are left out, and
        links to what is no index."""
        found: dict[str, int] = {}
        for subject in subjects:
            statement = (
                "SELECT idx FROM links WHERE subject = ? AND typeof(idx) = 'integer' ORDER BY version LIMIT 1"
            )
            found.update((subject, row[0]) for row in self._all(statement, subject))
        return found

    def views(self) -> list[tuple[str, int, str]]:
        """(view, version, names of its tables) of the views that the file says it has."""
        if ("table", _VIEWS) not in self.definitions():
            return []
        return [(row[0], row[1], row[2]) for row in self._all("SELECT view, version, tables FROM views")]

    def strange_views(self) -> Iterator[tuple[str, int]]:
        """(table, rows) of the views' tables that have rows of another kind than their columns."""
        for kind, name in sorted(self.definitions()):
            if kind == "table" and (name == _VIEWS or name.startswith("view_")):
                columns = list(self._all(f'PRAGMA table_info("{name}")'))
                wrong = sum(1 for row in self._all(_kinds_of(name, columns)) if not _is_sound(row, columns))
                if wrong:
                    yield name, wrong

    def deformed_views(self, tables: Iterable[Table]) -> Iterator[Deformed]:
        """What of the views' tables and indexes is missing, altered or foreign where ``tables`` were made."""
        wanted = definitions(tables)
        found = {key: text for key, text in self.definitions().items() if key[1].startswith("view_")}
        for kind, name in sorted(wanted.keys() ^ found.keys()):
            yield Deformed(kind, name, "foreign" if (kind, name) in found else "missing")
        for kind, name in sorted(wanted.keys() & found.keys()):
            if found[kind, name] != wanted[kind, name]:
                yield Deformed(kind, name, "altered")

    def strange_entries(self) -> int:
        """How many rows lie among the entries that no reader takes for one."""
        return int(next(self._all(_STRANGE_ENTRIES, STREAM, _BEYOND))[0])

    def deformed(self) -> Iterator[Deformed]:
        """Tables, indexes and the like that a ledger has and this file has not, or the other way round. Those
        that the file lists as views' are left to whoever compares views."""
        found, wanted = self.definitions(), self.expected()
        for (kind, name), text in sorted(wanted.items()):
            if found.get((kind, name)) != text:
                yield Deformed(kind, name, "altered" if (kind, name) in found else "missing")
        listed = {_VIEWS, *(name for _, _, names in self.views() for name in str(names).split())}
        for kind, name in sorted(found.keys() - wanted.keys()):
            of = name.partition("_by_")[0] if kind == "index" else name
            if kind not in ("table", "index") or of not in listed or not of.startswith(_VIEWS[:4]):
                yield Deformed(kind, name, "foreign")

    def definitions(self) -> dict[tuple[str, str], str]:
        """What the file says of its tables, indexes and the like: (kind, name) -> definition. Indexes that
        SQLite makes and statistics are left out."""
        found = self._all("SELECT type, name, coalesce(sql, '') FROM sqlite_schema")
        return {(kind, name): text for kind, name, text in found if not name.startswith("sqlite_")}

    def expected(self) -> dict[tuple[str, str], str]:
        """`definitions` of a new ledger."""
        return expected_definitions()

    def integrity(self, most: int = 20) -> list[str]:
        """What SQLite's own check of the file's structure says; empty when all is well."""
        try:
            found = [str(row[0]) for row in self._all(f"PRAGMA integrity_check({most})")]
        except StoreTrouble as damage:
            return [str(damage.values.get("reason", damage))]
        return [] if found == ["ok"] else found

    def _all(self, statement: str, *values: object) -> Iterator[Row]:
        cursor = self.connection.cursor()
        cursor.row_factory = None
        try:
            cursor.execute(statement, values)
            while page := cursor.fetchmany(_PAGE_ROWS):
                yield from page
        except (
            sqlite3.Error,
            OverflowError,
            UnicodeDecodeError,
        ) as problem:  # the last from SQLite's messages
            told = trouble(problem, self.url) if isinstance(problem, sqlite3.Error) else None
            raise told or StoreTrouble("store-damaged", path=self.url, reason=str(problem)) from problem
        finally:
            cursor.close()


def _told(values: list[Any], texts: list[int]) -> Row | Strange:
    try:
        for place in texts:
            values[place] = values[place].decode("utf-8")
    except UnicodeDecodeError:
        return Strange(tuple(values))
    return tuple(values)


def _kinds_of(table: str, columns: list[Row]) -> str:
    """Each column's kind, and its bytes where that is text."""
    names = [column[1] for column in columns]
    kinds = ", ".join(f'typeof("{name}")' for name in names)
    texts = ", ".join(
        f'CASE typeof("{name}") WHEN \'text\' THEN CAST("{name}" AS BLOB) END' for name in names
    )
    return f'SELECT {kinds}, {texts} FROM "{table}"'  # noqa: S608  names from the file's own definitions


def _is_sound(row: Row, columns: list[Row]) -> bool:
    kinds, texts = row[: len(columns)], row[len(columns) :]
    for kind, (_, _, declared, needed, _, in_key) in zip(kinds, columns, strict=True):
        if kind != declared.lower() and (kind != "null" or needed or in_key):
            return False
    return not isinstance(_told([text or b"" for text in texts], list(range(len(texts)))), Strange)


def open_for_checking(url: str) -> Journal:
    """A ledger that is there, for reading, also one whose head is missing or cannot be read.

    Raises `StoreTrouble` as `ledger.store.opening.open` does for what is no ledger at all, ``store-damaged``
    where SQLite cannot make out which tables there are, ``store-computed`` where they are none.
    """
    try:
        return opening.open(url, write=False)
    except UnicodeDecodeError as problem:
        raise StoreTrouble("store-damaged", path=url, reason=str(problem)) from None
    except StoreTrouble as problem:
        if problem.code != "store-damaged":
            raise
        return SqliteJournal(find_place(url, write=False))


@contextmanager
def snapshot(journal: Journal) -> Iterator[Salvage]:
    """One state of the file for as long as this lasts; what others append meanwhile is not seen."""
    with journal.transaction(write=False) as cursor:
        yield Salvage(cursor.connection, journal.url)


def expected_definitions() -> dict[tuple[str, str], str]:
    """`Salvage.definitions` of a new ledger."""
    with SqliteJournal.create(":memory:") as journal, snapshot(journal) as salvage:
        return salvage.definitions()
