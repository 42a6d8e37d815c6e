"""Proofs as they are in a ledger of a million entries.

The tree is not laid out: all leaves but one are alike, so its complete subtrees are known level by level.
"""

from __future__ import annotations

from typing import Any

from ledger.chain import bundle, merkle, note
from ledger.chain.bundle import Bundle
from ledger.chain.certificate_index import CertificateIndex, Leaf
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.entry import Entry, entry_hash
from ledger.chain.merkle import Nodes
from ledger.chain.note import Note
from tests.artefacts import ORIGIN, Book, cosigned, signing_key

MILLION = 1_000_000
INDEXED = 999_000
"""How many entries the index covers."""


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


def indexed() -> tuple[CertificateIndex, Bundle]:
    """The index of 100,000 certificates with even numbers, and the bundle of its entry."""
    leaves = (Leaf(f"BW/{2 * number:08d}", 1, "exported", number) for number in range(100_000))
    index = CertificateIndex.of(leaves)
    body = {"by": "gaborone", "size": INDEXED, "count": index.count, "root": index.root}
    return index, of_a_million("certificate-index/1", body, INDEXED + 100)
