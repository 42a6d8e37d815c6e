"""Several processes on one ledger, and one that is killed: nothing is lost, doubled, or half written."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from ledger.domain import events as e
from tests import writers
from tests.world import SITE, World, goods, signing_key

WRITERS = 3
FULL = os.environ.get("ADAMAS_SLOW") == "full"


@pytest.fixture
def url(store_url: str) -> str:
    """A ledger in each store, closed."""
    World(store_url).close()
    return store_url


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """Processes that start from nothing, as they do on every system."""
    with ProcessPoolExecutor(WRITERS, multiprocessing.get_context("spawn")) as pool:
        yield pool


def together(
    pool: ProcessPoolExecutor, work: Callable[..., Any], url: str, given: Sequence[Any]
) -> list[Any]:
    """Let every writer do its work at once; what each answers."""
    waiting = [pool.submit(work, url, *each) for each in given]
    return [one.result(timeout=120) for one in waiting]


def test_writers_of_different_parcels_do_not_meet(pool: ProcessPoolExecutor, url: str) -> None:
    """Everything is recorded, nobody is refused, and nobody waits out the others."""
    count = 200 if FULL else 40
    took = together(pool, writers.mine_many, url, [(f"W{number}", count) for number in range(WRITERS)])
    with writers.opened(url) as ledger:
        assert writers.faults(ledger) == []
        for number in range(WRITERS):
            assert all(ledger.state().parcel(f"W{number}-{place}") for place in range(count))
    assert max(max(seconds) for seconds in took) < 10


def test_a_parcel_is_spent_once(pool: ProcessPoolExecutor, url: str) -> None:
    """All split the same parcels; for each, exactly one was first, and the others were refused."""
    parcels = [f"P{number}" for number in range(100 if FULL else 25)]
    lines = tuple(goods(parcel, "1.000") for parcel in parcels)
    with writers.opened(url) as ledger:
        ledger.record(e.Mined(by="miner-1", site=SITE, lines=lines), signing_key("miner-1"))
    done = together(pool, writers.split_all, url, [(f"W{number}", parcels) for number in range(WRITERS)])
    assert sorted(parcel for each in done for parcel in each) == sorted(parcels)
    with writers.opened(url) as ledger:
        assert writers.faults(ledger) == []
        for parcel in parcels:
            found = ledger.state().parcel(parcel)
            assert found is not None
            assert len(found.outputs) == 1


def test_the_same_statements_from_all_are_recorded_once(pool: ProcessPoolExecutor, url: str) -> None:
    """Whoever is first; all have the same receipts."""
    with writers.opened(url) as ledger:
        size = ledger.head().size
        statements = [
            ledger.sign(
                e.Mined(by="miner-1", site=SITE, lines=(goods(f"P{number}", "1.000"),)),
                signing_key("miner-1"),
            )
            for number in range(15)
        ]
    receipts = together(pool, writers.append_same, url, [(statements,)] * WRITERS)
    assert all(each == receipts[0] for each in receipts)
    with writers.opened(url) as ledger:
        assert ledger.head().size == size + len(statements)
        assert writers.faults(ledger) == []


def test_a_killed_writer_leaves_whole_batches(url: str) -> None:
    """Killed without warning at some moment of its work, again and again; the next one goes on."""
    context = multiprocessing.get_context("spawn")
    for number in range(40 if FULL else 4):
        with writers.opened(url) as ledger:
            size = ledger.head().size
        process = context.Process(target=writers.write_until_killed, args=(url, f"K{number}"))
        process.start()
        deadline = time.monotonic() + 60
        with writers.opened(url) as ledger:
            while ledger.head().size < size + 6 and time.monotonic() < deadline:
                time.sleep(0.005)
        time.sleep(0.003 * number)
        process.kill()
        process.join()
        process.close()
        with writers.opened(url) as ledger:
            grown = ledger.head().size - size
            assert grown >= 6
            assert grown % 3 == 0
            assert writers.faults(ledger) == []
