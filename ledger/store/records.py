"""Entries as the domain sees them, subjects folded from them, and what was read of them for a decision.

What was read is remembered, within bounds: entries by the bytes they have, subjects by the lines of the
entries that they fold from. A sheet of five hundred parcels is decoded once, and its changes are sorted by
parcel once. What this process appends advances what it remembers; what another one appended is looked
through before anything is decided again (`Records.catch_up`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from ledger.domain.change import Change
from ledger.domain.events import EVENTS, Corrected, Event, Opaque, Recorded
from ledger.domain.state import State, Subject, advance, apply, changes, fold_subject, guarded
from ledger.errors import NotFound
from ledger.store.decoding import decode
from ledger.store.journal import Head, Journal
from ledger.store.remembered import Remembered

ENTRY_BYTES = 4 * 1024 * 1024
"""How many bytes of entries are remembered; decoded they take about ten times as much."""
SUBJECT_LINES = 200_000
_FEW = 64
_PAGE = 2_000

Changes = dict[str, list[Change]]


def by_subject(event: Event | Opaque, index: int) -> Changes:
    """What an event changes, sorted by subject in the order in which the event names them."""
    sorted_: Changes = {}
    for change in changes(event, index):
        found = sorted_.get(change.subject)
        if found is None:
            sorted_[change.subject] = [change]
        else:
            found.append(change)
    return sorted_


class Read:
    """One entry, decoded; ``changes`` are sorted when they are first asked for."""

    __slots__ = ("_changes", "recorded")

    def __init__(self, recorded: Recorded, known: Changes | None = None) -> None:
        self.recorded = recorded
        self._changes = known

    @property
    def changes(self) -> Changes:
        """By subject; of a correction, the subjects alone: it folds them anew."""
        if self._changes is None:
            event, about = self.recorded.event, self.recorded.about
            if isinstance(event, Corrected):
                self._changes = {name: [] for name in guarded(event, about)}
            else:
                self._changes = by_subject(event, self.recorded.index)
        return self._changes


@dataclasses.dataclass(frozen=True, slots=True)
class Decided:
    """An act that this process recorded, what it changes, and about how many bytes its entry has."""

    act: Recorded
    changes: Changes
    size: int


@dataclasses.dataclass(frozen=True, slots=True)
class Held:
    """A subject's state after ``version`` entries that guard it, which have ``lines`` changes together."""

    subject: Subject | None
    version: int
    lines: int


UNKNOWN = Held(None, 0, 1)


class Knowledge(Mapping[str, Subject | None]):
    """Subjects by name, read when asked for, and the ``versions`` that were read.

    `learn` adds acts that are not recorded yet, so that the next one of a batch is judged after them.
    """

    def __init__(self, records: Records) -> None:
        self.versions: dict[str, int] = {}
        self._records = records
        self._found: dict[str, Subject | None] = {}
        self._learnt: dict[str, list[tuple[Recorded, list[Change]]]] = {}

    def __getitem__(self, name: str) -> Subject | None:
        if name not in self._found:
            self._keep(name, self._records.held(name))
        waiting = self._learnt.pop(name, None)
        if waiting:
            subject = self._found[name]
            for recorded, own in waiting:
                for change in own:
                    subject = apply(change, subject, recorded)
            self._found[name] = subject
        return self._found[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The subject's state; None where no entry concerns it."""
        return self[name]

    def prefetch(self, names: Iterable[str]) -> None:
        """Read many subjects with one question."""
        missing = [name for name in names if name not in self._found]
        if len(missing) > 1:
            for name, held in self._records.held_all(missing).items():
                self._keep(name, held)

    def learn(self, recorded: Recorded, known: Changes) -> None:
        """Take an act as if it were recorded already."""
        if isinstance(recorded.event, Corrected):
            self._found.update(advance(self.get, recorded))
            return
        for name, own in known.items():
            self._learnt.setdefault(name, []).append((recorded, own))

    def _keep(self, name: str, held: Held) -> None:
        self._found[name] = held.subject
        self.versions[name] = held.version

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


class Records:
    """The entries of a journal, decoded; ``head`` is where the ledger ended when last looked at."""

    def __init__(self, journal: Journal) -> None:
        self.head = journal.head()
        self._journal = journal
        self._entries: Remembered[int, Read] = Remembered(ENTRY_BYTES)
        self._subjects: Remembered[str, Held] = Remembered(SUBJECT_LINES)

    def recorded(self, index: int) -> Recorded:
        """One entry, with its disclosures put back, and with the entry it is ``about`` attached.

        Raises `NotFound` (``entry-missing``).
        """
        return self.read(index).recorded

    def of(self, subject: str) -> list[Recorded]:
        """The entries that guard a subject, in index order: those its state folds from."""
        return [self.recorded(index) for index in self._journal.guarded_entries(subject)]

    def mentioning(
        self,
        subject: str,
        start: int = 0,
        stop: int | None = None,
        *,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[Recorded]:
        """The entries that name a subject without changing it."""
        found = self._journal.touched_entries(subject, start, stop, newest_first=newest_first, limit=limit)
        return [self.recorded(index) for index in found]

    def between(self, start: int = 0, stop: int | None = None) -> Iterator[Recorded]:
        """All entries from ``start`` up to but not including ``stop``; read in pages, and not
        remembered."""
        pages = self._journal.entries(start, stop)
        while page := list(islice(pages, _PAGE)):
            disclosed = self._journal.disclosed(page[0][0], page[-1][0] + 1)
            for index, data in page:
                yield decode(index, data, disclosed.get(index, ()), self._earlier)

    def state(self) -> State:
        """What is known now; each subject is read when it is asked for."""
        self.catch_up()
        return State(self.knowledge())

    def knowledge(self) -> Knowledge:
        """Subjects as of ``head`` or later, and a note of what is read of them."""
        return Knowledge(self)

    def opaque(self) -> tuple[int, int | None]:
        """How many entries are of types that this version does not know, and the first one's index.

        Entries of a known type with an unknown field are met only when they are read.
        """
        unknown = [found for wire, found in self._journal.types().items() if wire not in EVENTS]
        return sum(count for count, _ in unknown), min((first for _, first in unknown), default=None)

    def held(self, name: str) -> Held:
        """One subject's state and version."""
        found = self._subjects.get(name)
        return self._fold(name, self._journal.guarded_entries(name)) if found is None else found

    def held_all(self, names: Sequence[str]) -> dict[str, Held]:
        """`held` of many subjects with one question to the store."""
        known = {name: self._subjects.get(name) for name in names}
        missing = [name for name, held in known.items() if held is None]
        found = self._journal.guarding(missing) if missing else {}
        return {
            name: held if held is not None else self._fold(name, found.get(name, ()))
            for name, held in known.items()
        }

    def _fold(self, name: str, indexes: Sequence[int]) -> Held:
        if not indexes:
            return UNKNOWN
        read = [self.read(index) for index in indexes]
        if any(isinstance(one.recorded.event, Corrected) for one in read):
            subject = fold_subject(name, [one.recorded for one in read])
        else:
            subject = None
            for one in read:
                for change in one.changes.get(name, ()):
                    subject = apply(change, subject, one.recorded)
        held = Held(subject, len(indexes), sum(len(one.changes) for one in read))
        self._subjects.put(name, held, held.lines)
        return held

    def read(self, index: int) -> Read:
        """One entry with its changes. Raises `NotFound` (``entry-missing``)."""
        found = self._entries.get(index)
        if found is None:
            data = self._journal.entry(index)
            found = Read(decode(index, data, self._journal.disclosures(index), self._earlier))
            self._entries.put(index, found, len(data))
        return found

    def _earlier(self, index: int) -> Recorded | None:
        """What an act is about, itself without what *it* is about: chains of such acts can be long."""
        found = self._entries.get(index)
        if found is not None and found.recorded.about is None:
            return found.recorded
        try:
            return decode(index, self._journal.entry(index), self._journal.disclosures(index))
        except NotFound:
            return None

    def catch_up(self) -> Head:
        """Look what other processes appended, and forget what it changed; where the ledger ends now."""
        now, then = self._journal.head(), self.head
        if now.size == then.size and now.hash == then.hash:
            return now
        if now.size < then.size or not self._still_ends(then):
            self.forget()
        elif now.size > then.size + _FEW:
            self._subjects.clear()
        else:
            for index in range(then.size, now.size):
                for name in self.read(index).changes:
                    self._subjects.drop(name)
        self.head = now
        return now

    def _still_ends(self, head: Head) -> bool:
        """Whether the entry that was the last one is still there: a copy may have been put in the file's
        place."""
        return head.size == 0 or decode(head.size - 1, self._journal.entry(head.size - 1)).hash == head.hash

    def advance(self, new: Sequence[Decided], head: Head) -> None:
        """Take what this process just appended, as it was numbered; ``head`` is where the ledger ended
        then."""
        if new and new[0].act.index != self.head.size:
            self.catch_up()
            return
        for one in new:
            self._entries.put(one.act.index, Read(one.act, one.changes), one.size)
            for name, own in one.changes.items():
                held = self._subjects.get(name)
                if held is not None:
                    self._advance(name, held, one.act, own, len(one.changes))
        self.head = head

    def _advance(self, name: str, held: Held, recorded: Recorded, own: list[Change], lines: int) -> None:
        if isinstance(recorded.event, Corrected):
            self._subjects.drop(name)
            return
        subject = held.subject
        for change in own:
            subject = apply(change, subject, recorded)
        self._subjects.put(name, Held(subject, held.version + 1, held.lines + lines), held.lines + lines)

    def forget(self) -> None:
        """Forget everything that was read: sealed values were erased, or the file is another."""
        self._entries.clear()
        self._subjects.clear()
