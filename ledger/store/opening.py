"""Which store a ledger's url means.

| url                               | store                                                              |
|-----------------------------------|--------------------------------------------------------------------|
| ``path`` or ``sqlite:///path``    | one SQLite file                                                    |
| ``sqlite:////path``               | the same, the path being absolute                                  |
| ``:memory:``                      | a ledger in this process's memory; its ``url`` opens it again      |
| ``postgresql://...``              | a schema of a PostgreSQL database (extra ``adamas[postgresql]``)   |

The library behind the stores takes 0.05 s to import, so it is imported only when one is opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ledger.errors import StoreTrouble, Unavailable
from ledger.store.journal import Journal

if TYPE_CHECKING:
    from ledger.store.guard_row import RowGuard
    from ledger.store.postgres import PostgresJournal
    from ledger.store.sqlite import SqliteJournal

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+)://")


def create(url: str) -> Journal:
    """A new, empty ledger. Raises `StoreTrouble` (``store-exists``, ``store-unwritable``, ``store-url``,
    ...), `Unavailable` (``extra-postgresql``)."""
    return _store(url).create(url)


def open(url: str, *, write: bool = True) -> Journal:  # noqa: A001  what one does with a ledger
    """A ledger that is there; without permission to write it is opened for reading.

    Raises `StoreTrouble`: ``store-missing``, ``store-denied``, ``store-not-a-ledger``, ``store-newer``,
    ``store-damaged``, ``store-url``, ``store-unreachable``; `Unavailable` (``extra-postgresql``).
    """
    return _store(url).open(url, write=write)


def shown(url: str) -> str:
    """A URL as it may be shown: without a password."""
    if not is_postgresql(url):
        return url
    from ledger.store.postgres_url import without_password

    return without_password(url)


def check_reading_role(url: str, role: str) -> None:
    """Whether a role can be let read the ledger that is to be made.

    Raises `StoreTrouble` (``store-no-roles``, ``store-role-missing``), and as `open` does.
    """
    if not is_postgresql(url):
        raise StoreTrouble("store-no-roles", path=url)
    _postgres().check_role(url, role)


def grant_reading(journal: Journal, role: str) -> None:
    """Let a database role read a ledger, now and later, and write nothing; sealed values too."""
    from ledger.store.postgres import PostgresJournal

    if not isinstance(journal, PostgresJournal):
        raise StoreTrouble("store-no-roles", path=journal.url)
    journal.grant_reading(role)


def guard_row(url: str, origin: str, journal: Journal) -> RowGuard:
    """The guard of a ledger in a row of another database, which is asked when it is needed first.

    Raises `StoreTrouble` (``store-url``), `Unavailable` (``extra-postgresql``).
    """
    if not is_postgresql(url):
        raise StoreTrouble("store-url", url=url)
    with _extra():
        from ledger.store.guard_row import RowGuard
    return RowGuard(url, origin, journal)


def is_postgresql(url: str) -> bool:
    """Whether a URL names a PostgreSQL database."""
    found = _SCHEME.match(url)
    return found is not None and found[1].lower() in ("postgresql", "postgres")


def _store(url: str) -> type[SqliteJournal] | type[PostgresJournal]:
    if is_postgresql(url):
        return _postgres()
    found = _SCHEME.match(url)
    scheme = found[1].lower() if found else "sqlite"
    if scheme != "sqlite" or (found and not url.startswith("sqlite:///")):
        raise StoreTrouble("store-url", url=url)
    from ledger.store.sqlite import SqliteJournal

    return SqliteJournal


def _postgres() -> type[PostgresJournal]:
    with _extra():
        from ledger.store.postgres import PostgresJournal
    return PostgresJournal


@contextmanager
def _extra() -> Iterator[None]:
    """Where the extra is needed. Raises `Unavailable` (``extra-postgresql``)."""
    try:
        yield
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("psycopg", "psycopg_pool"):
            raise
        raise Unavailable("extra-postgresql") from None
    except ImportError as missing:  # psycopg without libpq
        raise Unavailable("extra-postgresql") from missing
