"""``adamas reconcile``: this ledger's exports and imports against another's, certificate by certificate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.asking import csv_option, limit_option, shown
from cli.counterpart import shipments_of
from cli.options import FieldType
from cli.output import adamas_command, emit_csv, emit_json, emit_table, heading, remark, say
from cli.recording import here_and_now, party_of
from cli.session import Session, pass_session
from ledger import edtf, messages
from ledger.domain.fields import COUNTRY, WEIGHT
from ledger.domain.vocabulary import carats, dollars
from ledger.errors import Malformed, NotFound, StoreTrouble
from ledger.messages import how_many

if TYPE_CHECKING:
    from ledger.investigation.reconciliation import Flow, Pair, Terms
    from ledger.investigation.shipments import Shipment

_HEADERS = (
    "certificate", "from", "to", "class", "differences", "sent_on", "received_on", "sent", "received",
    "sent_value", "received_value",
)  # fmt: skip


@adamas_command(
    "reconcile",
    example="adamas reconcile dubai.db --participant AE --period 2024\n"
    "adamas reconcile adamas.db.evidence --participant AE --period 2024\n"
    "adamas reconcile partner.csv --participant AE --period 2024-07/2024-09 --statement q3.jsonl",
    exits=(0, 3, 4, 5, 6, 7, 9),
)
@click.argument("others", nargs=-1, required=True, metavar="OTHER...")
@click.option(
    "--participant",
    type=FieldType(COUNTRY),
    required=True,
    metavar="COUNTRY",
    help="Whose list OTHER is.  [needed]",
)
@click.option(
    "--period",
    required=True,
    metavar="DATE",
    help="2024, 2024-03, or from a month to a month: 2024-07/2024-09.  [needed]",
)
@click.option(
    "--weight",
    type=FieldType(WEIGHT),
    metavar="CARATS",
    help="By how much the weights of a shipment may differ.  [default: the profile's, else 0.05]",
)
@click.option(
    "--value",
    "percent",
    type=click.IntRange(0, 10_000),
    metavar="PERCENT",
    help="By how much its values may differ.  [default: the profile's, else 10]",
)
@click.option(
    "--days",
    type=click.IntRange(0, 366),
    default=30,
    show_default=True,
    metavar="N",
    help="How many days a journey may take.",
)
@click.option("--all", "everything", is_flag=True, help="Show the certificates that agree too.")
@click.option(
    "--statement",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the statement that both sides attest; it must not be there yet.",
)
@click.option(
    "--record",
    "recording",
    is_flag=True,
    help="Record the statement's hash: reconciliation-stated/1; takes --statement.",
)
@click.option(
    "--separator",
    type=click.Choice(["comma", "semicolon", "tab", "pipe"]),
    help="Of a table: what stands between its columns.  [default: detected]",
)
@click.option(
    "--decimal",
    type=click.Choice(["point", "comma"]),
    help="Of a table: its decimal mark.  [default: detected]",
)
@click.option("--encoding", metavar="NAME", help="Of a table: its encoding.  [default: detected]")
@click.option("--unit", type=click.Choice(["carats", "grams"]), help="Of a table: the unit of its weights.")
@click.option(
    "--dates",
    type=click.Choice(["day-first", "month-first"]),
    help="Of a table: what comes first in dates such as 04/11/2026.  [default: detected]",
)
@click.option("--sheet", metavar="NAME", help="Of a workbook: which sheet.")
@limit_option(50)
@csv_option
@pass_session
def reconcile(
    session: Session, others: tuple[str, ...], participant: str, period: str, limit: int, as_csv: bool,
    **given: Any
) -> None:  # fmt: skip
    """Compare this ledger's certificates with a partner's, and class every difference.

    OTHER is the partner's ledger; or its certificates as CSV or XLSX (adamas template certificates); or its
    letters, any number of them, or a folder of them, each verified against the partner's keys. A letter has
    only what was put into it. Certificates are matched by certificate, then by weight and date. Each is in
    one class: agrees, weighing, value- basis, hs, timing, number, origin, transit, split-on-arrival,
    lost, returned, missing-at-exporter, missing-at- importer, not-returned, unexplained. MS1 is told as a
    fraction of carats and of value.
    """
    from ledger.investigation.reconciliation import reconcile as compare
    from ledger.investigation.shipments import shipments

    if given["recording"] and given["statement"] is None:
        raise click.UsageError("--record takes --statement FILE.")
    own = _own(session)
    terms = _terms(session, period, given)
    ledger = session.ledger()
    ours = shipments(ledger.journal, ledger.records, own)
    flows = compare(ours, shipments_of(session, others, participant, given), own, participant, terms)
    digest = receipt = None
    if given["statement"] is not None:
        digest = _write(given["statement"], _statement(flows, period, terms))
    lines = (
        _line(flow, pair) for flow in flows for pair in flow.pairs if given["everything"] or _differs(pair)
    )
    if digest is not None and given["recording"]:
        receipt = _record(session, flows, participant, period, digest)
    _tell(session, flows, lines, terms, digest, receipt, limit=limit, as_csv=as_csv)


def _own(session: Session) -> str:
    house = session.ledger().state().house()
    if house is None or house.participant is None:
        raise NotFound("reconcile-no-participant")
    return house.participant


def _terms(session: Session, period: str, given: dict[str, Any]) -> Terms:
    """The terms: as given, else as the profile has them. Raises `Malformed` for a period without an end."""
    from ledger.investigation.reconciliation import Terms

    first, last = edtf.calendar_days(edtf.parse(period))
    if first is None or last is None:
        raise Malformed("moment-open", text=period)
    house = session.ledger().state().house()
    profile = None if house is None else house.profile
    usual = Terms(first, last)
    weight, value = given["weight"], given["percent"]
    if weight is None:
        weight = (
            profile.weight_tolerance if profile and profile.weight_tolerance is not None else usual.weight
        )
    if value is None:
        value = profile.value_tolerance if profile and profile.value_tolerance is not None else usual.value
    else:
        value *= 100
    return Terms(first, last, weight, value, given["days"])


def _statement(flows: Sequence[Flow], period: str, terms: Terms) -> Iterator[bytes]:
    from ledger.exchange.reconciliation_statement import lines

    return lines(flows, period, terms)


def _write(path: Path, lines: Iterator[bytes]) -> bytes:
    """Write the statement; the SHA-256 by which it is named. Raises `StoreTrouble` (``reconcile-...``)."""
    named = sha256()
    try:
        with path.open("xb") as file:
            for line in lines:
                file.write(line)
                named.update(line)
        return named.digest()
    except FileExistsError:
        raise StoreTrouble("reconcile-exists", path=str(path)) from None
    except OSError as problem:
        raise StoreTrouble("reconcile-unwritable", path=str(path), reason=problem.strerror) from None


def _differs(pair: Pair) -> bool:
    from ledger.investigation.reconciliation import AGREES

    return pair.kind != AGREES


def _tell(
    session: Session, flows: Sequence[Flow], lines: Iterator[dict[str, Any]], terms: Terms,
    digest: bytes | None, receipt: str | None, *, limit: int, as_csv: bool,
) -> None:  # fmt: skip
    from ledger.exchange.reconciliation_statement import fraction, mirrors_of

    if as_csv:
        emit_csv(_HEADERS, ([_flat(line[name]) for name in _HEADERS] for line in lines))
        return
    if session.json:
        mirrors = [
            {"from": flow.exporter, "to": flow.importer, "quarter": one.quarter, "hs": one.hs,
             "exported": one.exported, "imported": one.imported, "asymmetry": fraction(one.asymmetry),
             "value_asymmetry": fraction(one.value_asymmetry), "marked": one.marked}
            for flow in flows for one in mirrors_of(flow, terms)
        ]  # fmt: skip
        classes = [{"from": f.exporter, "to": f.importer, "classes": dict(f.counted)} for f in flows]
        named = None if digest is None else digest.hex()
        emit_json({"flows": classes, "certificates": lines, "mirrors": mirrors,
                   "statement": named, "receipt": receipt})  # fmt: skip
        return
    for flow in flows:
        _flow(flow, terms)
    first = list(islice(lines, 1))
    if first:
        say()
        shown_ = islice(chain(first, lines), limit or None)
        emit_table(
            [name.replace("_", " ").upper() for name in _HEADERS], (list(_cells(line)) for line in shown_)
        )
    if more := sum(1 for _ in lines):
        remark(messages.text("reconcile-more", {"count": more}))
    if digest is not None:
        say()
        say(f"statement {digest.hex()}")
    if receipt is not None:
        say(f"recorded {receipt}")


def _flow(flow: Flow, terms: Terms) -> None:
    from ledger.exchange.reconciliation_statement import mirrors_of
    from ledger.investigation.reconciliation import CLASSES

    heading(f"{flow.exporter} to {flow.importer}: {how_many('count-certificates', len(flow.pairs))}")
    counted = flow.counted
    for kind in CLASSES:
        if counted[kind]:
            say(f"  {kind:<21}{counted[kind]:>8}")
    rows = [
        (one.quarter, one.hs, carats(one.exported), carats(one.imported), _percent(one.asymmetry),
         _percent(one.value_asymmetry), "look" if one.marked else "")
        for one in mirrors_of(flow, terms)
    ]  # fmt: skip
    if rows:
        emit_table(("QUARTER", "HS", "EXPORTED", "IMPORTED", "MS1 CARATS", "MS1 VALUE", ""), rows)


def _percent(found: Fraction | None) -> str:
    """A fraction in percent with one decimal, cut off towards zero; empty for none."""
    if found is None:
        return ""
    tenths = abs(found.numerator) * 1000 // found.denominator
    return f"{'-' if found < 0 and tenths else ''}{tenths // 10}.{tenths % 10} %"


def _line(flow: Flow, pair: Pair) -> dict[str, Any]:
    return {
        "certificate": pair.certificate,
        "from": flow.exporter,
        "to": flow.importer,
        "class": pair.kind,
        "differences": list(pair.differences),
        "sent_on": _day(pair.sent),
        "received_on": _day(pair.received),
        "sent": _sum(pair.sent, "weight"),
        "received": _sum(pair.received, "weight"),
        "sent_value": _sum(pair.sent, "value"),
        "received_value": _sum(pair.received, "value"),
        "entries": [one.entry for one in (*pair.sent, *pair.received) if one.entry is not None],
    }


def _day(shipments: Sequence[Shipment]) -> str | None:
    days = [one.day for one in shipments if one.day is not None]
    return date.fromordinal(min(days)).isoformat() if days else None


def _sum(shipments: Sequence[Shipment], name: str) -> int | None:
    values = [getattr(one, name) for one in shipments]
    return None if None in values or not values else sum(values)


def _flat(value: Any) -> Any:
    return " ".join(value) if isinstance(value, list) else value


def _cells(line: dict[str, Any]) -> Iterator[str]:
    for name in _HEADERS:
        value = line[name]
        if value is None:
            yield ""
        elif name in ("sent", "received"):
            yield carats(value)
        elif name.endswith("_value"):
            yield dollars(value)
        elif name == "differences":
            yield ", ".join(value[1:])
        else:
            yield shown(name, value)


def _record(session: Session, flows: Sequence[Flow], participant: str, period: str, digest: bytes) -> str:
    """The receipt of the act that names the statement."""
    from ledger.domain.events import ReconciliationStated
    from ledger.exchange.reconciliation_statement import tally

    ledger, key = session.ledger(write=True), session.key()
    matched, differing, unexplained = tally(flows)
    act = ReconciliationStated(
        by=party_of(ledger, key), participant=participant, period=period, statement=digest,
        matched=matched, differing=differing, unexplained=unexplained,
    )  # fmt: skip
    return ledger.record(act, key, occurred=here_and_now(session.clock())).text
