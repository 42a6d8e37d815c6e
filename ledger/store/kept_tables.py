"""Private tables in a file that somebody chose, so that what was derived once need not be derived again.

    with kept(path) as tables: ...          # `Tables` like any other

They are brought to the disk page by page, each page whole or not at all, whenever the process ends. One
process at a time has them. Nothing but these tables is in the file, and a file that is another program's, or
a ledger, is not touched.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ledger.errors import Conflict, Malformed, StoreTrouble
from ledger.store.sqlite_trouble import trouble
from ledger.store.tables import Tables

UNUSABLE = "kept-tables-unusable"
"""The code of a file that cannot be read or written, or is damaged."""
_OURS = int.from_bytes(b"AdTb", "big")
"""The application id at bytes 68 to 71 of the file."""
_MAGIC = b"SQLite format 3\x00"
_HEADER = 100


def kept(path: Path) -> Tables:
    """The tables in a file, which is made where there is none.

    Raises `Malformed` (``kept-tables-strange``) for any other file, `Conflict` (``kept-tables-busy``) while
    another process has them, `StoreTrouble` (``kept-tables-unusable``).
    """
    is_new = _is_new(path)
    with _told(path):
        connection = sqlite3.connect(path, isolation_level=None, timeout=0.0)
        try:
            pragmas = ["journal_mode = WAL", "synchronous = NORMAL", "cache_size = -32768"]
            if is_new:  # before there is a log beside it, so that the file itself says whose it is
                pragmas.insert(0, f"application_id = {_OURS}")
            for pragma in ("locking_mode = EXCLUSIVE", *pragmas):
                connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            connection.close()
            raise

    @contextmanager
    def transaction(*, write: bool) -> Iterator[Any]:
        with _told(path):
            cursor = connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            try:
                yield cursor
            except BaseException:
                cursor.close()
                connection.rollback()
                raise
            cursor.close()
            connection.commit()

    return Tables(transaction, close=connection.close)


def check_structure(tables: Tables, path: Path) -> None:
    """Read the whole file. Raises `StoreTrouble` (``kept-tables-unusable``) where it is not a database's any
    more; a value that became another one is not seen."""
    with tables._transaction(write=False) as cursor:  # noqa: SLF001  the same package's
        found = [str(row[0]) for row in cursor.execute("PRAGMA quick_check(1)")]
    if found != ["ok"]:
        raise StoreTrouble(UNUSABLE, path=str(path), reason=" ".join(found))


def remove(path: Path) -> None:
    """Take the file away, and what SQLite has beside it; another program's file stays."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
    except OSError:
        return
    if header and not _is_ours(header):
        return
    for ending in ("", "-wal", "-journal"):
        path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)


def _is_ours(header: bytes) -> bool:
    return len(header) == _HEADER and header.startswith(_MAGIC) and header[68:72] == _OURS.to_bytes(4, "big")


def _is_new(path: Path) -> bool:
    """Whether there is nothing yet, where an empty file is made; one that is not ours is refused."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(handle, "rb") as file:
            header = file.read(_HEADER)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise StoreTrouble(UNUSABLE, path=str(path), reason=reason) from None
    if header and not _is_ours(header):
        raise Malformed("kept-tables-strange", path=str(path))
    return not header


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """SQLite's exceptions in our words."""
    try:
        yield
    except sqlite3.Error as problem:
        if isinstance(trouble(problem, str(path)), Conflict):
            raise Conflict("kept-tables-busy", path=str(path)) from None
        raise StoreTrouble(UNUSABLE, path=str(path), reason=str(problem)) from problem
