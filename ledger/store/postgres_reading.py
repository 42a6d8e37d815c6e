"""Asking a PostgreSQL ledger: every question of `ledger.store.journal`, each with one statement.

Nothing here waits for writers, and everything works on a replica.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from psycopg import sql

from ledger.errors import NotFound, StoreTrouble
from ledger.store.journal import Found, Head, Journal
from ledger.store.postgres_connection import LASTING, LedgerDatastore
from ledger.store.postgres_recorder import ERASURES, array_of

_PAGE_ROWS = 20_000
_PAGE_BYTES = 4 * 1024 * 1024
_STRIDE = 500
_HEAD = "SELECT size, hash, recorded, frontier FROM head"
_LASTING_HEAD = _HEAD.replace(" FROM", f", {LASTING} FROM")
_WITH_IDS = f"SELECT id, idx, {LASTING} FROM ids WHERE id = ANY(%s::bytea[])"  # noqa: S608  ours
HEAD_TAKEN = _HEAD + " FOR UPDATE"
STATES = (
    "SELECT originator_version, state FROM stored_events WHERE originator_id = 'ledger' "
    "AND originator_version >= %s AND originator_version < %s ORDER BY originator_version LIMIT %s"
)
_WIRES = STATES.replace("state", "topic", 1)
_SEVERAL = (
    "SELECT originator_version, state FROM stored_events "
    "WHERE originator_id = 'ledger' AND originator_version = ANY(%s::bigint[])"
)
_VERSIONS = (  # one step into the index for each, however many versions it has
    "SELECT name, coalesce((SELECT max(version) FROM links WHERE subject = name), 0) FROM unnest({}) AS name"
)
_GUARDING = "SELECT subject, idx FROM links WHERE subject = ANY({}) ORDER BY subject, version"
_CONCERNING = (
    "SELECT subject, idx FROM links WHERE subject = ANY({}) "
    "UNION ALL SELECT subject, idx FROM mentions WHERE subject = ANY({})"
)
_ENTRIES_OF = (
    "WITH found AS (SELECT subject, idx FROM links WHERE subject = ANY(%s) "
    "UNION ALL SELECT subject, idx FROM mentions WHERE subject = ANY(%s)) "
    "SELECT subject, idx, NULL::bytea, NULL::text, 0 FROM found "
    "UNION ALL SELECT NULL, originator_version, state, NULL, 0 FROM stored_events "
    "WHERE originator_id = 'ledger' AND originator_version = ANY(ARRAY(SELECT idx FROM found)) "
    "UNION ALL SELECT NULL, idx, NULL, disclosure, number FROM disclosures "
    "WHERE idx = ANY(ARRAY(SELECT idx FROM found)) ORDER BY 5"
)
_TOUCHED = "SELECT idx FROM mentions WHERE subject = %s AND idx >= %s AND idx < %s ORDER BY idx LIMIT %s"
_TOUCHED_LAST = _TOUCHED.replace("ORDER BY idx", "ORDER BY idx DESC")
_NODES = "SELECT hash FROM nodes WHERE level = %s AND place >= %s AND place < %s ORDER BY place"
_DISCLOSED = "SELECT idx, disclosure FROM disclosures WHERE idx >= %s AND idx < %s ORDER BY number"
_DISCLOSED_AMONG = "SELECT idx, disclosure FROM disclosures WHERE idx = ANY(%s::bigint[]) ORDER BY number"
_NO_END = 2**53


class PostgresReading(Journal):
    """The questions of a journal, asked over the connection of its ``_datastore``."""

    _datastore: LedgerDatastore

    def whereabouts(self) -> tuple[object, str]:
        """See `Journal.whereabouts`."""
        return self._datastore.whereabouts()

    def head(self) -> Head:
        """Where the ledger ends now."""
        return self.the_head(self._all(_HEAD))

    def lasting_head(self) -> Head:
        """See `Journal.lasting_head`."""
        return self.the_head([row[:-1] for row in self._datastore.lasting(_LASTING_HEAD)])

    def the_head(self, found: list[tuple[Any, ...]]) -> Head:
        """The head in rows of its table. Raises `StoreTrouble` (``store-damaged``)."""
        if not found:
            raise StoreTrouble("store-damaged", path=self.url, reason="the head is missing")
        return Head(*found[0])

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """See `Journal.entries`."""
        return self._stream(STATES, start, stop)

    def wires(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, str]]:
        """See `Journal.wires`."""
        return self._stream(_WIRES, start, stop)

    def _stream(self, statement: str, start: int, stop: int | None) -> Iterator[tuple[int, Any]]:
        """Pages, each as many rows as make some megabytes if they are like those of the page before."""
        end, most = _NO_END if stop is None else stop, _STRIDE
        while start < end:
            page = self._all(statement, start, end, min(most, end - start))
            yield from page
            if len(page) < min(most, end - start):
                return
            start = page[-1][0] + 1
            size = sum(len(row[1]) for row in page) // len(page)
            most = max(1, min(_PAGE_ROWS, _PAGE_BYTES // max(size, 1)))

    def types(self) -> dict[str, int]:
        """See `Journal.types`."""
        return dict(self._all("SELECT wire, first FROM types"))

    def count(self, wire: str) -> int:
        """See `Journal.count`."""
        (number,) = self._all("SELECT count(*) FROM stored_events WHERE topic = %s", wire)[0]
        return int(number)

    def entry(self, index: int) -> bytes:
        """See `Journal.entry`."""
        found = self._all(STATES, index, index + 1, 1)
        if not found:
            raise NotFound("entry-missing", index=index)
        data: bytes = found[0][1]
        return data

    def several(self, indexes: Iterable[int]) -> dict[int, bytes]:
        """See `Journal.several`."""
        return dict(self._all(_SEVERAL, list(indexes)))

    def _all(self, statement: str, *values: object) -> list[Any]:
        return self._datastore.answer(statement, values)

    def _about(self, statement: str, subjects: Iterable[str]) -> list[Any]:
        asked, values = _naming(statement, subjects)
        return self._datastore.answer(asked, values)

    def versions(self, subjects: Iterable[str]) -> dict[str, int]:
        """See `Journal.versions`."""
        found = dict.fromkeys(subjects, 0)
        found.update(self._about(_VERSIONS, found))
        return found

    def guarded_entries(self, subject: str) -> list[int]:
        """See `Journal.guarded_entries`."""
        found = self._all("SELECT idx FROM links WHERE subject = %s ORDER BY version", subject)
        return [index for (index,) in found]

    def guarding(self, subjects: Iterable[str]) -> dict[str, list[int]]:
        """See `Journal.guarding`."""
        return _gathered(self._about(_GUARDING, subjects))

    def touched_entries(
        self,
        subject: str,
        start: int = 0,
        stop: int | None = None,
        *,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[int]:
        """See `Journal.touched_entries`."""
        statement = _TOUCHED_LAST if newest_first else _TOUCHED
        end = _NO_END if stop is None else stop
        return [index for (index,) in self._all(statement, subject, start, end, limit)]

    def concerning(self, subjects: Iterable[str]) -> dict[str, list[int]]:
        """See `Journal.concerning`."""
        return _gathered(self._about(_CONCERNING, subjects))

    def entries_of(self, subjects: Iterable[str]) -> Found:
        """See `Journal.entries_of`: with one question, since each one travels."""
        names = list(subjects)
        indexes: dict[str, list[int]] = defaultdict(list)
        entries: dict[int, bytes] = {}
        disclosures: dict[int, list[str]] = defaultdict(list)
        for subject, index, data, text, _ in self._all(_ENTRIES_OF, names, names):
            if subject is not None:
                indexes[subject].append(index)
            elif data is not None:
                entries[index] = data
            else:
                disclosures[index].append(text)
        return Found(dict(indexes), entries, {index: tuple(texts) for index, texts in disclosures.items()})

    def indexes_of(self, ids: Iterable[bytes]) -> dict[bytes, int]:
        """See `Journal.indexes_of`."""
        return {one: index for one, index, _ in self._datastore.lasting(_WITH_IDS, [list(ids)])}

    def disclosures(self, index: int) -> tuple[str, ...]:
        """See `Journal.disclosures`."""
        return self.disclosed(index, index + 1).get(index, ())

    def disclosed(self, start: int, stop: int) -> dict[int, tuple[str, ...]]:
        """See `Journal.disclosed`."""
        found = _gathered(self._all(_DISCLOSED, start, stop))
        return {index: tuple(texts) for index, texts in found.items()}

    def disclosed_among(self, indexes: Iterable[int]) -> dict[int, tuple[str, ...]]:
        """See `Journal.disclosed_among`."""
        found = _gathered(self._all(_DISCLOSED_AMONG, list(indexes)))
        return {index: tuple(texts) for index, texts in found.items()}

    def erasures(self) -> list[int]:
        """See `Journal.erasures`."""
        return [index for (index,) in self._all(ERASURES)]

    def _paged(self, statement: str, key: tuple[str, ...], last: tuple[Any, ...]) -> Iterator[Any]:
        """See `Journal._paged`."""
        columns, marks = ", ".join(key), ", ".join(["%s"] * len(key))
        statement += f" WHERE ({columns}) > ({marks}) ORDER BY {columns} LIMIT {_PAGE_ROWS}"
        while page := self._all(statement, *last):
            yield from page
            last = page[-1][: len(key)]

    def nodes(self, level: int, start: int, stop: int) -> list[bytes]:
        """See `Journal.nodes`."""
        return [data for (data,) in self._all(_NODES, level, start, stop)]


def versions_of(rows: Any, subjects: Iterable[str]) -> dict[str, int]:
    """`Journal.versions` inside a transaction."""
    found = dict.fromkeys(subjects, 0)
    if found:
        found.update(rows.execute(*_naming(_VERSIONS, found)).fetchall())
    return found


def _naming(statement: str, subjects: Iterable[str]) -> tuple[str, list[Any]]:
    """A question about subjects with their names in it, each time that it takes them."""
    array, value = array_of("text", list(subjects))
    return statement.replace("{}", array), [value] * statement.count("{}")


def versions_written_out(subjects: Iterable[str]) -> str:
    """The question of `versions_of` with the subjects in it, to be asked together with others."""
    return sql.SQL(_VERSIONS.replace("{}", "{}::text[]")).format(sql.Literal(list(subjects))).as_string()


def _gathered(rows: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for key, value in rows:
        found[key].append(value)
    return dict(found)
