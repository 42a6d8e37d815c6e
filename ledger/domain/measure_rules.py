"""Good standing: may the participants trade these goods on that date, by the register the ledger adopted.

KPCS section II and III: nothing goes to or comes from a non-participant; UNSC and Kimberley measures bind by
their scope. A ledger that adopted no register is not asked; one that did refuses what the register does not
know, and says what to record so that it knows.
"""

from __future__ import annotations

from ledger import messages
from ledger.domain import events as e
from ledger.domain.ancestry import ancestors
from ledger.domain.parcels import Parcel
from ledger.domain.participants import Answer, Reply, standing
from ledger.domain.parties import House
from ledger.domain.passages import barred_parties, barred_zones, embargo, trading
from ledger.domain.refusal import Refusal, Refusals, when
from ledger.domain.state import State
from ledger.domain.supervision_rules import supervised
from ledger.edtf import Span

_REASONS = {
    "participant-not-registered": "standing-participant-not-registered",
    "member": "standing-member",
    "trading-apart": "standing-trading-apart",
    "not-admitted-here": "standing-not-admitted-here",
    "trades-within": "standing-trades-within",
    "not-a-member": "standing-not-a-member",
    "membership-date-unknown": "standing-membership-date-unknown",
    "measure-no-trade": "standing-measure-no-trade",
    "measure-no-origin": "standing-measure-no-origin",
    "measure-zones-only": "standing-measure-zones-only",
    "measure-no-party": "standing-measure-no-party",
    "measure-supervised": "standing-measure-supervised",
}


def good_standing(state: State, act: e.Recorded) -> Refusals:
    """Refusals of an act at the border that a participant's status or a measure forbids."""
    house = state.house()
    if house is None or house.register is None:
        return
    day = when(act)
    match act.event:
        case e.CertificateIssued() as event:
            yield from _may_trade(state, house.participant, day)
            yield from _may_trade(state, event.destination, day)
            yield from _own_goods(state, event, day)
            yield from _barred(state, house, day, event.exporter, event.importer)
        case e.CertificateValidated():
            yield from supervised(state, act)
        case e.Exported(destination=str(destination)) as event:
            yield from _may_trade(state, house.participant, day)
            yield from _may_trade(state, destination, day)
            yield from _barred(state, house, day, event.by, event.carrier)
        case e.Imported() as event:
            yield from _may_trade(state, house.participant, day)
            yield from _may_trade(state, event.provenance, day)
            yield from _zones(state, event, day)
            # where no origin is stated, the goods are taken to be of the country they come from
            for origin in event.origins or filter(None, (event.provenance,)):
                yield from _origin(state, origin, day)
            yield from _barred(state, house, day, event.by, event.exporter, event.importer)
            yield from supervised(state, act)


def reason(answer: Answer) -> str:
    """Why an answer is as it is, in words."""
    return messages.text(_REASONS[answer.reason], {})


def _said(participant: str, day: Span, answer: Answer) -> Refusal:
    code = "standing-no" if answer.reply == Reply.NO else "standing-unknown"
    values = {
        "participant": participant,
        "date": day.text,
        "reason": reason(answer),
        "measure": answer.measure or "membership",
        "source": answer.source,
    }
    return Refusal(code, f"participant:{participant}", values)


def _may_trade(state: State, code: str | None, day: Span) -> Refusals:
    if code is None:
        return
    answer = trading(state.participant(code), day, here=_here(state))
    if answer.reply != Reply.YES:
        yield _said(code, day, answer)


def _barred(state: State, house: House, day: Span, *parties: object) -> Refusals:
    """Who is listed moves nothing, whichever participant the goods come from, go to, or were mined in."""
    names = names_moving(state, *parties)
    for found in barred_parties(state.participant, house.barring, day, names, here=house.participant):
        yield _said(found.participant, day, found.answer)


def names_moving(state: State, *parties: object) -> tuple[str, ...]:
    """Who moves the goods, as far as it is told: ids and words, and all that parties are called besides."""
    told = [party for party in parties if isinstance(party, str)]
    known = filter(None, map(state.party, told))
    return (*told, *(alias for party in known for alias in party.aliases))


def _here(state: State) -> str | None:
    """Whose ledger asks: its own national dates count."""
    house = state.house()
    return None if house is None else house.participant


def _zones(state: State, event: e.Imported, day: Span) -> Refusals:
    """Goods that come straight from where they were mined come from zones that may export, and say which."""
    source = event.provenance
    participant = state.participant(source) if source is not None else None
    if source is None or participant is None or (event.origins and source not in event.origins):
        return
    for answer in barred_zones(participant, day, event.zones, here=_here(state)):
        yield _said(source, day, answer)


def _own_goods(state: State, event: e.CertificateIssued, day: Span) -> Refusals:
    """Goods of own mining are judged zone by zone, own stock as of no known zone, others by an embargo."""
    house = state.house()
    own = event.provenance
    if own is None or house is None:
        return
    said: set[tuple[str, str]] = set()
    for part in event.parts:
        for parcel in ancestors(state, part.parcel):
            country, zone = _mined_at(state, parcel, own)
            if country is None:
                continue
            answer = standing(state.participant(country), day, zone=zone, here=house.participant)
            if answer.reply != Reply.YES and (country, answer.reason) not in said:
                said.add((country, answer.reason))
                yield _said(country, day, answer)
    for origin in event.origins:
        if origin != own:
            yield from _origin(state, origin, day)


def _mined_at(state: State, parcel: Parcel, own: str) -> tuple[str | None, str | None]:
    """Country and zone where a parcel was mined; stock of own origin is of no known zone, other goods of
    none.
    """
    site = state.site(parcel.site) if parcel.site is not None else None
    if site is not None:
        return site.country, site.zone or site.name or site.id
    return (own, None) if parcel.marked and own in parcel.origins else (None, None)


def _origin(state: State, origin: str, day: Span) -> Refusals:
    """An embargo on goods mined in a country meets them wherever they come from."""
    answer = embargo(state.participant(origin), day, here=_here(state))
    if answer is not None and answer.reply != Reply.YES:
        yield _said(origin, day, answer)
