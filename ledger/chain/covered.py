"""The entries that a checkpoint covers, without reading them: its tree's right edge, and single ones.

    covered = Covered(checkpoint, tree.node)
    covered.check(last)                    # raises Malformed unless the kept subtrees lead to its root
    covered.root(17), covered.hash(3)      # each led to the checkpoint's root before it is told

Nothing that a store keeps of its tree is believed: subtrees count once they fold to the root that somebody
holds outside. Whoever grows that edge by the hashes of the entries behind it has the root of all of them, and
has shown that the ledger grew from the checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.chain import merkle
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.entry import entry_hash
from ledger.chain.merkle import Frontier, Nodes
from ledger.errors import Malformed


@dataclass
class Covered:
    """What ``checkpoint`` covers, of at least one entry. ``peaks``: (level, hash) of its complete subtrees,
    largest first; ``last``: the last entry's bytes. Both are empty before `check`."""

    checkpoint: Checkpoint
    nodes: Nodes
    peaks: tuple[tuple[int, bytes], ...] = ()
    last: bytes = b""

    @property
    def size(self) -> int:
        """How many entries are covered."""
        return self.checkpoint.size

    def check(self, last: bytes) -> None:
        """The right edge, and ``last`` as the last covered entry. Raises `Malformed` (``tree-...``) unless
        both lead to the checkpoint's root."""
        size, peaks, start = self.size, [], 0
        for level in range(size.bit_length() - 1, -1, -1):
            if size >> level & 1:
                peaks.append((level, self.nodes(level, start >> level)))
                start += 1 << level
        reached = Frontier(size, [node for _, node in peaks]).root()
        if reached != self.checkpoint.root:
            roots = {"reached": reached.hex(), "root": self.checkpoint.root.hex()}
            raise Malformed("tree-prefix", size=size, **roots)
        self._lead(entry_hash(last), size - 1)
        self.peaks, self.last = tuple(peaks), last

    def frontier(self) -> Frontier:
        """The right edge, to be grown."""
        return Frontier(self.size, [node for _, node in self.peaks])

    def root(self, size: int) -> bytes:
        """The root when there were ``size`` entries, no more than are covered. Raises `Malformed` where the
        kept subtrees do not lead from it to the checkpoint's."""
        found = merkle.root_of(size, self.nodes)
        path = merkle.consistency(size, self.size, self.nodes)
        merkle.check_consistency(size, self.size, path, found, self.checkpoint.root)
        return found

    def hash(self, index: int) -> bytes:
        """The hash of a covered entry. Raises `Malformed` where it does not lead to the checkpoint's root."""
        found = self.nodes(0, index)
        self._lead(found, index)
        return found

    def _lead(self, leaf: bytes, index: int) -> None:
        path = merkle.inclusion(index, self.size, self.nodes)
        merkle.check_inclusion(leaf, index, self.size, path, self.checkpoint.root)
