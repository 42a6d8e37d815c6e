"""Several bundles against one checkpoint travel as a zip of `.tlog-proof` files (FORMATS.md section 7).

    17.tlog-proof       named by the entry's index; nothing else lies in it, and no folders

The zip is packing and no format: whoever packs the files again, with whatever tool, has the same proofs. But
nothing lies before, between or behind them, so that all tools see the same files in it. What is in it is
hostile until it is verified, so sizes and numbers are limited before anything is unpacked.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable

from ledger.chain import bundle_check
from ledger.chain.bundle import LONGEST, SUFFIX, Bundle
from ledger.chain.bundle_check import Reader, Report
from ledger.errors import Malformed

MOST = 10_000
"""Bundles in a zip."""
MOST_BYTES = 64 << 20
"""Bytes of a zip, and of all that is in it."""
_NAME = re.compile(r"(0|[1-9][0-9]{0,15})" + re.escape(SUFFIX))
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED, _STREAMED = 0x1, 0x8
_HEADER, _END, _DESCRIPTOR = 30, 22, b"PK\x07\x08"
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)
"""What the library raises for zips that are none."""
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


def pack(bundles: Iterable[Bundle]) -> bytes:
    """The zip of bundles by index, the same bytes for the same bundles.

    Raises `Malformed` (``archive-checkpoints``) when they are against different checkpoints.
    """
    by_index = {bundle.index: bundle for bundle in bundles}
    if len({bundle.checkpoint for bundle in by_index.values()}) > 1:
        raise Malformed("archive-checkpoints")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for index, bundle in sorted(by_index.items()):
            name = zipfile.ZipInfo(f"{index}{SUFFIX}", _FIRST_DAY)
            name.compress_type = zipfile.ZIP_DEFLATED
            name.create_system = 3  # the same file on every system
            name.external_attr = 0o644 << 16
            file.writestr(name, bundle.encode())
    return packed.getvalue()


def unpack(data: bytes) -> dict[int, bytes]:
    """The files of a zip by the index in their name, ascending; nothing in them is looked at.

    Raises `Malformed`: ``archive-form`` (no zip, damaged, encrypted, another compression), ``archive-name``,
    ``archive-twice``, ``archive-too-many``, ``archive-too-long``, ``archive-empty``, ``archive-more``.
    """
    if len(data) > MOST_BYTES:
        raise Malformed("archive-too-long", most=MOST_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            found = _files(file)
            _check_whole(data, file)
            return found
    except _DAMAGED as trouble:
        raise Malformed("archive-form", reason=str(trouble) or type(trouble).__name__) from None


def verify(data: bytes, reader: Reader) -> dict[int, Report]:
    """The reports on a zip's bundles by index, each with the others showing its authority.

    Raises `Malformed` as `unpack`, and ``archive-checkpoints`` when they are against different checkpoints,
    ``archive-index`` when one has another index than its name.
    """
    files = unpack(data)
    reports = dict(zip(files, bundle_check.verify_all(files.values(), reader), strict=True))
    for index, report in reports.items():
        if report.bundle is not None and report.bundle.index != index:
            raise Malformed("archive-index", name=index, index=report.bundle.index)
    heads = {report.checkpoint for report in reports.values() if report.checkpoint is not None}
    if len(heads) > 1:
        raise Malformed("archive-checkpoints")
    return reports


def is_zip(data: bytes) -> bool:
    """Whether the bytes begin as a zip does."""
    return data.startswith(b"PK\x03\x04")


def _files(file: zipfile.ZipFile) -> dict[int, bytes]:
    listed = file.infolist()
    if not listed:
        raise Malformed("archive-empty")
    if len(listed) > MOST:
        raise Malformed("archive-too-many", count=len(listed), most=MOST)
    found: dict[int, bytes] = {}
    room = MOST_BYTES
    for item in listed:
        index = _index(item, found)
        found[index] = _read(file, item, min(room, LONGEST))
        room -= len(found[index])
    return dict(sorted(found.items()))


def _check_whole(data: bytes, file: zipfile.ZipFile) -> None:
    """Raises `Malformed` (``archive-more``) where other bytes lie in it than the files and their list."""
    place = 0
    for item in sorted(file.infolist(), key=lambda item: item.header_offset):
        if item.header_offset != place:
            raise Malformed("archive-more")
        name, more = struct.unpack_from("<HH", data, place + 26)
        place += _HEADER + name + more + item.compress_size
        if item.flag_bits & _STREAMED:
            place += 16 if data.startswith(_DESCRIPTOR, place) else 12
    size, start, comment = struct.unpack_from("<LLH", data, len(data) - 10)
    if (place, start + size + _END, comment) != (start, len(data), 0):
        raise Malformed("archive-more")


def _index(item: zipfile.ZipInfo, found: dict[int, bytes]) -> int:
    name = _NAME.fullmatch(item.orig_filename)
    if name is None:
        raise Malformed("archive-name", name=ascii(item.orig_filename[:60]))
    if item.flag_bits & _ENCRYPTED or item.compress_type not in _METHODS:
        raise Malformed("archive-form", reason=f"{item.filename} is encrypted or packed in an unknown way")
    index = int(name[1])
    if index in found:
        raise Malformed("archive-twice", name=item.filename)
    return index


def _read(file: zipfile.ZipFile, item: zipfile.ZipInfo, most: int) -> bytes:
    """One file; what the zip says of its size is not believed."""
    with file.open(item) as opened:
        data = opened.read(most + 1)
    if len(data) > most:
        raise Malformed("archive-too-long", most=MOST_BYTES)
    return data
