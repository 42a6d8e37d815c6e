"""Whether the views say what the entries say: every row against one that is derived anew, from entry 0.

The rows are compared as of where the views stand; entries beyond that are not in them yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ledger import messages
from ledger.projections.views import TABLES, VERSION, VIEW, Progress, build
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


def compare_views(journal: Journal, records: Records, progress: Progress | None = None) -> list[Difference]:
    """Every value in the ledger's views that differs from what its entries give; empty when none does.

    A ledger whose views were never asked for has none, and nothing differs.
    """
    stored = Tables.of(journal)
    position = stored.position(VIEW, VERSION)
    if position is None:
        return []
    size = journal.head().size
    with Tables.private() as fresh:
        build(fresh, records.between(0, min(position, size)), records.of, progress)
        found = [one for table in TABLES for one in _compare(table, fresh, stored)]
    if position > size:
        found.append(Difference("position", (VIEW,), "position", size, position))
    return found


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
