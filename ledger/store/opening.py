"""Which store a ledger's url means.

| url                               | store                                                              |
|-----------------------------------|--------------------------------------------------------------------|
| ``path`` or ``sqlite:///path``    | one SQLite file                                                    |
| ``sqlite:////path``               | the same, the path being absolute                                  |
| ``:memory:``                      | a ledger in this process's memory; its ``url`` opens it again      |
| ``postgresql://...``              | not in this version                                                |

The library behind the stores takes 0.05 s to import, so it is imported only when one is opened.
"""

from __future__ import annotations

import re

from ledger.errors import StoreTrouble
from ledger.store.journal import Journal

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+)://")


def create(url: str) -> Journal:
    """A new, empty ledger. Raises `StoreTrouble` (``store-exists``, ``store-unwritable``, ``store-url``,
    ...)."""
    _check(url)
    from ledger.store.sqlite import SqliteJournal

    return SqliteJournal.create(url)


def open(url: str, *, write: bool = True) -> Journal:  # noqa: A001  what one does with a ledger
    """A ledger that is there; without permission to write it is opened for reading.

    Raises `StoreTrouble`: ``store-missing``, ``store-denied``, ``store-not-a-ledger``, ``store-newer``,
    ``store-damaged``, ``store-url``, ``store-postgresql``.
    """
    _check(url)
    from ledger.store.sqlite import SqliteJournal

    return SqliteJournal.open(url, write=write)


def _check(url: str) -> None:
    found = _SCHEME.match(url)
    scheme = found[1].lower() if found else "sqlite"
    if scheme in ("postgresql", "postgres"):
        raise StoreTrouble("store-postgresql", url=scheme + "://")
    if scheme != "sqlite" or (found and not url.startswith("sqlite:///")):
        raise StoreTrouble("store-url", url=url)
