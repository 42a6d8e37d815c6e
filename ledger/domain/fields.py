"""Field tables: what a body may hold, of which kind, in which unit, sealed or not.

An event type is a frozen record whose fields are declared with `need`, `may` and `rows`. From that one
declaration come the strict reading of bodies, the options of the commands, the columns of templates and the
tables in the README. Reading never guesses: a value of another kind is a `Problem` naming the field.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

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


def span(date: str | None) -> Span | None:
    """The interval of a date field, None where it is absent."""
    return None if date is None else parse_date(date)
