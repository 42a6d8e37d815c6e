"""``adamas help``: help on a command by its words, and the one table of exit codes."""

from __future__ import annotations

import click

from cli.output import NoSuchWord, adamas_command, emit_json, exit_codes, say
from cli.session import Session, pass_session


@adamas_command("help", example="adamas help parcel split\nadamas help exit-codes", exits=(0, 2))
@click.argument("topic", nargs=-1)
@click.pass_context
@pass_session
def help_(session: Session, context: click.Context, topic: tuple[str, ...]) -> None:
    """Help on TOPIC: the words of a command, or exit-codes."""
    if topic == ("exit-codes",):
        _exit_codes(session)
        return
    root = context.find_root()
    command: click.Command = root.command
    path = root
    for word in topic:
        found = command.get_command(path, word) if isinstance(command, click.Group) else None
        if found is None:
            raise NoSuchWord(word, path)
        command, path = found, click.Context(found, info_name=word, parent=path)
    say(command.get_help(path))


def _exit_codes(session: Session) -> None:
    meanings = exit_codes()
    if session.json:
        emit_json([{"exit": code, "meaning": meaning} for code, meaning in meanings.items()])
        return
    for code, meaning in meanings.items():
        say(f"{code:>4}  {meaning}")
    say("  70  a fault of the program: please report it")
    say(" 130  interrupted from the keyboard")
    say(" 141  whoever read the output went away")
