"""A guard that several machines share: a row for each ledger in a PostgreSQL database that all of them reach.

It remembers what a guard remembers (`ledger.guard`), for all keys of the ledger. It belongs on another server
than the ledger's: who puts an old copy of the ledger's server back would put the old row back with it. A row
in the ledger's own database is refused (``guard-own-database``).

- A signature is permitted by one statement that moves the row on from what the caller knows to be in it. Of
  two machines that ask at once one moves it, and the other is told that it moved.
- The row is on the server's disk before that statement is answered, and before anything is signed; where the
  server waits for a second one, that one has it, too.
- When the connection goes under way, the same statement is sent again: had it moved the row, it finds nothing
  to move, and the row, which is read then, says so.
- A server that is out of reach is waited for up to `PATIENCE` seconds (``guard-unreachable``).

The table and the row are made by `RowGuard.lay`, never on opening.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from ledger.chain.merkle import EMPTY
from ledger.errors import AdamasError, KeyTrouble
from ledger.guard import ANY, Moved, Signed, _Any, check_grows
from ledger.store.journal import Journal
from ledger.store.postgres_connection import LASTING, LedgerDatastore
from ledger.store.postgres_place import make_schema, standing
from ledger.store.postgres_url import address_of

PATIENCE = 20.0
"""Seconds to wait for a server that is out of reach: it is started again, or another one takes over."""
FIRST_PATIENCE = 2.0
"""The same when it is asked first, and has a single host."""
_TABLE = (
    "CREATE TABLE IF NOT EXISTS adamas_guards (origin text PRIMARY KEY, "
    "size bigint NOT NULL CHECK (size >= 0), root bytea NOT NULL CHECK (length(root) = 32))"
)
_BEGIN = "INSERT INTO adamas_guards VALUES (%s, 0, %s) ON CONFLICT DO NOTHING"
_READ = f"SELECT size, root, {LASTING} FROM adamas_guards WHERE origin = %s"  # noqa: S608  ours
_MOVE = (
    "UPDATE adamas_guards SET size = %s, root = %s WHERE origin = %s AND size = %s AND root = %s "
    "RETURNING size"
)
_NOTHING = Signed(0, EMPTY)
"""What a row says of a ledger for which nothing was signed."""


class RowGuard:
    """The guard of one ledger in a database's row. One object is for one thread at a time; any number of
    processes and machines may share the row. It is asked for the first time when it is needed.

    Its methods raise `KeyTrouble`: ``guard-unreachable``, ``guard-row-missing``, ``guard-row-unusable``,
    ``guard-own-database``.
    """

    def __init__(self, url: str, origin: str, journal: Journal) -> None:
        """Raises `StoreTrouble` (``store-url``)."""
        address = address_of(url)
        self.place = address.shown
        self.beside = False
        """Whether the ledger's own server holds it, in another database; known once it was asked."""
        self._origin = origin
        self._journal = journal
        self._patience = PATIENCE
        self._store = LedgerDatastore(address, patience=PATIENCE, write=True)
        self._begun = False
        self._row: Signed | None = None
        self._newest: Signed | None = None

    @property
    def newest(self) -> Signed | None:
        """See `Guard.newest`."""
        return self._newest

    def look(self) -> Signed | None:
        """See `Guard.look`."""
        self._read()
        return self._newest

    def permit(self, size: int, root: bytes, after: Signed | _Any | None = ANY) -> None:
        """See `Guard.permit`."""
        wanted = Signed(size, root)
        if self._row is None or (after is not ANY and self._newest != after):
            self._read()
        while True:
            check_grows(self._newest, wanted, self._origin, self.place)
            if self._newest == wanted == self._row:
                return
            if after is not ANY and self._newest not in (after, wanted):
                raise Moved
            before = self._row
            if self._move(wanted):
                return
            if self._read() == before:  # somebody's rules stand between, and it would never move
                raise KeyTrouble("guard-row-unusable", path=self.place, reason="its row does not move")

    def lay(self) -> None:
        """Make the table and this ledger's row where they are missing; a row that is there stays."""
        self._begin()
        with self._telling():
            make_schema(self._store, standing(self._store))
            with self._store.begin(write=True) as rows:
                rows.execute(_TABLE)
                rows.execute(_BEGIN, (self._origin, EMPTY))

    def close(self) -> None:
        """Let go of the connection; what was permitted is on the server's disk."""
        self._store.close()

    def _read(self) -> Signed:
        """What the row says. What this process knows to be signed it does not forget, whatever that is."""
        rows = self._asked(_READ, (self._origin,))
        if not rows:
            raise KeyTrouble("guard-row-missing", path=self.place, origin=self._origin)
        self._row = Signed(int(rows[0][0]), bytes(rows[0][1]))
        if self._row.size > (0 if self._newest is None else self._newest.size):
            self._newest = self._row
        return self._row

    def _move(self, wanted: Signed) -> bool:
        """Whether the row was as this process knows it, and says now what is wanted."""
        row = self._row or self._read()
        if not self._asked(_MOVE, (wanted.size, wanted.root, self._origin, row.size, row.root)):
            return False
        self._row = wanted
        if wanted != _NOTHING:
            self._newest = wanted
        return True

    def _asked(self, statement: str, values: Sequence[object]) -> list[Any]:
        self._begin()
        with self._telling():
            return self._store.lasting(statement, values)

    def _begin(self) -> None:
        """Before the first question: whoever has just asked does not wait as long as a writer at work."""
        if self._begun:
            return
        store = self._store
        store.patience = self._patience if store.address.several else min(FIRST_PATIENCE, self._patience)
        try:
            with self._telling():
                here = store.whereabouts()
        finally:
            store.patience = self._patience
        there = self._journal.whereabouts()
        if here == there:
            raise KeyTrouble("guard-own-database", path=self.place, origin=self._origin)
        self.beside = there is not None and here[0] == there[0]
        self._begun = True

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """In the words of a guard what the database says: a conflict there is none between histories."""
        try:
            yield
        except psycopg.Error as problem:
            reason = str(problem).partition("\n")[0]
            raise KeyTrouble("guard-row-unusable", path=self.place, reason=reason) from problem
        except AdamasError as trouble:
            reason = str(trouble.values.get("reason") or trouble)
            if trouble.code == "store-unreachable":
                told = KeyTrouble("guard-unreachable", path=self.place, origin=self._origin, reason=reason)
            elif trouble.code == "store-missing":
                told = KeyTrouble("guard-row-missing", path=self.place, origin=self._origin)
            else:
                told = KeyTrouble("guard-row-unusable", path=self.place, reason=reason)
            raise told from trouble
