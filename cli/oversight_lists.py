"""``adamas list findings`` and ``list alerts``: what reviews and analyses found, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from cli.asking import csv_option, flat, opaque_remark, table
from cli.options import normal
from cli.output import adamas_command, emit_csv, emit_json
from cli.session import Session, pass_session
from ledger import edtf
from ledger.domain import events as e
from ledger.domain.fields import ALERT_KIND, FINDING_STATE

if TYPE_CHECKING:
    from ledger.application import Ledger

_OPEN = "open"
_FINDINGS = ("finding", "state", "review", "rule", "text", "entries", "since", "followed")
_ALERTS = ("alert", "state", "about", "certificate", "parcel", "reach", "text", "since", "from")


@adamas_command(
    "findings",
    example="adamas list findings --state open\nadamas list findings --review RV-2026",
    exits=(0, 7),
)
@click.option("--state", type=click.Choice(FINDING_STATE.choices), help="Which stand so.")
@click.option("--review", metavar="REVIEW", help="Of which review.")
@csv_option
@pass_session
def list_findings(session: Session, state: str | None, review: str | None, as_csv: bool) -> None:
    """Findings of reviews and analyses, and how they were followed up."""
    asked = {"state": state, "review": None if review is None else normal(review)}
    _answer(session, "findings", _findings(session.ledger()), asked, _FINDINGS, as_csv=as_csv)


@adamas_command("alerts", example="adamas list alerts --state open", exits=(0, 7))
@click.option("--state", type=click.Choice([*FINDING_STATE.choices, "received"]), help="Which stand so.")
@click.option("--about", type=click.Choice(ALERT_KIND.choices), help="Of which kind.")
@click.option("--certificate", metavar="CERTIFICATE", help="About which certificate.")
@csv_option
@pass_session
def list_alerts(session: Session, as_csv: bool, **asked: str | None) -> None:
    """Alerts raised here, with how they ended, and alerts received from other ledgers."""
    _answer(session, "alerts", _alerts(session.ledger()), asked, _ALERTS, as_csv=as_csv)


def _answer(
    session: Session,
    name: str,
    lines: Iterator[dict[str, Any]],
    asked: Mapping[str, str | None],
    columns: Sequence[str],
    *,
    as_csv: bool,
) -> None:
    wanted = {key: value for key, value in asked.items() if value is not None}
    kept = [line for line in lines if all(line[key] == value for key, value in wanted.items())]
    ledger = session.ledger()
    if session.json:
        emit_json({"entries": ledger.head().size, name: kept})
        return
    if as_csv:
        emit_csv(columns, ([flat(line[column]) for column in columns] for line in kept))
    else:
        table(kept, columns)
    opaque_remark(*ledger.records.opaque())


def _first_acts(ledger: Ledger, *kinds: type[e.Event]) -> Iterator[e.Recorded]:
    """The acts of some kinds, by index."""
    wires = {kind.TYPE for kind in kinds}
    for index, wire in ledger.journal.wires():
        if wire in wires:
            yield ledger.records.recorded(index)


def _findings(ledger: Ledger) -> Iterator[dict[str, Any]]:
    state = ledger.state()
    for act in _first_acts(ledger, e.FindingRecorded):
        event = act.event
        found = state.subject(f"finding:{event.finding}") if isinstance(event, e.FindingRecorded) else None
        if found is None:
            continue
        first = found.acts[0].event
        yield {
            "finding": found.id,
            "state": found.state,
            "review": found.review,
            "rule": found.rule,
            "text": getattr(first, "text", None),
            "entries": [str(entry) for entry in found.entries],
            "since": _day(found.acts[0]),
            "followed": _day(found.acts[-1]) if len(found.acts) > 1 else None,
        }


def _alerts(ledger: Ledger) -> Iterator[dict[str, Any]]:
    state = ledger.state()
    told: set[tuple[str, int]] = set()
    for act in _first_acts(ledger, e.AlertRaised, e.AlertReceived):
        event = act.event
        if isinstance(event, e.AlertReceived) and (event.origin, event.index) not in told:
            told.add((event.origin, event.index))  # it may have come again, opened further
            yield _received(act, event)
        found = state.subject(f"alert:{event.alert}") if isinstance(event, e.AlertRaised) else None
        if found is None:
            continue
        first = found.acts[0].event
        yield {
            "alert": found.id,
            "state": found.outcome or _OPEN,
            "about": found.about,
            "certificate": found.certificate,
            "parcel": found.parcel,
            "reach": list(getattr(first, "reach", ())),
            "text": getattr(first, "text", None),
            "since": _day(found.acts[0]),
            "from": None,
        }


def _received(act: e.Recorded, event: e.AlertReceived) -> dict[str, Any]:
    """Another ledger's alert has no id here but its entry's number."""
    return {
        "alert": str(act.index),
        "state": "received",
        "about": event.about,
        "certificate": event.certificate,
        "parcel": None,
        "reach": [],
        "text": None,
        "since": _day(act),
        "from": f"{event.origin} {event.index}",
    }


def _day(act: e.Recorded) -> str:
    return edtf.day_of(act.recorded)
