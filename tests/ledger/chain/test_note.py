"""Signed notes and verifier keys, in one spelling, against figures of other implementations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import encoding, keys
from ledger.chain import note
from ledger.chain.note import Note, VerifierKey
from ledger.errors import Malformed, Unavailable

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "adamas_format1.json").read_text("utf-8"))
KEYS = VECTORS["keys"]
ORIGIN = KEYS["origin"]
LOG = keys.SigningKey.from_seed(bytes.fromhex(KEYS["log_seed"]))
WITNESSES = [keys.SigningKey.from_seed(bytes.fromhex(seed)) for seed in KEYS["witness_seeds"]]
WITNESS_KEYS = [VerifierKey.parse(text) for text in KEYS["witnesses"]]
LOG_KEY = VerifierKey.parse(KEYS["log_vkey"])
NINE = VECTORS["checkpoints"]["9 with witnesses"]
TEXT = NINE.split("\n\n")[0] + "\n"

# The example of the signed-note specification.
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"


def code_of(data: bytes, *known: VerifierKey) -> str:
    """The code with which parsing, or verifying, refuses."""
    with pytest.raises(Malformed) as refused:
        Note.parse(data).verify(known)
    assert str(refused.value)
    return refused.value.code


def test_the_specifications_example_verifies() -> None:
    """Key, note and signature of another implementation."""
    key = VerifierKey.parse(EXAMPLE_KEY)
    parsed = Note.parse(EXAMPLE.encode())
    assert str(key) == EXAMPLE_KEY
    assert parsed.text == "This is an example message.\n"
    assert parsed.encode() == EXAMPLE.encode()
    assert parsed.verify([key]) == (note.Verified(key, None),)


def test_our_keys_are_spelled_as_the_vectors_spell_them() -> None:
    """The log's, the witnesses', the post-quantum one."""
    assert str(note.verifier_key(ORIGIN, LOG)) == KEYS["log_vkey"]
    for witness, key, text in zip(WITNESSES, WITNESS_KEYS, KEYS["witnesses"], strict=True):
        assert str(note.verifier_key(key.name, witness, note.COSIGNATURE)) == text == str(key)
    quantum = VerifierKey.parse(KEYS["log_mldsa44_vkey"])
    assert (quantum.name, quantum.kind, len(quantum.public)) == (ORIGIN, note.MLDSA44, 1_312)
    assert str(quantum) == KEYS["log_mldsa44_vkey"]


def test_signatures_and_cosignatures_are_the_vectors_bytes() -> None:
    """Ed25519 is deterministic, so the whole note must come out alike."""
    lines = (
        note.sign(TEXT, ORIGIN, LOG),
        *(
            note.cosign(TEXT, key.name, witness, 1_760_000_000)
            for witness, key in zip(WITNESSES, WITNESS_KEYS, strict=True)
        ),
    )
    assert Note(TEXT, lines).encode() == NINE.encode()
    verified = Note.parse(NINE.encode()).verify([*WITNESS_KEYS, LOG_KEY])
    assert verified == (
        note.Verified(LOG_KEY, None),
        note.Verified(WITNESS_KEYS[0], 1_760_000_000),
        note.Verified(WITNESS_KEYS[1], 1_760_000_000),
    )


def test_unknown_keys_are_ignored_and_no_known_key_is_refused() -> None:
    """Also keys that share only the name or only the id with a known one."""
    data = NINE.encode()
    assert Note.parse(data).verify([WITNESS_KEYS[1]]) == (note.Verified(WITNESS_KEYS[1], 1_760_000_000),)
    assert code_of(data) == "note-unsigned"
    other = keys.SigningKey.from_seed(bytes(32))
    assert code_of(data, note.verifier_key(ORIGIN, other)) == "note-unsigned"
    assert code_of(data, VerifierKey("other.example", LOG_KEY.kind, LOG_KEY.public)) == "note-unsigned"


def test_a_known_key_whose_signature_fails_refuses_the_whole_note() -> None:
    """Even when another known key's signature holds."""
    good = Note.parse(NINE.encode())
    for place in range(3):
        for flipped in (0, 8, 40, len(good.signatures[place].data) - 1):
            lines = list(good.signatures)
            data = bytearray(lines[place].data)
            data[flipped] ^= 1
            lines[place] = note.Signature(lines[place].name, lines[place].key_id, bytes(data))
            broken = Note(good.text, tuple(lines)).encode()
            assert code_of(broken, LOG_KEY, *WITNESS_KEYS) == "note-signature"
    other_text = Note(good.text.replace("\n9\n", "\n8\n"), good.signatures).encode()
    assert code_of(other_text, LOG_KEY) == "note-signature"
    assert code_of(other_text, WITNESS_KEYS[0]) == "note-signature"


def test_a_signature_of_another_length_fails() -> None:
    """A cosignature without its time, a signature with one byte more."""
    good = Note.parse(NINE.encode())
    for place in range(3):
        line = good.signatures[place]
        for data in (line.data[:-1], line.data + b"\0", line.data[8:], b"\0"):
            broken = Note(good.text, (note.Signature(line.name, line.key_id, data),)).encode()
            assert code_of(broken, LOG_KEY, *WITNESS_KEYS) == "note-signature"


def test_one_key_may_sign_once() -> None:
    """Another implementation counts the second one as another voice."""
    good = Note.parse(NINE.encode())
    doubled = Note(good.text, (*good.signatures, good.signatures[1])).encode()
    assert code_of(doubled, LOG_KEY, *WITNESS_KEYS) == "note-signature-twice"
    later = note.cosign(TEXT, WITNESS_KEYS[0].name, WITNESSES[0], 1_760_000_001)
    assert (
        code_of(Note(good.text, (*good.signatures, later)).encode(), WITNESS_KEYS[0])
        == "note-signature-twice"
    )
    assert Note.parse(doubled).verify([LOG_KEY]) == (note.Verified(LOG_KEY, None),)


def test_a_witness_key_does_not_verify_as_a_log_key() -> None:
    """The kind is in the key id and in the message."""
    as_log = VerifierKey(WITNESS_KEYS[0].name, note.ED25519, WITNESS_KEYS[0].public)
    assert as_log.id != WITNESS_KEYS[0].id
    plain = note.sign(TEXT, as_log.name, WITNESSES[0])
    disguised = note.Signature(plain.name, WITNESS_KEYS[0].id, bytes(8) + plain.data)
    assert code_of(Note(TEXT, (disguised,)).encode(), WITNESS_KEYS[0]) == "note-signature"


def test_a_time_beyond_63_bits_fails() -> None:
    """The specification's limit."""
    text = "a\n"
    key = note.verifier_key("w", WITNESSES[0], note.COSIGNATURE)
    for seconds, holds in ((2**63 - 1, True), (2**63, False)):
        signed = Note(text, (note.cosign(text, "w", WITNESSES[0], seconds),))
        if holds:
            assert signed.verify([key]) == (note.Verified(key, seconds),)
        else:
            assert code_of(signed.encode(), key) == "note-signature"


def test_two_known_keys_that_look_alike_are_refused() -> None:
    """The same name and id with another key could only come from an attack, or from a wrong configuration."""

    class Alike(VerifierKey):
        """A key that claims another's id, as four bytes allow by brute force."""

        @property
        def id(self) -> bytes:
            """The other's."""
            return LOG_KEY.id

    with pytest.raises(Malformed) as refused:
        Note.parse(NINE.encode()).verify([LOG_KEY, Alike(ORIGIN, note.ED25519, bytes(32))])
    assert refused.value.code == "note-keys-alike"
    assert Note.parse(NINE.encode()).verify([LOG_KEY, LOG_KEY])


LINE = NINE.split("\n\n")[1].split("\n")[0] + "\n"
MALFORMED = {
    "no signatures": (TEXT, "note-no-signatures"),
    "only the empty line": (TEXT + "\n", "note-no-signatures"),
    "no empty line": (TEXT + LINE, "note-no-signatures"),
    "empty": ("", "note-newline"),
    "no last newline": (TEXT + "\n" + LINE[:-1], "note-newline"),
    "a line after the signatures": (TEXT + "\n" + LINE + "more\n", "note-line"),
    "CRLF": ((TEXT + "\n" + LINE).replace("\n", "\r\n"), "note-control"),
    "one CR": (TEXT + "\n" + LINE[:-1] + "\r\n", "note-control"),
    "a tab": ("a\tb\n\n" + LINE, "note-control"),
    "a null": ("a\0b\n\n" + LINE, "note-control"),
    "a hyphen for the dash": (TEXT + "\n" + LINE.replace("—", "-"), "note-line"),
    "no space after the dash": (TEXT + "\n" + LINE.replace("— ", "—"), "note-line"),
    "two spaces after the dash": (TEXT + "\n" + LINE.replace("— ", "—  "), "note-name"),
    "a name with a plus": (TEXT + "\n" + LINE.replace("ledger.example", "ledger+example"), "note-name"),
    "a name with a space": (
        TEXT + "\n" + LINE.replace("ledger.example", "ledger example"),
        "encoding-base64",
    ),
    "a name with a no-break space": (TEXT + "\n" + LINE.replace("/bw", "\u00a0bw"), "note-name"),
    "no name": (TEXT + "\n—  ZZjZDnLi\n", "note-name"),
    "no signature": (TEXT + "\n— name\n", "note-line"),
    "an empty signature": (TEXT + "\n— name \n", "note-line"),
    "a key id only": (TEXT + "\n— name ZZjZDg==\n", "note-line"),
    "base64 without padding": (TEXT + "\n" + LINE.replace("=\n", "\n"), "encoding-base64"),
    "base64 with stray bits": (TEXT + "\n— name ZZjZDgB=\n", "encoding-base64"),
    "base64 with white space": (TEXT + "\n" + LINE[:-1] + " \n", "encoding-base64"),
    "base64url": (TEXT + "\n— name ZZjZ_-ZZ\n", "encoding-base64"),
    "101 signatures": (TEXT + "\n" + LINE * 101, "note-too-many"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_notes_are_refused(name: str) -> None:
    """Every leniency of other implementations has its case."""
    text, code = MALFORMED[name]
    assert code_of(text.encode("utf-8"), LOG_KEY) == code


def test_a_note_that_is_not_utf8_is_refused() -> None:
    """With the place of the first wrong byte."""
    assert code_of(b"ab\xff\n\n" + LINE.encode()) == "note-utf8"


def test_a_text_with_empty_lines_is_divided_at_the_last() -> None:
    """As the specification's own example has one."""
    text = "Ognuno sta solo\n\ned è subito sera.\n"
    signed = Note(text, (note.sign(text, ORIGIN, LOG),))
    assert Note.parse(signed.encode()) == signed
    assert signed.verify([LOG_KEY])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "note-key"),
        ("name", "note-key"),
        ("name+6598d90e", "note-key"),
        ("name+6598D90E+AakvMm7/9/yw+225vei+niAW4v6FbVkB4x0POvMMt0Jv", "note-key"),
        ("name+598d90e+AakvMm7/9/yw+225vei+niAW4v6FbVkB4x0POvMMt0Jv", "note-key"),
        (KEYS["log_vkey"].replace("k7q2", "k7q3"), "note-key-id"),
        (KEYS["log_vkey"].replace("6598d90e", "6598d90f"), "note-key-id"),
        (KEYS["log_vkey"].replace("ledger", "led ger"), "note-name"),
        ("+" + KEYS["log_vkey"], "note-key"),
        (KEYS["log_vkey"] + "\n", "encoding-base64"),
        (KEYS["log_vkey"] + "=", "encoding-base64"),
        (EXAMPLE_KEY[:-4], "note-key-kind"),
        ("name+00000000+", "note-key-kind"),
        ("name+00000000+" + encoding.to_base64(b"\x02" + bytes(32)), "note-key-kind"),
        ("name+00000000+" + encoding.to_base64(b"\x01" + bytes(33)), "note-key-kind"),
        ("name+00000000+" + encoding.to_base64(b"\x06" + bytes(32)), "note-key-kind"),
    ],
)
def test_malformed_verifier_keys_are_refused(text: str, code: str) -> None:
    """One spelling, known kinds, and an id that is the key's."""
    with pytest.raises(Malformed) as refused:
        VerifierKey.parse(text)
    assert refused.value.code == code
    assert str(refused.value)


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("a", "n", "note-newline"),
        ("a\r\n", "n", "note-control"),
        ("a\n", "", "note-name"),
        ("a\n", "a b", "note-name"),
    ],
)
def test_what_would_not_parse_is_not_signed(text: str, name: str, code: str) -> None:
    """Signing checks what reading checks."""
    with pytest.raises(Malformed) as refused:
        note.sign(text, name, LOG)
    assert refused.value.code == code


def test_a_post_quantum_line_verifies_over_the_checkpoint() -> None:
    """It signs origin, size and root; any change of them breaks it, and other texts have none."""
    try:
        key = keys.MlDsa44Key(bytes.fromhex(KEYS["log_mldsa44_seed"]))
    except Unavailable as problem:
        pytest.skip(str(problem))
    verifier = VerifierKey.parse(KEYS["log_mldsa44_vkey"])
    line = note.sign_mldsa44(TEXT, ORIGIN, key)
    signed = Note(TEXT, (note.sign(TEXT, ORIGIN, LOG), line))
    assert Note.parse(signed.encode()).verify([LOG_KEY, verifier]) == (
        note.Verified(LOG_KEY, None),
        note.Verified(verifier, 0),
    )
    assert code_of(Note(TEXT.replace("\n9\n", "\n8\n"), (line,)).encode(), verifier) == "note-signature"
    late = note.Signature(line.name, line.key_id, (1).to_bytes(8, "big") + line.data[8:])
    assert code_of(Note(TEXT, (late,)).encode(), verifier) == "note-signature"
    for text in (TEXT.replace("\n9\n", "\n09\n"), TEXT + "extension\n", "just a text\n", "x" * 256 + TEXT):
        assert code_of(Note(text, (line,)).encode(), verifier) == "note-no-checkpoint"


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=60).map(
        lambda text: text + "\n"
    )
)
def test_any_text_is_signed_and_read_again(text: str) -> None:
    """Whatever it says, it verifies under its key and not with another letter in it."""
    signed = Note(text, (note.sign(text, ORIGIN, LOG),))
    again = Note.parse(signed.encode())
    assert again == signed
    assert again.verify([LOG_KEY])
    assert code_of(Note("x" + text, signed.signatures).encode(), LOG_KEY) == "note-signature"
