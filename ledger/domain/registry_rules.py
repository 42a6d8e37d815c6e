"""What is registered: ids are unique, what is named is known, periods have an order."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.domain import events as e
from ledger.domain import fields
from ledger.domain.refusal import Refusal, Refusals
from ledger.domain.state import State
from ledger.edtf import day_before, spans


def registry(state: State, act: e.Recorded) -> Refusals:
    """Refusals of an act that names what is not known, or registers what already is."""
    event = act.event
    if isinstance(event, e.Opaque):
        return
    yield from _taken(state, event)
    yield from _unknown(state, event)
    since, until = getattr(event, "since", None), getattr(event, "until", None)
    if since and until and day_before(spans(until), spans(since)):
        yield Refusal("period-order", _first_subject(event), {"since": since, "until": until})


def _first_subject(event: e.Event) -> str:
    for name in ("licence", "mandate", "party", "site"):
        value = getattr(event, name, None)
        if value:
            return f"{name}:{value}"
    return f"party:{event.by}"


def _taken(state: State, event: e.Event) -> Refusals:
    match event:
        case e.PartyRegistered() if state.party(event.party):
            yield Refusal("id-taken", f"party:{event.party}", {"id": event.party})
        case e.SiteRegistered() if state.site(event.site):
            yield Refusal("id-taken", f"site:{event.site}", {"id": event.site})
        case e.LicenceGranted() if state.licence(event.licence):
            yield Refusal("id-taken", f"licence:{event.licence}", {"id": event.licence})
        case e.MandateGranted() if state.mandate(event.mandate):
            yield Refusal("id-taken", f"mandate:{event.mandate}", {"id": event.mandate})
        case e.AlertRaised() if state.subject(f"alert:{event.alert}"):
            yield Refusal("id-taken", f"alert:{event.alert}", {"id": event.alert})
        case e.FindingRecorded() if state.subject(f"finding:{event.finding}"):
            yield Refusal("id-taken", f"finding:{event.finding}", {"id": event.finding})
        case e.DecisionRecorded() if state.subject(f"decision:{event.decision}"):
            yield Refusal("id-taken", f"decision:{event.decision}", {"id": event.decision})
        case e.GrantGiven() if state.subject(f"grant:{event.grant}"):
            yield Refusal("id-taken", f"grant:{event.grant}", {"id": event.grant})
        case e.KeyEnrolled():
            key = state.key(event.key)
            if key is not None and key.party is not None:
                yield Refusal(
                    "key-taken", f"party:{event.party}", {"key": event.key.hex()[2:18], "owner": key.party}
                )


def _named_parties(event: e.Event) -> Iterator[str]:
    """The parties an act names beside the one that acts; in a documented act that one too."""
    if isinstance(event, e.PartyRegistered):
        return
    for field in fields.table(type(event)):
        if field.kind is not fields.PARTY or (field.name == "by" and not event.documented):
            continue
        name = getattr(event, field.name)
        if name is not None:
            yield name


def _unknown(state: State, event: e.Event) -> Refusals:
    for party in _named_parties(event):
        if state.party(party) is None:
            yield Refusal("party-unknown", f"party:{party}", {"party": party})
    site = getattr(event, "site", None)
    if site and not isinstance(event, e.SiteRegistered) and state.site(site) is None:
        yield Refusal("site-unknown", f"site:{site}", {"site": site})
    if isinstance(event, e.LicenceWithdrawn) and state.licence(event.licence) is None:
        yield Refusal("licence-unknown", f"licence:{event.licence}", {"licence": event.licence})
    if isinstance(event, e.MandateWithdrawn) and state.mandate(event.mandate) is None:
        yield Refusal("mandate-unknown", f"mandate:{event.mandate}", {"mandate": event.mandate})
    if isinstance(event, e.ProfileAdopted):
        for line in event.licences:
            if line.act not in e.EVENTS:
                yield Refusal("type-unknown", f"act:{line.act}", {"type": line.act})
    yield from _unknown_follow_up(state, event)
    if isinstance(event, e.KeyRevoked):
        yield from _key_to_revoke(state, event)
    if isinstance(event, e.LedgerKeyChanged | e.LedgerKeyRevoked):
        yield from _ledger_key(state, event)
    if isinstance(event, e.AliasRecorded) and not _is_known(state, event.subject):
        yield Refusal("subject-unknown", event.subject, {})


def _unknown_follow_up(state: State, event: e.Event) -> Refusals:
    """What closes, follows, withdraws or pins names something that was opened before."""
    name = None
    match event:
        case e.AlertClosed():
            name = f"alert:{event.alert}"
        case e.FindingFollowed():
            name = f"finding:{event.finding}"
        case e.GrantWithdrawn():
            name = f"grant:{event.grant}"
    if name is not None and state.subject(name) is None:
        yield Refusal("subject-unknown", name, {})
    if isinstance(event, e.PartnerDropped | e.CheckpointPinned | e.ForkProved | e.AlertReceived):
        if state.partner(event.origin) is None:
            yield Refusal("partner-unknown", f"partner:{event.origin}", {"origin": event.origin})


def _key_to_revoke(state: State, event: e.KeyRevoked) -> Refusals:
    key = state.key(event.key)
    if key is None or key.party is None:
        yield Refusal("key-unknown", "key", {"key": event.key.hex()[2:18]})
    elif key.revoked is not None:
        yield Refusal("key-revoked", f"party:{key.party}", {"since": key.revoked, "party": key.party})


def _ledger_key(state: State, event: e.LedgerKeyChanged | e.LedgerKeyRevoked) -> Refusals:
    house = state.house()
    if house is None:
        return
    revoked = {key for key, _, _ in house.revoked}
    if isinstance(event, e.LedgerKeyChanged) and event.key in house.keys:
        yield Refusal("ledger-key-taken", "ledger:house", {"key": event.key.split("+")[0]})
    elif isinstance(event, e.LedgerKeyRevoked) and (event.key not in house.keys or event.key in revoked):
        yield Refusal("ledger-key-unknown", "ledger:house", {"key": event.key[:60]})


def _is_known(state: State, subject: str) -> bool:
    kind, _, name = subject.partition(":")
    return {"party": state.party, "parcel": state.parcel, "site": state.site}[kind](name) is not None
