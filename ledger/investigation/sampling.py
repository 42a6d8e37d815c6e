"""A sample of certificates for a review visit: drawn so that anybody draws the same one again.

The order of the draw is that of SHA-256(seed || key), ascending, where seed and the certificate's key are
UTF-8 and || puts one behind the other; the sample is the first so many. Whoever chooses the seed after the
ledger's head is known cannot choose the certificates, and whoever knows seed and head can check that none
was left out.

The population are the certificates that the ledger issued or received, without those that it knows from
published sources only. A certificate belongs to a period by the day of the first act on it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING

from ledger.edtf import Span, calendar_days, day_of, spans
from ledger.projections.register_goods import CERTIFICATES
from ledger.store.rows import Rows, Where
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.store.journal import Journal

METHOD = "SHA-256(seed || key), ascending"
_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """A certificate of the sample: its key, and the digest that put it in its place."""

    certificate: str
    digest: str


def draw(seed: str, certificates: Iterable[str], count: int) -> list[Drawn]:
    """The first ``count`` of the certificates in the order of the draw; of all others nothing is kept.

    >>> [one.certificate for one in draw("1", ["BW/00000001", "BW/00000002", "BW/00000003"], 2)]
    ['BW/00000003', 'BW/00000002']
    """
    drawn: list[tuple[str, str]] = []
    for key in certificates:
        found = (_digest(seed, key), key)
        place = bisect_left(drawn, found)
        if place < count and drawn[place : place + 1] != [found]:
            drawn.insert(place, found)
            del drawn[count:]
    return [Drawn(key, digest) for digest, key in drawn]


def _digest(seed: str, key: str) -> str:
    return sha256(seed.encode("utf-8") + key.encode("utf-8")).hexdigest()


def population(rows: Rows, journal: Journal, period: Span | None = None) -> Iterator[str]:
    """The certificates that can be drawn, in the order of their keys."""
    live = [Where("documented", "is", 0), Where("status", "not", None)]
    names = (str(row[0]) for row in rows.select(CERTIFICATES, live))
    if period is None:
        return names
    first, last = calendar_days(period)
    return (name for name, day in _days(journal, names) if _lies(first, day, last))


def _days(journal: Journal, names: Iterator[str]) -> Iterator[tuple[str, int | None]]:
    """Each certificate with the last day on which its first act can have happened."""
    from ledger.store.bodies import bodies

    while page := list(islice(names, _PAGE)):
        found = journal.guarding("certificate:" + name for name in page)
        firsts = {name: found["certificate:" + name][0] for name in page}
        dated = {
            body.index: calendar_days(spans(body.occurred or day_of(body.recorded)))[1]
            for body in bodies(journal, sorted(set(firsts.values())))
        }
        yield from ((name, dated[index]) for name, index in firsts.items())


def _lies(first: int | None, day: int | None, last: int | None) -> bool:
    return day is not None and (first is None or first <= day) and (last is None or day <= last)
