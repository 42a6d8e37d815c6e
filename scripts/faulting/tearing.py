"""Pages that are half written: of a file, its write-ahead log, a published tile, a server's table."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

from faulting.killing import Told, verified
from faulting.work import publish_all

from ledger.application import Ledger
from ledger.errors import AdamasError, Conflict, StoreTrouble
from ledger.federation.publishing import files_of, fsck, published
from ledger.keeping import LedgerKey
from ledger.projections.following import reading
from tests.postgres_server import PostgresServer
from tests.world import World, signing_key

_HALF = 4_096
"""Half a page of PostgreSQL."""


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


def torn_tile(folder: Path, times: int) -> Told:
    """Half a published file lost: checking the directory names that file, and no other."""
    told, chance = Told("torn tile"), random.Random(9)  # noqa: S311
    world = World(folder / "published.db", guard=folder / "published.guard")
    for number in range(300):
        world.mine(f"P{number}", "1.000")
    whole = folder / "whole.tiles"
    publish_all(world.ledger, whole)
    paths = sorted(path for path in files_of(whole) if path.startswith("tile/"))
    for _ in range(times):
        torn, path = folder / "torn.tiles", chance.choice(paths)
        shutil.copytree(whole, torn)
        data = (torn / path).read_bytes()
        (torn / path).write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
        found = {fault.path for fault in fsck(torn, published(torn).checkpoint)}
        told.times += 1
        if path not in found:
            told.wrong.append(f"{path} is torn, and {sorted(found)} was found")
        shutil.rmtree(torn)
    world.close()
    told.note = f"of {len(paths)} files; each was named"
    return told


_TABLES = ("stored_events", "links", "mentions", "ids", "links_pkey", "mentions_pkey", "ids_pkey")
"""Where half a page is lost on PostgreSQL: tables, and indexes by which they are asked."""


def torn_server(_folder: Path, times: int) -> Told:
    """Half a page of a table or an index of a stopped server lost: found when it runs again."""
    told, chance = Told("torn page, PostgreSQL"), random.Random(10)  # noqa: S311
    server = PostgresServer.start()
    url = server.url("torn")
    world = World(url)
    for number in range(150):
        world.mine(f"P{number}", "1.000")
    world.close()
    with server.connect("torn") as connection:
        connection.execute("VACUUM")
        names = [
            str(connection.execute("SELECT pg_relation_filepath(%s::regclass)", (table,)).fetchone()[0])
            for table in _TABLES
        ]
    server.halt()
    whole = server.folder / "whole"
    server.data.rename(whole)
    for _ in range(times):
        _copied(whole, server.data)
        path = server.data / chance.choice(names)
        data = path.read_bytes()
        place = chance.randrange(len(data) // (2 * _HALF)) * 2 * _HALF + _HALF
        path.write_bytes(data[:place] + bytes(_HALF) + data[place + _HALF :])
        server.restart()
        told.times += 1
        if not _faults(url) and any(data[place : place + _HALF]):
            told.wrong.append(f"page {place // 2 // _HALF} of {path.name} is torn and nothing was found")
        server.halt()
    _copied(whole, server.data)
    server.restart()
    told.wrong += _faults(url)
    server.stop()
    return told


def _copied(whole: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["cp", "-a", whole, folder], check=True)  # with their owners


def _faults(url: str) -> list[str]:
    try:
        return verified(url)
    except AdamasError as trouble:
        return [trouble.code]
