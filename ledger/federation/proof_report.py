"""What a proof file shows, for people as text and for programs as plain values; both say the same.

A file is a bundle, several of them in a zip, a proof of absence, or a bare checkpoint. The numbered steps are
those of `ledger.chain.proof_steps`, in their order; what stands behind them is to be believed only as far as
the steps say. Each field is *public*, *disclosed* (sealed in the entry, opened for the reader) or *withheld*.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ledger import messages
from ledger.chain import absence, archive, bundle_check
from ledger.chain.absence import AbsenceReport
from ledger.chain.bundle_check import Reader, Report
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.proof_steps import FAULT, KEY, NOT_SHOWN, OK, STEPS, Outcome
from ledger.domain.events import Opaque
from ledger.domain.vocabulary import certificate_key
from ledger.edtf import readable
from ledger.errors import Malformed
from ledger.messages import how_many
from ledger.projections.wording import WITHHELD_TEXT, one_line, summary, told
from ledger.store.decoding import decode
from ledger.values import dataclass

BUNDLE, ZIP, ABSENCE = "proof", "proofs", "absence"
_TITLES = {
    BUNDLE: "the proof of an entry",
    ZIP: "the proofs of several entries",
    ABSENCE: "a certificate's status, or its absence",
}


_ISSUER = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class ProofReport:
    """A checked file: what ``kind`` of file it is, the reports on its bundles by index, and what an index
    entry's leaf tells. ``grown``: of each checkpoint that the reader holds, whether the tree grew from it."""

    kind: str
    reports: Mapping[int, Report]
    absence: AbsenceReport | None = None
    grown: Sequence[Outcome] = ()

    @property
    def holds(self) -> bool:
        """Whether everything that is demanded is shown, of every entry in it, and nothing is a fault."""
        if self.absence is not None:
            return self.absence.holds
        return all(report.holds for report in self.reports.values())

    @property
    def unshown(self) -> tuple[Outcome, ...]:
        """What tells why it is not shown that the tree grew from a checkpoint that the reader holds."""
        return tuple(one for one in self.grown if one.standing == NOT_SHOWN)

    @property
    def head(self) -> Checkpoint | None:
        """The checkpoint that all is against, where it could be read."""
        return next((one.checkpoint for one in self.reports.values() if one.checkpoint is not None), None)

    def outcomes(self) -> Iterator[tuple[int, Outcome]]:
        """(index, outcome) of every step of every entry."""
        if self.absence is not None:
            yield from ((-1, outcome) for outcome in self.absence.outcomes)
            return
        for index, report in self.reports.items():
            yield from ((index, outcome) for outcome in report.outcomes)


def examine(data: bytes, reader: Reader, along: Sequence[bytes] = ()) -> ProofReport:
    """Check a bundle, a zip of them or a proof of absence; ``along`` are bundles that may show authority.

    Raises `Malformed` (``archive-...``, ``succession-...``) where there is nothing to report on.
    """
    if archive.is_zip(data):
        many = archive.verify(data, reader)
        return ProofReport(ZIP, many, grown=_grown(many.values(), reader))
    if data.startswith(absence.HEADER.encode("ascii")):
        found = _uncontradicted(_of_normal_key(absence.verify(data, reader, along)), reader, along)
        entry = found.index_entry
        reports = {} if entry is None else {-1: entry}
        return ProofReport(ABSENCE, reports, found, _grown(reports.values(), reader))
    report = bundle_check.verify(data, reader, along)
    index = -1 if report.entry is None else report.entry.index
    return ProofReport(BUNDLE, {index: report}, grown=_grown([report], reader))


def _of_normal_key(found: AbsenceReport) -> AbsenceReport:
    """Certificates stand in the index under keys in normal form: that another spelling is absent shows
    nothing, nor that one is which only looks like a certificate's."""
    issuer, _, number = found.key.partition("/")
    normal = certificate_key(issuer.strip().upper(), number)
    if found.leaf is not None:
        return found
    if normal != found.key or not _ISSUER.fullmatch(issuer):
        fault = Outcome(KEY, FAULT, "absence-key-form", {"key": found.key, "normal": normal})
    elif not found.key.isascii():
        fault = Outcome(KEY, FAULT, "absence-key-letters", {"key": ascii(found.key)})
    else:
        return found
    outcomes = (fault if one.step == KEY and one.standing == OK else one for one in found.outcomes)
    return replace(found, outcomes=tuple(outcomes))


def _uncontradicted(found: AbsenceReport, reader: Reader, along: Sequence[bytes]) -> AbsenceReport:
    """What an entry that travels along contradicts does not hold."""
    for proven in bundle_check.verify_all(along, reader):
        try:
            lie = absence.convict(found, proven)
        except Malformed:
            continue
        values = {"key": lie.key, "index": lie.index, "entry": lie.entry}
        fault = Outcome(KEY, FAULT, "absence-contradicted", values)
        return replace(found, outcomes=tuple(fault if one.step == KEY else one for one in found.outcomes))
    return found


def _grown(reports: Iterable[Report], reader: Reader) -> list[Outcome]:
    """Of each pinned checkpoint, the best that any of the bundles, all at one checkpoint, shows."""
    bundles = [one.bundle for one in reports if one.bundle is not None]
    if not bundles:
        return []
    revoked = [bundle_check.revocation(proofs, reader) for proofs in reader.revocations]
    found = []
    for signed in reader.pinned:
        pinned = bundle_check.pin(signed, reader.trust, revoked)
        each = [bundle_check.grown(one.checkpoint.checkpoint, one.paths, pinned) for one in bundles]
        found.append(min(each, key=lambda one: (FAULT, OK, NOT_SHOWN).index(one.standing)))
    return found


def is_zip(data: bytes) -> bool:
    """Whether the bytes are several proofs in a zip."""
    return archive.is_zip(data)


def result(holds: bool, unshown: Sequence[Outcome]) -> str:
    """The last line of a report."""
    if not holds:
        return "result: it does not hold"
    if unshown:
        return f"result: not shown that the ledger grew from what you hold (--since): {unshown[0]}"
    return "result: it holds"


def is_checkpoint(data: bytes) -> bool:
    """Whether the bytes are a signed checkpoint, alone."""
    try:
        SignedCheckpoint.parse(data)
    except Malformed:
        return False
    return True


def as_text(report: ProofReport) -> str:
    """The report for people, lines ending with a line feed."""
    return "".join(one_line(line) + "\n" for line in _lines(report))


def values(report: ProofReport) -> dict[str, Any]:
    """The report for programs; hashes in hexadecimal, times in microseconds since 1970 UTC."""
    head, proven = report.head, report.absence
    about = None
    if proven is not None:
        leaf = proven.leaf
        status = None if leaf is None else leaf.status
        issued = None if leaf is None else leaf.issued
        about = {"certificate": proven.key, "as_of": proven.size, "status": status, "issued": issued}
    return {
        "kind": report.kind,
        "holds": report.holds,
        "grown": all(one.standing == OK for one in report.grown) if report.grown else None,
        "origin": None if head is None else head.origin,
        "size": None if head is None else head.size,
        "root": None if head is None else head.root,
        "absence": about,
        "steps": [
            {"entry": None if index < 0 else index, "step": one.step, "name": one.name,
             "standing": one.standing, "code": one.code, "said": str(one)}
            for index, one in report.outcomes()
        ],
        "entries": [_entry_values(one) for one in report.reports.values() if one.entry is not None],
        "limits": list(_limits(report.kind)),
    }  # fmt: skip


def _limits(kind: str) -> Iterator[str]:
    """What no proof shows."""
    yield messages.text("verify-limit-truth", {})
    yield messages.text("proof-limit-later", {})
    if kind == ZIP:
        yield messages.text("proof-limit-left-out", {})


def _entry_values(report: Report) -> dict[str, Any]:
    if report.entry is None or report.statement is None or report.bundle is None:
        raise ValueError("a report without an entry has no values")
    statement = report.statement
    return {
        "entry": report.entry.index,
        "recorded": report.entry.recorded,
        "occurred": statement.occurred,
        "type": statement.type,
        "author": statement.author,
        "on_behalf": statement.on_behalf,
        "holds": report.holds,
        "body": report.body,
        "fields": {".".join(map(str, path)): how for path, how in report.fields.items()},
    }


def _lines(report: ProofReport) -> Iterator[str]:
    head = report.head
    yield f"Adamas report on {_TITLES[report.kind]}"
    if report.absence is not None and report.absence.key:
        yield ""
        yield f"certificate  {report.absence.key}"
    if head is not None:
        yield ""
        yield f"ledger   {head.origin}, as of its first {how_many('count-entries', head.size)}"
        yield f"root     {head.root.hex()}"
    yield ""
    yield from _step_lines(list(report.outcomes()))
    yield ""
    for one in report.reports.values():
        if one.entry is not None:
            yield from _entry_lines(one, brief=len(report.reports) > 1)
    yield ""
    for limit in _limits(report.kind):
        yield f"limit: {limit}"
    yield result(report.holds, report.unshown)


def _step_lines(outcomes: list[tuple[int, Outcome]]) -> Iterator[str]:
    """Each step once; where entries differ, how many stand how, and the first of them that is not right."""
    for step in STEPS:
        mine = [(index, one) for index, one in outcomes if one.step == step.number]
        if not mine:
            continue
        yield f"({step.number}) {step.name}: {step.shows}"
        if len({str(one) for _, one in mine}) == 1:
            yield f"    {mine[0][1].standing}: {mine[0][1]}"
            continue
        for standing in (OK, NOT_SHOWN, FAULT):
            found = [(index, one) for index, one in mine if one.standing == standing]
            if found:
                shown = "" if standing == OK else f": entry {found[0][0]}: {found[0][1]}"
                yield f"    {standing} in {len(found)}{shown}"


def _entry_lines(report: Report, *, brief: bool) -> Iterator[str]:
    if report.entry is None or report.statement is None or report.bundle is None:
        return
    entry, statement = report.entry, report.statement
    recorded = decode(entry.index, report.bundle.entry, report.bundle.disclosures)
    yield f"entry {entry.index}: {statement.type}, recorded {readable(entry.recorded)}"
    opened = {path[1:] for path, how in report.fields.items() if how == "disclosed" and path[0] == "body"}
    withheld = sum(how for how in report.fields.values() if isinstance(how, int))
    if brief:
        yield f"    {summary(recorded.event)}"
        yield from _standings(report, opened, withheld)
        return
    yield f"    occurred   {statement.occurred or 'unknown'}"
    if statement.on_behalf is not None:
        yield f"    for        {statement.on_behalf}, not signed by it"
    rows = [(name, text) for name, text in told(recorded.event) if text != WITHHELD_TEXT]
    width = max((len(name) for name, _ in rows), default=0)
    for name, text in rows:
        how = "disclosed" if (name,) in opened else "public"
        yield f"    {how:<9}  {name:<{width}}  {text}"
        for path in sorted((path for path in opened if path[0] == name and len(path) > 1), key=str):
            yield f"    disclosed  {name:<{width}}  {'.'.join(map(str, path[1:]))} in it"
    if withheld:
        yield f"    withheld   {withheld} field{'s' if withheld > 1 else ''}"
    if isinstance(recorded.event, Opaque):
        yield "    this version does not know acts of this type, or not in this form"


def _standings(report: Report, opened: set[tuple[str | int, ...]], withheld: int) -> Iterator[str]:
    """How the fields of one entry among many stand, where they do not stand alike."""
    if opened or withheld:
        public = sum(how == "public" for how in report.fields.values())
        names = ", ".join(sorted({str(path[0]) for path in opened}))
        yield f"    {public} public, {len(opened)} disclosed{names and f' ({names})'}, {withheld} withheld"
