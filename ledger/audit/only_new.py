"""Verifying what came behind a checkpoint, and nothing before it: the cost is that of the new entries.

    audit = OnlyNew(journal, Options(held=(checkpoint,)))
    for progress in audit.run(): ...

The checkpoint is held outside, so what it covers is known by its root. The kept subtrees must fold to that
root, and so must the last covered entry; from there on every step looks at every entry. Growing that right
edge by the new entries is the proof that the ledger grew from the checkpoint. What is asked of a covered
entry (a right that an author had before, an entry that a new one is about) is read and led to the root, too.

Covered entries that nobody asks for are not looked at again: damage among them is not found this way, and
the report says which they are. Neither are rows of the tables that belong to them, certificate indexes that
entries state, and the structure of the file: those need the whole ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ledger.audit.auditing import Audit, Progress
from ledger.audit.derived_end import EndNodes, EndRows
from ledger.audit.derived_rows import unreadable
from ledger.audit.division import division
from ledger.audit.entitlement import RESTS_ON, Entitlement
from ledger.audit.examination import Examination
from ledger.chain import steps
from ledger.chain.covered import Covered
from ledger.chain.entry import Entry, entry_hash
from ledger.chain.statement import Statement
from ledger.chain.steps import StepFault
from ledger.chain.verification import Verification
from ledger.domain.events import Recorded
from ledger.domain.state import Subject, fold_subject
from ledger.errors import Malformed, StoreTrouble
from ledger.store.checking import snapshot
from ledger.store.decoding import decode
from ledger.store.evidence import Evidence
from ledger.store.nodes import JournalTree
from ledger.store.salvage import Salvage
from ledger.store.sharing import shared
from ledger.store.single_rows import SingleRows


@dataclass
class OnlyNew(Audit):
    """One run behind ``options.held[0]``, a checkpoint of at least one entry. ``unread``: how many entries
    it covers; ``read``: how many entries were read, those that new ones rest on among them."""

    unread: int = 0
    read: int = 0

    def run(self) -> Iterator[Progress]:
        """Verify. To be exhausted before asking."""
        with snapshot(self.journal) as salvage:
            rows = SingleRows(salvage)
            self.size = stop = salvage.stop()
            covered = self._covered(rows, stop)
            if covered is not None:
                yield from self._behind(salvage, rows, covered, stop)
        self.faults.put_in_order()

    def _covered(self, rows: SingleRows, stop: int) -> Covered | None:
        """What the checkpoint covers, led to its root; None, and a fault, where it does not lead there."""
        checkpoint = self.options.held[0]
        self.unread = size = checkpoint.size
        if size > stop:
            values = {"size": size, "found": stop}
            self.faults.append(StepFault(steps.SEEN, None, "verify-held-size", values))
            return None
        covered = Covered(checkpoint, JournalTree(rows).node)
        try:
            last = next((data for _, data in rows.entries(size - 1, size)), b"")
            covered.check(last)
            Entry.decode(last)
            origin = _origin(rows)
        except (Malformed, StoreTrouble) as trouble:
            why = {"size": size, "reason": str(trouble)}
            self.faults.append(StepFault(steps.SEEN, None, "verify-covered-root", why))
            return None
        if origin != checkpoint.origin:
            origins = {"origin": checkpoint.origin, "found": origin}
            self.faults.append(StepFault(steps.SEEN, None, "verify-held-other", origins))
            return None
        return covered

    def _behind(self, salvage: Salvage, rows: SingleRows, covered: Covered, stop: int) -> Iterator[Progress]:
        def read(start: int, end: int | None) -> Iterator[tuple[int, bytes]]:
            return rows.entries(start, stop if end is None else end)

        self.division = division(shared(self.journal, salvage, stop), read)
        chain = Verification(
            read,
            signatures=self.options.signatures,
            expected=stop - covered.size,
            cores=self.options.cores,
            covered=covered,
            division=self.division,
        )
        yield Progress(1, covered.size, stop)
        look = EndExamination(salvage, chain, self.options.evidence, rows, covered)
        yield from self._bytes(chain, look, stop)
        self._take(chain, salvage)
        self._compare_trusted()
        for done in look.run(stop):
            yield Progress(2, covered.size + done, stop)
        self._add(look)
        self.read = rows.read + (0 if self.division is None else self.division.count)


def _origin(rows: SingleRows) -> str:
    """Whose the ledger is, as entry 0 says. Raises `Malformed`."""
    opening = next((data for _, data in rows.entries(0, 1)), b"")
    return Statement.decode(Entry.decode(opening).statement).ledger


class EndExamination(Examination):
    """`Examination` of the entries behind ``covered``, and of the rows that are theirs."""

    def __init__(
        self, salvage: Salvage, chain: Verification, evidence: Evidence | None, rows: SingleRows,
        covered: Covered,
    ) -> None:  # fmt: skip
        super().__init__(salvage, chain, evidence)
        self._single = rows
        self._covered = covered
        self._told: set[int] = set()
        self.recorded = Entry.decode(covered.last).recorded
        self.entitlement = Entitlement(_Known(self._folded))
        self._at = covered.size
        self.end_rows = self.derived = EndRows(covered.size)
        self.end_nodes = self.nodes = EndNodes(covered.frontier())

    def _finish(self, stop: int) -> None:
        self.faults += self.end_rows.compare_with(self._single)
        if self._chain.whole:  # otherwise the tree that there should be is not known
            self.faults += self.end_nodes.compare_with(self._single)
        self.faults += self.values.erasing(self._salvage)
        self.faults += self._head()
        self.faults += self._definitions()

    def _folded(self, name: str) -> Subject | None:
        """A subject before the new entries, from covered ones that are led to the root."""
        try:
            found = self._single.linked([name])[name]
        except StoreTrouble as damage:
            self.faults.append(unreadable("links", damage))
            return None
        before = [index for _, index in found if index < self._covered.size]
        return fold_subject(name, [one for index in before if (one := self._before(index)) is not None])

    def _before(self, index: int) -> Recorded | None:
        data = self._entry_before(index)
        if data is None:
            return None
        kept = self._kept(index, index + 1).get(index, [])
        return decode(index, data, [text for _, text in kept], self._earlier)

    def _decoded(self, index: int) -> Recorded | None:
        if index >= self._covered.size:
            return super()._decoded(index)
        data = self._entry_before(index)
        return None if data is None else decode(index, data)

    def _entry_before(self, index: int) -> bytes | None:
        """A covered entry's bytes; None, and a fault, where they do not lead to the checkpoint's root."""
        try:
            data = next((data for _, data in self._single.entries(index, index + 1)), b"")
            if entry_hash(data) == self._covered.hash(index):
                return data
            reason = "-"
        except (Malformed, StoreTrouble) as trouble:
            reason = str(trouble)
        if index not in self._told:
            self._told.add(index)
            self.faults.append(StepFault(steps.BYTES, index, "verify-covered-entry", {"reason": reason}))
        return None


class _Known(dict[str, Subject | None]):
    """Subjects that rights rest on, folded when they are first asked for."""

    def __init__(self, folded: Callable[[str], Subject | None]) -> None:
        super().__init__()
        self._folded = folded

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self and name.startswith(RESTS_ON):
            self[name] = self._folded(name)
        return super().get(name, default)
