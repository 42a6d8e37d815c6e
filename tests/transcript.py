"""Documents that are executed: the console and python blocks of a Markdown file, run and compared with it.

A ``console`` block holds commands and what a terminal shows::

    $ export ADAMAS_LEDGER=mine.db
    $ adamas show parcel P9
    not-found: ...
    [exit 5]

- ``$ adamas ...`` runs the real command in this process, with real files in a fresh folder, and no input.
- ``$ adamas ... > FILE`` puts what it prints into a file (errors are still shown); ``$ cat FILE`` shows one.
- ``$ export NAME=VALUE`` holds until the end of the document.
- A line that ends in a backslash goes on in the next, which begins with ``> ``.
- ``[exit N]`` must follow a command that ends with another code than 0.
- ``...`` stands for any text in a line, and alone on a line for any lines, also none, but for ``[exit N]``.

A ``python`` block is executed in the same folder; what it prints is compared with the ``output`` block that
follows at once, where there is one. Blocks of other kinds (``sh``, ``text``) are not run. Blocks in an HTML
comment are run all the same: so a document can set its stage out of sight.

With ADAMAS_TRANSCRIPTS=write, documents that differ are rewritten in place; lines with ``...`` stay where
they still match.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import re
import shlex
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.main import run

FENCE = re.compile(r"^ {0,3}```(\w*) *$")
EXIT = re.compile(r"\[exit \d+\]")
STAGE = {"TZ": "UTC", "COLUMNS": "100", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
HOMES = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_CONFIG_HOME", "XDG_DATA_HOME")


class NotUnderstood(Exception):
    """A document asks for something that a transcript cannot do; the text names the line."""


@dataclass(frozen=True)
class Step:
    """One command or python block: its text, and where its expected output lies in the document.

    ``first`` and ``after`` are line numbers from 0; ``expected`` is ``None`` where any output will do.
    """

    kind: str
    text: str
    expected: tuple[str, ...] | None
    first: int
    after: int


@dataclass(frozen=True)
class Difference:
    """A step whose output is not what its document says."""

    document: Path
    step: Step
    actual: tuple[str, ...]

    def __str__(self) -> str:
        expected = self.step.expected or ()
        lines = difflib.unified_diff(expected, self.actual, "the document", "the program", lineterm="", n=99)
        first = self.step.text.splitlines()[0]
        return "\n".join([f"{self.document}:{self.step.first}: {first}", *lines])


def blocks(lines: list[str]) -> Iterator[tuple[str, int, int]]:
    """The fenced blocks of a document: kind, first line inside, line of the closing fence."""
    opened: tuple[str, int] | None = None
    for number, line in enumerate(lines):
        fence = FENCE.match(line)
        if fence and opened is None:
            opened = (fence[1], number + 1)
        elif fence and opened is not None and not fence[1]:
            yield opened[0], opened[1], number
            opened = None
    if opened is not None:
        raise NotUnderstood(f"line {opened[1]}: the block that begins here never ends")


def steps(text: str) -> list[Step]:
    """All that a document runs, in its order. Raises ``NotUnderstood`` for a line of no known form."""
    lines = text.splitlines()
    every = list(blocks(lines))
    found: list[Step] = []
    for (kind, first, after), following in zip(every, [*every[1:], None], strict=True):
        if kind == "console":
            found += _console(lines, first, after)
        elif kind == "python":
            shown = None
            if (
                following
                and following[0] == "output"
                and not "".join(lines[after + 1 : following[1] - 1]).strip()
            ):
                shown = following[1:]
            expected = None if shown is None else tuple(line.rstrip() for line in lines[slice(*shown)])
            found.append(Step("python", "\n".join(lines[first:after]), expected, *(shown or (first, after))))
    return found


def _console(lines: list[str], first: int, after: int) -> Iterator[Step]:
    number = first
    while number < after:
        if not lines[number].startswith("$ "):
            raise NotUnderstood(f"line {number + 1}: a console block begins with a command ($ ...)")
        command = lines[number][2:]
        number += 1
        while command.endswith("\\"):
            command = command[:-1] + lines[number].removeprefix("> ")
            number += 1
        start = number
        while number < after and not lines[number].startswith("$ "):
            number += 1
        yield Step("console", command, tuple(line.rstrip() for line in lines[start:number]), start, number)


def matches(expected: tuple[str, ...], actual: tuple[str, ...]) -> bool:
    """True when the output is as the document says, ``...`` standing for anything."""
    any_lines = rf"(?:(?!{EXIT.pattern}\n).*\n)*?"
    pattern = "".join(any_lines if line == "..." else _pattern(line) + "\n" for line in expected)
    return re.fullmatch(pattern, "".join(line + "\n" for line in actual)) is not None


def _pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split("..."))


def merged(expected: tuple[str, ...], actual: tuple[str, ...]) -> list[str]:
    """The output to write into a document: what was printed, with ``...`` where it still matches."""
    written: list[str] = []
    here = line = 0
    while line < len(actual):
        if expected[here : here + 1] == ("...",):
            resumed = _resumed(expected[here + 1 :], actual, line)
            here += 1
            if resumed is not None:
                written.append("...")
                line = resumed
            continue
        alike = [place for place in range(here, len(expected)) if _is_alike(expected[place], actual[line])]
        written.append(expected[alike[0]] if alike else actual[line])
        here = alike[0] + 1 if alike else here
        line += 1
    return written


def _is_alike(expected: str, actual: str) -> bool:
    return expected != "..." and re.fullmatch(_pattern(expected), actual) is not None


def _resumed(rest: tuple[str, ...], actual: tuple[str, ...], line: int) -> int | None:
    """The line where the output goes on as expected after a ``...``; the exit or the end if nothing more
    is.
    """
    if not rest:
        return len(actual) - (EXIT.fullmatch(actual[-1]) is not None)
    return next((place for place in range(line, len(actual)) if _is_alike(rest[0], actual[place])), None)


class Stage:
    """A fresh folder to play one document in; the process is as before when the stage is left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, object] = {"__name__": "__main__"}

    @contextlib.contextmanager
    def entered(self) -> Iterator[Stage]:
        """Be in the folder, at home in it, in UTC, with none of the caller's ADAMAS variables."""
        before = dict(os.environ)
        try:
            for name in [name for name in os.environ if name.startswith("ADAMAS_")]:
                del os.environ[name]
            os.environ.update(STAGE, **dict.fromkeys(HOMES, str(self.folder)))
            _tell_zone()
            with contextlib.chdir(self.folder):
                yield self
        finally:
            os.environ.clear()
            os.environ.update(before)
            _tell_zone()

    def play(self, step: Step) -> tuple[str, ...]:
        """What a terminal would show for one step, line by line, the exit code last where it is not 0."""
        screen = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n", write_through=True)
        code = self._python(step, screen) if step.kind == "python" else self._console(step, screen)
        screen.seek(0)
        shown = [line.rstrip() for line in screen.read().splitlines()]
        return tuple(shown + ([f"[exit {code}]"] if code else []))

    def _python(self, step: Step, screen: io.TextIOWrapper) -> int:
        program = compile("\n" * step.first + step.text, "document", "exec")
        with _terminal(screen, screen):
            exec(program, self.names)
        return 0

    def _console(self, step: Step, screen: io.TextIOWrapper) -> int:
        words = shlex.split(step.text, comments=True)
        target = None
        if len(words) > 2 and words[-2] == ">":
            words, target = words[:-2], self.folder / words[-1]
        match words:
            case ["export", setting] if "=" in setting:
                name, _, value = setting.partition("=")
                os.environ[name] = value
                return 0
            case ["cat", name]:
                screen.write((self.folder / name).read_text(encoding="utf-8"))
                return 0
            case ["adamas", *arguments]:
                if target is None:
                    return _adamas(arguments, screen, screen)
                with target.open("w", encoding="utf-8", newline="\n") as file:
                    return _adamas(arguments, file, screen)
        raise NotUnderstood(f"line {step.first}: a transcript cannot run: {step.text}")


def _tell_zone() -> None:
    if hasattr(time, "tzset"):  # Windows has none, and takes no TZ
        time.tzset()


@contextlib.contextmanager
def _terminal(out: io.TextIOBase, err: io.TextIOBase) -> Iterator[None]:
    keyboard, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield
    finally:
        sys.stdin = keyboard


def _adamas(arguments: list[str], out: io.TextIOBase, err: io.TextIOBase) -> int:
    """Run the command as its entry point does. A fault of the program is raised, not shown."""
    before, sys.argv = sys.argv, ["adamas", *arguments]
    try:
        with _terminal(out, err):
            run()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.argv = before
    return 0


def play(document: Path, folder: Path, *, write: bool = False) -> list[Difference]:
    """Run a document in a folder and tell where it is not true; with ``write``, make it true instead."""
    text = document.read_text(encoding="utf-8")
    found: list[Difference] = []
    with Stage(folder).entered() as stage:
        for step in steps(text):
            actual = stage.play(step)
            if step.expected is not None and not matches(step.expected, actual):
                found.append(Difference(document, step, actual))
    if not (write and found):
        return found
    lines = text.splitlines()
    for difference in reversed(found):
        step = difference.step
        lines[step.first : step.after] = merged(step.expected or (), difference.actual)
    document.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return []


def is_to_be_written() -> bool:
    """True when the person asked for the documents to be brought up to date."""
    return os.environ.get("ADAMAS_TRANSCRIPTS") == "write"
