"""Field tables: what a body may hold, of which kind, in which unit, sealed or not.

An event type is a frozen record whose fields are declared with `need`, `may` and `rows`. From that one
declaration come the strict reading of bodies, the options of the commands, the columns of templates and the
tables in the README. Reading never guesses: a value of another kind is a `Problem` naming the field.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final, NamedTuple

from ledger.domain import forms, vocabulary
from ledger.edtf import Span
from ledger.edtf import parse as parse_date
from ledger.values import dataclass


class Withheld:
    """A sealed value that the reader was not given. Every fold meets it and stays total."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "WITHHELD"

    def __bool__(self) -> bool:
        return False


WITHHELD: Final = Withheld()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a body cannot be read: ``field`` (dotted, rows counted from 1), a catalogue ``code``, the value."""

    field: str
    code: str
    value: object = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value.

    ``holds`` says whether a body's value is of this kind; ``read`` turns what a person typed into such a
    value (``ValueError`` otherwise); ``show`` writes it for a person; ``form`` says in words what is
    expected.
    """

    name: str
    form: str
    holds: Callable[[Any], bool]
    read: Callable[[str], Any]
    show: Callable[[Any], str] = str
    choices: tuple[str, ...] = ()


def _choice(name: str, choices: tuple[str, ...]) -> Kind:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return Kind(name, "one of " + ", ".join(choices), lambda value: value in choices, read, str, choices)


def _ident(name: str, form: str) -> Kind:
    return Kind(name, f"{form}, 1-64 characters without ':'", vocabulary.is_identifier, forms.identifier)


PARCEL = _ident("parcel", "a parcel's id")
PARTY = _ident("party", "a party's id, such as dealer-7")
SITE = _ident("site", "a site's id")
LICENCE = _ident("licence", "a licence's number")
MANDATE = _ident("mandate", "a mandate's id")
MEASURE = _ident("measure", "a measure's id, such as UNSC-1643")
APPLICATION = _ident("application", "an application's number")
ALERT = _ident("alert", "an alert's id")
FINDING = _ident("finding", "a finding's id")
GRANT = _ident("grant", "a grant's id")
SEAL = _ident("seal", "a seal's number")
NUMBER = _ident("number", "a certificate's number as it is printed")
TEXT = Kind("text", "text of at most 4,000 characters without control characters", forms.is_text, forms.plain)
NOTE = Kind("note", "a signed note", forms.is_note, forms.note)
COUNTRY = Kind("country", "a country's two capital letters, such as BW", *forms.matching(r"[A-Z]{2}"))
LANGUAGE = Kind(
    "language", "a language tag, such as en or fr-CD", *forms.matching(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
)
CURRENCY = Kind("currency", "three capital letters (ISO 4217)", *forms.matching(r"[A-Z]{3}"))
DECIMAL = Kind("decimal", "a decimal number", *forms.matching(r"[0-9]{1,18}(\.[0-9]{1,6})?"))
CERTIFICATE = Kind(
    "certificate", "issuer and number, such as BW/00000107", *forms.matching(r"[A-Z]{2}/[^\s:/]{1,60}")
)
SUBJECT = Kind(
    "subject", "a kind and an id, such as party:dealer-7", *forms.matching(r"(parcel|party|site):[^:]{1,64}")
)
WIRE = Kind(
    "act", "a type of act, such as parcel-sold/1", *forms.matching(r"[a-z0-9]+(-[a-z0-9]+)*/[1-9][0-9]*")
)
HS = _choice("hs", vocabulary.HS_CODES)
WEIGHT = Kind(
    "weight",
    "carats with at most three decimals, such as 12.345",
    forms.whole(0, 2**53 - 1)[0],
    vocabulary.parse_carats,
    vocabulary.carats,
)
VALUE = Kind(
    "value",
    "US dollars with at most two decimals",
    forms.whole(0, 2**53 - 1)[0],
    vocabulary.parse_dollars,
    vocabulary.dollars,
)
STONES = Kind("stones", "a whole number of stones, from 1", *forms.whole(1, 10**9))
NUMBERED = Kind("n", "a whole number from 1", *forms.whole(1, 10**9))
COUNTED = Kind("count", "a whole number from 0", *forms.whole(0, 2**53 - 1))
DAYS = Kind("days", "a whole number of days from 1", *forms.whole(1, 10**9))
YEARS = Kind("years", "a whole number of years from 1", *forms.whole(1, 10**9))
PERCENT = Kind(
    "percent",
    "percent with at most two decimals, such as 0.50",
    forms.whole(0, 2**53 - 1)[0],
    forms.parse_percent,
    forms.show_percent,
)
INDEX = Kind("index", "an entry's index, from 0", *forms.whole(0, 2**53 - 1))
DATE = Kind("date", "a date such as 2015, 2015-11 or 2015-11-16", forms.is_date, forms.date)
HASH = Kind("hash", "32 bytes in hexadecimal", *forms.octets(32), bytes.hex)
KEY = Kind("key", "an author's key in hexadecimal", *forms.octets(33, 1313), bytes.hex)
PROOF = Kind("proof", "a signature in hexadecimal", *forms.octets(64, 2420), bytes.hex)
YES = Kind("yes", "yes or no", lambda v: isinstance(v, bool), forms.yes, lambda v: "yes" if v else "no")
BODY = Kind("body", "a prepared body", lambda v: isinstance(v, Mapping), forms.plain)
ROLE = _choice("role", tuple(Role.value for Role in vocabulary.Role))
LICENCE_KIND = _choice("licence kind", tuple(k.value for k in vocabulary.LicenceKind))
MINING = _choice("mining", tuple(k.value for k in vocabulary.Mining))
CHANNEL = _choice("channel", tuple(k.value for k in vocabulary.Channel))
PURPOSE = _choice("purpose", tuple(k.value for k in vocabulary.Purpose))
LOSS = _choice("loss", tuple(k.value for k in vocabulary.Loss))
EFFECT = _choice("effect", ("no-trade", "no-origin", "supervised", "zones-only", "no-party", "data-only"))
MOTION = _choice("motion", ("holder", "authority"))
RETURN_REASON = _choice("return reason", ("unused", "expired"))
DIRECTION = _choice("direction", ("sent", "received"))
FATE = _choice("fate", ("destroyed", "sold", "kept"))
PIN = _choice("pin", ("first", "extends", "not-shown"))
INSPECTION = _choice("inspection", ("all", "risk"))
GOVERNING = _choice("governing valuation", ("highest", "latest", "authority", "exporter"))
ALERT_KIND = _choice("alert kind", ("fake-certificate", "suspicious-shipment", "infringement", "fork"))
FINDING_STATE = _choice(
    "finding state", ("open", "sent", "answered", "explained", "corrected", "confirmed", "dismissed")
)
OUTCOME = _choice("outcome", ("open", "unsold", "sold", "withdrawn"))


@dataclass(frozen=True, slots=True)
class Field:
    """One row of a field table.

    ``many``: an array; ``row``: an array of records of that class; ``always``: what the act is about, which
    even a documented act must name.
    """

    name: str
    kind: Kind | None
    about: str
    required: bool = False
    sealed: bool = False
    many: bool = False
    row: type[Any] | None = None
    always: bool = False
    since: int = 1


def need(kind: Kind, about: str, *, many: bool = False, sealed: bool = False, always: bool = False) -> Any:
    """A field that a live act must carry; a documented act may leave it unknown unless it is needed
    ``always``.
    """
    row = Field("", kind, about, True, sealed, many, always=always)
    return dataclasses.field(default=() if many else None, metadata={"field": row})


def may(kind: Kind, about: str, *, many: bool = False, sealed: bool = False) -> Any:
    """A field that may be absent."""
    row = Field("", kind, about, False, sealed, many)
    return dataclasses.field(default=() if many else None, metadata={"field": row})


def rows(row: type[Any], about: str, *, required: bool = True) -> Any:
    """A field that is an array of records, each with its own field table."""
    field = Field("", None, about, required, False, True, row)
    return dataclasses.field(default=(), metadata={"field": field})


_TABLES: dict[Any, tuple[Field, ...]] = {}


def table(record: type[Any]) -> tuple[Field, ...]:
    """The field table of a record class, in the order of its declaration."""
    found = _TABLES.get(record)
    if found is None:
        found = tuple(
            dataclasses.replace(field.metadata["field"], name=field.name)
            for field in dataclasses.fields(record)
            if "field" in field.metadata
        )
        _TABLES[record] = found
    return found


def read(
    record: type[Any], body: Mapping[str, Any], *, lenient: bool = False, at: str = ""
) -> tuple[Any, list[Problem]]:
    """``(record, [])`` from a body, or ``(None, problems)``.

    ``lenient`` permits required fields to be absent: what a documented act does not know. A sealed field may
    be `WITHHELD`.
    """
    plain = plainly(record, body, lenient=lenient)
    return closely(record, body, lenient=lenient, at=at) if plain is None else (plain, [])


def closely(
    record: type[Any], body: Mapping[str, Any], *, lenient: bool = False, at: str = ""
) -> tuple[Any, list[Problem]]:
    """`read`, with all that can be said of a body that is not as its table says."""
    by_name = {field.name: field for field in table(record)}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in body.items():
        field = by_name.get(name)
        if field is None:
            problems.append(Problem(at + name, "field-unknown", value))
            continue
        values[name] = _read_value(field, value, lenient, at, problems)
    for field in table(record):
        if field.required and (field.always or not lenient) and field.name not in values:
            problems.append(Problem(at + field.name, "field-missing"))
    return (None, problems) if problems else (record(**values), problems)


def _read_value(field: Field, value: Any, lenient: bool, at: str, problems: list[Problem]) -> Any:
    name = at + field.name
    if value is WITHHELD:
        if not field.sealed:
            problems.append(Problem(name, "field-not-sealed"))
        return value
    if not field.many:
        if not field.kind.holds(value):  # type: ignore[union-attr]
            problems.append(Problem(name, "field-kind", value))
        return value
    if not isinstance(value, (list, tuple)) or not value:
        problems.append(Problem(name, "field-array", value))
        return ()
    if field.row is not None:
        return _read_rows(field.row, value, lenient, name, problems)
    holds = field.kind.holds  # type: ignore[union-attr]
    problems.extend(
        Problem(f"{name}.{n}", "field-kind", item) for n, item in enumerate(value, 1) if not holds(item)
    )
    return tuple(value)


def _read_rows(
    row: type[Any], value: Any, lenient: bool, name: str, problems: list[Problem]
) -> tuple[Any, ...]:
    lines = []
    for number, item in enumerate(value, 1):
        if not isinstance(item, Mapping):
            problems.append(Problem(f"{name}.{number}", "field-kind", item))
            continue
        line, found = read(row, item, lenient=lenient, at=f"{name}.{number}.")
        problems.extend(found)
        lines.append(line)
    return tuple(lines)


Check = Callable[[Any], bool]


class _Plan(NamedTuple):
    """A field table, sorted out for reading and writing."""

    single: dict[str, Check]
    several: dict[str, Check]
    rows: dict[str, type[Any]]
    needed: frozenset[str]
    always: frozenset[str]


_PLANS: dict[Any, _Plan] = {}


def _plan(record: type[Any]) -> _Plan:
    found = _PLANS.get(record)
    if found is None:
        every = sorted(table(record), key=lambda row: row.name)  # as canonical bytes have them
        found = _PLANS[record] = _Plan(
            {row.name: row.kind.holds for row in every if row.kind is not None and not row.many},
            {row.name: row.kind.holds for row in every if row.kind is not None and row.many},
            {row.name: row.row for row in every if row.row is not None},
            frozenset(row.name for row in every if row.required),
            frozenset(row.name for row in every if row.required and row.always),
        )
    return found


def plainly(record: type[Any], body: Mapping[str, Any], *, lenient: bool = False) -> Any:
    """The record of a body that plainly is as its table says; None: look `closely`. Most bodies are plain."""
    single, several, lines, needed, always = _plan(record)
    if not (always if lenient else needed) <= body.keys():
        return None
    values = {}
    for name, value in body.items():
        if name in single:
            if not single[name](value):
                return None
        else:
            found = _arrayed(value, several.get(name), lines.get(name), lenient)
            if found is None:
                return None
            value = found
        values[name] = value
    return record(**values)


def _arrayed(value: Any, holds: Check | None, row: type[Any] | None, lenient: bool) -> tuple[Any, ...] | None:
    if type(value) is not list or not value:
        return None
    if holds is not None:
        return tuple(value) if all(map(holds, value)) else None
    if row is None:
        return None
    found = [plainly(row, item, lenient=lenient) if type(item) is dict else None for item in value]
    return None if None in found else tuple(found)


def plain(record: Any) -> bool:
    """Whether a record is as its table says: `read` gives an equal one from what `write` makes of it."""
    plan = _plan(type(record))
    for name, holds in plan.single.items():
        value = getattr(record, name)
        if value is None:
            if name in plan.needed:
                return False
        elif not holds(value):
            return False
    for name in (*plan.several, *plan.rows):
        items = getattr(record, name)
        if type(items) is not tuple or (name in plan.needed and not items):
            return False
        each = plan.several.get(name)
        if not (_plain_lines(plan.rows[name], items) if each is None else all(map(each, items))):
            return False
    return True


def _plain_lines(row: type[Any], lines: tuple[Any, ...]) -> bool:
    """`plain` of many records, by columns: a sheet has hundreds."""
    plan = _plan(row)
    if not {row}.issuperset(map(type, lines)):
        return False
    if plan.several or plan.rows:
        return all(map(plain, lines))
    for name, holds in plan.single.items():
        column = map(attrgetter(name), lines)
        if not all(map(holds, column if name in plan.needed else (one for one in column if one is not None))):
            return False
    return True


def write(record: Any) -> dict[str, Any]:
    """The body of a record: fields that are absent or empty are left out, `read` gives the record back."""
    plan = _plan(type(record))
    if not plan.several and not plan.rows:
        return {name: value for name in plan.single if (value := getattr(record, name)) is not None}
    body: dict[str, Any] = {}
    for field in table(type(record)):
        value = getattr(record, field.name)
        if value is None or (field.many and value == ()):
            continue
        if field.row is not None:
            value = [write(line) for line in value]
        elif field.many and value is not WITHHELD:
            value = list(value)
        body[field.name] = value
    return body


def span(date: str | None) -> Span | None:
    """The interval of a date field, None where it is absent."""
    return None if date is None else parse_date(date)
