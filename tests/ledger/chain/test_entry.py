"""Entries: what the ledger numbers and chains."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import encoding
from ledger.chain import entry
from ledger.chain.entry import ZERO_HASH, Entry
from ledger.errors import Malformed

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "adamas_format1.json").read_text("utf-8"))
ENTRY = Entry(7, bytes(range(32)), 1_700_000_000_000_000, b"statement", bytes(64))


def test_the_vectors_chain_agrees_byte_for_byte() -> None:
    """Each entry is framed from its parts, links to the one before, and hashes as the vectors say."""
    previous = ZERO_HASH
    for index, vector in enumerate(VECTORS["entries"]):
        statement, signature = bytes.fromhex(vector["hex"]), bytes.fromhex(vector["signature"])
        data = entry.frame(index, previous, vector["recorded"], statement, signature)
        assert data.hex() == vector["entry"]
        decoded = Entry.decode(data)
        assert decoded == Entry(index, previous, vector["recorded"], statement, signature)
        assert decoded.encode() == data
        assert entry.fields(data) == (index, previous, vector["recorded"], statement, signature)
        previous = entry.entry_hash(data)
        assert previous.hex() == vector["entry_hash"]


def test_the_hash_is_the_leaf_hash_of_rfc_6962() -> None:
    """SHA-256 of a zero byte and the entry's bytes."""
    assert entry.entry_hash(b"") == bytes.fromhex(
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    assert entry.entry_hash(b"x") == sha256(b"\0x").digest() != sha256(b"x").digest()


def of(*parts: Any) -> bytes:
    """The bytes of any array."""
    return encoding.encode(list(parts))


STATEMENT, SIGNATURE, PREVIOUS = b"statement", bytes(64), bytes(range(32))

MALFORMED = {
    "no array": (encoding.encode({"v": 1}), "entry-form"),
    "five parts": (of(1, 7, PREVIOUS, 1, STATEMENT), "entry-form"),
    "seven parts": (of(1, 7, PREVIOUS, 1, STATEMENT, SIGNATURE, 0), "entry-form"),
    "newer": (of(2, 7, PREVIOUS, 1, STATEMENT, SIGNATURE), "form-version"),
    "true is not 1": (of(True, 7, PREVIOUS, 1, STATEMENT, SIGNATURE), "form-version"),
    "index is negative": (of(1, -1, PREVIOUS, 1, STATEMENT, SIGNATURE), "entry-index"),
    "index is 2^53": (of(1, 2**53, PREVIOUS, 1, STATEMENT, SIGNATURE), "entry-index"),
    "index is true": (of(1, True, PREVIOUS, 1, STATEMENT, SIGNATURE), "entry-index"),
    "index is text": (of(1, "7", PREVIOUS, 1, STATEMENT, SIGNATURE), "entry-index"),
    "previous is short": (of(1, 7, bytes(31), 1, STATEMENT, SIGNATURE), "entry-previous"),
    "previous is text": (of(1, 7, "0" * 32, 1, STATEMENT, SIGNATURE), "entry-previous"),
    "the first has a previous": (of(1, 0, PREVIOUS, 1, STATEMENT, SIGNATURE), "entry-first"),
    "recorded before 1970": (of(1, 7, PREVIOUS, -1, STATEMENT, SIGNATURE), "entry-recorded"),
    "recorded beyond": (of(1, 7, PREVIOUS, 2**63, STATEMENT, SIGNATURE), "entry-recorded"),
    "recorded is nil": (of(1, 7, PREVIOUS, None, STATEMENT, SIGNATURE), "entry-recorded"),
    "statement is a map": (of(1, 7, PREVIOUS, 1, {}, SIGNATURE), "form-field"),
    "signature is nil": (of(1, 7, PREVIOUS, 1, STATEMENT, None), "form-field"),
    "trailing byte": (ENTRY.encode() + b"\0", "encoding-trailing"),
    "not canonical": (b"\xdc\x00\x06" + ENTRY.encode()[1:], "encoding-spelling"),
    "cut": (ENTRY.encode()[:-1], "encoding-invalid"),
    "empty": (b"", "encoding-invalid"),
    "too long": (bytes(65_536), "entry-too-long"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_entries_are_refused(name: str) -> None:
    """Each with its own code and a sentence."""
    data, code = MALFORMED[name]
    with pytest.raises(Malformed) as refused:
        Entry.decode(data)
    assert refused.value.code == code
    assert str(refused.value)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (replace(ENTRY, index=2**53), "entry-index"),
        (replace(ENTRY, index=0), "entry-first"),
        (replace(ENTRY, previous=b""), "entry-previous"),
        (replace(ENTRY, recorded=-1), "entry-recorded"),
        (replace(ENTRY, statement=bytes(65_500)), "entry-too-long"),
    ],
)
def test_entries_that_would_be_refused_are_not_written(wrong: Entry, code: str) -> None:
    """Writing checks what reading checks."""
    with pytest.raises(Malformed) as refused:
        wrong.encode()
    assert refused.value.code == code


def test_an_entry_has_at_most_65535_bytes() -> None:
    """One more is refused, with its length."""
    overhead = len(entry.frame(7, PREVIOUS, 1, bytes(60_000), SIGNATURE)) - 60_000
    longest = entry.frame(7, PREVIOUS, 1, bytes(65_535 - overhead), SIGNATURE)
    assert len(longest) == 65_535
    assert Entry.decode(longest).encode() == longest
    with pytest.raises(Malformed) as refused:
        entry.frame(7, PREVIOUS, 1, bytes(65_536 - overhead), SIGNATURE)
    assert refused.value.code == "entry-too-long"
    assert "65536 bytes" in str(refused.value)


@given(
    st.integers(1, 2**53 - 1),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**63 - 1),
    st.binary(max_size=300),
    st.binary(max_size=80),
)
def test_entries_come_back(
    index: int, previous: bytes, recorded: int, statement: bytes, signature: bytes
) -> None:
    """Every entry that can be written is read again as itself."""
    written = Entry(index, previous, recorded, statement, signature)
    assert Entry.decode(written.encode()) == written
    assert entry.fields(written.encode()) == (index, previous, recorded, statement, signature)
