"""Histories of many subjects with few questions: what one by one would give, from a real store."""

from __future__ import annotations

import pytest

from ledger.domain import events as e
from ledger.projections.tracing import trace, track
from ledger.store.journal import Journal
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


NAMES = ["parcel:X", "parcel:P1a", "parcel:nobody's", "party:dealer-7", f"party:{AUTHORITY}", "parcel:P2"]


@pytest.mark.parametrize("many", range(len(NAMES) + 1))
def test_entries_of_subjects_are_the_same_however_they_are_asked_for(store_url: str, many: int) -> None:
    """One question for one name, one for all, or four for anything: in every store the same is found."""
    with played(World(store_url)).ledger as ledger:
        journal = ledger.journal
        found = journal.entries_of(NAMES[:many])
        plain = Journal.entries_of(journal, NAMES[:many])
        assert found.entries == plain.entries == {i: journal.entry(i) for i in plain.entries}
        assert found.disclosures == plain.disclosures
        for name in NAMES[:many]:
            guarded, touched = journal.guarded_entries(name), journal.touched_entries(name)
            assert sorted(found.indexes.get(name, ())) == sorted(guarded + touched)
        assert {name: sorted(of) for name, of in found.indexes.items()} == {
            name: sorted(of) for name, of in plain.indexes.items()
        }
        for index in found.entries:
            assert found.disclosures.get(index, ()) == journal.disclosures(index)
        assert bool(found.disclosures) == (many > 0)  # what X is worth is sealed


def test_disclosures_of_several_entries_are_those_of_each(store_url: str) -> None:
    """Those that have none, and those that are not there, are left out."""
    with played(World(store_url)).ledger as ledger:
        journal = ledger.journal
        size = journal.head().size
        each = {index: journal.disclosures(index) for index in range(size)}
        found = journal.disclosed_among([*range(size), size, 10**9])
        assert found == {index: texts for index, texts in each.items() if texts}
        assert len(found) >= 2
        assert journal.disclosed_among([]) == {}


def test_a_subject_of_many_acts_is_read_the_same(world: World) -> None:
    """Few acts are read one by one, more with two questions."""
    records = played(world).ledger.records
    for number in range(1, 6):
        world.do(e.Valued(by="dealer-7", parcel="X", value=number))
    records.forget()
    found = records.of("parcel:X")
    assert [record.event.value for record in found if isinstance(record.event, e.Valued)] == [
        5,
        1,
        2,
        3,
        4,
        5,
    ]
    records.forget()
    assert found == [records.recorded(index) for index in world.ledger.journal.guarded_entries("parcel:X")]


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
