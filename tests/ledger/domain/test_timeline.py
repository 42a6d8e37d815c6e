"""Who could lawfully export to whom, from 2003 on: the rules on both sides of every date that the shipped
register has, against what its rows say when they are read as a person would read them."""

from __future__ import annotations

import calendar
import dataclasses
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from ledger.domain import events as e
from ledger.domain.participants import Reply
from ledger.domain.passages import passage
from ledger.domain.vocabulary import NORMALISATION, certificate_key
from ledger.edtf import parse
from ledger.exchange.participant_register import adoption, shipped_register
from tests.book import Book, certificate
from tests.border import on_paper

YES, NO, UNKNOWN = Reply.YES, Reply.NO, Reply.UNKNOWN
REGISTER = shipped_register()
FIRST = date(2003, 1, 1)
AGO = "2002-12-31"
LATER = 10 * 366 * 86_400 * 1_000_000
ELSEWHERE = "Elsewhere"
PARTNERS = ("BW", "AE", "EU", "KE")
"""Whom goods are sent to and come from: members all along, the one with national dates, and one that is
none."""


def edges(text: str) -> tuple[date, date]:
    """First and last day of a date as the register spells it."""
    first, _, last = text.partition("/")
    return _days(first)[0], _days(last or first)[1]


def _days(text: str) -> tuple[date, date]:
    year, month, day = (*map(int, text.split("-")), 0, 0)[:3]
    if day:
        return date(year, month, day), date(year, month, day)
    if month:
        return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
    return date(year, 1, 1), date(year, 12, 31)


def during(since: str, until: str | None, day: date) -> Reply:
    """Whether a day lies from one date up to another: unknown within a date that is not known to the day."""
    first, last = edges(since)
    if day < first:
        return NO
    begun = day >= last
    if until is not None:
        first, last = edges(until)
        if day >= last:
            return NO
        if day >= first:
            return UNKNOWN
    return YES if begun else UNKNOWN


def worst(*replies: Reply) -> Reply:
    """No, where anything says no; else unknown, where anything is unknown."""
    return next((reply for reply in (NO, UNKNOWN) if reply in replies), YES)


def admitted(code: str, day: date, here: str) -> Reply:
    """Whether the rows have a participant as a member that day, for ``here`` too."""
    said = [NO] if any(row["code"] == code for row in REGISTER["participant"]) else [UNKNOWN]
    for row in REGISTER["participant"]:
        if row["code"] != code:
            continue
        reply = during(row["since"], row.get("until"), day)
        if "within" in row:
            said.append(NO if reply == YES else reply)
            continue
        if "national_since" in row and row["nation"] == here and reply == YES:
            reply = during(row["national_since"], None, day)
        said.append(reply)
    return YES if YES in said else UNKNOWN if UNKNOWN in said else NO


def barred(code: str, day: date, here: str, effects: tuple[str, ...], zone: str | None) -> Reply:
    """No, where a measure of these effects stops goods of that zone; unknown where the rows do not tell."""
    said = [YES]
    for row in REGISTER["measure"]:
        if row["participant"] != code or row["effect"] not in effects:
            continue
        national = row.get("national_until") if row.get("nation") == here else None
        reply = during(row["since"], national or row.get("until"), day)
        zones = row.get("zones", [])
        met = YES if not zones else UNKNOWN if zone is None else YES if zone in zones else NO
        if row["effect"] == "zones-only" and zones and zone is not None:
            met = NO if zone in zones else YES
        if NO not in (reply, met):
            said.append(UNKNOWN if UNKNOWN in (reply, met) or row["effect"] == "supervised" else NO)
            if row["effect"] == "supervised" and reply == met == YES:
                said.pop()  # it may leave, attested
    return worst(*said)


def expected(sender: str, receiver: str, origin: str, zone: str | None, day: date, here: str) -> Reply:
    """What the rows say, to ``here``, of goods that ``sender`` sends to ``receiver``."""
    both = [admitted(code, day, here) for code in (sender, receiver)]
    both += [barred(code, day, here, ("no-trade",), None) for code in (sender, receiver)]
    if origin == sender:
        return worst(*both, barred(origin, day, here, ("no-origin", "zones-only", "supervised"), zone))
    return worst(*both, barred(origin, day, here, ("no-origin",), None))


class Border(Book):
    """A participant's ledger with the shipped register, a site in each zone that any measure names, and goods
    from elsewhere."""

    def __init__(self, participant: str) -> None:
        self.participant = participant
        super().__init__()
        for number, zone in enumerate((*zones_of(participant), ELSEWHERE)):
            self.do(
                e.SiteRegistered(
                    by="ministry",
                    site=f"site-{number}",
                    in_country=participant,
                    zone=zone,
                    mining="artisanal",
                )
            )
            line = e.Goods(zone, 1_000)
            self.licence("miner-1", "mining", site=f"site-{number}")
            self.do(e.Mined(by="miner-1", site=f"site-{number}", lines=(line,)), occurred=AGO)
        for origin in sorted({row["participant"] for row in REGISTER["measure"]} - {participant}):
            stock = e.StockOpened(by="ministry", holder="miner-1", origins=(origin,), basis="a declaration",
                                  lines=(e.Goods(f"from {origin}", 1_000),))  # fmt: skip
            self.do(stock, occurred=AGO)
        own = e.StockOpened(by="ministry", holder="miner-1", origins=(participant,), basis="a declaration",
                            lines=(e.Goods("stock", 1_000),))  # fmt: skip
        self.do(own, occurred=AGO)
        self.do(adoption("ministry"))

    def do(self, event: e.Event, **more: Any) -> e.Recorded:
        """As in a `Book`, in the participant's name, and with licences that are old enough."""
        if isinstance(event, e.LedgerOpened):
            event = dataclasses.replace(event, participant=self.participant)
        if isinstance(event, e.LicenceGranted):
            event = dataclasses.replace(event, licence=f"{event.licence} {len(self.records)}", since=AGO)
        return super().do(event, **more)

    def act(self, event: e.Event, *, author: str | None = None, **more: Any) -> e.Recorded:
        """As in a `Book`, recorded after the last date of the register."""
        act = super().act(event, author=author, **more)
        return dataclasses.replace(act, recorded=act.recorded + LATER)

    def sends(self, parcel: str, origin: str, to: str, day: date) -> tuple[set[str], set[str]]:
        """What the rules say of a certificate for the goods, and of their export."""
        number = f"{self.participant} 107"
        issue = certificate(
            parcel, 1_000, number, certificate=certificate_key(self.participant, number), origins=(origin,),
            normalisation=NORMALISATION, provenance=self.participant, destination=to,
            expiry=(day + timedelta(60)).isoformat(),
        )  # fmt: skip
        on = {"occurred": day.isoformat()}
        issued = set(self.codes(issue, **on))
        before = self.state, len(self.records)
        self.force(self.act(issue, **on))
        self.force(self.act(e.CertificateValidated(by="ministry", certificate=issue.certificate), **on))
        exported = set(
            self.codes(
                e.Exported(by="miner-1", certificate=issue.certificate, parts=issue.parts, destination=to),
                **on,
            )
        )
        self.state = before[0]
        del self.records[before[1] :]
        return issued, exported

    def receives(self, sender: str, origin: str, zone: str | None, day: date) -> set[str]:
        """What the rules say of an import under the sender's certificate, attestations under supervision
        apart."""
        arrival = on_paper(
            by="dealer-1", certificate=certificate_key(sender, f"{sender} 9"), number=f"{sender} 9",
            lines=(e.Arrival("arrived", 1_000),), weight=1_000, provenance=sender, origins=(origin,),
            zones=() if zone is None else (zone,), expiry=(day + timedelta(60)).isoformat(),
            issued=day.isoformat(),
        )  # fmt: skip
        return set(self.codes(arrival, occurred=day.isoformat())) - {"attestation-missing"}


def zones_of(code: str) -> list[str]:
    """The zones that measures on a participant name."""
    rows = [row.get("zones", []) for row in REGISTER["measure"] if row["participant"] == code]
    return sorted({zone for zones in rows for zone in zones})


@cache
def border(participant: str) -> Border:
    """One ledger for each participant: what is asked of it changes nothing."""
    return Border(participant)


def boundaries() -> Iterator[tuple[str, date]]:
    """Every participant with every day on which something of it begins, ends, or begins or ends to be known,
    and the day before."""
    found = set()
    for row in (*REGISTER["participant"], *REGISTER["measure"]):
        code = row.get("code") or row["participant"]
        for name in ("since", "until", "national_since", "national_until"):
            for edge in edges(row[name]) if name in row else ():
                found |= {(code, day) for day in (edge - timedelta(1), edge) if day >= FIRST}
    yield from sorted(found)


def told(codes: set[str]) -> Reply:
    """The rules' codes as an answer; they hold nothing but what the register is asked about."""
    assert codes <= {"standing-no", "standing-unknown"}, codes
    return NO if "standing-no" in codes else UNKNOWN if codes else YES


@pytest.mark.parametrize("code", sorted({code for code, _ in boundaries()}))
def test_the_rules_follow_every_row_on_both_sides_of_its_dates(code: str) -> None:
    """Certificates, exports and imports, from and to each partner, for each zone and for goods of another
    origin: as the rows say, in the exporter's ledger and in the importer's."""
    for day in sorted({day for whose, day in boundaries() if whose == code}):
        for partner in PARTNERS:
            if partner == code:
                continue
            _out(code, partner, day)
            _in(code, partner, day)
            if code in {row["participant"] for row in REGISTER["measure"]} and partner != "KE":
                _elsewhere(code, partner, day)


def _out(code: str, partner: str, day: date) -> None:
    """From the participant to a partner: its own goods, of each zone and of a stock of no known zone."""
    for parcel, zone in [*((zone, zone) for zone in (*zones_of(code), ELSEWHERE)), ("stock", None)]:
        issued, exported = border(code).sends(parcel, code, partner, day)
        wanted = expected(code, partner, code, zone, day, code)
        assert told(issued) == wanted, (code, partner, zone, day, issued)
        trade = worst(*(admitted(one, day, code) for one in (code, partner)),
                      *(barred(one, day, code, ("no-trade",), None) for one in (code, partner)))  # fmt: skip
        assert told(exported) == trade, (code, partner, zone, day, exported)
        received = border(partner).receives(code, code, zone, day) if partner != "KE" else None
        if received is not None:
            assert told(received) == expected(code, partner, code, zone, day, partner), (code, partner, day)
        _one_answer(code, partner, None, zone, day)


def _in(code: str, partner: str, day: date) -> None:
    """From a partner to the participant: the partner's goods."""
    wanted = expected(partner, code, partner, ELSEWHERE, day, code)
    assert told(border(code).receives(partner, partner, ELSEWHERE, day)) == wanted, (partner, code, day)
    if partner != "KE":
        issued, _ = border(partner).sends(ELSEWHERE, partner, code, day)
        assert told(issued) == expected(partner, code, partner, ELSEWHERE, day, partner), (partner, code, day)
    _one_answer(partner, code, None, ELSEWHERE, day)


def _elsewhere(code: str, partner: str, day: date) -> None:
    """The participant's goods, sent on by a partner to another."""
    receiver = "IL"
    issued, _ = border(partner).sends(f"from {code}", code, receiver, day)
    assert told(issued) == expected(partner, receiver, code, None, day, partner), (code, partner, day)
    received = border(receiver).receives(partner, code, None, day)
    assert told(received) == expected(partner, receiver, code, None, day, receiver), (code, partner, day)
    _one_answer(partner, receiver, code, None, day)


def _one_answer(sender: str, receiver: str, origin: str | None, zone: str | None, day: date) -> None:
    """`passage` says of the pair what both ledgers' rules say together."""
    found = passage(
        border("BW").state.participant, sender, receiver, parse(day.isoformat()), origin=origin, zone=zone
    )
    both = [expected(sender, receiver, origin or sender, zone, day, here) for here in (sender, receiver)]
    assert found.answer.reply == worst(*both), (sender, receiver, origin, zone, day)
    assert found.answer.source


def test_every_date_of_the_register_is_a_boundary() -> None:
    """Also those known to the month or within years; days on which nothing changes are none."""
    days = {day for _, day in boundaries()}
    for wanted in (
        "2004-07-08", "2004-07-09", "2007-11-07", "2007-11-08", "2005-12-15", "2014-04-29",
        "2008-06-01", "2008-06-30", "2016-10-31", "2017-04-26", "2009-11-05", "2012-11-30", "2012-08-14",
        "2013-05-23", "2015-07-17", "2016-05-01", "2016-06-30", "2016-09-19", "2012-10-12", "2013-07-01",
    ):  # fmt: skip
        assert date.fromisoformat(wanted) in days, wanted
    assert date(2003, 9, 1) not in days
    assert min(days) == FIRST


CASES = [
    ("CI", "EU", None, "2005-12-14", YES),
    ("CI", "EU", None, "2005-12-15", NO),
    ("CI", "EU", None, "2014-04-28", NO),
    ("CI", "EU", None, "2014-04-29", YES),
    ("EU", "CI", None, "2005-12-14", YES),
    ("EU", "CI", None, "2005-12-15", NO),
    ("EU", "CI", None, "2014-04-28", NO),
    ("EU", "CI", None, "2014-04-29", YES),
    ("CG", "EU", None, "2004-07-08", YES),
    ("CG", "EU", None, "2004-07-09", NO),
    ("EU", "CG", None, "2004-07-09", NO),
    ("CG", "EU", None, "2007-11-07", NO),
    ("CG", "EU", None, "2007-11-08", YES),
    ("VE", "EU", None, "2008-05-31", YES),
    ("VE", "EU", None, "2008-06-15", UNKNOWN),
    ("VE", "EU", None, "2008-06-30", NO),
    ("EU", "VE", None, "2010-01-01", NO),
    ("VE", "EU", None, "2016-10-31", NO),
    ("VE", "EU", None, "2017-01-01", UNKNOWN),
    ("VE", "US", None, "2017-01-01", NO),
    ("VE", "US", None, "2017-04-26", YES),
    ("ZW", "AE", "Marange", "2009-11-04", YES),
    ("ZW", "AE", "Murowa", "2010-06-01", YES),
    ("ZW", "AE", None, "2010-06-01", UNKNOWN),
    ("ZW", "AE", "Marange", "2012-11-30", YES),
    ("CM", "CH", None, "2012-08-13", NO),
    ("CM", "CH", None, "2012-08-14", YES),
    ("CM", "EU", None, "2012-08-14", NO),
    ("CM", "EU", None, "2012-10-12", YES),
    ("CF", "AE", "Berbérati", "2013-05-22", YES),
    ("CF", "AE", "Berbérati", "2013-05-23", NO),
    ("CF", "AE", "Berbérati", "2015-07-17", NO),
    ("CF", "AE", "Berbérati", "2016-05-15", UNKNOWN),
    ("CF", "AE", "Berbérati", "2016-06-30", YES),
    ("CF", "AE", "Nola", "2016-09-18", NO),
    ("CF", "AE", "Nola", "2016-09-19", YES),
    ("CF", "AE", "Bria", "2016-09-19", NO),
    ("CF", "AE", None, "2016-09-19", UNKNOWN),
    ("CF", "AE", "Gadzi", "2018-01-01", UNKNOWN),
    ("CF", "AE", "Gadzi", "2020-03-26", YES),
    ("CF", "AE", "Bria", "2024-11-14", NO),
    ("CF", "AE", "Bria", "2024-11-15", YES),
    ("CF", "US", "Nola", "2016-12-01", NO),
    ("CF", "US", "Nola", "2017-04-26", YES),
    ("UZ", "US", None, "2025-03-05", NO),
    ("UZ", "US", None, "2025-03-06", YES),
    ("UZ", "AE", None, "2024-11-15", YES),
]


@pytest.mark.parametrize(("sender", "receiver", "zone", "day", "reply"), CASES)
def test_the_cases_that_everybody_names(
    sender: str, receiver: str, zone: str | None, day: str, reply: Reply
) -> None:
    """Read off the history by hand, not from the register's rows."""
    found = passage(border("BW").state.participant, sender, receiver, parse(day), zone=zone)
    assert found.answer.reply == reply


@pytest.mark.parametrize(
    ("day", "reply"), [("2005-12-14", YES), ("2005-12-15", NO), ("2014-04-28", NO), ("2014-04-29", YES)]
)
def test_the_embargo_on_cote_d_ivoire_meets_goods_that_only_passed_through_it(day: str, reply: Reply) -> None:
    """All rough from there was barred, wherever it was mined; and its own goods, wherever they came from."""
    find = border("BW").state.participant
    for sender, origin in (("CI", "BW"), ("BW", "CI")):
        assert passage(find, sender, "AE", parse(day), origin=origin).answer.reply == reply
    assert border("AE").receives("CI", "BW", None, date.fromisoformat(day)) == (
        set() if reply == YES else {"standing-no"}
    )


def test_marange_stones_leave_attested_and_other_zimbabwean_stones_leave_as_they_are() -> None:
    """From 5 November 2009 to 29 November 2012, certificates of that field wait for the monitor."""
    book = border("ZW")
    for day, zone, codes in [
        ("2009-11-04", "Marange", set()),
        ("2009-11-05", "Marange", {"attestation-missing"}),
        ("2012-11-29", "Marange", {"attestation-missing"}),
        ("2012-11-30", "Marange", set()),
        ("2010-06-01", ELSEWHERE, set()),
    ]:
        issue = certificate(
            zone, 1_000, "ZW 107", certificate="ZW/00000107", origins=("ZW",), provenance="ZW",
            destination="AE", expiry="2013-01-31",
        )  # fmt: skip
        before = book.state
        book.force(book.act(issue, occurred=day))
        validation = e.CertificateValidated(by="ministry", certificate="ZW/00000107")
        assert set(book.codes(validation, occurred=day)) == codes, (day, zone)
        book.state = before
        del book.records[-1]
        found = passage(book.state.participant, "ZW", "AE", parse(day), zone=zone)
        assert (found.answer.reply, found.answer.attestations) == (YES, 1 if codes else None)
