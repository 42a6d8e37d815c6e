"""Single mutations of a published log and of a database: none is accepted with a checkpoint held outside.

Bytes are flipped, cut off, doubled and removed, files are removed and exchanged, strays are laid beside them.
Every one must be found by `adamas verify DIR --trust --since` or `adamas fsck DIR --trust`, or by
`adamas verify --since` of the database. What one of the two alone does not find, and why:

| what is altered | survives `verify DIR` | survives `fsck DIR` |
|---|---|---|
| a file that the checkpoint's tree does not need: an older right edge, a stray | yes | no |
| an older right edge that is gone | yes | yes: it may be |

`verify DIR` reads what the checkpoint covers, and nothing else.

Of a database file there survive bytes that no reader reads (free space in pages, SQLite's own counters), and
views, which `verify --views` compares: a mutation that survives is accepted here only if every row of every
table that finds entries, and every entry, is what it was.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ledger.chain import checkpoint
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.note import VerifierKey
from ledger.chain.trust import Log, Trust
from ledger.domain import events as e
from ledger.errors import Malformed, StoreTrouble
from ledger.federation.mirror import Mirror
from ledger.federation.publications import reading
from ledger.federation.publishing import files_of, fsck, publish, published
from ledger.store.sqlite_file import STREAM
from tests.extent import extent
from tests.scene import Scene
from tests.world import LEDGER_KEY, World, goods, signing_key

TRUST = Trust((Log(VerifierKey.parse(LEDGER_KEY)),))
TABLES = ("stored_events", "head", "links", "mentions", "types", "ids", "disclosures", "nodes")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SignedCheckpoint]:
    """A published ledger of some 300 entries with an older right edge, and the checkpoint that is held."""
    folder = tmp_path_factory.mktemp("log")
    world = World(guard=folder / "guard")
    put(world, folder / "published", world.ledger.checkpoint())
    acts = [
        world.ledger.sign(
            e.Mined(by="miner-1", site="kalahari-1", lines=(goods(f"G{number}", "1.000"),)),
            world.keys["miner-1"],
        )
        for number in range(270)
    ]
    world.ledger.append(acts)
    signed = world.ledger.checkpoint()
    put(world, folder / "published", signed)
    head = Checkpoint(signed.checkpoint.origin, 290, world.ledger.keeper.tree.root(290))
    return folder / "published", checkpoint.sign(head, signing_key("ledger"))


def put(world: World, folder: Path, signed: SignedCheckpoint) -> None:
    """Publish the ledger as it is."""
    publish(folder, signed, world.ledger.journal.entries, world.ledger.keeper.tree.node)


def mutated(data: bytes, dice: random.Random) -> bytes:
    """The bytes with one change that is one."""
    while True:
        at, span = dice.randrange(len(data)), dice.choice((1, 1, 1, 2, 32, 300))
        match dice.randrange(4):
            case 0:
                made = data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]
            case 1:
                made = data[:at]
            case 2:
                made = data[:at] + data[at : at + span] * 2 + data[at + span :]
            case _:
                made = data[:at] + data[at + span :]
        if made != data:
            return made


def mutate(folder: Path, dice: random.Random) -> tuple[str, str]:
    """One change somewhere in a directory: the file, and what became of it."""
    files = sorted(files_of(folder))
    name = dice.choice(files)
    path = folder / name
    match dice.randrange(10):
        case 0:
            path.unlink()
            return name, "removed"
        case 1:
            other = dice.choice([file for file in files if (folder / file).read_bytes() != path.read_bytes()])
            shutil.copyfile(folder / other, path)
            return name, f"is {other}"
        case 2:
            stray = path.with_name(path.name + dice.choice(("0", ".bak", "~")))
            stray.write_bytes(path.read_bytes())
            return name, f"stray beside it: {stray.name}"
        case _:
            path.write_bytes(mutated(path.read_bytes(), dice))
            return name, "altered"


def by_fsck(folder: Path) -> bool:
    """Whether the directory passes as files, and its checkpoint under trust."""
    try:
        signed = published(folder)
        TRUST.signed_by(signed)
        return not list(fsck(folder, signed.checkpoint))
    except Malformed:
        return False


def by_verify(folder: Path, held: SignedCheckpoint) -> bool:
    """Whether the directory passes as a mirror, under trust and a held checkpoint."""
    mirror = Mirror(reading(str(folder)), TRUST, (held,))
    list(mirror.run())
    return not mirror.faults


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_no_mutation_of_a_published_log_is_accepted(
    seed: int, log: tuple[Path, SignedCheckpoint], tmp_path: Path
) -> None:
    """Of any file, wherever it lies; each of the two checks alone lets pass what the table says, and no
    more."""
    folder, held = log
    assert by_fsck(folder)
    assert by_verify(folder, held)
    older = {name for name in files_of(folder) if ".p/" in name} - _newest(folder)
    dice = random.Random(seed)
    survived: Counter[str] = Counter()
    for number in range(extent(60, 1_000)):
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        name, how = mutate(copy, dice)
        told = f"mutation {number} of seed {seed}: {name} {how}"
        gone, needless = name in older and how == "removed", name in older or how.startswith("stray")
        passed = by_verify(copy, held), by_fsck(copy)
        assert passed[0] == needless, told
        assert passed[1] == gone, told
        survived["nobody" if gone else "fsck alone" if needless else "both"] += 1
    print(f"published, seed {seed}, found by: {dict(survived)}")


def _newest(folder: Path) -> set[str]:
    size = published(folder).checkpoint.size
    return {name for name in files_of(folder) if name.endswith(f".p/{size % 256}") or "/1/" in name}


def content(path: Path) -> Any:
    """Everything that finds entries, and the entries."""
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    try:
        return [
            connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall()
            if table not in ("mentions", "types", "ids")
            else connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            for table in TABLES
        ]
    finally:
        connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_no_mutation_of_a_database_is_accepted(seed: int, original: Scene, tmp_path: Path) -> None:
    """Of any byte of the file: found, or nothing that the ledger says is other than it was."""
    dice = random.Random(seed)
    before, data = content(original.path), original.path.read_bytes()
    assert STREAM in str(before)
    found = 0
    rounds = extent(30, 1_000)
    for number in range(rounds):
        altered = original.copy(tmp_path / "copy")
        altered.path.write_bytes(mutated(data, dice))
        try:
            faults = list(map(str, altered.audit(held=True).faults))
        except StoreTrouble as trouble:
            faults = [trouble.code]
        found += bool(faults)
        if not faults:
            same = content(altered.path) == before
            assert same, f"mutation {number} of seed {seed} was accepted, and something else stands there"
    assert found > rounds // 3
    print(f"database, seed {seed}: {found} of {rounds} found, {rounds - found} changed nothing that is read")
