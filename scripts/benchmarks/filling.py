"""Ledgers to measure on: many entries of the usual size, and in their midst one lineage of 20 parcels.

The many are signed on all cores, as all acts are, and stored without asking the rules, which would say yes;
the lineage is recorded. Nobody can tell the difference from the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from ledger.application import Ledger
from ledger.chain import cores
from ledger.chain.statement import Statement, sign
from ledger.domain import events as e
from ledger.domain.state import touched
from ledger.store.journal import Draft
from ledger.store.records import by_subject
from tests.world import ORIGIN, SITE, START, World, signing_key

SOUGHT = "L19"
"""The parcel whose lineage is asked for: 20 parcels back to one mine, 50 acts."""
_PAGE = 2_000


def filled(folder: Path, entries: int) -> Path:
    """The file of a ledger of that many entries, made once for all who measure on it."""
    path = folder / f"entries-{entries}.db"
    if not path.exists():
        ledger_of(path, entries).close()
    return path


def ledger_of(path: Path, entries: int, guard: Path | None = None) -> Ledger:
    """A ledger of that many entries: parcels mined and weighed, the lineage recorded half-way. With
    ``guard``, one that signs."""
    world = World(path, guard=guard)
    size = world.ledger.head().size
    half = entries // 2
    _pour(world, range((half - size) // 2))
    _lineage(world.ledger)
    left = (entries - world.ledger.head().size) // 2
    _pour(world, range(half, half + left))
    return world.ledger


def _pour(world: World, numbers: range) -> None:
    pages = [numbers[start : start + _PAGE // 2] for start in range(0, len(numbers), _PAGE // 2)]
    journal = world.ledger.journal
    workers = cores.count() if len(pages) > 4 else 1
    for _, drafts in cores.on_all(_signed, pages, workers):
        journal.append(drafts, clock=world.clock, read={}, head=journal.head())
    world.ledger.records.catch_up()


def _signed(numbers: range) -> list[Draft]:
    """Each of these parcels mined and weighed."""
    key = signing_key("miner-1")
    drafts = []
    for place, event in enumerate(_acts(numbers)):
        stamp = (START // 1_000 + numbers.start + place // 2).to_bytes(6, "big")
        made = stamp + b"\x70" + sha256(b"%d" % (2 * numbers.start + place)).digest()[:9]
        signed = sign(Statement(ORIGIN, made, event.TYPE, key.public, e.write(event)), key)
        changed = by_subject(event, 0)
        mentioned = touched(event, None, changed)
        drafts.append(
            Draft(signed.statement, signed.signature, made, event.TYPE, tuple(changed), mentioned, ())
        )
    return drafts


def _acts(numbers: range) -> Iterator[e.Event]:
    for number in numbers:
        goods = (e.Goods(f"F{number:08d}", 1_000 + number % 500, 1),)
        yield e.Mined(by="miner-1", site=SITE, lines=goods)
        yield e.Weighed(by="miner-1", parcel=f"F{number:08d}", weight=1_000)


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
