"""``adamas key``: make key files, show them, enrol and revoke them in the ledger.

On one laptop ``adamas key enrol dealer-7 --new`` does it all. In two hands, the party makes its key and an
enrolment request, which holds nothing secret, and the authority enrols that::

    adamas key new dealer-7 --origin ledger.example/bw/k7q2       the party; keeps dealer-7.pem
    adamas key enrol --request dealer-7.enrolment                 the authority
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.acts import FAMILIES, ActGroup, run_act
from cli.key_acts import enrol_command, keys_of, make_key, request_for, revoke_command, write_new_key
from cli.options import FieldType
from cli.output import AdamasCommand, emit_json, remark, say
from cli.session import Session, pass_session
from ledger.domain.fields import PARTY, TEXT
from ledger.errors import KeyTrouble, StoreTrouble

if TYPE_CHECKING:
    from ledger.application import Ledger

key = ActGroup("key", FAMILIES["key"])
key.add_command(enrol_command(run_act))
key.add_command(revoke_command(run_act))


@key.command(
    "new",
    cls=AdamasCommand,
    exits=(0, 2, 6, 7, 10),
    example="adamas key new dealer-7\nadamas key new dealer-7 --origin ledger.example/bw/k7q2 --out d7.pem",
)
@click.argument("party", type=FieldType(PARTY), metavar="PARTY")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The key file.  [default: <ledger>.keys/PARTY.pem; without a ledger ./PARTY.pem]",
)
@click.option(
    "--origin",
    type=FieldType(TEXT),
    metavar="ORIGIN",
    help="The ledger it is for.  [default: the ledger's own origin]",
)
@click.option("--no-passphrase", is_flag=True, help="Leave the key file unencrypted.")
@click.option(
    "--post-quantum",
    is_flag=True,
    help="An ML-DSA-44 key, which speaks for a ledger and records no acts: adamas house change-key",
)
@pass_session
def new(
    session: Session,
    party: str,
    out: Path | None,
    origin: str | None,
    no_passphrase: bool,
    post_quantum: bool,
) -> None:
    """Make a key file for PARTY, and the request to enrol it.

    The request (the key file's name with .enrolment) holds the public key and the proof that its holder
    agrees; hand it to the authority, who enrols it with: adamas key enrol --request FILE
    """
    here = session.file.exists()
    path = out or (session.keys_folder if here else Path()) / f"{party}.pem"
    if post_quantum:
        _new_post_quantum(session, path, no_passphrase=no_passphrase)
        return
    asked = path.with_suffix(".enrolment")
    if asked.exists():
        raise KeyTrouble("key-file-exists", path=str(asked))
    for_ledger = origin or session.ledger().origin
    request = request_for(party, for_ledger, make_key(session, path, no_passphrase=no_passphrase))
    try:
        asked.write_text(request.written(), encoding="utf-8", newline="\n")
    except OSError as problem:
        raise StoreTrouble("statement-unwritable", path=str(asked), reason=problem.strerror) from None
    if session.json:
        emit_json({"key": str(path), "request": str(asked), "party": party, "public": request.key})
        return
    say(f"key      {path}")
    say(f"request  {asked}")
    remark("Hand the request to the authority: adamas key enrol --request FILE")


def _new_post_quantum(session: Session, path: Path, *, no_passphrase: bool) -> None:
    """A key file and no request: it is no party's."""
    from ledger.keys import MlDsa44Key

    made = write_new_key(session, path, MlDsa44Key.generate(), no_passphrase=no_passphrase)
    if session.json:
        emit_json({"key": str(path), "public": made.public})
        return
    say(f"key      {path}")
    remark("It speaks for the ledger after: adamas house change-key --new FILE")


@key.command(
    "show", cls=AdamasCommand, exits=(0, 2, 5, 6, 7), example="adamas key show\nadamas key show dealer-7"
)
@click.argument("party", type=FieldType(PARTY), metavar="PARTY", required=False)
@pass_session
def show(session: Session, party: str | None) -> None:
    """Show the key that signs (--key), or all keys that were ever enrolled for PARTY."""
    ledger = session.ledger()
    authors = [session.key().public] if party is None else keys_of(ledger, party)
    rows = [_row(ledger, author) for author in authors]
    if session.json:
        emit_json(rows)
        return
    for row in rows:
        say(f"{row['fingerprint']}  {row['party'] or 'not enrolled'}{_standing(row)}")
        say(f"  {row['key']}")


def _row(ledger: Ledger, author: bytes) -> dict[str, Any]:
    from ledger.keys import fingerprint

    known = ledger.state().key(author)
    return {
        "key": author.hex(),
        "fingerprint": fingerprint(author),
        "party": known.party if known else None,
        "recovery": bool(known and known.recovery),
        "revoked": known.revoked if known else None,
    }


def _standing(row: dict[str, Any]) -> str:
    revoked = f", revoked {row['revoked']}" if row["revoked"] else ""
    return (", recovery key" if row["recovery"] else "") + revoked
