"""A simulated world for tests, played once for a module, and its ledgers opened to be read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ledger.application import Ledger

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
sys.path.append(str(SCRIPTS))  # as scripts/simulate does, for its processes too

from simulation.playing import World, simulate  # noqa: E402


def played(folder: Path, world: World, processes: int = 2) -> Any:
    """The world, played into a folder."""
    return simulate(world, folder, processes, lambda _: None)


def ledgers(folder: Path) -> Iterator[Ledger]:
    """The world's ledgers, opened one after the other."""
    for path in sorted((folder / "ledgers").glob("*.db")):
        with Ledger.open(str(path), write=False) as ledger:
            yield ledger


def key(folder: Path, name: str) -> list[dict[str, Any]]:
    """The lines of a key that lies beside the ledgers: ``answers`` or ``mistakes``."""
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines()]
