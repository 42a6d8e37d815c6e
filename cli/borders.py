"""What ``adamas trace --with`` shows beyond the border, from partners' files, directories and letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from cli.output import emit_table, heading, say
from cli.session import Session
from ledger import messages
from ledger.errors import Faults

if TYPE_CHECKING:
    from ledger.exchange.drawing import Strokes
    from ledger.federation.trace_across import Border
    from ledger.projections.lineage import Lineage


def with_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Where partners' acts are read."""
    return click.option(
        "--with", "places", multiple=True, metavar="FILE|DIR|URL",
        help="A partner's ledger, published directory or letter, or a folder of letters such as "
        "adamas.db.evidence: into these the trace goes on. Repeat for more.",
    )(function)  # fmt: skip


@contextmanager
def _borders(session: Session, lineage: Lineage, places: Sequence[str]) -> Iterator[tuple[Border, ...]]:
    from ledger.federation.sources import open_all
    from ledger.federation.trace_across import across

    sources = []
    try:
        for place in places:
            sources += open_all(place)
        yield across(session.ledger().records, lineage, sources)
    finally:
        for source in sources:
            source.close()


def value(session: Session, lineage: Lineage, places: Sequence[str]) -> dict[str, Any]:
    """The trace and its borders as data."""
    from ledger.exchange import border_sheet, lineage_record
    from ledger.projections.attestations import attestations

    told = lineage_record.value(lineage, attestations(session.ledger().records, lineage))
    with _borders(session, lineage, places) as found:
        return {**told, "borders": [border_sheet.value(border) for border in found]}


def tell(session: Session, lineage: Lineage, places: Sequence[str], strokes: Strokes) -> None:
    """Border by border, then where everything began. Raises `Faults` (``border-faults``) where a source is
    not what the importing ledger recorded of it."""
    from ledger.chain.proof_steps import FAULT
    from ledger.exchange import border_sheet, custody_sheet

    with _borders(session, lineage, places) as found:
        every = list(border_sheet.walk(found))
        for border in every:
            say()
            heading(border_sheet.title(border))
            for line in border_sheet.lines(border, strokes):
                say(line)
            if border.lineage is not None:
                say()
                emit_table(custody_sheet.COLUMNS, border_sheet.custody(border.lineage))
        say()
        heading(messages.text("border-origins", {}))
        emit_table(border_sheet.ORIGIN_COLUMNS, border_sheet.origins(lineage, found))
    wrong = [check for border in every for check in border.checks if check.standing == FAULT]
    if wrong:
        raise Faults("border-faults", count=len(wrong), first=str(wrong[0]))
