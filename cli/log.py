"""``adamas log``: the entries in their order, newest last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from cli.asking import Counted, answer, csv_option, limit_option, rows_at
from cli.moments import NOW
from cli.options import FieldType, normal
from cli.output import adamas_command, remark
from cli.session import Session, pass_session
from ledger import messages
from ledger.domain.events import EVENTS
from ledger.domain.fields import COUNTRY
from ledger.edtf import text_of

if TYPE_CHECKING:
    from ledger.investigation.replay import Replay
    from ledger.store.journal import Journal
    from ledger.store.rows import Row

COLUMNS = ("entry", "recorded", "occurred", "type", "by", "what", "marks")
_EVERY_COLUMN = (
    "entry", "receipt", "recorded", "occurred", "type", "by", "on_behalf", "signer", "country", "what",
    "documented", "discrepancies", "corrects", "corrected_by",
)  # fmt: skip


@adamas_command(
    "log",
    example="adamas log --party dealer-7 --type parcel-sold\n"
    "adamas log --occurred-since 2016 --occurred-until 2017",
    exits=(0, 4, 7),
)
@click.option("--parcel", metavar="PARCEL", help="Entries that name this parcel.")
@click.option("--certificate", metavar="CERTIFICATE", help="Entries that name this certificate.")
@click.option("--party", metavar="PARTY", help="Entries that name this party.")
@click.option("--site", metavar="SITE", help="Entries that name this site.")
@click.option("--country", type=FieldType(COUNTRY), metavar="COUNTRY", help="Entries that name this country.")
@click.option(
    "--type", "types", metavar="TYPE", multiple=True,
    help="Entries of this type: parcel-sold, or a command's words such as 'parcel sell'. Repeat for more.",
)  # fmt: skip
@click.option("--recorded-since", metavar="DATE", help="Recorded on that day or later (UTC).")
@click.option("--recorded-until", metavar="DATE", help="Recorded on that day or earlier (UTC).")
@click.option("--occurred-since", metavar="DATE", help="May have happened on that day or later.")
@click.option("--occurred-until", metavar="DATE", help="May have happened on that day or earlier.")
@limit_option(50)
@csv_option
@pass_session
def log(session: Session, limit: int, as_csv: bool, **asked: Any) -> None:
    """The entries that name all of what is given, in their order, the newest last.

    Marks: D documented from sources, with the number of discrepancies; C corrected, by which entry; ? not
    understood by this version.
    """
    from ledger.projections.chronicle import all_of, newest

    with rows_at(session, NOW) as found:
        journal = session.ledger(write=True).journal
        _known_types(journal, asked["types"])
        query = _query(asked)
        rows = newest(journal, found.rows, query, limit + 1) if limit else []
        shown = Counted(rows[-limit:] if limit else all_of(journal, found.rows, query))
        columns = _EVERY_COLUMN if as_csv else COLUMNS
        answer(session, found, "log", _lines(session, found, shown), columns, as_csv=as_csv)
    if not shown.count:
        remark(messages.text("no-entries", {}))
    if limit and shown.count < len(rows):
        remark(messages.text("more-entries", {"shown": shown.count}))


def _known_types(journal: Journal, types: tuple[str, ...]) -> None:
    """A type that is misspelt would find nothing, and look like an answer. Raises click's usage error."""
    from ledger.projections.chronicle import wires

    for words in types:
        if not any(wire in EVENTS or wire in journal.types() for wire in wires(words)):
            raise click.BadParameter(messages.text("no-such-type", {"text": words}), param_hint="'--type'")


def _query(asked: Mapping[str, Any]) -> Any:
    from ledger.projections.chronicle import Period, Query

    kinds = {"parcel": "parcel", "certificate": "certificate", "party": "party", "site": "site",
             "country": "participant"}  # fmt: skip
    return Query(
        tuple(f"{kind}:{normal(asked[name])}" for name, kind in kinds.items() if asked[name] is not None),
        asked["types"],
        Period(asked["recorded_since"], asked["recorded_until"]),
        Period(asked["occurred_since"], asked["occurred_until"]),
    )


def _lines(session: Session, found: Replay, rows: Iterable[Row]) -> Iterator[Mapping[str, Any]]:
    """Each entry with what it says, in words."""
    from ledger.projections.entries import ENTRIES
    from ledger.projections.wording import body_of, summary

    records = session.ledger(write=True).records
    for row in rows:
        values = ENTRIES.labelled(row)
        recorded = records.recorded(values["entry"])
        yield {
            **values,
            "receipt": f"{recorded.index}:{recorded.hash.hex()}",
            "type": values["wire"],
            "recorded": text_of(values["recorded"]),
            "documented": bool(values["documented"]),
            "opaque": bool(values["opaque"]),
            "what": summary(recorded.event),
            "marks": _marks(values),
            "body": body_of(recorded.event),
        }


def _marks(values: Mapping[str, Any]) -> str:
    marks = []
    if values["documented"]:
        marks.append(f"D{values['discrepancies'] or ''}")
    if values["corrected_by"] is not None:
        marks.append(f"C{values['corrected_by']}")
    if values["opaque"]:
        marks.append("?")
    return " ".join(marks)
