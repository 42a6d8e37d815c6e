"""Balances: opening + in - out - loss = closing, and closing is what the fold says is there."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain import events as e
from ledger.domain.parcels import HELD, Parcel
from ledger.domain.state import fold
from ledger.domain.vocabulary import parse_carats
from ledger.projections.balances import (
    COUNTRY,
    LEDGER,
    PARCEL,
    PARTY,
    SITE,
    Account,
    Amount,
    Balance,
    balance,
    movements_of,
    part_of,
)
from ledger.projections.following import reading
from ledger.projections.movements import MOVEMENTS, place
from ledger.store.rows import Rows, Where
from tests.extent import extent
from tests.random_acts import Play
from tests.world import AUTHORITY, World
from tests.world import SITE as MINE

Stock = dict[tuple[str, str, bool], Amount]


def stock_of(world: World, size: int | None = None) -> Stock:
    """What the fold says is in every account: known weights, and parcels whose weight is unknown."""
    found: Stock = defaultdict(Amount)
    for parcel in fold(world.ledger.records.between(0, size)).subjects().values():
        if not isinstance(parcel, Parcel) or parcel.condition != HELD:
            continue
        where = place(parcel, "BW")
        assert where is not None
        amount = Amount(parcel.weight or 0, int(parcel.weight is None))
        accounts = [(PARCEL, parcel.id), (LEDGER, "")]
        accounts += [
            (kind, name)
            for kind, name in ((PARTY, where.party), (SITE, where.site), (COUNTRY, where.country))
            if name is not None
        ]
        for kind, name in accounts:
            found[kind, name, parcel.documented] += amount
    return found


def accounts_of(rows: Rows) -> set[tuple[str, str, bool]]:
    """Every account that was ever moved in."""
    found = {(LEDGER, "", False), (LEDGER, "", True)}
    for row in rows.select(MOVEMENTS):
        named = MOVEMENTS.labelled(row)
        documented = bool(named["documented"])
        found.add((PARCEL, named["parcel"], documented))
        for kind in (PARTY, SITE, COUNTRY):
            found.update(
                (kind, named[side + kind], documented) for side in ("from_", "to_") if named[side + kind]
            )
    return found


def same(amount: Amount) -> tuple[int, int]:
    """What counts of a stock."""
    return amount.weight, amount.unknown


@pytest.mark.slow
@settings(max_examples=extent(12, 500), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 2**80 - 1), min_size=60, max_size=120), st.data())
def test_closing_is_what_is_there(history: list[int], data: st.DataObject) -> None:
    """In every account, from any entry to any entry; and every line opens to its movements."""
    world = World()
    play = Play(world)
    for number in history:
        play.take(number)
    size = world.ledger.head().size
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    with reading(world.ledger.journal, world.ledger.records) as rows:
        before, after = stock_of(world, start), stock_of(world, stop)
        for kind, name, documented in sorted(accounts_of(rows) | set(before) | set(after)):
            account = Account(kind, name, documented)
            found = balance(rows, account, start, stop)
            key = (kind, name, documented)
            assert same(found.opening) == same(before.get(key, Amount())), key
            assert same(found.closing) == same(after.get(key, Amount())), key
            check_lines(rows, account, found, start, stop)
    world.close()


def check_lines(rows: Rows, account: Account, found: Balance, start: int, stop: int) -> None:
    """Each line is the sum of the movements that it opens to."""
    for line in found.lines:
        moved = [MOVEMENTS.labelled(row) for row in movements_of(rows, account, line, start, stop)]
        assert len(moved) == line.amount.movements > 0
        assert sum(row["weight"] for row in moved) == line.amount.weight
        assert sum(row["unknown"] for row in moved) == line.amount.unknown
        assert all(start <= row["entry"] < stop for row in moved)


def test_the_check_of_the_stock_can_fail(world: World) -> None:
    """A movement that is not booked is missed by the comparison above."""
    play, chance = Play(world), random.Random(5)
    for _ in range(60):
        play.take(chance.getrandbits(80))
    with reading(world.ledger.journal, world.ledger.records) as rows:
        whole = balance(rows, Account(LEDGER))
        last = max(
            row[0] for row in rows.select(MOVEMENTS, [Where("way", "is", 1), Where("documented", "is", 0)])
        )
        assert same(balance(rows, Account(LEDGER), 0, last).closing) != same(whole.closing)
    world.close()


def read(world: World, kind: str, name: str = "", start: int = 0, **more: Any) -> Balance:
    """The balance of an account from an entry on."""
    with reading(world.ledger.journal, world.ledger.records) as rows:
        return balance(rows, Account(kind, name, **more), start)


def told(found: Balance) -> dict[str, int]:
    """The lines by kind, what went out as a negative weight."""
    return {line.kind: line.way * line.amount.weight for line in found.lines}


def test_a_dealers_year(world: World) -> None:
    """Bought, divided with a loss, sold on, seized: the parts stand in the lines where they belong."""
    world.mine("P1", "10.000", "P2", "2.000")
    world.sell("P1", "P2", to="dealer-7")
    start = world.split("P1", {"P1a": "4.000", "P1b": "5.900"}, loss="0.100").index
    world.sell("P1a", to="dealer-8")
    world.do(e.Seized(by=AUTHORITY, lines=(e.Goods("P2", parse_carats("2.000")),)))
    found = read(world, PARTY, "dealer-7", start)
    assert same(found.opening) == (12_000, 0)
    assert told(found) == {"made": 9_900, "consumed": -9_900, "loss": -100, "sold": -4_000, "seized": -2_000}
    assert (found.received.weight, found.delivered.weight, found.lost.weight) == (0, 6_000, 100)
    assert same(found.closing) == (5_900, 0)
    assert {line.kind: part_of(line) for line in found.lines} == {
        "made": "worked", "consumed": "worked", "loss": "loss", "sold": "out", "seized": "out",
    }  # fmt: skip


def test_what_moves_inside_an_account_does_not_count(world: World) -> None:
    """A sale between two dealers changes neither their country nor the ledger."""
    world.mine("P1", "10.000")
    start = world.sell("P1", to="dealer-7").index
    for kind, name in ((COUNTRY, "BW"), (LEDGER, ""), (PARCEL, "P1")):
        found = read(world, kind, name, start)
        assert found.lines == ()
        assert same(found.closing) == (10_000, 0)
    assert told(read(world, PARTY, "miner-1", start)) == {"sold": -10_000}


def test_a_mine_holds_what_was_dug_there_and_not_yet_delivered(world: World) -> None:
    """The production account of a site."""
    world.mine("P1", "10.000", "P2", "2.000")
    world.sell("P1", to="dealer-7")
    found = read(world, SITE, MINE)
    assert told(found) == {"mined": 12_000, "sold": -10_000}
    assert same(found.closing) == (2_000, 0)


def test_goods_leave_the_country_under_their_certificate(world: World) -> None:
    """Exported goods are nobody's stock here."""
    world.mine("P1", "10.000")
    world.export(world.certify("0000107", "P1"))
    found = read(world, COUNTRY, "BW")
    assert told(found) == {"mined": 10_000, "exported": -10_000}
    assert same(found.closing) == (0, 0)


def test_a_parcel_whose_weight_is_unknown_is_counted_beside(world: World) -> None:
    """Nothing is guessed: the parcel moves, and its weight comes in when it is found."""
    world.tell(e.Mined(by=None, lines=(e.Goods("T1", None),), country="ZA"), occurred="1905")
    start = world.tell(e.Sold(by=None, parcels=("T1",), to="dealer-7"), occurred="1907").index
    world.tell(e.Weighed(by=None, parcel="T1", weight=3_106_750), occurred="1908")
    found = read(world, PARTY, "dealer-7", start, documented=True)
    assert [(line.kind, line.way, line.amount) for line in found.lines] == [
        ("found", 1, Amount(3_106_750, -1, 1, 0)),
        ("sold", 1, Amount(0, 1, 1, 1)),
    ]
    assert found.unweighed == 1
    assert same(found.closing) == (3_106_750, 0)
    assert read(world, PARTY, "dealer-7", start).lines == ()


def test_pieces_that_weigh_more_than_the_stone_are_a_gain(world: World) -> None:
    """As sources tell of the Lesedi La Rona: 1,111 ct, and pieces of 1,482.72 ct together."""
    world.tell(e.Mined(by="miner-1", lines=(e.Goods("L", 1_111_000),)), occurred="2015-11")
    outputs = (e.Goods("L1", 1_109_000), e.Goods("L2", 373_720))
    world.tell(e.Split(by="miner-1", parcel="L", outputs=outputs), occurred="2015-11")
    found = read(world, PARTY, "miner-1", documented=True)
    assert told(found) == {"mined": 1_111_000, "made": 1_482_720, "consumed": -1_482_720, "gain": 371_720}
    assert same(found.closing) == (1_482_720, 0)


def test_weight_that_nobody_declared_lost_is_unexplained(world: World) -> None:
    """A cut that is told completely loses by cutting, one that is not leaves a rest that nobody names."""
    world.mine("P1", "10.000", "P2", "10.000")
    world.sell("P1", "P2", to="cutter-2")
    for parcel, complete in (("P1", True), ("P2", False)):
        outputs = (e.Goods(parcel + "a", 4_000),)
        world.do(e.Polished(by="cutter-2", parcel=parcel, outputs=outputs, complete=complete))
    found = read(world, PARTY, "cutter-2")
    assert told(found) == {
        "sold": 20_000, "made": 8_000, "polished": -8_000, "cutting": -6_000, "unexplained": -6_000,
    }  # fmt: skip
    assert found.lost.weight == 12_000


def test_a_parcels_account_reads_its_own_entries_only(world: World) -> None:
    """Naming the entries changes nothing but how long it takes."""
    mined = world.mine("P1", "10.000")
    split = world.split("P1", {"P1a": "4.000", "P1b": "6.000"})
    wide = read(world, PARCEL, "P1")
    narrow = read(world, PARCEL, "P1", entries=(mined.index, split.index))
    assert told(wide) == told(narrow) == {"mined": 10_000, "consumed": -10_000}
    assert read(world, PARCEL, "P1", entries=(mined.index,)).closing.weight == 10_000
