"""Canonical MessagePack and strict base64."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import encoding
from ledger.errors import Malformed

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "adamas_format1.json").read_text("utf-8"))


def value_of(spelled: Any) -> Any:
    """A vector's value: {'bin': hex}, {'map': ..}, {'array': ..}, plain JSON otherwise."""
    if not isinstance(spelled, dict):
        return spelled
    ((kind, inner),) = spelled.items()
    if kind == "bin":
        return bytes.fromhex(inner)
    if kind == "array":
        return [value_of(item) for item in inner]
    return {key: value_of(item) for key, item in inner.items()}


@pytest.mark.parametrize(
    "vector", VECTORS["canonical_good"], ids=lambda vector: vector["hex"][:24] or "empty"
)
def test_good_vectors_agree_byte_for_byte(vector: dict[str, Any]) -> None:
    """Another implementation wrote these bytes from FORMATS.md."""
    value, data = value_of(vector["value"]), bytes.fromhex(vector["hex"])
    assert encoding.encode(value) == data
    decoded = encoding.decode(data)
    assert decoded == value
    assert type(decoded) is type(value)
    assert encoding.read(data) == value


REFUSALS = {
    "": "encoding-invalid",
    "8101a0": "encoding-invalid",
    "cb3ff8000000000000": "encoding-type",
    "ca3fc00000": "encoding-type",
    "d6ff00000000": "encoding-type",
    "c1": "encoding-invalid",
    "a2c328": "encoding-invalid",
    "a3e180": "encoding-invalid",
    "0101": "encoding-trailing",
    "91" * 32 + "91c0": "encoding-depth",
}


@pytest.mark.parametrize("vector", VECTORS["canonical_bad"], ids=lambda vector: vector["why"])
def test_bad_vectors_are_refused(vector: dict[str, str]) -> None:
    """Every one with the code of its reason; a wrong spelling names the first wrong byte."""
    with pytest.raises(Malformed) as refused:
        encoding.decode(bytes.fromhex(vector["hex"]))
    expected = "encoding-depth" if "nested" in vector["why"] else "encoding-spelling"
    assert refused.value.code == REFUSALS.get(vector["hex"], expected)
    assert str(refused.value)


@pytest.mark.parametrize(
    "data",
    [
        "a3eda080",  # a surrogate in UTF-8
        "a2c080",  # an overlong NUL
        "81c40161c0",  # a key that is bin
        "82a161c0a161c0",  # a key twice with one value
        "c7ff00" + "00" * 255,  # extension
        "d7ff0000000000000000",  # timestamp 64
        "c70cff000000000000000000000000",  # timestamp 96
        "c6000000016100",
        "dd00000001c0",
        "df00000000",
        "ddffffffff",  # claims four thousand million items
        "c6ffffffff",
        "91" * 2_000,
        "d9" + "1f" + "61" * 31,
        "d000",
        "d1ff80",
        "d2ffff8000",
        "d3ffffffff80000000",
        "ce0000ffff",
        "cf00000000ffffffff",
    ],
)
def test_other_bytes_are_refused(data: str) -> None:
    """Hostile lengths cost no memory, deep nesting no stack."""
    with pytest.raises(Malformed) as refused:
        encoding.decode(bytes.fromhex(data))
    assert refused.value.code.startswith("encoding-")
    assert str(refused.value)


class Grade(IntEnum):
    """A subclass of int, which would come back as int."""

    D = 1


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.5, "encoding-type"),
        ([1, 2.0], "encoding-type"),
        ({"a": {"b": 0.0}}, "encoding-type"),
        (float("nan"), "encoding-type"),
        ({1, 2}, "encoding-type"),
        (bytearray(b"x"), "encoding-type"),
        (memoryview(b"x"), "encoding-type"),
        (datetime(2015, 11, 16, tzinfo=UTC), "encoding-type"),
        (msgpack.ExtType(1, b""), "encoding-type"),
        (msgpack.Timestamp(1), "encoding-type"),
        (Grade.D, "encoding-type"),
        ({"grade": Grade.D}, "encoding-type"),
        (object(), "encoding-type"),
        ({1: "a"}, "encoding-key"),
        ({"a": 1, b"b": 2}, "encoding-key"),
        ({None: 1}, "encoding-key"),
        (2**64, "encoding-integer"),
        (-(2**63) - 1, "encoding-integer"),
        ("\ud800", "encoding-text"),
        ({"\udfff": 1}, "encoding-text"),
    ],
)
def test_values_without_an_encoding_are_refused(value: Any, code: str) -> None:
    """Nothing is coerced."""
    with pytest.raises(Malformed) as refused:
        encoding.encode(value)
    assert refused.value.code == code
    assert str(refused.value)


def nested(depth: int, innermost: Any) -> Any:
    """``innermost`` inside ``depth`` maps and arrays by turns."""
    value = innermost
    for level in range(depth):
        value = [value] if level % 2 else {"k": value}
    return value


def test_thirty_two_containers_are_allowed_and_thirty_three_are_not() -> None:
    """Empty containers count."""
    assert encoding.decode(encoding.encode(nested(32, 1))) == nested(32, 1)
    assert encoding.decode(encoding.encode(nested(31, []))) == nested(31, [])
    for value in (nested(33, 1), nested(32, []), nested(32, {})):
        with pytest.raises(Malformed) as refused:
            encoding.encode(value)
        assert refused.value.code == "encoding-depth"


def test_a_wrong_spelling_names_its_first_wrong_byte() -> None:
    """Keys out of order: the second byte pair is where it shows."""
    with pytest.raises(Malformed, match="spelling") as refused:
        encoding.decode(bytes.fromhex("82a16201a16102"))
    assert refused.value.values == {"place": 2, "length": 7}
    assert "byte 2 of 7" in str(refused.value)


def test_encoding_leaves_its_argument_alone() -> None:
    """Maps are put in order in the bytes, not in the caller's hands."""
    value = {"b": [{"z": 1, "a": 2}], "a": 1}
    encoding.encode(value)
    assert list(value) == ["b", "a"]
    assert list(value["b"][0]) == ["z", "a"]  # type: ignore[index, call-overload]


def test_keys_ascend_by_their_utf8_bytes() -> None:
    """Beyond the basic plane UTF-16 order would differ."""
    names = ["\uffff", "\U00010000", "z", "é", "", "a", "aa"]
    ordered = list(encoding.decode(encoding.encode(dict.fromkeys(names, 1))))
    assert ordered == sorted(names, key=lambda name: name.encode("utf-8"))
    assert ordered[-1] == "\U00010000"


def test_lines_of_a_sheet_lie_no_deeper_than_anything_else() -> None:
    """The quick way for lines keeps to the depth that `DEEPEST` allows."""
    value: Any = [{"a": 1}, {"a": 2}]
    for _ in range(encoding.DEEPEST - 2):
        value = [value]
    assert encoding.decode(encoding.encode(value)) == value
    with pytest.raises(Malformed, match="32 containers"):
        encoding.encode([value])


def test_more_key_lists_than_are_remembered_still_encode_in_order() -> None:
    """The memory of key lists is bounded, and never decides by itself."""
    for number in range(5_000):
        name = f"k{number}"
        assert encoding.encode({name: 1, "a": 2}) == encoding.encode({"a": 2, name: 1})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_values_come_back_and_shuffled_maps_encode_alike(value: Any) -> None:
    """One value, one encoding."""
    data = encoding.encode(value)
    assert encoding.decode(data) == value
    assert encoding.encode(reverse(value)) == data


LINES = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 9) | st.text(max_size=2) | st.lists(st.just(1))),
    min_size=1,
    max_size=5,
)


@given(LINES, st.data())
def test_lines_encode_together_as_each_by_itself(lines: list[dict[str, Any]], data: st.DataObject) -> None:
    """Whatever is remembered of their keys; one odd line among them is refused as by itself."""
    each = b"".join(map(encoding.encode, lines))
    assert encoding.encode(lines) == bytes([0x90 | len(lines)]) + each
    place = data.draw(st.integers(0, len(lines) - 1))
    for odd in ({"a": 1.5}, {1: 2}, {"a": {1, 2}}, 1.5):
        with pytest.raises(Malformed):
            encoding.encode([*lines[:place], odd, *lines[place:]])


def reverse(value: Any) -> Any:
    """The same value with every map filled in the opposite order."""
    if isinstance(value, dict):
        return {key: reverse(value[key]) for key in reversed(list(value))}
    return [reverse(item) for item in value] if isinstance(value, list) else value


@given(st.binary(max_size=40))
def test_bytes_that_decode_are_the_encoding_of_what_they_decode_to(data: bytes) -> None:
    """Random bytes are either refused as `Malformed` or round-trip."""
    with suppress(Malformed):
        assert encoding.encode(encoding.decode(data)) == data


def one_by_one(many: list[bytes]) -> list[Any] | None:
    """What `decode` says of each, None where it refuses one."""
    try:
        return [encoding.decode(data) for data in many]
    except Malformed:
        return None


@given(st.lists(VALUES.map(encoding.encode) | st.binary(max_size=12), max_size=4))
def test_many_at_once_are_decoded_as_one_by_one(many: list[bytes]) -> None:
    """The quick way for whole columns accepts and refuses the same bytes."""
    assert encoding.decode_all(many) == one_by_one(many)


@pytest.mark.parametrize("vector", VECTORS["canonical_bad"], ids=lambda vector: vector["why"])
def test_one_bad_encoding_among_many_is_noticed(vector: dict[str, str]) -> None:
    """Wherever it stands."""
    good, bad = encoding.encode({"a": [1]}), bytes.fromhex(vector["hex"])
    assert encoding.decode_all([good, good]) == [{"a": [1]}, {"a": [1]}]
    for many in ([bad], [bad, good], [good, bad, good]):
        assert encoding.decode_all(many) is None
    for value in (nested(32, 1), nested(31, [])):
        assert encoding.decode_all([encoding.encode(value)]) == [value]


@given(st.binary(max_size=64))
def test_base64_comes_back(data: bytes) -> None:
    """Both alphabets, every length."""
    assert encoding.from_base64url(encoding.to_base64url(data)) == data
    assert encoding.from_base64(encoding.to_base64(data)) == data


@pytest.mark.parametrize(
    "text", ["Q", "QQ=", "QQ==", "QR", "Q Q", "QQ\n", "Q+A", "Q/A", "é", "QQ=A", "\n", "=", "A" * 65]
)
def test_base64url_has_one_spelling(text: str) -> None:
    """No padding, no stray bits, no white space, no other alphabet."""
    with pytest.raises(Malformed) as refused:
        encoding.from_base64url(text)
    assert refused.value.code == "encoding-base64url"


@pytest.mark.parametrize(
    "text", ["Q", "QQ", "QQ=", "QR==", "QQ==\n", " QQ==", "QQ===", "Q-A=", "Q_A=", "é", "QQ==QQ=="]
)
def test_base64_has_one_spelling(text: str) -> None:
    """Padding, no stray bits, no white space, no other alphabet."""
    with pytest.raises(Malformed) as refused:
        encoding.from_base64(text)
    assert refused.value.code == "encoding-base64"
