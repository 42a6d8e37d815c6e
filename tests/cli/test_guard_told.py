"""The guards beside the ledger's keys, as people meet them: missing ones are told, each key has its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.laptop import LEDGER, Laptop, begin

KEYS = f"{LEDGER}.keys"
WEIGH = ("parcel", "weigh", "K1", "--key", "miner-1", "--weight")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with a few entries and a second key, which has signed nothing yet."""
    folder = tmp_path_factory.mktemp("begun")
    laptop = Laptop(folder)
    begin(laptop)
    laptop.ok("key", "new", "next", "--out", "next.pem", "--no-passphrase")
    laptop.ok("house", "change-key", "--new", "next.pem")
    return folder


@pytest.fixture
def kept(begun: Path, tmp_path: Path) -> Laptop:
    """It, copied."""
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return Laptop(tmp_path)


def put_back(laptop: Laptop, old: bytes) -> None:
    """An old copy of the ledger lies in its place."""
    for name in ("-wal", "-shm"):
        (laptop.folder / f"{LEDGER}{name}").unlink(missing_ok=True)
    (laptop.folder / LEDGER).write_bytes(old)


def test_a_missing_guard_is_told(kept: Laptop) -> None:
    """Once, when it is begun; one that is there says nothing, and so does `adamas init`, which makes it."""
    assert "no guard" not in kept.ok(*WEIGH, "12.49").err
    guard = kept.folder / KEYS / "ledger.pem.guard"
    guard.unlink()
    assert f"no guard {guard.relative_to(kept.folder)}" in kept.ok(*WEIGH, "12.48").err
    assert "no guard" not in kept.ok(*WEIGH, "12.47").err
    assert "no guard" in kept.ok("checkpoint", "--ledger-key", "next.pem").err
    assert "no guard" not in kept.ok("list", "parcels").err
    fresh = ("--participant", "BW", "--authority", "a", "--yes", "--no-passphrase", "--ledger", "other.db")
    assert "no guard" not in kept.ok("init", *fresh).err


@pytest.mark.parametrize("order", [f"next.pem,{KEYS}/ledger.pem", f"{KEYS}/ledger.pem,next.pem"])
def test_each_key_of_a_change_over_has_a_guard(order: str, kept: Laptop) -> None:
    """What both signed, neither signs another history of: not alone, and not with the other."""
    old = (kept.folder / LEDGER).read_bytes()
    kept.ok(*WEIGH, "12.49", "--ledger-key", order)
    put_back(kept, old)
    for again in (f"{KEYS}/ledger.pem", "next.pem", order):
        refused = kept("checkpoint", "--ledger-key", again)
        assert (refused.code, "guard" in refused.err) == (8, True), again
        refused = kept(*WEIGH, "12.40", "--ledger-key", again)
        assert refused.code == 8


def test_the_right_copy_goes_on(kept: Laptop) -> None:
    """The newer file back in its place signs under both keys."""
    order = f"next.pem,{KEYS}/ledger.pem"
    old = (kept.folder / LEDGER).read_bytes()
    kept.ok(*WEIGH, "12.49", "--ledger-key", order)
    new = (kept.folder / LEDGER).read_bytes()
    put_back(kept, old)
    assert kept("checkpoint", "--ledger-key", order).code == 8
    put_back(kept, new)
    assert kept.ok("checkpoint", "--ledger-key", order).out.count("\u2014 ") == 2


@pytest.mark.parametrize(("acts", "code"), [(2, "guard-behind-closed"), (1, "guard-sideways-closed")])
def test_an_old_copy_that_was_closed_says_where_it_goes_on(acts: int, code: str, kept: Laptop) -> None:
    """When it is closed, and ever after; before, that it can be. Its last entry makes it as big as the one
    that was signed, or not."""
    old, successor = (kept.folder / LEDGER).read_bytes(), "ledger.example/bw/n3x7"
    for number in range(acts):
        kept.ok(*WEIGH, f"12.4{number}")
    put_back(kept, old)
    refused = kept("checkpoint")
    assert (refused.code, "adamas: guard-behind: " in refused.err) == (8, True)
    assert "adamas house close" in refused.err
    closing = kept.ok("house", "close", "--successor", successor)
    assert f"not signed for the ledger: {code}: " in closing.err
    for words in (
        ("checkpoint",),
        ("publish", "published"),
        ("prove", "entry", "1", "--out", "1.tlog-proof"),
    ):
        refused = kept(*words)
        assert (refused.code, f"adamas: {code}: " in refused.err) == (8, True), words
        assert f"adamas init --origin {successor} --continues" in refused.err
        assert "house close" not in refused.err
    refused = kept(*WEIGH, "12.47")
    assert (refused.code, "guard" in refused.err) == (3, False)


def test_a_ledger_that_was_closed_in_good_order_signs_its_end(kept: Laptop) -> None:
    """It is no copy: its last checkpoint is of all that it has."""
    assert "not signed" not in kept.ok("house", "close", "--successor", "ledger.example/bw/n3x7").err
    assert "n3x7" not in kept.ok("checkpoint").err
