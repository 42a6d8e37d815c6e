"""Acts at the border in a `Book`: one own certificate on its way out, one foreign one on its way in."""

from __future__ import annotations

import dataclasses
from typing import Any

from ledger.domain import events as e
from tests.examples import example

OWN, FOREIGN = "BW/00000107", "ZW/00000009"
EXPORT = e.Exported(by="miner-1", certificate=OWN, parts=(e.Part("P1", 12_500),), destination="EU")
PAPER: dict[str, Any] = {
    "mixed": True,
    "issued": "2019-12-31",
    "expiry": "2099-12-31",
    "authority": "The office of the other State",
    "exporter": "An exporter, Harare",
    "importer": "An importer, Gaborone",
    "value": 100_000,
    "parcels": 1,
    "hs": ("710231",),
}
"""What an import copies from a paper certificate besides number, weight and provenance (KPCS Annex I A)."""


def on_paper(**stated: Any) -> e.Imported:
    """An import whose certificate came on paper, complete."""
    return e.Imported(**{**PAPER, **stated})


IMPORT = on_paper(
    by="dealer-1",
    certificate=FOREIGN,
    number="ZW 9",
    lines=(e.Arrival("Z1", 5_000),),
    weight=5_000,
    provenance="ZW",
    expiry="2024-06-30",
)
ARRIVAL = e.ShipmentArrived(by="ministry", certificate=FOREIGN, number="ZW 9", provenance="ZW", intact=True)
INSPECTION = e.ShipmentInspected(by="ministry", certificate=FOREIGN, weight=5_000, conforms=True)
VALIDATION = e.CertificateValidated(by="ministry", certificate=OWN)


def by_ministry(record: type[e.Event], certificate: str, **more: Any) -> e.Event:
    """An act of the ministry on a certificate, every other field filled."""
    if record is e.ShipmentRejected:
        more = {"technical": None, **more}
    if record is e.CertificateEndorsed:
        more = {"field": "remark", **more}
    act: Any = example(record, "ministry")
    made: e.Event = dataclasses.replace(act, certificate=certificate, country=None, **more)
    return made


def returned(to: str = "miner-1") -> e.ShipmentReturned:
    """The exported shipment is back."""
    return e.ShipmentReturned(by="ministry", certificate=OWN, parts=(e.Part("P1", 12_500),), to=to)


def lost(certificate: str, *parcels: str) -> e.ShipmentLost:
    """The shipment was stolen on its way."""
    return e.ShipmentLost(by="ministry", certificate=certificate, how="stolen", parcels=parcels)


def rejection(**more: Any) -> e.ShipmentRejected:
    """The foreign shipment is ordered back."""
    return e.ShipmentRejected(by="ministry", certificate=FOREIGN, reason="seals broken", **more)
