"""One example of every act, for tables that go over all of them."""

from __future__ import annotations

import dataclasses
from typing import Any

from ledger.domain import events as e
from ledger.domain import fields

_VALUES: dict[str, Any] = {
    "parcel": "P-1",
    "party": "dealer-2",
    "site": "karowe",
    "licence": "L-1",
    "mandate": "M-1",
    "seal": "S-77",
    "measure": "UNSC-1643",
    "application": "A-1",
    "alert": "AL-1",
    "finding": "F-1",
    "grant": "G-1",
    "note": "ledger.example/zw/k3\n5\nAnmyjI0=\n",
    "number": "BW 107",
    "decimal": "150000.00",
    "currency": "GBP",
    "text": "Letšeng",
    "country": "BW",
    "language": "st",
    "certificate": "BW/00000107",
    "subject": "party:dealer-1",
    "act": "parcel-mined/1",
    "hs": "710231",
    "weight": 12_500,
    "value": 5_300_000_000,
    "stones": 3,
    "n": 3,
    "count": 0,
    "days": 60,
    "years": 5,
    "percent": 50,
    "index": 0,
    "date": "2024-01-01",
    "hash": bytes(range(32)),
    "key": b"\x01" + bytes(range(32)),
    "proof": bytes(64),
    "yes": True,
    "body": {"by": "miner-1"},
}


def _value(field: fields.Field) -> Any:
    if field.row is not None:
        return (row(field.row),)
    assert field.kind is not None
    value = field.kind.choices[0] if field.kind.choices else _VALUES[field.kind.name]
    return (value,) if field.many else value


def row(record: type[Any]) -> Any:
    """A line with every field filled."""
    return record(**{field.name: _value(field) for field in fields.table(record)})


def example(record: type[e.Event], by: str = "miner-1") -> e.Event:
    """An act with every field filled, done by ``by``."""
    values = {field.name: _value(field) for field in fields.table(record)}
    return record(**{**values, "by": by})


def documented_example(record: type[e.Event]) -> e.Event:
    """The documented form with one discrepancy and everything unknown that may be."""
    found = e.Discrepancy("field-unknown-date", "act:" + record.TYPE, "the source gives no date")
    always = {field.name: _value(field) for field in fields.table(record) if field.always}
    return dataclasses.replace(record(**always), documented=True, discrepancies=(found,))
