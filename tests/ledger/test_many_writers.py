"""Several processes that all want the same goods, on both stores: the model of `tests.crowd` must hold."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

from tests import crowd

FULL = os.environ.get("ADAMAS_SLOW") == "full"
WRITERS = 8 if FULL else 3
ACTS = 400 if FULL else 40


def test_many_writers_neither_make_nor_lose_a_carat(store_url: str) -> None:
    """Random acts, some of them in batches; then verification, tables, receipts, and every carat."""
    crowd.begin(store_url)
    with ProcessPoolExecutor(WRITERS, multiprocessing.get_context("spawn")) as pool:
        waiting = [pool.submit(crowd.work, store_url, f"W{n}", n, ACTS) for n in range(WRITERS)]
        logs = [one.result(timeout=600) for one in waiting]
    assert crowd.faults(store_url, logs) == []
    for log in logs:
        assert len(log.acknowledged) > ACTS // 2, log.refused
        assert set(log.refused) <= {"parcel-consumed", "holder-only", "weight-conserved"}


def test_the_model_sees_what_is_lost(store_url: str) -> None:
    """The check is checked: an acknowledged act that is not there, and one carat too many, are told."""
    crowd.begin(store_url)
    log = crowd.work(store_url, "W", 1, 10)
    assert crowd.faults(store_url, [log]) == []
    index, _ = log.acknowledged[-1]
    assert crowd.faults(store_url, [log, crowd.Log([(index + 1, bytes(32))])]) == [
        f"acknowledged entry {index + 1} is not there"
    ]
    assert "two acts were acknowledged with one index" in crowd.faults(store_url, [log, log])
