"""What comes in from other countries: mail that is late, shipments inspected, imported and confirmed,
checkpoints pinned; and what is keyed wrongly on the way.
"""

from __future__ import annotations

from typing import Any

from simulation.cast import AUTHORITY, CUTTER, EXPORTER
from simulation.house import GEM, INDUSTRIAL, House, Lot, Pin, Shipment
from simulation.mistakes import CLASS, MAIL, NUMBER, ORIGIN, VALUE, happens, other_number

from ledger.domain import events as e
from ledger.domain.vocabulary import certificate_key

Confirmed = tuple[str, str, int, int]
"""Whose certificate was confirmed, which, how many parcels arrived, and their weight."""


def shelf(house: House) -> str:
    """Who gathers goods: the exporter, or where goods are cut the first cutter."""
    return house.country.traders[0] if house.country.kind == CUTTER else EXPORTER


def take_confirmations(house: House, confirmed: list[Confirmed]) -> None:
    """Confirmations that came back are recorded."""
    for _, certificate, parcels, weight in confirmed:
        house.do(e.ImportConfirmed(by=AUTHORITY, certificate=certificate, parcels=parcels, weight=weight), 2)


def pin(house: House, pins: list[Pin]) -> None:
    """The checkpoints that came along are pinned."""
    for one in pins:
        outcome = "extends" if one.origin in house.pinned else "first"
        house.pinned.add(one.origin)
        house.do(e.CheckpointPinned(by=AUTHORITY, origin=one.origin, size=one.size, root=one.root,
                                    checkpoint=one.note, outcome=outcome), 2)  # fmt: skip


def arrivals(house: House, sent: list[Shipment]) -> list[Confirmed]:
    """A month's mail: what was late last month, and what is not late now."""
    here, house.underway = house.underway, []
    for shipment in sent:
        if happens(house.random, MAIL):
            house.underway.append(shipment)
            house.err(MAIL, certificate=shipment.certificate)
        else:
            here.append(shipment)
    return [one for shipment in here for one in _arrive(house, shipment)]


def _slip(house: House, sent: Shipment) -> str | None:
    """What is booked wrongly this time, if anything."""
    slip = next((kind for kind in (NUMBER, VALUE, CLASS, ORIGIN) if happens(house.random, kind)), None)
    if slip == ORIGIN and sent.origins == (sent.certificate[:2],):
        return None
    if slip is not None:
        house.err(slip, certificate=sent.certificate)
    return slip


def _arrive(house: House, sent: Shipment) -> list[Confirmed]:
    """A shipment arrives, is inspected, imported and confirmed; one that was keyed under another number is
    confirmed under that, which its exporter does not know."""
    trader, slip = house.random.choice(house.country.traders), _slip(house, sent)
    day = house.random.randint(3, 6)
    measured = [(lot, house.name(), house.scales(lot.weight)) for lot in sent.lots]
    total = sum(weight for _, _, weight in measured)
    booked = _booked(sent, slip)
    name = booked["certificate"]
    house.do(e.ShipmentArrived(by=AUTHORITY, certificate=name, number=booked["number"],
                               provenance=name[:2], intact=True), day)  # fmt: skip
    house.do(e.ShipmentInspected(by=AUTHORITY, certificate=name, weight=total, conforms=True), day)
    # on arrival nobody here knows more of a parcel's origin than its certificate says of all of them
    lots = [
        Lot(name, weight, _class(lot.hs, slip if place == 0 else None), booked["origins"], lot.price)
        for place, (lot, name, weight) in enumerate(measured)
    ]
    lines = tuple(
        e.Arrival(lot.parcel, lot.weight, None, lot.hs, there.parcel)
        for lot, there in zip(lots, sent.lots, strict=True)
    )
    house.do(e.Imported(by=trader, lines=lines, weight=sum(lot.weight for lot in sent.lots),
                        provenance=name[:2], expiry=sent.expiry, **booked), day)  # fmt: skip
    confirmed = e.ImportConfirmed(by=AUTHORITY, certificate=name, parcels=len(measured), weight=total)
    house.do(confirmed, day + 1)
    if trader != shelf(house):
        house.sell([lot.parcel for lot in lots], trader, shelf(house), sent.value, day + 2)
    house.stock += lots
    return [] if slip == NUMBER else [(sent.sender, name, len(measured), total)]


def _booked(sent: Shipment, slip: str | None) -> dict[str, Any]:
    """What the importer books of the certificate; one whose number is keyed by hand came on paper alone."""
    booked: dict[str, Any] = {
        "certificate": sent.certificate, "number": sent.number, "origins": sent.origins, "value": sent.value,
    }  # fmt: skip
    if slip == NUMBER:
        number = other_number(sent.number)
        key = certificate_key(sent.certificate[:2], number)
        return {**booked, **_printed(sent), "number": number, "certificate": key,
                "on_paper": "keyed from the paper"}  # fmt: skip
    if slip == VALUE:
        booked["value"] = sent.value * 10
    elif slip == ORIGIN:
        booked["origins"] = (sent.certificate[:2],)
    return {**booked, "origin": sent.sender, "entry": sent.entry, "hash": sent.hash}


def _printed(sent: Shipment) -> dict[str, Any]:
    """What else is copied from paper (KPCS Annex I)."""
    return {
        "issued": sent.issued, "authority": f"the authority of {sent.certificate[:2]}", "exporter": EXPORTER,
        "importer": f"an importer in {sent.destination}", "parcels": len(sent.lots),
        "hs": tuple(sorted({lot.hs for lot in sent.lots})),
    }  # fmt: skip


def _class(hs: str, slip: str | None) -> str:
    return {GEM: INDUSTRIAL, INDUSTRIAL: GEM}.get(hs, hs) if slip == CLASS else hs
