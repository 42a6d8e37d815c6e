"""Going on with a verification that was stopped, from its working paper (`ledger.audit.working_paper`).

Kept is, page by page, what was found where nothing was wrong: a page in which something was is looked at
again, so no fault is ever taken from a file. Nor are entries: they are read again and hashed, which is a
small part of looking at them, and a page is taken from the paper only if these bytes are the very ones that
it was written about, behind the very entry before them. Of the first seven steps each page stands for
itself; of the others (`ExaminedPage`) it rests on all before it, so they are taken up to the first page
that is another now.

So the report is that of a run that nobody stopped. What rests on the paper alone: that signatures, authors'
rights and forms of those bytes were checked, and which documents were found as their entries state; and the
rows that views are compared with, as far as they were derived. Tables are compared anew, from their first
row.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from ledger import __version__
from ledger.audit.derived_rows import PageRows
from ledger.audit.entitlement import PageRights
from ledger.audit.kept_values import PageValues
from ledger.audit.working_paper import ACTS, ENTRIES, WorkingPaper
from ledger.chain.entry import entry_hash
from ledger.chain.inspection import Before, Inspected, Look, subtrees
from ledger.chain.paging import Read, inspected
from ledger.errors import Malformed, StoreTrouble
from ledger.projections.views import VERSION, VIEW
from ledger.store.evidence import Evidence, Kept
from ledger.store.kept_tables import check_structure, kept
from ledger.store.rows import Changes, Column, Table
from ledger.store.tables import Tables
from ledger.values import dataclass

_OF = "paper"
_PAPER = Table("paper", (Column("key"),))
"""Which working paper the tables beside it are of."""
_KNOWN = 128
"""Bytes of a block's bits."""
Topics = Sequence[tuple[int, bytes | None, bytes]]
"""Indexes, types as the table has them, and hashes of the entries of a page."""
Disclosures = dict[int, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class ExaminedPage:
    """What steps 8 to 11 found of the entries from ``first`` to before ``stop`` that ``digest`` is of.

    ``right`` False: something was wrong, or could not be said, and the rest is empty. ``recorded`` is the
    last one's time, ``stated`` the indexes of those that state a certificate index.
    """

    first: int
    stop: int
    digest: bytes
    right: bool
    recorded: int | None
    stated: list[int]
    rows: PageRows
    values: PageValues
    rights: PageRights


class Resumption:
    """An earlier run, as its paper has it. ``taken`` counts the entries whose bytes need not be looked into
    again; ``changed`` is the first page's index that is another now."""

    def __init__(self, paper: WorkingPaper, read: Read, evidence: Evidence | None) -> None:
        self.taken = 0
        self.changed: int | None = None
        self._paper = paper
        self._read = read
        self._evidence = evidence
        self._pages: Iterator[list[Any]] | None = None
        self._next: ExaminedPage | None = None
        self._is_at_end = False
        self._is_dropped = False
        self._is_unused = False

    @property
    def key(self) -> bytes:
        """What sums of rows are keyed with."""
        return self._paper.key

    def inspected(self, look: Look) -> Iterator[Inspected]:
        """See `ledger.chain.paging.Earlier`. Raises `Malformed` (``working-paper-other``,
        ``working-paper-strange``)."""
        before = Before()
        if look.origin is None:  # no entry can be read, so no paper can be about them
            self._is_unused = True
            return
        self._bind(look)
        for values in self._paper.read(ENTRIES):
            rests_on, kept = self._page(values)
            for seen in self._inspected_here(before, kept.first, look):
                before = seen.end
                yield seen
            rows = list(self._read(kept.first, kept.end.index + 1))
            if rests_on == before and _is_same(kept, rows, look):
                self.taken += kept.count
                before = kept.end
                yield kept
                continue
            self.changed = kept.first if self.changed is None else self.changed
            for seen in inspected(rows, before, look):
                before = seen.end
                yield seen

    def _bind(self, look: Look) -> None:
        folder = "-" if self._evidence is None else str(self._evidence.folder.absolute())
        program = f"{__version__}, {VERSION:08x}"
        signatures = "checked" if look.signatures else "not checked"
        values = {"program": program, "ledger": look.origin, "signatures": signatures, "documents": folder}
        self._paper.bind(values)

    def _inspected_here(self, before: Before, stop: int, look: Look) -> Iterator[Inspected]:
        """What was not written down before a page that was."""
        start = before.index + 1
        return inspected(self._read(start, stop), before, look) if start < stop else iter(())

    def keep(self, before: Before, seen: Inspected) -> None:
        """See `ledger.chain.paging.Earlier`."""
        whole = seen.unbroken == seen.count and seen.first == before.index + 1 and before.hash is not None
        if seen.faults or not whole or self._is_unused:
            return
        self._paper.write(
            ENTRIES,
            [
                _spelled(before),
                seen.first,
                seen.count,
                _spelled(seen.end),
                _little(seen.tails),
                [list(claim) for claim in seen.roots],
                [list(claim) for claim in seen.stated],
                [list(one) for one in seen.subtrees],
                seen.statements,
            ],
        )

    def _page(self, values: list[Any]) -> tuple[Before, Inspected]:
        try:
            before, first, count, end, tails, roots, stated, nodes, statements = values
            page = Inspected(first, count, Before(*end), count, statements=statements)
            page.tails = _native(tails)
            page.roots, page.stated = [(*one,) for one in roots], [(*one,) for one in stated]
            page.subtrees = [(*one,) for one in nodes]
            return Before(*before), page
        except (TypeError, ValueError):
            raise self.strange() from None

    def upcoming(self) -> ExaminedPage | None:
        """The next page of the earlier run that steps 8 to 11 went through; the same one until it is
        `passed`."""
        if self._next is None and not self._is_at_end and not self._is_unused:
            if self._pages is None:
                self._pages = self._paper.read(ACTS)
            line = next(self._pages, None)
            self._next = None if line is None else self._examined(line)
            self._is_at_end = line is None
        return self._next

    def passed(self) -> None:
        """The page was taken, or looked at again."""
        self._next = None

    def drop(self, index: int) -> None:
        """What the earlier run found from an entry on does not hold any more, since others lie there now."""
        self.changed = index if self.changed is None else min(index, self.changed)
        self._next, self._is_at_end, self._is_dropped = None, True, True

    def views(self) -> Tables:
        """Private tables to compare views with, as far as an earlier run filled them: of entries that are the
        same now, by a paper of which nothing is lost, and whole; others begin anew."""
        self._paper.settle()  # else it could be lost, of which entries these rows are
        try:
            tables = kept(self._paper.views)
        except StoreTrouble:
            self._paper.remove_views()
            tables = kept(self._paper.views)
        mark = self._paper.key.hex()
        try:
            check_structure(tables, self._paper.views)
            if tables.advance(_OF, 1, (_PAPER,), 0, 0, Changes()):
                found = tables.get(_PAPER, mark)
                if self.changed is None and not self._paper.dropped and found is not None:
                    return tables
        except StoreTrouble:
            tables.close()
            self._paper.remove_views()
            tables = kept(self._paper.views)
        for view in (VIEW, _OF):
            tables.drop(view)
        changes = Changes()
        if self.changed is None:  # else the paper has lines of what is no more, and may be again
            changes.put(_PAPER, (mark,))
        tables.advance(_OF, 1, (_PAPER,), 0, 0, changes)
        return tables

    def strange(self) -> Malformed:
        """What to raise for a page that no verification wrote."""
        return self._paper.strange()

    def _examined(self, line: list[Any]) -> ExaminedPage:
        try:
            return _examined(line)
        except (TypeError, ValueError, KeyError):
            raise self.strange() from None

    def note(self, page: ExaminedPage) -> None:
        """One more page that steps 8 to 11 went through."""
        rows, values, rights = page.rows, page.values, page.rights
        if (
            self._is_dropped or not self._is_at_end
        ):  # it stands there already, or what stands there does not hold
            return
        self._paper.write(
            ACTS,
            [
                page.first,
                page.stop,
                page.digest,
                page.right,
                *(
                    (
                        page.recorded,
                        page.stated,
                        [[table, list(sums.items())] for table, sums in rows.sums.items()],
                        [[block, bits.to_bytes(_KNOWN, "big")] for block, bits in rows.known.items()],
                        list(rows.types.items()),
                        [values.sealed, values.kept],
                        [[kind.name, count] for kind, count in values.documents.items()],
                        [[index, sorted(names)] for index, names in values.missing.items()],
                        [[index, sorted(names)] for index, names in values.erased.items()],
                        [rights.looked, rights.opaque, rights.first_opaque, rights.rested],
                    )
                    if page.right
                    else ()
                ),
            ],
        )


def digest_of(rows: Topics, kept: Disclosures) -> bytes:
    """Of all that steps 8 to 11 look at in a page: the entries' places, types and hashes, and the values that
    are kept for them."""
    told = sha256()
    for index, topic, leaf in rows:
        values = kept.get(index, ())
        lengths = (index, -1 if topic is None else len(topic), len(values))
        told.update(b"%d %d %d " % lengths + (topic or b"") + leaf)
        for stated, text in values:
            for part in (stated.encode(), text.encode()):
                told.update(b"%d " % len(part) + part)
    return told.digest()


def _is_same(kept: Inspected, rows: Sequence[tuple[int, bytes]], look: Look) -> bool:
    """Whether these are the entries that a page was made of; then the hash that is sought is told anew."""
    stop = kept.end.index + 1
    if [index for index, _ in rows] != list(range(kept.first, stop)) or len(rows) != kept.count:
        return False
    hashes = [entry_hash(data) for _, data in rows]
    if not hashes or hashes[-1] != kept.end.hash or subtrees(kept.first, hashes) != kept.subtrees:
        return False
    if look.sought is not None and kept.first <= look.sought < stop:
        kept.sought = hashes[look.sought - kept.first]
    return True


def _spelled(before: Before) -> list[Any]:
    return [before.index, before.hash, before.recorded]


def _little(numbers: array[int]) -> bytes:
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def _native(data: bytes) -> array[int]:
    numbers = array("Q", data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _examined(line: list[Any]) -> ExaminedPage:
    first, stop, digest, right, *more = line
    rows, values, rights = PageRows(), PageValues(), PageRights()
    if not right:
        return ExaminedPage(first, stop, digest, False, None, [], rows, values, rights)
    recorded, stated, sums, known, types, counts, documents, missing, erased, looked = more
    rows.sums = {table: dict(pairs) for table, pairs in sums}
    rows.known = {block: int.from_bytes(bits, "big") for block, bits in known}
    rows.types = dict(types)
    values.sealed, values.kept = counts
    values.documents = Counter({Kept[name]: count for name, count in documents})
    values.missing = {index: set(names) for index, names in missing}
    values.erased = {index: set(names) for index, names in erased}
    rights.looked, rights.opaque, rights.first_opaque, rights.rested = looked
    return ExaminedPage(first, stop, digest, True, recorded, stated, rows, values, rights)
