"""The library's PostgreSQL recorder, with what a ledger adds to it.

``stored_events`` is the library's table: one stream, the entry's bytes as the event's state, its wire name as
the topic, its index as the version. Its notification id has gaps and is never used, so it has no index here.
Tables are made when a ledger is made and never on opening: processes that start together would trip over each
other. Texts are ordered by their code points (``COLLATE "C"``), as SQLite orders them.

Rows go as arrays in one statement for all tables, together with the head and the commit: two trips to the
server, for an act and for a sheet of a thousand stones. Very many go by COPY. The library would insert again
after a lost connection; here only who can tell whether the first time was recorded does so
(`ledger.store.postgres`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder

from ledger.store.journal import FORMAT, Head
from ledger.store.postgres_connection import LedgerDatastore

STREAM = "ledger"
"""The one stream's name in the library's table."""
_TEXT = 'text COLLATE "C"'
_OWN: Mapping[str, str] = {
    "head": "one integer PRIMARY KEY CHECK (one = 1), size bigint NOT NULL, hash bytea NOT NULL, "
    "recorded bigint NOT NULL, frontier bytea NOT NULL",
    "links": f"subject {_TEXT}, version bigint, idx bigint NOT NULL, PRIMARY KEY (subject, version)",
    "mentions": f"subject {_TEXT}, idx bigint, PRIMARY KEY (subject, idx)",
    "nodes": "level integer, place bigint, hash bytea NOT NULL, PRIMARY KEY (level, place)",
    "types": f"wire {_TEXT} PRIMARY KEY, first bigint NOT NULL",
    "ids": "id bytea PRIMARY KEY, idx bigint NOT NULL",
    "disclosures": f"number bigserial PRIMARY KEY, idx bigint NOT NULL, digest {_TEXT} NOT NULL, "
    f"disclosure {_TEXT} NOT NULL",
    "ledger_format": "one integer PRIMARY KEY CHECK (one = 1), version integer NOT NULL",
}
TABLES = ("stored_events", *_OWN)
STATEMENTS = (
    # Nearly every append changes the head's row: room in its page keeps it there.
    *(
        f"CREATE TABLE {name} ({columns})" + (" WITH (fillfactor = 10)" if name == "head" else "")
        for name, columns in _OWN.items()
    ),
    # Not compressed, so that whoever looks for erased bytes in the files can find them.
    "ALTER TABLE disclosures ALTER disclosure SET STORAGE EXTERNAL",
    "CREATE INDEX disclosures_by_entry ON disclosures (idx)",
    "CREATE INDEX erasures ON stored_events (originator_version) WHERE topic = 'disclosure-erased/1'",
    f"INSERT INTO ledger_format VALUES (1, {FORMAT})",  # noqa: S608  a number of ours
)
ERASURES = (
    "SELECT originator_version FROM stored_events WHERE topic = 'disclosure-erased/1' "
    "ORDER BY originator_version"
)

_COPIED, _COPIED_TEXTS = 64, 4_000
"""Rows for one table from which on COPY is faster: with bytes in them, and with texts and numbers only."""

_COLUMNS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "stored_events": (
        "originator_id, originator_version, topic, state", "", ("text", "bigint", "text", "bytea"),
    ),
    "ids": ("id, idx", "", ("bytea", "bigint")),
    "links": ("subject, version, idx", "", ("text", "bigint", "bigint")),
    "mentions": ("subject, idx", "", ("text", "bigint")),
    "nodes": ("level, place, hash", "", ("integer", "bigint", "bytea")),
    "types": ("wire, first", " ON CONFLICT DO NOTHING", ("text", "bigint")),
    "disclosures": ("idx, digest, disclosure", "", ("bigint", "text", "text")),
}  # fmt: skip
"""By table: its columns as they are filled, what follows, and their kinds."""
_HEAD = "UPDATE head SET size = %s, hash = %s, recorded = %s, frontier = %s"
_BETWEEN = "\x1f"
"""Between the texts of an array that goes as one; hardly ever in one of them."""
_SPECIAL = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _escaped(texts: Iterable[str]) -> Iterable[str]:
    return [text.translate(_SPECIAL) for text in texts]


_WRITTEN: Mapping[str, Callable[[Iterable[Any]], Iterable[str]]] = {
    "bytea": lambda values: ["\\\\x" + value.hex() for value in values],
    "text": _escaped,
    "bigint": lambda values: map(str, values),
    "integer": lambda values: map(str, values),
}
"""How COPY reads the values of a column."""


class EntryRecorder(PostgresApplicationRecorder):
    """The library's recorder of one stream of entries, and the tables that find them."""

    datastore: LedgerDatastore

    def create_table(self) -> None:
        """The library's table of events and ours, all or none."""
        [table] = [one for one in self.sql_create_statements if "CREATE TABLE" in one.as_string()]
        text = table.as_string().replace(' "public".', " ", 1).replace(" IF NOT EXISTS", "", 1)
        none = Head()
        with self.datastore.begin(write=True) as rows:
            for statement in (text, *STATEMENTS):
                rows.execute(statement, prepare=False)
            rows.execute(
                "INSERT INTO head VALUES (1, %s, %s, %s, %s)",
                (none.size, none.hash, none.recorded, none.frontier),
            )

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Entries, by table the rows that find them, and the ``head`` after them.

        To be called in a transaction; with ``commit`` it is ended here. Raises psycopg's exceptions.
        """
        head: Head = kwargs.pop("head")
        commit: bool = kwargs.pop("commit")
        events = [(e.originator_id, e.originator_version, e.topic, e.state) for e in stored_events]
        few: dict[str, Sequence[tuple[Any, ...]]] = {}
        connection = self.datastore.connection()
        with connection.cursor() as cursor:
            for table, rows in {"stored_events": events, **kwargs}.items():
                kinds = _COLUMNS[table][2]
                if len(rows) < (_COPIED if "bytea" in kinds else _COPIED_TEXTS) or table == "types":
                    few[table] = rows
                else:
                    _copy(cursor, table, rows)
            statement, values = _together(few, head)
            if not commit:
                cursor.execute(statement, values)
                return None
            with connection.pipeline():
                cursor.execute(statement, values)
                connection.execute("COMMIT")
        return None


def _copy(cursor: Any, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    columns, _, kinds = _COLUMNS[table]
    written = [_WRITTEN[kind](column) for kind, column in zip(kinds, zip(*rows, strict=True), strict=True)]
    lines = "\n".join(map("\t".join, zip(*written, strict=True)))
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        copy.write(f"{lines}\n".encode())


def _together(few: Mapping[str, Sequence[tuple[Any, ...]]], head: Head) -> tuple[str, list[Any]]:
    """One statement that inserts the rows of all tables and moves the head."""
    parts, values = [], list[Any]()
    for table, rows in few.items():
        if not rows:
            continue
        columns, more, kinds = _COLUMNS[table]
        if len(rows) == 1:
            given = f"VALUES ({', '.join(f'%s::{kind}' for kind in kinds)})"
            values += rows[0]
        else:
            arrays = [
                array_of(kind, column) for kind, column in zip(kinds, zip(*rows, strict=True), strict=True)
            ]
            given = f"SELECT * FROM unnest({', '.join(array for array, _ in arrays)})"  # noqa: S608
            values += [value for _, value in arrays]
        filled = f"INSERT INTO {table} ({columns}) {given}{more}"
        parts.append(f"of_{table} AS ({filled})")
    values += (head.size, head.hash, head.recorded, head.frontier)
    return (f"WITH {', '.join(parts)} " if parts else "") + _HEAD, values


def array_of(kind: str, values: Sequence[Any]) -> tuple[str, Any]:
    """An array as it stands in a statement, and the value for its mark: one string where that can be, which
    is several times faster to write and to read than a list (an empty string would be no text at all)."""
    if kind == "text":
        joined = _BETWEEN.join(values)
        if joined and joined.count(_BETWEEN) == len(values) - 1:
            return f"string_to_array(%s, E'\\x{ord(_BETWEEN):02x}')", joined
    elif kind != "bytea":
        return f"%s::{kind}[]", f"{{{','.join(map(str, values))}}}"
    return f"%s::{kind}[]", list(values)
