"""Killed without warning (SIGKILL) at random moments of its work, again and again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from faulting.work import ANSWERED, KINDS, ROWS, imported, keeper_of, publish_all

from ledger.application import Ledger
from ledger.audit.auditing import Audit, Options
from ledger.chain.entry import entry_hash
from ledger.exchange import import_file
from ledger.federation.publishing import checkpoint_of, fsck
from ledger.store.checking import open_for_checking
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
_WITH_FILES = ("import", "backup")


@dataclass
class Told:
    """What came of one fault: how often it was brought about, how many acts were acknowledged meanwhile, and
    what did not hold."""

    fault: str
    times: int = 0
    acknowledged: int = 0
    wrong: list[str] = field(default_factory=list)
    note: str = ""


def verified(url: str, *, views: bool = False) -> list[str]:
    """What `adamas verify` finds."""
    with open_for_checking(url) as journal:
        audit = Audit(journal, Options(views=views, cores=1))
        return [str(fault) for fault in (list(audit.run()), audit.faults)[1]]


def kill(kind: str, url: str, folder: Path, times: int, seed: int = 1) -> Told:
    """Kill one kind of work so often; everything that was acknowledged must be there, and the next start
    needs no hand. The whole ledger is verified at the end, and every fiftieth time."""
    chance, told = random.Random(f"{kind} {seed}"), Told(f"killed: {kind}")  # noqa: S311
    World(url, guard=keeper_of(url).guard if kind == "publish" else None).close()
    acknowledged: dict[int, str] = {}
    for number in range(times):
        name = f"{kind[0]}{seed}-{number}"  # short: it begins the ids of parcels
        seed_of = f"{folder}/{name}" if kind in _WITH_FILES else name
        _killed(kind, url, seed_of, acknowledged, chance, answered=bool(number % 2) and kind in ANSWERED)
        told.times += 1
        told.wrong += _after(url, acknowledged)
        told.wrong += _left_behind(folder)
        if kind == "import":
            told.wrong += _gone_on(url, folder)
        if kind == "publish":
            told.wrong += _published(url)
        if number % 50 == 49 or number == times - 1:
            told.wrong += verified(url, views=kind == "view update")
        told.acknowledged += len(acknowledged)
        acknowledged.clear()
        if told.wrong:
            break
    return told


def _killed(
    kind: str, url: str, seed: str, acknowledged: dict[int, str], chance: random.Random, *, answered: bool
) -> None:
    """Kill it up to 0.6 seconds after it began, or after its first answer."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{SCRIPTS}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "faulting.work", kind, url, seed],
        stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT,
    )  # fmt: skip
    if process.stdout is None or process.stdout.readline() != "ready\n":
        raise RuntimeError(f"{kind} did not begin")
    first = [process.stdout.readline()] if answered else []
    time.sleep(chance.uniform(0.0, 0.6))
    process.send_signal(signal.SIGKILL)
    for line in (*first, *process.stdout):
        if line.endswith("\n"):
            index, name = line.strip().split(":")
            acknowledged[int(index)] = name
    process.stdout.close()
    if process.wait() != -signal.SIGKILL:
        raise RuntimeError(f"{kind} ended by itself, with {process.returncode}")


def _after(url: str, acknowledged: dict[int, str]) -> list[str]:
    """A start as any other, and what was acknowledged."""
    with Ledger.open(url, clock_confirmed=True) as ledger:
        found = {
            index: entry_hash(data).hex() for index, data in ledger.journal.several(acknowledged).items()
        }
        lost = [index for index, name in acknowledged.items() if found.get(index) != name]
        head = ledger.head()
        last = entry_hash(ledger.journal.entry(head.size - 1))
    wrong = [f"the acknowledged entry {index} is not there" for index in lost]
    return wrong + ([] if last == head.hash else ["the head is not the last entry"])


def _left_behind(folder: Path) -> list[str]:
    """A backup is whole or not there: those that are there verify."""
    wrong: list[str] = []
    for path in folder.glob("*.backup"):
        wrong += [f"{path.name}: {fault}" for fault in verified(str(path))]
        path.unlink()
    for part in folder.glob("*.backup.part*"):
        part.unlink()
    return wrong


def _gone_on(url: str, folder: Path) -> list[str]:
    """The same command again: every row of every table is recorded once, whatever was recorded before."""
    wrong: list[str] = []
    for table in folder.glob("*.csv"):
        rows = [line.partition(",")[0] for line in table.read_text().splitlines()[1:]]
        if not rows or len(rows) < ROWS:
            table.unlink()  # killed while it was written: it never was a table
            continue
        with Ledger.open(url, clock_confirmed=True) as ledger:
            for _ in imported(ledger, table):
                pass
            guarded = ledger.journal.guarding(f"parcel:{row}" for row in rows)
        wrong += [f"row {row} is recorded {len(guarded.get(f'parcel:{row}', ()))} times" for row in rows
                  if len(guarded.get(f"parcel:{row}", ())) != 1]  # fmt: skip
        import_file.beside(table).unlink()
        table.unlink()
    return wrong


def _published(url: str) -> list[str]:
    """What lies there is whole up to its checkpoint, and publishing again brings it up to the ledger."""
    folder = Path(f"{url}.tiles")
    wrong: list[str] = []
    before = checkpoint_of(folder)
    if before is not None:
        # What the killed run wrote and was writing may lie beyond the checkpoint, which comes last.
        found = (one for one in fsck(folder, before.checkpoint) if not one.path.endswith(".new"))
        wrong += [str(one) for one in found if one.code != "tile-beyond"]
    with Ledger.open(url, clock_confirmed=True, keeper=keeper_of(url)) as ledger:
        size = publish_all(ledger, folder)
        if size != ledger.head().size:
            wrong.append(f"published {size} of {ledger.head().size} entries")
    after = checkpoint_of(folder)
    if after is None:
        return [*wrong, "no checkpoint is published"]
    return wrong + [str(fault) for fault in fsck(folder, after.checkpoint)]


def kinds() -> list[str]:
    """What can be killed."""
    return list(KINDS)
