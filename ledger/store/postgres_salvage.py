"""Reading a PostgreSQL ledger for checking it: `ledger.store.salvage` for what only a server can read.

The server keeps every value of its column's kind and every text whole, so no row is `Strange`; what can lie
there all the same is told as elsewhere: entries that nobody reads, rows too many or missing, tables, indexes,
triggers and rules that are not a ledger's. A page that it cannot read is a loss with its index here too. Rows
are read in their tables, never in an index alone, and each index is then held against its table: a page that
was lost without a word, of either, is missed by one of the two. (``data_checksums`` and ``pg_amcheck`` are
the server's own ways to look at its pages.)

Checking has a connection of its own on the same snapshot as the journal's transaction, taken anew after
each damage: an error ends a transaction there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import psycopg
from psycopg import sql

from ledger.errors import StoreTrouble
from ledger.store.postgres import PostgresJournal
from ledger.store.postgres_connection import told
from ledger.store.rows import Table
from ledger.store.salvage import KINDS, Deformed, Row, Salvage, Strange

_PAGE_ROWS = 2_000
_BEYOND = 2**53
_numbers = count(1)
_IN_TABLES = "SET LOCAL enable_indexonlyscan = off"
_WAYS = ("enable_seqscan", "enable_indexonlyscan", "enable_indexscan", "enable_bitmapscan")
_WAY = ", ".join(f"set_config('{name}', %s, true)" for name in _WAYS)
_TABLE_ALONE, _INDEX_ALONE = ("on", "off", "off", "off"), ("off", "on", "on", "off")
_INDEXED: dict[str, tuple[str, str, str]] = {
    "stored_events_pkey": (
        "stored_events", "hashint8extended(originator_version, 0)", "originator_id = 'ledger'",
    ),
    "erasures": (
        "stored_events", "hashint8extended(originator_version, 0)", "topic = 'disclosure-erased/1'",
    ),
    "links_pkey": ("links", "hashtextextended(subject, version)", "true"),
    "mentions_pkey": ("mentions", "hashtextextended(subject, idx)", "true"),
    "nodes_pkey": ("nodes", "hashint8extended(place, level)", "true"),
    "types_pkey": ("types", "hashtextextended(wire, 0)", "true"),
    "ids_pkey": ("ids", "hashtextextended(encode(id, 'hex'), 0)", "true"),
    "disclosures_pkey": ("disclosures", "hashint8extended(number, 0)", "true"),
    "disclosures_by_entry": ("disclosures", "hashint8extended(idx, 0)", "true"),
}  # fmt: skip
"""By index: its table, a hash of what it is made of, and which rows it has."""
_STRANGE_ENTRIES = (
    "SELECT count(*) FROM stored_events WHERE originator_id <> %s OR originator_version < 0 "
    "OR originator_version >= %s OR topic IS NULL OR state IS NULL"
)
_DEFINITIONS = """
SELECT 'table', c.relname, string_agg(
    a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
    || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
    || CASE WHEN l.collname = 'C' THEN ' C' ELSE '' END, ', ' ORDER BY a.attnum)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_collation l ON l.oid = a.attcollation
  WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'f') GROUP BY c.relname
UNION ALL
SELECT 'index', c.relname, replace(pg_get_indexdef(c.oid), quote_ident(current_schema()) || '.', '')
  FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('i', 'I')
UNION ALL
SELECT 'view', c.relname, pg_get_viewdef(c.oid)
  FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('v', 'm')
UNION ALL
SELECT 'trigger', t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
  WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
UNION ALL
SELECT 'rule', r.rulename, r.definition FROM pg_rules r WHERE r.schemaname = current_schema()
UNION ALL
SELECT 'policy', p.policyname, coalesce(p.qual, '') FROM pg_policies p WHERE p.schemaname = current_schema()
"""
EXPECTED: dict[tuple[str, str], str] = {
    (
        "table",
        "stored_events",
    ): "originator_id text NOT NULL, originator_version bigint NOT NULL, topic text, "
    "state bytea, notification_id bigint NOT NULL",
    ("table", "head"): "one integer NOT NULL, size bigint NOT NULL, hash bytea NOT NULL, "
    "recorded bigint NOT NULL, frontier bytea NOT NULL",
    ("table", "links"): "subject text NOT NULL C, version bigint NOT NULL, idx bigint NOT NULL",
    ("table", "mentions"): "subject text NOT NULL C, idx bigint NOT NULL",
    ("table", "nodes"): "level integer NOT NULL, place bigint NOT NULL, hash bytea NOT NULL",
    ("table", "types"): "wire text NOT NULL C, first bigint NOT NULL",
    ("table", "ids"): "id bytea NOT NULL, idx bigint NOT NULL",
    ("table", "disclosures"): "number bigint NOT NULL, idx bigint NOT NULL, digest text NOT NULL C, "
    "disclosure text NOT NULL C",
    ("table", "ledger_format"): "one integer NOT NULL, version integer NOT NULL",
    **{
        ("index", f"{table}_pkey"): f"CREATE UNIQUE INDEX {table}_pkey ON {table} USING btree ({columns})"
        for table, columns in {
            "stored_events": "originator_id, originator_version",
            "head": "one",
            "links": "subject, version",
            "mentions": "subject, idx",
            "nodes": "level, place",
            "types": "wire",
            "ids": "id",
            "disclosures": "number",
            "ledger_format": "one",
        }.items()
    },
    ("index", "disclosures_by_entry"): "CREATE INDEX disclosures_by_entry ON disclosures USING btree (idx)",
    ("index", "erasures"): "CREATE INDEX erasures ON stored_events USING btree (originator_version) "
    "WHERE (topic = 'disclosure-erased/1'::text)",
}
"""What a new ledger's schema holds."""


@dataclass
class PostgresSalvage(Salvage):
    """One snapshot of a ledger in PostgreSQL. ``snapshot``: its name, to begin again with."""

    connection: psycopg.Connection[Any]
    url: str
    snapshot: str = ""

    ENTRIES = (
        "SELECT originator_version, convert_to(topic, 'UTF8'), state FROM stored_events "
        "WHERE originator_id = %s AND originator_version >= %s AND originator_version < %s "
        "AND state IS NOT NULL ORDER BY originator_version LIMIT nullif(%s, -1)"
    )
    LAST = (
        "SELECT originator_version FROM stored_events WHERE originator_id = %s AND originator_version < %s "
        "ORDER BY originator_version DESC LIMIT 1"
    )

    def begin(self) -> None:
        """Go to the snapshot, from wherever an error may have left the connection."""
        self.connection.rollback()
        self.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        self.connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(self.snapshot)))
        self.connection.execute(_IN_TABLES)

    def rows(self, table: str) -> Iterator[Row | Strange]:
        """See `Salvage.rows`."""
        names = ", ".join(name for name, _ in KINDS[table])
        statement = f"SELECT {names} FROM {table} ORDER BY {names}"  # noqa: S608  names from our own list
        with self._told(), self.connection.cursor(f"rows_{next(_numbers)}", binary=True) as cursor:
            cursor.execute(statement)
            while page := cursor.fetchmany(_PAGE_ROWS):
                yield from page

    def disclosed(self, start: int, stop: int) -> dict[int, list[Row]]:
        """See `Salvage.disclosed`."""
        found: dict[int, list[Row]] = {}
        statement = "SELECT idx, digest, disclosure FROM disclosures WHERE idx >= %s AND idx < %s"
        for index, *texts in self._all(statement, start, stop):
            found.setdefault(index, []).append(tuple(texts))
        return found

    def first_of(self, subjects: list[str]) -> dict[str, int]:
        """See `Salvage.first_of`."""
        statement = (
            "SELECT DISTINCT ON (subject) subject, idx FROM links WHERE subject = ANY(%s) "
            "ORDER BY subject, version"
        )
        return dict(self._all(statement, subjects))

    def strange_views(self) -> Iterator[tuple[str, int]]:
        """None: the server keeps every value of its column's kind."""
        return iter(())

    def deformed_views(self, tables: Iterable[Table]) -> Iterator[Deformed]:
        """None: a column that is missing is an error there whenever it is asked for."""
        return iter(())

    def strange_entries(self) -> int:
        """See `Salvage.strange_entries`."""
        return int(next(self._all(_STRANGE_ENTRIES, "ledger", _BEYOND))[0])

    def definitions(self) -> dict[tuple[str, str], str]:
        """What the schema holds: (kind, name) -> definition; the views' primary keys are part of their
        tables."""
        found = {(kind, name): text for kind, name, text in self._all(_DEFINITIONS)}
        for _, name in [key for key in found if key[0] == "table" and key[1].startswith("view")]:
            found.pop(("index", f"{name}_pkey"), None)
        return found

    def expected(self) -> dict[tuple[str, str], str]:
        """See `Salvage.expected`."""
        return EXPECTED

    def integrity(self, most: int = 20) -> list[str]:
        """The indexes that do not have what their tables have."""
        found = [said for name in _INDEXED if (said := self._index_fault(name)) is not None]
        return found[:most]

    def _index_fault(self, name: str) -> str | None:
        table, hashed, where = _INDEXED[name]
        statement = f"SELECT count(*), coalesce(sum({hashed}), 0) FROM {table} WHERE {where}"  # noqa: S608
        try:
            there, kept = (self._looked_at(way, statement) for way in (_TABLE_ALONE, _INDEX_ALONE))
        except StoreTrouble as damage:
            return f"{name}: {damage.values.get('reason', damage)}"
        if there == kept:
            return None
        counts = f"{kept[0]} in the index, {there[0]} in the table"
        return f"the index {name} does not have what the table {table} has ({counts})"

    def _looked_at(self, way: tuple[str, ...], statement: str) -> Row:
        """The one row of a statement that is answered from the table alone, or from the index alone."""
        list(self._all(f"SELECT {_WAY}", *way))
        (found,) = self._all(statement)
        list(self._all(f"SELECT {_WAY}", "on", "off", "on", "on"))
        return found

    def _all(self, statement: str, *values: object) -> Iterator[Row]:
        with self._told(), self.connection.cursor(binary=True) as cursor:
            yield from cursor.execute(statement, values or None).fetchall()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as problem:
            if not self.connection.closed:
                self.begin()
            found = told(problem, self.url)
            if found is problem:
                found = StoreTrouble("store-damaged", path=self.url, reason=str(problem))
            raise found from problem


@contextmanager
def snapshot(journal: PostgresJournal) -> Iterator[PostgresSalvage]:
    """One state of the ledger for as long as this lasts."""
    with journal.transaction(write=False) as cursor:
        [(name,)] = cursor.execute("SELECT pg_export_snapshot()").fetchall()
        with journal.another_connection() as connection:
            salvage = PostgresSalvage(connection, journal.url, snapshot=name)
            salvage.begin()
            yield salvage


@contextmanager
def joined(told: dict[str, Any], url: str, snapshot: str) -> Iterator[PostgresSalvage]:
    """The same state as whoever exported ``snapshot`` sees, over a connection of one's own, as long as that
    one's transaction lasts. Raises `StoreTrouble` (``store-unreachable``, ``store-damaged``)."""
    try:
        connection = psycopg.connect(**told, autocommit=True)
    except psycopg.Error as problem:
        raise StoreTrouble("store-unreachable", path=url, reason=str(problem)) from problem
    with connection:
        salvage = PostgresSalvage(connection, url, snapshot=snapshot)
        try:
            salvage.begin()
        except psycopg.Error as problem:
            raise StoreTrouble("store-damaged", path=url, reason=str(problem)) from problem
        yield salvage


def way_to(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """What another process is told to connect to the same server as the same role."""
    info = connection.info
    told = {**info.get_parameters(), "host": info.host, "port": info.port}
    told.pop("target_session_attrs", None)
    return {**told, "password": info.password} if info.password else told
