"""A table's cells into values: the whole file is looked at, every fault named by row and column.

| code                                        | the cell                                                     |
|---------------------------------------------|--------------------------------------------------------------|
| `cell-missing`                              | is empty and must not be                                     |
| `cell-kind`                                 | is not of the kind that the column takes                     |
| `cell-long`, `cell-control`, `cell-formula` | has 4,001 characters; control characters; only a formula     |
| `weight-not-a-number`, `weight-negative`    | is no weight                                                 |
| `weight-too-fine`                           | is a weight with a part of 0.001 ct                          |
| `row-long`                                  | (the row) has more cells than there are headings             |
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from typing import Any

from ledger import messages
from ledger.domain.fields import DATE
from ledger.exchange.dialect import Dialect, plain_date, plain_number
from ledger.exchange.history_form import exact
from ledger.exchange.sheets import Cell, Figure, Formula
from ledger.exchange.tabular import Table
from ledger.exchange.templates import Column, Measure
from ledger.values import dataclass

LONGEST_CELL = 4_000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""With these a spreadsheet begins to compute; a cell of ours that begins so has an apostrophe before it."""
CARATS_IN_A_GRAM = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row cannot be taken: ``column`` None where it is about all of it; ``code`` in the catalogue;
    ``refused`` where a rule says so.
    """

    row: int
    column: str | None
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)
    refused: bool = False

    @property
    def said(self) -> str:
        """The sentence without its place."""
        return messages.text(self.code, self.values)

    def __str__(self) -> str:
        place = {"row": self.row, "column": self.column, "code": self.code, "said": self.said}
        return messages.text("fault-cell" if self.column else "fault-row", place)


@dataclass(frozen=True, slots=True)
class Line:
    """A row whose cells could all be read: values by column name, without the empty ones."""

    row: int
    values: Mapping[str, Any]


def check(table: Table) -> tuple[list[Line], list[Fault]]:
    """Every row as values, or its faults; a row with a fault is no line."""
    lines: list[Line] = []
    faults: list[Fault] = []
    known: Known = {}
    for row, cells in table.rows:
        values, found = _values(table, row, cells, known)
        faults.extend(found)
        if not found:
            lines.append(Line(row, values))
    return lines, faults


Known = dict[tuple[int, Cell], Any]
"""Cells that were read before, by column and text: a sheet says its site and date in every row."""

_MOST_KNOWN = 10_000


def _values(
    table: Table, row: int, cells: tuple[Cell, ...], known: Known
) -> tuple[dict[str, Any], list[Fault]]:
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    if len(cells) > len(table.columns):
        faults.append(Fault(row, None, "row-long", {"cells": len(cells), "columns": len(table.columns)}))
    for place, column in enumerate(table.columns):
        cell = cells[place] if place < len(cells) else ""
        if column is None or (cell == "" and not column.required):
            continue
        if (place, cell) in known:
            values[column.name] = known[place, cell]
            continue
        try:
            value = read_cell(column, cell, table.dialect)
        except CellTrouble as trouble:
            faults.append(Fault(row, column.name, trouble.code, trouble.values))
            continue
        if value is None:
            continue
        values[column.name] = value
        # A number's text does not tell whether the sheet had it as a number or as text with its own mark.
        if len(known) < _MOST_KNOWN and not isinstance(column.holds, Measure):
            known[place, cell] = value
    return values, faults


class CellTrouble(Exception):
    """A cell that cannot be read: ``code`` in the catalogue and the text's ``values``."""

    code: str

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


def read_cell(column: Column, cell: Cell, dialect: Dialect) -> Any:
    """What the cell holds, None where it is empty and may be. Raises `CellTrouble`."""
    if isinstance(cell, Formula):
        raise CellTrouble("cell-formula", value=cell.text[:40])
    text = cell.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if text.startswith("'") and text[1:2] in FORMULA_STARTS:
        text = text[1:]
    if not text:
        if column.required:
            raise CellTrouble("cell-missing")
        return None
    if len(text) > LONGEST_CELL:
        raise CellTrouble("cell-long", most=LONGEST_CELL)
    if not text.isprintable() and any(_is_control(character) for character in text):
        raise CellTrouble("cell-control", value=repr(text[:40]))
    if isinstance(column.holds, Measure):
        decimal = "." if isinstance(cell, Figure) else dialect.get("decimal", ".")
        return _measure(column.holds, text, decimal, dialect.get("unit", "ct"))
    written = plain_date(text, dialect.get("dates", "")) if column.holds is DATE else text
    words = written.split() if column.many else [written]
    try:
        read = tuple(column.holds.read(word) for word in words)
    except ValueError:
        raise CellTrouble("cell-kind", value=text[:40], form=column.holds.form) from None
    return read if column.many else read[0]


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and character not in "\n\t"


def _measure(measure: Measure, text: str, decimal: str, unit: str) -> int:
    weight = measure is Measure.WEIGHT
    try:
        number = Decimal(plain_number(text, decimal))
    except ValueError:
        code = "weight-not-a-number" if weight else "value-not-a-number"
        raise CellTrouble(code, value=text[:40]) from None
    if number < 0:
        raise CellTrouble("weight-negative" if weight else "value-negative", value=text[:40])
    if weight and unit == "g":
        number *= CARATS_IN_A_GRAM
    try:
        return exact(number, 3 if weight else 2)
    except ValueError:
        raise CellTrouble("weight-too-fine" if weight else "value-too-fine", value=text[:40]) from None
