"""``adamas house share-guard``: what was last signed is remembered in one row, for all machines that sign."""

from __future__ import annotations

import click

from cli.output import adamas_command, emit_json, remark, say
from cli.session import Session, pass_session
from ledger import messages


@adamas_command(
    "share-guard",
    example="adamas house share-guard postgresql://keeper@elsewhere/guards",
    exits=(0, 6, 7, 8, 10),
)
@click.argument("url", metavar="URL")
@pass_session
def share_guard(session: Session, url: str) -> None:
    """Guard the ledger by a row in a PostgreSQL database that every machine reaches which signs for it.

    Run once on each of them, with the ledger and its key, before it signs next. The table and the row are
    made where they are missing, the end of the ledger is signed, and the URL (without a password) is kept in
    <ledger key>.guard-row, from where every command takes it. Signing then asks the row first, and remembers
    in the file beside the key, too. The database belongs on another server than the ledger's. To leave the
    row again, remove that file.
    """
    from ledger.application import Ledger
    from ledger.store.opening import guard_row, shown

    key = session.ledger_key(row=url)
    with Ledger.open(session.path, write=False, keeper=key) as ledger:
        row = guard_row(url, ledger.origin, ledger.journal)
        try:
            row.lay()
        finally:
            row.close()
        head = ledger.checkpoint().checkpoint
    session.name_guard_row(key, shown(url))
    if session.json:
        emit_json(
            {"guard": row.place, "origin": head.origin, "size": head.size, "root": head.root,
             "same_server": row.beside}
        )  # fmt: skip
    else:
        say(f"guard     {row.place}")
        say(f"signed    {head.origin} {head.size} {head.root.hex()}")
    if row.beside:
        remark(messages.text("guard-own-server", {"path": row.place}))
    remark("Next: the same on every other machine that has the ledger's key, before it signs.")
