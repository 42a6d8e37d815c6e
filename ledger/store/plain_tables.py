"""Whether a SQLite file that somebody handed over holds rows, or computes them.

A view or a virtual table under the name of one of a ledger's tables, or a generated column in one, gives rows
that lie nowhere, and need never end: whoever reads the file would wait for ever, or for more memory than
there is. This program makes none of them. So a file from elsewhere is asked what its tables are before a row
of them is read; everything else that is strange in it is told by reading it (`ledger.store.salvage`).
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

from ledger.errors import StoreTrouble
from ledger.store import sqlite_file

_OURS = (
    "(s.type IN ('table', 'view') AND lower(s.name) IN "
    "('stored_events', 'head', 'links', 'mentions', 'nodes', 'types', 'ids', 'disclosures', 'views') "
    "OR s.type = 'table' AND lower(s.name) LIKE 'view\\_%' ESCAPE '\\')"
)
_QUESTIONS = (
    f"SELECT count(*) FROM sqlite_schema AS s WHERE {_OURS} AND coalesce(s.rootpage, 0) = 0",  # noqa: S608
    "SELECT count(*) FROM sqlite_schema AS s, pragma_table_xinfo(s.name) AS c "  # noqa: S608
    f"WHERE {_OURS} AND c.hidden > 1",
)
"""How many of a ledger's tables have no page of their own; how many of their columns are computed."""


def check(url: str) -> None:
    """Raises `StoreTrouble` (``store-computed``) where the file at ``url`` computes what a ledger stores, and
    as `sqlite_file.find_place` does. What cannot be read at all is left to whoever opens it."""
    place = sqlite_file.find_place(url, write=False)
    try:
        with closing(sqlite3.connect(place.database, uri=True)) as connection:
            for question in _QUESTIONS:
                if connection.execute(question).fetchone()[0]:
                    raise StoreTrouble("store-computed", path=url)
    except (sqlite3.Error, UnicodeDecodeError):
        return
    finally:
        if place.copy is not None:
            shutil.rmtree(place.copy, ignore_errors=True)
