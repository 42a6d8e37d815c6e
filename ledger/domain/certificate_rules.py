"""When a certificate may be applied for and issued: its number, its dates, and that it equals its goods.

KPCS Annex I A: weight, HS classes, origin, provenance, expiry. Carats are spent like coins: a parcel
covered by a certificate in force is covered by no other, and what left once is gone.
"""

from __future__ import annotations

import re

from ledger.domain import events as e
from ledger.domain.ancestry import mining_origins
from ledger.domain.certificates import JOURNEYED, LIFE, UNKNOWN, Certificate, status
from ledger.domain.parcels import Parcel
from ledger.domain.parties import House
from ledger.domain.refusal import Refusal, Refusals, when
from ledger.domain.state import State
from ledger.domain.vocabulary import POLISHED_HS, carats, certificate_key, certificate_series
from ledger.edtf import Span, calendar_days, certainly_before, day_before, spans


def about(certificate: str) -> str:
    """The subject of a refusal about a certificate."""
    return f"certificate:{certificate}"


def differs(name: str, what: str, stated: object, found: object) -> Refusal:
    """A certificate and the goods disagree."""
    values = {"certificate": name, "what": what, "stated": stated, "found": found}
    return Refusal("certificate-differs", about(name), values)


def life(state: State, act: e.Recorded, event: e.Event) -> Refusals:
    """The certificate is in a state from which the act may come (see `certificates.LIFE`)."""
    name = getattr(event, "certificate", None)
    if name is None:
        return
    known = state.certificate(name)
    now, (wanted, _) = status(known), LIFE[type(event)]
    if now in wanted:
        yield from _in_order(known, act)
        return
    values = {
        "certificate": name,
        "status": now,
        "wanted": " or ".join(sorted(wanted)),
        "what": event.TYPE.partition("/")[0],
        "number": (known.number if known is not None else None) or name,
    }
    if isinstance(event, e.CertificateIssued):
        code = "certificate-taken"
    elif now == UNKNOWN:
        code = "certificate-unknown"
    elif now in JOURNEYED and isinstance(event, e.Exported | e.Imported | e.ShipmentArrived):
        code = "certificate-used"
    else:
        code = "certificate-state"
    yield Refusal(code, about(name), values)


def _in_order(known: Certificate | None, act: e.Recorded) -> Refusals:
    """No act of a certificate's life is dated before the one that it follows."""
    for earlier in reversed(() if known is None else known.acts):
        span = spans(earlier.occurred)
        dated = "T" not in when(act).text + span.text
        if earlier.occurred is not None and (
            certainly_before(when(act), span) or (dated and day_before(when(act), span))
        ):
            values = {
                "certificate": known.id if known is not None else "",
                "date": when(act).text,
                "earlier": span.text,
                "index": earlier.index,
                "type": earlier.event.TYPE,
            }
            yield Refusal("certificate-order", about(str(values["certificate"])), values)
            return


def expired(state: State, act: e.Recorded, name: str, expiry: str | None = None) -> Refusals:
    """The certificate is still valid on the act's day."""
    certificate = state.certificate(name)
    last = expiry if expiry is not None else certificate.expiry if certificate is not None else None
    if last is not None and day_before(spans(last), when(act)):
        values = {"certificate": name, "expiry": last, "date": when(act).text}
        yield Refusal("certificate-expired", about(name), values)


def numbered(name: str, number: str | None) -> Refusals:
    """The key is the normal form of the number as printed."""
    if number is not None and certificate_key(name[:2], number) != name:
        values = {"number": number, "normal": certificate_key(name[:2], number), "stated": name}
        yield Refusal("certificate-number", about(name), values)


def issuing(
    state: State, act: e.Recorded, event: e.CertificateIssued | e.CertificateApplied | e.CertificateRefused
) -> Refusals:
    """Refusals of an application, its refusal, or an issue."""
    if isinstance(event, e.CertificateIssued):
        yield from _issued(state, act, event)
        return
    known = state.application(event.application)
    subject = f"application:{event.application}"
    if isinstance(event, e.CertificateApplied) and known is not None:
        yield Refusal("id-taken", subject, {"id": event.application})
    elif isinstance(event, e.CertificateRefused) and (known is None or known.status != "open"):
        yield Refusal("application-not-open", subject, {"application": event.application})


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
    yield from _answers(state, event)
    yield from _covers(state, event)


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


def matches(pattern: str, number: str) -> bool:
    """Whether a number has the form of a pattern, in which ``#`` stands for a digit and a space for
    nothing.
    """
    form = "".join("[0-9]" if c == "#" else re.escape(c) for c in pattern.replace(" ", ""))
    return re.fullmatch(form, number.replace(" ", "")) is not None


def in_range(profile: e.ProfileAdopted, certificate: str, day: Span) -> bool:
    """Whether a certificate's number lies in a range known for its issuer; True where no range is known."""
    letters, number = certificate_series(certificate)
    ranges = [line for line in profile.ranges if line.issuer == letters]
    if not ranges:
        return True
    if not number.isdigit():
        return False
    return any(
        line.first <= int(number) <= line.last
        and not (line.since is not None and day_before(day, spans(line.since)))
        and not (line.until is not None and day_before(spans(line.until), day))
        for line in ranges
    )


def _answers(state: State, event: e.CertificateIssued) -> Refusals:
    """The application it answers is open and about the same goods; what it replaces was replaced."""
    if event.application is not None:
        application = state.application(event.application)
        subject = f"application:{event.application}"
        if application is None or application.status != "open":
            yield Refusal("application-not-open", subject, {"application": event.application})
        elif {part.parcel for part in application.parts} != {part.parcel for part in event.parts}:
            asked = ", ".join(sorted(part.parcel for part in application.parts))
            covered = ", ".join(sorted(part.parcel for part in event.parts))
            yield differs(event.certificate, "parcels", covered, asked)
    if event.replaces is not None and status(state.certificate(event.replaces)) != "replaced":
        values = {
            "certificate": event.replaces,
            "status": status(state.certificate(event.replaces)),
            "wanted": "replaced",
            "what": "the original of a replacement",
        }
        yield Refusal("certificate-state", about(event.replaces), values)


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
