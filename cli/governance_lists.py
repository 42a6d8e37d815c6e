"""``adamas list decisions`` and ``list offices``: what was decided, and who held an office on a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from cli.asking import csv_option, opaque_remark, table
from cli.options import normal
from cli.output import adamas_command, emit_csv, emit_json
from cli.session import Session, pass_session
from ledger import edtf
from ledger.domain import events as e
from ledger.domain.offices import Decision, Office, Tenure, holds, last_day, office_subject
from ledger.errors import Malformed

if TYPE_CHECKING:
    from ledger.application import Ledger

_DECISIONS = ("decision", "body", "title", "since", "source")
_OFFICES = ("office", "holder", "since", "until")
Line = dict[str, Any]


def _on(context: click.Context, parameter: click.Parameter, text: str | None) -> edtf.Span | None:
    try:
        return None if text is None else edtf.parse(text)
    except Malformed as trouble:
        raise click.BadParameter(str(trouble), context, parameter) from None


@adamas_command(
    "decisions",
    example="adamas list decisions --body Plenary\nadamas list decisions --on 2013",
    exits=(0, 2, 7),
)
@click.option("--body", metavar="BODY", help="Of whom.")
@click.option(
    "--on", metavar="DATE", callback=_on, help="Only those that had begun to have effect by that day."
)
@csv_option
@pass_session
def list_decisions(session: Session, body: str | None, on: edtf.Span | None, as_csv: bool) -> None:
    """Decisions of plenaries, Chairs, the Security Council or the State, with their days of effect."""
    ledger = session.ledger()
    wanted = None if body is None else normal(body)
    lines = [
        {column: getattr(one, "id" if column == "decision" else column) for column in _DECISIONS}
        for one in _known(ledger, e.DecisionRecorded)
        if isinstance(one, Decision) and wanted in (None, one.body) and _begun(one, on)
    ]
    _answer(session, ledger, "decisions", lines, _DECISIONS, as_csv=as_csv)


def _begun(decision: Decision, on: edtf.Span | None) -> bool:
    return on is None or decision.since is None or not edtf.day_before(on, edtf.spans(decision.since))


@adamas_command(
    "offices",
    example="adamas list offices\nadamas list offices --office Chair --on 2013-06-01",
    exits=(0, 2, 7),
)
@click.option("--office", metavar="OFFICE", help="Which office.")
@click.option("--on", metavar="DATE", callback=_on, help="Only who held it on that day.")
@csv_option
@pass_session
def list_offices(session: Session, office: str | None, on: edtf.Span | None, as_csv: bool) -> None:
    """Offices and who was appointed to them.

    An appointment without a last day ends when the next one to the same office begins.
    """
    ledger = session.ledger()
    wanted = None if office is None else office_subject(normal(office))
    offices = [one for one in _known(ledger, e.OfficeHeld) if isinstance(one, Office)]
    lines = [
        _line(one, tenure)
        for one in offices
        if wanted in (None, office_subject(one.id))
        for tenure in one.tenures
        if on is None or holds(one, tenure, on)
    ]
    _answer(session, ledger, "offices", lines, _OFFICES, as_csv=as_csv)


def _line(office: Office, tenure: Tenure) -> Line:
    end = last_day(office, tenure)
    until = tenure.until if tenure.until is not None or end is None else date.fromordinal(end).isoformat()
    return {"office": office.name, "holder": tenure.holder, "since": tenure.since, "until": until}


def _known(ledger: Ledger, kind: type[e.Event]) -> Iterator[Decision | Office]:
    """The subjects that acts of a kind are about, each once, in the order in which they were first named."""
    state, met = ledger.state(), set[str]()
    for index, wire in ledger.journal.wires():
        event = ledger.records.recorded(index).event if wire == kind.TYPE else None
        name = ""
        if isinstance(event, e.DecisionRecorded):
            name = "decision:" + event.decision
        elif isinstance(event, e.OfficeHeld):
            name = office_subject(event.office)
        if name and name not in met:
            met.add(name)
            found = state.subject(name)
            if found is not None:
                yield found


def _answer(
    session: Session, ledger: Ledger, name: str, lines: list[Line], columns: tuple[str, ...], *, as_csv: bool
) -> None:
    if session.json:
        emit_json({"entries": ledger.head().size, name: lines})
        return
    if as_csv:
        emit_csv(columns, ([line[column] for column in columns] for line in lines))
    else:
        table(lines, columns)
    opaque_remark(*ledger.records.opaque())
