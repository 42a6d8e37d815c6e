"""Tables from files: CSV or a workbook, read with limits into rows of cells under a template's columns.

Nothing is repaired and nothing is left out in silence: a heading that the template does not know is refused,
unless it was said to be left out. Limits: 64 MiB, 64 columns, 1,000,000 rows. Rows are numbered as a
spreadsheet shows them: the headings are row 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from ledger import messages
from ledger.domain.fields import DATE
from ledger.errors import Malformed, Unconfirmed
from ledger.exchange import dialect as d
from ledger.exchange.sheets import (
    MOST_COLUMNS,
    MOST_ROWS,
    OLD_WORKBOOK,
    WORKBOOK,
    Cell,
    Figure,
    rows_of_sheet,
    sheet_names,
)
from ledger.exchange.templates import REASON, Column, Measure, Template
from ledger.values import dataclass

MOST_BYTES = 64 * 1024 * 1024
LEAVE_OUT = "-"


@dataclass(frozen=True, slots=True)
class Options:
    """What a person said of a file; ``columns`` maps its headings to the template's, ``-`` leaves one out."""

    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None
    unit: str | None = None
    sheet: str | None = None
    dates: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows under a template; ``columns`` has None for a heading that is left out."""

    template: Template
    dialect: d.Dialect
    headings: tuple[str, ...]
    columns: tuple[Column | None, ...]
    rows: tuple[tuple[int, tuple[Cell, ...]], ...]


def read_file(path: Path) -> bytes:
    """The file's bytes.

    Raises `Malformed`: ``table-missing``, ``table-unreadable``, ``table-big``, ``table-empty``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise Malformed("table-missing", path=str(path)) from None
    except OSError as problem:
        raise Malformed("table-unreadable", path=str(path), reason=str(problem.strerror)) from None
    if len(data) > MOST_BYTES:
        raise Malformed("table-big", path=str(path), most=MOST_BYTES)
    if not data.strip():
        raise Malformed("table-empty", path=str(path))
    return data


def read_table(data: bytes, template: Template, options: Options) -> Table:
    """The table in the bytes of a CSV file or a workbook.

    Raises `Unconfirmed` (``dialect-open``, with ``part`` and ``choices``) for what the file leaves open,
    `Malformed` (``table-...``, ``workbook-...``, ``column-...``), `Unavailable` (``xlsx-missing``).
    """
    if data.startswith(OLD_WORKBOOK):
        raise Malformed("table-old-workbook")
    known: d.Dialect
    rows: Iterator[tuple[int, Sequence[Cell]]]
    if data.startswith(WORKBOOK):
        known, rows = _workbook(data, options)
    else:
        known, rows = _text(data, template, options)
    return _under(template, known, rows, options)


def _workbook(data: bytes, options: Options) -> tuple[d.Dialect, Iterator[tuple[int, Sequence[Cell]]]]:
    names = sheet_names(data)
    if options.sheet is not None and options.sheet not in names:
        raise Malformed("table-no-sheet", sheet=options.sheet, sheets=", ".join(names))
    if options.sheet is not None:
        part = d.given("sheet", options.sheet)
    elif len(names) == 1:
        part = d.Part("sheet", names[0], messages.text("dialect-one-sheet", {}))
    else:
        because = messages.text("dialect-sheets", {"sheets": ", ".join(names)})
        raise _open(d.Part("sheet", None, because), names)
    return d.Dialect((part,)), rows_of_sheet(data, d.Dialect((part,))["sheet"])


def _text(
    data: bytes, template: Template, options: Options
) -> tuple[d.Dialect, Iterator[tuple[int, Sequence[Cell]]]]:
    encoding = d.given("encoding", options.encoding) if options.encoding else d.encoding_of(data)
    if encoding.value is None:
        raise _open(encoding, d.CODE_PAGES)
    text = d.decoded(data, encoding.value)

    def recognised(headings: list[str]) -> int:
        return sum(_column(template, heading, options) is not None for heading in headings)

    separator = d.separator_of(text, recognised)
    if options.separator:
        separator = d.given("separator", options.separator)
    if separator.value is None:
        raise _open(separator, ["comma", "semicolon", "tab", "pipe"])
    return d.Dialect((encoding, separator)), d.rows_of(text, separator.value)


def _open(part: d.Part, choices: Iterable[str]) -> Unconfirmed:
    values = {"part": part.name, "because": part.because, "choices": ", ".join(choices)}
    return Unconfirmed("dialect-open", **values)


def _under(
    template: Template, known: d.Dialect, rows: Iterator[tuple[int, Sequence[Cell]]], options: Options
) -> Table:
    first = next(rows, None)
    if first is None:
        raise Malformed("table-no-rows")
    headings = tuple(_heading(cell) for cell in _trimmed(first[1]))
    columns, unit = _columns(template, headings, options)
    kept: list[tuple[int, tuple[Cell, ...]]] = []
    for number, cells in rows:
        if len(kept) >= MOST_ROWS:
            raise Malformed("table-rows", most=MOST_ROWS)
        trimmed = _trimmed(cells)
        if len(trimmed) > MOST_COLUMNS:
            raise Malformed("table-columns", row=number, most=MOST_COLUMNS)
        if trimmed:
            kept.append((number, trimmed))
    if not kept:
        raise Malformed("table-no-rows")
    table = Table(template, known, headings, columns, tuple(kept))
    return _measured(table, unit, options)


def _heading(cell: Cell) -> str:
    return cell.strip() if isinstance(cell, str) else cell.text


def _trimmed(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    last = len(cells)
    while last and isinstance(cells[last - 1], str) and not str(cells[last - 1]).strip():
        last -= 1
    return tuple(cells[:last])


def _column(template: Template, heading: str, options: Options) -> tuple[Column, str | None] | None:
    wanted = options.columns.get(heading.strip(), heading)
    return None if wanted == LEAVE_OUT else template.recognised(wanted)


def _columns(
    template: Template, headings: tuple[str, ...], options: Options
) -> tuple[tuple[Column | None, ...], str | None]:
    """The columns that the headings mean, and the unit that one of them states."""
    if len(headings) > MOST_COLUMNS:
        raise Malformed("table-columns", row=1, most=MOST_COLUMNS)
    found: list[Column | None] = []
    unit = None
    for heading in headings:
        if options.columns.get(heading) == LEAVE_OUT or heading.casefold() == REASON:
            found.append(None)
            continue
        known = _column(template, heading, options)
        if known is None:
            names = ", ".join(column.name for column in template.columns)
            raise Malformed("column-unknown", heading=heading[:60], columns=names)
        if known[0] in found:
            raise Malformed("column-twice", column=known[0].name)
        found.append(known[0])
        unit = known[1] if known[0].holds is Measure.WEIGHT else unit
    for column in template.columns:
        if column.required and column not in found:
            raise Malformed("column-missing", column=column.name, template=template.name)
    return tuple(found), unit


def _measured(table: Table, unit: str | None, options: Options) -> Table:
    """The table with the parts of its dialect that only its cells tell."""
    parts: list[d.Part] = []
    measures = [n for n, column in enumerate(table.columns) if column and isinstance(column.holds, Measure)]
    if measures:
        numbers = (
            cells[n]
            for _, cells in table.rows
            for n in measures
            if n < len(cells) and isinstance(cells[n], str) and not isinstance(cells[n], Figure)
        )
        part = d.decimal_of(str(number) for number in numbers)
        parts.append(d.given("decimal", options.decimal) if options.decimal else part)
        if parts[-1].value is None:
            raise _open(parts[-1], ["point", "comma"])
    if any(column and column.holds is Measure.WEIGHT for column in table.columns):
        parts.append(_unit(unit, options))
    if (dates := _dates(table, options)) is not None:
        parts.append(dates)
    return Table(table.template, table.dialect.then(*parts), table.headings, table.columns, table.rows)


def _dates(table: Table, options: Options) -> d.Part | None:
    """The order of day and month, where a date of the table is written so."""
    places = [n for n, column in enumerate(table.columns) if column is not None and column.holds is DATE]
    found = (cells[n] for _, cells in table.rows for n in places if n < len(cells))
    part = d.dates_of(dict.fromkeys(cell for cell in found if isinstance(cell, str)))
    if part is not None and options.dates:
        return d.given("dates", options.dates)
    if part is not None and part.value is None:
        raise _open(part, d.DATES)
    return part


def _unit(stated: str | None, options: Options) -> d.Part:
    if options.unit:
        return d.given("unit", options.unit)
    if stated is None:
        raise _open(d.Part("unit", None, messages.text("dialect-no-unit", {})), ["carats", "grams"])
    return d.Part("unit", stated, messages.text("dialect-unit", {}))
