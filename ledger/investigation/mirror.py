"""MS1, mirror statistics: one side's exports against the other's imports, by HS code and quarter.

The asymmetry of X exported and M imported is A = (X - M) / ((X + M) / 2), an exact fraction, on carats and on
value. It is marked where it exceeds one tenth and (X + M) / 2 is above the floor; both figures are chosen
here, KPCS gives none. What came back, or only went back under a technical certificate, is no trade and is
not counted. Values stand in the line of all classes, since certificates give one for the shipment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from functools import lru_cache

from ledger.investigation.shipments import Shipment
from ledger.values import dataclass

ALL = "all"
MARKED_FROM = Fraction(1, 10)
FLOOR = 1_000_000
"""1,000 carats: below it, one shipment that crosses a quarter's end makes any figure."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """What both sides have in a quarter under an HS code; values are 0 where no value is known."""

    quarter: str
    hs: str
    exported: int
    imported: int
    exported_value: int
    imported_value: int

    @property
    def asymmetry(self) -> Fraction | None:
        """Of the carats; None where both sides have none."""
        return asymmetry(self.exported, self.imported)

    @property
    def value_asymmetry(self) -> Fraction | None:
        """Of the values; None where either is not known."""
        if not self.exported_value or not self.imported_value:
            return None
        return asymmetry(self.exported_value, self.imported_value)

    @property
    def marked(self) -> bool:
        """Whether somebody should look."""
        found = self.asymmetry
        return found is not None and abs(found) > MARKED_FROM and self.exported + self.imported > 2 * FLOOR


def asymmetry(exported: int, imported: int) -> Fraction | None:
    """(X - M) / ((X + M) / 2).

    >>> asymmetry(110, 90), asymmetry(0, 5), asymmetry(0, 0)
    (Fraction(1, 5), Fraction(-2, 1), None)
    """
    both = exported + imported
    return Fraction(2 * (exported - imported), both) if both else None


def mirrors(sent: Iterable[Shipment], received: Iterable[Shipment], first: int, last: int) -> list[Mirror]:
    """The mirrors of a period, by quarter and HS code, each after the line of all codes."""
    left, came = _sums(sent, first, last), _sums(received, first, last)
    keys = sorted({(quarter, hs) for quarter, hs, _ in left.keys() | came.keys()}, key=_order)
    return [
        Mirror(
            quarter, hs,
            left[quarter, hs, "weight"], came[quarter, hs, "weight"],
            left[quarter, hs, "value"], came[quarter, hs, "value"],
        )
        for quarter, hs in keys
    ]  # fmt: skip


def _order(key: tuple[str, str]) -> tuple[str, bool, str]:
    return key[0], key[1] != ALL, key[1]


def _sums(shipments: Iterable[Shipment], first: int, last: int) -> Counter[tuple[str, str, str]]:
    sums: Counter[tuple[str, str, str]] = Counter()
    for one in shipments:
        if one.back or one.day is None or not first <= one.day <= last:
            continue
        quarter = quarter_of(one.day)
        sums[quarter, ALL, "weight"] += one.weight or 0
        sums[quarter, ALL, "value"] += one.value or 0
        for hs, weight in one.classes:
            sums[quarter, hs, "weight"] += weight
    return sums


@lru_cache(maxsize=4_096)
def quarter_of(day: int) -> str:
    """The quarter of a day (its ordinal): ``2024-Q1``."""
    found = date.fromordinal(day)
    return f"{found.year:04}-Q{(found.month + 2) // 3}"
