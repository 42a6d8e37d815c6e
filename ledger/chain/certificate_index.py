"""All certificate numbers that a ledger knows, as a tree over sorted leaves (FORMATS.md section 8).

The root stands in an entry `certificate-index/1 {size, count, root}`: an RFC 6962 tree with one leaf for each
certificate number known in the first ``size`` entries, sorted by key, between two sentinels that ``count``
counts too. A leaf is a canonical array, its hash SHA-256(0x00 || leaf):

    [""]                                        0   91a0
    ["BW/0000001", 1, "exported", 0]            1   94 aa42572f30303030303031 01 a86578706f72746564 00
    ["SL/4306", 1, "exported", nil]             2   not issued here: received from another participant
    ["\\U0010ffff"]                              3   91a4f48fbfbf

- key: issuer, `/`, normal form; order is that of its UTF-8 bytes, which is that of its code points
- the version of the normalisation, from 1
- status: issued, validated, exported, confirmed, voided, replaced, returned, expired
- the index of the first entry that issued it, nil where this ledger did not

A number is known for ever: one that a correction gave up keeps its leaf, and one that only a correction names
has one. Otherwise somebody could prove the absence of a certificate that an entry names.

`CertificateIndex` is a value: `updated` gives another one and hashes again only what changed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ledger import encoding
from ledger.chain import forms, merkle
from ledger.chain.entry import entry_hash
from ledger.errors import Malformed
from ledger.values import dataclass

TYPE = "certificate-index/1"
STATUSES = ("issued", "validated", "exported", "confirmed", "voided", "replaced", "returned", "expired")
LONGEST = 4_096
"""Bytes of a leaf; a key has 63 characters at most where this program writes it."""
FIRST, LAST = "", "\U0010ffff"
"""The sentinels' keys."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One certificate number; ``issued`` is the index of the first entry that issued it, if one did."""

    key: str
    normalisation: int
    status: str
    issued: int | None

    def encode(self) -> bytes:
        """The leaf's bytes. Raises `Malformed` (``index-leaf``) for one that `decode` would refuse."""
        _check(self)
        return encoding.encode([self.key, self.normalisation, self.status, self.issued])


@dataclass(frozen=True, slots=True)
class Sentinel:
    """The first or the last leaf, which stand for no certificate."""

    key: str

    def encode(self) -> bytes:
        """The leaf's bytes."""
        return encoding.encode([self.key])


def decode(data: bytes) -> Leaf | Sentinel:
    """The leaf of bytes from anywhere. Raises `Malformed` (``index-leaf``, ``encoding-...``)."""
    if len(data) > LONGEST:
        raise Malformed("index-leaf", leaf=data[:40].hex())
    parts = encoding.decode(data)
    if parts in ([FIRST], [LAST]):
        return Sentinel(parts[0])
    if type(parts) is not list or len(parts) != 4:
        raise Malformed("index-leaf", leaf=data[:40].hex())
    leaf = Leaf(*parts)
    _check(leaf)
    return leaf


class CertificateIndex:
    """The sorted leaves and their tree, in memory: about 300 bytes a certificate."""

    __slots__ = ("_keys", "_leaves", "_levels")

    def __init__(self, keys: Sequence[str], leaves: Sequence[bytes], levels: Sequence[list[bytes]]) -> None:
        self._keys, self._leaves, self._levels = keys, leaves, levels

    @classmethod
    def of(cls, leaves: Iterable[Leaf] = ()) -> CertificateIndex:
        """The index of these leaves, in any order. Raises `Malformed` (``index-twice``)."""
        ordered = sorted(leaves, key=lambda leaf: leaf.key)
        for one, other in pairwise(ordered):
            if one.key == other.key:
                raise Malformed("index-twice", key=one.key)
        whole: list[Leaf | Sentinel] = [Sentinel(FIRST), *ordered, Sentinel(LAST)]
        data = [leaf.encode() for leaf in whole]
        return cls([leaf.key for leaf in whole], data, _levels([entry_hash(leaf) for leaf in data]))

    @property
    def count(self) -> int:
        """How many leaves there are, the sentinels among them."""
        return len(self._leaves)

    @property
    def root(self) -> bytes:
        """The tree's root."""
        return merkle.root_of(self.count, self.node)

    def node(self, level: int, place: int) -> bytes:
        """The hash of a complete subtree (`merkle.Nodes`)."""
        return self._levels[level][place]

    def leaf(self, position: int) -> bytes:
        """A leaf's bytes."""
        return self._leaves[position]

    def path(self, position: int) -> tuple[bytes, ...]:
        """The inclusion path of a leaf."""
        return tuple(merkle.inclusion(position, self.count, self.node))

    def around(self, key: str) -> tuple[int, ...]:
        """The position of a certificate's leaf, or the two neighbours between which it would stand."""
        check_key(key)
        place = bisect_left(self._keys, key)
        return (place,) if self._keys[place] == key else (place - 1, place)

    def updated(self, changed: Iterable[Leaf]) -> CertificateIndex:
        """The index with these leaves in the place of those of the same key, or added.

        A changed leaf costs its path, an added one all that stands behind it.
        """
        new = {leaf.key: leaf.encode() for leaf in changed}
        keys, leaves = [*self._keys], [*self._leaves]
        replaced: list[int] = []
        for key, place in self._places(new):
            leaves[place] = new.pop(key)
            replaced.append(place)
        levels = [[*level] for level in self._levels]
        _rehash(levels, leaves, replaced)
        if not new:
            return CertificateIndex(keys, leaves, levels)
        first = bisect_left(keys, min(new))
        merged = sorted({**dict(zip(keys[first:], leaves[first:], strict=True)), **new}.items())
        keys[first:] = [key for key, _ in merged]
        leaves[first:] = [leaf for _, leaf in merged]
        return CertificateIndex(keys, leaves, _regrown(levels, first, leaves))

    def _places(self, new: Mapping[str, bytes]) -> list[tuple[str, int]]:
        places = [(key, bisect_left(self._keys, key)) for key in new]
        return [(key, place) for key, place in places if self._keys[place] == key]


def check_key(key: Any) -> None:
    """Raises `Malformed` (``index-key``) unless it can be a certificate's key, between the sentinels."""
    if type(key) is not str or not FIRST < key < LAST:
        raise Malformed("index-key", key=repr(key)[:80])


def _check(leaf: Leaf) -> None:
    check_key(leaf.key)
    right = (
        forms.is_size(leaf.normalisation)
        and leaf.normalisation > 0
        and type(leaf.status) is str
        and leaf.status in STATUSES
        and (leaf.issued is None or forms.is_size(leaf.issued))
    )
    if not right:
        raise Malformed("index-leaf", leaf=repr(leaf)[:120])


def _levels(hashes: list[bytes]) -> list[list[bytes]]:
    """The complete subtrees, level by level."""
    levels = [hashes]
    while len(levels[-1]) > 1:
        levels.append(_above(levels[-1]))
    return levels


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = iter(level)
    return [merkle.node(left, right) for left, right in zip(pairs, pairs, strict=False)]


def _rehash(levels: list[list[bytes]], leaves: Sequence[bytes], places: Iterable[int]) -> None:
    """Leaves changed in their places: their paths."""
    dirty = set(places)
    for place in dirty:
        levels[0][place] = entry_hash(leaves[place])
    for below, level in pairwise(levels):
        dirty = {place // 2 for place in dirty if place // 2 < len(level)}
        for place in dirty:
            level[place] = merkle.node(below[2 * place], below[2 * place + 1])


def _regrown(levels: list[list[bytes]], first: int, leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Leaves from ``first`` on moved: everything that does not stand wholly before them."""
    grown = [levels[0][:first] + [entry_hash(leaf) for leaf in leaves[first:]]]
    height = 0
    while len(grown[-1]) > 1:
        height, first = height + 1, first // 2
        known = levels[height][:first] if height < len(levels) else []
        grown.append(known + _above(grown[-1][2 * len(known) :]))
    return grown
