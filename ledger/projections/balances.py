"""Balances: opening + in - out - loss = closing, of a parcel, a party, a mine, a country or the whole ledger.

An account is a kind of place (see `ledger.projections.movements`). What moves inside it does not count: goods
that one dealer of a country sells to another stay in the country. Weights are 0.001 ct and exact; goods of
unknown weight are counted as parcels, beside. Documented goods, known from sources only, have accounts of
their own. (ANALYSIS.md, MB3.)

Making goods of others neither brings nor takes weight, so what was used up and what was made of it stand in
their own lines (``worked``), and only their difference counts: as in where more was made than used up here
(another's goods were worked), as out where less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field

from ledger.projections.movements import MOVEMENTS
from ledger.store.rows import Row, Rows, Where
from ledger.values import dataclass

PARCEL, PARTY, SITE, COUNTRY, LEDGER = "parcel", "party", "site", "country", "ledger"
LOSSES = frozenset({"loss", "cutting", "unexplained", "lost"})
WORKED = frozenset({"made", "consumed", "polished"})


@dataclass(frozen=True, slots=True)
class Account:
    """What a balance is of: ``kind`` one of the constants above, ``id`` empty for the whole ledger.

    ``entries`` narrow a parcel's account to its own entries, which are known without reading all movements.
    """

    kind: str
    id: str = ""
    documented: bool = False
    entries: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Amount:
    """A weight, and beside it the number of parcels whose weight is unknown.

    ``movements`` how many movements make it up, ``unweighed`` how many of them are of unknown weight.
    """

    weight: int = 0
    unknown: int = 0
    movements: int = 0
    unweighed: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.weight + other.weight,
            self.unknown + other.unknown,
            self.movements + other.movements,
            self.unweighed + other.unweighed,
        )

    def __neg__(self) -> Amount:
        return Amount(-self.weight, -self.unknown, -self.movements, -self.unweighed)

    def __sub__(self, other: Amount) -> Amount:
        return self + -other


@dataclass(frozen=True, slots=True)
class Line:
    """What one kind of movement brought (``way`` 1) or took (-1) in the period."""

    kind: str
    way: int
    amount: Amount


@dataclass(frozen=True, slots=True)
class Balance:
    """An account over a period; `closing` is opening + in - out - loss by definition of its parts."""

    account: Account
    opening: Amount
    lines: tuple[Line, ...] = field(default=())

    def part(self, name: str) -> tuple[Line, ...]:
        """The lines of ``in``, ``out``, ``loss`` or ``worked``."""
        return tuple(line for line in self.lines if part_of(line) == name)

    def total(self, name: str) -> Amount:
        """The sum of a part; of ``worked``, what was made less what was used up."""
        signs = [(line.amount, line.way if name == "worked" else 1) for line in self.part(name)]
        return sum((amount if sign > 0 else -amount for amount, sign in signs), Amount())

    @property
    def received(self) -> Amount:
        """In: what came from outside the account, and what working goods made more than it used up."""
        worked = self.total("worked")
        return self.total("in") + Amount(max(worked.weight, 0), max(worked.unknown, 0))

    @property
    def delivered(self) -> Amount:
        """Out: what left the account, and what working goods used up and did not make again here."""
        worked = self.total("worked")
        return self.total("out") + Amount(max(-worked.weight, 0), max(-worked.unknown, 0))

    @property
    def lost(self) -> Amount:
        """Weight lost in working and weighing, and goods lost or stolen."""
        return self.total("loss")

    @property
    def closing(self) -> Amount:
        """What is there at the end."""
        end = self.opening + self.received - self.delivered - self.lost
        return Amount(end.weight, end.unknown)

    @property
    def unweighed(self) -> int:
        """How many movements of the period are of unknown weight: the lines' weights leave them out."""
        return sum(line.amount.unweighed for line in self.lines)


def part_of(line: Line) -> str:
    """The part of the balance that a line belongs to."""
    if line.kind in WORKED:
        return "worked"
    if line.way < 0 and line.kind in LOSSES:
        return "loss"
    return "in" if line.way > 0 else "out"


def balance(rows: Rows, account: Account, start: int = 0, stop: int | None = None) -> Balance:
    """An account over the entries from ``start`` up to but not including ``stop``."""
    before = _flows(rows, account, [Where("entry", "below", start)]) if start else {}
    period = [Where("entry", "from", start)]
    if stop is not None:
        period.append(Where("entry", "below", stop))
    return Balance(account, _stock(before), _lines(_flows(rows, account, period)))


def between(opening: Rows, closing: Rows, account: Account) -> Balance:
    """An account between two moments of which each has its own rows, such as two moments of occurrence.

    The lines are what the kinds of movement add up to at the second moment less what they did at the first.
    """
    before, after = _flows(opening, account, []), _flows(closing, account, [])
    flows = {key: after.get(key, Amount()) - before.get(key, Amount()) for key in {**before, **after}}
    return Balance(account, _stock(before), _lines({key: amount for key, amount in flows.items() if amount}))


def movements_of(
    rows: Rows, account: Account, line: Line, start: int = 0, stop: int | None = None
) -> Iterator[Row]:
    """The movements that a line is made of, in the order of their entries: what the line opens to."""
    where = [Where("entry", "from", start), Where("kind", "is", line.kind)]
    if stop is not None:
        where.append(Where("entry", "below", stop))
    for conditions in _ways(account, line.way):
        yield from rows.select(MOVEMENTS, [*conditions, *where])


Flows = dict[tuple[str, int], Amount]


def _flows(rows: Rows, account: Account, period: Sequence[Where]) -> Flows:
    """By kind and way, what came into the account (1) and what went out of it (-1)."""
    found: Flows = {}
    for way in (1, -1):
        for conditions in _ways(account, way):
            where = [*conditions, *period]
            for kind, unknown, count, weight in rows.sums(
                MOVEMENTS, ["weight"], where, group=["kind", "unknown"]
            ):
                amount = Amount(weight, unknown * count, count, count if unknown > 0 else 0)
                found[kind, way] = found.get((kind, way), Amount()) + amount
    return found


def _ways(account: Account, way: int) -> Iterator[list[Where]]:
    """The conditions of movements into an account or out of it; those inside it fulfil neither."""
    goods = Where("documented", "is", int(account.documented))
    if account.kind in (PARCEL, LEDGER):
        where = [goods, Where("way", "is", way)]
        if account.kind == LEDGER:
            yield where
            return
        where.append(Where("parcel", "is", account.id))
        if account.entries is None:
            yield where
            return
        for first in range(0, len(account.entries), _AT_ONCE):
            yield [Where("entry", "among", account.entries[first : first + _AT_ONCE]), *where]
        return
    here, there = ("to_", "from_") if way > 0 else ("from_", "to_")
    yield [
        goods,
        Where(here + account.kind, "is", account.id),
        Where(there + account.kind, "not", account.id),
    ]


_AT_ONCE = 400


def _stock(flows: Flows) -> Amount:
    total = sum((amount if way > 0 else -amount for (_, way), amount in flows.items()), Amount())
    return Amount(total.weight, total.unknown)


def _lines(flows: Flows) -> tuple[Line, ...]:
    lines = (Line(kind, way, amount) for (kind, way), amount in flows.items())
    return tuple(sorted(lines, key=lambda line: (-line.way, line.kind)))
