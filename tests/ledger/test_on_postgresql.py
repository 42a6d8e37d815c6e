"""The application, its keeper, its records and its views on PostgreSQL: their own tests once more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.again import again
from tests.postgres_server import PostgresServer
from tests.world import World

HERE = Path(__file__).parent

globals().update(again(HERE / "test_application.py", taking=("world",)))
globals().update(again(HERE / "store" / "test_records.py", taking=("world", "peopled", "twin")))
globals().update(again(HERE / "store" / "test_histories.py", taking=("world",)))
globals().update(again(HERE / "projections" / "test_views.py", taking=("world",)))
globals().update(again(HERE / "projections" / "test_view_check.py", taking=("world",)))
globals().update(again(HERE / "projections" / "test_movements.py", taking=("world",)))
globals().update(again(HERE / "projections" / "test_balances.py", taking=("world",)))

globals().update(again(HERE / "test_admission.py", taking=("world",)))
globals().update(again(HERE / "investigation" / "test_replay.py", taking=("world",)))
globals().update(again(HERE / "projections" / "test_asking.py", taking=("world",)))
globals().update(again(HERE / "projections" / "test_particulars.py", taking=("world",)))


@pytest.fixture
def world(postgres: PostgresServer) -> Iterator[World]:
    """A world in a schema of its own."""
    world = World(postgres.url())
    yield world
    world.close()
