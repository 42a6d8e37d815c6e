"""What is answered to a command line that was not understood: what to type instead.

click names what it does not know. Here its sentence ends with what was probably meant, where anything near is
there, and says of a missing option what belongs into it. What click says well is left as it is.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

import click

from cli.output import NoSuchWord

_NEAREST, _ALIKE, _SLIP = 3, 0.72, 0.85
"""How many are proposed; how alike options must be, none being better than one of another meaning; and how
alike a command that was surely meant."""

_ELSEWHERE = {
    **dict.fromkeys(("delete", "remove", "undo"), ("void", "withdraw", "drop", "correct")),
    **dict.fromkeys(("cancel", "revoke", "annul"), ("void", "withdraw", "end", "correct")),
    **dict.fromkeys(("edit", "change", "update", "amend"), ("correct",)),
    **dict.fromkeys(("add", "create", "new"), ("register", "grant", "give", "issue", "recognise", "init")),
    **dict.fromkeys(("view", "display", "info", "details"), ("show",)),
    **dict.fromkeys(("search", "lookup", "query"), ("find",)),
    **dict.fromkeys(("history", "entries"), ("log",)),
}
"""Words of other programs, and what is called so here: the first that the family has, or all have."""

_REMARK = re.compile(r"\s*\[[^]]*\]$")
_DASHED = re.compile(r"[\u2010-\u2015\u2212]-?([a-z][a-z-]*)")
"""An option whose hyphens a text program has made into a dash."""


def clearer(trouble: click.ClickException) -> click.ClickException:
    """The same trouble, told so that the next step is in it."""
    said = _said(trouble) if isinstance(trouble, click.UsageError) else None
    return trouble if said is None else click.UsageError(said, getattr(trouble, "ctx", None))


def _said(trouble: click.UsageError) -> str | None:
    if isinstance(trouble, NoSuchWord):
        return trouble.message + _proposed(_commands(trouble.word, trouble.group))
    if isinstance(trouble, click.NoSuchOption):
        return trouble.message + _option(trouble)
    if isinstance(trouble, click.MissingParameter):
        return _missing(trouble.param)
    if isinstance(trouble, click.BadParameter):
        return _number(trouble)
    dashed = _DASHED.search(trouble.message)
    if dashed is not None:
        return f"{trouble.message}. Options begin with two plain hyphens: --{dashed[1]}"
    return None


def _proposed(meant: list[str]) -> str:
    return f" Did you mean {' or '.join(meant)}?" if meant else ""


def _commands(word: str, context: click.Context) -> list[str]:
    """What was perhaps meant by a word that is no command of this group, the likeliest kind alone."""
    names = _names(context.command, context)
    synonyms = [found for other in _ELSEWHERE.get(word, ()) for found in _asked_of(other, context)]
    kinds = (
        get_close_matches(word, names, 1, _SLIP),
        _asked_of(word, context),
        _own_words(word, context.info_name, names),
        _of_other_families(word, context.find_root()),
        synonyms,
        get_close_matches(word, names, _NEAREST),
    )
    return next((found[:_NEAREST] for found in kinds if found), [])


def _asked_of(word: str, context: click.Context) -> list[str]:
    """A command that is no family's, ``show parcel`` and ``list parties`` with what is asked about."""
    root, family = context.find_root(), context.info_name
    if word not in _names(root.command, root):
        return []
    kinds = _names(_command(root, word), root) if word in ("show", "list") else []
    return [" ".join(["adamas", word, *get_close_matches(family or "", kinds, 1)])]


def _own_words(word: str, family: str | None, names: list[str]) -> list[str]:
    """A family's act by the word of its type (``sold`` of ``parcel-sold/1``) or another program's word."""
    from cli.options import act_classes

    past = [act.COMMAND[1] for act in act_classes()
            if act.COMMAND[0] == family and act.TYPE.partition("/")[0].endswith(f"-{word}")]  # fmt: skip
    return past or [synonym for synonym in _ELSEWHERE.get(word, ()) if synonym in names][:1]


def _of_other_families(word: str, root: click.Context) -> list[str]:
    from cli.acts import FAMILIES

    return [f"adamas {name} {word}" for name in FAMILIES if word in _names(_command(root, name), root)]


def _command(root: click.Context, name: str) -> click.Command | None:
    return root.command.get_command(root, name) if isinstance(root.command, click.Group) else None


def _names(command: click.Command | None, context: click.Context) -> list[str]:
    """The commands of a group; none of a command that is no group."""
    return command.list_commands(context) if isinstance(command, click.Group) else []


def _option(trouble: click.NoSuchOption) -> str:
    name = trouble.option_name
    if trouble.ctx is None:
        return ""
    if len(name.lstrip("-")) == 1:
        group = isinstance(trouble.ctx.command, click.Group)
        return (
            " A command's options stand behind it."
            if group
            else " Longer options begin with two hyphens: --key."
        )
    shown = [one for parameter in trouble.ctx.command.params for one in parameter.opts if one[:2] == "--"]
    near = get_close_matches(name, shown, _NEAREST, _ALIKE)
    longer = [one for one in shown if one.endswith(name[1:])]
    return _proposed(list(dict.fromkeys([*longer, *near]))[:_NEAREST])


def _missing(param: click.Parameter | None) -> str | None:
    """What belongs into an option that is needed, as its help says."""
    if not isinstance(param, click.Option) or not param.help or isinstance(param.type, click.Choice):
        return None
    about = _REMARK.sub("", param.help).rstrip(".")
    return f"Missing {param.opts[-1]}: {about[0].lower()}{about[1:]}."


def _number(trouble: click.BadParameter) -> str | None:
    """click calls a whole number an integer range."""
    kind = None if trouble.param is None else trouble.param.type
    found = re.match(r"'(.*)' is not a valid integer|(-?[0-9]+) is not in the range", trouble.message)
    if not isinstance(kind, click.types.IntParamType) or found is None or trouble.param is None:
        return None
    low, high = getattr(kind, "min", None), getattr(kind, "max", None)
    bounds = f" from {low}" * (low is not None) + f" to {high}" * (high is not None)
    name = trouble.param.get_error_hint(trouble.ctx)
    return f"Invalid value for {name}: '{found[1] or found[2]}' will not do: it takes a whole number{bounds}"
