"""The report of a verification: for people as text, for programs as plain values. Both say the same.

The text names ledger, date, head and version, then each step in its own words with what was looked at and
what was found, then what cannot be seen this way. A run of like faults in neighbouring entries is told as one
line.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from ledger import messages
from ledger.audit.auditing import Audit, AuditRemark
from ledger.audit.only_new import OnlyNew
from ledger.chain.steps import STEPS, Step, StepFault
from ledger.edtf import readable
from ledger.messages import how_many
from ledger.projections.wording import one_line
from ledger.values import dataclass

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Report:
    """A finished audit, of the ledger called ``ledger``, made at ``moment`` (microseconds since 1970 UTC)."""

    audit: Audit
    ledger: str
    moment: int
    version: str

    def as_text(self) -> str:
        """The report for people, lines ending with a line feed."""
        return "".join(one_line(line) + "\n" for line in self._lines())

    def values(self) -> dict[str, Any]:
        """The report for programs; hashes in hexadecimal, times as RFC 3339 has them."""
        audit = self.audit
        return {
            "ledger": self.ledger,
            "origin": audit.origin,
            "verified": readable(self.moment),
            "version": self.version,
            "entries": audit.size,
            "unread": self._unread(),
            "recorded": None if audit.recorded is None else readable(audit.recorded),
            "head": None if audit.head is None else str(audit.head),
            "root": audit.root,
            "against": None if audit.options.anchor is None else str(audit.options.anchor),
            "held": max((held.size for held in audit.options.held), default=None),
            "steps": [self._step_values(step) for step in STEPS],
            "faults": [_fault_values(fault) for fault in audit.faults],
            "unnamed": [
                {"step": step, "code": code, "count": count}
                for (step, code), count in sorted(audit.faults.unnamed.items())
            ],
            "remarks": [{"code": remark.code, "said": str(remark)} for remark in audit.remarks],
            "limits": [{"code": limit.code, "said": str(limit)} for limit in self.limits()],
        }

    def limits(self) -> Iterator[AuditRemark]:
        """What cannot be seen this way."""
        options = self.audit.options
        yield AuditRemark("verify-limit-truth")
        if isinstance(self.audit, OnlyNew):
            yield AuditRemark("verify-limit-only-new", {"last": self._unread() - 1})
        elif options.anchor is not None:
            yield AuditRemark("verify-limit-head", {"index": options.anchor.index})
        elif any(held.size for held in options.held) and not options.chain_only:
            yield AuditRemark("verify-limit-head", {"index": max(held.size for held in options.held) - 1})
        else:
            yield AuditRemark("verify-limit-no-head")
        yield AuditRemark("verify-limit-recorded")
        if options.chain_only:
            yield AuditRemark("verify-limit-chain")
            return
        if not options.signatures:
            yield AuditRemark("verify-limit-signatures")
        if not options.views and not isinstance(self.audit, OnlyNew):
            yield AuditRemark("verify-limit-views")

    def _unread(self) -> int:
        """How many entries were not looked at again: the first ones, up to the checkpoint that covers
        them."""
        return self.audit.unread if isinstance(self.audit, OnlyNew) else 0

    def _step_values(self, step: Step) -> dict[str, Any]:
        found = self.audit.faults.of(step.number)
        checked = self.audit.checked.get(step.number)
        return {
            "step": step.number,
            "name": step.name,
            "shows": step.shows,
            "checked": checked,
            "faults": found,
        }

    def _lines(self) -> Iterator[str]:
        audit = self.audit
        yield "Adamas verification report"
        yield ""
        yield f"ledger    {self.ledger}" + ("" if audit.origin is None else f" ({audit.origin})")
        yield f"verified  {readable(self.moment)}, by adamas {self.version}"
        last = "" if audit.recorded is None else f", the last recorded at {readable(audit.recorded)}"
        yield f"entries   {audit.size:,}{last}"
        if self._unread():
            yield f"not read  entries 0 to {self._unread() - 1:,}: covered by the checkpoint held outside"
        if audit.options.anchor is not None:
            yield f"against   {audit.options.anchor} (a head held outside)"
        for held in audit.options.held:
            size, root = how_many("count-entries", held.size), held.root.hex()
            yield f"against   {size}, root {root} (a checkpoint held outside)"
        if audit.root is not None:
            yield f"root      {audit.root.hex()}"
        yield ""
        for step in STEPS:
            yield from self._step_lines(step)
        yield ""
        for remark in audit.remarks:
            yield from _wrapped("note:  ", str(remark))
        for limit in self.limits():
            yield from _wrapped("limit: ", str(limit))
        yield ""
        count = audit.faults.total
        if audit.head is not None:
            yield f"head: {audit.head}"
        if audit.head is not None and not count:
            yield f"      Keep it outside of this ledger, and next time: adamas verify --head {audit.head}"
        yield "result: no fault found" if not count else f"result: {_counted(count)} found"

    def _step_lines(self, step: Step) -> Iterator[str]:
        found = [fault for fault in self.audit.faults if fault.step == step.number]
        checked = self.audit.checked.get(step.number)
        yield f"({step.number}) {step.name}: {step.shows}"
        looked = "not checked" if checked is None else f"{checked:,} checked"
        count = self.audit.faults.of(step.number)
        told = "" if checked is None and not found else f", {_counted(count)}"
        yield f"    {looked}{told}"
        for run in _runs(found):
            yield f"    {_where(run)}{run[0].code}: {run[0]}" + (" And so on." if len(run) > 1 else "")
        for (number, code), unnamed in sorted(self.audit.faults.unnamed.items()):
            if number == step.number:
                yield f"    {code}: {messages.text('verify-unnamed', {'count': unnamed})}"


def _wrapped(label: str, text: str) -> list[str]:
    return wrap(text, _WIDTH, initial_indent=label, subsequent_indent=" " * len(label))


def _counted(count: int) -> str:
    return how_many("count-faults", count) if count else "no fault"


def _runs(faults: list[StepFault]) -> Iterator[list[StepFault]]:
    """Like faults of neighbouring entries together."""
    run: list[StepFault] = []
    for fault in faults:
        following = run and fault.code == run[-1].code and fault.index is not None
        if following and run[-1].index is not None and fault.index in (run[-1].index, run[-1].index + 1):
            run.append(fault)
            continue
        if run:
            yield run
        run = [fault]
    if run:
        yield run


def _where(run: list[StepFault]) -> str:
    first, last = run[0].index, run[-1].index
    if first is None:
        return ""
    return f"entry {first}: " if first == last else f"entries {first} to {last}: "


def _fault_values(fault: StepFault) -> dict[str, Any]:
    return {"step": fault.step, "index": fault.index, "code": fault.code, "said": str(fault)}
