"""Rows, and how to ask for them, wherever they lie: in the ledger's store, in memory, or in both together.

A table's key comes first among its columns, so a row's key is its first values. Two rows are the same row
when they have the same key.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from typing import Any

from ledger.values import dataclass

Row = tuple[Any, ...]
Key = tuple[Any, ...]

INT, TEXT = "int", "text"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``kind`` `INT` or `TEXT`; ``known``: never empty."""

    name: str
    kind: str = TEXT
    known: bool = True


def maybe(name: str, kind: str = TEXT) -> Column:
    """A column that may be empty."""
    return Column(name, kind, known=False)


@dataclass(frozen=True, eq=False)
class Table:
    """A table: the first ``key`` columns are its key; each of ``indexes`` names columns."""

    name: str
    columns: tuple[Column, ...]
    key: int = 1
    indexes: tuple[tuple[str, ...], ...] = ()
    places: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.places.update((column.name, place) for place, column in enumerate(self.columns))

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of the key's columns."""
        return tuple(column.name for column in self.columns[: self.key])

    def labelled(self, row: Row) -> dict[str, Any]:
        """A row with its columns' names."""
        return dict(zip(self.places, row, strict=True))


@dataclass(frozen=True, slots=True)
class Where:
    """A condition on one column.

    | how        | holds when                                | value                        |
    |------------|-------------------------------------------|------------------------------|
    | ``is``     | equal; None: empty                        | a value or None              |
    | ``not``    | empty or another; None: not empty         | a value or None              |
    | ``among``  | equal to one of them                      | a sequence of values         |
    | ``from``   | that or more; with ``empty`` also if empty | a value                      |
    | ``below``  | less; with ``empty`` also if empty        | a value                      |
    | ``starts`` | the text begins with it                   | text                         |
    | ``holds``  | the text, which is folded, contains it    | folded text                  |
    """

    column: str
    how: str
    value: Any
    empty: bool = False

    def matches(self, value: Any) -> bool:
        """Whether a value fulfils the condition."""
        if value is None:
            return self._empty_matches()
        match self.how:
            case "is":
                return bool(value == self.value)
            case "not":
                return bool(value != self.value)
            case "among":
                return value in self.value
            case "from":
                return bool(value >= self.value)
            case "below":
                return bool(value < self.value)
            case "starts":
                return bool(value.startswith(self.value))
            case _:
                return self.value in value

    def _empty_matches(self) -> bool:
        match self.how:
            case "is":
                return self.value is None
            case "not":
                return self.value is not None
            case _:
                return self.empty


def matching(table: Table, row: Row, where: Iterable[Where]) -> bool:
    """Whether a row fulfils all conditions."""
    return all(one.matches(row[table.places[one.column]]) for one in where)


def ordering(table: Table, order: Sequence[str]) -> tuple[str, ...]:
    """The columns of an order, made full by the key: no two rows are equal in it."""
    return (*order, *(name for name in table.keys if name not in order))


class Changes:
    """What becomes of rows: by table and key, the new row, or None where there is none any more."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Key, Row | None]] = {}
        self.count = 0

    def put(self, table: Table, row: Row) -> None:
        """A row is there from now on, instead of any with its key."""
        self._of(table)[row[: table.key]] = row
        self.count += 1

    def delete(self, table: Table, key: Key) -> None:
        """A row is there no more."""
        self._of(table)[key] = None
        self.count += 1

    def _of(self, table: Table) -> dict[Key, Row | None]:
        found = self.tables.get(table.name)
        if found is None:
            found = self.tables[table.name] = {}
        return found


class Rows(ABC):
    """Rows to read, wherever they lie."""

    @abstractmethod
    def select(
        self,
        table: Table,
        where: Sequence[Where] = (),
        *,
        order: Sequence[str] = (),
        descending: bool = False,
        limit: int | None = None,
    ) -> Iterator[Row]:
        """The rows that fulfil all conditions, in the order of some columns (never empty ones) and the
        key."""

    @abstractmethod
    def among(self, table: Table, keys: Iterable[Key]) -> dict[Key, Row]:
        """The rows with these keys; those that are not there are left out."""

    @abstractmethod
    def sums(
        self, table: Table, columns: Sequence[str], where: Sequence[Where] = (), *, group: Sequence[str] = ()
    ) -> list[Row]:
        """For each group: the group's values, the number of rows, the sum of each column. In no order."""

    def get(self, table: Table, *key: Any) -> Row | None:
        """The row with this key, or None."""
        return self.among(table, [key]).get(key)
