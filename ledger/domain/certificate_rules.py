"""What every rule about certificates asks: the state in its life, the order of its acts, expiry, number,
range."""

from __future__ import annotations

import re

from ledger.domain import events as e
from ledger.domain.certificates import JOURNEYED, LIFE, LOST, UNKNOWN, Certificate, status
from ledger.domain.refusal import Refusal, Refusals, when
from ledger.domain.state import State
from ledger.domain.vocabulary import certificate_key, certificate_series
from ledger.edtf import Span, certainly_before, day_before, spans


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
    elif now == LOST and isinstance(event, e.Imported | e.ShipmentArrived):
        code = "certificate-lost"
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


_OF_GOODS = frozenset(
    "carat carats class classes code codes country count destination expiry exporter hs importer issuer "
    "number origin origins parcel parcels party parties price provenance seal seals stone stones validity "
    "value weight".split()
)
"""Words for what a certificate says of its goods, its parties and itself; an address is none of these."""


def endorsed(event: e.CertificateEndorsed) -> Refusals:
    """A typing error is endorsed; what goods, parties or journey are is not (INSOP: minor, typographical)."""
    words = set(re.findall(r"[a-z]+", event.field.casefold()))
    if words & _OF_GOODS and "address" not in words:
        values = {"certificate": event.certificate, "field": event.field}
        yield Refusal("endorsement-substance", about(event.certificate), values)


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
