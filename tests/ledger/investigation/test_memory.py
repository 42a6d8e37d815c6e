"""Questions about all certificates of a ledger: four times as many take no more memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path

import pytest

from ledger.application import Ledger
from ledger.domain import events as e
from ledger.edtf import parse
from ledger.investigation import deadlines, sampling
from ledger.investigation import shipments as shipments_module
from ledger.investigation.deadlines import overdue
from ledger.investigation.sampling import draw, population
from ledger.investigation.shipments import shipments
from ledger.projections.following import reading
from ledger.store import ordered, sqlite_reading, tables
from ledger.store.rows import Rows
from tests.peak import highest

sys.path.append(str(Path(__file__).parents[3] / "scripts"))

from benchmarks import crossing

FEW, MANY = 100, 400
PROFILE = e.ProfileAdopted(by="authority", profile="test/1", confirmation_days=60)
SENT = date.fromisoformat("2018-02-05").toordinal()
Ask = Callable[[Ledger, Rows], None]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Ledger, int]]]:
    """Two ledgers of exports that nobody confirmed yet, the second with four times as many."""
    found = []
    for count in (FEW, MANY):
        house = crossing._house(tmp_path_factory.mktemp("memory"), crossing.OUT)
        acts = chain.from_iterable(crossing._export(number) for number in range(count))
        crossing._pour(house, acts, 10 * count)
        house.ledger.records.catch_up()
        found.append((house.ledger, count))
    yield found
    for ledger, _ in found:
        ledger.close()


def late(ledger: Ledger, rows: Rows) -> None:
    """Nothing is, and each has to be looked at to know it."""
    assert list(overdue(rows, ledger.journal, ledger.records, PROFILE, SENT + 59)) == []


def drawn(ledger: Ledger, rows: Rows) -> None:
    """Ten of those of a year, whose first acts have to be looked at to know it."""
    assert len(draw("1", population(rows, ledger.journal, parse("2018")), 10)) == 10


def shipped(ledger: Ledger, _: Rows) -> None:
    """All of them, as a reconciliation takes them."""
    assert {one.value for one in shipments(ledger.journal, ledger.records, "XA")} != {None}


_PAGES = (
    (deadlines, "_PAGE", 10),
    (sampling, "_PAGE", 10),
    (shipments_module, "_PAGE", 10),
    (shipments_module, "MOST", 60),
    (shipments_module, "_MOST_ACTS", 150),
    (ordered, "_READ", 8),
    (tables, "_PAGE", 10),
    (sqlite_reading, "_PAGE_ROWS", 20),
    (sqlite_reading, "_STRIDE", 10),
)


@pytest.mark.parametrize("ask", [late, drawn, shipped])
def test_memory_does_not_grow_with_the_certificates(
    two: list[tuple[Ledger, int]], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages are made small, and then four times as many pages take as much as one time as many."""
    for module, name, size in _PAGES:
        monkeypatch.setattr(module, name, size)
    peaks = []
    for ledger, _ in two:
        with reading(ledger.journal, ledger.records) as rows:
            peaks.append(highest(partial(ask, ledger, rows)))
    assert peaks[1] < 1.5 * peaks[0]


def test_the_ledgers_have_them(two: list[tuple[Ledger, int]]) -> None:
    """And what is asked about them can be answered."""
    for ledger, count in two:
        with reading(ledger.journal, ledger.records) as rows:
            assert len(list(population(rows, ledger.journal))) == count
            every = list(overdue(rows, ledger.journal, ledger.records, PROFILE, SENT + 61))
        assert len(every) == len(shipments(ledger.journal, ledger.records, "XA")) == count
