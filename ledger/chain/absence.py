"""A certificate's status, or that a ledger never knew its number, as a file (FORMATS.md section 8).

    adamas/absence@v1
    key <base64>                         the certificate's key
    leaf <position> <base64>             its leaf: the status; or two neighbours between which it has no place
    <path>                               of two: without the hashes that follow from the other leaf
    ...
                                         an empty line
    c2sp.org/tlog-proof@v1               the bundle of the `certificate-index/1` entry
    ...

Of two neighbours, whose positions follow each other, a hash is written once (`ledger.chain.neighbours`): with
the first leaf its path without the hash where the two paths meet, with the second its path below that place.

What it shows is as of the ``size`` that the index covers. It is verified in the steps of its bundle
(`ledger.chain.bundle`) and then these:

| step | name | what is true when it finds no fault |
|---|---|---|
| 12 | covered | the entry is a certificate index over entries before its own |
| 13 | leaves | the leaves' paths lead to the index's root |
| 14 | key | one leaf is the certificate's and tells its status, or two neighbours leave no place for it |

**A lying index** is convicted (`convict`) by its gap or its leaf, and one entry below its size that issued or
received the number: a certificate that an entry names cannot be absent, nor issued later than by that entry.
The entry may be proven at another checkpoint than the index: the ledger signed both, so it lied either way,
in the index or by a second history. Its status depends on all entries, corrections among them; that a status
is wrong, `adamas verify` finds, which computes the index again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ledger import encoding, messages
from ledger.chain import certificate_index as index
from ledger.chain import forms, merkle, neighbours
from ledger.chain import proof_steps as steps
from ledger.chain.bundle import LONGEST, Bundle
from ledger.chain.bundle_check import Reader, Report, verify_all
from ledger.chain.certificate_index import CertificateIndex, Leaf
from ledger.chain.checkpoint import parse_decimal, parse_hash
from ledger.chain.entry import entry_hash
from ledger.chain.proof_steps import FAULT, OK, Outcome
from ledger.errors import Malformed
from ledger.values import dataclass

HEADER = "adamas/absence@v1"
SUFFIX = ".absence"
_LEAF = re.compile(r"leaf ([0-9]{1,16}) ([A-Za-z0-9+/=]+)")
ISSUED, IMPORTED = "certificate-issued/1", "shipment-imported/1"


@dataclass(frozen=True, slots=True)
class Placed:
    """A leaf's bytes, where it stands, and what is written of its path to the index's root."""

    position: int
    leaf: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Absence:
    """One leaf or two neighbours, and the bundle of the index entry."""

    key: str
    leaves: tuple[Placed, ...]
    bundle: Bundle

    def encode(self) -> bytes:
        """The file's bytes."""
        lines = [HEADER, f"key {encoding.to_base64(self.key.encode('utf-8'))}"]
        for placed in self.leaves:
            lines.append(f"leaf {placed.position} {encoding.to_base64(placed.leaf)}")
            lines += map(encoding.to_base64, placed.path)
        return "\n".join([*lines, "", ""]).encode("ascii") + self.bundle.encode()

    @classmethod
    def decode(cls, data: bytes) -> Absence:
        """The content of a file's bytes; nothing is verified yet.

        Raises `Malformed` (``absence-...``, ``index-key``, and the codes of `Bundle.decode`).
        """
        if len(data) > LONGEST:
            raise Malformed("bundle-too-long", length=len(data), most=LONGEST)
        head, divider, bundle = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise Malformed("absence-header") from None
        if not divider or lines.pop(0) != HEADER:
            raise Malformed("absence-header")
        if not lines or not lines[0].startswith("key "):
            raise Malformed("absence-key")
        key = _key(lines.pop(0).removeprefix("key "))
        absence = cls(key, _leaves(lines), Bundle.decode(bundle))
        if absence.encode() != data:
            raise Malformed("absence-header")
        return absence


@dataclass(frozen=True, slots=True)
class AbsenceReport:
    """What the file shows: ``leaf`` the certificate's, None where it shows that there is none."""

    outcomes: tuple[Outcome, ...]
    key: str = ""
    leaf: Leaf | None = None
    size: int = 0
    index_entry: Report | None = None

    @property
    def fault(self) -> Outcome | None:
        """The first step that found a fault."""
        return steps.first_fault(self.outcomes)

    @property
    def holds(self) -> bool:
        """Whether every demanded step is shown and none found a fault."""
        shown = {outcome.step for outcome in self.outcomes if outcome.standing == OK}
        return shown >= steps.DEMANDED | {steps.COVERED, steps.LEAVES, steps.KEY} and self.fault is None


@dataclass(frozen=True, slots=True)
class Conviction:
    """Entry ``entry`` contradicts what the index of entry ``index`` says of ``key``. ``sizes`` are those of
    the checkpoints that prove the two; unless ``alike``, it may be that the ledger signed two histories."""

    key: str
    index: int
    entry: int
    sizes: tuple[int, int]
    alike: bool


def make(key: str, certificates: CertificateIndex, bundle: Bundle) -> Absence:
    """The proof of a certificate's status or absence, from the index whose entry ``bundle`` carries."""
    places = certificates.around(key)
    paths = [certificates.path(at) for at in places]
    if len(places) == 2:
        paths = [*neighbours.shortened(places[0], certificates.count, (paths[0], paths[1]))]
    found = (Placed(at, certificates.leaf(at), path) for at, path in zip(places, paths, strict=True))
    return Absence(key, tuple(found), bundle)


def verify(data: bytes, reader: Reader, along: Sequence[bytes] = ()) -> AbsenceReport:
    """The report on a file; ``along`` are bundles that may show the authority of who wrote the index.

    Raises as `bundle_check.verify`.
    """
    try:  # (1)
        absence = Absence.decode(data)
        leaves = [index.decode(placed.leaf) for placed in absence.leaves]
    except Malformed as trouble:
        rest = steps.not_reached(steps.STEPS[1:], steps.FORM)
        return AbsenceReport((steps.fault(steps.FORM, trouble), *rest))
    report = verify_all([absence.bundle.encode(), *along], reader)[0]
    covers, own = _own(absence, leaves, report)
    found = leaves[0] if len(leaves) == 1 and isinstance(leaves[0], Leaf) else None
    size = 0 if covers is None else covers.size
    return AbsenceReport((*report.outcomes, *own), absence.key, found, size, report)


def convict(claim: AbsenceReport, entry: Report) -> Conviction:
    """That one entry contradicts an index of the same ledger. No honest ledger is convicted, whatever entry
    is held against its indexes.

    Raises `Malformed`: ``index-unproven`` (either does not hold), ``index-apart`` (of two ledgers),
    ``index-not-covered`` (the entry does not lie below the index's size), ``index-agrees``.
    """
    told = claim.index_entry
    if not claim.holds or not entry.holds or told is None or told.entry is None or told.checkpoint is None:
        raise Malformed("index-unproven")
    if entry.entry is None or entry.statement is None or entry.checkpoint is None:
        raise Malformed("index-unproven")
    if told.checkpoint.origin != entry.checkpoint.origin:
        raise Malformed("index-apart", index=told.checkpoint.origin, entry=entry.checkpoint.origin)
    at, wire = entry.entry.index, entry.statement.type
    if at >= claim.size:
        raise Malformed("index-not-covered", index=at, size=claim.size)
    if not _contradicts(claim, wire, entry.statement.body.get("certificate"), at):
        raise Malformed("index-agrees", index=at, key=claim.key)
    sizes = (told.checkpoint.size, entry.checkpoint.size)
    return Conviction(claim.key, told.entry.index, at, sizes, told.checkpoint == entry.checkpoint)


def _contradicts(claim: AbsenceReport, wire: str, certificate: object, at: int) -> bool:
    if claim.leaf is not None and claim.leaf.issued == at and wire != ISSUED:
        return True
    if certificate != claim.key or wire not in (ISSUED, IMPORTED):
        return False
    if claim.leaf is None:
        return True
    return wire == ISSUED and (claim.leaf.issued is None or claim.leaf.issued > at)


def _key(spelled: str) -> str:
    try:
        key = encoding.from_base64(spelled).decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("absence-key") from None
    index.check_key(key)
    return key


def _leaves(lines: Sequence[str]) -> tuple[Placed, ...]:
    found: list[tuple[int, bytes, list[bytes]]] = []
    for line in lines:
        leaf = _LEAF.fullmatch(line)
        if leaf is not None:
            found.append((parse_decimal(leaf[1]), encoding.from_base64(leaf[2]), []))
        elif not found:
            raise Malformed("absence-leaves")
        else:
            found[-1][2].append(parse_hash(line))
    if len(found) not in (1, 2):
        raise Malformed("absence-leaves")
    if len(found) == 2 and found[0][0] + 1 != found[1][0]:
        raise Malformed("absence-neighbours", first=found[0][0], second=found[1][0])
    return tuple(Placed(position, data, tuple(path)) for position, data, path in found)


Leaves = Sequence[Leaf | index.Sentinel]


@dataclass(frozen=True, slots=True)
class _Covers:
    """What an index entry says."""

    size: int
    count: int
    root: bytes


def _own(absence: Absence, leaves: Leaves, report: Report) -> tuple[_Covers | None, tuple[Outcome, ...]]:
    """Steps 12 to 14."""
    covers, covered = _covered(report)
    if covers is None:
        because = steps.FORM if report.statement is None else steps.COVERED
        return None, (covered, *steps.not_reached(steps.STEPS[steps.LEAVES - 1 :], because))
    return covers, (covered, _rooted(absence, covers), _told(absence, leaves, covers))


def _covered(report: Report) -> tuple[_Covers | None, Outcome]:  # (12)
    if report.statement is None or report.entry is None:
        return None, steps.not_reached(steps.STEPS[steps.COVERED - 1 : steps.COVERED], steps.FORM)[0]
    if report.statement.type != index.TYPE:
        return None, Outcome(steps.COVERED, FAULT, "absence-other-type", {"type": report.statement.type})
    body = report.statement.body
    size, count, root = body.get("size"), body.get("count"), body.get("root")
    if type(size) is not int or type(count) is not int or type(root) is not bytes or len(root) != 32:
        return None, Outcome(steps.COVERED, FAULT, "absence-index-form")
    if not forms.is_size(size) or not forms.is_size(count) or count < 2:
        return None, Outcome(steps.COVERED, FAULT, "absence-index-form")
    values = {"size": size, "count": count - 2, "index": report.entry.index}
    if size > report.entry.index:
        return None, Outcome(steps.COVERED, FAULT, "absence-index-ahead", values)
    return _Covers(size, count, root), Outcome(steps.COVERED, OK, "absence-covered", values)


def _rooted(absence: Absence, covers: _Covers) -> Outcome:  # (13)
    leaves = [entry_hash(placed.leaf) for placed in absence.leaves]
    try:
        for placed, leaf, path in zip(
            absence.leaves, leaves, _paths(absence, leaves, covers.count), strict=True
        ):
            merkle.check_inclusion(leaf, placed.position, covers.count, path, covers.root)
    except Malformed as trouble:
        return steps.fault(steps.LEAVES, trouble)
    positions = " and ".join(str(placed.position) for placed in absence.leaves)
    values = {"positions": positions, "count": covers.count}
    return Outcome(steps.LEAVES, OK, "absence-leaves-placed", values)


def _paths(absence: Absence, leaves: Sequence[bytes], count: int) -> Sequence[Sequence[bytes]]:
    """The leaves' whole paths. Raises as `neighbours.whole`."""
    if len(leaves) == 1:
        return [absence.leaves[0].path]
    one, other = absence.leaves
    return neighbours.whole(one.position, count, (leaves[0], leaves[1]), (one.path, other.path))


def _told(absence: Absence, leaves: Leaves, covers: _Covers) -> Outcome:  # (14)
    values = {"key": absence.key, "size": covers.size}
    if len(leaves) == 2:
        return _gap(absence, leaves, covers)
    leaf = leaves[0]
    if not isinstance(leaf, Leaf) or leaf.key != absence.key:
        return Outcome(steps.KEY, FAULT, "absence-other-leaf", {**values, "other": leaf.key})
    if leaf.issued is not None and leaf.issued >= covers.size:
        return Outcome(steps.KEY, FAULT, "absence-issued-later", {**values, "issued": leaf.issued})
    issued = "-" if leaf.issued is None else leaf.issued
    return Outcome(steps.KEY, OK, "absence-status", {**values, "status": leaf.status, "issued": issued})


def _shown(leaf: Leaf | index.Sentinel) -> str:
    """A neighbour as it is told: its key, or which end of the index it is."""
    if isinstance(leaf, Leaf):
        return f"'{leaf.key}'"
    return messages.text("absence-last" if leaf.key else "absence-first", {})


def _gap(absence: Absence, leaves: Leaves, covers: _Covers) -> Outcome:
    (one, other), (before, after) = absence.leaves, leaves
    shown = [_shown(leaf) for leaf in (before, after)]
    values = {"key": absence.key, "size": covers.size, "before": shown[0], "after": shown[1]}
    leaves_no_place = (
        before.key < absence.key < after.key
        and (not isinstance(before, index.Sentinel) or one.position == 0)
        and (not isinstance(after, index.Sentinel) or other.position == covers.count - 1)
    )
    if not leaves_no_place:
        return Outcome(steps.KEY, FAULT, "absence-no-gap", values)
    return Outcome(steps.KEY, OK, "absence-never", values)
