"""What the commands that ask have in common: the rows of a moment, tables and CSV, what must be said beside.

An answer that could depend on entries which this version does not understand says so, and one on the clock of
occurrence says how many acts may have happened by then and do not count.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click

from cli.output import emit_csv, emit_json, emit_table, heading, remark, say
from cli.session import Session
from ledger import messages
from ledger.domain import moments
from ledger.domain.fields import Withheld
from ledger.domain.moments import Moment
from ledger.domain.vocabulary import carats, dollars
from ledger.edtf import day_of, parse, text_of
from ledger.errors import Malformed

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.application import Ledger
    from ledger.investigation.replay import Replay
    from ledger.projections.statistics import Statistics

T = TypeVar("T")

MANY = 5_000
"""From so many entries on, a bar shows how far the views or a replay have come."""
_WEIGHTS = frozenset(
    {
        "weight",
        "capacity",
        "measured",
        "produced",
        "over",
        "opened",
        "mined",
        "imported",
        "exported",
        "returned",
        "beyond",
    }
)
_WIDEST = 72
"""How much of an act's summary is shown in a table; `adamas show entry` tells all of it."""

csv_option = click.option(
    "--csv", "as_csv", is_flag=True, help="Print CSV (weights in thousandths of a carat, values in US cents)."
)


def limit_option(default: int | None) -> Callable[..., Any]:
    """``--limit``, with a default; 0 for no limit."""
    return click.option(
        "--limit", metavar="N", type=click.IntRange(0), default=default, show_default=default is not None,
        help="At most so many lines; 0 for all.",
    )  # fmt: skip


@contextmanager
def rows_at(session: Session, moment: Moment, file: Path | None = None) -> Iterator[Replay]:
    """What was known at a moment; now, the views, which are brought up to date where that is possible. With a
    ``file``, the tables of the moment are kept there."""
    from ledger.investigation.replay import replay

    # Opened for writing: what was derived once need not be derived by the next command again.
    ledger = session.ledger(write=True)
    size = ledger.head().size
    with (
        click.progressbar(
            length=size,
            label="Reading entries",
            file=sys.stderr,
            hidden=size < MANY or not sys.stderr.isatty(),
        ) as bar,
        replay(ledger.journal, ledger.records, moment, bar.update, file) as found,
    ):
        yield found


def beside(found: Replay) -> Mapping[str, Any]:
    """What an answer says of the moment that it is of, for JSON."""
    said: dict[str, Any] = {"as_of": str(found.moment), "entries": found.counted}
    if found.moment.kind == moments.OCCURRED:
        said["uncertain"] = found.uncertain
    return {**said, **opaque_values(*found.opaque)}


def say_beside(found: Replay) -> None:
    """The same for people, beside the answer; an empty one is told apart from a ledger that was not there."""
    if not found.counted:
        remark(messages.text("nothing-then", {}))
    if found.uncertain:
        remark(messages.text("uncertain-acts", {"count": found.uncertain, "at": found.moment.text}))
    opaque_remark(*found.opaque)


Opaque = tuple[int, int | None]
"""How many entries are not understood, and the first one's index."""


def opaque_at(session: Session, moment: Moment) -> Opaque:
    """The entries that an answer about a moment could depend on and that are not understood."""
    records = session.ledger().records
    count, first = records.opaque()
    if first is None or not moments.counts(records.recorded(first), moment):
        return 0, None
    return count, first


def opaque_remark(count: int, first: int | None) -> None:
    """That the answer may depend on entries which this version does not understand."""
    if count:
        remark(messages.text("opaque-entries", {"count": count, "first": first}))


def opaque_values(count: int, first: int | None) -> dict[str, Any]:
    """The same for JSON."""
    return {"opaque": {"entries": count, "first": first}} if count else {}


def answer(
    session: Session,
    found: Replay,
    name: str,
    lines: Iterable[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    as_csv: bool,
) -> None:
    """Lines as JSON (all values), as CSV or as a table (of the columns)."""
    if session.json:
        emit_json({**beside(found), name: iter(lines)})
        return
    if as_csv:
        emit_csv(columns, ([flat(line[column]) for column in columns] for line in lines))
    else:
        table(lines, columns)
    say_beside(found)


class Counted(Generic[T]):
    """Things to be gone through once, and how many there were so far: they are not held in memory."""

    def __init__(self, things: Iterable[T]) -> None:
        self.count = 0
        self._things = things

    def __iter__(self) -> Iterator[T]:
        for thing in self._things:
            self.count += 1
            yield thing


def table(lines: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """A table for people: without the columns that are empty in every line."""
    headers = [column.replace("_", " ").upper() for column in columns]
    emit_table(headers, ([shown(column, line[column]) for column in columns] for line in lines), empty=False)


def values(
    session: Session, found: Replay, name: str, filters: Mapping[str, Any], limit: int | None = None
) -> Iterator[Mapping[str, Any]]:
    """A list's lines with all their values; of parties also their names, where they are known here."""
    from ledger.projections.lists import items
    from ledger.projections.search import name_of

    ledger = session.ledger(write=True)
    house = ledger.state().house()
    home = None if house is None else house.participant
    day = parse(_day(session, ledger, found.moment))
    for line in items(found.rows, name, filters, home=home, limit=limit or None, day=day):
        if name == "parties":
            line["name"] = name_of(found.rows, ledger.records, line["party"], line["registered"])
        yield line


def _day(session: Session, ledger: Ledger, moment: Moment) -> str:
    """The moment that an answer is of, as a date."""
    if moment.index is not None and moment.index >= 0:
        return text_of(ledger.records.recorded(moment.index).recorded)
    return moment.text if moment.instant is not None else day_of(session.clock())


_GLANCE = ("what", "state", "number", "weight", "of unknown weight")
Line = tuple[Any, ...]


def counted(session: Session, found: Replay, *, as_csv: bool, head: Mapping[str, str] | None = None) -> None:
    """What there is at a moment, counted; ``head`` is said before it."""
    from ledger.projections.statistics import statistics

    stock = statistics(found.rows)
    if session.json:
        emit_json({**(head or {}), **beside(found), "counted": stock})
        return
    lines = list(_counted(stock))
    if as_csv:
        emit_csv(_GLANCE, lines)
    else:
        for name, text in (head or {}).items():
            say(f"{name:<12}{text}")
        heading(messages.text("as-of", {"entries": found.counted, "moment": found.moment}))
        texts = [(*line[:3], None if line[3] is None else carats(line[3]), line[4]) for line in lines]
        emit_table([name.upper() for name in _GLANCE], texts)
    say_beside(found)


def _counted(stock: Statistics) -> Iterator[Line]:
    kinds = (
        ("documented", stock.documented),
        ("corrected", stock.corrections),
        ("not understood", stock.opaque),
    )
    yield ("entries", "", stock.entries, None, None)
    yield from (("entries", state, number, None, None) for state, number in kinds if number)
    if stock.discrepancies:
        yield ("discrepancies", "", stock.discrepancies, None, None)
    for group in stock.parcels:
        state = f"{group.condition}, documented" if group.documented else group.condition
        yield ("parcels", state, group.parcels, group.weight, group.unknown or None)
    for state, number in stock.certificates.items():
        yield ("certificates", state, number, None, None)
    for name in ("parties", "licences", "sites", "keys"):
        yield (name, "", getattr(stock, name), None, None)


def shown(column: str, value: Any) -> str:
    """A column's value for a person."""
    if value is None or value == ():
        return ""
    if isinstance(value, Withheld):
        return messages.text("withheld", {})
    if column in _WEIGHTS and isinstance(value, int):
        return carats(value)
    if column == "value" and isinstance(value, int):
        return dollars(value)
    if isinstance(value, bool):
        return messages.text("yes", {}) if value else ""
    if isinstance(value, (tuple, list)):
        return ", ".join(shown("", item) for item in value)
    if column == "what":
        return shorten(str(value), _WIDEST, placeholder=" …")
    return value.hex() if isinstance(value, bytes) else str(value)


def flat(value: Any) -> Any:
    """A value for a field of CSV."""
    if isinstance(value, Withheld):
        return messages.text("withheld", {})
    if isinstance(value, bool):
        return int(value)
    return " ".join(map(str, value)) if isinstance(value, (tuple, list)) else value


class MomentType(click.ParamType[Moment]):
    """A moment in one word: ``now``, ``index:12``, ``recorded:2024-01-15``, ``occurred:2015-11``."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        """The moment; click's usage error for anything else."""
        if isinstance(value, Moment):
            return value
        try:
            found = _moment(str(value))
        except Malformed as trouble:
            self.fail(str(trouble), param, ctx)
        if found is None:
            self.fail(messages.text("moment-form", {"text": value}), param, ctx)
        return found


def _moment(text: str) -> Moment | None:
    clock, _, when = text.partition(":")
    if text == "now":
        return moments.NOW
    if clock == "index" and when.isdecimal():
        return moments.as_recorded_index(int(when))
    if clock == "recorded":
        return moments.as_recorded(when)
    return moments.as_occurred(when) if clock == "occurred" else None
