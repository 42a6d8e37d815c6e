"""``adamas key``: make key files, show them, enrol and revoke them in the ledger.

On one laptop ``adamas key enrol dealer-7 --new`` does it all. In two hands, the party makes its key and an
enrolment request, which holds nothing secret, and the authority enrols that::

    adamas key new dealer-7 --origin ledger.example/bw/k7q2       the party; keeps dealer-7.pem
    adamas key enrol --request dealer-7.enrolment                 the authority
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import bodies
from cli.acts import EXITS, FAMILIES, ActGroup, about_options, run_act
from cli.examples import EXAMPLES
from cli.options import FieldType
from cli.output import AdamasCommand, as_json, emit_json, remark, say
from cli.session import Session, pass_session
from ledger.domain.events import KeyEnrolled, KeyRevoked
from ledger.domain.fields import DATE, PARTY, TEXT
from ledger.domain.vocabulary import is_identifier
from ledger.errors import Malformed, NotFound

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.keys import SigningKey

_REQUEST = "adamas-enrolment/1"
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)

key = ActGroup("key", FAMILIES["key"])


@dataclass(frozen=True, slots=True)
class Request:
    """An enrolment request: whose key, for which ledger, the key, and the proof that its holder agrees."""

    party: str
    origin: str
    key: bytes
    proof: bytes

    def text(self) -> str:
        """The request as a file holds it."""
        return (
            as_json(
                {
                    "format": _REQUEST,
                    "party": self.party,
                    "origin": self.origin,
                    "key": self.key,
                    "proof": self.proof,
                }
            )
            + "\n"
        )

    @classmethod
    def read(cls, path: Path) -> Request:
        """The request in a file. Raises `Malformed` (``request-form``, ``body-...``)."""
        found = bodies.read_object(path)
        try:
            if found.pop("format", None) != _REQUEST:
                raise ValueError("format")
            key, proof = (bytes.fromhex(found.pop(name)) for name in ("key", "proof"))
            return cls(**found, key=key, proof=proof)
        except (TypeError, ValueError, KeyError):
            raise Malformed("request-form", path=str(path), format=_REQUEST) from None


def request_for(party: str, origin: str, signing: SigningKey) -> Request:
    """The request to enrol a key for a party in a ledger."""
    from ledger.keys import prove_possession

    return Request(party, origin, signing.public, prove_possession(signing, party, origin))


def make_key(session: Session, path: Path, *, no_passphrase: bool) -> SigningKey:
    """A new key in a new file. Raises `KeyTrouble`."""
    from ledger.keys import SigningKey, write_key

    if no_passphrase:
        remark("The key file is not encrypted: whoever can read it can sign as you.")
    made = SigningKey.generate()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    passphrase = None if no_passphrase else session.new_passphrase(f"Passphrase for the new key {path}")
    write_key(path, made, passphrase)
    return made


@key.command(
    "new",
    cls=AdamasCommand,
    exits=(0, 2, 6, 7),
    example="adamas key new dealer-7\nadamas key new dealer-7 --origin ledger.example/bw/k7q2 --out d7.pem",
)
@click.argument("party", type=FieldType(PARTY), metavar="PARTY")
@click.option(
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
@pass_session
def new(session: Session, party: str, out: Path | None, origin: str | None, no_passphrase: bool) -> None:
    """Make a key file for PARTY, and the request to enrol it.

    The request (the key file's name with .enrolment) holds the public key and the proof that its holder
    agrees; hand it to the authority, who enrols it with: adamas key enrol --request FILE
    """
    here = session.file.exists()
    path = out or (session.keys_folder if here else Path()) / f"{party}.pem"
    for_ledger = origin or session.ledger().origin
    request = request_for(party, for_ledger, make_key(session, path, no_passphrase=no_passphrase))
    asked = path.with_suffix(".enrolment")
    asked.write_text(request.text(), encoding="utf-8", newline="\n")
    if session.json:
        emit_json({"key": str(path), "request": str(asked), "party": party, "public": request.key})
        return
    say(f"key      {path}")
    say(f"request  {asked}")
    remark("Hand the request to the authority: adamas key enrol --request FILE")


@key.command(
    "show", cls=AdamasCommand, exits=(0, 2, 5, 6, 7), example="adamas key show\nadamas key show dealer-7"
)
@click.argument("party", type=FieldType(PARTY), metavar="PARTY", required=False)
@pass_session
def show(session: Session, party: str | None) -> None:
    """Show the key that signs (--key), or all keys that were ever enrolled for PARTY."""
    ledger = session.ledger()
    authors = [session.key().public] if party is None else _keys_of(ledger, party)
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
    return (", recovery key" if row["recovery"] else "") + (
        f", revoked {row['revoked']}" if row["revoked"] else ""
    )


def _keys_of(ledger: Ledger, name: str) -> list[bytes]:
    known = ledger.state().party(name)
    if known is None:
        raise NotFound("party-unknown", party=name)
    return list(known.keys)


def _enrol_options() -> list[click.Parameter]:
    return [
        click.Argument(["party"], type=FieldType(PARTY), metavar="PARTY", required=False),
        click.Option(["--new"], is_flag=True, help="Make the key too: <ledger>.keys/PARTY.pem"),
        click.Option(["--request"], type=_EXISTING, metavar="FILE", help="The party's enrolment request."),
        click.Option(["--no-passphrase"], is_flag=True, help="With --new: leave the key file unencrypted."),
    ]


@key.command(
    "enrol",
    cls=AdamasCommand,
    params=[*_enrol_options(), *about_options(KeyEnrolled)],
    exits=EXITS,
    example=EXAMPLES["key-enrolled/1"] + "\nadamas key enrol --request dealer-7.enrolment",
)
@click.pass_context
@pass_session
def enrol(session: Session, context: click.Context, /, **given: Any) -> None:
    """A key signs for PARTY from now on.

    Give --new where the party signs on this computer, or the --request that the party made with adamas key
    new.
    """
    party, is_new, file = given.pop("party"), given.pop("new"), given.pop("request")
    plain = given.pop("no_passphrase")
    if is_new == (file is not None):
        raise click.UsageError("Give either --new or --request FILE.", context)
    if is_new and party is None:
        raise click.UsageError("Missing PARTY: whose key it is.", context)
    if is_new:
        request = _made(session, party, plain, dry_run=given["dry_run"])
    else:
        request = Request.read(file)
        if party not in (None, request.party):
            raise Malformed("request-other", path=str(file), party=request.party, wanted=party)
    given |= {"field_party": request.party, "field_key": request.key, "field_proof": request.proof}
    run_act(session, context, KeyEnrolled, given)


def _made(session: Session, party: str, plain: bool, *, dry_run: bool) -> Request:
    """A new key's request; a party that is not registered gets no key file."""
    from ledger.keys import SigningKey

    ledger = session.ledger(write=not dry_run)
    if ledger.state().party(party) is None:
        raise NotFound("party-unknown", party=party)
    if dry_run:
        return request_for(party, ledger.origin, SigningKey.generate())
    session.key()  # the authority's passphrase before the new one, and no new file where the old is missing
    path = session.keys_folder / f"{party}.pem"
    made = make_key(session, path, no_passphrase=plain)
    remark(f"key {path}")
    return request_for(party, ledger.origin, made)


def _revoke_options() -> list[click.Parameter]:
    return [
        click.Argument(["which"], metavar="PARTY|KEY"),
        click.Option(
            ["field_since", "--since"],
            type=FieldType(DATE),
            metavar="DATE",
            required=True,
            help="From which day on what it signed is disputed.  [needed]",
        ),
        click.Option(["field_reason", "--reason"], type=FieldType(TEXT), metavar="TEXT", help="Why."),
    ]


@key.command(
    "revoke",
    cls=AdamasCommand,
    params=[*_revoke_options(), *about_options(KeyRevoked)],
    exits=EXITS,
    example=EXAMPLES["key-revoked/1"],
)
@click.pass_context
@pass_session
def revoke(session: Session, context: click.Context, /, **given: Any) -> None:
    """A key no longer signs; what it signed since --since is disputed.

    PARTY|KEY: a party that has one key in force, or the key itself in hexadecimal.
    """
    ledger = session.ledger(write=not given["dry_run"])
    given["field_key"] = _in_force(ledger, given.pop("which"), context)
    run_act(session, context, KeyRevoked, given)


def _in_force(ledger: Ledger, which: str, context: click.Context) -> bytes:
    """The key that is meant; by a party's name, its only one in force."""

    if not is_identifier(which) or ledger.state().party(which) is None:
        try:
            return bytes.fromhex(which)
        except ValueError:
            raise NotFound("party-unknown", party=which) from None
    rows = [_row(ledger, author) for author in _keys_of(ledger, which)]
    found = [bytes.fromhex(row["key"]) for row in rows if not row["revoked"] and not row["recovery"]]
    if len(found) != 1:
        told = ", ".join(author.hex() for author in found) or "none"
        raise click.UsageError(f"{which} has {len(found)} keys in force ({told}); name one.", context)
    return found[0]
