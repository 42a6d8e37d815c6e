"""At the border, and from sources: what rules refuse, what documented acts name instead."""

from __future__ import annotations

import dataclasses

import pytest

from ledger.domain import events as e
from tests.book import Book, certificate
from tests.border import ARRIVAL, IMPORT, on_paper


@pytest.fixture
def book() -> Book:
    """A ledger with one mined parcel of 12.500 ct in the miner's hands."""
    made = Book()
    made.mine("P1", 12_500)
    return made


# --- the border ------------------------------------------------------------------------------------


def test_a_certificate_equals_its_parcels(book: Book) -> None:
    """Weight, classes, origin, provenance, number and issuer are each held against the goods."""
    good = certificate("P1", 12_500)
    assert book.codes(good) == []
    assert book.codes(certificate("P1", 12_400)) == ["certificate-differs", "certificate-differs"]
    assert book.codes(dataclasses.replace(good, origins=("ZW",))) == ["certificate-differs"]
    assert book.codes(dataclasses.replace(good, provenance="ZW")) == ["certificate-differs"]
    assert book.codes(dataclasses.replace(good, destination="BW")) == ["certificate-destination"]
    assert book.codes(dataclasses.replace(good, certificate="BW/00000108")) == ["certificate-number"]
    assert book.codes(dataclasses.replace(good, certificate="ZW/00000107", number="107")) == [
        "certificate-issuer"
    ]
    assert book.codes(dataclasses.replace(good, expiry="2023-12-31")) == ["certificate-expired"]
    assert book.codes(dataclasses.replace(good, classes=(e.ClassWeight("710210", 1),))) == [
        "certificate-differs"
    ]
    assert book.codes(dataclasses.replace(good, exporter="dealer-1")) == ["holder-only"]


def test_a_certificate_makes_one_journey(book: Book) -> None:
    """Issued, validated, exported once; the number is taken for ever."""
    key_ = book.certify("P1", 12_500)
    export = e.Exported(by="miner-1", certificate=key_, parts=(e.Part("P1", 12_500),), destination="EU")
    assert book.codes(export) == ["certificate-state"]
    book.do(e.CertificateValidated(by="ministry", certificate=key_))
    book.do(export)
    assert book.codes(export) == ["parcel-exported", "holder-only", "certificate-used"]
    assert book.codes(e.CertificateVoided(by="ministry", certificate=key_, reason="x")) == [
        "certificate-state"
    ]
    book.do(e.ImportConfirmed(by="ministry", certificate=key_, parcels=1, weight=12_500))
    assert book.codes(e.ImportConfirmed(by="ministry", certificate=key_, parcels=1, weight=12_500)) == [
        "certificate-state"
    ]
    book.mine("P2", 100)
    assert book.codes(certificate("P2", 100)) == ["certificate-taken"]


def test_certified_goods_travel_or_wait(book: Book) -> None:
    """What a live certificate covers cannot be sold or split; voiding sets it free."""
    key_ = book.certify("P1", 12_500)
    assert book.codes(e.Split(by="miner-1", parcel="P1", outputs=(e.Goods("P2", 12_500),))) == [
        "parcel-certified"
    ]
    book.do(e.CertificateVoided(by="ministry", certificate=key_, reason="wrong importer"))
    assert book.codes(e.Split(by="miner-1", parcel="P1", outputs=(e.Goods("P2", 12_500),))) == []


def test_an_export_equals_its_certificate_and_is_in_time(book: Book) -> None:
    """Other parcels, another weight, another destination, another exporter, an expired certificate."""
    book.mine("P2", 100)
    key_ = book.certify("P1", 12_500)
    book.do(e.CertificateValidated(by="ministry", certificate=key_))
    export = e.Exported(by="miner-1", certificate=key_, parts=(e.Part("P1", 12_500),), destination="EU")
    both = (e.Part("P1", 12_500), e.Part("P2", 100))
    assert book.codes(dataclasses.replace(export, parts=both)) == ["certificate-differs"]
    assert book.codes(dataclasses.replace(export, parts=(e.Part("P1", 12_499),))) == ["certificate-differs"]
    assert book.codes(dataclasses.replace(export, destination="AE")) == ["certificate-differs"]
    assert book.codes(dataclasses.replace(export, certificate=None)) == ["certificate-needed"]
    assert book.codes(dataclasses.replace(export, certificate="BW/00000999")) == ["certificate-unknown"]
    late = dataclasses.replace(book.act(export), recorded=book.act(export).recorded + 200 * 86_400_000_000)
    from ledger.domain import rules

    assert [r.code for r in rules.refusals(book.state, late)] == ["certificate-expired"]


def test_an_import_needs_a_fresh_certificate_that_fits(book: Book) -> None:
    """Weights may differ by the weighings; the second import under one certificate is refused."""
    arrival = on_paper(
        by="dealer-1",
        certificate="ZW/00000009",
        number="ZW 9",
        lines=(e.Arrival("Z1", 5_000),),
        weight=5_010,
        provenance="ZW",
        expiry="2024-06-30",
    )
    assert book.codes(arrival) == []
    assert book.codes(dataclasses.replace(arrival, weight=5_021)) == ["certificate-differs"]
    assert book.codes(dataclasses.replace(arrival, certificate=None)) == ["certificate-needed"]
    assert book.codes(dataclasses.replace(arrival, number="ZW 8")) == ["certificate-number"]
    assert book.codes(dataclasses.replace(arrival, expiry="2023-06-30")) == ["certificate-expired"]
    arrival = dataclasses.replace(arrival, expiry="2023-06-30")
    for occurred in ("2023", "2023-06/2023-07", "2023-06/.."):  # perhaps in time is not in time
        assert book.codes(arrival, occurred=occurred) == ["certificate-expired"]
    for occurred in ("2023-06", "2023-06-30", "2023-06-30T23:59:00+00:00"):
        assert book.codes(arrival, occurred=occurred) == []
    arrival = dataclasses.replace(arrival, expiry="2024-06-30")
    book.do(arrival)
    again = dataclasses.replace(arrival, lines=(e.Arrival("Z2", 5_000),))
    assert book.codes(again) == ["certificate-used"]


@pytest.mark.parametrize("arrival", [IMPORT, ARRIVAL], ids=["import", "arrival"])
def test_a_certificate_leaves_the_participant_that_issued_it(
    book: Book, arrival: e.Imported | e.ShipmentArrived
) -> None:
    """A provenance of another's name would have that other's standing asked, and not the issuer's."""
    assert book.codes(arrival) == []
    assert book.codes(dataclasses.replace(arrival, provenance="NA")) == ["certificate-differs"]
    former = dataclasses.replace(arrival, certificate="EU/EC00000107", number="EC 107", provenance="EU")
    assert book.codes(former) == []


def test_polished_goods_need_no_certificate_and_get_none(book: Book) -> None:
    """A certificate covers rough only."""
    book.do(e.Transferred(by="miner-1", parcels=("P1",), to="cutter-1"))
    book.do(e.Polished(by="cutter-1", parcel="P1", outputs=(e.Goods("S1", 5_000),), complete=True))
    event = certificate("S1", 5_000, exporter="cutter-1", classes=(e.ClassWeight("710239", 5_000),))
    assert book.codes(event) == ["certificate-polished"]


# --- documented acts -------------------------------------------------------------------------------


def documented(event: e.Event, book: Book, **more: object) -> e.Event:
    """The event in its documented form, with the discrepancies the rules name."""
    from ledger.domain import rules

    bare = dataclasses.replace(event, documented=True)
    act = book.act(bare, author="archivist-1", sources=1, **more)
    named = tuple(e.Discrepancy(r.code, r.subject, str(r)) for r in rules.discrepancies(book.state, act))
    return dataclasses.replace(bare, discrepancies=named)


def test_a_documented_act_keeps_unknown_as_unknown_and_names_what_a_rule_would_have_said(book: Book) -> None:
    """No date, no weight, no registered party: recorded, with each named; nothing invented."""
    event = documented(e.Mined(by="old-company", site=None, lines=(e.Goods("OLD", None),)), book)
    rules_named = [line.rule for line in event.discrepancies]
    assert rules_named == [
        "field-unknown-date",
        "field-unknown-value",
        "field-unknown-value",
        "party-unknown",
    ]
    book.do(event, author="archivist-1", sources=1)
    parcel = book.state.parcel("OLD")
    assert parcel is not None
    assert (parcel.weight, parcel.site, parcel.holder, parcel.documented) == (None, None, "old-company", True)


def test_a_discrepancy_left_unnamed_is_refused(book: Book) -> None:
    """So are a missing source and an author who is no archivist."""
    bare = e.Mined(by="miner-1", site="karowe", lines=(e.Goods("OLD", None),), documented=True)
    assert set(book.codes(bare, author="archivist-1", sources=1)) == {"discrepancy-unnamed"}
    named = documented(bare, book)
    assert book.codes(named, author="archivist-1", sources=0) == ["documented-source"]
    assert book.codes(named, author="miner-1", sources=1) == ["role-missing"]


def test_documented_goods_never_authorise_a_live_act_nor_documents_change_live_goods(book: Book) -> None:
    """Nothing is certified out of a newspaper, and no newspaper moves what is recorded live."""
    event = documented(e.Mined(by="miner-1", site="karowe", lines=(e.Goods("OLD", 5_000),)), book)
    book.do(event, author="archivist-1", sources=1)
    assert "parcel-documented" in book.codes(e.Sold(by="miner-1", parcels=("OLD",), to="dealer-1", price=1))
    assert "parcel-documented" in book.codes(certificate("OLD", 5_000))
    sale = documented(e.Sold(by="miner-1", parcels=("P1",), to="dealer-1"), book)
    assert book.codes(sale, author="archivist-1", sources=1) == ["documented-on-live"]
    report = documented(e.Reported(by="miner-1", parcels=("P1",), report="seen in Antwerp"), book)
    assert book.codes(report, author="archivist-1", sources=1) == []


def test_sources_cannot_tell_who_holds_a_licence(book: Book) -> None:
    """Only what sources can tell of is recorded from them."""
    grant = e.LicenceGranted(
        by="ministry", licence="L", party="dealer-1", licensed="export", since="2024", documented=True
    )
    assert book.codes(grant, author="archivist-1", sources=1) == ["documented-kind"]
