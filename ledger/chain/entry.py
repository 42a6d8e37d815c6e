"""What the ledger numbers and chains: the entry (FORMATS.md section 3).

A canonical array, at most 65,535 bytes:

    [1, index, previous, recorded, statement, signature]

- index: from 0, below 2^53
- previous: the previous entry's hash, 32 bytes; zeros for entry 0
- recorded: microseconds since 1970 UTC, never less than the previous entry's; the keeper's claim
- statement, signature: as the party signed them, bytes in bytes

    hash(entry) = SHA-256(0x00 || entry bytes)

This one hash is the chain's link **and** the RFC 6962 leaf hash. From the vectors, entry 6:

    96 01 06 c420 eaf3d12e..0346 cf00060a241879cd80 c4c6 87a6617574686f72.. c440 7f85122c..9500
    hash 02eb36c75780ffcbd367c1a88936f35ab6c4eb32c7cfb57c308c2f23ff355399
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from ledger import encoding
from ledger.chain import forms
from ledger.errors import Malformed
from ledger.values import dataclass

LONGEST = 65_535
"""Bytes of an entry; the tile format gives two bytes to its length."""
ZERO_HASH = bytes(32)
_FORM = "entry"
_LATEST = 2**63
_PARTS = ("version", "index", "previous", "recorded", "statement", "signature")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, taken apart; ``recorded`` in microseconds since 1970 UTC."""

    index: int
    previous: bytes
    recorded: int
    statement: bytes
    signature: bytes

    def encode(self) -> bytes:
        """The entry's bytes. Raises `Malformed` for an entry that `decode` would refuse."""
        _check(self)
        return frame(self.index, self.previous, self.recorded, self.statement, self.signature)

    @classmethod
    def decode(cls, data: bytes) -> Entry:
        """The entry of bytes from anywhere; its statement and signature stay bytes.

        Raises `Malformed` (``entry-...``, ``form-...``, ``encoding-...``).
        """
        if len(data) > LONGEST:
            raise Malformed("entry-too-long", length=len(data))
        parts = encoding.decode(data)
        if type(parts) is not list or len(parts) != len(_PARTS):
            raise Malformed("entry-form")
        forms.check_version(parts[0], _FORM)
        entry = cls(*parts[1:])
        _check(entry)
        return entry


def entry_hash(data: bytes) -> bytes:
    """The hash of an entry's bytes: the next entry's ``previous``, and the leaf hash of RFC 6962."""
    return sha256(b"\x00" + data).digest()


def frame(index: int, previous: bytes, recorded: int, statement: bytes, signature: bytes) -> bytes:
    """The bytes of an entry whose parts are known to be right. Raises `Malformed` (``entry-too-long``)."""
    data = encoding.encode([1, index, previous, recorded, statement, signature])
    if len(data) > LONGEST:
        raise Malformed("entry-too-long", length=len(data))
    return data


def fields(data: bytes) -> tuple[int, bytes, int, bytes, bytes]:
    """(index, previous, recorded, statement, signature) of bytes that this ledger checked and stored."""
    _, index, previous, recorded, statement, signature = encoding.read(data)
    return index, previous, recorded, statement, signature


def _check(entry: Entry) -> None:
    forms.check_kind(entry.statement, bytes, _FORM, "statement")
    forms.check_kind(entry.signature, bytes, _FORM, "signature")
    if not forms.is_size(entry.index):
        raise Malformed("entry-index", index=_shown(entry.index))
    if not forms.is_hash(entry.previous):
        raise Malformed("entry-previous", index=entry.index)
    if entry.index == 0 and entry.previous != ZERO_HASH:
        raise Malformed("entry-first", previous=entry.previous.hex())
    if type(entry.recorded) is not int or not 0 <= entry.recorded < _LATEST:
        raise Malformed("entry-recorded", index=entry.index, recorded=_shown(entry.recorded))


def _shown(value: Any) -> str:
    return repr(value)[:40]
