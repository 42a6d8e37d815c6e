"""The views follow the ledger: equal to a replay from zero, whatever happened and however they came there."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.application import Ledger
from ledger.domain import events as e
from ledger.projections import views
from ledger.projections.entries import ENTRIES
from ledger.projections.following import advance, reading
from ledger.projections.movements import MOVEMENTS
from ledger.projections.register_goods import PARCELS
from ledger.projections.view_check import compare_views
from ledger.projections.views import TABLES, VERSION, VIEW
from ledger.store.tables import Tables
from tests.extent import extent
from tests.random_acts import Play
from tests.view_rows import all_rows, folded, from_zero
from tests.world import World

numbers = st.lists(st.integers(0, 2**80 - 1), min_size=50, max_size=100)
bounded = settings(
    max_examples=extent(12, 1_000), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.slow
@bounded
@given(numbers, st.data())
def test_any_prefix_and_then_the_rest_equals_all(history: list[int], data: st.DataObject) -> None:
    """Wherever somebody looks meanwhile, in the end the views are those of a replay from zero."""
    world = World()
    ledger, play = world.ledger, Play(world)
    for number in history:
        play.take(number)
        if data.draw(st.integers(0, 5)) == 0:
            with reading(ledger.journal, ledger.records):
                pass
    with reading(ledger.journal, ledger.records) as rows:
        found = all_rows(rows)
    assert found == from_zero(ledger)
    assert compare_views(ledger.journal, ledger.records) == []
    expected = folded(ledger.records.between())
    assert {name: found[name] for name in expected} == expected
    assert found["entries"][-1][0] == ledger.head().size - 1
    world.close()


@pytest.mark.slow
@bounded
@given(numbers)
def test_a_page_of_one_and_a_page_of_all_give_the_same(history: list[int]) -> None:
    """Where pages end does not matter: a subject may change twice in one page or in two."""
    world = World()
    play = Play(world)
    for number in history:
        play.take(number)
    ledger = world.ledger
    whole = from_zero(ledger)
    with pytest.MonkeyPatch.context() as patch, Tables.private() as tables:
        patch.setattr(views, "_PAGE", 1)
        views.build(tables, ledger.records.between(), ledger.records.of)
        assert all_rows(tables) == whole
    world.close()


MOVING = (
    e.Mined, e.StockOpened, e.Seized, e.Imported, e.Recovered, e.ShipmentReturned, e.Split, e.Sorted,
    e.Mixed, e.Polished, e.Sold, e.Transferred, e.Consigned, e.Received, e.Released, e.Exported, e.Lost,
    e.Forfeited, e.Weighed, e.Corrected,
)  # fmt: skip
KINDS = {
    "mined", "opened", "imported", "seized", "recovered", "returned", "made", "known", "consumed",
    "polished", "exported", "lost", "sold", "transferred", "consigned", "received", "released", "moved",
    "loss", "cutting", "unexplained", "gain", "found", "correction",
}  # fmt: skip


def test_the_random_acts_are_of_all_kinds() -> None:
    """What the properties are tried on: a play in which little happens would prove little."""
    world = World()
    play, chance = Play(world), random.Random(7)
    for _ in range(1_500):
        play.take(chance.getrandbits(80))
    kinds = {type(recorded.event) for recorded in world.ledger.records.between()}
    assert set(MOVING) <= kinds
    assert play.recorded > 700
    with reading(world.ledger.journal, world.ledger.records) as rows:
        assert {row[0] for row in rows.sums(MOVEMENTS, [], group=["kind"])} == KINDS
    world.close()


# --- who may write, who may not, who was first --------------------------------------------------------------


@pytest.fixture
def reader(world_file: World) -> Iterator[tuple[World, Ledger]]:
    """A ledger whose views stand somewhere in the middle, opened so that nobody can write it."""
    world_file.mine("P1", "12.500", "P2", "3.000")
    advance_all(world_file.ledger)
    world_file.split("P1", {"P1a": "5.000", "P1b": "7.500"})
    world_file.sell("P2", to="dealer-7")
    world_file.mine("P9", "1.000")
    with Ledger.open(world_file.ledger.journal.url, write=False) as ledger:
        yield world_file, ledger


def advance_all(ledger: Ledger) -> Tables:
    """Bring the views up to date; their tables."""
    tables = Tables.of(ledger.journal)
    advance(tables, ledger.journal, ledger.records)
    return tables


def test_who_may_not_write_reads_the_same(reader: tuple[World, Ledger]) -> None:
    """The tail is folded in private, and the views stay as they are."""
    world, ledger = reader
    before = Tables.of(ledger.journal).position(VIEW, VERSION)
    with reading(ledger.journal, ledger.records) as rows:
        assert all_rows(rows) == from_zero(world.ledger)
        parcel = rows.get(PARCELS, "P1")
        assert parcel is not None
        assert parcel[1] == "consumed"
        assert rows.sums(PARCELS, ["weight"], group=["condition"])
    assert before is not None
    assert Tables.of(ledger.journal).position(VIEW, VERSION) == before < ledger.head().size


def test_who_may_not_write_reads_views_that_were_never_built(world_file: World) -> None:
    """Everything is folded in private then."""
    world_file.mine("P1", "12.500")
    ledger = world_file.reopen(write=False)
    with reading(ledger.journal, ledger.records) as rows:
        assert all_rows(rows) == from_zero(ledger)
        assert rows.get(PARCELS, "P1") is not None
    assert Tables.of(ledger.journal).position(VIEW, VERSION) is None


def test_views_of_another_version_are_built_anew(world: World) -> None:
    """What an older program left is neither read nor kept."""
    tables = advance_all(world.ledger)
    tables.drop(VIEW)
    empty = views.Changes()
    assert tables.advance(VIEW, VERSION + 1, TABLES, 0, 0, empty)
    assert tables.advance(VIEW, VERSION + 1, TABLES, 0, 999, empty)
    with reading(world.ledger.journal, world.ledger.records) as rows:
        assert all_rows(rows) == from_zero(world.ledger)


def test_views_from_beyond_the_end_are_built_anew(world: World) -> None:
    """A position that the ledger does not have is not believed."""
    tables = advance_all(world.ledger)
    size = world.ledger.head().size
    assert tables.advance(VIEW, VERSION, TABLES, size, size + 5, views.Changes())
    assert [one.view for one in compare_views(world.ledger.journal, world.ledger.records)] == ["position"]
    with reading(world.ledger.journal, world.ledger.records) as rows:
        assert all_rows(rows) == from_zero(world.ledger)
    assert tables.position(VIEW, VERSION) == size


def test_two_processes_count_each_entry_once(world_file: World) -> None:
    """A page that another process wrote meanwhile is not written again."""
    other = Ledger.open(world_file.ledger.journal.url)
    for number in range(30):
        world_file.mine(f"P{number}", "1.000")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views, "_PAGE", 5)
        told: list[int] = []

        def overtake(done: int) -> None:
            told.append(done)
            if len(told) == 2:
                advance_all(other)

        tables = Tables.of(world_file.ledger.journal)
        advance(tables, world_file.ledger.journal, world_file.ledger.records, overtake)
    assert sum(told) < world_file.ledger.head().size
    assert all_rows(tables) == from_zero(world_file.ledger)
    other.close()


def test_a_corrected_entry_keeps_its_row_and_names_the_correction(world: World) -> None:
    """Lists show the value beside what it replaced."""
    mined = world.mine("P1", "12.500")
    event = e.Mined(by="miner-1", site="kalahari-1", lines=(e.Goods("P1", 12_400, None, "710231"),))
    receipt = world.do(
        e.Corrected(
            by="miner-1", index=mined.index, hash=mined.hash, replacement=e.write(event), reason="misread"
        )
    )
    with reading(world.ledger.journal, world.ledger.records) as rows:
        original, correction = rows.get(ENTRIES, mined.index), rows.get(ENTRIES, receipt.index)
        parcel = rows.get(PARCELS, "P1")
        assert original is not None
        assert correction is not None
        assert parcel is not None
        assert ENTRIES.labelled(original)["corrected_by"] == receipt.index
        assert ENTRIES.labelled(correction)["corrects"] == mined.index
        assert PARCELS.labelled(parcel)["weight"] == 12_400
        moved = [MOVEMENTS.labelled(row) for row in rows.select(MOVEMENTS)]
    assert [(row["kind"], row["way"], row["weight"]) for row in moved] == [
        ("mined", 1, 12_500),
        ("correction", -1, 100),
    ]


def test_no_sealed_value_is_in_a_view(world: World) -> None:
    """Names of parties and prices lie in one place only, from which they can be erased."""
    world.mine("P1", "12.500")
    world.sell("P1", to="dealer-7", price=123_456_789)
    with reading(world.ledger.journal, world.ledger.records) as rows:
        written = str(all_rows(rows))
    assert "dealer-7" in written
    assert "The firm" not in written
    assert "123456789" not in written
