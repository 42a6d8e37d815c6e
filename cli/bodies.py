"""Prepared bodies: JSON files, and what is wrong with a body field by field.

A body file is the JSON object that ``adamas show entry N --json`` prints as ``body``::

    {"parcel": "P1", "loss": 100,
     "outputs": [{"parcel": "P2", "weight": 3500}, {"parcel": "P3", "weight": 8900}]}

Weights are whole thousandths of a carat, values whole US cents, keys and hashes hexadecimal, and nothing is a
fraction: a number with a decimal point is refused, so that 3.5 is never taken for 3.5 thousandths.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ledger import messages
from ledger.domain.act import Discrepancy
from ledger.domain.events import EVENTS, Event, read
from ledger.domain.fields import Field, Kind, Problem, table
from ledger.errors import Malformed

FORMS = {
    "weight": "a whole number of thousandths of a carat, such as 3500 for 3.5 ct",
    "value": "a whole number of US cents, such as 5000 for 50 dollars",
    "stones": "a whole number from 1",
    "index": "a whole number from 0",
    "percent": "a whole number of hundredths of a percent, such as 50 for 0.50 percent",
    "yes": "true or false",
    "body": "an object",
}
"""What a file holds where it differs from what a person types."""

_BYTES = ("hash", "key", "proof")
_LARGEST_FILE = 16 * 1024 * 1024


def read_body(path: Path, event: type[Event]) -> dict[str, Any]:
    """The body in a JSON file, bytes read from hexadecimal; its fields are judged later, with the others.

    What ``adamas show entry N --json`` printed will do as well, if the entry is of that type. Raises
    `Malformed` (``body-...``) for a file that cannot be read or is no JSON object.
    """
    found = read_object(path)
    if isinstance(found.get("body"), dict) and "type" in found:
        if found["type"] != event.TYPE:
            raise Malformed("body-type", path=str(path), type=found["type"], wanted=event.TYPE)
        found = found["body"]
    return from_json(event, found)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises `Malformed` (``body-...``)."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise Malformed("body-file-size", path=str(path), most=_LARGEST_FILE)
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        raise Malformed("body-file", path=str(path), reason=problem.strerror) from None
    except UnicodeDecodeError as problem:
        raise Malformed("body-file", path=str(path), reason=f"no UTF-8 at byte {problem.start}") from None
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise Malformed("body-json", path=str(path), reason=str(problem)) from None
    if not isinstance(found, dict):
        raise Malformed("body-object", path=str(path))
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the field {name!r} stands twice")
    return dict(pairs)


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def from_json(record: type[Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """A body from its JSON form: hexadecimal becomes bytes where the field table says so, text is NFC."""
    fields = {field.name: field for field in table(record)}
    return {
        name: _from_json(fields[name], value) if name in fields else value for name, value in document.items()
    }


def _from_json(field: Field, value: Any) -> Any:
    if field.row is not None and isinstance(value, list):
        return [from_json(field.row, row) if isinstance(row, dict) else row for row in value]
    if field.kind is not None and field.kind.name in _BYTES and isinstance(value, str):
        return bytes.fromhex(value) if re.fullmatch(r"([0-9a-f]{2})+", value) else value
    return _normal(value)


def _normal(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_normal(item) for item in value]
    if isinstance(value, dict):
        return {name: _normal(item) for name, item in value.items()}
    return value


def event_of(wire: str, body: Mapping[str, Any], *, file: Path | None = None) -> Event:
    """The event of a body. Raises `Malformed` (``body-faults``) that names every field at fault."""
    event, problems = read(wire, body)
    if event is None:
        said = sentences(problems, wire, in_file=file is not None)
        faults = " " + "; ".join(said)
        where = f"the body in {file}" if file is not None else "the act"
        raise Malformed("body-faults", where=where, type=wire, faults=faults)
    return event


def sentences(problems: Sequence[Problem], wire: str, *, in_file: bool) -> list[str]:
    """What is wrong with each field, for a person."""
    return [_sentence(problem, wire, in_file) for problem in problems]


def _sentence(problem: Problem, wire: str, in_file: bool) -> str:
    kind = _kind(problem.field, wire)
    form = "something else"
    if kind is not None:
        form = FORMS.get(kind.name, kind.form) if in_file else kind.form
    value = json.dumps(problem.value, ensure_ascii=False, default=str)
    values = {"field": problem.field, "type": wire, "form": form, "value": value}
    return messages.text(problem.code, values)


def _kind(path: str, wire: str) -> Kind | None:
    """The kind of a dotted field, rows counted from 1."""
    record: type[Any] | None = EVENTS.get(wire)
    kind: Kind | None = None
    for name in path.split("."):
        if name.isdigit() or record is None:
            continue
        field = next((field for field in table(record) if field.name == name), None)
        if name == "discrepancies":
            record = Discrepancy
        elif field is not None:
            record, kind = field.row, field.kind
    return kind
