"""``adamas profile adopt``: a national profile from its TOML file, one that ships, or option by option."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.acts import Given, act_command, acting, circumstances, no_file, run_act
from cli.output import AdamasCommand
from cli.recording import party_of, record, rehearse
from cli.session import Session
from ledger.domain.events import Event, ProfileAdopted
from ledger.errors import Malformed

if TYPE_CHECKING:
    from ledger.exchange.profile_file import Profile

_LARGEST = 1_000_000
"""No profile has so many bytes; an entry holds 65,535."""


def _adopt(session: Session, context: click.Context, event: type[Event], given: Given) -> None:
    """Record the profile of a file, or the one that was typed."""
    if given["toml"] is None and given["shipped"] is None:
        no_file(
            context, given["field_profile"], f"give a profile's file with: --toml {given['field_profile']}"
        )
        run_act(session, context, event, given)
        return
    if given["file"] is not None or (given["toml"] is not None and given["shipped"] is not None):
        raise click.UsageError("Give one of --toml, --shipped and --file.", context)
    ledger = session.ledger(write=not given["dry_run"])
    key = session.key()
    profile = _profile(given, acting(given, lambda: party_of(ledger, key)) or "")
    around = circumstances(session, given)
    around = dataclasses.replace(around, sources=(*profile.sources, *around.sources))
    (rehearse if given["dry_run"] else record)(session, ledger, profile.event, key, around)


def _profile(given: Given, by: str) -> Profile:
    from ledger.exchange.profile_file import read_profile, shipped

    path: Path | None = given["toml"]
    if path is None:
        return read_profile(shipped(given["shipped"]), by, given["shipped"])
    try:
        data = path.read_bytes()[:_LARGEST]
        return read_profile(data.decode("utf-8-sig"), by, str(path))
    except OSError as problem:
        raise Malformed("profile-unreadable", path=str(path), reason=problem.strerror) from None
    except UnicodeDecodeError as problem:
        reason = f"no UTF-8 at byte {problem.start}"
        raise Malformed("profile-unreadable", path=str(path), reason=reason) from None


def _command() -> AdamasCommand:
    command = act_command(ProfileAdopted, "adopt", _adopt)
    command.params[1:1] = [
        click.Option(["--toml"], type=click.Path(path_type=Path), metavar="FILE",
                     help="A profile's file; print one with: adamas template profile."),
        click.Option(["--shipped"], type=click.Choice(["canada", "eu", "example"]),
                     help="A profile that ships with Adamas, with its sources."),
    ]  # fmt: skip
    command.example += "\nadamas profile adopt --toml our-profile.toml"
    return command


profile_adopt = _command()
