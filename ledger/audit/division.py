"""All entries of a ledger in ranges, over all cores, and what they show joined in the entries' order.

Reading entries and handing them over costs as much as following the chain does. So where the ledger can be
opened again, a process is told only where its range begins and ends (`ledger.audit.ranges`). A range's answer
is taken if the range before ended in exactly the entry that it rests on (index, hash, time), and if its own
last entry is the one that lies here. Otherwise, and where a process could not read, the range is looked at
here, behind what really came before it: so damage is told as one process tells it.

**A ledger that changes meanwhile.** Entries appended later lie behind ``stop`` and are not looked at. On
PostgreSQL every process reads one snapshot. On SQLite each range is read in a snapshot of its own. Should
somebody alter the file in between, two states do not pass for one: a range is linked by hash to the one
before it, and must end as it does in the snapshot that was taken first. So where no fault is told, it is that
first state, byte for byte, that was verified; a fault that is told was there in one of the two. What is
altered behind a range's back is for the next verification to find, as is what is altered after one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from ledger.audit.ranges import Range, Ranged, inspect_range
from ledger.chain.entry import entry_hash
from ledger.chain.inspection import Before, Inspected, Look
from ledger.chain.paging import PAGE, Read, inspected
from ledger.store.sharing import SharedFile, SharedSchema


@dataclass
class Divided:
    """The entries of ``source``; ``read`` reads the same ones here.

    ``lost`` and ``count``: entries that other processes could not read, and how many they read;
    ``is_at_work``: whether others were asked at all.
    """

    source: SharedFile | SharedSchema
    read: Read
    lost: dict[int, str] = field(default_factory=dict)
    count: int = 0
    is_at_work: bool = False
    _skipped: int = field(default=0, init=False)

    def inspected(
        self, start: int, before: Before, look: Look, *, size: int, number: int
    ) -> Iterator[Inspected]:
        """See `ledger.chain.paging.Division`."""
        from ledger.audit.processes import on_others  # large ledgers alone need what it imports

        self._skipped, self.is_at_work = start, True
        ranges = self._ranges(Range(self.source, look, start, start, before), size, number)
        for asked, told in on_others(inspect_range, ranges, number):
            if told is None or told.before != before or not self._is_here(asked, told):
                found = inspected(self.read(asked.start, asked.stop), before, look)
            else:
                found = iter(told.pages)
                self.lost |= told.lost
                self.count += sum(page.count for page in told.pages)
            seen = None
            for seen in found:
                before = seen.end
                yield seen
            if seen is None:
                self._skip(asked.stop)

    def _is_here(self, asked: Range, told: Ranged) -> bool:
        """Whether a range ends here as it did there. Where all its links hold, the rest is the same, too."""
        last = told.pages[-1].end if told.pages else None
        start = asked.start if last is None else last.index
        ends = [(index, entry_hash(data)) for index, data in islice(self.read(start, asked.stop), 2)]
        return ends == ([] if last is None else [(last.index, last.hash)])

    def _ranges(self, first: Range, size: int, number: int) -> Iterator[Range]:
        """Towards the end they become smaller, so that nobody waits long for the last one."""
        start, before, stop = first.start, first.before, self.source.stop
        while start < stop:
            while size > PAGE and 2 * number * size > stop - start:
                size //= 2
            end = min((start // size + 1) * size, stop)
            yield Range(self.source, first.look, start, end, before)
            start, before = max(end, self._skipped), None

    def _skip(self, start: int) -> None:
        """Nothing lies where something should: go on where the next entry is, however far on."""
        self._skipped = next((index for index, _ in self.read(start, None)), self.source.stop)


def division(source: SharedFile | SharedSchema | None, read: Read) -> Divided | None:
    """None for a ledger that nobody else can open."""
    return None if source is None else Divided(source, read)
