"""``adamas copy``, ``backup``, ``restore``: a ledger in another store, in a file, and back again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output import adamas_command, emit_json, remark, say
from cli.session import KEEPER, Session, pass_session
from ledger import messages

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.guard import Signed
    from ledger.store.journal import Head


@adamas_command(
    "copy",
    example="adamas copy adamas.db postgresql://keeper@db/bw\nadamas copy postgresql://keeper@db/bw bw.db",
    exits=(0, 7, 10),
)
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@pass_session
def copy(session: Session, source: str, target: str) -> None:
    """Copy a ledger into a new store, a file or a PostgreSQL schema, either way.

    Every entry is chained again and must come out as it was: the copy has the same hashes and root. Values
    whose erasure is recorded are left behind. Where there is a ledger already, nothing is copied. Keys and
    documents lie beside a ledger and are copied like other files; two copies must not both be written.
    """
    from ledger.store import opening
    from ledger.store.copying import copy as copied

    with opening.open(source, write=False) as journal:
        size = journal.head().size
        with _bar(size, "Copying") as told:
            head = copied(journal, target, told)
        grown = journal.head().size > size
    _tell(session, target, head)
    if grown:
        remark(messages.text("copy-growing", {"path": source, "index": head.size - 1}))


@adamas_command("backup", example="adamas backup 2026-11-24.adamas", exits=(0, 7, 10))
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@pass_session
def backup(session: Session, path: Path) -> None:
    """Copy the ledger into one file, consistent while others write.

    The file is a whole ledger of its own: adamas verify --ledger FILE checks it. It holds sealed values and
    no keys.
    """
    from ledger.store import opening
    from ledger.store.copying import backup as backed_up

    with opening.open(session.path, write=False) as journal, _bar(None, "Backing up") as told:
        head = backed_up(journal, path, told)
    _tell(session, str(path), head)


@adamas_command(
    "restore",
    example="adamas restore 2026-11-24.adamas adamas.db",
    exits=(0, 4, 6, 7, 8, 10),
)
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False))
@click.argument("target", metavar="TO")
@click.option("--behind-the-guard", is_flag=True, help="Put back a ledger that can never sign again.")
@pass_session
def restore(session: Session, path: str, target: str, behind_the_guard: bool) -> None:
    """Put a backup back, as a new ledger at TO.

    What was last signed stands in the guard beside the ledger's key (<TO>.keys/ledger.pem.guard, or beside
    --ledger-key), and in the row that adamas house share-guard made. A backup that ends before it is refused:
    receipts given since would not be found in it, and signing it again would convict the ledger. With
    --behind-the-guard it is put back for reading; going on takes a new origin. Values whose erasure is
    recorded in the backup are not put back.
    """
    from ledger.store.copying import Progress
    from ledger.store.restoring import restore as restored

    at_target = Session(dataclasses.replace(session.settings, ledger=target))
    signed = _signed(at_target, path, behind=behind_the_guard)
    with _bar(None, "Restoring") as told:
        step: Progress = told
        head = restored(path, target, signed, behind=behind_the_guard, progress=step)
    _tell(session, target, head)
    if signed is not None and head.size < signed.size:
        lost = {"size": head.size, "signed": signed.size}
        remark(messages.text("restored-behind", lost))


def _signed(session: Session, path: str, *, behind: bool) -> Signed | None:
    """What the guard beside the ledger's key remembers, or the row that all machines share."""
    from ledger.application import Ledger
    from ledger.guard import FileGuard

    key = session.settings.ledger_key
    beside = Path(key) if key is not None and Path(key).exists() else session.keys_folder / KEEPER
    guard = beside.with_name(beside.name + ".guard")
    with Ledger.open(path, write=False) as ledger:
        known = [FileGuard(guard, ledger.origin).newest, _signed_elsewhere(session, ledger, behind=behind)]
    signed = max((one for one in known if one is not None), key=lambda one: one.size, default=None)
    if signed is None:
        remark(messages.text("restore-unguarded", {"path": str(guard)}))
    return signed


def _signed_elsewhere(session: Session, ledger: Ledger, *, behind: bool) -> Signed | None:
    """What the row remembers. Out of reach, it stops whoever would go by it."""
    from ledger.errors import KeyTrouble
    from ledger.store.opening import guard_row

    url = session.guard_row()
    if url is None:
        return None
    row = guard_row(url, ledger.origin, ledger.journal)
    try:
        return row.look()
    except KeyTrouble as trouble:
        if not behind:
            raise
        remark(f"{trouble.code}: {trouble}")
        return None
    finally:
        row.close()


def _tell(session: Session, place: str, head: Head) -> None:
    from ledger.store.opening import shown

    place, last = shown(place), f"{head.size - 1}:{head.hash.hex()}"
    if session.json:
        emit_json({"ledger": place, "entries": head.size, "head": last, "root": head.root().hex()})
        return
    say(f"ledger    {place}")
    say(f"entries   {head.size}")
    say(f"head      {last}")
    say(f"root      {head.root().hex()}")


@contextmanager
def _bar(length: int | None, label: str) -> Iterator[Callable[[int], None]]:
    import sys

    hidden = not sys.stderr.isatty()
    with click.progressbar(length=length or 0, label=label, file=sys.stderr, hidden=hidden) as bar:
        yield bar.update
