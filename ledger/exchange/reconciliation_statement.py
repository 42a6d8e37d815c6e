"""The statement of a reconciliation: text that both sides can read, and that both make byte for byte alike.

Lines of JSON (RFC 8259), each an object with its names in order, without spaces, in UTF-8, ended by a line
feed. The first line says what was compared and by which terms, then come the mirrors (MS1), then every
certificate with what each side has of it. Participants are in the order of the alphabet, certificates in that
of exporter, importer and key; nothing in it depends on who made it, and nothing on a ledger's own entries or
pseudonyms. Weights are thousandths of a carat, values US cents, tolerances of value hundredths of a percent.

Its SHA-256 goes into `reconciliation-stated/1`, which both sides attest.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Any

from ledger.investigation.mirror import Mirror, mirrors
from ledger.investigation.reconciliation import AGREES, CLASSES, OPEN, Flow, Pair, Terms
from ledger.investigation.shipments import Shipment

FORMAT = "adamas-reconciliation/1"


def statement(flows: Sequence[Flow], period: str, terms: Terms) -> bytes:
    """The statement of what was reconciled."""
    return b"".join(lines(flows, period, terms))


def lines(flows: Sequence[Flow], period: str, terms: Terms) -> Iterator[bytes]:
    """The same, line by line: it may be longer than memory."""
    written = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
    return (f"{written(line)}\n".encode() for line in _lines(flows, period, terms))


def _lines(flows: Sequence[Flow], period: str, terms: Terms) -> Iterator[dict[str, Any]]:
    ordered = sorted(flows, key=lambda flow: (flow.exporter, flow.importer))
    yield _head(ordered, period, terms)
    for flow in ordered:
        yield from (_mirror(flow, one) for one in mirrors_of(flow, terms))
    for flow in ordered:
        yield from (_certificate(flow, pair) for pair in flow.pairs)


def digest(text: bytes) -> bytes:
    """The SHA-256 by which a statement is named."""
    return sha256(text).digest()


def tally(flows: Sequence[Flow]) -> tuple[int, int, int]:
    """How many certificates agree, how many differ, and of how many of these nobody knows why."""
    kinds: Counter[str] = Counter()
    for flow in flows:
        kinds += flow.counted
    return kinds[AGREES], kinds.total() - kinds[AGREES], sum(kinds[kind] for kind in OPEN)


def mirrors_of(flow: Flow, terms: Terms) -> list[Mirror]:
    """MS1 of one direction, over the shipments that belong to the period."""
    sent = (one for pair in flow.pairs for one in pair.sent)
    received = (one for pair in flow.pairs for one in pair.received)
    return mirrors(sent, received, terms.first, terms.last)


def _head(flows: Sequence[Flow], period: str, terms: Terms) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "participants": sorted({name for flow in flows for name in (flow.exporter, flow.importer)}),
        "period": period,
        "terms": {"weight": terms.weight, "value": terms.value, "days": terms.days},
        "flows": [
            {
                "from": flow.exporter,
                "to": flow.importer,
                "classes": {kind: counted[kind] for kind in CLASSES if counted[kind]},
            }
            for flow, counted in ((flow, flow.counted) for flow in flows)
        ],
    }


def _mirror(flow: Flow, one: Mirror) -> dict[str, Any]:
    return {
        "from": flow.exporter,
        "to": flow.importer,
        "quarter": one.quarter,
        "hs": one.hs,
        "exported": one.exported,
        "imported": one.imported,
        "asymmetry": fraction(one.asymmetry),
        **_values(one),
    }


def _values(one: Mirror) -> dict[str, Any]:
    if one.value_asymmetry is None:
        return {}
    return {
        "exported_value": one.exported_value,
        "imported_value": one.imported_value,
        "value_asymmetry": fraction(one.value_asymmetry),
    }


def fraction(found: Any) -> str | None:
    """An exact fraction as text: ``-1/5``; ``0`` and whole numbers without a bar."""
    return None if found is None else str(found)


def _certificate(flow: Flow, pair: Pair) -> dict[str, Any]:
    line: dict[str, Any] = {
        "certificate": pair.certificate,
        "from": flow.exporter,
        "to": flow.importer,
        "class": pair.kind,
    }
    if len(pair.differences) > 1:
        line["differences"] = list(pair.differences)
    if pair.kind == AGREES and len(pair.sent) == len(pair.received) == 1:
        sent, received = dict(_told(pair.sent[0], pair)), dict(_told(pair.received[0], pair))
        days = {"sent_on": sent.pop("day", None), "received_on": received.pop("day", None)}
        if sent == received:  # most are: what both have is said once
            return {**line, **{name: day for name, day in days.items() if day is not None}, "both": sent}
    if pair.sent:
        line["sent"] = [dict(_told(one, pair)) for one in pair.sent]
    if pair.received:
        line["received"] = [dict(_told(one, pair)) for one in pair.received]
    return line


def _told(one: Shipment, pair: Pair) -> Iterator[tuple[str, Any]]:
    """What both sides may know of a shipment: no entry, no pseudonym."""
    if one.certificate != pair.certificate:
        yield "certificate", one.certificate
    if one.day is not None:
        yield "day", _day(one.day)
    if one.weight is not None:
        yield "weight", one.weight
    if one.value is not None:
        yield "value", one.value
    if one.parcels is not None:
        yield "parcels", one.parcels
    for name, place in (("provenance", one.provenance), ("destination", one.destination)):
        if place is not None:
            yield name, place
    if one.classes:
        yield "classes", dict(one.classes)
    if one.origins:
        yield "origins", list(one.origins)


@lru_cache(maxsize=4_096)
def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()
