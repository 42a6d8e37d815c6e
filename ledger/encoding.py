"""Canonical MessagePack (FORMATS.md section 1), and base64 in one spelling.

A value has exactly one encoding, so bytes can be hashed, signed and compared:

- nil, bool, integers of 64 bits (-2^63 to 2^64 - 1), str in valid UTF-8, bin, array, map; no floats, no
  extension types, no timestamps;
- map keys are str, in ascending order of their UTF-8 bytes, none twice;
- every value and every length in its shortest form;
- at most 32 containers one inside another.

    {"b": 1, "a": {"d": [2], "c": null}}   is   82 a161 82 a163 c0 a164 91 02 a162 01

`decode` accepts nothing else: it decodes, encodes again and compares. Strings are not normalised here
(Unicode versions differ); software that records normalises what people type.

Python's values: ``None bool int str bytes list dict`` and, when encoding, ``tuple``; subclasses are refused,
so that what is decoded equals what was encoded. Every refusal is `Malformed` with a code ``encoding-...``.
"""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from itertools import chain
from typing import Any, NoReturn

import msgpack  # type: ignore[import-untyped]

from ledger.errors import Malformed

DEEPEST = 32
BELOW = 2**53
"""Sizes and indexes stay below this number (FORMATS.md section 1)."""

_SCALARS = frozenset({type(None), bool, int, str, bytes})
_KINDS = _SCALARS | {dict, list}
_NAMES = frozenset({str})
_MAPS = frozenset({dict})
_ASCENDING: set[tuple[str, ...]] = set()
_REMEMBERED = 256


def encode(value: Any) -> bytes:
    """The one encoding of ``value``. Raises `Malformed` for a value that has none."""
    try:
        return msgpack.packb(_canonical(value, DEEPEST), use_bin_type=True)  # type: ignore[no-any-return]
    except OverflowError:
        raise Malformed("encoding-integer") from None
    except UnicodeEncodeError as problem:
        raise Malformed("encoding-text", reason=problem.reason) from None


def decode(data: bytes) -> Any:
    """The value whose one encoding ``data`` is; arrays come as lists. Raises `Malformed` for other bytes."""
    value = read(data)
    again = encode(value)
    if again != data:
        place = next((i for i, (a, b) in enumerate(zip(again, data, strict=False)) if a != b), len(again))
        raise Malformed("encoding-spelling", place=place, length=len(data))
    return value


def read(data: bytes) -> Any:
    """The value of bytes that are known to be canonical, because this ledger checked and stored them.

    Nothing is re-encoded; only what is no MessagePack at all is refused. Never for bytes from elsewhere.
    """
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=True)
    except msgpack.ExtraData as problem:
        raise Malformed("encoding-trailing", extra=len(problem.extra), length=len(data)) from None
    except (ValueError, TypeError) as problem:
        raise Malformed("encoding-invalid", reason=str(problem) or type(problem).__name__) from None


def decode_all(many: Sequence[bytes]) -> list[Any] | None:
    """The values of many encodings, None when any of them is not canonical (`decode` tells which, and why).

    Agrees with `decode` on every input, at half the price: whole columns are compared at once.
    """
    try:
        values = [msgpack.unpackb(data, raw=False, strict_map_key=True) for data in many]
        if [*map(msgpack.Packer(use_bin_type=True).pack, values)] != [*many]:
            return None
    except (ValueError, TypeError, OverflowError):
        return None
    return values if _all_canonical(values) else None


def _all_canonical(values: list[Any]) -> bool:
    """Whether values that re-encode alike have known types only, keys in order, no container too deep."""
    level = values
    for _ in range(DEEPEST + 1):
        kinds = set(map(type, level))
        if kinds <= _SCALARS:
            return True
        if not kinds <= _KINDS:
            return False
        maps = [value for value in level if type(value) is dict]
        if not all(keys in _ASCENDING or _are_in_order(keys) for keys in set(map(tuple, maps))):
            return False
        arrays = [value for value in level if type(value) is list]
        level = [*chain.from_iterable(map(dict.values, maps)), *chain.from_iterable(arrays)]
    return False


def _are_in_order(keys: tuple[Any, ...]) -> bool:
    return _NAMES.issuperset(map(type, keys)) and sorted(keys) == list(keys)


def to_base64url(data: bytes) -> str:
    """RFC 4648 section 5, without padding."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL).decode("ascii")


def from_base64url(text: str) -> bytes:
    """Strict: alphabet, no padding, no stray bits at the end. Raises `Malformed` (``encoding-base64url``)."""
    if not text.isascii() or "+" in text or "/" in text or "=" in text:
        raise Malformed("encoding-base64url", text=_short(text))
    padded = text.encode("ascii").translate(_FROM_URL) + b"=" * (-len(text) % 4)
    try:
        data = binascii.a2b_base64(padded, strict_mode=True)
    except binascii.Error:
        raise Malformed("encoding-base64url", text=_short(text)) from None
    if to_base64url(data) != text:
        raise Malformed("encoding-base64url", text=_short(text))
    return data


def to_base64(data: bytes) -> str:
    """RFC 4648 section 4, with padding."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def from_base64(text: str) -> bytes:
    """Strict: alphabet, padding, no stray bits at the end. Raises `Malformed` (``encoding-base64``)."""
    try:
        data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Malformed("encoding-base64", text=_short(text)) from None
    if to_base64(data) != text:
        raise Malformed("encoding-base64", text=_short(text))
    return data


_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")


def _canonical(value: Any, room: int) -> Any:
    """``value`` with every map in order; what is in order already is passed on as it is."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is not dict and kind is not list and kind is not tuple:
        raise Malformed("encoding-type", type=kind.__name__)
    if room == 0:
        raise Malformed("encoding-depth", deepest=DEEPEST)
    if kind is dict:
        return _ordered(value, room - 1)
    if _SCALARS.issuperset(map(type, value)) or (room > 1 and _are_plain_maps(value)):
        return value
    return [_canonical(item, room - 1) for item in value]


def _are_plain_maps(items: Sequence[Any]) -> bool:
    """Whether all are maps of scalars with keys that are known to ascend: the lines of a sheet."""
    return (
        _MAPS.issuperset(map(type, items))
        and _ASCENDING.issuperset(map(tuple, items))
        and _SCALARS.issuperset(map(type, chain.from_iterable(map(dict.values, items))))
    )


def _ordered(value: dict[Any, Any], room: int) -> dict[str, Any]:
    ascending = tuple(value) in _ASCENDING or _in_order(value)
    if not _SCALARS.issuperset(map(type, value.values())):
        return {name: _canonical(value[name], room) for name in (value if ascending else sorted(value))}
    return value if ascending else {name: value[name] for name in sorted(value)}


def _in_order(value: dict[Any, Any]) -> bool:
    """Whether the keys ascend; such key lists are remembered, since a sheet has one of them for all lines."""
    if not _NAMES.issuperset(map(type, value)):
        _refuse_key(value)
    # Python compares str by code point, which is the order of their UTF-8 bytes.
    if sorted(value) != list(value):
        return False
    if len(_ASCENDING) >= _REMEMBERED:
        _ASCENDING.clear()
    _ASCENDING.add(tuple(value))
    return True


def _refuse_key(value: dict[Any, Any]) -> NoReturn:
    key = next(key for key in value if type(key) is not str)
    raise Malformed("encoding-key", key=repr(key), type=type(key).__name__)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
