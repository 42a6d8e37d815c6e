"""The exit codes stand in one table, which agrees with the exception classes wherever it is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger import errors
from ledger.errors import AdamasError
from tests import exit_codes

ROOT = Path(__file__).resolve().parent.parent


def own_classes() -> list[type[AdamasError]]:
    """The classes of ``ledger.errors``; a subclass elsewhere shares its parent's code and row."""
    return [found for found in exit_codes.classes() if found.__module__ == "ledger.errors"]


def test_the_table_in_the_docstring_is_complete() -> None:
    """Every class has one row, every row its class, no code stands twice."""
    assert exit_codes.faults(exit_codes.rows(errors.__doc__ or ""), own_classes()) == []
    assert len(own_classes()) >= 9


def test_every_exception_of_the_project_has_an_exit_code_of_the_table() -> None:
    """A class defined elsewhere may refine a meaning and not invent a code."""
    known = {code for code, _, _ in exit_codes.rows(errors.__doc__ or "")}
    assert {found.exit_code for found in exit_codes.classes()} <= known


def test_the_readme_prints_the_same_table() -> None:
    """A person finds in the README what the program does."""
    table = exit_codes.rows((ROOT / "README.md").read_text(encoding="utf-8"))
    assert table
    assert exit_codes.faults(table, own_classes()) == []


DONE = "| 0 |  | done |\n| 2 | | not understood |\n"
WHOLE = DONE + "| 3 | `Refused` | a rule refused |\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("no table here", "there is no table"),
        (DONE, "Refused is missing"),
        (WHOLE.replace("| 3", "| 4"), "Refused exits 3, not 4"),
        (WHOLE + "| 3 | `Refused` | again |", "exit 3 stands twice"),
        (WHOLE + "| 5 | `Lost` | gone |", "there is no class Lost"),
        (WHOLE + "| 6 | | something |", "exit 6 has no class"),
        (WHOLE.replace("| 2 | | not understood |\n", ""), "exit 2 is missing"),
    ],
)
def test_a_planted_disagreement_is_found(text: str, fault: str) -> None:
    """The comparison can fail in each of its ways, and passes a whole table."""
    assert exit_codes.faults(exit_codes.rows(WHOLE), [errors.Refused]) == []
    assert exit_codes.faults(exit_codes.rows(text), [errors.Refused]) == [fault]
