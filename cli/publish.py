"""``adamas publish`` and ``adamas fsck``: the ledger as a directory that any web server serves, and its
check."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import click

from cli.artefacts import is_kept, read_artefact
from cli.output import adamas_command, emit_json, remark, say
from cli.session import Session, pass_session
from ledger import messages
from ledger.errors import Faults, StoreTrouble
from ledger.messages import how_many

_FOLDER = click.Path(file_okay=False, path_type=Path)
_MOST = 200


@adamas_command("publish", example="adamas publish /var/www/bw", exits=(0, 4, 6, 7, 8, 10))
@click.argument("folder", metavar="DIR", type=_FOLDER)
@pass_session
def publish(session: Session, folder: Path) -> None:
    """Write the ledger to DIR as static files (c2sp.org/tlog-tiles), or bring DIR up to date.

    Entries are published as they are: sealed values are not in them. Only what is new is written, the
    checkpoint last. After a run that was stopped, the first one too, what lies whole in DIR is taken over.
    Serve DIR with any web server; others check it with: adamas verify URL --trust FILE
    """
    from ledger.federation.publishing import publish as write

    _is_for_everybody(folder)
    ledger = session.keeping()
    signed = ledger.checkpoint()
    size = signed.checkpoint.size
    with click.progressbar(
        length=size, label="Entries", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        done = write(folder, signed, ledger.journal.entries, ledger.keeper.tree.node, bar.update)
    if session.json:
        emit_json(
            {
                "directory": str(folder),
                "before": done.before,
                "found": done.found,
                "size": done.size,
                "files": done.files,
            }
        )
    elif done.before == done.size:
        say(f"{folder} is up to date: {how_many('count-entries', done.size)}")
    else:
        new, files = how_many("count-entries", done.size - done.before), how_many("count-files", done.files)
        say(f"published {new} in {files}: {folder} has {done.size} now")
        if done.found:
            remark(messages.text("publish-found", {"count": done.found, "path": str(folder)}))


def _is_for_everybody(folder: Path) -> None:
    """Raises `StoreTrouble` (``publish-folder``) where other files lie, or a ledger or a key among published
    ones."""
    try:
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        others = [one for one in found if one.name not in ("checkpoint", "tile")]
        kept = others if len(others) == len(found) else [one for one in others if is_kept(one)]
    except OSError as problem:
        raise StoreTrouble("artefact-unreadable", path=str(folder), reason=problem.strerror) from None
    if kept:
        raise StoreTrouble("publish-folder", path=str(folder), found=kept[0].name)


@adamas_command("fsck", example="adamas fsck /var/www/bw --trust bw.trust", exits=(0, 1, 4, 7, 10))
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option(
    "--trust",
    "trust_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Check the checkpoint's signature and quorum too, by this trust file.",
)
@pass_session
def fsck(session: Session, folder: Path, trust_file: Path | None) -> None:
    """Derive every file of a published DIR again from its entries, and name each that differs.

    Also files that have no place there are faults, and entries of another ledger. Without --trust nothing is
    said of the signatures, and nothing of what is in the entries: that is adamas verify DIR --trust FILE
    """
    from cli.verify_proof import tell
    from ledger.chain.trust import Trust
    from ledger.federation import publishing

    signed = publishing.published(folder)
    if trust_file is not None:
        trust = Trust.parse(read_artefact(trust_file))
        trust.signed_by(signed)
        trust.check_quorum(signed)
    head = signed.checkpoint
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=head.size, label="Entries", file=sys.stderr, hidden=hidden) as bar:
        faults = list(islice(publishing.fsck(folder, head, bar.update), _MOST))
    if session.json:
        rows = [{"path": one.path, "code": one.code, "said": str(one)} for one in faults]
        emit_json({"origin": head.origin, "size": head.size, "root": head.root, "faults": rows})
    else:
        for one in faults:
            tell(f"{one.path}: {one.code}: {one}")
        if not faults:
            say(f"good: {head.origin}, {how_many('count-entries', head.size)}, root {head.root.hex()}")
    if faults:
        raise Faults("fsck-faults", count=len(faults))
