"""How fast acts are recorded: one durable act, and production sheets of 500 stones."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path

from benchmarks.measuring import Row, in_turn, quantile
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from ledger.application import Ledger
from ledger.domain import events as e
from ledger.group_commit import GroupCommit
from ledger.store.journal import Head
from ledger.store.sqlite import SqliteJournal
from tests.world import World, signing_key


class Stone(Aggregate):
    """The library's own plain aggregate with one plain event."""

    @event("Weighed")
    def weigh(self, parcel: str, weight: int) -> None:
        """One event."""
        self.parcel, self.weight = parcel, weight


def plain_saves(folder: Path, acts: int) -> Iterator[None]:
    """The library's own saves of one plain event, a round of them each time it is asked."""
    environment = {
        "PERSISTENCE_MODULE": "eventsourcing.sqlite",
        "SQLITE_DBNAME": str(folder / f"plain-{uuid.uuid4().hex}.db"),
    }
    application = Application[uuid.UUID](environment)
    stone = Stone()
    application.save(stone)
    yield
    while True:
        for number in range(acts):
            stone.weigh("P1", 12_500 + number % 2)
            application.save(stone)
        yield


def durable_acts(folder: Path, acts: int) -> Iterator[None]:
    """Weighings recorded one a call, a round of them each time it is asked."""
    world = World(folder / f"ours-{uuid.uuid4().hex}.db")
    key = signing_key("miner-1")
    ledger: Ledger = world.ledger
    lines = tuple(e.Goods(f"P{number}", 12_500) for number in range(acts))
    ledger.record(e.Mined(by="miner-1", site="kalahari-1", lines=lines), key)
    yield
    while True:
        for number in range(acts):
            ledger.record(e.Weighed(by="miner-1", parcel=f"P{number}", weight=12_500), key)
        yield


def bare_acts(folder: Path, acts: int) -> Iterator[None]:
    """The least that such a weighing takes: bytes that are there are signed, checked, hashed and put as the
    same rows into the same tables, in one durable transaction each; nothing is decided, encoded or read."""
    journal = SqliteJournal.create(str(folder / f"bare-{uuid.uuid4().hex}.db"))
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public, head = key.public_key(), Head()
    yield
    while True:
        for number in range(acts):
            size = head.size
            statement = size.to_bytes(16, "big") + bytes(174)
            signature = key.sign(statement)
            public.verify(signature, statement)
            entry = statement + signature + bytes(48)
            head = Head(size + 1, sha256(b"\0" + entry).digest(), size, bytes(80))
            with journal.transaction(write=True) as rows:
                rows.execute("INSERT INTO stored_events VALUES ('entries', ?, 'weighed/1', ?)", (size, entry))
                rows.execute("INSERT INTO ids VALUES (?, ?)", (statement[:16], size))
                rows.execute("INSERT INTO links VALUES (?, ?, ?)", (f"parcel:P{number}", size, size))
                rows.execute("INSERT INTO mentions VALUES ('party:miner-1', ?)", (size,))
                rows.execute("UPDATE head SET size = ?, hash = ?, recorded = ?", (size + 1, head.hash, size))
        yield


def bare_commits(folder: Path, acts: int) -> Iterator[None]:
    """What the disk itself takes: one small row a transaction."""
    connection = sqlite3.connect(folder / f"commits-{uuid.uuid4().hex}.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE rows (number INTEGER)")
    yield
    while True:
        for number in range(acts):
            connection.execute("INSERT INTO rows VALUES (?)", (number,))
        yield


def single_acts(folder: Path, acts: int) -> list[Row]:
    """One durable act a call, against the library's own save of one plain event and against a bare pipeline;
    all SQLite, WAL, FULL."""
    rounds = [make(folder, acts) for make in (durable_acts, bare_acts, plain_saves, bare_commits)]
    for one in rounds:
        next(one)
    mine, bare, theirs, commits = in_turn([partial(next, one) for one in rounds], 5)
    what = f"one durable act (rules, signature made and checked, links), {acts} calls"
    against = f"Application.save, one plain event: {acts / theirs:,.0f}/s"
    limit = f"signed, checked, the same rows, nothing decided: {acts / bare:,.0f}/s"
    return [
        Row(what, f"{acts / mine:,.0f}/s", against, theirs / mine, 0.85),
        Row("the same against a bare pipeline", f"{acts / mine:,.0f}/s", limit, bare / mine),
        Row("that bare pipeline against the plain save", f"{acts / bare:,.0f}/s", against, theirs / bare),
        Row("a commit of one small row, which the disk alone takes", f"{commits / acts * 1_000:.2f} ms", ""),
    ]


def grouped(folder: Path, acts: int, clients: int = 8) -> list[Row]:
    """Threads that share commits, each act with its receipt's proof, against single saves of a plain
    event."""
    world = World(folder / "grouped.db", guard=folder / "grouped.guard")
    key = signing_key("miner-1")
    lines = tuple(e.Goods(f"P{number}", 12_500) for number in range(acts))
    world.ledger.record(e.Mined(by="miner-1", site="kalahari-1", lines=lines), key)
    plain = plain_saves(folder, acts)
    next(plain)
    late: list[float] = []
    with GroupCommit(world.ledger) as desk, ThreadPoolExecutor(clients) as pool:

        def weigh(number: int) -> None:
            started = time.perf_counter()
            event = e.Weighed(by="miner-1", parcel=f"P{number}", weight=12_500)
            desk.record(event, key).proof().encode()
            late.append(time.perf_counter() - started)

        def ours() -> None:
            list(pool.map(weigh, range(acts)))

        mine, theirs = in_turn([ours, lambda: next(plain)], 5)
        share = len(late) / desk.transactions
    what = f"{clients} clients in group commit, receipts and proofs included ({share:.1f} acts a transaction)"
    return [
        Row(
            what,
            f"{acts / mine:,.0f}/s, p99 {quantile(late, 0.99) * 1_000:.1f} ms",
            f"Application.save, one plain event, alone: {acts / theirs:,.0f}/s",
            theirs / mine,
            2.0,
        )
    ]


def on_disk(folder: Path, acts: int) -> list[Row]:
    """What the store takes for single acts, its views included, against the bytes of their entries."""
    place = folder / "disk"
    place.mkdir()
    rounds = durable_acts(place, 500)
    next(rounds)
    for _ in range(max(1, acts // 500)):
        next(rounds)
    rounds.close()
    (path,) = place.glob("ours-*.db")
    with Ledger.open(str(path), clock_confirmed=True) as ledger:
        entries = sum(len(data) for _, data in ledger.journal.entries())
        size = ledger.head().size
    taken = path.stat().st_size
    return [
        Row(
            f"bytes on disk per act, {size:,} acts",
            f"{taken / size:,.0f}",
            f"the entry's bytes: {entries / size:,.0f}",
            taken / entries,
            2.0,
            at_most=True,
        )
    ]


def sheets(folder: Path, stones: int) -> list[Row]:
    """Production sheets of 500 stones, each one signed act."""
    world = World(folder / "sheets.db")
    key = signing_key("miner-1")

    def register() -> None:
        for sheet in range(stones // 500):
            lines = tuple(e.Goods(f"K-{sheet:05d}-{line:03d}", 100 + line, 1) for line in range(500))
            world.ledger.record(e.Mined(by="miner-1", site="kalahari-1", lines=lines), key)

    (seconds,) = in_turn([register], 1)
    rate = stones / seconds
    what = f"{stones:,} stones in sheets of 500, each sheet durable"
    found = [Row(what, f"{rate:,.0f} stones/s", "goal 80,000 stones/s", rate / 80_000, 1.0)]
    if os.name != "posix":  # who cannot tell how much memory a process took says nothing of it
        return found
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024 if sys.platform != "darwin" else 1024**2
    )
    return [
        *found,
        Row(
            "memory at its highest meanwhile", f"{peak:,.0f} MB", "goal 300 MB", peak / 300, 1.0, at_most=True
        ),
    ]
