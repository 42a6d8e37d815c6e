"""Group commit: what is wrong with one act is its author's alone, and what is durable is shared."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event as Signal
from threading import Timer, get_ident

import pytest

from ledger.admission import Act
from ledger.application import Ledger, Receipt
from ledger.chain import bundle_check
from ledger.chain.bundle_check import Reader
from ledger.chain.note import VerifierKey
from ledger.chain.trust import Log, Trust
from ledger.domain import events as e
from ledger.errors import Conflict, Malformed, Refused, StoreTrouble
from ledger.group_commit import GroupCommit
from tests import writers
from tests.refusing import refusing
from tests.world import LEDGER_KEY, SITE, START, Clock, World, signing_key

KEY = signing_key("miner-1")
READER = Reader(Trust((Log(VerifierKey.parse(LEDGER_KEY)),)))


def weighed(parcel: str, weight: int = 12_499) -> e.Weighed:
    """A weighing by the miner."""
    return e.Weighed(by="miner-1", parcel=parcel, weight=weight)


def parcels(world: World, count: int) -> list[str]:
    """So many parcels of 12.500 ct, mined in one act."""
    names = [f"P{number}" for number in range(count)]
    world.mine(*(text for name in names for text in (name, "12.500")))
    return names


class Gate(Clock):
    """A clock that, once shut, stands still for whoever asks until it is opened."""

    def __init__(self) -> None:
        super().__init__(START + 10**9)
        self.asked, self.open = Signal(), Signal()
        self.open.set()

    def __call__(self) -> int:
        """The time; whoever asks first waits at the gate."""
        self.asked.set()
        assert self.open.wait(60)
        return super().__call__()


def test_each_is_recorded_or_refused_for_itself(ledger_url: str) -> None:
    """Refusals, damaged statements and repetitions in the middle keep nobody else from being recorded."""
    world = World(ledger_url)
    parcels(world, 3)
    good = world.ledger.sign(weighed("P1"), KEY)
    damaged = replace(good, signature=bytes(64))
    answers = world.ledger.record_each(
        [
            Act(weighed("P0"), KEY),
            Act(weighed("P9"), KEY),
            damaged,
            good,
            good,
            Act(e.Sold(by="miner-1", parcels=("P2",), to="dealer-7"), KEY),
            Act(weighed("P2"), KEY),
        ]
    )
    first, unknown, broken, second, again, sold, late = answers
    assert isinstance(unknown, Refused)
    assert unknown.code == "parcel-unknown"
    assert isinstance(broken, Malformed)
    assert broken.code == "signature-wrong"
    assert isinstance(late, Refused)  # behind the sale that stands before it in the same transaction
    assert again == second
    receipts = [one for one in (first, second, sold) if isinstance(one, Receipt)]
    assert [one.index for one in receipts] == [receipts[0].index + step for step in range(3)]
    assert world.ledger.head().size == receipts[-1].index + 1
    assert world.ledger.record_each([good]) == [second]
    assert writers.faults(world.ledger) == []


def test_a_refusal_on_what_is_no_longer_so_is_decided_again(ledger_url: str) -> None:
    """Another process sold the parcel to the dealer: what this one remembers refuses, what is there does
    not."""
    world = World(ledger_url)
    parcels(world, 2)
    with Ledger.open(world.ledger.journal.url, clock=world.clock) as other:
        other.record(weighed("P0"), KEY)  # it remembers both parcels in the miner's hands
        other.preview(weighed("P1"), KEY)
        world.sell("P1", to="dealer-7")
        by_dealer = e.Weighed(by="dealer-7", parcel="P1", weight=12_400)
        mine, his = other.record_each(
            [Act(weighed("P0", 12_498), KEY), Act(by_dealer, world.keys["dealer-7"])]
        )
        assert isinstance(mine, Receipt)
        assert isinstance(his, Receipt)
        world.sell("P0", to="dealer-7")
        refused, recorded = other.record_each(
            [
                Act(weighed("P0", 12_400), KEY),
                Act(e.Mined(by="miner-1", site=SITE, lines=(e.Goods("N", 5),)), KEY),
            ]
        )
        assert isinstance(refused, Refused)
        assert refused.code == "holder-only"
        assert isinstance(recorded, Receipt)
        assert writers.faults(other) == []


def test_who_waits_shares_a_transaction(ledger_url: str, tmp_path: Path) -> None:
    """Eight threads, the first of which is held up: two transactions, and every receipt proves."""
    world = World(ledger_url, guard=tmp_path / "ledger.pem.guard")
    names = parcels(world, 8)
    world.ledger.close()
    gate = Gate()
    ledger = Ledger.open(ledger_url, clock=gate, keeper=world.kept)
    gate.asked.clear()
    gate.open.clear()
    with GroupCommit(ledger) as desk, ThreadPoolExecutor(8) as clients:
        waiting = [clients.submit(desk.record, weighed(names[0]), KEY)]
        assert gate.asked.wait(60)
        waiting += [clients.submit(desk.record, weighed(name), KEY) for name in names[1:]]
        time.sleep(0.5)  # they have nothing to do but to stand in the queue
        gate.open.set()
        receipts = [one.result(60) for one in waiting]
        assert desk.transactions == 2
        indexes = [one.index for one in receipts]
        assert sorted(indexes) == list(range(indexes[0], indexes[0] + 8))
        for receipt in receipts:
            report = bundle_check.verify(receipt.proof().encode(), READER)
            assert report.holds
            assert report.entry is not None
            assert report.entry.index == receipt.index
        assert writers.faults(ledger) == []


@pytest.mark.usefixtures("interruptible")
@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="one thread cannot be interrupted here")
def test_who_is_interrupted_in_the_queue_leaves_it_to_the_others(ledger_url: str) -> None:
    """Also when it would have been the next to write: nobody waits for ever, and its act is not recorded."""
    world = World(ledger_url)
    names = parcels(world, 4)
    size = world.ledger.head().size
    world.ledger.close()
    gate = Gate()
    ledger = Ledger.open(ledger_url, clock=gate)
    gate.asked.clear()
    gate.open.clear()
    with GroupCommit(ledger) as desk, ThreadPoolExecutor(4) as clients:
        waiting = [clients.submit(desk.record, weighed(names[0]), KEY)]
        assert gate.asked.wait(60)
        interruption = Timer(0.3, signal.pthread_kill, [get_ident(), signal.SIGINT])
        interruption.start()
        with pytest.raises(KeyboardInterrupt):
            desk.record(weighed(names[1]), KEY)  # the second in line: the next to write
        waiting += [clients.submit(desk.record, weighed(name), KEY) for name in names[2:]]
        gate.open.set()
        indexes = sorted(one.result(60).index for one in waiting)
        assert indexes == [size, size + 1, size + 2]
        assert desk.record(weighed(names[3]), KEY).index == size + 3
        assert writers.faults(ledger) == []


def test_of_two_that_spend_one_parcel_one_is_refused(ledger_url: str) -> None:
    """Threads that want the same goods; more than one transaction takes stand in line."""
    world = World(ledger_url)
    names = parcels(world, 40)
    with GroupCommit(world.ledger, most=5) as desk, ThreadPoolExecutor(8) as clients:

        def split(name: str, who: int) -> str:
            try:
                desk.record(
                    e.Split(by="miner-1", parcel=name, outputs=(e.Goods(f"{name}-{who}", 12_500),)), KEY
                )
            except Refused as refused:
                return refused.code
            return "recorded"

        asked = [(name, who) for name in names for who in range(3)]
        told = list(clients.map(lambda one: split(*one), asked))
        assert told.count("recorded") == len(names)
        assert told.count("parcel-consumed") == 2 * len(names)
        for place in range(0, len(told), 3):
            assert told[place : place + 3].count("recorded") == 1
        assert desk.transactions >= len(asked) / 5
        assert writers.faults(world.ledger) == []


def test_statements_come_to_the_same_desk(ledger_url: str) -> None:
    """A signed statement has its first receipt when it comes again; other bytes under its id do not."""
    world = World(ledger_url)
    parcels(world, 1)
    with GroupCommit(world.ledger) as desk:
        statement = world.ledger.sign(weighed("P0"), KEY, id=bytes(16))
        first = desk.append(statement)
        assert desk.append(statement) == first
        with refusing(Conflict, "statement-id-taken"):
            desk.append(world.ledger.sign(weighed("P0", 1_000), KEY, id=bytes(16)))


def test_what_fails_for_all_is_told_to_all(ledger_url: str) -> None:
    """A ledger that is open for reading takes nothing from anybody, and nobody waits for ever."""
    world = World(ledger_url)
    names = parcels(world, 3)
    with GroupCommit(world.reopen(write=False)) as desk, ThreadPoolExecutor(3) as clients:
        for one in [clients.submit(desk.record, weighed(name), KEY) for name in names]:
            with pytest.raises(StoreTrouble, match="reading"):
                one.result(60)
