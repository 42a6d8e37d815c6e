"""Decisions and offices: recorded once, and who held one on a day."""

from __future__ import annotations

import pytest

from ledger.domain import events as e
from ledger.domain.offices import Office, holders, office_subject
from ledger.edtf import parse
from tests.book import Book, key


def appoint(
    book: Book, holder: str, since: str, until: str | None = None, office: str = "Chair"
) -> e.Recorded:
    """Somebody holds an office."""
    return book.do(e.OfficeHeld(by="ministry", office=office, holder=holder, since=since, until=until))


def held(book: Book, day: str, office: str = "Chair") -> tuple[str, ...]:
    """Who held it on a day."""
    found = book.state.subject(office_subject(office))
    assert isinstance(found, Office)
    return holders(found, parse(day))


@pytest.fixture
def chairs() -> Book:
    """The Chair rotates yearly; recorded out of order, one without an end."""
    book = Book()
    appoint(book, "ZA", "2013-01-01")
    appoint(book, "US", "2012-01-01", "2012-12-31")
    appoint(book, "CN", "2014-01-01", "2014-12-31", office="CHAIR")
    return book


@pytest.mark.parametrize(
    ("day", "who"),
    [
        ("2011-12-31", ()),
        ("2012-01-01", ("US",)),
        ("2012-12-31", ("US",)),
        ("2013-01-01", ("ZA",)),
        ("2013-12-31", ("ZA",)),
        ("2014-01-01", ("CN",)),
        ("2015-01-01", ()),
        ("2012/2013", ("ZA", "US")),
    ],
)
def test_who_held_the_chair_on_a_day(chairs: Book, day: str, who: tuple[str, ...]) -> None:
    """Both sides of every change; of two years, everybody who can be meant."""
    assert held(chairs, day) == who


def test_an_open_appointment_lasts_until_the_next_begins() -> None:
    """And for ever where there is none; another office does not end it."""
    book = Book()
    appoint(book, "ZA", "2013-01-01")
    appoint(book, "AE", "2014-01-01", office="Vice-Chair")
    assert held(book, "2030-01-01") == ("ZA",)
    appoint(book, "CN", "2014-06-01")
    assert (held(book, "2014-05-31"), held(book, "2014-06-01")) == (("ZA",), ("CN",))


def test_an_appointment_ends_after_it_begins() -> None:
    """A last day before the first is refused, and so is whoever is no authority."""
    book = Book()
    event = e.OfficeHeld(by="ministry", office="Chair", holder="ZA", since="2013-01-01", until="2012-12-31")
    assert book.codes(event) == ["period-order"]
    assert book.codes(e.OfficeHeld(by="miner-1", office="Chair", holder="ZA", since="2013")) == [
        "role-missing"
    ]


def test_a_corrected_appointment_counts_as_corrected() -> None:
    """The wrong holder never held it."""
    book = Book()
    wrong = appoint(book, "ZB", "2013-01-01")
    body = e.write(e.OfficeHeld(by="ministry", office="Chair", holder="ZA", since="2013-01-01"))
    book.do(e.Corrected(by="ministry", index=wrong.index, hash=wrong.hash, replacement=body, reason="typing"))
    assert held(book, "2013-06-01") == ("ZA",)


def test_a_decision_has_its_number_once() -> None:
    """With who decided, what, from when."""
    book = Book()
    decision = e.DecisionRecorded(
        by="ministry", decision="AD 2012/1", body="Plenary", title="Peer review", since="2013-01-01"
    )
    assert book.codes(decision, author="miner-1") == ["author-other-party"]
    book.do(decision)
    assert book.codes(decision) == ["id-taken"]
    found = book.state.subject("decision:AD 2012/1")
    assert (found.body, found.title, found.since) == ("Plenary", "Peer review", "2013-01-01")
    assert key("ministry") == book.records[-1].author
