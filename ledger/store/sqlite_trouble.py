"""What SQLite reports, in the words of the exit-code table.

SQLite's result code says what happened, also where its exception is the cause of another one.
"""

from __future__ import annotations

import sqlite3

from ledger.errors import AdamasError, Conflict, StoreTrouble

_CODES = {
    sqlite3.SQLITE_FULL: "store-full",
    sqlite3.SQLITE_READONLY: "store-readonly",
    sqlite3.SQLITE_IOERR: "store-io",
    sqlite3.SQLITE_CORRUPT: "store-damaged",
    sqlite3.SQLITE_NOTADB: "store-damaged",
    sqlite3.SQLITE_CANTOPEN: "store-denied",
    sqlite3.SQLITE_PERM: "store-denied",
}
_DAMAGE = ("no such table", "no such column", "unsupported file format")
"""What SQLite reports as an error of the statement, and is one of the file."""
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def trouble(problem: Exception, path: str) -> AdamasError | None:
    """What a person can act on; None where the exception is a fault of the program."""
    raw = problem if isinstance(problem, sqlite3.Error) else problem.__cause__
    if not isinstance(raw, sqlite3.Error):
        return None
    code = (getattr(raw, "sqlite_errorcode", None) or 0) & 0xFF
    if code in _LOCKED:
        return Conflict("store-locked", path=path)
    if code in _CODES:
        return StoreTrouble(_CODES[code], path=path, reason=str(raw))
    if any(said in str(raw) for said in _DAMAGE):
        return StoreTrouble("store-damaged", path=path, reason=str(raw))
    return None
