"""The store for many writers: one ledger in one schema of a PostgreSQL database.

Appending takes the head's one row first (``FOR UPDATE``): writers on however many machines come one after the
other, in the order in which they asked, indexes have no gaps, and nobody reads what a decision rests on
before it is their turn. One act takes one trip (`ledger.store.postgres_at_once`), several two: what the head
is, and what becomes of it. Reading waits for nobody. A commit is durable when `append` returns, as far as the
server is set so (``fsync``; a session's ``synchronous_commit = off`` is not accepted).

**A lost acknowledgement.** When the connection goes while a commit is under way, nobody can know whether it
was recorded until the row of the head can be taken again: then the entry at that index is this one's, byte
for byte, or the statement with that id is, or it is not. Only then is it appended again or told as recorded.
Writers wait so for a server that was killed, or for the replica that takes over, up to ``patience`` seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg.errors import UniqueViolation

from ledger.chain.disclosure import digest
from ledger.chain.entry import entry_hash, fields
from ledger.chain.merkle import Frontier
from ledger.errors import AdamasError, StoreTrouble
from ledger.store.journal import Appended, Draft, Head, Stale, chained, chained_at
from ledger.store.nodes import JournalTree
from ledger.store.postgres_at_once import Put, Told, put
from ledger.store.postgres_connection import LedgerDatastore, Transaction
from ledger.store.postgres_place import Place, check_role, grant_reading, make_schema, remove, standing
from ledger.store.postgres_reading import (
    HEAD_TAKEN,
    STATES,
    PostgresReading,
    versions_of,
    versions_written_out,
)
from ledger.store.postgres_recorder import STREAM, EntryRecorder
from ledger.store.postgres_url import address_of

PATIENCE = 60
"""Seconds to wait for another writer's lock, or for a server that is out of reach."""
_FIRST_PATIENCE = 2
_FAILOVER_PATIENCE = 20
"""Seconds that a command waits which begins while none of several hosts takes writes: another will soon."""
_FEW = 64
_NO_TIP = (None, Frontier())
_WITH_ID = (
    "SELECT idx, state FROM ids JOIN stored_events ON originator_id = 'ledger' AND originator_version = idx "
    "WHERE id = %s"
)
_MADE_MEANWHILE = (
    psycopg.errors.DuplicateTable,
    psycopg.errors.DuplicateSchema,
    psycopg.errors.UniqueViolation,
)
_Rows = dict[str, list[tuple[Any, ...]]]


class PostgresJournal(PostgresReading):
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
        except _MADE_MEANWHILE:
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
        first = _FAILOVER_PATIENCE if self._datastore.address.several else _FIRST_PATIENCE
        self._datastore.patience = min(first, self.patience)
        try:
            return standing(self._datastore)
        finally:
            self._datastore.patience = self.patience

    def transaction(self, *, write: bool) -> Transaction:
        """See `Journal.transaction`; the cursor's rows are tuples."""
        if write:
            self.check_writable()
        return self._datastore.begin(write=write)

    def check_writable(self) -> None:
        """See `Journal.check_writable`."""
        if self._refuses == "store-replica":
            raise StoreTrouble("store-replica", path=self.url, reason="")
        if self._refuses == "store-reader":
            raise StoreTrouble("store-reader", path=self.url)
        super().check_writable()

    def check_signable(self) -> None:
        """See `Journal.check_signable`."""
        super().check_signable()
        if not self._datastore.lead():
            raise StoreTrouble("store-replica", path=self.url, reason="")

    def grant_reading(self, role: str) -> None:
        """Let a database role read the ledger, for auditors. Raises `StoreTrouble`
        (``store-role-missing``)."""
        grant_reading(self._datastore, role)

    @staticmethod
    def check_role(url: str, role: str) -> None:
        """Raises `StoreTrouble` (``store-role-missing``) where the server knows no such role."""
        journal = PostgresJournal(url, write=False, patience=_FIRST_PATIENCE)
        try:
            check_role(journal._datastore, role)
        finally:
            journal.close()

    def append(
        self,
        drafts: Sequence[Draft],
        *,
        clock: Callable[[], int],
        read: Mapping[str, int],
        head: Head,
        moments: Sequence[int] | None = None,
    ) -> tuple[list[Appended], Head]:
        """See `Journal.append`."""
        tried: list[tuple[list[bytes], list[Appended], Head]] = []
        single = self._single(drafts, clock, read, head) if moments is None else None
        untried = [] if single is None else [single]
        # Nearly always another writer was there meanwhile: what is asked then is asked in the same trip.
        first = f"{HEAD_TAKEN}; {versions_written_out(read)}" if 0 < len(read) <= _FEW else HEAD_TAKEN

        def attempt() -> tuple[list[Appended], Head]:
            if untried and (done := self._at_once(drafts, untried.pop())) is not None:
                return done
            transaction = self._datastore.appending(first)
            with transaction as rows:
                taken, *known = transaction.first or [rows.execute(HEAD_TAKEN).fetchall()]
                now = self.the_head(taken)
                before = self._recorded(rows, drafts[0], now) if single is not None else None
                if before is not None:
                    return before
                for entries, appended, then in tried:
                    if self._is_there(rows, entries, appended, now):
                        return appended, then
                if now.size != head.size or now.hash != head.hash:
                    _check_unmoved(dict(known[0]) if known else versions_of(rows, read), read)
                frontier = self._frontier(now)
                entries, appended, then, nodes = (
                    chained(now, frontier, drafts, clock())
                    if moments is None
                    else chained_at(now, frontier, drafts, moments)
                )
                tried.append((entries, appended, then))
                more = self._rows(rows, drafts, appended, read)
                self._insert(drafts, entries, appended, {**more, "nodes": nodes}, then)
            self._tip = (then, frontier)
            return appended, then

        with self._writing():
            appended, then = self._datastore.again(attempt)
        self._wires.update(draft.wire for draft in drafts)
        return appended, then

    def _single(
        self, drafts: Sequence[Draft], clock: Callable[[], int], read: Mapping[str, int], head: Head
    ) -> Put | None:
        """One act as it goes in one trip, where it can."""
        if len(drafts) != 1 or self._datastore.depth:
            return None
        (draft,) = drafts
        return put(draft, clock(), read, head, first=draft.wire not in self._wires)

    def _at_once(self, drafts: Sequence[Draft], single: Put) -> tuple[list[Appended], Head] | None:
        """See `ledger.store.postgres_at_once`; None where nothing was done: there is no sound head, or
        the server does not reckon as it should."""
        try:
            rows = self._datastore.at_once(single)
        except UniqueViolation:
            raise Stale(drafts[0].guarded) from None
        told = Told.of(rows[0]) if rows else None
        if told is not None and told.moved:
            raise Stale(told.moved)
        if told is None or told.hash is None:
            return None
        frontier = self._frontier(told.head)
        _, appended, then, _ = chained(told.head, frontier, drafts, single.moment)
        if (then.hash, then.frontier) != (told.hash, told.frontier):
            reason = f"the server made another entry {then.size - 1} than it was told"
            raise StoreTrouble("store-damaged", path=self.url, reason=reason)
        self._tip = (then, frontier)
        return appended, then

    def _recorded(self, rows: Any, draft: Draft, now: Head) -> tuple[list[Appended], Head] | None:
        """What became of an act whose answer was lost; None where it was not recorded."""
        for index, data in rows.execute(_WITH_ID, (draft.id,)).fetchall():
            _, _, recorded, statement, signature = fields(data)
            if (statement, signature) != (draft.statement, draft.signature):
                return None
            size, name = index + 1, entry_hash(data)
            edge = now.frontier if now.size == size else JournalTree(self).frontier(size).encode()
            return [Appended(index, recorded, name, data)], Head(size, name, recorded, edge)
        return None

    def _is_there(self, rows: Any, entries: list[bytes], appended: list[Appended], now: Head) -> bool:
        """Whether what was being committed when the connection went was recorded."""
        if not appended or now.size <= appended[0].index:
            return False
        found = rows.execute(STATES, (appended[0].index, appended[0].index + 1, 1)).fetchall()
        return bool(found) and found[0][1] == entries[0]

    def _frontier(self, head: Head) -> Frontier:
        """The head's frontier, to grow: as it was left by the last append, or read anew."""
        (last, frontier), self._tip = self._tip, _NO_TIP
        return frontier if last == head else Frontier.decode(head.frontier)

    def _rows(
        self, rows: Any, drafts: Sequence[Draft], appended: Sequence[Appended], read: Mapping[str, int]
    ) -> _Rows:
        """By table, the rows that find the entries."""
        unread = [name for draft in drafts for name in draft.guarded if name not in read]
        versions = {**read, **versions_of(rows, unread)} if unread else dict(read)
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

    def erase(self, index: int, digests: Iterable[str]) -> int:
        """See `Journal.erase`.

        The table is written anew without the rows, in a file of its own, and the old file goes with the
        commit. What this cannot reach: the write-ahead log until its segments are used again, replicas,
        archives, backups. Raises `Conflict` (``store-locked``) while somebody keeps the table in use.
        """
        with self.transaction(write=True) as rows:
            rows.execute(
                "DELETE FROM disclosures WHERE idx = %s AND digest = ANY(%s)", (index, list(set(digests)))
            )
            gone = rows.rowcount
            rows.execute("ALTER TABLE disclosures ALTER idx TYPE bigint USING idx + 0")  # writes it anew
        return gone

    @contextmanager
    def another_connection(self) -> Iterator[psycopg.Connection[Any]]:
        """One to the same server, for checking; gone on leaving. To be used inside ``ledger.store`` only."""
        info = self._datastore.connection().info
        told = {**self._datastore.address.given, "host": info.host, "port": info.port}
        told.pop("target_session_attrs", None)
        with psycopg.connect(**told, autocommit=True) as connection:
            yield connection

    def discard(self) -> None:
        """See `Journal.discard`."""
        if self.head().size == 0:
            remove(self._datastore, with_schema=self._made_schema)
        self.close()

    def close(self) -> None:
        """See `Journal.close`."""
        self._datastore.close()


def _check_unmoved(found: Mapping[str, int], read: Mapping[str, int]) -> None:
    moved = [name for name, version in read.items() if found.get(name, 0) != version]
    if moved:
        raise Stale(moved)
