"""``adamas replay``: the whole state, rebuilt as of a moment."""

from __future__ import annotations

import click

from cli.asking import answer, counted, csv_option, limit_option, rows_at, values
from cli.moments import Moment, moment_options
from cli.output import adamas_command
from cli.session import Session, pass_session
from ledger.domain import moments

LISTED = ("parcels", "certificates", "parties", "licences", "sites")


@adamas_command(
    "replay",
    example="adamas replay --as-recorded 2024-01-15\nadamas replay --as-occurred 2016-06 parcels",
    exits=(0, 4, 5, 7),
)
@click.argument("listed", metavar="[LIST]", type=click.Choice(LISTED), required=False)
@limit_option(None)
@csv_option
@moment_options
@pass_session
@click.pass_context
def replay(
    context: click.Context,
    session: Session,
    moment: Moment,
    listed: str | None,
    limit: int | None,
    as_csv: bool,
) -> None:
    """Rebuild the whole state as of a moment, from the entries alone, and count what was there.

    With LIST (parcels, certificates, parties, licences, sites) that list is printed instead: the same that
    adamas list prints of today.
    """
    if moment.kind == moments.PRESENT:
        raise click.UsageError("Give --as-recorded, --as-recorded-index or --as-occurred.", context)
    from ledger.projections.lists import LISTS

    with rows_at(session, moment) as found:
        if listed is None:
            counted(session, found, as_csv=as_csv)
            return
        lines = values(session, found, listed, {}, limit)
        answer(session, found, listed, lines, LISTS[listed].columns, as_csv=as_csv)
