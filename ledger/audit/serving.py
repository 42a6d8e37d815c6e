"""What a process of `ledger.audit.processes` runs: it imports nothing else, so that it starts at once."""

from __future__ import annotations

import gc
import pickle
import sys
from contextlib import suppress


def serve() -> None:
    """Answer questions (a function and what to give it, pickled) until there are no more."""
    gc.disable()  # answers hold no cycles, and looking for some costs a fifth
    asked, told = sys.stdin.buffer, sys.stdout.buffer
    with suppress(EOFError, OSError):  # who asked is gone
        while True:
            work, question = pickle.load(asked)  # noqa: S301  from who began this process
            pickle.dump(work(question), told, pickle.HIGHEST_PROTOCOL)
            told.flush()
