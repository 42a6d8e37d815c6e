"""Ledger keys that change, are lost, or are stolen (FORMATS.md section 6).

A ledger's key changes by `ledger-key-changed/1`: the new key signs that its holder agrees (the message of an
enrolment, with the verifier key's text for the party), and checkpoints carry both lines for a while. Whoever
trusts the old key may take the new one into the trust file when that entry is proven under the old one.

A key is revoked by `ledger-key-revoked/1 {key, size, root}`: what it signed counts up to that size and under
that root. So a checkpoint under the revoked key counts only in these steps (`Revoked.check`):

1. the revocation is proven under a checkpoint of the successor key, the *head*;
2. the head's tree grew from (size, root);
3. the revoked checkpoint is not larger than size;
4. the head's tree grew from the revoked checkpoint's.

Two trees from which one tree grew are prefixes of each other, so 2 and 4 are the path from the revoked
checkpoint to (size, root). Both paths travel as `consistency` in the revocation's bundle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger import keys
from ledger.chain import forms, merkle, note
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.note import VerifierKey
from ledger.errors import Malformed
from ledger.values import dataclass

CHANGED = "ledger-key-changed/1"
REVOKED = "ledger-key-revoked/1"
Paths = Mapping[int, tuple[bytes, ...]]
"""Older size -> consistency path to the head."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """A revoked key, the last size that it honestly signed with its root, and the head that tells it."""

    key: VerifierKey
    size: int
    root: bytes
    head: Checkpoint
    paths: Paths

    @classmethod
    def read(cls, body: Mapping[str, Any], head: Checkpoint, paths: Paths) -> Revoked:
        """The revocation that a proven body says. Raises `Malformed` (``form-field``, ``succession-...``)."""
        for name, kind in (("key", str), ("size", int), ("root", bytes)):
            forms.check_kind(body.get(name), kind, REVOKED, name)
        size, root = int(body["size"]), bytes(body["root"])
        key = VerifierKey.parse(body["key"])
        if not forms.is_size(size) or not forms.is_hash(root):
            raise Malformed("succession-head", size=size, length=len(root))
        if key.name != head.origin:
            raise Malformed("succession-name", name=key.name, origin=head.origin)
        return cls(key, size, root, head, paths)

    def check(self, checkpoint: Checkpoint) -> None:
        """Raises `Malformed` unless the checkpoint under the revoked key still counts.

        Codes: ``succession-later`` (signed beyond the last honest size), ``succession-path`` (the bundle of
        the revocation lacks a path), ``tree-...`` (a path that does not hold: another history).
        """
        self._check_grown(self.size, self.root)
        if checkpoint.size > self.size:
            raise Malformed("succession-later", size=checkpoint.size, last=self.size)
        self._check_grown(checkpoint.size, checkpoint.root)

    def _check_grown(self, size: int, root: bytes) -> None:
        path = () if size in (0, self.head.size) else self.paths.get(size)
        if path is None:
            raise Malformed("succession-path", size=size, head=self.head.size)
        merkle.check_consistency(size, self.head.size, path, root, self.head.root)


def possession_name(key: VerifierKey) -> str:
    """What stands for the party when a ledger key is enrolled: the verifier key's text."""
    return str(key)


def changed(body: Mapping[str, Any], origin: str) -> VerifierKey:
    """The new key of a proven `ledger-key-changed/1`.

    Raises `Malformed`: ``succession-name`` (named as another ledger), ``succession-kind``,
    ``succession-possession`` (its holder did not agree).
    """
    for name, kind in (("key", str), ("proof", bytes)):
        forms.check_kind(body.get(name), kind, CHANGED, name)
    key = VerifierKey.parse(body["key"])
    if key.name != origin:
        raise Malformed("succession-name", name=key.name, origin=origin)
    if key.kind not in (note.ED25519, note.MLDSA44):
        raise Malformed("succession-kind", kind=f"{key.kind:02x}")
    message = keys.enrolment_message(possession_name(key), origin)
    if key.kind == note.MLDSA44:
        holds = keys.verify_mldsa44(key.public, body["proof"], message)
    else:
        holds = keys.verify(bytes([keys.ED25519]) + key.public, body["proof"], message)
    if not holds:
        raise Malformed("succession-possession", key=str(key)[:80])
    return key
