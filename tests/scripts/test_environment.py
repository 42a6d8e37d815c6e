"""The scripts' environment: a suitable Python is found, or the person is told what to install."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
specification = util.spec_from_file_location("environment", ROOT / "scripts" / "environment.py")
assert specification is not None
assert specification.loader is not None
environment = util.module_from_spec(specification)
specification.loader.exec_module(environment)

OLD = environment.Interpreter("/usr/bin/python3", (3, 8, 10), True)
BARE = environment.Interpreter("/usr/bin/python3.11", (3, 11, 2), False)
GOOD = environment.Interpreter("/opt/python3.12", (3, 12, 1), True)
ABSENT = environment.Interpreter("python3.14", (), False)


def asked(*interpreters: object) -> tuple[list[str], object]:
    """Commands, and the answer each would give."""
    answers = {interpreter.command: interpreter for interpreter in interpreters}  # type: ignore[attr-defined]
    return list(answers), answers.__getitem__


def test_the_first_python_that_is_new_enough_and_can_make_environments_is_chosen() -> None:
    """Old ones, bare ones and names that do not run are passed over."""
    assert environment.choose(*asked(OLD, ABSENT, BARE, GOOD)) == GOOD


def test_an_old_python_is_told_what_was_tried_and_what_to_install() -> None:
    """The sentence names the needed version, each Python that was looked at, and the way without root."""
    with pytest.raises(environment.CannotMake) as trouble:
        environment.choose(*asked(OLD, ABSENT))
    sentence = str(trouble.value)
    assert sentence.startswith("Adamas needs Python 3.11 or newer, and none was found.")
    assert "/usr/bin/python3: Python 3.8.10" in sentence
    assert "python3.14: not there, or does not run" in sentence
    assert "uv (https://docs.astral.sh/uv/" in sentence


def test_debians_missing_venv_is_named_with_its_package() -> None:
    """A Python without venv is not called too old: its package is named."""
    with pytest.raises(environment.CannotMake, match=r"apt install python3\.11-venv") as trouble:
        environment.choose(*asked(OLD, BARE))
    assert "needs Python 3.11" not in str(trouble.value)
    assert "/usr/bin/python3.11: Python 3.11.2, without venv" in str(trouble.value)


def test_the_running_python_answers_for_itself() -> None:
    """Probing a real interpreter gives its version; a file that is none does not run."""
    answer = environment.probe(sys.executable)
    assert answer.version == sys.version_info[:3]
    assert environment.probe(str(ROOT / "LICENSE")).version == ()
    assert environment.probe(str(ROOT / "nowhere")).version == ()


def test_the_running_python_is_asked_first_and_none_twice() -> None:
    """What started the script comes first, then the PATH, newest name first."""
    found = environment.candidates({"python3.11": "/b", "python3.12": "/a", "python3": "/b"}.get)
    assert found == [sys.executable, "/a", "/b"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that looks like a checkout whose environment was made for the tests."""
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    made = environment.Environment(tmp_path)
    made.python.parent.mkdir(parents=True)
    made.python.touch()
    made.stamp.write_text(json.dumps(made.wanted(["test"])), encoding="utf-8")
    return tmp_path


def test_a_second_run_installs_nothing(checkout: Path) -> None:
    """The same pyproject.toml, with the same extras or fewer: nothing to do."""
    assert environment.Environment(checkout).is_current(["test"])
    assert environment.Environment(checkout).is_current([])


@pytest.mark.parametrize("name", ["pyproject.toml", "uv.lock"])
def test_a_changed_project_is_installed_again(checkout: Path, name: str) -> None:
    """The stamp holds the digest of both files that say what to install."""
    (checkout / name).write_text("changed\n", encoding="utf-8")
    assert not environment.Environment(checkout).is_current(["test"])


def test_a_further_extra_is_installed_and_the_earlier_ones_stay(checkout: Path) -> None:
    """scripts/demo must not take away what scripts/test needs."""
    made = environment.Environment(checkout)
    assert not made.is_current(["xlsx"])
    assert made.with_earlier(["xlsx"]) == ["test", "xlsx"]


def test_a_lost_interpreter_or_a_torn_stamp_makes_the_environment_again(checkout: Path) -> None:
    """A system upgrade takes the Python away; a killed run leaves half a stamp."""
    made = environment.Environment(checkout)
    made.stamp.write_text('{"made_from"', encoding="utf-8")
    assert not made.is_current(["test"])
    made.stamp.write_text(json.dumps(made.wanted(["test"])), encoding="utf-8")
    assert made.is_current(["test"])
    made.python.unlink()
    assert not made.is_current(["test"])


@pytest.mark.skipif(os.name == "nt", reason="the planted interpreters are shell scripts")
def test_a_script_on_an_old_machine_ends_with_the_sentence(tmp_path: Path) -> None:
    """The whole way, in a process: only old Pythons on the PATH, exit code 1, no traceback."""
    for name in ("python3", "python3.13"):
        (tmp_path / name).write_text("#!/bin/sh\necho 3.9.1\n", encoding="ascii")
        (tmp_path / name).chmod(0o755)
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'scripts')!r}); import environment\n"
        f"from pathlib import Path\n"
        f"sys.argv = ['test']; sys.executable = {str(tmp_path / 'python3')!r}\n"
        f"environment.enter(['test'], environment.Environment(Path({str(tmp_path)!r})))\n"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", program], env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("test: Adamas needs Python 3.11 or newer")
    assert f"{tmp_path / 'python3.13'}: Python 3.9.1" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert not (tmp_path / ".venv").exists()


SCRIPTS = sorted(path.name for path in (ROOT / "scripts").iterdir() if path.is_file() and not path.suffix)


def test_the_scripts_of_the_readme_are_there() -> None:
    """The list that the next test walks is not empty."""
    assert {"test", "demo", "check"} <= set(SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_says_what_it_does_and_starts_under_any_python_3(name: str) -> None:
    """Each has a sentence at its head, bootstraps before it imports anything else, and can be executed."""
    text = (ROOT / "scripts" / name).read_text(encoding="utf-8")
    assert text.startswith('#!/usr/bin/env python3\n"""')
    bootstrap = text.index("environment.enter(")
    assert "import ledger" not in text[:bootstrap]
    assert "from cli" not in text[:bootstrap]
    if os.name != "nt":
        assert os.access(ROOT / "scripts" / name, os.X_OK)
