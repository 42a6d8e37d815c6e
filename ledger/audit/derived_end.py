"""Step 9 for the entries behind a checkpoint: their own rows, and the subtrees that they completed.

What a table has too much of a subject that none of these entries names, is not seen: that needs all rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ledger.audit.derived_nodes import DerivedNodes
from ledger.audit.derived_rows import DerivedRows, Rows, unreadable
from ledger.chain import steps
from ledger.chain.merkle import Frontier
from ledger.chain.steps import StepFault
from ledger.errors import StoreTrouble
from ledger.store.journal import STRIDE
from ledger.store.single_rows import SingleRows

_SHOWN = 80


class EndNodes(DerivedNodes):
    """Follows the entries behind ``frontier``, then compares. ``counted`` is the number of rows looked at."""

    def __init__(self, frontier: Frontier) -> None:
        super().__init__()
        self._frontier = frontier
        self._completed: list[tuple[int, int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """The next entry's hash."""
        completed = self._frontier.complete(leaf)
        self._completed += [one for one in completed if not one[0] % STRIDE]

    def compare_with(self, rows: SingleRows) -> Iterator[StepFault]:
        """The subtrees that are not kept as they must be."""
        try:
            for level, place, node in self._completed:
                kept = rows.nodes(level, place, place + 1)
                self.counted += len(kept)
                if not kept:
                    yield StepFault(steps.TABLES, None, "verify-nodes-missing", {"level": level, "count": 1})
                elif kept[0] != node:
                    yield StepFault(steps.TABLES, None, "verify-node", {"level": level, "place": place})
        except StoreTrouble as damage:
            yield unreadable("nodes", damage)


class EndRows(DerivedRows):
    """Follows the entries from ``start`` on, then compares. ``counted`` is the number of rows looked at."""

    def __init__(self, start: int) -> None:
        super().__init__()
        self._start = start
        self._subjects: dict[str, dict[str, list[int]]] = {
            "links": defaultdict(list), "mentions": defaultdict(list),
        }  # fmt: skip
        self._ids: dict[bytes, int] = {}
        self._firsts: dict[str, int] = {}
        self._unknown: set[int] = set()

    def add(self, rows: Rows) -> None:
        """What the next entry must have in the tables."""
        for table, subjects in self._subjects.items():
            for name in rows.of(table):
                subjects[name].append(rows.index)
        self._ids[rows.id] = rows.index
        self.typed(rows.index, rows.wire)

    def typed(self, index: int, wire: str) -> None:
        """The type of an entry, also of one whose subjects this version cannot tell."""
        self._firsts.setdefault(wire, index)

    def skip(self, index: int) -> None:
        """An entry whose rows cannot be derived; what tables have of it is no fault."""
        self._unknown.add(index)

    def compare_with(self, rows: SingleRows) -> Iterator[StepFault]:
        """All rows of these entries that are not as they must be."""
        for table, compare in (
            ("links", self._links), ("mentions", self._mentions), ("ids", self._compare_ids),
            ("types", self._compare_firsts),
        ):  # fmt: skip
            try:
                yield from compare(rows)
            except StoreTrouble as damage:
                yield unreadable(table, damage)

    def _links(self, rows: SingleRows) -> Iterator[StepFault]:
        wanted = self._subjects["links"]
        for subject, found in rows.linked(wanted).items():
            before = -1
            for number, (version, index) in enumerate(found, 1):
                if version != number or index <= before:
                    values = {"subject": subject, "version": version}
                    yield StepFault(steps.TABLES, index, "verify-version", values)
                before = index
            kept = [index for _, index in found if index >= self._start]
            yield from self._compared("links", subject, wanted[subject], kept)

    def _mentions(self, rows: SingleRows) -> Iterator[StepFault]:
        for subject, wanted in self._subjects["mentions"].items():
            yield from self._compared("mentions", subject, wanted, rows.mentioned(subject, self._start))

    def _compared(self, table: str, name: str, wanted: list[int], kept: list[int]) -> Iterator[StepFault]:
        self.counted += len(kept)
        for index in sorted({*wanted} ^ {*kept} - self._unknown):
            code = "verify-row-missing" if index in wanted else "verify-row-extra"
            yield _fault(code, index, table, name)

    def _compare_ids(self, rows: SingleRows) -> Iterator[StepFault]:
        kept = rows.ids(self._ids)
        self.counted += len(kept)
        for name, index in self._ids.items():
            if kept.get(name) != index:
                yield _fault("verify-row-missing", index, "ids", name.hex())

    def _compare_firsts(self, rows: SingleRows) -> Iterator[StepFault]:
        kept = rows.types()
        for wire, index in self._firsts.items():
            self.counted += 1
            found = kept.get(wire)
            if found is None or not (found < self._start or found == index):
                values: dict[str, Any] = {"type": wire[:60], "found": "none" if found is None else found}
                yield StepFault(steps.TABLES, index, "verify-types", values)


def _fault(code: str, index: int, table: str, row: str) -> StepFault:
    return StepFault(steps.TABLES, index, code, {"table": table, "row": row[:_SHOWN]})
