"""Entries in pages, and what they show page by page; here, or wherever a `Division` has it done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from ledger.chain.inspection import Before, Inspected, Look, Page, after, inspect

Read = Callable[[int, int | None], Iterable[tuple[int, bytes]]]
"""(index, bytes) of the entries from one index up to but not including another (None: to the end)."""
PAGE = 512
_PAGE_BYTES = 1 << 20


class Division(Protocol):
    """Somebody who has ranges of the same entries read and looked at elsewhere, on several cores."""

    def inspected(
        self, start: int, before: Before, look: Look, *, size: int, number: int
    ) -> Iterator[Inspected]:
        """What the entries from ``start`` on show, in their order, as `inspected` tells it: by ``number``
        processes in ranges of ``size``, a power of two."""


class Earlier(Protocol):
    """Somebody who knows of an earlier run over the same entries, and is told of this one."""

    def inspected(self, look: Look) -> Iterator[Inspected]:
        """What the first entries show, in their order, as far as the earlier run came."""

    def keep(self, before: Before, seen: Inspected) -> None:
        """One more page, behind the entry ``before`` it."""


def pages(entries: Iterable[tuple[int, bytes]], before: Before, look: Look, most: int) -> Iterator[Page]:
    """Entries in pages of at most ``most``, each with what it must know of the one before."""
    indexes: list[int] = []
    together: list[bytes] = []
    room = _PAGE_BYTES
    for index, data in entries:
        indexes.append(index)
        together.append(data)
        room -= len(data)
        if len(together) == most or room <= 0:
            page = Page(before, indexes, together, look)
            before, indexes, together, room = after(page), [], [], _PAGE_BYTES
            yield page
    if together:
        yield Page(before, indexes, together, look)


def inspected(entries: Iterable[tuple[int, bytes]], before: Before, look: Look) -> Iterator[Inspected]:
    """What entries show, page by page, looked at here."""
    return map(inspect, pages(entries, before, look, PAGE))
