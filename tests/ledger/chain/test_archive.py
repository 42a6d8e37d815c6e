"""Zips of bundles against one checkpoint; a zip is hostile until it is verified."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ledger.chain import archive
from ledger.chain.bundle_check import Reader
from ledger.errors import Malformed
from tests.artefacts import opened, roles_of, trust_in

BOOK = opened()
READER = Reader(trust_in(), roles=roles_of)
BUNDLES = [BOOK.bundle(index) for index in range(8)]
GOOD = archive.pack(reversed(BUNDLES))


def packed(files: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip made by hand."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return made.getvalue()


def code_of(data: bytes) -> str:
    """The code with which a zip is refused."""
    with pytest.raises(Malformed) as refused:
        archive.verify(data, READER)
    assert str(refused.value)
    return refused.value.code


def test_a_certificates_zip_shows_its_authors_right() -> None:
    """All bundles hold, each shown by those before it; packing again gives the same bytes."""
    reports = archive.verify(GOOD, READER)
    assert list(reports) == list(range(8))
    assert all(report.holds for report in reports.values())
    assert {report.outcomes[9].standing for report in reports.values()} == {"ok"}
    assert archive.pack(BUNDLES) == GOOD
    assert archive.is_zip(GOOD)
    assert not archive.is_zip(BUNDLES[0].encode())


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_whoever_packs_again_has_the_same_proofs(method: int) -> None:
    """In any order, with or without compression."""
    files = {f"{bundle.index}.tlog-proof": bundle.encode() for bundle in BUNDLES[::-1]}
    assert archive.unpack(packed(files, method)) == archive.unpack(GOOD)


def test_one_broken_bundle_shows_nothing_for_the_others() -> None:
    """The broken one is refused by its step, and what it alone would have shown is not shown."""
    files = {f"{bundle.index}.tlog-proof": bundle.encode() for bundle in BUNDLES}
    files["2.tlog-proof"] = files["2.tlog-proof"].replace(b"index 2\n", b"index 0\n")
    with pytest.raises(Malformed) as refused:
        archive.verify(packed(files), READER)
    assert refused.value.code == "archive-index"
    path = list(BUNDLES[2].path)
    path[0] = bytes(32)
    files["2.tlog-proof"] = replace(BUNDLES[2], path=tuple(path)).encode()
    reports = archive.verify(packed(files), READER)
    assert not reports[2].holds
    assert reports[7].holds
    assert (reports[7].outcomes[9].standing, reports[7].outcomes[9].code) == ("not shown", "authority-key")
    assert reports[4].outcomes[9].standing == "ok"


def renamed(name: str) -> bytes:
    """A zip with one bundle under another name."""
    return packed({name: BUNDLES[0].encode()})


HOSTILE = {
    "nothing": (b"", "archive-form"),
    "no zip": (BUNDLES[0].encode(), "archive-form"),
    "cut off": (GOOD[:-10], "archive-form"),
    "no files": (packed({}), "archive-empty"),
    "a folder": (packed({"proofs/": b""}), "archive-name"),
    "in a folder": (renamed("proofs/0.tlog-proof"), "archive-name"),
    "one folder up": (renamed("../0.tlog-proof"), "archive-name"),
    "from the root": (renamed("/0.tlog-proof"), "archive-name"),
    "a drive": (renamed("C:0.tlog-proof"), "archive-name"),
    "backslashes": (renamed("..\\0.tlog-proof"), "archive-name"),
    "a zero before": (renamed("00.tlog-proof"), "archive-name"),
    "an Arabic number": (renamed("\u0660.tlog-proof"), "archive-name"),
    "a newline behind": (renamed("0.tlog-proof\n"), "archive-name"),
    "something else": (packed({"0.tlog-proof": BUNDLES[0].encode(), "trust.txt": b""}), "archive-name"),
    "another index": (renamed("1.tlog-proof"), "archive-index"),
    "two checkpoints": (
        packed(
            {
                "0.tlog-proof": BUNDLES[0].encode(),
                "1.tlog-proof": BOOK.bundle(1, BOOK.cosigned(5)).encode(),
            }
        ),
        "archive-checkpoints",
    ),
    "another compression": (packed({"0.tlog-proof": b""}, zipfile.ZIP_LZMA), "archive-form"),
    "too long": (bytes(archive.MOST_BYTES + 1), "archive-too-long"),
    "a bomb": (packed({"0.tlog-proof": bytes(5 << 20)}, zipfile.ZIP_DEFLATED), "archive-too-long"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_zips_are_refused(name: str) -> None:
    """Names are flat, sizes and numbers are limited, and a proof is under its own name."""
    data, code = HOSTILE[name]
    assert code_of(data) == code


def test_many_small_bombs_are_one() -> None:
    """It is what comes out of all of them that counts."""
    bombs = {f"{n}.tlog-proof": bytes(4 << 20) for n in range(17)}
    assert code_of(packed(bombs, zipfile.ZIP_DEFLATED)) == "archive-too-long"


def test_too_many_proofs_are_refused() -> None:
    """One more than may be in a zip."""
    assert code_of(packed({f"{n}.tlog-proof": b"" for n in range(archive.MOST + 1)})) == "archive-too-many"


def test_a_name_twice_is_refused() -> None:
    """Programs differ in which one they would take."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("0.tlog-proof", BUNDLES[0].encode())
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("0.tlog-proof", BUNDLES[1].encode())
    assert code_of(made.getvalue()) == "archive-twice"


def test_a_size_that_lies_is_not_believed() -> None:
    """Encrypted, or with a wrong checksum or size in the directory: refused."""
    plain = bytearray(packed({"0.tlog-proof": BUNDLES[0].encode()}))
    entry = plain.index(b"PK\x01\x02")
    encrypted = bytearray(plain)
    struct.pack_into("<H", encrypted, entry + 8, 1)
    assert code_of(bytes(encrypted)) == "archive-form"
    checksum = bytearray(plain)
    checksum[entry + 16] ^= 1
    assert code_of(bytes(checksum)) == "archive-form"
    size = bytearray(plain)
    struct.pack_into("<II", size, entry + 20, 10, 10)
    assert code_of(bytes(size)) == "archive-form"


def test_a_damaged_zip_is_refused_or_says_the_same() -> None:
    """Each byte flipped, cut or doubled: no other exception escapes, and no other file comes out."""
    files = {index: BUNDLES[index].encode() for index in range(2)}
    good = packed({f"{index}.tlog-proof": data for index, data in files.items()}, zipfile.ZIP_DEFLATED)
    refused = 0
    for place in range(len(good)):
        for other in (
            good[:place] + bytes([good[place] ^ 1 << place % 8]) + good[place + 1 :],
            good[:place] + good[place + 1 :],
            good[: place + 1] + good[place:],
        ):
            try:
                assert archive.unpack(other).items() <= files.items(), place
            except Malformed as trouble:
                refused += str(trouble) != ""
    assert refused > 2 * len(good)


def test_bundles_of_two_checkpoints_are_not_packed_together() -> None:
    """They would be refused."""
    with pytest.raises(Malformed) as refused:
        archive.pack([BUNDLES[0], BOOK.bundle(1, BOOK.cosigned(5))])
    assert refused.value.code == "archive-checkpoints"


def test_nothing_lies_before_between_or_behind_the_files() -> None:
    """Tools differ in what they make of such zips; streamed and stored ones are as good as any."""
    assert code_of(GOOD + b"x") in ("archive-more", "archive-form")
    assert code_of(b"PK\x03\x04 and more" + GOOD) == "archive-more"
    commented = io.BytesIO(GOOD)
    with zipfile.ZipFile(commented, "a") as file:
        file.comment = b"result: it holds"
    assert code_of(commented.getvalue()) == "archive-more"
    one, other = (packed({f"{n}.tlog-proof": BUNDLES[n].encode()}) for n in (0, 1))
    assert code_of(one + other) == "archive-more"
    hidden = io.BytesIO()
    with zipfile.ZipFile(hidden, "w") as file:
        file.writestr("0.tlog-proof", BUNDLES[0].encode())
        file.writestr("1.tlog-proof", BUNDLES[1].encode())
        file.filelist.pop()
    assert code_of(hidden.getvalue()) == "archive-more"

    class Pipe(io.RawIOBase):
        """What cannot be sought in, so that sizes stand behind the files."""

        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.data += data
            return len(data)

    streamed = Pipe()
    with zipfile.ZipFile(streamed, "w") as file:
        file.writestr("0.tlog-proof", BUNDLES[0].encode())
    assert list(archive.verify(bytes(streamed.data), READER)) == [0]
