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


ENDLESS = "WITH RECURSIVE t(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM t) SELECT kept.* FROM kept, t"
COMMANDS = (
    ("status",), ("list", "parcels"), ("show", "parcel", "K1"), ("find", "K1"), ("log",), ("trace", "K1"),
    ("track", "K1"), ("balance", "ledger"), ("replay", "--as-recorded", "2024-01-15"), ("compare", "recorded:2024-01-15", "now"), ("check", "capacity"), ("verify",),
    ("checkpoint",), ("publish", "published"), ("prove", "entry", "1", "--out", "1.tlog-proof"),
    ("backup", "backup.db"), ("copy", LEDGER, "copy.db"), ("views", "rebuild"),
    ("parcel", "value", "K1", "--value", "1.00", "--key", "miner-1"),
)  # fmt: skip


def test_no_command_reads_a_ledger_that_computes_its_rows(laptop: Laptop) -> None:
    """It might never end: one sentence, and what to do."""
    with closing(sqlite3.connect(laptop.folder / LEDGER)) as file:
        file.execute("ALTER TABLE links RENAME TO kept")
        file.execute(f"CREATE VIEW links AS {ENDLESS}")
        file.commit()
    for words in COMMANDS:
        refused = laptop(*words)
        assert (refused.code, refused.out) == (7, ""), words
        assert refused.err.startswith("adamas: store-computed: "), words
        assert len(refused.err.splitlines()) == 2, words


def test_no_act_is_written_into_a_ledger_that_acts_by_itself(laptop: Laptop) -> None:
    """A trigger that never ends would fire with it; whoever only reads fires none."""
    with closing(sqlite3.connect(laptop.folder / LEDGER)) as file:
        body = f"SELECT n.* FROM ({ENDLESS.replace('kept', 'ids')}) AS n"
        file.execute(f"CREATE TRIGGER lie AFTER INSERT ON ids BEGIN {body}; END")
        file.commit()
    refused = laptop("parcel", "value", "K1", "--value", "1.00", "--key", "miner-1")
    assert (refused.code, "store-computed" in refused.err, "a trigger" in refused.err) == (7, True, True)
    assert laptop("verify").code == 1
    assert "K1" in laptop.ok("trace", "K1").out
