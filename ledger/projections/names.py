"""Names: by what a subject can be found, folded so that letter case and diacritics do not matter.

Ids, names, aliases, seals, the numbers of certificates, of couriers and of production tickets; a name of
several words is found by each of them. Numbers and seals are kept without spaces and marks too, as people
copy them. Sealed names of parties are not here (see `ledger.projections.register`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ledger.domain.certificates import Certificate
from ledger.domain.parcels import Parcel
from ledger.domain.parties import Licence, Party, Site
from ledger.domain.vocabulary import folded
from ledger.store.rows import Changes, Column, Row, Rows, Table, Where

NAMES = Table("names", (Column("folded"), Column("subject"), Column("kind"), Column("text")), key=3)

ID, NAME, ALIAS, SEAL, NUMBER = "id", "name", "alias", "seal", "number"
TRACKING, TICKET = "tracking", "ticket"
_MANY = 200
"""How many words of one name are found at most; the rest of a longer text is no name."""


def names_of(state: Any) -> Iterator[tuple[str, str]]:
    """What a subject is called: (kind, text), each as it was recorded."""
    match state:
        case Parcel():
            yield ID, state.id
            yield from ((NAME, name) for name in state.names)
            yield from ((SEAL, seal) for seal in state.seals)
            yield from ((TRACKING, number) for number in state.tracking)
            if state.ticket is not None:
                yield TICKET, state.ticket
        case Certificate():
            yield ID, state.id
            if state.number is not None:
                yield NUMBER, state.number
            yield from ((SEAL, seal) for seal in state.seals)
        case Party():
            yield ID, state.id
            yield from ((ALIAS, alias) for alias in state.aliases)
        case Site():
            yield ID, state.id
            if state.name is not None:
                yield NAME, state.name
            yield from ((ALIAS, alias) for alias in state.aliases)
        case Licence():
            yield ID, state.id


def bare(text: str) -> str:
    """Folded text without anything but letters and digits: how people copy numbers."""
    return "".join(c for c in folded(text) if c.isalnum())


def spellings(kind: str, text: str) -> Iterator[str]:
    """The folded texts under which a name is kept."""
    whole = " ".join(text.lower().split()) if text.isascii() else folded(text)
    yield whole
    if kind in (NAME, ALIAS):
        words = whole.split(" ", _MANY)
        yield from (" ".join(words[place:]) for place in range(1, len(words)))
    elif kind in (SEAL, NUMBER, TRACKING, TICKET):
        yield bare(text)


def rows(subject: str, state: Any) -> dict[tuple[Any, ...], Row]:
    """A subject's rows by their keys."""
    found: dict[tuple[Any, ...], Row] = {}
    for kind, text in names_of(state):
        for spelling in spellings(kind, text):
            if spelling:
                key = (spelling, subject, kind)
                found.setdefault(key, (*key, text))
    return found


def put(changes: Changes, subject: str, before: Any, after: Any) -> None:
    """What becomes of a subject's names."""
    if before is not None and after is not None and list(names_of(before)) == list(names_of(after)):
        return
    new = rows(subject, after)
    if before is not None:
        old = rows(subject, before)
        for key in old.keys() - new.keys():
            changes.delete(NAMES, key)
        new = {key: row for key, row in new.items() if old.get(key) != row}
    for row in new.values():
        changes.put(NAMES, row)


def find(rows: Rows, text: str, limit: int) -> list[Row]:
    """The names that begin with ``text``, or have a word that does; where there is none, those that contain
    it. The same subject is named once for each of its names."""
    wanted = [spelling for spelling in dict.fromkeys([folded(text), bare(text)]) if spelling]
    for how in ("starts", "holds"):
        found: dict[Any, Row] = {}
        for spelling in wanted:
            for row in rows.select(NAMES, [Where("folded", how, spelling)], limit=limit):
                found.setdefault(row[1:], row)
        if found:
            return list(found.values())[:limit]
    return []
