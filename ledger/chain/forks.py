"""Two signed checkpoints that no single history contains, as a file (FORMATS.md section 9).

    adamas/fork-proof@v1
    prefix <root>              where the sizes differ: the root that the bigger tree has at the smaller size
    <path>                     and the consistency path from it
    ...
                               an empty line
    <note>                     the smaller size first, at equal sizes the smaller root
                               an empty line
    <note>

What convicts, in these steps (`ForkProof.verify`):

1. form: the file is in its one spelling; both checkpoints are of one origin
2. signatures: each is signed by a key that is pinned or enrolled for that origin; no quorum is needed
3. contradiction: at equal sizes the roots differ; otherwise the prefix is not the smaller checkpoint's root
4. path: the bigger checkpoint's tree grew from the prefix

If one key signed both it is convicted, otherwise the origin, whose keys contradict each other. Two
checkpoints of one history are never accused: the bigger tree's prefix is then the smaller one's root, and no
other prefix has a path (that would be a collision of SHA-256).
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger import encoding
from ledger.chain import merkle
from ledger.chain.checkpoint import SignedCheckpoint, parse_hash
from ledger.chain.merkle import Nodes
from ledger.chain.note import VerifierKey
from ledger.errors import Malformed
from ledger.values import dataclass

HEADER = "adamas/fork-proof@v1"
SUFFIX = ".fork-proof"
LONGEST = 1 << 20
_PREFIX = "prefix "


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who is convicted: the keys that signed both checkpoints; none of them, then the origin as a whole."""

    origin: str
    keys: tuple[VerifierKey, ...]


@dataclass(frozen=True, slots=True)
class ForkProof:
    """Two checkpoints in their order; ``prefix`` and ``path`` where their sizes differ."""

    smaller: SignedCheckpoint
    bigger: SignedCheckpoint
    prefix: bytes | None = None
    path: tuple[bytes, ...] = ()

    def encode(self) -> bytes:
        """The file's bytes."""
        lines = [HEADER]
        if self.prefix is not None:
            lines += [_PREFIX + encoding.to_base64(self.prefix), *map(encoding.to_base64, self.path)]
        head = "\n".join([*lines, "", ""]).encode("ascii")
        return head + self.smaller.encode() + b"\n" + self.bigger.encode()

    @classmethod
    def decode(cls, data: bytes) -> ForkProof:
        """The fork proof of a file's bytes (step 1); who is convicted, `verify` says.

        Raises `Malformed` (``fork-...``, ``checkpoint-...``, ``note-...``, ``encoding-base64``).
        """
        if len(data) > LONGEST:
            raise Malformed("fork-too-long", length=len(data), most=LONGEST)
        head, first, second = _divide(data)
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise Malformed("fork-header") from None
        if lines.pop(0) != HEADER:
            raise Malformed("fork-header")
        prefix: bytes | None = None
        if lines:
            if not lines[0].startswith(_PREFIX):
                raise Malformed("fork-prefix")
            prefix = parse_hash(lines.pop(0).removeprefix(_PREFIX))
        path = tuple(parse_hash(line) for line in lines)
        proof = cls(SignedCheckpoint.parse(first), SignedCheckpoint.parse(second), prefix, path)
        if proof.encode() != data:
            raise Malformed("fork-header")
        _check_order(proof)
        return proof

    def verify(self, known: Sequence[VerifierKey]) -> Verdict:
        """Whom the proof convicts (steps 2 to 4); ``known`` are the keys pinned or enrolled for the origin.

        Raises `Malformed`: ``note-...`` (not signed by a known key), ``fork-none`` (no contradiction),
        ``tree-...`` (the path does not hold).
        """
        smaller, bigger = self.smaller.checkpoint, self.bigger.checkpoint
        own = [key for key in known if key.name == smaller.origin]
        signers = [{line.key for line in signed.verify(own)} for signed in (self.smaller, self.bigger)]  # (2)
        if self.prefix is None:
            if smaller.root == bigger.root:  # (3)
                raise Malformed("fork-none", smaller=smaller.size, bigger=bigger.size)
        else:
            if smaller.root == self.prefix:  # (3)
                raise Malformed("fork-none", smaller=smaller.size, bigger=bigger.size)
            merkle.check_consistency(smaller.size, bigger.size, self.path, self.prefix, bigger.root)  # (4)
        both = signers[0] & signers[1]
        return Verdict(smaller.origin, tuple(sorted(both, key=str)))


def make(one: SignedCheckpoint, other: SignedCheckpoint, nodes: Nodes | None = None) -> ForkProof:
    """The fork proof of two checkpoints; ``nodes`` of the bigger one's tree, needed where the sizes differ.

    Raises `Malformed`: ``fork-none`` when one history contains both, ``fork-tree`` when ``nodes`` are not of
    the bigger tree, ``fork-origins``.
    """
    smaller, bigger = sorted((one, other), key=lambda signed: _order(signed))
    a, b = smaller.checkpoint, bigger.checkpoint
    if a.origin != b.origin:
        raise Malformed("fork-origins", one=a.origin, other=b.origin)
    if a.size == b.size:
        proof = ForkProof(smaller, bigger)
    else:
        if nodes is None or merkle.root_of(b.size, nodes) != b.root:
            raise Malformed("fork-tree", size=b.size)
        path = merkle.consistency(a.size, b.size, nodes)
        proof = ForkProof(smaller, bigger, merkle.root_of(a.size, nodes), tuple(path))
    if a.root == (b.root if proof.prefix is None else proof.prefix):
        raise Malformed("fork-none", smaller=a.size, bigger=b.size)
    return proof


def _order(signed: SignedCheckpoint) -> tuple[int, bytes]:
    return signed.checkpoint.size, signed.checkpoint.root


def _divide(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Head and two notes: a checkpoint has one empty line, between text and signatures."""
    parts = data.split(b"\n\n")
    if len(parts) != 5:
        raise Malformed("fork-notes")
    head, text, lines, other_text, other_lines = parts
    return head, text + b"\n\n" + lines + b"\n", other_text + b"\n\n" + other_lines


def _check_order(proof: ForkProof) -> None:
    one, other = proof.smaller.checkpoint, proof.bigger.checkpoint
    if one.origin != other.origin:
        raise Malformed("fork-origins", one=one.origin, other=other.origin)
    if _order(proof.smaller) > _order(proof.bigger):
        raise Malformed("fork-order")
    if (one.size == other.size) != (proof.prefix is None):
        raise Malformed("fork-prefix")
