"""Drafts for a journal, as small as they can be, and appending them."""

from __future__ import annotations

from ledger.store.journal import Draft, Head, Journal

START = 1_700_000_000_000_000


def draft(number: int, size: int = 20) -> Draft:
    """A draft that guards a parcel of its own."""
    return Draft(bytes(size), b"s" * 64, number.to_bytes(16, "big"), "example-made/1", (f"parcel:P{number}",))


def add(journal: Journal, *drafts: Draft) -> Head:
    """Append behind the present head."""
    return journal.append(drafts, clock=lambda: START, read={}, head=journal.head())[1]
