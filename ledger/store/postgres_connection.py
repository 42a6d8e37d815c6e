"""One connection to a PostgreSQL ledger, and its transactions; made anew when the server was away.

The library's datastore is kept as the recorder's way to the database; its pool, whose threads one command
never needs, is not opened. Threads take turns on one connection.

- A reading transaction is ``REPEATABLE READ, READ ONLY``: one state of the ledger, also on a replica.
- A writing one takes an advisory lock of the ledger's tables, so that views advance one after the other.
  Appending takes only the head's row (`ledger.store.postgres`) and does not wait for it. It is ``READ
  COMMITTED``, also where it begins by itself (`LedgerDatastore.at_once`).

Where the server is out of reach, whoever begins something waits for it, up to ``patience`` seconds, and then
goes on: nothing had been done. What is cut off in the middle is told (``store-unreachable``).

**In a synchronous cluster** a commit is answered when a second server has it, and until then nobody sees it,
with two exceptions. After a leader's own crash what no second server has is visible at once: so a writer's
new connection begins with a message in the write-ahead log (`_MESSAGE`), whose commit waits until everything
before it is there (a crash ends all connections). And a wait that is cancelled ends in success and a warning,
and everybody sees what was committed: so no time limit ends it, after a commit with a warning it is waited
for once more in the same way, and whoever is going to sign or acknowledge what he sees waits so, too
(`LedgerDatastore.lasting`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from threading import RLock
from types import TracebackType
from typing import Any, TypeVar

import psycopg
from eventsourcing.postgres import PostgresDatastore
from psycopg.errors import InvalidSqlStatementName, ReadOnlySqlTransaction

from ledger.errors import StoreTrouble
from ledger.store.postgres_at_once import Put
from ledger.store.postgres_trouble import is_denied, is_outage, trouble
from ledger.store.postgres_url import Address

T = TypeVar("T")

_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE"
_IN_TURN = f"{_WRITE}; SELECT pg_advisory_xact_lock(hashtext('adamas ' || current_schema()))"
_MADE = sha256(b"\x00\xff" + (258).to_bytes(8, "big")).hexdigest()
_SETTLED = (
    "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on', "
    f"sha256(decode('00ff', 'hex') || int8send(258)) = decode('{_MADE}', 'hex'), "
    "set_config('lock_timeout', %s, false), set_config('statement_timeout', '0', false), "
    "set_config('extra_float_digits', '0', false), "
    "set_config('default_transaction_isolation', 'read committed', false), "
    "set_config('standard_conforming_strings', 'on', false), "
    "set_config('synchronous_commit', "
    "CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
    "ELSE current_setting('synchronous_commit') END, false)"
)
# Needs no table and no privilege. Not pg_current_xact_id(): its commit writes nothing and waits for nobody.
_MESSAGE = (
    "CASE WHEN NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' "
    "THEN pg_logical_emit_message(true, 'adamas', '') END"
)
_BARRIER = f"SELECT {_MESSAGE}"
LASTING = f"CASE WHEN current_setting('synchronous_standby_names') <> '' THEN {_MESSAGE} END"
"""A column of a statement that is answered when a second server has what its rows rest on, where one is asked
for."""
_WHEREABOUTS = "SELECT pg_postmaster_start_time()::text, current_database()"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_PREPARED = "SELECT name FROM pg_prepared_statements WHERE from_sql"


class LedgerDatastore(PostgresDatastore):
    """The library's datastore, and the one connection that a journal uses.

    ``patience``: seconds to wait for another writer's lock, and for a server that is out of reach.
    """

    def __init__(self, address: Address, *, patience: float, write: bool) -> None:
        super().__init__("", "", "", "", "", schema="public", originator_id_type="text")
        self.address = address
        self.patience = patience
        self.write = write
        self.follows = False
        """Whether the server of the connection is a replica, or takes no writes for another reason."""
        self._makes_entries = True
        self._leading = write
        self.lock = RLock()
        self.depth = 0
        self._kept: psycopg.Connection[Any] | None = None
        self._warned = False
        self._prepared: set[str] = set()

    def register_type_adapters(self) -> None:
        """None is used: rows go as arrays or by COPY."""

    @contextmanager
    def get_connection(self) -> Iterator[Any]:
        """The one connection, for the recorder."""
        with self.lock:
            yield self.connection()

    def connection(self) -> psycopg.Connection[Any]:
        """The connection, made now when there is none. Raises psycopg's exceptions."""
        if self._kept is None or self._kept.closed:
            self.depth, self._warned, self._prepared = 0, False, set()
            made = psycopg.connect(
                **self.address.told(write=self._leading), autocommit=True, prepare_threshold=3
            )
            try:
                made.add_notice_handler(self._hear)
                begins = f"{_SETTLED}, {_MESSAGE}" if self._leading else _SETTLED
                [(self.follows, self._makes_entries, *_)] = made.execute(
                    begins, (f"{int(self.patience * 1000)}ms",)
                ).fetchall()
                self.wait_out(made)
            except BaseException:
                made.close()
                raise
            self._kept = made
        return self._kept

    def lead(self) -> bool:
        """Whether this is the server that takes writes, where everything that is seen is kept for good: asked
        before what is seen is signed. Of several hosts it is looked for."""
        with self.lock:
            if not (self._leading or self.depth):
                self._leading = True
                if self._kept is not None:
                    self._kept.close()
            if self._kept is None or self._kept.closed:
                self.patiently(self.connection)
            return self._leading and not self.follows

    def _hear(self, told: psycopg.errors.Diagnostic) -> None:
        self._warned = self._warned or told.severity_nonlocalized == "WARNING"

    def wait_out(self, connection: psycopg.Connection[Any]) -> None:
        """After a commit with a warning: until a second server has it, where one is asked for."""
        while self._warned:
            self._warned = False
            connection.execute(_BARRIER)

    def patiently(self, work: Callable[[], T]) -> T:
        """Do what can be done again from the start, waiting for a server that is out of reach."""
        until, pause = time.monotonic() + self.patience, _FIRST_PAUSE
        while True:
            try:
                return work()
            except psycopg.Error as problem:
                self.forget(problem)
                if not self._may_help(problem) or time.monotonic() > until:
                    raise told(problem, self.address.shown) from problem
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def again(self, work: Callable[[], T]) -> T:
        """Do a whole transaction, and do it again when it was cut off; ``work`` finds out for itself what has
        become of it the time before."""
        if self.depth:
            return work()
        until = time.monotonic() + self.patience
        while True:
            try:
                return work()
            except StoreTrouble as cut:
                cause = cut.__cause__
                if not isinstance(cause, psycopg.Error) or not self._may_help(cause):
                    raise
                if time.monotonic() > until:
                    raise
            time.sleep(_FIRST_PAUSE)

    def _may_help(self, problem: psycopg.Error) -> bool:
        if isinstance(problem, ReadOnlySqlTransaction):  # the leader has become a replica; another took over
            return self.address.several
        return is_outage(problem) and not is_denied(problem)

    def forget(self, problem: BaseException) -> None:
        """Let go of a connection that is broken, or whose server no longer takes writes."""
        if self._kept is not None and (isinstance(problem, ReadOnlySqlTransaction) or is_outage(problem)):
            self._kept.close()
            self.depth = 0

    def begin(self, *, write: bool) -> Transaction:
        """A transaction; one inside another is part of it."""
        if write and not self.write:
            raise StoreTrouble("store-readonly", path=self.address.shown)
        return Transaction(self, _IN_TURN if write else _READ, write=write)

    def appending(self, first: str) -> Transaction:
        """A transaction that takes no lock but those of its ``first`` statements, which go with its beginning
        in one trip; their rows are in ``first``."""
        if not self.write:
            raise StoreTrouble("store-readonly", path=self.address.shown)
        return Transaction(self, f"{_WRITE}; {first}", write=True)

    def at_once(self, act: Put) -> list[Any]:
        """The rows of a whole transaction that goes in one trip; none where somebody's functions stand before
        the server's own (then nothing was done). Cut off, it was committed or not, and it is not tried again
        here. Raises `StoreTrouble`, `psycopg.errors.UniqueViolation`."""
        if not self.write:
            raise StoreTrouble("store-readonly", path=self.address.shown)
        with self.lock:
            connection = self.patiently(lambda: self._ready(act))
            if not self._makes_entries:
                return []
            try:
                rows = self._ran(connection, act)
                self.wait_out(connection)
            except psycopg.Error as problem:
                self.forget(problem)
                found = told(problem, self.address.shown)
                if found is problem:
                    raise
                raise found from problem
        return rows

    def _ran(self, connection: psycopg.Connection[Any], act: Put) -> list[Any]:
        try:
            return _last_rows(connection, act)
        except InvalidSqlStatementName:
            # Nothing was done: the driver throws all prepared statements away after DROP, ALTER and ROLLBACK.
            self._prepared = {str(name) for (name,) in connection.execute(_PREPARED).fetchall()}
            return _last_rows(self._ready(act), act)

    def _ready(self, act: Put) -> psycopg.Connection[Any]:
        """The connection, on which the act's statements are prepared."""
        connection = self.connection()
        for name in act.prepares.keys() - self._prepared:
            connection.execute(act.prepares[name])
            self._prepared.add(name)
        return connection

    def answer(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """The rows of one statement that only reads, which needs no transaction around it."""
        with self.lock:
            if self.depth:
                return self._asked(statement, values)
            return self.patiently(lambda: self._ask(statement, values))

    def whereabouts(self) -> tuple[str, str]:
        """When the server was started, to the microsecond, and the database's name: together they tell
        whether two connections are to the same database."""
        [(started, database)] = self.answer(_WHEREABOUTS)
        return str(started), str(database)

    def lasting(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """`answer` to a statement with the column `LASTING`: its rows stay, whichever server fails."""

        def ask() -> list[Any]:
            connection = self.connection()
            rows = self._ask(statement, values)
            self.wait_out(connection)  # on this one: another may be to another server, which never had them
            return rows

        with self.lock:
            return self._asked(statement, values) if self.depth else self.patiently(ask)

    def _asked(self, statement: str, values: Sequence[object]) -> list[Any]:
        try:
            return self._ask(statement, values)
        except psycopg.Error as problem:
            raise told(problem, self.address.shown) from problem

    def _ask(self, statement: str, values: Sequence[object]) -> list[Any]:
        with self.connection().cursor(binary=True) as cursor:
            return cursor.execute(statement, values or None).fetchall()

    def close(self) -> None:
        """Let go of the connection."""
        kept: psycopg.Connection[Any] | None = getattr(self, "_kept", None)
        if kept is not None:
            kept.close()


def _last_rows(connection: psycopg.Connection[Any], act: Put) -> list[Any]:
    with connection.execute(act.runs) as answers:
        answers.nextset()
        return answers.fetchall()


def told(problem: Exception, url: str) -> Exception:
    """What to raise in the place of what psycopg raised; a fault of the program stays as it is."""
    return trouble(problem, url) or problem


class Transaction:
    """A transaction: gives a cursor, commits on leaving without an exception when it is for writing.

    ``first`` are the rows of each statement that it began with; None inside another one.
    """

    __slots__ = ("_beginning", "_cursor", "_inner", "_store", "_write", "first")

    def __init__(self, store: LedgerDatastore, beginning: str, *, write: bool) -> None:
        self._store = store
        self._beginning = beginning
        self._write = write
        self._inner = False
        self.first: list[list[Any]] | None = None

    def __enter__(self) -> psycopg.Cursor[Any]:
        store = self._store
        store.lock.acquire()
        self._inner = store.depth > 0
        try:
            self._cursor = self._opened() if self._inner else store.patiently(self._begun)
        except BaseException:
            store.lock.release()
            raise
        store.depth += 1
        return self._cursor

    def _opened(self) -> psycopg.Cursor[Any]:
        return self._store.connection().cursor(binary=True)

    def _begun(self) -> psycopg.Cursor[Any]:
        connection = self._store.connection()
        try:
            with connection.execute(self._beginning) as answers:
                self.first = [answers.fetchall() for _ in answers.results() if answers.description]
        except psycopg.Error:
            if not connection.closed:
                connection.rollback()
            raise
        return self._opened()

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, _: TracebackType | None
    ) -> None:
        store = self._store
        try:
            if not self._inner:
                self._end(commit=self._write and problem is None)
        except psycopg.Error as failure:
            store.forget(failure)
            if problem is None:
                raise told(failure, store.address.shown) from failure
        finally:
            store.depth = max(store.depth - 1, 0)
            self._cursor.close()
            store.lock.release()
        if isinstance(problem, psycopg.Error):
            store.forget(problem)
            found = told(problem, store.address.shown)
            if found is not problem:
                raise found from problem

    def _end(self, *, commit: bool) -> None:
        connection = self._cursor.connection
        if connection.closed:
            if commit:
                raise psycopg.OperationalError("the connection was lost")
        elif commit:
            connection.commit()
            self._store.wait_out(connection)
        else:
            connection.rollback()
