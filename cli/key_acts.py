"""Keys in the ledger: enrolment requests, and the acts that enrol and revoke."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli import bodies
from cli.acts import EXITS, Run, about_options
from cli.examples import example
from cli.options import FieldType, read_value
from cli.output import AdamasCommand, as_json, remark
from cli.session import Session, pass_session
from ledger.domain.events import KeyEnrolled, KeyRevoked
from ledger.domain.fields import DATE, KEY, PARTY, TEXT
from ledger.errors import Malformed, NotFound
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.keys import MlDsa44Key, SigningKey

K = TypeVar("K", "SigningKey", "MlDsa44Key")
_REQUEST = "adamas-enrolment/1"
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
Given = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """An enrolment request: whose key, for which ledger, the key, and the proof that its holder agrees."""

    party: str
    origin: str
    key: bytes
    proof: bytes

    def written(self) -> str:
        """The request as a file holds it."""
        fields = {"party": self.party, "origin": self.origin, "key": self.key, "proof": self.proof}
        return as_json({"format": _REQUEST, **fields}) + "\n"

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
    from ledger.keys import SigningKey

    return write_new_key(session, path, SigningKey.generate(), no_passphrase=no_passphrase)


def write_new_key(session: Session, path: Path, made: K, *, no_passphrase: bool) -> K:
    """The key, in a new file. Raises `KeyTrouble`."""
    from ledger.keys import write_key

    if no_passphrase:
        remark("The key file is not encrypted: whoever can read it can sign as you.")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    passphrase = None if no_passphrase else session.new_passphrase(f"Passphrase for the new key {path}")
    write_key(path, made, passphrase)
    return made


def keys_of(ledger: Ledger, name: str) -> list[bytes]:
    """All keys that were ever enrolled for a party. Raises `NotFound` (``party-unknown``)."""
    known = ledger.state().party(name)
    if known is None:
        raise NotFound("party-unknown", party=name)
    return list(known.keys)


def enrol_command(run: Run, *, signing: bool = False) -> AdamasCommand:
    """``key enrol``: from a request, or of a new key that it makes; what is signed into a file comes from a
    request."""

    @click.pass_context
    @pass_session
    def callback(session: Session, context: click.Context, /, **given: Any) -> None:
        party, is_new, file = given.pop("party"), given.pop("new", False), given.pop("request")
        plain = given.pop("no_passphrase", False)
        if (is_new, file is not None, given["file"] is not None).count(True) != 1:
            raise click.UsageError("Give one of --new, --request FILE and --file BODY.", context)
        if is_new and party is None:
            raise click.UsageError("Missing PARTY: whose key it is.", context)
        if given["file"] is not None:
            run(session, context, KeyEnrolled, given | {"field_party": party})
            return

        def enrol(request: Request) -> None:
            asked = {"field_party": request.party, "field_key": request.key, "field_proof": request.proof}
            run(session, context, KeyEnrolled, given | asked)

        if is_new:
            _enrol_new(session, party, enrol, plain=plain, dry_run=given["dry_run"])
        else:
            enrol(_requested(file, party))

    told = "Give --new where the party signs on this computer, or the" if not signing else "Give the"
    return AdamasCommand(
        "enrol", callback=callback,
        params=[*_enrol_options(signing), *about_options(KeyEnrolled, signing=signing)],
        exits=(*EXITS, 5), example=_enrol_example(signing), short_help="A key signs for a party from now on.",
        help="A key signs for PARTY from now on.\n\n"
        f"{told} --request that the party made with: adamas key new PARTY",
    )  # fmt: skip


def _enrol_example(signing: bool) -> str:
    if signing:
        return "adamas sign key enrol --request dealer-7.enrolment --out act.statement"
    return example(KeyEnrolled) + "\nadamas key enrol --request dealer-7.enrolment"


def _enrol_options(signing: bool) -> list[click.Parameter]:
    options: list[click.Parameter] = [
        click.Argument(["party"], type=FieldType(PARTY), metavar="PARTY", required=False),
        click.Option(["--request"], type=_EXISTING, metavar="FILE", help="The party's enrolment request."),
    ]
    if signing:
        return options
    return [
        *options,
        click.Option(["--new"], is_flag=True, help="Make the key too: <ledger>.keys/PARTY.pem"),
        click.Option(["--no-passphrase"], is_flag=True, help="With --new: leave the key file unencrypted."),
    ]


def _requested(file: Path, party: str | None) -> Request:
    request = Request.read(file)
    if party not in (None, request.party):
        raise Malformed("request-other", path=str(file), party=request.party, wanted=party)
    return request


def _enrol_new(
    session: Session, party: str, enrol: Callable[[Request], None], *, plain: bool, dry_run: bool
) -> None:
    """Make a key and enrol it; where it is not enrolled, no key file stays."""
    from ledger.keys import SigningKey

    ledger = session.ledger(write=not dry_run)
    keys_of(ledger, party)
    if dry_run:
        enrol(request_for(party, ledger.origin, SigningKey.generate()))
        return
    session.key()  # the authority's passphrase before the new one, and no new file where the old is missing
    path = session.keys_folder / f"{party}.pem"
    made = make_key(session, path, no_passphrase=plain)
    try:
        enrol(request_for(party, ledger.origin, made))
    except BaseException:
        path.unlink()
        raise
    remark(f"key {path}")


def revoke_command(run: Run, *, signing: bool = False) -> AdamasCommand:
    """``key revoke``: by the party, or by the key itself."""

    @click.pass_context
    @pass_session
    def callback(session: Session, context: click.Context, /, **given: Any) -> None:
        which = given.pop("which")
        if which is None and given["file"] is None:
            raise click.UsageError("Missing PARTY|KEY: whose key, or which one.", context)
        if which is not None:
            ledger = session.ledger(write=not given.get("dry_run", signing))
            given["field_key"] = _in_force(ledger, which, context)
        run(session, context, KeyRevoked, given)

    options: list[click.Parameter] = [
        click.Argument(["which"], metavar="PARTY|KEY", required=False),
        click.Option(["field_since", "--since"], type=FieldType(DATE), metavar="DATE",
                     help="From which day on what it signed is disputed.  [needed]"),
        click.Option(["field_reason", "--reason"], type=FieldType(TEXT), metavar="TEXT", help="Why."),
    ]  # fmt: skip
    return AdamasCommand(
        "revoke", callback=callback, params=[*options, *about_options(KeyRevoked, signing=signing)],
        exits=(*EXITS, 5), example=example(KeyRevoked, signing=signing), short_help="A key no longer signs.",
        help="A key no longer signs; what it signed since --since is disputed.\n\n"
        "PARTY|KEY: a party that has one key in force, or the key itself in hexadecimal.",
    )  # fmt: skip


def _in_force(ledger: Ledger, which: str, context: click.Context) -> bytes:
    """The key that is meant; by a party's name, its only one in force."""
    try:
        key: bytes = read_value(KEY, which)
    except ValueError:
        found = [author for author in keys_of(ledger, which) if _signs(ledger, author)]
    else:
        return key
    if len(found) != 1:
        told = ", ".join(author.hex() for author in found) or "none"
        raise click.UsageError(f"{which} has {len(found)} keys in force ({told}); name one.", context)
    return found[0]


def _signs(ledger: Ledger, author: bytes) -> bool:
    known = ledger.state().key(author)
    return known is not None and known.revoked is None and not known.recovery
