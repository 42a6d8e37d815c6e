"""Whether a person who was refused is told what to do: hints and texts held against codes and commands.

``faults`` answers one sentence for each refusal and error whose text names no next step and that has no hint,
each hint that is about nothing or asks for a value that nobody gives, and each command or option that is
named anywhere and does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

import click

from cli import main
from tests.message_codes import Use, placeholders

NO_ERRORS = {
    "Attempt", "AuditRemark", "Check", "Outcome", "Remark", "Step", "StepFault", "TileFault", "Trouble",
    "_because", "_ended", "_fault", "_tell", "how_many", "named", "text",
}  # fmt: skip
"""What takes a code and is neither a refusal nor an error: findings of reports, remarks, words of answers.
Whatever is not here must name a next step."""

ADDED = {"hs-move": {"possible"}, "key-file-missing": {"keys"}}
"""What the command line knows beside a code's own values."""

_DO = (
    "add|adopt|append|ask|choose|close|compare|confirm|detain|divide|enrol|erase|give|go|have|install|keep|look|make"
    "|mend|name|put|record|register|remove|report|run|save|say|set|sign|take|try|use|void|write"
)
_STEP = re.compile(rf"\badamas [a-z]|--[a-z]|pip install|createdb|createuser|chmod|[;:,.] (?:{_DO})\b", re.I)
_COMMAND = re.compile(r"\badamas (?!may\b|knows\b)([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")
_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]+)")


def names_a_step(sentence: str) -> bool:
    """Whether a sentence says what to do: a command, an option, or an order."""
    return _STEP.search(sentence) is not None


def hint_of(code: str, hints: Mapping[str, str]) -> str | None:
    """The hint's name in the file: the code, or its longest family."""
    families = [name for name in hints if name.endswith("*") and code.startswith(name[:-1])]
    return code if code in hints else max(families, key=len, default=None)


def faults(uses: list[Use], texts: Mapping[str, str], hints: Mapping[str, str]) -> list[str]:
    """One sentence for each code without a next step, and each hint that cannot be right."""
    unreal = (sentence for said in (texts, hints) for sentence in _unreal(said))
    return [*_silent(uses, texts, hints), *_idle(texts, hints), *_empty(uses, hints), *unreal]


def _silent(uses: list[Use], texts: Mapping[str, str], hints: Mapping[str, str]) -> Iterator[str]:
    for code in sorted({use.code for use in uses if use.maker not in NO_ERRORS}):
        if hint_of(code, hints) is None and not names_a_step(texts[code]):
            yield f"{code}: nobody says what to do"


def _idle(texts: Mapping[str, str], hints: Mapping[str, str]) -> Iterator[str]:
    used = {hint_of(code, hints) for code in texts}
    yield from (f"{name}: a hint about nothing" for name in sorted(set(hints) - used))


def _empty(uses: list[Use], hints: Mapping[str, str]) -> Iterator[str]:
    for use in uses:
        name = hint_of(use.code, hints)
        if name is None or use.given is None or use.maker in NO_ERRORS:
            continue
        lacking = placeholders(hints[name]) - use.given - ADDED.get(use.code, set())
        if lacking:
            yield f"{use.at}: the hint {name} needs {', '.join(sorted(lacking))}"


def _unreal(texts: Mapping[str, str]) -> Iterator[str]:
    known = options()
    for code, sentence in texts.items():
        if "pip install" in sentence:
            continue
        for family, word in _COMMAND.findall(sentence):
            if family not in main.TABLE:
                yield f"{code}: there is no command adamas {family}"
            elif (more := _family(family)) is not None and word and word not in more:
                yield f"{code}: there is no command adamas {family} {word}"
        yield from (f"{code}: no command takes --{name}" for name in _OPTION.findall(sentence)
                    if name not in known)  # fmt: skip


def _family(name: str) -> list[str] | None:
    """The commands of a family; None for a command that is none."""
    command = main.adamas.get_command(click.Context(main.adamas), name)
    return command.list_commands(click.Context(command)) if isinstance(command, click.Group) else None


@cache
def options() -> set[str]:
    """Every option of every command, without its dashes, and those of createdb that a text names."""
    parameters = [parameter for command in _commands(main.adamas) for parameter in command.params]
    names = {name for one in parameters for name in (*one.opts, *one.secondary_opts)}
    return {name.lstrip("-") for name in names} | {"help", "version", "template"}


def _commands(group: click.Group) -> Iterator[click.Command]:
    context = click.Context(group)
    yield group
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command)
        else:
            yield command
