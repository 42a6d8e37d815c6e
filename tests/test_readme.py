"""The README is executed: its console and python blocks run through the real command and library."""

from __future__ import annotations

from pathlib import Path

from tests import transcript

README = Path(__file__).resolve().parent.parent / "README.md"


def test_the_readme_is_true(tmp_path: Path) -> None:
    """Every console and python block runs, and shows what the README says."""
    differences = transcript.play(README, tmp_path, write=transcript.is_to_be_written())
    assert not differences, "\n\n".join(map(str, differences))


def test_the_readme_runs_something() -> None:
    """A README without a block to run would pass in silence."""
    assert transcript.steps(README.read_text(encoding="utf-8"))
