"""Fixtures for everybody."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import scene
from tests.extent import extent
from tests.postgres_server import PostgresServer
from tests.scene import Scene
from tests.world import World

settings.register_profile("extent", max_examples=extent(50, 500))
settings.load_profile("extent")

gc.disable()  # while thousands of tests are collected, there is nothing to throw away


def pytest_collection_finish() -> None:
    """What was collected stays to the end: it need not be looked through again and again."""
    gc.freeze()
    gc.enable()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Control-C reaches the test and the processes that it starts, as it does not where the tests run in the
    background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """A ledger with a little of everything; who does harm takes a copy."""
    return scene.build(tmp_path_factory.mktemp("scene"))


@pytest.fixture
def own() -> Iterator[PostgresServer]:
    """A server that the test may kill."""
    server = PostgresServer.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, the same for all tests; each ledger takes a schema of its own."""
    server = PostgresServer.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new ledger can be made, in each store that several processes can use."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.db")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url()
