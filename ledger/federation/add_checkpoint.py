"""The request `add-checkpoint` of c2sp.org/tlog-witness v1, which logs write and witnesses read.

    old 5                                           the size the witness cosigned last, as the log believes
    /GDd9IbHpLIL/JTvT/nuvyEU5wqwBDDHiTpJIA6/8hk=    the consistency proof from there, at most 63 hashes
    6vPRLueLdo/jALi3G0VjAkNJqlXEKqZGKRvlQ1NqA0Y=
    ...
                                                    an empty line
    ledger.example/bw/k7q2                          the signed checkpoint
    9
    ...

One spelling only. Neither the proof nor a signature is checked here.
"""

from __future__ import annotations

from ledger import encoding
from ledger.chain.checkpoint import SignedCheckpoint, parse_decimal, parse_hash
from ledger.errors import Malformed
from ledger.values import dataclass

PATH = "add-checkpoint"
"""What stands behind the witness's submission prefix."""
SIZE_MEDIA = "text/x.tlog.size"
"""The content type of an answer 409, whose body is the size that the witness cosigned last."""
MOST_HASHES = 63
MOST_BYTES = 65_536
"""Of a request, and of an answer: a hundred signatures of checkpoints fit many times."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A checkpoint to cosign, and the proof that it grew from the tree of ``old`` leaves."""

    old: int
    path: tuple[bytes, ...]
    checkpoint: SignedCheckpoint

    def encode(self) -> bytes:
        """The request's body."""
        lines = [f"old {self.old}", *(encoding.to_base64(item) for item in self.path), "", ""]
        return "\n".join(lines).encode("ascii") + self.checkpoint.encode()

    @classmethod
    def decode(cls, data: bytes) -> AddCheckpoint:
        """The request of a body from anywhere.

        Raises `Malformed` (``add-checkpoint-...``, ``checkpoint-...``, ``note-...``, ``encoding-base64``).
        """
        head, divider, note = data.partition(b"\n\n")
        if not divider or not head.isascii() or not head.startswith(b"old "):
            raise Malformed("add-checkpoint-form")
        first, *hashes = head.decode("ascii").split("\n")
        if len(hashes) > MOST_HASHES:
            raise Malformed("add-checkpoint-path", count=len(hashes), most=MOST_HASHES)
        old = parse_decimal(first.removeprefix("old "))
        path = tuple(parse_hash(line) for line in hashes)
        request = cls(old, path, SignedCheckpoint.parse(note))
        if request.encode() != data:
            raise Malformed("add-checkpoint-form")
        return request
