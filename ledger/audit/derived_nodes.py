"""Step 9, the kept subtrees of the Merkle tree, against what is derived again from the entries.

Each is remembered as a keyed hash of 8 bytes (0.5 bytes an entry), so that what differs can be named.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator

from ledger.audit.derived_rows import strange, unreadable
from ledger.chain import steps
from ledger.chain.merkle import Frontier
from ledger.chain.steps import StepFault
from ledger.errors import StoreTrouble
from ledger.store.journal import STRIDE
from ledger.store.salvage import Salvage, Strange


class DerivedNodes:
    """Follows the ledger entry by entry, then compares. ``counted`` is the number of rows looked at."""

    def __init__(self) -> None:
        self.counted = 0
        self._frontier = Frontier()
        self._levels: dict[int, array[int]] = {}

    def add(self, leaf: bytes) -> None:
        """The next entry's hash."""
        for level, _, node in self._frontier.complete(leaf):
            if level % STRIDE == 0:
                self._levels.setdefault(level, array("q")).append(hash(node))

    def compare(self, salvage: Salvage) -> Iterator[StepFault]:
        """All rows that are not as they must be, and how many are missing."""
        found: Counter[int] = Counter()
        try:
            for row in salvage.rows("nodes"):
                self.counted += 1
                if isinstance(row, Strange):
                    yield strange("nodes", row)
                    continue
                level, place, node = row
                if not 0 <= place < len(self._levels.get(level, ())):
                    yield _fault("verify-node-beyond", level, place)
                    continue
                found[level] += 1
                if self._levels[level][place] != hash(node):
                    yield _fault("verify-node", level, place)
        except StoreTrouble as damage:
            yield unreadable("nodes", damage)
            return
        for level, nodes in self._levels.items():
            if found[level] != len(nodes):
                values = {"level": level, "count": len(nodes) - found[level]}
                yield StepFault(steps.TABLES, None, "verify-nodes-missing", values)


def _fault(code: str, level: int, place: int) -> StepFault:
    return StepFault(steps.TABLES, None, code, {"level": level, "place": place})
