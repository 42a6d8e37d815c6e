"""Replay: the whole state at a moment of either clock, and what changed between two moments."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ledger.application import Ledger
from ledger.domain import events as e
from ledger.domain.moments import NOW, Moment, as_occurred, as_recorded, as_recorded_index, known_at
from ledger.errors import NotFound
from ledger.investigation.compare import SubjectChange, compare
from ledger.investigation.replay import replay
from ledger.projections.balances import COUNTRY, LEDGER, Account, balance, between
from ledger.projections.entries import ENTRIES
from ledger.projections.following import reading
from ledger.projections.register_goods import PARCELS
from ledger.projections.views import TABLES
from ledger.store.rows import Row, Where
from tests.random_acts import Play
from tests.view_rows import all_rows, folded
from tests.world import START, World

HOUR = 3_600_000_000


def at(ledger: Ledger, moment: Moment) -> dict[str, list[Row]]:
    """Every row as of a moment."""
    with replay(ledger.journal, ledger.records, moment) as found:
        return all_rows(found.rows)


@pytest.fixture(scope="module")
def played() -> World:
    """A world in which much happened, and what its views said after each tenth entry."""
    world = World()
    play, chance = Play(world), random.Random(23)
    for _ in range(250):
        play.take(chance.getrandbits(80))
    return world


def test_a_replay_says_what_the_views_said_then(world: World) -> None:
    """As recorded, by index: everything, movements and names included."""
    play, chance = Play(world), random.Random(29)
    said: dict[int, dict[str, list[Row]]] = {}
    for number in range(120):
        play.take(chance.getrandbits(80))
        if number % 10 == 0:
            with reading(world.ledger.journal, world.ledger.records) as rows:
                said[world.ledger.head().size - 1] = all_rows(rows)
    assert len(said) > 8
    for index, rows_then in said.items():
        assert at(world.ledger, as_recorded_index(index)) == rows_then
    assert at(world.ledger, NOW) == at(world.ledger, as_recorded_index(world.ledger.head().size - 1))
    world.close()


@pytest.mark.parametrize("text", ["1998", "1999", "2022", "2023-11-16", "2023-11", "2023", "2030"])
def test_a_replay_of_what_occurred_is_the_domains_fold(played: World, text: str) -> None:
    """In the order of occurrence, corrections in the place of what they correct."""
    moment = as_occurred(text)
    found = at(played.ledger, moment)
    expected = folded(known_at(played.ledger.records.between(), moment))
    assert {name: found[name] for name in expected} == expected
    assert text == "1998" or found["entries"]
    assert len(found["entries"]) < played.ledger.head().size


def test_a_replay_by_the_clock_of_recording_ends_with_the_moment(played: World) -> None:
    """A date is its last instant in UTC, and the entries of that instant count."""
    recorded = played.ledger.records.recorded(60).recorded
    moment = Moment("as-recorded", "then", instant=recorded)
    assert at(played.ledger, moment) == at(played.ledger, as_recorded_index(60))
    with replay(played.ledger.journal, played.ledger.records, as_recorded("2024-01-14")) as found:
        assert found.counted == 0
        assert all_rows(found.rows)["parcels"] == []


def test_an_index_that_is_not_there_is_not_found(played: World) -> None:
    """Nobody knows what the ledger will know."""
    size = played.ledger.head().size
    with (
        pytest.raises(NotFound, match=f"no entry {size}"),
        replay(played.ledger.journal, played.ledger.records, as_recorded_index(size)),
    ):
        pass


def test_the_state_before_and_after_a_sale(world: World) -> None:
    """A sale that was recorded late belongs where it occurred; what is uncertain does not count yet."""
    world.mine("P1", "1.000", occurred="2023-01-10")
    world.sell("P1", to="dealer-7", occurred="2023-06")
    world.clock.now = START + 24 * HOUR
    world.do(e.Weighed(by="dealer-7", parcel="P1", weight=990), occurred="2023-12-01")
    for text, holder, weight, counted, uncertain in (
        ("2023-01-09", None, None, 0, 0),
        ("2023-05-31", "miner-1", 1_000, 1, 0),
        ("2023-06-15", "miner-1", 1_000, 1, 1),
        ("2023-07-02", "dealer-7", 1_000, 2, 0),
        ("2023-12-31", "dealer-7", 990, 3, 0),
    ):
        with replay(world.ledger.journal, world.ledger.records, as_occurred(text)) as found:
            parcel = found.rows.get(PARCELS, "P1")
            named = PARCELS.labelled(parcel) if parcel is not None else {"holder": None, "weight": None}
            assert (named["holder"], named["weight"]) == (holder, weight), text
            assert (found.counted, found.uncertain) == (counted, uncertain), text


def test_a_correction_is_known_from_its_own_entry_on_and_then_for_always(world: World) -> None:
    """As recorded before it, the wrong weight; as occurred, the right one from the first."""
    mined = world.mine("P1", "1.000", occurred="2023-01-10")
    right = e.Mined(by="miner-1", site="kalahari-1", lines=(e.Goods("P1", 1_100, None, "710231"),))
    receipt = world.do(
        e.Corrected(
            by="miner-1", index=mined.index, hash=mined.hash, replacement=e.write(right), reason="misread"
        )
    )
    for moment, weight, corrected_by in (
        (as_recorded_index(mined.index), 1_000, None),
        (as_recorded_index(receipt.index), 1_100, receipt.index),
        (as_occurred("2023-01-11"), 1_100, receipt.index),
    ):
        with replay(world.ledger.journal, world.ledger.records, moment) as found:
            parcel, entry = found.rows.get(PARCELS, "P1"), found.rows.get(ENTRIES, mined.index)
            assert parcel is not None
            assert entry is not None
            assert PARCELS.labelled(parcel)["weight"] == weight
            assert ENTRIES.labelled(entry)["corrected_by"] == corrected_by
            kinds = [row[3] for row in found.rows.select(TABLES[-2])]
            assert ("correction" in kinds) == (moment.index == receipt.index)


def changes(world: World, one: Moment, other: Moment, kind: str = "parcel") -> list[SubjectChange]:
    """What changed between two moments."""
    ledger = world.ledger
    with (
        replay(ledger.journal, ledger.records, one) as before,
        replay(ledger.journal, ledger.records, other) as after,
    ):
        return list(compare(ledger.records, before, after, kind))


def fields(change: SubjectChange) -> dict[str, tuple[Any, Any]]:
    """The values that differ."""
    return {field.field: (field.before, field.after) for field in change.fields}


def test_what_changed_between_two_moments(world: World) -> None:
    """New, changed, gone; with the entries that made it so, and nothing that stayed as it was."""
    mined = world.mine("P1", "1.000", "P2", "2.000", "P3", "3.000")
    before = as_recorded_index(mined.index)
    split = world.split("P1", {"P1a": "0.400", "P1b": "0.600"})
    sold = world.sell("P2", to="dealer-7")
    found = {change.id: change for change in changes(world, before, NOW)}
    assert {name: (change.what, change.entries) for name, change in found.items()} == {
        "P1": ("changed", (split.index,)),
        "P1a": ("new", (split.index,)),
        "P1b": ("new", (split.index,)),
        "P2": ("changed", (sold.index,)),
    }
    assert fields(found["P2"]) == {"holder": ("miner-1", "dealer-7"), "owner": ("miner-1", "dealer-7")}
    assert fields(found["P1"])["condition"] == ("held", "consumed")
    assert fields(found["P1a"])["weight"] == (None, 400)
    back = {change.id: change.what for change in changes(world, NOW, before)}
    assert back == {"P1": "changed", "P1a": "gone", "P1b": "gone", "P2": "changed"}
    assert changes(world, NOW, NOW) == []


def test_a_correction_is_what_made_the_difference_between_the_clocks(world: World) -> None:
    """What the ledger knew by a date, and what is now known to have happened by then."""
    mined = world.mine("P1", "1.000", occurred="2023-01-10")
    known = as_recorded_index(mined.index)
    right = e.Mined(by="miner-1", site="kalahari-1", lines=(e.Goods("P2", 1_100, None, "710231"),))
    receipt = world.do(
        e.Corrected(
            by="miner-1", index=mined.index, hash=mined.hash, replacement=e.write(right), reason="misread"
        )
    )
    found = [(one.id, one.what, one.entries) for one in changes(world, known, as_occurred("2023-01-11"))]
    assert found == [("P1", "gone", (receipt.index,)), ("P2", "new", (receipt.index,))]


def test_other_subjects_change_too(world: World) -> None:
    """Certificates, parties, licences and sites are compared by the same function."""
    world.mine("P1", "1.000")
    before = as_recorded_index(world.ledger.head().size - 1)
    key = world.certify("0000107", "P1")
    (change,) = changes(world, before, NOW, "certificate")
    assert (change.id, change.what) == (key, "new")
    assert fields(change)["status"] == (None, "validated")
    assert changes(world, before, NOW, "licence") == []


def test_a_balance_between_two_moments_of_occurrence(played: World) -> None:
    """The opening is what had occurred by the first, the closing what had by the second."""
    ledger = played.ledger
    with (
        replay(ledger.journal, ledger.records, as_occurred("2022")) as one,
        replay(ledger.journal, ledger.records, as_occurred("2030")) as other,
    ):
        for account in (Account(LEDGER), Account(COUNTRY, "BW"), Account(LEDGER, documented=True)):
            found = between(one.rows, other.rows, account)
            first, last = balance(one.rows, account).closing, balance(other.rows, account).closing
            assert (found.opening.weight, found.opening.unknown) == (first.weight, first.unknown)
            assert (found.closing.weight, found.closing.unknown) == (last.weight, last.unknown)
            assert found.lines


def test_opaque_entries_are_counted(played: World) -> None:
    """None here: every act is of a type that this version knows."""
    with replay(played.ledger.journal, played.ledger.records, NOW) as found:
        assert found.opaque == (0, None)
        assert not list(found.rows.select(ENTRIES, [Where("opaque", "is", 1)]))
