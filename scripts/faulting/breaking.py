"""A disk that is full, a file that may no longer be written, a clock that jumps, a server that dies."""

from __future__ import annotations

import os
import pwd
import resource
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from faulting import tearing
from faulting.killing import Told, verified

from ledger.application import Ledger
from ledger.chain.entry import entry_hash
from ledger.domain import events as e
from ledger.errors import AdamasError, StoreTrouble
from tests.postgres_server import PostgresServer
from tests.world import SITE, World, signing_key

HOUR = 3_600 * 1_000_000


def full_disk(folder: Path, times: int) -> Told:
    """No file may grow beyond a limit that comes somewhere in the middle of the work; after two failures in a
    row nothing is signed any more, until the ledger is opened anew."""
    told = Told("disk full")
    for number in range(times):
        url = str(folder / f"full{number}.db")
        world = World(url, guard=folder / f"full{number}.guard")
        room = sum(path.stat().st_size for path in folder.glob(f"full{number}.db*")) + 8_192 * (
            number % 9 + 1
        )
        codes, recorded = _with_room(room, world)
        if (signed := _signing(world.ledger)) != "store-failing":
            told.wrong.append(f"after failures in a row signing is told as {signed}")
        world.close()
        told.times += 1
        told.acknowledged += recorded
        told.wrong += verified(url)
        with Ledger.open(url, clock_confirmed=True, keeper=world.kept) as ledger:
            before = ledger.head().size
            if (signed := _signing(ledger)) != before:
                told.wrong.append(f"opened anew, signing is told as {signed}")
        if not codes or not codes <= {"store-full", "store-io"}:
            told.wrong.append(f"told as {sorted(codes)}")
        if before < recorded:
            told.wrong.append("an acknowledged act is not there")
    return told


def _signing(ledger: Ledger) -> int | str:
    """The size that is signed, or the code of why none is."""
    try:
        return ledger.checkpoint().checkpoint.size
    except AdamasError as trouble:
        return trouble.code


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


def killed_server(_folder: Path, times: int) -> Told:
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


def as_reader(_: Path, times: int) -> Told:
    """The permission to write is taken away between two acts and given back: whoever has the file open may
    go on or be told, the next process reads and says so, and nothing is lost. Root does it as nobody."""
    told = Told("permission lost in the middle")
    with _as_nobody() as folder:
        world = World(folder / "mine.db")
        for number in range(times):
            world.mine(f"A{number}", "1.000")
            size = world.ledger.head().size
            _permit(folder, 0o400, 0o500)
            try:
                world.mine(f"B{number}", "1.000")
            except StoreTrouble as trouble:
                if trouble.code not in ("store-readonly", "store-io"):
                    told.wrong.append(f"told as {trouble.code}")
            else:
                size += 1
            world.close()
            told.wrong += _only_read(world, folder / "mine.db", size)
            _permit(folder, 0o600, 0o700)
            world.ledger = Ledger.open(str(folder / "mine.db"), clock=world.clock, chance=world.chance)
            world.mine(f"C{number}", "1.000")
            told.times += 1
            told.acknowledged = world.ledger.head().size
        world.close()
        told.wrong += verified(str(folder / "mine.db"))
    return told


def _only_read(world: World, path: Path, size: int) -> list[str]:
    wrong = []
    with Ledger.open(str(path), clock=world.clock, chance=world.chance) as ledger:
        world.ledger = ledger
        try:
            world.mine("without", "1.000")
            wrong.append("recorded without permission")
        except StoreTrouble as trouble:
            if trouble.code != "store-readonly":
                wrong.append(f"told as {trouble.code}")
        if ledger.head().size != size:
            wrong.append(f"{ledger.head().size} entries are there, {size} were told")
    return wrong


def _permit(folder: Path, file: int, around: int) -> None:
    folder.chmod(0o700)
    for path in folder.iterdir():
        path.chmod(file)
    folder.chmod(around)


@contextmanager
def _as_nobody() -> Iterator[Path]:
    """A folder of one's own, as somebody whom permissions concern: root may write everything."""
    is_root = os.geteuid() == 0
    folder = Path(tempfile.mkdtemp(prefix="adamas-faults-"))
    if is_root:
        shutil.chown(folder, "nobody")
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        shutil.rmtree(folder)


FAULTS: tuple[Callable[[Path, int], Told], ...] = (
    full_disk,
    as_reader,
    tearing.torn_pages,
    tearing.torn_log,
    tearing.torn_tile,
    tearing.torn_server,
    clocks,
    killed_server,
)
