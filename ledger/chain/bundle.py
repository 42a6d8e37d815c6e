"""One entry as an auditor carries it away: a `.tlog-proof` with the entry in it (FORMATS.md section 7).

The line `extra` is base64 of a canonical map:

    {"v": 1, "entry": bin, "disclosures": [str], "consistency": [[size, [hash, ...]], ...]}

`consistency` may be absent and is never empty: paths from older sizes, ascending, that the reader may have
pinned. Trust comes from the reader, never from inside. `ledger.chain.bundle_check` verifies, in these steps:

| step | name | what is true when it finds no fault |
|---|---|---|
| 1 | form | the file, its entry and the statement in it are each in their one spelling |
| 2 | signature | a key of the ledger that the reader trusts signed the checkpoint |
| 3 | quorum | as many witnesses as the reader demands cosigned it |
| 4 | leaf | the entry's hash is the leaf that the path proves |
| 5 | index | the entry's index is the proof's and lies below the checkpoint's size |
| 6 | ledger | the statement was made for the ledger whose checkpoint it is |
| 7 | author | the statement was signed by its author (Ed25519, strictly) |
| 8 | disclosures | every disclosure belongs to one digest; each field is public, disclosed or withheld |
| 9 | consistency | the tree grew from the checkpoint that the reader pinned |
| 10 | authority | accompanying proofs show that the author was entitled by key, role and mandate |
| 11 | freshness | what is told ends with the checkpoint; later revocations are never excluded |

Steps 9 to 11 may be *not shown*; steps 1 to 8 are demanded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ledger import encoding
from ledger.chain import forms, merkle
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.merkle import Nodes
from ledger.chain.proof import Proof
from ledger.errors import Malformed
from ledger.values import dataclass

SUFFIX = ".tlog-proof"
LONGEST = 4 << 20
"""Bytes of a file; an entry has 65,535, its disclosed columns may have more."""
_FORM = "bundle"
_REQUIRED = frozenset({"disclosures", "entry", "v"})
_KEYS = _REQUIRED | {"consistency"}
Path = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """An entry's bytes, the disclosures chosen for the reader, and the proof under a signed checkpoint.

    ``consistency``: older size -> path from it to the checkpoint, ascending.
    """

    index: int
    path: Path
    checkpoint: SignedCheckpoint
    entry: bytes
    disclosures: tuple[str, ...] = ()
    consistency: tuple[tuple[int, Path], ...] = ()

    @property
    def proof(self) -> Proof:
        """The plain proof, with everything else in its `extra`."""
        fields: dict[str, Any] = {"disclosures": list(self.disclosures), "entry": self.entry, "v": 1}
        if self.consistency:
            fields["consistency"] = [[size, list(path)] for size, path in self.consistency]
        return Proof(self.index, self.path, self.checkpoint, encoding.encode(fields))

    @property
    def paths(self) -> Mapping[int, Path]:
        """The consistency paths by older size."""
        return dict(self.consistency)

    def encode(self) -> bytes:
        """The file's bytes."""
        return self.proof.encode()

    @classmethod
    def decode(cls, data: bytes) -> Bundle:
        """The bundle of a file's bytes; nothing is verified yet.

        Raises `Malformed` (``bundle-...``, ``form-...``, ``proof-...``, ``checkpoint-...``, ``note-...``,
        ``encoding-...``).
        """
        if len(data) > LONGEST:
            raise Malformed("bundle-too-long", length=len(data), most=LONGEST)
        proof = Proof.decode(data)
        if proof.extra is None:
            raise Malformed("bundle-no-entry")
        fields = encoding.decode(proof.extra)
        forms.check_map(fields, _REQUIRED, _KEYS, _FORM)
        forms.check_version(fields["v"], _FORM)
        forms.check_kind(fields["entry"], bytes, _FORM, "entry")
        forms.check_kind(fields["disclosures"], list, _FORM, "disclosures")
        for text in fields["disclosures"]:
            forms.check_kind(text, str, _FORM, "disclosures")
        consistency: tuple[tuple[int, Path], ...] = ()
        if "consistency" in fields:
            consistency = tuple(_paths(fields["consistency"], proof.checkpoint.checkpoint.size))
        disclosures = tuple(fields["disclosures"])
        return cls(proof.index, proof.path, proof.checkpoint, fields["entry"], disclosures, consistency)


def make(
    index: int,
    entry: bytes,
    checkpoint: SignedCheckpoint,
    nodes: Nodes,
    *,
    disclosures: Sequence[str] = (),
    since: Iterable[int] = (),
) -> Bundle:
    """The bundle of the entry at ``index`` under a checkpoint of the tree of ``nodes``.

    ``since``: older sizes from which consistency paths come along; those that are not older are left out.
    Raises `Malformed` (``tree-index``) when the entry does not lie below the checkpoint's size.
    """
    size = checkpoint.checkpoint.size
    older = sorted({item for item in since if 0 < item < size})
    return Bundle(
        index,
        tuple(merkle.inclusion(index, size, nodes)),
        checkpoint,
        entry,
        tuple(disclosures),
        tuple((item, tuple(merkle.consistency(item, size, nodes))) for item in older),
    )


def _paths(value: Any, size: int) -> Iterable[tuple[int, Path]]:
    forms.check_kind(value, list, _FORM, "consistency")
    if not value:
        raise Malformed("bundle-consistency-empty")
    before = 0
    for item in value:
        forms.check_kind(item, list, _FORM, "consistency")
        if len(item) != 2 or not forms.is_size(item[0]) or type(item[1]) is not list:
            raise Malformed("bundle-consistency-form")
        older, path = item
        if not all(forms.is_hash(node) for node in path):
            raise Malformed("bundle-consistency-form")
        if not before < older < size:
            raise Malformed("bundle-consistency-sizes", older=older, before=before, size=size)
        before = older
        yield older, tuple(path)
