"""Sealed values: RFC 9901 digests in a body, disclosures beside it (FORMATS.md section 2, "Sealed values").

A sealed field leaves its map, and its digest goes into the map's `_sd`. Whoever holds the disclosure can
put the value back; whoever does not sees that something was withheld, and nothing of it. Erasing a
disclosure changes no hash. From the vectors:

    ["JbCjOUz8C3vM0A3XwrW_6Q","buyer","Łódź Diamonds"]                          the array, UTF-8
    WyJKYkNqT1V6OEMzdk0wQTNYd3JXXzZRIiwiYnV5ZXIiLCLFgcOzZMW6IERpYW1vbmRzIl0     the disclosure
    G69N6UoG-iTi4QWPxcVNsssQmtJui09S6OpDabN6fYQ                                 its digest

- disclosure = base64url of the JSON array `[salt, name, value]` in one spelling: UTF-8, no white space,
  strings escaped as RFC 8785 does, object keys ascending, 64-bit integers and no other numbers; salt = 128
  random bits
- digest = base64url(SHA-256(ASCII of the disclosure)); `_sd` is never empty and ascends
- bytes are written as base64url strings and **come back as str**: only the field's type says that they are
  bytes. Everything else comes back as it was (tuples as lists)

Refused, each with its own code: `...` as any key; `_sd` as a disclosed name; a name already in its map; a
disclosure of an array element; a digest that occurs twice; an unused disclosure; a disclosure twice; `_sd`
inside a disclosed value.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any, NoReturn

from ledger import encoding
from ledger.errors import Malformed
from ledger.values import dataclass

SEALED = "_sd"
DOTS = "..."
SALT_BYTES = 16
_CONTAINERS = frozenset({dict, list, tuple})
Path = tuple[str | int, ...]
"""From the body's top: map keys, and places in arrays."""
Fields = dict[Path, str | int]
"""``"public"`` or ``"disclosed"`` by path; under a path that ends in `_sd`, how many values are withheld."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One opened disclosure."""

    salt: bytes
    name: str
    value: Any


def fresh_salt() -> bytes:
    """128 bits of the system's randomness."""
    return os.urandom(SALT_BYTES)


def disclosure(salt: bytes, name: str, value: Any) -> str:
    """The text that discloses ``value`` as the field ``name``. Raises `Malformed` (``disclosure-...``)."""
    if len(salt) != SALT_BYTES:
        raise Malformed("disclosure-salt", length=len(salt))
    if name in (SEALED, DOTS):
        raise Malformed("disclosure-name", name=name)
    array = [encoding.to_base64url(salt), name, _plain(value, encoding.DEEPEST)]
    try:
        return encoding.to_base64url(_WRITER.encode(array).encode("utf-8"))
    except UnicodeEncodeError as problem:
        raise Malformed("encoding-text", reason=problem.reason) from None


def digest(text: str) -> str:
    """The digest of a disclosure, 43 characters."""
    return encoding.to_base64url(sha256(text.encode("ascii")).digest())


def parse(text: str) -> Disclosure:
    """Open a disclosure. Raises `Malformed` (``disclosure-...``, ``encoding-...``) for another spelling."""
    spelled = encoding.from_base64url(text)
    try:
        array = _READER.decode(spelled.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Malformed("disclosure-json", text=_short(text)) from None
    if isinstance(array, list) and len(array) == 2:
        raise Malformed("disclosure-array-element", text=_short(text))
    if not (isinstance(array, list) and len(array) == 3 and type(array[0]) is type(array[1]) is str):
        raise Malformed("disclosure-json", text=_short(text))
    opened = Disclosure(encoding.from_base64url(array[0]), array[1], array[2])
    if disclosure(opened.salt, opened.name, opened.value) != text:
        raise Malformed("disclosure-spelling", text=_short(text))
    return opened


def seal(
    body: dict[str, Any], names: Iterable[tuple[str, ...]], salt: Callable[[], bytes] = fresh_salt
) -> tuple[dict[str, Any], list[str]]:
    """The body with the named fields replaced by digests, and their disclosures in the order of the paths.

    A name is a path of keys from the top, ``("buyer",)`` or ``("price", "amount")``; salts are drawn in the
    paths' order. ``body`` itself is left alone. Raises `Malformed`: ``disclosure-no-field`` for a path that
    leads nowhere (a misspelt name must not leave its field public; see `present`), ``disclosure-nested`` when
    one path lies inside another, ``disclosure-name`` for reserved keys.
    """
    paths = sorted(set(names))
    for upper, lower in pairwise(paths):
        if lower[: len(upper)] == upper:
            raise Malformed("disclosure-nested", name=".".join(lower))
    sealed = dict(body)
    texts: list[str] = []
    for path in paths:
        place = _opened_map(sealed, path)
        texts.append(disclosure(salt(), path[-1], place.pop(path[-1])))
        place[SEALED] = sorted([*place.get(SEALED, []), digest(texts[-1])])
    return sealed, texts


def present(body: dict[str, Any], names: Iterable[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Those of ``names`` that lead to a field of ``body``."""
    return {path for path in names if _find(body, path)}


def reveal(body: dict[str, Any], disclosures: Sequence[str]) -> tuple[dict[str, Any], Fields]:
    """The body with disclosed values put back, and what is known of each field.

    `_sd` keeps the digests of what stays withheld and disappears where nothing does; ``fields`` counts them
    under the map's path + `_sd`. An array is one field, unless a map in it had sealed values. Raises
    `Malformed` for everything that this module's head lists.
    """
    known: dict[str, Disclosure] = {}
    for text in disclosures:
        opened = parse(text)
        if known.setdefault(digest(text), opened) is not opened:
            raise Malformed("disclosure-twice", text=_short(text))
    check_digests(body)
    fields: Fields = {}
    unused = set(known)
    revealed = _reveal_map(body, known, unused, fields, ())
    if unused:
        raise Malformed("disclosure-unused", name=min(known[name].name for name in unused), count=len(unused))
    return revealed, fields


def check_digests(value: Any) -> None:
    """Raises `Malformed` unless every `_sd` is well formed, no digest occurs twice, and no key is `...`."""
    seen: set[str] = set()
    for digests in _all_digests(value):
        previous = ""
        for item in digests:
            _check_digest(item)
            if item in seen:
                raise Malformed("disclosure-digest-twice", digest=item)
            if item < previous:
                raise Malformed("disclosure-order", digest=item)
            seen.add(item)
            previous = item


def _all_digests(value: Any) -> Iterator[list[Any]]:
    """Each `_sd` in the tree; a sheet has thousands of maps without one, so this is no recursion."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        inner: Iterable[Any] = item
        if isinstance(item, dict):
            inner = item.values()
            if DOTS in item:
                raise Malformed("disclosure-dots")
            if SEALED in item:
                digests = item[SEALED]
                if not isinstance(digests, list) or not digests:
                    raise Malformed("disclosure-digests")
                yield digests
        if not _CONTAINERS.isdisjoint(map(type, inner)):
            waiting.extend(part for part in inner if type(part) in _CONTAINERS)


def _check_digest(item: Any) -> None:
    if not isinstance(item, str) or len(item) != 43:
        raise Malformed("disclosure-digests")
    encoding.from_base64url(item)


def _reveal_map(
    value: dict[str, Any], known: dict[str, Disclosure], unused: set[str], fields: Fields, path: Path
) -> dict[str, Any]:
    opened = {
        name: _reveal(inner, known, unused, fields, (*path, name))
        for name, inner in value.items()
        if name != SEALED
    }
    withheld = []
    for item in value.get(SEALED, ()):
        found = known.get(item)
        if found is None:
            withheld.append(item)
            continue
        if found.name in opened:
            raise Malformed("disclosure-name-taken", name=found.name)
        unused.discard(item)
        opened[found.name] = found.value
        fields[(*path, found.name)] = "disclosed"
    if withheld:
        opened[SEALED] = withheld
        fields[(*path, SEALED)] = len(withheld)
    return {name: opened[name] for name in sorted(opened)} if SEALED in value else opened


def _reveal(value: Any, known: dict[str, Disclosure], unused: set[str], fields: Fields, path: Path) -> Any:
    if isinstance(value, dict):
        return _reveal_map(value, known, unused, fields, path)
    if isinstance(value, list | tuple) and any(True for _ in _all_digests(value)):
        return [_reveal(item, known, unused, fields, (*path, place)) for place, item in enumerate(value)]
    fields[path] = "public"
    return value


def _opened_map(sealed: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """The map that holds the path's last name, copied on the way so that the caller's stays as it is."""
    if not _find(sealed, path):
        raise Malformed("disclosure-no-field", name=".".join(path))
    place = sealed
    for name in path[:-1]:
        place[name] = dict(place[name])
        place = place[name]
    return place


def _find(body: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if not isinstance(body, dict) or name not in body:
            return False
        body = body[name]
    return bool(path)


def _plain(value: Any, room: int) -> Any:
    """The value as JSON takes it: bytes as base64url, and nothing that the one spelling does not know."""
    if isinstance(value, bytes):
        return encoding.to_base64url(value)
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        raise Malformed("encoding-integer")
    if value is None or isinstance(value, bool | int | str):
        return value
    if room == 0:
        raise Malformed("encoding-depth", deepest=encoding.DEEPEST)
    if isinstance(value, list | tuple):
        return [_plain(item, room - 1) for item in value]
    if not isinstance(value, dict):
        raise Malformed("encoding-type", type=type(value).__name__)
    if SEALED in value:
        raise Malformed("disclosure-sealed-inside")
    if DOTS in value:
        raise Malformed("disclosure-dots")
    if not all(isinstance(name, str) for name in value):
        key = next(name for name in value if not isinstance(name, str))
        raise Malformed("encoding-key", key=repr(key), type=type(key).__name__)
    return {name: _plain(item, room - 1) for name, item in value.items()}


def _refuse_number(spelled: str) -> NoReturn:
    raise Malformed("disclosure-number", number=_short(spelled))


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


_WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
_READER = json.JSONDecoder(parse_float=_refuse_number, parse_constant=_refuse_number)
