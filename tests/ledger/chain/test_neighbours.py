"""Two neighbouring leaves written with each hash once, held against their two whole paths."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.chain import merkle, neighbours
from ledger.errors import Malformed

Written = tuple[tuple[bytes, ...], tuple[bytes, ...]]
SMALL = [(first, size) for size in range(2, 34) for first in range(size - 1)]


def leaves(count: int) -> list[bytes]:
    """Different leaf hashes."""
    return [sha256(b"\0" + str(number).encode()).digest() for number in range(count)]


def oracle_path(m: int, items: list[bytes]) -> tuple[bytes, ...]:
    """PATH of RFC 6962 2.1.1."""
    if len(items) == 1:
        return ()
    k = 1 << (len(items) - 1).bit_length() - 1
    if m < k:
        return *oracle_path(m, items[:k]), merkle.root(items[k:])
    return *oracle_path(m - k, items[k:]), merkle.root(items[:k])


def whole_paths(first: int, size: int) -> Written:
    """The two inclusion paths as RFC 9162 makes them: the oracle."""
    nodes = merkle.nodes_of(leaves(size))
    return tuple(merkle.inclusion(first, size, nodes)), tuple(merkle.inclusion(first + 1, size, nodes))


def holds(first: int, size: int, pair: tuple[bytes, bytes], written: Written, root: bytes) -> bool:
    """Whether what is written leads both leaves to the root."""
    try:
        paths = neighbours.whole(first, size, pair, written)
        for at, leaf, path in zip((first, first + 1), pair, paths, strict=True):
            merkle.check_inclusion(leaf, at, size, path, root)
    except Malformed:
        return False
    return True


@pytest.mark.parametrize("size", range(2, 34))
def test_what_is_written_is_the_whole_paths_again(size: int) -> None:
    """Of all neighbours in all small trees, by RFC 6962's own recursive definition; and each hash of the two
    paths is written once, but for those where they meet, which are not."""
    items = leaves(size)
    for first in range(size - 1):
        paths = tuple(oracle_path(first, items)), tuple(oracle_path(first + 1, items))
        written = neighbours.shortened(first, size, paths)
        assert neighbours.whole(first, size, (items[first], items[first + 1]), written) == paths
        told = [*written[0], *written[1]]
        assert len(set(told)) == len(told)
        left, right, _ = neighbours.lengths(first, size)
        meeting = {paths[0][left], paths[1][right]}
        assert set(told) == {*paths[0], *paths[1]} - meeting


@settings(deadline=None)
@given(st.integers(2, 1_000).flatmap(lambda size: st.tuples(st.integers(0, size - 2), st.just(size))))
def test_it_is_the_whole_paths_again_in_larger_trees(place: tuple[int, int]) -> None:
    """Of any two neighbours."""
    first, size = place
    paths = whole_paths(first, size)
    written = neighbours.shortened(first, size, paths)
    assert neighbours.whole(first, size, _leaf_pair(first, size), written) == paths
    assert [len(path) for path in written] == [
        len(paths[0]) - 1,
        len(paths[1]) - 1 - neighbours.lengths(first, size)[2],
    ]


def _leaf_pair(first: int, size: int) -> tuple[bytes, bytes]:
    items = leaves(size)
    return items[first], items[first + 1]


def forged(written: Written) -> Iterator[Written]:
    """Every hash flipped, gone, doubled, exchanged with the next one; one moved to the other leaf; the lists
    exchanged."""
    one, other = written
    for at, told in enumerate(one):
        for part in ((bytes([told[0] ^ 1]) + told[1:],), (), (told, told)):
            yield (*one[:at], *part, *one[at + 1 :]), other
    for at, told in enumerate(other):
        for part in ((told[:-1] + bytes([told[-1] ^ 0x80]),), (), (told, told)):
            yield one, (*other[:at], *part, *other[at + 1 :])
    every = [*one, *other]
    for at in range(len(every) - 1):
        moved = [*every]
        moved[at : at + 2] = every[at + 1], every[at]
        yield tuple(moved[: len(one)]), tuple(moved[len(one) :])
    for cut in {len(one) - 1, len(one) + 1} & {*range(len(every) + 1)}:
        yield tuple(every[:cut]), tuple(every[cut:])
    if one != other:
        yield other, one


@pytest.mark.parametrize(
    ("first", "size"), [place for place in SMALL if place[1] in (2, 3, 5, 8, 13, 32, 33)]
)
def test_no_other_hashes_lead_to_the_root(first: int, size: int) -> None:
    """Nor another leaf in either place, nor the pair anywhere else, nor in a tree of another size."""
    items = leaves(size)
    root, pair = merkle.root(items), (items[first], items[first + 1])
    written = neighbours.shortened(first, size, whole_paths(first, size))
    assert holds(first, size, pair, written, root)
    for other in forged(written):
        assert not holds(first, size, pair, other, root)
    for stranger in {*items, bytes(32), *written[0], *written[1], root}:
        assert (stranger == pair[1]) == holds(first, size, (pair[0], stranger), written, root)
        assert (stranger == pair[0]) == holds(first, size, (stranger, pair[1]), written, root)
    assert not holds(first, size, pair[::-1], written, root)
    for at in range(-1, size + 1):
        assert (at == first) == holds(at, size, pair, written, root)
    assert not holds(first, size, pair, written, bytes(32))


@pytest.mark.parametrize(("first", "size"), [place for place in SMALL if place[1] in (5, 8, 13)])
def test_whole_paths_are_no_second_spelling(first: int, size: int) -> None:
    """Neither both, nor one of them, in the place of what is written."""
    pair, paths = _leaf_pair(first, size), whole_paths(first, size)
    written = neighbours.shortened(first, size, paths)
    for other in (paths, (paths[0], written[1]), (written[0], paths[1])):
        with pytest.raises(Malformed) as refused:
            neighbours.whole(first, size, pair, other)
        assert refused.value.code == "tree-path-length"


@pytest.mark.parametrize(("first", "size"), [(-1, 3), (2, 3), (0, 1), (0, 0), (3, 3), (2**53 - 1, 2**53)])
def test_neighbours_lie_in_the_tree(first: int, size: int) -> None:
    """The last leaf has none on its right."""
    with pytest.raises(Malformed) as refused:
        neighbours.lengths(first, size)
    assert refused.value.code == "tree-index"
    assert str(refused.value)


def test_the_largest_tree_of_all_is_no_trouble() -> None:
    """Sizes end below 2^53; numbers of hashes come from arithmetic, not from loops."""
    assert neighbours.lengths(2**52 - 1, 2**53 - 1) == (52, 52, 0)
    assert neighbours.lengths(2**53 - 3, 2**53 - 1) == (1, 0, 51)
    assert neighbours.lengths(2**53 - 5, 2**53 - 1) == (2, 2, 50)
