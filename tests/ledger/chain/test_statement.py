"""Statements: what a party signs, and the file that carries it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import encoding, keys
from ledger.chain import disclosure, statement
from ledger.chain.statement import SignedStatement, Statement
from ledger.errors import KeyTrouble, Malformed

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "adamas_format1.json").read_text("utf-8"))
KEY = keys.SigningKey.from_seed(bytes.fromhex(VECTORS["keys"]["author_seed"]))
ORIGIN = VECTORS["keys"]["origin"]
DOCUMENT = {"media": "application/pdf", "name": "invoice.pdf", "sha256": bytes(32), "size": 1_024}
SOURCE = {"seen": "2024-05-01", "title": "A stone is sold", "url": "https://example.org/1"}
FULL = Statement(
    ledger=ORIGIN,
    id=bytes(16),
    type="example-weighed/1",
    author=KEY.public,
    body={"weight": 1_109_000, "parcel": "BW-KAR-1"},
    occurred="2015-11",
    on_behalf="digger-3",
    seen=(4, bytes(range(32))),
    evidence=(DOCUMENT, SOURCE),
)


def by_id(vector: dict[str, Any]) -> str:
    """The first byte of a vector's statement id."""
    return vector["statement"]["map"]["id"]["bin"][:2]


@pytest.mark.parametrize("vector", VECTORS["entries"], ids=by_id)
def test_statements_agree_with_the_vectors_byte_for_byte(vector: dict[str, Any]) -> None:
    """Decoded, written again, signed again: the same bytes."""
    data, signature = bytes.fromhex(vector["hex"]), bytes.fromhex(vector["signature"])
    decoded = Statement.decode(data)
    assert decoded.encode() == data
    assert Statement.read(data) == decoded
    assert (decoded.author, decoded.ledger) == (KEY.public, ORIGIN)
    assert statement.signature_holds(data, decoded.author, signature)
    signed = statement.sign(decoded, KEY, vector["disclosures"])
    assert signed == SignedStatement(data, signature, tuple(vector["disclosures"]))
    assert statement.encode_file(signed).hex() == vector["statement_file"]
    assert statement.decode_file(bytes.fromhex(vector["statement_file"])) == signed


def test_every_optional_key_is_written_and_read() -> None:
    """The wire key of ``on_behalf`` is `for`."""
    data = FULL.encode()
    assert Statement.decode(data) == FULL == Statement.read(data)
    fields = encoding.decode(data)
    assert fields["for"] == "digger-3"
    assert fields["seen"] == [4, bytes(range(32))]
    assert fields["v"] == 1
    bare = replace(FULL, occurred=None, on_behalf=None, seen=None, evidence=())
    assert encoding.decode(bare.encode()).keys() == {"author", "body", "id", "ledger", "type", "v"}


def test_a_signature_is_for_one_statement() -> None:
    """A flipped byte anywhere in the statement breaks it, and it is over the prefix too."""
    signed = statement.sign(FULL, KEY)
    assert statement.signature_holds(signed.statement, KEY.public, signed.signature)
    for place in range(len(signed.statement)):
        broken = bytearray(signed.statement)
        broken[place] ^= 1
        assert not statement.signature_holds(bytes(broken), KEY.public, signed.signature), place
    assert not keys.verify(KEY.public, signed.signature, signed.statement)


def test_another_keys_statement_is_not_signed() -> None:
    """The refusal names both keys."""
    other = keys.SigningKey.from_seed(bytes(32))
    with pytest.raises(KeyTrouble) as refused:
        statement.sign(FULL, other)
    assert refused.value.code == "key-not-the-author"
    assert keys.fingerprint(other.public) in str(refused.value)
    assert keys.fingerprint(KEY.public) in str(refused.value)


def changed(**changes: Any) -> bytes:
    """The bytes of the full statement with keys changed, or left out where the value is ``...``."""
    fields = encoding.decode(FULL.encode()) | changes
    return encoding.encode({key: value for key, value in fields.items() if value is not ...})


MALFORMED = {
    "unknown key": (changed(note="x"), "form-unknown-key"),
    "a key left out": (changed(body=...), "form-missing-key"),
    "no ledger": (changed(ledger=...), "form-missing-key"),
    "no version": (changed(v=...), "form-missing-key"),
    "no map": (encoding.encode([1]), "form-map"),
    "newer": (changed(v=2), "form-version"),
    "true is not 1": (changed(v=True), "form-version"),
    "ledger is no text": (changed(ledger=b"x"), "form-field"),
    "ledger is no origin": (changed(ledger="a b"), "name-origin"),
    "ledger is empty": (changed(ledger=""), "name-origin"),
    "id is no bytes": (changed(id="0" * 16), "form-field"),
    "id is short": (changed(id=bytes(15)), "statement-id"),
    "id is long": (changed(id=bytes(17)), "statement-id"),
    "type is no text": (changed(type=1), "form-field"),
    "type without version": (changed(type="mined"), "name-type"),
    "author is text": (changed(author="x" * 33), "form-field"),
    "author is empty": (changed(author=b""), "statement-author"),
    "author is short": (changed(author=b"\x01" + bytes(31)), "statement-author"),
    "author is long": (changed(author=b"\x01" + bytes(33)), "statement-author"),
    "author is of the future": (changed(author=b"\x02" + bytes(32)), "statement-author"),
    "body is an array": (changed(body=[]), "form-field"),
    "body is nil": (changed(body=None), "form-field"),
    "occurred is nil": (changed(occurred=None), "form-field"),
    "occurred is a number": (changed(occurred=2015), "form-field"),
    "occurred is empty": (changed(occurred=""), "edtf-form"),
    "occurred is Z": (changed(occurred="2015-11-16T14:05:00Z"), "edtf-form"),
    "occurred is no day": (changed(occurred="2015-02-30"), "edtf-date"),
    "for is nil": (changed(**{"for": None}), "form-field"),
    "for is empty": (changed(**{"for": ""}), "name-identifier"),
    "for has a colon": (changed(**{"for": "party:x"}), "name-identifier"),
    "seen is nil": (changed(seen=None), "form-field"),
    "seen is empty": (changed(seen=[]), "statement-empty"),
    "seen is a size only": (changed(seen=[4]), "statement-seen"),
    "seen is three": (changed(seen=[4, bytes(32), 1]), "statement-seen"),
    "seen is negative": (changed(seen=[-1, bytes(32)]), "statement-seen"),
    "seen is too big": (changed(seen=[2**53, bytes(32)]), "statement-seen"),
    "seen is true": (changed(seen=[True, bytes(32)]), "statement-seen"),
    "seen has a short root": (changed(seen=[4, bytes(31)]), "statement-seen"),
    "seen has a root of text": (changed(seen=[4, "0" * 32]), "statement-seen"),
    "evidence is nil": (changed(evidence=None), "form-field"),
    "evidence is a map": (changed(evidence={}), "form-field"),
    "evidence is empty": (changed(evidence=[]), "statement-empty"),
    "digests out of form": (changed(body={"_sd": []}), "disclosure-digests"),
    "dots": (changed(body={"lines": [{"...": 1}]}), "disclosure-dots"),
    "not canonical": (b"\xde\x00\x0a" + FULL.encode()[1:], "encoding-spelling"),
    "trailing byte": (FULL.encode() + b"\xc0", "encoding-trailing"),
    "empty": (b"", "encoding-invalid"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_statements_are_refused(name: str) -> None:
    """Each with its own code and a sentence."""
    data, code = MALFORMED[name]
    with pytest.raises(Malformed) as refused:
        Statement.decode(data)
    assert refused.value.code == code
    assert str(refused.value)


DIGEST, HIGHER = sorted([disclosure.digest("a"), disclosure.digest("b")])


def without(item: dict[str, Any], *keys_out: str, **more: Any) -> dict[str, Any]:
    """A piece of evidence with keys taken out and others put in."""
    return {key: value for key, value in item.items() if key not in keys_out} | more


@pytest.mark.parametrize(
    "item",
    [
        DOCUMENT,
        SOURCE,
        without(DOCUMENT, "name", _sd=[DIGEST]),
        without(DOCUMENT, "media", "name", _sd=[DIGEST, HIGHER]),
        without(SOURCE, "title", "url", _sd=[DIGEST, HIGHER]),
        without(SOURCE, seen="2024"),
    ],
)
def test_evidence_may_be_a_document_or_a_source_with_sealed_names(item: dict[str, Any]) -> None:
    """One digest stands for each name that is not shown."""
    full = replace(FULL, evidence=(item,))
    assert Statement.decode(full.encode()) == full


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ("x", "statement-evidence"),
        ({}, "statement-evidence"),
        (DOCUMENT | SOURCE, "statement-evidence"),
        (without(DOCUMENT, "size"), "statement-evidence"),
        (without(DOCUMENT, "sha256"), "statement-evidence"),
        (without(DOCUMENT, "name"), "statement-evidence"),
        (without(DOCUMENT, "size", _sd=[DIGEST]), "statement-evidence"),
        (without(DOCUMENT, "name", _sd=[DIGEST, HIGHER]), "statement-evidence"),
        (without(DOCUMENT, _sd=[DIGEST]), "statement-evidence"),
        (without(DOCUMENT, _sd=[]), "disclosure-digests"),
        (without(DOCUMENT, "name", _sd=DIGEST[:1]), "statement-evidence"),
        (without(DOCUMENT, note="x"), "statement-evidence"),
        (DOCUMENT | {"size": -1}, "statement-evidence"),
        (DOCUMENT | {"size": 2**53}, "statement-evidence"),
        (DOCUMENT | {"size": True}, "statement-evidence"),
        (DOCUMENT | {"sha256": bytes(31)}, "statement-evidence"),
        (DOCUMENT | {"sha256": "0" * 32}, "statement-evidence"),
        (DOCUMENT | {"media": 1}, "statement-evidence"),
        (without(SOURCE, "seen"), "statement-evidence"),
        (without(SOURCE, "seen", _sd=[DIGEST]), "statement-evidence"),
        (SOURCE | {"seen": "2024-05-01T10:00:00+00:00"}, "statement-evidence-seen"),
        (SOURCE | {"seen": "1989/1990"}, "statement-evidence-seen"),
        (SOURCE | {"seen": "yesterday"}, "edtf-form"),
        (SOURCE | {"seen": 2024}, "statement-evidence"),
        (SOURCE | {"url": None}, "statement-evidence"),
    ],
)
def test_other_evidence_is_refused(item: Any, code: str) -> None:
    """Also when it stands second, whose place is then named."""
    with pytest.raises(Malformed) as refused:
        Statement.decode(changed(evidence=[SOURCE, item]))
    assert refused.value.code == code
    assert str(refused.value)
    assert refused.value.values.get("place", 1) == 1


def test_a_statement_that_would_be_refused_is_not_signed() -> None:
    """Signing checks what reading checks."""
    for wrong in (
        replace(FULL, id=b"x"),
        replace(FULL, type="x"),
        replace(FULL, occurred="2015-13"),
        replace(FULL, body={"_sd": ["x"]}),
        replace(FULL, evidence=({},)),
        replace(FULL, seen=(-1, bytes(32))),
    ):
        with pytest.raises(Malformed):
            statement.sign(wrong, KEY)


def test_disclosures_open_body_and_evidence() -> None:
    """Paths begin with the statement's key."""
    name = disclosure.disclosure(bytes(16), "name", "invoice.pdf")
    price = disclosure.disclosure(bytes(16), "price", 5)
    sealed = replace(
        FULL,
        body={"_sd": [disclosure.digest(price)], "parcel": "P1"},
        evidence=(without(DOCUMENT, "name", _sd=[disclosure.digest(name)]), SOURCE),
    )
    body, evidence, fields = statement.reveal(sealed, [name, price])
    assert body == {"parcel": "P1", "price": 5}
    assert evidence == (DOCUMENT, SOURCE)
    assert fields[("body", "price")] == "disclosed"
    assert fields[("evidence", 0, "name")] == "disclosed"
    assert statement.reveal(sealed, [price])[2][("evidence", 0, "_sd")] == 1
    assert statement.reveal(replace(FULL, evidence=()), [])[1] == ()


def test_a_disclosure_may_not_bring_another_key_into_evidence() -> None:
    """A digest stands for media, name, title or url only."""
    text = disclosure.disclosure(bytes(16), "note", "x")
    sealed = replace(FULL, evidence=(without(DOCUMENT, "name", _sd=[disclosure.digest(text)]),))
    with pytest.raises(Malformed) as refused:
        statement.reveal(sealed, [text])
    assert refused.value.code == "statement-evidence"


def file_with(**changes: Any) -> bytes:
    """The bytes of a statement file with keys changed, or left out where the value is ``...``."""
    fields = encoding.decode(statement.encode_file(statement.sign(FULL, KEY))) | changes
    return encoding.encode({key: value for key, value in fields.items() if value is not ...})


TEXT = disclosure.disclosure(bytes(16), "buyer", 1)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (file_with(note=1), "form-unknown-key"),
        (file_with(disclosures=...), "form-missing-key"),
        (file_with(v=2), "form-version"),
        (file_with(v=True), "form-version"),
        (file_with(statement="x"), "form-field"),
        (file_with(signature="x" * 64), "form-field"),
        (file_with(signature=bytes(63)), "statement-signature"),
        (file_with(disclosures=None), "form-field"),
        (file_with(disclosures=[7]), "form-field"),
        (file_with(disclosures=["x"]), "encoding-base64url"),
        (file_with(disclosures=[TEXT, TEXT]), "disclosure-twice"),
        (encoding.encode([]), "form-map"),
        (b"SQLite format 3\0", "encoding-trailing"),
        (b"", "encoding-invalid"),
        (file_with() + b"\0", "encoding-trailing"),
    ],
)
def test_malformed_statement_files_are_refused(data: bytes, code: str) -> None:
    """One spelling of the file as well."""
    with pytest.raises(Malformed) as refused:
        statement.decode_file(data)
    assert refused.value.code == code
    assert str(refused.value)


@given(
    st.dictionaries(st.text(max_size=5), st.integers(0, 2**53) | st.text(max_size=5), max_size=5),
    st.none() | st.sampled_from(["2015", "1973/..", "2015-11-16T14:05:00+02:00"]),
    st.none() | st.tuples(st.integers(0, 2**53 - 1), st.binary(min_size=32, max_size=32)),
    st.binary(min_size=16, max_size=16),
)
def test_statements_come_back(
    body: dict[str, Any], occurred: str | None, seen: tuple[int, bytes] | None, number: bytes
) -> None:
    """Every statement that can be written is read again as itself."""
    body = {key: value for key, value in body.items() if key not in ("_sd", "...")}
    written = Statement(ORIGIN, number, "example/1", KEY.public, body, occurred=occurred, seen=seen)
    assert Statement.decode(written.encode()) == written
