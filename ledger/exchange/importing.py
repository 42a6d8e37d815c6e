"""Import: a table is read, checked to its last cell, held against the rules, signed, saved, then appended.

    found = plan(table, ledger, importer)                 every fault with its row; slips to ask about
    prepare(path, data, found, ledger, importer)          statements on the disk, beside the table
    for batch in append(path, ledger): ...                durable batch by batch; goes on where it was killed

Nothing is recorded while a fault stands, unless its rows are left out. Running the same again finds the saved
statements, and a ledger answers a statement that it has with its first receipt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ledger.chain.statement import SignedStatement
from ledger.domain.events import Mined
from ledger.domain.refusal import Refusal
from ledger.errors import Conflict
from ledger.exchange import import_file
from ledger.exchange.cells import Fault, Line, check
from ledger.exchange.drafts import Draft, Drafts, Rows, gather, parties, production, told
from ledger.exchange.histories import Teller
from ledger.exchange.history_form import History
from ledger.exchange.import_file import Header
from ledger.exchange.rehearsal import Door, Receipt, Rehearsal, signed
from ledger.exchange.slips import Slip, slips
from ledger.exchange.tabular import Table
from ledger.exchange.templates import HISTORY, PRODUCTION
from ledger.keys import SigningKey
from ledger.values import dataclass

BATCH_LINES = 5_000
BATCH_ACTS = 64
"""An append takes statements until it has that many lines or acts: one commit for each."""


@dataclass(frozen=True, slots=True)
class Importer:
    """Who imports, and when: the ``key`` and its ``party``, ``now`` in microseconds, ``today`` as a date.

    ``seen`` is the date on which a history's sources were seen.
    """

    key: SigningKey
    party: str
    now: int
    today: str
    seen: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do. ``rows`` how many rows the table has; ``faults`` sorted by row."""

    template: str
    rows: int
    drafts: tuple[Draft, ...]
    faults: tuple[Fault, ...]
    slips: tuple[Slip, ...]

    @property
    def lines(self) -> int:
        """How many rows would be recorded."""
        return sum(len(draft.rows) for draft in self.drafts)


def plan(table: Table, ledger: Door, importer: Importer) -> Plan:
    """The acts of a table, and everything that is wrong with it."""
    lines, faults = check(table)
    drafts, refused = _judged(table, lines, faults, ledger, importer)
    sorted_ = sorted(_once([*faults, *refused]), key=lambda fault: fault.row)
    found = slips(_weights(drafts), ledger.records)
    return Plan(table.template.name, len(table.rows), tuple(drafts), tuple(sorted_), tuple(found))


def _once(faults: Iterable[Fault]) -> Iterable[Fault]:
    """Each sentence once for its row: a history's act may need several registrations that are all refused."""
    return {(fault.row, str(fault)): fault for fault in faults}.values()


def _judged(
    table: Table, lines: Sequence[Line], faults: Sequence[Fault], ledger: Door, importer: Importer
) -> Drafts:
    """The acts that may be recorded, and the faults that were found on the way to them."""
    if table.template is HISTORY:
        return _histories(table, lines, faults, ledger, importer)
    if table.template is PRODUCTION:
        drafts, found = production(lines, importer.party)
        return _sheets(drafts, ledger, importer, found)
    drafts, found = parties(lines, importer.party)
    return _one_by_one(drafts, Rehearsal(ledger, importer.key.public, importer.now), found, "party")


def _histories(
    table: Table, lines: Sequence[Line], faults: Sequence[Fault], ledger: Door, importer: Importer
) -> Drafts:
    """Histories are recorded whole: a fault in one of its rows keeps all of them out."""
    names = _history_names(table)
    found: list[Fault] = []
    while True:
        kept_out = {names.get(fault.row) for fault in (*faults, *found)}
        histories, rows, more = gather([line for line in lines if line.values["history"] not in kept_out])
        if not more:
            drafts, more = _documented(histories, rows, ledger, importer)
        if not more:
            break
        found += more
    told_of = {fault.row for fault in (*faults, *found)}
    others = [row for row, name in names.items() if name in kept_out and row not in told_of]
    found += [Fault(row, None, "history-incomplete", {"history": names[row]}, True) for row in others]
    return drafts, found


def _documented(histories: Sequence[History], rows: Rows, ledger: Door, importer: Importer) -> Drafts:
    rehearsal = Rehearsal(ledger, importer.key.public, importer.now)
    teller = Teller(importer.party, importer.today, seen=importer.seen, known=rehearsal.knows)
    drafts, faults = told(histories, rows, teller, rehearsal.knows)
    return _one_by_one(drafts, rehearsal, faults)


def plan_histories(histories: Sequence[History], ledger: Door, importer: Importer) -> Plan:
    """As `plan`, for histories that were read from a file of their own form; its lines are the rows."""
    rows = {(h.id, act.number): line for line, h in enumerate(histories, 1) for act in h.acts}
    drafts, faults = _documented(histories, rows, ledger, importer)
    return Plan(HISTORY.name, len(histories), tuple(drafts), tuple(faults), ())


def _history_names(table: Table) -> dict[int, str]:
    place = next(n for n, column in enumerate(table.columns) if column and column.name == "history")
    return {row: str(cells[place]).strip() for row, cells in table.rows if place < len(cells)}


def _one_by_one(
    drafts: Iterable[Draft], rehearsal: Rehearsal, faults: list[Fault], named: str | None = None
) -> Drafts:
    kept = []
    for draft in drafts:
        judged, refusals = rehearsal.judge(draft)
        faults += [_fault(row, refusal, named) for refusal in refusals for row in draft.rows[:1]]
        if not refusals:
            kept.append(judged)
    return kept, faults


_COLUMNS = {
    "weight-zero": "weight", "weight-too-large": "weight", "site-unknown": "site", "time-future": "date",
    "parcel-twice": "parcel",
}  # fmt: skip
"""The column whose cell a rule refuses; the other rules are about the act, which the whole row tells."""


def _fault(row: int, refusal: Refusal, named: str | None = None) -> Fault:
    """``named``: the column with the ids that a table gives, None for a history, whose rows are acts."""
    columns = {**_COLUMNS, "id-taken": named} if named is not None else {}
    return Fault(
        row, columns.get(refusal.code), refusal.code, {"subject": refusal.subject, **refusal.values}, True
    )


def _sheets(drafts: Iterable[Draft], ledger: Door, importer: Importer, faults: list[Fault]) -> Drafts:
    """Sheets do not depend on one another, so each is judged on what the ledger knows and then let go."""
    kept = []
    for draft in drafts:
        left: Draft | None = draft
        while left is not None:
            judged, refusals = Rehearsal(ledger, importer.key.public, importer.now).judge(left)
            if not refusals:
                kept.append(judged)
                break
            left, found = _without(left, refusals)
            faults += found
    return kept, faults


def _without(draft: Draft, refusals: Sequence[Refusal]) -> tuple[Draft | None, list[Fault]]:
    """The sheet without the lines that are refused, None where it is refused as a whole."""
    event = draft.event
    assert isinstance(event, Mined)  # noqa: S101 - the template makes nothing else
    rows = {f"parcel:{goods.parcel}": row for goods, row in zip(event.lines, draft.rows, strict=True)}
    single = [refusal for refusal in refusals if refusal.subject in rows]
    if len(single) < len(refusals):
        whole = next(refusal for refusal in refusals if refusal.subject not in rows)
        return None, [_fault(row, whole, "parcel") for row in draft.rows]
    gone = {rows[refusal.subject] for refusal in single}
    found = [_fault(rows[refusal.subject], refusal, "parcel") for refusal in single]
    pairs = [pair for pair in zip(event.lines, draft.rows, strict=True) if pair[1] not in gone]
    if not pairs:
        return None, found
    left = replace(event, lines=tuple(goods for goods, _ in pairs))
    return replace(draft, event=left, rows=tuple(row for _, row in pairs)), found


def _weights(drafts: Iterable[Draft]) -> dict[str, list[tuple[int, int]]]:
    """The rows and weights of live sheets, by site."""
    weights: dict[str, list[tuple[int, int]]] = {}
    for draft in drafts:
        event = draft.event
        if isinstance(event, Mined) and not event.documented and event.site is not None:
            pairs = zip(draft.rows, event.lines, strict=True)
            weights.setdefault(event.site, []).extend((row, goods.weight or 0) for row, goods in pairs)
    return weights


def prepare(path: Path, data: bytes, planned: Plan, ledger: Door, importer: Importer) -> None:
    """Sign the acts and save them beside the table. Raises `Conflict` (``import-exists``), `Malformed`."""
    lines = tuple(len(draft.rows) for draft in planned.drafts)
    header = Header(ledger.origin, import_file.digest(data), planned.template, lines)
    import_file.save(path, header, [signed(ledger, draft, importer.key) for draft in planned.drafts])


def begun(path: Path, data: bytes, template: str, ledger: Door) -> Header | None:
    """The header of an import of this table that was prepared before; None where there was none.

    Raises `Conflict` (``import-other``) where the saved statements are of another table, ledger or template.
    """
    if not path.exists():
        return None
    header = import_file.header_of(path)
    if (header.ledger, header.file, header.template) != (ledger.origin, import_file.digest(data), template):
        raise Conflict("import-other", path=str(path), ledger=header.ledger, template=header.template)
    return header


@dataclass(frozen=True, slots=True)
class Batch:
    """What one append recorded: the receipts and how many lines they stand for."""

    receipts: tuple[Receipt, ...]
    lines: int


def append(path: Path, ledger: Door) -> Iterator[Batch]:
    """Append the saved statements in batches, each durable when it is given.

    Raises `Refused` where the ledger has changed since; the batches before stay recorded, and what is left
    can be appended later. Other exceptions as ``Ledger.append``.
    """
    waiting: list[SignedStatement] = []
    lines = 0
    counts = import_file.header_of(path).lines
    for count, statement in zip(counts, import_file.statements_of(path), strict=True):
        waiting.append(statement)
        lines += count
        if lines >= BATCH_LINES or len(waiting) == BATCH_ACTS:
            yield Batch(tuple(ledger.append(waiting)), lines)
            waiting, lines = [], 0
    if waiting:
        yield Batch(tuple(ledger.append(waiting)), lines)
