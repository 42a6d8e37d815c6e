"""How fast a simulated world is made: its acts thought out, signed, judged and recorded in ten ledgers."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measuring import Row
from simulation.playing import PROCESSES, World, simulate

_GOAL = 1_000_000 / 300
"""Acts a second: a million in five minutes, on two cores."""


def worlds(folder: Path, acts: int) -> list[Row]:
    """About so many acts, by one process more than two cores; what registers the parties is not counted."""
    done = simulate(World(1, 10, acts, 12, 5), folder / f"world-{acts}", PROCESSES, lambda _: None)
    rate = done.acts / done.seconds
    what = f"a simulated world: {done.acts:,} acts in {len(done.heads)} ledgers, {PROCESSES} processes"
    ours = f"{done.seconds:.0f} s, {rate:,.0f}/s"
    return [Row(what, ours, f"goal {_GOAL:,.0f}/s", rate / _GOAL, 1.0)]
