"""``adamas replay``: the whole state, rebuilt as of a moment."""

from __future__ import annotations

from pathlib import Path

import click

from cli.asking import answer, counted, csv_option, limit_option, rows_at, values
from cli.moments import Moment, moment_options
from cli.output import adamas_command, remark
from cli.session import Session, pass_session
from ledger import messages
from ledger.domain import moments

LISTED = ("parcels", "certificates", "parties", "licences", "sites")


@adamas_command(
    "replay",
    example="adamas replay --as-recorded 2024-01-15\nadamas replay --as-occurred 2016-06 parcels",
    exits=(0, 4, 5, 7, 8),
)
@click.argument("listed", metavar="[LIST]", type=click.Choice(LISTED), required=False)
@limit_option(None)
@csv_option
@moment_options
@click.option(
    "--resume",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the tables of this moment in FILE: a replay that was stopped goes on, and the next question of"
    " the same moment is answered at once.",
)
@pass_session
@click.pass_context
def replay(
    context: click.Context,
    session: Session,
    moment: Moment,
    listed: str | None,
    limit: int | None,
    as_csv: bool,
    file: Path | None,
) -> None:
    """Rebuild the whole state as of a moment, from the entries alone, and count what was there.

    With LIST (parcels, certificates, parties, licences, sites) that list is printed instead: the same that
    adamas list prints of today.

    FILE of --resume holds what the ledger's own lists hold, and no sealed value. It is of one ledger and one
    moment, and is yours to remove.
    """
    if moment.kind == moments.PRESENT:
        raise click.UsageError("Give --as-recorded, --as-recorded-index or --as-occurred.", context)
    from ledger.projections.lists import LISTS

    with rows_at(session, moment, file) as found:
        if found.is_anew:
            remark(messages.text("replay-file-anew", {"path": str(file)}))
        elif found.found:
            remark(messages.text("replay-file-found", {"count": found.found, "path": str(file)}))
        if listed is None:
            counted(session, found, as_csv=as_csv)
            return
        lines = values(session, found, listed, {}, limit)
        answer(session, found, listed, lines, LISTS[listed].columns, as_csv=as_csv)
