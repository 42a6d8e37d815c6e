"""Who may record what: every cell of the act-by-role table, both ways, live and documented."""

from __future__ import annotations

import dataclasses

import pytest

from ledger.domain import events as e
from ledger.domain import rules
from ledger.domain.parties import ARCHIVED, MAY_RECORD
from ledger.domain.vocabulary import Role
from tests.book import Book
from tests.examples import example

STANDING = {"role-missing", "documented-kind", "documented-source", "author-other-party"}


@pytest.fixture(scope="module")
def book() -> Book:
    """One party for each role, with every licence, so that only the role decides."""
    made = Book()
    for role in ("authority", "broker", "exporter"):
        made.party(f"{role}-1", role)
    for role in Role:
        for kind in ("mining", "broking", "dealing", "export", "import", "cutting"):
            made.do(
                e.LicenceGranted(
                    by="ministry", licence=f"{role}+{kind}", party=f"{role}-1", licensed=kind, since="2020"
                )
            )
    return made


def said(book: Book, event: e.Event, author: str, sources: int = 0) -> set[str]:
    """The codes about standing that the rules give an author for an event."""
    act = book.act(event, author=author, sources=sources)
    return {refusal.code for refusal in rules.refusals(book.state, act)} & STANDING


def test_the_table_has_a_row_for_every_act() -> None:
    """No act is left out and none is there twice."""
    assert set(MAY_RECORD) == set(e.EVENTS.values())
    assert set(MAY_RECORD) >= ARCHIVED


@pytest.mark.parametrize("record", sorted(MAY_RECORD, key=lambda r: r.TYPE), ids=lambda r: r.TYPE)
@pytest.mark.parametrize("role", list(Role), ids=str)
def test_each_cell_allows_or_refuses(book: Book, record: type[e.Event], role: Role) -> None:
    """A party of the role may record the act exactly where the table says so."""
    if record is e.LedgerOpened:
        assert "ledger-opened-twice" in book.codes(example(record, "authority-1"), author="authority-1")
        return
    party = f"{role}-1"
    codes = said(book, example(record, party), party)
    assert ("role-missing" not in codes) == (role in MAY_RECORD[record])


@pytest.mark.parametrize("record", sorted(MAY_RECORD, key=lambda r: r.TYPE), ids=lambda r: r.TYPE)
def test_an_archivist_records_from_sources_what_sources_can_tell(book: Book, record: type[e.Event]) -> None:
    """The documented form, by an archivist and by nobody else."""
    if record is e.LedgerOpened:
        return
    event = dataclasses.replace(example(record, "somebody"), documented=True)
    assert ("documented-kind" not in said(book, event, "archivist-1", 1)) == (record in ARCHIVED)
    for role in set(Role) - {Role.ARCHIVIST}:
        assert "role-missing" in said(book, event, f"{role}-1", 1)
