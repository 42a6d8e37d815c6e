"""One connection to a ledger's SQLite file, and its transactions.

It is kept for the journal's life: asking a pool for one each time costs as much as a short question. Threads
take turns.

A writing transaction takes the lock at once (``BEGIN IMMEDIATE``). With a deferred one, whoever has read
the head fails as soon as another writer commits, whatever the timeout. Writers stand in line for it, in the
turn of a file beside the ledger (``-turn``), which wakes the next one at once: SQLite's own waiting sleeps
ever longer, and who has waited longest then comes last. A commit that fails (full disk) rolls back. What
SQLite reports is told in the words of the exit-code table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from threading import RLock
from types import TracebackType
from typing import Any

from ledger import turns
from ledger.errors import Conflict, StoreTrouble
from ledger.store.sqlite_file import Place
from ledger.store.sqlite_trouble import trouble

_SETTINGS = (
    "PRAGMA page_size = 2048",  # an act touches the ends of six tables: smaller pages are a cheaper commit
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA cache_size = -16384",
)


class LedgerConnection:
    """The one connection that a journal uses, made when it is needed first.

    ``patience``: seconds to wait for another process's lock; ``log``: write through a write-ahead log from
    now on.
    """

    def __init__(self, place: Place, *, patience: int, log: bool) -> None:
        self.place = place
        self._patience = patience
        self._settings = ("PRAGMA journal_mode = WAL", *_SETTINGS) if log else _SETTINGS
        self._in_line = False
        self._lock = RLock()
        self._kept: sqlite3.Connection | None = None
        beside = place.path
        self._line = (
            None if beside is None or not log else turns.Turn(beside.with_name(beside.name + "-turn"))
        )

    def transaction(self, *, write: bool) -> Transaction:
        """A transaction; one inside another is part of it."""
        if write and not self.place.writable:
            raise StoreTrouble("store-readonly", path=self.place.url)
        return Transaction(self, self._connection(), self._lock, write=write)

    def begin(self, cursor: sqlite3.Cursor) -> None:
        """Take the lock for writing; `end` lets go of it. Raises SQLite's exceptions, `Conflict`
        (``store-locked``)."""
        self._stand_in_line()
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """The next writer's turn."""
        if self._in_line and self._line is not None:
            self._in_line = False
            self._line.give_back()

    def _stand_in_line(self) -> None:
        if self._line is None:
            return
        try:
            self._line.take(self._patience)
        except TimeoutError:
            raise Conflict("store-locked", path=self.place.url) from None
        except StoreTrouble:  # no file can be made here: all try at once
            return
        self._in_line = True

    def answer(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """The rows of one statement, which needs no transaction around it."""
        with self._lock:
            try:
                return self._connection().execute(statement, values).fetchall()
            except sqlite3.Error as problem:
                raise told(problem, self.place.url) from problem

    def close(self) -> None:
        """Let go of it. Closing twice is no fault; using it afterwards is."""
        if self._kept is not None:
            self._kept.close()
        if self._line is not None:
            self._line.discard()

    def __del__(self) -> None:
        if self._kept is not None:
            self._kept.close()

    def _connection(self) -> sqlite3.Connection:
        if self._kept is None:
            try:
                self._kept = self._connected()
            except sqlite3.Error as problem:
                raise told(problem, self.place.url) from problem
        return self._kept

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.place.database,
            uri=True,
            check_same_thread=False,
            isolation_level=None,
            timeout=self._patience,
        )
        try:
            for setting in self._settings:
                connection.execute(setting)
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def told(problem: Exception, url: str) -> Exception:
    """What to raise in the place of what SQLite raised; a fault of the program stays as it is."""
    return trouble(problem, url) or problem


class Transaction:
    """A transaction: gives a cursor, commits on leaving without an exception when it is for writing."""

    __slots__ = ("_connection", "_cursor", "_inner", "_lock", "_of", "_url", "_write")

    def __init__(
        self, of: LedgerConnection, connection: sqlite3.Connection, lock: Any, *, write: bool
    ) -> None:
        self._of = of
        self._connection = connection
        self._lock = lock
        self._url = of.place.url
        self._write = write
        self._inner = False

    def __enter__(self) -> sqlite3.Cursor:
        self._lock.acquire()
        self._inner = self._connection.in_transaction
        self._cursor = self._connection.cursor()
        try:
            if not self._inner and self._write:
                self._of.begin(self._cursor)
            elif not self._inner:
                self._cursor.execute("BEGIN")
        except sqlite3.Error as problem:
            self._leave()
            raise told(problem, self._url) from problem
        except BaseException:
            self._leave()
            raise
        return self._cursor

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            if not self._inner:
                self._end(commit=self._write and problem is None)
        except sqlite3.Error as failure:
            raise told(failure, self._url) from failure
        finally:
            self._leave()
        if isinstance(problem, sqlite3.Error):
            found = told(problem, self._url)
            if found is not problem:
                raise found from problem

    def _end(self, *, commit: bool) -> None:
        if not commit:
            self._connection.rollback()
            return
        try:
            self._connection.commit()
        except sqlite3.Error:
            self._connection.rollback()
            raise

    def _leave(self) -> None:
        if self._write and not self._inner:
            self._of.end()
        self._cursor.close()
        self._lock.release()
