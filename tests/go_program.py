"""The verifier in Go: where its toolchain and library are, how it is built and run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ledger.chain import note
from tests.witnessing import ORIGIN, key

SOURCES = Path(__file__).resolve().parents[1] / "scripts" / "verifier"
LIBRARY = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")
VKEY = str(note.verifier_key(ORIGIN, key(ORIGIN)))

MARKS = [
    pytest.mark.xdist_group("go"),
    pytest.mark.skipif(shutil.which("go") is None, reason="no Go toolchain (apt-get install golang-go)"),
    pytest.mark.skipif(
        not LIBRARY.is_dir(), reason="no Go library x/mod (apt-get install golang-golang-x-mod-dev)"
    ),
]


def go(*arguments: str, cache: Path) -> subprocess.CompletedProcess[str]:
    """Run Go on the verifier's sources, without a network. What it compiles of its own library it keeps where
    it always does, as that takes longer than all else; in ``cache`` where there is no home."""
    variables = {
        **os.environ,
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "HOME": os.environ.get("HOME", str(cache)),
    }
    return subprocess.run(["go", *arguments], cwd=SOURCES, env=variables, capture_output=True, text=True)


def run(program: Path, *arguments: str | Path) -> tuple[int, list[str]]:
    """Exit code and lines."""
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr).splitlines()
