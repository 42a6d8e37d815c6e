"""Verifying a whole ledger: all eleven steps of `ledger.chain.steps`, on one snapshot of its file.

    audit = Audit(journal, Options(anchor=Anchor.parse("12:ab34..")))
    for progress in audit.run(): ...       # phase, entries done, entries there are
    audit.faults                           # values, by step and index; going on after the first

Three phases: the bytes on all cores (steps 1 to 7, `ledger.chain.verification`); then the entries in their
order, for what needs the ledger's own rules and tables (8 to 11); then the tables themselves, and views where
asked. While other processes look at bytes, this one begins with the second. An entry whose bytes are not
right is not looked into by later steps. Nothing is written, and nothing raises on a file that is damaged:
what cannot be read is a fault like others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from ledger import messages
from ledger.audit.derived_rows import unreadable
from ledger.audit.division import Divided, division
from ledger.audit.examination import Examination
from ledger.audit.resuming import Resumption
from ledger.audit.working_paper import WorkingPaper
from ledger.chain import steps
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.merkle import Frontier
from ledger.chain.steps import Anchor, Findings, StepFault
from ledger.chain.verification import Verification
from ledger.errors import Malformed, StoreTrouble
from ledger.projections.certificate_leaves import CertificateLeaves
from ledger.projections.view_check import derived_again, differences
from ledger.projections.views import TABLES, VERSION, VIEW
from ledger.store.checking import snapshot
from ledger.store.evidence import Evidence, Kept
from ledger.store.journal import Journal
from ledger.store.kept_tables import UNUSABLE
from ledger.store.records import Records
from ledger.store.salvage import Salvage
from ledger.store.sharing import shared
from ledger.store.tables import Tables
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """What is to be checked. ``anchor`` and ``held``: a head and checkpoints held outside;
    ``trusted``: the origin that the reader's trust file is about, which the ledger's must be;
    ``chain_only``: steps 2 to 4 and nothing else; ``evidence``: where documents lie."""

    anchor: Anchor | None = None
    chain_only: bool = False
    signatures: bool = True
    views: bool = False
    evidence: Evidence | None = None
    cores: int = 0
    held: tuple[Checkpoint, ...] = ()
    trusted: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the audit has come: ``phase`` 1 bytes, 2 entries, 3 views."""

    phase: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class AuditRemark:
    """Something to know that is no fault: a catalogue code and the values of its text."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return messages.text(self.code, self.values)


@dataclass
class Audit:
    """One run and what it found.

    ``checked`` says how much each step looked at (a step that is not there was not taken); ``head`` is the
    last entry's index and hash, ``recorded`` its time, ``root`` the tree's; None for a ledger that has none.
    ``division`` has what was left to other processes. With a ``paper``, the run goes on from where an earlier
    one was stopped, and can be stopped itself; ``earlier`` tells what became of that.
    """

    journal: Journal
    options: Options = field(default_factory=Options)
    faults: Findings = field(default_factory=Findings)
    remarks: list[AuditRemark] = field(default_factory=list)
    checked: dict[int, int] = field(default_factory=dict)
    size: int = 0
    origin: str | None = None
    head: Anchor | None = None
    recorded: int | None = None
    root: bytes | None = None
    division: Divided | None = None
    paper: WorkingPaper | None = None
    earlier: Resumption | None = None

    def run(self) -> Iterator[Progress]:
        """Verify. To be exhausted before asking."""
        with snapshot(self.journal) as salvage:
            stop = salvage.stop()
            chain = self._chain(salvage, stop)
            look = None
            if not self.options.chain_only:
                look = Examination(salvage, chain, self.options.evidence, self.earlier)
            yield from self._bytes(chain, look, stop)
            self._take(chain, salvage)
            self._compare_trusted()
            if look is not None:
                for done in look.run(stop):
                    yield Progress(2, done, stop)
                self._add(look)
                self._compare_indexes(look)
                if self.options.views and self._views_can_be_compared(salvage):
                    yield from self._compare_views(stop)
        self.faults.put_in_order()

    def _bytes(self, chain: Verification, look: Examination | None, stop: int) -> Iterator[Progress]:
        """The first phase. While others read and look at bytes, this process goes on with the second."""
        for done in chain.run():
            if look is not None and self.division is not None and self.division.is_at_work:
                look.follow()
            yield Progress(1, done, stop)

    def _chain(self, salvage: Salvage, stop: int) -> Verification:
        chosen = self.options

        def read(start: int, end: int | None) -> Iterator[tuple[int, bytes]]:
            return salvage.entries(start, stop if end is None else end)

        self.division = division(shared(self.journal, salvage, stop), read)
        if self.paper is not None and not chosen.chain_only:
            self.earlier = Resumption(self.paper, read, chosen.evidence)
        return Verification(
            read,
            chosen.anchor,
            statements=not chosen.chain_only,
            signatures=chosen.signatures,
            expected=stop,
            cores=chosen.cores,
            held=chosen.held,
            division=self.division,
            earlier=self.earlier,
        )

    def _take(self, chain: Verification, salvage: Salvage) -> None:
        """The result of the first phase. A gap that the file's damage explains is told as that damage."""
        if self.division is not None:
            salvage.lost |= self.division.lost
        lost = salvage.lost
        self.faults = Findings(fault for fault in chain.faults if not _is_explained(fault, lost))
        self.faults.unnamed.update(chain.faults.unnamed)
        for index, reason in lost.items():
            self.faults.append(StepFault(steps.BYTES, index, "verify-unreadable", {"reason": reason}))
        self.checked = dict(chain.checked)
        self.size, self.origin, self.head = chain.size, chain.origin, chain.last
        if chain.size and chain.whole:
            frontier = chain.frontier()
            peaks = [frontier[place : place + 32] for place in range(0, len(frontier), 32)]
            self.root = Frontier(chain.size, peaks).root()

    def _compare_trusted(self) -> None:
        """The reader's trust file is about one ledger; its keys have signed checkpoints, and no database."""
        trusted = self.options.trusted
        if trusted is None:
            return
        if trusted != self.origin:
            values = {"origin": trusted, "found": self.origin or "-"}
            self.faults.append(StepFault(steps.ORIGIN, None, "verify-trust-other", values))
        if not self.options.held:
            self.remarks.append(AuditRemark("verify-remark-trust"))

    def _add(self, look: Examination) -> None:
        """The result of the second phase."""
        self.faults += look.faults
        self.recorded = look.recorded
        self.checked[steps.AUTHORITY] = look.entitlement.looked
        self.checked[steps.TABLES] = look.derived.counted + look.nodes.counted
        self.checked[steps.DISCLOSURES] = look.values.sealed
        if look.entitlement.opaque:
            values = {"count": look.entitlement.opaque, "first": look.entitlement.first_opaque}
            self.remarks.append(AuditRemark("verify-remark-opaque", values))
        if look.values.erasures():
            self.remarks.append(AuditRemark("verify-remark-erased", {"count": look.values.erasures()}))
        if self.options.evidence is not None:
            found = look.values.documents
            self.checked[steps.EVIDENCE] = found[Kept.PRESENT] + found[Kept.ALTERED]
            if found[Kept.ABSENT]:
                self.remarks.append(AuditRemark("verify-remark-absent", {"count": found[Kept.ABSENT]}))
            if found[Kept.UNREADABLE]:
                self.remarks.append(
                    AuditRemark("verify-remark-unreadable", {"count": found[Kept.UNREADABLE]})
                )

    def _compare_indexes(self, look: Examination) -> None:
        """The certificate indexes that entries state, worked out again from the entries before."""
        if not look.stated or any(fault.step in (steps.BYTES, *_TELLING) for fault in self.faults):
            return
        leaves = CertificateLeaves(self.journal, Records(self.journal))
        for at, event in look.stated:
            values = {"size": event.size}
            try:
                index = leaves.at(event.size)
                right = event.size <= at and (index.count, index.root) == (event.count, event.root)
            except (Malformed, StoreTrouble):
                right = False
            if not right:
                self.faults.append(StepFault(steps.SEEN, at, "verify-certificate-index", values))

    def _views_can_be_compared(self, salvage: Salvage) -> bool:
        """Views follow from entries and tables; where those have faults, nothing can be said of views."""
        if any(fault.step in (steps.BYTES, steps.INDEXES, steps.TABLES) for fault in self.faults):
            self.remarks.append(AuditRemark("verify-remark-views"))
            return False
        try:
            strange = list(salvage.strange_views())
            listed = [] if strange else salvage.views()
        except StoreTrouble as damage:
            self.faults.append(unreadable("views", damage))
            return False
        if listed and _are_mislisted(listed):
            strange = [("views", len(listed))]
        for table, count in strange:
            self.faults.append(
                StepFault(steps.TABLES, None, "verify-view-strange", {"table": table, "count": count})
            )
        if listed and not strange and listed[0][1] != VERSION:
            self.remarks.append(AuditRemark("verify-remark-other-views"))
            return False
        deformed = list(salvage.deformed_views(TABLES)) if listed and not strange else []
        for one in deformed:
            values = {"kind": one.kind, "name": one.name, "how": one.how}
            self.faults.append(StepFault(steps.TABLES, None, "verify-definition", values))
        return not strange and not deformed

    def _compare_views(self, stop: int) -> Iterator[Progress]:
        yield Progress(3, 0, stop)
        done = 0
        try:
            with Tables.private() if self.earlier is None else self.earlier.views() as fresh:
                # One inside the snapshot's transaction sees the same state of the file.
                for done in derived_again(fresh, self.journal, Records(self.journal)):
                    yield Progress(3, done, stop)
                for one in differences(fresh, self.journal):
                    self.faults.append(StepFault(steps.TABLES, None, "verify-view", {"said": str(one)}))
        except StoreTrouble as damage:
            if damage.code == UNUSABLE:  # the tables beside the working paper, and not the ledger's
                raise
            self.faults.append(unreadable("views", damage))
        if done != stop:
            yield Progress(3, stop, stop)


def _are_mislisted(listed: list[tuple[str, int, str]]) -> bool:
    """Whether what the file says of its views is not what any version of this program wrote."""
    ((view, version, tables), *more) = listed
    named = all(name.startswith("view_") for name in tables.split())
    ours = version != VERSION or tables == " ".join("view_" + table.name for table in TABLES)
    return bool(more) or view != VIEW or not 0 <= version < 1 << 32 or not named or not ours


_TELLING = (steps.INDEXES, steps.TABLES)
"""Where these steps find faults, nothing can be said of what was folded through tables."""


def _is_explained(fault: StepFault, lost: dict[int, str]) -> bool:
    if fault.code != "verify-gap":
        return False
    return all(index in lost for index in range(fault.values["first"], fault.values["last"] + 1))
