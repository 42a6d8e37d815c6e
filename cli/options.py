"""From a field table to options: what an act's body holds is what its command asks for.

The field that the act is about comes first, without a name; every other field is an option. Fields of the
same name repeat the option (``--seal A1 --seal A2``), rows are written ``KEY=WEIGHT[,field=value...]``, a
value with a comma or an equals sign in double quotes::

    adamas parcel split P1 --output P2=3.500 --output 'P3=9.000,hs=710231,name="Big, blue"' --loss 0.1

What people type is brought to NFC, so that two spellings of one letter are one name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from ledger import messages
from ledger.domain.events import EVENTS, Event
from ledger.domain.fields import CERTIFICATE, COUNTRY, Field, Kind, table
from ledger.domain.vocabulary import certificate_key

FIRST = {
    "certificate-issued/1": "number",
    "shipment-imported/1": "number",
    "attested/1": "index",
}
"""What an act is about, where that is not the first field of its table."""

_PLAIN = frozenset(
    {
        "parcel",
        "party",
        "site",
        "licence",
        "mandate",
        "seal",
        "number",
        "text",
        "index",
        "stones",
        "days",
        "years",
    }
)
"""Kinds whose name says enough in a line of help."""

_SINGULAR = {"classes": "class", "entries": "entry", "parties": "party", "hs": "hs"}
_NAMED = {
    ("shipment-imported/1", "origin"): "--issuer-ledger",
    ("shipment-imported/1", "entry"): "--issuer-entry",
    ("shipment-imported/1", "hash"): "--issuer-hash",
    ("partner-recognised/1", "keys"): "--verifier-key",
}
"""Options whose field's name would be another's option, or say too little."""

_PIECE = re.compile(r'"([^"]*)"|([^",=]+)|([,=])')
_COMMAS = re.compile(r"[0-9][0-9., \u00a0\u202f']*")
_PRINTED = re.compile(r"([A-Za-z]{2})[ .-]?[0-9][^/:]*")
"""A certificate's number as it is printed, with its issuer's letters before it."""
_DESTINATION = "field_"
_REPEATED = 60


_LAST = ("parcel-forfeited/1",)
"""Acts that end what others of their family begin, and are defined with those of another one."""

if TYPE_CHECKING:
    Reader = click.ParamType[Any]  # generic for the type checker from click 8.5 on
else:
    Reader = click.ParamType


class FieldType(Reader):
    """A value of one kind, read as its field table says."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.name = kind.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The body's value of what was typed; click's usage error for anything else."""
        if not isinstance(value, str):
            return value
        try:
            return read_value(self.kind, value)
        except ValueError as trouble:
            self.fail(str(trouble), param, ctx)


class RowType(Reader):
    """A row: its key, mostly its weight, and named fields."""

    name = "row"

    def __init__(self, record: type[Any]) -> None:
        self.record = record

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The row as a map; click's usage error for anything else."""
        if not isinstance(value, str):
            return value
        try:
            return read_row(self.record, value)
        except ValueError as trouble:
            self.fail(str(trouble), param, ctx)


def normal(text: str) -> str:
    """Text in Unicode's normal form C."""
    return unicodedata.normalize("NFC", text)


def clipped(text: str) -> str:
    """What was typed, as an answer repeats it: its beginning, where it is long."""
    return text if len(text) <= _REPEATED else text[:_REPEATED] + "..."


def read_value(kind: Kind, text: str) -> Any:
    """The value of what a person typed. Raises ``ValueError`` with a sentence for a person."""
    try:
        return kind.read(normal(text))
    except ValueError:
        raise ValueError(_why_not(kind, text)) from None


def _why_not(kind: Kind, text: str) -> str:
    """What is wrong with a value, and what was perhaps meant."""
    values = {"text": clipped(text), "form": kind.form}
    if "," in text and _COMMAS.fullmatch(text):
        return messages.text("value-comma", values)
    if kind is COUNTRY and (code := _country_called(text)) is not None:
        return messages.text("value-printed", {**values, "meant": code})
    letters = _PRINTED.fullmatch(text) if kind is CERTIFICATE else None
    if letters is None:
        return messages.text("value-form", values)
    return messages.text("value-printed", {**values, "meant": certificate_key(letters[1].upper(), text)})


def _country_called(text: str) -> str | None:
    """The letters of the country that the shipped register calls so, or that were written small."""
    from ledger.domain.vocabulary import folded
    from ledger.exchange.participant_register import shipped_register

    for row in shipped_register()["participant"]:
        if folded(text) in (folded(row["code"]), folded(row["name"])):
            return str(row["code"])
    return None


def read_row(record: type[Any], text: str) -> dict[str, Any]:
    """The map of a row as a person typed it. Raises ``ValueError`` with a sentence for a person."""
    known = {field.name: field for field in table(record)}
    names = list(known)
    row: dict[str, Any] = {}
    before = ""
    for place, (name, value) in enumerate(_pieces(text)):
        if place == 0:
            row[names[0]] = _row_value(known[names[0]], name)
            if value is not None:
                row[names[1]] = _row_value(known[names[1]], value)
        elif value is None and name.isdecimal() and before.rstrip().isdecimal():
            raise ValueError(messages.text("row-comma", {"number": f"{before},{name}"}))
        elif name not in known or value is None:
            raise ValueError(messages.text("row-field", {"text": name, "fields": ", ".join(names[1:])}))
        elif name in row:
            raise ValueError(messages.text("row-twice", {"field": name}))
        else:
            row[name] = _row_value(known[name], value)
        before = value or ""
    return row


def _row_value(field: Field, text: str) -> Any:
    if field.kind is None:
        raise ValueError(field.name)
    try:
        if field.many:
            return [read_value(field.kind, part) for part in text.split(";")]
        return read_value(field.kind, text)
    except ValueError as trouble:
        raise ValueError(f"{field.name}: {trouble}") from None


def _pieces(text: str) -> Iterator[tuple[str, str | None]]:
    """``name=value`` pairs; the value is None where there is no equals sign."""
    name, value, part = "", None, ""
    place = 0
    for found in _PIECE.finditer(text):
        if found.start() != place:
            break
        place = found.end()
        quoted, plain, mark = found.groups()
        if mark == "=" and value is None:
            name, value, part = part, "", ""
        elif mark == ",":
            yield (part, None) if value is None else (name, part)
            name, value, part = "", None, ""
        else:
            part += quoted if quoted is not None else plain if plain is not None else mark
    if place != len(text) or not text:
        raise ValueError(messages.text("row-quotes", {"text": text}))
    yield (part, None) if value is None else (name, part)


def first_field(event: type[Event]) -> Field:
    """The field that an act is about: the one without an option."""
    fields = table(event)
    wanted = FIRST.get(event.TYPE, _own(fields)[0].name)
    return next(field for field in fields if field.name == wanted)


def _own(fields: tuple[Field, ...]) -> list[Field]:
    shared = {field.name for field in table(Event)}
    return [field for field in fields if field.name not in shared]


def option_name(event: type[Event], field: Field) -> str:
    """The option of a field: singular where it is repeated, dashes for underscores."""
    special = _NAMED.get((event.TYPE, field.name))
    if special is not None:
        return special
    name = _SINGULAR.get(field.name, field.name.removesuffix("s")) if field.many else field.name
    return "--" + name.replace("_", "-")


def metavar(field: Field) -> str:
    """How a field's value is shown in a usage line."""
    if field.row is not None:
        return "ROW"
    return field.kind.name.upper().replace(" ", "-") if field.kind is not None else "VALUE"


def parameters(event: type[Event], notes: Mapping[str, str]) -> list[click.Parameter]:
    """The argument and the options of an act's own fields; those shared by all acts come last.

    ``notes`` tell of each field that is filled in when left out.
    """
    first = first_field(event)
    shared = [field.name for field in table(Event)]
    own = [field for field in _own(table(event)) if field.name != first.name]
    rest = [field for field in table(event) if field.name in shared and field.name != "by"]
    return [_argument(first), *(_option(event, field, notes) for field in (*own, *rest))]


def shown_first(field: Field) -> str:
    """How the field that an act is about is shown."""
    if field.row is None:
        return metavar(field)
    return "PARCEL=WEIGHT" if table(field.row)[1].required else "PARCEL[=WEIGHT]"


def _argument(field: Field) -> click.Argument:
    shown = shown_first(field)
    return click.Argument(
        [_DESTINATION + field.name], type=_type(field), nargs=-1 if field.many else 1, required=False,
        metavar=shown + ("..." if field.many else ""),
    )  # fmt: skip


def _option(event: type[Event], field: Field, notes: Mapping[str, str]) -> click.Option:
    return click.Option(
        [_DESTINATION + field.name, option_name(event, field)], type=_type(field), multiple=field.many,
        metavar=metavar(field), help=about(field, notes.get(field.name)),
    )  # fmt: skip


def _type(field: Field) -> Reader:
    if field.row is not None:
        return RowType(field.row)
    if field.kind is None:
        raise TypeError(field.name)
    return FieldType(field.kind)


def about(field: Field, note: str | None = None) -> str:
    """A field's line of help: what it is, its form, whether it is needed, sealed or filled in."""
    remarks = []
    if note is not None:
        remarks.append(f"filled in: {note}")
    elif field.required:
        remarks.append("needed")
    if field.sealed:
        remarks.append("sealed")
    if field.many:
        remarks.append("repeat for more")
    told = f"  [{'; '.join(remarks)}]" if remarks else ""
    shown = form(field)
    return f"{field.about[0].upper()}{field.about[1:]}{': ' if shown else ''}{shown}.{told}"


def form(field: Field) -> str:
    """What a person writes for a field; empty where the option's metavar says it."""
    if field.row is None:
        return "" if field.kind is None or field.kind.name in _PLAIN else field.kind.form
    first, second, *others = table(field.row)
    more = (f",{row.name}=..." if row.required else f"[,{row.name}=...]" for row in others)
    return f"{first.name.upper()}={second.name.upper()}" + "".join(more)


def body_of(event: type[Event], given: Mapping[str, Any]) -> dict[str, Any]:
    """The body that was typed: only what was given, in the order of the field table."""
    body: dict[str, Any] = {}
    for field in table(event):
        value = given.get(_DESTINATION + field.name)
        if value is not None and value != ():
            body[field.name] = list(value) if field.many else value
    return body


def act_classes() -> list[type[Event]]:
    """Every act that has a command in a family, as a family's life goes: `init` opens a ledger, and acts on
    entries have no family.
    """
    found = [
        event for event in EVENTS.values() if len(event.COMMAND) == 2 and event.TYPE != "ledger-opened/1"
    ]
    return sorted(found, key=lambda event: event.TYPE in _LAST)
