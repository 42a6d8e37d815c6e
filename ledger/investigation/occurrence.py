"""The acts that had happened by a moment, in the order of occurrence, however many there are.

Ten million acts fit into no small memory, so their times are put into private tables that have them in order
(`BEGINS`, `ENDS`), and read from there in pages; beside them lies which of the acts were corrected, and by
which entry (`CORRECTED`). Where the tables outlast this process, the next one goes on filling them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ledger.domain import moments
from ledger.domain.moments import Moment
from ledger.domain.refusal import when
from ledger.projections.entries import ENTRIES, date_only
from ledger.store.rows import INT, Changes, Column, Row, Rows, Table, Where
from ledger.store.tables import Tables
from ledger.values import dataclass

BEGINS = Table("begins", (Column("earliest", INT), Column("entry", INT)), key=2)
ENDS = Table("ends", (Column("latest", INT), Column("entry", INT)), key=2)
CORRECTED = Table("corrected", (Column("entry", INT), Column("correction", INT)))
_REACHED = Table("reached", (Column("name"), Column("number", INT)))
"""``entry``: the one that is looked at next; ``uncertain``: how many may have happened."""
VIEW, _VERSION = "occurrence", 2
_TABLES = (BEGINS, ENDS, CORRECTED, _REACHED)
_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Happened:
    """``order``: the indexes of the acts that had certainly happened, corrections not among them;
    ``uncertain``: how many more may have."""

    order: Iterator[int]
    uncertain: int


def happened(tables: Tables, rows: Rows, moment: Moment, size: int | None = None) -> Happened:
    """What had happened by a moment on the clock of occurrence, of the first ``size`` entries in ``rows``
    (None: of all).

    ``tables`` are private, and stay as they are until ``order`` is at its end.
    """
    tables.advance(VIEW, _VERSION, _TABLES, 0, 0, Changes())
    done = tables.position(VIEW, _VERSION) or 0
    following, uncertain = _reached(tables, "entry"), uncertain_in(tables)
    wanted = [Where("corrects", "is", None), Where("entry", "from", following)]
    if size is not None:
        wanted.append(Where("entry", "below", size))
    found = rows.select(ENTRIES, wanted)
    while page := list(islice(found, _PAGE)):
        changes = Changes()
        for row in page:
            act = date_only(row)
            span = when(act)
            if moments.counts(act, moment):
                changes.put(BEGINS, (moments.begin(span), act.index))
                changes.put(ENDS, (span.latest, act.index))
                _put_correction(changes, row, size)
            elif moments.may_count(act, moment):
                uncertain += 1
        changes.put(_REACHED, ("entry", page[-1][0] + 1))
        changes.put(_REACHED, ("uncertain", uncertain))
        tables.advance(VIEW, _VERSION, _TABLES, done, done + len(page), changes)
        done += len(page)
    return Happened(moments.merged(tables.select(BEGINS), tables.select(ENDS)), uncertain)


def uncertain_in(tables: Tables) -> int:
    """How many more acts may have happened, as far as private tables were filled."""
    return _reached(tables, "uncertain")


def _reached(tables: Tables, name: str) -> int:
    row = tables.get(_REACHED, name)
    return 0 if row is None else int(row[1])


def _put_correction(changes: Changes, row: Row, size: int | None) -> None:
    correction = row[ENTRIES.places["corrected_by"]]
    if correction is not None and (size is None or correction < size):
        changes.put(CORRECTED, (row[0], correction))
