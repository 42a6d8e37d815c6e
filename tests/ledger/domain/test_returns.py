"""What comes back, is sent back, gives way or never arrives; seals; each rule from both sides."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ledger.domain import certificates as c
from ledger.domain import events as e
from tests.book import Book, certificate
from tests.border import (
    ARRIVAL,
    EXPORT,
    FOREIGN,
    IMPORT,
    INSPECTION,
    OWN,
    VALIDATION,
    by_ministry,
    lost,
    rejection,
    returned,
)

TECHNICAL = "BW/00000403"


def technical(**more: Any) -> e.CertificateIssued:
    """A technical certificate that sends the foreign shipment back."""
    values: dict[str, Any] = {
        "technical": True,
        "returns": FOREIGN,
        "origins": ("ZW",),
        "destination": "ZW",
        "exporter": "ministry",
        "importer": "Example Diamonds, Harare",
    }
    return dataclasses.replace(certificate("LOT-1", 5_000, "BW 403", **values), **more)


def leaving(**more: Any) -> e.Exported:
    """The shipment leaves under the technical certificate."""
    values = {"parts": (e.Part("LOT-1", 5_000),), "destination": "ZW", "returns": FOREIGN}
    return e.Exported(by="ministry", certificate=TECHNICAL, **{**values, **more})


@pytest.fixture
def arrived() -> Book:
    """A foreign shipment that was presented here and has not entered."""
    book = Book()
    book.do(ARRIVAL)
    return book


def test_an_ordered_return_travels_under_a_technical_certificate(arrived: Book) -> None:
    """Rejected, certified, validated, gone: and no parcel ever began here for it."""
    arrived.do(rejection())
    arrived.do(technical())
    arrived.do(dataclasses.replace(VALIDATION, certificate=TECHNICAL))
    arrived.do(leaving())
    assert c.status(arrived.state.certificate(TECHNICAL)) == c.EXPORTED
    assert c.status(arrived.state.certificate(FOREIGN)) == c.REJECTED
    assert arrived.state.parcel("LOT-1") is None


def test_what_was_not_ordered_back_does_not_leave_and_what_goes_back_does_not_enter(arrived: Book) -> None:
    """The certificate may be made before the order; until that is given the goods stay, and only here."""
    arrived.do(technical())
    arrived.do(dataclasses.replace(VALIDATION, certificate=TECHNICAL))
    assert arrived.codes(leaving()) == ["technical-not-rejected"]
    assert arrived.codes(IMPORT) == ["technical-twice"]
    assert arrived.codes(rejection(technical="BW/00000999")) == ["technical-unknown"]
    arrived.do(rejection(technical=TECHNICAL))
    assert arrived.codes(leaving()) == []
    assert arrived.codes(leaving(returns=None)) != []


def test_a_technical_certificate_that_is_voided_frees_the_shipment(arrived: Book) -> None:
    """A second one is refused as long as the first is in force."""
    arrived.do(technical())
    second = technical(certificate="BW/00000404", number="BW 404")
    assert arrived.codes(second) == ["technical-twice"]
    arrived.do(e.CertificateVoided(by="ministry", certificate=TECHNICAL, reason="printed twice"))
    assert arrived.codes(second) == []
    assert arrived.codes(IMPORT) == []


def test_ordinary_goods_do_not_travel_under_a_technical_certificate(arrived: Book) -> None:
    """It names a shipment that is here, goes where that came from, weighs what it weighs, and is no
    parcel's.
    """
    arrived.mine("P1", 12_500)
    ordinary = certificate("P1", 12_500)
    assert arrived.codes(dataclasses.replace(ordinary, technical=True)) == ["technical-returns"]
    assert "technical-returns" in arrived.codes(technical(technical=None))
    assert arrived.codes(technical(returns="ZW/00000010")) == ["technical-shipment"]
    assert arrived.codes(technical(destination="EU")) == ["certificate-differs"]
    assert arrived.codes(technical(parts=(e.Part("P1", 5_000),))) == ["technical-parcel"]
    arrived.do(e.ShipmentInspected(by="ministry", certificate=FOREIGN, weight=5_000, conforms=False))
    heavy = technical(
        parts=(e.Part("LOT-1", 6_000),), weight=6_000, classes=(e.ClassWeight("710210", 6_000),)
    )
    assert arrived.codes(heavy) == ["certificate-differs"]
    assert arrived.codes(technical()) == []
    arrived.do(ordinary)
    arrived.do(VALIDATION)
    assert arrived.codes(dataclasses.replace(EXPORT, returns=FOREIGN)) == ["certificate-differs"]
    assert arrived.codes(EXPORT) == []


def test_a_certificate_is_replaced_once_and_by_one_for_its_goods() -> None:
    """Again only when the one that took its place was voided."""
    book = Book()
    book.mine("P1", 12_500)
    book.mine("P2", 100)
    book.do(certificate("P1", 12_500))
    book.do(by_ministry(e.CertificateReplaced, OWN))
    assert book.codes(certificate("P2", 100, "BW 108", replaces=OWN)) == ["certificate-differs"]
    book.do(certificate("P1", 12_500, "BW 108", replaces=OWN))
    book.do(e.CertificateReplaced(by="ministry", certificate="BW/00000108", reason="again"))
    assert book.codes(certificate("P1", 12_500, "BW 109", replaces=OWN)) == ["certificate-replaced"]
    assert book.codes(certificate("P1", 12_500, "BW 109", replaces="BW/00000108")) == []
    book = Book()
    book.mine("P1", 12_500)
    book.do(certificate("P1", 12_500))
    book.do(by_ministry(e.CertificateReplaced, OWN))
    book.do(certificate("P1", 12_500, "BW 108", replaces=OWN))
    book.do(by_ministry(e.CertificateVoided, "BW/00000108"))
    assert book.codes(certificate("P1", 12_500, "BW 109", replaces=OWN)) == []


def test_the_seals_on_export_are_those_of_the_validation() -> None:
    """In any order; who names none is not asked."""
    book = Book()
    book.mine("P1", 12_500)
    book.do(certificate("P1", 12_500))
    book.do(dataclasses.replace(VALIDATION, seals=("S1", "S2")))
    assert book.codes(dataclasses.replace(EXPORT, seals=("S1", "S3"))) == ["certificate-differs"]
    assert book.codes(dataclasses.replace(EXPORT, seals=("S1",))) == ["certificate-differs"]
    assert book.codes(dataclasses.replace(EXPORT, seals=("S2", "S1"))) == []
    assert book.codes(EXPORT) == []


def test_an_error_is_endorsed_also_after_the_receipt_was_confirmed() -> None:
    """Not before it arrived."""
    endorsement = by_ministry(e.CertificateEndorsed, FOREIGN)
    book = Book()
    assert book.codes(endorsement) == ["certificate-unknown"]
    book.do(IMPORT)
    book.do(by_ministry(e.ImportConfirmed, FOREIGN))
    book.do(endorsement)
    found = book.state.certificate(FOREIGN)
    assert found is not None
    assert (found.status, len(found.endorsements)) == (c.CONFIRMED, 1)


def test_spelling_is_endorsed_and_nothing_else() -> None:
    """What would make it another shipment takes another certificate, in whatever words it is asked for."""
    book = Book()
    book.do(IMPORT)
    for field in (
        "weight", "Value", "HS code", "origins", "Destination", "waight", "poids", "\u0432\u0435\u0441",
        "address", "", "importer and weight", "number", "expiry", "seal", "importer \u0432\u0435\u0441",
    ):  # fmt: skip
        endorsed = by_ministry(e.CertificateEndorsed, FOREIGN, field=field)
        assert book.codes(endorsed) == ["endorsement-substance"], field
    for field in ("remarks", "The quality characteristics"):
        assert book.codes(by_ministry(e.CertificateEndorsed, FOREIGN, field=field)) == [], field


@pytest.mark.parametrize(
    ("field", "stated", "meant", "codes"),
    [
        ("importer", "Gaborone", "Gabarone", []),
        ("Importer's name", "An importer", "The importer", []),
        ("exporter's address", "Harare", "Harrare", []),
        ("issuing authority", "office", "Office", []),
        ("importer", "An importer, Gaborone", "Another firm, Antwerp", ["endorsement-spelling"]),
        ("exporter", "Harare", "Antwerp", ["endorsement-spelling"]),
        ("importer", "Francistown", "Francistonn", ["certificate-differs"]),
        ("remark", "x" * 201, "x" * 201, ["endorsement-spelling"]),
    ],
)
def test_a_typing_error_is_a_letter_or_a_few_of_what_is_printed(
    field: str, stated: str, meant: str, codes: list[str]
) -> None:
    """Another text is another certificate's; what is not on the paper cannot be misspelt there."""
    book = Book()
    book.do(IMPORT)
    more = {"field": field, "stated": stated, "endorsed": meant}
    assert book.codes(by_ministry(e.CertificateEndorsed, FOREIGN, **more)) == codes


def test_stones_that_were_counted_otherwise_hold_an_import_up() -> None:
    """Also where the inspection found everything else to match; compared where both counts are known."""
    stated = dataclasses.replace(
        IMPORT, lines=(e.Arrival("Z1", 3_000, 40), e.Arrival("Z2", 2_000, 2)), weight=5_000
    )
    for stones, codes in ((42, []), (41, ["inspection-differs"]), (None, [])):
        book = Book()
        book.do(ARRIVAL)
        book.do(dataclasses.replace(INSPECTION, stones=stones))
        assert book.codes(stated) == codes
        assert book.codes(IMPORT) == []


@pytest.mark.parametrize(
    ("stones", "codes"), [(40, []), (44, []), (39, ["inspection-differs"]), (45, ["inspection-differs"])]
)
def test_a_profile_says_by_how_many_stones_a_count_may_differ(stones: int, codes: list[str]) -> None:
    """Small goods are counted otherwise by every hand: KPCS leaves it to the State."""
    book = Book()
    book.do(e.ProfileAdopted(by="ministry", profile="BW/1", stone_tolerance=2))
    book.do(ARRIVAL)
    book.do(dataclasses.replace(INSPECTION, stones=stones))
    assert book.codes(dataclasses.replace(IMPORT, lines=(e.Arrival("Z1", 5_000, 42),))) == codes


def test_what_remains_of_a_shipment_that_was_robbed_comes_back() -> None:
    """The stolen parcel does not, and the certificate carries nothing any more."""
    book = Book()
    book.mine("P1", 12_500)
    book.mine("P2", 100)
    both = (e.Part("P1", 12_500), e.Part("P2", 100))
    classes = (e.ClassWeight("710210", 12_600),)
    book.do(dataclasses.replace(certificate("P1", 12_500), parts=both, weight=12_600, classes=classes))
    book.do(VALIDATION)
    assert book.codes(lost(OWN, "P2")) == ["parcel-certified", "certificate-state"]
    book.do(dataclasses.replace(EXPORT, parts=both))
    assert book.codes(lost(OWN, "P9")) == ["parcel-unknown", "certificate-differs"]
    book.do(lost(OWN, "P2"))
    assert book.codes(by_ministry(e.ImportConfirmed, OWN)) == ["certificate-state"]
    assert book.codes(dataclasses.replace(returned(), parts=both)) == ["parcel-lost"]
    book.do(returned())
    assert c.status(book.state.certificate(OWN)) == c.RETURNED
    assert book.codes(e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", price=1)) == []
    assert book.codes(certificate("P1", 12_500, "BW 108")) == []


def test_goods_of_a_detained_shipment_are_forfeited_and_it_enters_no_more() -> None:
    """The certificate's state says so; without its name only the goods are forfeited."""
    book = Book()
    book.do(ARRIVAL)
    book.do(by_ministry(e.ShipmentDetained, FOREIGN))
    book.do(e.Seized(by="ministry", lines=(e.Goods("X1", 5_000),)))
    forfeit = e.Forfeited(by="ministry", parcels=("X1",), fate="kept", certificate=FOREIGN)
    assert book.codes(dataclasses.replace(forfeit, certificate="ZW/00000010")) == ["certificate-unknown"]
    book.do(forfeit)
    assert c.status(book.state.certificate(FOREIGN)) == c.FORFEITED
    assert book.codes(by_ministry(e.ShipmentRemedied, FOREIGN)) == ["certificate-state"]
    assert book.codes(IMPORT) == ["certificate-used"]
