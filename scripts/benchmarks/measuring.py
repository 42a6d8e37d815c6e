"""Measuring: best of a few runs, quantiles, and the table that is printed. Ratios only within one run."""

from __future__ import annotations

import gc
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
