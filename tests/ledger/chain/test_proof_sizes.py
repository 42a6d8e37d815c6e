"""How long proofs are and how long they take in a ledger of a million entries.

The tree is not laid out: all leaves but one are alike, so its complete subtrees are known level by level.

A QR code holds 2,331 bytes at level M and 2,953 at level L (ISO/IEC 18004, version 40, bytes). The text of a
certificate's proof for ten parcels with three witnesses is longer than the first: it fits at level L, or at
level M when it is deflated before. Nothing in it is there twice but what its formats repeat: the origin,
which stands in the statement, in the checkpoint and before its signature. README.md states these figures.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from ledger.chain import absence, bundle, merkle, note
from ledger.chain.bundle import Bundle
from ledger.chain.bundle_check import Reader, verify
from ledger.chain.certificate_index import CertificateIndex, Leaf
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.entry import Entry, entry_hash
from ledger.chain.merkle import Nodes
from ledger.chain.note import Note
from ledger.chain.proof import HEADER
from ledger.chain.statement import Statement
from ledger.encoding import to_base64
from tests.artefacts import ORIGIN, Book, cosigned, signing_key, trust_in

MILLION = 1_000_000
LEVEL_M, LEVEL_L = 2_331, 2_953
READER = Reader(trust_in(needed=3))
PARTS = [{"parcel": f"BW-KAR-{number:04d}", "weight": 1_109_000 - number} for number in range(10)]
WEIGHT = sum(int(str(part["weight"])) for part in PARTS)
CERTIFICATE = {
    "by": "gaborone",
    "certificate": "BW/00000107",
    "number": "BW 0000107",
    "normalisation": "plain/1",
    "parts": PARTS,
    "classes": [{"hs": "710231", "weight": WEIGHT}],
    "weight": WEIGHT,
    "value": 123_456_789,
    "origins": ["BW"],
    "provenance": "BW",
    "destination": "EU",
    "exporter": "karowe-1",
    "importer": "Hoveniersstraat 22, Antwerp",
    "expiry": "2024-03-15",
    "seals": ["S-100107"],
}


def alone(index: int, leaf: bytes, other: bytes) -> Nodes:
    """The complete subtrees of a tree whose leaves are all alike but one."""
    alike, special = [other], [leaf]
    for level in range(20):
        sides = (special[level], alike[level]) if not index >> level & 1 else (alike[level], special[level])
        special.append(merkle.node(*sides))
        alike.append(merkle.node(alike[level], alike[level]))
    return lambda level, place: (special if place == index >> level else alike)[level]


def of_a_million(wire: str, body: dict[str, Any], index: int, sealed: tuple[str, ...] = ()) -> Bundle:
    """The bundle of an act at ``index`` among a million entries, with three witnesses and no disclosure."""
    book = Book()
    book.record(wire, body, "gaborone", sealed=sealed, occurred="2024-01-15")
    first = Entry.decode(book.entries[0])
    entry = Entry(index, b"\x01" * 32, first.recorded, first.statement, first.signature).encode()
    nodes = alone(index, entry_hash(entry), b"\x02" * 32)
    head = Checkpoint(ORIGIN, MILLION, merkle.root_of(MILLION, nodes))
    lines = (note.sign(head.text, ORIGIN, signing_key("log")),)
    return bundle.make(index, entry, cosigned(SignedCheckpoint(head, Note(head.text, lines))), nodes)


def shortest(call: Callable[[], object], times: int = 60) -> float:
    """Milliseconds of the fastest of some calls."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return min(taken) * 1_000


@pytest.fixture(scope="module")
def certificate() -> Bundle:
    """The proof of a certificate for ten parcels, value and importer sealed."""
    return of_a_million("certificate-issued/1", CERTIFICATE, 654_321, ("value", "importer"))


def test_a_certificates_proof_fits_into_one_code(certificate: Bundle) -> None:
    """At level L as it is, at level M deflated."""
    text = certificate.encode()
    assert verify(text, READER).holds
    assert len(certificate.path) == 20
    assert LEVEL_M < len(text) == 2_765 < LEVEL_L
    assert len(zlib.compress(text, 9)) <= 1_900 < LEVEL_M
    extra, path, note_ = (
        f"extra {to_base64(certificate.proof.extra or b'')}\n",
        20 * 45,
        certificate.checkpoint,
    )
    assert (len(extra), path, len(note_.encode())) == (1_247, 900, 581)
    assert len(text) - 1_247 - 900 - 581 == len(f"{HEADER}\nindex 654321\n\n") == 37
    assert len(certificate.entry) == 903
    assert Statement.decode(Entry.decode(certificate.entry).statement).seen is None


def test_a_proof_is_made_in_1_ms_and_verified_in_2(certificate: Bundle) -> None:
    """Five signatures among it: the author's, the ledger's, three witnesses'."""
    nodes = alone(654_321, entry_hash(certificate.entry), b"\x02" * 32)
    again = bundle.make(654_321, certificate.entry, certificate.checkpoint, nodes)
    assert again == certificate
    make = shortest(lambda: bundle.make(654_321, certificate.entry, certificate.checkpoint, nodes).encode())
    text = certificate.encode()
    check = shortest(lambda: verify(text, READER))
    assert make < 1
    assert check < 2


def test_how_long_a_proof_of_absence_among_100000_certificates_is() -> None:
    """It has not: 3.6 kB with three witnesses, 3.3 without. Of these 1.5 are the paths of two neighbours, 17
    hashes each, of which they share 15; without these a second time it would be less than 3."""
    index = CertificateIndex.of(
        Leaf(f"BW/{2 * number:08d}", 1, "exported", number) for number in range(100_000)
    )
    body = {"by": "gaborone", "size": 999_000, "count": index.count, "root": index.root}
    entry = of_a_million("certificate-index/1", body, 999_100)
    never = absence.make("BW/00070001", index, entry)
    assert {len(placed.path) for placed in never.leaves} == {17}
    text = never.encode()
    report = absence.verify(text, READER)
    assert report.holds
    assert (report.leaf, report.size) == (None, 999_000)
    witnessed = sum(len(str(line).encode()) for line in entry.checkpoint.note.signatures[1:])
    assert (len(text), len(text) - witnessed) == (3_634, 3_250)
    shared = set(never.leaves[0].path) & set(never.leaves[1].path)
    assert (len(shared), len(text) - 45 * len(shared)) == (15, 2_959)
    assert len(zlib.compress(text, 9)) < LEVEL_M
    assert shortest(lambda: absence.verify(text, READER)) < 3
