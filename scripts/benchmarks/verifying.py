"""How fast a chain is verified: against a bare loop over the same file, and against bare Ed25519."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from pathlib import Path

from benchmarks.filling import ledger_of
from benchmarks.measuring import Row, in_turn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.chain import cores
from ledger.chain.entry import fields
from ledger.chain.statement import Statement
from ledger.chain.verification import Verification
from ledger.store import opening

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


Signed = tuple[bytes, bytes, bytes]


def _check_part(part: list[Signed]) -> None:
    known = {author: Ed25519PublicKey.from_public_bytes(author[1:]) for author in {one[0] for one in part}}
    for author, signature, message in part:
        known[author].verify(signature, message)


def _bare_signatures(pool: ProcessPoolExecutor, signed: list[Signed]) -> None:
    """The library's own verification in processes, since it holds the interpreter's lock, on all cores."""
    step = 1 + len(signed) // (4 * cores.count())
    list(pool.map(_check_part, [signed[start : start + step] for start in range(0, len(signed), step)]))


def verify(path: Path, **options: bool) -> None:
    """Run the steps of `ledger.chain.verification` over a ledger in which nothing may be found."""
    journal = opening.open(str(path), write=False)
    check = Verification(journal.entries, expected=journal.head().size, **options)
    for _ in check.run():
        pass
    journal.close()
    if check.faults:
        raise AssertionError(str(check.faults[0]))


def chain(folder: Path, entries: int) -> list[Row]:
    """Steps 2 to 4 against the bare loop; steps 1 to 7 against bare Ed25519 on all cores."""
    path = folder / f"verify-{entries}.db"
    ledger_of(path, entries).close()
    journal = opening.open(str(path), write=False)
    signed = []
    for _, data in journal.entries():
        _, _, _, statement, signature = fields(data)
        author = Statement.read(statement).author
        signed.append((author, signature, b"adamas.statement/1\n" + statement))
    journal.close()
    with ProcessPoolExecutor(cores.count()) as pool:
        only, strict, bare, whole, ed25519 = in_turn(
            [
                lambda: verify(path, statements=False, signatures=False),
                lambda: verify(path, signatures=False),
                lambda: _bare_chain(path),
                lambda: verify(path),
                lambda: _bare_signatures(pool, signed),
            ],
            3,
        )
    count = len(signed)
    loop = f"bare select, SHA-256, compare: {count / bare:,.0f}/s"
    return [
        Row(f"chain of {count:,} entries, steps 2-4", f"{count / only:,.0f}/s", loop, bare / only, 0.5),
        Row(
            "the same, and every statement canonical, steps 1-6",
            f"{count / strict:,.0f}/s",
            loop,
            bare / strict,
        ),
        Row(
            "the same with signatures, steps 1-7, all cores",
            f"{count / whole:,.0f}/s",
            f"bare Ed25519 on all cores: {count / ed25519:,.0f}/s",
            ed25519 / whole,
            0.8,
        ),
    ]
