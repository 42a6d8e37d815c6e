"""What a reading command imports: nothing that only signs, checks signatures, decides or writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.world import World

ROOT = Path(__file__).parents[2]
HEAVY = (
    "eventsourcing",
    "cryptography",
    "ledger.decision",
    "ledger.domain.rules",
    "importlib.metadata",
    "psycopg",
)
ASKED = (
    ("trace", "P1"),
    ("track", "P1"),
    ("show", "parcel", "P1"),
    ("log", "--parcel", "P1"),
    ("find", "P1"),
    ("list", "parcels"),
    ("status",),
)


def heavy_imports(*arguments: str) -> list[str]:
    """Those of the heavy modules that a command imported."""
    code = (
        "import sys\nfrom cli.main import run\n"
        f"try: run({list(arguments)!r})\n"
        "except SystemExit as ended: assert not ended.code, ended.code\n"
        f"print('imported', *(name for name in {HEAVY!r} if name in sys.modules))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT, encoding="utf-8"
    )
    assert told.returncode == 0, told.stderr
    return told.stdout.splitlines()[-1].split()[1:]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger with a parcel of which there is a name and a sealed value."""
    path = tmp_path_factory.mktemp("cold") / "ledger.db"
    world = World(path)
    world.mine("P1", "12.500")
    world.sell("P1", to="dealer-7", price=100_000)
    world.close()
    return str(path)


@pytest.mark.parametrize("command", ASKED, ids=lambda command: command[0])
def test_a_reading_command_imports_nothing_heavy(ledger: str, command: tuple[str, ...]) -> None:
    """They make up half of a start."""
    assert heavy_imports(*command, "--ledger", ledger) == []


def test_the_guard_sees_what_is_imported(ledger: str) -> None:
    """Verifying checks signatures: were the guard blind, it would see nothing here either."""
    assert "cryptography" in heavy_imports("verify", "--ledger", ledger)
