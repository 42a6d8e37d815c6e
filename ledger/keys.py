"""Signing keys: Ed25519, checked strictly; key files; proof that somebody holds a key.

**Author bytes** are an algorithm byte and the public key: `0x01` and 32 bytes for Ed25519 (RFC 8032).
Lengths depend on the byte, so a post-quantum author fits later. From the vectors:

    01 458a318d312601a7949a2dc2cdaa1db047a883f4fd7a695d85d6ebcdca004eea

**Verification** is strict and without cofactor (FORMATS.md section 2): encode(S*B - k*A) equals R's bytes,
and A or R with y >= p or of small order, and S >= L, refuse. OpenSSL does the equation and S < L; the rest
stands in `_point_refused`, before the call.

**A key file** is PKCS #8 in PEM, plain or encrypted (PBES2: scrypt N=16384 r=8 p=5, AES-256-CBC), which
`openssl pkey` reads too; of an ML-DSA-44 key it holds the seed (RFC 9881), which OpenSSL 3.5 reads. It is
created once and never overwritten; where the system has file modes, 0600 is insisted on.

**Enrolment** proves possession: the key signs `adamas.enrol/1\\n` followed by the canonical MessagePack array
`[party, origin]`, so that no party and origin can be read as another pair.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from hashlib import scrypt, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ledger import encoding
from ledger.errors import KeyTrouble, Unavailable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

# The library takes 7 ms to import, and who reads a ledger checks no signature: each function imports what it
# needs of it.

ED25519 = 0x01
AUTHOR_BYTES = {ED25519: 33}
"""Length of author bytes by their first byte."""
SIGNATURE_BYTES = 64

_P = 2**255 - 19
_SMALL_ORDER = frozenset(
    {
        0,
        1,
        _P - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303021402,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    }
)
_ENROL = b"adamas.enrol/1\n"


class Signer(Protocol):
    """What can sign: a key file, or anything that keeps its key elsewhere and answers."""

    @property
    def public(self) -> bytes:
        """The author bytes."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature over the message."""
        ...


class SigningKey:
    """A private Ed25519 key that signs; its bytes leave it only into a key file."""

    __slots__ = ("_key", "public")

    public: bytes
    """The author bytes."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = bytes([ED25519]) + key.public_key().public_bytes_raw()

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """The key of a 32-byte seed (RFC 8032's private key)."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the system's randomness."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate())

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes; the same message always gives the same one."""
        return self._key.sign(message)

    def pem(self, passphrase: bytes | None) -> bytes:
        """The PKCS #8 PEM text, encrypted when there is a passphrase."""
        return _written(self._key, passphrase)


class MlDsa44Key:
    """A private ML-DSA-44 key (FIPS 204), for a checkpoint's second signature; it authors no statements.

    Raises `Unavailable` (``mldsa-unavailable``) where the installed library or its backend lacks it.
    """

    __slots__ = ("_key", "public")

    public: bytes
    """1,312 bytes."""

    def __init__(self, seed: bytes) -> None:
        self._key = _mldsa44().MLDSA44PrivateKey.from_seed_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> MlDsa44Key:
        """A new key from the system's randomness. Raises `Unavailable` as the class."""
        return cls(os.urandom(32))

    def pem(self, passphrase: bytes | None) -> bytes:
        """The PKCS #8 PEM text with the seed, encrypted when there is a passphrase."""
        return _written(self._key, passphrase)

    def sign(self, message: bytes) -> bytes:
        """The signature, 2,420 bytes, with an empty context; every call gives another one."""
        return bytes(self._key.sign(message))


LedgerSigner = SigningKey | MlDsa44Key
"""What a file of a ledger's key may hold."""


def verify_mldsa44(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the ML-DSA-44 signature holds, with an empty context. Raises `Unavailable` as `MlDsa44Key`."""
    from cryptography.exceptions import InvalidSignature

    try:
        _mldsa44().MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify(author: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` over ``message`` is ``author``'s, strictly; malformed input is not valid."""
    if len(signature) != SIGNATURE_BYTES or _point_refused(signature[:32]):
        return False
    key = _public_key(author)
    if key is None:
        return False
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def author_is_formed(author: bytes) -> bool:
    """Whether the bytes have the length that their algorithm byte demands; unknown ones are not formed."""
    return bool(author) and AUTHOR_BYTES.get(author[0]) == len(author)


def fingerprint(author: bytes) -> str:
    """A short name of a key for people: the first 16 hex digits of SHA-256 of the author bytes."""
    return sha256(author).hexdigest()[:16]


def enrolment_message(party: str, origin: str) -> bytes:
    """What a key signs to prove that ``party`` holds it, for the ledger ``origin``."""
    return _ENROL + encoding.encode([party, origin])


def prove_possession(key: Signer, party: str, origin: str) -> bytes:
    """The signature over `enrolment_message`."""
    return key.sign(enrolment_message(party, origin))


def verify_possession(author: bytes, party: str, origin: str, proof: bytes) -> bool:
    """Whether ``proof`` shows that the holder of ``author`` enrols it for ``party`` in ``origin``."""
    return verify(author, proof, enrolment_message(party, origin))


def write_key(path: str | os.PathLike[str], key: LedgerSigner, passphrase: bytes | None) -> None:
    """Create a key file, readable by its owner only, on the disk when this returns.

    Raises `KeyTrouble`: ``key-file-exists`` (nothing is ever overwritten), ``key-file-unwritable``,
    ``key-passphrase-length`` for an empty one or one over 1,023 bytes.
    """
    if passphrase is not None and not 1 <= len(passphrase) <= 1_023:
        raise KeyTrouble("key-passphrase-length", length=len(passphrase))
    text = key.pem(passphrase)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyTrouble("key-file-exists", path=os.fspath(path)) from None
    except OSError as problem:
        raise KeyTrouble("key-file-unwritable", path=os.fspath(path), reason=problem.strerror) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as problem:
        Path(path).unlink(missing_ok=True)  # half a key is no key, and this call made the file
        raise KeyTrouble("key-file-unwritable", path=os.fspath(path), reason=problem.strerror) from None


def read_key(path: str | os.PathLike[str], passphrase: Callable[[], bytes] | None = None) -> SigningKey:
    """The key in a file; ``passphrase`` is asked only when the file is encrypted.

    Raises `KeyTrouble`: ``key-file-missing``, ``key-file-open`` (group or others may read or write it),
    ``key-file-denied``, ``key-file-unreadable`` (no Ed25519 key in PKCS #8 PEM), ``key-passphrase-missing``,
    ``key-passphrase-wrong``.
    """
    name = os.fspath(path)
    return key_from_pem(_private_file(name), passphrase, name=name)


def read_ledger_key(
    path: str | os.PathLike[str], passphrase: Callable[[], bytes] | None = None
) -> LedgerSigner:
    """As `read_key`, of a key that speaks for a ledger: Ed25519 or ML-DSA-44.

    Raises `KeyTrouble` as `read_key`, and `Unavailable` (``mldsa-unavailable``).
    """
    name = os.fspath(path)
    return ledger_key_from_pem(_private_file(name), passphrase, name=name)


def key_from_pem(data: bytes, passphrase: Callable[[], bytes] | None = None, *, name: str) -> SigningKey:
    """The key in PEM text, wherever it came from; ``name`` is what to call it. Raises as `read_key` does."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = _opened(data, passphrase, name)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyTrouble("key-file-unreadable", path=name)
    return SigningKey(key)


def ledger_key_from_pem(
    data: bytes, passphrase: Callable[[], bytes] | None = None, *, name: str
) -> LedgerSigner:
    """As `key_from_pem`, of either algorithm. Raises as `read_ledger_key`."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = _opened(data, passphrase, name)
    if isinstance(key, Ed25519PrivateKey):
        return SigningKey(key)
    if not isinstance(key, _mldsa44().MLDSA44PrivateKey):
        raise KeyTrouble("key-file-unreadable", path=name)
    return MlDsa44Key(key.private_bytes_raw())


def _opened(data: bytes, passphrase: Callable[[], bytes] | None, name: str) -> Any:
    # The library's file formats cost 13 ms of start-up, which verifying does not need.
    from cryptography.exceptions import InternalError, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    encrypted = b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in data
    if encrypted and passphrase is None:
        raise KeyTrouble("key-passphrase-missing", path=name)
    given = passphrase() if encrypted and passphrase is not None else None
    if given == b"":
        raise KeyTrouble("key-passphrase-wrong", path=name)
    try:
        return load_pem_private_key(data, given)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        code = "key-passphrase-wrong" if encrypted else "key-file-unreadable"
        raise KeyTrouble(code, path=name) from None


def _private_file(name: str) -> bytes:
    try:
        with open(name, "rb") as file:  # noqa: PTH123  the mode is read from the open file, not from the name
            mode, data = os.fstat(file.fileno()).st_mode, file.read(65_536)
            if os.name == "posix" and mode & 0o077 and b"PRIVATE KEY-----" in data:
                raise KeyTrouble("key-file-open", path=name, mode=f"{mode & 0o777:04o}")
            return data
    except FileNotFoundError:
        raise KeyTrouble("key-file-missing", path=name) from None
    except OSError as problem:
        raise KeyTrouble("key-file-denied", path=name, reason=problem.strerror) from None


def _point_refused(point: bytes) -> bool:
    """y not below p, or one of the five values of y that points of small order have (either sign of x)."""
    y = int.from_bytes(point, "little") & ((1 << 255) - 1)
    return y >= _P or y in _SMALL_ORDER


def _mldsa44() -> Any:
    try:
        from cryptography.hazmat.backends.openssl.backend import backend
        from cryptography.hazmat.primitives.asymmetric import mldsa
    except ImportError:
        raise Unavailable("mldsa-unavailable") from None
    if not backend.mldsa_supported():
        raise Unavailable("mldsa-unavailable")
    return mldsa


@lru_cache(maxsize=4_096)
def _public_key(author: bytes) -> Ed25519PublicKey | None:
    if not author_is_formed(author) or _point_refused(author[1:]):
        return None
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(author[1:])


def _written(key: Any, passphrase: bytes | None) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    if passphrase is None:
        return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return _pem(_encrypted(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), passphrase))


_COST = 16_384
"""scrypt's N (RFC 7914): 16 MiB, gone through five times."""


def _encrypted(plain: bytes, passphrase: bytes) -> bytes:
    """RFC 5958 EncryptedPrivateKeyInfo. The library writes 2,048 rounds of PBKDF2, which is too few for a
    key that speaks for a State; so the few fields are laid here, and every PKCS #8 reader knows them."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    salt, start = os.urandom(16), os.urandom(16)
    secret = scrypt(passphrase, salt=salt, n=_COST, r=8, p=5, maxmem=64 * 1024 * 1024, dklen=32)
    padding = 16 - len(plain) % 16
    cipher = Cipher(algorithms.AES256(secret), modes.CBC(start)).encryptor()
    sealed = cipher.update(plain + bytes([padding]) * padding) + cipher.finalize()
    work = _der(0x04, salt) + _der(0x02, _COST.to_bytes(2, "big")) + bytes.fromhex("020108020105")
    derivation = _der(0x30, bytes.fromhex("06092b06010401da47040b") + _der(0x30, work))
    scheme = _der(0x30, bytes.fromhex("060960864801650304012a") + _der(0x04, start))
    algorithm = bytes.fromhex("06092a864886f70d01050d") + _der(0x30, derivation + scheme)
    return _der(0x30, _der(0x30, algorithm) + _der(0x04, sealed))


def _der(tag: int, content: bytes) -> bytes:
    """One DER element of fewer than 256 bytes."""
    length = bytes([len(content)]) if len(content) < 128 else bytes([0x81, len(content)])
    return bytes([tag]) + length + content


def _pem(der: bytes) -> bytes:
    text = encoding.to_base64(der)
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join(
        ["-----BEGIN ENCRYPTED PRIVATE KEY-----", *lines, "-----END ENCRYPTED PRIVATE KEY-----", ""]
    ).encode("ascii")
