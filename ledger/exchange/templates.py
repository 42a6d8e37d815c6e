"""The tables that can be imported: their columns, what a cell may hold, and an example that itself imports.

| template           | a row is                          | becomes                                  |
|--------------------|-----------------------------------|------------------------------------------|
| `production-sheet` | one parcel recovered at a site    | `parcel-mined/1` by site, date and miner |
| `parties`          | one party                         | `party-registered/1`                     |
| `history`          | one act that a source tells, or   | documented acts, see `histories`         |
|                    | one piece that came out of it     |                                          |

A heading may be written in any letter case, with spaces, dashes or underscores, and with its unit behind it:
`Weight (ct)`, `weight_g`. A few words that the trade uses instead are understood.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum

from ledger.domain import fields as f
from ledger.domain.vocabulary import folded
from ledger.exchange import sheets
from ledger.exchange.history_form import KINDS, TYPES
from ledger.values import dataclass

REASON = "reason"
"""The column that a file of rejects has in front; it is left out when the mended file is imported."""


class Measure(Enum):
    """Columns that hold numbers with decimals: a weight in carats or grams, a value in US dollars."""

    WEIGHT = "weight"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, what a cell holds, whether it may be empty; ``many`` words with spaces between."""

    name: str
    holds: f.Kind | Measure
    about: str
    required: bool = False
    many: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A table that can be imported; ``example`` are rows by column name."""

    name: str
    columns: tuple[Column, ...]
    example: tuple[dict[str, str], ...]

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    def recognised(self, heading: str) -> tuple[Column, str | None] | None:
        """The column that a heading means and the unit it states, None for a heading nobody knows."""
        bare, unit = _unit_of(_bare(heading))
        for column in self.columns:
            names = [_bare(name) for name in (column.name, *column.also)]
            if bare in names:
                if bare in ("carats", "grams"):
                    unit = {"carats": "ct", "grams": "g"}[bare]
                return column, unit
        return None


def _bare(heading: str) -> str:
    return re.sub(r"[\s_\-]+", " ", folded(heading)).strip()


_UNITS = dict.fromkeys(("ct", "cts", "carat", "carats"), "ct") | dict.fromkeys(
    ("g", "gr", "gram", "grams"), "g"
)


def _unit_of(bare: str) -> tuple[str, str | None]:
    found = re.fullmatch(r"(.+?) ?[(\[]?\b([a-z]+)[)\]]?", bare)
    if found and found[2] in _UNITS and found[1].strip():
        return found[1].strip(), _UNITS[found[2]]
    return bare, None


def _one_of(name: str, choices: tuple[str, ...]) -> f.Kind:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return f.Kind(name, "one of " + ", ".join(choices), lambda value: value in choices, read, str, choices)


PRODUCTION = Template(
    "production-sheet",
    (
        Column("parcel", f.PARCEL, "the id the parcel gets", True, also=("parcel id", "lot")),
        Column("weight", Measure.WEIGHT, "its weight", True, also=("carats", "grams")),
        Column("stones", f.STONES, "how many stones", also=("pieces", "pcs")),
        Column("hs", f.HS, "HS code", also=("hs code",)),
        Column("name", f.TEXT, "the name it is known by"),
        Column("site", f.SITE, "the site where it was recovered", True, also=("mine",)),
        Column("date", f.DATE, "when, such as 2015-11-16", True),
        Column("by", f.PARTY, "the miner; the key's party where empty", also=("miner",)),
        Column("place", f.TEXT, "where, in words"),
        Column("note", f.TEXT, "a remark on the sheet"),
    ),
    (
        {"parcel": "K-0001", "weight": "12.50", "stones": "1", "hs": "710210", "name": "", "site": "karowe",
         "date": "2024-01-02", "by": "", "place": "", "note": ""},
        {"parcel": "K-0002", "weight": "3.07", "stones": "14", "hs": "710210", "name": "", "site": "karowe",
         "date": "2024-01-02", "by": "", "place": "", "note": ""},
    ),
)  # fmt: skip

PARTIES = Template(
    "parties",
    (
        Column("party", f.PARTY, "the party's id, a public pseudonym", True, also=("id", "party id")),
        Column("roles", f.ROLE, "what it may do, with spaces between", True, True, also=("role",)),
        Column("residence", f.COUNTRY, "its country", also=("country",)),
        Column("name", f.TEXT, "its name (sealed)"),
        Column("address", f.TEXT, "its address (sealed)"),
        Column("nationality", f.TEXT, "its nationality or residence status (sealed)"),
        Column("note", f.TEXT, "a remark"),
    ),
    (
        {"party": "karowe-mine", "roles": "miner", "residence": "BW", "name": "Example Mining Ltd",
         "address": "", "nationality": "", "note": ""},
        {"party": "dealer-7", "roles": "dealer cutter", "residence": "BW", "name": "Example Diamonds Ltd",
         "address": "", "nationality": "", "note": ""},
    ),
)  # fmt: skip

OUTPUT = "output"
"""The type of a row that names a piece that came out of the act above it."""

HISTORY = Template(
    "history",
    (
        Column("history", f.PARCEL, "the history's id, which its first parcel gets", True),
        Column("title", f.TEXT, "what the goods are known as, on the history's first row"),
        Column("kind", _one_of("kind", KINDS), "stone or parcel, on the history's first row"),
        Column("type", _one_of("type", (*TYPES, OUTPUT)), "what happened, as the source calls it", True),
        Column("date", f.DATE, "when, such as 2015, 2015-11, 2015-11-16 or 1989/1990"),
        Column("date words", f.TEXT, "when, in the source's words"),
        Column("place", f.TEXT, "where, in words"),
        Column("country", f.COUNTRY, "the country where it happened"),
        Column("actor", f.TEXT, "who acted, as the source calls them"),
        Column("counterparty", f.TEXT, "to whom, as the source calls them"),
        Column("piece", f.TEXT, "of an output: its name"),
        Column("weight", Measure.WEIGHT, "the weight the source states", also=("carats", "grams")),
        Column("price usd", Measure.VALUE, "the price paid, in US dollars"),
        Column("value usd", Measure.VALUE, "another value, in US dollars"),
        Column("value basis", f.TEXT, "what that value is"),
        Column("complete", f.YES, "of a polishing: whether the outputs are all"),
        Column("note", f.TEXT, "what else the source says"),
        Column("sources", f.TEXT, "addresses of the sources, with spaces between; needed but for outputs"),
    ),
    (
        {"history": "example-stone", "title": "An example, 12.50 ct", "kind": "stone", "type": "mined",
         "date": "2014-01", "place": "Example mine", "country": "BW", "actor": "Example Mining Ltd",
         "weight": "12.50", "note": "No stone of this kind was ever found.",
         "sources": "https://example.org/stone"},
        {"history": "example-stone", "type": "polished", "date": "2015", "actor": "Example Cutters",
         "weight": "12.50", "complete": "no", "sources": "https://example.org/stone"},
        {"history": "example-stone", "type": "output", "piece": "the larger pear", "weight": "3.20"},
    ),
)  # fmt: skip

CERTIFICATES = Template(
    "certificates",
    (
        Column("number", f.NUMBER, "the certificate's number as printed", True, also=("certificate", "kpc")),
        Column("flow", _one_of("flow", ("export", "import")), "what it was to the one who lists it", True),
        Column("provenance", f.COUNTRY, "the participant it left, which issued it", True, also=("from",)),
        Column("destination", f.COUNTRY, "the participant it went to", True, also=("to",)),
        Column("date", f.DATE, "the day of export or of arrival", True),
        Column("weight", Measure.WEIGHT, "the shipment's weight", True, also=("carats",)),
        Column("value usd", Measure.VALUE, "its value in US dollars", also=("value", "us value")),
        Column("hs", f.HS, "HS code; a certificate with several has a line for each", also=("hs code",)),
        Column("origins", f.COUNTRY, "countries of mining origin, with spaces between", many=True),
        Column("exporter", f.TEXT, "who exports"),
        Column("importer", f.TEXT, "who imports"),
        Column("parcels", f.STONES, "how many parcels"),
        Column("confirmed", f.YES, "of an export: whether receipt was confirmed"),
        Column("basis", f.TEXT, "what the value is: FOB, CIF, re-assessed"),
        Column("became", _one_of("became", ("returned", "lost")), "of an export that did not enter: "
               "what became of it; stolen is lost; of an import: lost, where that was told and nothing came"),
    ),
    (
        {"number": "BW 107", "flow": "import", "provenance": "BW", "destination": "AE", "date": "2024-03-04",
         "weight": "1200.50", "value usd": "240100.00", "hs": "710231", "origins": "BW", "exporter": "",
         "importer": "", "parcels": "2", "confirmed": "", "basis": "CIF", "became": ""},
        {"number": "AE 4711", "flow": "export", "provenance": "AE", "destination": "BW", "date": "2024-05-16",
         "weight": "310.00", "value usd": "99000.00", "hs": "710231", "origins": "AO BW ZA",
         "exporter": "", "importer": "", "parcels": "1", "confirmed": "yes", "basis": "FOB", "became": ""},
    ),
)  # fmt: skip
"""A partner's certificates, to be reconciled with; never imported."""

TEMPLATES = {template.name: template for template in (PRODUCTION, PARTIES, HISTORY)}
"""The tables that can be imported, by name."""


def as_csv(template: Template) -> str:
    """The template with its example, as CSV: commas, decimal points, weights in carats."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(_rows(template))
    return text.getvalue()


def as_workbook(template: Template) -> bytes:
    """The same as XLSX; weights and values are numbers, whatever the language of whoever opens it.

    Raises `Unavailable` (``xlsx-missing``).
    """
    headings, *rows = _rows(template)
    numbers = [isinstance(column.holds, Measure) for column in template.columns]
    typed = [
        [Decimal(cell) if number and cell else cell for cell, number in zip(row, numbers, strict=True)]
        for row in rows
    ]
    return sheets.workbook(template.name, [headings, *typed])


def _rows(template: Template) -> Iterator[list[str]]:
    yield [_heading(column) for column in template.columns]
    for row in template.example:
        yield [row.get(column.name, "") for column in template.columns]


def _heading(column: Column) -> str:
    return f"{column.name} (ct)" if column.holds is Measure.WEIGHT else column.name
