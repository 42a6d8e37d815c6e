"""Looking at a page of entries: what can be seen of each by itself and from the one before it.

A page is self-contained, so pages can be inspected on all cores at once (`verification` does, and joins what
they tell). Steps 1 to 5 and 7 of `ledger.chain.steps`; of step 6 only the claims are collected.

Nearly all entries are laid alike, and for those the slow way (`Entry.decode`, `Statement.decode`) is not
needed to know that they are canonical: an entry is compared with the bytes it must begin with, statements are
decoded together and their columns compared. Whatever is not plainly right that way goes the slow way, which
alone names faults.
"""

from __future__ import annotations

import re
import struct
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any

from ledger import encoding, keys
from ledger.chain import disclosure, names, steps
from ledger.chain.entry import LONGEST, ZERO_HASH, Entry, entry_hash
from ledger.chain.statement import Statement, signature_holds
from ledger.chain.steps import StepFault
from ledger.edtf import readable
from ledger.errors import Malformed
from ledger.values import dataclass

UNDATED = "verify-recorded-range"
"""The code of an entry whose time no calendar has, so that nothing more can be said of it."""
STATED = frozenset({"attested/1", "corrected/1"})
"""Types whose body states the hash of an earlier entry."""


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of the entry before a page; ``hash`` None where that entry is missing."""

    index: int = -1
    hash: bytes | None = ZERO_HASH
    recorded: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at in every page. ``origin`` None: not known. ``statements``: look at them too (steps 1,
    5 and 6), with ``signatures`` also at those (step 7). ``sought``: whose hash is asked for."""

    origin: str | None
    statements: bool = True
    signatures: bool = True
    sought: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Consecutive entries as they were read: their places and bytes."""

    before: Before
    indexes: Sequence[int]
    entries: Sequence[bytes]
    look: Look


@dataclass(slots=True)
class Inspected:
    """What a page of ``count`` entries told, the first of them at ``first``; ``end`` is what the next page
    must know.

    ``tails`` are the last 8 bytes of each statement's id; ``roots`` the claims (index, size, root);
    ``stated`` (index, earlier index, hash); ``unbroken`` how many entries come before the first one that is
    missing or stands twice; ``subtrees`` the (level, hash) of the complete subtrees that cover those, from
    left to right; ``sought`` the hash that was asked for, if the page has it.
    """

    first: int
    count: int
    end: Before
    unbroken: int
    faults: list[StepFault] = field(default_factory=list)
    tails: array[int] = field(default_factory=lambda: array("Q"))
    roots: list[tuple[int, int, bytes]] = field(default_factory=list)
    stated: list[tuple[int, int, bytes]] = field(default_factory=list)
    subtrees: list[tuple[int, bytes]] = field(default_factory=list)
    statements: int = 0
    sought: bytes | None = None


def inspect(page: Page) -> Inspected:
    """All that one page shows."""
    found = Inspected(page.indexes[0], len(page.entries), after(page), len(page.entries))
    hashes = [sha256(b"\x00" + data).digest() for data in page.entries]
    framed = _plain_frames(page, hashes)
    if framed is None:
        framed = list(_frames(page, hashes, found))
    found.subtrees = subtrees(page.indexes[0], hashes[: found.unbroken])
    if page.look.statements:
        for start in range(0, len(framed), _TOGETHER):
            _inspect_statements(page.look, framed[start : start + _TOGETHER], found)
    if page.look.sought is not None:
        place = bisect_right(page.indexes, page.look.sought) - 1
        if place >= 0 and page.indexes[place] == page.look.sought:
            found.sought = hashes[place]
    return found


def after(page: Page) -> Before:
    """What the next page must know of this one's end."""
    recorded = page.before.recorded
    for data in reversed(page.entries):
        try:
            recorded = Entry.decode(data).recorded
        except Malformed:
            continue  # named in its own page
        break
    return Before(page.indexes[-1], entry_hash(page.entries[-1]), recorded)


def subtrees(first: int, leaves: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """The complete subtrees of the tree over all entries that cover the leaves from place ``first`` on."""
    left: list[tuple[int, bytes]] = []
    right: list[tuple[int, bytes]] = []
    level, nodes = 0, list(leaves)
    while nodes:
        if first & 1:
            left.append((level, nodes.pop(0)))
            first += 1
        if len(nodes) & 1:
            right.append((level, nodes.pop()))
        pairs = iter(nodes)
        nodes = [sha256(b"\x01" + one + other).digest() for one, other in zip(pairs, pairs, strict=True)]
        level, first = level + 1, first >> 1
    return left + right[::-1]


# --- entries ------------------------------------------------------------------------------------------------

Framed = tuple[int, bytes, bytes]
"""(index, statement, signature)"""
_SIGNED = 66
"""Bytes of a signature with its head."""
_NO_DATE = 253_402_300_800 * 1_000_000
"""The first microsecond of the year 10000: no calendar here goes so far, and no rule can be asked then."""
_LAYOUTS = (
    (1 << 8, 1 << 16, b"\x96\x01\xcd", struct.Struct(">3sH2s32sBQBBB")),
    (1 << 16, 1 << 32, b"\x96\x01\xce", struct.Struct(">3sI2s32sBQBBB")),
)
"""From which index up to which an entry begins how: head and index, head of the hash, the hash, head of the
time, the time, head of the statement, its length in one or two bytes."""


def _plain_frames(page: Page, hashes: Sequence[bytes]) -> list[Framed] | None:
    """The page's entries if all of them plainly are the one spelling of what must stand there: the next
    index, the hash of the entry before, a time that is no earlier, a signature of 64 bytes. None: to be seen
    one by one."""
    first, before = page.indexes[0], page.before
    fitting = [row for row in _LAYOUTS if row[0] <= first and page.indexes[-1] < row[1]]
    if not fitting or before.hash is None:
        return None
    _, _, head, layout = fitting[0]
    if min(map(len, page.entries)) < layout.size + _SIGNED or max(map(len, page.entries)) > LONGEST:
        return None
    heads, indexes, middles, previous, kinds, times, *lengths = zip(
        *map(layout.unpack_from, page.entries), strict=True
    )
    as_they_must = (
        {*heads} == {head}
        and indexes == tuple(page.indexes) == tuple(range(before.index + 1, before.index + 1 + len(indexes)))
        and {*middles} == {b"\xc4\x20"}
        and previous == (before.hash, *hashes[:-1])
        and {*kinds} == {0xCF}
        and sorted(times) == list(times)
        and max(before.recorded, 1 << 32) <= times[0] <= times[-1] < _NO_DATE
    )
    return _taken_apart(page, layout.size, zip(*lengths, strict=True)) if as_they_must else None


def _taken_apart(page: Page, at: int, lengths: Iterable[tuple[int, int, int]]) -> list[Framed] | None:
    framed = []
    for index, data, (marker, one, two) in zip(page.indexes, page.entries, lengths, strict=True):
        # In one byte where it fits, then the statement begins a byte earlier.
        start, length = (at - 1, one) if marker == 0xC4 else (at, one << 8 | two)
        right = marker == 0xC4 or (marker == 0xC5 and length > 0xFF)
        if not right or start + length + _SIGNED != len(data) or data[-_SIGNED:-64] != b"\xc4\x40":
            return None
        framed.append((index, data[start:-_SIGNED], data[-64:]))
    return framed


def _frames(page: Page, hashes: Sequence[bytes], found: Inspected) -> Iterator[Framed]:
    before, previous, earliest = page.before.index, page.before.hash, page.before.recorded
    rows = zip(page.indexes, page.entries, hashes, strict=True)
    for place, (index, data, own) in enumerate(rows):
        if index != before + 1:
            found.faults.append(_misplaced(index, before))
            found.unbroken, previous = min(found.unbroken, place), None
        entry = _decoded(index, data, found)
        if entry is not None:
            found.faults += _unlinked(index, entry, Before(before, previous, earliest))
            earliest = entry.recorded
            yield index, entry.statement, entry.signature
        before, previous = index, own


def _misplaced(index: int, before: int) -> StepFault:
    if index <= before:
        return StepFault(steps.INDEXES, index, "verify-index-twice", {"before": before})
    return StepFault(steps.INDEXES, before + 1, "verify-gap", {"first": before + 1, "last": index - 1})


def _decoded(index: int, data: bytes, found: Inspected) -> Entry | None:
    try:
        return Entry.decode(data)
    except Malformed as trouble:
        found.faults.append(StepFault(steps.BYTES, index, "verify-entry-bytes", {"reason": str(trouble)}))
        return None


def _unlinked(index: int, entry: Entry, before: Before) -> Iterator[StepFault]:
    if entry.index != index:
        yield StepFault(steps.INDEXES, index, "verify-index-stated", {"stated": entry.index})
    if before.hash is not None and entry.previous != before.hash:
        values = {"stated": entry.previous.hex()[:16], "found": before.hash.hex()[:16], "before": index - 1}
        yield StepFault(steps.LINKS, index, "verify-link", values)
    if entry.recorded < before.recorded:
        values = {
            "recorded": readable(entry.recorded),
            "earlier": readable(before.recorded),
            "before": before.index,
        }
        yield StepFault(steps.RECORDED, index, "verify-recorded", values)
    if entry.recorded >= _NO_DATE:
        yield StepFault(steps.RECORDED, index, UNDATED, {"recorded": readable(entry.recorded)})


# --- statements ---------------------------------------------------------------------------------------------

_TOGETHER = 256
Matcher = Callable[[bytes], re.Match[bytes] | None]
_DAY = rb"(?:1\d|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])"
_TIME = rb"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?!-00:00)[+-](?:0\d|1[0-3]):[0-5]\d"


@cache
def _usual(origin: str) -> tuple[Matcher, Matcher]:
    """Statements for ``origin`` without evidence, `for` and `seen`, with a date that is surely right, or
    none.

    Groups: author, body, id, type. What a pattern matches is canonical if the body is, and if author and type
    are well formed: everything between them stands there as it must.
    """
    start = rb"\xa6author\xc4\x21(.{33})\xa4body(.+)\xa2id\xc4\x10(.{16})"
    middle = rb"\xa6ledger" + re.escape(encoding.encode(origin))
    date = rb"\xa8occurred(?:\xaa" + _DAY + rb"|\xb9" + _DAY + _TIME + rb")"
    end = rb"\xa4type([\xa1-\xbf][a-z0-9/-]+)\xa1v\x01"
    dated = rb"\x87" + start + middle + date + end
    undated = rb"\x86" + start + middle + end
    return re.compile(dated, re.DOTALL).fullmatch, re.compile(undated, re.DOTALL).fullmatch


Told = tuple[bytes, Any, bytes, str]
"""(author, body, id, type) of a statement."""


def _inspect_statements(look: Look, framed: Sequence[Framed], found: Inspected) -> None:
    plain = _plain_statements(look.origin, [data for _, data, _ in framed])
    told = [
        (entry, fields)
        for entry, sure in zip(framed, plain, strict=True)
        if (fields := sure or _decoded_statement(entry, look.origin, found)) is not None
    ]
    found.statements += len(told)
    found.tails.frombytes(b"".join([name[8:] for _, (_, _, name, _) in told]))
    if not STATED.isdisjoint({wire for _, (_, _, _, wire) in told}):
        for (index, _, _), (_, body, _, wire) in told:
            _collect(index, wire, body, look.origin, found)
    for (index, data, signature), (author, _, _, _) in told if look.signatures else ():
        if not signature_holds(data, author, signature):
            values = {"key": keys.fingerprint(author)}
            found.faults.append(StepFault(steps.SIGNATURES, index, "verify-signature", values))


def _plain_statements(origin: str | None, many: Sequence[bytes]) -> list[Told | None]:
    """Those that are plainly the one spelling of a statement for ``origin``; None for each to be decoded."""
    if origin is None:
        return [None] * len(many)
    dated, undated = _usual(origin)
    groups = [match.groups() if (match := dated(data) or undated(data)) else None for data in many]
    usual = [group for group in groups if group is not None]
    bodies = encoding.decode_all([body for _, body, _, _ in usual])
    if bodies is None or not all(keys.author_is_formed(author) for author in {one[0] for one in usual}):
        return [None] * len(many)
    wires = {spelled: _wire(spelled) for spelled in {one[3] for one in usual}}
    told = iter(
        (author, body, name, wires[spelled]) if wires[spelled] and _is_plain(body, data) else None
        for body, (author, data, name, spelled) in zip(bodies, usual, strict=True)
    )
    return [None if group is None else next(told) for group in groups]


def _is_plain(body: Any, data: bytes) -> bool:
    if type(body) is not dict:
        return False
    if b"\xa3_sd" in data or b"\xa3..." in data:
        try:
            disclosure.check_digests(body)
        except Malformed:
            return False
    return True


@lru_cache(maxsize=1_024)
def _wire(spelled: bytes) -> str:
    """The type of its short string's bytes; empty where that is not plainly right."""
    try:
        wire = encoding.decode(spelled)
        names.check_wire_name(wire)
    except Malformed:
        return ""
    return str(wire)


def _decoded_statement(entry: Framed, origin: str | None, found: Inspected) -> Told | None:
    index, data, _ = entry
    try:
        statement = Statement.decode(data)
    except Malformed as trouble:
        found.faults.append(StepFault(steps.BYTES, index, "verify-statement-bytes", {"reason": str(trouble)}))
        return None
    if origin is not None and statement.ledger != origin:
        values = {"stated": statement.ledger, "origin": origin}
        found.faults.append(StepFault(steps.ORIGIN, index, "verify-origin", values))
    if statement.seen is not None:
        found.roots.append((index, *statement.seen))
    return statement.author, statement.body, statement.id, statement.type


def _collect(index: int, wire: str, body: Any, origin: str | None, found: Inspected) -> None:
    """What an act about an earlier entry of this ledger says that entry's hash is."""
    about, stated = body.get("index"), body.get("hash")
    own = body.get("origin", origin) == origin
    if wire in STATED and own and type(about) is int and type(stated) is bytes:
        found.stated.append((index, about, stated))
