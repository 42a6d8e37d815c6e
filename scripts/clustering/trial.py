"""A trial of the cluster: writers at work, the leader killed again and again, and a judgement at the end.

Odd kills take the whole machine (server, Patroni and its etcd member at one blow): the others notice when
the leader's lease runs out. Even kills take only the database server, which its Patroni notices. After each,
everything is started again, the old leader follows the new one, and the next kill comes when all is whole.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from clustering.judging import Acts, Judge, Verdict
from clustering.nodes import Cluster, NotHappened
from clustering.settings import TTL, Node
from clustering.writing import clock_from

from tests.world import World

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Kill:
    """One kill: who led, what was killed, who leads now; seconds until somebody else led, during which no
    act was answered, until every writer went on, and until all nodes were whole again."""

    number: int
    killed: str
    what: str
    leads: str
    elected: float
    silent: float
    all_on: float
    whole: float
    before: int


class Trial:
    """Writers on a cluster of their own."""

    def __init__(self, cluster: Cluster, writers: int) -> None:
        self.cluster = cluster
        self.folder = cluster.folder / "trial"
        self.folder.mkdir()
        self.names = [f"w{number + 1}" for number in range(writers)]
        self.epoch = time.time()
        self._running: list[subprocess.Popen[bytes]] = []

    def open(self) -> int:
        """Make the ledger, with a test world's parties; how many entries that takes."""
        world = World(self.cluster.url, guard=self.folder / "guard")
        world.clock.now = clock_from(self.epoch)() - 3_600_000_000
        size = world.ledger.head().size
        world.close()
        return size

    def begin(self) -> None:
        """Start the writers and wait until each has been answered."""
        path = os.pathsep.join((str(ROOT), str(ROOT / "scripts")))
        for seed, name in enumerate(self.names):
            said = {"url": self.cluster.url, "name": name, "folder": str(self.folder), "epoch": self.epoch}
            command = [sys.executable, "-m", "clustering.writing", json.dumps({**said, "seed": seed})]
            with (self.folder / f"{name}.log").open("wb") as log:
                self._running.append(
                    subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, stderr=log)
                )
        self._all_answered_after(time.monotonic())

    def _all_answered_after(self, moment: float) -> None:
        def have() -> bool:
            if any(writer.poll() is not None for writer in self._running):
                raise NotHappened(f"a writer ended: {self.folder}/*.log says why")
            return all(max(times, default=0.0) > moment for times in self._answered().values())

        self.cluster.wait(have, "an answer to every writer")

    def _answered(self) -> dict[str, list[float]]:
        """By writer, when its acts were answered."""
        found: dict[str, list[float]] = {name: [] for name in self.names}
        for act in Acts.read(self.folder).acts:
            found[act["writer"]].append(act["answered"])
        return found

    def kill(self, number: int) -> Kill:
        """Kill the leader once, under load, and wait until all is whole again."""
        time.sleep(random.uniform(2, 5))  # noqa: S311  no secret
        old = self._leader()
        what = "machine" if number % 2 else "server"
        before = sum(map(len, self._answered().values()))
        killed = time.monotonic()
        self.cluster.kill(old, what)
        elected = self.cluster.wait(lambda: self.cluster.leader() not in (None, old), "another leader")
        leads = self._leader()
        self._all_answered_after(time.monotonic())
        self.cluster.start()
        whole = time.monotonic() - killed
        silent, all_on = self._pause(killed)
        return Kill(number, old.name, what, leads.name, elected, silent, all_on, whole, before)

    def _leader(self) -> Node:
        self.cluster.wait(lambda: self.cluster.leader() is not None, "a leader")
        leader = self.cluster.leader()
        if leader is None:
            raise NotHappened("a leader that stays")
        return leader

    def _pause(self, killed: float) -> tuple[float, float]:
        """The longest time without any answer since the kill, and when the last writer had one after it."""
        answered = self._answered()
        moments = sorted(moment for times in answered.values() for moment in times if moment > killed - 1)
        silent, ended = max((after - before, after) for before, after in pairwise(moments))
        firsts = [min(moment for moment in times if moment >= ended) for times in answered.values()]
        return silent, max(firsts) - killed

    def end(self) -> list[str]:
        """Let the writers stop; what went wrong with them."""
        (self.folder / "stop").touch()
        faults = []
        for name, writer in zip(self.names, self._running, strict=True):
            if writer.wait(timeout=300) != 0:
                faults.append(f"{name}: {(self.folder / f'{name}.log').read_text(errors='replace')[-500:]}")
        return faults

    def abandon(self) -> None:
        """End the writers, whatever they do."""
        for writer in self._running:
            if writer.poll() is None:
                writer.kill()
                writer.wait()


def run(kills: int, writers: int) -> int:
    """One trial, told as it goes; 0 when nothing was wrong."""
    folder = Path(tempfile.mkdtemp(prefix="adamas-cluster-"))
    cluster = Cluster.made(folder)
    trial = None
    try:
        started = time.monotonic()
        cluster.start()
        _say(f"three nodes whole after {time.monotonic() - started:.1f} s: {cluster.url}")
        trial = Trial(cluster, writers)
        before = trial.open()
        trial.begin()
        _say(f"{writers} writers at work; the leader is killed {kills} times; its lease is {TTL} s")
        done = [_told(trial.kill(number + 1)) for number in range(kills)]
        faults = trial.end()
        return _judged(cluster, trial, done, before, faults)
    finally:
        if trial is not None:
            trial.abandon()
        cluster.stop()


def _told(kill: Kill) -> Kill:
    _say(
        f"kill {kill.number}: {kill.what} of {kill.killed}, with {kill.before:,} acts answered; "
        f"{kill.leads} leads after {kill.elected:.1f} s, acts go on after {kill.silent:.1f} s"
    )
    return kill


def _judged(cluster: Cluster, trial: Trial, kills: Sequence[Kill], before: int, faults: list[str]) -> int:
    acts = Acts.read(trial.folder)
    verdicts = [Verdict("every writer to its end", f"{len(trial.names)} writers", faults)]
    nodes = {node.name: cluster.url_of(node) for node in cluster.plan.nodes}
    verdicts += Judge(cluster.url, nodes, acts, before).verdicts()
    head = ("kill", "what", "led", "leads", "elected s", "no act for s", "all writers on s", "whole s")
    rows = [
        (
            str(one.number), one.what, one.killed, one.leads, f"{one.elected:.1f}", f"{one.silent:.1f}",
            f"{one.all_on:.1f}", f"{one.whole:.1f}",
        )
        for one in kills
    ]  # fmt: skip
    print(f"\n{table([head, *rows])}\n")
    told = [(one.question, one.looked_at, "yes" if not one.faults else "NO") for one in verdicts]
    print(table([("held", "looked at", ""), *told]))
    for verdict in verdicts:
        for fault in list(verdict.faults)[:20]:
            print(f"{verdict.question}: {fault}")
    codes = sorted(code for act in acts.acts for code in act["reopened"])
    counted = ", ".join(f"{codes.count(code)} {code}" for code in sorted(set(codes)))
    print(f"\nledgers opened again by their writers: {len(codes)}{f' ({counted})' if codes else ''}")
    print(f"slowest answer: {max(act['answered'] - act['started'] for act in acts.acts):.1f} s")
    return 1 if any(verdict.faults for verdict in verdicts) else 0


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as aligned text, the first one their heads."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def _say(sentence: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {sentence}", flush=True)
