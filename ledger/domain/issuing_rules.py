"""When a certificate may be issued: its number, its dates, and that it equals its goods.

KPCS Annex I A: weight, HS classes, origin, provenance, expiry. Carats are spent like coins: a parcel
covered by a certificate in force is covered by no other, and what left once is gone.
"""

from __future__ import annotations

from ledger.domain import events as e
from ledger.domain.ancestry import mining_origins
from ledger.domain.application_rules import answers, applying, refusing
from ledger.domain.certificate_rules import about, differs, in_range, matches, numbered
from ledger.domain.parcels import Parcel
from ledger.domain.parties import House
from ledger.domain.refusal import Refusal, Refusals, when
from ledger.domain.return_rules import technical
from ledger.domain.state import State
from ledger.domain.valuation_rules import valued
from ledger.domain.vocabulary import POLISHED_HS, carats
from ledger.edtf import Span, calendar_days, day_before, spans


def issuing(
    state: State, act: e.Recorded, event: e.CertificateIssued | e.CertificateApplied | e.CertificateRefused
) -> Refusals:
    """Refusals of an application, its refusal, or an issue."""
    match event:
        case e.CertificateIssued():
            yield from _issued(state, act, event)
        case e.CertificateApplied():
            yield from applying(state, event)
        case e.CertificateRefused():
            yield from refusing(state, event)


def _issued(state: State, act: e.Recorded, event: e.CertificateIssued) -> Refusals:
    name = event.certificate
    house = state.house()
    own = house.participant if house is not None else None
    if name[:2] != own:
        values = {"certificate": name, "participant": own or "no participant"}
        yield Refusal("certificate-issuer", about(name), values)
    yield from numbered(name, event.number)
    if house is not None:
        yield from _by_profile(house, event, when(act))
    if day_before(spans(event.expiry), when(act)):
        values = {"certificate": name, "expiry": event.expiry, "date": when(act).text}
        yield Refusal("certificate-expired", about(name), values)
    if event.provenance != own:
        yield differs(name, "provenance", event.provenance, own)
    if event.destination == event.provenance:
        yield Refusal(
            "certificate-destination", about(name), {"certificate": name, "country": event.destination}
        )
    yield from answers(state, event)
    yield from technical(state, event)
    if event.returns is None:
        yield from _covers(state, event)
        yield from valued(state, event)


def _by_profile(house: House, event: e.CertificateIssued, day: Span) -> Refusals:
    """Validity and number as the national profile has them; a State without one leaves both open."""
    profile = house.profile
    if profile is None:
        return
    name = event.certificate
    last, first = calendar_days(spans(event.expiry))[1], calendar_days(day)[0]
    if profile.validity_days is not None and last is not None and first is not None:
        if last - first > profile.validity_days:
            values = {"certificate": name, "days": last - first, "most": profile.validity_days}
            yield Refusal("certificate-validity", about(name), values)
    if profile.number_pattern is not None and not matches(profile.number_pattern, event.number):
        values = {"number": event.number, "pattern": profile.number_pattern}
        yield Refusal("certificate-pattern", about(name), values)
    if not in_range(profile, name, day):
        yield Refusal("certificate-range", about(name), {"number": event.number, "issuer": name[:2]})


def _covers(state: State, event: e.CertificateIssued) -> Refusals:
    name = event.certificate
    parcels = [state.parcel(part.parcel) for part in event.parts]
    for part, parcel in zip(event.parts, parcels, strict=True):
        if parcel is None:
            continue
        if part.weight is not None and parcel.weight != part.weight:
            yield differs(name, f"weight of parcel {part.parcel}", carats(part.weight), carats(parcel.weight))
        if parcel.hs in POLISHED_HS:
            yield Refusal("certificate-polished", about(name), {"parcel": parcel.id, "hs": parcel.hs})
    held = [parcel for parcel in parcels if parcel is not None]
    if len(held) != len(parcels):
        return
    total = sum(parcel.weight or 0 for parcel in held)
    if event.weight != total:
        yield differs(name, "weight", carats(event.weight), carats(total))
    if sum(line.weight or 0 for line in event.classes) != event.weight:
        by_class = sum(line.weight or 0 for line in event.classes)
        yield differs(name, "sum of the HS classes", carats(by_class), carats(event.weight))
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
            yield differs(event.certificate, f"HS {hs}", carats(stated.get(hs, 0)), carats(found.get(hs, 0)))


def _origins(state: State, event: e.CertificateIssued, parcels: list[Parcel]) -> Refusals:
    countries: set[str] = set()
    whole = True
    for parcel in parcels:
        found, all_known = mining_origins(state, parcel.id)
        countries |= found
        whole = whole and all_known
    stated = set(event.origins)
    if countries - stated or (whole and stated - countries):
        yield differs(
            event.certificate,
            "mining origin",
            ", ".join(sorted(stated)),
            ", ".join(sorted(countries)) or "unknown",
        )
