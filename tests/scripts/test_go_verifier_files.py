"""The verifier in Go and what the command hands out: checkpoints held outside, proofs of absence, fork
proofs, and the revocation of a ledger's key."""

from __future__ import annotations

import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.chain import archive, disclosure
from ledger.chain.absence import Absence
from ledger.chain.bundle import Bundle
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint, sign
from ledger.keys import read_key
from tests.artefacts import Book, log_key
from tests.go_program import MARKS, run
from tests.laptop import LEDGER, Laptop, begin

pytestmark = MARKS
OLD = f"{LEDGER}.keys/ledger.pem"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Laptop:
    """A ledger with a held checkpoint, two certificates, an index, and its directory published."""
    for name in [name for name in os.environ if name.startswith("ADAMAS_")]:
        monkeypatch.delenv(name)
    laptop = Laptop(tmp_path)
    begin(laptop)
    laptop.ok("checkpoint", "--out", "held")
    laptop.ok("parcel", "value", "K1", "--value", "1000000", "--key", "miner-1")
    laptop.ok("house", "index-certificates")
    laptop.ok("trust", "--out", "bw.trust")
    laptop.ok("publish", "published")
    return laptop


def go(program: Path, laptop: Laptop, *words: str, trust: str = "bw.trust") -> tuple[int, str]:
    """Exit code and what was said of files in the laptop's folder."""
    given = [word if word.startswith("-") else str(laptop.folder / word) for word in words]
    code, lines = run(program, "-trust", laptop.folder / trust, *given)
    return code, "\n".join(lines)


def forged(laptop: Laptop, name: str, size: int, root: bytes = bytes(32), key: str = OLD) -> None:
    """A checkpoint signed by a key of the ledger, over a history that never was."""
    head = Checkpoint("ledger.example/bw/k7q2", size, root)
    (laptop.folder / name).write_bytes(sign(head, read_key(laptop.folder / key)).encode())


def held(laptop: Laptop) -> Checkpoint:
    """The checkpoint held outside."""
    return SignedCheckpoint.parse((laptop.folder / "held").read_bytes()).checkpoint


def test_the_published_log_extends_checkpoints_held_outside(program: Path, kept: Laptop) -> None:
    """Several at once; one of another history among them is told, and so is one beyond the log's end."""
    kept.ok("checkpoint", "--out", "now")
    assert go(program, kept, "-since", "held", "-since", "now", "published")[0] == 0
    forged(kept, "other", held(kept).size)
    code, said = go(program, kept, "-since", "held", "-since", "other", "published")
    assert (code, "it did not grow from the one held outside" in said) == (1, True)
    forged(kept, "beyond", 10_000)
    assert go(program, kept, "-since", "beyond", "published")[0] == 1
    forged(kept, "empty", 0)
    assert go(program, kept, "-since", "empty", "published")[0] == 1


def test_a_checkpoint_by_itself_shows_who_signed_it(program: Path, kept: Laptop) -> None:
    """Growth it shows of its own tree only."""
    kept.ok("checkpoint", "--out", "now")
    assert go(program, kept, "held", "now")[0] == 0
    assert go(program, kept, "-since", "now", "now")[0] == 0
    code, said = go(program, kept, "-since", "held", "now")
    assert (code, "nothing here shows" in said) == (1, True)
    data = (kept.folder / "now").read_bytes()
    (kept.folder / "bad").write_bytes(data.replace(b"\n\n", b"\nextension\n\n"))
    assert go(program, kept, "bad")[0] == 1


def test_a_proof_of_absence_is_read(program: Path, kept: Laptop) -> None:
    """With growth, where its keeper put the path in; a leaf moved, no key, a hash too many: refused."""
    pinned = str(held(kept).size)
    kept.ok("certificate", "prove-absent", "BW/999", "--pinned", pinned, "--out", "999.absence")
    code, said = go(program, kept, "-since", "held", "999.absence")
    assert (code, '"BW/00000999" was never known in the first' in said) == (0, True)
    kept.ok("certificate", "prove-absent", "BW/999", "--out", "bare.absence")
    assert go(program, kept, "bare.absence")[0] == 0
    assert go(program, kept, "-since", "held", "bare.absence")[0] == 1
    data = (kept.folder / "bare.absence").read_bytes()
    assert Absence.decode(data).leaves[0].position == 0
    for old, new in (
        (b"\nleaf 0 ", b"\nleaf 1 "),
        (b"\nleaf 1 ", b"\nleaf 2 "),
        (b"\nleaf 1 ", b"\n" + b"A" * 43 + b"=\nleaf 1 "),
        (b"key QlcvMDAwMDA5OTk=", b"key "),
        (b"\n\nc2sp", b"\n" + b"A" * 43 + b"=\n\nc2sp"),
        (b"absence@v1", b"absence@v2"),
    ):
        (kept.folder / "bad.absence").write_bytes(data.replace(old, new, 1))
        assert go(program, kept, "bad.absence")[0] == 1, old


def test_a_fork_proof_convicts_and_accuses_no_honest_pair(program: Path, kept: Laptop) -> None:
    """What `checkpoint --since` writes; two honest checkpoints in its place convict nobody."""
    forged(kept, "forged", held(kept).size)
    assert kept("checkpoint", "--since", "forged").code == 1
    code, said = go(program, kept, "forged.fork-proof")
    name, mark = (kept.folder / "bw.trust").read_text().split()[1].split("+")[:2]
    assert (code, f"convicted: {name}+{mark}" in said) == (0, True)
    proof = (kept.folder / "forged.fork-proof").read_bytes()
    other = (kept.folder / "bw.trust").read_text().replace("k7q2", "zzzz")
    (kept.folder / "other.trust").write_text(other)
    assert go(program, kept, "forged.fork-proof", trust="other.trust")[0] == 2
    honest = proof.replace((kept.folder / "forged").read_bytes(), (kept.folder / "held").read_bytes())
    assert honest != proof
    (kept.folder / "honest.fork-proof").write_bytes(honest)
    code, said = go(program, kept, "honest.fork-proof")
    assert (code, "nobody is accused" in said) == (1, True)


def test_a_revoked_key_counts_as_far_as_it_was_honest(program: Path, kept: Laptop) -> None:
    """By the revocation of an authority of later days, with the proofs that it was one: held checkpoints
    count, later ones do not. A revocation by itself, or without its author's enrolment, is heeded by nobody.
    `adamas verify --revoked` says the same of each."""
    kept.ok("party", "register", "second", "--role", "authority")
    kept.ok("key", "enrol", "second", "--new", "--no-passphrase")
    enrolled = kept.size() - 1
    kept.ok("key", "new", "next", "--out", "next.pem", "--no-passphrase")
    kept.ok("house", "change-key", "--new", "next.pem")
    kept.ok("trust", "--ledger-key", f"{OLD},next.pem", "--out", "both.trust")
    old = (kept.folder / "bw.trust").read_text().split()[1]
    last = ("--last", "held", "--ledger-key", "next.pem", "--key", "second")
    kept.ok("house", "revoke-key", "--verifier", old, *last)
    pinned = str(held(kept).size)
    revoking = ("prove", "entry", str(kept.size() - 1), "--pinned", pinned, "--ledger-key", "next.pem")
    kept.ok(*revoking, "--entitled", "--out", "void")
    kept.ok(*revoking, "--out", "alone")
    packed = archive.unpack((kept.folder / "void").read_bytes())
    without = [data for index, data in packed.items() if index != enrolled]
    assert len(without) == len(packed) - 1
    (kept.folder / "without").write_bytes(archive.pack([Bundle.decode(data) for data in without]))
    kept.ok("prove", "entry", "1", "--out", "new.tlog-proof", "--ledger-key", "next.pem")
    forged(kept, "beyond", 10_000)
    forged(kept, "aside", held(kept).size)
    kept.ok("checkpoint", "--ledger-key", "next.pem", "--out", "now")
    for target, good in (
        ("held", True), ("new.tlog-proof", True), ("now", True), ("published", False), ("beyond", False),
        ("aside", False),
    ):  # fmt: skip
        code, said = go(program, kept, "-revoked", "void", target, trust="both.trust")
        assert (code == 0) == good, (target, said)
        ours = kept("verify", target, "--trust", "both.trust", "--revoked", "void").code
        assert (ours == 0) == good, target
        assert go(program, kept, target, trust="both.trust")[0] == 0, target
        for lacking in ("alone", "without"):
            assert go(program, kept, "-revoked", lacking, target, trust="both.trust")[0] == 2
    assert go(program, kept, "-revoked", "void", "held")[0] == 2  # proven under a key that is not trusted


def test_what_is_no_plain_file_is_not_read(program: Path, kept: Laptop) -> None:
    """Neither a pipe nor a device, which never end."""
    os.mkfifo(kept.folder / "pipe")
    assert go(program, kept, "pipe")[0] == 1
    (kept.folder / "endless").symlink_to("/dev/zero")
    assert go(program, kept, "endless")[0] == 1
    checkpoint = kept.folder / "published" / "checkpoint"
    checkpoint.unlink()
    checkpoint.symlink_to("/dev/zero")
    code, said = go(program, kept, "published")
    assert (code, "is no plain file" in said) == (1, True)


def test_no_text_of_others_forges_a_line(program: Path, kept: Laptop) -> None:
    """Names of files in a published folder, of fields that are disclosed, of files in a zip."""
    forged_line = "x\x1b[8m\ngood: all of it\u202e"
    (kept.folder / "published" / "tile" / forged_line).write_bytes(b"")
    salted = disclosure.disclosure(bytes(16), forged_line, 1)
    book = Book()
    book.open()
    sealed = {"by": "miner-1", "_sd": [disclosure.digest(salted)]}
    made = book.bundle(book.record("example-weighed/1", sealed, "miner-1"), book.signed())
    (kept.folder / "x.tlog-proof").write_bytes(replace(made, disclosures=(salted,)).encode())
    (kept.folder / "log.trust").write_text(f"log {log_key()}\nquorum none\n")
    with zipfile.ZipFile(kept.folder / "x.zip", "w") as packed:
        packed.writestr(f"{forged_line}.tlog-proof", made.encode())
    for target, trust, ended in (
        ("published", "bw.trust", 1), ("x.tlog-proof", "log.trust", 0), ("x.zip", "log.trust", 1),
    ):  # fmt: skip
        code, said = go(program, kept, target, trust=trust)
        assert (code, "\ngood: all" in said, "\x1b" in said, "\u202e" in said) == (ended, False, False, False)
