"""One entry's portable proof, `.tlog-proof` (c2sp.org/tlog-proof v1).

    c2sp.org/tlog-proof@v1
    extra <base64>                                  left out where there is none; nobody vouches for it
    index 5
    /GDd9IbHpLIL/JTvT/nuvyEU5wqwBDDHiTpJIA6/8hk=    the path, from the leaf upwards
    FtW8zUji42rQBkVT/YTium6gsLvO/b9/0MURtYDlm/M=
    ...
                                                    an empty line
    ledger.example/bw/k7q2                          the signed checkpoint
    9
    ...

`check` proves that a leaf is in the tree of that checkpoint; that the checkpoint is to be trusted, its
signatures must show (`checkpoint.SignedCheckpoint.verify`): a valid path under an unsigned root proves
nothing.
"""

from __future__ import annotations

from functools import lru_cache

from ledger import encoding
from ledger.chain import merkle
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint, parse_decimal, parse_hash
from ledger.errors import Malformed
from ledger.values import dataclass

HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Proof:
    """A leaf's place and path under a checkpoint; ``extra`` is the application's, and not authenticated."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: SignedCheckpoint
    extra: bytes | None = None

    def encode(self) -> bytes:
        """The file's bytes."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {encoding.to_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += [encoding.to_base64(item) for item in self.path]
        return "\n".join([*lines, "", ""]).encode("ascii") + self.checkpoint.encode()

    @classmethod
    def decode(cls, data: bytes) -> Proof:
        """The proof of a file's bytes; neither path nor signatures are checked yet.

        Raises `Malformed` (``proof-...``, ``checkpoint-...``, ``note-...``, ``encoding-base64``).
        """
        head, divider, note = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise Malformed("proof-header") from None
        if not divider or lines.pop(0) != HEADER:
            raise Malformed("proof-header")
        extra = _extra(lines)
        if not lines or not lines[0].startswith("index "):
            raise Malformed("proof-index")
        index = parse_decimal(lines.pop(0).removeprefix("index "))
        proof = cls(index, tuple(parse_hash(line) for line in lines), _signed(note), extra)
        if proof.encode() != data:
            raise Malformed("proof-header")
        return proof

    def check(self, leaf: bytes) -> Checkpoint:
        """The checkpoint in whose tree ``leaf`` stands at ``index``. Raises `Malformed` (``tree-...``)."""
        head = self.checkpoint.checkpoint
        merkle.check_inclusion(leaf, self.index, head.size, self.path, head.root)
        return head


_signed = lru_cache(maxsize=8)(SignedCheckpoint.parse)
"""Proofs that travel together are against one checkpoint, which is read once."""


def _extra(lines: list[str]) -> bytes | None:
    if not lines or not lines[0].startswith("extra "):
        return None
    extra = encoding.from_base64(lines.pop(0).removeprefix("extra "))
    if not extra:
        raise Malformed("proof-extra")
    return extra
