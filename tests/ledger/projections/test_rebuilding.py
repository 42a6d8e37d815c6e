"""The views thrown away and built anew: whatever was done to them, and wherever it was stopped."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.application import Ledger
from ledger.errors import StoreTrouble
from ledger.projections import following
from ledger.projections.following import advance, reading, rebuild
from ledger.projections.view_check import compare_views
from ledger.projections.views import TABLES, VERSION, VIEW
from ledger.store.tables import Tables
from tests.refusing import refusing
from tests.view_rows import all_rows, from_zero
from tests.world import World

KILLED = """
import os, sys
from ledger.application import Ledger
from ledger.projections import views
from ledger.projections.following import rebuild
views._PAGE = 4
told = []
def stop(done):
    told.append(done)
    if len(told) == int(sys.argv[2]):
        os._exit(9)
with Ledger.open(sys.argv[1]) as ledger:
    rebuild(ledger.journal, ledger.records, stop)
"""

DAMAGE = {
    "a wrong value": "UPDATE view_parcels SET holder = 'somebody'",
    "a row of nothing": "DELETE FROM view_names",
    "a renamed column": "ALTER TABLE view_parcels RENAME COLUMN holder TO keeper",
    "an added column": "ALTER TABLE view_parcels ADD COLUMN more TEXT",
    "a table gone": "DROP TABLE view_movements",
    "an index gone": "DROP INDEX view_parcels_by_holder",
    "a view in a table's place": "DROP TABLE view_parcels; CREATE VIEW view_parcels AS SELECT 1",
    "a table under another name": "ALTER TABLE view_parcels RENAME TO elsewhere",
    "nothing told of them": "DELETE FROM views",
    "the telling table gone": "DROP TABLE views",
    "the telling table renamed": "ALTER TABLE views RENAME COLUMN position TO place",
    "another position": "UPDATE views SET position = 3",
    "another's tables named": "UPDATE views SET tables = 'entries subjects'",
}


@pytest.fixture
def kept(world_file: World) -> World:
    """A ledger with its views."""
    for number in range(9):
        world_file.mine(f"P{number}", "1.000")
    world_file.split("P1", {"P1a": "0.400", "P1b": "0.600"})
    advance(Tables.of(world_file.ledger.journal), world_file.ledger.journal, world_file.ledger.records)
    return world_file


def by_another_program(world: World, *statements: str) -> list[tuple[Any, ...]]:
    """Done to the tables by one that knows nothing of ledgers; the rows of the last statement."""
    url, rows = world.ledger.journal.url, []
    server = url.startswith("postgresql:")
    with closing(psycopg.connect(url) if server else sqlite3.connect(url)) as other:
        for statement in statements:
            done = other.execute(statement)
            rows = list(done) if done.description else []
        other.commit()
    return rows


def indexes_of(world: World) -> int:
    """How many indexes the view of the parcels has."""
    server = world.ledger.journal.url.startswith("postgresql:")
    known = (
        "pg_indexes WHERE schemaname = current_schema AND indexname" if server else "sqlite_schema WHERE name"
    )
    ((count,),) = by_another_program(world, f"SELECT count(*) FROM {known} LIKE 'view_parcels_by_%'")
    return int(count)


@pytest.mark.parametrize("damage", DAMAGE)
def test_whatever_was_done_to_them_they_are_as_the_entries_give(kept: World, damage: str) -> None:
    """Another program was at the tables; afterwards nothing differs, and the entries are the same."""
    head = kept.ledger.head()
    by_another_program(kept, *DAMAGE[damage].split("; "))
    ledger = kept.reopen()
    told: list[int] = []
    counted = rebuild(ledger.journal, ledger.records, told.append)
    tables = Tables.of(ledger.journal)
    assert counted == {name: len(rows) for name, rows in from_zero(ledger).items()}
    assert (sum(told), tables.position(VIEW, VERSION)) == (head.size, head.size)
    assert all_rows(tables) == from_zero(ledger)
    assert compare_views(ledger.journal, ledger.records) == []
    assert ledger.head() == head
    assert indexes_of(kept) == sum(len(table.indexes) for table in TABLES if table.name == "parcels")


@pytest.mark.parametrize("pages", [1, 2])
def test_a_process_that_dies_in_the_middle_loses_nothing(kept: World, pages: int) -> None:
    """The next who asks goes on where it stopped; the rebuilding itself may be done again too."""
    world_url = kept.ledger.journal.url
    died = subprocess.run([sys.executable, "-c", KILLED, world_url, str(pages)], cwd=Path.cwd(), check=False)
    assert died.returncode == 9
    ledger = kept.reopen()
    assert Tables.of(ledger.journal).position(VIEW, VERSION) == 4 * pages < ledger.head().size
    assert compare_views(ledger.journal, ledger.records) == []
    with reading(ledger.journal, ledger.records) as rows:
        assert all_rows(rows) == from_zero(ledger)
    assert Tables.of(ledger.journal).position(VIEW, VERSION) == ledger.head().size


def test_two_who_build_at_once_end_with_one_set(kept: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one throws them away while the first is at work: the first begins again from nothing."""
    from ledger.projections import views

    monkeypatch.setattr(views, "_PAGE", 4)
    other = Ledger.open(kept.ledger.journal.url)
    told: list[int] = []

    def interfere(done: int) -> None:
        told.append(done)
        if len(told) == 2:
            rebuild(other.journal, other.records)

    rebuild(kept.ledger.journal, kept.ledger.records, interfere)
    assert all_rows(Tables.of(kept.ledger.journal)) == from_zero(kept.ledger)
    other.close()


def test_tables_that_another_one_has_just_thrown_away_are_no_damage(
    kept: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two pages, and the other one died before it made new ones: the first makes them."""
    from ledger.projections import views

    monkeypatch.setattr(views, "_PAGE", 4)
    other = Ledger.open(kept.ledger.journal.url)
    told: list[int] = []

    def interfere(done: int) -> None:
        told.append(done)
        if len(told) in (1, 3):
            Tables.of(other.journal).discard(VIEW, TABLES)

    counted = rebuild(kept.ledger.journal, kept.ledger.records, interfere)
    assert all_rows(Tables.of(kept.ledger.journal)) == from_zero(kept.ledger)
    assert counted["entries"] == kept.ledger.head().size
    with monkeypatch.context() as patch, refusing(StoreTrouble, "store-damaged"):
        patch.setattr(following, "_ATTEMPTS", 1)
        told.clear()
        rebuild(kept.ledger.journal, kept.ledger.records, interfere)
    other.close()


def test_who_may_not_write_cannot(kept: World) -> None:
    """It is said, and the views stay."""
    ledger = kept.reopen(write=False)
    with refusing(StoreTrouble, "store-readonly"):
        rebuild(ledger.journal, ledger.records)
    assert Tables.of(ledger.journal).position(VIEW, VERSION) == ledger.head().size
