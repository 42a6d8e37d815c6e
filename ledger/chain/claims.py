"""Step 6: what entries say of earlier ones, their hashes and the tree's roots, held against what is there.

A ledger may have a claim in every entry. So claims are held as few bytes each, and whenever there are many
they are answered: what they are about lies before them, and has been looked at. Each page that is asked for
is read once for all that is asked of it then.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import groupby

from ledger.chain import merkle, steps
from ledger.chain.covered import Covered
from ledger.chain.entry import entry_hash
from ledger.chain.inspection import Inspected
from ledger.chain.paging import Read
from ledger.chain.steps import StepFault
from ledger.errors import Malformed, StoreTrouble

_MOST = 500_000
"""So many claims are held at most: some 100 bytes each."""
_HEAD = struct.Struct(">QQ?")
Claim = tuple[int, int, bytes]
"""The index of the entry that says it, what it is about (a size or an index), and the root or hash."""


class Tree:
    """The Merkle tree over the entries before the first gap, with its right edge at the start of each
    page."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[tuple[int, bytes]] = []
        self.whole = True
        self._starts: list[int] = []
        self._edges: list[tuple[bytes, ...]] = []

    def add(self, first: int, seen: Inspected) -> None:
        """One more page; after a gap the tree is that of nobody's ledger and grows no further."""
        grows = self.whole and first == self.size
        self.whole = grows and seen.unbroken == seen.count
        if not grows:
            return
        self._starts.append(first)
        self._edges.append(tuple(node for _, node in self.peaks))
        for level, node in seen.subtrees:
            self.size += 1 << level
            while self.peaks and self.peaks[-1][0] == level:
                node = merkle.node(self.peaks.pop()[1], node)
                level += 1
            self.peaks.append((level, node))

    def page_of(self, place: int) -> int:
        """The page that a place lies in, or ends."""
        return bisect_right(self._starts, place) - 1

    def frontier_at(self, page: int) -> tuple[int, merkle.Frontier]:
        """A page's first index and the right edge there, to be grown."""
        start = self._starts[page]
        return start, merkle.Frontier(start, self._edges[page])


class Claims:
    """The claims of entries in ``tree``, which ``read`` reads again; ``covered`` are those before ``start``
    that were not read. ``count`` is how many claims there were."""

    def __init__(self, tree: Tree, read: Read, covered: Covered | None, start: int) -> None:
        self.count = 0
        self._tree, self._read, self._covered, self._start = tree, read, covered, start
        self._held: list[bytes] = []

    def add(self, claims: Iterable[Claim], *, are_roots: bool) -> Iterator[StepFault]:
        """The claims of a page that the tree has; what is wrong with them, or with those before, as far as it
        can be said now."""
        for index, about, stated in claims:
            self.count += 1
            if about > index or (about == index and not are_roots):
                yield _not_before(index, about, are_roots)
            elif self._covered is not None and about < self._start + are_roots:
                yield from _by_covered(self._covered, about, index, stated, are_roots)
            elif about >= 0:
                self._held.append(_HEAD.pack(about, index, are_roots) + stated)
        if len(self._held) >= _MOST:
            yield from self.answer()

    def answer(self) -> Iterator[StepFault]:
        """What is wrong with the claims that are held; then none is."""
        held, self._held = self._held, []
        held.sort()
        for page, asked in groupby(held, lambda claim: self._tree.page_of(_about(claim))):
            if self._tree.size:
                yield from self._answer(page, [one for one in asked if _about(one) <= self._tree.size])

    def _answer(self, page: int, asked: list[bytes]) -> Iterator[StepFault]:
        if not asked:
            return
        start, frontier = self._tree.frontier_at(page)
        roots = {about for about, _, is_root in map(_HEAD.unpack_from, asked) if is_root}
        known: dict[tuple[int, bool], bytes] = {}
        for place, data in self._read(start, _about(asked[-1]) + 1):
            if place in roots:
                known[place, True] = frontier.root()
            known[place, False] = entry_hash(data)
            frontier.append(known[place, False])
        if frontier.size in roots:
            known[frontier.size, True] = frontier.root()
        for claim in asked:
            about, index, is_root = _HEAD.unpack_from(claim)
            found, stated = known.get((about, is_root)), claim[_HEAD.size :]
            if found is not None and found != stated:
                yield _not_as_stated(index, about, stated, found, is_root)


def _about(claim: bytes) -> int:
    return int.from_bytes(claim[:8], "big")


def _by_covered(
    covered: Covered, about: int, index: int, stated: bytes, is_root: bool
) -> Iterator[StepFault]:
    """What an entry says of those that were not read: by what leads to the checkpoint's root."""
    try:
        found = covered.root(about) if is_root else covered.hash(about)
    except (Malformed, StoreTrouble) as trouble:
        values = {"about": about, "reason": str(trouble)}
        yield StepFault(steps.SEEN, index, "verify-covered-unknown", values)
        return
    if found != stated:
        yield _not_as_stated(index, about, stated, found, is_root)


def _not_before(index: int, about: int, is_root: bool) -> StepFault:
    if is_root:
        return StepFault(steps.SEEN, index, "verify-seen-size", {"size": about})
    return StepFault(steps.SEEN, index, "verify-stated-entry", {"about": about})


def _not_as_stated(index: int, about: int, stated: bytes, found: bytes, is_root: bool) -> StepFault:
    code = "verify-seen-root" if is_root else "verify-stated-hash"
    values = {"size": about, "about": about, "stated": stated.hex()[:16], "found": found.hex()[:16]}
    return StepFault(steps.SEEN, index, code, values)
