"""``adamas witness`` as its operator runs it: a process of its own, asked over HTTP, killed, run again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.chain import note, trust
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.errors import Malformed
from ledger.federation.cosigning import post_to_witness
from ledger.keys import read_key
from tests.laptop import Laptop
from tests.refusing import refusing
from tests.witnessing import ORIGIN, Log

ROOT = Path(__file__).resolve().parents[2]
NAME = "witness.example/aa"
BASE = ("witness", "--name", NAME, "--key", "witness.pem")


@pytest.fixture
def operator(bare: Laptop) -> Laptop:
    """A laptop with the witness's key, and the trust file of one ledger."""
    bare.ok(*BASE, "key", "--new", "--no-passphrase")
    made = trust.make([trust.Log(Log().pinned)])
    (bare.folder / "bw.trust").write_bytes(made.encode())
    return bare


def _interruptible() -> None:
    """Whoever runs tests in the background ignores the signal, and what it begins would ignore it too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def running(operator: Laptop, *more: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, list[str]]]]:
    """The process, and what it told when it began, by the first word of each line."""
    arguments = [*BASE, "--serve", "127.0.0.1:0", "--state", "state", "--trust", "bw.trust", *more]
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from cli.main import run; run()"
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments], cwd=operator.folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=_interruptible if os.name == "posix" else None,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        told: dict[str, list[str]] = {}
        while "ledger" not in told:
            word, _, rest = process.stdout.readline().strip().partition(" ")
            assert word, process.communicate()[1]
            told.setdefault(word, []).append(rest.strip())
        try:
            yield process, told
        finally:
            process.kill()
            process.communicate()


def test_the_witness_shows_its_key(operator: Laptop) -> None:
    """The verifier key for others' trust files is that of the key file, of a witness's kind."""
    shown = operator.ok(*BASE, "key").out.strip()
    key = note.VerifierKey.parse(shown)
    assert key == note.verifier_key(NAME, read_key(operator.folder / "witness.pem"), note.COSIGNATURE)
    assert operator.data(*BASE, "key") == {"name": NAME, "key": shown}
    again = operator(*BASE, "key", "--new", "--no-passphrase")
    assert (again.code, "key-file-exists" in again.err) == (6, True)


def test_a_new_key_is_encrypted_unless_said_otherwise(bare: Laptop) -> None:
    """The passphrase comes through the descriptor, and is needed again."""
    shown = bare.ok(*BASE, "key", "--new", passphrase=b"correct horse\n").out
    assert b"ENCRYPTED" in (bare.folder / "witness.pem").read_bytes()
    assert bare.ok(*BASE, "key", passphrase=b"correct horse\n").out == shown
    assert bare(*BASE, "key", passphrase=b"wrong\n").code == 6


def test_it_serves_what_it_was_told_and_survives_being_killed(operator: Laptop) -> None:
    """Cosigned over HTTP; killed without warning; the next process goes on from what was cosigned."""
    log = Log().grow(100)
    with running(operator) as (process, told):
        assert told["ledger"] == [ORIGIN]
        assert told["key"] == [operator.ok(*BASE, "key").out.strip()]
        assert post_to_witness(told["url"][0], log.request(0, 64)).status == 200
        process.kill()
    with running(operator) as (process, told):
        assert post_to_witness(told["url"][0], log.request(0, 64)).body == b"64\n"
        assert post_to_witness(told["url"][0], log.fork(3).grow(97).request(64)).status == 422
        assert post_to_witness(told["url"][0], log.request(64)).status == 200
        process.send_signal(signal.SIGINT)
        _, log_lines = process.communicate(timeout=10)
        assert process.returncode == 130
    shown = [line.split(" ", 1)[1] for line in log_lines.splitlines()]
    assert shown[:2] == [f"409 {ORIGIN} 64 from 0", f"422 {ORIGIN} tree-grown"]
    assert shown[2] == f"200 {ORIGIN} 100"


def test_two_processes_on_one_folder_cosign_one_history(operator: Laptop) -> None:
    """Whichever is asked, the other knows."""
    log = Log().grow(100)
    forged = log.fork(40).grow(60)
    with running(operator) as (_, first), running(operator) as (_, second):
        urls = (first["url"][0], second["url"][0])
        assert post_to_witness(urls[0], log.request(0, 40)).status == 200
        statuses = [post_to_witness(urls[n % 2], (log, forged)[n % 2].request(40)).status for n in range(4)]
        assert statuses == [200, 409, 409, 409]
        assert post_to_witness(urls[1], forged.request(100)).status == 422
        assert post_to_witness(urls[1], log.request(100)).status == 200


def test_what_it_needs_is_asked_for(operator: Laptop) -> None:
    """A key of its own, an address, a folder, ledgers."""
    assert operator("witness", "--name", NAME, "key").code == 2
    assert operator(*BASE).code == 2
    assert operator(*BASE, "--serve", "127.0.0.1:0", "--state", "state").code == 2
    whole = (*BASE, "--serve", "127.0.0.1:0", "--state", "state", "--trust")
    missing = operator(*whole, "missing.trust")
    assert (missing.code, "artefact-unreadable" in missing.err) == (7, True)
    (operator.folder / "bad.trust").write_text("quorum none\n", encoding="utf-8")
    assert operator(*whole, "bad.trust").code == 4
    assert operator(*BASE, "--serve", "nowhere", "--state", "state", "--trust", "bw.trust").code == 4
    told = operator(*BASE, "--serve", "nowhere", "--state", "state", "--trust", "bw.trust", "--json")
    assert json.loads(told.err)["code"] == "witness-address"


def test_a_ledger_is_not_its_own_witness(operator: Laptop) -> None:
    """A trust file that pins the witness's own key as a ledger's is refused."""
    own = read_key(operator.folder / "witness.pem")
    made = trust.make([trust.Log(note.verifier_key("ledger.example/own/x", own))])
    (operator.folder / "own.trust").write_bytes(made.encode())
    ran = operator(*BASE, "--serve", "127.0.0.1:0", "--state", "state", "--trust", "own.trust")
    assert (ran.code, "witness-log-key" in ran.err) == (4, True)


def test_a_second_key_cosigns_beside_the_first(operator: Laptop) -> None:
    """One command makes it, shows it and serves with it: both lines hold, each at the same time, and whoever
    demands the second one misses it where the witness runs without."""
    second = ("--second", "second.pem")
    (operator.folder / "witness.pem").unlink()
    made = operator(*BASE, *second, "key", "--new", "--no-passphrase")
    if made.code == 10:
        pytest.skip(made.err)
    keys = [note.VerifierKey.parse(line) for line in made.out.split()]
    assert [key.kind for key in keys] == [note.COSIGNATURE, note.MLDSA44]
    assert operator.data(*BASE, *second, "key")["second"] == str(keys[1])
    demanding = trust.make([trust.Log(Log().pinned)], [trust.Witness("w", keys[1])], 1)
    log = Log().grow(9)
    for words, lines in (((), 1), (second, 2)):
        with running(operator, *words) as (_, told):
            assert [note.VerifierKey.parse(text) for text in told["key"]] == keys[:lines]
            answer = post_to_witness(told["url"][0], log.request(0 if lines == 1 else 9))
        signed = SignedCheckpoint.parse(log.checkpoint().encode() + answer.body)
        held = signed.verify(keys)
        assert [one.key for one in held] == keys[:lines]
        assert len({one.timestamp for one in held}) == 1
        if lines == 2:
            demanding.check_quorum(signed)
            return
        with refusing(Malformed, "trust-quorum-missed"):
            demanding.check_quorum(signed)


def test_the_second_key_is_of_the_other_algorithm(operator: Laptop) -> None:
    """Neither an Ed25519 key takes its place nor the other way round; a key file that is there stays."""
    same = operator(*BASE, "--second", "witness.pem", "key")
    assert (same.code, "key-second-kind" in same.err) == (6, True)
    before = (operator.folder / "witness.pem").read_bytes()
    again = operator(*BASE, "--second", "second.pem", "key", "--new", "--no-passphrase")
    assert (again.code in (6, 10), (operator.folder / "second.pem").exists()) == (True, False)
    assert (operator.folder / "witness.pem").read_bytes() == before
    assert operator(*BASE, "--serve", "127.0.0.1:0", "--state", "s", "--trust", "bw.trust", "--new").code == 2
