"""The border: nothing leaves or arrives without a certificate, and a certificate is its shipment.

KPCS sections II and III: a certificate covers one shipment, is validated before it leaves, makes one
journey; its life is drawn in `certificates.LIFE`. Weights compare exactly on export; on arrival the weight
measured may differ by the weighings, or by what the national profile allows.
"""

from __future__ import annotations

from ledger.domain import events as e
from ledger.domain.certificate_rules import about, differs, expired, in_range, issuing, life, numbered
from ledger.domain.certificates import LIFE, Certificate, status
from ledger.domain.refusal import Refusal, Refusals, when
from ledger.domain.state import State
from ledger.domain.vocabulary import carats
from ledger.domain.weight_rules import WEIGHING_TOLERANCE


def border(state: State, act: e.Recorded) -> Refusals:
    """Refusals of an act with a certificate or a shipment."""
    event = act.event
    match event:
        case e.Exported(certificate=None):
            yield Refusal("certificate-needed", f"act:{event.TYPE}", {"what": "export"})
            return
        case e.Imported(certificate=None):
            yield Refusal("certificate-needed", f"act:{event.TYPE}", {"what": "import"})
            return
    if not isinstance(event, e.Opaque) and type(event) in LIFE:
        yield from life(state, act, event)
    match event:
        case e.CertificateIssued() | e.CertificateApplied() | e.CertificateRefused():
            yield from issuing(state, act, event)
        case e.CertificateValidated():
            yield from expired(state, act, event.certificate)
        case e.Exported():
            yield from _exported(state, act, event)
        case e.ShipmentArrived() | e.Imported():
            yield from _foreign(state, act, event)
            yield from _arriving(state, act, event)
        case e.ShipmentReturned():
            yield from _came_back(state, event)


def _exported(state: State, act: e.Recorded, event: e.Exported) -> Refusals:
    certificate = state.certificate(event.certificate or "")
    if certificate is None or certificate.issued is None:
        return
    yield from expired(state, act, certificate.id)
    if event.destination != certificate.destination:
        yield differs(certificate.id, "destination", certificate.destination, event.destination)
    if event.by not in (certificate.exporter, certificate.issuer):
        yield differs(certificate.id, "exporter", certificate.exporter, event.by)
    yield from _same_parcels(state, certificate, event)


def _same_parcels(state: State, certificate: Certificate, event: e.Exported) -> Refusals:
    stated, found = {p.parcel for p in certificate.parts}, {p.parcel for p in event.parts}
    if stated != found:
        yield differs(certificate.id, "parcels", ", ".join(sorted(stated)), ", ".join(sorted(found)))
        return
    on_paper = {part.parcel: part.weight for part in certificate.parts}
    for part in event.parts:
        parcel = state.parcel(part.parcel)
        known = None if parcel is None else parcel.weight
        wanted = on_paper[part.parcel]
        for weight in (part.weight, known):
            if wanted is not None and weight is not None and weight != wanted:
                yield differs(
                    certificate.id, f"weight of parcel {part.parcel}", carats(wanted), carats(weight)
                )
                break


def _foreign(state: State, act: e.Recorded, event: e.ShipmentArrived | e.Imported) -> Refusals:
    """What arrives comes from elsewhere, and from nobody who was shown to keep two histories."""
    house = state.house()
    name = event.certificate or ""
    if house is not None and house.participant == name[:2] and status(state.certificate(name)) == "unknown":
        yield Refusal("certificate-own", about(name), {"certificate": name, "participant": house.participant})
    elif house is not None and house.profile is not None and not in_range(house.profile, name, when(act)):
        yield Refusal("certificate-range", about(name), {"number": event.number or name, "issuer": name[:2]})
    if isinstance(event, e.Imported) and event.origin is not None:
        partner = state.partner(event.origin)
        if partner is None or partner.dropped is not None:
            yield Refusal("partner-unknown", f"partner:{event.origin}", {"origin": event.origin})
        elif partner.forked is not None:
            yield Refusal("partner-forked", f"partner:{event.origin}", {"origin": event.origin})


def _arriving(state: State, act: e.Recorded, event: e.ShipmentArrived | e.Imported) -> Refusals:
    name = event.certificate or ""
    yield from numbered(name, event.number)
    if not isinstance(event, e.Imported):
        return
    yield from expired(state, act, name, event.expiry)
    arrived = state.certificate(name)
    if arrived is not None and arrived.conforms is False and not event.documented:
        yield Refusal("certificate-nonconforming", about(name), {"certificate": name})
    measured = [line.weight for line in event.lines]
    if event.weight is None or None in measured:
        return
    total = sum(weight or 0 for weight in measured)
    house = state.house()
    allowed = WEIGHING_TOLERANCE * (len(measured) + 1)
    if house is not None and house.profile is not None and house.profile.weight_tolerance is not None:
        allowed = house.profile.weight_tolerance
    if abs(total - event.weight) > allowed:
        yield differs(name, "weight", carats(event.weight), carats(total))


def _came_back(state: State, event: e.ShipmentReturned) -> Refusals:
    certificate = state.certificate(event.certificate)
    if certificate is None:
        return
    stated, found = {p.parcel for p in certificate.parts}, {p.parcel for p in event.parts}
    if not found <= stated:
        yield differs(certificate.id, "parcels", ", ".join(sorted(stated)), ", ".join(sorted(found)))
