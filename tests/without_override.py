"""The real command in a process to which closed files are closed, also where the tests run as root.

Root on Linux may read and write whatever the modes say; a child that gave that capability up before it began
may not, and cannot have it back. Elsewhere root cannot give it up, and nothing of this can be shown.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.laptop import Ran

PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
POSSIBLE = os.name == "posix" and (os.geteuid() != 0 or sys.platform == "linux")
"""Whether modes can be made to bind here."""

ROOT = Path(__file__).resolve().parent.parent


def give_up() -> None:
    """In the child, before the program begins: what is no longer bounded is not there after it."""
    if os.geteuid() == 0:
        library = ctypes.CDLL(None, use_errno=True)
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            if library.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "the capability cannot be given up")


PROGRAM = """
import contextlib, io, json, sys
sys.path.insert(0, sys.argv[1])
from cli.main import run
answers = []
for words in json.loads(sys.argv[2]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            run(words)
        except SystemExit as ended:
            answers.append([ended.code, out.getvalue(), err.getvalue()])
print(json.dumps(answers))
"""


def adamas(folder: Path, *commands: Sequence[str]) -> list[Ran]:
    """Commands run in a folder one after the other, bound by the modes of its files."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(ROOT), json.dumps(commands)],
        cwd=folder, capture_output=True, text=True, timeout=120, check=True, stdin=subprocess.DEVNULL,
        preexec_fn=give_up,
    )  # fmt: skip
    return [Ran(*answer) for answer in json.loads(done.stdout)]
