"""PostgreSQL and many writers: one act and sheets on a server, eight writer processes on both stores.

The server is a real one (`tests.postgres_server`) on this machine with ``fsync`` on: each act counted is on
its disk. Peers are the library's own saves of one plain event from as many processes, on the same server.
"""

from __future__ import annotations

import multiprocessing
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.measuring import Row, in_turn, quantile
from benchmarks.recording import Stone
from eventsourcing.application import Application

from ledger.admission import Act
from ledger.application import Ledger
from ledger.domain import events as e
from tests.postgres_server import SETTINGS, PostgresServer
from tests.world import SITE, World, signing_key

WRITERS = 8
_ROUNDS = 3
DURABLE = tuple(one for one in SETTINGS if not one.startswith("fsync"))
_Timed = list[float]
_barriers: list[Any] = []
"""In a writer's process: where it waits until all have begun."""


def _plain_environment(server: str, schema: str) -> dict[str, str]:
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres", "POSTGRES_DBNAME": "postgres",
        "POSTGRES_HOST": server, "POSTGRES_PORT": "5432", "POSTGRES_USER": "postgres",
        "POSTGRES_PASSWORD": "none", "POSTGRES_SCHEMA": schema,
    }  # fmt: skip


def _plain(server: str, schema: str, create: str = "y") -> tuple[Application[Any], Stone]:
    application = Application[uuid.UUID]({**_plain_environment(server, schema), "CREATE_TABLE": create})
    stone = Stone()
    application.save(stone)
    return application, stone


def _save_until(server: str, schema: str, seconds: float) -> _Timed:
    """Seconds of each save of one plain event, in a process of its own."""
    application, stone = _plain(server, schema, "n")  # its start-up DDL fails where several start together

    def save(number: int) -> None:
        stone.weigh("P1", 12_500 + number % 2)
        application.save(stone)

    took = _repeated(save, seconds)
    application.close()
    return took


def _weigh_until(url: str, writer: int, seconds: float) -> _Timed:
    """Seconds of each weighing of this writer's parcels, in a process of its own."""
    key = signing_key("miner-1")
    with Ledger.open(url, clock_confirmed=True) as ledger:

        def weigh(number: int) -> None:
            ledger.record(e.Weighed(by="miner-1", parcel=f"W{writer}-{number % 200}", weight=12_500), key)

        return _repeated(weigh, seconds)


def _repeated(work: Callable[[int], None], seconds: float) -> _Timed:
    work(0)
    _barriers[0].wait(60)
    took: _Timed = []
    number, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.perf_counter()
        work(number := number + 1)
        took.append(time.perf_counter() - started)
    return took


def _begin_at(barrier: Any) -> None:
    _barriers.append(barrier)


def _together(work: Callable[..., _Timed], given: Sequence[tuple[Any, ...]], seconds: float) -> list[_Timed]:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(given))
    with context.Pool(len(given), _begin_at, (barrier,)) as pool:
        waiting = [pool.apply_async(work, (*each, seconds)) for each in given]
        return [one.get(timeout=120) for one in waiting]


def _ready(url: str) -> str:
    """A ledger with parcels for all writers."""
    world = World(url)
    lines = [e.Goods(f"W{writer}-{n}", 12_500) for writer in range(WRITERS) for n in range(200)]
    sheets = [
        Act(e.Mined(by="miner-1", site=SITE, lines=tuple(lines[start : start + 400])), signing_key("miner-1"))
        for start in range(0, len(lines), 400)
    ]
    world.ledger.record_batch(sheets)
    world.close()
    return url


def _acts(server: PostgresServer, acts: int) -> list[Row]:
    """One durable act a call, in this process."""

    def ours() -> Iterator[None]:
        with Ledger.open(_ready(server.url()), clock_confirmed=True) as ledger:
            key = signing_key("miner-1")
            yield
            while True:
                for number in range(acts):
                    parcel = f"W{number % WRITERS}-{number % 200}"
                    ledger.record(e.Weighed(by="miner-1", parcel=parcel, weight=12_500), key)
                yield

    def plain() -> Iterator[None]:
        application, stone = _plain(str(server.folder), "public")
        yield
        while True:
            for number in range(acts):
                stone.weigh("P1", 12_500 + number % 2)
                application.save(stone)
            yield

    mine, theirs = ours(), plain()
    next(mine), next(theirs)
    ours_took, plain_took = in_turn([lambda: next(mine), lambda: next(theirs)], 5)
    return [
        Row(
            "PostgreSQL: one durable act, one writer",
            f"{acts / ours_took:,.0f}/s",
            f"Application.save on it: {acts / plain_took:,.0f}/s",
            plain_took / ours_took,
            0.85,
        )
    ]


def _fastest(rounds: Sequence[list[_Timed]]) -> list[_Timed]:
    return max(rounds, key=lambda one: sum(map(len, one)))


def _many(
    name: str, url: str, seconds: float, beside: Callable[[], list[_Timed]] | None = None
) -> tuple[list[Row], float, float]:
    """One writer process and eight on one store; the rate of eight, and of who writes ``beside`` in the same
    rounds, in turn. Of all the fastest round counts, for they meet other work on the machine."""
    alone, eight, others = [], [], []
    for _ in range(_ROUNDS):
        alone.append(_together(_weigh_until, [(url, 0)], seconds))
        eight.append(_together(_weigh_until, [(url, writer) for writer in range(WRITERS)], seconds))
        if beside is not None:
            others.append(beside())
    best = _fastest(eight)
    one, all_of_them = len(_fastest(alone)[0]) / seconds, sum(map(len, best)) / seconds
    theirs = sum(map(len, _fastest(others))) / seconds if others else 0.0
    fewest, most = min(map(len, best)), max(map(len, best))
    late = quantile([second for each in best for second in each], 0.99) * 1000
    rows = [
        Row(
            f"{name}: {WRITERS} writer processes against one",
            f"{all_of_them:,.0f}/s",
            f"one: {one:,.0f}/s",
            all_of_them / one,
            0.8,
        ),
        Row(
            f"{name}: an act with {WRITERS} writers, p99",
            f"{late:.1f} ms",
            "goal 50 ms",
            late / 50,
            1.0,
            at_most=True,
        ),
        Row(
            f"{name}: who got least of {WRITERS}, against who got most", f"{fewest}", f"{most}", fewest / most
        ),
    ]
    return rows, all_of_them, theirs


def _sheets(server: PostgresServer, stones: int) -> list[Row]:
    """The fastest of five rounds, together so many stones."""
    world = World(server.url())
    key = signing_key("miner-1")
    sheets = iter(range(stones // 500))

    def register() -> None:
        for sheet in islice(sheets, stones // 500 // 5):
            lines = tuple(e.Goods(f"K-{sheet:05d}-{line:03d}", 100 + line, 1) for line in range(500))
            world.ledger.record(e.Mined(by="miner-1", site=SITE, lines=lines), key)

    seconds = 5 * in_turn([register], 5)[0]
    world.close()
    what = f"PostgreSQL: {stones:,} stones in sheets of 500, each durable"
    return [
        Row(what, f"{stones / seconds:,.0f} stones/s", "goal 60,000 stones/s", stones / seconds / 60_000, 1.0)
    ]


def many_writers(folder: Path, stones: int, acts: int = 400, seconds: float = 2.0) -> list[Row]:
    """All rows about PostgreSQL and about several writers."""
    server = PostgresServer.start(DURABLE)
    try:
        rows = [*_acts(server, acts), *_sheets(server, stones)]
        plain = partial(_together, _save_until, [(str(server.folder), "public")] * WRITERS, seconds)
        more, rate, theirs = _many("PostgreSQL", _ready(server.url()), seconds, plain)
        rows.append(
            Row(
                f"PostgreSQL: durable acts, {WRITERS} writer processes",
                f"{rate:,.0f}/s",
                f"Application.save from as many: {theirs:,.0f}/s",
                rate / theirs,
                1.0,
            )
        )
        return rows + more + _many("SQLite", _ready(str(folder / "many.db")), seconds)[0]
    finally:
        server.stop()
