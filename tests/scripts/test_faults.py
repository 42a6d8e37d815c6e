"""Faults brought about on purpose, a few of each; ``scripts/faults 125`` brings about a thousand kills."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.postgres_server import PostgresServer

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "scripts"))

from faulting import breaking, killing  # noqa: E402

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
TIMES = 25 if os.environ.get("ADAMAS_SLOW") == "full" else 2


@pytest.mark.parametrize("kind", killing.kinds())
def test_killed_work_loses_nothing(kind: str, tmp_path: Path) -> None:
    """What was acknowledged is there, the ledger verifies, the next start needs no hand."""
    told = killing.kill(kind, str(tmp_path / "ledger.db"), tmp_path, TIMES)
    assert (told.wrong, told.times) == ([], TIMES)
    if kind in killing.ANSWERED:
        assert told.acknowledged


def test_a_killed_client_of_a_server_loses_nothing(postgres: PostgresServer, tmp_path: Path) -> None:
    """The same on PostgreSQL."""
    told = killing.kill("append", postgres.url(), tmp_path, TIMES)
    assert told.wrong == []
    assert told.acknowledged


@pytest.mark.parametrize("fault", breaking.FAULTS, ids=lambda fault: str(fault.__name__))
def test_what_breaks_is_told_and_nothing_is_lost(
    fault: breaking.Callable[[Path, int], killing.Told], tmp_path: Path
) -> None:
    """Each fault of the table, once or twice."""
    told = fault(tmp_path, TIMES)
    assert told.wrong == []
    assert told.times or told.note


def test_an_act_that_is_lost_would_be_seen(tmp_path: Path) -> None:
    """The check is checked: an acknowledgement of something that is not there is told."""
    url = str(tmp_path / "ledger.db")
    breaking.World(url).close()
    assert killing._after(url, {}) == []
    assert killing._after(url, {3: "00" * 32}) == ["the acknowledged entry 3 is not there"]
