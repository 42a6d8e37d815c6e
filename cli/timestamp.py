"""``adamas timestamp``: the token of a timestamping authority over a checkpoint (RFC 3161).

adamas timestamp request checkpoint                              writes checkpoint.tsq, for any authority
adamas timestamp keep checkpoint answer.tsr --root root.pem      checks the answer, keeps it as checkpoint.tsr
adamas timestamp ask checkpoint --url URL --root root.pem        both at once, over the network
adamas timestamp verify checkpoint --root root.pem               checks what was kept
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.artefacts import read_artefact, write_artefact
from cli.output import AdamasCommand, AdamasGroup, emit_json, say
from cli.session import Session, pass_session

if TYPE_CHECKING:
    from ledger.federation.timestamp import Stamp

_FILE = click.Path(dir_okay=False, path_type=Path)
_EXITS = (0, 1, 4, 6, 7, 10)

timestamp = AdamasGroup("timestamp", help="Time for courts: an authority's token over a checkpoint.")


def _root_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--root",
        type=_FILE,
        required=True,
        metavar="FILE",
        help="The certificates you trust, in PEM: the authority's root.",
    )(command)


@timestamp.command(
    "request", cls=AdamasCommand, exits=_EXITS, example="adamas timestamp request bw.checkpoint"
)
@click.argument("checkpoint", type=_FILE, metavar="CHECKPOINT")
@click.option(
    "-o", "--out", type=_FILE, metavar="FILE", help="Where the request goes.  [default: CHECKPOINT with .tsq]"
)
@pass_session
def request(session: Session, checkpoint: Path, out: Path | None) -> None:
    """Write the request for a token over CHECKPOINT, to be handed to an authority on any way."""
    from ledger.federation import timestamp as stamping

    file = out or _beside(checkpoint, stamping.REQUEST_SUFFIX)
    write_artefact(file, stamping.request(read_artefact(checkpoint)))
    if session.json:
        emit_json({"request": str(file)})
    else:
        say(f"request  {file}")


@timestamp.command(
    "keep",
    cls=AdamasCommand,
    exits=_EXITS,
    example="adamas timestamp keep bw.checkpoint answer.tsr --root authority.pem",
)
@click.argument("checkpoint", type=_FILE, metavar="CHECKPOINT")
@click.argument("answer", type=_FILE, metavar="ANSWER")
@_root_option
@pass_session
def keep(session: Session, checkpoint: Path, answer: Path, root: Path) -> None:
    """Check an authority's ANSWER, and keep it beside CHECKPOINT, with .tsr behind its name."""
    _keep(session, checkpoint, read_artefact(answer), root)


@timestamp.command(
    "ask",
    cls=AdamasCommand,
    exits=_EXITS,
    example="adamas timestamp ask bw.checkpoint --url https://tsa.example/ --root authority.pem",
)
@click.argument("checkpoint", type=_FILE, metavar="CHECKPOINT")
@click.option("--url", required=True, metavar="URL", help="Where the authority answers.")
@_root_option
@pass_session
def ask(session: Session, checkpoint: Path, url: str, root: Path) -> None:
    """Ask an authority over HTTP for a token over CHECKPOINT, check it and keep it beside it."""
    from ledger.federation import timestamp as stamping

    answer = stamping.fetch(url, stamping.request(read_artefact(checkpoint)))
    _keep(session, checkpoint, answer, root)


@timestamp.command(
    "verify",
    cls=AdamasCommand,
    exits=_EXITS,
    example="adamas timestamp verify bw.checkpoint --root authority.pem",
)
@click.argument("checkpoint", type=_FILE, metavar="CHECKPOINT")
@click.option(
    "--token", type=_FILE, metavar="FILE", help="The authority's answer.  [default: CHECKPOINT with .tsr]"
)
@_root_option
@pass_session
def verify(session: Session, checkpoint: Path, token: Path | None, root: Path) -> None:
    """Check the token that was kept for CHECKPOINT; openssl ts -verify checks the same files."""
    from ledger.federation import timestamp as stamping

    file = token or _beside(checkpoint, stamping.ANSWER_SUFFIX)
    stamp = stamping.check(read_artefact(checkpoint), read_artefact(file), read_artefact(root))
    _tell(session, stamp, file)


def _keep(session: Session, checkpoint: Path, answer: bytes, root: Path) -> None:
    from ledger.federation import timestamp as stamping

    stamp = stamping.check(read_artefact(checkpoint), answer, read_artefact(root))
    file = _beside(checkpoint, stamping.ANSWER_SUFFIX)
    write_artefact(file, answer)
    _tell(session, stamp, file)


def _beside(checkpoint: Path, suffix: str) -> Path:
    return checkpoint.with_name(checkpoint.name + suffix)


def _tell(session: Session, stamp: Stamp, file: Path) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=stamp.time)
    shown = moment.isoformat(timespec="seconds")
    if session.json:
        emit_json(
            {
                "token": str(file),
                "time": stamp.time,
                "accuracy": stamp.accuracy,
                "authority": stamp.authority,
                "policy": stamp.policy,
                "serial": stamp.serial,
            }
        )
        return
    say(f"token      {file}")
    say(f"existed    {shown}" + ("" if stamp.accuracy is None else f", give or take {stamp.accuracy} us"))
    say(f"authority  {stamp.authority}, policy {stamp.policy}, number {stamp.serial}")
