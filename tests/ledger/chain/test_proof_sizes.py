"""How long proofs are and how long they take in a ledger of a million entries.

A QR code holds 2,331 bytes at level M and 2,953 at level L (ISO/IEC 18004, version 40, bytes). The text of a
certificate's proof for ten parcels with three witnesses is longer than the first: it fits at level L, or at
level M when it is deflated before. Nothing in it is there twice but what its formats repeat: the origin,
which stands in the statement, in the checkpoint and before its signature. README.md states these figures.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable

import pytest

from ledger.chain import absence, bundle
from ledger.chain.bundle import Bundle
from ledger.chain.bundle_check import Reader, verify
from ledger.chain.certificate_index import CertificateIndex
from ledger.chain.entry import Entry, entry_hash
from ledger.chain.proof import HEADER
from ledger.chain.statement import Statement
from ledger.encoding import to_base64
from tests.among_a_million import INDEXED, alone, indexed, of_a_million
from tests.artefacts import trust_in

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


@pytest.fixture(scope="module")
def known() -> tuple[CertificateIndex, Bundle]:
    """The index of 100,000 certificates, and its entry's proof with three witnesses."""
    return indexed()


def test_how_long_a_proof_of_absence_among_100000_certificates_is(
    known: tuple[CertificateIndex, Bundle],
) -> None:
    """16 lines, and one more for each level up to where the two neighbours' paths meet. Of all gaps half meet
    at once, a quarter one level above, and one at the root."""
    index, entry = known
    witnessed = sum(len(str(line).encode()) for line in entry.checkpoint.note.signatures[1:])
    assert witnessed == 384
    lengths = {}
    for level in range(17):
        first = (1 << level) - 1 + (1 << 15 if level < 15 else 0)
        key = f"BW/{2 * (first - 1) + 1:08d}"
        never = absence.make(key, index, entry)
        assert [placed.position for placed in never.leaves] == [first, first + 1]
        assert [len(placed.path) for placed in never.leaves] == [16, level], level
        text = never.encode()
        report = absence.verify(text, READER)
        assert report.holds
        assert (report.leaf, report.size) == (None, INDEXED)
        lengths[level] = len(text)
        assert level > 7 or len(zlib.compress(text, 9)) < LEVEL_M
    assert [lengths[level] for level in (0, 3, 4, 12, 16)] == [2_824, 2_959, 3_004, 3_364, 3_544]
    assert shortest(lambda: absence.verify(text, READER)) < 3


def test_proofs_of_absence_have_3000_bytes_but_for_few(known: tuple[CertificateIndex, Bundle]) -> None:
    """Of every 33rd gap 94 in 100 with three witnesses; with the log's signature alone all but 11 of 100,001,
    those where the paths meet less than four levels below the root."""
    index, entry = known
    sizes = [len(absence.make(f"BW/{2 * at + 1:08d}", index, entry).encode()) for at in range(0, 100_000, 33)]
    assert (min(sizes), sorted(sizes)[len(sizes) // 2]) == (2_607, 2_832)
    assert sum(size <= 3_000 for size in sizes) / len(sizes) > 0.93
    assert sum(size - 384 > 3_000 for size in sizes) <= 1
