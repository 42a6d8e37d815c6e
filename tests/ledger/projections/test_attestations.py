"""Who else agreed with the acts of a lineage."""

from __future__ import annotations

from dataclasses import replace

from ledger.domain import events as e
from ledger.domain.moments import as_recorded_index
from ledger.exchange.custody_sheet import attestation_line
from ledger.exchange.lineage_record import value
from ledger.projections.attestations import Attestation, attestations
from ledger.projections.tracing import trace
from tests.book import ORIGIN, Book
from tests.lineages import Shelf


def attest(book: Book, about: e.Recorded, by: str = "dealer-1") -> e.Recorded:
    """A party agrees with an entry."""
    return book.do(e.Attested(by=by, origin=ORIGIN, index=about.index, hash=about.hash))


def test_the_buyer_agrees_with_the_sale() -> None:
    """Told with the trace, from its own index on; agreement with other entries is not."""
    book = Book()
    book.mine("P1", 1_000)
    other = book.mine("P2", 1_000)
    sold = book.do(e.Sold(by="miner-1", parcels=("P1",), to="dealer-1"))
    agreed = attest(book, sold)
    attest(book, other)
    found = attestations(Shelf(book), trace(Shelf(book), "P1"))
    assert found == (Attestation(sold.index, "dealer-1", agreed.index),)
    assert attestation_line(found[0]) == f"entry {sold.index} by dealer-1 (entry {agreed.index})"
    assert value(trace(Shelf(book), "P1"), found)["attestations"] == [
        {"entry": sold.index, "by": "dealer-1", "in_entry": agreed.index}
    ]
    before = trace(Shelf(book), "P1", as_recorded_index(sold.index))
    assert attestations(Shelf(book), before) == ()


def test_agreement_with_other_bytes_does_not_count() -> None:
    """An attestation that names another hash agrees with something else."""
    book = Book()
    mined = book.mine("P1", 1_000)
    wrong = e.Attested(by="dealer-1", origin=ORIGIN, index=mined.index, hash=bytes(32))
    book.force(replace(book.act(wrong), about=mined))
    assert attestations(Shelf(book), trace(Shelf(book), "P1")) == ()
