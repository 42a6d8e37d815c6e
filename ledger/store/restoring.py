"""Putting a backup back, and what stands against it.

A ledger that was put back from before its last signature has forgotten entries that others hold receipts for.
Were it signed again, two histories would stand under one origin, and anybody could convict its keeper with
them. The guard beside the ledger key (`ledger.guard`) remembers the last signed size and root; a backup that
ends before it, or has another root there, is put back only by somebody who says that he knows. It can then be
read, searched and verified; it will never sign, and going on takes a new origin (`ledger-closed`, successor).
"""

from __future__ import annotations

from ledger.errors import Conflict
from ledger.guard import Signed
from ledger.store import opening
from ledger.store.copying import Progress, copy
from ledger.store.journal import Head, Journal
from ledger.store.nodes import JournalTree


def check_guard(source: Journal, signed: Signed | None) -> None:
    """Raises `Conflict`: ``restore-behind`` where the backup ends before what was signed last,
    ``restore-sideways`` where it holds another history."""
    if signed is None:
        return
    size = source.head().size
    if size < signed.size:
        raise Conflict("restore-behind", path=source.url, size=size, signed=signed.size)
    if JournalTree(source).root(signed.size) != signed.root:
        raise Conflict("restore-sideways", path=source.url, signed=signed.size)


def restore(
    path: str, url: str, signed: Signed | None, *, behind: bool = False, progress: Progress | None = None
) -> Head:
    """Make the ledger of a backup again at ``url``, in either store; its head. Values whose erasure is
    recorded in it are not put back.

    ``signed`` is what the guard remembers. Raises `Conflict` as `check_guard` does, unless ``behind``, and
    `StoreTrouble` as `ledger.store.copying.copy` does (``store-exists``).
    """
    with opening.open(path, write=False) as source:
        if not behind:
            check_guard(source, signed)
        return copy(source, url, progress)
