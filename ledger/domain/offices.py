"""Decisions, and who held an office on a day (KPCS section VI: the Chair rotates yearly).

An appointment without an end lasts until the next one to the same office begins; letter case and diacritics
of an office's name do not matter.
"""

from __future__ import annotations

from collections.abc import Iterable

from ledger.domain import events as e
from ledger.domain.change import Change
from ledger.domain.vocabulary import folded
from ledger.edtf import Span, calendar_days, spans
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of a body, with its day of effect."""

    id: str
    body: str | None = None
    title: str | None = None
    since: str | None = None
    source: str | None = None
    acts: tuple[e.Recorded, ...] = ()


@dataclass(frozen=True, slots=True)
class Tenure:
    """Who holds an office, from when, until when as it was said; None: nothing was said."""

    holder: str
    since: str
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Office:
    """An office and everybody who was appointed to it, in the order of recording."""

    id: str
    name: str | None = None
    tenures: tuple[Tenure, ...] = ()
    acts: tuple[e.Recorded, ...] = ()


def office_subject(name: str) -> str:
    """The subject of an office."""
    return "office:" + folded(name)


def changes(event: e.Event | e.Opaque, index: int) -> Iterable[Change]:
    """The decision or office that an event changes."""
    match event:
        case e.DecisionRecorded():
            told = {
                "body": event.body,
                "title": event.title,
                "since": event.since,
                "source": event.source,
            }
            return (Change("decision:" + event.decision, told),)
        case e.OfficeHeld():
            tenure = Tenure(event.holder, event.since, event.until)
            return (Change(office_subject(event.office), {"name": event.office}, add={"tenures": (tenure,)}),)
    return ()


def last_day(office: Office, tenure: Tenure) -> int | None:
    """The last day (ordinal) on which a holder can still have held an office; None where none is known."""
    if tenure.until is not None:
        return calendar_days(spans(tenure.until))[1]
    start = _first(tenure)
    later = [_first(one) for one in office.tenures if one != tenure]
    following = [day for day in later if day is not None and (start is None or day > start)]
    return min(following) - 1 if following else None


def _first(tenure: Tenure) -> int | None:
    return calendar_days(spans(tenure.since))[0]


def holds(office: Office, tenure: Tenure, day: Span) -> bool:
    """Whether a holder can have held an office on a day, by what was recorded."""
    first, last = calendar_days(day)
    begun, ended = _first(tenure), last_day(office, tenure)
    before = last is not None and begun is not None and last < begun
    after = first is not None and ended is not None and first > ended
    return not before and not after


def holders(office: Office, day: Span) -> tuple[str, ...]:
    """Who held an office on a day: as far as the dates do not exclude it, each once."""
    return tuple(dict.fromkeys(one.holder for one in office.tenures if holds(office, one, day)))
