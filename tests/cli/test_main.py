"""The frame: the table of contents, the help of every command, exit codes, and what is imported for what."""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from cli import main
from cli.examples import EXAMPLES
from cli.measured import shown_width
from cli.output import AdamasCommand, Settings, emit_csv, emit_table, exit_codes
from ledger.domain.events import EVENTS
from tests import exit_codes as table_of_exit_codes
from tests.laptop import Laptop

ROOT = Path(__file__).resolve().parents[2]
FILES = (".statement", ".enrolment", ".zip", ".trust", ".adamas", "opening.json")
"""What examples read must be there; no example writes over such a file."""


def there() -> list[str]:
    """The commands whose modules are part of this checkout."""
    return [
        name for name, (module, _) in main.TABLE.items() if (ROOT / f"{module.replace('.', '/')}.py").exists()
    ]


def commands(
    command: click.Command, context: click.Context, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command, click.Context]]:
    """Every command below one that does something itself, with its words and a context."""
    if not isinstance(command, click.Group):
        yield words, command, context
        return
    for name in command.list_commands(context) if words else there():
        below = command.get_command(context, name)
        assert below is not None, f"{words} lists {name} and does not have it"
        yield from commands(below, click.Context(below, info_name=name, parent=context), (*words, name))


def root() -> click.Context:
    """The context of ``adamas`` itself."""
    return click.Context(main.adamas, info_name="adamas", obj=Settings())


EVERY = list(commands(main.adamas, root()))
each_command = pytest.mark.parametrize(
    ("words", "command", "context"), EVERY, ids=[" ".join(found[0]) for found in EVERY]
)


def test_every_act_has_a_command() -> None:
    """Only the opening of a ledger is `init`'s own."""
    words = {found[0] for found in EVERY}
    lacking = [event.TYPE for event in EVENTS.values() if event.COMMAND not in words]
    assert lacking == ["ledger-opened/1"]
    assert ("init",) in words


def test_the_table_of_contents_names_every_module() -> None:
    """What the table promises can be imported, and what it says is one line without a full stop."""
    for name in there():
        module, about = main.TABLE[name]
        assert hasattr(importlib.import_module(module), main._name_of(name)), name
        assert 10 <= len(about) <= 75
        assert not about.endswith(".") or about.endswith("...")


def test_the_sections_come_first_in_the_help(laptop: Laptop) -> None:
    """``adamas --help`` reads as a table of contents."""
    shown = laptop.ok("--help").out
    places = [shown.index(f"{section}:") for section in main.SECTIONS]
    assert places == sorted(places)
    assert shown.index("--ledger FILE") > places[-1]
    assert laptop.ok("-h").out == shown


@each_command
def test_every_command_explains_itself(
    words: tuple[str, ...], command: click.Command, context: click.Context
) -> None:
    """A sentence, a line of help for each option, an example, the exit codes, JSON."""
    assert isinstance(command, AdamasCommand), f"{words} was not made with adamas_command"
    assert command.help, f"{words} has no docstring"
    assert command.help.strip()[0].isupper()
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, f"{words} {parameter.opts} says nothing"
    shown = command.get_help(context)
    assert "\nExample:\n  adamas " in shown
    assert "\nExit codes:\n" in shown
    assert set(command.exits) <= set(exit_codes())
    options = [option for parameter in command.params for option in parameter.opts]
    assert len(options) == len(set(options))
    hidden = {option for p in command.params if getattr(p, "hidden", False) for option in p.opts}
    assert hidden == {"--ledger", "--key", "--ledger-key", "--passphrase-fd", "--clock-is-right"}
    if words not in {("template",), ("demo",)}:
        assert "--json" in options, f"{words} speaks no JSON"


def typed_out(line: str) -> list[str]:
    """The words of an example, its shortened hashes in full, without what the shell does."""
    line = line.partition(" > ")[0].replace("7f85...", "7f85".ljust(128, "0"))
    line = re.sub(r"\b([0-9a-f]{4})\.\.\.", lambda found: found[1].ljust(64, "0"), line)
    return shlex.split(line, comments=True)


@each_command
def test_every_example_is_understood(
    words: tuple[str, ...], command: click.Command, context: click.Context, laptop: Laptop
) -> None:
    """The example in the help names this command, and its options are read without a complaint."""
    assert isinstance(command, AdamasCommand)
    lines = command.example.replace("\\\n", " ").splitlines()
    for line in lines:
        name, *typed = typed_out(line)
        assert name == "adamas"
        if typed[: len(words)] != list(words):
            continue
        for missing in (word for word in typed if word.endswith(FILES)):
            (laptop.folder / missing).touch()
        os.chdir(laptop.folder)
        understood = command.make_context(words[-1], typed[len(words) :], parent=context.parent)
        assert understood.params is not None
    assert any(typed_out(line)[1 : 1 + len(words)] == list(words) for line in lines)


def test_every_act_has_an_example_of_its_own() -> None:
    """None is left to the stand-in, and none is of an act that is no more."""
    assert set(EXAMPLES) == {event.TYPE for event in EVENTS.values()} - {"ledger-opened/1"}


def test_the_exit_codes_that_are_shown_are_complete(laptop: Laptop) -> None:
    """``adamas help exit-codes`` is the table of `ledger.errors`, which agrees with the classes."""
    shown = dict(re.findall(r"^ *(\d+)  (.+)$", laptop.ok("help", "exit-codes").out, re.MULTILINE))
    for code, meaning in exit_codes().items():
        assert shown[str(code)] == meaning
    own = [found for found in table_of_exit_codes.classes() if found.__module__ == "ledger.errors"]
    assert {found.exit_code for found in own} <= exit_codes().keys()
    assert {"70", "130", "141"} <= shown.keys()
    told = laptop.data("help", "exit-codes")
    assert {row["exit"] for row in told} == set(exit_codes())


def test_help_on_a_command_by_its_words(laptop: Laptop) -> None:
    """The same as the command's own ``--help``; an unknown word is a usage error."""
    assert laptop.ok("help", "parcel", "split").out == laptop.ok("parcel", "split", "--help").out
    assert laptop("help", "parcel", "teleport").code == 2


def test_the_help_imports_nothing_else() -> None:
    """Looking up a command costs no domain, no store, no cryptography."""
    program = (
        "import sys; from cli.main import run\n"
        "try: run(['--help'])\nexcept SystemExit: pass\n"
        "print([m for m in sys.modules if m.startswith(('ledger.', 'cli.', 'cryptography', 'eventsou'))])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(re.findall(r"'(.+?)'", shown.stdout.splitlines()[-1]))
    assert loaded == {"cli.main", "cli.output", "ledger.errors", "ledger.messages"}


def _planted(monkeypatch: pytest.MonkeyPatch, problem: BaseException) -> None:
    """A command ``planted`` that fails."""

    @click.command("planted")
    def planted() -> None:
        raise problem

    module = ModuleType("tests_planted")
    module.planted = planted  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tests_planted", module)
    monkeypatch.setitem(main.TABLE, "planted", ("tests_planted", "Fail"))


def test_a_fault_of_the_program_shows_where_it_happened(
    bare: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever escapes ends with 70 and a traceback."""
    _planted(monkeypatch, ZeroDivisionError("planted"))
    ran = bare("planted")
    assert (ran.code, "ZeroDivisionError: planted" in ran.err) == (70, True)
    assert "please report it" in ran.err


def test_an_interruption_is_no_fault(bare: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends with 130 and without a traceback."""
    _planted(monkeypatch, KeyboardInterrupt())
    ran = bare("planted")
    assert (ran.code, ran.err.strip()) == (130, "adamas: interrupted")


@pytest.mark.skipif(os.name != "posix", reason="pipes close otherwise here")
def test_a_closed_pipe_is_quiet() -> None:
    """``adamas ... | head`` says nothing on standard error."""
    command = [sys.executable, "-c", "from cli.main import run; run(['help', 'exit-codes'])"]
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_tables_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    """Weights to the right, words to the left, nothing for None."""
    emit_table(["parcel", "weight"], [["P1", "12.50 ct"], ["P-22", "1,109.00 ct"], ["x", None]])
    lines = capsys.readouterr().out.splitlines()
    assert [line.rstrip() for line in lines] == [
        "parcel       weight",
        "P1         12.50 ct",
        "P-22    1,109.00 ct",
        "x",
    ]


def test_columns_stand_in_line_in_every_script(capsys: pytest.CaptureFixture[str]) -> None:
    """Wide letters and pictures take two columns of a terminal, a mark on a letter none."""
    names = ["\u94bb\u77f3-8", "\U0001f48e-9", "e\u0301toile", "\u0641\u0627\u0631\u0633-7", "dealer-7"]
    emit_table(["party", "role"], [[name, "dealer"] for name in names])
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.index("dealer", 1) for line in lines[:4]] == [8, 9, 11, 10]  # 6, 4, 6 and 6 columns wide
    assert [shown_width(line) for line in lines] == [16] * 5


def test_a_row_is_one_line_whatever_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A name with a line end makes no second row; what is spelled out is counted as it is spelled."""
    emit_table(["name", "role"], [["a\nb", "dealer"], ["\u202ec", "cutter"]])
    assert capsys.readouterr().out.splitlines() == [
        "name      role", r"a\u000ab  dealer", r"\u202ec   cutter",
    ]  # fmt: skip


def test_csv_is_quoted(capsys: pytest.CaptureFixture[str]) -> None:
    """Commas, quotes and line ends inside a cell survive."""
    import csv

    emit_csv(["a", "b"], [["x,y", 'say "no"'], [None, "two\nlines"]])
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out, newline="")))
    assert rows == [["a", "b"], ["x,y", 'say "no"'], ["", "two\nlines"]]


def test_the_version(bare: Laptop) -> None:
    """As the package says."""
    import ledger

    assert bare.ok("--version").out == f"adamas, version {ledger.__version__}\n"


def test_usage_errors_as_json(bare: Laptop) -> None:
    """Also where the command itself is not known."""
    assert json.loads(bare("--json", "nothing").err)["exit"] == 2
