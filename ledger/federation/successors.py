"""A partner's ledger key that changed or was revoked, followed by what its own letters prove.

A partner is recognised under keys. Its ledger may take another (`ledger-key-changed/1`), and may declare one
void (`ledger-key-revoked/1`); these entries come along in every letter. Of an entry that holds, and whose
author is shown to be entitled, it follows that

(1) the new key speaks for the partner too, where a key that is recognised already signed the letter, or where
    the entry lies below a checkpoint that was pinned under such a key and that the letter's tree is shown to
    have grown from: then the old key had signed for it;
(2) the revoked key speaks for the partner no more, where a key other than itself signed the letter.

A new key that only its own signature vouches for is nobody's: whoever stole nothing could make as much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ledger.chain import bundle_check, succession, trust
from ledger.chain import proof_steps as steps
from ledger.chain.bundle import Bundle
from ledger.chain.bundle_check import Reader, Report
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.entry import Entry
from ledger.chain.note import VerifierKey
from ledger.chain.statement import Statement
from ledger.chain.trust import Log, Trust
from ledger.errors import Malformed
from ledger.federation import entitling
from ledger.federation.peers import EXTENDS, Peer, Shown, compare
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Succession:
    """What a letter shows of its sender's keys: ``keys`` that speak for it now, in the order they came;
    ``unproven``: the index of a change to the key that signed the letter, of which nothing else tells."""

    keys: tuple[VerifierKey, ...]
    unproven: int | None = None


def shown_keys(
    peer: Peer, signed: SignedCheckpoint, held: Mapping[int, Bundle], shown: Callable[[], Shown]
) -> Succession:
    """The keys of a partner as the proofs of a letter show them; without such entries, the recognised ones.

    ``shown`` is asked how the tree grew only where that matters.
    """
    known = peer.trust.keys
    told = [index for index, bundle in held.items() if _is_about_keys(bundle)]
    if not told:
        return Succession(known)
    changed = dict(_changed(held, told, signed.checkpoint.origin))
    wider = _trust(peer, changed.values())
    reports = _reports(held, told, wider)
    signers = _signers(wider, signed)
    reach = _reach(peer, signed, shown()) if signers.isdisjoint(known) else signed.checkpoint.size
    new = [key for index, key in sorted(changed.items()) if index in reports and index < reach]
    speaking = [*known, *(key for key in dict.fromkeys(new) if key not in known)]
    void = {
        key
        for index in reports
        for key in _revoked(reports[index])
        if signers & {one for one in speaking if one != key}
    }
    alone = [index for index, key in changed.items() if key in signers and key not in speaking]
    unproven = alone[0] if alone and signers.isdisjoint(speaking) else None
    left = tuple(key for key in speaking if key not in void)
    return Succession(left or tuple(speaking), unproven)


def _is_about_keys(bundle: Bundle) -> bool:
    if b"ledger-key-" not in bundle.entry:
        return False  # most are about goods
    try:
        return _statement(bundle).type in (succession.CHANGED, succession.REVOKED)
    except Malformed:
        return False  # what is wrong with it, the steps say


def _statement(bundle: Bundle) -> Statement:
    return Statement.decode(Entry.decode(bundle.entry).statement)


def _changed(
    held: Mapping[int, Bundle], told: Iterable[int], origin: str
) -> Iterator[tuple[int, VerifierKey]]:
    """The new keys whose holders agreed, by the index of the entry that names them."""
    for index in told:
        statement = _statement(held[index])
        if statement.type == succession.CHANGED:
            try:
                yield index, succession.changed(statement.body, origin)
            except Malformed:
                continue  # a key that nobody is shown to hold


def _trust(peer: Peer, more: Iterable[VerifierKey]) -> Trust:
    """The recognised keys and further ones; only the former where they cannot stand beside each other."""
    logs = [*peer.trust.logs, *(Log(key) for key in dict.fromkeys(more) if key not in peer.trust.keys)]
    try:
        return trust.make(logs)
    except Malformed:
        return peer.trust


def _reports(held: Mapping[int, Bundle], told: Iterable[int], wider: Trust) -> dict[int, Report]:
    """The reports on the entries about keys that hold and whose authors were entitled."""
    every = bundle_check.verify_all(
        (one.encode() for one in held.values()), Reader(wider, roles=entitling.roles)
    )
    by_index = dict(zip(held, every, strict=True))
    return {index: by_index[index] for index in told if by_index[index].holds and _entitled(by_index[index])}


def _entitled(report: Report) -> bool:
    return any(one.step == steps.AUTHORITY and one.standing == steps.OK for one in report.outcomes)


def _signers(wider: Trust, signed: SignedCheckpoint) -> set[VerifierKey]:
    try:
        return set(wider.signed_by(signed))
    except Malformed:
        return set()


def _reach(peer: Peer, signed: SignedCheckpoint, shown: Shown) -> int:
    """Up to which entry a recognised key had signed: the newest pin that the tree is shown to extend."""
    try:
        found = compare(peer, signed, shown)
    except Malformed:
        return 0
    return found.size or 0 if found.outcome == EXTENDS else 0


def _revoked(report: Report) -> Iterator[VerifierKey]:
    statement = report.statement
    if statement is not None and statement.type == succession.REVOKED:
        key = statement.body.get("key")
        if isinstance(key, str):
            yield VerifierKey.parse(key)
