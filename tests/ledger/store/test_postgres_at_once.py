"""One act in one trip: the server makes what is made elsewhere, and it rests on what is there then."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from ledger.chain.entry import entry_hash
from ledger.errors import Malformed, StoreTrouble
from ledger.store import opening
from ledger.store.journal import Appended, Draft, Head, Journal, Stale
from ledger.store.postgres import PostgresJournal
from tests.postgres_server import PostgresServer
from tests.refusing import refusing

START = 1_700_000_000_000_000
_numbers = count(1)


def draft(*guarded: str, **more: Any) -> Draft:
    """A draft with an id of its own."""
    number = next(_numbers)
    fields = {"statement": b"statement %d" % number, "signature": b"s" * 64, "disclosures": (), **more}
    return Draft(id=number.to_bytes(16, "big"), wire="example-made/1", guarded=guarded, **fields)


def add(journal: Journal, one: Draft, read: dict[str, int]) -> int:
    """Append behind the present head; the index."""
    told, _ = journal.append([one], clock=lambda: START, read=read, head=journal.head())
    return told[0].index


def test_single_acts_make_the_same_ledger_as_elsewhere(postgres: PostgresServer) -> None:
    """The server makes each entry, its hash, the subtrees and the frontier; past where an index takes another
    byte, and past two kept levels of the tree."""
    odd = "'\\ \t \n \\x41 $1 %s {} é 💎"
    drafts = [
        draft(
            f"p{n % 7}", f"{odd}{n}", statement=bytes(range(256)) * (n % 3), signature=b"s" * (n % 2 * 40000),
            touched=(f"t{odd}{n}",) if n % 2 else (), disclosures=("ab'c\\" * n,) if n % 3 else (),
        )
        for n in range(1, 261)
    ]  # fmt: skip
    with opening.create(postgres.url()) as journal, opening.create(":memory:") as other:
        heads: list[list[tuple[list[Appended], Head]]] = []
        for place in (journal, other):
            moments = iter(range(0, 2**40, 2**32 // 3))
            read: dict[str, int] = {}
            heads.append([])
            for one in drafts:
                known = {name: read.get(name, 0) for name in one.guarded}
                told, head = place.append([one], clock=moments.__next__, read=known, head=place.head())
                read |= {name: version + 1 for name, version in known.items()}
                heads[-1].append((told, head))
        assert heads[0] == heads[1]
        for question in ("entries", "links", "mentions", "ids", "digests", "wires"):
            assert list(getattr(journal, question)()) == list(getattr(other, question)())
        assert journal.types() == other.types()
        for level in (4, 8):
            assert journal.nodes(level, 0, 99) == other.nodes(level, 0, 99) != []
        with journal.transaction(write=False) as rows:
            for one, (told, head) in zip(drafts, heads[0], strict=True):
                assert isinstance(journal, PostgresJournal)
                assert journal._recorded(rows, one, journal.head()) == (told, head)


def test_what_a_single_act_rests_on_is_compared_where_the_head_has_moved(postgres: PostgresServer) -> None:
    """Also what was committed while it waited for its turn; another who changes the same is told, too."""
    url = postgres.url()
    with opening.create(url) as journal, opening.open(url) as other:
        head = journal.head()
        add(other, draft("a"), {"a": 0})
        for read, moved in (({"b": 0, "a": 0}, {"a"}), ({"b": 0, "a": 1, "c": 2}, {"c"})):
            with pytest.raises(Stale) as caught:
                journal.append([draft("b")], clock=lambda: START, read=read, head=head)
            assert caught.value.subjects == moved
        with pytest.raises(Stale):
            journal.append([draft("a")], clock=lambda: START, read={"a": 0}, head=head)
        told, _ = journal.append([draft("b")], clock=lambda: START, read={"b": 0, "a": 1}, head=head)
        assert (told[0].index, journal.head().size) == (1, 2)
        with postgres.connect(url.rpartition("%3D")[2]) as holding:
            holding.execute("BEGIN; SELECT 1 FROM head FOR UPDATE")
            waiting = ThreadPoolExecutor(1).submit(
                lambda: journal.append([draft("b")], clock=lambda: START, read={"b": 1, "a": 1}, head=head)
            )
            time.sleep(0.3)
            holding.execute("INSERT INTO links VALUES ('a', 2, 9); UPDATE head SET recorded = 1; COMMIT")
            with pytest.raises(Stale) as caught:
                waiting.result(30)
            assert caught.value.subjects == {"a"}


def test_statements_that_the_driver_threw_away_are_prepared_again(postgres: PostgresServer) -> None:
    """As it does after an erasure, or when views are thrown away; the next act may need others, too."""
    with opening.create(postgres.url()) as journal:
        add(journal, draft("a"), {"a": 0})
        for number, touched in enumerate(((), ("t",), ())):
            with journal.transaction(write=True) as rows:
                rows.execute("SELECT %s::text", ("kept by the driver",), prepare=True)
                rows.execute("CREATE TABLE passing (n bigint)")
                rows.execute("DROP TABLE passing")
            with journal.transaction(write=False) as rows:
                rows.execute("SELECT %s::text", ("kept by the driver",), prepare=True)
            assert add(journal, draft("a", touched=touched), {"a": number + 1}) == number + 1
        assert journal.head().size == 4


def test_a_server_that_makes_another_entry_is_not_believed(postgres: PostgresServer) -> None:
    """Here by a function of the same name as its own, in front of it: made before, it is noticed and entries
    are made here; made meanwhile, what it did is told as damage, and nobody has a receipt."""
    url = postgres.url()
    opening.create(url).close()
    name = url.rpartition("%3D")[2]
    create = "CREATE FUNCTION sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'"
    with postgres.connect(name) as connection:
        connection.execute(create)
        with opening.open(f"{url},pg_catalog") as journal:
            add(journal, draft("a"), {"a": 0})
            [(_, data)] = journal.entries()
            assert journal.head().hash == entry_hash(data)
        connection.execute(f"DROP FUNCTION {name}.sha256(bytea)")
        with opening.open(f"{url},pg_catalog") as journal:
            add(journal, draft("b"), {"b": 0})
            connection.execute(create)
            with refusing(StoreTrouble, "store-damaged"):
                add(journal, draft("c"), {"c": 0})


@pytest.mark.parametrize(
    "setting",
    [
        "default_transaction_isolation = 'read uncommitted'",
        "default_transaction_isolation = 'repeatable read'",
        "default_transaction_isolation = 'serializable'",
        "default_transaction_deferrable = on",
        "standard_conforming_strings = off",
        "bytea_output = escape",
        "search_path = public",
    ],
)
def test_what_the_role_has_set_changes_nothing(postgres: PostgresServer, setting: str) -> None:
    """What is compared is what was committed while the act waited, and bytes are the same bytes."""
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE strict LOGIN SUPERUSER")
        connection.execute(f"ALTER ROLE strict SET {setting}")
    url = postgres.url()
    try:
        with opening.create(url), opening.open(url.replace("user=postgres", "user=strict")) as journal:
            jobs = [f"p{n}" for n in range(40)]
            with opening.open(url) as other, ThreadPoolExecutor(2) as pool:
                mine = pool.submit(lambda: [add(journal, draft(one), {one: 0}) for one in jobs])
                theirs = pool.submit(lambda: [add(other, draft(f"q{one}"), {f"q{one}": 0}) for one in jobs])
                assert sorted(mine.result() + theirs.result()) == list(range(80))
    finally:
        with postgres.connect() as connection:
            connection.execute("DROP OWNED BY strict")
            connection.execute("DROP ROLE strict")


@pytest.mark.parametrize(
    ("spoils", "told"),
    [
        ("DELETE FROM head", "the head is missing"),
        ("UPDATE head SET frontier = frontier || '\\x00'", "tree"),
        ("UPDATE head SET frontier = substr(frontier, 1, 9)", "tree"),
    ],
)
def test_nothing_is_recorded_behind_a_head_that_is_none(
    postgres: PostgresServer, spoils: str, told: str
) -> None:
    """It is told as it is where several acts are recorded, and no row is left behind."""
    url = postgres.url()
    with opening.create(url) as journal:
        head = journal.append([draft("a")], clock=lambda: START, read={"a": 0}, head=journal.head())[1]
        with postgres.connect(url.rpartition("%3D")[2]) as connection:
            connection.execute(spoils)
            with pytest.raises((StoreTrouble, Malformed)) as caught:
                journal.append([draft("b")], clock=lambda: START, read={"b": 0}, head=head)
            assert told in str(caught.value) + caught.value.code
            for table in ("stored_events", "ids", "links"):
                assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)


def test_acts_are_found_by_indexes_from_the_beginning(postgres: PostgresServer) -> None:
    """One plan is made while the tables are empty and no statistics are there, and it serves when they are
    not: no table but the head is gone through."""
    url = postgres.url()
    asked = (
        "SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_user_tables "
        "WHERE schemaname = %s AND relname IN ('stored_events', 'links', 'ids', 'mentions', 'nodes')"
    )
    name = url.rpartition("%3D")[2]
    opening.create(url).close()
    time.sleep(0.2)  # a server process tells what it did when it ends
    with postgres.connect(name) as connection:
        before = connection.execute(asked, (name,)).fetchone()
    with opening.open(url) as journal:
        head = journal.head()
        for number in range(200):  # the head has always moved, so what was read is compared
            read = {f"p{number}": 0, **{f"p{n}": 1 for n in range(min(number, 9))}}
            journal.append([draft(f"p{number}")], clock=lambda: START, read=read, head=head)
    time.sleep(0.2)
    with postgres.connect(name) as connection:
        assert connection.execute(asked, (name,)).fetchone() == before
