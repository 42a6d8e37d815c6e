"""The forms of names in statements: origins, wire names and identifiers (FORMATS.md sections 2 and 3).

| name       | form                                                            | example                  |
|------------|-----------------------------------------------------------------|--------------------------|
| origin     | 1-255 bytes, a schema-less URL, no white space, `+` or controls | `ledger.example/bw/k7q2` |
| wire name  | `[a-z0-9]+(-[a-z0-9]+)*/[1-9][0-9]*`                            | `parcel-split/1`         |
| identifier | 1-64 code points, no controls, no `:`, no white space at the ends | `dealer-7`             |

Names are compared exactly; nothing is normalised here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ledger.errors import Malformed

LONGEST_ORIGIN = 255
LONGEST_IDENTIFIER = 64
_WIRE_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*/[1-9][0-9]*")


@lru_cache(maxsize=1_024)
def check_origin(text: str) -> None:
    """Raises `Malformed` (``name-origin``) unless ``text`` can be a ledger's origin."""
    length = len(text.encode("utf-8", "surrogatepass"))
    if not 1 <= length <= LONGEST_ORIGIN or "+" in text or "://" in text or _has_space_or_control(text):
        raise Malformed("name-origin", text=text[:80], length=length)


@lru_cache(maxsize=1_024)
def check_wire_name(text: str) -> None:
    """Raises `Malformed` (``name-type``) unless ``text`` can be a permanent type name with its version."""
    if not _WIRE_NAME.fullmatch(text):
        raise Malformed("name-type", text=text[:80])


@lru_cache(maxsize=16_384)
def check_identifier(text: str) -> None:
    """Raises `Malformed` (``name-identifier``) unless ``text`` can be an identifier chosen by people."""
    if not 1 <= len(text) <= LONGEST_IDENTIFIER or text != text.strip() or ":" in text or _has_control(text):
        raise Malformed("name-identifier", text=text[:80], length=len(text))


def told(text: str) -> str:
    """A name beside another one that it is not: letters beyond ASCII, which may look alike, are spelled out.

    >>> told("ledger.example/bw"), told("l\u0435dger.example/bw")
    ('ledger.example/bw', 'l\\\\u0435dger.example/bw')
    """
    return text if text.isascii() else ascii(text)[1:-1]


def _has_control(text: str) -> bool:
    return any(unicodedata.category(character) == "Cc" for character in text)


def _has_space_or_control(text: str) -> bool:
    return _has_control(text) or any(character.isspace() for character in text)
