"""Lists: of parcels, certificates, parties, licences and sites, as of whatever moment the rows stand for.

The same function answers from the views of today and from a replay of a moment: it is given rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from ledger.domain.certificates import HOLDS_GOODS
from ledger.domain.parcels import HELD
from ledger.edtf import Span, day_before, spans
from ledger.projections.register_goods import CERTIFICATES, PARCELS
from ledger.projections.register_parties import LICENCES, PARTIES, SITES
from ledger.projections.stored import listed
from ledger.store.rows import Row, Rows, Table, Where
from ledger.values import dataclass

Values = dict[str, Any]
Filters = Mapping[str, Any]

STATUS, EXPIRED = "status", "expired"
"""Of a parcel: the state of the certificate it is or was under, *expired* where its goods may still travel
under it and its last day is over."""

_PAGE = 400
SEIZED = "seized"
"""Not a condition of its own: held, by an authority that took the goods."""


@dataclass(frozen=True, slots=True)
class List:
    """A list: its rows' ``table``, the columns that can be asked for (``filters``, by option), the
    ``columns`` that people are shown first, those that hold ``several`` values, those that are yes or no.
    """

    table: Table
    filters: Mapping[str, str]
    columns: tuple[str, ...]
    several: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()


LISTS: dict[str, List] = {
    "parcels": List(
        PARCELS,
        {
            "holder": "holder",
            "owner": "owner",
            "condition": "condition",
            "country": "country",
            "site": "site",
            "certificate": "certificate",
            "hs": "hs",
            "documented": "documented",
        },
        (
            "parcel",
            "weight",
            "stones",
            "hs",
            "condition",
            "holder",
            "country",
            "certificate",
            STATUS,
            "documented",
        ),
        frozenset({"origins", "sources", "outputs", "seals", "names"}),
        frozenset({"documented", "marked"}),
    ),
    "certificates": List(
        CERTIFICATES,
        {
            "status": "status",
            "exporter": "exporter",
            "provenance": "provenance",
            "destination": "destination",
            "documented": "documented",
        },
        ("certificate", "status", "weight", "exporter", "provenance", "destination", "expiry"),
        frozenset({"parts", "classes", "origins", "seals"}),
        frozenset({"documented", "technical"}),
    ),
    "parties": List(
        PARTIES,
        {"role": "roles", "residence": "residence", "documented": "documented"},
        ("party", "roles", "residence", "name", "documented"),
        frozenset({"standings", "withdrawn", "aliases", "licences", "mandates", "keys"}),
        frozenset({"known", "documented"}),
    ),
    "licences": List(
        LICENCES,
        {"party": "party", "licensed": "licensed", "site": "site"},
        ("licence", "party", "licensed", "national", "site", "since", "until", "withdrawn"),
    ),
    "sites": List(
        SITES,
        {"country": "country", "operator": "operator", "documented": "documented"},
        ("site", "name", "country", "zone", "operator", "mining", "capacity", "documented"),
        frozenset({"aliases"}),
        frozenset({"known", "documented"}),
    ),
}


def items(
    rows: Rows,
    name: str,
    filters: Filters,
    *,
    home: str | None = None,
    limit: int | None = None,
    day: Span | None = None,
) -> Iterator[Values]:
    """The rows of a list that fulfil every filter that is not None, by id, with their columns' names.

    ``home`` is the ledger's own country, in which live goods are of which no act names one; ``day`` the one
    that certificates must still be valid on, None to say only what acts made of them.
    """
    asked = LISTS[name]
    where, test = _conditions(
        asked, {key: value for key, value in filters.items() if value is not None}, home
    )
    found = (line_of(name, row) for row in rows.select(asked.table, where))
    shown = islice((values for values in found if test(values)), limit)
    return _certified(rows, shown, day) if asked.table is PARCELS else shown


def _certified(rows: Rows, parcels: Iterator[Values], day: Span | None) -> Iterator[Values]:
    """Parcels, each with the status of its certificate."""
    while page := list(islice(parcels, _PAGE)):
        named = {(values["certificate"],) for values in page if values["certificate"] is not None}
        found = rows.among(CERTIFICATES, sorted(named))
        known = {key: _status(row, day) for key, row in found.items()}
        yield from ({**values, STATUS: known.get((values["certificate"],))} for values in page)


def _status(row: Row, day: Span | None) -> str | None:
    status, expiry = (row[CERTIFICATES.places[column]] for column in ("status", "expiry"))
    if day is None or expiry is None or status not in HOLDS_GOODS:
        return status  # type: ignore[no-any-return]
    return EXPIRED if day_before(spans(expiry), day) else status


def line_of(name: str, row: Row) -> Values:
    """A list's row with its columns' names; what is written as text for several values is several values."""
    asked = LISTS[name]
    values = asked.table.labelled(row)
    for column in asked.several:
        values[column] = listed(values[column])
    for column in asked.flags:
        values[column] = bool(values[column])
    return values


def _conditions(
    asked: List, filters: Filters, home: str | None
) -> tuple[Sequence[Where], Callable[[Values], bool]]:
    where: list[Where] = [] if "known" not in asked.table.places else [Where("known", "is", 1)]
    tests: list[Callable[[Values], bool]] = []
    for key, value in filters.items():
        column = asked.filters[key]
        if key == "documented":
            where.append(Where(column, "is", int(value)))
        elif key == "role":
            where.append(Where(column, "holds", value))
            tests.append(lambda values, wanted=value: wanted in values["roles"].split())  # type: ignore[misc]
        elif value == SEIZED and key == "condition":
            where += [Where("condition", "is", HELD), Where("seized_by", "not", None)]
        elif asked.table is PARCELS and key == "country" and value == home:
            where.append(Where(column, "among", (value,), empty=True))
            tests.append(lambda values: values["country"] is not None or not values["documented"])
        else:
            where.append(Where(column, "is", value))
    return where, lambda values: all(test(values) for test in tests)
