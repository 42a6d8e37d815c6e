"""A witness cosigns one history of a ledger, and answers everything else with the specification's status."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.chain import checkpoint, merkle, note
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.forks import ForkProof, Verdict
from ledger.chain.note import Note
from ledger.errors import Malformed, StoreTrouble
from ledger.federation.add_checkpoint import SIZE_MEDIA, AddCheckpoint
from ledger.federation.memory import Memory
from ledger.federation.witness import Answer, Witness
from ledger.keys import MlDsa44Key
from tests.refusing import refusing
from tests.witnessing import NOW, ORIGIN, Log, key, witness

VECTORS = json.loads((Path(__file__).parents[2] / "data/adamas_format1.json").read_text(encoding="utf-8"))


@pytest.fixture
def log() -> Log:
    """A log of a hundred entries."""
    return Log().grow(100)


def cosignatures(answer: Answer, signed: SignedCheckpoint, by: Witness) -> list[int | None]:
    """The times of the witness's cosignatures in an answer, each of which must hold."""
    assert answer.status == 200
    told = Note.parse(f"{signed.note.text}\n{answer.body}".encode())
    return [found.timestamp for found in told.verify(by.keys)]


def test_first_contact_from_size_zero_is_cosigned(tmp_path: Path, log: Log) -> None:
    """A witness that knows nothing of a ledger yet takes any size from 0, without a proof."""
    aa = witness(tmp_path)
    answer = aa.add_checkpoint(log.request(0))
    assert cosignatures(answer, log.checkpoint(), aa) == [NOW]
    assert answer.body.endswith("\n")


def test_the_answer_is_that_of_the_vectors(tmp_path: Path) -> None:
    """The cosignatures of the second implementation are made again byte for byte."""
    origin = VECTORS["keys"]["origin"]
    expected = VECTORS["checkpoints"]["9 with witnesses"].encode()
    lines = Note.parse(expected).signatures
    pinned = note.VerifierKey.parse(VECTORS["keys"]["log_vkey"])
    for seed, vkey, line in zip(
        VECTORS["keys"]["witness_seeds"], VECTORS["keys"]["witnesses"], lines[1:], strict=True
    ):
        name, time = vkey.split("+")[0], int.from_bytes(line.data[:8], "big")
        own = key("x").from_seed(bytes.fromhex(seed))
        made = Witness(name, own, {origin: [pinned]}, Memory.at(tmp_path / seed[:4]), lambda t=time: t)
        assert str(made.keys[0]) == vkey
        signed = SignedCheckpoint.parse(VECTORS["checkpoints"]["9"].encode())
        assert made.add_checkpoint(AddCheckpoint(0, (), signed).encode()).body == str(line)


def test_a_ledger_may_grow_and_be_cosigned_again(tmp_path: Path, log: Log) -> None:
    """From each size to each greater one with its proof, and at the same size again."""
    aa = witness(tmp_path)
    for old, size in [(0, 0), (0, 1), (1, 1), (1, 7), (7, 64), (64, 100), (100, 100)]:
        assert aa.add_checkpoint(log.request(old, size)).status == 200, (old, size)


def test_another_old_size_is_answered_with_the_last_one(tmp_path: Path, log: Log) -> None:
    """409 carries the size cosigned last, so that the ledger can ask again."""
    aa = witness(tmp_path)
    assert aa.add_checkpoint(log.request(5, 9)) == Answer(
        409, "0\n", f"{ORIGIN} 9 from 5", SIZE_MEDIA
    )  # never cosigned: 0
    aa.add_checkpoint(log.request(0, 64))
    for old, size in [(0, 100), (0, 64), (63, 100), (65, 100), (0, 10)]:
        answer = aa.add_checkpoint(log.request(old, size))
        assert (answer.status, answer.body, answer.media) == (409, "64\n", "text/x.tlog.size"), (old, size)


def test_a_shorter_or_other_history_is_never_cosigned(tmp_path: Path, log: Log) -> None:
    """After 64 entries, no fork from any point before is cosigned, whatever is offered as a proof."""
    aa = witness(tmp_path)
    aa.add_checkpoint(log.request(0, 64))
    for at in (0, 1, 32, 63):
        forged = log.fork(at).grow(100 - at)
        for path in (forged.prove(64), log.prove(64), []):
            body = AddCheckpoint(64, tuple(path), forged.checkpoint()).encode()
            assert aa.add_checkpoint(body).status == 422
    assert aa.add_checkpoint(log.request(64)).status == 200


def test_each_hash_of_the_proof_counts(tmp_path: Path, log: Log) -> None:
    """A proof with a changed, missing or doubled hash is refused; then the right one is taken."""
    aa = witness(tmp_path)
    aa.add_checkpoint(log.request(0, 37))
    path = log.prove(37)
    assert len(path) > 3
    for place in range(len(path)):
        flipped = [*path[:place], bytes([path[place][0] ^ 1]) + path[place][1:], *path[place + 1 :]]
        for wrong in (flipped, path[:place] + path[place + 1 :], [*path[:place], path[place], *path[place:]]):
            body = AddCheckpoint(37, tuple(wrong), log.checkpoint()).encode()
            assert aa.add_checkpoint(body).status == 422
    assert aa.add_checkpoint(log.request(37)).status == 200


def test_the_same_size_with_another_root_convicts_the_ledger(tmp_path: Path, log: Log) -> None:
    """422, and the proof that the ledger's key signed two histories is kept; a bad proof alone is none."""
    aa = witness(tmp_path)
    aa.add_checkpoint(log.request(0, 64))
    aa.add_checkpoint(AddCheckpoint(64, (), log.checkpoint()).encode())
    assert not aa.memory.fork(ORIGIN).exists()
    assert aa.add_checkpoint(log.fork(30).grow(34).request(64)).status == 422
    kept = aa.memory.fork(ORIGIN).read_bytes()
    assert ForkProof.decode(kept).verify([log.pinned]) == Verdict(ORIGIN, (log.pinned,))
    assert aa.add_checkpoint(log.fork(31).grow(33).request(64)).status == 422
    assert aa.memory.fork(ORIGIN).read_bytes() == kept
    assert aa.add_checkpoint(log.request(64)).status == 200


@pytest.mark.parametrize("old", [0, 5])
def test_size_zero_has_the_root_of_the_empty_tree(tmp_path: Path, log: Log, old: int) -> None:
    """422 for any other root at size 0; 400 when the old size is greater than that."""
    signed = checkpoint.sign(Checkpoint(ORIGIN, 0, bytes(32)), log.signer)
    answer = witness(tmp_path).add_checkpoint(AddCheckpoint(old, (), signed).encode())
    assert answer.status == (400 if old else 422)


def test_from_size_zero_the_proof_is_empty(tmp_path: Path, log: Log) -> None:
    """422 for a proof where nothing can be proven."""
    body = AddCheckpoint(0, (bytes(32),), log.checkpoint()).encode()
    assert witness(tmp_path).add_checkpoint(body).status == 422


def test_at_the_same_size_the_proof_is_empty(tmp_path: Path, log: Log) -> None:
    """422 for a proof between a tree and itself."""
    aa = witness(tmp_path)
    aa.add_checkpoint(log.request(0))
    assert aa.add_checkpoint(AddCheckpoint(100, (bytes(32),), log.checkpoint()).encode()).status == 422


def test_an_unknown_origin_is_not_found(tmp_path: Path) -> None:
    """404 for a ledger that the witness was not told of, properly signed as it is."""
    other = Log("ledger.example/zz/other").grow(3)
    assert witness(tmp_path).add_checkpoint(other.request(0)).status == 404
    assert list(tmp_path.iterdir()) == []


def resigned(log: Log, *lines: note.Signature) -> bytes:
    """A first request whose checkpoint carries these lines instead of the log's own."""
    signed = log.checkpoint()
    return AddCheckpoint(0, (), SignedCheckpoint(signed.checkpoint, Note(signed.note.text, lines))).encode()


def test_only_a_pinned_key_of_the_origin_counts(tmp_path: Path, log: Log) -> None:
    """403 without a valid signature of a pinned key; signatures of unknown keys beside it are ignored."""
    aa = witness(tmp_path)
    text = log.checkpoint().note.text
    own, foreign = note.sign(text, ORIGIN, log.signer), note.sign(text, ORIGIN, key("thief"))
    broken = note.Signature(own.name, own.key_id, own.data[:-1] + bytes([own.data[-1] ^ 1]))
    assert aa.add_checkpoint(resigned(log, foreign)).status == 403
    assert aa.add_checkpoint(resigned(log, broken)).status == 403
    assert aa.add_checkpoint(resigned(log, foreign, broken)).status == 403
    assert aa.add_checkpoint(resigned(log, own, own)).status == 400
    assert aa.add_checkpoint(resigned(log, foreign, own)).status == 200
    kept = aa.memory.latest(ORIGIN, [log.pinned])
    assert kept is not None
    assert [line.name for line in kept.note.signatures] == [ORIGIN, aa.name]
    assert foreign not in kept.note.signatures


def malformed() -> dict[str, bytes]:
    """Requests that are not of their form, by what is wrong with them."""
    log = Log().grow(9)
    good = log.request(0, 5)
    longer = log.request(5, 9)
    signed = log.checkpoint(5).encode()
    return {
        "nothing": b"",
        "no empty line": good.replace(b"\n\n", b"\n", 1),
        "no old line": good.removeprefix(b"old 0\n"),
        "a leading zero": good.replace(b"old 0", b"old 00"),
        "a sign": good.replace(b"old 0", b"old +0"),
        "two spaces": good.replace(b"old 0", b"old  0"),
        "a space behind": good.replace(b"old 0", b"old 0 "),
        "a capital": good.replace(b"old 0", b"Old 0"),
        "an underscore": longer.replace(b"old 5", b"old 5_0"),
        "another digit": longer.replace(b"old 5", "old ٥".encode()),
        "too large a size": good.replace(b"old 0", b"old 9007199254740992"),
        "CRLF": good.replace(b"\n", b"\r\n"),
        "CRLF in the first line": good.replace(b"old 0\n", b"old 0\r\n"),
        "base64 without padding": longer.replace(b"=\n", b"\n", 1),
        "base64 of 31 bytes": b"old 5\n" + b"A" * 42 + b"==\n\n" + signed,
        "stray bits": b"old 5\n" + b"A" * 42 + b"B=\n\n" + signed,
        "base64url": b"old 5\n" + b"_" * 42 + b"8=\n\n" + signed,
        "64 hashes": b"old 5\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + signed,
        "a line behind the hashes": longer.replace(b"\n\n", b"\nmore\n\n", 1),
        "no checkpoint": b"old 0\n\n",
        "no signature": b"old 0\n\n" + signed.split(b"\n\n")[0] + b"\n",
        "an extension line": b"old 0\n\n" + signed.replace(b"\n\n", b"\nmore\n\n", 1),
        "a size with a leading zero": b"old 0\n\n" + signed.replace(b"\n5\n", b"\n05\n"),
        "a root of 31 bytes": b"old 0\n\n" + f"{ORIGIN}\n5\n{'A' * 42}==\n\n".encode() + signed[-40:],
        "text behind the signatures": good + b"more\n",
        "no last newline": good[:-1],
        "a control character": good.replace(b"old 0", b"old 0\x00"),
        "no UTF-8": good.replace(b"ledger.example", b"ledger.\xff"),
        "old greater than the size": AddCheckpoint(6, (), log.checkpoint(5)).encode(),
    }


@pytest.mark.parametrize("what", malformed())
def test_a_request_of_another_form_is_refused(tmp_path: Path, what: str) -> None:
    """400 for every other spelling, and nothing is remembered."""
    aa = witness(tmp_path)
    assert aa.add_checkpoint(malformed()[what]).status == 400
    assert list(tmp_path.glob("*.checkpoint")) == []


def test_no_byte_of_a_request_may_change(tmp_path: Path) -> None:
    """Each single byte of a request changed: it is refused, or the witness's answer does not cosign."""
    log = Log().grow(9)
    aa = witness(tmp_path)
    aa.add_checkpoint(log.request(0, 5))
    body = log.request(5, 9)
    for place in range(len(body)):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert aa.add_checkpoint(changed).status in (400, 403, 404, 409, 422), place
    assert aa.add_checkpoint(body).status == 200


def test_what_was_cosigned_outlives_the_process(tmp_path: Path, log: Log) -> None:
    """A witness started again goes on from where it was, and refuses what it refused before."""
    witness(tmp_path).add_checkpoint(log.request(0, 64))
    again = witness(tmp_path)
    assert again.add_checkpoint(log.request(0, 100)).status == 409
    assert again.add_checkpoint(log.fork(10).grow(90).request(64)).status == 422
    assert again.add_checkpoint(log.request(64, 100)).status == 200


class PowerCut(BaseException):
    """The machine stops here."""


def test_a_crash_after_remembering_loses_no_more_than_the_answer(tmp_path: Path, log: Log) -> None:
    """When it stops between the disk and the answer, the ledger asks again from the new size and is cosigned;
    another history is not."""

    class Cut(Memory):
        def keep(self, signed: SignedCheckpoint) -> None:
            super().keep(signed)
            raise PowerCut

    aa = witness(tmp_path)
    aa.memory = Cut(tmp_path)
    with pytest.raises(PowerCut):
        aa.add_checkpoint(log.request(0, 64))
    again = witness(tmp_path)
    assert again.add_checkpoint(log.request(0, 64)).body == "64\n"
    assert again.add_checkpoint(log.fork(3).grow(61).request(64)).status == 422
    assert again.add_checkpoint(log.request(64, 64)).status == 200


def test_a_crash_before_remembering_has_signed_nothing(
    tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it stops while writing, the old state stands whole, and the same request is taken later."""
    aa = witness(tmp_path)
    aa.add_checkpoint(log.request(0, 10))
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(PowerCut))
    with pytest.raises(PowerCut):
        aa.add_checkpoint(log.request(10, 64))
    monkeypatch.undo()
    assert witness(tmp_path).add_checkpoint(log.request(10, 64)).status == 200


def test_without_a_disk_there_is_no_answer(tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is told, and no cosignature leaves."""
    aa = witness(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with refusing(StoreTrouble, "memory-unwritable"):
        aa.add_checkpoint(log.request(0, 10))


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "another ledger's"])
def test_a_witness_that_does_not_know_what_it_cosigned_stops(tmp_path: Path, log: Log, damage: str) -> None:
    """Damaged memory is never first contact."""
    aa = witness(tmp_path)
    aa.add_checkpoint(log.request(0, 64))
    (path,) = tmp_path.glob("*.checkpoint")
    data = path.read_bytes()
    other = Log("ledger.example/zz/other").grow(64)
    damaged = {
        "empty": b"",
        "cut": data[:100],
        "flipped": data.replace(b"\n64\n", b"\n65\n"),
        "another ledger's": other.checkpoint().encode(),
    }
    path.write_bytes(damaged[damage])
    for request in (log.request(0, 64), log.request(64)):
        with refusing(StoreTrouble, "memory-damaged"):
            aa.add_checkpoint(request)


def test_of_two_histories_at_once_one_is_cosigned(tmp_path: Path, log: Log) -> None:
    """Many threads, two witnesses objects on one memory, two histories from one size: one of them wins."""
    for number in range(20):
        folder = tmp_path / str(number)
        both = [witness(folder), witness(folder)]
        both[0].add_checkpoint(log.request(0, 40))
        stories = [log, log.fork(40).grow(60)]
        bodies = [story.request(40) for story in stories]
        with ThreadPoolExecutor(8) as pool:
            asked = [(n, pool.submit(both[n // 2 % 2].add_checkpoint, bodies[n % 2])) for n in range(8)]
        cosigned = {n % 2 for n, answer in asked if answer.result().status == 200}
        assert len(cosigned) == 1
        assert {answer.result().status for _, answer in asked} <= {200, 409, 422}
        kept = both[0].memory.latest(ORIGIN, [log.pinned])
        assert kept is not None
        assert kept.checkpoint.root == merkle.root(stories[cosigned.pop()].leaves)


def test_the_time_never_goes_back(tmp_path: Path, log: Log) -> None:
    """A clock set back does not make a later checkpoint look older than an earlier one."""
    witness(tmp_path, now=NOW).add_checkpoint(log.request(0, 64))
    late = witness(tmp_path, now=NOW - 3_600)
    assert cosignatures(late.add_checkpoint(log.request(64)), log.checkpoint(), late) == [NOW]
    later = witness(tmp_path, now=NOW + 60)
    assert cosignatures(later.add_checkpoint(log.request(100)), log.checkpoint(), later) == [NOW + 60]


def test_a_second_key_signs_post_quantum(tmp_path: Path, log: Log) -> None:
    """With an ML-DSA-44 key there are two lines, and both hold."""
    aa = witness(tmp_path, second=MlDsa44Key(bytes(32)))
    answer = aa.add_checkpoint(log.request(0))
    assert [key.kind for key in aa.keys] == [note.COSIGNATURE, note.MLDSA44]
    assert cosignatures(answer, log.checkpoint(), aa) == [NOW, NOW]
    changed = answer.body.replace(answer.body[-8], "A" if answer.body[-8] != "A" else "B")
    with pytest.raises(Malformed):
        cosignatures(Answer(200, changed, ""), log.checkpoint(), aa)


def test_a_ledger_pinned_by_its_post_quantum_key_is_cosigned(tmp_path: Path, log: Log) -> None:
    """Its line of kind 0x06 is the one that counts; a changed one is refused."""
    own = MlDsa44Key(bytes(32))
    pinned = note.VerifierKey(ORIGIN, note.MLDSA44, own.public)
    aa = Witness("w.example/1", key("w"), {ORIGIN: [pinned]}, Memory.at(tmp_path), lambda: NOW)
    line = note.sign_mldsa44(log.checkpoint().note.text, ORIGIN, own)
    changed = note.Signature(line.name, line.key_id, line.data[:-1] + bytes([line.data[-1] ^ 1]))
    assert aa.add_checkpoint(log.request(0)).status == 403
    assert aa.add_checkpoint(resigned(log, changed)).status == 403
    assert (
        aa.add_checkpoint(
            resigned(log, note.sign(log.checkpoint().note.text, ORIGIN, log.signer), line)
        ).status
        == 200
    )


def test_a_ledger_cannot_be_its_own_witness(tmp_path: Path, log: Log) -> None:
    """The same key in both places is refused when the witness is made."""
    with refusing(Malformed, "witness-log-key"):
        Witness("w.example/1", log.signer, {ORIGIN: [log.pinned]}, Memory.at(tmp_path), lambda: NOW)
    with refusing(Malformed, "witness-no-logs"):
        Witness("w.example/1", key("w"), {}, Memory.at(tmp_path), lambda: NOW)


def test_a_rotated_key_leaves_the_memory_readable(tmp_path: Path, log: Log) -> None:
    """A witness with a new key goes on from what its old key cosigned, under the ledger's signature."""
    witness(tmp_path).add_checkpoint(log.request(0, 64))
    renewed = Witness(
        "witness.example/aa2", key("aa2"), {ORIGIN: [log.pinned]}, Memory.at(tmp_path), lambda: NOW
    )
    assert renewed.add_checkpoint(log.fork(9).grow(91).request(64)).status == 422
    assert renewed.add_checkpoint(log.request(64)).status == 200
