"""Mail between ledgers: proofs of entries at one checkpoint, in one file, and how it is opened.

What one ledger sends another is always the same: a zip of `.tlog-proof` files (`ledger.chain.archive`) with
what is told, the entries that show its authors entitled, those that changed its own keys, and this ledger's
newest pin of the reader, so that the reader's next letter can bring the path from there. It is opened in
these steps:

(1) the zip and its first checkpoint are in their forms
(2) the checkpoint's origin is a recognised partner, not dropped, not convicted (`Refused`, ``partner-...``)
(3) a key under which the partner was recognised signed it, or one that is proven to succeed it
    (`ledger.federation.successors`; `Refused`, ``mail-not-signed``, ``mail-key-unproven``)
(4) it is compared with every pin: first, extends, earlier, not-shown, forks (`ledger.federation.peers`)
(5) every proof in it is checked, in the numbered steps of `ledger.chain.bundle`, with the others showing its
    authority

Nothing of it is believed that these do not show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from ledger.chain import archive, bundle_check, trust
from ledger.chain import entry as entries
from ledger.chain import proof_steps as steps
from ledger.chain.bundle import Bundle
from ledger.chain.bundle_check import Reader, Report
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.entry import entry_hash
from ledger.chain.merkle import Nodes
from ledger.chain.note import VerifierKey
from ledger.chain.statement import Statement
from ledger.chain.trust import Log
from ledger.domain.events import (
    CheckpointPinned,
    Corrected,
    Event,
    LedgerKeyChanged,
    LedgerKeyRevoked,
    PartnerRecognised,
    Recorded,
)
from ledger.domain.parties import HOUSE
from ledger.domain.partners import Partner
from ledger.domain.refusal import Refusal
from ledger.domain.state import State, replacement
from ledger.domain.vocabulary import Role
from ledger.edtf import Span
from ledger.errors import Malformed
from ledger.federation import entitling
from ledger.federation.entitling import Opening
from ledger.federation.peers import (
    EARLIER,
    EXTENDS,
    Comparison,
    Peer,
    Shown,
    compare,
    recognised,
    refused,
)
from ledger.federation.successors import shown_keys
from ledger.keeping import Keeper
from ledger.store.decoding import decode, together
from ledger.store.evidence import Evidence
from ledger.store.journal import Journal
from ledger.store.records import Records
from ledger.values import dataclass

_LETTERS = 8
"""So many of a partner's last letters are looked through for what it had pinned."""
Published = tuple[SignedCheckpoint, Nodes]
"""A partner's published checkpoint and the tree under it."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent: the entries it is about, who reads it, what is opened for the reader.

    What grants allow the reader is opened. ``disclose`` are names of fields that must be, which takes a
    grant too, unless the keeper chose ``without_grant``; ``since`` sizes that the reader may have pinned.
    """

    indexes: tuple[int, ...]
    reader: Partner
    day: Span
    disclose: frozenset[str] = frozenset()
    since: tuple[int, ...] = ()
    without_grant: bool = False

    @property
    def opening(self) -> Opening:
        """What is opened for the reader: by grants to its origin or its participant."""
        readers = frozenset({self.reader.id, self.reader.participant or self.reader.id})
        return Opening(readers, self.day, self.disclose, self.without_grant)


@dataclass(frozen=True, slots=True)
class Mail:
    """An opened letter: whose it is, under which checkpoint and how that stands, each proof's report, and
    the entries that hold, by index; ``keys`` that are shown to speak for its sender now."""

    peer: Peer
    signed: SignedCheckpoint
    comparison: Comparison
    reports: Mapping[int, Report]
    acts: Mapping[int, Recorded]
    keys: tuple[VerifierKey, ...] = ()

    @property
    def now(self) -> dict[int, Recorded]:
        """The acts as they read now: each as the last correction of it that came along has it."""
        read = dict(self.acts)
        for index, act in sorted(self.acts.items()):
            if isinstance(act.event, Corrected) and act.about is not None:
                del read[index]
                read[act.about.index] = replacement(act.event, act.about)
        return dict(sorted(read.items()))

    def entries(self, wire: str) -> list[int]:
        """The entries of acts of a type, and those that correct one of them."""
        said = {index: one.statement for index, one in self.reports.items() if one.statement is not None}
        own = [index for index, one in said.items() if one.type == wire]
        corrections = {index: one for index, one in said.items() if one.type == Corrected.TYPE}
        return [*own, *(index for index, one in corrections.items() if one.body.get("index") in own)]

    def taken(self, by: str | None) -> list[Event]:
        """The acts that take over what the letter shows of its sender: its keys, its checkpoint."""
        return [act for act in (self.renewal(by), self.pin(by)) if act is not None]

    def renewal(self, by: str | None) -> PartnerRecognised | None:
        """The act that takes over the keys that changed; None where they are the recognised ones."""
        peer, keys = self.peer, tuple(map(str, self.keys))
        if not keys or set(keys) == set(peer.recognised) or peer.participant is None or peer.since is None:
            return None
        return PartnerRecognised(
            by=by, origin=peer.origin, participant=peer.participant, keys=keys, since=peer.since,
            published=peer.published,
        )  # fmt: skip

    def pin(self, by: str | None) -> CheckpointPinned | None:
        """The act that pins its checkpoint; None where that very one is pinned already, or one that is shown
        to have grown from it."""
        head = self.signed.checkpoint
        if self.comparison.outcome == EARLIER or any(pin.checkpoint == head for pin in self.peer.pins):
            return None
        note = self.signed.encode().decode("utf-8")
        outcome = self.comparison.outcome
        return CheckpointPinned(
            by=by, origin=head.origin, size=head.size, root=head.root, checkpoint=note, outcome=outcome
        )

    def faults(self, indexes: Iterable[int]) -> Iterator[Refusal]:
        """Of these entries, the first step that shows a fault; of those that hold, authority that is not
        shown, and corrections of what others said, but by an authority."""
        for index in indexes:
            report = self.reports[index]
            wanting = report.fault or next(
                (one for one in report.outcomes if one.standing != steps.OK and one.step in steps.DEMANDED),
                None,
            )
            if wanting is None and _authority(report).standing != steps.OK:
                wanting = _authority(report)
            if wanting is not None:
                values = {"index": index, "step": wanting.step, "said": str(wanting)}
                yield Refusal("mail-step", f"entry:{index}", {**values, "origin": self.peer.origin})
            elif _of_another(self.acts.get(index), _authority(report)):
                values = {"index": index, "origin": self.peer.origin}
                yield Refusal("mail-correction", f"entry:{index}", values)


def _of_another(act: Recorded | None, entitled: steps.Outcome) -> bool:
    """Whether it corrects another author's act, and its author is not shown to be an authority."""
    if act is None or not isinstance(act.event, Corrected) or act.about is None:
        return False
    return act.author != act.about.author and entitled.values.get("role") != Role.AUTHORITY


def write(keeper: Keeper, journal: Journal, records: Records, letter: Letter) -> bytes:
    """The letter's file, under the checkpoint of now.

    Raises what `Keeper.checkpoint` raises, and as `entitling.opened`.
    """
    signed = keeper.checkpoint()
    size = signed.checkpoint.size
    along = (*_own_pin(letter.reader), *_own_keys(records))
    told = {index for index in (*letter.indexes, *along) if index < size}
    shown = entitling.opened(journal, records, told, letter.opening)
    made = []
    for index in sorted(told | entitling.supporting(journal, records, told, size)):
        since = letter.since if index in told else ()
        made.append(keeper.proof(index, signed, disclosures=shown.get(index, ()), since=since))
    return archive.pack(made)


def _own_keys(records: Records) -> list[int]:
    """Where this ledger took another key, or declared one void."""
    wanted = (LedgerKeyChanged, LedgerKeyRevoked)
    return [act.index for act in records.of(HOUSE) if isinstance(act.event, wanted)]


def _own_pin(reader: Partner) -> list[int]:
    """Where this ledger pinned its reader last."""
    pins = [act.index for act in reader.acts if isinstance(act.event, CheckpointPinned)]
    return pins[-1:]


def sizes_pinned(journal: Journal, folder: Evidence, partner: Partner, own: str) -> tuple[int, ...]:
    """The sizes of this ledger that the partner said it had pinned, from its letters that are kept as
    evidence of the pins here; what cannot be read any more tells nothing."""
    found: set[int] = set()
    pins = [act.index for act in partner.acts if isinstance(act.event, CheckpointPinned)]
    for index in pins[-_LETTERS:]:
        statement = Statement.read(entries.fields(journal.entry(index))[3])
        for stated in statement.evidence:
            path = folder.path(stated["sha256"]) if "sha256" in stated else None
            if path is not None and path.exists():
                found.update(_pins_in(path.read_bytes(), own))
    return tuple(sorted(found))


def _pins_in(data: bytes, own: str) -> Iterator[int]:
    for act in _read(data):
        if isinstance(act.event, CheckpointPinned) and act.event.origin == own:
            yield act.event.size


def _read(data: bytes) -> Iterator[Recorded]:
    """The entries of a letter that was checked when it came."""
    try:
        for index, file in files(data).items():
            yield decode(index, Bundle.decode(file).entry)
    except Malformed:
        return  # a document that is no letter, such as a scan


def files(data: bytes) -> dict[int, bytes]:
    """The proofs of a letter by index: a zip, or a single one. Raises `Malformed`."""
    if archive.is_zip(data):
        return archive.unpack(data)
    return {Bundle.decode(data).index: data}


def open_(state: State, data: bytes, published: Published | None = None) -> Mail:
    """Open a letter (steps 1 to 5); a fork is its comparison's outcome, and raises nothing.

    ``published`` must be signed as the letter must be.

    Raises `Malformed` (``archive-...``, ``bundle-...``, ``peer-path``), `Refused` (``mail-own``,
    ``partner-...``, ``mail-not-signed``).
    """
    packed = files(data)  # (1)
    held = _readable(packed)
    first = next(iter(packed))
    signed = (held.get(first) or Bundle.decode(packed[first])).checkpoint
    house, origin = state.house(), signed.checkpoint.origin
    if house is not None and house.origin == origin:
        raise refused("mail-own", f"partner:{origin}", origin=origin)
    peer = recognised(state, origin, _sizes(signed, held, published))  # (2)
    peer, keys = _followed(peer, signed, held, published)  # (3)
    if published is not None:
        check_signed(peer, published[0])
    proofs = {index: held.get(index, file) for index, file in packed.items()}
    return _opened(peer, keys, signed, proofs, published)


def _sizes(signed: SignedCheckpoint, held: Mapping[int, Bundle], published: Published | None) -> set[int]:
    """The sizes of what is to be compared, and those from which paths came along."""
    found = {size for one in held.values() for size, _ in one.consistency}
    found.add(signed.checkpoint.size)
    return found if published is None else found | {published[0].checkpoint.size}


def _followed(
    peer: Peer, signed: SignedCheckpoint, held: Mapping[int, Bundle], published: Published | None
) -> tuple[Peer, tuple[VerifierKey, ...]]:
    """The partner under the keys that it is shown to have. Raises `Refused` where none of them signed."""
    found = shown_keys(peer, signed, held, lambda: _shown(held, published))
    if found.unproven is not None:
        values = {"origin": peer.origin, "index": found.unproven}
        raise refused("mail-key-unproven", f"partner:{peer.origin}", **values)
    if set(found.keys) == set(peer.trust.keys):
        check_signed(peer, signed)
        return peer, ()
    renewed = replace(peer, trust=trust.make([Log(key, peer.published) for key in found.keys]))
    check_signed(renewed, signed)
    return renewed, found.keys


def _readable(packed: Mapping[int, bytes]) -> dict[int, Bundle]:
    """The bundles that can be read; what is wrong with the others, the steps say."""
    found = {}
    for index, data in packed.items():
        try:
            found[index] = Bundle.decode(data)
        except Malformed:
            continue
    return found


def check_signed(peer: Peer, signed: SignedCheckpoint) -> None:
    """Raises `Refused` (``mail-not-signed``) unless a key of the partner signed the checkpoint."""
    try:
        peer.trust.signed_by(signed)
    except Malformed as trouble:
        origin, values = signed.checkpoint.origin, {"reason": str(trouble)}
        raise refused("mail-not-signed", f"partner:{origin}", origin=origin, **values) from None


def _opened(
    peer: Peer,
    keys: tuple[VerifierKey, ...],
    signed: SignedCheckpoint,
    proofs: Mapping[int, bytes | Bundle],
    published: Published | None,
) -> Mail:
    newest = peer.newest
    pinned = () if newest is None else (newest,)
    reports = dict(
        zip(
            proofs,
            bundle_check.verify_all(proofs.values(), Reader(peer.trust, pinned, roles=entitling.roles)),
            strict=True,
        )
    )
    for index, report in reports.items():
        if report.bundle is not None and (report.bundle.index, report.bundle.checkpoint) != (index, signed):
            raise Malformed("archive-checkpoints")
    held = {index: report.bundle for index, report in reports.items() if report.bundle is not None}
    comparison = compare(peer, signed, _shown(held, published))  # (4)
    proven = [held[index] for index, report in reports.items() if report.holds]
    acts = together({one.index: (one.entry, one.disclosures) for one in proven})
    if published is not None and comparison.outcome in (EXTENDS, EARLIER):
        reports = {index: _by_published(report, comparison) for index, report in reports.items()}
    return Mail(peer, signed, comparison, reports, acts, keys)


def _by_published(report: Report, comparison: Comparison) -> Report:
    """The report with what the published tree shows where no path came along (step 9)."""
    head = report.checkpoint
    if head is None:
        return report
    values = {"pinned": comparison.size, "size": head.size}
    shown = steps.Outcome(steps.CONSISTENCY, steps.OK, "bundle-published", values)
    wanting = (steps.CONSISTENCY, steps.NOT_SHOWN)
    outcomes = [shown if (one.step, one.standing) == wanting else one for one in report.outcomes]
    return replace(report, outcomes=tuple(outcomes))


def _shown(held: Mapping[int, Bundle], published: Published | None) -> Shown:
    paths = {size: path for one in held.values() for size, path in one.consistency}
    opening = held.get(0)
    leaf, path = (None, ()) if opening is None else (entry_hash(opening.entry), opening.path)
    if published is None:
        return Shown(paths, leaf, path)
    return Shown(paths, leaf, path, *published)


def _authority(report: Report) -> steps.Outcome:
    return next(one for one in report.outcomes if one.step == steps.AUTHORITY)
