"""Who could lawfully trade with whom, on both sides of every boundary date that the shipped register has."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.domain import events as e
from ledger.domain.participants import Reply, in_effect, measures, member, standing
from ledger.domain.passages import embargo
from ledger.domain.state import State
from ledger.edtf import parse
from ledger.exchange.participant_register import adoption, shipped_register
from tests.book import Book, certificate
from tests.border import on_paper

YES, NO, UNKNOWN = Reply.YES, Reply.NO, Reply.UNKNOWN


@pytest.fixture
def book() -> Book:
    """A ledger that adopted the shipped register."""
    book = Book()
    book.do(adoption("ministry"))
    return book


@pytest.fixture(scope="module")
def state() -> State:
    """Its state, where nothing else is recorded."""
    book = Book()
    book.do(adoption("ministry"))
    return book.state


def adopted(participant: str, effect: str, **more: Any) -> e.MeasureAdopted:
    """A measure that the ministry adopts."""
    stated: dict[str, Any] = {"measure": "M", "since": "2023", "source": "s", **more}
    return e.MeasureAdopted(by="ministry", participant=participant, effect=effect, **stated)


def coming_from(provenance: str, *origins: str, **more: Any) -> e.Imported:
    """An import from a country, of goods mined in others."""
    return on_paper(
        by="dealer-1", certificate=f"{provenance}/00000009", number=f"{provenance} 9",
        lines=(e.Arrival("Z1", 5_000),), weight=5_000, provenance=provenance, origins=origins, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "zone", "day", "reply"),
    [
        ("CI", None, "2005-12-14", YES),
        ("CI", None, "2005-12-15", NO),
        ("CI", None, "2014-04-28", NO),
        ("CI", None, "2014-04-29", YES),
        ("CG", None, "2004-07-08", YES),
        ("CG", None, "2004-07-09", NO),
        ("CG", None, "2007-11-07", NO),
        ("CG", None, "2007-11-08", YES),
        ("TR", None, "2007-08-13", NO),
        ("TR", None, "2007-08-14", YES),
        ("VE", None, "2008-05-31", YES),
        ("VE", None, "2008-07-01", NO),
        ("VE", None, "2016-10-31", NO),
        ("VE", None, "2017-04-26", YES),
        ("ZW", "Marange", "2009-11-04", YES),
        ("CM", None, "2012-08-13", NO),
        ("CM", None, "2012-08-14", YES),
        ("LR", None, "2007-05-03", NO),
        ("LR", None, "2007-05-04", YES),
        ("KZ", None, "2012-11-29", NO),
        ("KZ", None, "2012-11-30", YES),
        ("CF", "Bria", "2013-05-22", YES),
        ("CF", "Bria", "2013-05-23", NO),
        ("CF", "Berberati", "2015-07-16", NO),
        ("CF", "Berberati", "2015-08-01", NO),
        ("CF", "Berberati", "2016-07-01", YES),
        ("CF", "Nola", "2016-07-01", NO),
        ("CF", "Nola", "2016-09-19", YES),
        ("CF", "Bria", "2016-09-19", NO),
        ("CF", None, "2016-09-19", UNKNOWN),
        ("CF", "Gadzi", "2016-09-19", NO),
        ("CF", "Gadzi", "2018-01-01", UNKNOWN),
        ("CF", "Gadzi", "2020-03-26", YES),
        ("CF", "Mbaiki", "2021-01-01", YES),
        ("CF", "Nola", "2018-01-01", YES),
        ("CF", "Bria", "2018-01-01", NO),
        ("CF", "Bria", "2024-11-14", NO),
        ("CF", "Bria", "2024-11-15", YES),
        ("CF", None, "2024-11-14", UNKNOWN),
        ("CF", None, "2024-11-15", YES),
        ("GA", None, "2018-11-11", NO),
        ("GA", None, "2018-11-16", YES),
        ("QA", None, "2021-11-07", NO),
        ("QA", None, "2021-11-10", UNKNOWN),
        ("QA", None, "2024-01-01", YES),
        ("UZ", None, "2024-11-14", NO),
        ("UZ", None, "2024-11-15", YES),
        ("ID", None, "2004-12-31", NO),
        ("ID", None, "2005-11-17", YES),
        ("LB", None, "2004-12-31", NO),
        ("LB", None, "2005-11-17", YES),
        ("KE", None, "2015-07-17", UNKNOWN),
        ("HR", None, "2013-01-01", YES),
        ("HR", None, "2013-06-30", YES),
        ("HR", None, "2013-07-01", NO),
        ("TW", None, "2003-06-01", UNKNOWN),
        ("TW", None, "2012-12-31", YES),
        ("GB", None, "2020-12-31", NO),
        ("GB", None, "2021-02-01", YES),
        ("MZ", None, "2012-11-30", NO),
        ("MZ", None, "2020-01-01", NO),
        ("ML", None, "2012-11-30", NO),
        ("ML", None, "2020-01-01", UNKNOWN),
        ("MZ", None, "2026-01-01", YES),
        ("ZW", None, "2009-11-04", YES),
        ("ZW", None, "2010-06-01", UNKNOWN),
        ("ZW", None, "2012-11-30", YES),
        ("ZW", "Murowa", "2010-06-01", YES),
        ("CF", None, "2015-08-01", NO),
        ("CM", None, "2003-05-05", UNKNOWN),
        ("CM", None, "2003-09-01", NO),
        ("GH", None, "2003-06-01", UNKNOWN),
        ("GH", None, "2003-09-15", NO),
        ("RO", None, "2003-10-30", UNKNOWN),
        ("RO", None, "2006-12-31", YES),
        ("RO", None, "2007-01-01", NO),
        ("BE", None, "2010-01-01", NO),
        ("BD", None, "2005-01-01", UNKNOWN),
        ("BW", None, "2003-11-01", YES),
    ],
)
def test_the_real_timeline(state: State, code: str, zone: str | None, day: str, reply: Reply) -> None:
    """Embargo, removal, self-suspension, one field, late admission, positive list of zones."""
    answer = standing(state.participant(code), parse(day), zone=zone)
    assert (answer.reply, bool(answer.source)) == (reply, True)


def test_marange_needs_a_monitor_and_other_zimbabwean_goods_do_not(state: State) -> None:
    """From 5 November 2009 to 29 November 2012, for that field only."""
    zw = state.participant("ZW")
    for day, zone, needed in [
        ("2009-11-04", "Marange", None),
        ("2009-11-05", "Marange", 1),
        ("2012-11-29", "marange", 1),
        ("2012-11-30", "Marange", None),
        ("2010-06-01", "Murowa", None),
    ]:
        assert standing(zw, parse(day), zone=zone).attestations == needed


def test_every_boundary_date_changes_the_answer(state: State) -> None:
    """Each dated beginning and end of a measure in the register has another answer on its two sides."""
    for row in shipped_register()["measure"]:
        participant = state.participant(row["participant"])
        assert participant is not None
        measure = next(m for m in measures(participant) if m.id == row["measure"])
        for edge in (row["since"], row.get("until")):
            if edge is None or len(edge) != 10:
                continue
            eve = (date.fromisoformat(edge) - timedelta(1)).isoformat()
            assert in_effect(measure, parse(eve)) != in_effect(measure, parse(edge)), (row["measure"], edge)


def test_members_of_the_union_trade_under_its_name(state: State) -> None:
    """From the day of their accession on; the United Kingdom until it became a participant itself."""
    for code, day, reason in [
        ("BE", "2003-01-01", "trades-within"),
        ("HU", "2004-04-30", "member"),
        ("HU", "2004-05-01", "trades-within"),
        ("HR", "2013-06-30", "member"),
        ("HR", "2013-07-01", "trades-within"),
        ("CZ", "2004-04-30", "not-a-member"),
        ("GB", "2020-12-31", "trades-within"),
        ("GB", "2021-01-15", "membership-date-unknown"),
        ("GB", "2021-01-31", "member"),
    ]:
        assert standing(state.participant(code), parse(day)).reason == reason, (code, day)


def test_a_national_date_binds_the_nation_whose_it_is(state: State) -> None:
    """Cameroon, for the European Union from its regulation on; Venezuela, for the United States until its
    list said so."""
    cm, ve = state.participant("CM"), state.participant("VE")
    for here, day, reply in [
        (None, "2012-08-14", YES),
        ("CH", "2012-10-11", YES),
        ("EU", "2012-08-13", NO),
        ("EU", "2012-08-14", NO),
        ("EU", "2012-10-11", NO),
        ("EU", "2012-10-12", YES),
    ]:
        assert standing(cm, parse(day), here=here).reply == reply
    assert standing(cm, parse("2012-09-01"), here="EU").reason == "not-admitted-here"
    for here, reply in [("EU", UNKNOWN), (None, UNKNOWN), ("US", NO)]:
        assert standing(ve, parse("2017-01-01"), here=here).reply == reply


def test_a_date_recorded_without_a_nation_is_the_ledgers_own(book: Book) -> None:
    """An admission that takes effect here later binds whoever asks here."""
    book.do(
        e.ParticipantAdmitted(
            by="ministry", participant="KE", since="2022-01-01", national_since="2022-02-01", source="s"
        )
    )
    kenya = book.state.participant("KE")
    days = ("2022-01-31", "2022-02-01")
    assert [standing(kenya, parse(day), here="BW").reply for day in days] == [NO, YES]


def test_an_embargo_meets_goods_of_a_country_that_was_no_member(state: State) -> None:
    """Liberian goods of 2005, from whomever they come."""
    lr, days = state.participant("LR"), ("2005-06-01", "2007-04-26", "2007-04-27")
    assert [embargo(lr, parse(day)) is None for day in days] == [False, False, True]
    assert embargo(None, parse("2005-06-01")) is None


def test_a_party_measure_binds_that_party_only(state: State) -> None:
    """The company, by its reference; not its neighbours."""
    cf = state.participant("CF")
    day = parse("2016-10-01")
    assert standing(cf, day, zone="Nola", parties=("cfe.001",)).reply == NO
    assert standing(cf, day, zone="Nola", parties=("another",)).reply == YES


def test_the_register_counts_what_the_resolution_counts(state: State) -> None:
    """54 participants in December 2012 (A/RES/67/135, preamble)."""
    day = parse("2012-12-31")
    codes = {row["code"] for row in shipped_register()["participant"]}
    known = {code: member(state.participant(code), day) for code in codes}
    members = {code for code, answer in known.items() if answer.reason == "member"}
    assert len(members) == 54
    assert {code for code, answer in known.items() if answer.reply == YES} - members == {"TW"}
    barred = {code for code in members if standing(state.participant(code), day, zone="x").reply == NO}
    assert barred == {"CI", "VE"}


def test_an_end_may_be_recorded_later(book: Book) -> None:
    """A measure without an end goes on until an act ends it."""
    book.do(adopted("NA", "no-trade", since="2020"))
    assert standing(book.state.participant("NA"), parse("2023-01-01")).reply == NO
    book.do(e.MeasureEnded(by="ministry", measure="M", participant="NA", since="2022-06-01", source="s"))
    na = book.state.participant("NA")
    assert na is not None
    assert [measure.ended_by for measure in measures(na)] == ["s"]
    assert standing(na, parse("2023-01-01")).reply == YES
    assert standing(na, parse("2021-01-01")).reply == NO


def test_certificates_and_imports_ask_for_good_standing() -> None:
    """A destination that the register does not know, an embargoed origin, a provenance without standing."""
    book = Book()
    book.mine("P1", 12_500)
    assert book.codes(certificate("P1", 12_500, destination="ML")) == []
    book.do(adoption("ministry"))
    assert book.codes(certificate("P1", 12_500)) == []
    assert book.codes(certificate("P1", 12_500, destination="ML")) == ["standing-unknown"]
    book.do(adopted("ZW", "no-origin"))
    arrival = coming_from("AE", "ZW")
    assert book.codes(arrival) == ["standing-no"]
    assert book.codes(dataclasses.replace(arrival, origins=("ZA",))) == []
    assert book.codes(coming_from("ML", "ZA")) == ["standing-unknown"]


def test_an_embargo_meets_goods_that_come_straight_from_the_country(book: Book) -> None:
    """Also where the import states no origin: then they are taken to be of the country they come from."""
    arrival, unstated = coming_from("NA", "NA"), coming_from("NA")
    assert book.codes(arrival) == book.codes(unstated) == []
    book.do(adopted("NA", "no-origin"))
    assert book.codes(arrival) == book.codes(unstated) == ["standing-no"]
    assert book.codes(dataclasses.replace(arrival, origins=("ZA",))) == []


def test_the_own_participant_a_barred_party_and_unnamed_zones_are_asked(book: Book) -> None:
    """A suspended State issues and imports nothing; a measure on a party and on zones meets imports too."""
    book.mine("P1", 12_500)
    arrival = coming_from("CF", "CF")
    assert book.codes(arrival) == ["standing-unknown"]
    assert book.codes(dataclasses.replace(arrival, zones=("Nola",))) == []
    assert book.codes(dataclasses.replace(arrival, zones=("Bria",))) == ["standing-no"]
    book.do(adopted("CF", "no-party", measure="P", parties=("dealer-1",)))
    assert "standing-no" in book.codes(dataclasses.replace(arrival, zones=("Nola",)))
    book.do(adopted("BW", "no-trade"))
    assert set(book.codes(certificate("P1", 12_500))) == {"standing-no"}


def test_a_barred_party_is_met_by_any_of_its_names_and_wherever_the_goods_come_from(book: Book) -> None:
    """As importer, as the exporter that a certificate names, as whom goods are sent to, as their carrier; by
    a measure that another State's name stands over. Others are not.
    """
    arrival = coming_from("AE", "ZA")
    assert book.codes(arrival) == []
    for field in ("exporter", "importer"):
        (refusal,) = book.attempt(coming_from("AE", "ZA", **{field: "CFe.001"}))
        assert (refusal.code, refusal.values["measure"]) == ("standing-no", "UN-CFe.001")
    book.mine("P1", 12_500)
    issue = certificate("P1", 12_500)
    assert book.codes(issue) == []
    assert book.codes(dataclasses.replace(issue, importer="cfe.001")) == ["standing-no"]
    book.do(adopted("LR", "no-party", parties=("Kardiam",)))
    assert book.codes(dataclasses.replace(issue, importer="KARDIAM")) == ["standing-no"]
    assert book.codes(arrival) == []
    book.do(e.AliasRecorded(by="ministry", subject="party:dealer-1", alias="Kardiam"))
    assert book.codes(arrival) == ["standing-no"]
    key = book.certify("P1", 12_500)
    book.do(e.CertificateValidated(by="ministry", certificate=key))
    leaving = e.Exported(by="miner-1", certificate=key, parts=(e.Part("P1", 12_500),), destination="EU")
    assert book.codes(leaving) == []
    assert book.codes(dataclasses.replace(leaving, carrier="dealer-1")) == ["standing-no"]
    book.do(e.MeasureEnded(by="ministry", measure="M", participant="LR", since="2023-12-01", source="s"))
    assert book.codes(dataclasses.replace(leaving, carrier="dealer-1")) == book.codes(arrival) == []


def test_under_supervision_a_certificate_waits_for_its_attestation(book: Book) -> None:
    """Missing, it is disputed and not validated; issuer's and exporter's own attestations do not count."""
    book.do(adopted("BW", "supervised", zones=("karowe",), attestations=1))
    book.mine("P1", 12_500)
    key = book.certify("P1", 12_500)
    validation = e.CertificateValidated(by="ministry", certificate=key)
    assert book.codes(validation) == ["attestation-missing"]
    issue = book.records[-1]
    for by in ("miner-1", "ministry"):
        book.do(e.Attested(by=by, origin="ledger.example/bw/test", index=issue.index, hash=issue.hash))
        assert book.codes(validation) == ["attestation-missing"]
    book.do(e.Attested(by="observer-1", origin="ledger.example/bw/test", index=issue.index, hash=issue.hash))
    assert book.codes(validation) == []
