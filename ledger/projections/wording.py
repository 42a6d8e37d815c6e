"""Acts in words: the fields of an event as people read them, from its field table.

A field that is sealed and not given here reads *withheld*; nothing is left out and nothing is added.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ledger.domain import events as e
from ledger.domain import fields
from ledger.domain.fields import Field, Withheld

WITHHELD_TEXT = "withheld"
_BREAK = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_FEW = 3
_SHARED = frozenset({"by", "country", "place", "note", "language"})
_FIRST = frozenset(
    {"parcel", "parcels", "lines", "inputs", "parts", "certificate", "party", "licence", "site"}
)
"""Fields that say what an act is about: in a summary they stand without their name."""


def one_line(text: str) -> str:
    """A line of a report, whatever others wrote into it: breaks are spaces, controls are spelled out.

    So no text can begin a line of its own, move a terminal's cursor, hide what follows or turn it around.

    >>> one_line("a note\\nresult: it holds"), one_line("\\x1b[8m")
    ('a note result: it holds', '\\\\u001b[8m')
    """
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", _BREAK.sub(" ", text))


def told(event: e.Event | e.Opaque) -> Iterator[tuple[str, str]]:
    """(field, text) for every field that is there."""
    if isinstance(event, e.Opaque):
        for name, value in event.body.items():
            yield name, str(value)
        return
    for field in fields.table(type(event)):
        value = getattr(event, field.name)
        if value is not None and value != ():
            yield field.name, shown(field, value)


def body_of(event: e.Event | e.Opaque) -> dict[str, Any]:
    """An act's body as it was recorded, `WITHHELD` where a sealed value is not given here."""
    return dict(event.body) if isinstance(event, e.Opaque) else e.write(event)


def shown(field: Field, value: Any, most: int | None = None) -> str:
    """A field's value; of many at most ``most``, and how many more there are."""
    if isinstance(value, Withheld):
        return WITHHELD_TEXT
    if not field.many:
        return _one(field, value)
    texts = [_row(line) if field.row is not None else _one(field, line) for line in value[:most]]
    rest = len(value) - len(texts)
    return ", ".join(texts) + (f" and {rest} more" if rest else "")


def _one(field: Field, value: Any) -> str:
    return str(value) if field.kind is None else field.kind.show(value)


def _row(line: Any) -> str:
    """A row: its key and the values beside it, unknown ones left out."""
    values = [(field, getattr(line, field.name)) for field in fields.table(type(line))]
    return " ".join(shown(field, value) for field, value in values if value is not None and value != ())


def summary(event: e.Event | e.Opaque) -> str:
    """An act in one line: what it is about first, then the rest."""
    if isinstance(event, e.Opaque):
        return "not understood by this version"
    if isinstance(event, e.Corrected):
        return f"entry {event.index}: {event.reason}"
    parts = []
    for field in fields.table(type(event)):
        value = getattr(event, field.name)
        if field.name in _SHARED or value is None or value == ():
            continue
        if field.kind in (fields.HASH, fields.KEY, fields.PROOF):
            continue
        text = shown(field, value, _FEW)
        parts.append(text if field.name in _FIRST else f"{field.name.replace('_', ' ')} {text}")
    return "; ".join(parts)


def replaced(now: e.Event | e.Opaque, then: e.Event | e.Opaque) -> Iterator[tuple[str, str, str]]:
    """(field, what it was, what it is) for every field that a correction changed; empty for not there."""
    before, after = dict(told(then)), dict(told(now))
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            yield name, before.get(name, ""), after.get(name, "")
