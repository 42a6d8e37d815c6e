"""The rows that an import left out, as they were, with the reasons in front: to be mended and imported.

CSV in UTF-8 with a byte order mark, separated as the file it came from. A cell that a spreadsheet would
compute has an apostrophe before it, which the import takes off again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from ledger.errors import Malformed
from ledger.exchange.cells import FORMULA_STARTS, Fault
from ledger.exchange.sheets import Cell, Figure, Formula
from ledger.exchange.tabular import Table
from ledger.exchange.templates import REASON


def harmless(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would take it for a formula."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def as_csv(table: Table, faults: Sequence[Fault]) -> str:
    """The rejected rows as CSV, without a byte order mark."""
    reasons: dict[int, list[str]] = {}
    for fault in faults:
        where = f"{fault.column}: " if fault.column else ""
        reasons.setdefault(fault.row, []).append(f"{where}{fault.code}: {fault.said}")
    text = io.StringIO()
    writer = csv.writer(text, delimiter=table.dialect.get("separator", ","), lineterminator="\n")
    writer.writerow([REASON, *map(harmless, table.headings)])
    for row, cells in table.rows:
        if row in reasons:
            writer.writerow([harmless("; ".join(reasons[row])), *_plain(table, cells)])
    return text.getvalue()


def _plain(table: Table, cells: Sequence[Cell]) -> list[str]:
    decimal = table.dialect.get("decimal", ".")
    return [harmless(_text(cell, decimal)) for cell in cells]


def _text(cell: Cell, decimal: str) -> str:
    if isinstance(cell, Formula):
        return cell.text
    return cell.replace(".", decimal) if isinstance(cell, Figure) else cell


def write(path: Path, table: Table, faults: Sequence[Fault]) -> Path:
    """Write the rejects to ``path``, or beside it under the next free number; where they are.

    Raises `Malformed` (``table-unwritable``).
    """
    data = ("\ufeff" + as_csv(table, faults)).encode("utf-8")
    place, number = path, 1
    while True:
        try:
            with place.open("xb") as file:
                file.write(data)
        except FileExistsError:
            number += 1
            place = path.with_name(f"{path.stem}-{number}{path.suffix}")
        except OSError as problem:
            raise Malformed("table-unwritable", path=str(place), reason=str(problem.strerror)) from None
        else:
            return place
