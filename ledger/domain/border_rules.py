"""The border: nothing leaves or arrives without a certificate, and a certificate is its shipment.

KPCS sections II and III and Annex I: a certificate covers one shipment, is validated before it leaves,
makes one journey, and states weight, classes, origin and provenance. Weights compare exactly on export; on
import the weight measured may differ by the tolerance of the weighings.
"""

from __future__ import annotations

from ledger.domain import events as e
from ledger.domain.ancestry import mining_origins
from ledger.domain.certificates import CONFIRMED, EXPORTED, ISSUED, RECEIVED, VALIDATED, VOIDED, Certificate
from ledger.domain.parcels import Parcel
from ledger.domain.refusal import Refusal, Refusals, when
from ledger.domain.state import State
from ledger.domain.vocabulary import POLISHED_HS, carats, certificate_key
from ledger.domain.weight_rules import WEIGHING_TOLERANCE
from ledger.edtf import day_before, spans


def border(state: State, act: e.Recorded) -> Refusals:
    """Refusals of an act with a certificate or a shipment."""
    match act.event:
        case e.CertificateIssued() as event:
            yield from _issued(state, act, event)
        case e.CertificateValidated() as event:
            yield from _status(state, event.certificate, {ISSUED}, "validated")
            yield from _expired(state, act, event.certificate)
        case e.CertificateVoided() as event:
            yield from _status(state, event.certificate, {ISSUED, VALIDATED}, "voided")
        case e.Exported() as event:
            yield from _exported(state, act, event)
        case e.Imported() as event:
            yield from _imported(state, act, event)
        case e.ImportConfirmed() as event:
            yield from _status(state, event.certificate, {EXPORTED, RECEIVED}, "confirmed")


def _about(certificate: str) -> str:
    return f"certificate:{certificate}"


def _status(state: State, name: str, wanted: set[str], what: str) -> Refusals:
    certificate = state.certificate(name)
    if certificate is None:
        yield Refusal("certificate-unknown", _about(name), {"certificate": name})
    elif certificate.status not in wanted:
        used = certificate.status in (EXPORTED, RECEIVED, CONFIRMED) and what in ("exported", "imported")
        yield Refusal(
            "certificate-used" if used else "certificate-state",
            _about(name),
            {
                "certificate": name,
                "status": certificate.status or "unknown",
                "wanted": " or ".join(sorted(wanted)),
                "what": what,
            },
        )


def _expired(state: State, act: e.Recorded, name: str, expiry: str | None = None) -> Refusals:
    certificate = state.certificate(name)
    last = expiry if expiry is not None else certificate.expiry if certificate is not None else None
    if last is not None and day_before(spans(last), when(act)):
        yield Refusal(
            "certificate-expired", _about(name), {"certificate": name, "expiry": last, "date": when(act).text}
        )


def _differs(name: str, what: str, stated: object, found: object) -> Refusal:
    return Refusal(
        "certificate-differs",
        _about(name),
        {"certificate": name, "what": what, "stated": stated, "found": found},
    )


def _issued(state: State, act: e.Recorded, event: e.CertificateIssued) -> Refusals:
    name = event.certificate
    house = state.house()
    own = house.participant if house is not None else None
    known = state.certificate(name)
    if known is not None and known.status is not None:
        yield Refusal(
            "certificate-taken", _about(name), {"certificate": name, "number": known.number or name}
        )
    if name[:2] != own:
        yield Refusal(
            "certificate-issuer", _about(name), {"certificate": name, "participant": own or "no participant"}
        )
    if certificate_key(name[:2], event.number) != name:
        normal = certificate_key(name[:2], event.number)
        yield Refusal(
            "certificate-number", _about(name), {"number": event.number, "normal": normal, "stated": name}
        )
    if day_before(spans(event.expiry), when(act)):
        yield Refusal(
            "certificate-expired",
            _about(name),
            {"certificate": name, "expiry": event.expiry, "date": when(act).text},
        )
    if event.provenance != own:
        yield _differs(name, "provenance", event.provenance, own)
    if event.destination == event.provenance:
        yield Refusal(
            "certificate-destination", _about(name), {"certificate": name, "country": event.destination}
        )
    yield from _covers(state, event)


def _covers(state: State, event: e.CertificateIssued) -> Refusals:
    name = event.certificate
    parcels = [state.parcel(part.parcel) for part in event.parts]
    for part, parcel in zip(event.parts, parcels, strict=True):
        if parcel is None:
            continue
        if part.weight is not None and parcel.weight != part.weight:
            yield _differs(
                name, f"weight of parcel {part.parcel}", carats(part.weight), carats(parcel.weight)
            )
        if parcel.hs in POLISHED_HS:
            yield Refusal("certificate-polished", _about(name), {"parcel": parcel.id, "hs": parcel.hs})
    held = [parcel for parcel in parcels if parcel is not None]
    if len(held) != len(parcels):
        return
    total = sum(parcel.weight or 0 for parcel in held)
    if event.weight != total:
        yield _differs(name, "weight", carats(event.weight), carats(total))
    if sum(line.weight or 0 for line in event.classes) != event.weight:
        by_class = sum(line.weight or 0 for line in event.classes)
        yield _differs(name, "sum of the HS classes", carats(by_class), carats(event.weight))
    yield from _classes(event, held)
    yield from _origins(state, event, held)


def _classes(event: e.CertificateIssued, parcels: list[Parcel]) -> Refusals:
    if any(parcel.hs is None for parcel in parcels):
        return
    found: dict[str, int] = {}
    for parcel in parcels:
        found[str(parcel.hs)] = found.get(str(parcel.hs), 0) + (parcel.weight or 0)
    stated = {line.hs: line.weight or 0 for line in event.classes}
    for hs in sorted(found.keys() | stated.keys()):
        if found.get(hs, 0) != stated.get(hs, 0):
            yield _differs(event.certificate, f"HS {hs}", carats(stated.get(hs, 0)), carats(found.get(hs, 0)))


def _origins(state: State, event: e.CertificateIssued, parcels: list[Parcel]) -> Refusals:
    countries: set[str] = set()
    whole = True
    for parcel in parcels:
        found, all_known = mining_origins(state, parcel.id)
        countries |= found
        whole = whole and all_known
    stated = set(event.origins)
    if countries - stated or (whole and stated - countries):
        yield _differs(
            event.certificate,
            "mining origin",
            ", ".join(sorted(stated)),
            ", ".join(sorted(countries)) or "unknown",
        )


def _exported(state: State, act: e.Recorded, event: e.Exported) -> Refusals:
    if event.certificate is None:
        yield Refusal("certificate-needed", f"act:{event.TYPE}", {"what": "export"})
        return
    yield from _status(state, event.certificate, {VALIDATED}, "exported")
    yield from _expired(state, act, event.certificate)
    certificate = state.certificate(event.certificate)
    if certificate is None or certificate.status == VOIDED:
        return
    if event.destination != certificate.destination:
        yield _differs(certificate.id, "destination", certificate.destination, event.destination)
    if event.by not in (certificate.exporter, certificate.issuer):
        yield _differs(certificate.id, "exporter", certificate.exporter, event.by)
    yield from _same_parcels(state, certificate, event)


def _same_parcels(state: State, certificate: Certificate, event: e.Exported) -> Refusals:
    stated, found = {p.parcel for p in certificate.parts}, {p.parcel for p in event.parts}
    if stated != found:
        yield _differs(certificate.id, "parcels", ", ".join(sorted(stated)), ", ".join(sorted(found)))
        return
    on_paper = {part.parcel: part.weight for part in certificate.parts}
    for part in event.parts:
        parcel = state.parcel(part.parcel)
        weight = part.weight if part.weight is not None else (parcel.weight if parcel is not None else None)
        wanted = on_paper[part.parcel]
        if wanted is not None and weight != wanted:
            yield _differs(certificate.id, f"weight of parcel {part.parcel}", carats(wanted), carats(weight))


def _imported(state: State, act: e.Recorded, event: e.Imported) -> Refusals:
    if event.certificate is None:
        yield Refusal("certificate-needed", f"act:{event.TYPE}", {"what": "import"})
        return
    name = event.certificate
    known = state.certificate(name)
    if known is not None and known.status is not None:
        yield Refusal(
            "certificate-used",
            _about(name),
            {"certificate": name, "status": known.status, "wanted": "unused", "what": "imported"},
        )
    if event.number is not None and certificate_key(name[:2], event.number) != name:
        normal = certificate_key(name[:2], event.number)
        yield Refusal(
            "certificate-number", _about(name), {"number": event.number, "normal": normal, "stated": name}
        )
    yield from _expired(state, act, name, event.expiry)
    measured = [line.weight for line in event.lines]
    if event.weight is None or None in measured:
        return
    total = sum(weight or 0 for weight in measured)
    if abs(total - event.weight) > WEIGHING_TOLERANCE * (len(measured) + 1):
        yield _differs(name, "weight", carats(event.weight), carats(total))
