"""How long a trace takes: first query after opening, in a small and in a large ledger, and a cold start."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.filling import SOUGHT, filled
from benchmarks.measuring import Row, quantile

from ledger.application import Ledger
from ledger.projections import tracing

_TEN_MILLION = 10_000_000


def _first_query(path: Path) -> float:
    """Seconds of one trace, the first question after opening."""
    with Ledger.open(str(path), write=False) as ledger:
        ledger.state()
        start = time.perf_counter()
        lineage = tracing.trace(ledger.records, SOUGHT)
        taken = time.perf_counter() - start
    if not lineage.known or len(lineage.nodes) != 20:
        raise AssertionError(f"{len(lineage.nodes)} parcels in the lineage")
    return taken


def traces(folder: Path, small: int, large: int) -> list[Row]:
    """The first trace after opening: lineage of 20 parcels and 50 acts; in both ledgers in turn."""
    paths = [filled(folder, entries) for entries in (small, large)]
    few, many = zip(*(map(_first_query, paths) for _ in range(200)), strict=True)
    p50, p99 = quantile(many, 0.5) * 1_000, quantile(many, 0.99) * 1_000
    base, late = quantile(few, 0.5) * 1_000, quantile(few, 0.99) * 1_000
    most = 10 if large >= _TEN_MILLION else 15
    what = f"trace, first query, 20 parcels and 50 acts, {large:,} entries"
    return [
        Row(f"{what}: p50", f"{p50:.2f} ms", "goal 5 ms", p50 / 5, 1.0, at_most=True),
        Row(f"{what}: p99", f"{p99:.2f} ms", f"goal {most} ms", p99 / most, 1.0, at_most=True),
        Row(
            f"the same against {small:,} entries: p50",
            f"{p50:.2f} ms",
            f"{base:.2f} ms",
            p50 / base,
            1.3,
            at_most=True,
        ),
        Row("the same: p99", f"{p99:.2f} ms", f"{late:.2f} ms", p99 / late, 1.3, at_most=True),
        *_cold_start(paths[1]),
    ]


def _cold_start(path: Path) -> list[Row]:
    """As an installed command starts: its modules compiled once, whatever this process's settings are."""
    command = [
        sys.executable,
        "-c",
        "from cli.main import run; run()",
        "trace",
        SOUGHT,
        "--ledger",
        str(path),
    ]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(path.with_name("compiled"))
    found = []
    for _ in range(21):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        found.append(time.perf_counter() - start)
    seconds = min(found)
    environment["PYTHONPROFILEIMPORTTIME"] = "1"
    told = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stderr
    imports: dict[str, int] = {}
    for line in told.splitlines():
        parts = line.removeprefix("import time:").split("|")
        if len(parts) == 3 and parts[0].strip().isdigit():
            name = parts[2].strip().split(".")[0]
            imports[name] = imports.get(name, 0) + int(parts[0])
    most = sorted(imports.items(), key=lambda item: -item[1])[:6]
    by_import = ", ".join(f"{name} {microseconds / 1_000:.0f} ms" for name, microseconds in most)
    return [
        Row("adamas trace, cold start", f"{seconds:.3f} s", "aim 0.25 s", seconds / 0.25, 1.0, at_most=True),
        Row("of which imports", by_import, ""),
    ]
