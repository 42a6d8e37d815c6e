"""A ledger with a second signature line, of ML-DSA-44, from its opening to the reader who demands it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ledger import keys
from ledger.chain import note
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.note import COSIGNATURE, MLDSA44, VerifierKey
from ledger.chain.trust import Trust
from ledger.errors import KeyTrouble, Unavailable
from ledger.federation.memory import Memory
from ledger.federation.witness import Witness
from tests.laptop import FIRST, LEDGER, Laptop
from tests.refusing import refusing
from tests.witnessing import serving
from tests.world import signing_key

KEYS = f"{LEDGER}.keys"
ORIGIN = "ledger.example/bw/k7q2"
SECRET = b"correct horse\n"


@pytest.fixture
def quantum(bare: Laptop) -> Laptop:
    """A ledger with both lines; trust files that demand the one (`pq.trust`) and the other."""
    try:
        keys.MlDsa44Key(bytes(32))
    except Unavailable as problem:
        pytest.skip(str(problem))
    bare.ok("init", *FIRST, "--origin", ORIGIN, "--no-passphrase", "--post-quantum")
    bare.ok("party", "register", "miner-1", "--role", "miner", "--residence", "BW")
    bare.ok("checkpoint", "--out", "head")
    bare.ok("trust", "--out", "pq.trust")
    bare.ok("trust", "--classical", "--out", "ed.trust")
    return bare


def stripped(data: bytes, line: int) -> bytes:
    """A note, or a file that ends with one, without its last line (-1), or the last but one (-2)."""
    lines = data.decode().splitlines(keepends=True)
    assert lines[line].startswith("\u2014 ")
    del lines[line]
    return "".join(lines).encode()


def test_checkpoints_carry_two_lines(quantum: Laptop) -> None:
    """Entry 0 names both keys; the second line has no time, and every signature of it is another."""
    named = [VerifierKey.parse(text) for text in quantum.body(0)["keys"]]
    assert [key.kind for key in named] == [1, MLDSA44]
    signed = SignedCheckpoint.parse((quantum.folder / "head").read_bytes())
    assert [(one.key, one.timestamp) for one in signed.verify(named)] == [(named[0], None), (named[1], 0)]
    assert quantum.ok("checkpoint").out != (quantum.folder / "head").read_text()


def test_a_reader_who_demands_the_second_line_gets_it(quantum: Laptop) -> None:
    """By default of `adamas trust`; without it a checkpoint, a proof and a published ledger do not count."""
    trust = (quantum.folder / "pq.trust").read_text()
    assert [VerifierKey.parse(line.split()[1]).kind for line in trust.splitlines()[:-1]] == [MLDSA44]
    quantum.ok("prove", "entry", "1", "--out", "1.tlog-proof")
    quantum.ok("publish", "published")
    for file in ("head", "1.tlog-proof", "published/checkpoint"):
        path = quantum.folder / file
        target = "published" if "/" in file else file
        whole = path.read_bytes()
        for name in ("pq.trust", "ed.trust"):
            quantum.ok("verify", target, "--trust", name)
        path.write_bytes(stripped(whole, -1))
        refused = quantum("verify", target, "--trust", "pq.trust")
        assert refused.code == (4 if file == "head" else 1), file
        quantum.ok("verify", target, "--trust", "ed.trust")
        path.write_bytes(stripped(whole, -2))
        quantum.ok("verify", target, "--trust", "pq.trust")
        assert quantum("verify", target, "--trust", "ed.trust").code != 0


def test_a_second_line_that_fails_is_no_line(quantum: Laptop) -> None:
    """A flipped bit in it is refused by whoever knows the key, and ignored by whoever does not."""
    data = bytearray((quantum.folder / "head").read_bytes())
    data[-40] = ord("A") if data[-40] != ord("A") else ord("B")
    (quantum.folder / "bent").write_bytes(data)
    assert quantum("verify", "bent", "--trust", "pq.trust").code == 4
    quantum.ok("verify", "bent", "--trust", "ed.trust")


def test_neither_of_its_keys_is_a_witness_of_it(quantum: Laptop) -> None:
    """Also not the Ed25519 key that a post-quantum trust file leaves out, under another name."""
    own = VerifierKey.parse(quantum.body(0)["keys"][0])
    under = VerifierKey("witness.example/1", COSIGNATURE, own.public)
    ran = quantum("trust", "--witness", str(under), "--quorum", "1", "--out", "own.trust")
    assert ran.code == 4
    named = [word for key in quantum.body(0)["keys"] for word in ("--log", key)]
    assert quantum("trust", *named, "--witness", str(under), "--quorum", "1").code == 4
    other = VerifierKey("witness.example/1", COSIGNATURE, bytes(31) + b"\x07")
    quantum.ok("trust", *named, "--witness", str(other), "--quorum", "1")


def test_without_the_second_key_nothing_is_signed(quantum: Laptop) -> None:
    """Neither is the line left out in silence, nor does the second key sign alone."""
    place = quantum.folder / KEYS / "ledger.mldsa.pem"
    place.rename(quantum.folder / "away.pem")
    refused = quantum("checkpoint")
    assert (refused.code, "ledger-key-second" in refused.err) == (6, True)
    ran = quantum.ok("party", "register", "miner-2", "--role", "miner", "--residence", "BW")
    assert "not signed for the ledger: ledger-key-second" in ran.err
    quantum.ok("checkpoint", "--ledger-key", f"{KEYS}/ledger.pem,away.pem")
    alone = quantum("checkpoint", "--ledger-key", "away.pem")
    assert (alone.code, "ledger-key-kind" in alone.err) == (6, True)


def test_a_ledger_without_it_has_one_line(bare: Laptop) -> None:
    """And nobody can trust a key that it does not have; a stranger's second key is refused."""
    bare.ok("init", *FIRST, "--origin", ORIGIN, "--no-passphrase")
    assert bare.ok("checkpoint").out.count("\u2014 ") == 1
    assert bare("trust", "--post-quantum").code == 4
    bare.ok("key", "new", "next", "--post-quantum", "--no-passphrase", "--out", "next.pem")
    ran = bare("checkpoint", "--ledger-key", f"{KEYS}/ledger.pem,next.pem")
    assert (ran.code, "ledger-key-other" in ran.err) == (6, True)
    bare.ok("house", "change-key", "--new", "next.pem")
    assert "ledger-key-second" in bare("checkpoint").err
    both = bare.ok("checkpoint", "--ledger-key", f"{KEYS}/ledger.pem,next.pem")
    assert both.out.count("\u2014 ") == 2


def test_a_post_quantum_key_changes_and_is_revoked(quantum: Laptop) -> None:
    """The old one signs until it is revoked; then only its successor satisfies."""
    old, new = f"{KEYS}/ledger.mldsa.pem", "next.mldsa.pem"
    quantum.ok("key", "new", "next", "--post-quantum", "--no-passphrase", "--out", new)
    assert not (quantum.folder / "next.mldsa.enrolment").exists()
    quantum.ok("house", "change-key", "--new", new)
    assert (
        quantum.ok("checkpoint", "--ledger-key", f"{KEYS}/ledger.pem,{old},{new}").out.count("\u2014 ") == 3
    )
    verifier = quantum.body(0)["keys"][1]
    quantum.ok("house", "revoke-key", "--verifier", verifier, "--ledger-key", f"{KEYS}/ledger.pem,{new}")
    assert "ledger-key-void" in quantum("checkpoint").err
    quantum.ok("checkpoint", "--ledger-key", f"{KEYS}/ledger.pem,{new}", "--out", "now")
    quantum.ok("trust", "--out", "new.trust")
    quantum.ok("verify", "now", "--trust", "new.trust")
    assert quantum("verify", "now", "--trust", "pq.trust").code == 4
    under = VerifierKey("witness.example/1", MLDSA44, VerifierKey.parse(verifier).public)
    assert quantum("trust", "--witness", str(under), "--quorum", "1").code == 4


def test_the_second_key_has_a_guard(quantum: Laptop) -> None:
    """An old copy put back beside a first key that never signed: the second key remembers."""
    path = quantum.folder / LEDGER
    quantum.ok("key", "new", "next", "--no-passphrase", "--out", "next.pem")
    quantum.ok("house", "change-key", "--new", "next.pem")
    old = path.read_bytes()
    both = ("--ledger-key", f"next.pem,{KEYS}/ledger.mldsa.pem")
    quantum.ok("party", "register", "miner-2", "--role", "miner", "--residence", "BW", *both)
    for name in ("-wal", "-shm"):
        (quantum.folder / f"{LEDGER}{name}").unlink(missing_ok=True)
    path.write_bytes(old)
    (quantum.folder / "next.pem.guard").unlink()
    refused = quantum("checkpoint", *both)
    assert refused.code == 8
    assert "ledger.mldsa.pem.guard" in refused.err


def test_its_file_is_encrypted_as_the_others(bare: Laptop, quantum: Laptop, tmp_path: Path) -> None:
    """PKCS #8 in PEM with the seed; the passphrase opens it, another does not, and no key is no author's."""
    folder = tmp_path / "other"
    folder.mkdir()
    other = Laptop(folder)
    other.ok("init", *FIRST, "--origin", ORIGIN, "--post-quantum", passphrase=SECRET)
    file = folder / KEYS / "ledger.mldsa.pem"
    assert file.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    key = keys.read_ledger_key(file, lambda: SECRET.strip())
    assert isinstance(key, keys.MlDsa44Key)
    assert keys.verify_mldsa44(key.public, key.sign(b"m"), b"m")
    with refusing(KeyTrouble, "key-passphrase-wrong"):
        keys.read_ledger_key(file, lambda: b"wrong")
    with refusing(KeyTrouble, "key-file-unreadable"):
        keys.read_key(file, lambda: SECRET.strip())
    assert other.ok("checkpoint", passphrase=SECRET).out.count("\u2014 ") == 2
    assert other("checkpoint").code == 6


def test_witnesses_that_demand_the_second_line_cosign(quantum: Laptop) -> None:
    """Over HTTP, of the published checkpoint: both lines of the ledger stay on it; stripped of the second one
    it is not cosigned."""
    trusted = Trust.parse((quantum.folder / "pq.trust").read_bytes())
    signer = signing_key("witness")
    witness = Witness(
        "witness.example/1", signer, {ORIGIN: list(trusted.keys)}, Memory.at(quantum.folder / "w"), clock
    )
    quantum.ok("publish", "published")
    with serving(witness) as (server, _):
        spelled = f"{note.verifier_key('witness.example/1', signer, COSIGNATURE)} {server.url}"
        quantum.ok("trust", "--witness", spelled, "--quorum", "1", "--out", "w.trust")
        assert quantum("verify", "published", "--trust", "w.trust").code == 1
        path = quantum.folder / "published" / "checkpoint"
        whole = path.read_bytes()
        path.write_bytes(stripped(whole, -1))
        assert quantum("cosign", "published", "--trust", "w.trust").code != 0
        path.write_bytes(whole)
        quantum.ok("cosign", "published", "--trust", "w.trust")
        assert path.read_text().count("\u2014 ") == 3
        quantum.ok("publish", "published")
        for name in ("w.trust", "pq.trust", "ed.trust"):
            quantum.ok("verify", "published", "--trust", name)


def clock() -> int:
    """Seconds since 1970."""
    return int(time.time())
