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

`CertificateIndex` is a value: `updated` gives another one, which shares what did not change.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
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


_BLOCK_LEVEL = 6
_BLOCK = 1 << _BLOCK_LEVEL
"""Leaves that are kept as one text; they are a subtree, of which alone the hash is kept."""
_LENGTH = 2
"""Bytes that say how long a leaf is: `LONGEST` fits."""
_TEXT, _LONGER = 0xA0, 0xD9
"""How a text begins: with its length, from 0 to 31; or then comes its length, in one byte, in two."""


class CertificateIndex:
    """The sorted leaves and their tree, in memory: about 35 bytes a certificate."""

    __slots__ = ("_blocks", "_firsts", "_levels", "count")

    def __init__(self, blocks: list[bytes], firsts: list[str], hashes: list[bytes], count: int) -> None:
        self._blocks, self._firsts, self._levels = blocks, firsts, _levels(hashes)
        self.count = count
        """How many leaves there are, the sentinels among them."""

    @classmethod
    def of(cls, leaves: Iterable[Leaf] = ()) -> CertificateIndex:
        """The index of these leaves, in any order. Raises `Malformed` (``index-twice``)."""
        ordered = sorted(leaves, key=lambda leaf: leaf.key)
        for one, other in pairwise(ordered):
            if one.key == other.key:
                raise Malformed("index-twice", key=one.key)
        whole: list[Leaf | Sentinel] = [Sentinel(FIRST), *ordered, Sentinel(LAST)]
        made = _Blocks()
        made.extend(leaf.encode() for leaf in whole)
        return made.index()

    @property
    def root(self) -> bytes:
        """The tree's root."""
        return merkle.root_of(self.count, self.node)

    def node(self, level: int, place: int) -> bytes:
        """The hash of a complete subtree (`merkle.Nodes`)."""
        if level >= _BLOCK_LEVEL:
            return self._levels[level - _BLOCK_LEVEL][place]
        first = place << level
        leaves = _split(self._blocks[first >> _BLOCK_LEVEL])
        first %= _BLOCK
        return _subtree([entry_hash(leaf) for leaf in leaves[first : first + (1 << level)]])

    def leaf(self, position: int) -> bytes:
        """A leaf's bytes."""
        return _split(self._blocks[position >> _BLOCK_LEVEL])[position % _BLOCK]

    def path(self, position: int) -> tuple[bytes, ...]:
        """The inclusion path of a leaf."""
        return tuple(merkle.inclusion(position, self.count, self.node))

    def around(self, key: str) -> tuple[int, ...]:
        """The position of a certificate's leaf, or the two neighbours between which it would stand."""
        check_key(key)
        block = bisect_right(self._firsts, key) - 1
        keys = [_key(leaf) for leaf in _split(self._blocks[block])]
        place = bisect_left(keys, key)
        found = block * _BLOCK + place
        return (found,) if place < len(keys) and keys[place] == key else (found - 1, found)

    def updated(self, changed: Iterable[Leaf]) -> CertificateIndex:
        """The index with these leaves in the place of those of the same key, or added; of several of one key
        the last."""
        new = {leaf.key: leaf for leaf in changed}
        return self.merged(new[key] for key in sorted(new))

    def merged(self, changed: Iterator[Leaf]) -> CertificateIndex:
        """`updated` of leaves that come in the order of their keys, each key once.

        A changed leaf costs its block, an added one all that stands behind it.
        """
        made, waiting = _Blocks(), _Waiting(changed)
        for number, block in enumerate(self._blocks):
            beyond = self._firsts[number + 1] if number + 1 < len(self._firsts) else None
            if made.is_even and not waiting.is_before(beyond):
                made.share(block, self._firsts[number], self._hash(number))
                continue
            for leaf in _split(block):
                made.extend(waiting.until(_key(leaf), leaf))
        return made.index()

    def _hash(self, number: int) -> bytes | None:
        """A block's, where it is whole."""
        return self._levels[0][number] if number < len(self._levels[0]) else None


class _Waiting:
    """Leaves that are still to be put among others."""

    def __init__(self, leaves: Iterator[Leaf]) -> None:
        self._leaves = leaves
        self._next = next(leaves, None)

    def is_before(self, key: str | None) -> bool:
        """Whether one of them comes before a key; None is behind all."""
        return self._next is not None and (key is None or self._next.key < key)

    def until(self, key: str, leaf: bytes) -> Iterator[bytes]:
        """Those that come before a leaf, then that leaf, or what takes its place."""
        while self._next is not None and self._next.key <= key:
            known, encoded = self._next.key, self._next.encode()
            self._next = next(self._leaves, None)
            yield encoded
            if known == key:
                return
        yield leaf


class _Blocks:
    """Leaves in their order, block by block."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._firsts: list[str] = []
        self._hashes: list[bytes] = []
        self._leaves: list[bytes] = []
        self._count = 0

    @property
    def is_even(self) -> bool:
        """Whether a whole block could follow."""
        return not self._leaves

    def share(self, block: bytes, first: str, known: bytes | None) -> None:
        """A block of another index, with its hash; the last one may be less than whole, and has none."""
        if known is None:
            self.extend(_split(block))
            return
        self._blocks.append(block)
        self._firsts.append(first)
        self._hashes.append(known)
        self._count += _BLOCK

    def extend(self, leaves: Iterable[bytes]) -> None:
        """More leaves."""
        for leaf in leaves:
            self._leaves.append(leaf)
            if len(self._leaves) == _BLOCK:
                self._hashes.append(_subtree([entry_hash(one) for one in self._leaves]))
                self._close()

    def _close(self) -> None:
        self._firsts.append(_key(self._leaves[0]))
        self._blocks.append(b"".join(len(leaf).to_bytes(_LENGTH, "big") + leaf for leaf in self._leaves))
        self._count += len(self._leaves)
        self._leaves = []

    def index(self) -> CertificateIndex:
        """The index of all of them."""
        if self._leaves:
            self._close()
        return CertificateIndex(self._blocks, self._firsts, self._hashes, self._count)


def _split(block: bytes) -> list[bytes]:
    leaves, place = [], 0
    while place < len(block):
        start = place + _LENGTH
        place = start + int.from_bytes(block[place:start], "big")
        leaves.append(block[start:place])
    return leaves


def _key(leaf: bytes) -> str:
    """The key of a leaf made here, without decoding all of it: a short text, or the length of a longer one
    stands before it (`ledger.encoding`)."""
    head, start = leaf[1], 2
    if head < _LONGER:
        return leaf[start : start + head - _TEXT].decode("utf-8")
    start += 1 << head - _LONGER
    return leaf[start : start + int.from_bytes(leaf[2:start], "big")].decode("utf-8")


def _subtree(hashes: list[bytes]) -> bytes:
    """The hash over a complete subtree's leaves."""
    while len(hashes) > 1:
        hashes = _above(hashes)
    return hashes[0]


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
