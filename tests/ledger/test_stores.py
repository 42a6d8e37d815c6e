"""Which tests of the library run on PostgreSQL too, and which do not, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import stores

HERE = Path(__file__).parent
ELSEWHERE = {
    "audit/test_attacks": "somebody edits the file; servers are audited in test_only_new, test_division",
    "audit/test_auditing": "as test_attacks",
    "audit/test_report": "the words of a report",
    "audit/test_single_edits": "bytes of the file; a server's pages: store/test_postgres_pages",
    "exchange/test_demonstration": "the tour plays in memory",
    "federation/test_filed_acts": "what a partner published; no ledger is there",
    "federation/test_publishing_at_once": "two runs write files; what they read of a ledger is given",
    "federation/test_mutations": "what was published of a ledger is altered",
    "investigation/test_simulated_frauds": "scripts/simulate makes files",
    "store/test_closed_and_full": "a full disk, closed folders; a server's faults: scripts/test_faults",
    "store/test_frozen": "a file of an earlier version",
    "store/test_plain_tables": "what somebody may have planted in a file",
    "store/test_salvage": "a damaged file; a server's: store/test_postgres_pages",
    "store/test_sqlite_file": "the file itself",
    "test_cost": "steps of SQLite's machine are counted",
    "test_guard": "the guard's file, without a ledger",
    "test_turns": "the turn's file, without a ledger",
}
"""Modules that work on a ledger and not on a server, and why. Single tests say it in their mark ``file``."""


def modules() -> dict[str, str]:
    """The test modules of the library that work on a ledger, and their sources."""
    found = {
        path.relative_to(HERE).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
        for path in HERE.rglob("test_*.py")
        if path != Path(__file__)
    }
    return {name: source for name, source in found.items() if stores.works_on_a_ledger(source)}


def test_every_module_that_works_on_a_ledger_runs_on_both() -> None:
    """Or it is said why not."""
    alone = {name for name, source in modules().items() if not stores.on_a_server(source)}
    assert alone == ELSEWHERE.keys()


def test_every_test_that_is_about_the_file_says_why() -> None:
    """The mark without a reason would hide that a test does not hold on a server."""
    marks = [
        mark for source in modules().values() for mark in re.findall(r"@pytest\.mark\.file\b(.*)", source)
    ]
    assert len(marks) >= 8
    assert [mark for mark in marks if not re.fullmatch(r'\("[^"]{10,}"\)', mark)] == []


PLANTED = """
@pytest.fixture
def kept(world_file: World) -> World:
    return world_file

@pytest.fixture
def alone() -> World:
    return World()

@pytest.fixture
def world(world: World) -> World:
    return world

def test_kept(kept: World) -> None: ...
def test_world(world: World) -> None: ...
def test_alone(alone: World) -> None: ...
@pytest.mark.file("why")
def test_file(kept: World) -> None: ...
"""


def test_a_module_that_stays_behind_is_seen() -> None:
    """A fixture of the module's own that makes a ledger in memory leads to no server."""
    assert stores.on_a_server(PLANTED) == {"test_kept", "test_world"}
    assert stores.on_a_server(PLANTED.replace("def world(world: World)", "def world()")) == {"test_kept"}
    assert stores.works_on_a_ledger(PLANTED)
    assert not stores.works_on_a_ledger("def test_a_hash() -> None: ...")


@dataclass
class Item:
    """A test as pytest collected it."""

    path: Path
    originalname: str
    callspec: SimpleNamespace
    marks: list[str] = field(default_factory=list)

    def add_marker(self, name: str) -> None:
        """Marked in the run's last lines."""
        self.marks.append(name)


@pytest.mark.parametrize(("folder", "kind", "left"), [
    ("projections", "postgresql", 92), ("projections", "sqlite", 0), ("store", "postgresql", 0),
])  # fmt: skip
def test_of_very_many_some_stand_for_all(
    monkeypatch: pytest.MonkeyPatch, folder: str, kind: str, left: int
) -> None:
    """The same ones each time, from the first to the last, and marked so that the run says so."""
    monkeypatch.setattr(stores, "MANY", 8)
    place = HERE / folder / "test_x.py"
    items = [Item(place, "test_x", SimpleNamespace(params={"store": kind, "n": n})) for n in range(100)]
    gone = stores.too_many(items)
    assert len(gone) == left
    kept = [item.callspec.params["n"] for item in items if item.marks]
    assert kept == ([0, 14, 28, 42, 57, 71, 85, 99] if left else [])
    assert stores.too_many(items[:8]) == []
