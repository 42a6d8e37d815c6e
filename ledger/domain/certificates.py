"""A Kimberley Process certificate, and what each act changes in it.

One certificate covers one shipment and makes one journey (KPCS section I and II). `LIFE` is its state
machine: for each act, from which states it may come, and to which it leads. Rules refuse what it does not
draw; folding takes whatever was recorded.

Of its own authority: issued -> validated -> exported -> confirmed; before export it may be voided,
replaced, or come back unused; after export its goods may come back, or be lost on the way. Of another
participant: announced -> arrived -> received -> confirmed; between arrival and receipt it may be detained,
remedied, rejected, its goods forfeited; before arrival it may be told lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ledger.domain import events as e
from ledger.domain.change import Change
from ledger.values import dataclass

ISSUED, VALIDATED, VOIDED, REPLACED, RETURNED = "issued", "validated", "voided", "replaced", "returned"
EXPORTED, CONFIRMED = "exported", "confirmed"
ANNOUNCED, ARRIVED, DETAINED, REJECTED, RECEIVED = "announced", "arrived", "detained", "rejected", "received"
LOST, FORFEITED = "lost", "forfeited"
UNKNOWN = "unknown"
"""The state of a certificate that the ledger has not met yet."""

STATES = (
    ISSUED, VALIDATED, EXPORTED, CONFIRMED, VOIDED, REPLACED, RETURNED, LOST, ANNOUNCED, ARRIVED, DETAINED,
    REJECTED, FORFEITED, RECEIVED,
)  # fmt: skip

HOLDS_GOODS = frozenset({ISSUED, VALIDATED})
"""While a certificate is in one of these states, its parcels may do nothing but travel under it."""

JOURNEYED = frozenset({EXPORTED, CONFIRMED, RECEIVED, REJECTED, RETURNED, FORFEITED})
"""Where a certificate has made its one journey, or lost it."""

SAME = "the same"

LIFE: dict[type[e.Event], tuple[frozenset[str], str]] = {
    e.CertificateIssued: (frozenset({UNKNOWN}), ISSUED),
    e.CertificateValidated: (frozenset({ISSUED}), VALIDATED),
    e.CertificateVoided: (frozenset({ISSUED, VALIDATED}), VOIDED),
    e.CertificateReplaced: (frozenset({ISSUED, VALIDATED}), REPLACED),
    e.CertificateReturned: (frozenset({ISSUED, VALIDATED}), RETURNED),
    e.CertificateEndorsed: (frozenset({EXPORTED, ARRIVED, DETAINED, RECEIVED, CONFIRMED}), SAME),
    e.Exported: (frozenset({VALIDATED}), EXPORTED),
    e.ShipmentReturned: (frozenset({EXPORTED, LOST}), RETURNED),
    e.ShipmentLost: (frozenset({UNKNOWN, ANNOUNCED, EXPORTED}), LOST),
    e.ShipmentNotified: (frozenset({UNKNOWN, ANNOUNCED, VALIDATED, EXPORTED}), SAME),
    e.ShipmentArrived: (frozenset({UNKNOWN, ANNOUNCED}), ARRIVED),
    e.ShipmentInspected: (frozenset({ARRIVED, DETAINED}), SAME),
    e.ShipmentDetained: (frozenset({ARRIVED}), DETAINED),
    e.ShipmentRemedied: (frozenset({DETAINED}), ARRIVED),
    e.ShipmentRejected: (frozenset({ARRIVED, DETAINED}), REJECTED),
    e.Forfeited: (frozenset({ARRIVED, DETAINED}), FORFEITED),
    e.Imported: (frozenset({UNKNOWN, ANNOUNCED, ARRIVED}), RECEIVED),
    e.ImportConfirmed: (frozenset({EXPORTED, RECEIVED}), CONFIRMED),
}
"""Act by act: the states it may come from, the state it leads to. A notice that arrives first announces.

An authority endorses a typing error also after it confirmed the receipt: confirmations go out at once, errors
are found later. A shipment of which anything was lost on the way is lost as a whole: what remains comes back
and gets another certificate.
"""


def transitions() -> Iterator[tuple[str, str, type[e.Event]]]:
    """Every arrow of the drawing: from which state, to which, by which act."""
    for record, (before, after) in LIFE.items():
        for state in sorted(before, key=(UNKNOWN, *STATES).index):
            begun = ANNOUNCED if state == UNKNOWN else state
            yield state, begun if after == SAME else after, record


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as this ledger knows it. Weights in 0.001 ct; None means unknown; values may be
    withheld.
    """

    id: str
    status: str | None = None
    number: str | None = None
    issuer: str | None = None
    exporter: str | None = None
    parts: tuple[e.Part, ...] = ()
    classes: tuple[e.ClassWeight, ...] = ()
    weight: int | None = None
    value: Any = None
    origins: tuple[str, ...] = ()
    provenance: str | None = None
    destination: str | None = None
    expiry: str | None = None
    seals: tuple[str, ...] = ()
    issued: int | None = None
    application: str | None = None
    replaces: str | None = None
    technical: bool = False
    returns: str | None = None
    measured: int | None = None
    conforms: bool | None = None
    endorsements: tuple[tuple[str, str, str], ...] = ()
    documented: bool = False
    acts: tuple[e.Recorded, ...] = ()


ENDORSABLE = ("exporter", "importer", "authority", "quality", "remark")
"""Of what a certificate states, that in which a typing error can be endorsed (INSOP): names and addresses as
they are spelt, and words that say nothing of weight, value, origin or journey."""

_WORD = re.compile(r"[^\W_]+")
_OF_SPELLING = ("address", "and", "characteristics", "issuing", "name", "of", "s", "spelling", "the")


def endorsable(field: str) -> str | None:
    """Which of `ENDORSABLE` the field of an endorsement names; None where that is none of them, or several.

    >>> endorsable("importer's address"), endorsable("Remarks"), endorsable("importer and weight")
    ('importer', 'remark', None)
    """
    named = {*map(_singular, _WORD.findall(field.casefold()))} - {*map(_singular, _OF_SPELLING)}
    return next(iter(named)) if len(named) == 1 and named <= set(ENDORSABLE) else None


def _singular(word: str) -> str:
    return word.removesuffix("s") or word


def as_endorsed(certificate: Certificate, what: str, text: Any) -> Any:
    """What a certificate says of one of `ENDORSABLE`, spelt as was endorsed since; what is not known stays
    so."""
    for field, stated, endorsed in certificate.endorsements:
        if isinstance(text, str) and endorsable(field) == what:
            text = text.replace(stated, endorsed, 1)
    return text


def said(certificate: Certificate, what: str) -> Any:
    """What its issue, or the import that copied it, says of one of `ENDORSABLE`, as endorsed since."""
    for act in reversed(certificate.acts):
        states = isinstance(act.event, e.CertificateIssued | e.Imported)
        if states and (text := getattr(act.event, what, None)) is not None:
            return as_endorsed(certificate, what, text)
    return None


def subject(certificate: str) -> str:
    """The subject of a certificate."""
    return "certificate:" + certificate


def status(certificate: Certificate | None) -> str:
    """A certificate's state in its life; `UNKNOWN` where the ledger has not met it."""
    return UNKNOWN if certificate is None or certificate.status is None else certificate.status


def _to(event: Any, **values: Any) -> Change:
    return Change(subject(event.certificate), {"status": LIFE[type(event)][1], **values})


def _issued(event: e.CertificateIssued, index: int) -> Iterable[Change]:
    yield _to(
        event,
        number=event.number,
        issuer=event.by,
        exporter=event.exporter,
        parts=event.parts,
        classes=event.classes,
        weight=event.weight,
        value=event.value,
        origins=event.origins,
        provenance=event.provenance,
        destination=event.destination,
        expiry=event.expiry,
        seals=event.seals,
        issued=index,
        application=event.application,
        replaces=event.replaces,
        technical=bool(event.technical),
        returns=event.returns,
        documented=event.documented,
    )


def _imported(event: e.Imported, index: int) -> Iterable[Change]:
    if event.certificate is None:
        return
    known = {
        "weight": event.weight,
        "origins": event.origins,
        "provenance": event.provenance,
        "expiry": event.expiry,
        "value": event.value,
        "number": event.number,
        "parts": tuple(e.Part(line.parcel, line.weight) for line in event.lines),
    }
    seals = {"seals": event.seals} if event.seals else {}
    told = {name: value for name, value in known.items() if value is not None and value != ()}
    yield _to(event, **told, **seals, documented=event.documented)


def _validated(event: e.CertificateValidated, index: int) -> Iterable[Change]:
    yield _to(event, **({"seals": event.seals} if event.seals else {}))


def _endorsed(event: e.CertificateEndorsed, index: int) -> Iterable[Change]:
    line = (event.field, event.stated, event.endorsed)
    yield Change(subject(event.certificate), {}, add={"endorsements": (line,)})


def _notified(event: e.ShipmentNotified, index: int) -> Iterable[Change]:
    yield Change(subject(event.certificate), {}, begin={"status": ANNOUNCED, "weight": event.weight})


def _arrived(event: e.ShipmentArrived, index: int) -> Iterable[Change]:
    yield _to(event, number=event.number, provenance=event.provenance, seals=event.seals)


def _inspected(event: e.ShipmentInspected, index: int) -> Iterable[Change]:
    yield Change(subject(event.certificate), {"measured": event.weight, "conforms": event.conforms})


def _exported(event: e.Exported, index: int) -> Iterable[Change]:
    if event.certificate is not None:
        yield _to(event)


def _forfeited(event: e.Forfeited, index: int) -> Iterable[Change]:
    if event.certificate is not None:
        yield _to(event)


def _moved(event: Any, index: int) -> Iterable[Change]:
    yield _to(event)


_CHANGES: dict[type[Any], Callable[[Any, int], Iterable[Change]]] = {
    e.CertificateIssued: _issued,
    e.CertificateValidated: _validated,
    e.CertificateVoided: _moved,
    e.CertificateReplaced: _moved,
    e.CertificateReturned: _moved,
    e.CertificateEndorsed: _endorsed,
    e.Exported: _exported,
    e.ShipmentReturned: _moved,
    e.ShipmentLost: _moved,
    e.Forfeited: _forfeited,
    e.ShipmentNotified: _notified,
    e.ShipmentArrived: _arrived,
    e.ShipmentInspected: _inspected,
    e.ShipmentDetained: _moved,
    e.ShipmentRemedied: _moved,
    e.ShipmentRejected: _moved,
    e.Imported: _imported,
    e.ImportConfirmed: _moved,
}


def changes(event: e.Event | e.Opaque, index: int) -> Iterable[Change]:
    """The certificate that an event changes, with its new values."""
    rule = _CHANGES.get(type(event))
    return () if rule is None else rule(event, index)
