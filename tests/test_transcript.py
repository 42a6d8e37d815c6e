"""The transcript harness itself: what it runs, what it compares, and that a wrong line fails."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger import __version__
from tests import transcript

Played = Callable[..., tuple[list[str], str]]


@pytest.fixture
def played(tmp_path: Path) -> Played:
    """Play a document given as text: its differences, and the document as it is afterwards."""

    def play(text: str, *, write: bool = False) -> tuple[list[str], str]:
        document, folder = tmp_path / "document.md", tmp_path / "stage"
        document.write_text(text, encoding="utf-8")
        folder.mkdir()
        found = transcript.play(document, folder, write=write)
        return [str(difference) for difference in found], document.read_text(encoding="utf-8")

    return play


def console(*lines: str) -> str:
    """A document with one console block."""
    return "\n".join(["# A document", "", "```console", *lines, "```", ""])


def python(program: str, output: str) -> str:
    """A document with one python block and its output."""
    return f"```python\n{program}\n```\n\n```output\n{output}\n```\n"


VERSION = f"adamas, version {__version__}"


@pytest.mark.parametrize(
    "text",
    [
        console("$ adamas --version", VERSION),
        console("$ adamas --version", "adamas, version ..."),
        console("$ adamas --version", "..."),
        console("$ adamas --version", "...", VERSION),
        console("$ adamas \\", "> --version", VERSION),
        console("$ adamas --version > shown", "$ cat shown", VERSION),
        console("$ export SHADE=blue", "$ adamas --version # a remark", VERSION),
        console("$ adamas --nonsense", "...", "Error: No such option...", "[exit 2]"),
        console("$ adamas --nonsense > shown", "...", "[exit 2]", "$ cat shown"),
        f"<!--\n{console('$ adamas --version', VERSION)}-->\n",
        python("print(6 * 7)", "42"),
        "```python\nx = 6\n```\nand then\n" + python("print(x * 7)", "42"),
        "```python\nprint('shown to nobody')\n```\n",
        "```sh\nnot run\n```\n",
    ],
)
def test_a_true_document_passes(played: Played, text: str) -> None:
    """Every kind of block and every way to leave something open."""
    assert played(text)[0] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (console("$ adamas --version", "adamas, version 9.9.9"), f"+{VERSION}"),
        (console("$ adamas --version"), f"+{VERSION}"),
        (console("$ adamas --version", VERSION, "one line more"), "-one line more"),
        (console("$ adamas --version", VERSION.replace("adamas", "adamas...x")), f"+{VERSION}"),
        (console("$ adamas --version", VERSION, "[exit 2]"), "-[exit 2]"),
        (console("$ adamas --nonsense", "...", "Error: No such option..."), "+[exit 2]"),
        (console("$ adamas --nonsense", "..."), "+[exit 2]"),
        (console("$ adamas --nonsense", "Usage...", "..."), "+[exit 2]"),
        (console("$ adamas --version > shown", "$ cat shown", "adamas"), f"+{VERSION}"),
        (f"<!--\n{console('$ adamas --version', 'adamas')}-->\n", f"+{VERSION}"),
        (python("print(6 * 7)", "43"), "+42"),
    ],
)
def test_a_wrong_line_fails(played: Played, text: str, shown: str) -> None:
    """A line too many, a line too few, another line, another exit code: each is shown with its place."""
    (difference,), after = played(text)
    assert shown in difference.splitlines()
    assert "document.md:" in difference
    assert after == text


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        (console("adamas --version"), "line 4: a console block begins with a command"),
        (console("$ rm -r ledger"), "a transcript cannot run: rm -r ledger"),
        ("```console\n$ adamas --version\n", "never ends"),
    ],
)
def test_a_document_that_cannot_be_run_is_refused(played: Played, text: str, trouble: str) -> None:
    """What the harness does not understand is no silent pass."""
    with pytest.raises(transcript.NotUnderstood, match=trouble):
        played(text)


def test_a_fault_of_the_program_is_raised(played: Played) -> None:
    """A crash in a python block is not an output to compare."""
    with pytest.raises(ZeroDivisionError):
        played("```python\n1 / 0\n```\n")


def test_the_stage_is_left_as_it_was_found(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folder and variables are the document's own: none comes in, none goes out."""
    monkeypatch.setenv("ADAMAS_LEDGER", "/the/person/s/own.db")
    before, here = dict(os.environ), Path.cwd()
    program = (
        "import os\nprint(os.environ.get('ADAMAS_LEDGER'), os.environ['TZ'], os.path.basename(os.getcwd()))"
    )
    assert played(console("$ export ADAMAS_KEY=k") + python(program, "None UTC stage"))[0] == []
    assert dict(os.environ) == before
    assert Path.cwd() == here


def test_writing_makes_a_document_true(played: Played, tmp_path: Path) -> None:
    """Wrong lines are replaced, lines left open stay open where they still match; the rest is untouched."""
    sum_up, true = "print(1)\nprint(2)", console("$ adamas --version", "adamas, version ...")
    wrong = console("$ adamas --version", "adamas, version ...", "gone")
    differences, after = played(f"{wrong}\nProse.\n{python(sum_up, '1')}", write=True)
    assert differences == []
    assert after == f"{true}\nProse.\n" + python(sum_up, "1\n2")
    (tmp_path / "again").mkdir()
    assert transcript.play(tmp_path / "document.md", tmp_path / "again") == []


@pytest.mark.parametrize(
    ("expected", "actual", "written"),
    [
        (
            "receipt ...|index 1|at ... UTC",
            "new|receipt 9f|index 2|at 12 UTC",
            "new|receipt ...|index 2|at ... UTC",
        ),
        ("receipt ...", "nothing alike", "nothing alike"),
        ("a|...|z", "a|b|c|z|new", "a|...|z|new"),
        ("a|...", "b|c", "b|c"),
        ("old|...", "old|b|c", "old|..."),
        ("old|...", "old|b|[exit 2]", "old|...|[exit 2]"),
        ("...|z", "a|b", "a|b"),
        ("", "a", "a"),
        ("a|b", "", ""),
    ],
)
def test_an_open_line_is_kept_only_where_it_matches(expected: str, actual: str, written: str) -> None:
    """Lines with ``...`` keep their order; one that matches nothing any more gives way to what is printed."""
    before, after = (tuple(filter(None, text.split("|"))) for text in (expected, actual))
    assert "|".join(transcript.merged(before, after)) == written
