"""A lineage as data: one JSON value for programs, rows of custody for a spreadsheet.

JSON: weights in thousandths of a carat, times as the acts spell them, entries by their index, None where
nothing is told. CSV: one row for each span of custody, weights in carats with three decimals. A cell that a
spreadsheet would take for a formula begins with an apostrophe.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from ledger import messages
from ledger.domain import events as e
from ledger.domain.certificates import Certificate
from ledger.projections.attestations import Attestation
from ledger.projections.lineage import Lineage, Making, Node
from ledger.projections.remarks import Remark, changes, gap_remark, remarks
from ledger.projections.spans import Custody, Stage
from ledger.projections.yields import Yield, yields

HEADERS = (
    "parcel",
    "name",
    "made_from",
    "holder",
    "how",
    "since",
    "until",
    "country",
    "place",
    "carats",
    "certificate",
    "act",
    "opened_by_entry",
    "closed_by_entry",
    "from_sources",
    "corrected",
    "disputed",
    "gap_before",
)


def value(lineage: Lineage, attested: Iterable[Attestation] = ()) -> dict[str, Any]:
    """The whole lineage, and who else agreed with its acts, as a value that JSON can hold."""
    moment = lineage.moment
    count, first = lineage.opaque
    return {
        "parcel": lineage.start,
        "direction": lineage.direction.value,
        "moment": {"kind": moment.kind, "at": moment.text or None, "said": str(moment)},
        "parcels": [_parcel(node) for node in lineage.nodes.values()],
        "makings": [_making(making) for making in lineage.makings],
        "edges": [
            {
                "from": edge.source,
                "to": edge.target,
                "weight": edge.weight,
                "act": edge.act,
                "entry": edge.index,
            }
            for edge in lineage.edges
        ],
        "origins": [_origin(asdict(origin)) for origin in lineage.origins],
        "certificates": [_certificate(found) for found in lineage.certificates.values()],
        "yields": [_yield(one) for one in yields(lineage)],
        "attestations": [{"entry": a.entry, "by": a.party, "in_entry": a.index} for a in attested],
        "remarks": [_remark(remark) for remark in remarks(lineage)],
        "not_counted": list(lineage.uncertain),
        "opaque": {"count": count, "first": first},
        "limits": messages.text("trace-limits", {}),
    }


def _parcel(node: Node) -> dict[str, Any]:
    told = node.history
    now = told.now
    return {
        "parcel": node.parcel,
        "names": list(told.names),
        "distance": node.distance,
        "weight": told.weight,
        "last_weight": told.last_weight,
        "stones": told.stones,
        "hs": told.hs,
        "holder": now.holder if now is not None else None,
        "how": "used up" if told.ended else now.how.value if now is not None else None,
        "from_sources": told.documented,
        "marked": told.marked,
        "mixed": node.mixed,
        "custody": [_custody(span) for span in told.spans],
        "gaps": [_remark(gap_remark(node.parcel, gap)) for gap in told.gaps],
        "acts": [_stage(stage) for stage in (*told.stages, *told.struck)],
    }


def _custody(span: Custody) -> dict[str, Any]:
    return {
        "holder": span.holder,
        "how": span.how.value,
        "since": span.since,
        "until": span.until,
        "country": span.country,
        "place": span.place,
        "weight": span.weight,
        "certificate": span.certificate,
        "act": span.act,
        "opened_by_entry": span.opened,
        "closed_by_entry": span.closed,
        "from_sources": span.documented,
        "corrected": span.corrected,
        "disputed": span.disputed,
    }


def _stage(stage: Stage) -> dict[str, Any]:
    event, reading = stage.event, stage.reading
    told = {
        "entry": stage.entry,
        "act": event.TYPE,
        "when": stage.when,
        "by": getattr(event, "by", None),
        "to": getattr(event, "to", None),
        "weight": stage.weight,
        "from_sources": stage.documented,
        "disputed": stage.disputed,
        "struck": stage.struck,
        "discrepancies": []
        if isinstance(event, e.Opaque)
        else [asdict(line) for line in event.discrepancies],
    }
    if reading.correction is not None and reading.original is not None:
        changed = changes(reading.original.event, event)
        told["corrected"] = {
            "by_entry": reading.correction.index,
            "reason": getattr(reading.correction.event, "reason", None),
            "changes": [{"field": f, "before": before, "after": after} for f, before, after in changed],
        }
    return told


def _making(making: Making) -> dict[str, Any]:
    return {
        "entry": making.index,
        "act": making.act,
        "when": making.stage.when,
        "by": getattr(making.stage.event, "by", None),
        "inputs": list(making.inputs),
        "outputs": [{"parcel": goods.parcel, "weight": goods.weight} for goods in making.outputs],
        "loss": making.loss,
        "complete": making.complete,
        "difference": making.difference,
    }


def _origin(told: dict[str, Any]) -> dict[str, Any]:
    told["entry"] = told.pop("index")
    told["from_sources"] = told.pop("documented")
    return {**told, "countries": list(told["countries"])}


def _certificate(found: Certificate) -> dict[str, Any]:
    return {
        "certificate": found.id,
        "number": found.number,
        "status": found.status,
        "weight": found.weight,
        "origins": list(found.origins),
        "provenance": found.provenance,
        "destination": found.destination,
        "expiry": found.expiry,
        "from_sources": found.documented,
    }


def _yield(one: Yield) -> dict[str, Any]:
    return {
        "parcel": one.parcel,
        "rough": one.rough,
        "polished": one.polished,
        "permille": one.permille,
        "complete": one.complete,
        "cuts": list(one.cuts),
    }


def _remark(remark: Remark) -> dict[str, Any]:
    return {"code": remark.code, "parcel": remark.parcel, "entry": remark.entry, "said": str(remark)}


def rows(lineage: Lineage) -> Iterator[tuple[str | int | None, ...]]:
    """One row for each span of custody, parcel by parcel, nearest first; see ``HEADERS``."""
    sources: dict[str, list[str]] = {}
    for making in lineage.makings:
        for goods in making.outputs:
            sources.setdefault(goods.parcel, []).extend(making.inputs)
    for node in lineage.nodes.values():
        told = node.history
        gaps: dict[int | None, str] = {
            gap.before: str(gap_remark(node.parcel, gap)) for gap in told.gaps
        }  # taken by the next span
        name = told.names[0] if told.names else None
        for span in told.spans:
            texts = (node.parcel, name, "; ".join(sources.get(node.parcel, ())), span.holder, span.how.value)
            where = (span.since, span.until, span.country, span.place)
            yield (
                *map(cell, (*texts, *where)),
                None if span.weight is None else f"{span.weight // 1000}.{span.weight % 1000:03}",
                cell(span.certificate),
                span.act,
                span.opened,
                span.closed,
                *("yes" if mark else "no" for mark in (span.documented, span.corrected, span.disputed)),
                cell(gaps.pop(span.closed if span.opened is None else span.opened, None)),
            )


def cell(text: str | None) -> str | None:
    """Text that no spreadsheet takes for a formula.

    >>> cell("=1+1"), cell("P1"), cell("\\t@x")
    ("'=1+1", 'P1', "'\\t@x")
    """
    if text and (text.lstrip()[:1] in ("=", "+", "-", "@") or text[0] in "\t\r\n"):
        return "'" + text
    return text
