"""Weights that look like a slip of the unit, held against what the site has brought so far.

A thousandfold (a lost decimal mark) away is asked about, of any row. A fivefold (grams for carats) is asked
about from `FEWEST` rows on: fewer do not tell it from an unusual stone. Nothing is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median_low
from typing import Protocol

from ledger.domain.events import Mined, Recorded
from ledger.values import dataclass

FEWEST = 5
"""Earlier parcels of a site, at least, before anything is compared with them; and rows, at least, before
they are asked about a fivefold."""

SHEETS = 40
"""How many of the site's latest acts are looked at."""

_FIVEFOLD = 5
_FACTORS = ((_FIVEFOLD, 3, 8), (1000, 200, 5000))
"""A slip's factor, and between which ratios of medians it is suspected."""


class Mentions(Protocol):
    """The part of `ledger.store.records.Records` that is asked."""

    def mentioning(
        self,
        subject: str,
        start: int = 0,
        stop: int | None = None,
        *,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[Recorded]:
        """The entries that name a subject without changing it."""


@dataclass(frozen=True, slots=True)
class Slip:
    """Weights of ``rows`` are about ``factor`` times the site's (``larger``) or that part of them.

    ``here`` and ``there`` medians in 0.001 ct, of these rows and of the site's ``count`` latest parcels.
    """

    site: str
    rows: tuple[int, ...]
    factor: int
    larger: bool
    here: int
    there: int
    count: int


def earlier_weights(records: Mentions, site: str) -> list[int]:
    """The weights of the parcels that the site brought lately, 0.001 ct."""
    acts = records.mentioning(f"site:{site}", newest_first=True, limit=SHEETS)
    return [
        line.weight
        for act in acts
        if isinstance(act.event, Mined)
        for line in act.event.lines
        if line.weight is not None
    ]


def slips(weights: Mapping[str, Sequence[tuple[int, int]]], records: Mentions) -> list[Slip]:
    """What to ask about: ``weights`` gives for each site the rows and weights (0.001 ct) to be recorded."""
    found: list[Slip] = []
    for site, rows in weights.items():
        known = earlier_weights(records, site)
        if len(known) < FEWEST:
            continue
        whole = _suspected(site, rows, known)
        found += [whole] if whole is not None else _single(site, rows, known)
    return found


def _suspected(site: str, rows: Sequence[tuple[int, int]], known: Sequence[int]) -> Slip | None:
    here, there = median_low([weight for _, weight in rows]), median_low(known)
    if not here or not there:
        return None
    for factor, low, high in _FACTORS:
        if factor == _FIVEFOLD and len(rows) < FEWEST:
            continue
        for larger, big, small in ((True, here, there), (False, there, here)):
            if low * small <= big <= high * small:
                numbers = tuple(row for row, _ in rows)
                return Slip(site, numbers, factor, larger, here, there, len(known))
    return None


def _single(site: str, rows: Iterable[tuple[int, int]], known: Sequence[int]) -> list[Slip]:
    """Rows that alone are a thousandfold off, and far outside of everything that the site has brought."""
    there, largest, smallest = median_low(known), max(known), min(known)
    low = _FACTORS[1][1]
    return [
        Slip(site, (row,), 1000, weight > there, weight, there, len(known))
        for row, weight in rows
        if (weight >= low * there and weight > 10 * largest)
        or (0 < weight * low <= there and weight * 10 < smallest)
    ]
