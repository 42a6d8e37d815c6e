"""Roots of the Merkle tree at earlier sizes, for what authors say they have seen.

The present root stands in the head. An earlier one is worked out from the entries when it is asked for,
each entry once as long as sizes are asked for in ascending order, and a few hundred roots are remembered.
"""

from __future__ import annotations

from ledger.chain.entry import entry_hash
from ledger.chain.merkle import Frontier
from ledger.store.journal import Journal
from ledger.store.remembered import Remembered

_MOST = 512


class Roots:
    """The roots of a journal's tree by size."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._frontier = Frontier()
        self._known: Remembered[int, bytes] = Remembered(_MOST)

    def at(self, size: int) -> bytes | None:
        """The root over the first ``size`` entries; None when there are fewer."""
        head = self._journal.head()
        if size >= head.size:
            return head.root() if size == head.size else None
        known = self._known.get(size)
        if known is None:
            if self._frontier.size > size:
                self._frontier = Frontier()
            for _, data in self._journal.entries(self._frontier.size, size):
                self._frontier.append(entry_hash(data))
            known = self._frontier.root()
            self._known.put(size, known, 1)
        return known
