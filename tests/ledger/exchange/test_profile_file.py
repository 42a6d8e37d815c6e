"""A national profile's file: what ships reads, what is written comes through exactly, faults are named."""

from __future__ import annotations

import pytest

from ledger.domain.events import LicenceLine, RangeLine, TradeLine
from ledger.errors import Malformed, NotFound
from ledger.exchange.profile_file import SHIPPED, TEMPLATE, read_profile, shipped

WHOLE = """
profile = "test/2"
validity_days = 60
confirmation_days = 10
confirmation_working = true
detention_days = 30
weight_tolerance = "0.055"
value_tolerance = "2.5"
stone_tolerance = 3
number_pattern = "BW########"
retention_years = 5
inspection = "risk"
governing = "highest"
application_needed = true
seals_needed = false

[[licence]]
role = "broker"
act = "parcel-sold/1"
licensed = "broking"
national = "class B"

[[range]]
issuer = "EC"
first = 1
last = 99999999
until = "2012-12-31"

[[trade]]
seller = "miner"
buyer = "dealer"

[[source]]
title = "A law"
url = "https://law.example"
seen = "2026-01-01"
"""


def test_every_field_comes_through_in_its_unit() -> None:
    """Thousandths of a carat, hundredths of a percent, rows, and the source beside the act."""
    profile = read_profile(WHOLE, "ministry")
    event = profile.event
    assert (event.by, event.profile, event.validity_days) == ("ministry", "test/2", 60)
    assert (event.weight_tolerance, event.value_tolerance, event.stone_tolerance) == (55, 250, 3)
    assert (event.confirmation_days, event.confirmation_working, event.detention_days) == (10, True, 30)
    assert event.ranges == (RangeLine("EC", 1, 99_999_999, None, "2012-12-31"),)
    assert event.trade == (TradeLine("miner", "dealer"),)
    assert event.licences == (LicenceLine("broker", "parcel-sold/1", "broking", "class B"),)
    assert (event.application_needed, event.seals_needed, event.retention_years) == (True, False, 5)
    assert (event.inspection, event.governing, event.number_pattern) == ("risk", "highest", "BW########")
    assert profile.sources == ({"title": "A law", "url": "https://law.example", "seen": "2026-01-01"},)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_can_be_adopted_and_says_where_it_is_written(name: str) -> None:
    """Every shipped profile reads, and names a source."""
    profile = read_profile(shipped(name), "ministry")
    assert profile.sources
    assert profile.event.validity_days in (60, 62)


def test_the_european_profile_knows_both_series_of_its_numbers() -> None:
    """EC until the end of 2012, EU from 2013 on (Regulation 947/2012)."""
    ranges = read_profile(shipped("eu"), "commission").event.ranges
    assert {(line.issuer, line.since, line.until) for line in ranges} == {
        ("EU", "2013-01-01", None),
        ("EC", None, "2012-12-31"),
    }


def test_the_template_shows_every_field_there_is() -> None:
    """Whoever copies it learns of all that can be set."""
    text = shipped(TEMPLATE)
    event = read_profile(text, "ministry").event
    left_out = {"country", "place", "note", "language", "discrepancies", "documented"}
    unset = [name for name, value in event.__dict__.items() if value in (None, ()) and name not in left_out]
    assert unset == []


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("weight_tolerance = 0.05", "weight_tolerance"),
        ('weight_tolerance = "0.0555"', "weight_tolerance"),
        ('value_tolerance = "a lot"', "value_tolerance"),
        ("validity_days = 0", "validity_days"),
        ("validity_days = 60.0", "validity_days"),
        ('confirmation_working = "yes"', "confirmation_working"),
        ('inspection = "sometimes"', "inspection"),
        ("tolerance = 1", "tolerance"),
        ("source = 3", "source 1"),
        ('[[range]]\nissuer = "Botswana"\nfirst = 1\nlast = 2', "range.1.issuer"),
        ('[[range]]\nissuer = "BW"\nfirst = 1', "range.1.last"),
        ('[[trade]]\nseller = "smelter"\nbuyer = "dealer"', "trade.1.seller"),
        ('[[licence]]\nrole = "miner"\nact = "sell"\nlicensed = "mining"', "licence.1.act"),
        ('[[licence]]\nrole = "miner"\nlicensed = "mining"', "licence.1.act"),
        ("seals_needed = 1", "seals_needed"),
        ('[[trade]]\nseller = "miner"\nbuyer = "dealer"\nwhere = "x"', "trade.1.where"),
        ('[[source]]\ntitle = "A law"', "source 1"),
        ('[[source]]\ntitle = "A law"\nurl = "x"\nseen = "yesterday"', "source.1.seen"),
    ],
)
def test_a_fault_is_told_with_its_field(line: str, field: str) -> None:
    """And nothing else is said to be wrong."""
    with pytest.raises(Malformed) as told:
        read_profile(f'profile = "x/1"\n{line}\n', "ministry")
    assert told.value.code == "profile-faults"
    assert f"profile: (1) {field} " in str(told.value)
    assert "(2) " not in str(told.value)


def test_all_faults_are_told_at_once() -> None:
    """Nobody mends a file one line a run."""
    with pytest.raises(Malformed) as told:
        read_profile("validity_days = -1\nretention_years = true\n", "ministry")
    said = str(told.value)
    assert "validity_days" in said
    assert "retention_years" in said
    assert "profile is missing" in said


def test_what_is_no_toml_and_what_does_not_ship_is_said_so() -> None:
    """Each with its own code."""
    with pytest.raises(Malformed, match="no TOML") as told:
        read_profile("profile = ", "ministry", "ours.toml")
    assert str(told.value).startswith("ours.toml")
    with pytest.raises(NotFound, match="canada, eu, example"):
        shipped("atlantis")
