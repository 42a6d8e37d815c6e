"""The command ``adamas``: its groups, and the one place where an exception becomes an exit code."""

from __future__ import annotations

import sys

import click

import ledger
from ledger.errors import AdamasError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(ledger.__version__, prog_name="adamas")
def adamas() -> None:
    """Adamas: an open, tamper-evident ledger for rough diamonds."""


def run() -> None:
    """The entry point. What a person can act on ends with its exit code (see ``ledger.errors``)."""
    try:
        adamas(prog_name="adamas")
    except AdamasError as trouble:
        click.echo(str(trouble), err=True)
        sys.exit(trouble.exit_code)
