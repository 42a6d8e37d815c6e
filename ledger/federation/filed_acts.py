"""The acts of a whole ledger that has no index here, such as a published directory: filed by the subjects
that they change or name, in private tables.

A partner may have published ten million entries. Each is read once; what finds them again lies in a nameless
file, and memory holds a page of them and the acts that were asked for last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice

from ledger.domain.events import EVENTS, Opaque, Recorded
from ledger.domain.state import guarded, touched
from ledger.store.decoding import decode
from ledger.store.rows import INT, Changes, Column, Table, Where
from ledger.store.tables import Tables

ACTS = Table("acts", (Column("entry", INT), Column("data")))
NAMED = Table("named", (Column("subject"), Column("entry", INT), Column("own", INT)), key=2)
_VIEW, _VERSION = "filed", 1
_PAGE = 1_000
_REMEMBERED = 2_000


class FiledActs:
    """Acts by their subjects (`ledger.domain.moments.Acts`), of entries in the order of their indexes.

    Whatever reading the entries raises, is raised, and nothing is left.
    """

    def __init__(self, entries: Iterable[bytes]) -> None:
        self._tables = Tables.private()
        self._types: set[str] = set()
        self._opaque: tuple[int, int | None] = (0, None)
        self._page: dict[int, bytes] = {}
        self._decoded = lru_cache(maxsize=_REMEMBERED)(self._read)
        self._earlier = lru_cache(maxsize=_REMEMBERED)(self._read_alone)
        try:
            numbered = enumerate(entries)
            while page := dict(islice(numbered, _PAGE)):
                self._file(page)
        except BaseException:
            self.close()
            raise

    def _file(self, page: dict[int, bytes]) -> None:
        self._page, changes = page, Changes()
        for index, data in page.items():
            record = decode(index, data, (), self._earlier)
            event = record.event
            self._types.add(event.TYPE)
            if isinstance(event, Opaque) or event.TYPE not in EVENTS:
                count, first = self._opaque
                self._opaque = (count + 1, index if first is None else first)
            own = guarded(event, record.about)
            for name in touched(event, record.about, own):
                changes.put(NAMED, (name, index, 0))
            for name in own:
                changes.put(NAMED, (name, index, 1))
            changes.put(ACTS, (index, data.hex()))
        start = next(iter(page))
        self._tables.advance(_VIEW, _VERSION, (ACTS, NAMED), start, start + len(page), changes)

    def close(self) -> None:
        """Let go of the tables."""
        self._tables.close()

    def of(self, subject: str) -> Sequence[Recorded]:
        """The entries that change the subject."""
        return self._found([Where("subject", "is", subject), Where("own", "is", 1)])

    def histories(self, subjects: Iterable[str]) -> Mapping[str, Sequence[Recorded]]:
        """Of each subject the entries that change it and those that only name it."""
        return {name: self._found([Where("subject", "is", name)]) for name in subjects}

    def has(self, wire: str) -> bool:
        """Whether there is any entry of that type at all."""
        return wire in self._types

    def opaque(self) -> tuple[int, int | None]:
        """How many entries are not understood, and the first one's index."""
        return self._opaque

    def _found(self, where: Sequence[Where]) -> list[Recorded]:
        return [self._decoded(row[1]) for row in self._tables.select(NAMED, where)] if self._types else []

    def _bytes(self, index: int) -> bytes:
        if index in self._page:
            return self._page[index]
        row = self._tables.get(ACTS, index)
        return b"" if row is None else bytes.fromhex(row[1])

    def _read(self, index: int) -> Recorded:
        return decode(index, self._bytes(index), (), self._earlier)

    def _read_alone(self, index: int) -> Recorded:
        """What an act is about, itself without what *it* is about: chains of such acts can be long."""
        return decode(index, self._bytes(index))
