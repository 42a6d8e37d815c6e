"""The Merkle tree of a journal, to make proofs from: whatever its size, a dozen short questions.

Kept are the complete subtrees of levels 4, 8, 12, ...; those of level 0 are the entries' own hashes. One
between two kept levels is worked out from at most eight of the lower one. They are read sixteen at a time,
as many as make one of the next kept level, and remembered.

    tree = JournalTree(journal)
    merkle.inclusion(17, size, tree.node)

What the table says is not trusted further than it leads: whoever makes a proof of it checks the proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ledger.chain import merkle
from ledger.chain.entry import entry_hash
from ledger.chain.merkle import Frontier
from ledger.errors import StoreTrouble
from ledger.store.journal import STRIDE
from ledger.store.remembered import Remembered

_WIDTH = 1 << STRIDE
_MOST = 4_096
"""Blocks of sixteen hashes that are remembered: 4 MB."""


class Kept(Protocol):
    """What a tree is made of: a `Journal`, or one snapshot of it."""

    @property
    def url(self) -> str:
        """Where the ledger is."""

    def nodes(self, level: int, start: int, stop: int) -> list[bytes]:
        """See `Journal.nodes`."""

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """See `Journal.entries`."""


class JournalTree:
    """The complete subtrees of a journal's tree (`merkle.Nodes`)."""

    def __init__(self, journal: Kept) -> None:
        self._journal = journal
        self._known: Remembered[tuple[int, int], list[bytes]] = Remembered(_MOST)

    def node(self, level: int, place: int) -> bytes:
        """The hash of the leaves place * 2^level to (place + 1) * 2^level - 1.

        Raises `StoreTrouble` (``store-damaged``) where the store lacks what must be there.
        """
        kept = level - level % STRIDE
        count = 1 << level - kept
        first = place * count
        found = self._block(kept, first // _WIDTH, first % _WIDTH + count)[first % _WIDTH :][:count]
        if len(found) != count:
            reason = f"the tree's node {place} of level {level} is missing"
            raise StoreTrouble("store-damaged", path=self._journal.url, reason=reason)
        return found[0] if count == 1 else merkle.root(found)

    def root(self, size: int) -> bytes:
        """The root over the first ``size`` entries, all of which must be there."""
        return merkle.root_of(size, self.node)

    def frontier(self, size: int) -> Frontier:
        """The frontier of the first ``size`` entries, all of which must be there."""
        peaks, start = [], 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                peaks.append(self.node(level, start >> level))
                start += 1 << level
        return Frontier(size, peaks)

    def _block(self, level: int, place: int, wanted: int) -> list[bytes]:
        """Sixteen neighbours of a kept level, or at least the first ``wanted`` of them: the right edge still
        grows, and may be shorter than that."""
        known = self._known.get((level, place))
        if known is None or len(known) < wanted:
            start, stop = place * _WIDTH, (place + 1) * _WIDTH
            if level:
                known = self._journal.nodes(level, start, stop)
            else:
                known = [entry_hash(data) for _, data in self._journal.entries(start, stop)]
            self._known.put((level, place), known, 1)
        return known
