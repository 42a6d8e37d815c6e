"""The verifier in Go and a ledger's own work: what `publish` and `prove` write is accepted, what is damaged
is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.application import Ledger
from ledger.chain import archive
from ledger.federation.entitling import Opening
from ledger.federation.proving import Prover
from ledger.federation.publishing import publish
from tests.go_program import MARKS, run
from tests.world import LEDGER_KEY, World

pytestmark = MARKS


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger that signs, with a certificate and a sealed price."""
    world = World(guard=tmp_path / "guard")
    world.mine("P1", "12.500")
    world.sell("P1", to="dealer-7", price=2_500_000)
    world.certify("107", "P1")
    return world.ledger


def test_what_is_published_is_accepted(program: Path, ledger: Ledger, tmp_path: Path) -> None:
    """The directory as it is, and not with one byte of an entry flipped."""
    folder = tmp_path / "published"
    publish(folder, ledger.checkpoint(), ledger.journal.entries, ledger.keeper.tree.node)
    code, lines = run(program, "-key", LEDGER_KEY, folder)
    assert code == 0, lines
    bundle = next((folder / "tile" / "entries").rglob("*.p/*"))
    data = bytearray(bundle.read_bytes())
    data[300] ^= 1
    bundle.write_bytes(data)
    assert run(program, "-key", LEDGER_KEY, folder)[0] == 1


def test_what_is_proven_is_accepted(program: Path, ledger: Ledger, tmp_path: Path) -> None:
    """A zip of a parcel's history with a price disclosed; not under another key."""
    prover = Prover(ledger.keeper, ledger.journal, ledger.records)
    file = tmp_path / "P1.zip"
    opening = Opening(disclose=frozenset({"price"}), without_grant=True)
    file.write_bytes(archive.pack(prover.make(prover.parcel("P1"), opening=opening)))
    code, lines = run(program, "-key", LEDGER_KEY, file)
    assert code == 0, lines
    assert any("disclosed [price]" in line for line in lines)
    other = World(bare=True, guard=tmp_path / "other").ledger.keeper.key
    stranger = str(other).replace(
        str(other).rpartition("+")[2], "AXNSk4mmBy4VOYHjmKPKJoo/3sKTLRhZiF/ySVsOvC5A"
    )
    assert run(program, "-key", stranger, file)[0] != 0
