"""What runs in processes of its own when several write to one ledger, or one is killed; and waiting for those
who only follow."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from ledger.application import Ledger
from ledger.chain.entry import ZERO_HASH, Entry, entry_hash
from ledger.domain import events as e
from ledger.domain.state import fold, guarded, touched
from ledger.errors import Refused, StoreTrouble
from ledger.store import opening
from ledger.store.records import Records
from tests.world import SITE, signing_key


def opened(url: str) -> Ledger:
    """Open it; the world's entries stand in the past, and that is right."""
    return Ledger.open(url, clock_confirmed=True)


def mine_many(url: str, name: str, count: int) -> list[float]:
    """Mine ``count`` parcels of one's own, one act each; how many seconds each took."""
    took = []
    with opened(url) as ledger:
        for number in range(count):
            started = time.monotonic()
            line = e.Goods(f"{name}-{number}", 1_000)
            ledger.record(e.Mined(by="miner-1", site=SITE, lines=(line,)), signing_key("miner-1"))
            took.append(time.monotonic() - started)
    return took


def split_all(url: str, name: str, parcels: Sequence[str]) -> list[str]:
    """Split every parcel into a piece of one's own, as the others try too; those that this process split."""
    done = []
    with opened(url) as ledger:
        for parcel in parcels:
            outputs = (e.Goods(f"{parcel}-{name}", 1_000),)
            try:
                ledger.record(e.Split(by="miner-1", parcel=parcel, outputs=outputs), signing_key("miner-1"))
            except Refused as refused:
                if refused.code != "parcel-consumed":
                    raise
            else:
                done.append(parcel)
    return done


def append_same(url: str, statements: Sequence[Any]) -> list[tuple[int, bytes]]:
    """Append the same signed statements as the others do; the receipts."""
    with opened(url) as ledger:
        return [(receipt.index, receipt.hash) for one in statements for receipt in ledger.append([one])]


def write_until_killed(url: str, name: str) -> None:
    """Batches of three acts, for ever."""
    with opened(url) as ledger:
        number = 0
        while True:
            number += 1
            lines = tuple(e.Goods(f"{name}-{number}-{line}", 1_000) for line in range(20))
            outputs = (e.Goods(f"{name}-{number}-a", 400), e.Goods(f"{name}-{number}-b", 600))
            key = signing_key("miner-1")
            statements = [
                ledger.sign(e.Mined(by="miner-1", site=SITE, lines=lines, paid=5_000), key),
                ledger.sign(e.Split(by="miner-1", parcel=f"{name}-{number}-0", outputs=outputs), key),
                ledger.sign(
                    e.Sold(by="miner-1", parcels=(f"{name}-{number}-a",), to="dealer-7", price=99), key
                ),
            ]
            ledger.append(statements)


def faults(ledger: Ledger) -> list[str]:
    """What is not whole in a ledger: chain, head, links, mentions, ids, disclosures against the entries."""
    journal = ledger.journal
    found: list[str] = []
    previous, size = ZERO_HASH, 0
    links: list[tuple[str, int]] = []
    mentions: list[tuple[str, int]] = []
    for index, data in journal.entries():
        entry = Entry.decode(data)
        if (entry.index, index, entry.previous) != (size, size, previous):
            found.append(f"entry {index} does not follow")
        previous, size = entry_hash(data), size + 1
    for record in Records(journal).between():
        links += [(name, record.index) for name in guarded(record.event, record.about)]
        mentions += [(name, record.index) for name in touched(record.event, record.about)]
    head = journal.head()
    if (head.size, head.hash) != (size, previous):
        found.append(f"the head says {head.size}")
    if sorted((name, index) for name, _, index in journal.links()) != sorted(links):
        found.append("links differ")
    if sorted(journal.mentions()) != sorted(mentions):
        found.append("mentions differ")
    if sorted(index for _, index in journal.ids()) != list(range(size)):
        found.append("ids differ")
    state = fold(Records(journal).between())
    found += [
        f"{name} differs"
        for name, subject in state.subjects().items()
        if ledger.state().subject(name) != subject
    ]
    return found


def wait_for(url: str, size: int) -> None:
    """Until a replica has come so far."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            with opening.open(url, write=False) as journal:
                if journal.head().size >= size:
                    return
        except StoreTrouble:
            time.sleep(0.1)
        time.sleep(0.02)
    raise AssertionError("the replica does not follow")
