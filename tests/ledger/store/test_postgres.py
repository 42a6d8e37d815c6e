"""What only a PostgreSQL ledger can meet: a server that goes, an answer that is lost, a replica, a role."""

from __future__ import annotations

import threading
import time
from itertools import count

import pytest

from ledger.admission import Act
from ledger.application import Ledger
from ledger.chain import disclosure
from ledger.chain.entry import Entry
from ledger.domain import events as e
from ledger.errors import StoreTrouble
from ledger.projections.following import reading, rebuild
from ledger.store import opening
from ledger.store.checking import snapshot
from ledger.store.journal import Draft, Journal, Stale
from ledger.store.postgres import PostgresJournal
from ledger.store.postgres_salvage import EXPECTED, PostgresSalvage
from ledger.store.postgres_url import address_of, without_password
from tests import writers
from tests.lossy_proxy import LossyProxy
from tests.postgres_server import PostgresServer
from tests.refusing import refusing
from tests.world import SITE, World, goods, signing_key

START = 1_700_000_000_000_000
_numbers = count(1)


def draft(*guarded: str, **more: object) -> Draft:
    """A draft with an id of its own."""
    number = next(_numbers)
    fields = {"statement": b"statement %d" % number, "signature": b"s" * 64, "disclosures": (), **more}
    return Draft(id=number.to_bytes(16, "big"), wire="example-made/1", guarded=guarded, **fields)  # type: ignore[arg-type]


def add(journal: Journal, *drafts: Draft, read: dict[str, int] | None = None) -> list[int]:
    """Append behind the present head; the indexes."""
    told, _ = journal.append(drafts, clock=lambda: START, read=read or {}, head=journal.head())
    return [one.index for one in told]


@pytest.mark.parametrize("rows", [1, 63, 64, 65, 300])
def test_few_rows_and_many_are_recorded_alike(postgres: PostgresServer, rows: int) -> None:
    """In one statement or by COPY, with what COPY has its own signs for: tabs, line ends, backslashes."""
    odd = "\\ \t \n \r \\N \\. é 💎"
    drafts = [draft(f"{odd}{n}", touched=(f"t{odd}",), statement=odd.encode() * 3) for n in range(rows)]
    with opening.create(postgres.url()) as journal, opening.create(":memory:") as other:
        assert add(journal, *drafts) == add(other, *drafts) == list(range(rows))
        for question in ("entries", "links", "mentions", "ids", "digests"):
            assert list(getattr(journal, question)()) == list(getattr(other, question)())
        assert journal.head() == other.head()
        assert journal.nodes(4, 0, 99) == other.nodes(4, 0, 99)


def test_what_was_read_is_compared_whatever_its_name(postgres: PostgresServer) -> None:
    """In the same trip as the head, with all signs that mean something to SQL; few names and many."""
    odd = ["a", "b'c", 'd"e', "f\\g", "h,i", "{j}", "k%sl", "m;--", "n\to", "é💎", "NULL", ""]
    for names in (odd, [f"{name}{n}" for n in range(9) for name in odd]):
        with opening.create(postgres.url()) as journal:
            head = journal.head()
            add(journal, *(draft(name) for name in names))
            read = dict.fromkeys(names, 1)
            told, _ = journal.append([draft("z")], clock=lambda: START, read=read, head=head)
            assert told[0].index == len(names)
            for name in (names[1], names[-1]):
                with pytest.raises(Stale) as caught:
                    journal.append([draft("z")], clock=lambda: START, read={**read, name: 0}, head=head)
                assert caught.value.subjects == {name}


@pytest.mark.parametrize("rows", [2, 500, 4_500])
@pytest.mark.parametrize("sign", ["", "\x1f"])
def test_an_act_with_many_subjects_is_recorded_alike(postgres: PostgresServer, rows: int, sign: str) -> None:
    """As one string for each column, as lists where a name has the sign between the strings, and by COPY."""
    names = [f'p{sign}{n}\\ "é' for n in range(rows)]
    one = draft(
        *names, touched=tuple(f"t{name}" for name in names), disclosures=tuple(f"d{n}" for n in range(rows))
    )
    with opening.create(postgres.url()) as journal, opening.create(":memory:") as other:
        for _ in range(2):
            assert add(journal, one) == add(other, one)
            one = draft(*names, "", touched=("",))
        for question in ("entries", "links", "mentions", "digests"):
            assert list(getattr(journal, question)()) == list(getattr(other, question)())
        for asked in (names, [*names, ""], [""], [], ["none"]):
            assert journal.versions(asked) == other.versions(asked)
            assert journal.guarding(asked) == other.guarding(asked)
            assert {key: sorted(found) for key, found in journal.concerning(asked).items()} == {
                key: sorted(found) for key, found in other.concerning(asked).items()
            }
        assert journal.versions(["", names[0]]) == {"": 1, names[0]: 2}


@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize(("acts", "words"), [(1, b"EXECUTE adamas_take"), (2, b"COMMIT")])
def test_a_lost_acknowledgement_is_looked_for_before_anything_is_appended_again(
    postgres: PostgresServer, arrives: bool, acts: int, words: bytes
) -> None:
    """The connection goes while a commit is under way: recorded or not, the act is there exactly once, and
    its receipt is right."""
    url = postgres.url()
    world = World(url)
    with LossyProxy(postgres.folder) as proxy:
        through = url.replace(str(postgres.folder), str(proxy.folder))
        with Ledger.open(through, clock=world.clock, chance=world.chance) as ledger:
            for number in range(3):
                lose = proxy.lose_answer_to if arrives else proxy.lose
                lose(words)
                before = ledger.head().size
                lines = [(goods(f"P{number}-{one}", "1.000"),) for one in range(acts)]
                mined = [e.Mined(by="miner-1", site=SITE, lines=line) for line in lines]
                receipts = ledger.record_batch(Act(event, signing_key("miner-1")) for event in mined)
                assert proxy.lost == number + 1
                assert [one.index for one in receipts] == list(range(before, before + acts))
                assert ledger.head().size == before + acts
                assert receipts[-1].hash == ledger.head().hash
            assert writers.faults(ledger) == []
    world.close()


def test_another_writer_may_come_between(postgres: PostgresServer) -> None:
    """What was lost on the way is appended behind what others recorded meanwhile."""
    url = postgres.url()
    opening.create(url).close()
    with LossyProxy(postgres.folder) as proxy, opening.open(url) as other:
        with opening.open(url.replace(str(postgres.folder), str(proxy.folder))) as journal:
            add(journal, draft("a"))
            proxy.lose(b"EXECUTE adamas_take")
            add(other, draft("b"))
            assert add(journal, draft("c"), read={"c": 0}) == [2]
            proxy.lose_answer_to(b"EXECUTE adamas_take")
            assert add(journal, draft("c"), read={"c": 1}) == [3]
            assert add(other, draft("d")) == [4]
            proxy.lose(b"COMMIT")
            assert add(journal, draft("e"), draft("f")) == [5, 6]
            proxy.lose_answer_to(b"COMMIT")
            assert add(journal, draft("e"), draft("f")) == [7, 8]
            assert proxy.lost == 4
            links = [("a", 1, 0), ("b", 1, 1), ("c", 1, 2), ("c", 2, 3), ("d", 1, 4)]
            more = [("e", 1, 5), ("e", 2, 7), ("f", 1, 6), ("f", 2, 8)]
            assert list(journal.links()) == links + more
            assert journal.head() == other.head()


def test_a_writer_waits_for_a_server_that_was_killed(own: PostgresServer) -> None:
    """Killed with all its processes in the middle of the work, twice; nothing that was told is lost."""
    url = own.url()
    world = World(url)
    told: dict[int, bytes] = {}
    done = threading.Event()
    failed: list[BaseException] = []

    def write() -> None:
        number = 0
        try:
            while not done.is_set():
                number += 1
                receipt = world.mine(f"P{number}", "1.000")
                told[receipt.index] = receipt.hash
        except BaseException as problem:  # noqa: BLE001  told below
            failed.append(problem)

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(2):
        size = len(told)
        while len(told) < size + 20 and not failed:
            time.sleep(0.01)
        own.kill()
        time.sleep(0.3)
        own.restart()
    size = len(told)
    while len(told) < size + 20 and not failed:
        time.sleep(0.01)
    done.set()
    writer.join()
    assert failed == []
    with writers.opened(url) as ledger:
        assert writers.faults(ledger) == []
        hashes = {
            Entry.decode(data).index: Entry.decode(data).previous for _, data in ledger.journal.entries()
        }
        assert all(hashes.get(index + 1, ledger.head().hash) == name for index, name in told.items())
    world.close()


def test_a_server_that_stays_away_is_told(own: PostgresServer) -> None:
    """After some patience, with what to do; and when it is back, the same journal goes on."""
    url = own.url()
    opening.create(url).close()
    with PostgresJournal.open(url, patience=1) as journal:
        add(journal, draft("a"))
        own.kill()
        for ask in (journal.head, lambda: add(journal, draft("b")), lambda: list(journal.entries())):
            with pytest.raises(StoreTrouble) as caught:
                ask()
            assert caught.value.code == "store-unreachable"
        own.restart()
        assert add(journal, draft("b")) == [1]


def test_a_replica_answers_and_is_not_written(own: PostgresServer) -> None:
    """Everything can be read there, views too; writing is refused in words; after it has taken over, a
    writer that knows both hosts goes on."""
    url = own.url()
    world = World(url)
    world.mine("P1", "1.000")
    replica = PostgresServer.follow(own)
    try:
        elsewhere = url.replace(str(own.folder), str(replica.folder))
        writers.wait_for(elsewhere, world.ledger.head().size)
        with Ledger.open(elsewhere, clock_confirmed=True) as ledger:
            assert ledger.head() == world.ledger.head()
            with reading(ledger.journal, ledger.records) as rows:
                assert rows is not None
            with snapshot(ledger.journal) as found:
                assert found.stop() == ledger.head().size
            with pytest.raises(StoreTrouble) as caught:
                ledger.record(
                    e.Mined(by="miner-1", site=SITE, lines=(goods("P2", "1.000"),)), signing_key("miner-1")
                )
            assert caught.value.code == "store-replica"
            with refusing(StoreTrouble, "store-replica"):
                rebuild(ledger.journal, ledger.records)
        with pytest.raises(StoreTrouble) as caught:
            opening.create(elsewhere.replace("search_path%3D", "search_path%3Dnew"))
        assert caught.value.code == "store-replica"
        both = url.replace(f"host={own.folder}", f"host={own.folder},{replica.folder}")
        with Ledger.open(both, clock=world.clock, chance=world.chance) as ledger:
            key = signing_key("miner-1")
            ledger.record(e.Mined(by="miner-1", site=SITE, lines=(goods("P2", "1.000"),)), key)
            writers.wait_for(elsewhere, ledger.head().size)
            own.kill()
            replica.promote()
            ledger.record(e.Mined(by="miner-1", site=SITE, lines=(goods("P3", "1.000"),)), key)
            assert writers.faults(ledger) == []
            assert ledger.state().parcel("P2") is not None
    finally:
        replica.stop()
    world.close()


def test_erased_bytes_are_in_none_of_the_tables_files(own: PostgresServer) -> None:
    """Looked for in the raw files of the database, long and short values, among others that stay."""
    texts = [
        disclosure.disclosure(bytes([n]) * 16, "price", f"{n} begins " + "x" * 40 * n) for n in range(50)
    ]
    with opening.create(own.url()) as journal:
        for one in texts:
            add(journal, draft(disclosures=(one,)))
        gone = texts[::3]
        for number, one in enumerate(texts):
            if one in gone:
                assert journal.erase(number, [disclosure.digest(one)]) == 1
                assert journal.erase(number, [disclosure.digest(one)]) == 0
        with own.connect() as connection:
            connection.execute("CHECKPOINT")
        raw = b"".join(file.read_bytes() for file in (own.data / "base").rglob("*") if file.is_file())
        assert all(one[:40].encode() not in raw for one in gone)
        assert all(one[:40].encode() in raw for one in texts if one not in gone)
        assert [text for _, _, text in journal.digests()] == [one for one in texts if one not in gone]


def test_a_new_ledger_has_what_checking_expects(postgres: PostgresServer) -> None:
    """The list of tables and indexes that a ledger has is that of this server's version too."""
    with opening.create(postgres.url()) as journal, snapshot(journal) as found:
        assert isinstance(found, PostgresSalvage)
        assert found.definitions() == EXPECTED
        assert list(found.deformed()) == []


def test_processes_that_begin_together_make_one_ledger(postgres: PostgresServer) -> None:
    """Of several that make the same one, one does; the others are told."""
    url = postgres.url()
    outcomes: list[str] = []

    def make() -> None:
        try:
            opening.create(url).close()
            outcomes.append("made")
        except StoreTrouble as trouble:
            outcomes.append(trouble.code)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", *["store-exists"] * 5]


def test_a_password_is_never_shown() -> None:
    """Neither that of the URL's beginning nor one among its parameters."""
    for url in (
        "postgresql://keeper:secret@db/bw",
        "postgresql://keeper@db/bw?password=secret&sslmode=require",
    ):
        assert "secret" not in without_password(url)
        assert "keeper@db/bw" in address_of(url).shown
        assert address_of(url).given["password"] == "secret"


def test_of_several_hosts_a_writer_wants_the_one_that_takes_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless somebody has said something else, in the URL or by libpq's variable."""
    name = "target_session_attrs"
    monkeypatch.delenv("PGTARGETSESSIONATTRS", raising=False)
    assert address_of("postgresql://a,b/bw").told(write=True)[name] == "read-write"
    assert name not in address_of("postgresql://a,b/bw").told(write=False)
    assert name not in address_of("postgresql://a/bw").told(write=True)
    assert address_of(f"postgresql://a,b/bw?{name}=any").told(write=True)[name] == "any"
    monkeypatch.setenv("PGTARGETSESSIONATTRS", "any")
    assert name not in address_of("postgresql://a,b/bw").told(write=True)


def test_commits_are_durable_whatever_the_role_has_set(postgres: PostgresServer) -> None:
    """A role whose commits need not wait for the disk does wait here."""
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE hasty LOGIN SUPERUSER")
        connection.execute("ALTER ROLE hasty SET synchronous_commit = off")
    with opening.create(postgres.url().replace("user=postgres", "user=hasty")) as journal:
        with journal.transaction(write=False) as rows:
            assert rows.execute("SHOW synchronous_commit").fetchone() == ("on",)
    with postgres.connect() as connection:
        connection.execute("DROP OWNED BY hasty")
        connection.execute("DROP ROLE hasty")
