"""What a hostile courier or keeper puts in a file's place: nothing passes for what it is not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.laptop import LEDGER, Laptop, begin


@pytest.fixture
def kept(laptop: Laptop) -> Laptop:
    """A ledger with a trust file and a checkpoint held outside."""
    laptop.ok("checkpoint", "--out", "held")
    laptop.ok("trust", "--out", "bw.trust")
    laptop.ok("parcel", "value", "K1", "--value", "1000000", "--key", "miner-1")
    return laptop


def ledger_of_ones_own(kept: Laptop) -> Path:
    """A whole ledger under the same origin, with keys of the courier's own, under a proof's name."""
    other = Laptop(kept.folder / "other")
    other.folder.mkdir()
    begin(other)
    file = kept.folder / "107.zip"
    with closing(sqlite3.connect(other.folder / LEDGER)) as whole, closing(sqlite3.connect(file)) as copy:
        whole.backup(copy)
    return file


def test_a_database_in_a_proofs_place_does_not_pass_by_a_trust_file(kept: Laptop) -> None:
    """Anybody can write a ledger under any origin, and it is whole in itself. By a checkpoint that the reader
    holds it is found out; with the trust file alone, of which it needs the origin only, it is not read."""
    forged = ledger_of_ones_own(kept)
    kept.ok("verify", forged.name)
    refused = kept("verify", forged.name, "--trust", "bw.trust")
    assert (refused.code, "nobody signs a database" in refused.err) == (2, True)
    assert refused.out == ""
    held = kept("verify", forged.name, "--trust", "bw.trust", "--since", "held")
    assert (held.code, "verify-held-root" in held.out) == (1, True)
    kept.ok("verify", LEDGER, "--trust", "bw.trust", "--since", "held")
    kept.ok("verify", "--trust", "bw.trust")  # one's own, where it stands
