"""What docstrings show is run: every example in a module of the product gives what stands below it."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
SHOWN = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in ("ledger", "cli")
    for path in (ROOT / package).rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", SHOWN)
def test_examples_give_what_they_show(name: str) -> None:
    """Each of them, whatever was done to the module since."""
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0


def test_an_example_that_is_no_longer_true_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    """And modules with examples are found at all."""
    stale = ModuleType("stale", ">>> 1 + 1\n3\n")
    assert doctest.testmod(stale).failed == 1
    assert "Expected:\n    3" in capsys.readouterr().out
    assert "ledger.edtf" in SHOWN
