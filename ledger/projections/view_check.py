"""Whether the views say what the entries say: every row against one that is derived anew, from entry 0.

The rows are compared as of where the views stand; entries beyond that are not in them yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ledger import messages
from ledger.projections.views import TABLES, VERSION, VIEW, building
from ledger.store.rows import Key, Row, Table
from ledger.store.tables import Tables
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.store.journal import Journal
    from ledger.store.records import Records


@dataclass(frozen=True, slots=True)
class Difference:
    """A value of a view that is not what the entries give.

    ``column`` None: the row is missing (``expected`` its values) or is there although nothing gives it
    (``found`` its values).
    """

    view: str
    key: Key
    column: str | None
    expected: Any
    found: Any

    def __str__(self) -> str:
        said = {"view": self.view, "key": " ".join(map(str, self.key)), "column": self.column}
        if self.column is not None:
            return messages.text("view-value", {**said, "expected": self.expected, "found": self.found})
        if self.found is None:
            return messages.text("view-row-missing", said)
        return messages.text("view-row-extra", said)


def compare_views(journal: Journal, records: Records) -> list[Difference]:
    """Every value in the ledger's views that differs from what its entries give; empty when none does.

    A ledger whose views were never asked for has none, and nothing differs.
    """
    with Tables.private() as fresh:
        for _ in derived_again(fresh, journal, records):
            pass
        return list(differences(fresh, journal))


def derived_again(fresh: Tables, journal: Journal, records: Records) -> Iterator[int]:
    """Fill private tables as the ledger's views must be, from wherever they stand; how far they are."""
    start, stop = fresh.position(VIEW, VERSION) or 0, _stop(journal)
    if start > stop:
        fresh.drop(VIEW)
        start = 0
    return building(fresh, records.between(start, stop), records.of)


def differences(fresh: Tables, journal: Journal) -> Iterator[Difference]:
    """What of the ledger's views differs from tables that were derived again."""
    stored = Tables.of(journal)
    position, size = stored.position(VIEW, VERSION), journal.head().size
    if position is None:
        return
    for table in TABLES:
        yield from _compare(table, fresh, stored)
    if position > size:
        yield Difference("position", (VIEW,), "position", size, position)


def _stop(journal: Journal) -> int:
    """How many entries the views say that they stand for, and there are."""
    return min(Tables.of(journal).position(VIEW, VERSION) or 0, journal.head().size)


def _compare(table: Table, fresh: Tables, stored: Tables) -> Iterator[Difference]:
    """Both in the order of the key, side by side."""
    ours, theirs = fresh.select(table), stored.select(table)
    expected, found = next(ours, None), next(theirs, None)
    while expected is not None or found is not None:
        if found is None or (expected is not None and expected[: table.key] < found[: table.key]):
            yield from _differing(table, expected, None)
            expected = next(ours, None)
        elif expected is None or found[: table.key] < expected[: table.key]:
            yield from _differing(table, None, found)
            found = next(theirs, None)
        else:
            yield from _differing(table, expected, found)
            expected, found = next(ours, None), next(theirs, None)


def _differing(table: Table, expected: Row | None, found: Row | None) -> Iterator[Difference]:
    if expected == found:
        return
    if expected is None or found is None:
        key = (expected or found or ())[: table.key]
        yield Difference(table.name, key, None, expected, found)
        return
    for column, one, other in zip(table.columns, expected, found, strict=True):
        if one != other:
            yield Difference(table.name, expected[: table.key], column.name, one, other)
