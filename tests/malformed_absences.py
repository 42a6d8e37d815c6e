"""Makes the malformed proofs of a certificate's status and absence of ``tests.malformed``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ledger import encoding
from ledger.chain import absence
from ledger.chain.absence import Absence, Placed
from ledger.chain.bundle import Bundle
from ledger.chain.certificate_index import CertificateIndex, Leaf
from ledger.chain.note import Signature
from tests.artefacts import opened
from tests.malformed_notes import BOOK, Case, file, given, lenient, stray, with_lines

LEAVES = [Leaf(f"BW/0000000{n}", 1, "issued", 0) for n in (1, 7, 9)]
INDEX = CertificateIndex.of(LEAVES)


def _of(**changes: Any) -> Bundle:
    """The bundle of an index entry behind the first eight."""
    book = opened()
    body = {"by": "gaborone", "size": 8, "count": INDEX.count, "root": INDEX.root}
    return book.bundle(book.record("certificate-index/1", body | changes, "gaborone"))


def absences() -> dict[str, Any]:
    """Proofs of a certificate's status and absence."""
    gap, one = absence.make("BW/00000008", INDEX, _of()), absence.make("BW/00000007", INDEX, _of())
    good = gap.encode().decode()
    apart = absence.make("BW/00000005", INDEX, gap.bundle)
    bad = [
        *_spellings(good),
        *_neighbours(gap),
        *_apart(apart),
        *_said(one),
        *_entries(gap),
        *_told(gap, one),
    ]
    about = "FORMATS.md section 8. Steps 1 to 11 are the bundle's, 12 to 14 those of `ledger.chain.absence`."
    samples = {
        "never known": good,
        "never known, between leaves whose paths meet higher up": apart.encode().decode(),
        "a status": one.encode().decode(),
    }
    return file(about, given(), samples, bad)


def _spellings(good: str) -> list[Case]:
    """A good proof of absence in other spellings."""
    key = encoding.to_base64(b"BW/00000008")
    return [
        *lenient(good, "absence-header"),
        ("another format", good.replace("absence@v1", "absence@v2"), 1, "absence-header"),
        ("no key", good.replace(f"key {key}\n", ""), 1, "absence-key"),
        ("an empty key", good.replace(f"key {key}", "key "), 1, "index-key"),
        ("the last sentinel's key", good.replace(f"key {key}", "key 9I+/vw=="), 1, "index-key"),
        ("a key with stray bits", good.replace(f"key {key}", f"key {stray(key)}"), 1, "encoding-base64"),
        ("a position with a zero", good.replace("leaf 2", "leaf 02"), 1, "checkpoint-size"),
        ("a position with a sign", good.replace("leaf 2", "leaf +2"), 1, "absence-leaves"),
        ("a position of 2^64 and 2", good.replace("leaf 2", f"leaf {2**64 + 2}"), 1, "absence-leaves"),
    ]


def _neighbours(gap: Absence) -> list[Case]:
    """Two leaves that are no neighbours, and hashes with them that are not those that they need."""
    left, right = gap.leaves
    whole = [replace(each, path=INDEX.path(each.position)) for each in gap.leaves]
    third = absence.make("BW/00000009", INDEX, gap.bundle).leaves[0]
    strange = Leaf("BW/00000008x", 1, "issued", 0).encode()

    def case(name: str, leaves: Iterable[Placed], step: int, code: str) -> Case:
        return name, replace(gap, leaves=tuple(leaves)).encode(), step, code

    length, root, apart = "tree-path-length", "tree-root", "absence-neighbours"
    return [
        case("leaves that are no neighbours", (left, replace(third, position=4)), 1, apart),
        case("neighbours in the other order", (right, left), 1, apart),
        case("one leaf twice", (left, left), 1, apart),
        case("three leaves", (left, right, right), 1, "absence-leaves"),
        case("no leaf", (), 1, "absence-leaves"),
        case("two whole paths", whole, 13, length),
        case("a whole path with the first leaf", (whole[0], right), 13, length),
        case("a whole path with the second leaf", (left, whole[1]), 13, length),
        case("a hash of the shared path missing", (replace(left, path=left.path[:-1]), right), 13, length),
        case("the shared path with both", (left, replace(right, path=left.path[-1:])), 13, length),
        case("the shared path with the second leaf",
             (replace(left, path=()), replace(right, path=left.path)), 13, length),
        case("a hash of the path flipped",
             (replace(left, path=(bytes(32), *left.path[1:])), right), 13, root),
        case("a second leaf made up", (left, replace(right, leaf=strange)), 13, root),
        case("a first leaf made up", (replace(left, leaf=strange), right), 13, root),
        case("another leaf as the second", (left, replace(right, leaf=INDEX.leaf(4))), 13, root),
        case("the two leaves exchanged",
             (replace(left, leaf=right.leaf), replace(right, leaf=left.leaf)), 13, root),
        case("neighbours beyond the count",
             (replace(left, position=4), replace(right, position=5)), 13, "tree-index"),
    ]  # fmt: skip


def _apart(gap: Absence) -> list[Case]:
    """Neighbours each of which has a hash of its own below the place where their paths meet."""
    left, right = gap.leaves
    (own, above), (other,) = left.path, right.path

    def case(name: str, one: Iterable[bytes], two: Iterable[bytes], code: str) -> Case:
        leaves = replace(left, path=tuple(one)), replace(right, path=tuple(two))
        return name, replace(gap, leaves=leaves).encode(), 13, code

    length, root = "tree-path-length", "tree-root"
    return [
        case("the second leaf's hash missing", (own, above), (), length),
        case("the first leaf's hash missing", (above,), (other,), length),
        case("the second leaf's hash flipped", (own, above), (bytes(32),), root),
        case("the first leaf's hash flipped", (bytes(32), above), (other,), root),
        case("the leaves' hashes exchanged", (other, above), (own,), root),
        case("the shared hash before the first leaf's", (above, own), (other,), root),
        case("the second leaf's hash with the first", (own, other, above), (), length),
        case("the hash where they meet", (own, bytes(32), above), (other,), length),
    ]


def _said(one: Absence) -> list[Case]:
    """A status that says something else, or stands elsewhere."""
    true = one.leaves[0]

    def case(name: str, leaf: Placed, step: int, code: str) -> Case:
        return name, replace(one, leaves=(leaf,)).encode(), step, code

    longer, lost = true.leaf[:-1] + b"\xcc\x00", encoding.encode(["BW/00000007", 1, "lost", 0])
    voided = Leaf("BW/00000007", 1, "voided", 0).encode()
    return [
        case("a leaf in a longer form", replace(true, leaf=longer), 1, "encoding-spelling"),
        case("a status unknown", replace(true, leaf=lost), 1, "index-leaf"),
        case("a leaf that says something else", replace(true, leaf=voided), 13, "tree-root"),
        case("a position beyond the count", replace(true, position=5), 13, "tree-index"),
        case("the sibling left out of a status", replace(true, path=true.path[1:]), 13, "tree-path-length"),
    ]


def _entries(gap: Absence) -> list[Case]:
    """Under no signature that counts, or in an entry that is no such index."""
    signatures = gap.bundle.checkpoint.note.signatures

    def case(name: str, bundle: Bundle, step: int, code: str) -> Case:
        return name, replace(gap, bundle=bundle).encode(), step, code

    def by(lines: Iterable[Signature]) -> Bundle:
        return replace(gap.bundle, checkpoint=with_lines(gap.bundle.checkpoint, lines))

    return [
        case("under an unsigned root", by(signatures[1:]), 2, "note-unsigned"),
        case("too few witnesses", by(signatures[:-1]), 3, "trust-quorum-missed"),
        case("an index beyond the size", replace(gap.bundle, index=9), 5, "bundle-index-beyond"),
        case("the bundle of another act", BOOK.bundle(7), 12, "absence-other-type"),
        case("an index over entries behind it", _of(size=9), 12, "absence-index-ahead"),
        case("an index of one leaf", _of(count=1), 12, "absence-index-form"),
        case("another index's root", _of(root=bytes(32)), 13, "tree-root"),
    ]


def _told(gap: Absence, one: Absence) -> list[Case]:
    """True leaves that say nothing of this key."""
    sentinel = absence.make("AA/1", INDEX, gap.bundle).leaves[0]
    alone = replace(sentinel, path=INDEX.path(0))
    later = CertificateIndex.of([Leaf("BW/00000008", 1, "issued", 8)])
    ahead = absence.make("BW/00000008", later, _of(count=3, root=later.root))
    return [
        ("neighbours beside the key", replace(gap, key="BW/00000010").encode(), 14, "absence-no-gap"),
        ("a neighbour that is the key", replace(gap, key="BW/00000009").encode(), 14, "absence-no-gap"),
        ("another certificate's leaf", replace(one, key="BW/00000009").encode(), 14, "absence-other-leaf"),
        ("a sentinel as a status", replace(one, leaves=(alone,)).encode(), 14, "absence-other-leaf"),
        ("issued beyond what the index covers", ahead.encode(), 14, "absence-issued-later"),
    ]
