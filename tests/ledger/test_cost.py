"""What is asked about a parcel or an entry costs the same in a small ledger and in a large one.

Counted are the statements that the store is asked, and the steps of SQLite's own machine: each row that is
read, each one that is passed over, takes some.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from ledger.application import Ledger
from ledger.chain import merkle
from ledger.chain.entry import entry_hash
from ledger.domain import events as e
from ledger.projections.attestations import attestations
from ledger.projections.tracing import trace, track
from ledger.store.journal import Draft
from ledger.store.nodes import JournalTree
from ledger.store.sqlite import SqliteJournal
from tests.world import World, signing_key

SMALL, LARGE = 1_000, 20_000


class Cost(NamedTuple):
    """``statements`` that were asked, ``steps`` that SQLite took."""

    statements: int
    steps: int


def fill(world: World, entries: int) -> None:
    """Entries about other parcels of the same miner, put into the store as they are."""
    journal = world.ledger.journal
    first = journal.head().size
    for start in range(first, first + entries, 5_000):
        drafts = [
            Draft(
                b"\x80", b"", b"filler" + n.to_bytes(10, "big"), "parcel-weighed/1",
                (f"parcel:F{n}",), ("party:miner-1", "participant:BW"), (),
            )
            for n in range(start, min(start + 5_000, first + entries))
        ]  # fmt: skip
        journal.append(drafts, clock=world.clock, read={}, head=journal.head())
    world.ledger.state()  # what another one appended is looked through


def played(path: Path, entries: int) -> str:
    """A ledger of so many entries and a few; in their midst goods are mined, split, sold, valued and
    mixed."""
    world = World(path)
    fill(world, entries // 2)
    receipt = world.mine("P1", "12.500", "P2", "4.000")
    world.split("P1", {"P1a": "5.000", "P1b": "7.500"})
    world.do(e.Attested(by="dealer-7", index=receipt.index, hash=receipt.hash, origin=world.ledger.origin))
    world.sell("P1a", "P2", to="dealer-7", price=100_000)
    world.do(e.Valued(by="dealer-7", parcel="P1a", value=7))
    world.mix("X", "P1a", "P2")
    fill(world, entries // 2)
    world.close()
    return str(path)


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The same goods in a small ledger and in a large one."""
    folder = tmp_path_factory.mktemp("cost")
    return played(folder / "small.db", SMALL), played(folder / "large.db", LARGE)


def cost(path: str, work: Callable[[Ledger], object], *, write: bool = False) -> Cost:
    """What a work costs the store, first thing after opening."""
    statements: list[str] = []
    steps = [0]

    def step() -> int:
        steps[0] += 1
        return 0

    with Ledger.open(path, write=write, clock_confirmed=True) as ledger:
        assert isinstance(ledger.journal, SqliteJournal)
        connection = ledger.journal._connection._connection()
        connection.set_trace_callback(statements.append)
        connection.set_progress_handler(step, 1)
        work(ledger)
        connection.set_trace_callback(None)
        connection.set_progress_handler(None, 1)
    return Cost(len(statements), steps[0])


def traced(ledger: Ledger) -> None:
    """Back from the mix to both parcels of the sheet, and who agreed."""
    lineage = trace(ledger.records, "X")
    assert list(lineage.nodes) == ["X", "P1a", "P2", "P1"]
    assert len(attestations(ledger.records, lineage)) == 1


def tracked(ledger: Ledger) -> None:
    """Forward from a parcel of the sheet."""
    assert list(track(ledger.records, "P1").nodes) == ["P1", "P1a", "P1b", "X"]


def decided(ledger: Ledger) -> None:
    """What the rules ask about an act."""
    state = ledger.state()
    assert state.parcel("X") is not None
    assert state.party("dealer-7") is not None


@pytest.mark.parametrize("work", [traced, tracked, decided])
def test_goods_cost_the_same_in_a_larger_ledger(
    ledgers: tuple[str, str], work: Callable[[Ledger], object]
) -> None:
    """To the statement and to the step."""
    small, large = (cost(path, work) for path in ledgers)
    assert small == large
    assert 0 < small.statements < small.steps < 5_000


def recorded(ledger: Ledger) -> None:
    """An act, from its rules to its place in the file."""
    ledger.record(e.Valued(by="dealer-7", parcel="X", value=9), signing_key("dealer-7"))


def test_an_act_costs_the_same_in_a_larger_ledger(ledgers: tuple[str, str], tmp_path: Path) -> None:
    """But for the hashes of the tree that it completes: one for each doubling of the ledger at most."""
    copies = [shutil.copyfile(path, tmp_path / Path(path).name) for path in ledgers]
    small, large = (cost(str(path), recorded, write=True) for path in copies)
    assert 0 < small.statements < 40
    assert abs(large.statements - small.statements) <= 2
    assert abs(large.steps - small.steps) <= 100 < small.steps < 5_000


def test_a_trace_asks_one_question_a_generation_and_a_few(ledgers: tuple[str, str]) -> None:
    """Three generations, of one, two and one parcels; the types, the site, and the attestations of them
    all.
    """
    assert cost(ledgers[1], lambda ledger: trace(ledger.records, "X")).statements <= 3 + 1 + 4


@pytest.mark.parametrize("place", [0.0, 0.5, 0.999])
def test_a_proof_costs_a_dozen_questions_whatever_the_size(ledgers: tuple[str, str], place: float) -> None:
    """Twenty times the entries are one kept level more, with at most sixteen hashes to read in each block."""
    small, large = (proving(path, place) for path in ledgers)
    assert 0 < small.statements <= 16
    assert 0 < large.statements <= 16
    assert abs(large.statements - small.statements) <= 6
    assert large.steps <= small.steps + 300 <= 900


def proving(path: str, place: float) -> Cost:
    """What the path of an entry to the root costs, which is checked too."""
    proofs: list[list[bytes]] = []
    with Ledger.open(path, write=False) as ledger:
        size = ledger.head().size
        index, root = int(size * place), JournalTree(ledger.journal).root(size)
        leaf = entry_hash(ledger.journal.entry(index))
    found = cost(
        path, lambda one: proofs.append(merkle.inclusion(index, size, JournalTree(one.journal).node))
    )
    merkle.check_inclusion(leaf, index, size, proofs[0], root)
    return found


def test_the_count_sees_what_grows(ledgers: tuple[str, str]) -> None:
    """Reading what names the miner costs more where it is named more often."""
    small, large = (
        cost(path, lambda ledger: ledger.journal.touched_entries("party:miner-1")) for path in ledgers
    )
    assert small.statements == large.statements == 1
    assert large.steps > 10 * small.steps
