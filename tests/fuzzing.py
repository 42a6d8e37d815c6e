"""Files that were good once: bytes changed, left out, doubled, and spliced with those of other files.

    for data in mutants(goods, random.Random(1), 300): ...
    refused = fed("bundles", goods, decode)             the decoder, fed with them

The same seed gives the same files. Numbers that break readers (0, 2^31, 2^63, -1), long runs and the signs of
each format's own grammar are put in more often than chance would.

A fixed budget; ``ADAMAS_FUZZ=100000`` before pytest takes so many files for each decoder, with other seeds
each time. A file that raises anything but our own words is printed in hex, to become a test.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from ledger.errors import AdamasError

COUNT = int(os.environ.get("ADAMAS_FUZZ", "400"))
SEED = time.time_ns() if "ADAMAS_FUZZ" in os.environ else 1

_WORDS = (
    b"", b"\x00", b"\n", b"\r\n", b"\xff", b"\x80", b" ", b"-1", b"0", b"00", b"9" * 30,
    b"18446744073709551616", b"9223372036854775808", b"2147483648", b"\xcf" + b"\xff" * 8,
    b"\xdf\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\x81", b"\x91" * 400,
    b"\xa0", b"\xc1", b"\xd9\x01\xff", b"\xe2\x80\x94", b"=" * 5, b"\xf0\x9f\x92\x8e", b"\xed\xa0\x80", b"A"
    * 70_000, b"\xe2\x80\x94 x y\n", b'"', b"{", b"[" * 2_000, b";", b"1e999", b"NaN", b"\\u0000", b"null",
    b"true",
)  # fmt: skip


def mutants(good: Sequence[bytes], chance: random.Random, count: int) -> Iterator[bytes]:
    """So many files, each made of one of the good ones (or of bytes at random) by a few changes."""
    for _ in range(count):
        data = bytearray(
            chance.choice(good) if chance.random() < 0.95 else chance.randbytes(chance.randrange(200))
        )
        for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
            _change(data, good, chance)
        yield bytes(data)


def fed(
    name: str,
    good: Sequence[bytes],
    decoder: Callable[[bytes], object],
    *,
    count: int = COUNT,
    may: type[AdamasError] | tuple[()] = AdamasError,
) -> int:
    """How many of the changed files the decoder refused, with what it ``may`` raise; anything else fails."""
    refused = 0
    for data in mutants(good, random.Random(f"{name} {SEED}"), count):
        try:
            decoder(data)
        except may as told:
            refused += 1
            said(told)
        except Exception as problem:  # noqa: BLE001  told with the file
            pytest.fail(f"{name}: {type(problem).__name__}: {problem}: {data.hex()}")
    return refused


def said(told: Exception) -> None:
    """What is told can be read: every code has its text, and every text its values."""
    assert str(told)


def _change(data: bytearray, good: Sequence[bytes], chance: random.Random) -> None:
    start = chance.randrange(len(data) + 1)
    stop = min(len(data), start + chance.choice((1, 1, 2, 8, 64, 1_000)))
    match chance.randrange(7):
        case 0 if data:
            data[start % len(data)] ^= 1 << chance.randrange(8)
        case 1:
            data[start:stop] = chance.choice(_WORDS)
        case 2:
            data[start:start] = chance.choice(_WORDS)
        case 3:
            del data[start:stop]
        case 4:
            data[start:start] = data[start:stop] * chance.choice((1, 2, 50))
        case 5:
            other = chance.choice(good)
            place = chance.randrange(len(other) + 1)
            data[start:stop] = other[place : place + 64]
        case _:
            lines = bytes(data).splitlines(keepends=True)
            chance.shuffle(lines)
            data[:] = b"".join(lines)
