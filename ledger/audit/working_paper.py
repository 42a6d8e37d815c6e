"""The working paper of a verification: a file in which it writes down what it has looked at and found right.

    with WorkingPaper(path) as paper:
        paper.bind({"origin": ...})        # raises Malformed: it is another verification's
        for values in paper.read(ENTRIES): ...
        paper.write(ENTRIES, [...])
        paper.remove()                     # when all is done

A run that was stopped, however, leaves it behind, and the next one goes on from what it says
(`ledger.audit.resuming`). It grows at its end alone. Each line of it is a length, a digest and a value
(`ledger.encoding`); the digest covers all lines before it, too. So what was half written when the power went,
and what was altered since, ends what counts: it is cut off, with all that stands behind it, and done again.
A digest is no signature. Whoever can write the file can write in it that an entry was found right.

What is written is on the disk every so many lines, and when the paper is closed. Beside it lie the tables
with which views are compared (``.views``).
"""

from __future__ import annotations

import os
import secrets
import struct
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from ledger import encoding
from ledger.errors import AdamasError, Conflict, Malformed, StoreTrouble
from ledger.store import kept_tables
from ledger.turns import have_alone

BOUND, ENTRIES, ACTS = 0, 1, 2
"""What a line is about: what the paper belongs to; a page of entries; the same page by the ledger's rules."""
_MAGIC = b"adamas: working paper of a verification, 1\n"
_HEAD = struct.Struct(">IB16s")
_LONGEST = 1 << 26
_TOGETHER = 64
"""So many lines are brought to the disk together."""


class WorkingPaper:
    """One file. ``dropped``: whether something in it did not count any more when it was opened; ``key``: the
    one of its sums."""

    def __init__(self, path: Path) -> None:
        """Open it, or begin one. Raises `Malformed` (``working-paper-strange``) for a file that is none and
        stays as it is; `Conflict` (``working-paper-busy``) while another process has it; `StoreTrouble`
        (``working-paper-unwritable``)."""
        self.path = path
        self.dropped = False
        self.key = secrets.token_bytes(32)
        self._bound: dict[str, Any] | None = None
        self._waiting = 0
        try:
            self._file = _opened(path)
        except OSError as problem:
            raise self._trouble(problem) from None
        try:
            self._take()
            self._end, self._digest = self._checked()
        except OSError as problem:
            self._file.close()
            raise self._trouble(problem) from None
        except AdamasError:
            self._file.close()
            raise

    def __enter__(self) -> WorkingPaper:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def bind(self, values: Mapping[str, Any]) -> None:
        """Say what is verified, and how. Raises `Malformed` (``working-paper-other``) where the paper is
        another verification's."""
        if self._bound is None:
            self._bound = dict(values)
            self.write(BOUND, [self._bound, self.key])
            return
        for name, value in values.items():
            if self._bound.get(name) != value:
                told = {"what": name, "found": str(self._bound.get(name)), "wanted": str(value)}
                raise Malformed("working-paper-other", path=str(self.path), **told)

    def read(self, about: int) -> Iterator[list[Any]]:
        """The lines about something that were there when the paper was opened."""
        at = len(_MAGIC)
        while at < self._end:
            self._file.seek(at)
            length, kind, _ = _HEAD.unpack(self._file.read(_HEAD.size))
            if kind == about:
                yield encoding.read(self._file.read(length))
            at += _HEAD.size + length

    def strange(self) -> Malformed:
        """What to raise for a line that says what no verification writes."""
        return Malformed("working-paper-strange", path=str(self.path))

    def write(self, about: int, values: list[Any]) -> None:
        """One more line. Raises `StoreTrouble` (``working-paper-unwritable``)."""
        data = encoding.encode(values)
        self._digest = _digest(self._digest, about, data)
        try:
            self._file.seek(0, os.SEEK_END)
            self._file.write(_HEAD.pack(len(data), about, self._digest[:16]) + data)
            self._waiting += 1
            if self._waiting >= _TOGETHER:
                self._flush()
        except OSError as problem:
            raise self._trouble(problem) from None

    def settle(self) -> None:
        """Bring everything to the disk. Raises `StoreTrouble` (``working-paper-unwritable``)."""
        try:
            self._flush()
        except OSError as problem:
            raise self._trouble(problem) from None

    def close(self) -> None:
        """Everything is on the disk; another process may have the paper."""
        if self._file.closed:
            return
        try:
            self._flush()
            self._file.close()
        except OSError as problem:
            raise self._trouble(problem) from None

    def remove(self) -> None:
        """It is needed no more."""
        self.close()
        try:
            self.path.unlink(missing_ok=True)
        except OSError as problem:
            raise self._trouble(problem) from None
        self.remove_views()

    @property
    def views(self) -> Path:
        """Where the tables lie with which views are compared."""
        return self.path.with_name(f"{self.path.name}.views")

    def remove_views(self) -> None:
        """Those tables are needed no more, or of no use; a file that is none stays."""
        kept_tables.remove(self.views)

    def _flush(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._waiting = 0

    def _take(self) -> None:
        """Have it alone; no other file is locked, which a program may be at work on."""
        handle = self._file.fileno()
        if not _MAGIC.startswith(os.read(handle, len(_MAGIC))):
            raise self.strange()
        if not have_alone(handle):
            raise Conflict("working-paper-busy", path=str(self.path))

    def _checked(self) -> tuple[int, bytes]:
        """Where what counts ends, and the digest there; what stands behind it is cut off."""
        file, digest = self._file, b""
        start = file.read(len(_MAGIC))
        if start != _MAGIC:
            file.seek(0)
            file.write(_MAGIC)
        end = len(_MAGIC)
        while (line := _line(file, digest)) is not None:
            digest, about, data = line
            if about == BOUND:
                self._bound, self.key = encoding.read(data)
            end = file.tell()
        file.seek(0, os.SEEK_END)
        self.dropped = file.tell() > end
        file.truncate(end)
        return end, digest

    def _trouble(self, problem: OSError) -> StoreTrouble:
        reason = problem.strerror or str(problem)
        return StoreTrouble("working-paper-unwritable", path=str(self.path), reason=reason)


def _opened(path: Path) -> BinaryIO:
    """For its owner alone: it has the ids of statements, and the key of sums."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    return os.fdopen(handle, "r+b")


def _line(file: BinaryIO, before: bytes) -> tuple[bytes, int, bytes] | None:
    """The next line as (digest, what it is about, data); None at the end of what counts."""
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    length, about, stated = _HEAD.unpack(head)
    data = file.read(length) if length <= _LONGEST else b""
    digest = _digest(before, about, data)
    return (digest, about, data) if len(data) == length and digest[:16] == stated else None


def _digest(before: bytes, about: int, data: bytes) -> bytes:
    return sha256(before + bytes([about]) + data).digest()
