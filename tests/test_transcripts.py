"""Sessions with the real command, one file for each family: what they show is what the program does."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.main import SECTIONS
from tests import transcript

FOLDER = Path(__file__).resolve().parent / "transcripts"
DOCUMENTS = sorted(FOLDER.glob("*.md"))
SHOWN = [command for section in ("Ask", "Check") for command in SECTIONS[section]]


def commands(documents: list[Path]) -> set[str]:
    """The first word after ``adamas`` in every command that the documents run."""
    steps = [
        step for document in documents for step in transcript.steps(document.read_text(encoding="utf-8"))
    ]
    words = [step.text.split() for step in steps if step.kind == "console"]
    return {word[1] for word in words if len(word) > 1 and word[0] == "adamas"}


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


@pytest.mark.parametrize("command", SHOWN)
def test_every_question_has_a_transcript(command: str) -> None:
    """Whatever the command answers can be read, and is run, in one of the documents."""
    assert command in commands(DOCUMENTS), f"no file in {FOLDER.name} runs: adamas {command}"


def test_a_command_without_a_transcript_would_be_found(tmp_path: Path) -> None:
    """Prose and blocks that are not run do not count."""
    document = tmp_path / "prose.md"
    document.write_text(
        "Say `adamas trace`.\n```sh\nadamas track\n```\n```console\n$ adamas log\n```\n", "utf-8"
    )
    assert commands([document]) == {"log"}
