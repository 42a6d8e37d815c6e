"""The keeper's clock, and when a person is asked whether it is right.

``recorded`` is the keeper's claim and never decreases; a clock that is years off would freeze it or carry
it away for good. No program can know the time, but it can see a clock jump. It asks (`Unconfirmed`) when
the clock

- stands more than 24 hours before the last entry (``clock-back``);
- has moved, while this process ran, more than 24 hours further than the machine's steady clock (the one
  that only counts, also through a sleep) (``clock-ahead``), or that much less far (``clock-back``);
- stands more than 400 days after the last entry (``clock-ahead``). A ledger may rest for a season or a
  year; after more than that, someone should look at the calendar once.

Whoever has looked goes on with ``confirmed``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from ledger.edtf import DAY, text_of
from ledger.errors import Unconfirmed
from ledger.messages import how_many
from ledger.store.journal import Head

Clock = Callable[[], int]
"""Microseconds since 1970 UTC."""

ASKED_PAST = DAY
RESTS_AT_MOST = 400 * DAY


def system_clock() -> int:
    """This computer's clock."""
    return time.time_ns() // 1_000


if sys.platform == "win32":
    _counting = time.monotonic_ns
else:

    def _counting() -> int:
        return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def steady_clock() -> int:
    """Microseconds that only count, from some moment on, also while the computer sleeps."""
    return _counting() // 1_000


class Watch:
    """Reads a clock, and asks about it. ``steady`` is compared with the clock's own steps; None: not at
    all."""

    def __init__(self, clock: Clock, steady: Clock | None = None, *, confirmed: bool = False) -> None:
        self._clock = clock
        self._steady = steady
        self._confirmed = confirmed
        self._ahead_by = self._lead(clock())

    def now(self) -> int:
        """The time, unasked; nothing is recorded with it."""
        return self._clock()

    def read(self, head: Head) -> int:
        """The time for what is recorded next. Raises `Unconfirmed` (``clock-back``, ``clock-ahead``)."""
        now = self._clock()
        if self._confirmed:
            return now
        drift = self._lead(now) - self._ahead_by
        if head.size and now < head.recorded - ASKED_PAST:
            raise _unconfirmed("clock-back", now, head.recorded)
        if head.size and now > head.recorded + RESTS_AT_MOST:
            raise _unconfirmed("clock-ahead", now, head.recorded)
        if abs(drift) > ASKED_PAST:
            raise _unconfirmed("clock-ahead" if drift > 0 else "clock-back", now, now - drift)
        return now

    def _lead(self, now: int) -> int:
        return 0 if self._steady is None else now - self._steady()


def _unconfirmed(code: str, now: int, expected: int) -> Unconfirmed:
    days, hours = divmod(abs(now - expected) * 24 // DAY, 24)
    return Unconfirmed(
        code,
        now=text_of(now),
        expected=text_of(expected),
        difference=f"{how_many('count-days', days)} {how_many('count-hours', hours)}",
    )
