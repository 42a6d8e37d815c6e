"""``adamas copy``, ``backup``, ``restore``, and what stands against going back."""

from __future__ import annotations

import shutil

from tests.laptop import LEDGER, Laptop


def test_a_copy_verifies_and_has_the_same_head(laptop: Laptop) -> None:
    """In a new file; a second copy to the same place is refused."""
    head = laptop.data("verify")["head"]
    told = laptop.data("copy", LEDGER, "other.db")
    assert told["head"] == head
    assert laptop.data("verify", "--ledger", "other.db")["root"] == told["root"]
    again = laptop("copy", LEDGER, "other.db")
    assert (again.code, "store-exists" in again.err) == (7, True)


def test_what_is_no_ledger_is_not_copied(laptop: Laptop) -> None:
    """Nothing is made at the target."""
    (laptop.folder / "letter").write_text("dear")
    assert laptop("copy", "letter", "other.db").code == 7
    assert not (laptop.folder / "other.db").exists()


def test_a_ledger_that_was_lost_is_put_back(laptop: Laptop) -> None:
    """As long as nothing was signed since, it goes on as if nothing had been."""
    laptop.ok("backup", "b.adamas")
    (laptop.folder / LEDGER).unlink()
    laptop.ok("restore", "b.adamas", LEDGER)
    assert laptop.ok("attest", "0").receipt
    assert "no fault found" in laptop.ok("verify").out


def test_going_behind_what_was_signed_is_refused(laptop: Laptop) -> None:
    """An act was recorded and signed after the backup: it is told what putting it back means. Told so, it is
    put back, verifies, and records nothing more."""
    laptop.ok("backup", "b.adamas")
    laptop.ok("attest", "0")
    (laptop.folder / LEDGER).rename(laptop.folder / "lost")
    refused = laptop("restore", "b.adamas", LEDGER)
    assert refused.code == 8
    assert "restore-behind" in refused.err
    assert not (laptop.folder / LEDGER).exists()
    told = laptop.ok("restore", "b.adamas", LEDGER, "--behind-the-guard")
    assert "never signs again" in told.err
    assert "no fault found" in laptop.ok("verify").out
    assert laptop("attest", "1").code == 8


def test_another_history_is_refused(laptop: Laptop) -> None:
    """Two copies that were both written: the one that was signed second is not put back over the first."""
    shutil.copytree(laptop.folder, laptop.folder / "twin")
    laptop.ok("attest", "0")
    twin = Laptop(laptop.folder / "twin")
    twin.ok("attest", "1")
    twin.ok("backup", "b.adamas")
    refused = laptop("restore", "twin/b.adamas", "restored.db", "--ledger-key", f"{LEDGER}.keys/ledger.pem")
    assert refused.code == 8
    assert "restore-sideways" in refused.err


def test_without_a_guard_nobody_knows_and_it_is_said(laptop: Laptop) -> None:
    """It is put back, and one is told to compare with what others hold."""
    laptop.ok("backup", "b.adamas")
    told = laptop.ok("restore", "b.adamas", "elsewhere.db")
    assert "compare the last receipt" in told.err
