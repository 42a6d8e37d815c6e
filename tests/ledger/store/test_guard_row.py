"""A guard in a row: several machines sign one ledger, and none of them another history.

A machine is a folder with its own copy of the ledger's key and its own guard file; nothing else is shared but
the ledger and the row. The row's server is another one than the ledger's.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from ledger.application import Ledger
from ledger.chain import bundle_check
from ledger.chain.bundle_check import Reader
from ledger.chain.note import VerifierKey
from ledger.chain.trust import Log, Trust
from ledger.domain import events as e
from ledger.errors import Conflict, KeyTrouble, StoreTrouble
from ledger.guard import FileGuard, Moved, Signed
from ledger.keeping import LedgerKey, Receipt
from ledger.store import guard_row, opening
from ledger.store.copying import copy
from ledger.store.guard_row import RowGuard
from ledger.store.sqlite import SqliteJournal
from tests.lossy_proxy import LossyProxy
from tests.postgres_server import PostgresServer
from tests.refusing import refusing
from tests.world import LEDGER_KEY, ORIGIN, SITE, Chance, Clock, World, goods, signing_key

A, B = b"a" * 32, b"b" * 32
READER = Reader(Trust((Log(VerifierKey.parse(LEDGER_KEY)),)))
_numbers = count(1)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[PostgresServer]:
    """The server of guards, which the tests may kill."""
    server = PostgresServer.start()
    yield server
    server.stop()


@pytest.fixture
def row(elsewhere: PostgresServer) -> str:
    """Where a row can be laid."""
    return elsewhere.url()


@pytest.fixture
def world(tmp_path: Path, row: str) -> Iterator[World]:
    """A ledger in a file, guarded by a row; its own machine's folder is ``first``."""
    (tmp_path / "first").mkdir()
    world = World(tmp_path / "ledger.db", guard=tmp_path / "first" / "ledger.pem.guard")
    lay(row, world.ledger)
    world.kept = LedgerKey(signing_key("ledger"), tmp_path / "first" / "ledger.pem.guard", row=row)
    world.reopen()
    yield world
    world.close()


def lay(url: str, ledger: Ledger) -> None:
    """Make the row."""
    guard = RowGuard(url, ORIGIN, ledger.journal)
    guard.lay()
    guard.close()


def machine(url: str, folder: Path, row: str | None) -> Ledger:
    """A machine that writes, with its own copy of the key."""
    folder.mkdir(exist_ok=True)
    key = LedgerKey(signing_key("ledger"), folder / "ledger.pem.guard", row=row)
    return Ledger.open(url, clock=Clock(), chance=Chance(str(folder).encode()), keeper=key)


def mine(ledger: Ledger, parcel: str | None = None) -> Receipt:
    """Some act."""
    name = parcel or f"M{next(_numbers)}"
    return ledger.record(
        e.Mined(by="miner-1", site=SITE, lines=(goods(name, "1.000"),)), signing_key("miner-1")
    )


def at_once(threads: list[threading.Thread]) -> None:
    """Let all of them run, to their end."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def proves(receipt: Receipt) -> bool:
    """Whether a stranger would be shown the entry."""
    return bundle_check.verify(receipt.proof().encode(), READER).holds


def test_two_machines_write_at_once(tmp_path: Path, postgres: PostgresServer, row: str) -> None:
    """Every act has its receipt, which proves; the row ends where the ledger ends, and so does the file of
    whichever machine was last."""
    url = postgres.url()
    world = World(url, guard=tmp_path / "ledger.pem.guard")
    lay(row, world.ledger)
    world.close()
    machines = [machine(url, tmp_path / name, row) for name in ("first", "second")]
    receipts: list[Receipt] = []

    def write(ledger: Ledger) -> None:
        receipts.extend(mine(ledger) for _ in range(5))

    at_once([threading.Thread(target=write, args=(one,)) for one in machines])
    assert len(receipts) == 10
    assert len({one.index for one in receipts}) == 10
    assert all(map(proves, receipts))
    head = machines[0].head()
    guard = RowGuard(row, ORIGIN, machines[0].journal)
    assert guard.look() == Signed(head.size, head.root())
    guard.close()
    for one in machines:
        one.close()
    files = [FileGuard(tmp_path / name / "ledger.pem.guard", ORIGIN).newest for name in ("first", "second")]
    assert max(one.size for one in files if one) == head.size


def test_an_old_copy_put_back_on_one_machine_signs_nothing(
    tmp_path: Path, postgres: PostgresServer, row: str
) -> None:
    """Although that machine's own file knows nothing. It takes no act either, and the other one goes on."""
    url = postgres.url()
    world = World(url, guard=tmp_path / "ledger.pem.guard")
    lay(row, world.ledger)
    world.close()
    old = postgres.url()
    with opening.open(url, write=False) as journal:
        copy(journal, old)
    first, second = machine(url, tmp_path / "first", row), machine(old, tmp_path / "second", row)
    mine(first)
    with refusing(Conflict, "guard-behind") as refused:
        mine(second)
    assert refused.value.values["path"] == RowGuard(row, ORIGIN, first.journal).place
    with refusing(Conflict, "guard-behind"):
        second.checkpoint()
    assert second.head().size == first.head().size - 1
    assert proves(mine(first))
    for one in (first, second):
        one.close()


def test_of_two_copies_that_run_at_once_one_is_refused(world: World, row: str, tmp_path: Path) -> None:
    """Whichever signs first goes on; the other one says so before it records anything."""
    world.ledger.close()
    shutil.copyfile(world.ledger.journal.url, tmp_path / "copy.db")
    first = machine(world.ledger.journal.url, tmp_path / "first", row)
    second = machine(str(tmp_path / "copy.db"), tmp_path / "second", row)
    size = first.head().size
    mine(second)
    with refusing(Conflict, "guard-behind"):
        mine(first)
    assert (first.head().size, second.head().size) == (size, size + 1)
    assert proves(mine(second))
    first.close()
    without = Ledger.open(
        first.journal.url, clock=Clock(), chance=Chance(b"grown")
    )  # without the key it grows
    for _ in range(2):
        mine(without)
    without.close()
    first = machine(first.journal.url, tmp_path / "first", row)
    with refusing(Conflict, "guard-sideways"):
        first.checkpoint()
    for one in (first, second):
        one.close()


@pytest.fixture
def journal() -> Iterator[SqliteJournal]:
    """A ledger that has no server."""
    journal = SqliteJournal.create(":memory:")
    yield journal
    journal.close()


@pytest.fixture
def pair(journal: SqliteJournal, row: str) -> Iterator[tuple[RowGuard, RowGuard]]:
    """The row as two machines have it; nothing was signed yet."""
    both = RowGuard(row, ORIGIN, journal), RowGuard(row, ORIGIN, journal)
    for one in both:
        one.lay()
    yield both
    for one in both:
        one.close()


def test_a_row_is_a_guard(pair: tuple[RowGuard, RowGuard]) -> None:
    """It lets a ledger grow and stand still, refuses backwards and sideways, and says what moved."""
    one, other = pair
    assert (one.look(), one.newest) == (None, None)
    for size, root in ((1, A), (1, A), (2, B), (7, A)):
        one.permit(size, root)
    assert (one.newest, other.look()) == (Signed(7, A), Signed(7, A))
    for size, root, code in ((6, A, "guard-behind"), (7, B, "guard-sideways")):
        for guard in (one, other):
            with refusing(Conflict, code):
                guard.permit(size, root)
    other.permit(8, A, after=Signed(7, A))
    with pytest.raises(Moved):
        one.permit(9, B, after=Signed(7, A))
    with refusing(Conflict, "guard-sideways"):
        one.permit(8, B, after=Signed(7, A))
    one.permit(8, A, after=Signed(7, A))
    one.permit(9, B, after=Signed(8, A))
    with pytest.raises(Moved):
        other.permit(10, A, after=None)
    assert other.look() == Signed(9, B)


def test_of_many_that_ask_for_one_size_at_once_one_is_let(pair: tuple[RowGuard, RowGuard]) -> None:
    """With as many roots as there are machines."""
    answers: list[str] = []

    def ask(guard: RowGuard, root: bytes, start: threading.Barrier) -> None:
        guard.look()
        start.wait()
        try:
            guard.permit(5, root, after=None)
        except (Conflict, Moved) as refused:
            answers.append(type(refused).__name__)
        else:
            answers.append("let")

    start = threading.Barrier(2)
    threads = [
        threading.Thread(target=ask, args=(guard, root, start))
        for guard, root in zip(pair, (A, B), strict=True)
    ]
    at_once(threads)
    assert sorted(answers) == ["Conflict", "let"]


def test_a_row_that_was_put_back_is_moved_on(
    pair: tuple[RowGuard, RowGuard], row: str, elsewhere: PostgresServer
) -> None:
    """What a process knows to be signed it does not forget; and beside its key each machine has a file."""
    one, other = pair
    one.permit(7, A)
    with elsewhere.connect(row.rpartition("%3D")[2]) as connection:
        connection.execute("UPDATE adamas_guards SET size = 3, root = %s", (B,))
    with refusing(Conflict, "guard-behind"):
        one.permit(5, B)
    one.look()
    one.permit(7, A)
    assert other.look() == Signed(7, A)


@pytest.mark.parametrize("arrives", [True, False])
def test_an_answer_that_was_lost_is_found_out_by_reading(
    arrives: bool, journal: SqliteJournal, row: str, elsewhere: PostgresServer
) -> None:
    """Whether the row was moved or not, it is moved once, and what was asked for is permitted."""
    with LossyProxy(elsewhere.folder) as proxy:
        through = row.replace(str(elsewhere.folder), str(proxy.folder))
        guard = RowGuard(through, ORIGIN, journal)
        guard.lay()
        guard.permit(4, A)
        (proxy.lose_answer_to if arrives else proxy.lose)((5).to_bytes(2, "big") + b"\x00\x00\x00\x20" + B)
        guard.permit(5, B, after=Signed(4, A))
        assert proxy.lost == 1
        guard.permit(6, A, after=Signed(5, B))
        guard.close()


class Falling(SqliteJournal):
    """A store beside which the guard's server is killed as soon as something was recorded."""

    falls: PostgresServer | None = None

    def append(self, *args: object, **more: object) -> object:  # type: ignore[override]
        """Append, and let the server fall."""
        answer: object = super().append(*args, **more)  # type: ignore[arg-type]
        if self.falls is not None:
            self.falls.kill()
            self.falls = None
        return answer


def test_while_the_server_is_down_nothing_is_signed_and_nothing_lost(
    world: World, row: str, elsewhere: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was recorded when it fell is there, with why it is not signed; no more is taken until it answers;
    then all is signed. Who is patient waits for it, and notices nothing."""
    monkeypatch.setattr("ledger.store.sqlite.SqliteJournal", Falling)
    patient = machine(world.ledger.journal.url, tmp_path / "second", row)
    mine(patient)
    monkeypatch.setattr(guard_row, "PATIENCE", 0.1)
    world.reopen()
    first = world.mine("P1", "1.000")
    world.ledger.journal.falls = elsewhere  # type: ignore[attr-defined]
    receipt = world.mine("P2", "1.000")
    assert world.ledger.head().size == receipt.index + 1 == first.index + 2
    assert isinstance(receipt.trouble, KeyTrouble)
    assert receipt.trouble.code == "guard-unreachable"
    assert "out of reach" in str(receipt.trouble)
    with refusing(KeyTrouble, "guard-unreachable"):
        world.mine("P3", "1.000")
    with refusing(KeyTrouble, "guard-unreachable"):
        world.ledger.checkpoint()
    assert world.ledger.head().size == receipt.index + 1
    back = threading.Timer(0.05, elsewhere.restart)
    back.start()
    assert proves(mine(patient))
    patient.close()
    back.join()
    assert world.ledger.checkpoint().checkpoint.size == receipt.index + 2
    assert bundle_check.verify(world.ledger.proof(receipt.index).encode(), READER).holds
    assert proves(world.mine("P3", "1.000"))


def test_a_guard_that_is_down_at_first_is_asked_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever tries once more does not write without a guard."""
    monkeypatch.setattr(guard_row, "FIRST_PATIENCE", 0.0)
    ledger = machine(world.ledger.journal.url, tmp_path / "second", f"postgresql:///x?host={tmp_path}&user=x")
    for _ in range(2):
        with refusing(KeyTrouble, "guard-unreachable"):
            mine(ledger)
    assert ledger.head() == world.ledger.head()
    ledger.close()


def test_a_row_or_table_that_is_missing_is_never_begun_in_silence(
    world: World, row: str, elsewhere: PostgresServer, tmp_path: Path
) -> None:
    """It says which command makes one; the row that is laid again learns from each machine's own file."""
    size = world.ledger.head().size
    world.ledger.checkpoint()
    world.ledger.close()
    old = tmp_path / "old.db"
    shutil.copyfile(world.ledger.journal.url, old)
    world.ledger = machine(world.ledger.journal.url, tmp_path / "first", row)
    mine(world.ledger)
    for statement in ("DELETE FROM adamas_guards", "DROP TABLE adamas_guards"):
        with elsewhere.connect(row.rpartition("%3D")[2]) as connection:
            connection.execute(statement)
        with refusing(KeyTrouble, "guard-row-missing") as refused:
            mine(world.ledger)
        assert "adamas house share-guard" in str(refused.value)
        assert world.ledger.head().size == size + 1
        lay(row, world.ledger)
    world.ledger.close()
    world.ledger = machine(str(old), tmp_path / "first", row)
    with refusing(Conflict, "guard-behind") as behind:
        world.ledger.checkpoint()
    assert str(behind.value.values["path"]).endswith("ledger.pem.guard")


def test_the_ledgers_own_database_holds_no_guard(postgres: PostgresServer, tmp_path: Path) -> None:
    """In whatever schema; neither is it made there, nor asked."""
    world = World(postgres.url(), guard=tmp_path / "ledger.pem.guard")
    own = RowGuard(postgres.url(), ORIGIN, world.ledger.journal)
    for ask in (own.lay, own.look):
        with refusing(KeyTrouble, "guard-own-database"):
            ask()
    own.close()
    world.close()


def test_a_row_that_may_not_be_used(
    pair: tuple[RowGuard, RowGuard], journal: SqliteJournal, row: str, elsewhere: PostgresServer
) -> None:
    """By a role without rights, or in no database: it says why."""
    with elsewhere.connect() as connection:
        connection.execute(
            "DO $$ BEGIN CREATE ROLE stranger LOGIN; EXCEPTION WHEN duplicate_object THEN END $$"
        )
    for url in (row.replace("user=postgres", "user=stranger"), row.replace("/postgres?", "/nothing?")):
        guard = RowGuard(url, ORIGIN, journal)
        with refusing(KeyTrouble, "guard-row-unusable" if "nothing" in url else "guard-row-missing"):
            guard.look()
        guard.close()
    with refusing(StoreTrouble, "store-url"):
        opening.guard_row("sqlite:///guard.db", ORIGIN, journal)
    with elsewhere.connect(row.rpartition("%3D")[2]) as connection:
        connection.execute(
            "CREATE FUNCTION stand() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        )
        connection.execute(
            "CREATE TRIGGER stands BEFORE UPDATE ON adamas_guards FOR EACH ROW EXECUTE FUNCTION stand()"
        )
        with refusing(KeyTrouble, "guard-row-unusable"):
            pair[0].permit(5, A)
        connection.execute("CREATE RULE stands AS ON UPDATE TO adamas_guards DO INSTEAD NOTHING")
    with refusing(KeyTrouble, "guard-row-unusable"):
        pair[1].permit(5, A)
