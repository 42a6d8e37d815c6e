"""What the ledger signs: origin, size and root (c2sp.org/tlog-checkpoint v1; no extension lines).

A signed note whose text has exactly three lines. From the vectors:

    ledger.example/bw/k7q2
    5
    AnmyjI0oq+p9ovBTvASQtevYmVjerlYFgCl/6GQIB+o=

    — ledger.example/bw/k7q2 ZZjZDnLiibX1fPBSZ7sL4gPmDw8tLSoMtWmzXVdY8UPUyGT2UJlx..ddbLIWZw8=

The size is decimal without leading zeros and below 2^53; the root is base64 of 32 bytes. The log's key name
is its origin. A checkpoint is signed after the commit that made its root durable, never before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ledger import encoding, keys
from ledger.chain import forms, names
from ledger.chain.note import Note, Signature, Verified, VerifierKey
from ledger.chain.note import sign as sign_note
from ledger.errors import Malformed
from ledger.values import dataclass

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a ledger's tree, signed or not."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note's text, three lines. Raises `Malformed` (``checkpoint-...``, ``name-origin``)."""
        names.check_origin(self.origin)
        if not forms.is_size(self.size):
            raise Malformed("checkpoint-size", size=str(self.size)[:40])
        if not forms.is_hash(self.root):
            raise Malformed("checkpoint-root", length=len(self.root))
        return f"{self.origin}\n{self.size}\n{encoding.to_base64(self.root)}\n"

    @classmethod
    def parse_text(cls, text: str) -> Checkpoint:
        """The checkpoint of a note's text. Raises `Malformed` for every other spelling."""
        lines = text.split("\n", 4)
        if len(lines) != 4 or lines[3]:
            raise Malformed("checkpoint-lines", count=text.count("\n"))
        origin, size, root = lines[:3]
        checkpoint = cls(origin, parse_decimal(size), encoding.from_base64(root))
        if checkpoint.text != text:
            raise Malformed("checkpoint-lines", count=3)
        return checkpoint


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint with the note that carries it."""

    checkpoint: Checkpoint
    note: Note

    def encode(self) -> bytes:
        """The note's bytes."""
        return self.note.encode()

    @classmethod
    def parse(cls, data: bytes) -> SignedCheckpoint:
        """The checkpoint in a note's bytes; nothing is verified yet.

        Raises `Malformed` (``checkpoint-...``, ``note-...``, ``name-origin``, ``encoding-base64``).
        """
        parsed = Note.parse(data)
        return cls(Checkpoint.parse_text(parsed.text), parsed)

    def verify(self, known: Sequence[VerifierKey]) -> tuple[Verified, ...]:
        """The signatures of known keys (`Note.verify`); which of them suffice is the policy's to say."""
        return self.note.verify(known)

    def with_signatures(self, more: Sequence[Signature]) -> SignedCheckpoint:
        """The same checkpoint with further lines: a second key's, witnesses'."""
        return SignedCheckpoint(self.checkpoint, Note(self.note.text, (*self.note.signatures, *more)))


def sign(checkpoint: Checkpoint, key: keys.Signer) -> SignedCheckpoint:
    """The checkpoint under the log's Ed25519 key, named as the origin. Only a durable root may be signed."""
    text = checkpoint.text
    line = sign_note(text, checkpoint.origin, key)
    return SignedCheckpoint(checkpoint, Note(text, (line,)))


def parse_decimal(text: str) -> int:
    """A size or an index in its one spelling: no sign, no leading zeros, below 2^53.

    Raises `Malformed` (``checkpoint-size``).
    """
    if not _DECIMAL.fullmatch(text) or int(text) >= encoding.BELOW:
        raise Malformed("checkpoint-size", size=text[:40])
    return int(text)


def parse_hash(text: str) -> bytes:
    """A hash of a tree in base64, as a line of a proof has it.

    Raises `Malformed` (``encoding-...``, ``tree-hash``).
    """
    data = encoding.from_base64(text)
    if len(data) != 32:
        raise Malformed("tree-hash", length=len(data))
    return data
