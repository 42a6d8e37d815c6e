"""``adamas trace`` and ``adamas track``: back to the mines, and forward to whoever holds the goods now."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from cli import borders
from cli.moments import Moment, moment_options
from cli.output import adamas_command, emit_csv, emit_json, emit_table, heading, remark, say
from cli.session import Session, pass_session
from ledger import messages
from ledger.errors import NotFound
from ledger.exchange import custody_sheet, drawing, lineage_record
from ledger.projections import tracing
from ledger.projections.attestations import Attestation, attestations
from ledger.projections.lineage import Direction, Lineage
from ledger.projections.remarks import remarks
from ledger.projections.yields import yields

if TYPE_CHECKING:
    from ledger.application import Ledger

CSV, DOT, MERMAID = "csv", "dot", "mermaid"
_HINTS, _MOST = 8, 200
_LISTED_BY = {"certificate": "certificate", "party": "holder", "site": "site"}
"""What is no parcel, and the option by which `adamas list parcels` finds its parcels."""


def _formats(function: Callable[..., Any]) -> Callable[..., Any]:
    for name, about in (
        (MERMAID, "Print a Mermaid flowchart."),
        (DOT, "Print a graph in DOT, for Graphviz."),
        (CSV, "Print the custody as CSV, a row for each span (weights in carats)."),
    ):
        function = click.option(f"--{name}", "form", flag_value=name, help=about)(function)
    return function


@adamas_command(
    "trace",
    example="adamas trace P1\nadamas trace 'Lesedi La Rona' --as-occurred 2016-06\nadamas trace P1 --csv\n"
    "adamas trace P1 --with letter.zip --with https://tiles.example/bw",
    exits=(0, 1, 4, 5, 7, 10),
)
@click.argument("parcel")
@borders.with_option
@_formats
@moment_options
@pass_session
def trace(session: Session, parcel: str, places: tuple[str, ...], form: str | None, moment: Moment) -> None:
    """Back to the mines: who held PARCEL and what it was made of, where, when, at what weight.

    PARCEL is an id, or a name by which exactly one parcel is known. Gaps in custody and weights that do not
    add up are named. In JSON, weights are thousandths of a carat.

    With --with, the trace goes on where goods came from another ledger: into its file, its published
    directory, or a letter of its proofs, each held to what the importing ledger recorded and pinned of it.
    """
    lineage = _lineage(session, parcel, moment, tracing.trace)
    if places and form is not None:
        raise click.UsageError("--with goes with the table and with --json")
    if places and session.json:
        borders.emit(session, lineage, places)
        return
    _answer(session, lineage, form)
    if places:
        borders.tell(session, lineage, places, drawing.BOX if _can_draw() else drawing.ASCII)


@adamas_command(
    "track",
    example="adamas track P1\nadamas track P1 --as-recorded 2024-06-30\nadamas track P1 --mermaid",
    exits=(0, 5, 7),
)
@click.argument("parcel")
@_formats
@moment_options
@pass_session
def track(session: Session, parcel: str, form: str | None, moment: Moment) -> None:
    """Forward: what became of PARCEL, and in whose hands that is now.

    PARCEL is an id, or a name by which exactly one parcel is known. Where goods were cut, the yield is told.
    In JSON, weights are thousandths of a carat.
    """
    _answer(session, _lineage(session, parcel, moment, tracing.track), form)


def _lineage(session: Session, text: str, moment: Moment, walk: Callable[..., Lineage]) -> Lineage:
    records = session.ledger().records
    parcel = text if records.of("parcel:" + text) else _called(session.ledger(), text)
    found = walk(records, parcel, moment)
    if moment and not found.known and not found.nodes[parcel].history.struck:
        raise NotFound("trace-not-then", parcel=parcel, moment=str(moment))
    return found


def _called(ledger: Ledger, text: str) -> str:
    """The one parcel with that name. Raises `NotFound`, naming those that could be meant, or what else is
    called so."""
    from ledger.domain.vocabulary import folded
    from ledger.projections.following import reading
    from ledger.projections.names import bare, find

    with reading(ledger.journal, ledger.records) as rows:
        everything = find(rows, text, _MOST)
    hits = [row for row in everything if row[1].startswith("parcel:")]
    called = [(str(subject).removeprefix("parcel:"), str(name)) for _, subject, _, name in hits]
    exact = {parcel for parcel, name in called if folded(name) == folded(text)}
    if len(exact) == 1:
        parcel = exact.pop()
        remark(f"{text}: parcel {parcel}")
        return parcel
    for _, subject, _, name in everything if not called else ():
        kind, _, known = str(subject).partition(":")
        if kind in _LISTED_BY and bare(str(name)) == bare(text):
            option = _LISTED_BY[kind]
            raise NotFound("trace-other-kind", text=text, kind=kind, option=option, id=known)
    if not called:
        raise NotFound("parcel-unknown", parcel=text)
    hints = [parcel if name == parcel else f"{parcel} ({name})" for parcel, name in dict(called).items()]
    more = f" and {len(hints) - _HINTS} more" if len(hints) > _HINTS else ""
    raise NotFound("trace-not-one", text=text, hints=", ".join(sorted(hints)[:_HINTS]) + more)


def _answer(session: Session, lineage: Lineage, form: str | None) -> None:
    attested = attestations(session.ledger().records, lineage)
    if session.json:
        emit_json(lineage_record.value(lineage, attested))
    elif form == CSV:
        emit_csv(lineage_record.HEADERS, lineage_record.rows(lineage))
    elif form == DOT:
        say(drawing.dot(lineage))
    elif form == MERMAID:
        say(drawing.mermaid(lineage))
    else:
        _tell(lineage, attested)


def _tell(lineage: Lineage, attested: Sequence[Attestation]) -> None:
    back = lineage.direction == Direction.BACK
    for line in custody_sheet.headline(lineage):
        say(line)
    _section("Back to the mines" if back else "What became of it")
    for line in drawing.tree(lineage, drawing.BOX if _can_draw() else drawing.ASCII):
        say(line)
    if back:
        say(custody_sheet.origins_line(lineage))
    _section("Custody")
    emit_table(custody_sheet.COLUMNS, custody_sheet.custody(lineage))
    if not back:
        _section("Where it is now")
        emit_table(custody_sheet.NOW_COLUMNS, custody_sheet.whereabouts(lineage))
    _listed("Yield", [custody_sheet.yield_line(one) for one in yields(lineage)] if not back else [])
    _listed("Attested", map(custody_sheet.attestation_line, attested))
    _listed("To look at", map(str, remarks(lineage)))
    say()
    say(messages.text("trace-limits", {}))


def _section(title: str) -> None:
    say()
    heading(title)


def _listed(title: str, lines: Iterable[str]) -> None:
    shown = list(lines)
    if shown:
        _section(title)
    for line in shown:
        say(f"- {line}")


def _can_draw() -> bool:
    """Whether whatever reads this has letters for the strokes of the tree."""
    strokes = "".join((drawing.BOX.branch, drawing.BOX.last, drawing.BOX.through))
    try:
        strokes.encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
