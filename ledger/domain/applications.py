"""Applications for certificates, and what rests on a certificate: its carats spent as evidence, the one that
took its place, the technical one that sends its shipment back.

What rests on a certificate is a subject of its own (``reliance:ZW/00000009``), so that two papers that rely
on the same one cannot both be recorded on the same knowledge of it, and a certificate's life stays its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ledger.domain import events as e
from ledger.domain.certificates import UNKNOWN
from ledger.domain.change import Change
from ledger.values import dataclass

OPEN, GRANTED, REFUSED = "open", "granted", "refused"

APPLICATION_LIFE: dict[type[e.Event], tuple[frozenset[str], str]] = {
    e.CertificateApplied: (frozenset({UNKNOWN}), OPEN),
    e.CertificateRefused: (frozenset({OPEN}), REFUSED),
    e.CertificateIssued: (frozenset({OPEN}), GRANTED),
}
"""Act by act: the state of an application from which it may come, and to which it leads."""


@dataclass(frozen=True, slots=True)
class Application:
    """An application for a certificate: open, granted or refused; ``importer`` may be withheld."""

    id: str
    status: str | None = None
    exporter: str | None = None
    parts: tuple[e.Part, ...] = ()
    destination: str | None = None
    importer: Any = None
    acquired: tuple[e.Acquired, ...] = ()
    certificate: str | None = None
    acts: tuple[e.Recorded, ...] = ()


@dataclass(frozen=True, slots=True)
class Reliance:
    """What rests on a certificate: ``spent`` are ``(application, weight)``, 0.001 ct; ``replaced_by`` and
    ``sent_back_by`` are certificates, in the order in which they were issued.
    """

    id: str
    spent: tuple[tuple[str, int | None], ...] = ()
    replaced_by: tuple[str, ...] = ()
    sent_back_by: tuple[str, ...] = ()
    acts: tuple[e.Recorded, ...] = ()


def changes(event: e.Event | e.Opaque, index: int) -> Iterable[Change]:
    """The application that an event changes, and the certificates that it rests on."""
    match event:
        case e.CertificateApplied():
            return _applied(event)
        case e.CertificateRefused():
            return (Change("application:" + event.application, {"status": REFUSED}),)
        case e.CertificateIssued():
            return _issued(event)
    return ()


def _applied(event: e.CertificateApplied) -> Iterator[Change]:
    values = {
        "status": OPEN,
        "exporter": event.by,
        "parts": event.parts,
        "destination": event.destination,
        "importer": event.importer,
        "acquired": event.acquired,
    }
    yield Change("application:" + event.application, values)
    for line in event.acquired:
        spent = (event.application, line.weight)
        yield Change("reliance:" + line.certificate, {}, add={"spent": (spent,)})


def _issued(event: e.CertificateIssued) -> Iterator[Change]:
    if event.application is not None:
        decided = {"status": GRANTED, "certificate": event.certificate}
        yield Change("application:" + event.application, decided)
    if event.replaces is not None:
        yield Change("reliance:" + event.replaces, {}, add={"replaced_by": (event.certificate,)})
    if event.returns is not None:
        yield Change("reliance:" + event.returns, {}, add={"sent_back_by": (event.certificate,)})
