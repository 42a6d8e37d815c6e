"""One writer of a trial: random acts on parcels of its own, each signed once, appended until answered.

    python -m clustering.writing '{"url": ..., "name": "w1", "folder": ..., "epoch": ..., "seed": 1}'

Writes ``NAME.acts`` in the folder, a line of JSON for each act that was acknowledged, and ends when the file
``stop`` is there; the last line says what the writer knows of its parcels.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from ledger.application import Ledger, Receipt
from ledger.chain.statement import SignedStatement, Statement
from ledger.domain import events as e
from ledger.errors import Conflict, StoreTrouble
from ledger.keeping import LedgerKey
from tests.world import SITE, START, signing_key

DEALERS = ("dealer-7", "dealer-8", "cutter-2")
GIVEN_UP = 180
"""Seconds after which an act that is not answered ends the writer with what was last said."""


def clock_from(epoch: float) -> Callable[[], int]:
    """The test world's January 2024, running as our time does; ``epoch`` is when the trial began."""
    return lambda: START + 86_400_000_000 + int((time.time() - epoch) * 1_000_000)


class Writer:
    """Random acts: mined, divided, sold, weighed, valued, put together."""

    def __init__(self, url: str, name: str, folder: str, epoch: float, seed: int) -> None:
        self.url = url
        self.name = name
        self.folder = Path(folder)
        self.parcels: dict[str, tuple[str, int]] = {}
        self._clock = clock_from(epoch)
        self._chance = random.Random(seed)  # noqa: S311  no secret
        self._count = 0
        self._ledger: Ledger | None = None
        self._reopened: list[str] = []

    def run(self) -> None:
        """Work until told to stop."""
        with (self.folder / f"{self.name}.acts").open("w", encoding="utf-8") as acts:
            while not (self.folder / "stop").exists():
                self._act(acts)
            print(json.dumps({"parcels": self.parcels}), file=acts)
        if self._ledger is not None:
            self._ledger.close()

    def _act(self, acts: TextIO) -> None:
        event, becomes = self._chosen()
        signed = self._opened().sign(event, signing_key(str(event.by)))
        started, self._reopened = time.monotonic(), []
        receipt = self._deliver(signed)
        for parcel in [name for name in becomes if becomes[name] is None]:
            del self.parcels[parcel]
        self.parcels |= {name: held for name, held in becomes.items() if held is not None}
        checkpoint = receipt.signed.checkpoint if receipt.signed else None
        line: dict[str, Any] = {
            "id": Statement.decode(signed.statement).id.hex(),
            "index": receipt.index,
            "hash": receipt.hash.hex(),
            "started": started,
            "answered": time.monotonic(),
            "reopened": self._reopened,
            "signed": checkpoint and [checkpoint.size, checkpoint.root.hex()],
            "trouble": receipt.trouble and receipt.trouble.code,
        }
        print(json.dumps(line), file=acts, flush=True)

    def _opened(self) -> Ledger:
        if self._ledger is None:
            key = LedgerKey(signing_key("ledger"), self.folder / "guard")
            self._ledger = Ledger.open(self.url, clock=self._clock, clock_confirmed=True, keeper=key)
        return self._ledger

    def _deliver(self, signed: SignedStatement) -> Receipt:
        """The same signed statement, until it is answered; the ledger is opened anew after trouble."""
        until = time.monotonic() + GIVEN_UP
        while True:
            try:
                return self._opened().append([signed])[0]
            except (StoreTrouble, Conflict) as trouble:
                self._reopened.append(trouble.code)
                if time.monotonic() > until:
                    raise
            if self._ledger is not None:
                self._ledger.journal.close()
                self._ledger = None
            time.sleep(0.2)

    def _chosen(self) -> tuple[e.Event, dict[str, tuple[str, int] | None]]:
        """An act, and what parcels are after it: holder and weight, None for one that is used up."""
        if len(self.parcels) < 5:
            return self._mine()
        acts = (self._mine, self._split, self._split, self._sell, self._weigh, self._value, self._mix)
        return self._chance.choice(acts)()

    def _new(self) -> str:
        self._count += 1
        return f"{self.name}-{self._count}"

    def _parcel(self) -> tuple[str, str, int]:
        name = self._chance.choice(sorted(self.parcels))
        return name, *self.parcels[name]

    def _mine(self) -> tuple[e.Event, dict[str, tuple[str, int] | None]]:
        lines = tuple(e.Goods(self._new(), self._chance.randint(2, 20_000), None, "710231") for _ in range(3))
        held = {line.parcel: ("miner-1", int(line.weight or 0)) for line in lines}
        return e.Mined(by="miner-1", site=SITE, lines=lines), dict(held)

    def _split(self) -> tuple[e.Event, dict[str, tuple[str, int] | None]]:
        name, holder, weight = self._parcel()
        if weight < 2:
            return self._mine()
        first = self._chance.randint(1, weight - 1)
        parts = {self._new(): first, self._new(): weight - first}
        outputs = tuple(e.Goods(part, carats, None, "710231") for part, carats in parts.items())
        left = {part: (holder, carats) for part, carats in parts.items()}
        return e.Split(by=holder, parcel=name, outputs=outputs), {name: None, **left}

    def _sell(self) -> tuple[e.Event, dict[str, tuple[str, int] | None]]:
        name, holder, weight = self._parcel()
        to = self._chance.choice([dealer for dealer in DEALERS if dealer != holder])
        price = self._chance.randint(1, 10**8)
        return e.Sold(by=holder, parcels=(name,), to=to, price=price), {name: (to, weight)}

    def _weigh(self) -> tuple[e.Event, dict[str, tuple[str, int] | None]]:
        name, holder, weight = self._parcel()
        return e.Weighed(by=holder, parcel=name, weight=weight), {}

    def _value(self) -> tuple[e.Event, dict[str, tuple[str, int] | None]]:
        name, holder, _ = self._parcel()
        return e.Valued(by=holder, parcel=name, value=self._chance.randint(1, 10**8)), {}

    def _mix(self) -> tuple[e.Event, dict[str, tuple[str, int] | None]]:
        first, holder, weight = self._parcel()
        others = [name for name, held in self.parcels.items() if held[0] == holder and name != first]
        if not others:
            return self._weigh()
        second = self._chance.choice(others)
        weight += self.parcels[second][1]
        output = self._new()
        event = e.Mixed(by=holder, inputs=(first, second), output=output, weight=weight, hs="710231")
        return event, {first: None, second: None, output: (holder, weight)}


if __name__ == "__main__":
    Writer(**json.loads(sys.argv[1])).run()
