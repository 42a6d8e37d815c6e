"""Tables in workbooks (XLSX), written, and read as values only: no formula is computed, no macro or link is
followed.

A workbook is a zip of XML. Before anything is opened it is walked through once with a limit, so that a file
of a few kilobytes cannot become gigabytes, and refused if an XML part declares entities. Numbers become
decimals with the fifteen significant digits that a spreadsheet keeps, dates become `2015-11-16`.

Needs the extra `xlsx`; without it `Unavailable` says what to install.
"""

from __future__ import annotations

import datetime as dt
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from io import BytesIO
from itertools import islice
from typing import Any

from ledger.errors import Malformed, Unavailable
from ledger.values import dataclass

MOST_UNPACKED = 256 * 1024 * 1024
MOST_MEMBERS = 2_000
MOST_COLUMNS = 64
MOST_ROWS = 1_000_000
WORKBOOK = b"PK\x03\x04"
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_CHUNK = 1 << 20


class Figure(str):
    """A cell that holds a number: its decimal mark is a point whatever the sheet's language."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that no program ever computed: there is no value to read."""

    text: str


Cell = str | Formula
_CONTENTS = "[Content_Types].xml"
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError, OSError, EOFError,
    ValueError,
)  # fmt: skip
"""What the zip reader raises for damaged bytes."""


def inspect(data: bytes) -> None:
    """Walk through a workbook's parts without keeping any.

    Raises `Malformed`: ``workbook-none`` (a zip of something else), ``workbook-broken``, ``workbook-big``
    (unpacked size, number of parts), ``workbook-entities``.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as parts:
            members = parts.infolist()
            if len(members) > MOST_MEMBERS or sum(m.file_size for m in members) > MOST_UNPACKED:
                raise Malformed("workbook-big", most=MOST_UNPACKED)
            unpacked = 0
            for member in members:
                for chunk in _chunks(parts, member):
                    unpacked += len(chunk)
                    if unpacked > MOST_UNPACKED:
                        raise Malformed("workbook-big", most=MOST_UNPACKED)
                    if b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk:
                        raise Malformed("workbook-entities", part=member.filename)
            if _CONTENTS not in parts.namelist():
                raise Malformed("workbook-none")
    except _DAMAGED as problem:
        raise Malformed("workbook-broken", reason=str(problem)[:120]) from None


def _chunks(parts: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    tail = b""
    with parts.open(member) as part:
        while chunk := part.read(_CHUNK):
            yield tail + chunk if tail else chunk
            tail = chunk[-16:]


def _openpyxl() -> Any:
    try:
        import openpyxl
    except ImportError:
        raise Unavailable("xlsx-missing") from None
    return openpyxl


def sheet_names(data: bytes) -> list[str]:
    """The names of the sheets that can hold a table.

    Raises as `inspect`, and `Unavailable` (``xlsx-missing``).
    """
    book = _open(data, values=True)
    names = [sheet.title for sheet in book.worksheets]
    book.close()
    return names


def _open(data: bytes, *, values: bool) -> Any:
    library = _openpyxl()
    inspect(data)
    try:
        return library.load_workbook(BytesIO(data), read_only=True, data_only=values, keep_links=False)
    except Exception as problem:  # noqa: BLE001 - a hostile workbook fails in any way the XML reader knows
        raise Malformed("workbook-broken", reason=f"{type(problem).__name__}: {problem}"[:120]) from None


def workbook(name: str, rows: Sequence[Sequence[str | Decimal]]) -> bytes:
    """A workbook of one sheet with headings that stay in sight. Raises `Unavailable` (``xlsx-missing``)."""
    library = _openpyxl()
    book, bold = library.Workbook(), library.styles.Font(bold=True)
    sheet = book.active
    sheet.title, sheet.freeze_panes = name, "A2"
    for row in rows:
        sheet.append(list(row))
    for place, heading in enumerate(rows[0], 1):
        cell = sheet.cell(1, place)
        cell.font = bold
        sheet.column_dimensions[cell.column_letter].width = max(12, len(str(heading)) + 2)
    data = BytesIO()
    book.save(data)
    return data.getvalue()


def rows_of_sheet(data: bytes, name: str) -> Iterator[tuple[int, list[Cell]]]:
    """Rows of a sheet with their number, from 1; empty rows at the end are left out.

    Raises as `inspect`, and `Malformed` (``table-columns``, ``table-rows``) for a sheet over the limits.
    """
    values, formulas = _open(data, values=True), _open(data, values=False)
    try:
        pairs = zip(_rows(values, name), _rows(formulas, name), strict=True)
        for number, (row, written) in enumerate(pairs, 1):
            if number > MOST_ROWS:
                raise Malformed("table-rows", most=MOST_ROWS)
            if len(row) > MOST_COLUMNS and any(cell is not None for cell in row[MOST_COLUMNS:]):
                raise Malformed("table-columns", row=number, most=MOST_COLUMNS)
            cells = zip(row, written, strict=False)
            yield number, [_cell(value, formula) for value, formula in islice(cells, MOST_COLUMNS)]
    finally:
        values.close()
        formulas.close()


def _rows(book: Any, name: str) -> Iterator[tuple[Any, ...]]:
    sheet = book[name]
    sheet.reset_dimensions()  # what the file says of its own size may be wrong
    try:
        yield from sheet.iter_rows(values_only=True)
    except Malformed:
        raise
    except Exception as problem:  # noqa: BLE001 - as in _open
        raise Malformed("workbook-broken", reason=f"{type(problem).__name__}: {problem}"[:120]) from None


def _cell(value: Any, written: Any) -> Cell:
    if value is None:
        text = str(getattr(written, "text", written) or "")
        return Formula(text) if text.startswith("=") else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return Figure(value)
    if isinstance(value, float):
        return Figure(_decimals(value))
    if isinstance(value, dt.datetime):
        whole = value.time() == dt.time()
        return value.date().isoformat() if whole else value.isoformat(timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def _decimals(value: float) -> str:
    """The number as a spreadsheet shows it at its full precision of fifteen digits."""
    text = f"{value:.15g}"
    return text if "e" not in text and "n" not in text else f"{value:.6f}"
