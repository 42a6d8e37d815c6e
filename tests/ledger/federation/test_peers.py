"""Checkpoints of a partner against what was pinned of it: extended, not shown, or forked and convicted."""

from __future__ import annotations

from hashlib import sha256

import pytest

from ledger.chain import checkpoint, merkle, trust
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.forks import ForkProof
from ledger.chain.note import verifier_key
from ledger.chain.trust import Log
from ledger.domain.events import CheckpointPinned, Recorded
from ledger.domain.partners import Partner
from ledger.errors import Malformed
from ledger.federation.peers import (
    EARLIER,
    EXTENDS,
    FIRST,
    FORKS,
    NOT_SHOWN,
    Comparison,
    Peer,
    Shown,
    compare,
    known,
)
from tests.world import signing_key

ORIGIN = "ledger.example/sl/f3k9"
KEY = signing_key("ledger")
KNOWN = verifier_key(ORIGIN, KEY)
MOST = 20


def leaves(count: int, *, other_from: int = MOST) -> list[bytes]:
    """The leaves of a tree; from ``other_from`` on, those of another past."""
    named = (f"{'other' if place >= other_from else 'entry'} {place}" for place in range(count))
    return [sha256(name.encode()).digest() for name in named]


def signed(tree: list[bytes]) -> SignedCheckpoint:
    """The partner's checkpoint of a tree."""
    return checkpoint.sign(Checkpoint(ORIGIN, len(tree), merkle.root(tree)), KEY)


def peer(*pins: SignedCheckpoint) -> Peer:
    """The partner, of which these were pinned."""
    return Peer(ORIGIN, "SL", trust.make([Log(KNOWN)]), pins)


def shown(tree: list[bytes], *since: int) -> Shown:
    """What a letter brings: entry 0 with its path, and paths from older sizes."""
    nodes = merkle.nodes_of(tree)
    paths = {old: tuple(merkle.consistency(old, len(tree), nodes)) for old in since}
    return Shown(paths, tree[0], tuple(merkle.inclusion(0, len(tree), nodes)))


def convicted(found: Comparison) -> bool:
    """Whether the fork proof, written and read again, convicts the partner's key."""
    assert found.proof is not None
    return ForkProof.decode(found.proof.encode()).verify([KNOWN]).keys == (KNOWN,)


def test_the_first_checkpoint_is_taken_as_it_is() -> None:
    """Whoever was never pinned can contradict nothing yet."""
    tree = leaves(5)
    assert compare(peer(), signed(tree), shown(tree)).outcome == FIRST


@pytest.mark.parametrize("new", range(1, MOST))
def test_one_history_extends_and_is_never_accused(new: int) -> None:
    """Every older size of an honest ledger is shown to be its beginning by the path alone."""
    tree = leaves(new)
    for old in range(1, new + 1):
        found = compare(peer(signed(tree[:old])), signed(tree), shown(tree, *range(1, new)))
        assert found == Comparison(EXTENDS, old)


@pytest.mark.parametrize("new", range(2, MOST))
def test_a_rewritten_past_is_convicted_by_the_path_that_its_owner_sends(new: int) -> None:
    """Whatever entry was changed below the pinned size, the letter holds the proof."""
    true = leaves(new)
    for old in range(1, new):
        for changed in range(old):
            tree = leaves(new, other_from=changed)
            found = compare(peer(signed(true[:old])), signed(tree), shown(tree, old))
            assert found.outcome == FORKS
            assert convicted(found)


def test_a_change_behind_the_pin_contradicts_nothing() -> None:
    """What was not pinned may be told as the owner likes: only the pinned beginning is held."""
    tree = leaves(9, other_from=6)
    assert compare(peer(signed(leaves(6))), signed(tree), shown(tree, 6)).outcome == EXTENDS


def test_the_same_size_with_another_root_is_a_fork_without_any_path() -> None:
    """Two signatures are enough."""
    tree = leaves(6, other_from=2)
    found = compare(peer(signed(leaves(6))), signed(tree), shown(tree))
    assert found.outcome == FORKS
    assert convicted(found)


def test_without_a_path_nothing_is_shown_and_nobody_accused() -> None:
    """Mail out of order and a sender who does not know the pin are no proof of anything."""
    tree = leaves(9)
    assert compare(peer(signed(tree[:4])), signed(tree), shown(tree)) == Comparison(NOT_SHOWN, 4)
    late = compare(peer(signed(tree)), signed(tree[:4]), shown(tree[:4]))
    assert late == Comparison(NOT_SHOWN, 9)


def test_every_pin_counts_not_only_the_newest() -> None:
    """A fork against an older pin is found although the newest pin is of the rewritten history."""
    tree = leaves(9, other_from=1)
    pins = peer(signed(leaves(3)), signed(tree[:5]))
    found = compare(pins, signed(tree), shown(tree, 3, 5))
    assert found.outcome == FORKS
    assert found.size == 3
    assert compare(pins, signed(tree), shown(tree, 5)) == Comparison(EXTENDS, 5)


@pytest.mark.parametrize(("old", "new"), [(3, 7), (4, 7), (5, 8), (6, 13), (8, 13)])
def test_a_damaged_path_is_refused_and_convicts_nobody(old: int, new: int) -> None:
    """Each hash of the path altered in turn: no sender is convicted by somebody's damaged mail."""
    tree = leaves(new)
    whole = shown(tree, old)
    path = whole.paths[old]
    for place, item in enumerate(path):
        damaged = (*path[:place], bytes([item[0] ^ 1]) + item[1:], *path[place + 1 :])
        with pytest.raises(Malformed) as refused:
            compare(peer(signed(tree[:old])), signed(tree), Shown({old: damaged}, whole.leaf, whole.path))
        assert refused.value.code == "peer-path"


def test_a_published_tree_shows_what_the_letter_does_not() -> None:
    """The partner's tiles show the growth where no path came along, and convict where there was none."""
    tree, other = leaves(12), leaves(12, other_from=2)
    pins = peer(signed(tree[:5]))
    honest = Shown(published=signed(tree), nodes=merkle.nodes_of(tree))
    assert compare(pins, signed(tree[:9]), honest) == Comparison(EXTENDS, 5)
    assert compare(pins, signed(tree[:3]), honest) == Comparison(EARLIER, 5)
    behind = Shown(published=signed(tree[:4]), nodes=merkle.nodes_of(tree[:4]))
    assert compare(pins, signed(tree[:3]), behind) == Comparison(NOT_SHOWN, 5)
    forged = Shown(published=signed(other), nodes=merkle.nodes_of(other))
    assert compare(pins, signed(other[:3]), forged).outcome == FORKS
    found = compare(pins, signed(other[:9]), forged)
    assert found.outcome == FORKS
    assert convicted(found)


def test_a_letter_that_its_own_publication_contradicts_convicts() -> None:
    """One history in the mail, another one in public, and nothing pinned yet."""
    tree, other = leaves(12), leaves(12, other_from=2)
    public = Shown(published=signed(tree), nodes=merkle.nodes_of(tree))
    found = compare(peer(), signed(other[:9]), public)
    assert found.outcome == FORKS
    assert convicted(found)


def partner(*pins: tuple[SignedCheckpoint, str]) -> Partner:
    """The partner as its ledger's acts made it, with these pins and their outcomes."""
    acts = []
    for index, (pin, outcome) in enumerate(pins):
        head, note = pin.checkpoint, pin.encode().decode()
        act = CheckpointPinned(by="ministry", origin=ORIGIN, size=head.size, root=head.root,
                               checkpoint=note, outcome=outcome)  # fmt: skip
        acts.append(Recorded(index, 0, b"", act))
    told = tuple(
        (pin.checkpoint.size, pin.checkpoint.root, place, outcome)
        for place, (pin, outcome) in enumerate(pins)
    )
    return Partner(ORIGIN, "SL", (str(KNOWN),), "2020-01-01", pins=told, acts=tuple(acts))


def sizes(found: Peer) -> list[int]:
    """The sizes of the pins that are looked at."""
    return [pin.checkpoint.size for pin in found.pins]


def test_a_thousand_pins_that_extend_each_other_are_one() -> None:
    """The newest speaks for all before it; only a checkpoint of the same size is compared with its like."""
    tree = leaves(12)
    chain = [(signed(tree[:size]), EXTENDS if size > 1 else FIRST) for size in range(1, 12)]
    assert sizes(known(partner(*chain))) == [11]
    assert sizes(known(partner(*chain), (4,))) == [4, 11]


def test_a_fork_below_a_covering_pin_is_found_from_a_covered_one() -> None:
    """Of sizes 3, 6 and 9 pinned, a checkpoint of 7 entries of another past brings the path from 3."""
    tree, other = leaves(12), leaves(12, other_from=1)
    chain = [(signed(tree[:size]), EXTENDS if size > 3 else FIRST) for size in (3, 6, 9)]
    assert sizes(known(partner(*chain))) == [9]
    assert sizes(known(partner(*chain), (7,))) == [6, 9]
    assert sizes(known(partner(*chain), (7, 3))) == [3, 6, 9]
    late = signed(other[:7])
    assert compare(known(partner(*chain)), late, shown(other[:7], 3)).outcome == NOT_SHOWN
    found = compare(known(partner(*chain), (7, 3)), late, shown(other[:7], 3))
    assert found.outcome == FORKS
    assert convicted(found)
    assert compare(known(partner(*chain), (7, 3)), signed(tree[:7]), shown(tree[:7], 3)).outcome == NOT_SHOWN


def test_what_was_not_shown_to_follow_stays_open() -> None:
    """A pin beside the chain keeps speaking for itself, and so does the chain that it may not belong to."""
    tree, other = leaves(12), leaves(12, other_from=1)
    pins = [
        (signed(tree[:3]), FIRST),
        (signed(other[:5]), NOT_SHOWN),
        (signed(other[:8]), EXTENDS),
        (signed(tree[:2]), NOT_SHOWN),
    ]
    found = known(partner(*pins))
    assert sizes(found) == [3, 8, 2]
    assert compare(found, signed(other), shown(other, 3, 8)).outcome == FORKS
    assert found.since == "2020-01-01"


def test_a_fork_with_a_covered_pin_of_the_same_size_is_found() -> None:
    """Two signatures over one size convict, also where the older one lies deep in the chain."""
    tree, other = leaves(12), leaves(12, other_from=1)
    chain = [(signed(tree[:size]), EXTENDS if size > 1 else FIRST) for size in range(1, 12)]
    late = signed(other[:4])
    found = compare(known(partner(*chain), (4,)), late, shown(other[:4]))
    assert found.outcome == FORKS
    assert convicted(found)
