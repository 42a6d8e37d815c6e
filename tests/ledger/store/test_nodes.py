"""The kept subtrees of a journal's tree: proofs at every size are those of the leaves themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.chain import merkle
from ledger.chain.entry import entry_hash
from ledger.errors import StoreTrouble
from ledger.store import opening
from ledger.store.journal import Draft, Journal
from ledger.store.nodes import JournalTree

COUNT = 300


@pytest.fixture(scope="module")
def journal(module_url: str) -> Iterator[Journal]:
    """Three hundred entries, appended in batches of many sizes."""
    made = opening.create(module_url)
    number, batch = 0, 1
    while number < COUNT:
        many = range(number, min(number + batch, COUNT))
        drafts = [Draft(b"\x80", bytes(64), index.to_bytes(16, "big"), "example/1") for index in many]
        made.append(drafts, clock=lambda: 1 << 40, read={}, head=made.head())
        number, batch = many.stop, batch % 37 + 5
    yield made
    made.close()


@pytest.fixture(scope="module")
def leaves(journal: Journal) -> list[bytes]:
    """The entries' hashes."""
    return [entry_hash(data) for _, data in journal.entries()]


def test_the_root_of_every_size_is_that_of_its_leaves(journal: Journal, leaves: list[bytes]) -> None:
    """Also of sizes long gone."""
    tree = JournalTree(journal)
    assert [tree.root(size) for size in range(COUNT + 1)] == [
        merkle.root(leaves[:size]) for size in range(COUNT + 1)
    ]


def test_proofs_are_those_made_in_memory(journal: Journal, leaves: list[bytes]) -> None:
    """Paths of entries and of growth, between many sizes."""
    kept, memory = JournalTree(journal).node, merkle.nodes_of(leaves)
    for size in range(1, COUNT + 1, 7):
        for index in range(0, size, 11):
            assert merkle.inclusion(index, size, kept) == merkle.inclusion(index, size, memory)
        for old in range(1, size, 13):
            assert merkle.consistency(old, size, kept) == merkle.consistency(old, size, memory)


def test_a_tree_that_grows_is_read_on(ledger_url: str) -> None:
    """What was remembered of the right edge is read again when more of it is asked for."""
    with opening.create(ledger_url) as grown:
        tree, leaves = JournalTree(grown), []
        for index in range(40):
            draft = Draft(b"\x80", bytes(64), index.to_bytes(16, "big"), "example/1")
            (one,), _ = grown.append([draft], clock=lambda: 1 << 40, read={}, head=grown.head())
            leaves.append(one.hash)
            assert tree.root(index + 1) == merkle.root(leaves)
            memory = merkle.nodes_of(leaves)
            assert merkle.inclusion(index // 2, index + 1, tree.node) == merkle.inclusion(
                index // 2, index + 1, memory
            )


def test_one_hash_in_fourteen_is_kept(journal: Journal) -> None:
    """Levels 4 and 8, and no others."""
    found = {level: len(journal.nodes(level, 0, COUNT)) for level in range(12)}
    assert {level: count for level, count in found.items() if count} == {4: COUNT // 16, 8: COUNT // 256}


def test_a_node_that_is_not_there_is_told_as_damage(journal: Journal) -> None:
    """The right edge is not complete yet."""
    with pytest.raises(StoreTrouble) as raised:
        JournalTree(journal).node(8, COUNT // 256)
    assert raised.value.code == "store-damaged"


def test_the_path_of_the_next_leaf_is_known_before_it_is_there(leaves: list[bytes]) -> None:
    """So the receipt of a single act costs no question."""
    frontier = merkle.Frontier()
    for size, leaf in enumerate(leaves, 1):
        path = frontier.path_of_next()
        frontier.append(leaf)
        merkle.check_inclusion(leaf, size - 1, size, path, frontier.root())
