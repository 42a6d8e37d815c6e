"""What changed between two moments: which subjects are new, which are gone, which read otherwise, and why.

Both moments are replays of the same ledger (`ledger.investigation.replay`), so their rows stand side by side;
the entries that made the difference are those of the subject that count at one moment and not at the other,
and corrections that count at one only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ledger.domain.events import Corrected
from ledger.investigation.replay import Replay
from ledger.projections.entries import ENTRIES
from ledger.projections.register import REGISTERS
from ledger.store.rows import Row, Table
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.store.records import Records

NEW, GONE, CHANGED = "new", "gone", "changed"
_ABOUT_ACTS = frozenset({"last", "begun", "registered", "issued", "revoked_at"})
"""Columns that say where something was recorded, not what."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A value that differs."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class SubjectChange:
    """A subject that is `NEW`, `GONE` or `CHANGED`; ``entries`` are the indexes of those that made it so."""

    id: str
    what: str
    fields: tuple[FieldChange, ...]
    entries: tuple[int, ...]


def compare(records: Records, before: Replay, after: Replay, kind: str) -> Iterator[SubjectChange]:
    """The subjects of a kind (``parcel``, ``certificate``, ...) that differ, in the order of their ids."""
    table = REGISTERS[kind].table
    for one, other in _side_by_side(table, before, after):
        fields = tuple(_differences(table, one, other))
        if fields:
            name = str((one or other or ("",))[0])
            what = NEW if one is None else GONE if other is None else CHANGED
            entries = tuple(_entries(records, f"{kind}:{name}", before, after))
            yield SubjectChange(name, what, fields, entries)


def _side_by_side(table: Table, before: Replay, after: Replay) -> Iterator[tuple[Row | None, Row | None]]:
    ones, others = before.rows.select(table), after.rows.select(table)
    one, other = next(ones, None), next(others, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one[0] < other[0]):
            yield one, None
            one = next(ones, None)
        elif one is None or other[0] < one[0]:
            yield None, other
            other = next(others, None)
        else:
            yield one, other
            one, other = next(ones, None), next(others, None)


def _differences(table: Table, one: Row | None, other: Row | None) -> Iterator[FieldChange]:
    if one == other:
        return
    empty = (None,) * len(table.columns)
    for column, before, after in zip(table.columns, one or empty, other or empty, strict=True):
        if column.name in _ABOUT_ACTS or column.name in table.keys:
            continue
        if before != after and (before or after):
            yield FieldChange(column.name, before, after)


def _entries(records: Records, subject: str, before: Replay, after: Replay) -> Iterator[int]:
    place = ENTRIES.places["corrected_by"]
    own = set()
    for recorded in records.of(subject):
        own.add(recorded.index)
        if isinstance(recorded.event, Corrected):
            own.add(recorded.event.index)
    ones = before.rows.among(ENTRIES, [(index,) for index in own])
    others = after.rows.among(ENTRIES, [(index,) for index in own])
    found = set()
    for index in own:
        one, other = ones.get((index,)), others.get((index,))
        if (one is None) != (other is None):
            found.add(index)
        elif one is not None and other is not None and one[place] != other[place]:
            found.update(correction for correction in (one[place], other[place]) if correction is not None)
    yield from sorted(found)
