"""What every rule about certificates asks: the state in its life, the order of its acts, expiry, number,
range."""

from __future__ import annotations

import re

from ledger.domain import events as e
from ledger.domain.certificates import (
    DETAINED,
    JOURNEYED,
    LIFE,
    LOST,
    UNKNOWN,
    Certificate,
    endorsable,
    said,
    status,
)
from ledger.domain.refusal import Refusal, Refusals, when
from ledger.domain.state import State
from ledger.domain.vocabulary import certificate_key, certificate_series
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
    elif now == LOST and isinstance(event, e.Imported | e.ShipmentArrived):
        code = "certificate-lost"
    elif now == DETAINED and isinstance(event, e.Imported):
        code = "certificate-detained"
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
    """The certificate is still valid on the act's day.

    A live act that is dated by a month or a year is in time where all of its days are, a documented one where
    some are.
    """
    certificate = state.certificate(name)
    last = expiry if expiry is not None else certificate.expiry if certificate is not None else None
    if last is None:
        return
    documented = getattr(act.event, "documented", False)
    if day_before(spans(last), when(act)) if documented else not _ends_by(when(act), spans(last)):
        values = {"certificate": name, "expiry": last, "date": when(act).text}
        yield Refusal("certificate-expired", about(name), values)


def _ends_by(span: Span, last: Span) -> bool:
    """Whether no day of ``span`` comes after every day of ``last``."""
    ends, limit = calendar_days(span)[1], calendar_days(last)[1]
    return limit is None or (ends is not None and ends <= limit)


def numbered(name: str, number: str | None) -> Refusals:
    """The key is the normal form of the number as printed."""
    if number is not None and certificate_key(name[:2], number) != name:
        values = {"number": number, "normal": certificate_key(name[:2], number), "stated": name}
        yield Refusal("certificate-number", about(name), values)


_MOST_SPELLED = 200


def endorsed(state: State, event: e.CertificateEndorsed) -> Refusals:
    """A typing error is endorsed; what goods, parties or journey are is not (INSOP: minor, typographical)."""
    name, what = event.certificate, endorsable(event.field)
    if what is None:
        yield Refusal("endorsement-substance", about(name), {"certificate": name, "field": event.field})
        return
    if not _misspelt(event.stated, event.endorsed):
        values = {"certificate": name, "stated": event.stated, "endorsed": event.endorsed}
        yield Refusal("endorsement-spelling", about(name), values)
    known = state.certificate(name)
    printed = None if known is None else said(known, what)
    if isinstance(printed, str) and _copied(known, what) and event.stated not in printed:
        yield differs(name, what, printed, event.stated)


def _copied(known: Certificate | None, what: str) -> bool:
    """Whether the ledger has the words on the paper: of an exporter mostly its own word for him."""
    acts = () if known is None else known.acts
    found = next((act.event for act in reversed(acts) if isinstance(act.event, e.Imported)), None)
    return what != "exporter" or (found is not None and found.entry is None)


def _misspelt(stated: str, meant: str) -> bool:
    """Whether one text is the other with a typing error or two: a third of its letters at most."""
    if max(len(stated), len(meant)) > _MOST_SPELLED:
        return False
    row = list(range(len(meant) + 1))
    for place, letter in enumerate(stated, 1):
        before, row[0] = row[0], place
        for at, other in enumerate(meant, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (letter != other))
    return row[-1] <= max(2, len(stated) // 3)


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
    if not (number.isascii() and number.isdigit()):  # digits of other scripts are other numbers
        return False
    return any(
        line.first <= int(number) <= line.last
        and not (line.since is not None and day_before(day, spans(line.since)))
        and not (line.until is not None and day_before(spans(line.until), day))
        for line in ranges
    )
