"""Steps 1 to 7: what bytes alone show, each fault with its step and index."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger import keys
from ledger.chain import merkle, steps
from ledger.chain.entry import ZERO_HASH, Entry, entry_hash, frame
from ledger.chain.statement import Statement, sign
from ledger.chain.steps import Anchor, StepFault
from ledger.chain.verification import Verification
from ledger.errors import Malformed

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "adamas_format1.json").read_text("utf-8"))
ORIGIN = "ledger.example/bw/k7q2"
KEY = keys.SigningKey.from_seed(b"a" * 32)
START = 1_700_000_000_000_000
Chain = list[bytes]


def statement(number: int, **changes: Any) -> Statement:
    """A statement whose id is its number; number 0 opens the ledger."""
    body = {"origin": ORIGIN} if number == 0 else {"parcel": f"P{number}", "weight": 1000}
    wire = "ledger-opened/1" if number == 0 else "parcel-weighed/1"
    plain = Statement(ORIGIN, number.to_bytes(16, "big"), wire, KEY.public, body, "2023-11-14")
    return replace(plain, **changes)


def chain(statements: Iterable[Statement], step: int = 1) -> Chain:
    """The entries of statements, signed, numbered, timed and linked."""
    previous, entries = ZERO_HASH, []
    for index, one in enumerate(statements):
        signed = sign(one, KEY)
        entries.append(frame(index, previous, START + index * step, signed.statement, signed.signature))
        previous = entry_hash(entries[-1])
    return entries


def reader(entries: Iterable[tuple[int, bytes]]) -> Callable[[int, int | None], Iterator[tuple[int, bytes]]]:
    """Reads (index, bytes) as a journal does."""
    kept = list(entries)
    return lambda start, stop: iter([e for e in kept if start <= e[0] and (stop is None or e[0] < stop)])


def verified(entries: Iterable[bytes] | dict[int, bytes], **options: Any) -> Verification:
    """A finished verification of entries by their places."""
    places = entries.items() if isinstance(entries, dict) else enumerate(entries)
    check = Verification(reader(places), **options)
    assert list(check.run()) == sorted(range(512, check.size, 512)) + [check.size] * (check.size > 0)
    return check


def found(check: Verification) -> list[tuple[int, int | None, str]]:
    """Step, index and code of each fault."""
    return [(fault.step, fault.index, fault.code) for fault in check.faults]


@pytest.fixture(scope="module")
def honest() -> Chain:
    """A ledger long enough for every length of an index, and for pages."""
    return chain(statement(number) for number in range(700))


def test_an_honest_ledger_has_no_fault(honest: Chain) -> None:
    """Nothing is found, each step counts what it looked at, and the head is the last entry's hash."""
    check = verified(honest)
    assert check.faults == []
    assert check.checked == {1: 700, 2: 700, 3: 700, 4: 700, 5: 700, 6: 0, 7: 700}
    assert check.last == Anchor(699, entry_hash(honest[-1]))
    assert (check.size, check.origin) == (700, ORIGIN)


def test_the_frontier_is_the_trees(honest: Chain) -> None:
    """The subtrees of all pages, put together, are those of a tree that grew leaf by leaf."""
    for size in (1, 2, 3, 511, 512, 513, 700):
        grown = merkle.Frontier()
        for data in honest[:size]:
            grown.append(entry_hash(data))
        assert verified(honest[:size]).frontier() == grown.encode()[8:]


def test_the_vectors_verify() -> None:
    """What another implementation wrote is in order, but for an opening, which its examples do not have."""
    entries = [bytes.fromhex(vector["entry"]) for vector in VECTORS["entries"]]
    check = verified(entries)
    assert found(check) == [(5, 0, "verify-opening")]
    assert check.checked[steps.SIGNATURES] == len(entries)
    assert (
        merkle.Frontier(9, [check.frontier()[:32], check.frontier()[32:]]).root().hex() == VECTORS["roots"][9]
    )


def test_every_bit_of_every_part_counts(honest: Chain) -> None:
    """Whichever byte of an entry is changed, that entry or the next is named; with a head, the last one
    too."""
    entries = honest[:6]
    for place in range(len(entries[3])):
        altered = bytearray(entries[3])
        altered[place] ^= 1
        check = verified([*entries[:3], bytes(altered), *entries[4:]])
        assert {fault.index for fault in check.faults} & {3, 4}
        head = Anchor(3, entry_hash(entries[3]))
        last = verified([*entries[:3], bytes(altered)], anchor=head)
        assert (steps.LINKS, 3, "verify-head-hash") in found(last)


def test_bytes_that_are_not_canonical(honest: Chain) -> None:
    """Step 1: a longer spelling of the same entry, of its statement, and what is no MessagePack at all."""
    entry = Entry.decode(honest[2])
    longer = b"\xdc\x00\x06" + honest[2][1:]
    loose = frame(2, entry.previous, entry.recorded, b"\xde\x00\x07" + entry.statement[1:], entry.signature)
    for data, code in (
        (longer, "verify-entry-bytes"),
        (b"", "verify-entry-bytes"),
        (loose, "verify-statement-bytes"),
    ):
        check = verified([*honest[:2], data])
        assert found(check) == [(1, 2, code)]
        assert len(str(check.faults[0])) > len(code)


def test_missing_entries_are_named_from_first_to_last(honest: Chain) -> None:
    """Step 2: a gap is one fault, however long; what stands behind it is looked at all the same."""
    places = dict(enumerate(honest))
    for index in range(300, 400):
        del places[index]
    check = verified(places)
    assert check.faults == [StepFault(2, 300, "verify-gap", {"first": 300, "last": 399})]
    assert str(check.faults[0]) == "the entries from 300 to 399 are missing"
    del places[0]
    assert found(verified(places)) == [(2, 0, "verify-gap"), (2, 300, "verify-gap")]


def test_an_entry_in_anothers_place(honest: Chain) -> None:
    """Steps 2 to 4: two entries swapped are named by number, link and time."""
    swapped = [*honest[:3], honest[4], honest[3], *honest[5:8]]
    assert found(verified(swapped)) == [
        (2, 3, "verify-index-stated"), (2, 4, "verify-index-stated"),
        (3, 3, "verify-link"), (3, 4, "verify-link"), (3, 5, "verify-link"),
        (4, 4, "verify-recorded"),
    ]  # fmt: skip


def test_an_entry_that_stands_twice(honest: Chain) -> None:
    """Step 2: a place that occurs twice; step 5: its id, too."""
    twice = [(0, honest[0]), (1, honest[1]), (1, honest[1]), (2, honest[2])]
    check = Verification(reader(twice))
    assert list(check.run()) == [4]
    assert found(check) == [(2, 1, "verify-index-twice")]


def test_time_that_runs_backwards() -> None:
    """Step 4: an earlier time than the entry before it; the same time is allowed."""
    assert verified(chain([statement(n) for n in range(4)], step=0)).faults == []
    check = verified(chain([statement(n) for n in range(4)], step=-1))
    assert found(check) == [(4, 1, "verify-recorded"), (4, 2, "verify-recorded"), (4, 3, "verify-recorded")]
    assert "2023-11-14T22:13:19+00:00" in str(check.faults[0])


def test_a_statement_of_another_ledger() -> None:
    """Step 5: an entry made for another origin is named, however well it is linked."""
    foreign = statement(2, ledger="ledger.example/na/z9")
    check = verified(chain([statement(0), statement(1), foreign, statement(3)]))
    assert check.faults == [
        StepFault(5, 2, "verify-origin", {"stated": "ledger.example/na/z9", "origin": ORIGIN})
    ]


def test_a_ledger_must_be_opened() -> None:
    """Step 5: entry 0 is ledger-opened/1 and names its own origin; without entries there is no ledger."""
    assert found(verified(chain([statement(1)]))) == [(5, 0, "verify-opening")]
    assert found(verified(chain([statement(0, body={"origin": "elsewhere"})]))) == [(5, 0, "verify-opening")]
    assert found(verified([])) == [(5, None, "verify-empty")]


def test_an_id_that_occurs_twice() -> None:
    """Step 5: the later of two statements with one id; ids that only end alike are no fault."""
    last = b"\x00" * 15 + b"\x07"
    alike = statement(3, id=b"\xff" * 8 + last[8:])
    check = verified(chain([statement(0), statement(7), statement(2, id=last), alike]))
    assert check.faults == [StepFault(5, 2, "verify-id-twice", {"before": 1})]


def roots(entries: Chain) -> list[bytes]:
    """The root of each size."""
    return [merkle.root([entry_hash(data) for data in entries[:size]]) for size in range(len(entries) + 1)]


def test_seen_must_hold(honest: Chain) -> None:
    """Step 6: a root that was this ledger's, at each size up to the entry's own index, and no other."""
    start, known = [statement(n) for n in range(600)], roots(honest[:601])
    for size in (0, 1, 2, 300, 511, 512, 513, 600):
        right = chain([*start, statement(600, seen=(size, known[size]))])
        assert verified(right, signatures=False).faults == []
        wrong = verified(chain([*start, statement(600, seen=(size, known[size - 1]))]), signatures=False)
        assert found(wrong) == [(6, 600, "verify-seen-root")]
    later = verified(chain([*start, statement(600, seen=(601, known[600]))]), signatures=False)
    assert later.faults == [StepFault(6, 600, "verify-seen-size", {"size": 601})]


def test_hashes_of_earlier_entries_must_hold(honest: Chain) -> None:
    """Step 6: what an attestation or correction says that an entry's hash is; other ledgers' are not looked
    at."""

    def about(**body: Any) -> list[tuple[int, int | None, str]]:
        acts = [statement(0), statement(1), statement(2, type="attested/1", body=body)]
        return found(verified(chain(acts)))

    right = entry_hash(honest[1])
    assert about(index=1, hash=right) == about(index=1, hash=right, origin=ORIGIN) == []
    assert about(index=1, hash=bytes(32)) == [(6, 2, "verify-stated-hash")]
    assert about(index=2, hash=bytes(32)) == [(6, 2, "verify-stated-entry")]
    assert about(index=1, hash=bytes(32), origin="ledger.example/na/z9") == []


def test_signatures_are_checked(honest: Chain) -> None:
    """Step 7: another's signature, one over other bytes, and one of another length; without the step,
    nothing."""
    entry = Entry.decode(honest[2])
    other = keys.SigningKey.from_seed(b"b" * 32).sign(b"adamas.statement/1\n" + entry.statement)
    for signature in (other, Entry.decode(honest[1]).signature, b""):
        forged = frame(2, entry.previous, entry.recorded, entry.statement, signature)
        check = verified([*honest[:2], forged])
        assert check.faults == [StepFault(7, 2, "verify-signature", {"key": keys.fingerprint(KEY.public)})]
        without = verified([*honest[:2], forged], signatures=False)
        assert without.faults == []
        assert steps.SIGNATURES not in without.checked


def test_the_chain_alone(honest: Chain) -> None:
    """Following the chain finds what is not linked, and does not claim to have looked into statements."""
    check = verified(honest, statements=False)
    assert (check.faults, check.checked) == ([], {2: 700, 3: 700, 4: 700})
    for place in (5, 699):
        altered = [*honest[:place], honest[place][:-1] + b"\x00", *honest[place + 1 :]]
        anchor = Anchor(699, entry_hash(honest[-1]))
        assert verified(altered, statements=False, anchor=anchor).faults[0].step == steps.LINKS


def test_a_head_held_outside(honest: Chain) -> None:
    """With an anchor a cut tail and a tail linked anew are found; without one they are not."""
    anchor = Anchor(9, entry_hash(honest[9]))
    assert verified(honest[:10], anchor=anchor).faults == verified(honest, anchor=anchor).faults == []
    assert verified(honest[:9]).faults == []
    assert found(verified(honest[:9], anchor=anchor)) == [(3, 9, "verify-head-short")]
    anew = chain(statement(number + (number > 4)) for number in range(12))
    assert verified(anew).faults == []
    assert found(verified(anew, anchor=anchor)) == [(3, 9, "verify-head-hash")]
    assert found(verified([], anchor=anchor)) == [(3, 9, "verify-head-short"), (5, None, "verify-empty")]


def test_pages_on_several_cores_find_the_same() -> None:
    """Processes answer as one core does, fault by fault, across the borders of pages."""
    entries = chain(statement(number) for number in range(4_400))
    for place, change in ((0, 40), (2_047, -1), (2_048, 200), (4_399, 30)):
        altered = bytearray(entries[place])
        altered[change] ^= 4
        entries[place] = bytes(altered)
    anchor = Anchor(4_000, entry_hash(entries[4_000]))
    alone, together = (
        Verification(reader(enumerate(entries)), expected=4_400, cores=number, anchor=anchor)
        for number in (1, 2)
    )
    assert list(together.run()) == [2_048, 4_096, 4_400]
    assert list(alone.run())[-1] == 4_400
    assert together.faults == alone.faults
    assert {1, 2_047, 2_048, 4_399} <= {fault.index for fault in alone.faults}
    assert (together.checked, together.last) == (alone.checked, alone.last)


@pytest.mark.parametrize(
    "text", ["", "12", "12:", ":ab", "12:" + "AB" * 32, "012:" + "ab" * 32, "1:" + "ab" * 31]
)
def test_a_head_has_one_spelling(text: str) -> None:
    """INDEX:HASH as a receipt prints it, and nothing else."""
    with pytest.raises(Malformed) as refused:
        Anchor.parse(text)
    assert refused.value.code == "verify-anchor-form"


def test_a_head_is_read_as_it_is_printed() -> None:
    """What is printed can be given back."""
    anchor = Anchor(12, bytes(range(32)))
    assert Anchor.parse(str(anchor)) == anchor


def test_the_steps_are_numbered_from_one() -> None:
    """Each has a name and says what it shows."""
    assert [step.number for step in steps.STEPS] == list(range(1, 12))
    assert all(step.name and step.shows for step in steps.STEPS)
    assert len({step.name for step in steps.STEPS}) == 11


def test_the_chain_alone_has_the_same_tree() -> None:
    """Statements are not looked at, and what is wrong with the chain is found all the same."""
    entries = chain(statement(number) for number in range(4_400))
    whole = Verification(reader(enumerate(entries)), signatures=False, cores=1)
    alone = Verification(reader(enumerate(entries)), statements=False, signatures=False, cores=1)
    for check in (whole, alone):
        list(check.run())
    assert alone.faults == []
    assert alone.frontier() == whole.frontier()
    entries[2_048] = entries[2_048][:-1] + bytes([entries[2_048][-1] ^ 1])
    broken = Verification(reader(enumerate(entries)), statements=False, signatures=False, cores=1)
    list(broken.run())
    assert [(fault.step, fault.index) for fault in broken.faults] == [(3, 2_049)]
    assert broken.frontier() != whole.frontier()
