"""Steps 8 to 11: every entry whose bytes are right, in order, on what the ledger's own rules and tables say
of it.

`Examination` is the second phase of `ledger.audit.auditing`. It decodes each entry, hands it to those
who know: `entitlement` (may its author?), `derived_rows` (what must the tables have?), `kept_values` (are
sealed values and documents those that it states?), and at the end compares the tables, the head and the
file's own structure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

from ledger.audit.derived_nodes import DerivedNodes
from ledger.audit.derived_rows import DerivedRows, Rows, strange, unreadable
from ledger.audit.entitlement import Entitlement
from ledger.audit.kept_values import KeptValues
from ledger.audit.resuming import ExaminedPage, Resumption, digest_of
from ledger.chain import entry as entries
from ledger.chain import steps
from ledger.chain.inspection import UNDATED
from ledger.chain.statement import Statement
from ledger.chain.steps import Findings, StepFault
from ledger.chain.verification import Verification
from ledger.domain.custody_rules import begun
from ledger.domain.events import (
    CertificateIndex,
    Corrected,
    DisclosureErased,
    Event,
    Opaque,
    Recorded,
    Seized,
)
from ledger.domain.state import guarded, touched
from ledger.errors import StoreTrouble
from ledger.store.decoding import decode
from ledger.store.evidence import Evidence
from ledger.store.salvage import Salvage, Strange

_PAGE = 512
Topic = tuple[int, "bytes | None", bytes]
"""An entry's index, its type as the table has it, and its bytes."""
_GOODS = "parcel:"


class Examination:
    """One pass over the entries, then the tables. ``recorded`` is the last entry's time, ``stated`` the
    certificate indexes that entries state, ``done`` the number of entries seen."""

    def __init__(
        self,
        salvage: Salvage,
        chain: Verification,
        evidence: Evidence | None,
        earlier: Resumption | None = None,
    ) -> None:
        self.faults = Findings()
        self.recorded: int | None = None
        self.entitlement = Entitlement()
        self.derived = DerivedRows(b"" if earlier is None else earlier.key)
        self.nodes = DerivedNodes()
        self.stated: list[tuple[int, CertificateIndex]] = []
        self.done = 0
        self.values = KeptValues(evidence)
        self._salvage = salvage
        self._chain = chain
        self._bad: set[int | None] = set()
        self._heard = 0
        self._at = 0
        self._run = earlier
        self._earlier = lru_cache(maxsize=256)(self._decoded)

    def follow(self) -> None:
        """Go through the entries whose bytes were looked at, while others look at those that come after."""
        new = self._chain.faults[self._heard :]
        self._heard += len(new)
        self._bad |= _bad(new)
        if self._chain.last is not None:
            for _ in self._walk(self._chain.last.index + 1):
                pass

    def run(self, stop: int) -> Iterator[int]:
        """Go through the entries, then the tables, when all bytes have been looked at; gives the number of
        entries seen so far."""
        self._bad = _bad(self._chain.faults)
        if self.done:
            yield self.done
        if self._run is not None and (kept := self._run.upcoming()) is not None and stop < kept.stop:
            self._run.drop(kept.first)  # the end of the ledger that the earlier run saw is gone
        yield from self._walk(stop)
        self._finish(stop)

    def _walk(self, stop: int) -> Iterator[int]:
        self.entitlement.origin = self._chain.origin or ""
        for page in self._pages(stop):
            self.done += len(page)
            yield self.done

    def _pages(self, stop: int) -> Iterator[list[Topic]]:
        """The entries before ``stop`` that are still to come, page by page, each looked at or taken from an
        earlier run."""
        while self._run is not None and (kept := self._run.upcoming()) is not None:
            if stop < kept.stop:
                return  # until its bytes have been looked at
            for page in self._paged(self._at, kept.first):
                self._run.drop(page[0][0])
                yield self._look(page)
            if page := list(self._salvage.topics(kept.first, kept.stop)):
                is_taken = self._run.upcoming() is not None and self._take(kept, page, self._run)
                yield page if is_taken else self._look(page)
            self._run.passed()
            self._at = kept.stop
        for page in self._paged(self._at, stop):
            yield self._look(page)
        self._at = max(self._at, stop)

    def _paged(self, start: int, stop: int) -> Iterator[list[Topic]]:
        rows = self._salvage.topics(start, stop) if start < stop else iter(())
        while page := list(islice(rows, _PAGE)):
            yield page

    def _look(self, page: list[Topic]) -> list[Topic]:
        """Look at every entry of a page, and write down what was found where nothing is wrong."""
        first, stop, before = page[0][0], page[-1][0] + 1, (self.faults.total, len(self.stated))
        kept = self._kept(first, stop)
        going_on: list[tuple[int, str]] = []
        leaves = [(index, topic, entries.entry_hash(data)) for index, topic, data in page]
        for _, _, leaf in leaves:
            self.nodes.add(leaf)
        for index, topic, data in page:
            going_on += self._entry(index, topic, data, kept.get(index, []))
        self._begun_before(going_on)
        rows, values, rights = self.derived.turn(), self.values.turn(), self.entitlement.turn()
        if self._run is not None:
            right = self.faults.total == before[0] and self._bad.isdisjoint(index for index, _, _ in page)
            stated = [index for index, _ in self.stated[before[1] :]]
            found = (self.recorded, stated, rows, values, rights)
            self._run.note(ExaminedPage(first, stop, digest_of(leaves, kept), right, *found))
        return page

    def _take(self, kept: ExaminedPage, page: list[Topic], run: Resumption) -> bool:
        """Take over what an earlier run found of a page; False where the page must be looked at again: what
        lies there is not the same, or something was wrong with it."""
        leaves = [(index, topic, entries.entry_hash(data)) for index, topic, data in page]
        try:
            values: dict[int, list[tuple[str, str]]] = self._salvage.disclosed(kept.first, kept.stop)
        except StoreTrouble:
            values = {}
        if digest_of(leaves, values) != kept.digest:
            run.drop(kept.first)
            return False
        if not kept.right or not self._bad.isdisjoint(index for index, _, _ in page):
            return False
        for _, _, leaf in leaves:
            self.nodes.add(leaf)
        self.derived.join(kept.rows, kept.stop)
        self.values.join(kept.values)
        self.entitlement.join(kept.rights)
        known = {index: data for index, _, data in page}
        if not known.keys() >= {*kept.rights.rested, *kept.stated}:
            raise run.strange()
        for index in kept.rights.rested:
            texts = [text for _, text in values.get(index, ())]
            self.entitlement.follow(decode(index, known[index], texts, self._earlier))
        for index in kept.stated:
            event = decode(index, known[index]).event
            if isinstance(event, CertificateIndex):
                self.stated.append((index, event))
        self.recorded = kept.recorded
        return True

    def _finish(self, stop: int) -> None:
        self.faults += self.derived.compare(self._salvage, self._again)
        if self._chain.whole:  # otherwise the tree that there should be is not known
            self.faults += self.nodes.compare(self._salvage)
        self.faults += self.values.finish(self._salvage, stop)
        self.faults += self._head()
        self.faults += self._file()

    def _kept(self, start: int, stop: int) -> dict[int, list[tuple[str, str]]]:
        try:
            return self._salvage.disclosed(start, stop)
        except StoreTrouble as damage:
            self.faults.append(unreadable("disclosures", damage))
            return {}

    def _entry(
        self, index: int, topic: bytes | None, data: bytes, kept: list[tuple[str, str]]
    ) -> list[tuple[int, str]]:
        """Look at one entry; the goods that it changes and does not begin."""
        if index in self._bad:
            self.derived.skip(index)
            return []
        _, _, self.recorded, signed, _ = entries.fields(data)
        statement = Statement.read(signed)
        if topic is None or topic != statement.type.encode():
            found = "" if topic is None else topic.decode("utf-8", "replace")[:60]
            values = {"type": statement.type, "found": found}
            self.faults.append(StepFault(steps.TABLES, index, "verify-topic", values))
        self.faults += self.values.look(index, statement, signed, kept)
        recorded = decode(index, data, [text for _, text in kept], self._earlier)
        event, names = recorded.event, guarded(recorded.event, recorded.about)
        self.faults += self.entitlement.look(recorded, names)
        if isinstance(event, Opaque):
            self.derived.typed(index, statement.type)
            return []
        self.derived.add(_rows(recorded, names, statement))
        if isinstance(event, CertificateIndex):
            self.stated.append((index, event))
        if isinstance(event, DisclosureErased):
            self.values.erased(event)
        return [(index, name) for name in _going_on(event, names)]

    def _begun_before(self, going_on: list[tuple[int, str]]) -> None:
        """Goods must have begun before an act changes them: an entry that began them may have been
        dropped."""
        try:
            first = self._salvage.first_of(sorted({name for _, name in going_on}))
        except StoreTrouble:
            return  # that links cannot be read is told when they are compared
        for index, name in going_on:
            if first.get(name, index) >= index:
                values = {"parcel": name.removeprefix(_GOODS)}
                self.faults.append(StepFault(steps.TABLES, index, "verify-not-begun", values))

    def _again(self, start: int, stop: int) -> Iterator[Rows]:
        for index, data in self._salvage.entries(start, stop):
            if index not in self._bad:
                statement = Statement.read(entries.fields(data)[3])
                recorded = decode(index, data, (), self._earlier)
                if not isinstance(recorded.event, Opaque):
                    yield _rows(recorded, guarded(recorded.event, recorded.about), statement)

    def _decoded(self, index: int) -> Recorded | None:
        for found, data in self._salvage.entries(index, index + 1):
            if found not in self._bad:
                return decode(found, data)
        return None

    def _head(self) -> Iterator[StepFault]:
        chain = self._chain
        last, size = chain.last, 0 if chain.last is None else chain.last.index + 1
        frontier = size.to_bytes(8, "big") + chain.frontier()
        wanted = (size, last.hash if last else bytes(32), self.recorded or 0, frontier)
        try:
            heads = list(self._salvage.rows("head"))
        except StoreTrouble as damage:
            yield unreadable("head", damage)
            return
        if len(heads) != 1:
            yield StepFault(steps.TABLES, None, "verify-head-count", {"count": len(heads)})
        for row in heads:
            if isinstance(row, Strange):
                yield strange("head", row)
                continue
            for place, name in enumerate(("size", "hash", "recorded", "frontier")):
                known = chain.whole if name == "frontier" else size - 1 not in self._bad or name != "recorded"
                if known and row[place] != wanted[place]:
                    yield StepFault(steps.TABLES, None, "verify-head-row", {"column": name})

    def _file(self) -> Iterator[StepFault]:
        """What lies in the file and is read by nobody, and what the database says of its own structure."""
        try:
            count = self._salvage.strange_entries()
            if count:
                yield StepFault(steps.TABLES, None, "verify-entries-strange", {"count": count})
        except StoreTrouble as damage:
            yield unreadable("stored_events", damage)
        yield from self._definitions()
        for message in self._salvage.integrity():
            yield StepFault(steps.TABLES, None, "verify-structure", {"reason": message})

    def _definitions(self) -> Iterator[StepFault]:
        try:
            for one in self._salvage.deformed():
                values = {"kind": one.kind, "name": one.name, "how": one.how}
                yield StepFault(steps.TABLES, None, "verify-definition", values)
        except StoreTrouble as damage:
            yield unreadable("stored_events", damage)


def _bad(faults: Iterable[StepFault]) -> set[int | None]:
    """The entries whose bytes say nothing."""
    return {fault.index for fault in faults if fault.step == steps.BYTES or fault.code == UNDATED}


def _rows(recorded: Recorded, names: tuple[str, ...], statement: Statement) -> Rows:
    mentions = touched(recorded.event, recorded.about, names)
    return Rows(recorded.index, names, mentions, statement.id, statement.type)


def _going_on(event: Event, names: Iterable[str]) -> Iterator[str]:
    """The goods that a live act changes and does not begin."""
    if event.documented or isinstance(event, Corrected):
        return
    begins = (
        {*begun(event), *(line.parcel for line in event.lines)}
        if isinstance(event, Seized)
        else {*begun(event)}
    )
    for name in names:
        if name.startswith(_GOODS) and name.removeprefix(_GOODS) not in begins:
            yield name
