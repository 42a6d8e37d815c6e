"""What the commands of mail between ledgers share: who keeps and signs, what came along, what is said of
it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.artefacts import read_artefact, write_artefact
from cli.output import remark, say
from cli.recording import here_and_now, keep, party_of
from cli.session import Session
from ledger import edtf, messages
from ledger.errors import NotFound, Refused
from ledger.messages import how_many

if TYPE_CHECKING:
    from ledger.application import Ledger, Receipt
    from ledger.chain.checkpoint import SignedCheckpoint
    from ledger.chain.forks import ForkProof
    from ledger.chain.tile_source import TileSource
    from ledger.domain.events import Event, Opaque
    from ledger.domain.partners import Partner
    from ledger.federation.mail import Letter, Mail
    from ledger.federation.peers import Comparison
    from ledger.keys import SigningKey

    Done = tuple[Receipt, Event | Opaque]
    Tiles = tuple[SignedCheckpoint, TileSource]

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FORKED = ".fork-proof"


def letter_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What every letter's writing takes."""
    for option in (
        click.option("--pinned", type=click.IntRange(1), multiple=True, metavar="SIZE",
                     help="A size of this ledger that the reader has pinned; those it told of are known."),
        *disclosure_options("the partner"),
        click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), required=True,
                     metavar="FILE", help="The letter's file, a zip.  [needed]"),
    ):  # fmt: skip
        function = option(function)
    return function


def disclosure_options(reader: str) -> list[Callable[..., Any]]:
    """Which sealed fields are opened: what grants allow, and more only by a choice that is named."""
    return [
        click.option("--without-grant", is_flag=True,
                     help="Open what --disclose names although no grant allows it: the keeper's own choice."),
        click.option("--disclose", multiple=True, metavar="FIELD",
                     help=f"Open this sealed field; {reader} needs a grant for it. Repeat for more."),
    ]  # fmt: skip


def from_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Where the sender publishes."""
    return click.option(
        "--from", "published", metavar="DIR|URL",
        help="The sender's published directory: shows how its tree grew since what is pinned.",
    )(function)  # fmt: skip


def named_key(session: Session, named: str) -> SigningKey:
    """The key of a file, or of a party's name in the keys folder. Raises `KeyTrouble`."""
    own = session.keys_folder / f"{named}.pem"
    return session.read_key(own if not Path(named).exists() and own.exists() else Path(named))


def partner_for(ledger: Ledger, to: str) -> Partner:
    """The partner of a country's two letters, or of an origin.

    Raises `NotFound` (``partner-none``, ``partner-several``).
    """
    from ledger.domain.events import PartnerRecognised

    state, records = ledger.state(), ledger.records
    named = state.partner(to)
    if named is not None:
        return named
    first = ledger.journal.types().get(PartnerRecognised.TYPE)
    wires = () if first is None else ledger.journal.wires(first)
    origins: dict[str, None] = {}
    for index, wire in wires:
        event = records.recorded(index).event if wire == PartnerRecognised.TYPE else None
        if isinstance(event, PartnerRecognised):
            origins[event.origin] = None
    found = [one for one in map(state.partner, origins) if one and one.participant == to and not one.dropped]
    if not found:
        raise NotFound("partner-none", to=to)
    if len(found) > 1:
        raise NotFound("partner-several", to=to, origins=", ".join(one.id for one in found))
    return found[0]


def send_letter(
    session: Session,
    ledger: Ledger,
    reader: Partner,
    indexes: Sequence[int],
    *,
    out: Path,
    disclose: Iterable[str],
    pinned: Iterable[int],
    without_grant: bool,
) -> None:
    """Write a letter to a partner, with the paths from what it is known to have pinned; say what is in it.

    Raises `Refused` (``grant-missing``), `NotFound` (``prove-no-field``), and what the keeper raises.
    """
    from ledger.federation import mail
    from ledger.store.evidence import Evidence

    known = mail.sizes_pinned(ledger.journal, Evidence(session.evidence_folder), reader, ledger.origin)
    since = tuple(sorted({*known, *pinned}))
    day = edtf.parse(edtf.day_of(session.clock()))
    written = mail.Letter(tuple(indexes), reader, day, frozenset(disclose), since, without_grant)
    data = mail.write(ledger.keeper, ledger.journal, ledger.records, written)
    write_artefact(out, data)
    _tell_sent(session, ledger, written, data, out)


def _tell_sent(session: Session, ledger: Ledger, written: Letter, data: bytes, out: Path) -> None:
    from ledger.federation import mail

    head = ledger.checkpoint().checkpoint
    count = len(mail.files(data))
    said = {"file": str(out), "origin": head.origin, "size": head.size, "proofs": count, "bytes": len(data)}
    if session.json:
        from cli.output import emit_json

        emit_json({**said, "to": written.reader.id, "since": list(written.since)})
        return
    proofs, size = how_many("count-proofs", count), how_many("count-entries", head.size)
    say(f"wrote {out}: {proofs} under the checkpoint of {size}, for {written.reader.id}")
    since = ", ".join(map(str, written.since))
    remark(f"with the path from what the reader pinned, of size {since}" if since else
           "without a path: the reader is not known to have pinned this ledger")  # fmt: skip


def open_letter(session: Session, ledger: Ledger, file: Path, published: str | Tiles | None) -> Mail:
    """Open a letter; a proven fork is recorded, and is the end. ``published``: where, or what was read there.

    Raises `Refused` (``partner-forked``, ``partner-...``, ``mail-...``), `Malformed`.
    """
    from ledger.federation import mail, peers

    state = ledger.state()
    data = read_artefact(file)
    tiles = published_tiles(published) if isinstance(published, str) else published
    opened = mail.open_(state, data, None if tiles is None else (tiles[0], tiles[1].node))
    if opened.comparison.outcome == peers.FORKS and opened.comparison.proof is not None:
        convict(session, ledger, file, opened.peer.origin, opened.comparison.proof)
    return opened


def published_tiles(place: str) -> Tiles:
    """A published checkpoint, and the tiles under it; whose they are, `mail.open_` asks."""
    from ledger.chain.checkpoint import SignedCheckpoint
    from ledger.chain.tile_source import TileSource
    from ledger.federation.publications import reading

    read = reading(place)
    data = read("checkpoint")
    if data is None:
        raise NotFound("published-no-checkpoint", place=place)
    signed = SignedCheckpoint.parse(data)
    return signed, TileSource(read, signed.checkpoint)


def convict(session: Session, ledger: Ledger, file: Path, origin: str, proof: ForkProof) -> None:
    """Write the fork proof, record it and the alarm, and stop. Raises `Refused` (``partner-forked``)."""
    from ledger.admission import Act
    from ledger.federation.alarms import fork_acts
    from ledger.federation.peers import refused

    path = file.with_name(file.name + FORKED)
    write_artefact(path, proof.encode())
    key = session.key()
    acts = fork_acts(ledger.state(), origin, proof, party_of(ledger, key))
    evidence = keep(session.evidence_folder, [path])
    day = here_and_now(session.clock())
    receipts = ledger.record_batch(Act(act, key, day, evidence=evidence) for act in acts)
    remark(f"{origin} showed two histories. The proof that convicts it: {path}")
    for receipt in receipts:
        remark(f"recorded {receipt.text}")
    raise refused("partner-forked", f"partner:{origin}", origin=origin)


def record_all(
    session: Session,
    ledger: Ledger,
    acts: Sequence[tuple[Event, SigningKey]],
    *,
    occurred: str | None,
    file: Path,
) -> list[Done]:
    """Record acts together, with the letter kept as their evidence; their receipts are for `tell`."""
    from ledger.admission import Act

    evidence = keep(session.evidence_folder, [file])
    receipts = ledger.record_batch(
        Act(event, key, occurred, evidence=evidence, by_letter=True) for event, key in acts
    )
    return [(receipt, ledger.records.recorded(receipt.index).event) for receipt in receipts]


def steps_shown(opened: Mail, index: int) -> None:
    """The numbered steps of one proof, a line each, on standard error."""
    for outcome in opened.reports[index].outcomes:
        remark(f"  {outcome.step:>2} {outcome.standing:<9} {outcome}")


def against_pin(found: Comparison) -> None:
    """What it means that a letter is older than what is pinned, or that nothing shows how they stand."""
    from ledger.federation.peers import EARLIER, NOT_SHOWN

    if found.outcome == EARLIER:
        remark(messages.text("letter-earlier", {"size": found.size}))
    elif found.outcome == NOT_SHOWN:
        remark(messages.text("letter-not-shown", {"size": found.size}))


def record_alert(session: Session, ledger: Ledger, certificate: str, why: Refused) -> None:
    """Record the alert that a certificate was refused."""
    from ledger.federation.alarms import fake_alert

    key = session.key()
    alert = fake_alert(ledger.state(), certificate, why.refusals[0], party_of(ledger, key))
    receipt = ledger.record(alert, key, occurred=here_and_now(session.clock()))
    remark(f"alert {alert.alert} recorded {receipt.text}; send it with: adamas alert send {alert.alert}")
