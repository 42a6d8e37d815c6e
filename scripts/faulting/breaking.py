"""A disk that is full, a file that may no longer be written, torn pages, a clock that jumps, a server that
dies."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from faulting.killing import Told, verified

from ledger.application import Ledger
from ledger.chain.entry import entry_hash
from ledger.domain import events as e
from ledger.errors import AdamasError, Conflict, StoreTrouble
from ledger.keeping import LedgerKey
from ledger.projections.following import reading
from tests.postgres_server import PostgresServer
from tests.world import SITE, World, signing_key

HOUR = 3_600 * 1_000_000


def full_disk(folder: Path, times: int) -> Told:
    """No file may grow beyond a limit that comes somewhere in the middle of the work."""
    told = Told("disk full")
    for number in range(times):
        url = str(folder / f"full{number}.db")
        world = World(url)
        room = sum(path.stat().st_size for path in folder.glob(f"full{number}.db*")) + 8_192 * (
            number % 9 + 1
        )
        codes, recorded = _with_room(room, world)
        world.close()
        told.times += 1
        told.acknowledged += recorded
        told.wrong += verified(url)
        with Ledger.open(url, clock_confirmed=True) as ledger:
            before = ledger.head().size
        if not codes or not codes <= {"store-full", "store-io"}:
            told.wrong.append(f"told as {sorted(codes)}")
        if before < recorded:
            told.wrong.append("an acknowledged act is not there")
    return told


def _with_room(room: int, world: World) -> tuple[set[str], int]:
    """Record until it is told that no more fits; the codes of three tries then, and how many entries there
    were."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    codes: set[str] = set()
    try:
        number, failures = 0, 0
        while failures < 3 and number < 20_000:
            number += 1
            try:
                world.mine(f"F{number}", "1.000")
            except AdamasError as trouble:
                codes.add(trouble.code)
                failures += 1
        size = world.ledger.head().size
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    return codes, size


def torn_pages(folder: Path, times: int) -> Told:
    """Half a page of the file lost: found and located by verifying, or outside of what the ledger uses."""
    told, chance = Told("torn page"), random.Random(7)  # noqa: S311
    whole = folder / "whole.db"
    world = World(whole)
    for number in range(150):
        world.mine(f"P{number}", "1.000")
    with reading(world.ledger.journal, world.ledger.records):
        world.mine("last", "1.000")
    world.close()
    found = 0
    for _ in range(times):
        path = folder / "torn.db"
        shutil.copyfile(whole, path)
        data = bytearray(path.read_bytes())
        place = chance.randrange(1, len(data) // 4_096) * 4_096 + 2_048
        before = bytes(data[place : place + 2_048])
        data[place : place + 2_048] = bytes(2_048)
        path.write_bytes(data)
        told.times += 1
        faults = verified(str(path), views=True)
        found += bool(faults)
        if not faults and any(before):
            told.wrong.append(f"page {place // 4_096} is torn and nothing was found")
    told.note = f"{found} found and located, {times - found} in unused halves"
    return told


def torn_log(folder: Path, times: int) -> Told:
    """The write-ahead log torn after a crash: acts that were signed are gone, and nothing is signed over
    them.
    """
    told, chance = Told("torn write-ahead log"), random.Random(8)  # noqa: S311
    for number in range(times):
        path, guard = folder / f"log{number}.db", folder / f"log{number}.guard"
        world = World(path, guard=guard)
        for one in range(30):
            world.mine(f"P{one}", "1.000")
        world.ledger.checkpoint()
        copy = folder / f"crashed{number}.db"
        for ending in ("", "-wal"):
            shutil.copyfile(f"{path}{ending}", f"{copy}{ending}")
        world.close()
        log = bytearray(Path(f"{copy}-wal").read_bytes())
        place = chance.randrange(len(log) // 2, len(log))
        log[place] ^= 0xFF
        Path(f"{copy}-wal").write_bytes(log)
        told.times += 1
        told.wrong += verified(str(copy)) + _signs_nothing(copy, guard, world)
    return told


def _signs_nothing(copy: Path, guard: Path, world: World) -> list[str]:
    key = LedgerKey(signing_key("ledger"), guard)
    try:
        with Ledger.open(str(copy), clock=world.clock, keeper=key) as ledger:
            if ledger.head().size == world_size(guard):
                return []  # what was torn was not in use any more
            ledger.checkpoint()
    except (Conflict, StoreTrouble):
        return []
    return ["a shorter history was signed"]


def world_size(guard: Path) -> int:
    """How many entries the guard knows to be signed."""
    return int(json.loads(guard.read_text())["size"])


def clocks(folder: Path, _: int) -> Told:
    """Set back by years and far ahead: asked about, and nothing recorded until a person has looked."""
    told = Told("clock back, far ahead")
    for number, (by, code) in enumerate(((-48 * HOUR, "clock-back"), (24 * 365 * 12 * HOUR, "clock-ahead"))):
        world = World(folder / f"clock{number}.db")
        size, world.clock.now = world.ledger.head().size, world.clock.now + by
        told.times += 1
        try:
            world.mine("P1", "1.000")
            told.wrong.append(f"recorded with the clock {by // HOUR} hours off")
        except AdamasError as asked:
            if asked.code != code or world.ledger.head().size != size:
                told.wrong.append(f"told as {asked.code}")
        world.close()
    return told


def killed_server(_: Path, times: int) -> Told:
    """PostgreSQL killed with all its processes while three threads write; writers go on by themselves."""
    told, server = Told("PostgreSQL killed and restarted"), PostgresServer.start()
    url, done = server.url(), threading.Event()
    World(url).close()
    receipts: dict[int, bytes] = {}
    longest = 0.0
    threads = [
        threading.Thread(target=_write_on, args=(url, f"T{n}", done, receipts, told.wrong)) for n in range(3)
    ]
    for thread in threads:
        thread.start()
    for _ in range(times):
        _grown(receipts, 10, told)
        server.kill()
        time.sleep(0.2)
        server.restart()
        started = time.monotonic()
        _grown(receipts, 1, told)
        longest = max(longest, time.monotonic() - started)
        told.times += 1
    done.set()
    for thread in threads:
        thread.join()
    told.acknowledged = len(receipts)
    with Ledger.open(url, write=False) as ledger:
        kept = {index: entry_hash(data) for index, data in ledger.journal.entries()}
    told.wrong += [
        f"the acknowledged entry {n} is not there" for n, name in receipts.items() if kept.get(n) != name
    ]
    told.wrong += verified(url)
    told.note = f"the longest wait for the first act after the restart: {longest:.1f} s"
    server.stop()
    return told


def _write_on(
    url: str, name: str, done: threading.Event, receipts: dict[int, bytes], wrong: list[str]
) -> None:
    try:
        with Ledger.open(url, clock_confirmed=True) as ledger:
            number = 0
            while not done.is_set():
                number += 1
                event = e.Mined(by="miner-1", site=SITE, lines=(e.Goods(f"{name}-{number}", 1_000),))
                receipt = ledger.record(event, signing_key("miner-1"))
                receipts[receipt.index] = receipt.hash
    except AdamasError as trouble:
        wrong.append(f"a writer stopped: {trouble}")


def _grown(receipts: dict[int, bytes], by: int, told: Told) -> None:
    wanted, until = len(receipts) + by, time.monotonic() + 90
    while len(receipts) < wanted and not told.wrong:
        if time.monotonic() > until:
            told.wrong.append("writers did not go on")
        time.sleep(0.01)


def as_reader(folder: Path, _: int) -> Told:
    """The permission to write is taken away between two acts: the next process reads, says so, and loses
    nothing. Needs not to be root."""
    told = Told("permission lost")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        told.note = "left out: root may write everything"
        return told
    path = folder / "mine.db"
    world = World(path)
    size = world.ledger.head().size
    world.close()
    path.chmod(0o400)
    told.times = 1
    with Ledger.open(str(path), clock_confirmed=True) as ledger:
        try:
            world.ledger = ledger
            world.mine("P1", "1.000")
            told.wrong.append("recorded without permission")
        except StoreTrouble as trouble:
            if trouble.code != "store-readonly":
                told.wrong.append(f"told as {trouble.code}")
        if ledger.head().size != size:
            told.wrong.append("entries are missing")
    path.chmod(0o600)
    return told


FAULTS: tuple[Callable[[Path, int], Told], ...] = (
    full_disk,
    as_reader,
    torn_pages,
    torn_log,
    clocks,
    killed_server,
)
