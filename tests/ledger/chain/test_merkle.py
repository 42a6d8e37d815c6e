"""The tree: roots, inclusion, consistency, against RFC 6962's recursive definitions and known figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain import merkle
from ledger.errors import Malformed

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "adamas_format1.json").read_text("utf-8"))
ENTRIES = [bytes.fromhex(vector["entry_hash"]) for vector in VECTORS["entries"]]
ROOTS = [bytes.fromhex(text) for text in VECTORS["roots"]]

# Figures of the Certificate Transparency reference tests: eight inputs and the roots of sizes 0 to 8.
CT_INPUTS = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_LEAVES = [sha256(b"\0" + bytes.fromhex(text)).digest() for text in CT_INPUTS]


def leaves(count: int) -> list[bytes]:
    """Different leaf hashes."""
    return [sha256(b"\0" + str(number).encode()).digest() for number in range(count)]


def oracle_root(items: list[bytes]) -> bytes:
    """MTH of RFC 6962 2.1, word for word, over leaf hashes."""
    if not items:
        return sha256(b"").digest()
    if len(items) == 1:
        return items[0]
    k = power_below(len(items))
    return sha256(b"\1" + oracle_root(items[:k]) + oracle_root(items[k:])).digest()


def oracle_path(m: int, items: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 2.1.1."""
    if len(items) == 1:
        return []
    k = power_below(len(items))
    if m < k:
        return [*oracle_path(m, items[:k]), oracle_root(items[k:])]
    return [*oracle_path(m - k, items[k:]), oracle_root(items[:k])]


def oracle_subproof(m: int, items: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 2.1.2."""
    if m == len(items):
        return [] if whole else [oracle_root(items)]
    k = power_below(len(items))
    if m <= k:
        return [*oracle_subproof(m, items[:k], whole), oracle_root(items[k:])]
    return [*oracle_subproof(m - k, items[k:], False), oracle_root(items[:k])]


def power_below(count: int) -> int:
    """The largest power of two smaller than ``count``."""
    k = 1
    while k * 2 < count:
        k *= 2
    return k


@pytest.mark.parametrize(
    ("items", "roots"),
    [(ENTRIES, ROOTS), (CT_LEAVES, [bytes.fromhex(text) for text in CT_ROOTS])],
    ids=["adamas", "certificate transparency"],
)
def test_roots_agree_with_known_figures(items: list[bytes], roots: list[bytes]) -> None:
    """By all three ways: at once, growing, and from kept nodes."""
    frontier = merkle.Frontier()
    nodes = merkle.nodes_of(items)
    for size, expected in enumerate(roots):
        assert merkle.root(items[:size]) == expected
        assert merkle.root_of(size, nodes) == expected
        assert frontier.size == size
        assert frontier.root() == expected
        if size < len(items):
            frontier.append(items[size])
    assert len(roots) == len(items) + 1


def test_known_consistency_path() -> None:
    """From five to nine entries, as another implementation made it."""
    expected = [bytes.fromhex(text) for text in VECTORS["consistency_5_9"]]
    assert merkle.consistency(5, 9, merkle.nodes_of(ENTRIES)) == expected
    merkle.check_consistency(5, 9, expected, ROOTS[5], ROOTS[9])


def test_known_inclusion_path() -> None:
    """Leaf 5 of the reference tree of eight: figures from the Certificate Transparency tests."""
    expected = [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [item.hex() for item in merkle.inclusion(5, 8, merkle.nodes_of(CT_LEAVES))] == expected


def test_every_small_tree_agrees_with_the_recursive_definitions() -> None:
    """All roots, paths and consistency proofs up to 40 leaves."""
    items = leaves(40)
    nodes = merkle.nodes_of(items)
    roots = [oracle_root(items[:size]) for size in range(41)]
    for size in range(1, 41):
        assert merkle.root(items[:size]) == merkle.root_of(size, nodes) == roots[size]
        for index in range(size):
            path = merkle.inclusion(index, size, nodes)
            assert path == oracle_path(index, items[:size])
            merkle.check_inclusion(items[index], index, size, path, roots[size])
        for old in range(size + 1):
            path = merkle.consistency(old, size, nodes)
            assert path == (oracle_subproof(old, items[:size], True) if old else [])
            merkle.check_consistency(old, size, path, roots[old], roots[size])


@given(st.integers(1, 600), st.data())
def test_larger_trees_agree_too(size: int, data: st.DataObject) -> None:
    """Random sizes and places."""
    items = leaves(size)
    nodes = merkle.nodes_of(items)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert merkle.inclusion(index, size, nodes) == oracle_path(index, items)
    assert merkle.consistency(old, size, nodes) == oracle_subproof(old, items, True)


def refuses_inclusion(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> str:
    """The code of the refusal."""
    with pytest.raises(Malformed) as refused:
        merkle.check_inclusion(leaf, index, size, path, root)
    assert str(refused.value)
    return refused.value.code


def refuses_consistency(old: int, new: int, path: list[bytes], old_root: bytes, new_root: bytes) -> str:
    """The code of the refusal."""
    with pytest.raises(Malformed) as refused:
        merkle.check_consistency(old, new, path, old_root, new_root)
    assert str(refused.value)
    return refused.value.code


def flip(item: bytes) -> bytes:
    """One bit is another."""
    return bytes([item[0] ^ 1]) + item[1:]


def test_every_broken_inclusion_proof_is_refused() -> None:
    """Each hash flipped, doubled, removed, cut; every other leaf, index and size; the empty tree."""
    items = leaves(21)
    nodes = merkle.nodes_of(items)
    for size in (1, 2, 3, 8, 13, 21):
        root = merkle.root_of(size, nodes)
        for index in range(size):
            path = merkle.inclusion(index, size, nodes)
            leaf = items[index]
            for place in range(len(path)):
                assert refuses_inclusion(leaf, index, size, changed(path, place, flip), root) == "tree-root"
                shorter = path[:place] + path[place + 1 :]
                assert refuses_inclusion(leaf, index, size, shorter, root) == "tree-path-length"
                cut = changed(path, place, lambda item: item[:-1])
                assert refuses_inclusion(leaf, index, size, cut, root) == "tree-hash"
            assert refuses_inclusion(leaf, index, size, [*path, root], root) == "tree-path-length"
            assert refuses_inclusion(leaf, index, size, [root, *path], root) == "tree-path-length"
            assert refuses_inclusion(flip(leaf), index, size, path, root) == "tree-root"
            assert refuses_inclusion(leaf[:9], index, size, path, root) == "tree-hash"
            assert refuses_inclusion(leaf, index, size, path, flip(root)) == "tree-root"
            assert refuses_inclusion(leaf, index, size, path, merkle.EMPTY) == "tree-root"
            assert refuses_inclusion(leaf, size, size, path, root) == "tree-index"
            assert refuses_inclusion(leaf, 2**64 - 1, size, path, root) == "tree-index"
            assert refuses_inclusion(leaf, -1, size, path, root) == "tree-index"
            assert refuses_inclusion(leaf, index, 0, path, root) == "tree-index"
            for other in set(range(size)) - {index}:
                assert refuses_inclusion(leaf, other, size, path, root) in ("tree-root", "tree-path-length")


def changed(path: list[bytes], place: int, change: Callable[[bytes], bytes]) -> list[bytes]:
    """The path with one hash changed."""
    return [*path[:place], change(path[place]), *path[place + 1 :]]


def test_every_broken_consistency_proof_is_refused() -> None:
    """Each hash flipped, doubled, removed, cut; either root wrong or exchanged; sizes backwards."""
    items = leaves(21)
    nodes = merkle.nodes_of(items)
    roots = [merkle.root_of(size, nodes) for size in range(22)]
    for new in (1, 2, 5, 8, 13, 21):
        for old in range(1, new):
            path = merkle.consistency(old, new, nodes)
            refused = {
                refuses_consistency(old, new, changed(path, place, flip), roots[old], roots[new])
                for place in range(len(path))
            }
            assert refused <= {"tree-prefix", "tree-grown"}
            for place in range(len(path)):
                shorter = path[:place] + path[place + 1 :]
                assert refuses_consistency(old, new, shorter, roots[old], roots[new]) == "tree-path-length"
                cut = changed(path, place, lambda item: item + b"\0")
                assert refuses_consistency(old, new, cut, roots[old], roots[new]) == "tree-hash"
            longer = [*path, roots[new]]
            assert refuses_consistency(old, new, longer, roots[old], roots[new]) == "tree-path-length"
            assert refuses_consistency(old, new, path, flip(roots[old]), roots[new]) in (
                "tree-prefix",
                "tree-grown",
            )
            assert refuses_consistency(old, new, path, roots[old], flip(roots[new])) == "tree-grown"
            assert refuses_consistency(old, new, path, roots[new], roots[old]) in (
                "tree-prefix",
                "tree-grown",
            )
            assert refuses_consistency(new, old, path, roots[old], roots[new]) == "tree-sizes"


def test_consistency_from_nothing_and_with_itself_has_no_hashes() -> None:
    """A path that is not empty is refused, and so is a root that is not the empty tree's."""
    root = merkle.root(leaves(3))
    merkle.check_consistency(0, 3, [], merkle.EMPTY, root)
    merkle.check_consistency(3, 3, [], root, root)
    merkle.check_consistency(0, 0, [], merkle.EMPTY, merkle.EMPTY)
    assert refuses_consistency(0, 3, [root], merkle.EMPTY, root) == "tree-path-length"
    assert refuses_consistency(0, 3, [], flip(merkle.EMPTY), root) == "tree-prefix"
    assert refuses_consistency(3, 3, [root], root, root) == "tree-path-length"
    assert refuses_consistency(3, 3, [], flip(root), root) == "tree-prefix"
    assert refuses_consistency(-1, 3, [], merkle.EMPTY, root) == "tree-sizes"


def test_proofs_of_what_is_not_there_are_not_made() -> None:
    """Index beyond the tree, trees that shrink."""
    nodes = merkle.nodes_of(leaves(3))
    for index, size in ((3, 3), (-1, 3), (0, 0)):
        with pytest.raises(Malformed) as refused:
            merkle.inclusion(index, size, nodes)
        assert refused.value.code == "tree-index"
    with pytest.raises(Malformed) as refused:
        merkle.consistency(3, 2, nodes)
    assert refused.value.code == "tree-sizes"


@given(st.integers(0, 700), st.integers(1, 40), st.data())
def test_the_paths_of_new_leaves_follow_from_the_frontier(start: int, more: int, data: st.DataObject) -> None:
    """Without the older leaves, which nobody reads again; what was folded away is not made up."""
    size, all_leaves = start + more, leaves(start + more)
    frontier = merkle.Frontier()
    for leaf in all_leaves[:start]:
        frontier.append(leaf)
    grown, whole = merkle.Grown(frontier, all_leaves[start:]), merkle.nodes_of(all_leaves)
    for index in range(start, size):
        assert merkle.inclusion(index, size, grown.node) == merkle.inclusion(index, size, whole)
    if start > 1:
        older = data.draw(st.integers(0, start - 2))
        if start >> 1 > older >> 1:  # both leaves of that pair are older
            with pytest.raises(KeyError):
                grown.node(0, older)


@given(st.integers(0, 200))
def test_a_frontier_is_stored_and_goes_on(size: int) -> None:
    """Decoded, it grows to the same roots; a copy grows by itself."""
    items = leaves(size + 5)
    frontier = merkle.Frontier()
    for leaf in items[:size]:
        frontier.append(leaf)
    again = merkle.Frontier.decode(frontier.encode())
    copy = again.copy()
    for leaf in items[size:]:
        again.append(leaf)
    assert again.root() == merkle.root(items)
    assert (copy.size, copy.root()) == (size, merkle.root(items[:size]))


@pytest.mark.parametrize(
    "data", [b"", bytes(7), bytes(8) + bytes(32), (3).to_bytes(8, "big") + bytes(32), bytes(39)]
)
def test_a_damaged_frontier_is_refused(data: bytes) -> None:
    """The number of hashes must fit the size."""
    with pytest.raises(Malformed) as refused:
        merkle.Frontier.decode(data)
    assert refused.value.code == "tree-frontier"
    assert str(refused.value)
