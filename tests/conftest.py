"""Fixtures for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import World


@pytest.fixture
def world() -> Iterator[World]:
    """A world in memory."""
    world = World()
    yield world
    world.close()


@pytest.fixture
def world_file(tmp_path: Path) -> Iterator[World]:
    """A world in a file."""
    world = World(tmp_path / "ledger.db")
    yield world
    world.close()
