"""Signed statements beside the table they come from: an import that was killed goes on, and nothing is twice.

The file `<name>.adamas-import` is complete on the disk before the first statement is appended, and is never
changed:

    adamas.import/1\\n
    (four bytes length, that many bytes) *

First the canonical map {"v": 1, "ledger": origin, "file": SHA-256 of the table, "as": template, "lines": [how
many lines each statement has]}, then one `.statement` file (`ledger.chain.statement`) for each act. The
statements keep their ids, and a ledger answers an id it knows with its first receipt: appending them again
records nothing again. The file holds sealed values and is readable by its owner only, where the system has
file modes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from ledger import encoding
from ledger.chain import forms
from ledger.chain.statement import SignedStatement, decode_file, encode_file
from ledger.errors import Conflict, Malformed
from ledger.values import dataclass

MAGIC = b"adamas.import/1\n"
SUFFIX = ".adamas-import"
_KEYS = frozenset({"v", "ledger", "file", "as", "lines"})
_FORM = ".adamas-import file"
_LONGEST = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Header:
    """What an import file was made for: the ledger's origin, the table's SHA-256, template, lines by act."""

    ledger: str
    file: bytes
    template: str
    lines: tuple[int, ...]


def beside(table: Path) -> Path:
    """Where the statements of a table are kept."""
    return table.with_name(table.name + SUFFIX)


def digest(data: bytes) -> bytes:
    """What an import file knows a table by."""
    return sha256(data).digest()


def save(path: Path, header: Header, statements: Sequence[SignedStatement]) -> None:
    """Write the import file: all of it, on the disk when this returns, under its name or not at all.

    Raises `Conflict` (``import-exists``) where one is there already, `Malformed` (``table-unwritable``).
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.unlink(missing_ok=True)
        with open(part, "xb", opener=_private) as file:
            file.write(MAGIC)
            for frame in (_header(header), *map(encode_file, statements)):
                file.write(len(frame).to_bytes(4, "big"))
                file.write(frame)
            file.flush()
            os.fsync(file.fileno())
        _publish(part, path)
    except FileExistsError:
        raise Conflict("import-exists", path=str(path)) from None
    except OSError as problem:
        raise Malformed("table-unwritable", path=str(path), reason=str(problem.strerror)) from None
    finally:
        part.unlink(missing_ok=True)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _publish(part: Path, path: Path) -> None:
    """Give the file its name, unless that is taken: the first of two imports of one file wins."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except (AttributeError, NotImplementedError, OSError):  # a file system without links, each in its words
        if path.exists():
            raise FileExistsError(str(path)) from None
        part.replace(path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _header(header: Header) -> bytes:
    return encoding.encode(
        {
            "v": 1,
            "ledger": header.ledger,
            "file": header.file,
            "as": header.template,
            "lines": list(header.lines),
        }
    )


def _read_header(data: bytes) -> Header:
    fields = encoding.decode(data)
    forms.check_map(fields, _KEYS, _KEYS, _FORM)
    forms.check_version(fields["v"], _FORM)
    for key, kind in (("ledger", str), ("file", bytes), ("as", str), ("lines", list)):
        forms.check_kind(fields[key], kind, _FORM, key)
    lines = fields["lines"]
    if not all(type(count) is int and count > 0 for count in lines):
        raise Malformed("import-broken", path=_FORM)
    return Header(fields["ledger"], fields["file"], fields["as"], tuple(lines))


def header_of(path: Path) -> Header:
    """The header of an import file.

    Raises `Malformed` (``import-broken``, ``form-...``, ``encoding-...``).
    """
    return _first(_frames(path), path)


def _first(frames: Iterator[bytes], path: Path) -> Header:
    frame = next(frames, None)
    if frame is None:
        raise Malformed("import-broken", path=str(path))
    return _read_header(frame)


def statements_of(path: Path) -> Iterator[SignedStatement]:
    """The statements of an import file, in their order. Raises `Malformed` as `header_of`."""
    frames = _frames(path)
    header = _first(frames, path)
    count = 0
    for frame in frames:
        count += 1
        yield decode_file(frame)
    if count != len(header.lines):
        raise Malformed("import-broken", path=str(path))


def _frames(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise Malformed("import-broken", path=str(path))
        while head := file.read(4):
            length = int.from_bytes(head, "big")
            frame = file.read(length) if len(head) == 4 and length <= _LONGEST else b""
            if len(frame) != length or not frame:
                raise Malformed("import-broken", path=str(path))
            yield frame
