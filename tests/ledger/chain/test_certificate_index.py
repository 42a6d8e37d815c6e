"""The tree over all certificate numbers that a ledger knows."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import encoding
from ledger.chain import certificate_index, merkle
from ledger.chain.certificate_index import STATUSES, CertificateIndex, Leaf, Sentinel
from ledger.chain.entry import entry_hash
from tests.extent import extent
from tests.refusing import code_of

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "adamas_format1.json").read_text("utf-8"))
VECTOR = VECTORS["certificate_index"]


def vector_index() -> CertificateIndex:
    """The vector's leaves, in another order."""
    leaves = [certificate_index.decode(bytes.fromhex(leaf)) for leaf in VECTOR["leaves"]]
    return CertificateIndex.of([leaf for leaf in leaves if isinstance(leaf, Leaf)][::-1])


def test_the_vectors_index_is_made_again() -> None:
    """Leaves, count, root, and the neighbours of a number that is not there, with their paths."""
    made = vector_index()
    assert [made.leaf(place).hex() for place in range(made.count)] == VECTOR["leaves"]
    assert (made.count, made.root.hex()) == (VECTOR["count"], VECTOR["root"])
    around = made.around(VECTOR["absent"])
    assert [
        {"index": at, "leaf": made.leaf(at).hex(), "path": [node.hex() for node in made.path(at)]}
        for at in around
    ] == VECTOR["neighbours"]
    assert made.around("BW/0000001") == (1,)
    assert made.around("AA/1") == (0, 1)
    assert made.around("ZZ/9") == (5, 6)


def test_an_empty_index_has_its_two_sentinels() -> None:
    """Everything is absent between them."""
    empty = CertificateIndex.of()
    assert (empty.count, empty.around("BW/1")) == (2, (0, 1))
    assert [empty.leaf(0).hex(), empty.leaf(1).hex()] == [VECTOR["leaves"][0], VECTOR["leaves"][-1]]


KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6).filter(lambda key: key < "\U0010ffff")
LEAVES = st.builds(
    Leaf, KEYS, st.integers(1, 3), st.sampled_from(STATUSES), st.none() | st.integers(0, 2**53 - 1)
)
LISTS = st.lists(LEAVES, unique_by=lambda leaf: leaf.key, max_size=40)


@pytest.mark.slow
@settings(max_examples=extent(70, 400), deadline=None)
@given(LISTS, LISTS, st.sampled_from((0, 1, 2, 6)))
def test_updating_gives_the_index_of_all(before: list[Leaf], changed: list[Leaf], level: int) -> None:
    """Whatever is changed or added, in any order, and however many leaves are kept together; the index before
    stays as it was."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(certificate_index, "_BLOCK_LEVEL", level)
        patched.setattr(certificate_index, "_BLOCK", 1 << level)
        _updated(before, changed)


def _updated(before: list[Leaf], changed: list[Leaf]) -> None:
    old = CertificateIndex.of(before)
    root = old.root
    new = old.updated(changed)
    expected = CertificateIndex.of({leaf.key: leaf for leaf in [*before, *changed]}.values())
    assert (new.count, new.root) == (expected.count, expected.root)
    assert [new.leaf(place) for place in range(new.count)] == [
        expected.leaf(place) for place in range(new.count)
    ]
    frontier = merkle.Frontier()
    for place in range(new.count):
        frontier.append(entry_hash(new.leaf(place)))
    assert frontier.root() == new.root
    for place in range(new.count):
        leaf = entry_hash(new.leaf(place))
        merkle.check_inclusion(leaf, place, new.count, new.path(place), expected.root)
    assert old.root == root


@given(LISTS)
def test_leaves_stand_in_the_order_of_their_keys_bytes(leaves: list[Leaf]) -> None:
    """Which is that of code points."""
    made = CertificateIndex.of(leaves)
    keys = [certificate_index.decode(made.leaf(place)).key for place in range(made.count)]
    assert [key.encode() for key in keys] == sorted(key.encode() for key in keys)
    assert all(made.leaf(made.around(leaf.key)[0]) == leaf.encode() for leaf in leaves)


@pytest.mark.parametrize(
    "leaf",
    [
        Leaf("", 1, "issued", 0),
        Leaf("\U0010ffff", 1, "issued", 0),
        Leaf("\U0010ffff\U0010ffff", 1, "issued", 0),
        Leaf("BW/1", 0, "issued", 0),
        Leaf("BW/1", True, "issued", 0),
        Leaf("BW/1", 1, "lost", 0),
        Leaf("BW/1", 1, "issued", -1),
        Leaf("BW/1", 1, "issued", 2**53),
    ],
)
def test_what_is_no_leaf_is_refused(leaf: Leaf) -> None:
    """When it is made and when it is read."""
    code = code_of(leaf.encode)
    assert code in ("index-key", "index-leaf")
    data = encoding.encode([leaf.key, leaf.normalisation, leaf.status, leaf.issued])
    assert code_of(certificate_index.decode, data) == code


@pytest.mark.parametrize(
    "value", [[], ["BW/1"], ["BW/1", 1, "issued"], [1, 1, "issued", 0], ["BW/1", 1, ["issued"], 0], {}, None]
)
def test_other_values_are_no_leaves(value: Any) -> None:
    """Nor is another spelling of one, or a very long one."""
    assert code_of(certificate_index.decode, encoding.encode(value)) in ("index-leaf", "index-key")


def test_leaves_have_one_spelling_and_one_place() -> None:
    """A number in two forms, a leaf too long, a certificate twice."""
    good = Leaf("BW/1", 1, "issued", 5).encode()
    assert certificate_index.decode(good) == Leaf("BW/1", 1, "issued", 5)
    assert certificate_index.decode(Sentinel("").encode()) == Sentinel("")
    assert code_of(certificate_index.decode, good[:-1] + b"\xcc\x05") == "encoding-spelling"
    long = Leaf("B" * 5_000, 1, "issued", 5).encode()
    assert code_of(certificate_index.decode, long) == "index-leaf"
    twice = [Leaf("BW/1", 1, "issued", 5), Leaf("BW/1", 1, "voided", 5)]
    assert code_of(CertificateIndex.of, twice) == "index-twice"


def test_a_certificate_takes_few_bytes() -> None:
    """Of a leaf its bytes are kept, and little beside: hashes of many leaves together."""
    numbers = [Leaf(f"BW/{number:08}", 1, "exported", number) for number in range(4_000)]
    tracemalloc.start()
    try:
        made = CertificateIndex.of(numbers)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert made.count == 4_002
    assert held < 40 * made.count


def test_what_did_not_change_is_shared() -> None:
    """An index with another status costs a block and the list of blocks, not the leaves again."""
    numbers = [Leaf(f"BW/{number:08}", 1, "exported", number) for number in range(4_000)]
    made = CertificateIndex.of(numbers)
    tracemalloc.start()
    try:
        other = made.updated([Leaf("BW/00002000", 1, "voided", 2_000)])
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert other.root != made.root
    assert held < 8 * made.count
