"""What tests of the scripts share: the verifier in Go, built once, and a log that it accepts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.go_program import go
from tests.published import Book, book


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The verifier, built from its sources."""
    folder = tmp_path_factory.mktemp("go")
    built = go("build", "-o", str(folder / "verifier"), ".", cache=folder / "cache")
    assert built.returncode == 0, built.stderr
    return folder / "verifier"


@pytest.fixture(scope="session")
def good() -> Book:
    """A log of six hundred entries: two full bundles, one partial, two levels of tiles."""
    return book(600)
