"""``adamas verify``: every byte, link, signature and right of the ledger, in eleven numbered steps; and what
others hand over or publish (`cli.verify_proof`)."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.artefacts import spare
from cli.output import adamas_command, emit_json, remark, say
from cli.session import Session, pass_session
from ledger import messages
from ledger.chain.steps import Anchor
from ledger.errors import Faults, Malformed, StoreTrouble

if TYPE_CHECKING:
    from cli.verify_proof import Given
    from ledger.audit.auditing import Audit
    from ledger.audit.report import Report
    from ledger.audit.working_paper import WorkingPaper


_FILE = click.Path(dir_okay=False, path_type=Path)


def _anchor(context: click.Context, parameter: click.Parameter, text: str | None) -> Anchor | None:
    try:
        return None if text is None else Anchor.parse(text)
    except Malformed as trouble:
        raise click.BadParameter(str(trouble), context, parameter) from None


@adamas_command(
    "verify",
    example="adamas verify\nadamas verify --head 17:5f3a... --views --report report.txt\n"
    "adamas verify 107.zip --trust bw.trust\nadamas verify https://ledger.example/bw --trust bw.trust",
    exits=(0, 1, 4, 6, 7, 8, 10),
)
@click.argument("target", metavar="[FILE|DIR|URL]", required=False)
@click.option(
    "--trust",
    "trust_file",
    metavar="FILE",
    type=_FILE,
    help="Whose signatures count, for a FILE, DIR or URL: the trust file that you made (adamas trust).",
)
@click.option(
    "--since",
    metavar="FILE",
    type=_FILE,
    multiple=True,
    help="A checkpoint that you hold: what is shown must have grown from it.",
)
@click.option(
    "--only-new",
    is_flag=True,
    help="Of a ledger, read only what came after the one --since; entries before are not looked at again.",
)
@click.option(
    "--along",
    metavar="FILE",
    type=_FILE,
    multiple=True,
    help="A further proof at the same checkpoint, which may show that an author was entitled.",
)
@click.option(
    "--revoked",
    metavar="FILE",
    type=_FILE,
    multiple=True,
    help="The proof that a key of the ledger was revoked, with those that its author was entitled (a zip).",
)
@click.option(
    "--max-age",
    metavar="HOURS",
    type=click.IntRange(1),
    help="How old the witnesses' cosignatures may be.  [default: any age]",
)
@click.option(
    "--no-entries", is_flag=True, help="Of a DIR or URL, leave the entries out: a few tiles suffice."
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
    "--resume",
    "paper_file",
    metavar="FILE",
    type=_FILE,
    help="Note in FILE what was found right; after a run that was stopped, the same command goes on from"
    " there. Removed at the end.",
)
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
    target: str | None,
    trust_file: Path | None,
    since: tuple[Path, ...],
    only_new: bool,
    along: tuple[Path, ...],
    revoked: tuple[Path, ...],
    max_age: int | None,
    no_entries: bool,
    anchor: Anchor | None,
    views: bool,
    no_signatures: bool,
    chain_only: bool,
    paper_file: Path | None,
    file: Path | None,
) -> None:
    """Check the ledger in eleven numbered steps, and name the index and step of every fault.

    Nothing is trusted and nothing is written. The check goes on after a fault. It ends with the head to keep
    outside of the ledger: without one, cutting off the end of a ledger cannot be seen.

    A trust file and checkpoints hold the ledger, too: its origin must be the trust file's, and --since must
    be signed by it. With --only-new, the ledger must have grown from that checkpoint, and only the entries
    behind it are read: it costs what is new. Options that say nothing of what is checked are refused.

    With --resume, a run of hours may be stopped at any moment. The next one reads and hashes all entries
    again, and takes from FILE only that these very bytes were found right; its report is the same.

    With a FILE that somebody handed over (a proof, proofs in a zip, a proof of absence, a checkpoint, a fork
    proof), or a DIR or URL where a ledger is published, that is checked instead, by your own trust file and
    nothing else.
    """
    from cli.verify_proof import Given, is_ledger, verify_target

    ways = {
        "--only-new": only_new, "--views": views, "--no-signatures": no_signatures,
        "--chain-only": chain_only, "--resume": paper_file, "--report": file,
    }  # fmt: skip
    others = tuple(name for name, chosen in ways.items() if chosen)
    given = Given(trust_file, since, along, revoked, max_age, anchor, not no_entries, others)
    if target is not None and not is_ledger(target):
        verify_target(session, target, given)
        return
    _check_given(given, chain_only)
    if target is not None:
        _check_posing(target, given)
        session.settings.ledger = target
    if only_new and (len(since) != 1 or views or anchor is not None):
        raise click.UsageError("--only-new goes by one --since, without --head and --views.")
    if paper_file is not None and (only_new or chain_only):
        raise click.UsageError("--resume is for the whole verification, without --chain-only and --only-new.")
    if paper_file is not None and file is not None and paper_file.absolute() == file.absolute():
        raise click.UsageError("--report and --resume take a file each: the latter is removed at the end.")
    _verify_ledger(session, given, views, no_signatures, chain_only, file, only_new, paper_file)


def _check_posing(target: str, given: Given) -> None:
    """A database handed over in a proof's place must not pass by a trust file, of which it needs the origin
    alone: anybody can write a ledger under any origin. Raises `click.UsageError`."""
    if given.trust and not given.since and given.anchor is None:
        raise click.UsageError(
            f"{target} is a database, and nobody signs a database: of --trust only the origin could be"
            " compared. Hold it to a signed checkpoint (--since FILE) or to a receipt (--head), or leave"
            " --trust out."
        )


def _check_given(given: Given, chain_only: bool) -> None:
    """Nothing that was asked of a ledger may be passed over. Raises `click.UsageError`."""
    given.refuse_beyond("a ledger", "--since", "--revoked", "--head", *given.others)
    if given.revoked and not (given.since and given.trust):
        raise click.UsageError("--revoked says which --since count by --trust; give these too.")
    if given.since and chain_only:
        raise click.UsageError("--chain-only compares no --since; leave one of them out.")


def _verify_ledger(
    session: Session, given: Given, views: bool, no_signatures: bool, chain_only: bool, file: Path | None,
    only_new: bool, paper_file: Path | None,
) -> None:  # fmt: skip
    from cli.verify_proof import held_outside
    from ledger import __version__
    from ledger.audit.auditing import Audit, Options
    from ledger.audit.only_new import OnlyNew
    from ledger.audit.report import Report
    from ledger.audit.working_paper import WorkingPaper
    from ledger.store.checking import open_for_checking
    from ledger.store.evidence import Evidence

    held, trusted = held_outside(given)
    evidence = Evidence(session.evidence_folder)
    options = Options(
        given.anchor, chain_only, not no_signatures, views, evidence, held=held, trusted=trusted
    )
    with ExitStack() as open_files:
        journal = open_files.enter_context(open_for_checking(session.path))
        paper = None if paper_file is None else open_files.enter_context(WorkingPaper(paper_file))
        is_behind = only_new and held[0].size > 0
        audit = OnlyNew(journal, options) if is_behind else Audit(journal, options, paper=paper)
        _run(audit)
        report = Report(audit, session.shown, session.clock(), __version__)
        if file is not None:
            _write(report, file)
        if session.json:
            emit_json(report.values())
        else:
            say(report.as_text().rstrip("\n"))
        if paper is not None:
            _tell_resumed(audit, paper)
            paper.remove()
    if audit.faults:
        count = audit.faults.total
        raise Faults("verify-fault" if count == 1 else "verify-faults", count=count)


def _tell_resumed(audit: Audit, paper: WorkingPaper) -> None:
    """What rests on an earlier run, beside the report, which is the same as of one run."""
    path, earlier = str(paper.path), audit.earlier
    if paper.dropped:
        remark(messages.text("working-paper-dropped", {"path": path}))
    if earlier is not None and earlier.taken:
        remark(messages.text("working-paper-taken", {"count": earlier.taken, "path": path}))
    if earlier is not None and earlier.changed is not None:
        remark(messages.text("working-paper-changed", {"index": earlier.changed}))


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
        spare(file)
        file.write_text(report.as_text(), encoding="utf-8", newline="\n")
    except OSError as problem:
        raise StoreTrouble("verify-report-unwritable", path=str(file), reason=problem.strerror) from None
    remark(f"the report is in {file}")
