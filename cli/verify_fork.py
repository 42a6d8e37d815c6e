"""``adamas verify-fork``: whom two signed checkpoints of one ledger convict."""

from __future__ import annotations

from pathlib import Path

import click

from cli.artefacts import read_artefact
from cli.output import adamas_command
from cli.session import Session, pass_session

_FILE = click.Path(dir_okay=False, path_type=Path)


@adamas_command(
    "verify-fork", example="adamas verify-fork bw.checkpoint.fork-proof --trust bw.trust", exits=(0, 4, 7, 10)
)
@click.argument("file", metavar="FILE", type=_FILE)
@click.option(
    "--trust",
    "trust_file",
    type=_FILE,
    metavar="FILE",
    help="Whose keys the ledger's are.  [default: those that the ledger here names]",
)
@pass_session
def verify_fork(session: Session, file: Path, trust_file: Path | None) -> None:
    """Check a fork proof: two checkpoints, both signed, that no single history contains.

    Ends with 0 and names whom it convicts; with 4 where it convicts nobody.
    """
    from cli.verify_proof import verify_fork as verify
    from ledger.chain.trust import Trust
    from ledger.federation.growth import keys_of

    data = read_artefact(file)
    keys = (
        keys_of(session.ledger().state())
        if trust_file is None
        else Trust.parse(read_artefact(trust_file)).keys
    )
    verify(session, data, keys)
