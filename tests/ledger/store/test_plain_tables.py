"""A file that computes what a ledger stores is not read: it might never end."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ledger.errors import StoreTrouble
from ledger.federation import sources
from ledger.store import opening
from ledger.store.checking import open_for_checking
from tests.refusing import refusing
from tests.world import World

ENDLESS = "WITH RECURSIVE t(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM t) SELECT kept.* FROM kept, t"
TABLES = ("stored_events", "head", "links", "mentions", "nodes", "types", "ids", "disclosures")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed ledger."""
    world = World(tmp_path / "ledger.db")
    world.mine("P1", "12.500")
    world.close()
    return tmp_path / "ledger.db"


def altered(path: Path, *statements: str) -> str:
    """The file after some statements."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return str(path)


@pytest.mark.parametrize("table", TABLES)
def test_a_view_without_end_in_a_tables_place(path: Path, table: str) -> None:
    """Of each of them; neither to check it nor to go on in it with a trace."""
    url = altered(path, f"ALTER TABLE {table} RENAME TO kept", f"CREATE VIEW {table} AS {ENDLESS}")
    for read in (open_for_checking, sources.open_):
        with refusing(StoreTrouble, "store-computed"):
            read(url)


@pytest.mark.parametrize(
    "statements",
    [
        ("DROP TABLE head", f"CREATE VIEW HEAD AS {ENDLESS.replace('kept', 'ids')}"),
        ("CREATE VIRTUAL TABLE view_parcels USING fts5(x)",),
        ("CREATE VIEW views AS SELECT 1",),
        ("DROP TABLE mentions", "CREATE VIRTUAL TABLE mentions USING fts5(subject, idx)"),
        ("ALTER TABLE head ADD COLUMN more AS (zeroblob(2000000000)) VIRTUAL",),
        ("ALTER TABLE ids ADD COLUMN more AS (hex(id))",),
    ],
)
def test_whatever_else_computes_rows(path: Path, statements: tuple[str, ...]) -> None:
    """Under other capitals, in a table that this file has not, by a module, in a column."""
    url = altered(path, *statements)
    for write in (True, False):
        with refusing(StoreTrouble, "store-computed"):
            opening.open(url, write=write)


@pytest.mark.parametrize("table", ["ids", "HEAD", "view_parcels"])
def test_a_trigger_is_refused_to_whoever_would_fire_it(path: Path, table: str) -> None:
    """Reading fires none; what it is, `adamas verify` tells."""
    made = ("CREATE TABLE IF NOT EXISTS view_parcels (id)",)
    trigger = f"CREATE TRIGGER lie AFTER UPDATE ON {table} BEGIN SELECT n.* FROM ({ENDLESS}) AS n; END"
    url = altered(path, *made, trigger.replace("kept", "ids"))
    with refusing(StoreTrouble, "store-computed"):
        opening.open(url)
    with open_for_checking(url) as journal:
        assert journal.head().size > 0


def test_what_stores_rows_is_read(path: Path) -> None:
    """An honest ledger, and one with other things in it, of which reading it tells."""
    harmless = "CREATE TRIGGER other_lie AFTER INSERT ON more BEGIN SELECT 1; END"
    altered(path, "CREATE TABLE more (x)", "CREATE VIEW other AS SELECT 1", harmless)
    for read in (opening.open, open_for_checking):
        with read(str(path)) as journal:
            assert journal.head().size > 0
    path.write_bytes(path.read_bytes()[:200])
    for read in (opening.open, open_for_checking):
        with refusing(StoreTrouble, "store-damaged"):
            read(str(path))


@pytest.mark.parametrize("write", [True, False])
def test_it_is_one_question_of_a_start(path: Path, write: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the settings of the connection and the head, and a short one."""
    asked: list[str] = []
    steps = [0]

    class Counted(sqlite3.Connection):
        """Tells what it is asked."""

        def __init__(self, *args: object, **more: object) -> None:
            super().__init__(*args, **more)  # type: ignore[arg-type]
            self.set_trace_callback(asked.append)
            self.set_progress_handler(step, 1)

    def step() -> int:
        steps[0] += 1
        return 0

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **more: connect(*args, **more, factory=Counted))
    with opening.open(str(path), write=write):
        monkeypatch.undo()
    questions = [one for one in asked if one.startswith("SELECT")]
    assert ["sqlite_schema" in one for one in questions[-2:]] == [True, False]
    assert len(questions) == 2 + (not write)  # to read, it was tried before whether the folder takes a log
    assert steps[0] < 3_000
