"""Sessions with the real command, one file for each family: what they show is what the program does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import transcript

FOLDER = Path(__file__).resolve().parent / "transcripts"
DOCUMENTS = sorted(FOLDER.glob("*.md"))


def test_there_are_transcripts() -> None:
    """An empty folder would pass every comparison."""
    assert DOCUMENTS
    for document in DOCUMENTS:
        assert transcript.steps(document.read_text(encoding="utf-8")), f"{document} runs nothing"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.stem)
def test_a_transcript_is_true(document: Path, tmp_path: Path) -> None:
    """Every command prints what the document says, with the exit code that it says."""
    differences = transcript.play(document, tmp_path, write=transcript.is_to_be_written())
    assert not differences, "\n\n".join(map(str, differences))
