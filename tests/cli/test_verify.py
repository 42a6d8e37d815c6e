"""``adamas verify``: exit codes, the report, and files that somebody damaged or closed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.audit.auditing import Audit, Options
from ledger.audit.working_paper import WorkingPaper
from ledger.store.checking import open_for_checking
from ledger.store.evidence import Evidence
from tests.attacker import Attacker
from tests.laptop import LEDGER, Laptop


def snapshot(folder: Path) -> dict[str, bytes]:
    """Names and bytes of all files in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_an_honest_ledger_ends_with_0(laptop: Laptop) -> None:
    """All steps in their order, each with what it looked at, and the head to keep."""
    ran = laptop.ok("verify", "--views")
    numbers = [line.split(")")[0] for line in ran.out.splitlines() if line.startswith("(")]
    assert numbers == [f"({number}" for number in range(1, 12)]
    assert "not checked" not in ran.out
    assert "result: no fault found" in ran.out
    assert ran.err == ""


def test_the_head_it_prints_holds_the_ledger_to_it(laptop: Laptop) -> None:
    """It is the last receipt, and it is taken again; also behind what is recorded later."""
    head = laptop.data("verify")["head"]
    assert laptop.ok("verify", "--head", head).code == 0
    receipt = laptop.ok("attest", "0").receipt
    assert laptop.data("verify")["head"] == receipt
    assert laptop.data("verify", "--head", head)["against"] == head


def test_faults_end_with_1_and_are_named(laptop: Laptop) -> None:
    """Step, index, code and sentence, for people and for programs; the check goes on after the first."""
    with Attacker(laptop.folder / LEDGER) as attacker:
        attacker.sql("UPDATE head SET size = size + 1")
        attacker.flip(3, attacker.acts()[3].signature)
    ran = laptop("verify")
    assert ran.code == 1
    assert "    entry 3: verify-signature: the signature of entry 3 is not that of its author" in ran.out
    assert "verify-head-row: the size that the head row states" in ran.out
    assert "Keep it outside" not in ran.out
    assert ran.err.splitlines()[0] == "adamas: verify-faults: 4 faults were found"
    assert "next: keep the file as it is; compare with a backup" in ran.err
    told = laptop("verify", "--json")
    assert told.code == 1
    assert [(one["step"], one["index"], one["code"]) for one in told.data["faults"]] == [
        (3, 4, "verify-link"),
        (7, 3, "verify-signature"),
        (9, None, "verify-head-row"),
        (9, None, "verify-head-row"),
    ]
    assert {step["step"]: step["faults"] for step in told.data["steps"]}[7] == 1
    assert json.loads(told.err)["code"] == "verify-faults"


def test_the_report_goes_into_a_file(laptop: Laptop) -> None:
    """The same text as on the screen; a place that takes no file is told."""
    ran = laptop.ok("verify", "--report", "report.txt")
    text = (laptop.folder / "report.txt").read_text(encoding="utf-8")
    assert text == ran.out
    assert ran.err == "the report is in report.txt\n"
    refused = laptop("verify", "--report", "nowhere/report.txt")
    assert refused.code == 7
    assert "verify-report-unwritable" in refused.err


def test_nothing_is_written(laptop: Laptop) -> None:
    """Neither the ledger nor anything beside it is changed; SQLite leaves what it reads with."""
    laptop.ok("list", "parties")
    before = snapshot(laptop.folder)
    laptop.ok("verify", "--views")
    after = snapshot(laptop.folder)
    assert after == before | {name: after[name] for name in after.keys() - before.keys()}
    assert after.keys() - before.keys() <= {f"{LEDGER}-shm", f"{LEDGER}-wal"}
    assert after.get(f"{LEDGER}-wal", b"") == b""


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_a_file_and_folder_that_may_only_be_read(laptop: Laptop) -> None:
    """An auditor's copy on a stick with its lock on."""
    file = laptop.folder / LEDGER
    file.chmod(0o444)
    laptop.folder.chmod(0o555)
    try:
        assert "result: no fault found" in laptop.ok("verify", "--views").out
    finally:
        laptop.folder.chmod(0o755)
    assert stat.S_IMODE(file.stat().st_mode) == 0o444


def test_a_damaged_file_is_a_report_and_no_traceback(laptop: Laptop) -> None:
    """Wherever the file was overwritten; only what lies in unused room is no fault."""
    file = laptop.folder / LEDGER
    whole = file.read_bytes()
    codes = []
    for place in range(4_096, len(whole) - 3_000, len(whole) // 12):
        file.write_bytes(whole[:place] + b"\xff" * 3_000 + whole[place + 3_000 :])
        ran = laptop("verify")
        codes.append(ran.code)
        assert "Traceback" not in ran.err
        assert ran.code == 7 or "result: " in ran.out
    assert set(codes) <= {0, 1, 7}
    assert codes.count(1) >= 6


def test_what_is_no_ledger_ends_with_7(laptop: Laptop) -> None:
    """A missing file, one that is something else, one that was cut off in its header."""
    (laptop.folder / "notes.txt").write_text("Notes.", encoding="utf-8")
    (laptop.folder / "stump.db").write_bytes((laptop.folder / LEDGER).read_bytes()[:50])
    files = {"nothing.db": "missing", "notes.txt": "not-a-ledger", "stump.db": "not-a-ledger"}
    for name, code in files.items():
        ran = laptop("verify", "--ledger", name)
        assert (ran.code, ran.err.split(": ")[1]) == (7, f"store-{code}")


def test_a_ledger_that_was_cut_off_is_a_fault(laptop: Laptop) -> None:
    """A copy that broke off half-way: what is there is looked at, what is not is named."""
    file = laptop.folder / LEDGER
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2 // 4096 * 4096])
    ran = laptop("verify")
    assert ran.code in (1, 7)
    assert "Traceback" not in ran.err


def test_a_head_in_another_spelling_is_not_understood(laptop: Laptop) -> None:
    """Upper case, an index with a leading zero, half a hash."""
    for text in (f"5:{'AB' * 32}", f"05:{'ab' * 32}", "5:abcd", "5"):
        ran = laptop("verify", "--head", text)
        assert ran.code == 2
        assert "is no head" in " ".join(ran.err.split())


def test_an_attached_document_is_looked_at(laptop: Laptop) -> None:
    """Kept beside the ledger by its hash; altered, it is a fault of step 11."""
    (laptop.folder / "letter.txt").write_text("A letter.", encoding="utf-8")
    laptop.ok("attest", "0", "--evidence", "letter.txt")
    assert {step["step"]: step["checked"] for step in laptop.data("verify")["steps"]}[11] == 1
    (kept,) = (laptop.folder / f"{LEDGER}.evidence").iterdir()
    kept.write_text("Another letter.", encoding="utf-8")
    (fault,) = laptop("verify", "--json").data["faults"]
    assert (fault["step"], fault["code"]) == (11, "verify-evidence")


def test_the_command_runs_in_a_process_of_its_own(laptop: Laptop) -> None:
    """Outside of the tests' process, with all cores: the same report."""
    program = [sys.executable, "-c", "from cli.main import run; run()", "verify", "--ledger", LEDGER]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    ran = subprocess.run(program, cwd=laptop.folder, env=environment, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.endswith("result: no fault found\n")


def test_a_run_that_was_stopped_goes_on(laptop: Laptop) -> None:
    """The same report and exit code as of one run; the paper is gone then, and what rests on it is said."""
    path = laptop.folder / LEDGER
    with Attacker(path) as attacker:
        attacker.sql("UPDATE head SET size = size + 1")
    whole = laptop("verify", "--json")
    evidence = Evidence(path.with_name(f"{LEDGER}.evidence"))
    with open_for_checking(str(path)) as journal, WorkingPaper(laptop.folder / "paper") as paper:
        next(iter(Audit(journal, Options(evidence=evidence), paper=paper).run()))
    resumed = laptop("verify", "--json", "--resume", "paper")
    assert (resumed.code, whole.code) == (1, 1)
    assert resumed.data | {"verified": ""} == whole.data | {"verified": ""}
    assert "found right by an earlier run, as paper says" in resumed.err
    assert not (laptop.folder / "paper").exists()
    anew = laptop("verify", "--resume", "paper")
    assert "earlier run" not in anew.err
    assert not (laptop.folder / "paper").exists()


def test_a_run_goes_on_from_its_own_paper_alone(laptop: Laptop) -> None:
    """Not from a ledger, nor with other steps; and not where nothing is noted."""
    before = (laptop.folder / LEDGER).read_bytes()
    refused = laptop("verify", "--resume", LEDGER)
    assert refused.code == 4
    assert "working-paper-strange" in refused.err
    assert (laptop.folder / LEDGER).read_bytes() == before
    for other in (("--chain-only",), ("--only-new",), ("--report", "./paper")):
        assert laptop("verify", "--resume", "paper", *other).code == 2
    unwritable = laptop("verify", "--resume", "nowhere/paper")
    assert (unwritable.code, "working-paper-unwritable" in unwritable.err) == (7, True)
