"""Measuring: best of a few runs, quantiles, and the table that is printed. Ratios only within one run."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table: ours against a peer or a bare limit; ``goal`` is a ratio, None: none is set."""

    work: str
    ours: str
    against: str
    ratio: float | None = None
    goal: float | None = None
    at_most: bool = False

    @property
    def reached(self) -> str:
        """``yes``, ``no``, or nothing where no goal is set."""
        if self.ratio is None or self.goal is None:
            return ""
        met = self.ratio <= self.goal if self.at_most else self.ratio >= self.goal
        return "yes" if met else "no"


def best(run: Callable[[], None], times: int = 3) -> float:
    """Seconds of the fastest of a few runs."""
    found = []
    for _ in range(times):
        gc.collect()
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def in_turn(runs: Sequence[Callable[[], None]], times: int = 3) -> list[float]:
    """The fastest of a few rounds for each of several works, in turn so that all meet the same machine."""
    found: list[list[float]] = [[] for _ in runs]
    for _ in range(times):
        for place, run in enumerate(runs):
            found[place].append(best(run, 1))
    return [min(times_) for times_ in found]


_WAITING = """
import os, sys
command = [sys.executable, "-c", "from cli.main import run; run()", *sys.argv[1:]]
started = os.spawnv(os.P_NOWAIT, sys.executable, command)
_, status, used = os.wait4(started, 0)
print(used.ru_maxrss, file=sys.stderr)
sys.exit(bool(status))
"""


def peak(words: Sequence[str]) -> float:
    """Megabytes that ``adamas`` with these words took at its highest: the largest of its processes.

    A process's highest counts what it was before it became another program. So a small one starts it, and
    not this one, which may be large. Raises `AssertionError` where the command fails.
    """
    command = [sys.executable, "-S", "-c", _WAITING, *words]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    said = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode:
        raise AssertionError(f"{words}: {said}")
    return int(said[-1]) / (1024 if sys.platform != "darwin" else 1024**2)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text."""
    cells = [("work", "ours", "against", "ratio", "goal", "reached")]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        sign = "<=" if row.at_most else ">="
        goal = "" if row.goal is None else f"{sign} {row.goal:g}"
        cells.append((row.work, row.ours, row.against, ratio, goal, row.reached))
    widths = [max(len(line[column]) for line in cells) for column in range(6)]
    lines = []
    for line in cells:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        lines.append("  ".join(padded).rstrip())
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
