"""The border: nothing leaves or arrives without a certificate, and a certificate is its shipment.

KPCS sections II and III: a certificate covers one shipment, is validated before it leaves, makes one
journey; its life is drawn in `certificates.LIFE`. Weights compare exactly on export; on arrival the weight
measured may differ by the weighings, or by what the national profile allows.
"""

from __future__ import annotations

from typing import Any

from ledger.domain import events as e
from ledger.domain.certificate_rules import about, differs, endorsed, expired, in_range, life, numbered
from ledger.domain.certificates import LIFE, Certificate, status
from ledger.domain.issuing_rules import issuing
from ledger.domain.partner_rules import incomplete
from ledger.domain.refusal import Refusal, Refusals, when
from ledger.domain.return_rules import leaving, lost, rejecting, staying
from ledger.domain.state import State
from ledger.domain.valuation_rules import within
from ledger.domain.vocabulary import POLISHED_HS, carats, dollars
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
            yield from _sealed(state, event)
        case e.CertificateEndorsed():
            yield from endorsed(state, event)
        case e.Exported():
            yield from _exported(state, act, event)
        case e.ShipmentArrived() | e.Imported():
            yield from _foreign(state, act, event)
            yield from _arriving(state, act, event)
        case e.ShipmentReturned():
            yield from _came_back(state, event)
        case e.ShipmentRejected():
            yield from rejecting(state, event)
        case e.ShipmentLost() | e.ShipmentNotified():
            yield from _told(state, event)


def _sealed(state: State, event: e.CertificateValidated) -> Refusals:
    """The profile may ask for the seals' numbers at validation (EUREG 12(2))."""
    house, certificate = state.house(), state.certificate(event.certificate)
    needed = house is not None and house.profile is not None and bool(house.profile.seals_needed)
    known = event.seals or (certificate.seals if certificate is not None else ())
    if needed and not known:
        yield Refusal("seals-missing", about(event.certificate), {"certificate": event.certificate})


def _exported(state: State, act: e.Recorded, event: e.Exported) -> Refusals:
    certificate = state.certificate(event.certificate or "")
    if certificate is None or certificate.issued is None:
        return
    yield from expired(state, act, certificate.id)
    yield from left_otherwise(certificate, event)
    yield from leaving(state, certificate, event)
    yield from _same_parcels(state, certificate, event)


def left_otherwise(certificate: Certificate, event: e.Exported) -> Refusals:
    """Refusals of what left for another place, by another sender or under other seals than were certified."""
    if event.destination != certificate.destination:
        yield differs(certificate.id, "destination", certificate.destination, event.destination)
    if event.by not in (certificate.exporter, certificate.issuer):
        yield differs(certificate.id, "exporter", certificate.exporter, event.by)
    if event.seals and certificate.seals and set(event.seals) != set(certificate.seals):
        yield differs(certificate.id, "seals", ", ".join(certificate.seals), ", ".join(event.seals))


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
    own = list(_ours(state, event))
    yield from own
    if (
        not own
        and house is not None
        and house.profile is not None
        and not in_range(house.profile, name, when(act))
    ):
        yield Refusal("certificate-range", about(name), {"number": event.number or name, "issuer": name[:2]})
    if isinstance(event, e.Imported) and event.origin is not None:
        partner = state.partner(event.origin)
        if partner is None or partner.dropped is not None:
            yield Refusal("partner-unknown", f"partner:{event.origin}", {"origin": event.origin})
        elif partner.forked is not None:
            yield Refusal("partner-forked", f"partner:{event.origin}", {"origin": event.origin})


def _ours(
    state: State, event: e.ShipmentArrived | e.Imported | e.ShipmentLost | e.ShipmentNotified
) -> Refusals:
    """A certificate with our letters was issued here."""
    house, name = state.house(), event.certificate or ""
    if house is not None and house.participant == name[:2] and status(state.certificate(name)) == "unknown":
        yield Refusal("certificate-own", about(name), {"certificate": name, "participant": house.participant})


def _told(state: State, event: e.ShipmentLost | e.ShipmentNotified) -> Refusals:
    """What a ledger is told of a shipment: one of its own it knows."""
    yield from _ours(state, event)
    if isinstance(event, e.ShipmentLost):
        yield from lost(state, event)


def _arriving(state: State, act: e.Recorded, event: e.ShipmentArrived | e.Imported) -> Refusals:
    name = event.certificate or ""
    yield from numbered(name, event.number)
    if not event.documented and event.provenance not in (None, name[:2]):
        # whose certificate it is, is who let it go: else its standing would be asked of somebody else
        yield differs(name, "provenance", event.provenance, name[:2])
    if not isinstance(event, e.Imported):
        return
    yield from incomplete(act, event, name)
    yield from expired(state, act, name, event.expiry)
    yield from staying(state, name)
    if not event.documented:
        yield from _worked(event, name)
        yield from _inspected(state, event, name)
    measured = [line.weight for line in event.lines]
    if event.weight is None or None in measured:
        return
    total = sum(weight or 0 for weight in measured)
    if abs(total - event.weight) > tolerance(state, len(measured)):
        yield differs(name, "weight", carats(event.weight), carats(total))


def _worked(event: e.Imported, name: str) -> Refusals:
    """Polished goods travel under no certificate, and none covers them."""
    for line in event.lines:
        if line.hs in POLISHED_HS:
            yield Refusal("certificate-polished", about(name), {"parcel": line.parcel, "hs": line.hs})


def tolerance(state: State, lines: int) -> int:
    """By how much a shipment's weight may differ on arrival, in 0.001 ct."""
    house = state.house()
    if house is not None and house.profile is not None and house.profile.weight_tolerance is not None:
        return house.profile.weight_tolerance
    return WEIGHING_TOLERANCE * (lines + 1)


def _inspected(state: State, event: e.Imported, name: str) -> Refusals:
    """What the inspection found is what the certificate states; the profile may ask that there was one."""
    house, arrived = state.house(), state.certificate(name)
    profile = house.profile if house is not None else None
    acts = [act.event for act in (() if arrived is None else arrived.acts)]
    found = next((one for one in reversed(acts) if isinstance(one, e.ShipmentInspected)), None)
    if found is None:
        if profile is not None and profile.inspection == "all":
            yield Refusal("inspection-missing", about(name), {"certificate": name})
        yield from _unopened(acts, event, name)
        return
    if found.conforms is False:
        yield Refusal("certificate-nonconforming", about(name), {"certificate": name})
        return
    if found.weight is not None and event.weight is not None:
        if abs(found.weight - event.weight) > tolerance(state, len(event.lines)):
            yield _found(name, "weight", carats(event.weight), carats(found.weight))
    counted = [line.stones for line in event.lines]
    total = sum(stones or 0 for stones in counted)
    may_differ = (profile.stone_tolerance if profile is not None else None) or 0
    if found.stones is not None and None not in counted and abs(total - found.stones) > may_differ:
        yield _found(name, "number of stones", total, found.stones)
    values = (event.value, found.value)
    percent = None if profile is None else profile.value_tolerance
    if percent is not None and isinstance(values[0], int) and isinstance(values[1], int):
        if not within(values[0], values[1], percent):
            yield _found(name, "value", dollars(values[0]), dollars(values[1]))


def _found(name: str, what: str, stated: object, found: object) -> Refusal:
    """The import states otherwise than the inspection found."""
    values = {"certificate": name, "what": what, "stated": stated, "found": found}
    return Refusal("inspection-differs", about(name), values)


def _unopened(acts: list[Any], event: e.Imported, name: str) -> Refusals:
    """A container that came opened, or under other seals, is not imported before its contents were found to
    be what the certificate states (EUREG 3(b), 5(2); Annex II 22 and 23).
    """
    arrival = next((one for one in reversed(acts) if isinstance(one, e.ShipmentArrived)), None)
    if arrival is None:
        return
    if arrival.intact is False:
        yield Refusal("container-opened", about(name), {"certificate": name})
    if arrival.seals and event.seals and set(arrival.seals) != set(event.seals):
        values = {"stated": ", ".join(event.seals), "found": ", ".join(arrival.seals)}
        yield Refusal("seals-differ", about(name), {"certificate": name, **values})


def _came_back(state: State, event: e.ShipmentReturned) -> Refusals:
    certificate = state.certificate(event.certificate)
    if certificate is None:
        return
    stated, found = {p.parcel for p in certificate.parts}, {p.parcel for p in event.parts}
    if not found <= stated:
        yield differs(certificate.id, "parcels", ", ".join(sorted(stated)), ", ".join(sorted(found)))
