"""Sealed values: digests in the body, disclosures beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import encoding
from ledger.chain import disclosure
from ledger.chain.statement import Statement
from ledger.errors import Malformed

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "adamas_format1.json").read_text("utf-8"))
BUYER = "WyJKYkNqT1V6OEMzdk0wQTNYd3JXXzZRIiwiYnV5ZXIiLCLFgcOzZMW6IERpYW1vbmRzIl0"
SALT = bytes(range(16))


def salts() -> Callable[[], bytes]:
    """Salts that count, so that a test can say which digest it expects."""
    numbers = count(1)
    return lambda: next(numbers).to_bytes(16, "big")


def spelled(text: str) -> str:
    """base64url of any JSON text, right or wrong."""
    return encoding.to_base64url(text.encode("utf-8"))


def test_the_vectors_disclosure_opens_and_is_written_again() -> None:
    """Salt, name and value of another implementation's bytes."""
    opened = disclosure.parse(BUYER)
    assert (opened.name, opened.value) == ("buyer", "Łódź Diamonds")
    assert encoding.to_base64url(opened.salt) == "JbCjOUz8C3vM0A3XwrW_6Q"
    assert disclosure.disclosure(opened.salt, opened.name, opened.value) == BUYER
    assert disclosure.digest(BUYER) == "G69N6UoG-iTi4QWPxcVNsssQmtJui09S6OpDabN6fYQ"


def test_the_digest_is_that_of_rfc_9901() -> None:
    """The RFC's own example; its spelling has white space, so ours refuses to open it."""
    example = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    assert disclosure.digest(example) == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
    with pytest.raises(Malformed):
        disclosure.parse(example)


@pytest.mark.parametrize(
    "vector", VECTORS["entries"], ids=lambda vector: vector["statement"]["map"]["id"]["bin"][:2]
)
def test_the_vectors_bodies_are_sealed_alike_and_revealed(vector: dict[str, Any]) -> None:
    """Taking the values out again with the same salts gives the same body."""
    body = Statement.decode(bytes.fromhex(vector["hex"])).body
    revealed, fields = disclosure.reveal(body, vector["disclosures"])
    opened = [disclosure.parse(text) for text in vector["disclosures"]]
    assert {name for (name,), standing in fields.items() if standing == "disclosed"} == {
        item.name for item in opened
    }
    assert "_sd" not in revealed
    in_order = iter(item.salt for item in sorted(opened, key=lambda item: item.name))
    sealed, texts = disclosure.seal(revealed, {(item.name,) for item in opened}, lambda: next(in_order))
    assert encoding.encode(sealed) == encoding.encode(body)
    assert sorted(texts) == sorted(vector["disclosures"])


BODY = {
    "buyer": "Łódź Diamonds",
    "parcel": "P1",
    "price": {"amount": "530000.00", "currency": "USD", "rate": 1},
    "prices": [100, 200, None],
}


def test_sealing_takes_fields_out_at_the_top_and_inside_a_map() -> None:
    """The caller's body stays whole; digests ascend; salts go to the paths in order."""
    sealed, texts = disclosure.seal(BODY, {("prices",), ("price", "amount"), ("buyer",)}, salts())
    assert BODY["price"] == {"amount": "530000.00", "currency": "USD", "rate": 1}
    assert sealed.keys() == {"_sd", "parcel", "price"}
    assert sealed["price"] == {"_sd": [disclosure.digest(texts[1])], "currency": "USD", "rate": 1}
    assert sealed["_sd"] == sorted([disclosure.digest(texts[0]), disclosure.digest(texts[2])])
    assert [disclosure.parse(text).name for text in texts] == ["buyer", "amount", "prices"]
    assert [disclosure.parse(text).salt[-1] for text in texts] == [1, 2, 3]


def test_each_field_is_public_disclosed_or_withheld() -> None:
    """Withheld ones are counted where they are missing; their digests stay in the body."""
    sealed, texts = disclosure.seal(BODY, {("prices",), ("price", "amount"), ("buyer",)}, salts())
    revealed, fields = disclosure.reveal(sealed, [texts[2]])
    assert fields == {
        ("parcel",): "public",
        ("price", "currency"): "public",
        ("price", "rate"): "public",
        ("price", "_sd"): 1,
        ("prices",): "disclosed",
        ("_sd",): 1,
    }
    assert revealed["prices"] == [100, 200, None]
    assert revealed["_sd"] == [disclosure.digest(texts[0])]
    assert disclosure.reveal(sealed, texts[::-1])[0] == BODY
    assert disclosure.reveal(sealed, [])[0] == sealed


def test_a_map_inside_an_array_may_have_sealed_values() -> None:
    """Such an array is reported place by place; an array without is one field."""
    line, texts = disclosure.seal({"id": "S1", "value": 5}, {("value",)}, salts())
    body = {"lines": [{"id": "S0", "value": 4}, line], "marks": [1, 2]}
    revealed, fields = disclosure.reveal(body, texts)
    assert revealed["lines"][1] == {"id": "S1", "value": 5}
    assert fields == {
        ("lines", 0, "id"): "public",
        ("lines", 0, "value"): "public",
        ("lines", 1, "id"): "public",
        ("lines", 1, "value"): "disclosed",
        ("marks",): "public",
    }


def test_bytes_come_back_as_base64url_text() -> None:
    """JSON has no bytes; the field's type says what the text was."""
    sealed, texts = disclosure.seal({"report": b"\xfb\xff"}, {("report",)}, salts())
    assert disclosure.reveal(sealed, texts)[0] == {"report": "-_8"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), VALUES, max_size=5), st.data())
def test_what_is_sealed_is_revealed_again(body: dict[str, Any], data: st.DataObject) -> None:
    """Any values, any names, any subset sealed and any subset disclosed."""
    body = {name: value for name, value in body.items() if not has_dots(name, value)}
    names = data.draw(st.sets(st.sampled_from(sorted(body)))) if body else set()
    sealed, texts = disclosure.seal(body, {(name,) for name in names}, salts())
    assert disclosure.reveal(sealed, texts)[0] == body
    assert encoding.decode(encoding.encode(sealed)) == sealed
    some = texts[: len(texts) // 2]
    _, fields = disclosure.reveal(sealed, some)
    assert fields.get(("_sd",), 0) == len(texts) - len(some)


def has_dots(name: str, value: Any) -> bool:
    """Whether a reserved name is in the value: Hypothesis would find one sooner or later."""
    if isinstance(value, dict):
        return name in ("...", "_sd") or any(has_dots(key, item) for key, item in value.items())
    inner = value if isinstance(value, list) else []
    return name in ("...", "_sd") or any(has_dots("", item) for item in inner)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "disclosure-json"),
        (BUYER + "=", "encoding-base64url"),
        (BUYER[:-1] + "1", "encoding-base64url"),
        ("Łódź", "encoding-base64url"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw", "buyer",1]'), "disclosure-spelling"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer",1] '), "disclosure-spelling"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer","\\u0141"]'), "disclosure-spelling"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer","\\/"]'), "disclosure-spelling"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer","\\u000A"]'), "disclosure-spelling"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer",{"b":1,"a":2}]'), "disclosure-spelling"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer",{"a":1,"a":1}]'), "disclosure-spelling"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer",-0]'), "disclosure-spelling"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer",1.0]'), "disclosure-number"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer",1e3]'), "disclosure-number"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer",NaN]'), "disclosure-number"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer",18446744073709551616]'), "encoding-integer"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer",-9223372036854775809]'), "encoding-integer"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer",' + "9" * 5_000 + "]"), "disclosure-json"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer","\\ud800"]'), "encoding-text"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer"]'), "disclosure-array-element"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer",1,2]'), "disclosure-json"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw",7,1]'), "disclosure-json"),
        (spelled('[7,"buyer",1]'), "disclosure-json"),
        (spelled('{"salt":"AAECAwQFBgcICQoLDA0ODw"}'), "disclosure-json"),
        (spelled("7"), "disclosure-json"),
        (spelled('["AAECAwQFBgcICQoLDA0O","buyer",1]'), "disclosure-salt"),
        (spelled('["AAECAwQFBgcICQoLDA0ODxA","buyer",1]'), "disclosure-salt"),
        (spelled('["AAECAwQFBgcICQoLDA0ODx","buyer",1]'), "encoding-base64url"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","_sd",1]'), "disclosure-name"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","...",1]'), "disclosure-name"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer",{"_sd":[]}]'), "disclosure-sealed-inside"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer",[{"a":{"_sd":["x"]}}]]'), "disclosure-sealed-inside"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer",{"...":"x"}]'), "disclosure-dots"),
        (spelled("[" * 100_000), "disclosure-json"),
        (spelled('["AAECAwQFBgcICQoLDA0ODw","buyer",' + "[" * 40 + "]" * 40 + "]"), "encoding-depth"),
        (encoding.to_base64url(b'\xef\xbb\xbf["AAECAwQFBgcICQoLDA0ODw","buyer",1]'), "disclosure-json"),
        (encoding.to_base64url('["AAECAwQFBgcICQoLDA0ODw","buyer",1]'.encode("utf-16")), "disclosure-json"),
        (encoding.to_base64url(b'["AAECAwQFBgcICQoLDA0ODw","buyer","\xff"]'), "disclosure-json"),
    ],
)
def test_disclosures_have_one_spelling(text: str, code: str) -> None:
    """Everything else is refused by name."""
    with pytest.raises(Malformed) as refused:
        disclosure.parse(text)
    assert refused.value.code == code
    assert str(refused.value)


def body_with(*texts: str, **fields: Any) -> dict[str, Any]:
    """A body that has the digests of these disclosures."""
    return {"_sd": sorted(disclosure.digest(text) for text in texts), **fields}


ONE = disclosure.disclosure(SALT, "buyer", 1)
OTHER = disclosure.disclosure(bytes(16), "buyer", 2)
LOW, HIGH = sorted([disclosure.digest(ONE), disclosure.digest(OTHER)])


@pytest.mark.parametrize(
    ("body", "texts", "code"),
    [
        (body_with(ONE), [ONE, ONE], "disclosure-twice"),
        ({"parcel": "P1"}, [ONE], "disclosure-unused"),
        (body_with(ONE), [ONE, OTHER], "disclosure-unused"),
        (body_with(ONE, buyer=3), [ONE], "disclosure-name-taken"),
        (body_with(ONE, OTHER), [ONE, OTHER], "disclosure-name-taken"),
        ({"_sd": [LOW, LOW]}, [], "disclosure-digest-twice"),
        ({"_sd": [LOW], "price": {"_sd": [LOW]}}, [], "disclosure-digest-twice"),
        ({"_sd": [HIGH, LOW]}, [ONE], "disclosure-order"),
        ({"_sd": []}, [], "disclosure-digests"),
        ({"_sd": LOW}, [], "disclosure-digests"),
        ({"_sd": [7]}, [], "disclosure-digests"),
        ({"_sd": [LOW[:-1]]}, [], "disclosure-digests"),
        ({"_sd": [LOW[:-1] + "="]}, [], "encoding-base64url"),
        ({"_sd": ["/" + LOW[1:]]}, [], "encoding-base64url"),
        ({"lines": [{"_sd": []}]}, [], "disclosure-digests"),
        ({"...": "x"}, [], "disclosure-dots"),
        ({"lines": [{"a": {"...": "x"}}]}, [], "disclosure-dots"),
        ({"lines": [{"...": LOW}]}, [spelled('["AAECAwQFBgcICQoLDA0ODw","x"]')], "disclosure-array-element"),
    ],
)
def test_bodies_and_disclosures_that_do_not_belong_together_are_refused(
    body: dict[str, Any], texts: list[str], code: str
) -> None:
    """One code for each way of being wrong."""
    with pytest.raises(Malformed) as refused:
        disclosure.reveal(body, texts)
    assert refused.value.code == code
    assert str(refused.value)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ({("seller",)}, "disclosure-no-field"),
        ({("price", "vat")}, "disclosure-no-field"),
        ({("parcel", "x")}, "disclosure-no-field"),
        ({("prices", "0")}, "disclosure-no-field"),
        ({()}, "disclosure-no-field"),
        ({("price",), ("price", "amount")}, "disclosure-nested"),
    ],
)
def test_sealing_what_is_not_there_is_refused(names: set[tuple[str, ...]], code: str) -> None:
    """A misspelt name must not leave its field public."""
    with pytest.raises(Malformed) as refused:
        disclosure.seal(BODY, names, salts())
    assert refused.value.code == code
    assert str(refused.value)
    assert not disclosure.present(BODY, names) or code == "disclosure-nested"


def test_present_names_the_fields_that_are_there() -> None:
    """For acts whose sealed fields are optional."""
    wanted = {("buyer",), ("seller",), ("price", "amount"), ("price", "vat")}
    assert disclosure.present(BODY, wanted) == {("buyer",), ("price", "amount")}


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.5, "encoding-type"),
        ({1: 2}, "encoding-key"),
        (2**64, "encoding-integer"),
        ("\ud800", "encoding-text"),
        ({"_sd": ["x"]}, "disclosure-sealed-inside"),
    ],
)
def test_values_that_json_or_the_spelling_lacks_are_not_sealed(value: Any, code: str) -> None:
    """Nothing is coerced."""
    with pytest.raises(Malformed) as refused:
        disclosure.seal({"buyer": value}, {("buyer",)}, salts())
    assert refused.value.code == code


def test_a_short_salt_is_refused_and_fresh_ones_differ() -> None:
    """128 bits, from the system."""
    with pytest.raises(Malformed) as refused:
        disclosure.seal(BODY, {("buyer",)}, lambda: bytes(15))
    assert refused.value.code == "disclosure-salt"
    first, second = (disclosure.seal(BODY, {("buyer",)})[1] for _ in range(2))
    assert first != second
