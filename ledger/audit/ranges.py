"""A range of a ledger's entries, looked at by a process that opens the ledger and reads them itself.

A range begins at a multiple of a power of two, so that its subtrees are those of the whole tree. What it
shows rests on the entry before it, as its process read that one: whoever joins ranges
(`ledger.audit.division`) compares it with where the range before ended.
"""

from __future__ import annotations

from ledger.chain.entry import Entry, entry_hash
from ledger.chain.inspection import Before, Inspected, Look
from ledger.chain.paging import inspected
from ledger.errors import AdamasError, Malformed
from ledger.store.salvage import Salvage
from ledger.store.sharing import SharedFile, SharedSchema
from ledger.values import dataclass

_BACK = 512


@dataclass(frozen=True, slots=True)
class Range:
    """Entries from ``start`` to before ``stop``; ``before`` where it is known what comes before them."""

    source: SharedFile | SharedSchema
    look: Look
    start: int
    stop: int
    before: Before | None = None


@dataclass(frozen=True, slots=True)
class Ranged:
    """What a range showed, page by page, behind an entry ``before`` it."""

    before: Before
    pages: list[Inspected]
    lost: dict[int, str]


def inspect_range(asked: Range) -> Ranged | None:
    """What a range shows, read by this process; None where that must be seen by who asks."""
    try:
        with asked.source.opened() as reading:
            before = asked.before or _before(reading, asked.start)
            if before is None:
                return None
            found = list(inspected(reading.entries(asked.start, asked.stop), before, asked.look))
            return Ranged(before, found, {at: why for at, why in reading.lost.items() if at >= asked.start})
    except AdamasError:
        return None


def _before(reading: Salvage, start: int) -> Before | None:
    """What comes before a range; None where no time is near that can be read."""
    for back in (1, _BACK):
        found = list(reading.entries(max(start - back, 0), start))
        for _, data in reversed(found):
            try:
                recorded = Entry.decode(data).recorded
            except Malformed:
                continue  # named in its own range
            return Before(found[-1][0], entry_hash(found[-1][1]), recorded)
    return None
