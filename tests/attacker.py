"""Somebody who has a ledger's file and no key: what can be done with it, as well as it can be done.

    with Attacker(path) as attacker:
        acts = attacker.acts()
        del acts[40]
        attacker.rewrite(acts)          numbers, links, frontier, head and every table anew, by the book

The attacker has this program too, and uses it: what can be computed without a key is computed rightly. Views
are thrown away, since they are built anew by whoever reads next.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ledger.chain.disclosure import digest
from ledger.chain.entry import ZERO_HASH, Entry, entry_hash, frame
from ledger.chain.merkle import Frontier
from ledger.chain.statement import Statement, sign
from ledger.domain.events import Recorded
from ledger.domain.state import guarded, touched
from ledger.keys import SigningKey
from ledger.store.decoding import decode
from ledger.store.journal import STRIDE
from ledger.store.sqlite_file import STREAM

TABLES = ("stored_events", "head", "links", "mentions", "types", "ids", "disclosures", "nodes")


@dataclass(frozen=True, slots=True)
class Act:
    """What of an entry is its author's, the time it was given, and the values kept for it."""

    statement: bytes
    signature: bytes
    recorded: int
    kept: tuple[str, ...] = ()

    def read(self) -> Statement:
        """The statement, taken apart."""
        return Statement.decode(self.statement)

    def changed(self, **changes: Any) -> Act:
        """The statement with other values, under the signature that it had."""
        return replace(self, statement=replace(self.read(), **changes).encode())


def signed(statement: Statement, key: SigningKey, recorded: int) -> Act:
    """An act of the attacker's own."""
    made = sign(statement, key)
    return Act(made.statement, made.signature, recorded)


class Attacker:
    """Works on a ledger's file that nobody else has open."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)

    def __enter__(self) -> Attacker:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def sql(self, statement: str, *values: object) -> list[Any]:
        """Run one statement on the file."""
        return self._connection.execute(statement, values).fetchall()

    def entry(self, index: int) -> bytes:
        """An entry's bytes."""
        (found,) = self.sql("SELECT state FROM stored_events WHERE originator_version = ?", index)
        return bytes(found[0])

    def put(self, index: int, data: bytes) -> None:
        """Put other bytes in an entry's place, and touch nothing else."""
        self.sql("UPDATE stored_events SET state = ? WHERE originator_version = ?", data, index)

    def flip(self, index: int, part: bytes) -> None:
        """Flip a bit of the byte in the middle of a part of an entry."""
        data = bytearray(self.entry(index))
        place = bytes(data).index(part) + len(part) // 2
        data[place] ^= 1
        self.put(index, bytes(data))

    def acts(self) -> list[Act]:
        """The acts of all entries, in order."""
        rows = self.sql("SELECT originator_version, state FROM stored_events ORDER BY originator_version")
        return [self._act(index, Entry.decode(data)) for index, data in rows]

    def _act(self, index: int, entry: Entry) -> Act:
        texts = self.sql("SELECT disclosure FROM disclosures WHERE idx = ? ORDER BY number", index)
        return Act(entry.statement, entry.signature, entry.recorded, tuple(text for (text,) in texts))

    def rewrite(self, acts: Sequence[Act]) -> None:
        """The whole ledger anew from acts: everything that needs no key, as the program would write it."""
        entries = chained(acts)
        records: list[Recorded] = []
        for index, (act, data) in enumerate(zip(acts, entries, strict=True)):
            records.append(decode(index, data, act.kept, dict(enumerate(records)).get))
        self.drop_views()
        self.sql("BEGIN")
        for table in TABLES:
            self.sql(f"DELETE FROM {table}")
        self._fill(acts, entries, records)
        self.sql("COMMIT")

    def drop_views(self) -> None:
        """Throw the views away."""
        for (name,) in self.sql("SELECT name FROM sqlite_schema WHERE type = 'table'"):
            if name == "views" or name.startswith("view_"):
                self.sql(f"DROP TABLE {name}")

    def _fill(self, acts: Sequence[Act], entries: Sequence[bytes], records: Sequence[Recorded]) -> None:
        versions: dict[str, int] = {}
        for act, data, recorded in zip(acts, entries, records, strict=True):
            index, statement = recorded.index, act.read()
            self.sql("INSERT INTO stored_events VALUES (?, ?, ?, ?)", STREAM, index, statement.type, data)
            self.sql("INSERT OR IGNORE INTO ids VALUES (?, ?)", statement.id, index)
            self.sql("INSERT OR IGNORE INTO types VALUES (?, ?)", statement.type, index)
            for name in guarded(recorded.event, recorded.about):
                versions[name] = versions.get(name, 0) + 1
                self.sql("INSERT INTO links VALUES (?, ?, ?)", name, versions[name], index)
            for name in touched(recorded.event, recorded.about):
                self.sql("INSERT INTO mentions VALUES (?, ?)", name, index)
            for text in act.kept:
                self.keep(index, text)
        self._head(entries, acts[-1].recorded)

    def keep(self, index: int, text: str) -> None:
        """Put a value beside an entry."""
        statement = "INSERT INTO disclosures (idx, digest, disclosure) VALUES (?, ?, ?)"
        self.sql(statement, index, digest(text), text)

    def _head(self, entries: Sequence[bytes], recorded: int) -> None:
        frontier = Frontier()
        for data in entries:
            for level, place, kept in frontier.complete(entry_hash(data)):
                if level % STRIDE == 0:
                    self.sql("INSERT INTO nodes VALUES (?, ?, ?)", level, place, kept)
        values = (len(entries), entry_hash(entries[-1]), recorded, frontier.encode())
        self.sql("INSERT INTO head VALUES (1, ?, ?, ?, ?)", *values)


def chained(acts: Iterable[Act]) -> list[bytes]:
    """The entries of acts, numbered and linked."""
    previous, entries = ZERO_HASH, []
    for index, act in enumerate(acts):
        entries.append(frame(index, previous, act.recorded, act.statement, act.signature))
        previous = entry_hash(entries[-1])
    return entries
