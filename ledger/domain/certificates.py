"""A Kimberley Process certificate, and what each act changes in it.

One certificate covers one shipment and makes one journey (KPCS section I and II). The life that a ledger
follows:

    issued -> validated -> exported -> confirmed          of its own authority
    issued | validated -> voided
    received                                              of another participant, used by an import here
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ledger.domain import events as e
from ledger.domain.change import Change

ISSUED, VALIDATED, VOIDED, EXPORTED, CONFIRMED, RECEIVED = (
    "issued",
    "validated",
    "voided",
    "exported",
    "confirmed",
    "received",
)

HOLDS_GOODS = frozenset({ISSUED, VALIDATED})
"""While a certificate is in one of these states, its parcels may do nothing but travel under it."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as this ledger knows it. Weights in 0.001 ct; None means unknown; ``value`` may be
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
    documented: bool = False
    acts: tuple[e.Recorded, ...] = ()


def subject(certificate: str) -> str:
    """The subject of a certificate."""
    return "certificate:" + certificate


def changes(event: e.Event | e.Opaque, index: int) -> Iterator[Change]:
    """The certificate that an event changes, with its new values."""
    match event:
        case e.CertificateIssued():
            yield Change(subject(event.certificate), _issued(event, index))
        case e.CertificateValidated():
            seals = {"seals": event.seals} if event.seals else {}
            yield Change(subject(event.certificate), {"status": VALIDATED, **seals})
        case e.CertificateVoided():
            yield Change(subject(event.certificate), {"status": VOIDED})
        case e.Exported(certificate=str(certificate)):
            yield Change(subject(certificate), {"status": EXPORTED})
        case e.Imported(certificate=str(certificate)):
            yield Change(
                subject(certificate),
                {"status": RECEIVED},
                begin={
                    "number": event.number,
                    "weight": event.weight,
                    "origins": event.origins,
                    "provenance": event.provenance,
                    "expiry": event.expiry,
                    "seals": event.seals,
                    "value": event.value,
                    "documented": event.documented,
                    "parts": tuple(e.Part(line.parcel, line.weight) for line in event.lines),
                },
            )
        case e.ImportConfirmed():
            yield Change(subject(event.certificate), {"status": CONFIRMED})
        case _:
            return


def _issued(event: e.CertificateIssued, index: int) -> dict[str, Any]:
    return {
        "status": ISSUED,
        "number": event.number,
        "issuer": event.by,
        "exporter": event.exporter,
        "parts": event.parts,
        "classes": event.classes,
        "weight": event.weight,
        "value": event.value,
        "origins": event.origins,
        "provenance": event.provenance,
        "destination": event.destination,
        "expiry": event.expiry,
        "seals": event.seals,
        "issued": index,
        "documented": event.documented,
    }
