"""The store for many writers: one ledger in one schema of a PostgreSQL database.

Appending takes the head's one row first (``FOR UPDATE``): writers on however many machines come one after the
other, in the order in which they asked, indexes have no gaps, and nobody reads what a decision rests on
before it is their turn. Reading waits for nobody. A commit is durable when `append` returns, as far as the
server is set so (``fsync``; a session's ``synchronous_commit = off`` is not accepted).

**A lost acknowledgement.** When the connection goes while a commit is under way, nobody can know whether it
was recorded until the row of the head can be taken again: then the entry at that index is this one's, byte
for byte, or it is not. Only then is it appended again or told as recorded. Writers wait so for a server
that was killed, or for the replica that takes over, up to ``patience`` seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg.errors import UniqueViolation

from ledger.chain.disclosure import digest
from ledger.chain.merkle import Frontier
from ledger.errors import AdamasError, NotFound, StoreTrouble
from ledger.store.journal import Appended, Draft, Head, Journal, Stale, chained
from ledger.store.postgres_connection import LedgerDatastore, Turn
from ledger.store.postgres_place import Place, make_schema, remove, standing
from ledger.store.postgres_recorder import ERASURES, STREAM, EntryRecorder
from ledger.store.postgres_url import address_of

PATIENCE = 60
"""Seconds to wait for another writer's lock, or for a server that is out of reach."""
_FIRST_PATIENCE = 2
_PAGE_ROWS = 20_000
_PAGE_BYTES = 4 * 1024 * 1024
_STRIDE = 500
_HEAD = "SELECT size, hash, recorded, frontier FROM head"
_TAKEN = _HEAD + " FOR UPDATE"
_STATE = (
    "SELECT originator_version, state FROM stored_events WHERE originator_id = 'ledger' "
    "AND originator_version >= %s AND originator_version < %s ORDER BY originator_version LIMIT %s"
)
_WIRES = _STATE.replace("state", "topic", 1)
_SEVERAL = (
    "SELECT originator_version, state FROM stored_events "
    "WHERE originator_id = 'ledger' AND originator_version = ANY(%s::bigint[])"
)
_VERSIONS = "SELECT subject, max(version) FROM links WHERE subject = ANY(%s) GROUP BY subject"
_GUARDING = "SELECT subject, idx FROM links WHERE subject = ANY(%s) ORDER BY subject, version"
_CONCERNING = (
    "SELECT subject, idx FROM links WHERE subject = ANY(%s) "
    "UNION ALL SELECT subject, idx FROM mentions WHERE subject = ANY(%s)"
)
_TOUCHED = "SELECT idx FROM mentions WHERE subject = %s AND idx >= %s AND idx < %s ORDER BY idx LIMIT %s"
_TOUCHED_LAST = _TOUCHED.replace("ORDER BY idx", "ORDER BY idx DESC")
_NODES = "SELECT hash FROM nodes WHERE level = %s AND place >= %s AND place < %s ORDER BY place"
_DISCLOSED = "SELECT idx, disclosure FROM disclosures WHERE idx >= %s AND idx < %s ORDER BY number"
_NO_END = 2**53
_NO_TIP = (None, Frontier())
_Rows = dict[str, list[tuple[Any, ...]]]


class PostgresJournal(Journal):
    """A ledger in a PostgreSQL database. ``url`` is without a password, should the given one have had one."""

    engine = "postgresql"

    def __init__(self, url: str, *, write: bool, patience: float = PATIENCE) -> None:
        address = address_of(url)
        self.url = address.shown
        self.writable = write
        self.patience = patience
        self._made_schema = False
        self._refuses: str | None = None
        self._datastore = LedgerDatastore(address, patience=patience, write=write)
        self._recorder = EntryRecorder(self._datastore)
        self._tip: tuple[Head | None, Frontier] = _NO_TIP
        self._wires: set[str] = set()

    @classmethod
    def create(cls, url: str, *, patience: float = PATIENCE) -> PostgresJournal:
        """A new, empty ledger, in a schema that is made when it is not there; the database must be there.

        Raises `StoreTrouble`: ``store-exists``, ``store-unwritable``, ``store-replica``,
        ``store-database-missing``, ``store-denied``, ``store-unreachable``, ``store-encoding``.
        """
        journal = cls(url, write=True, patience=patience)
        try:
            place = journal._place()
            place.check_new(journal.url)
            journal._made_schema = make_schema(journal._datastore, place)
            journal._recorder.create_table()
        except psycopg.errors.DuplicateTable:
            journal.close()
            raise StoreTrouble("store-exists", path=journal.url) from None
        except AdamasError as problem:
            journal.close()
            if problem.code == "store-denied":
                raise StoreTrouble("store-unwritable", **problem.values) from problem
            raise
        return journal

    @classmethod
    def open(cls, url: str, *, write: bool = True, patience: float = PATIENCE) -> PostgresJournal:
        """A ledger that is there; on a replica, and by a role that may not write, it is opened for reading
        (``writable``; `check_writable` says which).

        Raises `StoreTrouble`: ``store-missing``, ``store-newer``, ``store-denied``, ``store-unreachable``,
        ...
        """
        journal = cls(url, write=write, patience=patience)
        try:
            place = journal._place()
            place.check(journal.url)
            if write and place.refuses is not None:
                journal.close()
                journal = cls(url, write=False, patience=patience)
                journal._refuses = place.refuses
            journal.head()
        except AdamasError:
            journal.close()
            raise
        return journal

    def _place(self) -> Place:
        """What is there now; a person who has just asked does not wait as long as a writer at work."""
        self._datastore.patience = min(_FIRST_PATIENCE, self.patience)
        try:
            return standing(self._datastore)
        finally:
            self._datastore.patience = self.patience

    def transaction(self, *, write: bool) -> Turn:
        """See `Journal.transaction`; the cursor's rows are tuples."""
        return self._datastore.turn(write=write)

    def check_writable(self) -> None:
        """See `Journal.check_writable`."""
        if self._refuses == "store-replica":
            raise StoreTrouble("store-replica", path=self.url, reason="")
        if self._refuses == "store-reader":
            raise StoreTrouble("store-reader", path=self.url)
        super().check_writable()

    def head(self) -> Head:
        """Where the ledger ends now."""
        return self._the_head(self._all(_HEAD))

    def _the_head(self, found: list[tuple[Any, ...]]) -> Head:
        if not found:
            raise StoreTrouble("store-damaged", path=self.url, reason="the head is missing")
        return Head(*found[0])

    def append(
        self, drafts: Sequence[Draft], *, clock: Callable[[], int], read: Mapping[str, int], head: Head
    ) -> tuple[list[Appended], Head]:
        """See `Journal.append`."""
        tried: list[tuple[list[bytes], list[Appended], Head]] = []

        def attempt() -> tuple[list[Appended], Head]:
            with self._datastore.appending() as rows:
                now = self._the_head(rows.execute(_TAKEN).fetchall())
                for entries, appended, then in tried:
                    if self._is_there(rows, entries, appended, now):
                        return appended, then
                self._check_unmoved(rows, now, head, read)
                frontier = self._frontier(now)
                entries, appended, then, nodes = chained(now, frontier, drafts, clock())
                tried.append((entries, appended, then))
                more = self._rows(rows, drafts, appended, read)
                self._insert(drafts, entries, appended, {**more, "nodes": nodes}, then)
            self._tip = (then, frontier)
            return appended, then

        appended, then = self._datastore.again(attempt)
        self._wires.update(draft.wire for draft in drafts)
        return appended, then

    def _is_there(self, rows: Any, entries: list[bytes], appended: list[Appended], now: Head) -> bool:
        """Whether what was being committed when the connection went was recorded."""
        if not appended or now.size <= appended[0].index:
            return False
        found = rows.execute(_STATE, (appended[0].index, appended[0].index + 1, 1)).fetchall()
        return bool(found) and found[0][1] == entries[0]

    def _check_unmoved(self, rows: Any, now: Head, head: Head, read: Mapping[str, int]) -> None:
        if now.size == head.size and now.hash == head.hash:
            return
        found = _versions(rows, read)
        moved = [name for name, version in read.items() if found[name] != version]
        if moved:
            raise Stale(moved)

    def _frontier(self, head: Head) -> Frontier:
        """The head's frontier, to grow: as it was left by the last append, or read anew."""
        (last, frontier), self._tip = self._tip, _NO_TIP
        return frontier if last == head else Frontier.decode(head.frontier)

    def _rows(
        self, rows: Any, drafts: Sequence[Draft], appended: Sequence[Appended], read: Mapping[str, int]
    ) -> _Rows:
        """By table, the rows that find the entries."""
        unread = [name for draft in drafts for name in draft.guarded if name not in read]
        versions = {**read, **_versions(rows, unread)} if unread else dict(read)
        found: _Rows = {name: [] for name in ("ids", "links", "mentions", "disclosures")}
        types: dict[str, int] = {}
        for draft, one in zip(drafts, appended, strict=True):
            found["ids"].append((draft.id, one.index))
            for name in draft.guarded:
                versions[name] = version = versions[name] + 1
                found["links"].append((name, version, one.index))
            found["mentions"] += [(name, one.index) for name in draft.touched]
            found["disclosures"] += [(one.index, digest(text), text) for text in draft.disclosures]
            if draft.wire not in self._wires:
                types.setdefault(draft.wire, one.index)
        return {**found, "types": list(types.items())}

    def _insert(
        self,
        drafts: Sequence[Draft],
        entries: Sequence[bytes],
        appended: Sequence[Appended],
        more: Mapping[str, Sequence[tuple[Any, ...]]],
        head: Head,
    ) -> None:
        events = [
            StoredEvent(STREAM, one.index, draft.wire, data)
            for draft, one, data in zip(drafts, appended, entries, strict=True)
        ]
        try:
            self._recorder.insert_events(events, **more, head=head, commit=self._datastore.depth == 1)
        except UniqueViolation:
            raise Stale(name for draft in drafts for name in draft.guarded) from None

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """See `Journal.entries`."""
        return self._stream(_STATE, start, stop)

    def wires(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, str]]:
        """See `Journal.wires`."""
        return self._stream(_WIRES, start, stop)

    def _stream(self, statement: str, start: int, stop: int | None) -> Iterator[tuple[int, Any]]:
        """Pages, each as many rows as make some megabytes if they are like those of the page before."""
        end, most = _NO_END if stop is None else stop, _STRIDE
        while start < end:
            page = self._all(statement, start, end, min(most, end - start))
            yield from page
            if len(page) < min(most, end - start):
                return
            start = page[-1][0] + 1
            size = sum(len(row[1]) for row in page) // len(page)
            most = max(1, min(_PAGE_ROWS, _PAGE_BYTES // max(size, 1)))

    def types(self) -> dict[str, int]:
        """See `Journal.types`."""
        return dict(self._all("SELECT wire, first FROM types"))

    def count(self, wire: str) -> int:
        """See `Journal.count`."""
        (number,) = self._all("SELECT count(*) FROM stored_events WHERE topic = %s", wire)[0]
        return int(number)

    def entry(self, index: int) -> bytes:
        """See `Journal.entry`."""
        found = self._all(_STATE, index, index + 1, 1)
        if not found:
            raise NotFound("entry-missing", index=index)
        data: bytes = found[0][1]
        return data

    def several(self, indexes: Iterable[int]) -> dict[int, bytes]:
        """See `Journal.several`."""
        return dict(self._all(_SEVERAL, list(indexes)))

    def _all(self, statement: str, *values: object) -> list[Any]:
        return self._datastore.answer(statement, values)

    def versions(self, subjects: Iterable[str]) -> dict[str, int]:
        """See `Journal.versions`."""
        found = dict.fromkeys(subjects, 0)
        found.update(self._all(_VERSIONS, list(found)))
        return found

    def guarded_entries(self, subject: str) -> list[int]:
        """See `Journal.guarded_entries`."""
        found = self._all("SELECT idx FROM links WHERE subject = %s ORDER BY version", subject)
        return [index for (index,) in found]

    def guarding(self, subjects: Iterable[str]) -> dict[str, list[int]]:
        """See `Journal.guarding`."""
        return _gathered(self._all(_GUARDING, list(subjects)))

    def touched_entries(
        self,
        subject: str,
        start: int = 0,
        stop: int | None = None,
        *,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[int]:
        """See `Journal.touched_entries`."""
        statement = _TOUCHED_LAST if newest_first else _TOUCHED
        end = _NO_END if stop is None else stop
        return [index for (index,) in self._all(statement, subject, start, end, limit)]

    def concerning(self, subjects: Iterable[str]) -> dict[str, list[int]]:
        """See `Journal.concerning`."""
        names = list(subjects)
        return _gathered(self._all(_CONCERNING, names, names))

    def indexes_of(self, ids: Iterable[bytes]) -> dict[bytes, int]:
        """See `Journal.indexes_of`."""
        return dict(self._all("SELECT id, idx FROM ids WHERE id = ANY(%s::bytea[])", list(ids)))

    def disclosures(self, index: int) -> tuple[str, ...]:
        """See `Journal.disclosures`."""
        return self.disclosed(index, index + 1).get(index, ())

    def disclosed(self, start: int, stop: int) -> dict[int, tuple[str, ...]]:
        """See `Journal.disclosed`."""
        found = _gathered(self._all(_DISCLOSED, start, stop))
        return {index: tuple(texts) for index, texts in found.items()}

    def erasures(self) -> list[int]:
        """See `Journal.erasures`."""
        return [index for (index,) in self._all(ERASURES)]

    def erase(self, index: int, digests: Iterable[str]) -> int:
        """See `Journal.erase`.

        The table is written anew without the rows, in a file of its own, and the old file goes with the
        commit. What this cannot reach: the write-ahead log until its segments are used again, replicas,
        archives, backups. Raises `Conflict` (``store-locked``) while somebody keeps the table in use.
        """
        with self._datastore.turn(write=True) as rows:
            rows.execute(
                "DELETE FROM disclosures WHERE idx = %s AND digest = ANY(%s)", (index, list(set(digests)))
            )
            gone = rows.rowcount
            rows.execute(
                "ALTER TABLE disclosures ALTER disclosure TYPE text COLLATE \"C\" USING disclosure || ''"
            )
        return gone

    def links(self) -> Iterator[tuple[str, int, int]]:
        """See `Journal.links`."""
        return self._paged("SELECT subject, version, idx FROM links", ("subject", "version"), ("", 0))

    def mentions(self) -> Iterator[tuple[str, int]]:
        """See `Journal.mentions`."""
        return self._paged("SELECT subject, idx FROM mentions", ("subject", "idx"), ("", -1))

    def ids(self) -> Iterator[tuple[bytes, int]]:
        """See `Journal.ids`."""
        return self._paged("SELECT id, idx FROM ids", ("id",), (b"",))

    def digests(self) -> Iterator[tuple[int, str, str]]:
        """See `Journal.digests`."""
        rows = self._paged("SELECT number, idx, digest, disclosure FROM disclosures", ("number",), (0,))
        return (row[1:] for row in rows)

    def _paged(self, statement: str, key: tuple[str, ...], last: tuple[Any, ...]) -> Iterator[Any]:
        """Rows in the order of their key, whose columns come first; no lock is held between pages."""
        columns, marks = ", ".join(key), ", ".join(["%s"] * len(key))
        statement += f" WHERE ({columns}) > ({marks}) ORDER BY {columns} LIMIT {_PAGE_ROWS}"
        while page := self._all(statement, *last):
            yield from page
            last = page[-1][: len(key)]

    def nodes(self, level: int, start: int, stop: int) -> list[bytes]:
        """See `Journal.nodes`."""
        return [data for (data,) in self._all(_NODES, level, start, stop)]

    def discard(self) -> None:
        """See `Journal.discard`."""
        if self.head().size == 0:
            remove(self._datastore, with_schema=self._made_schema)
        self.close()

    def close(self) -> None:
        """See `Journal.close`."""
        self._datastore.close()


def _versions(rows: Any, subjects: Iterable[str]) -> dict[str, int]:
    found = dict.fromkeys(subjects, 0)
    if found:
        found.update(rows.execute(_VERSIONS, (list(found),)).fetchall())
    return found


def _gathered(rows: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for key, value in rows:
        found[key].append(value)
    return dict(found)
