"""Signed notes and verifier keys (c2sp.org/signed-note v1), cosignatures (c2sp.org/tlog-cosignature v1).

    text, ends with a newline
                                                          the last empty line divides
    — <key name> <base64 of 4 bytes key id and the signature>
    — ...

A verifier key is `<name>+<key id, 8 hex digits>+<base64 of a kind byte and the public key>`, where key id =
SHA-256(name || 0x0A || kind || public key)[:4]. From the vectors:

    ledger.example/bw/k7q2+6598d90e+AakvMm7/9/yw+225vei+niAW4v6FbVkB4x0POvMMt0Jv

| kind   | key                   | signature            | over                                         |
|--------|-----------------------|----------------------|----------------------------------------------|
| `0x01` | Ed25519, 32 bytes     | 64 bytes             | the text                                     |
| `0x04` | Ed25519, 32 bytes     | seconds (8), then 64 | `cosignature/v1`, `time <seconds>`, the text |
| `0x06` | ML-DSA-44, 1312 bytes | seconds (8), 2420    | name, seconds, origin, size and root         |

One spelling only. Refused beyond what is no note at all: CRLF and other controls, base64 in another spelling,
lines after the signatures; and by `verify`: a known key whose signature fails, one key's signature twice, no
known key at all. Signatures of unknown keys are ignored, as the specification demands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256

from ledger import encoding, keys
from ledger.errors import Malformed
from ledger.values import dataclass

ED25519 = 0x01
COSIGNATURE = 0x04
MLDSA44 = 0x06
MOST_SIGNATURES = 100
_PUBLIC_BYTES = {ED25519: 32, COSIGNATURE: 32, MLDSA44: 1_312}
_SIGNATURE_BYTES = {ED25519: 64, COSIGNATURE: 8 + 64, MLDSA44: 8 + 2_420}
_KEY_ID = re.compile(r"[0-9a-f]{8}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_CHECKPOINT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n")
_DASH = "\u2014 "


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name under which it signs."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The 4 bytes that mark its signatures."""
        return sha256(self.name.encode("utf-8") + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        key = encoding.to_base64(bytes([self.kind]) + self.public)
        return f"{self.name}+{self.id.hex()}+{key}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key that ``text`` spells. Raises `Malformed` (``note-key...``, ``encoding-base64``)."""
        name, *rest = text.split("+", 2)
        if len(rest) != 2 or not _KEY_ID.fullmatch(rest[0]):
            raise Malformed("note-key", text=text[:120])
        check_name(name)
        data = encoding.from_base64(rest[1])
        if not data or _PUBLIC_BYTES.get(data[0]) != len(data) - 1:
            raise Malformed("note-key-kind", name=name, kind=data[:1].hex(), length=len(data))
        key = cls(name, data[0], data[1:])
        if key.id.hex() != rest[0]:
            raise Malformed("note-key-id", name=name, given=rest[0], id=key.id.hex())
        return key


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line."""

    name: str
    key_id: bytes
    data: bytes

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {encoding.to_base64(self.key_id + self.data)}\n"


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that holds; ``timestamp`` in seconds since 1970 where its kind has one."""

    key: VerifierKey
    timestamp: int | None


@dataclass(frozen=True, slots=True)
class Note:
    """A text, with its final newline, and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """The note's bytes."""
        return f"{self.text}\n{''.join(str(line) for line in self.signatures)}".encode()

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """The note of bytes from anywhere, nothing verified yet. Raises `Malformed` (``note-...``)."""
        text, lines = _divide(data)
        signatures = tuple(_signature(line) for line in lines)
        return cls(text, signatures)

    def verify(self, known: Sequence[VerifierKey]) -> tuple[Verified, ...]:
        """The signatures of known keys, all of which hold, in the note's order; at least one.

        Raises `Malformed`: ``note-signature`` (a known key's signature fails), ``note-signature-twice``,
        ``note-unsigned`` (no known key signed), ``note-keys-alike`` (two known keys share name and id).
        """
        by_mark = {(key.name, key.id): key for key in known}
        if len(by_mark) != len(set(known)):
            raise Malformed("note-keys-alike")
        verified: list[Verified] = []
        for line in self.signatures:
            key = by_mark.get((line.name, line.key_id))
            if key is None:
                continue
            if any(earlier.key == key for earlier in verified):
                raise Malformed("note-signature-twice", name=key.name, id=key.id.hex())
            verified.append(_verify(self.text, key, line.data))
        if not verified:
            raise Malformed("note-unsigned", count=len(self.signatures))
        return tuple(verified)


def check_name(name: str) -> None:
    """Raises `Malformed` (``note-name``) unless it can name a key: not empty, no white space, no `+`."""
    if not name or "+" in name or any(character.isspace() or character < " " for character in name):
        raise Malformed("note-name", name=name[:80])


def verifier_key(name: str, key: keys.Signer, kind: int = ED25519) -> VerifierKey:
    """The verifier key of a signing key under a name: a log's (`ED25519`) or a witness's (`COSIGNATURE`), or
    of kind `MLDSA44` where the key is one."""
    check_name(name)
    if isinstance(key, keys.MlDsa44Key):
        return VerifierKey(name, MLDSA44, key.public)
    return VerifierKey(name, kind, key.public[1:])


def sign(text: str, name: str, key: keys.Signer) -> Signature:
    """A log's signature over a note's text, of kind `0x01`, or `0x06` with an ML-DSA-44 key.

    Raises `Malformed` (``note-...``).
    """
    if isinstance(key, keys.MlDsa44Key):
        return sign_mldsa44(text, name, key)
    check_text(text)
    return Signature(name, verifier_key(name, key).id, key.sign(text.encode("utf-8")))


def cosign(text: str, name: str, key: keys.Signer, timestamp: int) -> Signature:
    """A witness's signature of kind `0x04` over a checkpoint's text at a time, in seconds since 1970."""
    check_text(text)
    message = _message(VerifierKey(name, COSIGNATURE, b""), timestamp, text)
    mark = verifier_key(name, key, COSIGNATURE).id
    return Signature(name, mark, timestamp.to_bytes(8, "big") + key.sign(message))


def sign_mldsa44(text: str, name: str, key: keys.MlDsa44Key, timestamp: int = 0) -> Signature:
    """The signature of kind `0x06` over a checkpoint's text; a ledger's own has the timestamp 0."""
    check_text(text)
    check_name(name)
    verifier = VerifierKey(name, MLDSA44, key.public)
    signed = key.sign(_message(verifier, timestamp, text))
    return Signature(name, verifier.id, timestamp.to_bytes(8, "big") + signed)


def check_text(text: str) -> None:
    """Raises `Malformed` unless ``text`` can stand in a note: ends with a newline, no other controls."""
    if not text.endswith("\n"):
        raise Malformed("note-newline")
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise Malformed("note-control", character=f"{ord(control[0]):02x}", line=line)


def _divide(data: bytes) -> tuple[str, list[str]]:
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Malformed("note-utf8", place=problem.start) from None
    check_text(whole)
    place = whole.rfind("\n\n")
    count = whole.count("\n", place + 2)
    if place < 0 or not count:
        raise Malformed("note-no-signatures")
    if count > MOST_SIGNATURES:
        raise Malformed("note-too-many", count=count, most=MOST_SIGNATURES)
    return whole[: place + 1], whole[place + 2 :].split("\n")[:-1]


def _signature(line: str) -> Signature:
    name, space, spelled = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space:
        raise Malformed("note-line", line=line[:80])
    check_name(name)
    data = encoding.from_base64(spelled)
    if len(data) < 5:
        raise Malformed("note-line", line=line[:80])
    return Signature(name, data[:4], data[4:])


def _verify(text: str, key: VerifierKey, data: bytes) -> Verified:
    holds, timestamp = False, None
    if len(data) == _SIGNATURE_BYTES[key.kind]:
        if key.kind != ED25519:
            timestamp, data = int.from_bytes(data[:8], "big"), data[8:]
        message = _message(key, timestamp or 0, text)
        check = keys.verify_mldsa44 if key.kind == MLDSA44 else _verify_ed25519
        holds = (timestamp or 0) < 2**63 and check(key.public, data, message)
    if not holds:
        raise Malformed("note-signature", name=key.name, id=key.id.hex())
    return Verified(key, timestamp)


def _verify_ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    return keys.verify(bytes([keys.ED25519]) + public, signature, message)


def _message(key: VerifierKey, timestamp: int, text: str) -> bytes:
    """What a key of this kind signs."""
    if key.kind == ED25519:
        return text.encode("utf-8")
    if key.kind == COSIGNATURE:
        return f"cosignature/v1\ntime {timestamp}\n{text}".encode()
    return _subtree_message(key.name, timestamp, text)


def _subtree_message(name: str, timestamp: int, text: str) -> bytes:
    """tlog-cosignature's `cosigned_message` for a whole tree.

    It holds the numbers, not the text, so the text must be their one spelling. Raises `Malformed`.
    """
    found = _CHECKPOINT.fullmatch(text)
    origin, size, root = found.groups() if found else ("", "", "")
    cosigner_name, log_origin = name.encode("utf-8"), origin.encode("utf-8")
    if not 1 <= len(cosigner_name) <= 255 or not 1 <= len(log_origin) <= 255:
        raise Malformed("note-no-checkpoint")
    return b"".join(
        [
            b"subtree/v1\n\0",
            bytes([len(cosigner_name)]) + cosigner_name,
            timestamp.to_bytes(8, "big"),
            bytes([len(log_origin)]) + log_origin,
            bytes(8),
            int(size).to_bytes(8, "big"),
            encoding.from_base64(root),
        ]
    )
