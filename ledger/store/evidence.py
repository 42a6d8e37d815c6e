"""Attached documents, kept beside the ledger by their hash: ``<ledger>.evidence/<SHA-256 in hex>``.

The entry states a document's media type, name, size and SHA-256 (FORMATS.md section 2); the file itself stays
outside. It may lie here, elsewhere, or nowhere any more: that it is absent proves nothing, that it is here
and has another hash is a fault.
"""

from __future__ import annotations

import hashlib
import mimetypes
import os
import tempfile
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from ledger.errors import NotFound, StoreTrouble

_PIECE = 1 << 20
_PLAIN = "application/octet-stream"


class Kept(StrEnum):
    """How a document that an entry states is found here."""

    PRESENT = "present"
    ABSENT = "absent"
    ALTERED = "altered"
    UNREADABLE = "unreadable"


class Evidence:
    """The documents in a folder, which is made when the first one is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, path: Path) -> dict[str, Any]:
        """Copy a file here; what an entry states of it: ``media`` (by the name's ending), ``name``, ``size``
        in bytes, ``sha256``. A file that is here already is not copied again.

        Raises `NotFound` (``evidence-missing``), `StoreTrouble` (``evidence-unkept``).
        """
        try:
            self.folder.mkdir(exist_ok=True)
            handle, draft = tempfile.mkstemp(dir=self.folder, prefix="draft-")
            try:
                size, sha256 = _copy(path, handle)
                os.replace(draft, self.folder / sha256.hex())  # noqa: PTH105  replaces on Windows too
            finally:
                Path(draft).unlink(missing_ok=True)
        except (FileNotFoundError, IsADirectoryError):
            raise NotFound("evidence-missing", path=str(path)) from None
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise StoreTrouble("evidence-unkept", path=str(path), reason=reason) from None
        media = mimetypes.guess_type(path.name)[0] or _PLAIN
        return {"media": media, "name": path.name, "size": size, "sha256": sha256}

    def path(self, sha256: bytes) -> Path:
        """Where a document with this hash lies, if it is here."""
        return self.folder / sha256.hex()

    def check(self, stated: Mapping[str, Any]) -> Kept:
        """Whether the document that an entry states (``size``, ``sha256``) is here, and as stated."""
        try:
            with self.path(stated["sha256"]).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").digest()
                size = file.tell()
        except FileNotFoundError:
            return Kept.ABSENT
        except OSError:
            return Kept.UNREADABLE
        return Kept.PRESENT if (found, size) == (stated["sha256"], stated["size"]) else Kept.ALTERED


def _copy(path: Path, handle: int) -> tuple[int, bytes]:
    """Size and SHA-256 of what was copied, which is on the disk when this returns."""
    hashed, size = hashlib.sha256(), 0
    with os.fdopen(handle, "wb") as draft, path.open("rb") as source:
        while piece := source.read(_PIECE):
            hashed.update(piece)
            size += len(piece)
            draft.write(piece)
        draft.flush()
        os.fsync(draft.fileno())
    return size, hashed.digest()
