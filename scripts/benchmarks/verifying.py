"""How fast a chain is verified: against a bare loop over the same file, and against bare Ed25519."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.filling import filled
from benchmarks.measuring import Row, in_turn, peak
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.audit.division import division
from ledger.chain import cores
from ledger.chain.entry import fields
from ledger.chain.statement import Statement
from ledger.chain.verification import Verification
from ledger.store import opening
from ledger.store.checking import open_for_checking, snapshot
from ledger.store.sharing import shared

_MANY = 1_000_000
SELECT = "SELECT originator_version, state FROM stored_events ORDER BY originator_version"


def _bare_chain(path: Path) -> None:
    """Select, SHA-256, compare: nothing else."""
    connection = sqlite3.connect(path)
    previous = bytes(32)
    for _, data in connection.execute(SELECT):
        if previous not in data[:48]:
            raise AssertionError("the chain is broken")
        previous = sha256(b"\x00" + data).digest()
    connection.close()


def _bare_tree(path: Path) -> None:
    """The same, and the hashes of the tree over the entries, level by level."""
    connection = sqlite3.connect(path)
    previous = bytes(32)
    level = []
    for _, data in connection.execute(SELECT):
        if previous not in data[:48]:
            raise AssertionError("the chain is broken")
        previous = sha256(b"\x00" + data).digest()
        level.append(previous)
    connection.close()
    while len(level) > 1:
        level = [sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, len(level) - 1, 2)]


Signed = tuple[bytes, bytes, bytes]


def _check_part(part: list[Signed]) -> None:
    known = {author: Ed25519PublicKey.from_public_bytes(author[1:]) for author in {one[0] for one in part}}
    for author, signature, message in part:
        known[author].verify(signature, message)


def _bare_signatures(signed: list[Signed]) -> None:
    """The library's own verification in processes, since it holds the interpreter's lock, on all cores."""
    step = 1 + len(signed) // (4 * cores.count())
    with ProcessPoolExecutor(cores.count()) as pool:
        list(pool.map(_check_part, [signed[start : start + step] for start in range(0, len(signed), step)]))


def verify(path: Path, *, number: int = 0, **options: Any) -> None:
    """Run the steps of `ledger.chain.verification` over a ledger in which nothing may be found, as
    ``adamas verify`` does: with processes that read for themselves where that pays."""
    with open_for_checking(str(path)) as journal, snapshot(journal) as salvage:
        stop = salvage.stop()

        def read(start: int, end: int | None) -> Iterator[tuple[int, bytes]]:
            return salvage.entries(start, stop if end is None else end)

        others = division(shared(journal, salvage, stop), read)
        check = Verification(read, expected=stop, cores=number, division=others, **options)
        for _ in check.run():
            pass
    if check.faults or check.size != stop:
        raise AssertionError(str(check.faults[:1]))


def _seconds(run: Callable[[], None]) -> float:
    """Of all cores together: what this process used, and those that it began and ended."""
    before = os.times()
    run()
    after = os.times()
    return sum(after[:4]) - sum(before[:4])


def chain(folder: Path, entries: int) -> list[Row]:
    """The chain and its tree against bare loops; up to a million entries also what their statements say."""
    path = filled(folder, entries)
    rounds = 3 if entries <= _MANY else 1
    rows = [*_trees(path, rounds), *_memory(path)]
    return [*rows, *_statements(path, rounds)] if entries <= _MANY else rows


def _trees(path: Path, rounds: int) -> list[Row]:
    with opening.open(str(path), write=False) as journal:
        count = journal.head().size
    number = cores.count()
    on_one = partial(verify, path, number=1, statements=False, signatures=False)
    on_all = partial(verify, path, number=number, statements=False, signatures=False)
    alone, together, bare, tree = in_turn(
        [on_one, on_all, lambda: _bare_chain(path), lambda: _bare_tree(path)], rounds
    )
    here, all_of_them = f"{count / alone:,.0f}/s", f"{count / together:,.0f}/s"
    used = (_seconds(on_one), _seconds(on_all))
    many = count > 0.9 * _MANY  # with few entries, beginning a process costs more than it saves
    what = f"chain and tree of {count:,} entries, steps 2-4"
    return [
        Row(
            f"{what}, one core",
            here,
            f"bare select, SHA-256, compare: {count / bare:,.0f}/s",
            bare / alone,
            0.5,
        ),
        Row(
            "the same against a loop that makes the tree too",
            here,
            f"bare loop with tree: {count / tree:,.0f}/s",
            tree / alone,
            0.6,
        ),
        Row(
            f"{what}, {number} cores",
            all_of_them,
            f"one core: {here}",
            alone / together,
            0.85 * number if many else None,
        ),
        Row(
            f"processor time of the same, {number} cores",
            f"{used[1]:.2f} s",
            f"one core: {used[0]:.2f} s",
            used[1] / used[0],
            1.15 if many else None,
            at_most=True,
        ),
    ]


def _memory(path: Path) -> Iterator[Row]:
    """The command in a process of its own; nothing where no system call tells what a process took."""
    if not hasattr(os, "wait4"):
        return
    highest = peak(["verify", "--chain-only", "--ledger", str(path)])
    yield Row(
        "adamas verify --chain-only: memory at its highest",
        f"{highest:,.0f} MB",
        "goal 500 MB",
        highest / 500,
        1.0,
        at_most=True,
    )


def _statements(path: Path, rounds: int) -> list[Row]:
    signed = _signed(path)
    count = len(signed)
    strict, bare, whole, ed25519 = in_turn(
        [
            lambda: verify(path, signatures=False),
            lambda: _bare_chain(path),
            lambda: verify(path),
            lambda: _bare_signatures(signed),
        ],
        rounds,
    )
    return [
        Row(
            "the same, and every statement canonical, steps 1-6, all cores",
            f"{count / strict:,.0f}/s",
            f"bare select, SHA-256, compare: {count / bare:,.0f}/s",
            bare / strict,
        ),
        Row(
            "the same with signatures, steps 1-7, all cores",
            f"{count / whole:,.0f}/s",
            f"bare Ed25519 on all cores: {count / ed25519:,.0f}/s",
            ed25519 / whole,
            0.9,
        ),
    ]


def _signed(path: Path) -> list[Signed]:
    signed = []
    with opening.open(str(path), write=False) as journal:
        for _, data in journal.entries():
            _, _, _, statement, signature = fields(data)
            author = Statement.read(statement).author
            signed.append((author, signature, b"adamas.statement/1\n" + statement))
    return signed
