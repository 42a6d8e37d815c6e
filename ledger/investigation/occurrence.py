"""The acts that had happened by a moment, in the order of occurrence, however many there are.

Ten million acts fit into no small memory, so their times are put into private tables that have them in order
(`BEGINS`, `ENDS`), and read from there in pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ledger.domain import moments
from ledger.domain.moments import Moment
from ledger.domain.refusal import when
from ledger.projections.entries import ENTRIES, date_only
from ledger.store.rows import INT, Changes, Column, Rows, Table, Where
from ledger.store.tables import Tables
from ledger.values import dataclass

BEGINS = Table("begins", (Column("earliest", INT), Column("entry", INT)), key=2)
ENDS = Table("ends", (Column("latest", INT), Column("entry", INT)), key=2)
_VIEW, _VERSION = "occurrence", 1
_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Happened:
    """``order``: the indexes of the acts that had certainly happened, corrections not among them;
    ``uncertain``: how many more may have."""

    order: Iterator[int]
    uncertain: int


def happened(tables: Tables, rows: Rows, moment: Moment) -> Happened:
    """What had happened by a moment on the clock of occurrence, of the entries in ``rows``.

    ``tables`` are private, and stay as they are until ``order`` is at its end.
    """
    done = uncertain = 0
    acts = map(date_only, rows.select(ENTRIES, [Where("corrects", "is", None)]))
    while page := list(islice(acts, _PAGE)):
        changes = Changes()
        for act in page:
            span = when(act)
            if moments.counts(act, moment):
                changes.put(BEGINS, (moments.begin(span), act.index))
                changes.put(ENDS, (span.latest, act.index))
            elif moments.may_count(act, moment):
                uncertain += 1
        tables.advance(_VIEW, _VERSION, (BEGINS, ENDS), done, done + len(page), changes)
        done += len(page)
    return Happened(_order(tables) if done else iter(()), uncertain)


def _order(tables: Tables) -> Iterator[int]:
    return moments.merged(tables.select(BEGINS), tables.select(ENDS))
