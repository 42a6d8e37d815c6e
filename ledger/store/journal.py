"""The journal: what every store does, whatever database is behind it.

A ledger is one stream of entries, numbered from 0 without gaps. Beside them a store keeps, in the same
transaction, what finds them again:

- **links**: the subjects an entry *guards* (`ledger.domain.state.guarded`), each with its next version,
  from 1. The pair (subject, version) is a primary key, so two acts that change the same parcel on the same
  knowledge of it cannot both be recorded, whatever the processes do;
- **mentions**: the subjects an entry only *touches*; they never conflict;
- **ids** of statements, each once; **types**, the first of each;  **disclosures** of sealed values, which
  alone can be erased;
- the **head**: size, last hash, last time, frontier of the Merkle tree;
- **nodes**: the tree's complete subtrees of every `STRIDE`-th level, of which proofs are made
  (`ledger.store.nodes`).

`append` takes the write lock first, then reads the head: nothing that it decides can change before it
commits. Who decided on knowledge that another writer has changed meanwhile is told so by `Stale`, and
decides again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby
from operator import itemgetter
from typing import Any, ClassVar, NamedTuple

from ledger.chain.entry import ZERO_HASH, entry_hash, frame
from ledger.chain.merkle import Frontier
from ledger.errors import StoreTrouble
from ledger.values import dataclass

_NO_LEAVES = Frontier().encode()
STRIDE = 4
"""Of the tree's levels every fourth is kept: 0.07 hashes an entry, and a proof needs 16 at most of each."""
_LAST = (1 << STRIDE) - 1
_FAILURES = 2
"""Writes in a row that fail, after which nothing more is signed: what the disk keeps is not known then."""
Node = tuple[int, int, bytes]
"""(level, place, hash) of a complete subtree."""
FORMAT = 1
"""The version of the store's own tables; a store of a higher one is not opened."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where the ledger ends: ``size`` entries, the last one's hash (zeros when there is none) and time in
    microseconds since 1970 UTC, and the Merkle tree's frontier as `merkle.Frontier.encode` writes it."""

    size: int = 0
    hash: bytes = ZERO_HASH
    recorded: int = 0
    frontier: bytes = _NO_LEAVES

    def root(self) -> bytes:
        """The root of the Merkle tree over all entries."""
        return Frontier.decode(self.frontier).root()


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked statement that is to become an entry; ``wire`` is its type's name. Subjects come each
    once."""

    statement: bytes
    signature: bytes
    id: bytes
    wire: str
    guarded: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()
    disclosures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a draft: its index, the time the ledger gave it, its entry's hash and bytes."""

    index: int
    recorded: int
    hash: bytes
    entry: bytes


class Found(NamedTuple):
    """What there is of some subjects: the ``indexes`` of entries by subject, in no order, those ``entries``,
    and the ``disclosures`` of those that have any."""

    indexes: dict[str, list[int]]
    entries: dict[int, bytes]
    disclosures: dict[int, tuple[str, ...]]


class Stale(Exception):
    """Another writer was first: ``subjects`` are no longer as they were read. Nothing was recorded."""

    def __init__(self, subjects: Iterable[str] = ()) -> None:
        super().__init__(*subjects)
        self.subjects = frozenset(subjects)


def chained(
    head: Head, frontier: Frontier, drafts: Sequence[Draft], recorded: int
) -> tuple[list[bytes], list[Appended], Head, list[Node]]:
    """What drafts become behind ``head``: the entries' bytes, what to tell of each, the head after them,
    and the subtrees to keep.

    ``frontier`` is the head's and grows with them. ``recorded`` is the clock's time; the entries' is never
    less than the last one's. Raises `Malformed` (``entry-too-long``) for a statement that fits into no
    entry.
    """
    entries: list[bytes] = []
    appended: list[Appended] = []
    nodes: list[Node] = []
    index, previous, moment = head.size, head.hash, max(head.recorded, recorded)
    for draft in drafts:
        data = frame(index, previous, moment, draft.statement, draft.signature)
        previous = entry_hash(data)
        if ~index & _LAST:
            frontier.append(previous)
        else:
            nodes += [one for one in frontier.complete(previous) if not one[0] % STRIDE]
        entries.append(data)
        appended.append(Appended(index, moment, previous, data))
        index += 1
    return entries, appended, Head(index, previous, moment, frontier.encode()), nodes


def chained_at(
    head: Head, frontier: Frontier, drafts: Sequence[Draft], moments: Sequence[int]
) -> tuple[list[bytes], list[Appended], Head, list[Node]]:
    """`chained` for drafts that each have a time already, none before that of the one before it."""
    entries: list[bytes] = []
    appended: list[Appended] = []
    nodes: list[Node] = []
    for moment, group in groupby(zip(moments, drafts, strict=True), key=itemgetter(0)):
        more, told, head, kept = chained(head, frontier, [draft for _, draft in group], moment)
        entries += more
        appended += told
        nodes += kept
    return entries, appended, head, nodes


class Journal(ABC):
    """One ledger's entries and what finds them.

    Every method may raise `StoreTrouble` (``store-...``) and, when another process holds the lock for too
    long, `Conflict` (``store-locked``). ``writable`` is False where only reading is possible.
    """

    url: str
    writable: bool
    _failed: int = 0
    _failure: str = ""
    engine: ClassVar[str] = "sqlite"
    """The database behind it; the views' SQL differs by it (`ledger.store.tables.DIALECTS`)."""

    def whereabouts(self) -> tuple[object, str] | None:
        """Which server's which database it lies in, to compare with another one; None for a file."""
        return None

    def check_writable(self) -> None:
        """Raises `StoreTrouble` (``store-readonly``, ``store-replica``, ``store-reader``) where it is not
        ``writable``."""
        if not self.writable:
            raise StoreTrouble("store-readonly", path=self.url)

    def check_signable(self) -> None:
        """Before the head is read to be signed: what is read is what the ledger will keep.

        Raises `StoreTrouble`: ``store-failing`` after two writes in a row that failed, until the store is
        opened anew; ``store-replica`` on a server that only follows, which may have to take back what it
        shows, or never learn what was recorded.
        """
        if self._failed >= _FAILURES:
            raise StoreTrouble("store-failing", path=self.url, reason=self._failure)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Around an append: counts those in a row that the store failed at."""
        try:
            yield
        except StoreTrouble as trouble:
            self._failed, self._failure = self._failed + 1, str(trouble)
            raise
        if self._failed < _FAILURES:
            self._failed = 0

    @abstractmethod
    def head(self) -> Head:
        """Where the ledger ends now."""

    def lasting_head(self) -> Head:
        """`head`, for signing it: where a second server is waited for, it has it."""
        return self.head()

    @abstractmethod
    def append(
        self,
        drafts: Sequence[Draft],
        *,
        clock: Callable[[], int],
        read: Mapping[str, int],
        head: Head,
        moments: Sequence[int] | None = None,
    ) -> tuple[list[Appended], Head]:
        """Record the drafts in their order, all or none, durably when this returns; and the head after
        them.

        ``read`` are the versions of the subjects that the decision rests on, as they were at ``head`` or
        later; they are compared only when the head has moved. ``clock`` gives microseconds and is asked
        once, under the lock; a copy of a ledger gives the ``moments`` that its entries had.

        Raises `Stale` when a subject has another version now, or when an id is there
        already.
        """

    @abstractmethod
    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Indexes and bytes of entries from ``start`` up to but not including ``stop``.

        They come in pages; no lock is held between pages, and what is appended meanwhile comes too.
        """

    @abstractmethod
    def wires(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, str]]:
        """Indexes and type names, without the entries' bytes."""

    @abstractmethod
    def types(self) -> dict[str, int]:
        """The types of which there are entries, and the index of the first of each."""

    @abstractmethod
    def count(self, wire: str) -> int:
        """How many entries are of a type; all entries are looked through."""

    @abstractmethod
    def entry(self, index: int) -> bytes:
        """One entry's bytes. Raises `NotFound` (``entry-missing``)."""

    @abstractmethod
    def several(self, indexes: Iterable[int]) -> dict[int, bytes]:
        """The bytes of several entries in one question; unknown ones are left out."""

    @abstractmethod
    def versions(self, subjects: Iterable[str]) -> dict[str, int]:
        """The version of each subject: how many entries guard it, 0 for none."""

    @abstractmethod
    def guarded_entries(self, subject: str) -> list[int]:
        """The indexes of the entries that guard a subject, in the order of its versions."""

    @abstractmethod
    def guarding(self, subjects: Iterable[str]) -> dict[str, list[int]]:
        """`guarded_entries` of many subjects in one question; those with none are left out."""

    @abstractmethod
    def touched_entries(
        self,
        subject: str,
        start: int = 0,
        stop: int | None = None,
        *,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[int]:
        """The indexes of at most ``limit`` entries, from ``start`` to before ``stop``, that only mention a
        subject."""

    @abstractmethod
    def concerning(self, subjects: Iterable[str]) -> dict[str, list[int]]:
        """Of many subjects in one question, the entries that guard or only mention each, in no order."""

    def entries_of(self, subjects: Iterable[str]) -> Found:
        """The entries that guard or only mention each of some subjects, with their disclosures."""
        indexes = self.concerning(subjects)
        entries = self.several(sorted({index for found in indexes.values() for index in found}))
        return Found(indexes, entries, self.disclosed_among(entries))

    @abstractmethod
    def indexes_of(self, ids: Iterable[bytes]) -> dict[bytes, int]:
        """The indexes of the statements with these ids, which stay; unknown ids are left out."""

    @abstractmethod
    def disclosures(self, index: int) -> tuple[str, ...]:
        """The disclosures that are kept for an entry."""

    @abstractmethod
    def disclosed(self, start: int, stop: int) -> dict[int, tuple[str, ...]]:
        """`disclosures` of all entries from ``start`` up to but not including ``stop`` that have any."""

    @abstractmethod
    def disclosed_among(self, indexes: Iterable[int]) -> dict[int, tuple[str, ...]]:
        """`disclosures` of several entries in one question; those that have none are left out."""

    @abstractmethod
    def erasures(self) -> list[int]:
        """The indexes of the entries that erase disclosures."""

    @abstractmethod
    def erase(self, index: int, digests: Iterable[str]) -> int:
        """Erase the disclosures with these digests, leaving no byte of them in the store; how many there
        were.

        Raises `Conflict` (``store-erase-busy``) while somebody reads an older state: the rows are gone,
        the bytes not yet; erase again.
        """

    def links(self) -> Iterator[tuple[str, int, int]]:
        """All (subject, version, index), in that order; for checking them against the entries."""
        return self._paged("SELECT subject, version, idx FROM links", ("subject", "version"), ("", 0))

    def mentions(self) -> Iterator[tuple[str, int]]:
        """All (subject, index), in that order; for checking them against the entries."""
        return self._paged("SELECT subject, idx FROM mentions", ("subject", "idx"), ("", -1))

    def ids(self) -> Iterator[tuple[bytes, int]]:
        """All (statement id, index), in the order of the ids."""
        return self._paged("SELECT id, idx FROM ids", ("id",), (b"",))

    def digests(self) -> Iterator[tuple[int, str, str]]:
        """All (index, digest, disclosure), in the order of the indexes."""
        rows = self._paged("SELECT number, idx, digest, disclosure FROM disclosures", ("number",), (0,))
        return (row[1:] for row in rows)

    @abstractmethod
    def _paged(self, statement: str, key: tuple[str, ...], last: tuple[Any, ...]) -> Iterator[Any]:
        """Rows in the order of their key, whose columns come first; no lock is held between pages."""

    @abstractmethod
    def nodes(self, level: int, start: int, stop: int) -> list[bytes]:
        """The kept hashes of the complete subtrees of a level, from place ``start`` to before ``stop``."""

    @abstractmethod
    def transaction(self, *, write: bool) -> AbstractContextManager[Any]:
        """A cursor of the database in a transaction of its own, for other tables in the same store.

        To be used inside ``ledger.store`` only. With ``write`` the lock is taken at once, and leaving
        without an exception commits.
        """

    @abstractmethod
    def discard(self) -> None:
        """Close a store that was just made and holds no entry, and leave nothing of it behind."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the store; the journal cannot be used afterwards. Closing twice is no fault."""

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
