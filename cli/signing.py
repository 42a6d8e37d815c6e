"""Two hands: a party signs an act into a statement file, and the ledger's keeper appends it.

    adamas sign parcel split P1 --output P2=3.5 --output P3=9 --out split.statement --key dealer-7.pem \\
        --ledger-origin ledger.example/bw/k7q2 --by dealer-7
    adamas append split.statement

A party that has a copy of the ledger signs as it would record: what can be filled in is filled in, and the
rules of the copy are asked first. Without one, ``--ledger-origin`` and ``--by`` say for which ledger and as
whom. The file holds the sealed values too, for the keeper's eyes.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.about_entries import attest_command, correct_command, erase_command
from cli.acts import (
    FAMILIES,
    ActGroup,
    acting,
    body_given,
    circumstances,
    event_given,
)
from cli.key_acts import enrol_command, revoke_command
from cli.output import AdamasGroup, adamas_command, emit_json, remark, say
from cli.recording import (
    Circumstances,
    keep,
    party_of,
    preview,
    sentence,
    tell,
    with_discrepancies,
)
from cli.session import Session, pass_session
from ledger.domain.events import EVENTS, Event
from ledger.errors import Malformed, StoreTrouble

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.chain.statement import SignedStatement
    from ledger.keys import SigningKey

_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


def sign_act(session: Session, context: click.Context, event: type[Event], given: dict[str, Any]) -> None:
    """Sign an act from what was given on the command line, into the file that was named."""
    ledger = _copy(session, given["ledger_origin"])
    key = session.key()
    by = acting(given, lambda: _own_party(ledger, key, context))
    body = body_given(event, given, by=by, state=None if ledger is None else ledger.state())
    act = event_given(event, body, given["file"])
    around = circumstances(session, given)
    if ledger is not None:
        if given.get("documented"):
            act = with_discrepancies(ledger, act, key, around, session.clock())
        for refusal in preview(ledger, act, key, around):
            remark(f"as the ledger stands here, this would be refused: {refusal.code}: {refusal}")
    out: Path = given["out"]
    if around.evidence:
        kept = keep(documents_beside(out), around.evidence)
        around = dataclasses.replace(around, evidence=(), sources=(*kept, *around.sources))
    signed = _signed(session, ledger, given["ledger_origin"], act, key, around)
    _write(out, signed)
    _told(session, out, act)


def documents_beside(statement: Path) -> Path:
    """The folder with the documents of a statement file; `append` takes them over."""
    return statement.with_name(statement.name + ".evidence")


def _copy(session: Session, origin: str | None) -> Ledger | None:
    """The ledger that is here, if it is the one that is signed for."""
    if origin is not None and not session.file.exists():
        return None
    ledger = session.ledger()
    return ledger if origin in (None, ledger.origin) else None


def _own_party(ledger: Ledger | None, key: SigningKey, context: click.Context) -> str:
    if ledger is None:
        raise click.UsageError(
            "Missing --by: the party that acts; the ledger that knows it is not here.", context
        )
    return party_of(ledger, key)


def _signed(
    session: Session,
    ledger: Ledger | None,
    origin: str | None,
    act: Event,
    key: SigningKey,
    around: Circumstances,
) -> SignedStatement:
    if ledger is not None:
        return ledger.sign(
            act, key, occurred=around.occurred, on_behalf=around.on_behalf, evidence=tuple(around.sources),
            publish=around.publish,
        )  # fmt: skip
    from ledger.admission import Act, propose, time_ordered_id

    name = time_ordered_id(session.clock(), os.urandom)
    said = Act(act, key, around.occurred, around.on_behalf, around.sources, publish=around.publish)
    return propose(said, origin or "", name, os.urandom, _unknown_type).signed


def _unknown_type(index: int) -> str | None:
    """The ledger that would know the type of an entry is not here."""
    return None


def _write(out: Path, signed: SignedStatement) -> None:
    """Create the file, for its owner's eyes. Raises `StoreTrouble` (``statement-...``)."""
    from ledger.chain.statement import encode_file

    data = encode_file(signed)
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600), "wb") as file:
            file.write(data)
    except FileExistsError:
        raise StoreTrouble("statement-exists", path=str(out)) from None
    except OSError as problem:
        raise StoreTrouble("statement-unwritable", path=str(out), reason=problem.strerror) from None


_BINARY = getattr(os, "O_BINARY", 0)


def _told(session: Session, out: Path, act: Event) -> None:
    if session.json:
        emit_json({"statement": str(out), "type": act.TYPE, "by": act.by})
        return
    say(f"signed {out}")
    say(f"  {sentence(act)}")
    remark("Nothing is recorded until the keeper appends it: adamas append FILE")


_SINGLE = {"attest": attest_command, "correct": correct_command, "erase": erase_command}


def _family(name: str) -> ActGroup:
    family = ActGroup(name, FAMILIES[name], sign_act, signing=True)
    if name == "key":
        family.add_command(enrol_command(sign_act, signing=True))
        family.add_command(revoke_command(sign_act, signing=True))
    return family


class SignGroup(AdamasGroup):
    """The acts' commands once more, ending in a statement file."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The families of acts, and the acts about entries."""
        return [*FAMILIES, *_SINGLE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A family, made now; an act by its type's name too (``parcel-split/1``)."""
        if cmd_name in FAMILIES:
            return _family(cmd_name)
        words = EVENTS[cmd_name].COMMAND if cmd_name in EVENTS else (cmd_name,)
        if len(words) == 2 and words[0] in FAMILIES:
            return _family(words[0]).get_command(ctx, words[1])
        make = _SINGLE.get(words[0])
        return None if make is None else make(sign_act, signing=True)


sign = SignGroup(
    "sign",
    help="Sign an act into a statement file, for the ledger's keeper to append.\n\n"
    "What stands behind sign is the act's own command, with --out FILE. Without a copy of the ledger give "
    "--ledger-origin and --by.",
)


@adamas_command("append", example="adamas append split.statement sale.statement", exits=(0, 2, 3, 4, 7, 8, 9))
@click.argument("files", nargs=-1, required=True, type=_EXISTING, metavar="FILE...")
@pass_session
def append(session: Session, files: tuple[Path, ...]) -> None:
    """Record signed statement files, in this order: all of them or none.

    A statement that is recorded already gets its first receipt again.
    """

    statements = [_read(file) for file in files]
    ledger = session.ledger(write=True)
    receipts = ledger.append(statements)
    for file in files:
        if documents_beside(file).is_dir():
            keep(session.evidence_folder, sorted(documents_beside(file).iterdir()))
    tell(session, [(receipt, ledger.records.recorded(receipt.index).event) for receipt in receipts])


def _read(file: Path) -> SignedStatement:
    from ledger.chain.statement import Statement, decode_file

    try:
        signed = decode_file(file.read_bytes())
        Statement.decode(signed.statement)
    except OSError as problem:
        raise Malformed("statement-unreadable", path=str(file), reason=problem.strerror) from None
    except Malformed as trouble:
        raise Malformed("statement-damaged", path=str(file), reason=f"{trouble.code}: {trouble}") from None
    return signed
