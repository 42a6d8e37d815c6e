"""``adamas partner recognise`` and ``renew``: whose keys count; and alerts that travel between ledgers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cli.acts import Given, act_command, run_act
from cli.artefacts import read_artefact
from cli.letters import FILE, from_option, letter_options, open_letter, partner_for, record_all, send_letter
from cli.options import FieldType, body_of
from cli.output import AdamasCommand, adamas_command, say
from cli.recording import Circumstances, here_and_now, party_of, rehearse, tell
from cli.session import Session, pass_session
from ledger.domain.events import AlertReceived, Event, PartnerRecognised
from ledger.domain.fields import ALERT
from ledger.errors import Malformed

_EXITS = (0, 2, 3, 4, 5, 6, 7, 8)


def _recognise(session: Session, context: click.Context, event: type[Event], given: Given) -> None:
    """Fill in origin and keys from a trust file, then record as any act."""
    trust: Path | None = given.pop("trust")
    if trust is not None:
        origin, keys = verifier_keys(trust)
        given["field_origin"] = given.get("field_origin") or origin
        given["field_keys"] = (*keys, *given.get("field_keys", ()))
    _check_keys(given)
    run_act(session, context, event, given)


def _check_keys(given: Given) -> None:
    """No letter could ever be verified by a key that is none, or another ledger's.

    Raises `Malformed` (``note-key``, ``partner-key-name``).
    """
    from ledger.chain.note import VerifierKey

    for text in given.get("field_keys", ()):
        if (name := VerifierKey.parse(text).name) != given["field_origin"]:
            raise Malformed("partner-key-name", name=name, origin=given["field_origin"])


def verifier_keys(path: Path) -> tuple[str, tuple[str, ...]]:
    """Origin and verifier keys of a trust file, or of a file with a key on each line.

    Raises `Malformed` (``partner-no-key``, ``partner-origins``).
    """
    from ledger.chain.note import VerifierKey

    found: dict[str, str] = {}
    for line in read_artefact(path).decode("utf-8", "replace").splitlines():
        words = line.split()
        text = words[1] if len(words) > 1 and words[0] == "log" else words[0] if len(words) == 1 else ""
        if text.count("+") >= 2:
            found[text] = VerifierKey.parse(text).name
    if not found:
        raise Malformed("partner-no-key", path=str(path))
    origins = sorted(set(found.values()))
    if len(origins) > 1:
        raise Malformed("partner-origins", path=str(path), origins=", ".join(origins))
    return origins[0], tuple(found)


def _command() -> AdamasCommand:
    command = act_command(PartnerRecognised, "recognise", _recognise)
    about = "The partner's trust file, or a file of verifier keys: names its origin and keys."
    command.params[1:1] = [click.Option(["--trust"], type=FILE, metavar="FILE", help=about)]
    command.example = "adamas partner recognise --trust za.trust --participant ZA --since 2026-01-01\n" + (
        command.example
    )
    return command


partner_recognise = _command()


@adamas_command(
    "renew",
    example="adamas partner renew letter.zip\n"
    "adamas partner renew key-change.zip --from https://tiles.example/bw",
    exits=(*_EXITS, 10),
)
@click.argument("file", type=FILE, metavar="FILE")
@from_option
@pass_session
def partner_renew(session: Session, file: Path, published: str | None) -> None:
    """Take over the keys of a partner's ledger that changed or were revoked, as FILE proves it.

    FILE is any letter of the partner, or what it makes with: adamas prove entry N --entitled. Receiving a
    letter takes them over too. A key of which only its own signature tells is not taken: recognise it anew,
    from a trust file that came by another way.
    """
    from ledger.federation.peers import refused

    ledger = session.ledger(write=True)
    opened = open_letter(session, ledger, file, published)
    key = session.key()
    by = party_of(ledger, key)
    origin = opened.peer.origin
    if opened.renewal(by) is None:
        raise refused("partner-keys-same", f"partner:{origin}", origin=origin)
    acts = [(act, key) for act in opened.taken(by)]
    tell(session, record_all(session, ledger, acts, occurred=here_and_now(session.clock()), file=file))


@adamas_command(
    "send",
    example="adamas alert send fake-BW/00000107 --to BW --disclose text --without-grant -o alert.zip",
    exits=_EXITS,
)
@click.argument("alert", type=FieldType(ALERT), metavar="ALERT")
@click.option("--to", required=True, metavar="COUNTRY|ORIGIN", help="The partner it is for.  [needed]")
@letter_options
@pass_session
def alert_send(session: Session, alert: str, to: str, **how: Any) -> None:
    """Write an alert as a letter to a partner. What was seen stays sealed, unless a grant opens it,
    or the keeper does with --disclose text --without-grant."""
    from ledger.federation.alarms import told_of

    ledger = session.keeping()
    reader = partner_for(ledger, to)
    indexes = told_of(ledger.records, alert)
    send_letter(session, ledger, reader, indexes, **how)


def _receive(session: Session, context: click.Context, event: type[Event], given: Given) -> None:
    """Take an alert from a letter, or record the one that was typed or prepared."""
    letter, published = given.pop("letter"), given.pop("published")
    if given["file"] is not None or body_of(event, given):
        given["field_origin"] = letter
        run_act(session, context, event, given)
        return
    if letter is None:
        raise click.UsageError("Missing LETTER: the file that a partner sent.", context)
    if not Path(letter).is_file():
        raise click.UsageError(f"There is no file {letter}.", context)
    if any(given[name] for name in ("by", "on_behalf", "occurred", "evidence", "receipt")):
        raise click.UsageError("A letter says all; --dry-run and --from alone go with one.", context)
    _from_letter(session, Path(letter), published, dry_run=given["dry_run"])


def _from_letter(session: Session, file: Path, published: str | None, *, dry_run: bool) -> None:
    from ledger.federation.alarms import received

    ledger = session.ledger(write=not dry_run)
    opened = open_letter(session, ledger, file, published)
    key = session.key()
    by = party_of(ledger, key)
    noted, alert = received(opened, by)
    occurred = here_and_now(session.clock())
    if dry_run:
        rehearse(session, ledger, noted, key, Circumstances(occurred))
        return
    acts: list[tuple[Any, Any]] = [(noted, key), *((act, key) for act in opened.taken(by))]
    tell(session, record_all(session, ledger, acts, occurred=occurred, file=file))
    if not session.json:
        subject = alert.certificate or alert.parcel or ""
        said = alert.text if isinstance(alert.text, str) else "(what was seen is withheld)"
        say(f"  {alert.about} {subject}: {said}")


def _receive_command() -> AdamasCommand:
    command = act_command(AlertReceived, "receive", _receive)
    published = click.Option(
        ["published", "--from"], metavar="DIR|URL",
        help="The sender's published directory: shows how its tree grew since what is pinned.",
    )  # fmt: skip
    command.params[:1] = [click.Argument(["letter"], metavar="LETTER|ORIGIN", required=False), published]
    command.exits = (*_EXITS, 10)
    command.example = f"adamas alert receive alert.zip\n{command.example}"
    command.help = (
        "Check an alert that a partner sent in LETTER, record that it came, and pin the partner's ledger.\n\n"
        "An alert that came otherwise, from the ledger ORIGIN, is recorded from options or a body; nothing "
        "proves it.\n\nThe act's type is alert-received/1."
    )
    return command


alert_receive = _receive_command()
