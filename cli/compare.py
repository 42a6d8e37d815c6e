"""``adamas compare``: what changed between two moments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from cli.asking import MomentType, beside, csv_option, flat, rows_at, say_beside, shown
from cli.moments import Moment
from cli.output import adamas_command, emit_csv, emit_json, emit_table
from cli.session import Session, pass_session

if TYPE_CHECKING:
    from ledger.investigation.compare import SubjectChange
    from ledger.investigation.replay import Replay

KINDS = {"parcels": "parcel", "certificates": "certificate", "parties": "party", "licences": "licence",
         "sites": "site"}  # fmt: skip
_HEADERS = ("id", "change", "field", "before", "after", "entries")


@adamas_command(
    "compare",
    example="adamas compare recorded:2024-01-15 now\n"
    "adamas compare occurred:2015 occurred:2016-06 --of certificates",
    exits=(0, 4, 5, 7),
)
@click.argument("one", metavar="A", type=MomentType())
@click.argument("other", metavar="B", type=MomentType())
@click.option("--of", "kind", type=click.Choice(tuple(KINDS)), default="parcels", show_default=True,
              help="What is compared.")  # fmt: skip
@csv_option
@pass_session
def compare(session: Session, one: Moment, other: Moment, kind: str, as_csv: bool) -> None:
    """What is new, gone or different at moment B, seen from moment A, and the entries that made it so.

    A and B are now, index:N (what the ledger knew after entry N), recorded:DATE (what it knew by then) or
    occurred:DATE (what is now known to have happened by then). They may lie on different clocks.
    """
    from ledger.investigation.compare import compare as compared

    records = session.ledger(write=True).records
    with rows_at(session, one) as before, rows_at(session, other) as after:
        found = compared(records, before, after, KINDS[kind])
        if as_csv and not session.json:
            emit_csv(_HEADERS, (line for change in found for line in _lines(kind, change, whole=True)))
        else:
            _tell(session, kind, before, after, found)
        if not session.json:
            say_beside(before)
            say_beside(after)


def _tell(
    session: Session, kind: str, before: Replay, after: Replay, changes: Iterator[SubjectChange]
) -> None:
    if session.json:
        emit_json(
            {"before": beside(before), "after": beside(after), kind: (_values(kind, c) for c in changes)}
        )
        return
    lines = (line for change in changes for line in _lines(kind, change, whole=False))
    emit_table([name.upper() for name in _HEADERS], lines)


def _values(kind: str, change: SubjectChange) -> dict[str, Any]:
    return {
        "id": change.id,
        "change": change.what,
        "fields": [
            {
                "field": f.field,
                "before": plain(kind, f.field, f.before),
                "after": plain(kind, f.field, f.after),
            }
            for f in change.fields
        ],
        "entries": list(change.entries),
    }


def plain(kind: str, field: str, value: Any) -> Any:
    """A stored value as what it stands for: several values, yes or no."""
    from ledger.projections.lists import LISTS
    from ledger.projections.stored import listed

    if value is None:
        return None
    if field in LISTS[kind].several:
        return listed(value)
    return bool(value) if field in LISTS[kind].flags else value


def _lines(kind: str, change: SubjectChange, *, whole: bool) -> Iterator[tuple[Any, ...]]:
    """A line for each field that differs; unless ``whole``, subject and entries stand in the first only."""
    entries = " ".join(map(str, change.entries))
    head = (change.id, change.what)
    for field in change.fields:
        before, after = plain(kind, field.field, field.before), plain(kind, field.field, field.after)
        if whole:
            yield (*head, field.field, flat(before), flat(after), entries)
            continue
        texts = (shown(field.field, before), shown(field.field, after))
        yield (*head, field.field.replace("_", " "), *texts, entries)
        head, entries = ("", ""), ""
