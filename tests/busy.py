"""A world in which something of each kind has happened, for the questions that are asked of it."""

from __future__ import annotations

import dataclasses

from ledger.domain import events as e
from tests.world import AUTHORITY, World


def busy(world: World) -> World:
    """A world with live and documented goods, and a sale that was corrected."""
    world.mine("P1", "12.500", "P2", "0.350", occurred="2023-11-16")
    sale = e.Sold(by="miner-1", parcels=("P1",), to="dealer-7", price=500, country="ZA")
    sold = world.do(sale, occurred="2023-12")
    world.do(e.Seized(by=AUTHORITY, lines=(e.Goods("P2", 350),)))
    world.tell(e.Mined(by=None, lines=(e.Goods("T1", None),), country="BW"), occurred="1905")
    world.tell(e.Sold(by=None, parcels=("T1",), to="dealer-8"))
    right = e.write(dataclasses.replace(sale, price=700))
    world.do(e.Corrected(by=AUTHORITY, index=sold.index, hash=sold.hash, replacement=right, reason="misread"))
    return world
