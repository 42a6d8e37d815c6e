"""What can happen: every act as a frozen record, its field table, its permanent wire name.

An act says who did it in ``by`` (a party's id); goods are named by parcel ids. Common to all: ``documented``
marks an act recorded from sources by an archivist, in which what the source lacks is absent, and
``discrepancies`` names what a rule would have refused. The records carry no bytes, keys or times: those
belong to the statement. The records themselves stand in `register_acts`, `parcel_acts`, `border_acts` and
`entry_acts`; this module is the one door to them, and reads and writes bodies.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ledger.domain import bodies, fields
from ledger.domain.act import EVENTS, Arrival, ClassWeight, Discrepancy, Event, Goods, Part
from ledger.domain.border_acts import (
    Exported,
    Forfeited,
    ImportConfirmed,
    Imported,
    ShipmentArrived,
    ShipmentDetained,
    ShipmentInspected,
    ShipmentLost,
    ShipmentNotified,
    ShipmentRejected,
    ShipmentRemedied,
    ShipmentReturned,
)
from ledger.domain.certificate_acts import (
    Acquired,
    CertificateApplied,
    CertificateEndorsed,
    CertificateIssued,
    CertificateRefused,
    CertificateReplaced,
    CertificateReturned,
    CertificateValidated,
    CertificateVoided,
)
from ledger.domain.entry_acts import Attested, Corrected, DisclosureErased
from ledger.domain.fields import Problem
from ledger.domain.oversight_acts import (
    AlertClosed,
    AlertRaised,
    AlertReceived,
    DecisionRecorded,
    FindingFollowed,
    FindingRecorded,
    GrantGiven,
    GrantWithdrawn,
    OfficeHeld,
)
from ledger.domain.parcel_acts import (
    Consigned,
    Lost,
    Mined,
    Mixed,
    Named,
    Offered,
    Polished,
    Received,
    Recovered,
    Released,
    Reported,
    Sealed,
    Seized,
    Sold,
    Sorted,
    Split,
    StockOpened,
    Transferred,
    Valued,
    Weighed,
)
from ledger.domain.participant_acts import (
    Admission,
    MeasureAdopted,
    MeasureEnded,
    MeasureLine,
    ParticipantAdmitted,
    ParticipantLeft,
    RegisterAdopted,
)
from ledger.domain.partner_acts import (
    CheckpointPinned,
    ForkProved,
    LicenceLine,
    PartnerDropped,
    PartnerRecognised,
    ProfileAdopted,
    RangeLine,
    ReconciliationStated,
    TradeLine,
)
from ledger.domain.register_acts import (
    AliasRecorded,
    CertificateIndex,
    KeyEnrolled,
    KeyRevoked,
    LedgerClosed,
    LedgerKeyChanged,
    LedgerKeyRevoked,
    LedgerOpened,
    LicenceGranted,
    LicenceWithdrawn,
    MandateGranted,
    MandateWithdrawn,
    PartyRegistered,
    RoleGranted,
    RoleWithdrawn,
    SiteRegistered,
)
from ledger.values import dataclass

__all__ = [
    "EVENTS",
    "Acquired",
    "Admission",
    "AlertClosed",
    "AlertRaised",
    "AlertReceived",
    "AliasRecorded",
    "Arrival",
    "Attested",
    "CertificateApplied",
    "CertificateEndorsed",
    "CertificateIndex",
    "CertificateIssued",
    "CertificateRefused",
    "CertificateReplaced",
    "CertificateReturned",
    "CertificateValidated",
    "CertificateVoided",
    "CheckpointPinned",
    "ClassWeight",
    "Consigned",
    "Corrected",
    "DecisionRecorded",
    "DisclosureErased",
    "Discrepancy",
    "Event",
    "Exported",
    "FindingFollowed",
    "FindingRecorded",
    "Forfeited",
    "ForkProved",
    "Goods",
    "GrantGiven",
    "GrantWithdrawn",
    "ImportConfirmed",
    "Imported",
    "KeyEnrolled",
    "KeyRevoked",
    "LedgerClosed",
    "LedgerKeyChanged",
    "LedgerKeyRevoked",
    "LedgerOpened",
    "LicenceGranted",
    "LicenceLine",
    "LicenceWithdrawn",
    "Lost",
    "MandateGranted",
    "MandateWithdrawn",
    "MeasureAdopted",
    "MeasureEnded",
    "MeasureLine",
    "Mined",
    "Mixed",
    "Named",
    "Offered",
    "OfficeHeld",
    "Opaque",
    "Part",
    "ParticipantAdmitted",
    "ParticipantLeft",
    "PartnerDropped",
    "PartnerRecognised",
    "PartyRegistered",
    "Polished",
    "ProfileAdopted",
    "RangeLine",
    "Received",
    "ReconciliationStated",
    "Recorded",
    "Recovered",
    "RegisterAdopted",
    "Released",
    "Reported",
    "RoleGranted",
    "RoleWithdrawn",
    "Sealed",
    "Seized",
    "ShipmentArrived",
    "ShipmentDetained",
    "ShipmentInspected",
    "ShipmentLost",
    "ShipmentNotified",
    "ShipmentRejected",
    "ShipmentRemedied",
    "ShipmentReturned",
    "SiteRegistered",
    "Sold",
    "Sorted",
    "Split",
    "StockOpened",
    "TradeLine",
    "Transferred",
    "Valued",
    "Weighed",
    "read",
    "recall",
    "sealed_fields",
    "write",
]


@dataclass(frozen=True, slots=True)
class Opaque:
    """An entry of a type, or with a field, that this version does not know: kept, chained, never
    interpreted.
    """

    TYPE: str
    body: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()


_SHARED = frozenset({"documented", "discrepancies"})


def read(wire: str, body: Mapping[str, Any]) -> tuple[Event | None, list[Problem]]:
    """The event of a body with all its values, or the problems that keep it from being one."""
    record = EVENTS.get(wire)
    if record is None:
        return None, [Problem("type", "type-unknown", wire)]
    if _SHARED.isdisjoint(body):  # a live act
        found: tuple[Event | None, list[Problem]] = bodies.read(record, body)
        return found
    documented = body.get("documented", False)
    if documented not in (False, True) or ("documented" in body and not documented):
        return None, [Problem("documented", "field-kind", documented)]
    own = {name: value for name, value in body.items() if name not in _SHARED}
    event, problems = bodies.read(record, own, lenient=documented)
    discrepancies, more = _discrepancies(body, documented)
    problems.extend(more)
    if problems:
        return None, problems
    if documented:
        event = dataclasses.replace(event, documented=True, discrepancies=discrepancies)
    return event, []


def _discrepancies(
    body: Mapping[str, Any], documented: bool
) -> tuple[tuple[Discrepancy, ...], list[Problem]]:
    rows_ = body.get("discrepancies")
    if rows_ is None:
        return (), []
    if not documented or not isinstance(rows_, (list, tuple)) or not rows_:
        return (), [Problem("discrepancies", "field-array", rows_)]
    lines, problems = [], []
    for number, row in enumerate(rows_, 1):
        line, found = bodies.read(
            Discrepancy, row if isinstance(row, Mapping) else {}, at=f"discrepancies.{number}."
        )
        problems.extend(found)
        lines.append(line)
    return tuple(lines), problems


def recall(wire: str, body: Mapping[str, Any]) -> Event | Opaque:
    """The event of a recorded body; what this version cannot read is `Opaque`, never an error."""
    event, problems = read(wire, body)
    return Opaque(wire, body, tuple(problems)) if event is None else event


def plain(event: Event) -> bool:
    """Whether a live event is as its table says, so that `read` gives it back from what `write` makes of
    it; False also where that takes a closer look."""
    live = event.documented is False and event.discrepancies == ()
    return live and EVENTS.get(event.TYPE) is type(event) and bodies.plain(event)


def write(event: Event) -> dict[str, Any]:
    """The body of an event; `read` gives the event back."""
    body = bodies.write(event)
    if event.documented:
        body["documented"] = True
        if event.discrepancies:
            body["discrepancies"] = [bodies.write(line) for line in event.discrepancies]
    return body


def sealed_fields(wire: str) -> frozenset[str]:
    """The names of the fields that are sealed unless the author chooses to publish them."""
    record = EVENTS.get(wire)
    if record is None:
        return frozenset()
    if record not in _SEALED:
        _SEALED[record] = frozenset(row.name for row in fields.table(record) if row.sealed)
    return _SEALED[record]


_SEALED: dict[type[Event], frozenset[str]] = {}


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as the domain sees it: one event, who recorded it and when.

    ``recorded`` microseconds since 1970 UTC; ``author`` algorithm byte and public key; ``occurred`` as
    spelled in the statement (None: unknown); ``sources`` how many sources its evidence names; ``about`` the
    earlier entry that a `Corrected`, `Attested` or `DisclosureErased` names, attached by the reader;
    ``corrected_by`` the index of the entry that put this event in the place of the original one.
    """

    index: int
    recorded: int
    author: bytes
    event: Event | Opaque
    occurred: str | None = None
    on_behalf: str | None = None
    hash: bytes = b""
    sources: int = 0
    about: Recorded | None = None
    corrected_by: int | None = None
