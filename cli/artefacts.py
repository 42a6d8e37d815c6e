"""Files that are handed around: checkpoints, trust files, requests, tokens. Read whole, written whole."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.errors import StoreTrouble

MOST = 8 << 20
"""Bytes; none of these files comes near."""

_KEPT = (b"SQLite format 3\0", b"-----BEGIN ", b'{"origin": ')
"""How a ledger begins, a key file, and a guard: a slip in ``--out`` takes none of them away."""


def read_artefact(path: Path, most: int = MOST) -> bytes:
    """A file's bytes. Raises `StoreTrouble` (``artefact-unreadable``, ``artefact-too-long``)."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as problem:
        raise StoreTrouble("artefact-unreadable", path=str(path), reason=problem.strerror) from None
    if len(data) > most:
        raise StoreTrouble("artefact-too-long", path=str(path), most=most)
    return data


def write_new(path: Path, data: bytes) -> None:
    """Put a file where none is: what was filled in is never written over.

    Raises `StoreTrouble` (``artefact-exists``, ``artefact-unwritable``).
    """
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise StoreTrouble("artefact-exists", path=str(path)) from None
    except OSError as problem:
        raise StoreTrouble("artefact-unwritable", path=str(path), reason=problem.strerror) from None


def write_artefact(path: Path, data: bytes) -> None:
    """Put a file in place, in the place of an older one; it is there whole or as before. See `spare`.

    A device, such as ``/dev/null``, is written to and stays what it is.

    Raises `StoreTrouble` (``artefact-kept``, ``artefact-unwritable``).
    """
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        spare(path)
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError as problem:
        fresh.unlink(missing_ok=True)
        raise StoreTrouble("artefact-unwritable", path=str(path), reason=problem.strerror) from None


def spare(path: Path) -> None:
    """Raises `StoreTrouble` (``artefact-kept``) where a ledger, a key or a guard is, OSError where nobody may
    look."""
    if is_kept(path):
        raise StoreTrouble("artefact-kept", path=str(path))


def is_kept(path: Path) -> bool:
    """Whether a ledger, a key or a guard is here."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(max(map(len, _KEPT))).startswith(_KEPT)
