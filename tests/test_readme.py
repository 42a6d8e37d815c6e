"""The README is executed: its blocks run through the real command and library, its tables are made anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import readme_tables, transcript
from tests.readme_tables import README, TABLES


def test_the_readme_is_true(tmp_path: Path) -> None:
    """Every console and python block runs, and shows what the README says."""
    differences = transcript.play(README, tmp_path, write=transcript.is_to_be_written())
    assert not differences, "\n\n".join(map(str, differences))


def test_the_readme_runs_something() -> None:
    """A README without a block to run would pass in silence."""
    assert transcript.steps(README.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", list(TABLES))
def test_each_table_is_what_it_describes(name: str) -> None:
    """ADAMAS_TRANSCRIPTS=write renews them."""
    text = README.read_text(encoding="utf-8")
    if transcript.is_to_be_written():
        README.write_text(readme_tables.renewed(text), encoding="utf-8")
        text = README.read_text(encoding="utf-8")
    assert readme_tables.found(text, name) == TABLES[name]()


def test_a_changed_table_is_noticed() -> None:
    """One word more in a cell is a difference, and renewing takes it away."""
    text = "<!-- table exit-codes -->\n\n" + TABLES["exit-codes"]() + " more\n\n<!-- end exit-codes -->"
    assert readme_tables.found(text, "exit-codes") != TABLES["exit-codes"]()
    assert readme_tables.found(readme_tables.renewed(text), "exit-codes") == TABLES["exit-codes"]()
