"""Laptops for the command's tests: an empty one, one with a ledger that is ready to work in, and two whose
ledgers know each other."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ledger import keys
from tests.laptop import Laptop, begin
from tests.ministries import Ministries
from tests.postgres_server import PostgresServer


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the developer's own settings reach a test."""
    for name in [name for name in os.environ if name.startswith("ADAMAS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture(autouse=True)
def _quick_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sixteenth of the work for each key file; tests/ledger/test_keys.py holds them to all of it."""
    monkeypatch.setattr(keys, "_COST", 1_024)


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    begin(Laptop(folder))
    return folder


@pytest.fixture
def bare(tmp_path: Path) -> Laptop:
    """A laptop with nothing on it."""
    return Laptop(tmp_path)


@pytest.fixture
def laptop(_prepared: Path, tmp_path: Path) -> Laptop:
    """A laptop with the ledger of `tests.laptop.begin`, the test's own copy."""
    shutil.copytree(_prepared, tmp_path, dirs_exist_ok=True)
    return Laptop(tmp_path)


@pytest.fixture(scope="session")
def _two_prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ministries")
    Ministries(folder)
    return folder


@pytest.fixture
def two(_two_prepared: Path, tmp_path: Path, store: str, request: pytest.FixtureRequest) -> Ministries:
    """A producer and a hub that recognise each other, the test's own copies, in each store."""
    made = Ministries(tmp_path, _two_prepared)
    if store == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        for laptop in (made.producer, made.hub):
            laptop.move_to(server.url())
    return made
