"""What comes back or never arrives: technical certificates, losses on the way.

A technical certificate (INSOP, WGDE 2014) only sends back a shipment that was ordered back: goods that are
under a foreign certificate, arrived, and never became parcels here. It names that certificate (``returns``),
so that no other goods can travel under it, and so that both sides count it as a return and not as trade.
"""

from __future__ import annotations

from ledger.domain import events as e
from ledger.domain.certificate_rules import about, differs
from ledger.domain.certificates import (
    ARRIVED,
    DETAINED,
    REJECTED,
    REPLACED,
    RETURNED,
    VOIDED,
    Certificate,
    status,
)
from ledger.domain.refusal import Refusal, Refusals
from ledger.domain.state import State
from ledger.domain.vocabulary import carats
from ledger.domain.weight_rules import WEIGHING_TOLERANCE

_HERE = (ARRIVED, DETAINED, REJECTED)
_GIVEN_UP = (VOIDED, REPLACED, RETURNED)


def technical(state: State, event: e.CertificateIssued) -> Refusals:
    """Refusals of a technical certificate that does not just send back a shipment that is here."""
    name = event.certificate
    if bool(event.technical) != (event.returns is not None):
        yield Refusal("technical-returns", about(name), {"certificate": name})
    if event.returns is None:
        return
    back = state.certificate(event.returns)
    if back is None or status(back) not in _HERE:
        values = {"certificate": event.returns, "status": status(back)}
        yield Refusal("technical-shipment", about(event.returns), values)
        return
    other = sent_back_by(state, event.returns)
    if other is not None:
        yield Refusal("technical-twice", about(event.returns), {"certificate": event.returns, "by": other})
    if event.destination != back.provenance:
        yield differs(name, "destination", event.destination, back.provenance)
    yield from _its_goods(state, event, back)


def _its_goods(state: State, event: e.CertificateIssued, back: Certificate) -> Refusals:
    """The lots are not parcels here, and weigh what was measured, or stated, of the shipment."""
    name = event.certificate
    for part in event.parts:
        if state.parcel(part.parcel) is not None:
            yield Refusal("technical-parcel", f"parcel:{part.parcel}", {"parcel": part.parcel})
    found = back.weight if back.measured is None else back.measured
    lots = [part.weight for part in event.parts]
    total = None if None in lots else sum(weight or 0 for weight in lots)
    for what, weight in (("weight", found), ("sum of the lots", total)):
        if weight is not None and abs((event.weight or 0) - weight) > 2 * WEIGHING_TOLERANCE:
            yield differs(name, what, carats(event.weight), carats(weight))
    classes = sum(line.weight or 0 for line in event.classes)
    if classes != event.weight:
        yield differs(name, "sum of the HS classes", carats(classes), carats(event.weight))


def sent_back_by(state: State, name: str) -> str | None:
    """The technical certificate under which a shipment goes back, None where none is in force."""
    names = state.reliance(name).sent_back_by
    return next((one for one in names if status(state.certificate(one)) not in _GIVEN_UP), None)


def leaving(state: State, certificate: Certificate, event: e.Exported) -> Refusals:
    """What leaves under a technical certificate is the shipment that it sends back, once it is ordered
    back.
    """
    if event.returns != certificate.returns:
        yield differs(
            certificate.id, "shipment sent back", event.returns or "none", certificate.returns or "none"
        )
    elif event.returns is not None and status(state.certificate(event.returns)) != REJECTED:
        values = {"certificate": event.returns, "status": status(state.certificate(event.returns))}
        yield Refusal("technical-not-rejected", about(event.returns), values)


def rejecting(state: State, event: e.ShipmentRejected) -> Refusals:
    """The technical certificate that a rejection names is there, and sends back this shipment."""
    if event.technical is None:
        return
    paper = state.certificate(event.technical)
    if paper is None or paper.returns != event.certificate:
        values = {"certificate": event.certificate, "technical": event.technical}
        yield Refusal("technical-unknown", about(event.technical), values)


def staying(state: State, name: str) -> Refusals:
    """A shipment that is being sent back is not imported."""
    by = sent_back_by(state, name)
    if by is not None:
        yield Refusal("technical-twice", about(name), {"certificate": name, "by": by})


def lost(state: State, event: e.ShipmentLost) -> Refusals:
    """The authority it left names what is missing of it; one that was told of the loss has no parcels of
    it.
    """
    certificate = state.certificate(event.certificate)
    own = certificate is not None and certificate.issued is not None and certificate.returns is None
    stated = {part.parcel for part in certificate.parts} if own and certificate is not None else set()
    if set(event.parcels) - stated or (own and not event.parcels):
        found = ", ".join(sorted(event.parcels)) or "none"
        yield differs(event.certificate, "parcels", ", ".join(sorted(stated)) or "none here", found)
