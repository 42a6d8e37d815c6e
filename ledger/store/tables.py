"""A small table store for views: rows that follow the ledger and can be thrown away at any time.

A view is a set of tables with one position: the number of entries that its rows stand for. `Tables.advance`
moves it from one position to a later one together with the rows that change, in one transaction, so that
each entry is counted exactly once whatever processes there are. This is the only SQL of the views, and it
keeps to what SQLite and PostgreSQL share; where they differ, `Dialect` says how.

Weights are whole numbers, and sums of them are exact whatever their size.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from ledger.errors import StoreTrouble
from ledger.store.rows import INT, Changes, Key, Row, Rows, Table, Where, ordering
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.store.journal import Journal

Transaction = Callable[..., AbstractContextManager[Any]]

_PAGE = 2_000
_AT_ONCE = 400
_LOW = 24
"""Sums are taken of the high and the low bits apart: no sum of either overflows the database's integers."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where databases differ: the mark of a value, what follows a table's columns, how to ask for a
    table."""

    mark: str
    tail: str
    integer: str
    text: str
    has_table: str


SQLITE = Dialect(
    "?", " WITHOUT ROWID", "INTEGER", "TEXT", "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"
)
POSTGRESQL = Dialect(
    "%s", "", "BIGINT", 'TEXT COLLATE "C"',
    "SELECT 1 FROM pg_class WHERE oid = to_regclass(quote_ident(%s)) AND relkind IN ('r', 'p')",
)  # fmt: skip
DIALECTS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
_META = "views"
_A_VIEWS = re.compile(r"view_[a-z_]+")


class Tables(Rows):
    """Tables in a database: in the ledger's own store, or private ones that are gone when closed."""

    def __init__(
        self, transaction: Transaction, dialect: Dialect = SQLITE, close: Callable[[], None] | None = None
    ) -> None:
        self._transaction = transaction
        self._dialect = dialect
        self._close = close

    @classmethod
    def of(cls, journal: Journal) -> Tables:
        """The tables in a ledger's own store."""
        return cls(journal.transaction, DIALECTS[journal.engine])

    @classmethod
    def private(cls) -> Tables:
        """Tables of this process alone, in memory as far as they fit and in a nameless file beyond."""
        import sqlite3  # only here: questions can be asked of any rows where there is no SQLite

        connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -32768"):
            connection.execute(f"PRAGMA {pragma}")

        @contextmanager
        def transaction(*, write: bool) -> Iterator[Any]:
            cursor = connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            try:
                yield cursor
            finally:
                cursor.close()
                connection.execute("COMMIT")

        return cls(transaction, close=connection.close)

    def close(self) -> None:
        """Private tables are gone; those of a ledger stay."""
        if self._close is not None:
            self._close()

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def position(self, view: str, version: int) -> int | None:
        """How many entries a view's rows stand for; None where it is not there in this version."""
        with self._transaction(write=False) as cursor:
            found = self._position(cursor, view)
        return found[1] if found is not None and found[0] == version else None

    def advance(
        self, view: str, version: int, tables: Sequence[Table], start: int, stop: int, changes: Changes
    ) -> bool:
        """Change rows and move the position from ``start`` to ``stop``, both or neither.

        False, and nothing changed, where the view stands elsewhere: another process was first.
        """
        with self._transaction(write=True) as cursor:
            found = self._position(cursor, view)
            if found is None:
                if start != 0:
                    return False
                self._create(cursor, view, version, tables)
            elif found != (version, start):
                return False
            for table in tables:
                self._write(cursor, table, changes.tables.get(table.name, {}))
            cursor.execute(self._marked("UPDATE views SET position = ? WHERE view = ?"), (stop, view))
        return True

    def drop(self, view: str, tables: Iterable[Table] = ()) -> None:
        """Throw a view's tables away, whatever its version; the next `advance` begins from zero.

        Those it says it has go, and ``tables``, also where nothing says that they are there.
        """
        with self._transaction(write=True) as cursor:
            for name in {*self._named(cursor, view), *map(_real, tables)}:
                cursor.execute(f"DROP TABLE IF EXISTS {name}")
            if self._has(cursor, _META):
                cursor.execute(self._marked("DELETE FROM views WHERE view = ?"), (view,))

    def discard(self, view: str, tables: Sequence[Table]) -> None:
        """As `drop`, whatever stands where views stand: also the table that tells of all views goes."""
        try:
            with self._transaction(write=False) as cursor:
                said = set(self._named(cursor, view))
        except StoreTrouble:  # it cannot be read, or names what is none of a view's: others made it so
            said = set()
        with self._transaction(write=True) as cursor:
            for name in sorted({*said, *map(_real, tables), _META}):
                kind = "TABLE" if self._has(cursor, name) else "VIEW"
                cursor.execute(f"DROP {kind} IF EXISTS {name}")
            for table in tables:  # an index goes with its table, and stays where that was renamed
                for kind, name, _ in _definition(table, self._dialect):
                    if kind == "index":
                        cursor.execute(f"DROP INDEX IF EXISTS {name}")

    def _named(self, cursor: Any, view: str) -> Iterator[str]:
        """The tables that a view says it has."""
        if not self._has(cursor, _META):
            return
        cursor.execute(self._marked("SELECT tables FROM views WHERE view = ?"), (view,))
        for (names,) in cursor.fetchall():
            for name in names.split():
                if not _A_VIEWS.fullmatch(name):  # the file says so, and a file can be edited
                    raise StoreTrouble("store-damaged", path=view, reason=f"a view's table called {name!r}")
                yield name

    def _marked(self, statement: str) -> str:
        return statement.replace("?", self._dialect.mark)

    def _has(self, cursor: Any, name: str) -> bool:
        cursor.execute(self._dialect.has_table, (name,))
        return cursor.fetchone() is not None

    def _position(self, cursor: Any, view: str) -> tuple[int, int] | None:
        if not self._has(cursor, _META):
            return None
        cursor.execute(self._marked("SELECT version, position FROM views WHERE view = ?"), (view,))
        found: tuple[int, int] | None = cursor.fetchone()
        return found

    def _create(self, cursor: Any, view: str, version: int, tables: Sequence[Table]) -> None:
        if not self._has(cursor, _META):
            cursor.execute(
                f"CREATE TABLE views (view TEXT PRIMARY KEY, version {self._dialect.integer} NOT NULL, "
                f"position {self._dialect.integer} NOT NULL, tables TEXT NOT NULL)"
            )
        for table in tables:
            for _, _, statement in _definition(table, self._dialect):
                cursor.execute(statement)
        names = " ".join(_real(table) for table in tables)
        cursor.execute(self._marked("INSERT INTO views VALUES (?, ?, 0, ?)"), (view, version, names))

    def _write(self, cursor: Any, table: Table, rows: dict[Key, Row | None]) -> None:
        if not rows:
            return
        mark, real = self._dialect.mark, _real(table)
        one = " AND ".join(f'"{name}" = {mark}' for name in table.keys)
        gone = [key for key, row in rows.items() if row is None]
        if gone:
            cursor.executemany(f"DELETE FROM {real} WHERE {one}", gone)  # noqa: S608
        others = [column.name for column in table.columns[table.key :]]
        new = ", ".join(f'"{name}" = excluded."{name}"' for name in others)
        then = f"UPDATE SET {new}" if new else "NOTHING"
        marks = ", ".join(mark for _ in table.columns)
        cursor.executemany(
            f"INSERT INTO {real} VALUES ({marks}) ON CONFLICT ({_listed(table.keys)}) DO {then}",  # noqa: S608
            (row for row in rows.values() if row is not None),
        )

    def select(
        self,
        table: Table,
        where: Sequence[Where] = (),
        *,
        order: Sequence[str] = (),
        descending: bool = False,
        limit: int | None = None,
    ) -> Iterator[Row]:
        """See `Rows.select`. Rows come in pages; no lock is held between pages."""
        columns = ordering(table, order)
        places = [table.places[name] for name in columns]
        conditions, values = self._conditions(where)
        way, beyond = (" DESC", "<") if descending else ("", ">")
        by = ", ".join(f'"{name}"{way}' for name in columns)
        marks = ", ".join(self._dialect.mark for _ in columns)
        last: tuple[Any, ...] = ()
        while limit is None or limit > 0:
            size = _PAGE if limit is None else min(_PAGE, limit)
            more = [f"({_listed(columns)}) {beyond} ({marks})"] if last else []
            clause = _where([*conditions, *more])
            page = self._all(
                f"SELECT {_columns(table)} FROM {_real(table)}{clause} ORDER BY {by} LIMIT {size}",  # noqa: S608
                [*values, *last],
            )
            yield from page
            if len(page) < size:
                return
            last = tuple(page[-1][place] for place in places)
            limit = None if limit is None else limit - len(page)

    def among(self, table: Table, keys: Iterable[Key]) -> dict[Key, Row]:
        """See `Rows.among`."""
        found: dict[Key, Row] = {}
        wanted = list(keys)
        one = "(" + ", ".join(self._dialect.mark for _ in range(table.key)) + ")"
        columns = f"({_listed(table.keys)})"
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            marks = ", ".join([one] * len(some))
            rows = self._all(
                f"SELECT {_columns(table)} FROM {_real(table)} WHERE {columns} IN (VALUES {marks})",  # noqa: S608
                [value for key in some for value in key],
            )
            found.update((row[: table.key], row) for row in rows)
        return found

    def sums(
        self, table: Table, columns: Sequence[str], where: Sequence[Where] = (), *, group: Sequence[str] = ()
    ) -> list[Row]:
        """See `Rows.sums`."""
        conditions, values = self._conditions(where)
        asked = [f'"{name}"' for name in group] + ["count(*)"]
        for name in columns:
            asked += [
                f'CAST(sum("{name}" >> {_LOW}) AS BIGINT)',
                f'CAST(sum("{name}" & {(1 << _LOW) - 1}) AS BIGINT)',
            ]
        by = f" GROUP BY {_listed(group)}" if group else ""
        clause = _where(conditions)
        rows = self._all(
            f"SELECT {', '.join(asked)} FROM {_real(table)}{clause}{by}",  # noqa: S608
            values,
        )
        head = len(group) + 1
        return [(*row[:head], *map(_whole, row[head::2], row[head + 1 :: 2])) for row in rows]

    def _all(self, statement: str, values: Sequence[Any]) -> list[Row]:
        with self._transaction(write=False) as cursor:
            cursor.execute(statement, values)
            rows: list[Row] = cursor.fetchall()
        return rows

    def _conditions(self, where: Iterable[Where]) -> tuple[list[str], list[Any]]:
        conditions: list[str] = []
        values: list[Any] = []
        for one in where:
            text, given = _condition(one, self._dialect.mark)
            conditions.append(text)
            values += given
        return conditions, values


def definitions(tables: Iterable[Table]) -> dict[tuple[str, str], str]:
    """What SQLite keeps of the views' tables and indexes that this program makes: (kind, name) ->
    definition."""
    return {(kind, name): text for table in tables for kind, name, text in _definition(table, SQLITE)}


def _definition(table: Table, dialect: Dialect) -> Iterator[tuple[str, str, str]]:
    columns = [
        f'"{column.name}" {dialect.integer if column.kind == INT else dialect.text}'
        + (" NOT NULL" if column.known else "")
        for column in table.columns
    ]
    columns.append(f"PRIMARY KEY ({_listed(table.keys)})")
    real = _real(table)
    yield "table", real, f"CREATE TABLE {real} ({', '.join(columns)}){dialect.tail}"
    for index in table.indexes:
        name = f"{real}_by_{'_'.join(index)}"
        yield "index", name, f"CREATE INDEX {name} ON {real} ({_listed(index)})"


def _real(table: Table) -> str:
    return "view_" + table.name


def _columns(table: Table) -> str:
    # With the table's name: SQLite takes "name" alone for a text where there is no such column.
    return ", ".join(f'{_real(table)}."{column.name}"' for column in table.columns)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _where(conditions: Sequence[str]) -> str:
    return " WHERE " + " AND ".join(conditions) if conditions else ""


def _whole(high: int | None, low: int | None) -> int:
    return ((high or 0) << _LOW) + (low or 0)


def _condition(one: Where, mark: str) -> tuple[str, list[Any]]:
    name, value = f'"{one.column}"', one.value
    match one.how:
        case "is":
            return (f"{name} IS NULL", []) if value is None else (f"{name} = {mark}", [value])
        case "not" if value is None:
            return f"{name} IS NOT NULL", []
        case "not":
            return f"({name} IS NULL OR {name} <> {mark})", [value]
        case "among":
            marks = ", ".join(mark for _ in value)
            text, values = f"{name} IN ({marks})", list(value)
        case "from":
            text, values = f"{name} >= {mark}", [value]
        case "below":
            text, values = f"{name} < {mark}", [value]
        case "starts":
            text, values = f"({name} >= {mark} AND {name} < {mark})", [value, value + "\U0010ffff"]
        case "holds":
            bare = value.replace("!", "!!").replace("%", "!%").replace("_", "!_")
            text, values = f"{name} LIKE {mark} ESCAPE '!'", [f"%{bare}%"]
        case _:
            raise ValueError(one.how)
    return (f"({name} IS NULL OR {text})", values) if one.empty else (text, values)
