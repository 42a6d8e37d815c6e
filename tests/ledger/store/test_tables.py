"""The table store of the views: one suite for tables in a ledger, private ones, and layers of both."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from ledger.errors import StoreTrouble
from ledger.store import opening
from ledger.store.layers import Layered
from ledger.store.rows import INT, Changes, Column, Row, Rows, Table, Where, matching, maybe
from ledger.store.tables import Tables

STONES = Table(
    "stones",
    (Column("parcel"), Column("number", INT), maybe("weight", INT), maybe("holder"), Column("index", INT)),
    key=2,
    indexes=(("holder",),),
)
BARE = Table("bare", (Column("index", INT),))
TABLES = (STONES, BARE)
VIEW = "test"


def stones() -> list[Row]:
    """Rows with unknowns, letters beyond ASCII, negative and very large numbers."""
    rows: list[Row] = [
        ("P1", 1, 12_500, "dealer-7", 0),
        ("P1", 2, None, None, 1),
        ("P2", 1, -3, "dealer-7", 2),
        ("P_3", 1, 2**62, "Łódź", 3),
        ("P%4", 1, 2**62, "łódź", 4),
        ("Šumava", 1, 0, "dealer-77", 5),
        ("z", 1, 2**62, "", 6),
    ]
    return rows


def filled(tables: Tables, rows: list[Row], start: int = 0) -> Tables:
    """The tables with these rows put into them."""
    changes = Changes()
    for row in rows:
        changes.put(STONES, row)
    assert tables.advance(VIEW, 1, TABLES, start, start + 1, changes)
    return tables


@pytest.fixture
def ledger_tables(store_url: str) -> Iterator[Tables]:
    """Tables in a ledger's own store."""
    with opening.create(store_url) as journal:
        yield Tables.of(journal)


@pytest.fixture(params=["ledger", "private", "layers", "layers over nothing"])
def rows(request: pytest.FixtureRequest, ledger_tables: Tables) -> Iterator[Rows]:
    """The same rows, wherever they lie."""
    if request.param == "ledger":
        yield filled(ledger_tables, stones())
    elif request.param == "private":
        with Tables.private() as tables:
            yield filled(tables, stones())
    else:
        over_nothing = request.param.endswith("nothing")
        yield from layers(None if over_nothing else ledger_tables)


def layers(base: Tables | None) -> Iterator[Layered]:
    """Some rows below are older, some are gone by now, some are new."""
    if base is not None:
        older = [(*row[:2], 77, "nobody", row[4]) for row in stones()[:3]]
        filled(base, [*older, *stones()[3:5], ("gone", 1, 999, "dealer-7", 9)])
    layered = Layered(base, VIEW, TABLES)
    changes = Changes()
    for row in stones()[:3] if base is not None else stones():
        changes.put(STONES, row)
    changes.delete(STONES, ("gone", 1))
    layered.lay(changes)
    if base is not None:
        more = Changes()
        for row in stones()[5:]:
            more.put(STONES, row)
        layered.lay(more)
    try:
        yield layered
    finally:
        layered.close()


CONDITIONS = [
    Where("holder", "is", "dealer-7"),
    Where("holder", "is", None),
    Where("holder", "not", "dealer-7"),
    Where("holder", "not", None),
    Where("weight", "is", 0),
    Where("number", "among", (2, 3)),
    Where("weight", "from", 0),
    Where("weight", "from", 0, empty=True),
    Where("weight", "below", 12_500),
    Where("weight", "below", -3, empty=True),
    Where("holder", "starts", "dealer-7"),
    Where("holder", "starts", "Ł"),
    Where("parcel", "holds", "_"),
    Where("parcel", "holds", "%"),
    Where("holder", "holds", "er"),
]


@pytest.mark.parametrize("where", CONDITIONS, ids=str)
def test_a_condition_finds_the_rows_that_fulfil_it(rows: Rows, where: Where) -> None:
    """The database and `Where.matches` agree on every row."""
    wanted = [row for row in stones() if matching(STONES, row, [where])]
    assert 0 < len(wanted) < len(stones())
    assert list(rows.select(STONES, [where], order=["index"])) == wanted


def test_an_unknown_condition_is_a_fault(rows: Rows) -> None:
    """A misspelt condition does not pass for one that always holds."""
    with pytest.raises(ValueError, match="like"):
        list(rows.select(STONES, [Where("parcel", "like", "P")]))


def test_rows_come_in_the_order_of_the_key_unless_another_is_asked_for(rows: Rows) -> None:
    """Text is ordered by its code points, and the key decides among equals."""
    by_key = sorted(stones(), key=lambda row: row[:2])
    assert list(rows.select(STONES)) == by_key
    assert list(rows.select(STONES, descending=True)) == by_key[::-1]
    assert list(rows.select(STONES, order=["index"], descending=True)) == stones()[::-1]
    by_number = sorted(stones(), key=lambda row: (row[1], row[0]))
    assert list(rows.select(STONES, order=["number"])) == by_number


@pytest.mark.parametrize("limit", [0, 1, 3, 100])
def test_no_more_rows_come_than_were_asked_for(rows: Rows, limit: int) -> None:
    """The first ones in the order."""
    found = list(rows.select(STONES, order=["index"], limit=limit))
    assert found == stones()[:limit]


def test_sums_are_exact_beyond_the_databases_integers(rows: Rows) -> None:
    """Three times 2^62 is more than 64 bits hold; unknown weights count as rows and add nothing."""
    whole = sum(row[2] or 0 for row in stones())
    assert whole > 2**63
    assert rows.sums(STONES, ["weight", "index"]) == [(7, whole, 21)]
    assert rows.sums(STONES, ["weight"], [Where("weight", "below", 0)]) == [(1, -3)]
    assert rows.sums(STONES, ["weight"], [Where("parcel", "is", "none")]) == [(0, 0)]


def test_sums_of_groups(rows: Rows) -> None:
    """A group for every value that occurs, the unknown one too; none for values that are gone."""
    found = {row[0]: row[1:] for row in rows.sums(STONES, ["index"], group=["holder"])}
    assert found["dealer-7"] == (2, 2)
    assert found[None] == (1, 1)
    assert "nobody" not in found
    assert len(found) == 6


def test_rows_are_found_by_their_keys(rows: Rows) -> None:
    """Keys that are not there are left out."""
    keys = [("P1", 2), ("gone", 1), ("P2", 1), ("P2", 2)]
    assert rows.among(STONES, keys) == {("P1", 2): stones()[1], ("P2", 1): stones()[2]}
    assert rows.get(STONES, "z", 1) == stones()[6]
    assert rows.get(STONES, "gone", 1) is None
    assert rows.among(STONES, []) == {}


def test_many_rows_come_whole_and_in_order(ledger_tables: Tables) -> None:
    """Pages neither lose nor repeat a row."""
    chance = random.Random(7)
    many: list[Row] = [
        (f"P{n % 1_700}", n, chance.randrange(5), None, chance.randrange(9)) for n in range(5_003)
    ]
    chance.shuffle(many)
    filled(ledger_tables, many)
    order = ["index", "number"]
    wanted = sorted(many, key=lambda row: (row[4], row[1]))
    assert list(ledger_tables.select(STONES, order=order)) == wanted
    assert list(ledger_tables.select(STONES, order=order, descending=True)) == wanted[::-1]
    assert list(ledger_tables.select(STONES, order=order, limit=4_001)) == wanted[:4_001]
    keys = [row[:2] for row in many]
    assert ledger_tables.among(STONES, keys) == {row[:2]: row for row in many}


def planted(tables: Tables, row: Row, start: int, stop: int) -> bool:
    """Whether an advance from ``start`` was accepted."""
    changes = Changes()
    changes.put(STONES, row)
    return tables.advance(VIEW, 1, TABLES, start, stop, changes)


def test_a_view_advances_from_where_it_stands_and_from_nowhere_else(ledger_tables: Tables) -> None:
    """Each entry is counted once: who comes second changes nothing."""
    row: Row = ("P1", 1, 1, None, 0)
    assert not planted(ledger_tables, row, 3, 4)
    assert ledger_tables.position(VIEW, 1) is None
    assert planted(ledger_tables, row, 0, 4)
    assert not planted(ledger_tables, ("P2", 1, 1, None, 0), 0, 4)
    assert ledger_tables.get(STONES, "P2", 1) is None
    assert planted(ledger_tables, ("P1", 1, 5, None, 0), 4, 6)
    assert ledger_tables.position(VIEW, 1) == 6
    assert list(ledger_tables.select(STONES)) == [("P1", 1, 5, None, 0)]


def test_a_page_that_cannot_be_written_leaves_position_and_rows(ledger_tables: Tables) -> None:
    """Both or neither: a row without what it must have undoes the whole page."""
    assert planted(ledger_tables, ("P1", 1, 1, None, 0), 0, 1)
    changes = Changes()
    changes.put(STONES, ("P1", 1, 2, None, 0))
    changes.put(STONES, ("P2", 1, 2, None, None))
    with pytest.raises(Exception, match=r"(?i)not.null"):
        ledger_tables.advance(VIEW, 1, TABLES, 1, 2, changes)
    assert ledger_tables.position(VIEW, 1) == 1
    assert list(ledger_tables.select(STONES)) == [("P1", 1, 1, None, 0)]


def test_a_dropped_view_begins_anew(ledger_tables: Tables) -> None:
    """Another version has no position, and its tables are made again."""
    ledger_tables.drop(VIEW)
    assert planted(ledger_tables, ("P1", 1, 1, None, 0), 0, 4)
    assert ledger_tables.position(VIEW, 2) is None
    ledger_tables.drop(VIEW)
    assert ledger_tables.position(VIEW, 1) is None
    assert ledger_tables.advance(VIEW, 2, TABLES, 0, 0, Changes())
    assert list(ledger_tables.select(STONES)) == []


def test_a_file_that_calls_the_ledger_a_view_does_not_have_it_dropped(ledger_tables: Tables) -> None:
    """Which tables a view has stands in the file, and a file can be edited."""
    assert planted(ledger_tables, ("P1", 1, 1, None, 0), 0, 1)
    with ledger_tables._transaction(write=True) as cursor:
        cursor.execute("UPDATE views SET tables = 'stored_events'")
    with pytest.raises(StoreTrouble, match="stored_events"):
        ledger_tables.drop(VIEW)
    assert ledger_tables.position(VIEW, 1) == 1


def test_a_table_that_is_all_key_keeps_each_row_once(ledger_tables: Tables) -> None:
    """Putting a row that is there is no fault."""
    for start in (0, 1):
        changes = Changes()
        changes.put(BARE, (5,))
        assert ledger_tables.advance(VIEW, 1, TABLES, start, start + 1, changes)
    assert list(ledger_tables.select(BARE)) == [(5,)]


def test_the_last_change_of_a_page_counts() -> None:
    """A row that comes and goes in one page is not there."""
    changes = Changes()
    changes.put(BARE, (5,))
    changes.delete(BARE, (5,))
    changes.delete(BARE, (6,))
    changes.put(BARE, (6,))
    with Tables.private() as tables:
        tables.advance(VIEW, 1, TABLES, 0, 1, changes)
        assert list(tables.select(BARE)) == [(6,)]
    assert changes.count == 4


def test_rows_have_names() -> None:
    """A row can be read by its columns' names."""
    named: dict[str, Any] = STONES.labelled(stones()[0])
    assert named == {"parcel": "P1", "number": 1, "weight": 12_500, "holder": "dealer-7", "index": 0}


def test_a_row_laid_over_a_base_is_nowhere_else(ledger_tables: Tables) -> None:
    """Reading a store that may not be written leaves it as it is."""
    for layered in layers(ledger_tables):
        assert list(layered.select(STONES)) != list(ledger_tables.select(STONES))
    assert ("gone", 1, 999, "dealer-7", 9) in ledger_tables.select(STONES)
    assert ledger_tables.position(VIEW, 1) == 1


def test_a_row_that_went_and_came_again_is_there_once(ledger_tables: Tables) -> None:
    """Also where more is laid over a base than a page, and the base is larger than one."""
    many: list[Row] = [(f"P{n:05}", 1, n, None, n) for n in range(1_500)]
    filled(ledger_tables, many)
    with closing(Layered(ledger_tables, VIEW, TABLES)) as layered:
        went, came = Changes(), Changes()
        for row in many[:900]:
            went.delete(STONES, row[:2])
        for row in many[:450]:
            came.put(STONES, row)
        layered.lay(went)
        assert list(layered.select(STONES)) == many[900:]
        assert layered.sums(STONES, ["weight"]) == [(600, sum(range(900, 1_500)))]
        layered.lay(came)
        left = many[:450] + many[900:]
        assert list(layered.select(STONES)) == left
        assert list(layered.select(STONES, descending=True, limit=700)) == left[::-1][:700]
        assert layered.sums(STONES, ["weight"]) == [(1_050, sum(row[2] for row in left))]
        assert layered.among(STONES, [row[:2] for row in many]) == {row[:2]: row for row in left}


@pytest.mark.parametrize("is_over_nothing", [True, False])
def test_memory_does_not_grow_with_what_is_laid_over(ledger_tables: Tables, is_over_nothing: bool) -> None:
    """An auditor whose store may not be written reads ten million entries of which no view is there."""
    filled(ledger_tables, stones())
    with closing(Layered(None if is_over_nothing else ledger_tables, VIEW, TABLES)) as layered:
        tracemalloc.start()
        try:
            for page in range(20):
                changes = Changes()
                for number in range(1_000):
                    changes.put(STONES, (f"N{page}-{number}", 1, 1, None, number))
                layered.lay(changes)
                del changes
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert layered.sums(STONES, [])[0][0] == 20_000 + (0 if is_over_nothing else len(stones()))
    assert held < 500_000


def test_tables_are_discarded_whatever_is_told_of_them(ledger_tables: Tables) -> None:
    """Also where the table that tells of all views is gone, or tells of others; then they begin from zero."""
    for told in ("DROP TABLE views", "UPDATE views SET tables = 'entries subjects'", "DELETE FROM views"):
        filled(ledger_tables, stones())
        with ledger_tables._transaction(write=True) as cursor:
            cursor.execute(told)
        ledger_tables.discard(VIEW, TABLES)
        assert ledger_tables.position(VIEW, 1) is None
    filled(ledger_tables, stones()[:1])
    assert list(ledger_tables.select(STONES)) == stones()[:1]


def test_a_view_in_a_tables_place_is_discarded_too(ledger_tables: Tables) -> None:
    """Somebody else made it so."""
    filled(ledger_tables, stones())
    ledger_tables.drop(VIEW)
    with ledger_tables._transaction(write=True) as cursor:
        cursor.execute("CREATE VIEW view_stones AS SELECT 1 AS parcel")
    ledger_tables.discard(VIEW, TABLES)
    filled(ledger_tables, stones())
    assert len(list(ledger_tables.select(STONES))) == len(stones())
