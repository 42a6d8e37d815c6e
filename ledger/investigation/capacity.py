"""Production against what mines can yield, and exports against what was mined and imported.

Two figures by which frauds on a country's scale were seen: production declared at three times the capacity
(Guinea 2008), and exports far above capacity without any imports (Republic of Congo 2004).

| question             | a year answers                                                                    |
|----------------------|-----------------------------------------------------------------------------------|
| `sites`              | what was recorded as mined at a site, against the capacity its registration states |
| `years`              | what left and came, all years until then: exports beyond mined and imported goods |

Goods cannot leave a ledger that did not come into it, so exports beyond what was mined and imported are of
opening stock, which only a declaration vouches for. What came back unentered may leave again; what goes back
under a technical certificate never came in, and is no export. Weights in 0.001 ct. A year counts by the last
day on which an act can have happened; documented acts are not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any

from ledger.domain import events as e
from ledger.domain.state import State, replacement
from ledger.investigation.shipments import last_day
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.store.bodies import Body
    from ledger.store.journal import Journal
    from ledger.store.records import Records

_MINED, _OPENED, _IN, _OUT = e.Mined.TYPE, e.StockOpened.TYPE, e.Imported.TYPE, e.Exported.TYPE
_BACK = e.ShipmentReturned.TYPE
_PAGE = 1_000
_LINES = {_MINED: "lines", _OPENED: "lines", _IN: "lines", _OUT: "parts", _BACK: "parts"}


@dataclass(frozen=True, slots=True)
class SiteYear:
    """What a site produced in a year; ``over`` by how much that exceeds its ``capacity``, None where no
    capacity is registered."""

    site: str
    year: int
    produced: int
    capacity: int | None
    over: int | None


@dataclass(frozen=True, slots=True)
class Year:
    """What came and left in a year; ``returned``: of what had left, what came back; ``beyond``: by how much
    all exports until its end that stayed away exceed all that was mined and imported until then, and so are
    of opening stock."""

    year: int
    opened: int
    mined: int
    imported: int
    exported: int
    returned: int
    beyond: int


def capacity(journal: Journal, records: Records, state: State) -> tuple[list[SiteYear], list[Year]]:
    """Every site and year with production, and every year in which goods came or left. Memory holds a page of
    acts, the corrections, and the sums."""
    sums = _Sums()
    for body in _read(journal, records):
        sums.add(body)
    return list(_sites(sums, state)), list(_years(sums.flows))


def _read(journal: Journal, records: Records) -> Iterator[Body]:
    """The bodies that matter, as they are now known to read."""
    from ledger.store.bodies import bodies

    first = journal.types().get(e.Corrected.TYPE)
    wires = iter(()) if first is None else journal.wires(first)
    corrected = dict(_corrections(records, (index for index, wire in wires if wire == e.Corrected.TYPE)))
    places = (index for index, wire in journal.wires() if wire in _LINES)
    while page := list(islice(places, _PAGE)):
        for body in bodies(journal, page):
            known = corrected.get(body.index)
            yield body if known is None else replace(body, values=known)


def _corrections(records: Records, indexes: Iterable[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """What corrected entries say now, the last correction last."""
    for index in indexes:
        act = records.recorded(index)
        if isinstance(act.event, e.Corrected) and act.about is not None:
            now = replacement(act.event, act.about).event
            if isinstance(now, e.Event):
                yield act.event.index, e.write(now)


class _Sums:
    """Weights by site and year of production, and by type of act and year."""

    def __init__(self) -> None:
        self.produced: Counter[tuple[str, int]] = Counter()
        self.flows: Counter[tuple[str, int]] = Counter()

    def add(self, body: Body) -> None:
        """One more act."""
        year, site = _year(body), body.values.get("site")
        if year is None:
            return
        weight = _weight(body, _LINES[body.wire])
        if body.wire == _MINED and site is not None:
            self.produced[site, year] += weight
        if body.values.get("returns") is None:
            self.flows[body.wire, year] += weight


def _sites(sums: _Sums, state: State) -> Iterator[SiteYear]:
    for (name, year), weight in sorted(sums.produced.items()):
        site = state.site(name)
        able = None if site is None else site.capacity
        yield SiteYear(name, year, weight, able, None if able is None else max(0, weight - able))


def _years(sums: Counter[tuple[str, int]]) -> Iterator[Year]:
    own, left = 0, 0
    for year in sorted({year for _, year in sums}):
        own += sums[_MINED, year] + sums[_IN, year]
        left += sums[_OUT, year] - sums[_BACK, year]
        opened, mined, came, gone, back = (sums[wire, year] for wire in (_OPENED, _MINED, _IN, _OUT, _BACK))
        yield Year(year, opened, mined, came, gone, back, max(0, left - own))


def _year(body: Body) -> int | None:
    """The year of a live act."""
    day = None if body.values.get("documented") else last_day(body)
    return None if day is None else date.fromordinal(day).year


def _weight(body: Body, lines: str) -> int:
    return sum(line.get("weight") or 0 for line in body.values.get(lines, ()))
