"""Borders of a trace across ledgers, for the officer who asks and for programs.

For each border: under which certificate, from which ledger, what was verified of it, what is withheld, and
the goods' way there as the trace of that ledger shows it; last of all where everything began.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ledger import messages
from ledger.chain.proof_steps import FAULT, OK
from ledger.domain.vocabulary import carats
from ledger.exchange import custody_sheet, drawing, lineage_record
from ledger.exchange.drawing import Strokes, visible
from ledger.federation.trace_across import Border, Check, mines
from ledger.projections.lineage import Lineage, Origin

_MARKS = {OK: "verified", FAULT: "FAULT"}
ORIGIN_COLUMNS = ("began", "where", "when", "weight", "by", "parcel", "told by")


def title(border: Border) -> str:
    """The border's heading."""
    values = {
        "certificate": visible(border.certificate or "-"),
        "parcel": visible(border.parcel),
        "foreign": visible(border.foreign or "?"),
        "origin": visible(border.origin or ", ".join(border.countries) or "-"),
    }
    return messages.text("border-title", values)


def lines(border: Border, strokes: Strokes) -> Iterator[str]:
    """What was verified, withheld or unavailable, then the goods' way in that ledger."""
    if border.place is not None:
        yield messages.text("border-read", {"place": visible(border.place)})
    for check in border.checks:
        yield f"  {_MARKS.get(check.standing, check.standing):<9} {check}"
    for name, count in border.withheld.items():
        yield f"  {'withheld':<9} {name} ({count})"
    if border.lineage is None:
        yield f"  {messages.text('border-ends', {'countries': ', '.join(border.countries) or '-'})}"
        return
    yield ""
    yield from drawing.tree(border.lineage, strokes)


def custody(lineage: Lineage) -> list[Sequence[str]]:
    """The rows of custody in that ledger; see `custody_sheet.COLUMNS`."""
    return [*custody_sheet.custody(lineage)]


def walk(borders: Iterable[Border]) -> Iterator[Border]:
    """All borders, each before those behind it."""
    for border in borders:
        yield border
        yield from walk(border.onward)


def origins(lineage: Lineage, borders: Sequence[Border]) -> Iterator[tuple[str, ...]]:
    """Where everything began; see `ORIGIN_COLUMNS`. A border that was not passed is its own row."""
    for ledger, origin in mines(lineage, borders):
        yield _row(origin, ledger or "this ledger")
    for border in walk(borders):
        if border.ends:
            countries = ", ".join(border.countries)
            yield ("unavailable", countries, "", "", "", visible(border.parcel), border.certificate or "")


def _row(origin: Origin, ledger: str) -> tuple[str, ...]:
    where = ", ".join(visible(part) for part in (origin.site, ", ".join(origin.countries)) if part)
    weight = "weight unknown" if origin.weight is None else carats(origin.weight)
    day = drawing.day(origin.when)
    return origin.kind, where, day, weight, visible(origin.by or ""), visible(origin.parcel), ledger


def value(border: Border) -> dict[str, Any]:
    """One border as a value that JSON can hold, with those behind it."""
    return {
        "parcel": border.parcel,
        "certificate": border.certificate,
        "ledger": border.origin,
        "foreign_parcel": border.foreign,
        "countries": list(border.countries),
        "read_from": border.place,
        "checks": [_check(check) for check in border.checks],
        "withheld": dict(border.withheld),
        "trace": None if border.lineage is None else lineage_record.value(border.lineage),
        "borders": [value(one) for one in border.onward],
    }


def _check(check: Check) -> dict[str, Any]:
    return {"standing": check.standing, "code": check.code, "said": str(check)}
