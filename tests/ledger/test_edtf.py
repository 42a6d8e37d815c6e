"""The spellings of `occurred` and the instants they allow."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import edtf
from ledger.errors import Malformed

HOUR = 3_600 * edtf.SECOND


def at(text: str) -> int:
    """Microseconds since 1970 of an ISO moment, reckoned by the standard library."""
    moment = datetime.fromisoformat(text)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("2015", "2015-01-01T00:00:00+14:00", "2015-12-31T23:59:59.999999-12:00"),
        ("2015-11", "2015-11-01T00:00:00+14:00", "2015-11-30T23:59:59.999999-12:00"),
        ("2016-02", "2016-02-01T00:00:00+14:00", "2016-02-29T23:59:59.999999-12:00"),
        ("1900-02", "1900-02-01T00:00:00+14:00", "1900-02-28T23:59:59.999999-12:00"),
        ("2000-02", "2000-02-01T00:00:00+14:00", "2000-02-29T23:59:59.999999-12:00"),
        ("2015-11-16", "2015-11-16T00:00:00+14:00", "2015-11-16T23:59:59.999999-12:00"),
        ("1905-01-26", "1905-01-26T00:00:00+14:00", "1905-01-26T23:59:59.999999-12:00"),
        ("2015-11-16T14:05:00+02:00", "2015-11-16T14:05:00+02:00", "2015-11-16T14:05:00.999999+02:00"),
        ("2015-11-16T00:00:00-14:00", "2015-11-16T00:00:00-14:00", "2015-11-16T00:00:00.999999-14:00"),
        ("1989/1990", "1989-01-01T00:00:00+14:00", "1990-12-31T23:59:59.999999-12:00"),
        ("1989-12-31/1990", "1989-12-31T00:00:00+14:00", "1990-12-31T23:59:59.999999-12:00"),
        ("1973/..", "1973-01-01T00:00:00+14:00", None),
        ("../1973-05", None, "1973-05-31T23:59:59.999999-12:00"),
    ],
)
def test_a_spelling_means_the_interval_of_its_possible_instants(
    text: str, earliest: str | None, latest: str | None
) -> None:
    """Dates without an offset are that day somewhere on earth."""
    span = edtf.parse(text)
    assert span.text == text
    assert span.earliest == (None if earliest is None else at(earliest))
    assert span.latest == (None if latest is None else at(latest))


def test_the_first_and_the_last_year_do_not_overflow() -> None:
    """Fourteen hours before year 1 and twelve after year 9999 are still integers."""
    assert edtf.parse("0001").earliest == at("0001-01-01T00:00:00+00:00") - 14 * HOUR
    assert edtf.parse("9999").latest == at("9999-12-31T23:59:59.999999+00:00") + 12 * HOUR
    assert edtf.parse("0001-01-01T00:00:00+14:00").earliest == at("0001-01-01T00:00:00+00:00") - 14 * HOUR


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "edtf-form"),
        ("15", "edtf-form"),
        ("02015", "edtf-form"),
        ("2015-1", "edtf-form"),
        ("2015-11-16 ", "edtf-form"),
        (" 2015", "edtf-form"),
        ("2015\n", "edtf-form"),
        ("\u0662\u0660\u0661\u0665", "edtf-form"),
        ("2015-11-16T14:05+02:00", "edtf-form"),
        ("2015-11-16T14:05:00", "edtf-form"),
        ("2015-11-16T14:05:00Z", "edtf-form"),
        ("2015-11-16t14:05:00+02:00", "edtf-form"),
        ("2015-11-16T14:05:00.5+02:00", "edtf-form"),
        ("2015-11-16T14:05:00+0200", "edtf-form"),
        ("2015-11-16T14:05:00+02", "edtf-form"),
        ("2015?", "edtf-form"),
        ("201X", "edtf-form"),
        ("-0044", "edtf-form"),
        ("../..", "edtf-form"),
        ("1989/", "edtf-form"),
        ("/1990", "edtf-form"),
        ("1989/1990/1991", "edtf-form"),
        ("1989/..5", "edtf-form"),
        ("2015-11-16T14:05:00+02:00/2016", "edtf-form"),
        ("2015-11-16T14:05:00+02:00/..", "edtf-form"),
        ("0000", "edtf-date"),
        ("2015-00", "edtf-date"),
        ("2015-13", "edtf-date"),
        ("2015-02-29", "edtf-date"),
        ("2015-11-00", "edtf-date"),
        ("2015-11-31T00:00:00+00:00", "edtf-date"),
        ("2015-11-16T24:00:00+00:00", "edtf-time"),
        ("2015-11-16T23:60:00+00:00", "edtf-time"),
        ("2015-11-16T23:59:60+00:00", "edtf-time"),
        ("2015-11-16T14:05:00-00:00", "edtf-offset"),
        ("2015-11-16T14:05:00+14:01", "edtf-offset"),
        ("2015-11-16T14:05:00-15:00", "edtf-offset"),
        ("2015-11-16T14:05:00+02:60", "edtf-offset"),
        ("1990/1989", "edtf-order"),
        ("1990/1990", "edtf-order"),
        ("1990/1990-05", "edtf-order"),
        ("2015-11-17/2015-11-16", "edtf-order"),
    ],
)
def test_every_other_spelling_is_malformed(text: str, code: str) -> None:
    """The refusal names its code and repeats the text."""
    with pytest.raises(Malformed) as refused:
        edtf.parse(text)
    assert refused.value.code == code
    assert repr(text)[1:-1] in str(refused.value) or text in str(refused.value)


def test_an_absent_occurred_is_open_on_both_sides() -> None:
    """Unknown is before nothing and after nothing."""
    unknown = edtf.spans(None)
    assert (unknown.text, unknown.earliest, unknown.latest) == ("", None, None)
    assert edtf.spans("2015") == edtf.parse("2015")
    assert not edtf.certainly_before(unknown, edtf.parse("2015"))
    assert not edtf.certainly_before(edtf.parse("2015"), unknown)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("2015", True),
        ("2015-11", True),
        ("2015-11-16", True),
        ("1989/1990", False),
        ("1973/..", False),
        ("2015-11-16T14:05:00+02:00", False),
    ],
)
def test_a_date_is_a_year_a_month_or_a_day(text: str, answer: bool) -> None:
    """Moments and intervals are no dates."""
    assert edtf.is_date(text) is answer


@pytest.mark.parametrize(
    ("a", "b", "before"),
    [
        ("2014", "2016", True),
        ("2014", "2015", False),  # 31 December in the last zone is 1 January in the first
        ("2015-11-16", "2015-11-18", False),
        ("2015-11-16", "2015-11-19", True),
        ("2015-11-16T14:05:00+02:00", "2015-11-16T14:05:01+02:00", True),
        ("2015-11-16T14:05:00+02:00", "2015-11-16T12:05:00+00:00", False),
        ("../1973", "1975", True),
        ("1973/..", "2020", False),
        ("2020", "1973/..", False),
        ("1960", "1973/..", True),
    ],
)
def test_certainly_before_compares_whole_intervals(a: str, b: str, before: bool) -> None:
    """Overlap means that the order is not known."""
    assert edtf.certainly_before(edtf.parse(a), edtf.parse(b)) is before
    assert not edtf.certainly_before(edtf.parse(b), edtf.parse(a))


@pytest.mark.parametrize(
    ("a", "b", "before"),
    [
        ("2024-03-31", "2024-04-01", True),
        ("2024-04-01", "2024-04-01", False),
        ("2024-03", "2024-04-01T01:00:00+14:00", True),
        ("2024-04-01T23:59:59-12:00", "2024-04-02", True),
        ("2024-04-01T23:59:59-12:00", "2024-04-01", False),
        ("../2023", "2024-01-01", True),
        ("2023/..", "2024-01-01", False),
    ],
)
def test_what_is_agreed_in_days_compares_by_the_calendar(a: str, b: str, before: bool) -> None:
    """A moment counts as its own calendar day, whatever its zone."""
    assert edtf.day_before(edtf.parse(a), edtf.parse(b)) is before
    assert not edtf.day_before(edtf.parse(b), edtf.parse(a))


def test_moments_are_written_in_their_one_spelling() -> None:
    """Fractions are cut, offsets are numeric, UTC is +00:00."""
    assert edtf.text_of(0) == "1970-01-01T00:00:00+00:00"
    assert edtf.text_of(-1) == "1969-12-31T23:59:59+00:00"
    assert edtf.text_of(1_700_000_000_999_999, 330) == "2023-11-15T03:43:20+05:30"
    assert edtf.text_of(1_700_000_000_000_000, -210) == "2023-11-14T18:43:20-03:30"
    assert edtf.moment(1_700_000_000_999_999) == edtf.Span(
        "2023-11-14T22:13:20+00:00", 1_700_000_000_999_999, 1_700_000_000_999_999
    )
    assert edtf.day_of(1_700_000_000_000_000) == "2023-11-14"
    assert edtf.day_of(1_700_000_000_000_000, 120) == "2023-11-15"


@pytest.mark.parametrize(
    ("microseconds", "offset", "code"), [(0, 841, "edtf-offset"), (10**18, 0, "edtf-range")]
)
def test_moments_outside_the_calendar_are_refused(microseconds: int, offset: int, code: str) -> None:
    """Years beyond 9999 and offsets beyond 14:00 cannot be spelled."""
    with pytest.raises(Malformed) as refused:
        edtf.text_of(microseconds, offset)
    assert refused.value.code == code
    assert str(refused.value)


def test_an_instant_that_no_calendar_has_can_be_told() -> None:
    """A file that was damaged may hold any number."""
    assert edtf.readable(0) == edtf.text_of(0)
    assert edtf.readable(10**18) == "1000000000000000000 microseconds since 1970"


@given(
    st.integers(at("0002-01-01T00:00:00+00:00"), at("9998-12-31T00:00:00+00:00")),
    st.integers(-14 * 60, 14 * 60),
)
def test_a_written_moment_is_read_back_exactly(instant: int, offset: int) -> None:
    """`text_of` and `parse` agree with the standard library for every offset."""
    span = edtf.parse(edtf.text_of(instant, offset))
    assert span.earliest == instant // edtf.SECOND * edtf.SECOND == at(span.text)
    assert span.latest == span.earliest + 999_999


@given(st.dates(), st.dates())
def test_days_are_certainly_ordered_only_when_every_zone_agrees(a: date, b: date) -> None:
    """Three days apart is certain, two days apart is not."""
    assert edtf.certainly_before(edtf.parse(a.isoformat()), edtf.parse(b.isoformat())) is ((b - a).days >= 3)
