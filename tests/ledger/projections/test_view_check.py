"""`verify --views`: a wrong row in any view is found and named, by its view, its key, its column."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.domain import events as e
from ledger.projections.following import reading
from ledger.projections.view_check import Difference, compare_views
from ledger.projections.views import TABLES
from ledger.store.rows import INT, Column, Table
from tests.world import World


@pytest.fixture
def busy(world: World) -> World:
    """A world with a row at least in every view, and the views up to date."""
    mined = world.mine("P1", "12.500", "P2", "0.350")
    world.split("P1", {"P1a": "5.000", "P1b": "7.500"})
    world.certify("0000107", "P1b")
    world.do(e.Named(by="miner-1", parcel="P2", name="Étoile du Sud"))
    line = e.Goods("P2", 360, None, "710231")
    replacement = e.Mined(
        by="miner-1", site="kalahari-1", lines=(e.Goods("P1", 12_500, None, "710231"), line)
    )
    world.do(
        e.Corrected(
            by="miner-1",
            index=mined.index,
            hash=mined.hash,
            replacement=e.write(replacement),
            reason="misread",
        )
    )
    with reading(world.ledger.journal, world.ledger.records) as rows:
        assert all(next(rows.select(table), None) for table in TABLES)
    return world


def differences(world: World) -> list[Difference]:
    """What the check finds."""
    return compare_views(world.ledger.journal, world.ledger.records)


def plant(world: World, statement: str, *values: Any) -> None:
    """Change the views behind the program's back."""
    if world.ledger.journal.url.startswith("postgresql:"):
        statement = statement.replace("?", "%s")
    with world.ledger.journal.transaction(write=True) as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount == 1


def key_of(world: World, table: Table) -> tuple[tuple[Any, ...], str]:
    """The last row's key, and a condition that is true of it alone."""
    with reading(world.ledger.journal, world.ledger.records) as rows:
        row = next(rows.select(table, descending=True))
    key = row[: table.key]
    return key, " AND ".join(f'"{name}" = ?' for name in table.keys)


def another(column: Column, value: Any) -> Any:
    """A value that differs a little."""
    if column.kind == INT:
        return 1 if value is None else value + 1
    return "?" if value is None else value + "?"


PLANTED = [(table, column) for table in TABLES for column in table.columns[table.key :]]


@pytest.mark.parametrize(("table", "column"), PLANTED, ids=lambda part: part.name)
def test_a_wrong_value_is_found(busy: World, table: Table, column: Column) -> None:
    """In every column of every view, and nothing else is accused."""
    assert differences(busy) == []
    key, condition = key_of(busy, table)
    with reading(busy.ledger.journal, busy.ledger.records) as rows:
        row = rows.get(table, *key)
    assert row is not None
    right = table.labelled(row)[column.name]
    wrong = another(column, right)
    plant(busy, f'UPDATE view_{table.name} SET "{column.name}" = ? WHERE {condition}', wrong, *key)
    assert differences(busy) == [Difference(table.name, key, column.name, right, wrong)]
    assert f"{column.name} should be {right}, is {wrong}" in str(differences(busy)[0])


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_missing_row_is_found(busy: World, table: Table) -> None:
    """Whichever view it is missing from."""
    key, condition = key_of(busy, table)
    plant(busy, f"DELETE FROM view_{table.name} WHERE {condition}", *key)
    (found,) = differences(busy)
    assert (found.view, found.key, found.column, found.found) == (table.name, key, None, None)
    assert str(found) == f"view {table.name} lacks the row {' '.join(map(str, key))}"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_an_invented_row_is_found(busy: World, table: Table) -> None:
    """A row that no entry gives."""
    key, condition = key_of(busy, table)
    first = table.columns[0].name
    new = 999 if table.columns[0].kind == INT else "invented"
    columns = ", ".join(f'"{column.name}"' for column in table.columns[1:])
    plant(
        busy,
        f"INSERT INTO view_{table.name} SELECT ?, {columns} FROM view_{table.name} WHERE {condition}",
        new,
        *key,
    )
    (found,) = differences(busy)
    assert (found.view, found.key[0], found.expected) == (table.name, new, None)
    assert "that no entry gives" in str(found)
    assert first in table.keys


def test_views_that_stand_behind_are_compared_where_they_stand(busy: World) -> None:
    """What was recorded since is not missing."""
    busy.mine("P9", "1.000")
    assert differences(busy) == []
    plant(busy, "UPDATE view_parcels SET weight = 1 WHERE parcel = 'P2'")
    assert [str(one.column) for one in differences(busy)] == ["weight"]


def test_a_ledger_without_views_has_none_that_differ(world: World) -> None:
    """Nobody asked for them yet."""
    assert differences(world) == []
