"""``adamas checkpoint``: where the ledger ends, signed; and whether it only grew since one held outside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.artefacts import read_artefact, write_artefact
from cli.output import adamas_command, emit_json, remark, say
from cli.session import Session, pass_session
from ledger.errors import Faults
from ledger.messages import how_many

if TYPE_CHECKING:
    from ledger.chain.checkpoint import SignedCheckpoint

_FILE = click.Path(dir_okay=False, path_type=Path)


@adamas_command(
    "checkpoint",
    example="adamas checkpoint --out bw.checkpoint\nadamas checkpoint --since bw.checkpoint",
    exits=(0, 1, 4, 6, 7, 8, 10),
)
@click.option(
    "-o", "--out", type=_FILE, metavar="FILE", help="Write it to a file, to be kept by somebody else."
)
@click.option(
    "--since",
    type=_FILE,
    metavar="FILE",
    help="A checkpoint held outside: prove that the ledger only grew since, or write FILE.fork-proof.",
)
@pass_session
def checkpoint(session: Session, out: Path | None, since: Path | None) -> None:
    """Sign where the ledger ends: origin, size and root, under the ledger's key.

    Whoever keeps a checkpoint can hold the ledger to it for ever: adamas verify, adamas checkpoint --since.
    """
    ledger = session.keeping()
    signed = ledger.checkpoint()
    if since is not None:
        _compare(session, since, signed)
    if out is not None:
        write_artefact(out, signed.encode())
    head = signed.checkpoint
    if session.json:
        text = signed.encode().decode("utf-8")
        emit_json({"origin": head.origin, "size": head.size, "root": head.root, "checkpoint": text})
    elif out is None and since is None:
        say(signed.encode().decode("utf-8").removesuffix("\n"))
    elif out is not None:
        say(f"checkpoint of {head.origin} at {how_many('count-entries', head.size)}: {out}")


def _compare(session: Session, since: Path, signed: SignedCheckpoint) -> None:
    """Raises `Faults` where no single history contains both."""
    from ledger.chain.checkpoint import SignedCheckpoint
    from ledger.federation.growth import compare

    held = SignedCheckpoint.parse(read_artefact(since))
    grown = compare(held, signed, session.ledger())
    if grown.fork is not None:
        file = since.with_name(since.name + ".fork-proof")
        write_artefact(file, grown.fork.encode())
        raise Faults("checkpoint-fork", size=held.checkpoint.size, path=str(file))
    if grown.behind:
        sizes = {"held": held.checkpoint.size, "size": signed.checkpoint.size}
        raise Faults("checkpoint-behind", path=str(since), **sizes)
    told = remark if session.json else say
    before = how_many("count-entries", held.checkpoint.size)
    told(f"only grew: from {before} to {signed.checkpoint.size}, nothing altered before")
