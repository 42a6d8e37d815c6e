"""Many writers with a model: random acts on goods that all of them want, and what must hold afterwards.

`work` runs in a process of its own: it walks down from one of the shared parcels to what became of it, and
splits, mixes or sells that, or mines something new. It remembers what was acknowledged. `faults` then holds
the ledger against all that was acknowledged, and against the model: no carat is made or lost.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.admission import Act
from ledger.application import Ledger
from ledger.audit.auditing import Audit, Options
from ledger.chain.entry import entry_hash
from ledger.domain import events as e
from ledger.domain.parcels import HELD, Parcel
from ledger.domain.state import fold
from ledger.errors import Refused
from ledger.store.checking import open_for_checking
from ledger.store.records import Records
from tests import writers
from tests.world import SITE, World, signing_key

SHARED = 12
WEIGHT = 10_000
HANDS = ("miner-1", "dealer-7", "dealer-8", "cutter-2")


@dataclass
class Log:
    """What one writer was told: (index, hash) of each acknowledged act, and why others were refused."""

    acknowledged: list[tuple[int, bytes]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)


def begin(url: str) -> None:
    """A ledger with the parcels that all writers want."""
    world = World(url)
    lines = tuple(e.Goods(f"S{number}", WEIGHT) for number in range(SHARED))
    world.do(e.Mined(by="miner-1", site=SITE, lines=lines))
    world.close()


def work(url: str, name: str, seed: int, acts: int) -> Log:
    """So many acts, of which some are refused because another writer was first."""
    chance, log = random.Random(seed), Log()
    with writers.opened(url) as ledger:
        for number in range(acts):
            batch = _acts(ledger, chance, f"{name}-{number}")
            try:
                receipts = ledger.record_batch(batch)
            except Refused as refused:
                log.refused[refused.code] += 1
            else:
                log.acknowledged += [(receipt.index, receipt.hash) for receipt in receipts]
    return log


def _acts(ledger: Ledger, chance: random.Random, new: str) -> list[Act]:
    one, other = _leaf(ledger, chance), _leaf(ledger, chance)
    weight, holder = one.weight or 0, str(one.holder)
    kind = chance.randrange(8)
    event: e.Event
    if kind == 0 or weight < 10:
        event = e.Mined(by="miner-1", site=SITE, lines=(e.Goods(f"{new}-m", chance.randrange(1, WEIGHT)),))
    elif kind <= 2:
        event = e.Sold(
            by=holder, parcels=(one.id,), to=chance.choice([n for n in HANDS if n != holder]), price=weight
        )
    elif kind <= 4 and one.id != other.id and one.holder == other.holder:
        total = weight + (other.weight or 0)
        event = e.Mixed(by=holder, inputs=(one.id, other.id), output=f"{new}-x", weight=total, hs=one.hs)
    else:
        lost = chance.randrange(0, weight // 5)
        first = chance.randrange(1, weight - lost)
        outputs = (e.Goods(f"{new}-a", first), e.Goods(f"{new}-b", weight - lost - first))
        event = e.Split(by=holder, parcel=one.id, outputs=outputs, loss=lost or None)
    acts = [Act(event, signing_key(str(event.by)))]
    if chance.randrange(3) == 0:  # a batch of two: both or neither
        extra = e.Mined(by="miner-1", site=SITE, lines=(e.Goods(f"{new}-n", 500),))
        acts.append(Act(extra, signing_key("miner-1")))
    return acts


def _leaf(ledger: Ledger, chance: random.Random) -> Parcel:
    """What became of one of the shared parcels, following its outputs at random."""
    state, name = ledger.state(), f"S{chance.randrange(SHARED)}"
    while True:
        parcel = state.parcel(name)
        assert parcel is not None, name
        if not parcel.outputs:
            return parcel
        name = chance.choice(parcel.outputs)


def faults(url: str, logs: Iterable[Log]) -> list[str]:
    """What does not hold: verification, tables, every acknowledged act at its place with its hash, the
    conservation of every carat."""
    with open_for_checking(url) as journal:
        audit = Audit(journal, Options(cores=1))
        found = [str(fault) for fault in (list(audit.run()), audit.faults)[1]]
    with writers.opened(url) as ledger:
        found += writers.faults(ledger)
        hashes = {index: entry_hash(data) for index, data in ledger.journal.entries()}
        told = [one for log in logs for one in log.acknowledged]
        found += [
            f"acknowledged entry {index} is not there" for index, name in told if hashes.get(index) != name
        ]
        if len({index for index, _ in told}) != len(told):
            found.append("two acts were acknowledged with one index")
        found += _carats(ledger)
    return found


def _carats(ledger: Ledger) -> list[str]:
    mined = lost = 0
    for record in Records(ledger.journal).between():
        event = record.event
        if isinstance(event, e.Mined):
            mined += sum(line.weight or 0 for line in event.lines)
        elif isinstance(event, e.Split):
            lost += event.loss or 0
    subjects = fold(Records(ledger.journal).between()).subjects().values()
    held = sum(one.weight or 0 for one in subjects if isinstance(one, Parcel) and one.condition == HELD)
    return [] if mined == held + lost else [f"{mined} mined, {held} held and {lost} lost"]
