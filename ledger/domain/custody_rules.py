"""Whose goods may do what: the holder acts, what is seized, certified, gone or documented does not move.

Documented acts are judged by the same rules, only that what is unknown on either side is not held against
them.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.domain import events as e
from ledger.domain.certificates import HOLDS_GOODS
from ledger.domain.parcels import CONSUMED, EXPORTED, HELD, LOST, Parcel
from ledger.domain.parties import Party
from ledger.domain.refusal import Refusal, Refusals, when
from ledger.domain.standing_rules import roles
from ledger.domain.state import State
from ledger.domain.vocabulary import Role
from ledger.edtf import Span, certainly_before, day_before, spans

_OWNER_MAY = (e.Sold, e.Offered, e.Lost, e.Recovered, e.Named, e.Valued)
_AUTHORITY_MAY = (
    e.Forfeited,
    e.ShipmentReturned,
    e.ShipmentLost,
    e.Lost,
    e.Weighed,
    e.Valued,
    e.Sealed,
    e.Named,
    e.Seized,
    e.Released,
    e.Recovered,
    e.CertificateIssued,
)
_ANY_CONDITION = (e.Valued, e.Named, e.Reported)
_SEIZED_MAY = (e.Forfeited, e.Released, e.Weighed, e.Valued, e.Named, e.Sealed, e.Lost, e.Seized)
_CERTIFIED_MAY = (e.Exported, e.Sealed, e.Valued, e.Named, e.Weighed, e.Seized, e.Lost)
_HANDOVERS = (e.Sold, e.Consigned, e.Transferred)
_UNDERWAY_MAY = (e.Lost, e.ShipmentReturned, e.ShipmentLost)
_LOST_MAY = (e.Recovered, e.Seized)


def used(event: e.Event) -> tuple[str, ...]:
    """The parcels an act uses: those that must be there already."""
    match event:
        case e.Weighed() | e.Valued() | e.Named() | e.Split() | e.Sorted() | e.Polished():
            return (event.parcel,)
        case e.Mixed():
            return event.inputs
        case e.Offered() | e.Consigned() | e.Transferred() | e.Sold() | e.Sealed() | e.Released() | e.Lost():
            return event.parcels
        case e.Reported():
            return event.parcels
        case e.Forfeited() | e.ShipmentLost():
            return event.parcels
        case e.CertificateIssued(returns=str()) | e.Exported(returns=str()):
            return ()  # what goes back unentered was no parcel here
        case (
            e.Received()
            | e.Recovered()
            | e.CertificateIssued()
            | e.CertificateApplied()
            | e.Exported()
            | e.ShipmentReturned()
        ):
            return tuple(part.parcel for part in event.parts)
        case _:
            return ()


def begun(event: e.Event) -> tuple[str, ...]:
    """The parcels an act begins: their ids must be new."""
    match event:
        case e.Mined() | e.StockOpened():
            return tuple(line.parcel for line in event.lines)
        case e.Split() | e.Sorted() | e.Polished():
            return tuple(goods.parcel for goods in event.outputs)
        case e.Mixed():
            return (event.output,)
        case e.Imported():
            return tuple(line.parcel for line in event.lines)
        case _:
            return ()


def custody(state: State, act: e.Recorded) -> Refusals:
    """Refusals of an act on goods that its author may not touch, or that cannot be touched."""
    event = act.event
    if isinstance(event, e.Opaque):
        return
    yield from _twice(event)
    yield from _new(state, act, event)
    for name in dict.fromkeys(used(event)):
        parcel = state.parcel(name)
        if parcel is None:
            yield Refusal("parcel-unknown", f"parcel:{name}", {"parcel": name})
        else:
            yield from _usable(state, act, event, parcel)
    if isinstance(event, e.Seized):
        yield from _seizable(state, event)
    if isinstance(event, e.Sold) or (isinstance(event, e.Transferred) and event.title):
        yield from _buyer(state, act, event)
    if isinstance(event, _HANDOVERS) and event.to == event.by and not event.documented:
        yield Refusal("to-itself", f"party:{event.by}", {"party": event.by})


def _twice(event: e.Event) -> Refusals:
    names = used(event) + begun(event)
    if len(names) != len(set(names)):
        seen: set[str] = set()
        for name in names:
            if name in seen:
                yield Refusal("parcel-twice", f"parcel:{name}", {"parcel": name})
            seen.add(name)


def _new(state: State, act: e.Recorded, event: e.Event) -> Refusals:
    for name in begun(event):
        known = state.parcel(name)
        if known is None or not known.acts:
            continue
        if not (event.documented and known.documented and isinstance(event, e.Imported)):
            yield Refusal("id-taken", f"parcel:{name}", {"id": name})
        else:
            if known.condition != EXPORTED:
                yield Refusal("import-without-export", f"parcel:{name}", {"parcel": name})
            yield from _in_order(act, event, known)


def _seizable(state: State, event: e.Seized) -> Refusals:
    for goods in event.lines:
        parcel = state.parcel(goods.parcel)
        if parcel is not None and parcel.documented and not event.documented:
            yield Refusal("parcel-documented", f"parcel:{parcel.id}", {"parcel": parcel.id})
        elif parcel is not None and parcel.condition == CONSUMED:
            yield Refusal("parcel-consumed", f"parcel:{parcel.id}", _gone(parcel))


def _buyer(state: State, act: e.Recorded, event: e.Sold | e.Transferred) -> Refusals:
    """The national profile may say which roles sell to which; ownership passes in no other way either."""
    house = state.house()
    seller, buyer = state.party(event.by or ""), state.party(event.to or "")
    if house is None or house.profile is None or not house.profile.trade or seller is None or buyer is None:
        return
    selling, buying = roles(seller, when(act)), roles(buyer, when(act))
    if not any(line.seller in selling and line.buyer in buying for line in house.profile.trade):
        values = {"seller": "/".join(sorted(selling)), "buyer": "/".join(sorted(buying))}
        yield Refusal("trade-not-allowed", f"party:{buyer.id}", values)


def _usable(state: State, act: e.Recorded, event: e.Event, parcel: Parcel) -> Refusals:
    about = f"parcel:{parcel.id}"
    if parcel.documented and not event.documented and not isinstance(event, e.Reported):
        yield Refusal("parcel-documented", about, {"parcel": parcel.id})
    if not isinstance(event, _ANY_CONDITION):
        yield from _condition(state, event, parcel)
    if not isinstance(event, e.Reported):
        yield from _in_hand(state, act, event, parcel)
        yield from _in_order(act, event, parcel)


def _gone(parcel: Parcel) -> dict[str, str]:
    return {"parcel": parcel.id, "outputs": ", ".join(parcel.outputs) or "nothing named"}


def _condition(state: State, event: e.Event, parcel: Parcel) -> Refusals:
    about = f"parcel:{parcel.id}"
    if parcel.condition == CONSUMED:
        yield Refusal("parcel-consumed", about, _gone(parcel))
    elif parcel.condition == EXPORTED and isinstance(event, e.Lost) and not event.documented:
        values = {"parcel": parcel.id, "certificate": parcel.certificate or "no certificate"}
        yield Refusal("parcel-underway", about, values)
    elif parcel.condition == EXPORTED and not isinstance(event, _UNDERWAY_MAY):
        yield Refusal(
            "parcel-exported",
            about,
            {"parcel": parcel.id, "certificate": parcel.certificate or "no certificate"},
        )
    elif parcel.condition == LOST and not isinstance(event, _LOST_MAY):
        yield Refusal("parcel-lost", about, {"parcel": parcel.id})
    elif parcel.condition == HELD and isinstance(event, e.Recovered):
        yield Refusal("parcel-not-lost", about, {"parcel": parcel.id})
    if parcel.seized_by is not None and not isinstance(event, _SEIZED_MAY):
        yield Refusal("parcel-seized", about, {"parcel": parcel.id, "authority": parcel.seized_by})
    if parcel.seized_by is None and isinstance(event, e.Released | e.Forfeited):
        yield Refusal("parcel-not-seized", about, {"parcel": parcel.id})
    if parcel.certificate is not None and not isinstance(event, _CERTIFIED_MAY):
        certificate = state.certificate(parcel.certificate)
        if certificate is not None and certificate.status in HOLDS_GOODS:
            yield Refusal("parcel-certified", about, {"parcel": parcel.id, "certificate": certificate.id})


def _in_hand(state: State, act: e.Recorded, event: e.Event, parcel: Parcel) -> Refusals:
    if event.documented and (event.by is None or parcel.holder is None):
        return
    permitted = {parcel.holder}
    if isinstance(event, _OWNER_MAY):
        permitted.add(parcel.owner)
    acting = event.exporter if isinstance(event, e.CertificateIssued) else event.by
    if acting is not None and acting in permitted:
        return
    if isinstance(event, _AUTHORITY_MAY) and acting is not None and _is_authority(state.party(acting), act):
        return
    yield Refusal(
        "holder-only",
        f"parcel:{parcel.id}",
        {"parcel": parcel.id, "holder": parcel.holder or "unknown", "by": acting or "unknown"},
    )


def _is_authority(party: Party | None, act: e.Recorded) -> bool:
    return party is not None and Role.AUTHORITY in roles(party, when(act))


def _in_order(act: e.Recorded, event: e.Event, parcel: Parcel) -> Refusals:
    if isinstance(event, e.Valued) or not parcel.acts:
        return
    for earlier in _changing(parcel):
        span = spans(earlier.occurred)
        if earlier.occurred is not None and _before(when(act), span):
            yield Refusal(
                "time-order",
                f"parcel:{parcel.id}",
                {
                    "parcel": parcel.id,
                    "date": when(act).text,
                    "earlier": span.text,
                    "index": earlier.index,
                    "type": earlier.event.TYPE,
                },
            )
            return


def _before(a: Span, b: Span) -> bool:
    """By instants, or, where neither says whose midnight it meant, by the calendar."""
    return certainly_before(a, b) or ("T" not in a.text + b.text and day_before(a, b))


def _changing(parcel: Parcel) -> Iterator[e.Recorded]:
    for earlier in reversed(parcel.acts):
        if not isinstance(earlier.event, e.Valued | e.Named | e.AliasRecorded):
            yield earlier
