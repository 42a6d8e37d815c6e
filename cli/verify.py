"""``adamas verify``: every byte, link, signature and right of the ledger, in eleven numbered steps."""

from __future__ import annotations

import sys
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output import adamas_command, emit_json, remark, say
from cli.session import Session, pass_session
from ledger.chain.steps import Anchor
from ledger.errors import Faults, Malformed, StoreTrouble

if TYPE_CHECKING:
    from ledger.audit.auditing import Audit
    from ledger.audit.report import Report


def _anchor(context: click.Context, parameter: click.Parameter, text: str | None) -> Anchor | None:
    try:
        return None if text is None else Anchor.parse(text)
    except Malformed as trouble:
        raise click.BadParameter(str(trouble), context, parameter) from None


@adamas_command(
    "verify",
    example="adamas verify\nadamas verify --head 17:5f3a... --views --report report.txt",
    exits=(0, 1, 7),
)
@click.option(
    "--head",
    "anchor",
    metavar="INDEX:HASH",
    callback=_anchor,
    help="A head held outside, from any receipt: with it, every alteration up to there is found.",
)
@click.option("--views", is_flag=True, help="Compare the views with what the entries give, too.")
@click.option("--no-signatures", is_flag=True, help="Leave out step 7, which takes the most time.")
@click.option("--chain-only", is_flag=True, help="Follow the chain and nothing else (steps 2 to 4).")
@click.option(
    "--report",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report to a file as well.",
)
@pass_session
def verify(
    session: Session,
    anchor: Anchor | None,
    views: bool,
    no_signatures: bool,
    chain_only: bool,
    file: Path | None,
) -> None:
    """Check the ledger in eleven numbered steps, and name the index and step of every fault.

    Nothing is trusted and nothing is written. The check goes on after a fault. It ends with the head to keep
    outside of the ledger: without one, cutting off the end of a ledger cannot be seen.
    """
    from ledger import __version__
    from ledger.audit.auditing import Audit, Options
    from ledger.audit.report import Report
    from ledger.store.evidence import Evidence
    from ledger.store.salvage import open_for_checking

    options = Options(anchor, chain_only, not no_signatures, views, Evidence(session.evidence_folder))
    with open_for_checking(session.path) as journal:
        audit = Audit(journal, options)
        _run(audit)
        report = Report(audit, session.path, session.clock(), __version__)
        if file is not None:
            _write(report, file)
        if session.json:
            emit_json(report.values())
        else:
            say(report.as_text().rstrip("\n"))
    if audit.faults:
        count = len(audit.faults)
        raise Faults("verify-fault" if count == 1 else "verify-faults", count=count)


_PHASES = {1: "Bytes, links, signatures", 2: "Authority, subjects, values", 3: "Views"}


def _run(audit: Audit) -> None:
    """The whole run, with a bar for each phase on a terminal."""
    hidden = not sys.stderr.isatty()
    for phase, steps in groupby(audit.run(), key=lambda step: step.phase):
        first = next(steps)
        with click.progressbar(
            length=first.total, label=_PHASES[phase], file=sys.stderr, hidden=hidden
        ) as bar:
            done = 0
            for step in chain((first,), steps):
                bar.update(step.done - done)
                done = step.done


def _write(report: Report, file: Path) -> None:
    try:
        file.write_text(report.as_text(), encoding="utf-8", newline="\n")
    except OSError as problem:
        raise StoreTrouble("verify-report-unwritable", path=str(file), reason=problem.strerror) from None
    remark(f"the report is in {file}")
