"""Who may trade rough diamonds with whom on a date: membership, and the measures in force.

`standing` answers yes, no, or *unknown to this register*, always with the source, never with a guess. A date
that sources give only roughly is an interval, and inside it the answer is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Any

from ledger.domain import events as e
from ledger.domain.change import Change
from ledger.domain.vocabulary import folded
from ledger.edtf import Span, calendar_days, spans
from ledger.values import dataclass


class Reply(StrEnum):
    """Yes, no, or unknown to this register."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply with what it rests on: the code of the reason, the measure if any, the source."""

    reply: Reply
    reason: str
    source: str
    measure: str | None = None
    attestations: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One membership: from, until (None: goes on), and who says so.

    ``apart``: it trades under the scheme without being counted among the participants. ``national_since``,
    where it is later, is when ``nation`` (None: the ledger's own) admitted it. ``within``: it trades under
    that participant, and not under its own name.
    """

    since: str
    until: str | None
    source: str
    apart: bool = False
    national_since: str | None = None
    nation: str | None = None
    within: str | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure with its scope and dates; ``effect`` one of `fields.EFFECT`'s choices, ``nation`` whose
    national dates it has (None: the ledger's own).
    """

    id: str
    effect: str
    zones: tuple[str, ...]
    parties: tuple[str, ...]
    attestations: int | None
    authority: str | None
    since: str
    until: str | None
    national_since: str | None
    national_until: str | None
    source: str
    ended_by: str | None = None
    nation: str | None = None


@dataclass(frozen=True, slots=True)
class Participant:
    """A State, or the European Union, as the register knows it."""

    id: str
    name: str | None = None
    members: tuple[Member, ...] = ()
    departures: tuple[tuple[str, str], ...] = ()
    measures: tuple[Measure, ...] = ()
    endings: tuple[tuple[str, str, str | None, str], ...] = ()
    acts: tuple[e.Recorded, ...] = ()


def changes(event: e.Event | e.Opaque, index: int) -> Iterator[Change]:
    """Every participant that an event changes, with its new values."""
    match event:
        case e.RegisterAdopted():
            for line in event.admissions:
                yield _admitted(line, _membership_of(line, line.until, line.nation, line.within))
            for row in event.measures:
                yield Change(_subject(row.participant), {}, add={"measures": (_measure(row),)})
        case e.ParticipantAdmitted():
            yield _admitted(event, _membership_of(event, None, None, None))
        case e.ParticipantLeft():
            yield Change(_subject(event.participant), {}, add={"departures": ((event.since, event.source),)})
        case e.MeasureAdopted():
            yield Change(_subject(event.participant), {}, add={"measures": (_measure(event),)})
        case e.MeasureEnded():
            ending = (event.measure, event.since, event.national_since, event.source)
            yield Change(_subject(event.participant), {}, add={"endings": (ending,)})


def _subject(participant: str) -> str:
    return "participant:" + participant


def _admitted(event: Any, member: Member) -> Change:
    named = {} if event.name is None else {"name": event.name}
    return Change(_subject(event.participant), named, add={"members": (member,)})


def _membership_of(row: Any, until: str | None, nation: str | None, within: str | None) -> Member:
    return Member(row.since, until, row.source, bool(row.apart), row.national_since, nation, within)


def _measure(row: Any) -> Measure:
    return Measure(
        row.measure,
        row.effect,
        row.zones,
        row.parties,
        row.attestations,
        row.authority,
        row.since,
        row.until,
        row.national_since,
        row.national_until,
        row.source,
        nation=row.nation,
    )


def measures(participant: Participant) -> Iterator[Measure]:
    """The participant's measures with their ends, whether given at once or by a later act."""
    ends = {name: (since, national, source) for name, since, national, source in participant.endings}
    for measure in participant.measures:
        if measure.id in ends:
            since, national, source = ends[measure.id]
            yield replace(measure, until=since, national_until=national, ended_by=source)
        else:
            yield measure


def _during(since: str, until: str | None, day: Span) -> Reply:
    """Whether ``day`` lies from ``since`` up to, not on, ``until``; unknown where the dates do not tell."""
    first, last = calendar_days(day)
    start, start_last = calendar_days(spans(since))
    if last is None or first is None:
        return Reply.UNKNOWN
    if start is not None and last < start:
        return Reply.NO
    begun = start_last is not None and first >= start_last
    if until is None:
        return Reply.YES if begun else Reply.UNKNOWN
    stop, stop_last = calendar_days(spans(until))
    if stop_last is not None and first >= stop_last:
        return Reply.NO
    going_on = stop is not None and last < stop
    return Reply.YES if begun and going_on else Reply.UNKNOWN


def in_effect(measure: Measure, day: Span, here: str | None = None) -> Reply:
    """Whether a measure binds on a day: from the Kimberley date, until the national end where that is later.

    Goods may be stopped here on the strength of the Kimberley act before the national list follows, and as
    long as the national act stands. ``here`` is who asks: another nation's dates do not bind it.
    """
    national = measure.national_until if measure.nation in (None, here) else None
    return _during(measure.since, measure.until if national is None else national, day)


def member(participant: Participant | None, day: Span, here: str | None = None) -> Answer:
    """Whether a participant was a member on a day, also for ``here``, who may have admitted it later."""
    if participant is None or not participant.members:
        return Answer(Reply.UNKNOWN, "participant-not-registered", "this register")
    answers = [_membership(participant, entry, day, here) for entry in participant.members]
    for reply in (Reply.YES, Reply.UNKNOWN, Reply.NO):
        for answer in reversed(answers):
            if answer.reply == reply:
                return answer
    raise AssertionError("a membership has one of three replies")


def _membership(participant: Participant, entry: Member, day: Span, here: str | None) -> Answer:
    until, source = entry.until, entry.source
    start = calendar_days(spans(entry.since))[0]
    for since, said in participant.departures:
        left = calendar_days(spans(since))[0]
        if until is None and left is not None and (start is None or left >= start):
            until, source = since, said
    reply = _during(entry.since, until, day)
    if entry.within is not None and reply == Reply.YES:
        return Answer(Reply.NO, "trades-within", source)
    if reply == Reply.YES and entry.national_since is not None and entry.nation in (None, here):
        reply = _during(entry.national_since, None, day)
        if reply == Reply.NO:
            return Answer(reply, "not-admitted-here", source)
    yes = "trading-apart" if entry.apart else "member"
    reason = {Reply.YES: yes, Reply.NO: "not-a-member", Reply.UNKNOWN: "membership-date-unknown"}[reply]
    return Answer(reply, reason, source)


def standing(
    participant: Participant | None,
    day: Span,
    *,
    zone: str | None = None,
    parties: Iterable[str] = (),
    here: str | None = None,
) -> Answer:
    """Whether a participant may trade on a day goods of its own from ``zone``, moved by ``parties``.

    Membership first, then each measure in scope. ``supervised`` answers yes with the attestations it needs.
    Where no zone is named and a measure is about zones, the answer is unknown. ``here`` as in `member`.
    """
    answer = member(participant, day, here)
    if participant is None or answer.reply != Reply.YES:
        return answer
    return measured(measures(participant), day, zone=zone, parties=parties, here=here) or answer


def measured(
    among: Iterable[Measure],
    day: Span,
    *,
    zone: str | None = None,
    parties: Iterable[str] = (),
    here: str | None = None,
) -> Answer | None:
    """What measures say of goods, whoever was a member then; None where none is in force and in scope."""
    doubt: Answer | None = None
    needed: Answer | None = None
    moving = set(map(folded, parties))
    for measure in among:
        reply = _stops(measure, zone, moving)
        effect = in_effect(measure, day, here)
        if effect == Reply.NO or reply == Reply.NO:
            continue
        said = Answer(Reply.NO, f"measure-{measure.effect}", measure.source, measure.id)
        certain = effect == reply == Reply.YES
        if measure.effect == "supervised":
            said = replace(said, reply=Reply.YES, attestations=measure.attestations or 1)
            needed = said if certain else needed
        elif certain:
            return said
        if not certain:
            doubt = doubt or replace(said, reply=Reply.UNKNOWN)
    return doubt or needed


def _stops(measure: Measure, zone: str | None, parties: set[str]) -> Reply:
    """Whether a measure in effect stops goods from ``zone`` moved by ``parties``."""
    listed = {folded(name) for name in measure.zones}
    place = folded(zone) if zone is not None else None
    match measure.effect:
        case "no-trade" | "no-origin" | "supervised":
            if not listed:
                return Reply.YES
            return Reply.UNKNOWN if place is None else (Reply.YES if place in listed else Reply.NO)
        case "zones-only":
            if not listed:
                return Reply.YES
            return Reply.UNKNOWN if place is None else (Reply.NO if place in listed else Reply.YES)
        case "no-party":
            return Reply.YES if parties & {folded(name) for name in measure.parties} else Reply.NO
        case _:
            return Reply.NO
