"""The keeper's clock: what is asked about, and what is not."""

from __future__ import annotations

import pytest

from ledger.errors import Unconfirmed
from ledger.store.clock import Watch, steady_clock, system_clock
from ledger.store.journal import Head
from tests.world import SECOND, START, Clock

HOUR = 3_600 * SECOND
DAY = 24 * HOUR
LAST = Head(size=7, recorded=START)


def code(watch: Watch, head: Head = LAST) -> str | None:
    """What the watch asks; None where it gives the time."""
    try:
        watch.read(head)
    except Unconfirmed as asked:
        return asked.code if str(asked) else "nothing said"
    return None


@pytest.mark.parametrize(
    ("by", "asked"),
    [
        (-24 * HOUR - 1, "clock-back"),
        (-24 * HOUR, None),
        (-HOUR, None),
        (0, None),
        (DAY, None),
        (400 * DAY, None),
        (400 * DAY + 1, "clock-ahead"),
        (12 * 365 * DAY, "clock-ahead"),
    ],
)
def test_the_clock_is_compared_with_the_last_entry(by: int, asked: str | None) -> None:
    """More than a day before it, or more than a year's rest after it."""
    assert code(Watch(Clock(START + by, 0))) == asked
    assert code(Watch(Clock(START + by, 0), confirmed=True)) is None


def test_an_empty_ledger_has_nothing_to_compare_with() -> None:
    """Its first entry takes the clock's word."""
    assert Watch(Clock(5, 0)).read(Head()) == 5


@pytest.mark.parametrize(
    ("by", "asked"), [(25 * HOUR, "clock-ahead"), (-25 * HOUR, "clock-back"), (23 * HOUR, None)]
)
def test_a_jump_while_the_process_runs_is_seen(by: int, asked: str | None) -> None:
    """The wall clock and the steady one part by more than a day, although the ledger's last entry is
    near."""
    wall, steady = Clock(START + 30 * DAY, 0), Clock(0, 0)
    watch = Watch(wall, steady)
    wall.now += by
    assert code(watch, Head(7, recorded=START + 29 * DAY)) == asked


def test_a_long_wait_is_no_jump() -> None:
    """A process that runs for weeks, and a computer that sleeps: both clocks go on."""
    wall, steady = Clock(START, 0), Clock(0, 0)
    watch = Watch(wall, steady)
    wall.now += 30 * DAY
    steady.now += 30 * DAY
    assert code(watch) is None


def test_what_is_asked_names_both_times() -> None:
    """So that a person can compare with the calendar on the wall."""
    with pytest.raises(Unconfirmed) as caught:
        Watch(Clock(START + 12 * 365 * DAY, 0)).read(LAST)
    assert caught.value.values == {
        "now": "2036-01-12T08:00:00+00:00",
        "expected": "2024-01-15T08:00:00+00:00",
        "difference": "4,380 days 0 hours",
    }


def test_the_computer_s_own_clocks_agree() -> None:
    """The same second, and both only go on."""
    before, steady = system_clock(), steady_clock()
    assert Watch(system_clock, steady_clock).read(Head(1, recorded=before)) >= before
    assert steady_clock() >= steady
