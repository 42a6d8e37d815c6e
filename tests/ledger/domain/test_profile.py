"""Each line of a national profile is judged by a rule: without it nothing is asked, with it both sides."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ledger.domain import events as e
from tests.book import Book, certificate
from tests.border import ARRIVAL, IMPORT, INSPECTION, OWN, VALIDATION


def adopt(book: Book, **lines: Any) -> None:
    """A profile with these lines and no others."""
    book.do(e.ProfileAdopted(by="ministry", profile="test/1", **lines))


def value(by: str, cents: int) -> e.Valued:
    """A valuation of P1."""
    return e.Valued(by=by, parcel="P1", value=cents)


@pytest.mark.parametrize(
    ("choice", "governs"), [("highest", 900), ("latest", 700), ("authority", 800), ("exporter", 700)]
)
def test_the_valuation_that_governs_is_the_certificates_value(choice: str, governs: int) -> None:
    """The exporter says 900 and later 700, the authority 800 between them."""
    book = Book()
    book.mine("P1", 12_500)
    for by, cents in (("miner-1", 900), ("ministry", 800), ("miner-1", 700)):
        book.do(value(by, cents))
    stated = {cents: certificate("P1", 12_500, value=cents) for cents in (700, 800, 900)}
    assert all(book.codes(paper) == [] for paper in stated.values())
    adopt(book, governing=choice)
    assert {cents for cents, paper in stated.items() if book.codes(paper) == []} == {governs}
    assert book.codes(stated[1_600 - governs]) == ([] if governs == 800 else ["certificate-value"])


def test_goods_that_nobody_valued_may_be_certified_at_any_value() -> None:
    """A governing valuation that is not there is not asked for."""
    book = Book()
    book.mine("P1", 12_500)
    adopt(book, governing="authority")
    book.do(value("miner-1", 900))
    assert book.codes(certificate("P1", 12_500, value=1)) == []
    book.do(value("ministry", 2))
    assert book.codes(certificate("P1", 12_500, value=1)) == ["certificate-value"]


def test_where_every_container_is_opened_nothing_uninspected_enters() -> None:
    """By risk, the inspection is the authority's choice."""
    for mode, codes in (("risk", []), ("all", ["inspection-missing"])):
        book = Book()
        adopt(book, inspection=mode)
        assert book.codes(IMPORT) == codes
        book.do(ARRIVAL)
        assert book.codes(IMPORT) == codes
        book.do(INSPECTION)
        assert book.codes(IMPORT) == []


def test_a_value_found_on_inspection_may_differ_by_the_tolerance() -> None:
    """Ten percent: 1,000 dollars stated, 1,100 found; a cent more is too much."""
    stated = dataclasses.replace(IMPORT, value=100_000)
    for found, codes in (
        (110_000, []),
        (110_001, ["inspection-differs"]),
        (90_909, ["inspection-differs"]),
    ):
        book = Book()
        book.do(ARRIVAL)
        book.do(dataclasses.replace(INSPECTION, value=found))
        assert book.codes(stated) == []
        adopt(book, value_tolerance=1_000)
        assert book.codes(stated) == codes


def test_a_weight_found_on_inspection_is_the_certificates() -> None:
    """What was measured counts, whoever ticked that it conforms."""
    book = Book()
    book.do(ARRIVAL)
    book.do(dataclasses.replace(INSPECTION, weight=3_000))
    assert book.codes(IMPORT) == ["inspection-differs"]
    book.do(dataclasses.replace(INSPECTION, weight=5_010))
    assert book.codes(IMPORT) == []


def test_validation_names_the_seals_where_the_profile_wants_them() -> None:
    """Those of the issue will do."""
    book = Book()
    book.mine("P1", 12_500)
    adopt(book, seals_needed=True)
    book.do(certificate("P1", 12_500))
    assert book.codes(VALIDATION) == ["seals-missing"]
    assert book.codes(dataclasses.replace(VALIDATION, seals=("S1",))) == []
    book.do(e.CertificateVoided(by="ministry", certificate=OWN, reason="x"))
    book.do(certificate("P1", 12_500, "BW 108", seals=("S1",)))
    assert book.codes(dataclasses.replace(VALIDATION, certificate="BW/00000108")) == []


def test_papers_are_kept_for_the_years_of_the_profile() -> None:
    """Nothing sealed in an act on goods is erased before; names in a registration are not papers of trade."""
    book = Book()
    book.mine("P1", 12_500)
    old = book.do(e.Valued(by="miner-1", parcel="P1", value=5), occurred="2020-03-01")
    new = book.do(value("miner-1", 7))
    named = book.do(e.PartyRegistered(by="ministry", party="dealer-9", roles=("dealer",), name="A. Name"))

    def erase(act: e.Recorded) -> list[str]:
        event = e.DisclosureErased(by="ministry", index=act.index, digests=("x",), ground="a request")
        return book.codes(event)

    assert erase(new) == []
    adopt(book, retention_years=3)
    assert (erase(old), erase(new), erase(named)) == ([], ["retention-running"], [])
    adopt(book, retention_years=5)
    assert erase(old) == ["retention-running"]


@pytest.fixture
def chain() -> Book:
    """Liberia's chain: a miner, a broker, a dealer, an exporter, each with a licence and a parcel to sell."""
    book = Book()
    for role, kind in (("broker", "broking"), ("exporter", "export")):
        book.party(f"{role}-1", role)
        book.licence(f"{role}-1", kind)
    for holder in ("broker-1", "dealer-1", "exporter-1"):
        book.mine(f"of {holder}", 100)
        book.do(e.Transferred(by="miner-1", parcels=(f"of {holder}",), to=holder, title=True))
    book.mine("of miner-1", 100)
    return book


LINES = (
    e.TradeLine("miner", "broker"),
    e.TradeLine("miner", "dealer"),
    e.TradeLine("broker", "dealer"),
    e.TradeLine("dealer", "exporter"),
)
PARTIES = ("miner-1", "broker-1", "dealer-1", "exporter-1", "cutter-1")


def test_who_may_sell_to_whom(chain: Book) -> None:
    """Every pair, as the profile has it; ownership does not pass by a transfer instead."""
    adopt(chain, trade=LINES)
    allowed = {(line.seller, line.buyer) for line in LINES}
    for seller in PARTIES[:-1]:
        for buyer in PARTIES:
            if seller == buyer:
                continue
            goods = {"by": seller, "parcels": (f"of {seller}",), "to": buyer}
            pair = (seller.removesuffix("-1"), buyer.removesuffix("-1"))
            codes = [] if pair in allowed else ["trade-not-allowed"]
            assert chain.codes(e.Sold(**goods, price=1)) == codes, pair
            assert chain.codes(e.Transferred(**goods, title=True)) == codes, pair
            assert chain.codes(e.Transferred(**goods)) == [], pair


def test_a_broker_trades_and_does_not_export_an_exporter_does() -> None:
    """By the act-by-role table, each with the licence of its kind."""
    book = Book()
    for role, kind in (("broker", "broking"), ("exporter", "dealing")):
        book.party(f"{role}-1", role)
        book.mine(f"of {role}", 12_500)
        book.do(e.Transferred(by="miner-1", parcels=(f"of {role}",), to=f"{role}-1", title=True))
        sale = e.Sold(by=f"{role}-1", parcels=(f"of {role}",), to="dealer-1", price=1)
        assert book.codes(sale) == ["licence-missing"]
        book.licence(f"{role}-1", kind)
        assert book.codes(sale) == []
    book.do(certificate("of exporter", 12_500, exporter="exporter-1"))
    book.do(VALIDATION)
    parts = (e.Part("of exporter", 12_500),)
    export = e.Exported(by="exporter-1", certificate=OWN, parts=parts, destination="EU")
    assert book.codes(export) == ["licence-missing"]
    book.licence("exporter-1", "export")
    assert book.codes(export) == []
    assert "role-missing" in book.codes(dataclasses.replace(export, by="broker-1"))


def test_the_profile_names_the_licences_in_the_states_own_words(chain: Book) -> None:
    """A broker sells under class B and no other; who is not named keeps the built-in kinds."""
    sale = e.Sold(by="broker-1", parcels=("of broker-1",), to="dealer-1", price=1)
    adopt(chain, licences=(e.LicenceLine("broker", "parcel-sold/1", "broking", "class B"),))
    assert chain.codes(sale) == ["licence-missing"]
    for number, national in (("L-A", "class A"), ("L-B", "class B")):
        chain.do(
            e.LicenceGranted(
                by="ministry",
                licence=number,
                party="broker-1",
                licensed="broking",
                national=national,
                since="2020",
            )
        )
        assert chain.codes(sale) == ([] if national == "class B" else ["licence-missing"])
    assert chain.codes(e.Sold(by="dealer-1", parcels=("of dealer-1",), to="dealer-2", price=1)) == []
    adopt(chain, licences=(e.LicenceLine("miner", "parcel-weighed/1", "mining"),))
    assert chain.codes(sale) == []


def test_a_line_names_an_act_that_there_is(chain: Book) -> None:
    """A licence for an act that nobody can record would be asked of nobody."""
    event = e.ProfileAdopted(
        by="ministry", profile="x/1", licences=(e.LicenceLine("miner", "parcel-sells/1", "mining"),)
    )
    assert chain.codes(event) == ["type-unknown"]
    known = e.LicenceLine("miner", "parcel-sold/1", "mining")
    assert chain.codes(dataclasses.replace(event, licences=(known,))) == []


def test_a_line_may_ask_a_licence_where_none_was_needed(chain: Book) -> None:
    """Weighing needs none; a State may want it."""
    weighing = e.Weighed(by="broker-1", parcel="of broker-1", weight=100)
    assert chain.codes(weighing) == []
    adopt(chain, licences=(e.LicenceLine("broker", "parcel-weighed/1", "dealing"),))
    assert chain.codes(weighing) == ["licence-missing"]
    chain.licence("broker-1", "dealing")
    assert chain.codes(weighing) == []
