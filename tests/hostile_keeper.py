"""What a keeper who signs anything could hand out: acts that nobody should take, properly signed and proven.

Statements whose fields are drawn from what lies at the edge of each form, bytes changed at random,
disclosures in other spellings under digests that fit, entries with other parts: all under the keys of
`tests.artefacts`, so that nothing is left to refuse them but the forms themselves.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import msgpack  # type: ignore[import-untyped]

from ledger import encoding
from ledger.chain import disclosure, merkle
from ledger.chain.entry import Entry
from tests.artefacts import ORIGIN, START, opened, signing_key
from tests.fuzzing import mutants

TEXTS = [
    disclosure.disclosure(bytes(16), "price", 100),
    disclosure.disclosure(bytes(16), "name", "x"),
    disclosure.disclosure(b"\1" * 16, "lines", [1, {"a": -5, "b": None}]),
]
DIGESTS = sorted(map(disclosure.digest, TEXTS))
HASH = bytes(32)
DOCUMENT = {"media": "a/b", "name": "n", "size": 3, "sha256": HASH}
SOURCE = {"title": "t", "url": "https://x", "seen": "2024-01-01"}
SEALED = {"media": "a/b", "size": 3, "sha256": HASH, "_sd": [disclosure.digest(TEXTS[1])]}
VALUES: dict[str, list[Any]] = {
    "occurred": [
        "2015", "2015-13", "1989/1990", "1990/1989", "../1973", "1973/..", "2015-02-29", "2016-02-29", "0000",
        "2015-11-16T14:05:00-00:00", "2015-11-16T14:05:00+14:00", "2015-11-16T14:05:00+14:30", "9999/..",
        "2015-11/2015-11-16", "2015-11-16T23:59:60+00:00", "2024-01-15T08:00:00+09:99",
        "2024-01-15T08:00:00Z", "\uff12\uff10\uff11\uff15", "", "2015\n", None, 2015,
    ],
    "for": ["x", "", "a:b", " x", "x\u00a0", "x" * 64, "x" * 65, "\u200b", "x\ny", "e\u0301", "\x85x", 1],
    "seen": [
        [0, HASH], [0, merkle.EMPTY], [8, HASH], [9, HASH], [1, bytes(31)], [True, HASH], [2**53, HASH], [3],
        [-1, HASH], [2**63, HASH], "x",
    ],
    "evidence": [
        [DOCUMENT], [SOURCE, DOCUMENT], [SEALED], [], DOCUMENT, [1], [{**DOCUMENT, "more": 1}],
        [{**DOCUMENT, "size": -1}], [{**DOCUMENT, "sha256": b"x"}], [{**SOURCE, "seen": "2024-01-01/2025"}],
        [{**SOURCE, "url": b"x"}], [{**SEALED, "_sd": DIGESTS[:2]}], [{**SEALED, "name": "n"}],
        [{"_sd": DIGESTS}], [{**SOURCE, "_sd": []}],
    ],
    "type": ["a/1", "a/0", "a/01", "A/1", "a--b/1", "-a/1", "a/1\n", "\u00e9/1", "a/99999999999999999999"],
    "id": [b"", bytes(15), bytes(17), "x" * 16],
    "v": [True, 2, 0, "1"],
    "ledger": [ORIGIN + "x", "", ORIGIN.upper(), ORIGIN.replace("e", "\u0435")],
    "author": [b"", b"\x02" + HASH, b"\x01" + HASH, signing_key("miner-1").public[:-1]],
    "body": [
        {"by": "m", "_sd": DIGESTS}, {"_sd": DIGESTS[::-1]}, {"_sd": DIGESTS[:1] * 2}, {"_sd": []},
        {"_sd": "x"}, {"_sd": [DIGESTS[0] + "="]}, {"n": [{"_sd": DIGESTS[:1]}, {"_sd": DIGESTS[:1]}]}, [],
        {"n": {"_sd": DIGESTS, "price": 1}}, {"n": [{"_sd": DIGESTS[:1]}, {"_sd": DIGESTS[1:]}]},
        {"_sd": [1]}, {"...": 1},
    ],
}  # fmt: skip
SPELLINGS = [
    b" ", b"\\u0041", b"1e3", b".0", b"-0", b"00", b"9223372036854775808", b"18446744073709551616", b"-1",
    b'"', b"\\/", b"\\n", b"\\u000a", b"\t", b"{}", b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{"_sd":[]}',
    b'{"...":1}', b"null", b"[", b"\xff", b"\xed\xa0\xbd", b"\\ud83d", b"\\ud83d\\ude00",
    "\U0001f600".encode(), b"\x7f", b"\\u007f", b"\xe2\x80\xa8", b"true", b"[" * 40, b"[[[1]]]",
]  # fmt: skip
ARRAYS = [
    b'["AAAAAAAAAAAAAAAAAAAAAA","price",100]',
    b'["AAAAAAAAAAAAAAAAAAAAAA","price",{"a":1,"b":[true,null]}]',
    b'["AAAAAAAAAAAAAAAAAAAAAA","price","x"]',
]


def _said(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "author": signing_key("miner-1").public,
        "body": {"by": "miner-1", "weight": 5},
        "id": bytes(16),
        "ledger": ORIGIN,
        "type": "example-weighed/1",
        "v": 1,
    }
    return _packed(fields | changes)


def _packed(value: Any) -> bytes:
    """In the one spelling, whatever it holds."""
    return bytes(msgpack.packb(_ascending(value), use_bin_type=True))


def _ascending(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _ascending(value[name]) for name in sorted(value)}
    return [_ascending(item) for item in value] if isinstance(value, list) else value


def _changed(chance: random.Random) -> tuple[bytes, tuple[str, ...]]:
    """A statement with values from the edges of their forms."""
    names = chance.choices([*VALUES], k=chance.choice((1, 1, 1, 2)))
    said = _said(**{name: chance.choice(VALUES[name]) for name in names})
    return said, tuple(chance.sample(TEXTS, chance.randrange(3)))


def _spelled(chance: random.Random) -> tuple[bytes, tuple[str, ...]]:
    """A disclosure in another spelling, and the digest that fits."""
    array = bytearray(chance.choice(ARRAYS))
    start = chance.randrange(len(array))
    array[start : start + chance.randrange(3)] = chance.choice(SPELLINGS)
    text = encoding.to_base64url(bytes(array)) + chance.choice(("", "", "", "=", "A"))
    digest = encoding.to_base64url(sha256(text.encode("ascii")).digest())
    return _said(body={"by": "miner-1", "_sd": [digest]}), (text,)


def _entry(said: bytes, signature: bytes, chance: random.Random) -> bytes:
    """An entry with another part, or other bytes."""
    whole = Entry(8, opened().leaves[-1], START, said, signature).encode()
    parts = encoding.decode(whole)
    place = chance.randrange(6)
    parts[place] = chance.choice([parts[place], True, -1, 2**53, 2**53 - 1, b"", HASH, None, "x"])
    return _packed(parts) if chance.random() < 0.7 else _mutant(whole, chance)


def _mutant(data: bytes, chance: random.Random) -> bytes:
    return next(mutants([data], chance, 1))


def bundles(chance: random.Random, count: int) -> Iterator[bytes]:
    """So many bundles, each under a checkpoint that the ledger's key signed."""
    good = [_said(), _said(body={"by": "miner-1", "_sd": DIGESTS}), _said(evidence=[SEALED])]
    while count:
        texts: tuple[str, ...] = ()
        match chance.randrange(5):
            case 0 | 1:
                said, texts = _changed(chance)
            case 2:
                said, texts = _spelled(chance)
            case 3:
                said = _mutant(chance.choice(good), chance)
            case _:
                said, texts = good[1], tuple(chance.sample(TEXTS, chance.randrange(4)))
        book = opened()
        signature = signing_key("miner-1").sign(b"adamas.statement/1\n" + said)
        if len(said) > 60_000:
            continue
        if chance.random() < 0.25:
            book.add(_entry(said, signature, chance))
        else:
            book.append(said, signature)
        yield replace(book.bundle(8), disclosures=texts).encode()
        count -= 1
