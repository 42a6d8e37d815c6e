"""``adamas views rebuild``: the tables that lists and totals are read from, thrown away and built anew."""

from __future__ import annotations

import sys

import click

from cli.output import AdamasGroup, adamas_command, emit_json, emit_table, say
from cli.session import Session, pass_session


@click.group("views", cls=AdamasGroup)
def views() -> None:
    """The tables that lists, totals and searches are read from."""


@adamas_command("rebuild", example="adamas views rebuild", exits=(0, 4, 7, 8))
@pass_session
def rebuild(session: Session) -> None:
    """Throw the views away and build them anew from the entries.

    Views follow from the entries and hold nothing of their own: lists, totals and searches are read from
    them. Needed where adamas verify --views finds one that is wrong. Whoever is stopped in the middle loses
    nothing: the next command that asks goes on from there. Entries are not touched.
    """
    from ledger.projections.following import rebuild as built

    ledger = session.ledger(write=True)
    size = ledger.head().size
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=size, label="Building views", file=sys.stderr, hidden=hidden) as bar:
        rows = built(ledger.journal, ledger.records, bar.update)
    head = ledger.head()
    last = f"{head.size - 1}:{head.hash.hex()}"
    if session.json:
        emit_json({"entries": head.size, "head": last, "rows": rows})
        return
    say(f"entries   {head.size}")
    say(f"head      {last}")
    say()
    emit_table(["view", "rows"], [[name, str(count)] for name, count in rows.items()])


views.add_command(rebuild)
