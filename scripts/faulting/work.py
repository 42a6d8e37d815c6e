"""Work that is killed in the middle: each kind runs in a process of its own and says what was acknowledged.

    python -m faulting.work append URL SEED        lines ``INDEX HASH`` on standard output, flushed each time

``ready`` is printed when the work itself begins.
"""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from ledger.application import Ledger, Receipt
from ledger.domain import events as e
from ledger.projections.following import reading
from ledger.projections.views import VIEW
from ledger.store import opening
from ledger.store.copying import backup
from ledger.store.tables import Tables
from tests.world import SITE, signing_key


def _say(receipts: list[Receipt]) -> None:
    sys.stdout.write("".join(f"{one.index} {one.hash.hex()}\n" for one in receipts))
    sys.stdout.flush()


def append(url: str, seed: str) -> None:
    """Single acts and batches of three, for ever."""
    key = signing_key("miner-1")
    with Ledger.open(url, clock_confirmed=True) as ledger:
        for number in count():
            name = f"{seed}-{number}"
            mined = e.Mined(by="miner-1", site=SITE, lines=(e.Goods(name, 1_000),), paid=number)
            halves = (e.Goods(f"{name}-a", 400), e.Goods(f"{name}-b", 600))
            split = e.Split(by="miner-1", parcel=name, outputs=halves)
            if number % 2:
                _say([ledger.record(mined, key), ledger.record(split, key)])
            else:
                sold = e.Sold(by="miner-1", parcels=(f"{name}-a",), to="dealer-7", price=99)
                _say(ledger.append([ledger.sign(event, key) for event in (mined, split, sold)]))


def sheets(url: str, seed: str) -> None:
    """Sheets of 300 stones, for ever."""
    with Ledger.open(url, clock_confirmed=True) as ledger:
        for number in count():
            lines = tuple(e.Goods(f"{seed}-{number}-{line}", 100 + line) for line in range(300))
            event = e.Mined(by="miner-1", site=SITE, lines=lines)
            _say([ledger.record(event, signing_key("miner-1"))])


def views(url: str, _: str) -> None:
    """Views thrown away and made anew, for ever."""
    with Ledger.open(url, clock_confirmed=True) as ledger:
        while True:
            with reading(ledger.journal, ledger.records):
                _say([])
            Tables.of(ledger.journal).drop(VIEW)


def backups(url: str, seed: str) -> None:
    """Backups of the ledger, one after the other."""
    for number in count():
        with opening.open(url, write=False) as journal:
            backup(journal, Path(f"{seed}.{number}.backup"))


KINDS = {"append": append, "sheets": sheets, "view update": views, "backup": backups}

if __name__ == "__main__":
    kind, url, seed = sys.argv[1:]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    KINDS[kind](url, seed)
