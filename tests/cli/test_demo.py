"""``adamas demo``: the tour runs to its end, what it shows is there, and its last commands can be typed."""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli import demo
from ledger.application import Ledger
from tests.laptop import FIRST, Laptop, Ran


@pytest.fixture(scope="module")
def toured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Laptop, Ran, float]:
    """The tour, taken once, and how many seconds of this process it took."""
    laptop = Laptop(tmp_path_factory.mktemp("toured"))
    start = time.process_time()
    ran = laptop.ok("demo", "--folder", "tour")
    return laptop, ran, time.process_time() - start


def test_the_tour_shows_what_it_promises(toured: tuple[Laptop, Ran, float]) -> None:
    """Discrepancies, a trace, yields, a sale, the verification, a play, refusals, what to try."""
    out = toured[1].out
    for number in range(1, 9):
        assert f"\n{number}. " in out
    assert "146 acts" in out
    assert "mined at karowe-mine-south-lobe-orapa-area, BW" in out
    assert "star-of-sierra-leone     968.90 ct   238.48 ct  24.6 %" in out
    assert "at least 21.5 %" in out
    assert "holder  lucara-diamond-corp  graff-diamonds-london" in out
    assert "result: no fault found" in out
    assert "  weight-conserved: parcel K-6 holds 2.25 ct" in out
    assert "  seals-differ: the shipment of EU/00000003 came under the seals S-1" in out
    assert "It never claims that the record is true of the stones." in out


def test_the_tour_is_quick(toured: tuple[Laptop, Ran, float]) -> None:
    """Under ten seconds of work, on a slow machine too."""
    assert toured[2] < 10


def test_the_ledgers_are_left_to_be_tried(toured: tuple[Laptop, Ran, float]) -> None:
    """All three, with the keys of all who act; the keys are their owner's only."""
    folder = toured[0].folder / "tour"
    assert {path.name for path in folder.iterdir()} >= {
        "archive.db", "archive.db.keys", "live.db", "live.db.keys", "port.db", "port.db.keys",
    }  # fmt: skip
    assert {path.stem for path in (folder / "live.db.keys").iterdir()} >= {"authority", "mine-1", "clerk-6"}
    if os.name == "posix":
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder / "live.db.keys").iterdir()}
        assert modes == {0o600}


def test_the_commands_at_the_end_can_be_typed(toured: tuple[Laptop, Ran, float]) -> None:
    """All of them, in their order; the sale of the seized parcel is refused, as the tour says."""
    laptop, ran, _ = toured
    lines = [line.strip() for line in ran.out.partition("\n8. ")[2].splitlines() if "adamas --ledger" in line]
    assert len(lines) == 9
    codes = [laptop(*shlex.split(line)[1:]).code for line in lines]
    assert codes == [3 if "parcel sell K-4" in line else 0 for line in lines]


def test_the_commands_at_the_end_can_be_pasted(bare: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Into a shell that does not find the command by its name: its path; else its name."""
    own = Path(sys.executable).with_name("adamas.exe" if os.name == "nt" else "adamas")
    if not own.exists():
        pytest.skip("this environment has no command adamas beside its Python")
    monkeypatch.setenv("PATH", os.defpath)
    with contextlib.chdir(bare.folder):
        assert demo.at_hand() == str(own)
    with contextlib.chdir(own.parent.resolve().parent):
        assert demo.at_hand() == str(Path(own.parent.resolve().name) / own.name)
        bare.ok("init", *FIRST, "--origin", "ledger.example/bw/k7q2", "--no-passphrase")
        line = demo.typed(bare.ledger, "status", command=demo.at_hand())
        done = subprocess.run(shlex.split(line), capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, "ledger.example/bw/k7q2" in done.stdout) == (0, True), done.stderr
    monkeypatch.setenv("PATH", os.pathsep.join([str(own.parent), os.defpath]))
    assert demo.at_hand() == "adamas"


def test_a_folder_with_a_tour_in_it_is_not_written_over(toured: tuple[Laptop, Ran, float]) -> None:
    """The ledger that is there stays as it is."""
    laptop = toured[0]
    with Ledger.open(str(laptop.folder / "tour" / "archive.db"), write=False) as ledger:
        before = ledger.head()
    assert laptop("demo", "--folder", "tour").code in (6, 7)
    with Ledger.open(str(laptop.folder / "tour" / "archive.db"), write=False) as ledger:
        assert ledger.head() == before


def test_without_a_folder_it_makes_one_and_says_where(bare: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new temporary folder, named in the first lines."""
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(bare.folder))
    ran = bare.ok("demo")
    (made,) = bare.folder.glob("adamas-demo-*")
    assert f"lie in {made}" in ran.out
    assert (Path(made) / "live.db").exists()
