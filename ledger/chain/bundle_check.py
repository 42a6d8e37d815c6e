"""Checking bundles: the numbered steps of `ledger.chain.bundle`, for one or several that travel together.

    report = verify(data, Reader(Trust.parse(trust_file), pinned=(mine,), roles=roles_of))
    report.holds                    steps 1 to 8 are shown and nothing is a fault
    report.outcomes                 all eleven, each ok, a fault or not shown
    report.fields                   path -> "public", "disclosed", or under `_sd` how many are withheld

Pure: bytes, and what the reader brings. Checking goes on after a fault, so a person sees all of them; what a
step cannot tell because an earlier one failed is *not shown*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from typing import Any

from ledger import edtf, keys
from ledger.chain import authority, merkle, names
from ledger.chain import proof_steps as steps
from ledger.chain import statement as statements
from ledger.chain.bundle import Bundle
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.disclosure import Fields
from ledger.chain.entry import Entry, entry_hash
from ledger.chain.note import VerifierKey
from ledger.chain.proof_steps import FAULT, NOT_SHOWN, OK, Outcome
from ledger.chain.statement import Statement
from ledger.chain.succession import REVOKED, Paths, Revoked
from ledger.chain.trust import Trust
from ledger.errors import Malformed
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Reader:
    """What the reader brings, and nothing else counts.

    ``pinned`` are checkpoints held since earlier; ``now`` and ``max_age`` (seconds since 1970, seconds) make
    old cosignatures not count; ``roles`` is the act-by-role table; ``revocations`` are each a bundle of
    `ledger-key-revoked/1` under a key that the trust file names, with those that show its author entitled.
    """

    trust: Trust
    pinned: tuple[SignedCheckpoint, ...] = ()
    now: int | None = None
    max_age: int | None = None
    roles: authority.Roles | None = None
    revocations: tuple[Sequence[bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What a bundle shows. Everything after ``outcomes`` is to be believed only as far as these say."""

    outcomes: tuple[Outcome, ...]
    bundle: Bundle | None = None
    entry: Entry | None = None
    statement: Statement | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Mapping[str, Any], ...] = ()
    fields: Fields = field(default_factory=dict)

    @property
    def fault(self) -> Outcome | None:
        """The first step that found a fault."""
        return steps.first_fault(self.outcomes)

    @property
    def holds(self) -> bool:
        """Whether every demanded step is shown and none found a fault."""
        shown = {outcome.step for outcome in self.outcomes if outcome.standing == OK}
        return shown >= steps.DEMANDED and self.fault is None

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The checkpoint that the bundle is against."""
        return None if self.bundle is None else self.bundle.checkpoint.checkpoint


def verify(data: bytes, reader: Reader, along: Sequence[bytes] = ()) -> Report:
    """The report on one bundle; ``along`` are bundles at the same checkpoint that may show its authority.

    Raises `Malformed` (``succession-proof``) for a revocation that does not hold, `Unavailable` where a
    trusted key's algorithm is missing.
    """
    return verify_all([data, *along], reader)[0]


def verify_all(many: Iterable[bytes | Bundle], reader: Reader) -> list[Report]:
    """The reports on bundles that travel together, in their order, as bytes or decoded; raises as
    `verify`.
    """
    examination = Examination(reader)
    return examination.with_authority([examination.report(data) for data in many])


class Examination:
    """Steps 2 and 3 are the same for all bundles against one checkpoint, and are taken once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._heads: dict[bytes, tuple[Outcome, Outcome]] = {}
        self._revoked = [revocation(proofs, reader) for proofs in reader.revocations]
        self._pinned = [pin(signed, reader.trust, self._revoked) for signed in reader.pinned]

    def report(self, data: bytes | Bundle) -> Report:
        """Steps 1 to 9, and what is said of 10 and 11 where nothing accompanies the bundle."""
        try:  # (1)
            bundle = data if isinstance(data, Bundle) else Bundle.decode(data)
            entry = Entry.decode(bundle.entry)
            statement = Statement.decode(entry.statement)
        except Malformed as trouble:
            rest = steps.not_reached(steps.BUNDLE[1:], steps.FORM)
            return Report((steps.fault(steps.FORM, trouble), *rest))
        values = {"index": entry.index, "type": statement.type, "length": len(bundle.entry)}
        report = Report((), bundle, entry, statement)
        disclosed, report = _disclosures(report)
        outcomes = (
            Outcome(steps.FORM, OK, "bundle-form", values),
            *self._head(bundle.checkpoint),
            *_place(bundle, entry, statement),
            _ledger(bundle, statement),
            _author(entry, statement),
            disclosed,
            self._consistency(bundle),
            Outcome(steps.AUTHORITY, NOT_SHOWN, "authority-alone"),
            self._freshness(bundle.checkpoint),
        )
        return replace(report, outcomes=outcomes)

    def with_authority(self, reports: list[Report]) -> list[Report]:
        """The reports with step 10, judged by those of them that hold at one and the same checkpoint."""
        roles = self._reader.roles
        if roles is None:
            return [_with(item, Outcome(steps.AUTHORITY, NOT_SHOWN, "authority-table")) for item in reports]
        groups: dict[Checkpoint, dict[int, authority.Act]] = {}
        for item in reports:
            act = _act(item)
            if act is not None and item.checkpoint is not None:
                groups.setdefault(item.checkpoint, {}).setdefault(act.index, act)
        judged = {head: authority.judge(acts.values(), roles) for head, acts in groups.items()}
        return [_judged(item, judged) for item in reports]

    def _head(self, signed: SignedCheckpoint) -> tuple[Outcome, Outcome]:
        known = self._heads.get(data := signed.encode())
        if known is None:
            known = self._heads[data] = (self._signature(signed), self._quorum(signed))
        return known

    def _signature(self, signed: SignedCheckpoint) -> Outcome:  # (2)
        return _step(steps.SIGNATURE, partial(signature, signed, self._reader.trust, self._revoked))

    def _quorum(self, signed: SignedCheckpoint) -> Outcome:  # (3)
        return _step(steps.QUORUM, partial(_cosigned, signed, self._reader))

    def _consistency(self, bundle: Bundle) -> Outcome:  # (9)
        head = bundle.checkpoint.checkpoint
        outcomes = [grown(head, bundle.paths, pinned) for pinned in self._pinned]
        for standing in (FAULT, OK, NOT_SHOWN):
            for outcome in outcomes:
                if outcome.standing == standing:
                    return outcome
        return Outcome(steps.CONSISTENCY, NOT_SHOWN, "bundle-nothing-pinned")

    def _freshness(self, signed: SignedCheckpoint) -> Outcome:  # (11)
        size, newest = signed.checkpoint.size, self._head(signed)[1].values.get("newest") or "-"
        return Outcome(steps.FRESHNESS, NOT_SHOWN, "bundle-as-of", {"size": size, "newest": newest})


def revocation(proofs: Sequence[bytes], reader: Reader) -> Revoked:
    """The revocation among bundles that travel together, proven under a trusted key, not the revoked one, and
    by an author whom the others show entitled: the recovery key of entry 0, or an authority's key.

    Raises `Malformed`: ``succession-proof`` (it does not hold), ``succession-authority`` (nothing shows its
    author entitled), ``succession-type`` (there is no revocation, or there are several), ``succession-own``,
    and as `Revoked.read`.
    """
    reports = verify_all(proofs, replace(reader, revocations=(), pinned=()))
    failed = next((report for report in reports if not report.holds), None)
    if failed is not None:
        raise Malformed("succession-proof", reason=str(failed.fault))
    found = [item for item in reports if item.statement is not None and item.statement.type == REVOKED]
    if len(found) != 1 or found[0].statement is None or found[0].bundle is None:
        types = sorted({item.statement.type for item in reports if item.statement is not None})
        raise Malformed("succession-type", type=", ".join(types)[:200], count=len(found))
    shown = found[0].outcomes[steps.AUTHORITY - 1]
    if shown.standing != OK:
        raise Malformed("succession-authority", reason=str(shown))
    bundle = found[0].bundle
    revoked = Revoked.read(found[0].statement.body, bundle.checkpoint.checkpoint, bundle.paths)
    signers = reader.trust.signed_by(bundle.checkpoint)
    if all(key == revoked.key for key in signers):
        raise Malformed("succession-own", key=_named([revoked.key]))
    return revoked


def _step(number: int, check: Callable[[], Outcome]) -> Outcome:
    try:
        return check()
    except Malformed as trouble:
        return steps.fault(number, trouble)


def signature(signed: SignedCheckpoint, trust: Trust, revoked: Sequence[Revoked]) -> Outcome:
    """Whose signature makes a checkpoint count, revoked keys' only as far as they were honest (step 2).

    Raises `Malformed` as `Trust.signed_by`, and as `Revoked.check` where only revoked keys signed.
    """
    void = {item.key for item in revoked}
    signers = trust.signed_by(signed, sorted(void, key=str))
    valid = [key for key in signers if key not in void]
    if valid:
        return Outcome(steps.SIGNATURE, OK, "bundle-signed", {"keys": _named(valid)})
    heeded = [item for item in revoked if item.key in signers]
    for item in heeded:
        item.check(signed.checkpoint)
    values = {"keys": _named(signers), "size": min(item.size for item in heeded)}
    return Outcome(steps.SIGNATURE, OK, "bundle-signed-before", values)


def _cosigned(signed: SignedCheckpoint, reader: Reader) -> Outcome:
    found = reader.trust.check_quorum(signed, reader.now, reader.max_age)
    counted = [item for item in found if item.counts]
    newest = max((item.timestamp for item in counted), default=0)
    values = {
        "count": len(counted),
        "names": ", ".join(item.witness.name for item in counted) or "-",
        "newest": _time(newest),
        "quorum": reader.trust.quorum,
    }
    code = "bundle-cosigned" if reader.trust.quorum != "none" else "bundle-quorum-none"
    return Outcome(steps.QUORUM, OK, code, values)


def _place(bundle: Bundle, entry: Entry, statement: Statement) -> tuple[Outcome, Outcome]:
    head, leaf = bundle.checkpoint.checkpoint, entry_hash(bundle.entry)
    values = {"index": entry.index, "stated": bundle.index, "size": head.size}
    if bundle.index >= head.size:  # (5) says why there is no such leaf
        beyond = Outcome(steps.INDEX, FAULT, "bundle-index-beyond", values)
        return steps.not_reached(steps.BUNDLE[steps.LEAF - 1 : steps.LEAF], steps.INDEX)[0], beyond
    proven = _step(steps.LEAF, partial(_proven, bundle, leaf))  # (4)
    if entry.index != bundle.index:
        return proven, Outcome(steps.INDEX, FAULT, "bundle-index-other", values)
    if statement.seen is not None and statement.seen[0] > entry.index:
        values = {"index": entry.index, "seen": statement.seen[0]}
        return proven, Outcome(steps.INDEX, FAULT, "bundle-seen-ahead", values)
    return proven, Outcome(steps.INDEX, OK, "bundle-index", values)


def _proven(bundle: Bundle, leaf: bytes) -> Outcome:
    head = bundle.proof.check(leaf)
    values = {"hash": leaf.hex()[:16], "size": head.size, "root": head.root.hex()[:16]}
    return Outcome(steps.LEAF, OK, "bundle-leaf", values)


def _ledger(bundle: Bundle, statement: Statement) -> Outcome:  # (6)
    origin = bundle.checkpoint.checkpoint.origin
    values = {"ledger": statement.ledger, "origin": origin}
    if statement.ledger != origin:
        values = {name: names.told(text) for name, text in values.items()}
        return Outcome(steps.LEDGER, FAULT, "bundle-ledger-other", values)
    return Outcome(steps.LEDGER, OK, "bundle-ledger", values)


def _author(entry: Entry, statement: Statement) -> Outcome:  # (7)
    values = {"key": keys.fingerprint(statement.author)}
    if not statements.signature_holds(entry.statement, statement.author, entry.signature):
        return Outcome(steps.AUTHOR, FAULT, "bundle-author-other", values)
    return Outcome(steps.AUTHOR, OK, "bundle-author", values)


def _disclosures(report: Report) -> tuple[Outcome, Report]:  # (8)
    if report.statement is None or report.bundle is None:
        raise ValueError("a report without a bundle has no disclosures")
    try:
        body, evidence, fields = statements.reveal(report.statement, report.bundle.disclosures)
    except Malformed as trouble:
        return steps.fault(steps.DISCLOSURES, trouble), report
    values = {
        "public": sum(how == "public" for how in fields.values()),
        "disclosed": sum(how == "disclosed" for how in fields.values()),
        "withheld": sum(how for how in fields.values() if isinstance(how, int)),
    }
    outcome = Outcome(steps.DISCLOSURES, OK, "bundle-disclosures", values)
    return outcome, replace(report, body=body, evidence=evidence, fields=fields)


def pin(signed: SignedCheckpoint, trust: Trust, revoked: Sequence[Revoked]) -> Checkpoint | Malformed:
    """A pinned checkpoint; its log signature is enough. One that does not hold speaks against nobody."""
    try:
        signature(signed, trust, revoked)
    except Malformed as trouble:
        return trouble
    return signed.checkpoint


def grown(head: Checkpoint, paths: Paths, pinned: Checkpoint | Malformed) -> Outcome:
    """Whether a tree grew from what `pin` found, by the path from its size, if there is one (step 9)."""
    if isinstance(pinned, Malformed):
        return Outcome(steps.CONSISTENCY, NOT_SHOWN, pinned.code, pinned.values)
    values = {"pinned": pinned.size, "size": head.size}
    path = () if pinned.size in (0, head.size) else paths.get(pinned.size)
    if pinned.size > head.size or path is None:
        return Outcome(steps.CONSISTENCY, NOT_SHOWN, "bundle-no-path", values)
    try:
        merkle.check_consistency(pinned.size, head.size, path, pinned.root, head.root)
    except Malformed as trouble:
        return Outcome(steps.CONSISTENCY, FAULT, "bundle-not-grown", {**values, "reason": str(trouble)})
    return Outcome(steps.CONSISTENCY, OK, "bundle-grown", values)


def _act(report: Report) -> authority.Act | None:
    if not report.holds or report.entry is None or report.statement is None:
        return None
    return authority.Act(report.entry.index, report.entry.recorded, report.statement)


Judged = Mapping[Checkpoint, Mapping[int, tuple[Outcome, Outcome | None]]]


def _judged(report: Report, judged: Judged) -> Report:
    if not report.holds or report.entry is None or report.checkpoint is None:
        because = report.fault
        step = because.step if because is not None else steps.FORM
        return _with(report, steps.not_reached(steps.BUNDLE[steps.AUTHORITY - 1 : steps.AUTHORITY], step)[0])
    entitled, later = judged[report.checkpoint][report.entry.index]
    report = _with(report, entitled)
    return report if later is None else _with(report, later)


def _with(report: Report, outcome: Outcome) -> Report:
    """The report with this outcome in its step's place."""
    outcomes = tuple(outcome if item.step == outcome.step else item for item in report.outcomes)
    return replace(report, outcomes=outcomes)


def _named(signers: Iterable[VerifierKey]) -> str:
    return ", ".join(f"{key.name} ({key.id.hex()})" for key in signers)


def _time(seconds: int) -> str:
    if not seconds:
        return "-"
    try:
        return edtf.text_of(seconds * edtf.SECOND)
    except Malformed:
        return f"{seconds} seconds since 1970"
