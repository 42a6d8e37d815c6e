"""Whose key speaks for a partner, by the proofs of a letter: what is followed, and what is not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from ledger import keys
from ledger.chain import bundle, checkpoint, trust
from ledger.chain.bundle import Bundle
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.note import VerifierKey, verifier_key
from ledger.chain.succession import possession_name
from ledger.chain.trust import Log
from ledger.domain import events as e
from ledger.federation.peers import Peer, Shown
from ledger.federation.successors import Succession, shown_keys
from ledger.store.nodes import JournalTree
from tests.world import AUTHORITY, LEDGER_KEY, ORIGIN, World, signing_key

OLD, NEW = VerifierKey.parse(LEDGER_KEY), verifier_key(ORIGIN, signing_key("next"))


@pytest.fixture
def world(ledger_url: str, tmp_path: Path) -> World:
    """Entry 0, then a key change in entry 1."""
    world = World(ledger_url, bare=True, guard=tmp_path / "ledger.guard")
    proof = keys.prove_possession(signing_key("next"), possession_name(NEW), ORIGIN)
    world.do(e.LedgerKeyChanged(by=AUTHORITY, key=str(NEW), proof=proof))
    return world


def signed(world: World, *names: str) -> SignedCheckpoint:
    """The checkpoint of now under these keys, whatever the ledger itself would sign."""
    head = world.ledger.head()
    made = Checkpoint(ORIGIN, head.size, head.root())
    first, *more = (checkpoint.sign(made, signing_key(name)) for name in names)
    return first.with_signatures([line for one in more for line in one.note.signatures])


def shown(
    world: World, under: SignedCheckpoint, indexes: Iterable[int], *pins: SignedCheckpoint
) -> Succession:
    """What the proofs of these entries show to somebody who recognises the old key."""
    peer = Peer(ORIGIN, "BW", trust.make([Log(OLD)]), pins)
    sizes = [pin.checkpoint.size for pin in pins]
    journal, tree = world.ledger.journal, JournalTree(world.ledger.journal)
    held = {one: bundle.make(one, journal.entry(one), under, tree.node, since=sizes) for one in indexes}
    return shown_keys(peer, under, held, lambda: along(held))


def along(held: dict[int, Bundle]) -> Shown:
    """The paths that came along."""
    return Shown({size: path for one in held.values() for size, path in one.consistency})


def test_the_old_key_or_a_pin_under_it_vouches_for_the_new_one(world: World) -> None:
    """Signed by the old one, by both, or by the new one above a pin that reaches beyond the change."""
    pin = signed(world, "ledger")
    assert shown(world, pin, [0, 1]).keys == (OLD, NEW)
    assert shown(world, signed(world, "ledger", "next"), [0, 1]).keys == (OLD, NEW)
    world.do(e.PartyRegistered(by=AUTHORITY, party="miner-9", roles=("miner",), residence="BW"))
    assert shown(world, signed(world, "next"), [0, 1], pin).keys == (OLD, NEW)


def test_the_new_key_does_not_vouch_for_itself(world: World) -> None:
    """Nothing is pinned, or only what was before the change."""
    found = shown(world, signed(world, "next"), [0, 1])
    assert (found.keys, found.unproven) == ((OLD,), 1)
    before = checkpoint.sign(
        Checkpoint(ORIGIN, 1, JournalTree(world.ledger.journal).root(1)), signing_key("ledger")
    )
    found = shown(world, signed(world, "next"), [0, 1], before)
    assert (found.keys, found.unproven) == ((OLD,), 1)


def test_a_stranger_is_neither(world: World) -> None:
    """Another key's signature follows from nothing."""
    found = shown(world, signed(world, "a stranger"), [0, 1])
    assert (found.keys, found.unproven) == ((OLD,), None)


def test_who_was_not_shown_to_be_entitled_changes_nothing(world: World) -> None:
    """The change alone, without entry 0."""
    assert shown(world, signed(world, "ledger"), [1]).keys == (OLD,)
    assert shown(world, signed(world, "ledger"), [0]) == Succession((OLD,))


def test_a_revoked_key_goes_when_another_signed(world: World) -> None:
    """Under its own signature alone it does not: nobody would be left to speak."""
    head = world.ledger.head()
    world.do(
        e.LedgerKeyRevoked(by=AUTHORITY, key=LEDGER_KEY, size=head.size, root=head.root(), reason="lost")
    )
    with_both = shown(world, signed(world, "ledger", "next"), [0, 1, 2])
    assert with_both.keys == (NEW,)
    assert shown(world, signed(world, "ledger"), [0, 1, 2]).keys == (OLD, NEW)
