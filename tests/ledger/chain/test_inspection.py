"""Looking at a page: the quick way says yes only where the slow way does, whatever bytes it is given."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from ledger import encoding, keys
from ledger.chain import inspection
from ledger.chain.disclosure import digest
from ledger.chain.entry import Entry, entry_hash, frame
from ledger.chain.inspection import Before, Look, Page, inspect
from ledger.chain.merkle import Frontier, node
from ledger.chain.statement import Statement
from ledger.errors import Malformed

ORIGIN = "ledger.example/bw/k7q2"
KEY = keys.SigningKey.from_seed(b"a" * 32)
TIME = 1_700_000_000_000_000
LOOK = Look(ORIGIN, signatures=False)


def statements() -> Iterator[Statement]:
    """Statements of many forms: usual ones, and such as have each of the rarer keys."""
    bodies = [
        {},
        {"parcel": "P1", "weight": 12_345},
        {"lines": [{"parcel": f"P{n}", "weight": n} for n in range(40)], "site": "Karowe"},
        {"_sd": sorted(digest(text) for text in "ab"), "parcels": ["P1", "Łódź"], "value": None, "yes": True},
        {"deep": [[[{"a": [{"b": [b"\x00" * 300]}]}]]]},
    ]
    dates = [None, "2015", "2015-11-16", "2016-02-29", "2015-11-16T14:05:00+02:00", "1989/1990", "../1973"]
    for number, body in enumerate(bodies):
        for date in dates:
            plain = Statement(ORIGIN, number.to_bytes(16, "big"), "parcel-sold/1", KEY.public, body, date)
            yield plain
    yield Statement(
        ORIGIN, bytes(16), "a/1", KEY.public, {"id": b"\xc4\x10" + bytes(16)}, on_behalf="digger-1"
    )
    yield Statement(ORIGIN, bytes(16), "a/1", KEY.public, {}, seen=(0, bytes(32)))
    source = {"title": "A report", "url": "https://example.org", "seen": "2015"}
    yield Statement(ORIGIN, bytes(16), "a/1", KEY.public, {}, evidence=(source,))
    yield Statement("ledger.example/na/x", bytes(16), "a/1", KEY.public, {})
    yield Statement(ORIGIN, b"\xa6ledger" + bytes(9), "a/1", KEY.public, {"\xa6ledger": "\xa2id"})


def altered(data: bytes, dice: random.Random) -> bytes:
    """The bytes with one to three small changes: flipped, removed, put in, doubled."""
    work = bytearray(data)
    for _ in range(dice.randint(1, 3)):
        place = dice.randrange(len(work))
        match dice.randrange(5):
            case 0:
                work[place] ^= 1 << dice.randrange(8)
            case 1:
                del work[place]
            case 2:
                work.insert(place, dice.randrange(256))
            case 3:
                work[place] = dice.choice(b"\x80\x86\x87\x88\x90\xa0\xa1\xc0\xc2\xc4\xca\xcc\xcf\xd4\xd9\xff")
            case _:
                end = place + dice.randrange(12)
                work[place:place] = work[place:end]
    return bytes(work)


def decoded(data: bytes) -> Statement | None:
    """What the slow way says."""
    try:
        return Statement.decode(data)
    except Malformed:
        return None


def test_the_quick_way_knows_the_usual_statements() -> None:
    """Usual statements are told without the slow way, and rightly; the rarer ones are left to it."""
    every = list(statements())
    told = inspection._plain_statements(ORIGIN, [one.encode() for one in every])
    for one, plain in zip(every, told, strict=True):
        assert plain is None or plain == (one.author, one.body, one.id, one.type)
    usual = [one.occurred in (None, "2015-11-16", "2015-11-16T14:05:00+02:00") for one in every[:35]]
    assert [plain is not None for plain in told] == [*usual, False, False, False, False, True]


@pytest.mark.parametrize("seed", range(4))
def test_the_quick_way_never_accepts_what_the_slow_way_refuses(seed: int) -> None:
    """Thousands of altered statements: what is told quickly is what decoding strictly gives."""
    dice, accepted = random.Random(seed), 0
    originals = [one.encode() for one in statements()]
    for _ in range(4_000):
        data = altered(dice.choice(originals), dice)
        (plain,) = inspection._plain_statements(ORIGIN, [data])
        if plain is not None:
            one = decoded(data)
            assert one is not None
            assert plain == (one.author, one.body, one.id, one.type)
            assert one.ledger == ORIGIN
            accepted += 1
    assert accepted > 20


def page(count: int, first: int, recorded: int = TIME) -> Page:
    """Entries from ``first`` on, well linked, each with a short or a long statement."""
    before = Before(first - 1, bytes(32), recorded)
    previous, entries = bytes(32), []
    for index in range(first, first + count):
        body = {"note": "n" * (index % 3 * 150)}
        data = Statement(ORIGIN, index.to_bytes(16, "big"), "noted/1", KEY.public, body).encode()
        entries.append(frame(index, previous, recorded + index - first, data, KEY.sign(data)))
        previous = entry_hash(entries[-1])
    return Page(before, range(first, first + count), entries, LOOK)


@pytest.mark.parametrize("first", [256, 65_536])
def test_plain_entries_are_told_without_decoding(first: int) -> None:
    """Index, link and time are compared in whole columns; what comes out is what decoding gives."""
    whole = page(40, first)
    hashes = [entry_hash(data) for data in whole.entries]
    framed = inspection._plain_frames(whole, hashes)
    decoded = [Entry.decode(data) for data in whole.entries]
    assert framed == [(one.index, one.statement, one.signature) for one in decoded]


@pytest.mark.parametrize("first", [1, 127, 255, 65_500, 2**32 - 3, 2**53 - 50])
def test_other_indexes_are_decoded(first: int) -> None:
    """Pages whose indexes have other lengths go the slow way, and are as good."""
    whole = page(40, first)
    assert inspection._plain_frames(whole, [entry_hash(data) for data in whole.entries]) is None
    assert inspect(whole).faults == []


@pytest.mark.parametrize("seed", range(3))
def test_an_altered_page_is_told_alike_both_ways(seed: int) -> None:
    """Whatever is changed in a page, the quick way sees it or decoding finds it harmless."""
    dice = random.Random(seed)
    original = page(8, 300)
    for _ in range(1_500):
        entries = list(original.entries)
        place = dice.randrange(len(entries))
        entries[place] = altered(entries[place], dice)
        changed = Page(original.before, original.indexes, entries, LOOK)
        hashes = [entry_hash(data) for data in entries]
        if inspection._plain_frames(changed, hashes) is not None:
            found = inspection.Inspected(0, 0, Before(), 0)
            assert list(inspection._frames(changed, hashes, found))
            assert found.faults == []
        else:
            assert inspect(changed).faults


def test_times_outside_the_usual_are_decoded() -> None:
    """A time shorter than eight bytes is canonical too, and is not taken for a fault."""
    assert inspect(page(5, 300, recorded=1_000)).faults == []
    late = page(5, 300, recorded=2**63 - 2)
    codes = {"verify-entry-bytes", "verify-recorded-range"}
    assert {fault.code for fault in inspect(late).faults} == codes


@pytest.mark.parametrize("first", [0, 1, 2, 3, 5, 6, 7, 8, 100])
def test_subtrees_cover_a_page_anywhere_in_the_tree(first: int) -> None:
    """Put behind what is there, they give the tree that leaf by leaf would have grown."""
    leaves = [entry_hash(bytes([number])) for number in range(first + 41)]
    grown, start = Frontier(), Frontier()
    for place, leaf in enumerate(leaves):
        grown.append(leaf)
        if place < first:
            start.append(leaf)
    edge = start.encode()[8:]
    levels = [level for level in range(8, -1, -1) if first >> level & 1]
    peaks = [(level, edge[n * 32 : n * 32 + 32]) for n, level in enumerate(levels)]
    for level, hashed in inspection.subtrees(first, leaves[first:]):
        while peaks and peaks[-1][0] == level:
            hashed, level = node(peaks.pop()[1], hashed), level + 1
        peaks.append((level, hashed))
    assert b"".join(hashed for _, hashed in peaks) == grown.encode()[8:]


def test_a_sealed_body_is_looked_into() -> None:
    """Digests that do not ascend are malformed, in a statement that is usual otherwise."""
    body = {"_sd": sorted((digest(text) for text in "ab"), reverse=True)}
    fields = {"author": KEY.public, "body": body, "id": bytes(16), "ledger": ORIGIN, "type": "a/1", "v": 1}
    data = encoding.encode(fields)
    assert inspection._plain_statements(ORIGIN, [data]) == [None]
    entry = frame(0, bytes(32), TIME, data, bytes(64))
    found = inspect(Page(Before(), [0], [entry], LOOK))
    assert [(fault.step, fault.code) for fault in found.faults] == [(1, "verify-statement-bytes")]
