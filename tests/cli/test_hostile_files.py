"""What a hostile courier or keeper puts in a file's place: nothing passes for what it is not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger import encoding
from ledger.chain import archive
from ledger.chain.bundle import Bundle
from tests.laptop import LEDGER, Laptop, begin
from tests.ministries import Ministries


@pytest.fixture
def kept(laptop: Laptop) -> Laptop:
    """A ledger with a trust file and a checkpoint held outside."""
    laptop.ok("checkpoint", "--out", "held")
    laptop.ok("trust", "--out", "bw.trust")
    laptop.ok("parcel", "value", "K1", "--value", "1000000", "--key", "miner-1")
    return laptop


def ledger_of_ones_own(kept: Laptop) -> Path:
    """A whole ledger under the same origin, with keys of the courier's own, under a proof's name."""
    other = Laptop(kept.folder / "other")
    other.folder.mkdir()
    begin(other)
    file = kept.folder / "107.zip"
    with closing(sqlite3.connect(other.folder / LEDGER)) as whole, closing(sqlite3.connect(file)) as copy:
        whole.backup(copy)
    return file


def test_a_database_in_a_proofs_place_does_not_pass_by_a_trust_file(kept: Laptop) -> None:
    """Anybody can write a ledger under any origin, and it is whole in itself. By a checkpoint that the reader
    holds it is found out; with the trust file alone, of which it needs the origin only, it is not read."""
    forged = ledger_of_ones_own(kept)
    kept.ok("verify", forged.name)
    refused = kept("verify", forged.name, "--trust", "bw.trust")
    assert (refused.code, "nobody signs a database" in refused.err) == (2, True)
    assert refused.out == ""
    held = kept("verify", forged.name, "--trust", "bw.trust", "--since", "held")
    assert (held.code, "verify-held-root" in held.out) == (1, True)
    receipt = kept.ok("verify").out.rpartition("head: ")[2].split()[0]
    assert kept("verify", forged.name, "--trust", "bw.trust", "--head", receipt).code == 1
    kept.ok("verify", LEDGER, "--trust", "bw.trust", "--head", receipt)
    kept.ok("verify", LEDGER, "--trust", "bw.trust", "--since", "held")
    kept.ok("verify", "--trust", "bw.trust")  # one's own, where it stands


STATEMENTS: tuple[Any, ...] = (b"", b"\xff", None, 7, "text", [], {}, {"type": "certificate-issued/1"})
ENTRIES = (
    b"",
    b"\xff",
    *map(encoding.encode, (None, 5, [], [1, 8], {"v": 1})),
    *(
        encoding.encode([1, 8, bytes(32), 5, said if isinstance(said, bytes) else encoding.encode(said), b""])
        for said in STATEMENTS
    ),
)


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ministries, dict[int, bytes]]:
    """Two ministries, and the proofs in a letter from one to the other."""
    two = Ministries(tmp_path_factory.mktemp("two"))
    return two, archive.unpack(Path(two.exported("K1", "SL 004201")).read_bytes())


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("mark", [b"", b"ledger-key-"])
def test_a_letter_with_something_else_for_an_entry_is_refused(
    met: tuple[Ministries, dict[int, bytes]], entry: bytes, mark: bytes
) -> None:
    """In the place of an act about keys too, and where an alert is to be raised of it: refused, never a fault
    of the program; and nothing is recorded of a certificate that nothing shows."""
    two, proofs = met
    first, *others = (Bundle.decode(data) for data in proofs.values())
    if mark:
        entry = encoding.encode([mark, entry])
    letter = two.post / "letter.zip"
    letter.write_bytes(archive.pack([replace(first, entry=entry), *others[:1]]))
    size = two.hub.size()
    ran = two.receive(str(letter), "--parcel", "K1=D1")
    assert (ran.code in (3, 4), two.hub.size()) == (True, size), ran.err
    assert two.receive(str(letter), "--parcel", "K1=D1", "--raise-alert").code in (3, 4)
    size = two.hub.size()
    letter.write_bytes(archive.pack([replace(first, entry=entry)]))
    ran = two.receive(str(letter), "--parcel", "K1=D1", "--raise-alert")  # of nothing that it names
    assert (ran.code in (3, 4), two.hub.size()) == (True, size), ran.err
