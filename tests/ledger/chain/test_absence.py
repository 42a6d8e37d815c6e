"""Proofs of a certificate's status or absence, and the conviction of an index that lies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from ledger.chain import absence, merkle, neighbours
from ledger.chain import proof_steps as steps
from ledger.chain.absence import Absence, AbsenceReport, Placed, convict
from ledger.chain.bundle_check import Reader, Report
from ledger.chain.bundle_check import verify as verify_bundle
from ledger.chain.certificate_index import CertificateIndex, Leaf, Sentinel
from ledger.chain.entry import entry_hash
from tests.artefacts import Book, opened, roles_of, trust_in
from tests.refusing import code_of

READER = Reader(trust_in(needed=3), roles=roles_of)


CERTIFICATES = ("BW/00000001", "BW/00000007", "BW/00000009")
TRUE = [
    Leaf("BW/00000001", 1, "voided", 8),
    Leaf("BW/00000007", 1, "issued", 9),
    Leaf("BW/00000009", 1, "exported", 10),
    Leaf("SL/00004306", 1, "exported", None),
]


def issued() -> Book:
    """A ledger that issued three certificates (8-10), received one (11) and voided the first (12)."""
    book = opened()
    for certificate in CERTIFICATES:
        book.record("certificate-issued/1", {"by": "gaborone", "certificate": certificate}, "gaborone")
    book.record("shipment-imported/1", {"by": "miner-1", "certificate": "SL/00004306"}, "miner-1")
    book.record("certificate-voided/1", {"by": "gaborone", "certificate": CERTIFICATES[0]}, "gaborone")
    return book


def indexed(leaves: Iterable[Leaf] = TRUE, **changes: Any) -> tuple[Book, CertificateIndex]:
    """That ledger with an index over its 13 entries at 13, and an entry behind it."""
    book, made = issued(), CertificateIndex.of(leaves)
    body = {"by": "gaborone", "size": 13, "count": made.count, "root": made.root, **changes}
    book.record("certificate-index/1", body, "gaborone")
    late = {"by": "gaborone", "certificate": "BW/00000011"}
    book.record("certificate-issued/1", late, "gaborone")
    return book, made


BOOK, INDEX = indexed()
BUNDLE = BOOK.bundle(13)


def proof(key: str, book: Book = BOOK, made: CertificateIndex = INDEX) -> Absence:
    """The proof of a key's status or absence."""
    return absence.make(key, made, book.bundle(13))


def report(item: Absence | bytes) -> AbsenceReport:
    """The report on a proof; every outcome has its sentence."""
    found = absence.verify(item if isinstance(item, bytes) else item.encode(), READER)
    assert all(str(outcome) for outcome in found.outcomes)
    assert [outcome.step for outcome in found.outcomes] == list(range(1, 15))
    return found


def first(item: Absence | bytes) -> tuple[int, str]:
    """The step that must refuse, and its code."""
    found = report(item)
    assert not found.holds
    assert found.fault is not None
    return found.fault.step, found.fault.code


def test_the_docstrings_table_is_the_catalogues() -> None:
    """Steps 12 to 14 in the words that `adamas verify` prints."""
    rows = re.findall(r"^\| (\d+) \| (\w+) \| (.+) \|$", absence.__doc__ or "", re.M)
    assert [(int(number), name, shows) for number, name, shows in rows] == [
        (step.number, step.name, step.shows) for step in steps.STEPS[11:]
    ]


@pytest.mark.parametrize("leaf", TRUE)
def test_a_certificates_status_is_proven(leaf: Leaf) -> None:
    """Those issued here and those received."""
    found = report(proof(leaf.key))
    assert found.holds
    assert (found.key, found.leaf, found.size) == (leaf.key, leaf, 13)
    assert f"{leaf.key} is {leaf.status} as of the first 13 entries" in str(found.outcomes[13])


@pytest.mark.parametrize("key", ["AA/1", "BW/00000008", "BW/0000000", "BW/00000011", "ZZ/1", "\U0010fffe"])
def test_that_a_number_was_never_known_is_proven(key: str) -> None:
    """Before the first, between any two, behind the last; as of the size that the index covers."""
    found = report(proof(key))
    assert found.holds
    assert (found.key, found.leaf, found.size) == (key, None, 13)
    assert "neither issued nor received in the first 13 entries" in str(found.outcomes[13])


def test_the_text_is_read_and_written_alike() -> None:
    """From its first line to the bundle's last."""
    for key in ("BW/00000001", "BW/00000008"):
        data = proof(key).encode()
        assert Absence.decode(data).encode() == data
        assert Absence.decode(data) == proof(key)
        assert data.startswith(b"adamas/absence@v1\nkey ")


def test_authority_of_the_index_is_shown_by_what_travels_along() -> None:
    """As for any bundle."""
    along = [BOOK.bundle(index).encode() for index in range(7)]
    found = absence.verify(proof("AA/1").encode(), READER, along)
    assert found.outcomes[9].standing == "ok"
    assert report(proof("AA/1")).outcomes[9].standing == "not shown"


GAP = proof("BW/00000008")
ONE = proof("BW/00000007")


def placed(position: int) -> Placed:
    """A true leaf in its place, with its whole path."""
    return Placed(position, INDEX.leaf(position), INDEX.path(position))


def in_whole(item: Absence) -> tuple[Placed, ...]:
    """Its leaves, each with its whole path."""
    return tuple(placed(one.position) for one in item.leaves)


def behind(path: Iterable[bytes] = (), leaf: bytes | None = None) -> tuple[Placed, ...]:
    """The leaves of the gap's proof, the second one with another path or another leaf."""
    left, right = GAP.leaves
    return left, Placed(right.position, leaf or right.leaf, tuple(path))


def of_index(leaves: Iterable[Leaf] = TRUE, **changes: Any) -> Absence:
    """The gap's proof from an index entry that says something else."""
    book, made = indexed(leaves, **changes)
    return absence.make("BW/00000008", made, book.bundle(13))


def issued_later() -> Absence:
    """A leaf that names the entry behind the index as the issue."""
    book, made = indexed([*TRUE, Leaf("BW/00000011", 1, "issued", 14)])
    return absence.make("BW/00000011", made, book.bundle(13))


REFUSED = {
    "another certificate's leaf": (replace(ONE, key="BW/00000009"), 14, "absence-other-leaf"),
    "a key beside the gap": (replace(GAP, key="BW/00000010"), 14, "absence-no-gap"),
    "the left leaf's own key": (replace(GAP, key="BW/00000007"), 14, "absence-no-gap"),
    "the right leaf's own key": (replace(GAP, key="BW/00000009"), 14, "absence-no-gap"),
    "a sentinel as a status": (replace(ONE, leaves=(placed(0),)), 14, "absence-other-leaf"),
    "leaves that are no neighbours": (replace(GAP, leaves=(placed(1), placed(3))), 1, "absence-neighbours"),
    "neighbours the other way": (replace(GAP, leaves=GAP.leaves[::-1]), 1, "absence-neighbours"),
    "one leaf twice": (replace(GAP, leaves=(GAP.leaves[0],) * 2), 1, "absence-neighbours"),
    "two whole paths": (replace(GAP, leaves=in_whole(GAP)), 13, "tree-path-length"),
    "a whole path before a shortened one": (
        replace(GAP, leaves=(placed(2), GAP.leaves[1])), 13, "tree-path-length"
    ),
    "a whole path behind a shortened one": (
        replace(GAP, leaves=(GAP.leaves[0], placed(3))), 13, "tree-path-length"
    ),
    "a line too many with the second": (
        replace(GAP, leaves=behind(INDEX.path(3)[:1])), 13, "tree-path-length"
    ),
    "another second leaf": (replace(GAP, leaves=behind(leaf=INDEX.leaf(4))), 13, "tree-root"),
    "a second leaf made up": (
        replace(GAP, leaves=behind(leaf=Leaf("BW/00000008a", 1, "issued", 0).encode())), 13, "tree-root"
    ),
    "a pair moved by one": (
        replace(GAP, leaves=tuple(replace(one, position=one.position + 1) for one in GAP.leaves)),
        13,
        "tree-path-length",
    ),
    "a pair moved by two": (
        replace(GAP, leaves=tuple(replace(one, position=one.position + 2) for one in GAP.leaves)),
        13,
        "tree-path-length",
    ),
    "a pair moved beyond the count": (
        replace(GAP, leaves=tuple(replace(one, position=one.position + 3) for one in GAP.leaves)),
        13,
        "tree-index",
    ),
    "a leaf that says something else": (
        replace(ONE, leaves=(replace(placed(2), leaf=Leaf("BW/00000007", 1, "voided", 9).encode()),)),
        13,
        "tree-root",
    ),
    "a leaf in another place": (replace(ONE, leaves=(replace(placed(2), position=3),)), 13, "tree-root"),
    "a leaf beyond the count": (replace(ONE, leaves=(replace(placed(2), position=6),)), 13, "tree-index"),
    "a path too short": (replace(ONE, leaves=(replace(placed(2), path=()),)), 13, "tree-path-length"),
    "another index's leaves": (
        absence.make("BW/00000008", CertificateIndex.of(TRUE[:2]), BUNDLE),
        13,
        "tree-path-length",
    ),
    "no index entry": (replace(GAP, bundle=BOOK.bundle(12)), 12, "absence-other-type"),
    "an index over entries behind it": (of_index(size=14), 12, "absence-index-ahead"),
    "an index without a root": (of_index(root="none"), 12, "absence-index-form"),
    "an index with a short root": (of_index(root=b"x"), 12, "absence-index-form"),
    "an index of one leaf": (of_index(count=1), 12, "absence-index-form"),
    "an index of no size": (of_index(size=None), 12, "absence-index-form"),
    "another count": (of_index(count=20), 13, "tree-path-length"),
    "an unwitnessed bundle": (
        replace(GAP, bundle=BOOK.bundle(13, BOOK.signed())), 3, "trust-quorum-missed"
    ),
    "issued beyond the index": (issued_later(), 14, "absence-issued-later"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_each_step_refuses_what_it_must(name: str) -> None:
    """A leaf of somebody else's, a gap that is none, an index that is none."""
    item, step, code = REFUSED[name]
    assert first(item) == (step, code)


def test_a_sentinel_stands_at_the_ends_only() -> None:
    """An index with one in its middle would leave no place for what stands behind it."""
    leaves = [Sentinel("").encode(), TRUE[0].encode(), Sentinel("\U0010ffff").encode()]
    leaves += [TRUE[1].encode(), Sentinel("\U0010ffff").encode()]
    hashes = [entry_hash(leaf) for leaf in leaves]
    book = issued()
    body = {"by": "gaborone", "size": 13, "count": 5, "root": merkle.root(hashes)}
    book.record("certificate-index/1", body, "gaborone")
    paths = [tuple(merkle.inclusion(at, 5, merkle.nodes_of(hashes))) for at in range(5)]
    written = neighbours.shortened(1, 5, (paths[1], paths[2]))
    shown = tuple(Placed(at, leaves[at], path) for at, path in zip((1, 2), written, strict=True))
    assert first(Absence("BW/00000007", shown, book.bundle(13))) == (14, "absence-no-gap")


TEXT = GAP.encode()
LINES = TEXT.split(b"\n\n", maxsplit=1)[0].split(b"\n")
REST = TEXT[len(b"\n".join(LINES)) :]


def of(*lines: bytes) -> bytes:
    """A file with another head."""
    return b"\n".join(lines) + REST


def of_leaf(line: bytes) -> bytes:
    """A file with another first leaf's line."""
    return of(*LINES[:2], line, *LINES[3:])


PLACES = [place for place, line in enumerate(LINES) if line.startswith(b"leaf ")]
FORMS = {
    "nothing": (b"", "absence-header"),
    "another format": (of(b"adamas/absence@v2", *LINES[1:]), "absence-header"),
    "a head only": (TEXT.split(b"\n\n")[0] + b"\n", "absence-header"),
    "not ASCII": (of(LINES[0], b"key \xc3\xa9", *LINES[2:]), "absence-header"),
    "no key": (of(LINES[0], *LINES[2:]), "absence-key"),
    "an empty key": (of(LINES[0], b"key ", *LINES[2:]), "index-key"),
    "the last key": (of(LINES[0], b"key 9I+/vw==", *LINES[2:]), "index-key"),
    "a key that is no text": (of(LINES[0], b"key /w==", *LINES[2:]), "absence-key"),
    "a key with stray bits": (of(LINES[0], b"key QV==", *LINES[2:]), "encoding-base64"),
    "no leaf": (of(*LINES[:2]), "absence-leaves"),
    "a path without a leaf": (of(*LINES[:2], *LINES[3:]), "absence-leaves"),
    "three leaves": (of(*LINES, LINES[PLACES[0]]), "absence-leaves"),
    "a position with a zero": (of_leaf(LINES[2].replace(b"leaf ", b"leaf 0")), "checkpoint-size"),
    "a position with a sign": (of_leaf(LINES[2].replace(b"leaf ", b"leaf +")), "absence-leaves"),
    "two spaces": (of_leaf(LINES[2].replace(b"leaf ", b"leaf  ")), "absence-leaves"),
    "a short hash": (of(*LINES[:3], b"AAAA", *LINES[4:]), "tree-hash"),
    "a leaf that is none": (of_leaf(b"leaf 2 wA=="), "index-leaf"),
    "a leaf in another spelling": (of_leaf(b"leaf 2 3AABoA=="), "encoding-spelling"),
    "CRLF": (TEXT.replace(b"\n", b"\r\n"), "absence-header"),
    "too long": (bytes(5 << 20), "bundle-too-long"),
    "an empty line too many": (of(*LINES, b""), "proof-header"),
    "a line behind": (TEXT + b"more\n", "note-line"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_there_is_one_spelling(name: str) -> None:
    """Everything else is refused in step 1."""
    data, code = FORMS[name]
    assert first(data) == (1, code)


@pytest.mark.parametrize("good", [GAP.encode(), ONE.encode()])
def test_every_byte_of_a_proof_is_checked(good: bytes) -> None:
    """Each byte flipped, cut or doubled: refused, or the same, or true of another number in the same gap."""
    assert report(good).holds
    for place in range(len(good)):
        for other in (
            good[:place] + bytes([good[place] ^ 1 << place % 8]) + good[place + 1 :],
            good[:place] + good[place + 1 :],
            good[: place + 1] + good[place:],
        ):
            found = absence.verify(other, READER)
            if found.holds and other != good:
                assert found.leaf is None
                assert "BW/00000007" < found.key < "BW/00000009"


def entry(book: Book, index: int) -> Report:
    """The report on an entry at the newest checkpoint."""
    return verify_bundle(book.bundle(index).encode(), READER)


def claim(book: Book, made: CertificateIndex, key: str) -> AbsenceReport:
    """What an index says of a key."""
    return report(absence.make(key, made, book.bundle(13)))


def test_a_true_index_is_never_convicted() -> None:
    """By no entry, whatever it says of any key."""
    keys = [*(leaf.key for leaf in TRUE), "AA/1", "BW/00000008", "BW/00000011", "ZZ/9"]
    for key in keys:
        told = claim(BOOK, INDEX, key)
        for index in range(13):
            assert code_of(convict, told, entry(BOOK, index)) == "index-agrees", (key, index)
        for index in (13, 14):
            assert code_of(convict, told, entry(BOOK, index)) == "index-not-covered"


@pytest.mark.parametrize(
    ("key", "told", "by"),
    [
        ("BW/00000007", None, 9),
        ("SL/00004306", None, 11),
        ("BW/00000001", Leaf("BW/00000001", 1, "exported", None), 8),
        ("BW/00000001", Leaf("BW/00000001", 1, "issued", 12), 8),
        ("BW/00000001", Leaf("BW/00000001", 1, "issued", 12), 12),
        ("BW/00000001", Leaf("BW/00000001", 1, "issued", 3), 3),
    ],
)
def test_a_lying_index_is_convicted_by_its_leaf_or_its_gap(key: str, told: Leaf | None, by: int) -> None:
    """And one entry that issued or received the number, or is named as its issue and is none."""
    leaves = [leaf for leaf in TRUE if leaf.key != key] + ([] if told is None else [told])
    book, made = indexed(leaves)
    verdict = convict(claim(book, made, key), entry(book, by))
    assert (verdict.key, verdict.index, verdict.entry) == (key, 13, by)
    for other in set(range(13)) - {by, 8, 12}:
        assert code_of(convict, claim(book, made, key), entry(book, other)) == "index-agrees"


def test_nobody_is_convicted_by_what_does_not_hold() -> None:
    """Nor by another ledger's entries; at which checkpoint of its own an entry is proven is all the same."""
    book, made = indexed(TRUE[1:])
    told, shown = claim(book, made, "BW/00000001"), entry(book, 8)
    assert convict(told, shown)
    broken = verify_bundle(book.bundle(8, book.signed()).encode(), READER)
    assert code_of(convict, told, broken) == "index-unproven"
    unproven = report(replace(absence.make("BW/00000001", made, book.bundle(13)), key="BW/00000009"))
    assert code_of(convict, unproven, shown) == "index-unproven"
    earlier = verify_bundle(book.bundle(8, book.cosigned(9)).encode(), READER)
    verdict = convict(told, earlier)
    assert (verdict.sizes, verdict.alike) == ((15, 9), False)
    assert convict(told, shown).alike
    assert code_of(convict, claim(BOOK, INDEX, "BW/00000008"), shown) == "index-agrees"
    elsewhere = Book("ledger.example/sl/x1")
    elsewhere.open()
    foreign = Reader(trust_in(needed=3, origin="ledger.example/sl/x1"))
    other = verify_bundle(elsewhere.bundle(2).encode(), foreign)
    assert other.holds
    assert code_of(convict, told, other) == "index-apart"
