"""The rows of the views, and what they must be: a replay from entry 0, and the domain's own fold."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.application import Ledger
from ledger.domain.events import Recorded
from ledger.domain.state import fold
from ledger.projections import views
from ledger.projections.register import REGISTERS, key_of
from ledger.projections.views import TABLES
from ledger.store.rows import Row, Rows
from ledger.store.tables import Tables


def all_rows(rows: Rows) -> dict[str, list[Row]]:
    """Every row of every view."""
    return {table.name: list(rows.select(table)) for table in TABLES}


def from_zero(ledger: Ledger, stop: int | None = None) -> dict[str, list[Row]]:
    """The views as a replay from entry 0 has them."""
    with Tables.private() as tables:
        views.build(tables, ledger.records.between(0, stop), ledger.records.of)
        return all_rows(tables)


def folded(records: Iterable[Recorded]) -> dict[str, list[Row]]:
    """The rows of the registers as the domain folds the acts, whole and in memory."""
    found: dict[str, list[Row]] = {register.table.name: [] for register in REGISTERS.values()}
    for name, subject in fold(records).subjects().items():
        register, _ = key_of(name)
        if register is not None and subject is not None:
            found[register.table.name].append(register.write(subject))
    return {name: sorted(rows, key=lambda row: str(row[0])) for name, rows in found.items()}
