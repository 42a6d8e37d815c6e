"""Acts about participants in the Kimberley Process: admissions, departures, and the measures that bind them.

A measure's scope is fields, never prose, because measures differ in what they cover: a whole country,
membership without trade, one field, a positive list of zones, a company, data only (DOMAIN: KPCS section
VI, UNSC resolutions, administrative decisions). Each has two beginnings and ends: the Kimberley or UN date,
and the date on which a nation gave it effect: this ledger's participant, unless another is named. A date may
be an interval where sources do not say the day.
"""

from __future__ import annotations

from ledger.domain import fields as f
from ledger.domain.act import Event, Record, act, record
from ledger.domain.fields import may, need, rows
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Admission:
    """A participant, and when its membership began and ended."""

    participant: str = need(f.COUNTRY, "the participant", always=True)
    name: str | None = may(f.TEXT, "its name")
    since: str = need(f.DATE, "when membership began; an interval where the day is not known", always=True)
    until: str | None = may(f.DATE, "when it ended")
    source: str = need(f.TEXT, "where that is said", always=True)
    apart: bool | None = may(f.YES, "it trades under the scheme and is not counted among the participants")
    national_since: str | None = may(f.DATE, "from when it is admitted by a nation, if later")
    nation: str | None = may(f.COUNTRY, "whose national date that is, if not this ledger's")
    within: str | None = may(f.COUNTRY, "the participant under which it trades, and not under its own name")


@record
class MeasureLine(Record):
    """A measure with its scope; empty scopes mean everything of the participant."""

    measure: str = need(f.MEASURE, "the measure's id", always=True)
    participant: str = need(f.COUNTRY, "whom it binds", always=True)
    effect: str = need(f.EFFECT, "what it does", always=True)
    zones: tuple[str, ...] = may(f.TEXT, "the zones or fields it is about", many=True)
    parties: tuple[str, ...] = may(f.TEXT, "the parties it is about", many=True)
    attestations: int | None = may(f.NUMBERED, "how many attestations a supervised export needs")
    authority: str | None = may(f.TEXT, "who adopted it")
    since: str = need(f.DATE, "from when", always=True)
    until: str | None = may(f.DATE, "until when")
    national_since: str | None = may(f.DATE, "from when it has effect here, if later")
    national_until: str | None = may(f.DATE, "until when it has effect here, if later")
    nation: str | None = may(f.COUNTRY, "whose national dates these are, if not this ledger's")
    source: str = need(f.TEXT, "where that is said", always=True)


@act("register-adopted/1", "participant adopt")
@record
class RegisterAdopted(Event):
    """A register of participants and measures becomes this ledger's starting point."""

    register: str = need(f.TEXT, "the register's name and version", always=True)
    admissions: tuple[Admission, ...] = rows(Admission, "participants", required=False)
    measures: tuple[MeasureLine, ...] = rows(MeasureLine, "measures", required=False)


@act("participant-admitted/1", "participant admit")
@record
class ParticipantAdmitted(Event):
    """A participant is admitted, or admitted again."""

    participant: str = need(f.COUNTRY, "the participant", always=True)
    name: str | None = may(f.TEXT, "its name")
    since: str = need(f.DATE, "from when", always=True)
    national_since: str | None = may(f.DATE, "from when it is admitted here, if later")
    apart: bool | None = may(f.YES, "it trades under the scheme and is not counted among the participants")
    source: str = need(f.TEXT, "where that is said", always=True)


@act("participant-left/1", "participant leave")
@record
class ParticipantLeft(Event):
    """A participant left or was removed."""

    participant: str = need(f.COUNTRY, "the participant", always=True)
    since: str = need(f.DATE, "from when", always=True)
    source: str = need(f.TEXT, "where that is said", always=True)


@act("measure-adopted/1", "measure adopt")
@record
class MeasureAdopted(MeasureLine, Event):
    """A measure binds a participant from a date on; it may reach back over past acts."""


@act("measure-ended/1", "measure end")
@record
class MeasureEnded(Event):
    """A measure ends."""

    measure: str = need(f.MEASURE, "the measure's id", always=True)
    participant: str = need(f.COUNTRY, "whom it bound", always=True)
    since: str = need(f.DATE, "from when on it no longer binds", always=True)
    national_since: str | None = may(f.DATE, "the same here, if later")
    source: str = need(f.TEXT, "where that is said", always=True)
