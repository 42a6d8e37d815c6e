"""The form of a documented history: what sources say happened to some goods, act by act, as read from a file.

One JSON object a line (UTF-8):

    {"id": "meya-391", "name": "Meya 391.45 ct", "kind": "stone", "events": [{"date": "2024-08-20",
     "type": "mined", "place": "Meya mine, Kono district", "country": "SL", "actor": "Meya Mining",
     "counterparty": null, "carats": 514.99, "price_usd": null, "outputs": [], "note": "...",
     "sources": ["https://..."]}, ...]}

`kind` is `stone` where all acts are about one stone and what was made of it, otherwise `parcel`. An event
may also have `date_note` (a date in words), `value_usd` with `value_basis`, `weight_basis`, and `complete`
(whether the outputs are all). Weights are read from their decimals, exactly, into thousandths of a carat,
values into US cents. What does not have this form is `Malformed`; nothing is repaired.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from ledger.domain.vocabulary import is_identifier
from ledger.errors import Malformed
from ledger.values import dataclass

TYPES = (
    "mined", "split", "weighed", "tendered", "sold", "polished", "imported", "exported", "reported",
    "certified", "mixed", "stolen",
)  # fmt: skip
"""What sources call acts."""

KINDS = ("stone", "parcel")
LONGEST_LINE = 1_000_000
"""Bytes of one history; the longest of the 37 has about 9,000."""

_TEXTS = ("date_note", "place", "actor", "counterparty", "note", "value_basis", "weight_basis")
_ACT_KEYS = {
    *_TEXTS, "date", "type", "country", "carats", "price_usd", "value_usd", "outputs", "sources", "complete",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourcePiece:
    """A piece that came out of an act: its name in the source, its weight in 0.001 ct (None: not told)."""

    name: str | None
    weight: int | None


@dataclass(frozen=True, slots=True)
class SourceAct:
    """One act as a source tells it. ``number`` counts from 1 in its history; None is what the source lacks.

    ``weight`` 0.001 ct, ``price`` and ``value`` US cents; ``date`` as the source has it, ``date_note`` in
    words.
    """

    number: int
    type: str
    date: str | None = None
    date_note: str | None = None
    place: str | None = None
    country: str | None = None
    actor: str | None = None
    counterparty: str | None = None
    weight: int | None = None
    price: int | None = None
    value: int | None = None
    value_basis: str | None = None
    weight_basis: str | None = None
    outputs: tuple[SourcePiece, ...] = ()
    complete: bool | None = None
    note: str | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """The acts that sources tell of one stone, or of goods of one kind, in the order in which they tell."""

    id: str
    name: str
    kind: str
    acts: tuple[SourceAct, ...]


def exact(value: Decimal, places: int) -> int:
    """``value`` in units of 10^-places, exactly; ``ValueError`` if it has more decimals or is negative."""
    scaled = value.scaleb(places)
    if not value.is_finite() or value < 0 or scaled != scaled.to_integral_value():
        raise ValueError(str(value))
    return int(scaled)


def read_histories(path: Path) -> Iterator[History]:
    """The histories of a file. Raises `Malformed` (``history-...``), naming the line and the act."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise Malformed("history-line-long", line=number, most=LONGEST_LINE)
            if line.strip():
                yield history_of(_json(line, number), f"line {number}")


def _json(line: bytes, number: int) -> Any:
    try:
        return json.loads(
            line.decode("utf-8"), parse_float=Decimal, parse_int=Decimal, parse_constant=_no_number,
            object_pairs_hook=_once,
        )  # fmt: skip
    except (ValueError, RecursionError) as problem:
        raise Malformed("history-json", line=number, reason=str(problem)[:120]) from None


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def history_of(value: Any, where: str) -> History:
    """The history of a JSON value; ``where`` says where it stood. Raises `Malformed` (``history-...``)."""
    if not isinstance(value, dict) or value.keys() != {"id", "name", "kind", "events"}:
        raise Malformed("history-form", where=where)
    _check(is_identifier(value["id"]) and len(value["id"]) <= 48, where, "id", value["id"])
    _check(isinstance(value["name"], str) and bool(value["name"]), where, "name", value["name"])
    _check(value["kind"] in KINDS, where, "kind", value["kind"])
    _check(isinstance(value["events"], list) and bool(value["events"]), where, "events", value["events"])
    acts = tuple(_act(item, n, f"{where}, act {n}") for n, item in enumerate(value["events"], 1))
    return History(value["id"], value["name"], value["kind"], acts)


def _check(holds: bool, where: str, field: str, value: object) -> None:
    if not holds:
        raise Malformed("history-field", where=where, field=field, value=str(value)[:80])


def _act(item: Any, number: int, where: str) -> SourceAct:
    _check(isinstance(item, dict), where, "event", item)
    _check(not item.keys() - _ACT_KEYS, where, "event", ", ".join(sorted(item.keys() - _ACT_KEYS)))
    _check(item.get("type") in TYPES, where, "type", item.get("type"))
    for field in _TEXTS:
        _check(item.get(field) is None or _is_text(item[field]), where, field, item.get(field))
    country, date, complete = item.get("country"), item.get("date"), item.get("complete")
    _check(country is None or re.fullmatch("[A-Z]{2}", str(country)) is not None, where, "country", country)
    _check(date is None or _is_text(date), where, "date", date)
    _check(complete in (None, True, False), where, "complete", complete)
    return SourceAct(
        number, item["type"], date, country=country, complete=complete,
        weight=_number(item, "carats", 3, where), price=_number(item, "price_usd", 2, where),
        value=_number(item, "value_usd", 2, where), outputs=_outputs(item.get("outputs") or [], where),
        sources=_sources(item.get("sources"), where), **{field: item.get(field) for field in _TEXTS},
    )  # fmt: skip


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 3000


def _number(item: Mapping[str, Any], field: str, places: int, where: str) -> int | None:
    value = item.get(field)
    if value is None:
        return None
    _check(isinstance(value, Decimal), where, field, value)
    return _exactly(value, places, where, field)


def _exactly(value: Decimal, places: int, where: str, field: str) -> int:
    try:
        return exact(value, places)
    except ValueError:
        raise Malformed("history-number", where=where, field=field, value=str(value), places=places) from None


def _outputs(items: Any, where: str) -> tuple[SourcePiece, ...]:
    _check(isinstance(items, list), where, "outputs", items)
    pieces = []
    for item in items:
        _check(isinstance(item, dict) and not item.keys() - {"name", "carats"}, where, "outputs", item)
        name = item.get("name")
        _check(name is None or _is_text(name), where, "outputs", name)
        pieces.append(SourcePiece(name, _number(item, "carats", 3, where)))
    return tuple(pieces)


def _sources(items: Any, where: str) -> tuple[str, ...]:
    _check(isinstance(items, list) and bool(items) and all(map(_is_text, items)), where, "sources", items)
    return tuple(dict.fromkeys(items))


Reader = Callable[[Path], Iterator[History]]
"""How a file of some format is read into histories."""
