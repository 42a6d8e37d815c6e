"""Applications: what is issued is what was asked for, and evidence of acquisition is spent like coins."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ledger.domain import events as e
from tests.book import Book, certificate
from tests.border import FOREIGN, IMPORT


def application(
    parcel: str, *acquired: tuple[str, int], name: str = "A1", **more: Any
) -> e.CertificateApplied:
    """The dealer asks for a certificate to Belgium."""
    values: dict[str, Any] = {"by": "dealer-1", "destination": "EU", "importer": "Example Diamonds, Antwerp"}
    return e.CertificateApplied(
        application=name,
        parts=(e.Part(parcel),),
        declaration="kpcs/1",
        acquired=tuple(e.Acquired(*one) for one in acquired),
        **{**values, **more},
    )


@pytest.fixture
def imported() -> Book:
    """Z1, 5.00 ct under ZW/00000009, split into Z2 (3.00) and Z3 (2.00); Y1, 1.00 ct under another; S1, 4.00
    ct of opening stock."""
    book = Book()
    book.do(IMPORT)
    other = dataclasses.replace(
        IMPORT, certificate="ZW/00000010", number="ZW 10", lines=(e.Arrival("Y1", 1_000),), weight=1_000
    )
    book.do(other)
    book.do(e.Split(by="dealer-1", parcel="Z1", outputs=(e.Goods("Z2", 3_000), e.Goods("Z3", 2_000)), loss=0))
    stock = e.StockOpened(by="ministry", holder="dealer-1", lines=(e.Goods("S1", 4_000),), origins=("ZW",))
    book.do(stock)
    return book


def test_imported_goods_need_the_certificates_they_came_under(imported: Book) -> None:
    """All of their carats, and no certificate that did not bring them."""
    assert imported.codes(application("Z2", (FOREIGN, 3_000))) == []
    assert imported.codes(application("Z2")) == ["acquired-missing"]
    assert imported.codes(application("Z2", (FOREIGN, 2_000))) == ["acquired-missing"]
    assert imported.codes(application("Z2", (FOREIGN, 4_000))) == ["acquired-weight"]
    assert set(imported.codes(application("Z2", ("ZW/00000077", 3_000)))) == {"acquired-unknown"}
    assert set(imported.codes(application("Z2", ("ZW/00000010", 1_000)))) == {
        "acquired-elsewhere",
        "acquired-missing",
    }


def test_goods_mined_here_and_old_stock_need_none_and_may_claim_none(imported: Book) -> None:
    """A certificate that brought other goods is no evidence for them."""
    imported.mine("P1", 500)
    own = application("P1", by="miner-1")
    assert imported.codes(own) == []
    assert imported.codes(application("S1")) == []
    claimed = dataclasses.replace(own, acquired=(e.Acquired(FOREIGN, 500),))
    assert imported.codes(claimed) == ["acquired-elsewhere"]


def test_no_carat_is_spent_twice(imported: Book) -> None:
    """Not by two applications, not within one, not by more than was brought in."""
    imported.do(application("Z2", (FOREIGN, 3_000)))
    again = application("Z3", (FOREIGN, 3_000), name="A2")
    assert imported.codes(again) == ["acquired-spent", "acquired-weight"]
    assert imported.codes(application("Z3", (FOREIGN, 2_000), name="A2")) == []
    imported.do(application("Z3", (FOREIGN, 2_000), name="A2"))
    third = application("Z3", (FOREIGN, 1_000), (FOREIGN, 1_000), name="A3")
    assert imported.codes(third) == ["acquired-spent"]


def test_what_mixes_imported_and_other_goods_names_what_cannot_be_other(imported: Book) -> None:
    """5.00 ct of an import's 3.00 and 4.00 ct of stock: at least the rest is imported."""
    imported.do(e.Mixed(by="dealer-1", inputs=("Z2", "S1"), output="M1", weight=7_000, loss=0))
    assert imported.codes(application("M1", (FOREIGN, 3_000))) == []
    assert imported.codes(application("M1", (FOREIGN, 2_000))) == ["acquired-missing"]


@pytest.mark.parametrize("how", ["refused", "voided", "replaced"])
def test_evidence_is_free_again_when_nothing_came_of_it(imported: Book, how: str) -> None:
    """A refused application and a certificate that was given up spend nothing; one in force does."""
    first = application("Z2", (FOREIGN, 3_000))
    second = dataclasses.replace(first, application="A2")
    imported.do(first)
    assert "acquired-spent" in imported.codes(second)
    if how == "refused":
        imported.do(e.CertificateRefused(by="ministry", application="A1", reason="no licence"))
        assert imported.codes(second) == []
        return
    paper = certificate("Z2", 3_000, exporter="dealer-1", origins=("ZW",), application="A1")
    imported.do(paper)
    imported.do(
        e.CertificateVoided(by="ministry", certificate=paper.certificate, reason="x")
        if how == "voided"
        else e.CertificateReplaced(by="ministry", certificate=paper.certificate, reason="x")
    )
    assert imported.codes(second) == []
    if how == "replaced":
        heir = certificate(
            "Z2", 3_000, "BW 108", exporter="dealer-1", origins=("ZW",), replaces=paper.certificate
        )
        imported.do(heir)
        assert "acquired-spent" in imported.codes(dataclasses.replace(second, parts=(e.Part("Z3"),)))


def test_what_is_issued_is_what_was_applied_for() -> None:
    """Parcels and weights, exporter, importer, destination."""
    book = Book()
    book.mine("P1", 12_500)
    book.do(dataclasses.replace(application("P1", by="miner-1"), parts=(e.Part("P1", 12_500),)))
    asked = certificate("P1", 12_500, application="A1")
    assert book.codes(asked) == []
    for changed in ({"destination": "IN"}, {"importer": "Another, Antwerp"}):
        assert book.codes(dataclasses.replace(asked, **changed)) == ["certificate-differs"]
    assert "certificate-differs" in book.codes(dataclasses.replace(asked, exporter="dealer-1"))


def test_the_profile_may_ask_for_an_application() -> None:
    """With it none is issued without one, but what replaces one or sends goods back."""
    book = Book()
    book.mine("P1", 12_500)
    paper = certificate("P1", 12_500)
    assert book.codes(paper) == []
    book.do(e.ProfileAdopted(by="ministry", profile="test/1", application_needed=True))
    assert book.codes(paper) == ["application-needed"]
    book.do(application("P1", by="miner-1"))
    book.do(dataclasses.replace(paper, application="A1"))
    book.do(e.CertificateReplaced(by="ministry", certificate=paper.certificate, reason="x"))
    assert book.codes(certificate("P1", 12_500, "BW 108", replaces=paper.certificate)) == []


def test_a_correction_does_not_spend_what_a_later_application_spent(imported: Book) -> None:
    """The application that it would make impossible is named; with less, both stand."""
    imported.do(e.Mixed(by="dealer-1", inputs=("Z3", "S1"), output="M1", weight=6_000, loss=0))
    first = imported.do(application("M1", (FOREIGN, 2_000)))
    second = imported.do(application("Z2", (FOREIGN, 3_000), name="A2"))

    def corrected(weight: int) -> e.Corrected:
        body = e.write(application("M1", (FOREIGN, weight)))
        return e.Corrected(
            by="dealer-1", index=first.index, hash=first.hash, replacement=body, reason="typing"
        )

    (refusal,) = imported.attempt(corrected(3_000))
    assert (refusal.code, refusal.values["later"]) == ("correction-impossible", second.index)
    imported.do(corrected(2_000))
    assert imported.state.reliance(FOREIGN).spent == (("A1", 2_000), ("A2", 3_000))
    assert imported.refolded().reliance(FOREIGN).spent == imported.state.reliance(FOREIGN).spent
