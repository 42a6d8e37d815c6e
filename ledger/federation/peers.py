"""Partners: the ledgers of other participants, as far as this ledger recognises and has pinned them.

    peer = recognised(state, "ledger.example/za/p1d8")     its keys, and what was pinned of it
    held = compare(peer, signed, shown)                    how a checkpoint stands against all pins

A partner's checkpoint is held to the keys under which it was recognised; no quorum of witnesses is asked for,
since a pin makes this ledger itself the witness. Against what was pinned there are these outcomes:

| outcome   | when                                                                               | then |
|-----------|------------------------------------------------------------------------------------|------|
| extends   | a path shows that the tree grew from the newest pin                                | pin  |
| earlier   | the published tree shows that the newest pin grew from it: mail out of order       | -    |
| not-shown | no path came along: mail out of order, or a sender who did not know the pin        | pin  |
| forks     | two signed checkpoints that no single history contains: a proof that convicts      | stop |

The first pin of a partner is ``first``. A path that does not hold is no proof by itself: it is one when it
leads to the new root from another old root, which its sender thereby shows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from typing import Any

from ledger.chain import forks, merkle, trust
from ledger.chain.bundle import Path
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.forks import ForkProof
from ledger.chain.merkle import Nodes
from ledger.chain.note import VerifierKey
from ledger.chain.trust import Log, Trust
from ledger.domain.events import CheckpointPinned
from ledger.domain.partners import Partner
from ledger.domain.refusal import Refusal
from ledger.domain.state import State
from ledger.errors import Malformed, Refused
from ledger.values import dataclass

FIRST, EXTENDS, EARLIER, NOT_SHOWN, FORKS = "first", "extends", "earlier", "not-shown", "forks"


@dataclass(frozen=True, slots=True)
class Peer:
    """A partner: the trust its checkpoints are held to, and what was pinned, oldest first; ``recognised``:
    the keys that an act of this ledger recognises."""

    origin: str
    participant: str | None
    trust: Trust
    pins: tuple[SignedCheckpoint, ...] = ()
    published: str | None = None
    since: str | None = None
    recognised: tuple[str, ...] = ()

    @property
    def newest(self) -> SignedCheckpoint | None:
        """The pin with the most entries."""
        return max(self.pins, key=lambda pin: pin.checkpoint.size, default=None)


@dataclass(frozen=True, slots=True)
class Shown:
    """What came along to show how trees grew.

    ``paths``: older size -> consistency path to the checkpoint; ``leaf`` and ``path``: entry 0's hash and its
    path to the checkpoint, from which the roots at powers of two follow; ``nodes`` of a published tree under
    ``published``.
    """

    paths: Mapping[int, Path] = field(default_factory=dict)
    leaf: bytes | None = None
    path: Path = ()
    published: SignedCheckpoint | None = None
    nodes: Nodes | None = None

    def prefix(self, size: int) -> bytes | None:
        """The root at a size that is a power of two, from entry 0's path."""
        height = size.bit_length() - 1
        if self.leaf is None or size != 1 << height or len(self.path) < height:
            return None
        reached = self.leaf
        for sibling in self.path[:height]:
            reached = merkle.node(reached, sibling)
        return reached


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a checkpoint stands: ``outcome``, against the pin of ``size``; ``proof`` where it forks."""

    outcome: str
    size: int | None = None
    proof: ForkProof | None = None


def recognised(state: State, origin: str, sizes: Collection[int] = ()) -> Peer:
    """The partner of that origin; ``sizes`` of the checkpoints that are to be compared, and those from which
    paths came along.

    Raises `Refused`: ``partner-unknown`` (never recognised, or dropped), ``partner-forked``; `Malformed`
    (``note-key``, ``trust-...``) where it was recognised under keys that cannot be read.
    """
    partner = state.partner(origin)
    if partner is None or partner.dropped is not None or not partner.keys:
        raise refused("partner-unknown", f"partner:{origin}", origin=origin)
    if partner.forked is not None:
        raise refused("partner-forked", f"partner:{origin}", origin=origin)
    return known(partner, sizes)


def known(partner: Partner, sizes: Collection[int] = ()) -> Peer:
    """A partner as it was recognised, whatever became of it since, with the pins that can say anything.

    A pin that a later one was shown to extend says no more than that one, except to a checkpoint that is
    smaller than that one: so of each of the ``sizes`` the pin of it, or the next below it, is there too.
    """
    logs = [Log(VerifierKey.parse(key), partner.published) for key in partner.keys]
    wanted = _telling(partner, sizes)
    pins = tuple(
        SignedCheckpoint.parse(act.event.checkpoint.encode("utf-8"))
        for act in partner.acts
        if isinstance(act.event, CheckpointPinned) and act.index in wanted
    )
    return Peer(
        partner.id, partner.participant, trust.make(logs), pins, partner.published, partner.since,
        partner.keys
    )  # fmt: skip


def _telling(partner: Partner, sizes: Collection[int]) -> set[int]:
    """The indexes of the pins that no later pin covers, and of those at or next below the sizes."""
    telling: dict[int, int] = {}
    for at, _, index, outcome in partner.pins:
        if outcome == EXTENDS and telling:
            del telling[max(telling, key=lambda one: telling[one])]
        telling[index] = at
    below = {max((at for at, *_ in partner.pins if at <= size), default=None) for size in sizes}
    return {*telling, *(index for at, _, index, _ in partner.pins if at in below)}


def compare(peer: Peer, signed: SignedCheckpoint, shown: Shown) -> Comparison:
    """How a checkpoint, signed by the partner, stands against everything that was pinned of it.

    Raises `Malformed` (``peer-path``) where a path came along that neither holds nor convicts.
    """
    published = _within_published(signed, shown)
    if published is not None:
        return published
    outcomes = [_against(pin, signed, shown) for pin in peer.pins]
    for outcome in outcomes:
        if outcome.outcome == FORKS:
            return outcome
    if not outcomes:
        return Comparison(FIRST)
    newest = peer.newest
    at = newest.checkpoint.size if newest is not None else 0
    return next(outcome for outcome in reversed(outcomes) if outcome.size == at)


def _within_published(signed: SignedCheckpoint, shown: Shown) -> Comparison | None:
    """A fork between the checkpoint and the published tree; None where there is none to see."""
    if shown.published is None or shown.nodes is None:
        return None
    found = _fork(signed, shown.published, shown.nodes)
    return None if found is None else Comparison(FORKS, signed.checkpoint.size, found)


def _against(pin: SignedCheckpoint, signed: SignedCheckpoint, shown: Shown) -> Comparison:
    old, new = pin.checkpoint, signed.checkpoint
    if shown.published is not None and shown.nodes is not None:
        reach = shown.published.checkpoint.size
        if old.size <= reach and new.size <= reach:
            proof = _fork(pin, shown.published, shown.nodes)
            shown_by = EXTENDS if new.size >= old.size else EARLIER
            return Comparison(shown_by if proof is None else FORKS, old.size, proof)
    if old.size == new.size:
        if old.root == new.root:
            return Comparison(EXTENDS, old.size)
        return Comparison(FORKS, old.size, forks.make(pin, signed))
    path = shown.paths.get(old.size)
    if old.size > new.size or path is None:
        return Comparison(NOT_SHOWN, old.size)
    return _grown(pin, signed, path, shown)


def _grown(pin: SignedCheckpoint, signed: SignedCheckpoint, path: Path, shown: Shown) -> Comparison:
    old, new = pin.checkpoint, signed.checkpoint
    try:
        merkle.check_consistency(old.size, new.size, path, old.root, new.root)
    except Malformed as trouble:
        prefix = _other_root(trouble, shown, old)
        proof = None if prefix is None else _proof(pin, signed, prefix, path)
        if proof is None:
            values = {"origin": old.origin, "size": old.size, "reason": str(trouble)}
            raise Malformed("peer-path", **values) from None
        return Comparison(FORKS, old.size, proof)
    return Comparison(EXTENDS, old.size)


def _other_root(trouble: Malformed, shown: Shown, old: Checkpoint) -> bytes | None:
    """The root from which the path does lead to the new one, as far as it tells."""
    if trouble.code == "tree-prefix":
        return bytes.fromhex(trouble.values["reached"])
    return shown.prefix(old.size)


def _proof(pin: SignedCheckpoint, signed: SignedCheckpoint, prefix: bytes, path: Path) -> ForkProof | None:
    if prefix == pin.checkpoint.root:
        return None
    old, new = pin.checkpoint, signed.checkpoint
    try:
        merkle.check_consistency(old.size, new.size, path, prefix, new.root)
    except Malformed:
        return None  # the path shows nothing: neither that the tree grew nor that it was replaced
    return ForkProof(pin, signed, prefix, path)


def _fork(one: SignedCheckpoint, published: SignedCheckpoint, nodes: Nodes) -> ForkProof | None:
    """The proof that a published tree does not contain a smaller checkpoint; None where it does."""
    small, big = one.checkpoint, published.checkpoint
    if small.size > big.size or merkle.root_of(small.size, nodes) == small.root:
        return None
    return forks.make(one, published, nodes)


def refused(code: str, subject: str, **values: Any) -> Refused:
    """A refusal by one rule."""
    return Refused(code, (Refusal(code, subject, values),), subject=subject, **values)


def refused_all(refusals: Iterable[Refusal]) -> Refused | None:
    """One exception for all that speaks against something; None where nothing does."""
    every = tuple(refusals)
    if not every:
        return None
    first = every[0]
    return Refused(first.code, every, subject=first.subject, **first.values)
