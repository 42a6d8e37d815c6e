"""Rows of a store that may not be written, with what is newer laid over them in private tables.

An auditor's copy on a stick, or a replica, has views that stand where somebody last advanced them. Whoever
reads it sees them as they would be now, and nothing is written to it. However much is newer, memory holds no
more than some pages, and the keys of rows that are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import chain, islice

from ledger.store.rows import Changes, Key, Row, Rows, Table, Where, matching, ordering
from ledger.store.tables import Tables

_PAGE = 400


class Layered(Rows):
    """``base`` (None: nothing is there yet), and over it what `lay` was given."""

    def __init__(self, base: Rows | None, view: str, tables: Sequence[Table]) -> None:
        self._base = base
        self._view = view
        self._tables = tables
        self._top = Tables.private()
        self._top.advance(view, 0, tables, 0, 0, Changes())
        self._laid = 0
        self._gone: dict[str, set[Key]] = {table.name: set() for table in tables}

    def lay(self, changes: Changes) -> None:
        """Rows that are newer than all that is there."""
        self._top.advance(self._view, 0, self._tables, self._laid, self._laid + 1, changes)
        self._laid += 1
        if self._base is None:
            return
        for name, rows in changes.tables.items():
            gone = self._gone[name]
            for key, row in rows.items():
                if row is None:
                    gone.add(key)
                elif gone:
                    gone.discard(key)

    def close(self) -> None:
        """Let go of the private tables."""
        self._top.close()

    def select(
        self,
        table: Table,
        where: Sequence[Where] = (),
        *,
        order: Sequence[str] = (),
        descending: bool = False,
        limit: int | None = None,
    ) -> Iterator[Row]:
        """See `Rows.select`."""
        places = [table.places[name] for name in ordering(table, order)]
        newer = self._top.select(table, where, order=order, descending=descending, limit=limit)
        older = self._older(table, where, order, descending=descending)
        rows = merge(older, newer, key=lambda row: [row[place] for place in places], reverse=descending)
        return islice(rows, limit)

    def _older(
        self, table: Table, where: Sequence[Where], order: Sequence[str], *, descending: bool
    ) -> Iterator[Row]:
        if self._base is None:
            return
        below = self._base.select(table, where, order=order, descending=descending)
        while page := list(islice(below, _PAGE)):
            covered = self._covered(table, [row[: table.key] for row in page])
            yield from (row for row in page if row[: table.key] not in covered)

    def _covered(self, table: Table, keys: Iterable[Key]) -> set[Key]:
        """Those whose row below counts no more."""
        gone, wanted = self._gone[table.name], list(keys)
        return {*self._top.among(table, wanted), *(key for key in wanted if key in gone)}

    def among(self, table: Table, keys: Iterable[Key]) -> dict[Key, Row]:
        """See `Rows.among`."""
        wanted, gone = list(keys), self._gone[table.name]
        found = self._top.among(table, wanted)
        if self._base is not None:
            below = [key for key in wanted if key not in found and key not in gone]
            found.update(self._base.among(table, below))
        return found

    def sums(
        self, table: Table, columns: Sequence[str], where: Sequence[Where] = (), *, group: Sequence[str] = ()
    ) -> list[Row]:
        """See `Rows.sums`: those below, less the rows that are covered, plus those above."""
        head = len(group)
        totals: dict[Row, list[int]] = {}

        def add(key: Row, numbers: Iterable[int], sign: int) -> None:
            total = totals.setdefault(key, [0] * (1 + len(columns)))
            for place, number in enumerate(numbers):
                total[place] += sign * number

        for row in self._top.sums(table, columns, where, group=group):
            add(row[:head], row[head:], 1)
        if self._base is not None:
            for row in self._base.sums(table, columns, where, group=group):
                add(row[:head], row[head:], 1)
            for row in self._hidden(table):
                if matching(table, row, where):
                    numbers = [row[table.places[name]] or 0 for name in columns]
                    add(tuple(row[table.places[name]] for name in group), [1, *numbers], -1)
        return [(*key, *total) for key, total in totals.items() if total[0] or not group]

    def _hidden(self, table: Table) -> Iterator[Row]:
        """The rows below that count no more."""
        above = (row[: table.key] for row in self._top.select(table))
        keys = chain(above, self._gone[table.name])
        while self._base is not None and (page := list(islice(keys, _PAGE))):
            yield from self._base.among(table, page).values()
