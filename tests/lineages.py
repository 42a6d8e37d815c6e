"""Histories for tests of custody and lineage: a book that is read subject by subject, and documented acts."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ledger.domain import events as e
from ledger.domain import rules
from ledger.domain.state import guarded, touched
from tests.book import Book


class Shelf:
    """Reads a book as `ledger.domain.moments.Acts` asks; ``asked`` counts the questions for each subject."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.asked: Counter[str] = Counter()
        self._guarded: dict[str, list[e.Recorded]] = {}
        self._touched: dict[str, list[e.Recorded]] = {}
        for record in book.records:
            for name in guarded(record.event, record.about):
                self._guarded.setdefault(name, []).append(record)
            for name in touched(record.event, record.about):
                self._touched.setdefault(name, []).append(record)

    def of(self, subject: str) -> list[e.Recorded]:
        """The entries that change a subject."""
        self.asked[subject] += 1
        return self._guarded.get(subject, [])

    def mentioning(self, subject: str) -> list[e.Recorded]:
        """The entries that only name it."""
        return self._touched.get(subject, [])

    def histories(self, subjects: Iterable[str]) -> dict[str, list[e.Recorded]]:
        """Both, of many subjects."""
        return {name: [*self.of(name), *self.mentioning(name)] for name in subjects}

    def has(self, wire: str) -> bool:
        """Whether an entry of that type is there."""
        return any(record.event.TYPE == wire for record in self.book.records)

    def opaque(self) -> tuple[int, int | None]:
        """Entries of unknown types."""
        found = [r.index for r in self.book.records if isinstance(r.event, e.Opaque)]
        return len(found), min(found, default=None)


def told(book: Book, event: e.Event, occurred: str | None = None) -> e.Recorded:
    """Records an act from a source, with the discrepancies that the rules name."""
    documented = dataclasses.replace(event, documented=True)
    act = book.act(documented, author="archivist-1", occurred=occurred, sources=1)
    found = tuple(
        e.Discrepancy(rule=refused.code, subject=refused.subject, said=str(refused))
        for refused in rules.discrepancies(book.state, act)
    )
    named = dataclasses.replace(documented, discrepancies=found)
    return book.do(named, author="archivist-1", occurred=occurred, sources=1)


def goods(**weights: int | None) -> tuple[e.Goods, ...]:
    """Lines or outputs: parcel and weight."""
    return tuple(e.Goods(parcel, weight) for parcel, weight in weights.items())


def correct(book: Book, wrong: e.Recorded, event: e.Event, reason: str = "typing error") -> e.Recorded:
    """The author puts another body in an entry's place."""
    body: dict[str, Any] = e.write(event)
    return book.do(
        e.Corrected(by=event.by, index=wrong.index, hash=wrong.hash, replacement=body, reason=reason)
    )
