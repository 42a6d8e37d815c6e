"""A PostgreSQL whose commits wait for a second server, which is not there: nothing is answered before it is.

One server that waits for a standby named nobody shows what a cluster does with its last server left.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import pytest

from ledger.application import Ledger, Receipt
from ledger.domain import events as e
from ledger.errors import StoreTrouble
from ledger.store import postgres
from ledger.store.postgres import PostgresJournal
from tests import writers
from tests.postgres_server import PostgresServer
from tests.refusing import refusing
from tests.world import SITE, World, goods, signing_key

T = TypeVar("T")
ASKED = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
SHORT = 0.7
"""Seconds in which what waits for nobody is answered many times over."""


class Second:
    """The second server that commits wait for; ``away`` from the beginning of a ``with`` to its end."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    def _set(self, names: str) -> None:
        with self._server.connect() as connection:
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
            connection.execute("SELECT pg_reload_conf()")

    def __enter__(self) -> Second:
        self._set("nobody")
        time.sleep(0.2)  # the server's own processes take note of it one after the other
        return self

    def __exit__(self, *_: object) -> None:
        self._set("")

    def waiting(self, count: int = 1) -> list[int]:
        """The processes that wait for it, as soon as there are so many."""
        until = time.monotonic() + 30
        with self._server.connect() as connection:
            while time.monotonic() < until:
                found = [pid for (pid,) in connection.execute(ASKED)]
                if len(found) >= count:
                    return found
                time.sleep(0.02)
        raise AssertionError("nobody waits")


class Asked(threading.Thread, Generic[T]):
    """Work in a thread of its own: what came of it, when something has."""

    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._wanted = work
        self.found: list[T] = []
        self.start()

    def run(self) -> None:
        """Do it."""
        self.found.append(self._wanted())

    def answer(self) -> T:
        """What came of it, waited for."""
        self.join(60)
        return self.found[0]


def mined(parcel: str) -> e.Mined:
    """An act that can be recorded."""
    return e.Mined(by="miner-1", site=SITE, lines=(goods(parcel, "1.000"),))


def test_what_no_second_server_has_is_no_receipt_after_a_crash(own: PostgresServer) -> None:
    """The leader dies while an act waits, recovers, and shows the act: whoever appends it again is answered
    when a second server has it, and not before."""
    url = own.url()
    world = World(url)
    signed = world.ledger.sign(mined("P1"), signing_key("miner-1"))
    size = world.ledger.head().size

    def append() -> Receipt:
        with writers.opened(url) as ledger:
            return ledger.append([signed])[0]

    with Second(own) as second:
        first = Asked(lambda: world.ledger.append([signed])[0])
        [pid] = second.waiting()
        with Ledger.open(url, write=False) as reader:
            assert reader.head().size == size
        os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 30
        while shown(url) == size:
            assert time.monotonic() < until
        again = Asked(append)
        second.waiting(2)
        time.sleep(SHORT)
        assert (first.found, again.found) == ([], [])
    assert first.answer() == again.answer()
    assert shown(url) == size + 1
    world.close()


def shown(url: str) -> int:
    """How many entries a reader sees, who waits for nobody."""
    with Ledger.open(url, write=False) as reader:
        return reader.head().size


def test_a_head_that_no_second_server_has_is_not_signed(own: PostgresServer, tmp_path: Path) -> None:
    """The keeper opens the ledger for reading: before it signs what a recovered leader shows, it waits."""
    url = own.url()
    world = World(url, guard=tmp_path / "guard")
    world.ledger.checkpoint()
    with Ledger.open(url, write=False, clock=world.clock, keeper=world.kept) as keeping:
        assert keeping.checkpoint().checkpoint.size == keeping.head().size
    with Second(own) as second:
        with Ledger.open(url, write=False, clock=world.clock, keeper=world.kept) as keeping:
            assert keeping.head().size
            signed = Asked(keeping.checkpoint)
            second.waiting()
            time.sleep(SHORT)
            assert signed.found == []
            second.__exit__()
            assert signed.answer().checkpoint.size == keeping.head().size
    world.close()


def test_a_wait_that_is_cancelled_is_waited_again(own: PostgresServer) -> None:
    """By a time limit of the role, or by an administrator, who makes PostgreSQL say that it is committed."""
    with own.connect() as connection:
        connection.execute("CREATE ROLE brisk LOGIN SUPERUSER")
        connection.execute("ALTER ROLE brisk SET statement_timeout = '200ms'")
    url = own.url()
    World(url).close()
    with writers.opened(url.replace("user=postgres", "user=brisk")) as ledger, Second(own) as second:
        told = Asked(lambda: ledger.record(mined("P1"), signing_key("miner-1")))
        [pid] = second.waiting()
        time.sleep(SHORT)
        assert second.waiting() == [pid]
        for _ in range(2):
            with own.connect() as connection:
                connection.execute("SELECT pg_cancel_backend(%s)", (pid,))
            time.sleep(0.2)
            assert second.waiting() == [pid]
            assert told.found == []
        second.__exit__()
        assert told.answer().index == shown(url) - 1


def test_what_a_cancelled_wait_shows_is_neither_signed_nor_acknowledged(
    own: PostgresServer, tmp_path: Path
) -> None:
    """Connections that were open before see the act at once: who signs where the ledger ends, proves an
    entry, or is asked for the act again, waits for the second server all the same."""
    url = own.url()
    world = World(url, guard=tmp_path / "guard")
    signed = world.ledger.sign(mined("P1"), signing_key("miner-1"))
    world.ledger.checkpoint()
    with writers.opened(url) as asked, Ledger.open(url, write=False, keeper=world.kept) as keeping:
        size = keeping.checkpoint().checkpoint.size
        assert asked.head().size == size
        with writers.opened(url) as writing, Second(own) as second:
            told = Asked(lambda: writing.append([signed])[0])
            [pid] = second.waiting()
            assert keeping.head().size == size
            with own.connect() as connection:
                connection.execute("SELECT pg_cancel_backend(%s)", (pid,))
            until = time.monotonic() + 30
            while asked.head().size == size:
                assert time.monotonic() < until
            assert keeping.head().size == size + 1
            again = Asked(lambda: asked.append([signed])[0])
            second.waiting(2)
            checkpoint = Asked(keeping.checkpoint)
            second.waiting(3)
            time.sleep(SHORT)
            assert (told.found, again.found, checkpoint.found) == ([], [], [])
            second.__exit__()
            assert told.answer() == again.answer()
            assert checkpoint.answer().checkpoint.size == size + 1
    world.close()


def test_without_a_second_server_what_lasts_is_what_is_there(own: PostgresServer, tmp_path: Path) -> None:
    """Asking for what lasts costs no commit where no second server is waited for."""
    url = own.url()
    world = World(url, guard=tmp_path / "guard")

    def written() -> int:
        with own.connect() as connection:
            [(found,)] = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
            return int(found)

    assert world.ledger.journal.lasting_head() == world.ledger.head()
    before = written()
    for _ in range(3):
        assert world.ledger.journal.lasting_head() == world.ledger.head()
        assert world.ledger.journal.indexes_of([b"x" * 16]) == {}
    assert written() == before
    world.close()


def test_with_all_servers_there_nobody_waits(own: PostgresServer) -> None:
    """A new connection for writing costs one commit, of a message that changes nothing; one for reading,
    none."""
    url = own.url()
    World(url).close()

    def written() -> int:
        with own.connect() as connection:
            [(found,)] = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
            return int(found)

    before = written()
    shown(url)
    assert written() == before
    with PostgresJournal.open(url) as journal:
        assert journal.head().size
        assert written() > before


def test_a_replica_signs_nothing(own: PostgresServer, tmp_path: Path) -> None:
    """Where it is the only one named, it says so; where the leader is named too, that one is asked."""
    url = own.url()
    world = World(url, guard=tmp_path / "guard")
    replica = PostgresServer.follow(own)
    try:
        there = url.replace(str(own.folder), str(replica.folder))
        until = time.monotonic() + 30
        while shown(there) < world.ledger.head().size:
            assert time.monotonic() < until
        with Ledger.open(there, write=False, clock=world.clock, keeper=world.kept) as keeping:
            assert keeping.head() == world.ledger.head()
            with refusing(StoreTrouble, "store-replica"):
                keeping.checkpoint()
            with refusing(StoreTrouble, "store-replica"):
                keeping.proof(0)
        both = url.replace(f"host={own.folder}", f"host={replica.folder},{own.folder}")
        with Ledger.open(both, write=False, clock=world.clock, keeper=world.kept) as keeping:
            assert keeping.checkpoint().checkpoint.size == world.ledger.head().size
    finally:
        replica.stop()
    world.close()


def test_a_command_that_begins_in_a_failover_waits_for_it(
    own: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With several hosts named; with one, whoever has just asked is told after two seconds."""
    url = own.url()
    World(url).close()
    both = url.replace(f"host={own.folder}", f"host={own.folder},/nowhere")
    own.kill()
    started = time.monotonic()
    with refusing(StoreTrouble, "store-unreachable"):
        PostgresJournal.open(url)
    assert time.monotonic() - started < 10
    begun = Asked(lambda: PostgresJournal.open(both))
    time.sleep(3)
    assert begun.found == []
    own.restart()
    begun.answer().close()
    assert 10 <= postgres._FAILOVER_PATIENCE < postgres.PATIENCE
    monkeypatch.setattr(postgres, "_FAILOVER_PATIENCE", 1)
    own.kill()
    with refusing(StoreTrouble, "store-unreachable"):
        PostgresJournal.open(both)
