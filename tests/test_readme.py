"""The README is executed: its blocks run through the real command and library, its tables are made anew."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from cli.main import adamas
from ledger.domain import applications, certificates
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


def test_the_drawing_is_the_life_and_every_state_in_it_is_reached() -> None:
    """No arrow more or less than the rules let pass, and none that hangs in the air."""
    drawn = re.findall(r"^    (\S+) --> (\S+): (\S+)$", README.read_text(encoding="utf-8"), re.MULTILINE)
    wanted = set()
    for record, (before, after) in certificates.LIFE.items():
        for state in before:
            first = certificates.ANNOUNCED if state == certificates.UNKNOWN else state
            wanted.add((state, first if after == certificates.SAME else after, record.TYPE))
    for record, (before, after) in applications.APPLICATION_LIFE.items():
        wanted |= {(f"application_{state}", f"application_{after}", record.TYPE) for state in before}
    begin = {"unknown": "[*]", "application_unknown": "[*]"}
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == {(begin.get(a, a), b, act.partition("/")[0]) for a, b, act in wanted}
    reached = {"[*]"}
    while more := {after for before, after, _ in drawn if before in reached} - reached:
        reached |= more
    assert reached == {
        "[*]",
        *certificates.STATES,
        "application_open",
        "application_granted",
        "application_refused",
    }


def test_a_changed_table_is_noticed() -> None:
    """One word more in a cell is a difference, and renewing takes it away."""
    text = "<!-- table exit-codes -->\n\n" + TABLES["exit-codes"]() + " more\n\n<!-- end exit-codes -->"
    assert readme_tables.found(text, "exit-codes") != TABLES["exit-codes"]()
    assert readme_tables.found(readme_tables.renewed(text), "exit-codes") == TABLES["exit-codes"]()


def named_commands(text: str) -> set[tuple[str, ...]]:
    """The commands that the resolution's table names."""
    table = text.partition("## What the resolution asks")[2].partition("\n## ")[0]
    return {tuple(words.split()[1:3]) for words in re.findall(r"`(adamas [a-z -]+)`", table)}


def test_a_paragraph_that_no_command_serves_says_why() -> None:
    """In words; who is served by nothing is told the reason."""
    table = (
        README.read_text(encoding="utf-8").partition("## What the resolution asks")[2].partition("\n## ")[0]
    )
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if re.match(r"\| P?\d", line)]
    assert len(rows) == 56
    silent = [cells for cells in rows if "`adamas" not in cells[-1] and "/1`" not in cells[-1]]
    assert silent
    for number, about, served in silent:
        assert len(served.removeprefix("nothing: ").split()) > 3, (number, about)
        assert not served.startswith("nothing") or served.startswith("nothing: ")


def test_each_command_that_serves_the_resolution_exists() -> None:
    """Every paragraph has a row, and every command a row names is one of the real command's."""
    text = README.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (P?\d+) \|", text, re.MULTILINE)
    assert rows == [f"P{n}" for n in range(1, 25)] + [str(n) for n in range(1, 33)]
    named = named_commands(text)
    assert named
    context = click.Context(adamas)
    for words in sorted(named):
        found: click.Command | None = adamas
        for word in words:
            assert isinstance(found, click.Group), words
            found = found.get_command(context, word)
            assert found is not None, f"README names adamas {' '.join(words)}, which does not exist"
