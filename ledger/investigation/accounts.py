"""Accounts over a period, on either clock: what was there, what came, what went, what was lost, what is left.

On the clock of recording a period is a run of entries. On the clock of occurrence it lies between two
replays: what had certainly happened by the day before it, and what had by its last day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ledger.domain.moments import NOW, as_occurred
from ledger.edtf import DAY, SECOND, day_of, parse, text_of
from ledger.errors import NotFound
from ledger.investigation.replay import replay
from ledger.projections.balances import (
    COUNTRY,
    LEDGER,
    PARCEL,
    PARTY,
    SITE,
    Account,
    Balance,
    Line,
    balance,
    between,
    movements_of,
)
from ledger.projections.chronicle import Period
from ledger.projections.entries import ENTRIES
from ledger.projections.movements import MOVEMENTS
from ledger.projections.views import Progress
from ledger.store.rows import Rows, Where
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.store.journal import Journal
    from ledger.store.records import Records

KINDS = (PARCEL, PARTY, SITE, COUNTRY, LEDGER)
_FIRST_ZONE = 14 * DAY // 24

_FOR_EVER = "9999"

Moves = Iterator[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Statement:
    """A balance, and how each of its lines opens to the movements it is made of.

    ``apart`` the same account's documented goods, which are not in it (of documented goods, the live ones).
    """

    balance: Balance
    apart: Balance
    opens: Callable[[Line], Moves]


@contextmanager
def statement(
    journal: Journal,
    records: Records,
    account: Account,
    *,
    recorded: Period | None = None,
    occurred: Period | None = None,
    progress: Progress | None = None,
) -> Iterator[Statement]:
    """An account over a period of one of the clocks; without a period, from the first entry to now.

    Raises `NotFound` (``parcel-unknown``, ``party-unknown``, ``site-unknown``), `Malformed` for no dates.
    """
    _check_known(records, account)
    if occurred:
        with _occurred(journal, records, account, occurred, progress) as found:
            yield found
        return
    with replay(journal, records, NOW, progress) as now:
        start, stop = _bounds(now.rows, recorded or Period())
        account = _narrowed(journal, account)
        yield Statement(
            balance(now.rows, account, start, stop),
            balance(now.rows, _apart(account), start, stop),
            lambda line: map(MOVEMENTS.labelled, movements_of(now.rows, account, line, start, stop)),
        )


def _check_known(records: Records, account: Account) -> None:
    if account.kind in _UNKNOWN and not records.of(f"{account.kind}:{account.id}"):
        raise NotFound(_UNKNOWN[account.kind], **{account.kind: account.id})


_UNKNOWN = {PARCEL: "parcel-unknown", PARTY: "party-unknown", SITE: "site-unknown"}


def _narrowed(journal: Journal, account: Account) -> Account:
    if account.kind != PARCEL:
        return account
    own = tuple(journal.guarded_entries("parcel:" + account.id))
    return Account(PARCEL, account.id, account.documented, own)


def _apart(account: Account) -> Account:
    return Account(account.kind, account.id, not account.documented, account.entries)


def _bounds(rows: Rows, period: Period) -> tuple[int, int | None]:
    """The first entry of a period and the one behind its last. Times never decrease from entry to entry."""
    first, last = period.recorded()
    start = 0 if first is None else _first(rows, Where("recorded", "from", first))
    stop = None if last is None else _first(rows, Where("recorded", "from", last + 1))
    return (start if start is not None else 2**53), stop


def _first(rows: Rows, where: Where) -> int | None:
    found = next(iter(rows.select(ENTRIES, [where], limit=1)), None)
    return None if found is None else int(found[0])


@contextmanager
def _occurred(
    journal: Journal, records: Records, account: Account, period: Period, progress: Progress | None
) -> Iterator[Statement]:
    last = as_occurred(period.until or _FOR_EVER)
    with replay(journal, records, last, progress) as closing:
        if period.since is None:
            whole, apart = balance(closing.rows, account), balance(closing.rows, _apart(account))
            yield Statement(
                whole, apart, lambda line: map(MOVEMENTS.labelled, movements_of(closing.rows, account, line))
            )
            return
        with replay(journal, records, as_occurred(_day_before(period.since)), progress) as opening:
            yield Statement(
                between(opening.rows, closing.rows, account),
                between(opening.rows, closing.rows, _apart(account)),
                lambda line: _newer(opening.rows, closing.rows, account, line),
            )


def _newer(opening: Rows, closing: Rows, account: Account, line: Line) -> Moves:
    """The movements at the second moment whose entries did not count at the first."""
    for row in movements_of(closing, account, line):
        if opening.get(ENTRIES, row[0]) is None:
            yield MOVEMENTS.labelled(row)


def _day_before(since: str) -> str:
    """The last day (of a moment, second) before a date begins."""
    earliest = parse(since).earliest
    if earliest is None:
        return since
    return text_of(earliest - SECOND) if "T" in since else day_of(earliest + _FIRST_ZONE - DAY)
