"""Acts of oversight: alerts, reviews and their findings, decisions, offices, readers' grants."""

from __future__ import annotations

from ledger.domain import fields as f
from ledger.domain.act import Event, act, record
from ledger.domain.fields import may, need


@act("alert-raised/1", "alert raise")
@record
class AlertRaised(Event):
    """Others should look: a fake certificate, a suspicious shipment, an infringement (A/RES/67/135
    paragraph 11).
    """

    alert: str = need(f.ALERT, "the alert's id", always=True)
    about: str = need(f.ALERT_KIND, "what kind", always=True)
    certificate: str | None = may(f.CERTIFICATE, "the certificate it is about")
    parcel: str | None = may(f.PARCEL, "the parcel it is about")
    code: str | None = may(f.TEXT, "the refusal's code, where a rule raised it")
    text: str | f.Withheld | None = may(f.TEXT, "what was seen", sealed=True)
    reach: tuple[str, ...] = may(f.COUNTRY, "who is to be told", many=True)


@act("alert-received/1", "alert receive")
@record
class AlertReceived(Event):
    """Another ledger's alert, verified and taken note of."""

    origin: str = need(f.TEXT, "the ledger it came from", always=True)
    index: int = need(f.INDEX, "its entry there", always=True)
    hash: bytes = need(f.HASH, "that entry's hash", always=True)
    about: str = need(f.ALERT_KIND, "what kind", always=True)
    certificate: str | None = may(f.CERTIFICATE, "the certificate it is about")


@act("alert-closed/1", "alert close")
@record
class AlertClosed(Event):
    """An alert is explained, confirmed or dismissed."""

    alert: str = need(f.ALERT, "the alert's id", always=True)
    outcome: str = need(f.FINDING_STATE, "how it ended", always=True)
    reason: str | None = may(f.TEXT, "why")


@act("finding-recorded/1", "review find")
@record
class FindingRecorded(Event):
    """What a review visit or an analysis found, to be followed up (KPCS section VI)."""

    finding: str = need(f.FINDING, "the finding's id", always=True)
    review: str | None = may(f.TEXT, "the review it belongs to")
    rule: str | None = may(f.TEXT, "the analysis rule it rests on")
    text: str | f.Withheld | None = need(f.TEXT, "what was found", sealed=True)
    entries: tuple[int, ...] = may(f.INDEX, "the entries it rests on", many=True)


@act("finding-followed/1", "review follow")
@record
class FindingFollowed(Event):
    """A finding is followed up: sent, answered, explained, corrected, confirmed, dismissed."""

    finding: str = need(f.FINDING, "the finding's id", always=True)
    state: str = need(f.FINDING_STATE, "where it stands", always=True)
    text: str | f.Withheld | None = may(f.TEXT, "what was said", sealed=True)


@act("decision-recorded/1", "governance decide")
@record
class DecisionRecorded(Event):
    """A decision of a plenary, a Chair, the Security Council or the State, with its day of effect."""

    decision: str = need(f.TEXT, "the decision's number", always=True)
    body: str = need(f.TEXT, "who decided", always=True)
    title: str = need(f.TEXT, "what it is called", always=True)
    since: str = need(f.DATE, "from when it has effect", always=True)
    source: str | None = may(f.TEXT, "where it is published")


@act("office-held/1", "governance appoint")
@record
class OfficeHeld(Event):
    """A participant or party holds an office from a day on: Chair, vice-chair, working group, focal point."""

    office: str = need(f.TEXT, "the office", always=True)
    holder: str = need(f.TEXT, "who holds it", always=True)
    since: str = need(f.DATE, "from when", always=True)
    until: str | None = may(f.DATE, "until when")


@act("grant-given/1", "grant give")
@record
class GrantGiven(Event):
    """A reader may be given sealed fields: which, from when, until when."""

    grant: str = need(f.GRANT, "the grant's id", always=True)
    reader: str = need(f.TEXT, "who may read: a participant, a partner's origin, a party", always=True)
    fields: tuple[str, ...] = need(f.TEXT, "the names of the fields", many=True)
    acts: tuple[str, ...] = may(f.WIRE, "in which kinds of acts; none: all", many=True)
    since: str = need(f.DATE, "from when", always=True)
    until: str | None = may(f.DATE, "until when")


@act("grant-withdrawn/1", "grant withdraw")
@record
class GrantWithdrawn(Event):
    """A grant ends."""

    grant: str = need(f.GRANT, "the grant's id", always=True)
    since: str = need(f.DATE, "from when", always=True)
