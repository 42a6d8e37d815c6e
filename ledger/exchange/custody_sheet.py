"""A lineage for the officer who asks: headline, custody as a table, where the goods are now, yields.

Dates are shown as the acts spell them, of a moment its day; a table's last column names the entries, where
all the rest can be looked up.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.domain.vocabulary import carats
from ledger.exchange.drawing import visible
from ledger.projections.attestations import Attestation
from ledger.projections.lineage import Lineage, Node
from ledger.projections.spans import Custody, How
from ledger.projections.yields import Yield

COLUMNS = ("parcel", "since", "until", "holder", "where", "weight", "certificate", "entries")
NOW_COLUMNS = ("parcel", "holder", "since", "where", "weight", "certificate")

_FEW = 5
_NOBODY = (How.ABROAD, How.MISSING)

Rows = Iterator[tuple[str, ...]]


def headline(lineage: Lineage) -> Iterator[str]:
    """What is known of the parcel itself, and by which clock."""
    node = lineage.nodes[lineage.start]
    told = node.history
    names = "".join(f' "{visible(name)}"' for name in told.names)
    stones = [] if told.stones is None else [f"{told.stones} stone{'s' if told.stones != 1 else ''}"]
    goods = [_weight(told.last_weight), *stones, *([f"HS {told.hs}"] if told.hs else [])]
    marks = [*(["known from sources only"] if told.documented else [])]
    marks += ["began as opening stock or by seizure"] if told.marked else []
    yield f"{visible(node.parcel)}{names}: {', '.join([*goods, *marks])}"
    yield _now(node)
    if lineage.moment:
        yield f"{str(lineage.moment)[:1].upper()}{str(lineage.moment)[1:]}."


def _now(node: Node) -> str:
    now = node.history.now
    if node.history.ended:
        last = next(stage for stage in reversed(node.history.stages) if stage.handlings)
        return f"Used up: {(last.when and _day(last.when)) or 'at an unknown time'} (entry {last.entry})."
    if now is None:
        return "In whose hands it is, is not recorded."
    where = f", {_where(now)}" if _where(now) else ""
    paper = f", under certificate {now.certificate}" if now.certificate is not None else ""
    whose = _holder(now) if now.how in _NOBODY else f"held by {_holder(now)}"
    return f"{whose[:1].upper()}{whose[1:]} since {_day(now.since)}{where}{paper}."


def custody(lineage: Lineage) -> Rows:
    """One row for each span, parcel by parcel, nearest first; see ``COLUMNS``."""
    for node in lineage.nodes.values():
        gaps = {gap.before for gap in node.history.gaps}
        for span in node.history.spans:
            entry = span.closed if span.opened is None else span.opened
            if entry in gaps:
                gaps.discard(entry)
                yield ("", "-- gap --", *[""] * 6)
            yield _row(node, span)


def _row(node: Node, span: Custody) -> tuple[str, ...]:
    if span.closed is not None:
        until = _day(span.until)
    else:
        until = "now" if span.how == How.HELD else ""
    entries = f"{'?' if span.opened is None else span.opened}-{'' if span.closed is None else span.closed}"
    return (
        visible(node.parcel),
        _day(span.since),
        until,
        _holder(span),
        _where(span),
        _weight(span.weight),
        span.certificate or "",
        entries,
    )


def whereabouts(lineage: Lineage) -> Rows:
    """Of a walk forward: the parcels that were not used up, with who has them; see ``NOW_COLUMNS``."""
    for node in lineage.nodes.values():
        told = node.history
        now = told.now
        if now is not None:
            mixed = " (holds other goods too)" if node.mixed else ""
            yield (
                visible(node.parcel),
                _holder(now),
                _day(now.since),
                _where(now),
                _weight(now.weight) + mixed,
                now.certificate or "",
            )


def origins_line(lineage: Lineage) -> str:
    """Of a walk back: the countries where the goods can have been mined, as far as they are told."""
    countries = sorted({country for origin in lineage.origins for country in origin.countries})
    untold = [origin for origin in lineage.origins if not origin.countries]
    named = ", ".join(countries) if countries else "not told"
    if not untold or not countries:
        return f"Mining origin: {named}."
    where = ", ".join(visible(origin.parcel) for origin in untold[:_FEW])
    more = f" and {len(untold) - _FEW} more" if len(untold) > _FEW else ""
    return f"Mining origin: {named}; not told of {where}{more}."


def yield_line(one: Yield) -> str:
    """A yield: what was got out, of what, in per cent with one decimal."""
    at_least = "" if one.complete else "at least "
    rough = f"{carats(one.rough)} rough" if one.rough is not None else "rough of unknown weight"
    if one.permille is None:
        return f"{visible(one.parcel)}: {at_least}{carats(one.polished)} polished of {rough}"
    ratio = f"{one.permille // 10}.{one.permille % 10} %"
    return f"{visible(one.parcel)}: {at_least}{carats(one.polished)} polished of {rough}: {at_least}{ratio}"


def attestation_line(one: Attestation) -> str:
    """Who agreed with an entry, and where that is recorded."""
    party = visible(one.party) if one.party is not None else "somebody unknown"
    return f"entry {one.entry} by {party} (entry {one.index})"


def _holder(span: Custody) -> str:
    if span.how in _NOBODY:
        return span.how.value
    holder = visible(span.holder) if span.holder is not None else "unknown"
    marks = [span.how.value] if span.how != How.HELD else []
    marks += ["disputed"] if span.disputed else []
    marks += ["corrected"] if span.corrected else []
    return f"{holder} ({', '.join(marks)})" if marks else holder


def _where(span: Custody) -> str:
    return ", ".join(visible(part) for part in (span.country, span.place) if part is not None)


def _weight(weight: int | None) -> str:
    return "weight unknown" if weight is None else carats(weight)


def _day(when: str | None) -> str:
    return "unknown" if when is None else when.partition("T")[0]
