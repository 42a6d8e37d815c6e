"""Searching: by ids, names, aliases, seals, certificate numbers, and by the sealed names of parties.

Sealed names are read where they are kept, party by party: no index holds them, so that an erased name cannot
be found anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ledger.domain import events as e
from ledger.domain.parties import Party
from ledger.domain.state import fold_subject
from ledger.domain.vocabulary import folded
from ledger.projections import names
from ledger.projections.entries import ENTRIES
from ledger.projections.register_parties import PARTIES
from ledger.store.rows import Rows, Where
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.store.records import Records


@dataclass(frozen=True, slots=True)
class Found:
    """A subject, by what kind of name it was found, and that name as it was recorded."""

    subject: str
    kind: str
    text: str


def search(rows: Rows, records: Records, text: str, limit: int) -> list[Found]:
    """What is called ``text``, or begins with it; where nothing does, what contains it."""
    found = [Found(subject, kind, said) for _, subject, kind, said in names.find(rows, text, limit)]
    wanted = folded(text)
    if wanted:
        for party, name in party_names(rows, records):
            if wanted in folded(name) and len(found) < limit:
                found.append(Found("party:" + party, names.NAME, name))
    return found


def party_names(rows: Rows, records: Records) -> Iterator[tuple[str, str]]:
    """(party, name) of every party whose name is known here."""
    known = [Where("registered", "not", None)]
    place = PARTIES.places["registered"]
    for row in rows.select(PARTIES, known):
        name = name_of(rows, records, row[0], row[place])
        if isinstance(name, str):
            yield row[0], name


def name_of(rows: Rows, records: Records, party: str, registered: int | None) -> object:
    """A party's name, ``WITHHELD``, or None; ``registered`` is the entry that registered it."""
    if registered is None:
        return None
    entry = rows.get(ENTRIES, registered)
    if entry is not None and entry[ENTRIES.places["corrected_by"]] is None:
        event = records.recorded(registered).event
        return event.name if isinstance(event, e.PartyRegistered | e.LedgerOpened) else None
    subject = fold_subject("party:" + party, records.of("party:" + party))
    return subject.name if isinstance(subject, Party) else None
