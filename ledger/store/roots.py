"""Roots of the Merkle tree at earlier sizes, for what authors say they have seen.

The present root stands in the head. An earlier one is made of the kept subtrees (`ledger.store.nodes`),
and a few hundred roots are remembered.
"""

from __future__ import annotations

from ledger.store.journal import Journal
from ledger.store.nodes import JournalTree
from ledger.store.remembered import Remembered

_MOST = 512


class Roots:
    """The roots of a journal's tree by size."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._tree = JournalTree(journal)
        self._known: Remembered[int, bytes] = Remembered(_MOST)

    def at(self, size: int) -> bytes | None:
        """The root over the first ``size`` entries; None when there are fewer."""
        head = self._journal.head()
        if size >= head.size:
            return head.root() if size == head.size else None
        known = self._known.get(size)
        if known is None:
            known = self._tree.root(size)
            self._known.put(size, known, 1)
        return known
