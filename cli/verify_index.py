"""``adamas verify-index``: that a certificate index lies, by what it says of a number and one entry."""

from __future__ import annotations

from pathlib import Path

import click

from cli.artefacts import read_artefact
from cli.output import adamas_command, emit_json
from cli.session import Session, pass_session
from ledger.errors import Malformed
from ledger.messages import how_many

_FILE = click.Path(dir_okay=False, path_type=Path)


@adamas_command(
    "verify-index",
    example="adamas verify-index 107.absence 107.zip --trust bw.trust",
    exits=(0, 4, 7, 10),
)
@click.argument("claim", metavar="ABSENCE", type=_FILE)
@click.argument("proofs", metavar="PROOF...", type=_FILE, nargs=-1, required=True)
@click.option(
    "--trust",
    "trust_file",
    type=_FILE,
    required=True,
    metavar="FILE",
    help="Whose signatures count: the trust file that you made (adamas trust).  [needed]",
)
@click.option(
    "--revoked",
    metavar="FILE",
    type=_FILE,
    multiple=True,
    help="The proof that a key of the ledger was revoked, with those that its author was entitled (a zip).",
)
@pass_session
def verify_index(
    session: Session, claim: Path, proofs: tuple[Path, ...], trust_file: Path, revoked: tuple[Path, ...]
) -> None:
    """Check whether a ledger lied to you about a certificate: ABSENCE says that the number was never issued,
    or later, and an entry in PROOF (a .tlog-proof, or a zip of them) issued or received it.

    Ends with 0 and names what is convicted; with 4 where nothing is. The two may be proven at different
    checkpoints, of any age.
    """
    from cli.verify_proof import proofs_in, tell
    from ledger.chain import absence
    from ledger.chain.bundle_check import Reader, verify_all
    from ledger.chain.trust import Trust
    from ledger.federation.entitling import roles

    trust, void = Trust.parse(read_artefact(trust_file)), tuple(map(proofs_in, revoked))
    reader = Reader(trust, roles=roles, revocations=void)
    told = absence.verify(read_artefact(claim), reader)
    why = Malformed("index-unproven")
    for entry in verify_all([one for file in proofs for one in proofs_in(file)], reader):
        try:
            found = absence.convict(told, entry)
        except Malformed as trouble:
            why = trouble
            continue
        if session.json:
            emit_json({"kind": "index", "origin": reader.trust.origin, "certificate": found.key,
                       "index": found.index, "entry": found.entry, "sizes": found.sizes,
                       "one_checkpoint": found.alike})  # fmt: skip
            return
        tell(f"{reader.trust.origin} lied about {found.key}: the index of entry {found.index} contradicts")
        tell(f"entry {found.entry}, both signed for.")
        if not found.alike:
            sizes = f"{found.sizes[0]} and {how_many('count-entries', found.sizes[1])}"
            tell(f"They are proven at {sizes}: where one history holds")
            tell("both, the index lies; otherwise two histories were signed.")
        return
    raise why
