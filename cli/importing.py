"""``adamas import`` and ``adamas template``: tables from CSV and XLSX into the ledger.

How a file was read is shown and confirmed, everything wrong in it is told with row and column before anything
is recorded, and an import that was interrupted goes on where it was when the same command is given again.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.artefacts import write_new
from cli.output import adamas_command, ask, confirm, emit_json, progress, remark, say
from cli.recording import ask_about_slips, party_of
from cli.session import Session, pass_session
from ledger import edtf
from ledger.errors import AdamasError, Malformed, Refused, Unconfirmed
from ledger.exchange.dialect import DATES, DECIMALS, ENCODINGS, GIVEN_AS, SEPARATORS, UNITS, Dialect
from ledger.exchange.templates import CERTIFICATES, HISTORY, TEMPLATES, as_csv, as_workbook
from ledger.messages import how_many
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.exchange.cells import Fault
    from ledger.exchange.importing import Importer, Plan
    from ledger.exchange.rehearsal import Receipt
    from ledger.exchange.tabular import Options, Table

SHOWN = 40
"""So many faults are printed; the rejects file has all."""

_CHOICES = {"separator": SEPARATORS, "decimal": DECIMALS, "unit": UNITS, "dates": DATES}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person said beside the file and how it is written."""

    yes: bool = False
    skip_errors: bool = False
    weights_confirmed: bool = False
    dry_run: bool = False
    rejects: Path | None = None
    seen: str | None = None


def _one_of(name: str) -> Any:
    def read(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
        try:
            return None if text is None else _meant(name, text)
        except ValueError:
            said = ", ".join([word for word, mark in GIVEN_AS.items() if mark in _CHOICES[name]])
            raise click.BadParameter(f"give one of {said}", context, parameter) from None

    return read


def _meant(name: str, text: str) -> str:
    """The value that a person means. Raises ``ValueError``."""
    if name not in _CHOICES:
        return text
    value = GIVEN_AS.get(text.strip().lower(), text)
    if (name == "decimal" and value == ",") or value in _CHOICES[name]:
        return value
    raise ValueError(text)


def _columns(context: click.Context, parameter: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    columns = {}
    for text in given:
        heading, equals, name = text.rpartition("=")
        if not equals:
            raise click.BadParameter("give HEADING=COLUMN, or HEADING=- to leave it out", context, parameter)
        columns[heading.strip()] = name.strip()
    return columns


def _date(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    try:
        if text is None or edtf.is_date(text):
            return text
    except Malformed as trouble:
        raise click.BadParameter(str(trouble), context, parameter) from None
    raise click.BadParameter("give one date", context, parameter)


@adamas_command(
    "import",
    example="adamas template production-sheet > sheet.csv\n"
    "adamas import sheet.csv --as production-sheet --key mine-1",
    exits=(3, 4, 6, 7, 8, 9, 10),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--as", "template", type=click.Choice(list(TEMPLATES)), required=True, help="What the rows are."
)
@click.option(
    "--separator", metavar="MARK", callback=_one_of("separator"), help="comma, semicolon, tab or pipe."
)
@click.option("--decimal", metavar="MARK", callback=_one_of("decimal"), help="point or comma.")
@click.option("--encoding", metavar="NAME", help=f"{', '.join(ENCODINGS)} or another that Python knows.")
@click.option("--unit", metavar="UNIT", callback=_one_of("unit"), help="carats or grams.")
@click.option("--dates", type=click.Choice(DATES), help="What comes first in dates such as 04/11/2026.")
@click.option("--sheet", metavar="NAME", help="Which sheet of a workbook.")
@click.option(
    "--column", "columns", multiple=True, metavar="HEADING=COLUMN", callback=_columns,
    help="What a heading of the file means; - leaves it out. May be given several times.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="Take what was detected of how the file is written as right.")
@click.option(
    "--weights-confirmed", is_flag=True, help="Somebody looked: the weights are not a slip of the unit."
)
@click.option(
    "--skip-errors", is_flag=True, help="Record the rows without faults, write the others to a file."
)
@click.option("--rejects", type=click.Path(path_type=Path), help="That file. [default: FILE.rejects.csv]")
@click.option(
    "--seen", metavar="DATE", callback=_date, help="When a history's sources were seen. [default: today]"
)
@click.option("--dry-run", is_flag=True, help="Check everything, record nothing.")
@pass_session
def import_(
    session: Session, file: Path, template: str, yes: bool, skip_errors: bool, weights_confirmed: bool,
    rejects: Path | None, seen: str | None, dry_run: bool, **written: Any,
) -> None:  # fmt: skip
    """Record a production sheet, parties or a history from CSV or XLSX (a history also from JSON lines).

    The whole file is checked before anything is recorded. The signed statements are kept beside it
    (FILE.adamas-import): an import that was interrupted goes on when the same command is given again, and
    never records anything twice.
    """
    from ledger.exchange.import_file import beside
    from ledger.exchange.importing import begun
    from ledger.exchange.tabular import Options, read_file

    data = read_file(file)
    ledger = session.ledger(write=not dry_run)
    saved = beside(file)
    if begun(saved, data, template, ledger) is not None:
        remark(f"an import of {file} was prepared before ({saved}); going on with it")
        if not dry_run:
            _append(session, saved, ledger, None)
        return
    wishes = Wishes(yes, skip_errors, weights_confirmed, dry_run, rejects, seen)
    _fresh(session, file, data, template, Options(**written), wishes)


def _fresh(
    session: Session, file: Path, data: bytes, template: str, options: Options, wishes: Wishes
) -> None:
    """Check a file that was not prepared before, and record it unless that is only rehearsed."""
    from ledger.exchange.import_file import beside
    from ledger.exchange.importing import prepare

    ledger = session.ledger(write=not wishes.dry_run)
    importer = _importer(session, ledger, wishes)
    table = None
    if template == HISTORY.name and data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        found = _plan_of_json_lines(file, ledger, importer)
    else:
        table, found = _plan_of_table(data, template, options, wishes, ledger, importer)
    _tell_faults(session, found.faults)
    left_out = _faults(file, table, found, wishes)
    if not wishes.weights_confirmed:
        ask_about_slips(found.slips, "row")
    if wishes.dry_run:
        rows, acts = how_many("count-rows", found.rows), how_many("count-acts", len(found.drafts))
        say(f"would record {found.lines} of {rows} in {acts}")
        remark("nothing was recorded (--dry-run)")
        return
    prepare(beside(file), data, found, ledger, importer)
    _append(session, beside(file), ledger, left_out)


def _importer(session: Session, ledger: Ledger, wishes: Wishes) -> Importer:
    from ledger.exchange.importing import Importer

    key, now = session.key(), session.clock()
    today = edtf.day_of(now)
    return Importer(key, party_of(ledger, key), now, today, wishes.seen or today)


def _plan_of_json_lines(file: Path, ledger: Ledger, importer: Importer) -> Plan:
    from ledger.exchange.history_form import read_histories
    from ledger.exchange.importing import plan_histories

    return plan_histories(list(read_histories(file)), ledger, importer)


def _plan_of_table(
    data: bytes, template: str, options: Options, wishes: Wishes, ledger: Ledger, importer: Importer
) -> tuple[Table, Plan]:
    from ledger.exchange.importing import plan

    table = _read(data, template, options)
    _confirm_dialect(table.dialect, wishes)
    return table, plan(table, ledger, importer)


def _read(data: bytes, template: str, options: Options) -> Table:
    """The table; what the file leaves open is asked for on a terminal."""
    from ledger.exchange.tabular import read_table

    while True:
        try:
            return read_table(data, TEMPLATES[template], options)
        except Unconfirmed as trouble:
            if not sys.stdin.isatty():
                raise
            remark(str(trouble))
            options = _asked(options, trouble)


def _asked(options: Options, trouble: AdamasError) -> Options:
    part = str(trouble.values["part"])
    while True:
        answer = ask(f"{part} ({trouble.values['choices']})")
        try:
            said: dict[str, Any] = {part: _meant(part, answer)}
            return dataclasses.replace(options, **said)
        except ValueError:
            continue


def _confirm_dialect(dialect: Dialect, wishes: Wishes) -> None:
    """Show how the file was read, and have it confirmed unless all of it was given."""
    for part in dialect.parts:
        remark(f"  {part.name:<10} {part.shown:<10} {part.because}")
    if wishes.yes or not dialect.detected:
        return
    options = ", ".join(f"--{part.name}" for part in dialect.detected)
    if not sys.stdin.isatty() or not confirm("Is that how the file is written?"):
        raise Unconfirmed("dialect-unconfirmed", options=options)


def _tell_faults(session: Session, faults: Sequence[Fault]) -> None:
    """Each with its place, and behind them the next step for each kind."""
    from cli.hints import behind

    for fault in faults[:SHOWN]:
        remark(str(fault))
    if len(faults) > SHOWN:
        remark(f"... and {len(faults) - SHOWN} more")
    steps: dict[str, str] = {}
    for fault in faults[:SHOWN]:
        if fault.code not in steps and (step := behind(fault.code, fault.values, session.settings)):
            steps[fault.code] = step
    for code, step in steps.items():
        remark(f"  next for {code}: {step}")


def _faults(file: Path, table: Table | None, found: Plan, wishes: Wishes) -> Path | None:
    """Where the rows with faults went if they are left out. Raises `Malformed` or `Refused` if not."""
    if not found.faults:
        return None
    if not wishes.skip_errors or table is None:
        rows = len({fault.row for fault in found.faults})
        only_rules = all(fault.refused for fault in found.faults)
        code = "import-faults" if table is not None else "import-faults-histories"
        raise (Refused if only_rules else Malformed)(code, count=rows, rows=found.rows)
    if not wishes.dry_run:
        return _write_rejects(file, table, found, wishes)
    return None


def _write_rejects(file: Path, table: Table, found: Plan, wishes: Wishes) -> Path:
    from ledger.exchange.rejects import write

    place = write(wishes.rejects or file.with_name(file.name + ".rejects.csv"), table, found.faults)
    remark(f"the rows with faults are in {place}")
    if not found.drafts:
        raise Malformed("import-nothing")
    return place


def _append(session: Session, saved: Path, ledger: Ledger, left_out: Path | None) -> None:
    from ledger.exchange.import_file import header_of
    from ledger.exchange.importing import append

    receipts: list[Receipt] = []
    lines = sum(header_of(saved).lines)

    def recorded() -> Iterator[int]:
        for batch in append(saved, ledger):
            receipts.extend(batch.receipts)
            yield from range(batch.lines)

    for _ in progress(recorded(), lines, "Recording"):
        continue
    last = receipts[-1]
    if session.json:
        emit_json({"lines": lines, "acts": len(receipts), "first": receipts[0].index, "last": last.index,
                   "receipt": last.text, "rejects": None if left_out is None else str(left_out)})  # fmt: skip
        return
    say(f"recorded {_how_much(lines, receipts)}")
    say(f"receipt {last.text}")


def _how_much(lines: int, receipts: Sequence[Receipt]) -> str:
    if len(receipts) == 1:
        rows = "" if lines == 1 else f" of {how_many('count-rows', lines)}"
        return f"1 act{rows}, entry {receipts[0].index}"
    rows = "" if lines == len(receipts) else f" of {how_many('count-rows', lines)}"
    return (
        f"{how_many('count-acts', len(receipts))}{rows}, entries {receipts[0].index} to {receipts[-1].index}"
    )


PROFILE = "profile"
"""Printed by `template` beside the sheets: no table, so it is adopted instead of imported."""


@adamas_command(
    "template",
    example="adamas template production-sheet > sheet.csv\nadamas template parties --out parties.xlsx\n"
    "adamas template profile > profile.toml",
    exits=(7, 10),
    json=False,
)
@click.argument("name", type=click.Choice([*TEMPLATES, CERTIFICATES.name, PROFILE]))
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write it to this file instead: a workbook where the name ends in .xlsx, else CSV.",
)  # fmt: skip
def template(name: str, out: Path | None) -> None:
    """Print a sheet to fill in, as CSV with an example that can itself be imported.

    certificates is a partner's list for: adamas reconcile. profile is a national profile in TOML, for: adamas
    profile adopt --toml FILE.
    """
    workbook = out is not None and out.suffix.lower() == ".xlsx"
    if out is not None and out.suffix.lower() in (".ods", ".xls", ".numbers"):
        raise click.UsageError("A sheet is written as a workbook (FILE.xlsx) or as CSV (FILE.csv).")
    if name == PROFILE:
        from ledger.exchange.profile_file import TEMPLATE, shipped

        if workbook:
            raise click.UsageError("a profile is no sheet: it is written in TOML, such as to profile.toml")
        text = shipped(TEMPLATE)
    else:
        sheet = CERTIFICATES if name == CERTIFICATES.name else TEMPLATES[name]
        text = "" if workbook else as_csv(sheet)
    if out is None:
        click.echo(text, nl=False)
        return
    write_new(out, as_workbook(sheet) if workbook else text.encode("utf-8"))
    remark(f"written to {out}")
