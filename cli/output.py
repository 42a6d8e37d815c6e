"""What every command shares: its global options, how its help ends, and what it writes where.

Answers go to standard output (`say`, `heading`, `emit_table`, `emit_json`, `emit_csv`); remarks, questions
and progress go to standard error, so that an answer can be piped. Colour only on a terminal.

    @adamas_command("trace", example="adamas trace P1", exits=(0, 5))
    @click.argument("parcel")
    @pass_session
    def trace(session: Session, parcel: str) -> None:
        \"\"\"Back to the mines.\"\"\"

The global options (``--ledger`` and so on) stand before the command or after it.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from itertools import chain
from typing import Any, TypeVar

import click

from ledger import errors
from ledger.errors import AdamasError, Refused, Unconfirmed

T = TypeVar("T")
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass
class Settings:
    """The global options as given; None or False where not given."""

    ledger: str | None = None
    key: str | None = None
    ledger_key: str | None = None
    passphrase_fd: int | None = None
    clock_is_right: bool = False
    json: bool = False


def exit_codes() -> dict[int, str]:
    """What each exit code means: the one table, which stands in `ledger.errors`."""
    rows = re.findall(r"^\| *(\d+) *\|[^|]*\| *(.+?) *\|$", errors.__doc__ or "", re.MULTILINE)
    return {int(code): meaning for code, meaning in rows}


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is not None and value is not False and parameter.name is not None:
        setattr(context.ensure_object(Settings), parameter.name, value)


def _option(*names: str, **attributes: Any) -> click.Option:
    return click.Option(list(names), expose_value=False, callback=_remember, **attributes)


def global_options(*, hidden: bool, from_environment: bool) -> list[click.Parameter]:
    """The options that every command takes, before its name or after it."""
    variables = ("ADAMAS_LEDGER", "ADAMAS_KEY", "ADAMAS_LEDGER_KEY") if from_environment else (None,) * 3
    return [
        _option("--ledger", metavar="FILE", envvar=variables[0], hidden=hidden,
                help="The ledger: a file or postgresql:// URL. [ADAMAS_LEDGER; default: ./adamas.db]"),
        _option("--key", metavar="FILE|PARTY", envvar=variables[1], hidden=hidden,
                help="The author's key file, or a party whose key lies in <ledger>.keys. "
                "[ADAMAS_KEY; default: <ledger>.keys/authority.pem]"),
        _option("--ledger-key", metavar="FILE", envvar=variables[2], hidden=hidden,
                help="What signs for the ledger: a key file, fd:N or command:LINE; several files with commas "
                "while keys change. [ADAMAS_LEDGER_KEY; default: <ledger>.keys/ledger.pem]"),
        _option("--passphrase-fd", metavar="N", type=click.IntRange(0), hidden=hidden,
                help="Read the passphrase from file descriptor N instead of asking; a second line is "
                "for new keys."),
        _option("--clock-is-right", is_flag=True, hidden=hidden,
                help="Record although this computer's clock has jumped: a person has looked at it."),
    ]  # fmt: skip


def json_option(*, hidden: bool = False) -> click.Option:
    """``--json``: answers, receipts and errors as JSON."""
    return _option(
        "--json", is_flag=True, hidden=hidden,
        help="Print JSON (weights in thousandths of a carat, values in US cents).",
    )  # fmt: skip


def _add_missing(command: click.Command, options: Iterable[click.Parameter]) -> None:
    taken = {name for parameter in command.params for name in parameter.opts}
    command.params.extend(option for option in options if not taken.intersection(option.opts))


class AdamasCommand(click.Command):
    """A command that takes the global options, and whose help ends with an example and its exit codes."""

    def __init__(
        self, *args: Any, example: str, exits: Sequence[int], json: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.example = example
        self.exits = tuple(sorted({0, 2, *exits}))
        _add_missing(self, [json_option()] if json else [])
        _add_missing(self, global_options(hidden=True, from_environment=False))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The example, the exit codes, and where the global options are told."""
        super().format_epilog(ctx, formatter)
        with formatter.section("Example"):
            for line in self.example.splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")
        meanings = exit_codes()
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meanings[code]) for code in self.exits])
        formatter.write_paragraph()
        formatter.write_text("--ledger, --key, --passphrase-fd and the like: see adamas --help.")


class NoSuchWord(click.UsageError):
    """A word that stands where a command of a group must, and is none; see `cli.misunderstood`."""

    def __init__(self, word: str, group: click.Context) -> None:
        super().__init__(f"No such command '{word}'.", group)
        self.word = word
        self.group = group


class SuggestingGroup(click.Group):
    """A group that answers a misspelt command with what was perhaps meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, for groups too whose commands are imported only when they are used."""
        word = args[0]
        if not word.startswith("-") and self.get_command(ctx, word) is None:
            raise NoSuchWord(word, ctx)
        return super().resolve_command(ctx, args)


class AdamasGroup(SuggestingGroup):
    """A family of commands, such as ``adamas parcel``; takes the global options too.

    ``joined`` are commands of the family that stand in modules of their own: by name, the module and what
    the command is called there. They are imported when they are asked for, and come before a family's own.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.joined: Mapping[str, tuple[str, str]] = {}
        _add_missing(self, [json_option(hidden=True), *global_options(hidden=True, from_environment=False)])

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The family's own commands, then those that were joined to it."""
        return [*super().list_commands(ctx), *self.joined]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command; a joined one is imported now."""
        if cmd_name not in self.joined:
            return super().get_command(ctx, cmd_name)
        module, name = self.joined[cmd_name]
        found: click.Command = getattr(importlib.import_module(module), name)
        return found


def adamas_command(
    name: str, *, example: str, exits: Sequence[int] = (0,), json: bool = True, **attributes: Any
) -> Callable[[Callable[..., Any]], AdamasCommand]:
    """Makes a command of a function; its docstring is the help text.

    ``example`` one or more lines as typed; ``exits`` the codes it can end with (0 and 2 are always added);
    ``json`` False for the few commands that have nothing to say in JSON.
    """
    return click.command(name, cls=AdamasCommand, example=example, exits=exits, json=json, **attributes)


_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def harmless(text: str) -> str:
    """The text with controls, and marks that turn a line around or are not seen, spelled as ``\\u202e``.

    What others wrote moves no terminal's cursor and hides nothing. Line ends and tabs stay, and so do the
    letters of all scripts.
    """
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def say(text: str = "") -> None:
    """A line of the answer, to standard output; see `harmless`."""
    click.echo(harmless(text))


def heading(text: str) -> None:
    """A heading of the answer: bold on a terminal."""
    click.secho(harmless(text), bold=True)


def remark(text: str) -> None:
    """A line beside the answer, to standard error; see `harmless`."""
    click.echo(harmless(text), err=True)


def emit_json(value: Any) -> None:
    """One JSON value on standard output. Bytes are hexadecimal, what is withheld ``{"withheld": true}``.

    A member of an object that is an iterator is an array, and is written while it is gone through: it may be
    longer than memory. So it is in the objects of such an array.
    """
    _write(chain(_text(value, ""), "\n"))


def _write(pieces: Iterable[str]) -> None:
    """Text to standard output, some of it at once."""
    waiting: list[str] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length > _AT_ONCE:
            click.echo("".join(waiting), nl=False)
            waiting, length = [], 0
    click.echo("".join(waiting), nl=False)


_AT_ONCE = 1 << 20
"""So many characters are written at once: where going through a shorter answer fails, nothing was written."""


def _text(value: Any, inside: str) -> Iterator[str]:
    """A value's text as `as_json` gives it, in pieces, so far inside. Its line ends stand in no string."""
    if isinstance(value, Iterator):
        yield from _items(value, inside)
    elif isinstance(value, Mapping) and any(isinstance(one, Iterator) for one in value.values()):
        between = "{"
        for name, member in value.items():
            yield f"{between}\n{inside}  {as_json(name)}: "
            between = ","
            yield from _text(member, inside + "  ")
        yield f"\n{inside}}}"
    else:
        yield as_json(value).replace("\n", "\n" + inside)


def _items(items: Iterator[Any], inside: str) -> Iterator[str]:
    between = "["
    for item in items:
        yield f"{between}\n{inside}  "
        between = ","
        yield from _text(item, inside + "  ")
    yield "[]" if between == "[" else f"\n{inside}]"


def as_json(value: Any) -> str:
    """The JSON text of a value as `emit_json` prints it.

    Letters of all scripts stand as they are; controls, and marks that turn a line around, are escaped, so
    that what others wrote moves no terminal's cursor and hides nothing.
    """
    import json

    return harmless(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    from ledger.domain.fields import Withheld

    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Withheld):
        return {"withheld": True}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if hasattr(value, "items"):
        return dict(value.items())
    raise TypeError(f"{type(value).__name__} has no JSON form")


def emit_csv(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table as CSV (RFC 4180 quoting, lines end with a line feed); None is an empty field."""
    import csv
    import io

    def lines() -> Iterator[str]:
        for row in chain([headers], rows):
            line = io.StringIO()
            csv.writer(line, lineterminator="\n").writerow(["" if cell is None else cell for cell in row])
            yield line.getvalue()

    _write(lines())  # data for programs, as it is


def emit_table(headers: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: bool = True) -> None:
    """A table for people: columns aligned, carats and other numbers to the right; None is empty.

    A row is one line whatever others wrote into it, and columns stand in line in every script. Without
    ``empty`` the columns are left out in which no row has anything. However many rows there are, memory holds
    some thousands: all are gone through before the first is shown, and then read again.
    """
    from cli.measured import Measured

    with Measured(headers, empty=empty) as kept:
        for row in rows:
            kept.add(["" if cell is None else _within_its_line(str(cell)) for cell in row])
        click.secho(kept.aligned(headers), bold=True)
        for line in kept:
            say(kept.aligned(line))


def progress(iterable: Iterable[T], length: int | None = None, label: str = "") -> Iterator[T]:
    """The same items, with a progress bar on standard error where that is a terminal."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(iterable, length=length, label=label, file=sys.stderr, hidden=hidden) as bar:
        yield from bar


def ask(question: str, default: str | None = None) -> str:
    """A person's answer. Raises `Unconfirmed` (``answer-missing``) where nobody is there to answer."""
    try:
        answer: str = click.prompt(question, default=default, show_default=bool(default), err=True)
    except click.Abort as aborted:
        _nobody(aborted, question)
        raise
    return answer


def confirm(question: str, *, default: bool = False) -> bool:
    """A person's yes or no. Raises `Unconfirmed` (``answer-missing``) where nobody is there to answer."""
    try:
        return click.confirm(question, default=default, err=True)
    except click.Abort as aborted:
        _nobody(aborted, question)
        raise


def _nobody(aborted: click.Abort, question: str) -> None:
    if isinstance(aborted.__context__, EOFError):
        raise Unconfirmed("answer-missing", question=question) from None


Hint = Callable[[str, Mapping[str, Any]], str | None]
"""From a code and its values to the next step; see `cli.hints`."""


def complain(trouble: AdamasError, *, json: bool, hint: Hint) -> None:
    """Tell what went wrong and what can be done, on standard error: codes for scripts, sentences for
    people."""
    refusals = trouble.refusals if isinstance(trouble, Refused) else ()
    if json:
        remark(as_json(_complaint(trouble, refusals, hint)))
        return
    word = "refused" if isinstance(trouble, Refused) else "adamas"
    told: set[str] = set()
    for one in refusals or (trouble,):
        remark(_within_its_line(f"{word}: {one.code}: {one}"))
        if (step := _hint(one, hint)) is not None and step not in told:
            remark(f"  next: {step}")
            told.add(step)


def _within_its_line(text: str) -> str:
    """The text with breaks and controls spelled out: a sentence may hold what others wrote."""
    text = re.sub(r"[\x00-\x1f]", lambda found: f"\\u{ord(found[0]):04x}", text)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _hint(one: Any, hint: Hint) -> str | None:
    return hint(one.code, {"subject": getattr(one, "subject", None), **one.values})


def _complaint(trouble: AdamasError, refusals: Sequence[Any], hint: Hint) -> dict[str, Any]:
    said: Sequence[Any] = refusals or (trouble,)
    rows = [
        {"code": one.code, **({"subject": one.subject} if refusals else {}), "said": str(one),
         **({"hint": step} if (step := _hint(one, hint)) else {})}
        for one in said
    ]  # fmt: skip
    first = {name: text for name, text in rows[0].items() if name != "subject"}
    return {"exit": trouble.exit_code, **first, **({"refusals": rows} if refusals else {})}
