"""Verifying a ledger's bytes: steps 1 to 7 of `ledger.chain.steps`. Pure: it is given bytes, it opens
nothing.

    check = Verification(read, anchor=Anchor.parse("12:ab34.."))
    for done in check.run(): ...          # entries seen so far
    check.faults                          # values; going on after the first

``read(start, stop)`` gives (index, bytes) of the entries from ``start`` up to but not including ``stop``
(None: to the end), in order; it is asked for all of them once, and again for single pages to which later
entries refer. Memory holds some pages, 8 bytes an entry, some 50 MB of what entries say of earlier ones, and
the faults. A ``division`` is asked for them instead where it is faster that processes read ranges for
themselves; what is found is the same. Where there is an ``earlier`` run that was stopped, this one goes on
from where that came to.

What bytes alone cannot show: that the tail was not cut off, and that entries which nothing later contradicts
were not dropped, swapped or re-dated and the chain linked anew. An anchor held outside shows both up to its
index.

With ``covered`` (`ledger.chain.covered`, checked before), only the entries behind a checkpoint are read, from
the hash of the last one that it covers on.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger import encoding
from ledger.chain import cores, merkle, steps
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.claims import Claims, Tree
from ledger.chain.covered import Covered
from ledger.chain.entry import Entry, entry_hash
from ledger.chain.inspection import Before, Inspected, Look, inspect
from ledger.chain.paging import Division, Earlier, Read, inspected, pages
from ledger.chain.statement import Statement
from ledger.chain.steps import Anchor, Findings, StepFault
from ledger.errors import Malformed

OPENING = "ledger-opened/1"
_PAGE_ELSEWHERE = 2_048
_NEVER = encoding.BELOW


class _Pays(NamedTuple):
    """From how many entries on processes pay that read for themselves, and in what ranges; and such as
    entries are handed to: what is done with an entry must cost more than handing it over."""

    divided: int
    range: int
    handed: int


_SIGNATURES = _Pays(20_000, 4_096, 2_000)
_STATEMENTS = _Pays(100_000, 16_384, 40_000)
_CHAIN = _Pays(150_000, 32_768, _NEVER)


@dataclass
class Verification:
    """One run of steps 1 to 7 and what it found.

    ``held`` are checkpoints that somebody holds outside.

    ``size`` counts the entries read, and those that ``covered`` has; ``last`` is the last one's index and
    hash (the head to write down), None for an empty ledger; ``checked`` how much each step looked at;
    ``expected`` how many entries there may be.
    """

    read: Read
    anchor: Anchor | None = None
    statements: bool = True
    signatures: bool = True
    expected: int = 0
    cores: int = 0
    held: tuple[Checkpoint, ...] = ()
    covered: Covered | None = None
    division: Division | None = None
    earlier: Earlier | None = None
    faults: Findings = field(default_factory=Findings)
    checked: dict[int, int] = field(default_factory=dict)
    size: int = 0
    origin: str | None = None
    last: Anchor | None = None

    def run(self) -> Iterator[int]:
        """Verify; gives the number of entries seen so far, page by page. To be exhausted before asking."""
        self._tree = Tree()
        self._start, self._before, self.size = 0, Before(), 0
        self._ids = _Ids()
        self._found: bytes | None = None
        self._statements = 0
        self.origin = self._open() if self.covered is None else self._go_on(self.covered)
        self._claims = Claims(self._tree, self.read, self.covered, self._start)
        for seen in self._inspected():
            self._take(seen)
            yield self.size
        self._compare_ids()
        self.faults += self._claims.answer()
        self._compare_anchor()
        self._compare_held()
        self.faults.put_in_order()
        self._count()

    @property
    def whole(self) -> bool:
        """Whether no entry is missing and none stands twice, so that the tree is that of the ledger."""
        return self._tree.whole

    def frontier(self) -> bytes:
        """The hashes of the complete subtrees over the entries before the first gap, largest first."""
        return b"".join(node for _, node in self._tree.peaks)

    def _open(self) -> str | None:
        """The origin, from entry 0; where it cannot be read, from the first statement that can."""
        for index, data in self.read(0, None):
            try:
                statement = Statement.decode(Entry.decode(data).statement)
            except Malformed:
                continue  # the page's inspection names it
            if index == 0:
                named = statement.body.get("origin")
                if statement.type != OPENING or named != statement.ledger:
                    values = {"type": f"{statement.type} naming {named!r}"}
                    self.faults.append(StepFault(steps.ORIGIN, 0, "verify-opening", values))
            return statement.ledger
        return None

    def _go_on(self, covered: Covered) -> str:
        """Begin behind what a checkpoint covers; its origin."""
        self._start, own = covered.size, entry_hash(covered.last)
        self._before = Before(self._start - 1, own, Entry.decode(covered.last).recorded)
        self.size = self._tree.size = self._start
        self._tree.peaks = list(covered.peaks)
        self.last = Anchor(self._start - 1, own)
        return covered.checkpoint.origin

    def _inspected(self) -> Iterator[Inspected]:
        """What all entries show, page by page in their order, by whichever way is the fastest."""
        sought = None if self.anchor is None else self.anchor.index
        look = Look(self.origin, self.statements, self.signatures, sought)
        start, before = self._start, self._before
        if self.earlier is not None:
            for seen in self.earlier.inspected(look):
                start, before = seen.end.index + 1, seen.end
                yield seen
        for seen in self._inspected_behind(start, before, look):
            if self.earlier is not None:
                self.earlier.keep(before, seen)
                before = seen.end
            yield seen

    def _inspected_behind(self, start: int, before: Before, look: Look) -> Iterator[Inspected]:
        pays = (
            _SIGNATURES if self.statements and self.signatures else _STATEMENTS if self.statements else _CHAIN
        )
        number = self.cores or cores.count()
        if number > 1 and self.division is not None and self.expected >= pays.divided:
            return self.division.inspected(start, before, look, size=pays.range, number=number)
        entries = self.read(start, None)
        if number > 1 and self.expected >= pays.handed:
            handed = pages(entries, before, look, _PAGE_ELSEWHERE)
            return (seen for _, seen in cores.on_all(inspect, handed, number))
        return inspected(entries, before, look)

    def _take(self, seen: Inspected) -> None:
        self.faults += seen.faults
        self._ids.add(seen.tails)
        self._tree.add(seen.first, seen)
        self.faults += self._claims.add(seen.roots, are_roots=True)
        self.faults += self._claims.add(seen.stated, are_roots=False)
        if self._found is None:
            self._found = seen.sought
        assert seen.end.hash is not None  # noqa: S101  a page has an entry
        self.last = Anchor(seen.end.index, seen.end.hash)
        self.size += seen.count
        self._statements += seen.statements

    def _count(self) -> None:
        if self.last is None:
            self.faults.append(StepFault(steps.ORIGIN, None, "verify-empty"))
        looked = self.size - self._start
        chain = dict.fromkeys((steps.INDEXES, steps.LINKS, steps.RECORDED), looked)
        if self.statements:
            self.checked = {
                steps.BYTES: looked,
                **chain,
                steps.ORIGIN: self._statements,
                steps.SEEN: self._claims.count,
            }
        else:
            self.checked = chain
        if self.statements and self.signatures:
            self.checked[steps.SIGNATURES] = self._statements

    def _compare_anchor(self) -> None:
        anchor, last = self.anchor, self.last
        if anchor is None or self._found == anchor.hash:
            return
        if self._found is not None:
            values = {"found": self._found.hex()[:16], "stated": anchor.hash.hex()[:16]}
            self.faults.append(StepFault(steps.LINKS, anchor.index, "verify-head-hash", values))
        elif last is None or last.index < anchor.index:
            size = 0 if last is None else last.index + 1
            short = StepFault(
                steps.LINKS, anchor.index, "verify-head-short", {"anchor": anchor.index, "size": size}
            )
            self.faults.append(short)

    def _compare_ids(self) -> None:
        suspects = self._ids.twice()
        first: dict[bytes, int] = {}
        for index, data in self.read(self._start, None) if suspects else ():
            try:
                found = Statement.decode(Entry.decode(data).statement).id
            except Malformed:
                continue  # named before
            if int.from_bytes(found[8:], sys.byteorder) not in suspects:
                continue
            before = first.setdefault(found, index)
            if before != index:
                self.faults.append(StepFault(steps.ORIGIN, index, "verify-id-twice", {"before": before}))

    def _compare_held(self) -> None:
        """What somebody holds outside says of the ledger, as authors say of what they had seen (step 6)."""
        for held in self.held if self.statements and self.covered is None else ():
            self._compare_one(held)

    def _compare_one(self, held: Checkpoint) -> None:
        if held.origin != self.origin:
            values = {"origin": held.origin, "found": self.origin or "-"}
            self.faults.append(StepFault(steps.SEEN, None, "verify-held-other", values))
        elif held.size > self._tree.size:
            sizes = {"size": held.size, "found": self._tree.size}
            self.faults.append(StepFault(steps.SEEN, None, "verify-held-size", sizes))
        elif (found := self._root_at(held.size)) != held.root:
            roots = {"stated": held.root.hex()[:16], "found": found.hex()[:16]}
            self.faults.append(StepFault(steps.SEEN, None, "verify-held-root", {"size": held.size, **roots}))

    def _root_at(self, size: int) -> bytes:
        if not size:
            return merkle.root([])
        start, frontier = self._tree.frontier_at(self._tree.page_of(size))
        for _, data in self.read(start, size):
            frontier.append(entry_hash(data))
        return frontier.root()


class _Ids:
    """Which ids may stand twice, in 8 bytes an id: the last 8 of each, in 256 heaps."""

    def __init__(self) -> None:
        self._heaps = [array("Q") for _ in range(256)]

    def add(self, tails: array[int]) -> None:
        """The ends of some ids."""
        heaps = self._heaps
        for tail in tails:
            heaps[tail & 0xFF].append(tail)

    def twice(self) -> set[int]:
        """The ends that occur twice; the ids before them may still differ."""
        suspects: set[int] = set()
        for heap in self._heaps:
            if len(set(heap)) != len(heap):
                suspects |= {tail for tail, times in Counter(heap).items() if times > 1}
        return suspects
