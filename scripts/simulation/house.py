"""One country's ledger in a simulated world: its stock, and a month's acts as they come to its keeper.

What is recorded runs behind what happened and weighings differ by the scales. People err
(`simulation.mistakes`). Frauds are planted where the caller asks. Both are told in keys apart from the
ledgers, and nowhere else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from simulation.cast import AUTHORITY, KEEPER, Country
from simulation.mistakes import LATE, LOST, PRICE, happens

from ledger.admission import Act
from ledger.application import Ledger
from ledger.domain import events as e
from ledger.keeping import LedgerKey

BEGIN = dt.date(2018, 1, 1)
UNSORTED, GEM, INDUSTRIAL = "710210", "710231", "710221"
_MICRO = 1_000_000


@dataclass(frozen=True)
class Lot:
    """A parcel in hand: its present weight (0.001 ct), class, where it can have been mined, US cents a
    carat."""

    parcel: str
    weight: int
    hs: str
    origins: tuple[str, ...]
    price: int


@dataclass(frozen=True)
class Shipment:
    """What leaves under a certificate, as the importer's authority will see it."""

    certificate: str
    number: str
    sender: str
    destination: str
    lots: tuple[Lot, ...]
    value: int
    issued: str
    expiry: str
    entry: int = 0
    hash: bytes = b""

    @property
    def origins(self) -> tuple[str, ...]:
        """The mining origins that its certificate states."""
        return tuple(sorted({origin for lot in self.lots for origin in lot.origins}))


@dataclass(frozen=True)
class Pin:
    """A ledger's checkpoint after a month."""

    origin: str
    size: int
    root: bytes
    note: str


@dataclass
class Told:
    """What a month brought: shipments, confirmations by sender, the checkpoint, what was planted, what went
    wrong by itself."""

    shipments: list[Shipment] = field(default_factory=list)
    confirmed: list[tuple[str, str, int, int]] = field(default_factory=list)
    pin: Pin | None = None
    planted: list[dict[str, Any]] = field(default_factory=list)
    mistakes: list[dict[str, Any]] = field(default_factory=list)
    acts: int = 0


class House:
    """A ledger, who works with it, and what is in stock."""

    def __init__(self, folder: Path, country: Country, others: list[Country], quota: int = 0) -> None:
        self.country = country
        self.quota = quota
        self.random = Random(f"{country.seed} {country.code}")  # noqa: S311  a world, not a secret
        self.now = 0
        self.stock: list[Lot] = []
        self.acts: list[Act] = []
        self.slips: list[tuple[int, e.Event, str, str | None, str]] = []
        self.mistakes: list[dict[str, Any]] = []
        self.underway: list[Shipment] = []
        self.unsaid: e.MeasureAdopted | None = None
        self.issued: list[tuple[int, Shipment]] = []
        self.pinned: set[str] = set()
        self.month = self.made = self.numbers = 0
        self._days: list[str] = []
        self._late: list[tuple[str, str, int, int]] = []
        self._corrections: list[tuple[e.Corrected, str | None]] = []
        path = folder / f"{country.code.lower()}.db"
        key = LedgerKey(country.key(KEEPER), folder / f"{country.code.lower()}.guard")
        self.begin(-1)
        self.ledger = Ledger.create(
            str(path), country.opening(), country.key(AUTHORITY), clock=self.clock,
            clock_confirmed=True, chance=self.random.randbytes, keeper=key,
        )  # fmt: skip
        authority = country.key(AUTHORITY)
        self.ledger.record_batch(Act(event, authority) for event in country.registrations(others, quota))

    def begin(self, month: int) -> None:
        """The month's acts are recorded as they come in, the last of them on its last day."""
        self.month = month
        last = self.first_day(month + 1) - dt.timedelta(days=1)
        moment = dt.datetime(last.year, last.month, last.day, 12, tzinfo=dt.UTC)
        self.now = int(moment.timestamp()) * _MICRO
        first = self.first_day(month)
        self._days = [first.replace(day=number).isoformat() for number in range(1, 29)]

    def clock(self) -> int:
        """The keeper's clock, a millisecond later each time it is read."""
        self.now += 1_000
        return self.now

    @staticmethod
    def first_day(month: int) -> dt.date:
        """The first day of a month of the simulation, counted from 0."""
        years, months = divmod(BEGIN.month - 1 + month, 12)
        return dt.date(BEGIN.year + years, months + 1, 1)

    def day(self, number: int) -> str:
        """A day of this month, 1 to 28."""
        return self._days[number - 1]

    def name(self) -> str:
        """A parcel's id, new in this ledger."""
        self.made += 1
        return f"{self.country.code}{self.made:07}"

    def do(self, event: e.Event, day: int, *, signed_by: str | None = None) -> None:
        """An act of a day, to be recorded at the end of the month; a clerk's on behalf of who acts."""
        party = event.by or AUTHORITY
        key = self.country.key(signed_by or party)
        by_letter = isinstance(event, e.Imported) and event.entry is not None
        on_behalf = party if signed_by else None
        self.acts.append(Act(event, key, self.day(day), on_behalf, by_letter=by_letter))

    def sell(
        self, parcels: Iterable[str], by: str, to: str, price: int, day: int, clerk: str | None = None
    ) -> None:
        """A sale; now and then its price is typed with a digit too many, which is corrected a month later."""
        right = e.Sold(by=by, parcels=tuple(parcels), to=to, price=price)
        typed = right
        if happens(self.random, PRICE):
            typed = e.Sold(by=by, parcels=right.parcels, to=to, price=price * 10)
            self.slipped(right, by, clerk, "the price was typed with a digit too many")
            self.err(PRICE, parcels=list(right.parcels))
        self.do(typed, day, signed_by=clerk)

    def slipped(self, right: e.Event, by: str, clerk: str | None, reason: str) -> None:
        """The next act is wrong, and corrected a month later to what is right."""
        self.slips.append((len(self.acts), right, by, clerk, reason))

    def err(self, kind: str, **about: Any) -> None:
        """Somebody erred: what the key of mistakes tells of it."""
        self.mistakes.append({"mistake": kind, **about})

    def scales(self, weight: int) -> int:
        """The weight as other scales show it: up to 0.01 ct less."""
        return weight - self.random.choice((0, 0, 0, 10)) if weight > 100 else weight

    def record(self) -> Told:
        """Record the month's acts together."""
        receipts = self.ledger.record_batch(self.acts)
        told = Told(acts=len(receipts))
        for place, shipment in self.issued:
            receipt = receipts[place]
            told.shipments.append(replace(shipment, entry=receipt.index, hash=receipt.hash))
        for place, right, by, clerk, reason in self.slips:  # the first acts of the next month
            receipt = receipts[place]
            correction = e.Corrected(
                by=by, index=receipt.index, hash=receipt.hash, replacement=e.write(right), reason=reason
            )
            self._corrections.append((correction, clerk))
        told.mistakes, self.mistakes = self.mistakes, []
        self.acts, self.slips, self.issued = [], [], []
        signed = self.ledger.checkpoint()
        head = signed.checkpoint
        told.pin = Pin(head.origin, head.size, head.root, signed.encode().decode("utf-8"))
        return told

    def correct(self) -> None:
        """Last month's slips are corrected."""
        pending, self._corrections = self._corrections, []
        for correction, clerk in pending:
            self.do(correction, 2, signed_by=clerk)

    def confirmations(self, fresh: list[tuple[str, str, int, int]]) -> list[tuple[str, str, int, int]]:
        """Which import confirmations leave this month: most at once, some a month late, a few never."""
        leaving, self._late = self._late, []
        for one in fresh:
            drawn = next((kind for kind in (LOST, LATE) if happens(self.random, kind)), None)
            if drawn is not None:
                self.err(drawn, certificate=one[1])
            if drawn == LATE:
                self._late.append(one)
            elif drawn is None:
                leaving.append(one)
        return leaving
