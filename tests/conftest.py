"""Fixtures for everybody."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import scene, stores
from tests.extent import extent
from tests.postgres_server import PostgresServer
from tests.scene import Scene
from tests.world import World

settings.register_profile("extent", max_examples=extent(50, 500))
settings.load_profile("extent")

gc.disable()  # while thousands of tests are collected, there is nothing to throw away


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that have a ledger run in each store."""
    stores.run_in_each(metafunc)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Very many of one kind are not all run on PostgreSQL every day."""
    left = stores.too_many(items)
    if left:
        config.hook.pytest_deselected(items=left)
        gone = set(left)
        items[:] = [item for item in items if item not in gone]


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
def store(request: pytest.FixtureRequest) -> str:
    """The store of the test's own ledger, ``sqlite`` or ``postgresql``."""
    return getattr(request, "param", "sqlite")


@pytest.fixture
def ledger_url(store: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new ledger can be made, in each store that several processes can use."""
    if store == "sqlite":
        return str(tmp_path / "ledger.db")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url()


@pytest.fixture(scope="module", params=stores.STORES)
def module_url(request: pytest.FixtureRequest) -> str:
    """Where a ledger can be made that a whole module shares, in memory or on a server."""
    return ":memory:" if request.param == "sqlite" else request.getfixturevalue("postgres").url()


@pytest.fixture
def world(store: str, request: pytest.FixtureRequest) -> Iterator[World]:
    """A world in memory, or on a server."""
    world = World(":memory:" if store == "sqlite" else request.getfixturevalue("ledger_url"))
    yield world
    world.close()


@pytest.fixture
def world_file(ledger_url: str) -> Iterator[World]:
    """A world in a file, or on a server: one that can be opened again."""
    world = World(ledger_url)
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


@pytest.fixture
def store_url(ledger_url: str) -> str:
    """Where a new ledger can be made, in each store."""
    return ledger_url
