"""Whether a SQLite file that somebody handed over holds rows, or computes them.

A view or a virtual table under the name of one of a ledger's tables, or a generated column in one, gives rows
that lie nowhere, and need never end: whoever reads the file would wait for ever, or for more memory than
there is. A trigger on one does the same to whoever writes. This program makes none of them. So each file is
asked what its tables are, in one question, before a row of them is read; everything else that is strange in
it is told by reading it (`ledger.store.salvage`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ledger.errors import StoreTrouble

_TABLES = "('stored_events', 'head', 'links', 'mentions', 'nodes', 'types', 'ids', 'disclosures', 'views')"
_OURS = (
    f"(s.type IN ('table', 'view') AND lower(s.name) IN {_TABLES} "
    "OR s.type = 'table' AND lower(s.name) LIKE 'view\\_%' ESCAPE '\\')"
)
_FIRED = (
    f"s.type = 'trigger' AND (lower(s.tbl_name) IN {_TABLES} "
    "OR lower(s.tbl_name) LIKE 'view\\_%' ESCAPE '\\')"
)
_QUESTION = (
    "SELECT CASE "  # noqa: S608  names of ours
    f"WHEN EXISTS (SELECT 1 FROM sqlite_schema AS s WHERE {_OURS} AND coalesce(s.rootpage, 0) = 0) THEN 1 "
    f"WHEN ? AND EXISTS (SELECT 1 FROM sqlite_schema AS s WHERE {_FIRED}) THEN 1 "
    "ELSE EXISTS (SELECT 1 FROM sqlite_schema AS s, pragma_table_xinfo(s.name) AS c "
    f"WHERE {_OURS} AND c.hidden > 1) END"
)
"""Whether a ledger's table has no page of its own, a trigger (where those count), a computed column."""


def check(answer: Callable[[str, Sequence[object]], list[Any]], url: str, *, write: bool) -> None:
    """Raises `StoreTrouble` (``store-computed``) where the file at ``url``, which ``answer`` asks, computes
    what a ledger stores; triggers count where it is opened to ``write``."""
    if answer(_QUESTION, (write,))[0][0]:
        raise StoreTrouble("store-computed", path=url)
