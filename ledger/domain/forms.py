"""What a value of each kind may be, and how it is read from what a person typed.

Every reader raises ``ValueError`` for anything else. Nothing here is a float: percents are hundredths.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ledger.domain import vocabulary
from ledger.edtf import parse as parse_date
from ledger.errors import Malformed

_CONTROLS = frozenset(map(chr, [*range(32), *range(0x7F, 0xA0)])) - {"\n", "\t"}


def identifier(text: str) -> str:
    """An identifier chosen by people."""
    return _held(text, vocabulary.is_identifier)


def _held(text: str, holds: Callable[[Any], bool]) -> str:
    if not holds(text):
        raise ValueError(text)
    return text


def matching(pattern: str) -> tuple[Callable[[Any], bool], Callable[[str], str]]:
    """``(holds, read)`` of ASCII text that is a pattern as a whole."""
    compiled = re.compile(pattern, re.ASCII)

    def holds(value: Any) -> bool:
        return isinstance(value, str) and compiled.fullmatch(value) is not None

    return holds, lambda text: _held(text, holds)


def whole(low: int, high: int) -> tuple[Callable[[Any], bool], Callable[[str], int]]:
    """``(holds, read)`` of whole numbers from ``low`` to ``high``."""

    def holds(value: Any) -> bool:
        return type(value) is int and low <= value <= high

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,16}", text, re.ASCII) or not holds(int(text)):
            raise ValueError(text)
        return int(text)

    return holds, read


def octets(*lengths: int) -> tuple[Callable[[Any], bool], Callable[[str], bytes]]:
    """``(holds, read)`` of bytes of one of some lengths, typed in hexadecimal."""

    def holds(value: Any) -> bool:
        return isinstance(value, bytes) and len(value) in lengths

    def read(text: str) -> bytes:
        value = bytes.fromhex(text)
        if not holds(value):
            raise ValueError(text)
        return value

    return holds, read


def parse_percent(text: str) -> int:
    """Hundredths of a percent from ``10`` or ``0.50``.

    >>> parse_percent("10"), parse_percent("0.5"), show_percent(50)
    (1000, 50, '0.50')
    """
    found = re.fullmatch(r"([0-9]{1,5})(?:\.([0-9]{1,2}))?", text, re.ASCII)
    if found is None:
        raise ValueError(text)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def show_percent(hundredths: int) -> str:
    """Hundredths of a percent as percent with two decimals."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def is_text(value: Any) -> bool:
    """True for text of 1 to 4,000 characters without controls but line breaks and tabs."""
    if not isinstance(value, str) or not 0 < len(value) <= 4000:
        return False
    return value.isprintable() or not any(c in _CONTROLS for c in value)


def is_note(value: Any) -> bool:
    """True for text that can be a signed note."""
    return isinstance(value, str) and 0 < len(value) <= 40_000 and not any(c in _CONTROLS for c in value)


def note(text: str) -> str:
    """A signed note."""
    return _held(text, is_note)


def plain(text: str) -> str:
    """Plain text."""
    return _held(text, is_text)


def is_date(value: Any) -> bool:
    """True for a date of EDTF as far as this program reads it."""
    if not isinstance(value, str):
        return False
    try:
        parse_date(value)
    except Malformed:
        return False
    return True


def date(text: str) -> str:
    """A date."""
    return _held(text, is_date)


def yes(text: str) -> bool:
    """``yes`` or ``no``."""
    if text not in ("yes", "no"):
        raise ValueError(text)
    return text == "yes"
