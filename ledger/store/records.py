"""Entries as the domain sees them, subjects folded from them, and what was read of them for a decision.

What was read is remembered, within bounds: entries by the bytes they have, subjects by the lines of the
entries that they fold from. A sheet of five hundred parcels is decoded once, and its changes are sorted by
parcel once. What this process appends advances what it remembers; what another one appended is looked
through before anything is decided again or refused (`Records.catch_up`), and meanwhile the store compares the
versions of what was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from ledger.domain.change import Change
from ledger.domain.events import EVENTS, Corrected, Event, Opaque, Recorded
from ledger.domain.state import State, Subject, advance, apply, changes, fold_subject, guarded
from ledger.errors import NotFound
from ledger.store.decoding import decode, may_seal
from ledger.store.journal import Appended, Head, Journal
from ledger.store.remembered import Remembered
from ledger.values import dataclass

ENTRY_BYTES = 4 * 1024 * 1024
"""How many bytes of entries are remembered; decoded they take about ten times as much."""
SUBJECT_LINES = 60_000
"""How many changes the entries have together that remembered states were folded from."""
_SUBJECT_WEIGHT = 2
_FEW = 64
_BEHIND = 1_000
"""How many entries of others may be there until what is remembered is looked through."""
_PAGE = 2_000
_APART = 3

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


@dataclass(frozen=True, slots=True)
class Decided:
    """An act that this process recorded, what it changes, and about how many bytes its entry has."""

    act: Recorded
    changes: Changes
    size: int


class Held:
    """A subject's state after ``version`` entries that guard it; what was appended since waits until
    somebody asks."""

    __slots__ = ("_subject", "_waiting", "version")

    def __init__(self, subject: Subject | None, version: int) -> None:
        self._subject = subject
        self._waiting: list[tuple[Recorded, list[Change]]] = []
        self.version = version

    @property
    def subject(self) -> Subject | None:
        """The state; None where no entry concerns the subject."""
        if self._waiting:
            self._subject = _applied(self._subject, self._waiting)
            self._waiting = []
        return self._subject

    def wait(self, recorded: Recorded, own: list[Change]) -> None:
        """One more entry guards the subject."""
        self._waiting.append((recorded, own))
        self.version += 1


def _applied(subject: Subject | None, steps: Iterable[tuple[Recorded, list[Change]]]) -> Subject | None:
    for recorded, own in steps:
        for change in own:
            subject = apply(change, subject, recorded)
    return subject


class Knowledge(Mapping[str, Subject | None]):
    """Subjects by name, read when asked for, and the ``versions`` that were read.

    `learn` adds acts that are not recorded yet, so that the next one of a batch is judged after them.
    """

    def __init__(self, records: Records) -> None:
        self.versions: dict[str, int] = {}
        self._records = records
        self._found: dict[str, Subject | None] = {}
        self._learnt: dict[str, tuple[Recorded, Changes]] = {}

    def __getitem__(self, name: str) -> Subject | None:
        if name not in self._found:
            self._keep(name, self._records.held(name))
        if self._learnt and name in self._learnt:
            recorded, known = self._learnt.pop(name)
            self._found[name] = _applied(self._found[name], [(recorded, known[name])])
        return self._found[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The subject's state; None where no entry concerns it."""
        return self[name]

    def prefetch(self, names: Iterable[str]) -> None:
        """Read many subjects with one question; few are as well read when they are asked for."""
        missing = [name for name in names if name not in self._found]
        if len(missing) > _APART:
            self._found.update(dict.fromkeys(missing))
            self.versions.update(dict.fromkeys(missing, 0))
            for name, held in self._records.held_all(missing).items():
                self._keep(name, held)

    def learn(self, recorded: Recorded, known: Changes) -> None:
        """Take an act as if it were recorded already."""
        if isinstance(recorded.event, Corrected):
            self._found.update(advance(self.get, recorded))
            return
        for name in self._learnt.keys() & known.keys():  # one act waits for each subject, not more
            self[name]
        self._learnt.update(dict.fromkeys(known, (recorded, known)))

    def _keep(self, name: str, held: Held) -> None:
        self._found[name] = held.subject
        self.versions[name] = held.version

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self[name] is not None

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
        indexes = self._journal.guarded_entries(subject)
        self._fetch(indexes)
        return [self.recorded(index) for index in indexes]

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

    def histories(self, subjects: Iterable[str]) -> dict[str, list[Recorded]]:
        """Of many subjects the entries that guard or only mention each, in index order."""
        names = list(subjects)
        found = self._journal.entries_of(names)
        read = {}
        for index, data in found.entries.items():
            known = self._entries.get(index)
            read[index] = known or self._decoded(index, data, found.disclosures.get(index, ()))
        return {
            name: [read[index].recorded for index in sorted(found.indexes.get(name, ()))] for name in names
        }

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

    def has(self, wire: str) -> bool:
        """Whether there is any entry of that type at all."""
        return wire in self._journal.types()

    def opaque(self) -> tuple[int, int | None]:
        """How many entries are of types that this version does not know, and the first one's index.

        Entries of a known type with an unknown field are met only when they are read.
        """
        unknown = {wire: first for wire, first in self._journal.types().items() if wire not in EVENTS}
        return sum(map(self._journal.count, unknown)), min(unknown.values(), default=None)

    def held(self, name: str) -> Held:
        """One subject's state and version."""
        found = self._subjects.get(name)
        return self._fold(name, self._journal.guarded_entries(name)) if found is None else found

    def held_all(self, names: Sequence[str]) -> dict[str, Held]:
        """`held` of many subjects with one question to the store; those that no entry concerns are left
        out."""
        known = {name: held for name in names if (held := self._subjects.get(name)) is not None}
        missing = [name for name in names if name not in known] if known else names
        if missing:
            for name, indexes in self._journal.guarding(missing).items():
                known[name] = self._fold(name, indexes)
        return known

    def _fold(self, name: str, indexes: Sequence[int]) -> Held:
        if not indexes:
            return Held(None, 0)
        read = [self.read(index) for index in indexes]
        if any(isinstance(one.recorded.event, Corrected) for one in read):
            subject = fold_subject(name, [one.recorded for one in read])
        else:
            subject = _applied(None, ((one.recorded, one.changes.get(name, [])) for one in read))
        held = Held(subject, len(indexes))
        parts = {one.recorded.index: len(one.changes) for one in read}
        self._subjects.put(name, held, _SUBJECT_WEIGHT, parts)
        return held

    def read(self, index: int) -> Read:
        """One entry with its changes. Raises `NotFound` (``entry-missing``)."""
        found = self._entries.get(index)
        if found is not None:
            return found
        data = self._journal.entry(index)
        return self._decoded(index, data, self._disclosures(index, data))

    def _fetch(self, indexes: Sequence[int]) -> None:
        """Read what is not remembered with two questions, where it is more than a few."""
        missing = [index for index in indexes if index not in self._entries]
        if len(missing) > _APART:
            found = self._journal.several(missing)
            disclosed = self._journal.disclosed_among(index for index in found if may_seal(found[index]))
            for index, data in found.items():
                self._decoded(index, data, disclosed.get(index, ()))

    def _decoded(self, index: int, data: bytes, disclosures: Sequence[str]) -> Read:
        read = Read(decode(index, data, disclosures, self._earlier))
        self._entries.put(index, read, len(data))
        return read

    def _earlier(self, index: int) -> Recorded | None:
        """What an act is about, itself without what *it* is about: chains of such acts can be long."""
        found = self._entries.get(index)
        if found is not None and found.recorded.about is None:
            return found.recorded
        try:
            data = self._journal.entry(index)
        except NotFound:
            return None
        return decode(index, data, self._disclosures(index, data))

    def _disclosures(self, index: int, data: bytes) -> tuple[str, ...]:
        return self._journal.disclosures(index) if may_seal(data) else ()

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

    def advance(self, decided: Sequence[Decided], appended: Sequence[Appended], head: Head) -> None:
        """Take what this process just appended, as it was numbered; ``head`` is where the ledger ended
        then.

        Where others appended meanwhile, ``head`` stays behind, so that the store compares the versions of
        whatever the next decision rests on: to look through all that eight others write costs more than
        that.
        """
        alone = appended[0].index == self.head.size
        if appended[0].index > self.head.size + _BEHIND:
            self.catch_up()
            return
        for one, number in zip(decided, appended, strict=True):
            self._take(_numbered(one.act, number), one)
        if alone:
            self.head = head

    def _take(self, recorded: Recorded, decided: Decided) -> None:
        lines = len(decided.changes)
        self._entries.put(recorded.index, Read(recorded, decided.changes), decided.size)
        for name, own in decided.changes.items():
            held = self._subjects.get(name)
            if held is None:
                continue
            if isinstance(recorded.event, Corrected):
                self._subjects.drop(name)
            else:
                held.wait(recorded, own)
                self._subjects.share(name, recorded.index, lines)

    def forget(self) -> None:
        """Forget everything that was read: sealed values were erased, or the file is another."""
        self._entries.clear()
        self._subjects.clear()


def _numbered(act: Recorded, number: Appended) -> Recorded:
    """An act as it was recorded."""
    return Recorded(
        number.index,
        number.recorded,
        act.author,
        act.event,
        act.occurred,
        act.on_behalf,
        number.hash,
        act.sources,
        act.about,
    )
