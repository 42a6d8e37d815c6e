"""Step 9: links, mentions, ids, types and head, against what is derived again from the entries.

A ledger may have more rows than fit in memory, and the tables lie in another order than the entries. So both
sides are added up first: for every 1,024 entries the sum of a keyed hash of each row. Where two sums differ,
and only there, the rows themselves are laid side by side, and the ones that are missing or too many are
named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

from ledger.chain import steps
from ledger.chain.steps import StepFault
from ledger.errors import StoreTrouble
from ledger.store.salvage import Salvage, Strange
from ledger.values import dataclass

_BITS = 10
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Rows:
    """What an entry must have in the tables: the subjects it guards and mentions, its statement's id, its
    type."""

    index: int
    guarded: tuple[str, ...]
    touched: tuple[str, ...]
    id: bytes
    wire: str

    def of(self, table: str) -> tuple[Any, ...]:
        """The names of its rows in a table."""
        return {"links": self.guarded, "mentions": self.touched, "ids": (self.id,)}[table]


Again = Callable[[int, int], Iterable[Rows]]
"""The rows of the entries from one index up to but not including another, derived once more."""
TABLES = ("links", "mentions", "ids")


Mark = Callable[[Any, int], int]
"""A keyed hash of a row: of its name, and the entry's index."""


def _of_this_process(name: Hashable, index: int) -> int:
    return hash((name, index))


def marked(key: bytes) -> Mark:
    """The hash that has this key in every process; the one of this process alone has another in each, and
    costs a tenth."""

    def mark(name: str | bytes, index: int) -> int:
        data = name if isinstance(name, bytes) else name.encode()
        place = index.to_bytes(8, "big", signed=True)
        return int.from_bytes(blake2b(data + place, digest_size=8, key=key).digest(), "big")

    return mark


class _Tally:
    """Sums of rows, for each 1,024 entries. The hash is keyed, so nobody can aim at it."""

    def __init__(self, mark: Mark) -> None:
        self.sums: dict[int, int] = defaultdict(int)
        self._mark = mark

    def add(self, name: Any, index: int) -> None:
        """One more row."""
        block = index >> _BITS
        self.sums[block] = self.sums[block] + self._mark(name, index) & _MASK

    def join(self, sums: Mapping[int, int]) -> None:
        """The sums of other rows."""
        for block, total in sums.items():
            self.sums[block] = self.sums[block] + total & _MASK

    def unlike(self, other: _Tally) -> list[int]:
        """The blocks whose sums differ."""
        every = self.sums.keys() | other.sums.keys()
        return sorted(block for block in every if self.sums.get(block, 0) != other.sums.get(block, 0))


class PageRows:
    """What the entries of a page must have: the sums of their rows by table and block, whose rows are known
    (a bit for each entry of a block), the first entry of each type."""

    __slots__ = ("known", "sums", "types")

    def __init__(self) -> None:
        self.sums: dict[str, dict[int, int]] = {}
        self.known: dict[int, int] = {}
        self.types: dict[str, int] = {}


class DerivedRows:
    """Collects what each entry must have, then compares. ``counted`` is the number of rows looked at.

    With a ``key``, what a page must have can be told to another process that has it, too.
    """

    def __init__(self, key: bytes = b"") -> None:
        self.counted = 0
        self._mark = marked(key) if key else _of_this_process
        self._tallies = {table: _Tally(self._mark) for table in TABLES}
        self._types: dict[str, int] = {}
        self._known: dict[int, int] = defaultdict(int)
        self._stop = 0
        self._skipped = False
        self._page = {table: _Tally(self._mark) for table in TABLES}
        self._new = PageRows()

    def add(self, rows: Rows) -> None:
        """One more entry, in order."""
        for table, tally in self._page.items():
            for name in rows.of(table):
                tally.add(name, rows.index)
        block, bit = rows.index >> _BITS, 1 << (rows.index & ((1 << _BITS) - 1))
        self._new.known[block] = self._new.known.get(block, 0) | bit
        self.typed(rows.index, rows.wire)

    def typed(self, index: int, wire: str) -> None:
        """The type of an entry, also of one whose subjects this version cannot tell."""
        self._new.types.setdefault(wire, index)
        self._stop = max(self._stop, index + 1)

    def turn(self) -> PageRows:
        """The end of a page: what its entries must have."""
        page, self._new = self._new, PageRows()
        for table, tally in self._page.items():
            page.sums[table] = dict(tally.sums)
            tally.sums.clear()
        self.join(page)
        return page

    def join(self, page: PageRows, stop: int = 0) -> None:
        """What the entries of a page, up to but not including ``stop``, must have."""
        for table, sums in page.sums.items():
            self._tallies[table].join(sums)
        for block, bits in page.known.items():
            self._known[block] |= bits
        for wire, index in page.types.items():
            self._types.setdefault(wire, index)
        self._stop = max(self._stop, stop)

    def skip(self, index: int) -> None:
        """An entry that cannot be read: its rows cannot be derived, and the counts of types not be
        compared."""
        self._skipped = True
        self._stop = max(self._stop, index + 1)

    def compare(self, salvage: Salvage, again: Again) -> Iterator[StepFault]:
        """All rows that are not as they must be."""
        for table in TABLES:
            try:
                yield from self._compare(table, salvage, again)
            except StoreTrouble as damage:
                yield unreadable(table, damage)
        try:
            yield from self._compare_types(salvage)
        except StoreTrouble as damage:
            yield unreadable("types", damage)

    def _compare(self, table: str, salvage: Salvage, again: Again) -> Iterator[StepFault]:
        found = _Tally(self._mark)
        versions = _Versions()
        for row in salvage.rows(table):
            self.counted += 1
            if isinstance(row, Strange):
                yield strange(table, row)
                continue
            name, index = row[0], row[-1]
            if table == "links":
                yield from versions.next(*row)
            if not 0 <= index < self._stop:
                yield StepFault(
                    steps.TABLES, index, "verify-row-beyond", {"table": table, "row": _shown(name)}
                )
            elif self._is_known(index):
                found.add(name, index)
        for block in self._tallies[table].unlike(found):
            yield from self._side_by_side(table, block, salvage, again)

    def _side_by_side(self, table: str, block: int, salvage: Salvage, again: Again) -> Iterator[StepFault]:
        start, stop = block << _BITS, (block + 1) << _BITS
        kept: dict[int, set[Any]] = defaultdict(set)
        for row in salvage.rows(table):
            if not isinstance(row, Strange) and start <= row[-1] < stop:
                kept[row[-1]].add(row[0])
        for rows in again(start, stop):
            must = set(rows.of(table))
            for name in sorted(must ^ kept[rows.index]):
                code = "verify-row-missing" if name in must else "verify-row-extra"
                yield StepFault(steps.TABLES, rows.index, code, {"table": table, "row": _shown(name)})

    def _is_known(self, index: int) -> bool:
        return bool(self._known.get(index >> _BITS, 0) >> (index & ((1 << _BITS) - 1)) & 1)

    def _compare_types(self, salvage: Salvage) -> Iterator[StepFault]:
        kept: dict[str, int] = {}
        for row in salvage.rows("types"):
            self.counted += 1
            if isinstance(row, Strange):
                yield strange("types", row)
            else:
                kept[row[0]] = row[1]
        if self._skipped:
            return
        for wire in sorted(kept.keys() | self._types.keys()):
            if kept.get(wire) != self._types.get(wire):
                values = {"type": wire[:60], "found": kept.get(wire, "none")}
                yield StepFault(steps.TABLES, self._types.get(wire), "verify-types", values)


class _Versions:
    """The links of a subject have the versions 1, 2, 3, ... in the order of their entries."""

    def __init__(self) -> None:
        self._subject: str | None = None
        self._version = 0
        self._index = -1

    def next(self, subject: str, version: int, index: int) -> Iterator[StepFault]:
        """The next row, in the order of subject and version."""
        if subject != self._subject:
            self._subject, self._version, self._index = subject, 0, -1
        if version != self._version + 1 or index <= self._index:
            values = {"subject": subject, "version": version}
            yield StepFault(steps.TABLES, index, "verify-version", values)
        self._version, self._index = version, index


def strange(table: str, row: Strange) -> StepFault:
    """A row that this program did not write."""
    return StepFault(steps.TABLES, None, "verify-row-strange", {"table": table, "row": _shown(row.values)})


def unreadable(table: str, damage: StoreTrouble) -> StepFault:
    """A table that could not be read to its end."""
    reason = damage.values.get("reason", str(damage))
    return StepFault(steps.TABLES, None, "verify-table-unreadable", {"table": table, "reason": reason})


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else value.hex() if isinstance(value, bytes) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
