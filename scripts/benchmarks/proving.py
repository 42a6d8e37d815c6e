"""How fast proofs are: receipts, proofs made and verified, publishing, fsck, the root of many leaves."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from benchmarks.filling import filled
from benchmarks.measuring import Row, best, in_turn, quantile
from benchmarks.recording import plain_saves

from ledger.application import Ledger
from ledger.chain import absence, bundle_check, merkle
from ledger.chain.bundle_check import Reader
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.note import VerifierKey
from ledger.chain.trust import Log, Trust
from ledger.domain import events as e
from ledger.federation import publishing
from ledger.keeping import Keeper, LedgerKey
from tests.among_a_million import indexed
from tests.world import LEDGER_KEY, ORIGIN, World, signing_key

READER = Reader(Trust((Log(VerifierKey.parse(LEDGER_KEY)),)))


def _receipts(folder: Path, acts: int) -> Iterator[None]:
    """Acts recorded durably by a ledger that signs, each with its receipt's proof in hand."""
    name = uuid.uuid4().hex
    world = World(folder / f"kept-{name}.db", guard=folder / f"kept-{name}.guard")
    key = signing_key("miner-1")
    lines = tuple(e.Goods(f"P{number}", 12_500) for number in range(acts))
    world.ledger.record(e.Mined(by="miner-1", site="kalahari-1", lines=lines), key)
    yield
    while True:
        for number in range(acts):
            act = e.Weighed(by="miner-1", parcel=f"P{number}", weight=12_500)
            world.ledger.record(act, key).proof().encode()
        yield


def receipts(folder: Path, acts: int) -> list[Row]:
    """One durable act a call with its proof, against the library's own save of one plain event."""
    ours, plain = _receipts(folder, acts), plain_saves(folder, acts)
    next(ours), next(plain)
    mine, theirs = in_turn([lambda: next(ours), lambda: next(plain)], 5)
    what = f"one durable act, its receipt a proof under the head that was signed, {acts} calls"
    against = f"Application.save, one plain event: {acts / theirs:,.0f}/s"
    return [Row(what, f"{acts / mine:,.0f}/s", against, theirs / mine, 0.6)]


def proofs(folder: Path, entries: int) -> list[Row]:
    """Proofs of a ledger of that many entries made and verified; then it is published and checked."""
    ledger = Ledger.open(str(filled(folder, entries)), clock_confirmed=True)
    size = ledger.head().size
    keeper = LedgerKey(signing_key("ledger"), folder / "proofs.guard").keeper(ORIGIN, ledger.journal)
    signed = keeper.checkpoint()
    asked = [number * (size // 200) + 7 for number in range(199)]
    making, checking, made = [], [], []
    for index in asked:
        start = time.perf_counter()
        made.append(keeper.proof(index, signed).encode())
        making.append(time.perf_counter() - start)
    for data in made:
        start = time.perf_counter()
        report = bundle_check.verify(data, READER)
        checking.append(time.perf_counter() - start)
        if not report.holds:
            raise AssertionError(str(report.fault))
    rows = [
        Row(
            f"a proof made, {size:,} entries (p50; p95 {quantile(making, 0.95) * 1_000:.2f} ms)",
            f"{quantile(making, 0.5) * 1_000:.2f} ms",
            "goal 1 ms",
            quantile(making, 0.5) * 1_000,
            1.0,
            at_most=True,
        ),
        Row(
            f"the same verified (p50; p95 {quantile(checking, 0.95) * 1_000:.2f} ms)",
            f"{quantile(checking, 0.5) * 1_000:.2f} ms",
            "goal 2 ms",
            quantile(checking, 0.5) * 1_000,
            2.0,
            at_most=True,
        ),
        *absences(),
        *_published(folder, ledger, signed, keeper),
        *_roots(size),
    ]
    ledger.close()
    return rows


def absences() -> list[Row]:
    """How long proofs of absence among 100,000 certificates are, in a ledger of a million entries with three
    witnesses: of every gap behind one of them."""
    index, entry = indexed()
    witnesses = sum(len(str(line).encode()) for line in entry.checkpoint.note.signatures[1:])
    sizes = sorted(len(absence.make(f"BW/{2 * at + 1:08d}", index, entry).encode()) for at in range(100_000))
    middle = sizes[len(sizes) // 2]
    longer = [sum(size > most for size in sizes) for most in (3_000, 3_000 + witnesses)]
    return [
        Row(
            f"bytes of a proof of absence among 100,000 certificates, three witnesses (median; smallest"
            f" {sizes[0]:,}, largest {sizes[-1]:,})",
            f"{middle:,}",
            f"goal 3,000; {longer[0]:,} of {len(sizes):,} are longer, {longer[1]:,} without witnesses",
            middle,
            3_000,
            at_most=True,
        )
    ]


def _published(folder: Path, ledger: Ledger, signed: SignedCheckpoint, keeper: Keeper) -> list[Row]:
    place = folder / "published"
    size = signed.checkpoint.size

    def publish() -> None:
        shutil.rmtree(place, ignore_errors=True)
        publishing.publish(place, signed, ledger.journal.entries, keeper.tree.node)

    seconds = best(publish, 2)
    files = sorted((place / "tile" / "entries").rglob("*"))

    def bare() -> None:
        """The same files read, the hashes of their entries and of the tree's nodes, and nothing else."""
        leaves: list[bytes] = []
        for file in files:
            if file.is_file():
                data, start = file.read_bytes(), 0
                while start < len(data):
                    stop = start + 2 + (data[start] << 8 | data[start + 1])
                    leaves.append(sha256(b"\x00" + data[start + 2 : stop]).digest())
                    start = stop
        _bare_root(leaves)

    def fsck() -> None:
        if list(publishing.fsck(place, signed.checkpoint)):
            raise AssertionError("the directory is damaged")

    ours, loop = in_turn([fsck, bare], 3)
    tiles = sum(1 for _ in os.walk(place))
    return [
        Row(
            f"publishing {size:,} entries, {tiles:,} folders, on the disk",
            f"{size / seconds:,.0f}/s",
            "goal 100,000/s",
            size / seconds / 100_000,
            1.0,
        ),
        Row(
            f"fsck of {size:,} published entries: every file derived again",
            f"{size / ours:,.0f}/s",
            f"bare reading and SHA-256 of entries and nodes: {size / loop:,.0f}/s",
            loop / ours,
            0.7,
        ),
    ]


def _roots(size: int) -> list[Row]:
    leaves = [sha256(number.to_bytes(8, "big")).digest() for number in range(size)]

    ours, loop = in_turn([lambda: merkle.root(leaves), lambda: _bare_root(leaves)], 3)
    against = f"bare loop over pairs: {size / loop:,.0f}/s"
    return [Row(f"root of {size:,} leaves", f"{size / ours:,.0f}/s", against, loop / ours, 0.8)]


def _bare_root(level: list[bytes]) -> None:
    while len(level) > 1:
        level = [sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, len(level) - 1, 2)]
