"""What ``adamas trace --with`` shows beyond the border, from partners' files, directories and letters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from cli.output import emit_json, emit_table, heading, remark, say
from cli.session import Session
from ledger import messages
from ledger.errors import Faults, Unavailable

if TYPE_CHECKING:
    from ledger.exchange.drawing import Strokes
    from ledger.federation.sources import Source
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
    """The borders by what the places tell. One that does not answer is told, and keeps the others from
    nothing; at the end it is raised."""
    from ledger.federation.sources import open_all
    from ledger.federation.trace_across import across

    sources: list[Source] = []
    silent: list[Unavailable] = []
    try:
        for place in places:
            try:
                sources += open_all(place)
            except Unavailable as problem:
                silent.append(problem)
        for one in silent[1:]:
            _told(one)
        yield across(session.ledger().records, lineage, sources)
    except Faults:
        for one in silent[:1]:
            _told(one)
        raise
    finally:
        for source in sources:
            source.close()
    if silent:
        raise silent[0]


def _told(silent: Unavailable) -> None:
    remark(f"adamas: {silent.code}: {silent}")


def emit(session: Session, lineage: Lineage, places: Sequence[str]) -> None:
    """The trace and its borders as data. Raises as `tell`."""
    from ledger.exchange import border_sheet, lineage_record
    from ledger.projections.attestations import attestations

    told = lineage_record.value(lineage, attestations(session.ledger().records, lineage))
    with _borders(session, lineage, places) as found:
        emit_json({**told, "borders": [border_sheet.value(border) for border in found]})
        _judge(border_sheet.walk(found))


def tell(session: Session, lineage: Lineage, places: Sequence[str], strokes: Strokes) -> None:
    """Border by border, then where everything began. Raises `Faults` (``border-faults``) where a source is
    not what the importing ledger recorded of it."""
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
        _judge(every)


def _judge(borders: Iterable[Border]) -> None:
    from ledger.chain.proof_steps import FAULT

    wrong = [check for border in borders for check in border.checks if check.standing == FAULT]
    if wrong:
        raise Faults("border-faults", count=len(wrong), first=str(wrong[0]))
