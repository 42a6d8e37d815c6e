"""When something is said to have happened: the `occurred` spellings of FORMATS.md section 2.

| spelling                    | what is said                   | possible instants                      |
|-----------------------------|--------------------------------|----------------------------------------|
| `2015`                      | some time in that year         | its first day's begin to its last's end |
| `2015-11`                   | some time in that month        | likewise                               |
| `2015-11-16`                | some time on that day          | 50 hours, see below                    |
| `2015-11-16T14:05:00+02:00` | in that second                 | one second                             |
| `1989/1990`                 | between (days, months, years)  | first part's begin to last part's end  |
| `1973/..`, `../1973`        | then or later, then or earlier | open on one side                       |

They are a part of EDTF (ISO 8601-2, Library of Congress level 0 and 1). One spelling only: moments have
seconds and a numeric offset, never `Z`, never a fraction, offsets up to 14:00 and never `-00:00`; the two
parts of an interval may differ in precision, but the first ends before the second begins (`1989/1989` would
be a second spelling of `1989`). Years are 0001 to 9999 of the proleptic Gregorian calendar.

**A date without an offset is that day somewhere on earth**: it begins when it begins in the first zone
(+14:00, Kiritimati) and ends when it ends in the last (-12:00). So a day spans 50 hours, and nobody's
paper is called impossible because the paper did not say whose midnight it meant.

Instants are integers: microseconds since 1970-01-01T00:00:00 UTC, both ends of a `Span` inclusive, ``None``
for an open end. Years before 1970 are negative; nothing overflows.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from functools import lru_cache

from ledger.errors import Malformed
from ledger.values import dataclass

SECOND = 1_000_000
DAY = 86_400 * SECOND
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_ZONE = 14 * 3_600 * SECOND
_LAST_ZONE = 12 * 3_600 * SECOND

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})([+-])([0-9]{2}):([0-9]{2})"
)


@dataclass(frozen=True, slots=True)
class Span:
    """The interval of the possible instants of one `occurred`; microseconds, inclusive, ``None`` = open."""

    text: str
    earliest: int | None
    latest: int | None


UNKNOWN = Span("", None, None)


@lru_cache(maxsize=65_536)
def parse(text: str) -> Span:
    """The span that ``text`` spells. Raises `Malformed` (``edtf-...``) for any other spelling."""
    if "/" in text:
        return _interval(text)
    moment = _MOMENT.fullmatch(text)
    if moment:
        return _moment(text, moment)
    first, last = _days(text, text)
    return Span(text, _begin(first), _end(last))


def spans(text: str | None) -> Span:
    """`parse`, where an absent `occurred` is unknown: open on both sides, with the text ``""``."""
    return UNKNOWN if text is None else parse(text)


def is_date(text: str) -> bool:
    """Whether ``text`` is one year, month or day: no moment, no interval. Raises `Malformed` as `parse`."""
    parse(text)
    return "/" not in text and "T" not in text


def certainly_before(a: Span, b: Span) -> bool:
    """True when every possible instant of ``a`` lies before every possible instant of ``b``."""
    return a.latest is not None and b.earliest is not None and a.latest < b.earliest


def calendar_days(span: Span) -> tuple[int | None, int | None]:
    """The first and last calendar day (ordinals) that the text itself names, in its own zone if it has one.

    >>> calendar_days(parse("2024-04-01T01:00:00+02:00")) == calendar_days(parse("2024-04-01"))
    True
    """
    if "T" in span.text:
        day = date.fromisoformat(span.text[:10]).toordinal()
        return day, day
    first = None if span.earliest is None else (span.earliest + _FIRST_ZONE) // DAY + _EPOCH
    last = None if span.latest is None else (span.latest - _LAST_ZONE) // DAY + _EPOCH
    return first, last


def day_before(a: Span, b: Span) -> bool:
    """True when the calendar puts every day of ``a`` before every day of ``b``.

    For what is agreed in days (a licence, a certificate's expiry): there a moment counts as its own calendar
    day, and nobody's midnight is in doubt.
    """
    last, first = calendar_days(a)[1], calendar_days(b)[0]
    return last is not None and first is not None and last < first


@lru_cache(maxsize=1_024)
def text_of(microseconds: int, offset_minutes: int = 0) -> str:
    """The moment in its one spelling, at the given offset; fractions of a second are cut off.

    ``text_of(0)`` is ``1970-01-01T00:00:00+00:00``. Raises `Malformed` (``edtf-range``) outside the years
    0001 to 9999 and (``edtf-offset``) for offsets beyond 14:00.
    """
    if abs(offset_minutes) > 14 * 60:
        raise Malformed("edtf-offset", text=f"{offset_minutes} minutes")
    day = day_of(microseconds, offset_minutes)
    second = (microseconds // SECOND + offset_minutes * 60) % 86_400
    sign = "-" if offset_minutes < 0 else "+"
    hours, minutes = divmod(abs(offset_minutes), 60)
    return f"{day}T{second // 3_600:02}:{second // 60 % 60:02}:{second % 60:02}{sign}{hours:02}:{minutes:02}"


def readable(microseconds: int) -> str:
    """An instant for people, also one that no calendar here has: a damaged file may hold any."""
    try:
        return text_of(microseconds)
    except Malformed:
        return f"{microseconds} microseconds since 1970"


@lru_cache(maxsize=64)
def moment(microseconds: int) -> Span:
    """An instant, as `text_of` spells it; raises `Malformed` as that does."""
    return Span(text_of(microseconds), microseconds, microseconds)


def day_of(microseconds: int, offset_minutes: int = 0) -> str:
    """The calendar day of an instant at the given offset, ``2015-11-16``; raises `Malformed` as `text_of`."""
    ordinal = (microseconds + offset_minutes * 60 * SECOND) // DAY + _EPOCH
    if not 1 <= ordinal <= date.max.toordinal():
        raise Malformed("edtf-range", microseconds=microseconds)
    return date.fromordinal(ordinal).isoformat()


def _interval(text: str) -> Span:
    start, _, stop = text.partition("/")
    if start == ".." and stop != "..":
        return Span(text, None, _end(_days(stop, text)[1]))
    if stop == ".." and start != "..":
        return Span(text, _begin(_days(start, text)[0]), None)
    first, first_last = _days(start, text)
    second_first, last = _days(stop, text)
    if first_last >= second_first:
        raise Malformed("edtf-order", text=text, start=start, stop=stop)
    return Span(text, _begin(first), _end(last))


def _moment(text: str, found: re.Match[str]) -> Span:
    day, hour, minute, second, sign, zone_hours, zone_minutes = found.groups()
    ordinal = _days(day, text)[0]
    if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        raise Malformed("edtf-time", text=text, time=f"{hour}:{minute}:{second}")
    offset = int(zone_hours) * 60 + int(zone_minutes)
    if int(zone_minutes) > 59 or offset > 14 * 60 or (sign == "-" and offset == 0):
        raise Malformed("edtf-offset", text=text)
    seconds = int(hour) * 3_600 + int(minute) * 60 + int(second) - (-offset if sign == "-" else offset) * 60
    earliest = (ordinal - _EPOCH) * DAY + seconds * SECOND
    return Span(text, earliest, earliest + SECOND - 1)


def _days(part: str, text: str) -> tuple[int, int]:
    """The ordinals of the first and the last day of a year, month or day."""
    found = _DATE.fullmatch(part)
    if not found:
        raise Malformed("edtf-form", text=text)
    year, month, day = found.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1))
        last = first if day else _last_of(first if month else first.replace(month=12))
    except ValueError:
        raise Malformed("edtf-date", text=text, date=part) from None
    return first.toordinal(), last.toordinal()


def _last_of(day: date) -> date:
    """The last day of the month; no look at the next month, which year 9999 does not have."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def _begin(ordinal: int) -> int:
    return (ordinal - _EPOCH) * DAY - _FIRST_ZONE


def _end(ordinal: int) -> int:
    return (ordinal - _EPOCH + 1) * DAY - 1 + _LAST_ZONE
