"""Writes that fail: one is told and forgotten when the next succeeds, two in a row end the signing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.application import Ledger
from ledger.chain import bundle_check
from ledger.chain.bundle_check import Reader
from ledger.chain.note import VerifierKey
from ledger.chain.trust import Log, Trust
from ledger.errors import StoreTrouble
from tests.postgres_server import PostgresServer
from tests.refusing import refusing
from tests.world import LEDGER_KEY, World

READER = Reader(Trust((Log(VerifierKey.parse(LEDGER_KEY)),)))


@pytest.fixture
def kept(tmp_path: Path) -> World:
    """A world in a file, whose ledger signs."""
    return World(tmp_path / "ledger.db", guard=tmp_path / "ledger.pem.guard")


@contextmanager
def no_room(world: World) -> Iterator[None]:
    """The file takes no page more, as on a full disk."""

    def limit(pages: int) -> None:
        with world.ledger.journal.transaction(write=True) as rows:
            rows.execute(f"PRAGMA max_page_count = {pages}")

    limit(1)  # the least that SQLite takes is what there is
    yield
    limit(1_000_000)


def fails(world: World, times: int, code: str = "store-full") -> None:
    """So many acts in a row are not recorded, and told so."""
    for number in range(times):
        with refusing(StoreTrouble, code):
            world.mine(*(text for line in range(300) for text in (f"F{number}-{line}", "1.000")))


def test_one_failure_between_successes_changes_nothing(kept: World) -> None:
    """Again and again: each act that is recorded is signed."""
    for number in range(3):
        with no_room(kept):
            fails(kept, 1)
        assert bundle_check.verify(kept.mine(f"P{number}", "1.000").proof().encode(), READER).holds
    kept.close()


def test_after_two_failures_nothing_is_signed_until_it_is_opened_anew(kept: World) -> None:
    """What was recorded and signed before is there; an act that can be recorded again is recorded unsigned,
    and its receipt says why."""
    before = kept.mine("P1", "1.000")
    size = kept.ledger.head().size
    with no_room(kept):
        fails(kept, 2)
        with refusing(StoreTrouble, "store-failing") as told:
            kept.ledger.checkpoint()
    assert "nothing that was answered is lost" in str(told.value)
    receipt = kept.mine("P2", "1.000")
    assert (receipt.index, receipt.signed) == (size, None)
    with refusing(StoreTrouble, "store-failing"):
        receipt.proof()
    with refusing(StoreTrouble, "store-failing"):
        kept.ledger.proof(before.index)
    url = kept.ledger.journal.url
    kept.close()
    with Ledger.open(url, clock=kept.clock, chance=kept.chance, keeper=kept.kept) as again:
        assert again.checkpoint().checkpoint.size == size + 1
        for index in (before.index, receipt.index):
            assert bundle_check.verify(again.proof(index).encode(), READER).holds


def test_a_server_that_fails_twice_is_not_signed_over(postgres: PostgresServer, tmp_path: Path) -> None:
    """The same on PostgreSQL, whose role loses its permission in the middle and gets it back."""
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE clerk LOGIN")
        connection.execute("GRANT CREATE ON DATABASE postgres TO clerk")
    world = World(postgres.url().replace("user=postgres", "user=clerk"), guard=tmp_path / "guard")
    url = world.ledger.journal.url
    schema = url.rpartition("%3D")[2]
    size = world.ledger.head().size
    with postgres.connect(schema) as connection:
        connection.execute("REVOKE INSERT ON stored_events FROM clerk")
        for _ in range(2):
            with refusing(StoreTrouble, "store-denied"):
                world.mine("P1", "1.000")
        assert world.ledger.head().size == size
        connection.execute("GRANT INSERT ON stored_events TO clerk")
    receipt = world.mine("P1", "1.000")
    with refusing(StoreTrouble, "store-failing"):
        receipt.proof()
    world.close()
    with Ledger.open(url, clock=world.clock, chance=world.chance, keeper=world.kept) as again:
        assert again.checkpoint().checkpoint.size == size + 1
    with postgres.connect() as connection:
        connection.execute("DROP OWNED BY clerk")
        connection.execute("DROP ROLE clerk")
