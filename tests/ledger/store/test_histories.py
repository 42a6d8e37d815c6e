"""Histories of many subjects with two questions: what one by one would give, from a real store."""

from __future__ import annotations

from ledger.domain import events as e
from ledger.projections.tracing import trace, track
from tests.world import AUTHORITY, World


def played(world: World) -> World:
    """Goods that are mined, split, offered, sold, corrected and mixed."""
    world.mine("P1", "12.500", "P2", "4.000")
    world.split("P1", {"P1a": "5.000", "P1b": "7.500"})
    world.do(e.Offered(by="miner-1", parcels=("P1a",), channel="auction", outcome="unsold"))
    world.sell("P1a", "P2", to="dealer-7", price=100_000)
    world.mix("X", "P1a", "P2")
    world.do(e.Valued(by="dealer-7", parcel="X", value=5))
    return world


def test_histories_are_what_is_read_one_by_one(world: World) -> None:
    """Of every subject: what guards it and what mentions it, in index order, sealed values opened."""
    records = played(world).ledger.records
    names = ["parcel:P1a", "parcel:X", f"party:{AUTHORITY}", "party:dealer-7", "parcel:nobody's"]
    found = records.histories(names)
    assert list(found) == names
    for name in names:
        one_by_one = [*records.of(name), *records.mentioning(name)]
        assert found[name] == sorted(one_by_one, key=lambda record: record.index)
    assert found["parcel:nobody's"] == []
    assert [type(r.event).__name__ for r in found["parcel:P1a"]] == ["Split", "Offered", "Sold", "Mixed"]
    assert found["parcel:X"][-1].event.value == 5  # type: ignore[union-attr]


def test_several_entries_are_the_same_bytes(world: World) -> None:
    """Those that are not there are left out."""
    journal = played(world).ledger.journal
    size = journal.head().size
    found = journal.several([0, size - 1, size, 10**9])
    assert found == {0: journal.entry(0), size - 1: journal.entry(size - 1)}
    assert journal.several([]) == {}
    assert journal.concerning([]) == {}


def test_a_trace_reads_from_a_real_store_what_a_track_reads(world: World) -> None:
    """Back to both parcels of the sheet, and forward again."""
    records = played(world).ledger.records
    back = trace(records, "X")
    assert list(back.nodes) == ["X", "P1a", "P2", "P1"]
    assert [origin.parcel for origin in back.origins] == ["P2", "P1"]
    assert "Offered" in {type(stage.event).__name__ for stage in back.nodes["P1a"].history.stages}
    assert set(back.edges) <= {*track(records, "P1").edges, *track(records, "P2").edges}


def test_a_correction_reads_in_place_from_a_real_store(world: World) -> None:
    """With the entry that it corrects attached by the reader."""
    receipt = world.mine("P9", "1.250")
    right = e.Mined(by="miner-1", site="kalahari-1", lines=(e.Goods("P9", 1_200, None, "710231"),))
    world.do(
        e.Corrected(
            by="miner-1", index=receipt.index, hash=receipt.hash, replacement=e.write(right), reason="typing"
        )
    )
    (stage,) = trace(world.ledger.records, "P9").nodes["P9"].history.stages
    assert (stage.weight, stage.reading.original.index) == (1_200, receipt.index)  # type: ignore[union-attr]
