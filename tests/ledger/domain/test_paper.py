"""A certificate that came on paper: what every certificate states is copied from it, or nothing is
imported."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ledger.domain import events as e
from ledger.domain import rules
from ledger.domain.fields import WITHHELD
from tests.book import Book
from tests.border import ARRIVAL, FOREIGN, IMPORT, by_ministry

LEFT_OUT = {
    "mixed": "country of origin", "issued": "date of issue", "expiry": "date of expiry",
    "authority": "issuing authority", "exporter": "exporter", "importer": "importer", "value": "value",
    "parcels": "number of parcels", "hs": "HS code",
}  # fmt: skip
"""What KPCS Annex I A makes mandatory, besides the number and the weight that no import is without."""


def without(*names: str) -> e.Imported:
    """The import with fields left out."""
    empty: dict[str, Any] = {name: () if name == "hs" else None for name in names}
    return dataclasses.replace(IMPORT, **empty)


@pytest.fixture
def book() -> Book:
    """A ledger that recognised nobody."""
    return Book()


def test_a_complete_one_is_imported(book: Book) -> None:
    """Also with the value and the names sealed, and kept from whoever looks."""
    assert book.codes(IMPORT) == []
    sealed = dataclasses.replace(IMPORT, exporter=WITHHELD, importer=WITHHELD, value=WITHHELD)
    assert book.codes(sealed) == []


@pytest.mark.parametrize("name", LEFT_OUT)
def test_each_mandatory_field_that_is_left_out_is_named(book: Book, name: str) -> None:
    """One code, the certificate's number, and the field by name."""
    (refusal,) = book.attempt(without(name))
    assert (refusal.code, refusal.subject) == ("certificate-incomplete", f"certificate:{FOREIGN}")
    assert refusal.values == {"certificate": FOREIGN, "missing": LEFT_OUT[name]}
    assert FOREIGN in str(refusal)
    assert str(refusal).endswith(": " + LEFT_OUT[name])


def test_all_that_is_left_out_stands_in_one_refusal(book: Book) -> None:
    """Whoever copies is told everything at once."""
    (refusal,) = book.attempt(without(*LEFT_OUT))
    assert refusal.values["missing"] == ", ".join(LEFT_OUT.values())


def test_an_origin_or_the_word_mixed_will_do(book: Book) -> None:
    """Lists of countries are allowed since May 2024, not asked for; a paper that is not mixed names one."""
    assert book.codes(dataclasses.replace(IMPORT, mixed=None, origins=("ZW",))) == []
    assert book.codes(dataclasses.replace(IMPORT, mixed=True, origins=("ZW", "ZA"))) == []
    assert book.codes(dataclasses.replace(IMPORT, mixed=False)) == ["certificate-incomplete"]


def test_what_a_letter_proves_is_not_copied(book: Book) -> None:
    """Its entry states all; the name of a ledger without an entry proves nothing."""
    origin = "ledger.example/zw/x1"
    book.do(
        e.PartnerRecognised(
            by="ministry", origin=origin, participant="ZW", keys=(f"{origin}+00000000+AQ==",),
            since="2023-01-01",
        )
    )  # fmt: skip
    bare = without(*LEFT_OUT)
    assert book.codes(dataclasses.replace(bare, origin=origin, entry=7, hash=bytes(32))) == []
    assert book.codes(dataclasses.replace(bare, origin=origin)) == ["certificate-incomplete"]


def test_worked_goods_come_under_no_certificate(book: Book) -> None:
    """On paper or by a letter; what a source tells stays as it is."""
    worked = dataclasses.replace(IMPORT, lines=(e.Arrival("Z1", 5_000, None, "710239"),))
    assert book.codes(worked) == ["certificate-polished"]
    rough = dataclasses.replace(IMPORT, lines=(e.Arrival("Z1", 5_000, None, "710231"),))
    assert book.codes(rough) == []
    told = dataclasses.replace(worked, documented=True)
    assert rules.discrepancies(book.state, book.act(told, occurred="2003")) == []


def test_a_notice_of_a_certificate_with_our_letters_that_was_never_issued_is_refused(book: Book) -> None:
    """It would be announced as another's, and could never be issued any more."""
    notice = e.ShipmentNotified(by="ministry", certificate="BW/00000107", direction="sent", weight=12_500)
    assert book.codes(notice) == ["certificate-own"]
    book.mine("P1", 12_500)
    assert book.certify("P1", 12_500) == "BW/00000107"
    assert book.codes(dataclasses.replace(notice, certificate=FOREIGN)) == []


def test_it_was_issued_before_its_shipment_came(book: Book) -> None:
    """On the very day it may be."""
    that_day = dataclasses.replace(IMPORT, issued="2023-12-10")
    assert book.codes(that_day, occurred="2023-12-10") == []
    assert book.codes(that_day, occurred="2023-12-09") == ["certificate-issued-later"]


def test_a_source_that_leaves_something_out_is_no_discrepancy(book: Book) -> None:
    """Old sources copy no certificate; what is needed of an act they name as before."""
    told = dataclasses.replace(without(*LEFT_OUT), documented=True)
    assert [found.code for found in rules.discrepancies(book.state, book.act(told, occurred="2003"))] == []


def test_what_was_copied_is_not_corrected_away(book: Book) -> None:
    """Another date of issue may be; none may not."""
    recorded = book.do(IMPORT)
    wrong = dataclasses.replace(IMPORT, issued="2019-12-30")
    for body, codes in ((wrong, []), (without("issued"), ["correction-impossible"])):
        told = {
            "index": recorded.index,
            "hash": recorded.hash,
            "replacement": e.write(body),
            "reason": "typo",
        }
        assert book.codes(e.Corrected(by="dealer-1", **told)) == codes


def test_goods_whose_paper_lacks_something_wait_for_its_issuer(book: Book) -> None:
    """They are detained; what the issuer supplies is stated once they are released."""
    book.do(ARRIVAL)
    book.do(by_ministry(e.ShipmentDetained, FOREIGN))
    assert book.codes(IMPORT) == ["certificate-detained"]
    book.do(by_ministry(e.ShipmentRemedied, FOREIGN))
    assert book.codes(without("authority")) == ["certificate-incomplete"]
    assert book.codes(IMPORT) == []
