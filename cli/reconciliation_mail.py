"""``adamas reconciliation send, receive`` and ``list reconciliations``: a statement that both sides attest.

adamas reconcile ... --statement q3.jsonl --record      either side, for itself
adamas reconciliation send --to AE -o stated.zip        either side
adamas reconciliation receive stated.zip                the other one
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.asking import csv_option, flat, opaque_remark, table
from cli.letters import FILE, from_option, letter_options, open_letter, partner_for, record_all, send_letter
from cli.options import FieldType
from cli.output import adamas_command, emit_csv, emit_json
from cli.recording import here_and_now, party_of, tell
from cli.session import Session, pass_session
from ledger.domain.fields import DATE

if TYPE_CHECKING:
    from ledger.application import Ledger

_EXITS = (0, 2, 3, 4, 5, 6, 7, 8)
_COLUMNS = (
    "participant", "period", "state", "matched", "differing", "unexplained", "stated", "attested",
    "statement",
)  # fmt: skip
BOTH, ALONE = "attested by both", "stated here"


@adamas_command(
    "send",
    short_help="Write the letter that tells a partner what this ledger stated.",
    example="adamas reconciliation send --to AE -o stated.zip\n"
    "adamas reconciliation send --to AE --period 2024-07/2024-09 -o stated.zip",
    exits=_EXITS,
)
@click.option("--to", required=True, metavar="COUNTRY|ORIGIN", help="The partner it is for.  [needed]")
@click.option(
    "--period", type=FieldType(DATE), metavar="DATE", help="Of which period.  [default: the newest]"
)
@letter_options
@pass_session
def reconciliation_send(session: Session, to: str, period: str | None, **how: Any) -> None:
    """Write the letter that tells a partner what this ledger stated of their reconciliation.

    The statement itself stays where it is: the partner makes the same bytes from its own comparison.
    """
    from ledger.federation.agreements import told_of

    ledger = session.keeping()
    reader = partner_for(ledger, to)
    index = told_of(ledger.journal, ledger.records, reader.participant or to, period)
    send_letter(session, ledger, reader, [index], **how)


@adamas_command(
    "receive",
    short_help="Attest the statement that a partner sent, where it is the same.",
    example="adamas reconciliation receive stated.zip",
    exits=(*_EXITS, 10),
)
@click.argument("file", type=FILE, metavar="FILE")
@from_option
@pass_session
def reconciliation_receive(session: Session, file: Path, published: str | None) -> None:
    """Attest the statement that a partner sent in FILE, and pin the partner's ledger.

    Its hash must be that of the statement which this ledger recorded for the same period: then both sides
    have said the same. Otherwise both hashes are told, and nothing is recorded.
    """
    from ledger.federation.agreements import agreed

    ledger = session.ledger(write=True)
    opened = open_letter(session, ledger, file, published)
    key = session.key()
    by = party_of(ledger, key)
    act = agreed(ledger.state(), ledger.journal, ledger.records, opened, by)
    acts: list[tuple[Any, Any]] = [(act, key), *((more, key) for more in opened.taken(by))]
    tell(session, record_all(session, ledger, acts, occurred=here_and_now(session.clock()), file=file))


@adamas_command("reconciliations", example="adamas list reconciliations", exits=(0, 7))
@csv_option
@pass_session
def list_reconciliations(session: Session, as_csv: bool) -> None:
    """Reconciliations stated here, and which of them the other side is known to have stated alike."""
    ledger = session.ledger()
    lines = list(_lines(ledger))
    if session.json:
        emit_json({"entries": ledger.head().size, "reconciliations": lines})
        return
    if as_csv:
        emit_csv(_COLUMNS, ([flat(line[column]) for column in _COLUMNS] for line in lines))
    else:
        table(lines, _COLUMNS)
    opaque_remark(*ledger.records.opaque())


def _lines(ledger: Ledger) -> Iterator[dict[str, Any]]:
    from ledger.federation.agreements import stated

    for one in stated(ledger.journal, ledger.records):
        event = one.event
        yield {
            "participant": event.participant,
            "period": event.period,
            "state": BOTH if one.attested else ALONE,
            "matched": event.matched,
            "differing": event.differing,
            "unexplained": event.unexplained,
            "stated": one.index,
            "attested": [f"{origin} {index}, by {here}" for origin, index, here in one.attested],
            "statement": event.statement.hex(),
        }
