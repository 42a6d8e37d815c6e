"""Ledgers to measure on: many entries of the usual size, and in their midst one lineage of 20 parcels."""

from __future__ import annotations

from pathlib import Path

from ledger.admission import Act
from ledger.application import Ledger
from ledger.domain import events as e
from tests.world import SITE, World, signing_key

SOUGHT = "L19"
"""The parcel whose lineage is asked for: 20 parcels back to one mine, 50 acts."""


def ledger_of(path: Path, entries: int) -> Ledger:
    """A ledger of that many entries: parcels mined and weighed, the lineage recorded half-way."""
    world = World(path)
    key = signing_key("miner-1")
    ledger = world.ledger
    half, number = entries // 2, 0
    while (size := ledger.head().size) < entries:
        acts = []
        for _ in range(min(500, (entries - size + 1) // 2)):
            goods = (e.Goods(f"F{number:08d}", 1_000 + number % 500, 1),)
            acts.append(Act(e.Mined(by="miner-1", site=SITE, lines=goods), key))
            acts.append(Act(e.Weighed(by="miner-1", parcel=f"F{number:08d}", weight=1_000), key))
            number += 1
        ledger.record_batch(acts)
        if size <= half < ledger.head().size:
            _lineage(ledger)
    return ledger


def _lineage(ledger: Ledger) -> None:
    """L0 is split and split again, each piece weighed and valued on the way."""
    key = signing_key("miner-1")
    ledger.record(e.Mined(by="miner-1", site=SITE, lines=(e.Goods("L0", 100_000),)), key)
    weight = 100_000
    for number in range(1, 20):
        outputs = (e.Goods(f"L{number}", weight - 1_000), e.Goods(f"R{number}", 1_000))
        ledger.record(e.Split(by="miner-1", parcel=f"L{number - 1}", outputs=outputs), key)
        weight -= 1_000
        ledger.record(e.Weighed(by="miner-1", parcel=f"L{number}", weight=weight), key)
        if number % 2:
            ledger.record(e.Valued(by="miner-1", parcel=f"L{number}", value=weight * 10), key)
