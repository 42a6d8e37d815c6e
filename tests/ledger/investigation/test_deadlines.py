"""Deadlines: counted in days or working days, from the day that began them, as the profile has them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ledger.domain import events as e
from ledger.domain.moments import as_recorded
from ledger.investigation.deadlines import Overdue, after, overdue, profile_at, unchecked
from ledger.investigation.replay import replay
from tests.border import on_paper
from tests.world import AUTHORITY, World

EXPORTED_ON = "2024-01-15"  # a Monday
FOREIGN = "ZW/00000009"
PROFILE = e.ProfileAdopted(
    by=AUTHORITY, profile="test/1", confirmation_days=10, confirmation_working=True, detention_days=30
)


def day(text: str) -> int:
    """A day's ordinal."""
    return date.fromisoformat(text).toordinal()


def late(world: World, on: str, *, profile: e.ProfileAdopted | None = PROFILE) -> list[Overdue]:
    """What is overdue on a day."""
    records = world.ledger.records
    with replay(world.ledger.journal, records, as_recorded("2025-01-01")) as found:
        return list(overdue(found.rows, world.ledger.journal, records, profile, day(on)))


def waiting(world: World, profile: e.ProfileAdopted | None) -> dict[str, int]:
    """How many certificates wait in each kind that cannot be checked."""
    with replay(world.ledger.journal, world.ledger.records, as_recorded("2025-01-01")) as found:
        return {one.kind: one.waiting for one in unchecked(found.rows, profile)}


@pytest.fixture
def world(world: World) -> World:
    """One certificate exported on a Monday."""
    world.mine("P1", "12.500", "P2", "1.000")
    world.export(world.certify("BW 107", "P1"))
    return world


def test_an_export_is_late_on_the_day_after_its_deadline(world: World) -> None:
    """Ten working days from Monday, 15 January are two weeks; the 29th is still in time."""
    assert late(world, "2024-01-29") == []
    (one,) = late(world, "2024-01-30")
    assert (one.certificate, one.kind) == ("BW/00000107", "unconfirmed-export")
    assert (one.since, one.due, one.late, one.other) == (EXPORTED_ON, "2024-01-29", 1, "AE")


def test_a_confirmed_export_is_not_late(world: World) -> None:
    """Nor is anything else of it."""
    world.do(e.ImportConfirmed(by=AUTHORITY, certificate="BW/00000107", parcels=1, weight=12_500))
    assert late(world, "2024-12-31") == []


def test_a_corrected_export_is_still_waited_for(world: World) -> None:
    """A correction does not take a certificate out of sight."""
    act = next(act for act in world.certificate("BW/00000107").acts if isinstance(act.event, e.Exported))
    other = e.Exported(
        by="miner-1", certificate="BW/00000107", parts=(e.Part("P1", 12_500),), destination="AE", note="x"
    )
    world.do(
        e.Corrected(by="miner-1", index=act.index, hash=act.hash, reason="a note", replacement=e.write(other))
    )
    assert late(world, "2024-01-29") == []
    (one,) = late(world, "2024-01-30")
    assert one.entry == act.index


def test_without_a_profile_nothing_is_said_to_be_late_and_that_is_told(world: World) -> None:
    """KPCS says expeditiously; no number is made up, and what waits is counted, not acquitted."""
    assert late(world, "2024-12-31", profile=None) == []
    assert waiting(world, None) == {"unconfirmed-export": 1, "unanswered-import": 0, "detained": 0}
    assert waiting(world, PROFILE) == {}
    assert waiting(world, replace(PROFILE, detention_days=None)) == {"detained": 0}
    world.do(e.ImportConfirmed(by=AUTHORITY, certificate="BW/00000107", parcels=1, weight=12_500))
    assert waiting(world, None)["unconfirmed-export"] == 0


def test_an_import_that_we_did_not_answer_is_ours_to_answer(world: World) -> None:
    """Counted from the import, towards the participant that issued."""
    world.do(
        on_paper(by="dealer-7", certificate=FOREIGN, number="ZW 9", lines=(e.Arrival("Z1", 5_000),),
                   weight=5_000, provenance="ZW", expiry="2024-06-30")
    )  # fmt: skip
    kinds = [(one.kind, one.other) for one in late(world, "2024-02-28")]
    assert kinds == [("unconfirmed-export", "AE"), ("unanswered-import", "ZW")]


def test_goods_sent_back_and_goods_lost_on_the_way_wait_for_no_confirmation(world: World) -> None:
    """Whoever gets its own goods back records a return; what was stolen arrives nowhere."""
    world.do(
        e.ShipmentArrived(by=AUTHORITY, certificate=FOREIGN, number="ZW 9", provenance="ZW", intact=False)
    )
    world.do(e.ShipmentRejected(by=AUTHORITY, certificate=FOREIGN, reason="seal broken"))
    paper = e.CertificateIssued(
        by=AUTHORITY, certificate="BW/00000403", number="BW 403", normalisation="plain/1",
        parts=(e.Part("LOT-1", 5_000),), classes=(e.ClassWeight("710210", 5_000),), weight=5_000, value=1,
        origins=("ZW",), provenance="BW", destination="ZW", exporter=AUTHORITY, importer="x",
        expiry="2024-03-15", technical=True, returns=FOREIGN,
    )  # fmt: skip
    world.do(paper)
    world.do(e.CertificateValidated(by=AUTHORITY, certificate="BW/00000403"))
    world.do(e.Exported(by=AUTHORITY, certificate="BW/00000403", parts=paper.parts, destination="ZW",
                        returns=FOREIGN))  # fmt: skip
    assert [one.certificate for one in late(world, "2024-12-31")] == ["BW/00000107"]
    world.do(e.ShipmentLost(by=AUTHORITY, certificate="BW/00000107", how="stolen", parcels=("P1",)))
    assert late(world, "2024-12-31") == []


def test_a_detention_has_its_time_until_it_is_decided_on(world: World) -> None:
    """Thirty calendar days; remedied goods are no longer detained."""
    world.do(e.ImportConfirmed(by=AUTHORITY, certificate="BW/00000107", parcels=1, weight=12_500))
    arrival = e.ShipmentArrived(
        by=AUTHORITY, certificate=FOREIGN, number="ZW 9", provenance="ZW", intact=False
    )
    world.do(arrival)
    world.do(e.ShipmentDetained(by=AUTHORITY, certificate=FOREIGN, ground="seal broken"))
    assert late(world, "2024-02-14") == []
    (one,) = late(world, "2024-02-15")
    assert (one.kind, one.due) == ("detained", "2024-02-14")
    world.do(e.ShipmentRemedied(by=AUTHORITY, certificate=FOREIGN, remedy="new seal"))
    assert late(world, "2024-12-31") == []


def test_an_expired_certificate_that_did_not_travel_goes_back(world: World) -> None:
    """It needs no profile; returned, it is no longer missed."""
    world.certify("BW 108", "P2")
    assert late(world, "2024-03-15", profile=None) == []
    (one,) = late(world, "2024-03-16", profile=None)
    assert (one.certificate, one.kind, one.due) == ("BW/00000108", "unreturned", "2024-03-15")
    world.do(e.CertificateReturned(by=AUTHORITY, certificate="BW/00000108", reason="expired"))
    assert late(world, "2024-12-31", profile=None) == []


def test_the_profile_of_a_moment_is_the_one_adopted_by_then(world: World) -> None:
    """A deadline adopted today says nothing of yesterday."""
    world.clock.now += 86_400_000_000
    world.do(PROFILE)
    assert profile_at(world.ledger.records, as_recorded("2024-01-15")) is None
    assert profile_at(world.ledger.records, as_recorded("2024-01-16")) == PROFILE


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2024-03-01", 1, "2024-03-04"),  # Friday to Monday
        ("2024-03-01", 5, "2024-03-08"),
        ("2024-03-02", 1, "2024-03-04"),  # a Saturday counts as its Friday
        ("2024-03-03", 10, "2024-03-15"),
        ("2024-03-04", 0, "2024-03-04"),
        ("2024-03-06", 4, "2024-03-12"),
    ],
)
def test_working_days_are_monday_to_friday(start: str, days: int, due: str) -> None:
    """Whole weeks and what is left of them."""
    assert after(day(start), days, working=True) == day(due)


def test_working_days_agree_with_counting_them_one_by_one() -> None:
    """For every weekday and any number of days."""
    for start in range(day("2024-01-01"), day("2024-01-08")):
        for days in range(1, 30):
            counted, at = 0, start
            while counted < days:
                at += 1
                counted += date.fromordinal(at).weekday() < 5
            assert after(start, days, working=True) == at
