"""How fast acts are recorded: one durable act, and production sheets of 500 stones."""

from __future__ import annotations

import resource
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Row, in_turn
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from ledger.application import Ledger
from ledger.domain import events as e
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


def _ours(folder: Path, acts: int) -> Iterator[None]:
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


def single_acts(folder: Path, acts: int) -> list[Row]:
    """One durable act a call, against the library's own save of one plain event; both SQLite, WAL, FULL."""
    ours, plain = _ours(folder, acts), plain_saves(folder, acts)
    next(ours), next(plain)
    mine, theirs = in_turn([lambda: next(ours), lambda: next(plain)], 5)
    what = f"one durable act (rules, signature made and checked, links), {acts} calls"
    against = f"Application.save, one plain event: {acts / theirs:,.0f}/s"
    return [Row(what, f"{acts / mine:,.0f}/s", against, theirs / mine, 0.7)]


def sheets(folder: Path, stones: int) -> list[Row]:
    """Production sheets of 500 stones, each one signed act."""
    world = World(folder / "sheets.db")
    key = signing_key("miner-1")

    def register() -> None:
        for sheet in range(stones // 500):
            lines = tuple(e.Goods(f"K-{sheet:05d}-{line:03d}", 100 + line, 1) for line in range(500))
            world.ledger.record(e.Mined(by="miner-1", site="kalahari-1", lines=lines), key)

    (seconds,) = in_turn([register], 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024 if sys.platform != "darwin" else 1024**2
    )
    rate = stones / seconds
    what = f"{stones:,} stones in sheets of 500, each sheet durable"
    return [
        Row(what, f"{rate:,.0f} stones/s", "goal 50,000 stones/s", rate / 50_000, 1.0),
        Row(
            "memory at its highest meanwhile", f"{peak:,.0f} MB", "goal 300 MB", peak / 300, 1.0, at_most=True
        ),
    ]
