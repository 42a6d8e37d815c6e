"""Movements: what comes out of one place goes into another, and nothing else does."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

from ledger.domain import events as e
from ledger.projections.following import reading
from ledger.projections.movements import MOVEMENTS
from tests.random_acts import Play
from tests.world import AUTHORITY, World


def rows_of(world: World) -> list[dict[str, Any]]:
    """All movements, named."""
    with reading(world.ledger.journal, world.ledger.records) as rows:
        return [MOVEMENTS.labelled(row) for row in rows.select(MOVEMENTS)]


def test_what_is_used_up_is_what_is_made(world: World) -> None:
    """In every act whose weights are known: losses and gains stand apart, and the rest is equal."""
    play, chance = Play(world), random.Random(13)
    for _ in range(500):
        play.take(chance.getrandbits(80))
    acts: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows_of(world):
        acts[row["entry"]].append(row)
    balanced = 0
    for rows in acts.values():
        used = [row for row in rows if row["kind"] in ("consumed", "polished")]
        made = [row for row in rows if row["kind"] == "made"]
        if used and made and not any(row["unknown"] for row in (*used, *made)):
            assert sum(row["weight"] for row in used) == sum(row["weight"] for row in made)
            balanced += 1
    assert balanced > 10
    world.close()


def test_a_movement_leaves_where_its_way_says(world: World) -> None:
    """Into the stock nothing is on the left, out of it nothing on the right; no weight is negative."""
    play, chance = Play(world), random.Random(12)
    for _ in range(300):
        play.take(chance.getrandbits(80))
    for row in rows_of(world):
        left = [row["from_" + name] for name in ("party", "site", "country", "hs")]
        right = [row["to_" + name] for name in ("party", "site", "country", "hs")]
        assert row["way"] < 1 or left == [None] * 4
        assert row["way"] > -1 or right == [None] * 4
        assert row["weight"] >= 0
        assert row["weight"] > 0 or row["unknown"] != 0
        assert row["way"] != 0 or left != right
    world.close()


def test_goods_without_a_country_are_at_home_when_live(world: World) -> None:
    """Sources that name no country say nothing; a live act happens where the ledger is kept."""
    world.mine("P1", "1.000")
    world.tell(e.Mined(by=None, lines=(e.Goods("T1", 5_000),)))
    assert [(row["parcel"], row["to_country"]) for row in rows_of(world)] == [("P1", "BW"), ("T1", None)]


def test_a_transit_loss_is_the_receivers_finding(world: World) -> None:
    """What was handed over is what was held; what is missing is missing where it was weighed."""
    world.tell(e.Mined(by="miner-1", lines=(e.Goods("T1", 5_000),)))
    world.tell(e.Received(by="dealer-7", parts=(e.Part("T1", 4_900),)))
    moved = [(r["kind"], r["way"], r["weight"], r["from_party"], r["to_party"]) for r in rows_of(world)]
    assert moved == [
        ("mined", 1, 5_000, None, "miner-1"),
        ("received", 0, 5_000, "miner-1", "dealer-7"),
        ("loss", -1, 100, "dealer-7", None),
    ]


def test_a_mixture_loses_at_its_output(world: World) -> None:
    """Of several inputs nobody can say which one lost; what they held goes in, the loss comes off after."""
    world.mine("P1", "1.000", "P2", "2.000")
    world.do(e.Mixed(by="miner-1", inputs=("P1", "P2"), output="M", weight=2_950, loss=50))
    moved = [(row["parcel"], row["kind"], row["way"], row["weight"]) for row in rows_of(world)[2:]]
    assert moved == [
        ("P1", "consumed", -1, 1_000),
        ("P2", "consumed", -1, 2_000),
        ("M", "made", 1, 3_000),
        ("M", "loss", -1, 50),
    ]


def test_a_correction_moves_the_difference_only(world: World) -> None:
    """The buyer was another: the goods go from the one to the other, at the correction's entry."""
    world.mine("P1", "1.000")
    sold = world.sell("P1", to="dealer-7")
    right = e.Sold(by="miner-1", parcels=("P1",), to="dealer-8")
    world.do(
        e.Corrected(
            by="miner-1", index=sold.index, hash=sold.hash, replacement=e.write(right), reason="misread"
        )
    )
    last = rows_of(world)[-1]
    assert (last["kind"], last["weight"], last["from_party"], last["to_party"]) == (
        "correction", 1_000, "dealer-7", "dealer-8",
    )  # fmt: skip
    assert last["entry"] == world.ledger.head().size - 1


def test_destroyed_goods_leave_the_stock(world: World) -> None:
    """Forfeiture alone moves nothing."""
    world.mine("P1", "1.000")
    world.do(e.Seized(by=AUTHORITY, lines=(e.Goods("P1", 1_000),)))
    world.do(e.Forfeited(by=AUTHORITY, parcels=("P1",), fate="destroyed"))
    assert [row["kind"] for row in rows_of(world)] == ["mined", "seized", "lost"]
