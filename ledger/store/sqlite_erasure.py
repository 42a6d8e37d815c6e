"""Erasing bytes from a SQLite file, and looking whether they are gone.

``secure_delete`` writes zeros over deleted rows; the write-ahead log still holds the pages as they were,
until it is brought into the file and cut to nothing. Then the file is searched: should SQLite have left a
copy in the unused part of some page, the whole file is written anew (``VACUUM``), and searched again.

What this cannot reach: replicas, backups, bundles already given away, and what a disk keeps of overwritten
blocks.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ledger.errors import Conflict, StoreTrouble

Answer = Callable[[str], list[Any]]

_BEGINNING = 64
_PAUSE = 0.05


def erase_bytes(answer: Answer, path: Path, texts: Sequence[str], patience: float) -> None:
    """Make sure that no byte of deleted ``texts`` is left in the file or its log; ``answer`` runs
    statements.

    Raises `Conflict` (``store-erase-busy``) when readers keep the log in use for ``patience`` seconds,
    `StoreTrouble` (``store-erase-remains``) should the bytes be there still.
    """
    _empty_log(answer, path, patience)
    if _remains(path, texts):
        answer("VACUUM")
        _empty_log(answer, path, patience)
        if _remains(path, texts):
            raise StoreTrouble("store-erase-remains", path=str(path))


def _empty_log(answer: Answer, path: Path, patience: float) -> None:
    until = time.monotonic() + patience
    while answer("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]:
        if time.monotonic() > until:
            raise Conflict("store-erase-busy", path=str(path))
        time.sleep(_PAUSE)


def _remains(path: Path, texts: Sequence[str]) -> bool:
    """Whether the beginning of a text, which has its salt and so is nowhere else, is found in the file."""
    if not texts:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        return any(whole.find(text[:_BEGINNING].encode("ascii")) >= 0 for text in texts)
