"""``adamas certificate send, receive, confirm, receive-confirmation``: two ledgers, and nothing but files.

adamas certificate send BW/00000107 --to AE -o letter.zip                 the exporter
adamas certificate receive letter.zip --parcel P1=DXB-1=12.490            the importer
adamas certificate confirm BW/00000107 -o answer.zip                      the importer
adamas certificate receive-confirmation answer.zip                        the exporter
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.acts import UNKNOWN
from cli.artefacts import read_artefact
from cli.letters import (
    FILE,
    against_pin,
    from_option,
    letter_options,
    named_key,
    open_letter,
    partner_for,
    published_tiles,
    record_alert,
    record_all,
    send_letter,
    steps_shown,
)
from cli.options import FieldType, Reader, read_value
from cli.output import adamas_command, emit_json, remark
from cli.recording import here_and_now, party_of, tell
from cli.session import Session, pass_session
from ledger import edtf, messages
from ledger.domain.events import Arrival
from ledger.domain.fields import CERTIFICATE, PARCEL, PARTY, WEIGHT, table
from ledger.errors import Refused

if TYPE_CHECKING:
    from cli.letters import Tiles
    from ledger.application import Ledger
    from ledger.federation.arriving import Foreign, Lot
    from ledger.federation.mail import Mail

_LOT = re.compile(r"(?P<foreign>[^=,]+)=(?P<parcel>[^=,]+)(=(?P<weight>[^=,]+))?(?P<more>(,[^=,]+=[^=,]+)*)")
_EXITS = (0, 2, 3, 4, 5, 6, 7, 8)
_WITH_NETWORK = (*_EXITS, 10)


class LotType(Reader):
    """A parcel that arrived, as it is typed."""

    name = "lot"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The lot; click's usage error for anything else."""
        found = _LOT.fullmatch(value)
        if found is None:
            self.fail(messages.text("lot-form", {"text": value}), param, ctx)
        kinds = {field.name: field.kind for field in table(Arrival)}
        try:
            told: dict[str, Any] = {
                "foreign": read_value(PARCEL, found["foreign"]),
                "parcel": read_value(PARCEL, found["parcel"]),
            }
            if found["weight"] is not None:
                told["weight"] = read_value(WEIGHT, found["weight"])
            for piece in filter(None, found["more"].split(",")):
                name, _, text = piece.partition("=")
                kind = kinds.get(name)
                if kind is None or name not in ("hs", "stones"):
                    self.fail(messages.text("lot-form", {"text": value}), param, ctx)
                told[name] = read_value(kind, text)
        except ValueError as trouble:
            self.fail(str(trouble), param, ctx)
        from ledger.federation.arriving import Lot

        return Lot(**told)


@adamas_command(
    "send",
    short_help="Write the letter that proves a certificate to a partner.",
    example="adamas certificate send BW/00000107 --to AE -o letter.zip\n"
    "adamas certificate send BW/00000107 --to AE --disclose value --history -o letter.zip",
    exits=_EXITS,
)
@click.argument("certificate", type=FieldType(CERTIFICATE), metavar="CERTIFICATE")
@click.option("--to", required=True, metavar="COUNTRY|ORIGIN", help="The partner it is for.  [needed]")
@click.option("--history", is_flag=True, help="With the entries of its parcels, back to where they began.")
@letter_options
@pass_session
def certificate_send(session: Session, certificate: str, to: str, history: bool, **how: Any) -> None:
    """Write the letter that proves a certificate to a partner: issued, validated, exported, by whom entitled.

    Sealed fields are opened as grants to the partner allow (adamas grant give). Without any, they stay
    sealed.
    """
    from ledger.federation.exchange_of_certificates import told_of

    ledger = session.keeping()
    reader = partner_for(ledger, to)
    indexes = told_of(ledger.records, certificate, history=history)
    send_letter(session, ledger, reader, indexes, **how)


@adamas_command(
    "receive",
    short_help="Check a certificate that arrived, record the import, pin its issuer's ledger.",
    example="adamas certificate receive letter.zip --parcel K3=DXB-1=3.500\n"
    "adamas certificate receive letter.zip --import-key dealer-7 --from https://tiles.example/bw",
    exits=_WITH_NETWORK,
)
@click.argument("file", type=FILE, metavar="FILE")
@click.option("--parcel", "lots", type=LotType(), multiple=True, metavar="FOREIGN=LOCAL[=CARATS]",
              help="A parcel that arrived, its id here, and what it weighed; ,hs=... and ,stones=... may "
              "follow. Repeat for more.  [default: all, under their ids, as stated]")  # fmt: skip
@from_option
@click.option("--import-key", metavar="NAME|FILE",
              help="The importer's key, which signs the import.  [default: --key]")  # fmt: skip
@click.option("--by", type=FieldType(PARTY), metavar="PARTY", help="Who imports.  [default: whose key it is]")
@click.option("--occurred", metavar="DATE", help="When it arrived.  [default: now]")
@click.option("--raise-alert", is_flag=True, help="If it is refused, record that as an alert.")
@pass_session
def certificate_receive(
    session: Session, file: Path, lots: tuple[Lot, ...], published: str | None, raise_alert: bool,
    **given: str | None,
) -> None:  # fmt: skip
    """Check a certificate that arrived in FILE, record the import, and pin its issuer's ledger.

    Its proofs are held to the keys under which the issuer's ledger is recognised here, its goods to the rules
    of this ledger. The issuer's checkpoint is pinned whole: it cannot rewrite its past any more unnoticed. If
    it is shown to have done so already, the proof is written beside FILE, and imports from it stop.
    """
    ledger = session.ledger(write=True)
    tiles = None if published is None else published_tiles(published)
    try:
        _receive(session, ledger, open_letter(session, ledger, file, tiles), lots, file, given, tiles)
    except Refused as why:
        name = _named(file) if raise_alert and why.refusals else None
        if name is not None:
            record_alert(session, ledger, name, why)
        raise


def _named(file: Path) -> str | None:
    from ledger.federation import mail
    from ledger.federation.arriving import named_in

    return named_in(mail.files(read_artefact(file)).values())


def _receive(
    session: Session, ledger: Ledger, opened: Mail, lots: tuple[Lot, ...], file: Path,
    given: dict[str, str | None], tiles: Tiles | None,
) -> None:  # fmt: skip
    from ledger.federation import arriving
    from ledger.federation.exchange_of_certificates import imported
    from ledger.federation.peers import refused, refused_all

    name = arriving.named_in(report.bundle.encode() for report in opened.reports.values() if report.bundle)
    if name is None:
        raise refused("mail-no-certificate", f"partner:{opened.peer.origin}", origin=opened.peer.origin)
    house = ledger.state().house()
    here = None if house is None else house.participant
    occurred = _occurred(session, given["occurred"])
    found = arriving.foreign(opened)
    against = [*arriving.arriving(opened, name, here, edtf.spans(occurred))]
    if found is not None:
        against += arriving.each_weighs(ledger.state(), found, lots)
        against += () if tiles is None else arriving.given_up_since(found, tiles[1])
    why = refused_all(against)
    if why is not None or found is None:
        raise why or Refused("certificate-not-shown", certificate=name, origin=opened.peer.origin)
    key = session.key()
    own = key if given["import_key"] is None else named_key(session, given["import_key"])
    acts: list[Any] = [(imported(found, lots, given["by"] or party_of(ledger, own), here), own)]
    acts += [(act, key) for act in opened.taken(party_of(ledger, key))]
    done = record_all(session, ledger, acts, occurred=occurred, file=file)
    if session.json:
        emit_json({**_checked(opened, found), "recorded": [receipt.text for receipt, _ in done]})
        return
    remark(f"certificate {name}, entry {found.issued.index} of {opened.peer.origin}")
    steps_shown(opened, found.issued.index)
    remark(f"its ledger against what is pinned here: {opened.comparison.outcome}")
    against_pin(opened.comparison)
    tell(session, done)


def _checked(opened: Mail, found: Foreign) -> dict[str, Any]:
    """What was checked of a certificate that arrived, for programs."""
    head = opened.signed.checkpoint
    outcomes = opened.reports[found.issued.index].outcomes
    return {
        "certificate": found.certificate.id,
        "ledger": head.origin,
        "size": head.size,
        "entry": found.issued.index,
        "hash": found.issued.hash.hex(),
        "steps": [{"step": one.step, "standing": one.standing, "said": str(one)} for one in outcomes],
        "against_pin": opened.comparison.outcome,
        "pin_size": opened.comparison.size,
    }


def _occurred(session: Session, text: str | None) -> str | None:
    return here_and_now(session.clock()) if text is None else None if text == UNKNOWN else text


@adamas_command(
    "confirm",
    short_help="Confirm an import to its exporting authority, by a letter.",
    example="adamas certificate confirm BW/00000107 -o answer.zip",
    exits=_EXITS,
)
@click.argument("certificate", type=FieldType(CERTIFICATE), metavar="CERTIFICATE")
@click.option("--occurred", metavar="DATE", help="When it was confirmed.  [default: now]")
@letter_options
@pass_session
def certificate_confirm(session: Session, certificate: str, occurred: str | None, **how: Any) -> None:
    """Confirm an import to its exporting authority: record it, unless that was done, and write the letter.

    The letter carries the import, its confirmation, and this ledger's pin of the exporter's (KPCS section
    III).
    """
    from ledger.domain.certificates import subject
    from ledger.domain.events import Imported
    from ledger.federation import exchange_of_certificates as exchange
    from ledger.federation.peers import refused

    ledger = session.ledger(write=True)
    key = session.key()
    act = exchange.confirmation(ledger.state(), certificate, party_of(ledger, key))
    events = [one.event for one in ledger.records.of(subject(certificate))]
    origin = next((event.origin for event in events if isinstance(event, Imported)), None)
    if origin is None:
        raise refused("confirmation-no-ledger", subject(certificate), certificate=certificate)
    if act is not None:
        receipt = ledger.record(act, key, occurred=_occurred(session, occurred))
        remark(f"recorded {receipt.text}")
    indexes = exchange.entries_of_confirmation(ledger.records, certificate)
    reader = partner_for(ledger, origin)
    send_letter(session, ledger, reader, indexes, **how)


@adamas_command(
    "receive-confirmation",
    short_help="Record a confirmation that came back, pin its sender's ledger.",
    example="adamas certificate receive-confirmation answer.zip",
    exits=_WITH_NETWORK,
)
@click.argument("file", type=FILE, metavar="FILE")
@click.option("--occurred", metavar="DATE", help="When it came.  [default: now]")
@from_option
@pass_session
def certificate_receive_confirmation(
    session: Session, file: Path, occurred: str | None, published: str | None
) -> None:
    """Record the confirmation of an import that came back, and pin the importer's ledger."""
    from ledger.federation import exchange_of_certificates as exchange

    ledger = session.ledger(write=True)
    opened = open_letter(session, ledger, file, published)
    key = session.key()
    by = party_of(ledger, key)
    act = exchange.confirmed(ledger.state(), opened, by)
    for line in exchange.differences(ledger.state(), act):
        remark(f"{act.certificate}: {line}")
    acts = [(act, key), *((more, key) for more in opened.taken(by))]
    tell(session, record_all(session, ledger, acts, occurred=_occurred(session, occurred), file=file))
