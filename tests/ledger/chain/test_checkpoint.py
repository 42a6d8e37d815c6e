"""Checkpoints: what the ledger signs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import keys
from ledger.chain import checkpoint, note
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.errors import Malformed

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "adamas_format1.json").read_text("utf-8"))
KEYS = VECTORS["keys"]
LOG = keys.SigningKey.from_seed(bytes.fromhex(KEYS["log_seed"]))
LOG_KEY = note.VerifierKey.parse(KEYS["log_vkey"])
FIVE = Checkpoint(KEYS["origin"], 5, bytes.fromhex(VECTORS["roots"][5]))


@pytest.mark.parametrize("size", [5, 9])
def test_checkpoints_are_the_vectors_bytes(size: int) -> None:
    """Signed from origin, size and root alone."""
    expected = VECTORS["checkpoints"][str(size)].encode()
    head = Checkpoint(KEYS["origin"], size, bytes.fromhex(VECTORS["roots"][size]))
    assert checkpoint.sign(head, LOG).encode() == expected
    parsed = SignedCheckpoint.parse(expected)
    assert parsed.checkpoint == head
    assert parsed.verify([LOG_KEY]) == (note.Verified(LOG_KEY, None),)


def test_witnesses_lines_are_added_under_the_same_text() -> None:
    """The log's signature stays as it was."""
    plain = SignedCheckpoint.parse(VECTORS["checkpoints"]["9"].encode())
    full = VECTORS["checkpoints"]["9 with witnesses"].encode()
    lines = note.Note.parse(full).signatures[1:]
    assert plain.with_signatures(lines).encode() == full


def test_a_checkpoint_under_another_size_or_root_does_not_verify() -> None:
    """The signature is over all three lines."""
    signed = checkpoint.sign(FIVE, LOG)
    for other in (
        replace(FIVE, size=6),
        replace(FIVE, root=bytes(32)),
        replace(FIVE, origin="other.example/x"),
    ):
        with pytest.raises(Malformed) as refused:
            SignedCheckpoint.parse(note.Note(other.text, signed.note.signatures).encode()).verify([LOG_KEY])
        assert refused.value.code == "note-signature"


ROOT = FIVE.text.split("\n")[2]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{FIVE.origin}\n5\n", "checkpoint-lines"),
        (f"{FIVE.origin}\n5\n{ROOT}\nextension\n", "checkpoint-lines"),
        (f"{FIVE.origin}\n5\n{ROOT}\n\n", "checkpoint-lines"),
        (f"{FIVE.origin}\n5\n{ROOT}", "checkpoint-lines"),
        (f"\n5\n{ROOT}\n", "name-origin"),
        (f"a b\n5\n{ROOT}\n", "name-origin"),
        (f"https://ledger.example/x\n5\n{ROOT}\n", "name-origin"),
        (f"{FIVE.origin}\n05\n{ROOT}\n", "checkpoint-size"),
        (f"{FIVE.origin}\n+5\n{ROOT}\n", "checkpoint-size"),
        (f"{FIVE.origin}\n-5\n{ROOT}\n", "checkpoint-size"),
        (f"{FIVE.origin}\n1_0\n{ROOT}\n", "checkpoint-size"),
        (f"{FIVE.origin}\n 5\n{ROOT}\n", "checkpoint-size"),
        (f"{FIVE.origin}\n\u0665\n{ROOT}\n", "checkpoint-size"),
        (f"{FIVE.origin}\n\n{ROOT}\n", "checkpoint-size"),
        (f"{FIVE.origin}\n9007199254740992\n{ROOT}\n", "checkpoint-size"),
        (f"{FIVE.origin}\n99999999999999999999\n{ROOT}\n", "checkpoint-size"),
        (f"{FIVE.origin}\n5\n{ROOT[:-1]}\n", "encoding-base64"),
        (f"{FIVE.origin}\n5\n{ROOT[:40]}\n", "checkpoint-root"),
        (f"{FIVE.origin}\n5\n\n", "checkpoint-root"),
        (f"{FIVE.origin}\n5\n{ROOT[:-2]}p=\n", "encoding-base64"),
    ],
)
def test_other_texts_are_no_checkpoints(text: str, code: str) -> None:
    """No extension lines, one spelling of numbers and base64."""
    with pytest.raises(Malformed) as refused:
        Checkpoint.parse_text(text)
    assert refused.value.code == code
    assert str(refused.value)


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (replace(FIVE, size=-1), "checkpoint-size"),
        (replace(FIVE, size=2**53), "checkpoint-size"),
        (replace(FIVE, root=b""), "checkpoint-root"),
        (replace(FIVE, origin="a+b"), "name-origin"),
    ],
)
def test_what_would_not_parse_is_not_signed(head: Checkpoint, code: str) -> None:
    """A wrong head never gets a signature."""
    with pytest.raises(Malformed) as refused:
        checkpoint.sign(head, LOG)
    assert refused.value.code == code


@given(st.integers(0, 2**53 - 1), st.binary(min_size=32, max_size=32))
def test_checkpoints_come_back(size: int, root: bytes) -> None:
    """Every size and root."""
    head = Checkpoint(KEYS["origin"], size, root)
    assert Checkpoint.parse_text(head.text) == head
    assert SignedCheckpoint.parse(checkpoint.sign(head, LOG).encode()).checkpoint == head
