"""What stands at a PostgreSQL address: which schema, whether there is a ledger in it, and who may write.

A read-only role for auditors is given what reading takes by `grant_reading`: the schema, its tables, and the
tables of views that are made later. It sees sealed values too, as far as they are kept.
"""

from __future__ import annotations

from psycopg import sql

from ledger.errors import StoreTrouble
from ledger.store.journal import FORMAT
from ledger.store.postgres_connection import LedgerDatastore
from ledger.store.postgres_recorder import TABLES
from ledger.values import dataclass

_STANDING = (
    "SELECT current_schema(), current_setting('search_path'), pg_is_in_recovery(), "
    "current_setting('transaction_read_only') = 'on', current_setting('server_encoding'), "
    "to_regclass('head') IS NOT NULL, to_regclass('ledger_format') IS NOT NULL"
)
_MAY_WRITE = "SELECT has_table_privilege('head', 'UPDATE') AND has_table_privilege('stored_events', 'INSERT')"


@dataclass(frozen=True, slots=True)
class Place:
    """``schema`` holds or would hold the ledger; ``version`` is its format, None where there is no ledger.
    ``refuses``: the code of why this role may not write here, None where it may."""

    schema: str
    schema_is_there: bool
    encoding: str
    version: int | None
    refuses: str | None

    def check_new(self, url: str) -> None:
        """Raises `StoreTrouble` where no ledger can be made: ``store-exists``, ``store-replica``,
        ``store-encoding``."""
        if self.refuses == "store-replica":
            raise StoreTrouble("store-replica", path=url, reason="")
        if self.version is not None:
            raise StoreTrouble("store-exists", path=url)
        if self.encoding != "UTF8":
            raise StoreTrouble("store-encoding", path=url, encoding=self.encoding)

    def check(self, url: str) -> None:
        """Raises `StoreTrouble` where no ledger can be opened: ``store-missing``, ``store-newer``."""
        if self.version is None:
            raise StoreTrouble("store-missing", path=url)
        if self.version > FORMAT:
            raise StoreTrouble("store-newer", path=url, version=self.version, known=FORMAT)


def standing(store: LedgerDatastore) -> Place:
    """What is there now. Raises `StoreTrouble`: ``store-denied``, ``store-database-missing``,
    ``store-unreachable``."""
    [(schema, path, is_replica, is_reading, encoding, has_head, has_format)] = store.answer(_STANDING)
    version, refuses = None, "store-replica" if is_replica or is_reading else None
    if has_head and has_format:
        [(version,)] = store.answer("SELECT version FROM ledger_format")
        if refuses is None and not store.answer(_MAY_WRITE)[0][0]:
            refuses = "store-reader"
    return Place(schema or _first(path), schema is not None, encoding, version, refuses)


def _first(path: str) -> str:
    """The schema that a search path names first."""
    named = [name.strip().strip('"') for name in path.split(",")]
    return next((name for name in named if name and name != "$user"), "public")


def make_schema(store: LedgerDatastore, place: Place) -> bool:
    """Make the schema where it is missing; whether it was."""
    if place.schema_is_there:
        return False
    with store.begin(write=True) as rows:
        rows.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(place.schema)))
    return True


def remove(store: LedgerDatastore, *, with_schema: bool) -> None:
    """Take away the tables of a ledger that holds nothing, and its schema when it was made for it."""
    [(schema,)] = store.answer("SELECT current_schema()")
    with store.begin(write=True) as rows:
        rows.execute(f"DROP TABLE {', '.join(TABLES)}")
        if with_schema:
            rows.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(schema)))


def check_role(store: LedgerDatastore, role: str) -> None:
    """Raises `StoreTrouble` (``store-role-missing``) where the server knows no such role."""
    if not store.answer("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)):
        raise StoreTrouble("store-role-missing", role=role)


def grant_reading(store: LedgerDatastore, role: str) -> None:
    """Let a role read the ledger and its views, now and later, and write nothing.

    Raises `StoreTrouble` (``store-role-missing``).
    """
    check_role(store, role)
    [(schema,)] = store.answer("SELECT current_schema()")
    names = {"schema": sql.Identifier(schema), "role": sql.Identifier(role)}
    with store.begin(write=True) as rows:
        for statement in (
            "GRANT USAGE ON SCHEMA {schema} TO {role}",
            "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {role}",
        ):
            rows.execute(sql.SQL(statement).format(**names))
