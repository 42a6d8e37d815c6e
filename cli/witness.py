"""``adamas witness``: cosign other people's ledgers, so that none of them can show two histories.

    adamas witness key --name witness.example/aa --key witness.pem --new
    adamas witness --serve 127.0.0.1:8300 --name witness.example/aa --key witness.pem \\
        --state witness --trust bw.trust --trust za.trust

With ``--second FILE`` every cosignature has a second line, by a key of ML-DSA-44 (FIPS 204).

One process, one line of log for each answer. A web server in front of it gives it a name and encryption.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.artefacts import read_artefact
from cli.output import adamas_command, emit_json, remark, say
from cli.session import Session, pass_session
from ledger.errors import KeyTrouble

if TYPE_CHECKING:
    from ledger.chain.note import VerifierKey
    from ledger.federation.witness_http import WitnessServer
    from ledger.keys import LedgerSigner, MlDsa44Key, SigningKey

_FILE = click.Path(dir_okay=False, path_type=Path)


@adamas_command(
    "witness",
    example="adamas witness key --name witness.example/aa --key witness.pem --new\n"
    "adamas witness --serve 127.0.0.1:8300 --name witness.example/aa --key witness.pem \\\n"
    "    --state witness --trust bw.trust --trust za.trust",
    exits=(0, 2, 4, 6, 7, 10),
)
@click.argument("show", type=click.Choice(["key"]), required=False)
@click.option("--name", metavar="NAME", required=True, help="The witness's name: a URL without schema.")
@click.option("--serve", metavar="HOST:PORT", help="Answer requests at this address, port 0 for a free one.")
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder that remembers what was cosigned. Never put an old copy of it back.",
)
@click.option(
    "--trust", "files", type=_FILE, multiple=True, metavar="FILE", help="A ledger to cosign: its trust file."
)
@click.option(
    "--second",
    type=_FILE,
    metavar="FILE",
    help="A key file of ML-DSA-44: its cosignature stands beside that of --key.",
)
@click.option("--new", is_flag=True, help="With key: make the key files first.")
@click.option("--no-passphrase", is_flag=True, help="With --new: leave the key file unencrypted.")
@pass_session
@click.pass_context
def witness(
    context: click.Context,
    session: Session,
    show: str | None,
    name: str,
    serve: str | None,
    state: Path | None,
    files: tuple[Path, ...],
    second: Path | None,
    new: bool,
    no_passphrase: bool,
) -> None:
    """Cosign checkpoints of the ledgers that were named, each of one history only (tlog-witness over HTTP).

    What was cosigned is on the disk before it is answered. The key (--key) must be the witness's own, used
    for nothing else. With the word key, the verifier key is shown, for others' trust files, and nothing is
    served; a trust file takes one key of a witness, the second where ML-DSA-44 is demanded. Of a trust file,
    only the ledger's keys are used here.
    """
    if session.settings.key is None:
        raise click.UsageError("Missing --key: the witness's own key file.", context)
    if new and show is None:
        raise click.UsageError("--new goes with the word key.", context)
    if new:
        _make(session, Path(session.settings.key), second, no_passphrase=no_passphrase)
    key = session.key()
    beside = None if second is None else _second(session, second)
    if show is not None:
        _show_keys(session, name, key, beside)
        return
    if serve is None or state is None or not files:
        raise click.UsageError("Give --serve, --state and one --trust or more, or the word key.", context)
    _serve(session, _server(name, key, beside, serve, state, files))


def _make(session: Session, path: Path, second: Path | None, *, no_passphrase: bool) -> None:
    """New key files, all under one passphrase. Raises `KeyTrouble`, `Unavailable` before any is there."""
    from ledger.keys import MlDsa44Key, SigningKey, write_key

    made: dict[Path, LedgerSigner] = {path: SigningKey.generate()}
    if second is not None:
        made[second] = MlDsa44Key.generate()
    for file in made:
        if file.exists():
            raise KeyTrouble("key-file-exists", path=str(file))
    passphrase = None if no_passphrase else session.new_passphrase(f"Passphrase for the new key {path}")
    for file, key in made.items():
        write_key(file, key, passphrase)


def _second(session: Session, path: Path) -> MlDsa44Key:
    """Raises `KeyTrouble` (``key-second-kind`` for a key of Ed25519), `Unavailable`."""
    from ledger.keys import MlDsa44Key

    key = session.read_ledger_key(path)
    if not isinstance(key, MlDsa44Key):
        raise KeyTrouble("key-second-kind", path=str(path))
    return key


def _show_keys(session: Session, name: str, key: SigningKey, second: MlDsa44Key | None) -> None:
    from ledger.chain import note

    shown = {"name": name, "key": str(note.verifier_key(name, key, note.COSIGNATURE))}
    if second is not None:
        shown["second"] = str(note.verifier_key(name, second))
    if session.json:
        emit_json(shown)
    else:
        say("\n".join(list(shown.values())[1:]))


def pinned(files: tuple[Path, ...]) -> dict[str, list[VerifierKey]]:
    """The ledgers' keys by origin. Raises `StoreTrouble`, `Malformed` (``trust-...``)."""
    from ledger.chain.trust import Trust

    found: dict[str, list[VerifierKey]] = {}
    for file in files:
        trust = Trust.parse(read_artefact(file))
        known = found.setdefault(trust.origin, [])
        known += [key for key in trust.keys if key not in known]
    return found


def _server(
    name: str,
    key: SigningKey,
    second: MlDsa44Key | None,
    serve: str,
    state: Path,
    files: tuple[Path, ...],
) -> WitnessServer:
    from ledger.federation.memory import Memory
    from ledger.federation.witness import Witness
    from ledger.federation.witness_http import WitnessServer, parse_address

    address = parse_address(serve)
    made = Witness(name, key, pinned(files), Memory.at(state), lambda: int(time.time()), second)
    return WitnessServer(made, address, _log)


def _log(line: str) -> None:
    remark(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}")


def _serve(session: Session, server: WitnessServer) -> None:
    told: dict[str, Any] = {
        "url": server.url,
        "keys": [str(key) for key in server.witness.keys],
        "ledgers": server.witness.origins,
    }
    with server:
        if session.json:
            emit_json(told)
        else:
            say(f"url     {told['url']}")
            for key in told["keys"]:
                say(f"key     {key}")
            for origin in told["ledgers"]:
                say(f"ledger  {origin}")
        server.serve_forever()
