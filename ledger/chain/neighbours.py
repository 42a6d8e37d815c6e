"""Two neighbouring leaves under one root, with no hash that follows from the others.

    leaf i       below: the hashes from leaf i up to where its path meets that of leaf i + 1, all on the left
                 above: those from there to the root, which are the same for both
    leaf i + 1   below: the hashes from leaf i + 1 up to the same place, all on the right

Where the paths meet, each leaf leads to the hash that is the other's sibling there, so neither is written:

    i = 5 of 8      below  h(4)                above  h(0-3)        5 -> h(4-5), 6 -> h(6-7), both -> h(4-7)
    i + 1 = 6       below  h(7)

How many hashes each part has follows from i and the tree's size alone; another number is refused. What is
written is only another spelling of two inclusion paths: `whole` gives both back as RFC 9162 2.1.3.1 makes
them, and whoever checks them checks each by 2.1.3.2 against the root, as if it had been written whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.chain import merkle
from ledger.errors import Malformed

Path = tuple[bytes, ...]


def lengths(first: int, size: int) -> tuple[int, int, int]:
    """How many hashes leaf ``first`` has below the place where it meets its neighbour on the right, how many
    that one has, and how many lead from there to the root.

    Raises `Malformed` (``tree-index``) unless both lie in the tree of ``size`` leaves.

    >>> lengths(5, 8), lengths(6, 8), lengths(3, 5)
    ((1, 1, 1), (0, 0, 2), (2, 0, 0))
    """
    if not 0 <= first < size - 1:
        raise Malformed("tree-index", index=first + 1, size=size)
    left = (first ^ (first + 1)).bit_length() - 1
    right = (min(1 << left, size - first - 1) - 1).bit_length()
    inner = (first ^ (size - 1)).bit_length()
    return left, right, inner + (first >> inner).bit_count() - left - 1


def shortened(first: int, size: int, paths: tuple[Sequence[bytes], Sequence[bytes]]) -> tuple[Path, Path]:
    """What is written of the whole inclusion paths of leaf ``first`` and of the one behind it.

    Raises as `lengths`.
    """
    left, right, _ = lengths(first, size)
    one, other = paths
    return (*one[:left], *one[left + 1 :]), tuple(other[:right])


def whole(
    first: int, size: int, leaves: tuple[bytes, bytes], written: tuple[Sequence[bytes], Sequence[bytes]]
) -> tuple[Path, Path]:
    """The whole inclusion paths of two neighbours, from their leaf hashes and what is written; nothing is
    checked but the numbers of hashes: both paths must still be led to the root.

    Raises `Malformed`: ``tree-path-length``, and as `lengths`.
    """
    left, right, above = lengths(first, size)
    one, other = written
    for path, needed in ((one, left + above), (other, right)):
        if len(path) != needed:
            raise Malformed("tree-path-length", count=len(path), needed=needed)
    reached, reached_next = leaves
    for sibling in one[:left]:
        reached = merkle.node(sibling, reached)
    for sibling in other:
        reached_next = merkle.node(reached_next, sibling)
    shared = one[left:]
    return (*one[:left], reached_next, *shared), (*other, reached, *shared)
