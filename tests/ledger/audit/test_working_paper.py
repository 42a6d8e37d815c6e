"""The file of a working paper: whose it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ledger.audit.working_paper import WorkingPaper
from ledger.chain import cores

ROOT = Path(__file__).parents[3]
PROGRAM = "import sys; from ledger.audit.working_paper import *; WorkingPaper(Path(sys.argv[1]))"


def opened_elsewhere(paper: Path) -> str:
    """What another process is told that opens it."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(paper)], cwd=ROOT, capture_output=True, check=False
    )
    return ran.stderr.decode()


def test_it_is_one_runs_at_a_time(tmp_path: Path) -> None:
    """Two that write in one would each cut off what the other wrote. Processes that a run began do not keep
    it when the run is gone."""
    with WorkingPaper(tmp_path / "paper"):
        assert "another verification is writing in" in opened_elsewhere(tmp_path / "paper")
        answers = cores.on_all(abs, range(-9, 0), 2)
        assert next(answers) == (-9, 9)
    assert opened_elsewhere(tmp_path / "paper") == ""
    answers.close()  # type: ignore[attr-defined]  a generator's
