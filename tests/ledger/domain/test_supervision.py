"""Special measures: attestations gate validation, import and the going on of imported goods; nobody else's
do."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ledger.domain import events as e
from ledger.domain.supervision_rules import missing_attestations
from ledger.edtf import parse
from tests.book import ORIGIN, Book, certificate
from tests.border import IMPORT, OWN, VALIDATION

MISSING = "attestation-missing"


def supervise(book: Book, participant: str, **more: Any) -> None:
    """The register knows BW, ZW, AE and the EU; goods of one zone are supervised from 2023 to the end of
    2024.
    """
    members = tuple(e.Admission(code, code, "2003", None, "a list") for code in ("BW", "ZW", "AE", "EU"))
    book.do(e.RegisterAdopted(by="ministry", register="test/1", admissions=members))
    values = {
        "zones": ("Marange",),
        "parties": ("observer-1", "observer-2"),
        "attestations": 1,
        "until": "2025-01-01",
    }
    book.do(
        e.MeasureAdopted(
            by="ministry",
            measure="AD-1",
            participant=participant,
            effect="supervised",
            since="2023",
            source="a decision",
            **{**values, **more},
        )
    )


def attest(book: Book, party: str, entry: int, *, origin: str = ORIGIN) -> None:
    """A party agrees with an entry; of another ledger only its number is known here."""
    act = e.Attested(by=party, origin=origin, index=entry, hash=book.records[entry].hash)
    book.do(act)


@pytest.fixture
def own() -> Book:
    """A certificate for goods mined in a supervised zone here."""
    book = Book()
    book.party("observer-2", "observer")
    supervise(book, "BW")
    book.do(e.SiteRegistered(by="ministry", site="pit-7", in_country="BW", zone="Marange"))
    book.do(
        e.LicenceGranted(
            by="ministry", licence="L-7", party="miner-1", licensed="mining", site="pit-7", since="2020"
        )
    )
    book.do(e.Mined(by="miner-1", site="pit-7", lines=(e.Goods("P1", 12_500),)))
    book.do(certificate("P1", 12_500))
    return book


def test_validation_waits_for_those_who_are_named(own: Book) -> None:
    """Not for issuer, exporter, or somebody else."""
    entry = len(own.records) - 1
    assert own.codes(VALIDATION) == [MISSING]
    for party in ("ministry", "miner-1", "dealer-1"):
        attest(own, party, entry)
    assert own.codes(VALIDATION) == [MISSING]
    attest(own, "observer-2", entry)
    assert own.codes(VALIDATION) == []


def test_an_entry_of_the_same_number_in_another_ledger_is_another_entry(own: Book) -> None:
    """Who attested that has not attested this."""
    entry = len(own.records) - 1
    attest(own, "observer-1", entry, origin="ledger.example/zw/k3")
    assert own.codes(VALIDATION) == [MISSING]
    attest(own, "observer-1", entry)
    assert own.codes(VALIDATION) == []


def test_other_zones_and_other_years_are_free(own: Book) -> None:
    """Karowe is not listed, and the measure ended with 2024."""
    own.mine("P2", 100)
    other = certificate("P2", 100, "BW 108")
    own.do(other)
    assert own.codes(dataclasses.replace(VALIDATION, certificate=other.certificate)) == []
    assert missing_attestations(own.state, OWN, parse("2024-06-01")) == 1
    assert missing_attestations(own.state, OWN, parse("2024-12-31")) == 1
    assert missing_attestations(own.state, OWN, parse("2025-01-01")) == 0


ARRIVED = dataclasses.replace(IMPORT, origins=("ZW",), zones=("Marange",))


@pytest.fixture
def importer() -> Book:
    """A ledger that knows of supervision elsewhere."""
    book = Book()
    book.party("observer-2", "observer")
    supervise(book, "ZW", attestations=2)
    return book


def test_an_import_from_under_supervision_names_who_countersigned(importer: Book) -> None:
    """As many as the measure asks for, each once, and only those it names."""
    for attested, codes in (
        ((), [MISSING]),
        (("observer-1",), [MISSING]),
        (("observer-1", "Observer-1"), [MISSING]),
        (("observer-1", "somebody"), [MISSING]),
        (("observer-1", "observer-2"), []),
    ):
        assert importer.codes(dataclasses.replace(ARRIVED, attested=attested)) == codes, attested
    assert importer.codes(dataclasses.replace(ARRIVED, zones=("Mutoko",))) == []
    assert "standing-unknown" in importer.codes(dataclasses.replace(ARRIVED, zones=()))


def test_goods_through_a_third_state_were_that_states_to_ask_about(importer: Book) -> None:
    """The same origin, another provenance."""
    through = dataclasses.replace(
        ARRIVED, certificate="AE/00000009", number="AE 9", provenance="AE", zones=(), expiry="2024-06-30"
    )
    assert importer.codes(through) == []


def sent_on(book: Book) -> e.CertificateIssued:
    """The imported parcel goes to the Union."""
    return certificate(
        "Z1", 5_000, exporter="dealer-1", origins=("ZW",), classes=(e.ClassWeight("710210", 5_000),)
    )


def test_goods_that_came_attested_go_on_and_others_need_it_now(importer: Book) -> None:
    """What was imported before the measure was known here lacks attestations until they are given."""
    importer.do(dataclasses.replace(ARRIVED, attested=("observer-1", "observer-2")))
    importer.do(sent_on(importer))
    assert importer.codes(VALIDATION) == []
    book = Book()
    book.party("observer-2", "observer")
    book.do(ARRIVED)
    supervise(book, "ZW", attestations=2)
    issued = book.do(sent_on(book)).index
    assert book.codes(VALIDATION) == [MISSING]
    attest(book, "observer-1", issued)
    assert book.codes(VALIDATION) == [MISSING]
    attest(book, "observer-2", issued)
    assert book.codes(VALIDATION) == []
