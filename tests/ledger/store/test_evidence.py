"""Attached documents: kept by their hash, found again, found altered."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from ledger.errors import NotFound, StoreTrouble
from ledger.store.evidence import Evidence, Kept

LETTER = "Ein Brief über Łódź.\n".encode()


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    """A document to attach."""
    path = tmp_path / "letter.txt"
    path.write_bytes(LETTER)
    return path


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    """A folder that is not there yet."""
    return Evidence(tmp_path / "ledger.db.evidence")


def test_a_document_is_kept_by_its_hash(letter: Path, evidence: Evidence) -> None:
    """What is told is what an entry states, and the copy lies under its hash."""
    hashed = sha256(LETTER).digest()
    kept = evidence.keep(letter)
    assert kept == {"media": "text/plain", "name": "letter.txt", "size": len(LETTER), "sha256": hashed}
    assert [path.name for path in evidence.folder.iterdir()] == [hashed.hex()]
    assert evidence.path(hashed).read_bytes() == LETTER
    assert evidence.check(kept) is Kept.PRESENT


def test_a_document_kept_twice_is_kept_once(letter: Path, evidence: Evidence) -> None:
    """The same bytes under another name are the same document; its kind is told by the name."""
    other = letter.with_name("scan")
    other.write_bytes(LETTER)
    first, second = evidence.keep(letter), evidence.keep(other)
    assert (first["sha256"], second["media"]) == (second["sha256"], "application/octet-stream")
    assert len(list(evidence.folder.iterdir())) == 1


def test_an_altered_document_is_told(letter: Path, evidence: Evidence) -> None:
    """Another byte, another length; and a stated size that is not the file's."""
    kept = evidence.keep(letter)
    assert evidence.check({**kept, "size": kept["size"] + 1}) is Kept.ALTERED
    evidence.path(kept["sha256"]).write_bytes(LETTER[:-1])
    assert evidence.check(kept) is Kept.ALTERED


def test_a_document_that_is_not_here(letter: Path, evidence: Evidence) -> None:
    """Absent is not altered, whether the folder is there or not."""
    stated = {"size": 3, "sha256": bytes(32)}
    assert evidence.check(stated) is Kept.ABSENT
    evidence.keep(letter)
    assert evidence.check(stated) is Kept.ABSENT


def test_a_document_that_cannot_be_read(letter: Path, evidence: Evidence) -> None:
    """A folder in its place, say: nothing can be said of it."""
    evidence.folder.mkdir()
    evidence.path(bytes(32)).mkdir()
    assert evidence.check({"size": 0, "sha256": bytes(32)}) is Kept.UNREADABLE


def test_what_cannot_be_kept_leaves_nothing_behind(tmp_path: Path, evidence: Evidence) -> None:
    """No such file, a folder, a place that takes no folder: each is told, and no draft stays."""
    with pytest.raises(NotFound) as missing:
        evidence.keep(tmp_path / "nothing.txt")
    assert missing.value.code == "evidence-missing"
    with pytest.raises((NotFound, StoreTrouble)):
        evidence.keep(tmp_path)
    assert list(evidence.folder.iterdir()) == []
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreTrouble) as unkept:
        Evidence(tmp_path / "file").keep(tmp_path / "file")
    assert unkept.value.code == "evidence-unkept"


def test_a_copy_that_breaks_off_is_no_document(letter: Path, evidence: Evidence) -> None:
    """Whoever looks while a document is copied sees all of it or nothing under its name."""
    evidence.keep(letter)
    names = {path.name for path in evidence.folder.iterdir()}
    assert all(len(name) == 64 for name in names)
