"""Reading a file for checking: every row as it lies there, also what no other reader asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.errors import StoreTrouble
from ledger.projections import views
from ledger.store import opening
from ledger.store.salvage import (
    Deformed,
    Salvage,
    Strange,
    expected_definitions,
    open_for_checking,
    snapshot,
)
from ledger.store.tables import Tables
from tests.attacker import Attacker
from tests.world import World


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed ledger."""
    world = World(tmp_path / "ledger.db")
    world.mine("P1", "12.500")
    world.close()
    return tmp_path / "ledger.db"


@contextmanager
def salvaged(path: Path, *statements: str) -> Iterator[Salvage]:
    """The file after some statements, as a salvage sees it."""
    with Attacker(path) as attacker:
        for statement in statements:
            attacker.sql(statement)
    with open_for_checking(str(path)) as journal, snapshot(journal) as salvage:
        yield salvage


def test_an_honest_file_holds_nothing_strange(path: Path) -> None:
    """All rows are the journal's own, the definitions are a new ledger's, and SQLite finds no fault."""
    with salvaged(path) as salvage, open_for_checking(str(path)) as journal:
        assert list(salvage.entries()) == list(journal.entries())
        assert list(salvage.rows("links")) == list(journal.links())
        assert list(salvage.rows("mentions")) == list(journal.mentions())
        assert list(salvage.rows("ids")) == list(journal.ids())
        assert [row[1:] for row in salvage.rows("disclosures") if isinstance(row, tuple)] == list(
            journal.digests()
        )
        assert salvage.disclosed(2, 3)[2][0][1] == journal.disclosures(2)[0]
        assert salvage.stop() == journal.head().size
        assert salvage.definitions() == expected_definitions()
        assert (list(salvage.deformed()), salvage.integrity(), salvage.strange_entries()) == ([], [], 0)


def test_entries_can_be_read_from_and_to(path: Path) -> None:
    """A stretch of them, with the types they are listed under."""
    with salvaged(path) as salvage:
        assert [index for index, _ in salvage.entries(3, 6)] == [3, 4, 5]
        assert [topic for _, topic, _ in salvage.topics(0, 1)] == [b"ledger-opened/1"]


def test_one_state_is_seen_whatever_others_append(tmp_path: Path) -> None:
    """What is recorded while a file is checked belongs to the next check."""
    world = World(tmp_path / "ledger.db")
    with open_for_checking(str(tmp_path / "ledger.db")) as journal, snapshot(journal) as salvage:
        before = salvage.stop()
        world.mine("P1", "12.500")
        assert salvage.stop() == before == len(list(salvage.entries()))
        assert all(row[-1] < before for row in salvage.rows("links") if isinstance(row, tuple))
    world.close()


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        (
            "UPDATE links SET subject = x'ff' WHERE idx = 0 AND version = 1 AND subject LIKE 'ledger%'",
            "links",
        ),
        ("UPDATE links SET subject = CAST(x'ff' AS TEXT) WHERE subject LIKE 'ledger%'", "links"),
        ("UPDATE links SET idx = 'none' WHERE subject LIKE 'ledger%'", "links"),
        ("UPDATE ids SET id = 'none' WHERE idx = 0", "ids"),
        ("UPDATE mentions SET idx = 'none' WHERE idx = 0", "mentions"),
        ("UPDATE types SET first = x'00' WHERE first = 0", "types"),
        ("UPDATE disclosures SET disclosure = x'00' WHERE idx = 2", "disclosures"),
        ("UPDATE head SET hash = 'none'", "head"),
    ],
)
def test_values_of_another_kind_are_strange(path: Path, statement: str, table: str) -> None:
    """A text that is no UTF-8, a number that is none: told as strange, and the other rows as they are."""
    with salvaged(path) as salvage:
        count = len(list(salvage.rows(table)))
    with salvaged(path, statement) as salvage:
        rows = list(salvage.rows(table))
    assert len(rows) == count
    assert sum(isinstance(row, Strange) for row in rows) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO stored_events VALUES ('other', 0, 'a/1', x'00')",
        "INSERT INTO stored_events VALUES ('ledger', -1, 'a/1', x'00')",
        "INSERT INTO stored_events VALUES ('ledger', 'none', 'a/1', x'00')",
        "INSERT INTO stored_events VALUES (NULL, NULL, NULL, NULL)",
        "UPDATE stored_events SET topic = NULL WHERE originator_version = 3",
        "UPDATE stored_events SET state = 'none' WHERE originator_version = 3",
    ],
)
def test_rows_that_are_no_entries_are_counted(path: Path, statement: str) -> None:
    """Another stream, no index, no bytes: no reader takes them for an entry, so somebody must tell."""
    with salvaged(path, statement) as salvage:
        assert salvage.strange_entries() == 1
        assert all(isinstance(data, bytes) for _, data in salvage.entries())


@pytest.mark.parametrize(
    ("statement", "deformed"),
    [
        ("CREATE TABLE lies (id)", Deformed("table", "lies", "foreign")),
        ("CREATE TABLE view_lies (id)", Deformed("table", "view_lies", "foreign")),
        ("CREATE VIEW view_lies AS SELECT 1", Deformed("view", "view_lies", "foreign")),
        ("CREATE TRIGGER lie AFTER INSERT ON ids BEGIN SELECT 1; END", Deformed("trigger", "lie", "foreign")),
        ("DROP TABLE ids", Deformed("table", "ids", "missing")),
        ("DROP INDEX erasures", Deformed("index", "erasures", "missing")),
        ("ALTER TABLE ids ADD COLUMN more", Deformed("table", "ids", "altered")),
    ],
)
def test_other_definitions_are_told(path: Path, statement: str, deformed: Deformed) -> None:
    """What a new ledger does not have, lacks, or has otherwise."""
    with salvaged(path, statement) as salvage:
        assert list(salvage.deformed()) == [deformed]


@pytest.mark.parametrize(
    ("statement", "deformed"),
    [
        ("ALTER TABLE view_parcels RENAME COLUMN holder TO h", Deformed("table", "view_parcels", "altered")),
        ("ALTER TABLE view_sites ADD COLUMN lies TEXT", Deformed("table", "view_sites", "altered")),
        ("DROP TABLE view_sites", Deformed("table", "view_sites", "missing")),
        ("CREATE TABLE view_lies (id)", Deformed("table", "view_lies", "foreign")),
        ("DROP INDEX view_parcels_by_holder", Deformed("index", "view_parcels_by_holder", "missing")),
    ],
)
def test_other_definitions_of_views_are_told(path: Path, statement: str, deformed: Deformed) -> None:
    """SQLite takes a name for a text where there is no such column, so answers would be wrong in silence."""
    with opening.open(str(path)) as journal:
        views.prepare(Tables.of(journal))
    with salvaged(path) as salvage:
        assert list(salvage.deformed_views(views.TABLES)) == []
    with salvaged(path, statement) as salvage:
        assert deformed in list(salvage.deformed_views(views.TABLES))


def test_a_file_without_its_head_can_be_opened_for_checking(path: Path) -> None:
    """And tells where it ends by its entries."""
    with salvaged(path, "DELETE FROM head") as salvage:
        assert salvage.stop() == len(list(salvage.entries())) > 30
        assert list(salvage.rows("head")) == []


def test_what_is_no_ledger_is_not_opened(tmp_path: Path) -> None:
    """A missing file, and one that is something else."""
    (tmp_path / "notes.txt").write_text("Notes.")
    for name, code in (("nothing.db", "store-missing"), ("notes.txt", "store-not-a-ledger")):
        with pytest.raises(StoreTrouble) as refused:
            open_for_checking(str(tmp_path / name))
        assert refused.value.code == code


def overwritten(path: Path, where: Callable[[bytes], int]) -> None:
    """Overwrite the page that ``where`` finds in the file's bytes."""
    data = bytearray(path.read_bytes())
    size = int.from_bytes(data[16:18], "big")
    start = where(bytes(data)) // size * size
    data[start : start + size] = b"\xee" * size
    path.write_bytes(bytes(data))


def test_a_damaged_page_costs_only_what_lies_on_it(path: Path) -> None:
    """The other entries are read, those on the page are lost by name, also when some are asked for
    alone."""
    with salvaged(path) as salvage:
        entries = dict(salvage.entries())
    overwritten(path, lambda data: data.index(entries[20][5:60]))
    with salvaged(path) as salvage:
        found = dict(salvage.entries())
        assert 20 in salvage.lost
        assert found.keys() | salvage.lost.keys() == entries.keys()
        assert all(entries[index] == data for index, data in found.items())
        assert 0 < len(salvage.lost) < len(entries)
        assert list(salvage.entries(20, 21)) == []
        assert salvage.integrity() != []


def test_a_damaged_table_is_told_when_it_is_read(path: Path) -> None:
    """Rows come until the page that cannot be read."""
    overwritten(path, lambda data: data.index(b"participant:BW"))
    with salvaged(path) as salvage, pytest.raises(StoreTrouble) as damage:
        list(salvage.rows("mentions"))
    assert damage.value.code == "store-damaged"


def test_a_link_to_what_is_no_index_is_passed_over(path: Path) -> None:
    """The first entry of a subject is sought among the links to entries."""
    with salvaged(path) as salvage:
        began = salvage.first_of(["parcel:P1"])
    assert began.keys() == {"parcel:P1"}
    with salvaged(path, "UPDATE links SET idx = 'none' WHERE subject = 'parcel:P1'") as salvage:
        assert salvage.first_of(["parcel:P1"]) == {}
