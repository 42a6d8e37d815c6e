"""The tree over the entries: RFC 6962 and RFC 9162 (FORMATS.md section 5).

    root of no leaves   SHA-256("") = e3b0c442..b855
    leaf                SHA-256(0x00 || entry)           made by `entry.entry_hash`; here leaves are hashes
    node                SHA-256(0x01 || left || right)   split at the largest power of two below n

A node is never doubled: a last subtree without a sibling stands for itself one level higher. Proofs are those
of RFC 9162 2.1.3 and 2.1.4: the hashes from the leaf upwards, nothing else. From the vectors, the roots of
the first one, two and three entries:

    1  1e6a03761c9726afda51ab40b7f5b8005e655992f941f96b8b0aa04d022e3be4
    2  091ee0c4fe5dc62af22698b369333549299d380989f10a1990267727ff257b12
    3  72d567136316c030e44461bd0d0173c201be0896bdd016dfa51ee6eada0abebe

Proofs are made from complete subtrees, wherever those are kept: a `Nodes` answers (level, place) with the
hash of the leaves place * 2^level to (place + 1) * 2^level - 1. Every refusal is `Malformed` with a code
``tree-...``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from ledger.errors import Malformed

EMPTY = sha256(b"").digest()
"""The root of the tree without leaves."""
Nodes = Callable[[int, int], bytes]
"""(level, place) -> hash of a complete subtree."""


def node(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: its complete subtrees from left to right, at most 53 hashes.

    Appending a leaf costs two hashes on average; the root, one for each subtree but the first.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self._peaks = list(peaks)
        if len(self._peaks) != size.bit_count() or any(len(peak) != 32 for peak in self._peaks):
            raise Malformed("tree-frontier", size=size, count=len(self._peaks))

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        peaks, full = self._peaks, self.size
        while full & 1:
            leaf = sha256(b"\x01" + peaks.pop() + leaf).digest()
            full >>= 1
        peaks.append(leaf)
        self.size += 1

    def complete(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add the hash of the next leaf, and tell the subtrees that it completes: (level, place, hash)."""
        full, level, told = self.size, 0, []
        for peak in reversed(self._peaks):
            if not full >> level & 1:
                break
            leaf = node(peak, leaf)
            level += 1
            told.append((level, full >> level, leaf))
        del self._peaks[len(self._peaks) - level :]
        self._peaks.append(leaf)
        self.size += 1
        return told

    def path_of_next(self) -> list[bytes]:
        """The inclusion path that the next leaf has as long as it is the last."""
        return self._peaks[::-1]

    def subtrees(self) -> dict[tuple[int, int], bytes]:
        """The hashes by (level, place)."""
        levels = [level for level in range(self.size.bit_length()) if self.size >> level & 1]
        found = zip(levels, reversed(self._peaks), strict=True)
        return {(level, (self.size >> level) - 1): peak for level, peak in found}

    def root(self) -> bytes:
        """The root of the tree of ``size`` leaves."""
        return _fold(self._peaks) if self._peaks else EMPTY

    def copy(self) -> Frontier:
        """Another one that grows by itself: a transaction that is rolled back leaves this one as it was."""
        return Frontier(self.size, self._peaks)

    def encode(self) -> bytes:
        """For storing: the size in 8 bytes, big-endian, and the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self._peaks)

    @classmethod
    def decode(cls, data: bytes) -> Frontier:
        """What `encode` wrote. Raises `Malformed` (``tree-frontier``)."""
        size = int.from_bytes(data[:8], "big")
        if len(data) != 8 + 32 * size.bit_count():
            raise Malformed("tree-frontier", size=size, count=(len(data) - 8) // 32)
        found = cls()
        found.size, found._peaks = size, [data[start : start + 32] for start in range(8, len(data), 32)]
        return found


class Grown:
    """A tree that grew by ``leaves`` behind ``frontier``: its subtrees as far as the new leaves' paths need
    them.

        size = frontier.size + len(leaves)
        inclusion(size - 1, size, Grown(frontier, leaves).node)
    """

    __slots__ = ("_known", "_leaves", "_start")

    def __init__(self, frontier: Frontier, leaves: Sequence[bytes]) -> None:
        self._start = frontier.size
        self._leaves = leaves
        self._known = frontier.subtrees()

    def node(self, level: int, place: int) -> bytes:
        """The hash of a complete subtree (`Nodes`); one that the frontier has folded away raises
        `KeyError`."""
        known = self._known.get((level, place))
        if known is not None:
            return known
        if (place + 1) << level <= self._start:
            raise KeyError((level, place))
        if level == 0:
            return self._leaves[place - self._start]
        made = node(self.node(level - 1, 2 * place), self.node(level - 1, 2 * place + 1))
        self._known[level, place] = made
        return made


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, all at hand."""
    if not leaves:
        return EMPTY
    level = list(leaves)
    while len(level) > 1:
        odd = [level[-1]] if len(level) % 2 else []
        pairs = iter(level)
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
        level += odd
    return level[0]


def nodes_of(leaves: Sequence[bytes]) -> Nodes:
    """The complete subtrees over leaf hashes, kept in memory (64 bytes a leaf)."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = iter(levels[-1])
        levels.append([node(left, right) for left, right in zip(below, below, strict=False)])
    return lambda level, place: levels[level][place]


def root_of(size: int, nodes: Nodes) -> bytes:
    """The root of the first ``size`` leaves."""
    return _span(0, size, nodes) if size else EMPTY


def inclusion(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """The path of leaf ``index`` in the tree of ``size`` leaves (RFC 9162 2.1.3.1), from the leaf upwards."""
    if not 0 <= index < size:
        raise Malformed("tree-index", index=index, size=size)
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_span(middle, end, nodes))
            end = middle
        else:
            path.append(_span(start, middle, nodes))
            start = middle
    return path[::-1]


def consistency(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """The proof that the tree of ``old`` leaves is a prefix of that of ``new`` (RFC 9162 2.1.4.1)."""
    if not 0 <= old <= new:
        raise Malformed("tree-sizes", old=old, new=new)
    path: list[bytes] = []
    start, end = 0, new
    while 0 < old < end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_span(middle, end, nodes))
            end = middle
        else:
            path.append(_span(start, middle, nodes))
            start = middle
    if start:  # the verifier knows the old root only, so the old tree's last subtree must be told
        path.append(_span(start, end, nodes))
    return path[::-1]


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Raises `Malformed` unless the path leads from ``leaf`` at ``index`` to ``root`` (RFC 9162 2.1.3.2)."""
    _check_hashes([leaf, *path, root])
    if not 0 <= index < size:
        raise Malformed("tree-index", index=index, size=size)
    inner = (index ^ (size - 1)).bit_length()
    needed = inner + (index >> inner).bit_count()
    if len(path) != needed:
        raise Malformed("tree-path-length", count=len(path), needed=needed)
    reached = leaf
    for height, sibling in enumerate(path):
        on_the_right = height >= inner or index >> height & 1
        reached = node(sibling, reached) if on_the_right else node(reached, sibling)
    if reached != root:
        raise Malformed("tree-root", index=index, size=size, reached=reached.hex(), root=root.hex())


def check_consistency(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Raises `Malformed` unless the path shows the old tree as a prefix of the new (RFC 9162 2.1.4.2)."""
    _check_hashes([*path, old_root, new_root])
    if not 0 <= old <= new:
        raise Malformed("tree-sizes", old=old, new=new)
    needed = _consistency_length(old, new)
    if len(path) != needed:
        raise Malformed("tree-path-length", count=len(path), needed=needed)
    if old in (0, new):
        known = EMPTY if old == 0 else new_root
        if old_root != known:
            raise Malformed("tree-prefix", size=old, reached=known.hex(), root=old_root.hex())
        return
    reached_old, reached_new = _climb(old, new, path if old & (old - 1) else [old_root, *path])
    if reached_old != old_root:
        raise Malformed("tree-prefix", size=old, reached=reached_old.hex(), root=old_root.hex())
    if reached_new != new_root:
        raise Malformed("tree-grown", size=new, reached=reached_new.hex(), root=new_root.hex())


def _consistency_length(old: int, new: int) -> int:
    if old in (0, new):
        return 0
    complete = (old & -old).bit_length() - 1
    inner = ((old - 1) ^ (new - 1)).bit_length()
    return (old != 1 << complete) + inner - complete + ((old - 1) >> inner).bit_count()


def _climb(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Both roots that the path leads to, from the old tree's last complete subtree upwards."""
    complete = (old & -old).bit_length() - 1
    last, newest = (old - 1) >> complete, (new - 1) >> complete
    reached_old = reached_new = path[0]
    for sibling in path[1:]:
        if last & 1 or last == newest:
            reached_old, reached_new = node(sibling, reached_old), node(sibling, reached_new)
            while last and not last & 1:
                last, newest = last >> 1, newest >> 1
        else:
            reached_new = node(reached_new, sibling)
        last, newest = last >> 1, newest >> 1
    return reached_old, reached_new


def _check_hashes(hashes: Sequence[bytes]) -> None:
    for item in hashes:
        if len(item) != 32:
            raise Malformed("tree-hash", length=len(item))


def _split(count: int) -> int:
    """The largest power of two below ``count``."""
    return 1 << (count - 1).bit_length() - 1


def _span(start: int, end: int, nodes: Nodes) -> bytes:
    """The hash over leaves ``start`` to ``end`` - 1; a subtree of that size may begin at ``start``."""
    peaks: list[bytes] = []
    count = end - start
    while count:
        level = count.bit_length() - 1
        peaks.append(nodes(level, start >> level))
        start, count = start + (1 << level), count - (1 << level)
    return _fold(peaks)


def _fold(peaks: Sequence[bytes]) -> bytes:
    reached = peaks[-1]
    for left in reversed(peaks[:-1]):
        reached = node(left, reached)
    return reached
