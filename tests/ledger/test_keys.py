"""Ed25519 checked strictly, key files, proof of possession."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from ledger import encoding, keys
from ledger.errors import KeyTrouble, Unavailable

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "adamas_format1.json").read_text("utf-8"))
ORIGIN = VECTORS["keys"]["origin"]
KEY = keys.SigningKey.from_seed(bytes.fromhex(VECTORS["keys"]["author_seed"]))
COST = keys._COST
posix_only = pytest.mark.skipif(os.name != "posix", reason="the system has no file modes")


@pytest.mark.parametrize("vector", VECTORS["ed25519"], ids=lambda vector: vector["name"])
def test_every_corner_of_ed25519_is_decided_as_the_vectors_say(vector: dict[str, Any]) -> None:
    """Small order, non-canonical, S >= L, and cofactored-only signatures are refused."""
    author = b"\x01" + bytes.fromhex(vector["pub"])
    signature, message = bytes.fromhex(vector["sig"]), bytes.fromhex(vector["msg"])
    assert keys.verify(author, signature, message) is vector["accept"]


def test_author_bytes_are_the_algorithm_and_the_public_key() -> None:
    """The vectors' seed gives the vectors' author."""
    assert KEY.public == bytes.fromhex(VECTORS["keys"]["author"])
    assert keys.author_is_formed(KEY.public)


def test_a_signature_holds_for_its_message_and_author_only() -> None:
    """Every flipped bit of the signature, another message and another key are refused."""
    signature = KEY.sign(b"parcel BW-KAR-1")
    assert keys.verify(KEY.public, signature, b"parcel BW-KAR-1")
    assert KEY.sign(b"parcel BW-KAR-1") == signature
    assert not keys.verify(KEY.public, signature, b"parcel BW-KAR-2")
    assert not keys.verify(keys.SigningKey.from_seed(bytes(32)).public, signature, b"parcel BW-KAR-1")
    for bit in range(512):
        flipped = (int.from_bytes(signature, "big") ^ (1 << bit)).to_bytes(64, "big")
        assert not keys.verify(KEY.public, flipped, b"parcel BW-KAR-1"), bit


@pytest.mark.parametrize(
    "author", [b"", b"\x01", KEY.public[:-1], KEY.public + b"\0", b"\x02" + KEY.public[1:], KEY.public[1:]]
)
def test_authors_of_another_form_verify_nothing(author: bytes) -> None:
    """Wrong length and unknown algorithm are no authors."""
    assert not keys.author_is_formed(author)
    assert not keys.verify(author, KEY.sign(b"m"), b"m")


@pytest.mark.parametrize("signature", [b"", KEY.sign(b"m")[:-1], KEY.sign(b"m") + b"\0"])
def test_signatures_of_another_length_are_refused(signature: bytes) -> None:
    """Nothing is padded or cut."""
    assert not keys.verify(KEY.public, signature, b"m")


def test_a_public_key_that_is_no_point_verifies_nothing() -> None:
    """y = 2 lies on no point of the curve."""
    assert not keys.verify(b"\x01" + (2).to_bytes(32, "little"), KEY.sign(b"m"), b"m")


def test_fingerprints_are_short_and_tell_keys_apart() -> None:
    """Sixteen hexadecimal digits."""
    assert keys.fingerprint(KEY.public) == "8ac32d4b4ef83226"
    assert keys.fingerprint(keys.SigningKey.generate().public) != keys.fingerprint(KEY.public)


def test_possession_is_proven_for_one_party_in_one_ledger() -> None:
    """The message is the prefix and a canonical array, so names cannot run into each other."""
    proof = keys.prove_possession(KEY, "dealer-7", ORIGIN)
    assert keys.enrolment_message("dealer-7", ORIGIN) == b"adamas.enrol/1\n" + encoding.encode(
        ["dealer-7", ORIGIN]
    )
    assert keys.verify_possession(KEY.public, "dealer-7", ORIGIN, proof)
    assert not keys.verify_possession(KEY.public, "dealer-8", ORIGIN, proof)
    assert not keys.verify_possession(KEY.public, "dealer-7", ORIGIN + "x", proof)
    assert not keys.verify_possession(KEY.public, "dealer-7" + ORIGIN[:1], ORIGIN[1:], proof)
    assert not keys.verify_possession(keys.SigningKey.generate().public, "dealer-7", ORIGIN, proof)


@pytest.fixture(autouse=True)
def _quick_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sixteenth of the work, but where it is judged."""
    monkeypatch.setattr(keys, "_COST", COST // 16)


@pytest.mark.parametrize("passphrase", [None, b"correct horse", "Šibboleth".encode(), b"x" * 1_023])
def test_a_key_file_gives_the_key_back(tmp_path: Path, passphrase: bytes | None) -> None:
    """Plain or encrypted, and asked for a passphrase only when encrypted."""
    path = tmp_path / "author.pem"
    keys.write_key(path, KEY, passphrase)
    asked: list[int] = []

    def ask() -> bytes:
        asked.append(1)
        return passphrase or b""

    assert keys.read_key(path, ask).public == KEY.public
    assert len(asked) == (passphrase is not None)
    seed = bytes.fromhex(VECTORS["keys"]["author_seed"])
    assert seed.hex() not in path.read_bytes().hex()


@posix_only
def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Mode 0600 from its creation on."""
    keys.write_key(tmp_path / "author.pem", KEY, None)
    assert (tmp_path / "author.pem").stat().st_mode & 0o777 == 0o600


@posix_only
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_key_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """The message says how to close it."""
    path = tmp_path / "author.pem"
    keys.write_key(path, KEY, None)
    path.chmod(mode)
    with pytest.raises(KeyTrouble) as refused:
        keys.read_key(path)
    assert refused.value.code == "key-file-open"
    assert f"chmod 600 {path}" in str(refused.value)
    assert f"{mode:04o}" in str(refused.value)


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    """The old key stays."""
    path = tmp_path / "author.pem"
    keys.write_key(path, KEY, None)
    with pytest.raises(KeyTrouble) as refused:
        keys.write_key(path, keys.SigningKey.generate(), None)
    assert refused.value.code == "key-file-exists"
    assert keys.read_key(path).public == KEY.public


@pytest.mark.parametrize("passphrase", [b"wrong", b"", b"correct horse "])
def test_a_wrong_passphrase_is_named(tmp_path: Path, passphrase: bytes) -> None:
    """And opens nothing."""
    keys.write_key(tmp_path / "author.pem", KEY, b"correct horse")
    with pytest.raises(KeyTrouble) as refused:
        keys.read_key(tmp_path / "author.pem", lambda: passphrase)
    assert refused.value.code == "key-passphrase-wrong"
    assert str(tmp_path) in str(refused.value)


def test_a_missing_passphrase_is_named(tmp_path: Path) -> None:
    """When nobody can be asked."""
    keys.write_key(tmp_path / "author.pem", KEY, b"correct horse")
    with pytest.raises(KeyTrouble) as refused:
        keys.read_key(tmp_path / "author.pem")
    assert refused.value.code == "key-passphrase-missing"
    assert str(refused.value)


@pytest.mark.parametrize("passphrase", [b"", b"x" * 1_024])
def test_passphrases_have_a_length(tmp_path: Path, passphrase: bytes) -> None:
    """And no file is left behind by a refused one."""
    with pytest.raises(KeyTrouble) as refused:
        keys.write_key(tmp_path / "author.pem", KEY, passphrase)
    assert refused.value.code == "key-passphrase-length"
    assert str(len(passphrase)) in str(refused.value)
    assert not (tmp_path / "author.pem").exists()


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    """Reading a missing file, a folder; writing into a missing folder."""
    with pytest.raises(KeyTrouble) as refused:
        keys.read_key(tmp_path / "none.pem")
    assert refused.value.code == "key-file-missing"
    assert "none.pem" in str(refused.value)
    with pytest.raises(KeyTrouble) as refused:
        keys.read_key(tmp_path)
    assert refused.value.code == "key-file-denied"
    assert str(refused.value)
    with pytest.raises(KeyTrouble) as refused:
        keys.write_key(tmp_path / "none" / "author.pem", KEY, None)
    assert refused.value.code == "key-file-unwritable"
    assert str(refused.value)


def other_keys() -> dict[str, bytes]:
    """Files that hold no Ed25519 key in PKCS #8."""
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    curve = ec.generate_private_key(ec.SECP256R1())
    ours = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    text = ours.private_bytes(pem, pkcs8, plain)
    return {
        "empty": b"",
        "noise": bytes(range(256)),
        "another curve": curve.private_bytes(pem, pkcs8, plain),
        "a public key": ours.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo),
        "cut": text[:60],
        "damaged": text.replace(b"MC4", b"MC5"),
    }


@pytest.mark.parametrize("kind", sorted(other_keys()))
def test_other_files_are_no_key_files(tmp_path: Path, kind: str) -> None:
    """The message says what was looked for."""
    path = tmp_path / "author.pem"
    path.write_bytes(other_keys()[kind])
    path.chmod(0o600)
    with pytest.raises(KeyTrouble) as refused:
        keys.read_key(path, lambda: b"never asked")
    assert refused.value.code == "key-file-unreadable"
    assert "Ed25519" in str(refused.value)


def test_a_damaged_encrypted_file_is_refused(tmp_path: Path) -> None:
    """What decrypts to no key is no key."""
    path = tmp_path / "author.pem"
    keys.write_key(path, KEY, b"correct horse")
    lines = path.read_bytes().split(b"\n")
    lines[2] = bytes(reversed(lines[2]))
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(KeyTrouble) as refused:
        keys.read_key(path, lambda: b"correct horse")
    assert refused.value.code == "key-passphrase-wrong"


def test_keys_encrypted_by_the_library_are_read_too(tmp_path: Path) -> None:
    """PBKDF2 files of other software."""
    path = tmp_path / "author.pem"
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    path.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"correct horse"),
        )
    )
    path.chmod(0o600)
    assert keys.read_key(path, lambda: b"correct horse").public == keys.SigningKey.from_seed(bytes(32)).public


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command here")
def test_openssl_opens_our_encrypted_key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file belongs to its owner, not to this program; whoever guesses pays scrypt's full price."""
    monkeypatch.setattr(keys, "_COST", COST)
    path = tmp_path / "author.pem"
    keys.write_key(path, KEY, b"correct horse")
    assert bytes.fromhex("02024000 020108 020105") in b64decode(
        b"".join(path.read_bytes().split(b"\n")[1:-2])
    )
    shown = subprocess.run(
        ["openssl", "pkey", "-in", str(path), "-passin", "pass:correct horse", "-pubout", "-outform", "DER"],
        capture_output=True,
        check=True,
    )
    assert shown.stdout.endswith(KEY.public[1:])


def test_a_post_quantum_key_signs_and_is_checked() -> None:
    """The vectors' seed gives the public key of the vectors' verifier key; a flipped byte is refused."""
    try:
        key = keys.MlDsa44Key(bytes.fromhex(VECTORS["keys"]["log_mldsa44_seed"]))
    except Unavailable as problem:
        pytest.skip(str(problem))
    published = VECTORS["keys"]["log_mldsa44_vkey"].split("+", 2)[2]
    assert encoding.from_base64(published) == b"\x06" + key.public
    signature = key.sign(b"subtree")
    assert len(signature) == 2_420
    assert keys.verify_mldsa44(key.public, signature, b"subtree")
    assert not keys.verify_mldsa44(key.public, signature, b"subtrees")
    assert not keys.verify_mldsa44(key.public, bytes([signature[0] ^ 1]) + signature[1:], b"subtree")
    assert not keys.verify_mldsa44(key.public, signature[:-1], b"subtree")
    assert not keys.verify_mldsa44(key.public[:-1], signature, b"subtree")
