"""``adamas check``: past acts that today's measures would stop, deadlines that passed, mines beyond
capacity."""

from __future__ import annotations

from datetime import date
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import click

from cli.asking import Counted, answer, beside, csv_option, rows_at, say_beside, table
from cli.options import FieldType
from cli.output import AdamasGroup, adamas_command, emit_csv, emit_json, heading, remark, say
from cli.session import Session, pass_session
from ledger import edtf, messages
from ledger.domain import moments
from ledger.domain.fields import DATE

if TYPE_CHECKING:
    from ledger.domain.moments import Moment


@click.group("check", cls=AdamasGroup)
def check() -> None:
    """Check what is recorded against what is known today, and against the calendar."""


@adamas_command("measures", example="adamas check measures", exits=(0, 1, 5, 7))
@csv_option
@pass_session
def check_measures(session: Session, as_csv: bool) -> int:
    """Past acts that today's register and measures would not have let pass on their dates.

    Every certificate issued and validated, every export and import is asked about again, with what the
    ledger knows of participants and measures now. What is found is a reason to look, no verdict.
    """
    from dataclasses import asdict

    from ledger.investigation.lookback import look_back

    with rows_at(session, moments.NOW) as found:
        objections = look_back(found.rows, session.ledger(write=True).records)
        lines = Counted(asdict(one) for one in objections)
        if session.json or as_csv:
            columns = ("entry", "type", "certificate", "participant", "said", "rests_on", "documented")
            answer(session, found, "objections", lines, columns, as_csv=as_csv)
        else:
            _tell(lines)
            say_beside(found)
    return 1 if lines.count else 0


def _tell(lines: Counted[dict[str, Any]]) -> None:
    """For people: each act, what would be said of it today, and the entries by which that is known."""
    for line in lines:
        documented = f" ({messages.text('from-sources', {})})" if line["documented"] else ""
        heading(f"entry {line['entry']}: {line['type']} {line['certificate'] or ''}".rstrip() + documented)
        say(f"  {line['said']}")
        say(f"  {messages.text('lookback-rests', {'entries': ', '.join(map(str, line['rests_on'])) or '-'})}")
    if not lines.count:
        say(messages.text("lookback-nothing", {}))


@adamas_command(
    "deadlines",
    example="adamas check deadlines\nadamas check deadlines --as-of 2024-06-30",
    exits=(0, 1, 4, 7),
)
@click.option(
    "--as-of", "day", type=FieldType(DATE), metavar="DATE",
    help="Count to the end of this day, on what the ledger knew then.  [default: now]",
)  # fmt: skip
@csv_option
@pass_session
def check_deadlines(session: Session, day: str | None, as_csv: bool) -> int:
    """Exports nobody confirmed, imports not answered, shipments detained too long, paper not returned.

    How long each may take is said by the national profile. What it leaves open is not checked, and what waits
    so is counted: the exit code is 1 for that as for what is overdue. A year or month counts to its last day.
    """
    from dataclasses import asdict

    from ledger.investigation.deadlines import overdue, profile_at, unchecked

    until, moment = _until(session, day)
    with rows_at(session, moment) as found:
        ledger = session.ledger(write=True)
        profile = profile_at(ledger.records, moment)
        late = overdue(found.rows, ledger.journal, ledger.records, profile, until, moment)
        lines = Counted(asdict(one) for one in late)
        open_ = [asdict(one) for one in unchecked(found.rows, profile)]
        columns = ("certificate", "kind", "since", "due", "late", "other", "entry")
        rest = iter(lines)
        first = list(islice(rest, 1))
        if session.json:
            emit_json({**beside(found), "overdue": chain(first, rest), "unchecked": open_})
        elif first or as_csv:
            answer(session, found, "overdue", chain(first, rest), columns, as_csv=as_csv)
        else:
            code = "deadlines-nothing-checked" if open_ else "deadlines-nothing"
            say(messages.text(code, {"day": date.fromordinal(until).isoformat()}))
    tell = remark if as_csv else say
    for kind in () if session.json else open_:
        tell(messages.text("deadline-unchecked", kind))
    return 1 if lines.count or any(kind["waiting"] for kind in open_) else 0


@adamas_command(
    "capacity",
    example="adamas check capacity\nadamas check capacity --year 2024",
    exits=(0, 1, 7),
)
@click.option("--year", type=click.IntRange(1, 9999), metavar="YEAR", help="Only this year.  [default: all]")
@csv_option
@pass_session
def check_capacity(session: Session, year: int | None, as_csv: bool) -> int:
    """Production of each site and year against its registered capacity, and exports against their sources.

    Exports of a country beyond all that was mined and imported are of opening stock, which a declaration
    alone vouches for. A site without a registered capacity is not checked. The exit code is 1 where a
    capacity is exceeded, or exports are beyond their sources.
    """
    from dataclasses import asdict

    from ledger.investigation.capacity import capacity

    ledger = session.ledger()
    sites, years = capacity(ledger.journal, ledger.records, ledger.state())
    mined = [asdict(one) for one in sites if year in (None, one.year)]
    flows = [asdict(one) for one in years if year in (None, one.year)]
    open_ = sorted({one["site"] for one in mined if one["capacity"] is None})
    if session.json:
        emit_json({"entries": ledger.head().size, "sites": mined, "years": flows, "unchecked": open_})
    elif as_csv:
        emit_csv(_SITE, ([line[name] for name in _SITE] for line in mined))
    else:
        table(mined, _SITE)
        say()
        table(flows, _YEAR)
    for site in () if session.json else open_:
        (remark if as_csv else say)(messages.text("capacity-unchecked", {"site": site}))
    return 1 if any(one["over"] for one in mined) or any(one["beyond"] for one in flows) else 0


_SITE = ("site", "year", "produced", "capacity", "over")
_YEAR = ("year", "opened", "mined", "imported", "exported", "returned", "beyond")


def _until(session: Session, day: str | None) -> tuple[int, Moment]:
    """The last day that counts, and the moment whose knowledge counts."""
    today = date.fromisoformat(edtf.day_of(session.clock())).toordinal()
    if day is None:
        return today, moments.NOW
    last = edtf.calendar_days(edtf.parse(day))[1] or today
    return last, moments.as_recorded(day) if last < today else moments.NOW


check.add_command(check_measures)
check.add_command(check_deadlines)
check.add_command(check_capacity)
