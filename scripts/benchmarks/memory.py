"""How much memory the commands take that go through a whole ledger: at N and at 2 N entries, each command in
a process of its own, and what the slope between the two makes of ten million."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from benchmarks.filling import ledger_of
from benchmarks.measuring import Row, peak

from ledger.keys import write_key
from tests.world import signing_key

_GOAL = 500
_MANY = 10_000_000
_FEWEST = 150_000
"""With fewer, caches of a fixed size are still filling, and the slope is theirs."""
_WORKS = {
    "verify": ("verify",),
    "replay": ("replay", "--as-recorded-index", "LAST"),
    "replay in the order of occurrence": ("replay", "--as-occurred", "9998"),
    "list (views built from zero)": ("list", "parcels", "--limit", "1"),
    "list, all of it as a table": ("list", "parcels"),
    "list --json": ("list", "parcels", "--json"),
    "list --csv": ("list", "parcels", "--csv"),
    "log --limit 0": ("log", "--limit", "0"),
    "compare --json": ("compare", "index:LAST", "now", "--json"),
    "publish": ("publish", "FOLDER/published"),
    "backup": ("backup", "FOLDER/backup"),
}


def memory(folder: Path, entries: int) -> list[Row]:
    """Each command at its highest; nothing where no system call tells what a process took."""
    if not hasattr(os, "wait4"):
        return []
    few = max(entries, _FEWEST)
    sizes = (few, 2 * few)
    peaks = [_peaks(folder / f"memory-{size}", size) for size in sizes]
    return [_row(name, sizes, [found[name] for found in peaks]) for name in _WORKS]


def _row(name: str, sizes: tuple[int, int], peaks: list[float]) -> Row:
    slope = max(0.0, peaks[1] - peaks[0]) / (sizes[1] - sizes[0])
    whole = peaks[1] + slope * max(0, _MANY - sizes[1])
    ours = f"{peaks[0]:,.0f} and {peaks[1]:,.0f} MB, {slope * 1024**2:.1f} bytes an entry"
    against = f"at ten million {whole:,.0f} MB, goal {_GOAL} MB"
    what = f"memory of adamas {name}, {sizes[0]:,} and {sizes[1]:,} entries"
    return Row(what, ours, against, whole / _GOAL, 1.0, at_most=True)


def _peaks(folder: Path, entries: int) -> dict[str, float]:
    """Megabytes by command, on one ledger."""
    folder.mkdir()
    key = folder / "ledger.pem"
    write_key(key, signing_key("ledger"), None)
    path = folder / "ledger.db"
    ledger_of(path, entries, guard=Path(f"{key}.guard")).close()
    found = {}
    for name, words in _WORKS.items():
        spelled = [word.replace("FOLDER", str(folder)).replace("LAST", str(entries - 10)) for word in words]
        found[name] = peak([*spelled, "--ledger", str(path), "--ledger-key", str(key)])
    shutil.rmtree(folder)
    return found
