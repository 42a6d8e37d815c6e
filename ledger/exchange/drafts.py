"""A table's lines into acts that wait to be signed, each with the rows it comes from.

A production sheet becomes one act for each miner, site, date, place and note, of at most 500 lines and of no
more bytes than fit into an entry; parties become one act each; histories are told by `histories.Teller`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ledger.domain import events as e
from ledger.exchange.cells import Fault, Line
from ledger.exchange.histories import Teller
from ledger.exchange.history_form import History, SourceAct, SourcePiece
from ledger.exchange.templates import OUTPUT
from ledger.values import dataclass

MOST_LINES = 500
MOST_BYTES = 56_000
"""Of the lines of one act; an entry has at most 65,535 bytes, and keys, dates and digests need some."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An act from a table. ``rows`` are those it comes from; ``on_behalf`` a party that another signs for.

    ``published`` are fields that are not sealed although their table seals them.
    """

    event: e.Event
    rows: tuple[int, ...]
    occurred: str | None = None
    on_behalf: str | None = None
    evidence: tuple[Mapping[str, Any], ...] = ()
    published: frozenset[str] = frozenset()


Drafts = tuple[list[Draft], list[Fault]]


def repeated(lines: Iterable[Line], column: str) -> list[Fault]:
    """A fault for every row whose id stands in an earlier row already."""
    first: dict[object, int] = {}
    faults = []
    for line in lines:
        value = line.values[column]
        if value in first:
            faults.append(Fault(line.row, column, "row-repeated", {"value": value, "first": first[value]}))
        else:
            first[value] = line.row
    return faults


def production(lines: Sequence[Line], party: str) -> Drafts:
    """The acts of a production sheet that ``party`` signs; another miner's rows are on that one's behalf."""
    faults = repeated(lines, "parcel")
    refused = {fault.row for fault in faults}
    sheets: dict[tuple[Any, ...], list[Line]] = {}
    for line in lines:
        if line.row not in refused:
            values = line.values
            group = tuple(values.get(name) for name in ("site", "date", "place", "note"))
            group = (values.get("by", party), *group)
            sheets.setdefault(group, []).append(line)
    drafts = [_sheet(group, part, party) for group, members in sheets.items() for part in _parts(members)]
    return drafts, faults


def _sheet(group: tuple[Any, ...], lines: Sequence[Line], party: str) -> Draft:
    by, site, date, place, note = group
    goods = tuple(
        e.Goods(v["parcel"], v["weight"], v.get("stones"), v.get("hs"), v.get("name"))
        for v in (line.values for line in lines)
    )
    event = e.Mined(by=by, site=site, lines=goods, place=place, note=note)
    return Draft(event, tuple(line.row for line in lines), date, None if by == party else by)


def _parts(lines: Sequence[Line]) -> Iterator[list[Line]]:
    part: list[Line] = []
    size = 0
    for line in lines:
        own = 60 + sum(len(str(line.values.get(name, "")).encode()) for name in ("parcel", "name"))
        if part and (len(part) == MOST_LINES or size + own > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(line)
        size += own
    if part:
        yield part


def parties(lines: Sequence[Line], party: str) -> Drafts:
    """A registration for each row, by the authority ``party``; names and addresses are sealed."""
    faults = repeated(lines, "party")
    refused = {fault.row for fault in faults}
    return [
        Draft(e.PartyRegistered(by=party, **line.values), (line.row,))
        for line in lines
        if line.row not in refused
    ], faults


Rows = Mapping[tuple[str, int], int]
"""The row of each act, by its history and its number in it."""


def told(histories: Iterable[History], rows: Rows, teller: Teller, known: Callable[[str], bool]) -> Drafts:
    """The documented acts of histories; ``known`` says whether the ledger has a subject."""
    drafts: list[Draft] = []
    faults: list[Fault] = []
    for history in histories:
        first = rows[history.id, 1]
        if known(f"parcel:{history.id}"):
            faults.append(Fault(first, "history", "history-known", {"history": history.id}))
            continue
        for act in teller.tell(history):
            row = rows[history.id, act.number or 1]
            drafts.append(Draft(act.event, (row,), act.occurred, None, act.evidence, act.published))
    return drafts, faults


def gather(lines: Sequence[Line]) -> tuple[list[History], dict[tuple[str, int], int], list[Fault]]:
    """Histories from lines, the row of each act, and what is wrong with the order of the rows."""
    gathered = _Gathered()
    for line in lines:
        gathered.take(line)
    found = [
        History(name, title, kind, tuple(gathered.acts[name]))
        for name, (title, kind) in gathered.heads.items()
        if gathered.acts[name]
    ]
    return found, gathered.rows, gathered.faults


class _Gathered:
    """Histories as their rows come by."""

    def __init__(self) -> None:
        self.heads: dict[str, tuple[str, str]] = {}
        self.acts: dict[str, list[SourceAct]] = {}
        self.rows: dict[tuple[str, int], int] = {}
        self.faults: list[Fault] = []
        self._current: str | None = None

    def take(self, line: Line) -> None:
        """One more row."""
        name, values = line.values["history"], line.values
        if name != self._current and not self._begins(line, name):
            return
        if values["type"] == OUTPUT:
            self._output(line, name)
            return
        if "sources" not in values:
            self.faults.append(Fault(line.row, "sources", "cell-missing", {}))
            return
        number = len(self.acts[name]) + 1
        self.rows[name, number] = line.row
        self.acts[name].append(_act(number, values))

    def _begins(self, line: Line, name: str) -> bool:
        missing = [column for column in ("title", "kind") if column not in line.values]
        if name in self.heads:
            self.faults.append(Fault(line.row, "history", "history-scattered", {"history": name}))
        elif missing:
            self.faults.extend(Fault(line.row, column, "cell-missing", {}) for column in missing)
        elif len(name) > 48:
            self.faults.append(Fault(line.row, "history", "history-id-long", {"history": name}))
        else:
            self.heads[name] = (line.values["title"], line.values["kind"])
            self.acts[name] = []
            self._current = name
            return True
        return False

    def _output(self, line: Line, name: str) -> None:
        if not self.acts[name]:
            self.faults.append(Fault(line.row, "type", "history-output-first", {}))
            return
        act = self.acts[name][-1]
        piece = SourcePiece(line.values.get("piece"), line.values.get("weight"))
        self.acts[name][-1] = replace(act, outputs=(*act.outputs, piece))


def _act(number: int, values: Mapping[str, Any]) -> SourceAct:
    return SourceAct(
        number, values["type"], values.get("date"), values.get("date words"), values.get("place"),
        values.get("country"), values.get("actor"), values.get("counterparty"), values.get("weight"),
        values.get("price usd"), values.get("value usd"), values.get("value basis"), None, (),
        values.get("complete"), values.get("note"), tuple(dict.fromkeys(values["sources"].split())),
    )  # fmt: skip
