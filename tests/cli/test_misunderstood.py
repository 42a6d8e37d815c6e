"""What a person types wrong: nothing is lost by it, and the answer says what to type instead."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from tests.laptop import LEDGER, Laptop

MINER = ("--key", "miner-1")
KEY = f"{LEDGER}.keys/authority.pem"
GUARD = f"{LEDGER}.keys/ledger.pem.guard"


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("file", [LEDGER, KEY, GUARD])
@pytest.mark.parametrize(
    "words",
    [
        ("prove", "entry", "0", "--out"),
        ("trust", "--out"),
        ("checkpoint", "--out"),
        ("verify", "--report"),
    ],
    ids=" ".join,
)
def test_no_answer_takes_the_place_of_a_ledger_a_key_or_a_guard(
    laptop: Laptop, words: tuple[str, ...], file: str
) -> None:
    """One slip in ``--out`` must not cost what cannot be had back."""
    laptop.ok("checkpoint")
    before = _digest(laptop.folder / file)
    ran = laptop(*words, file)
    assert (ran.code, "artefact-kept" in ran.err) == (7, True), ran.err
    assert _digest(laptop.folder / file) == before
    assert not list(laptop.folder.rglob("*.new"))


def test_an_older_answer_gives_way_and_a_device_stays_one(laptop: Laptop) -> None:
    """A checkpoint may be kept in one place; ``/dev/null`` is not replaced by a file."""
    laptop.ok("checkpoint", "--out", "bw.checkpoint")
    laptop.ok("attest", "3")
    laptop.ok("checkpoint", "--out", "bw.checkpoint")
    assert (laptop.folder / "bw.checkpoint").read_text().splitlines()[1] == str(laptop.size())
    if os.name == "posix":
        laptop.ok("prove", "entry", "0", "--out", os.devnull)
        assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
