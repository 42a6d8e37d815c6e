"""Copies, backups: the same entries, hashes and roots in another store, or nothing."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from ledger.audit.auditing import Audit, Options
from ledger.chain import disclosure
from ledger.chain.statement import Statement, sign
from ledger.domain import events as e
from ledger.errors import StoreTrouble
from ledger.store import opening
from ledger.store.checking import open_for_checking
from ledger.store.copying import backup, copy
from ledger.store.journal import Draft, Journal
from ledger.store.records import Records
from tests.postgres_server import PostgresServer
from tests.world import World, goods


def busy(url: str) -> World:
    """A world in which goods were mined, split, sold at a sealed price, and exported."""
    world = World(url)
    for number in range(20):
        world.mine(f"P{number}", "12.500")
        world.split(f"P{number}", {f"P{number}-a": "5.000", f"P{number}-b": "7.500"})
        world.sell(f"P{number}-a", to="dealer-7", price=100 + number)
    world.do(
        e.Mined(by="miner-1", site="kalahari-1", lines=tuple(goods(f"L{n}", "0.010") for n in range(300)))
    )
    return world


def held(journal: Journal) -> dict[str, object]:
    """All that a journal holds and that a copy must hold."""
    return {
        "head": journal.head(),
        "entries": list(journal.entries()),
        "links": list(journal.links()),
        "mentions": list(journal.mentions()),
        "ids": list(journal.ids()),
        "types": journal.types(),
        "values": [(index, text) for index, _, text in journal.digests()],
        "nodes": journal.nodes(4, 0, 100),
    }


def faults(url: str) -> list[str]:
    """What verifying finds."""
    with open_for_checking(url) as journal:
        audit = Audit(journal, Options(cores=1))
        assert list(audit.run())
        return [str(fault) for fault in audit.faults]


@pytest.fixture(
    params=["sqlite to sqlite", "sqlite to postgresql", "postgresql to sqlite", "postgresql to itself"]
)
def ways(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """From where, to where."""
    source, _, target = request.param.partition(" to ")
    server: PostgresServer | None = None
    if "postgresql" in request.param:
        server = request.getfixturevalue("postgres")

    def place(name: str, kind: str) -> str:
        return str(tmp_path / f"{name}.db") if kind == "sqlite" or server is None else server.url()

    return place("source", source), place("target", target)


def test_a_copy_is_the_same_ledger(ways: tuple[str, str]) -> None:
    """Entries, hashes, root, links, mentions, ids, kept values, subtrees; and it verifies."""
    source, target = ways
    world = busy(source)
    told: list[int] = []
    head = copy(world.ledger.journal, target, told.append)
    assert sum(told) == head.size
    with opening.open(target) as made:
        assert held(made) == held(world.ledger.journal)
    assert faults(target) == []
    world.close()


def test_a_copy_goes_on_by_itself(ways: tuple[str, str]) -> None:
    """The next act is recorded in it as it would have been in the source."""
    source, target = ways
    world = busy(source)
    copy(world.ledger.journal, target)
    other = World(":memory:")
    other.ledger.close()
    other.ledger = world.ledger.__class__.open(target, clock=world.clock, chance=world.chance)
    receipt = other.sell("P3-b", to="dealer-8")
    assert receipt.index == world.ledger.head().size
    assert faults(target) == []
    other.close()
    world.close()


def test_entries_of_a_newer_version_go_with_the_others(ways: tuple[str, str]) -> None:
    """Byte for byte, with what finds them and their sealed values; the copy's copy too, and acts go on."""
    source, target = ways
    world = busy(source)
    journal = world.ledger.journal
    for number, guarded in enumerate((("parcel:P3-b", "robot:7"), (), ("robot:7",))):
        text = disclosure.disclosure(bytes(16), "pilot", f"nobody {number}")
        body = {"parcel": "P3-b", "_sd": [disclosure.digest(text)]}
        statement = Statement(world.ledger.origin, b"newer %d".ljust(18, b"-")[:15] + b"%d" % number,
                              "parcel-polished/9", world.keys["miner-1"].public, body)  # fmt: skip
        signed = sign(statement, world.keys["miner-1"])
        drafted = Draft(signed.statement, signed.signature, statement.id, statement.type, guarded,
                        ("parcel:P4-b", "site:moon"), (text,))  # fmt: skip
        journal.append([drafted], clock=world.clock, read={}, head=journal.head())
        world.ledger.records.catch_up()
        world.mine(f"after-{number}", "1.000")
    copy(journal, target)
    with opening.open(target) as copied:
        assert held(copied) == held(journal)
        assert copied.guarded_entries("robot:7") != []
        copy(copied, ":memory:")
    assert faults(target) == faults(source)
    world.close()


def test_nothing_is_copied_over_a_ledger(ways: tuple[str, str]) -> None:
    """The target stays as it is."""
    source, target = ways
    world = busy(source)
    with World(target).ledger as there:
        before = there.head()
    with pytest.raises(StoreTrouble) as caught:
        copy(world.ledger.journal, target)
    assert caught.value.code == "store-exists"
    with opening.open(target) as made:
        assert made.head() == before
    world.close()


def test_erased_values_do_not_come_back(ways: tuple[str, str]) -> None:
    """Values that an old file still holds although their erasure is recorded are left behind."""
    source, target = ways
    world = busy(source)
    index = next(iter(world.ledger.journal.digests()))[0]
    sealed = world.ledger.sealed(index)
    text = world.ledger.journal.disclosures(index)
    world.do(e.DisclosureErased(by="gaborone", index=index, digests=tuple(sealed.values()), ground="court"))
    with world.ledger.journal.transaction(write=True) as rows:
        mark = "%s" if source.startswith("postgresql") else "?"
        values = (index, next(iter(sealed.values())), text[0])
        rows.execute(
            f"INSERT INTO disclosures (idx, digest, disclosure) VALUES ({mark}, {mark}, {mark})", values
        )
    assert world.ledger.journal.disclosures(index) == text
    copy(world.ledger.journal, target)
    with opening.open(target) as made:
        assert made.disclosures(index) == ()
        assert len(list(made.digests())) == 29
    assert faults(target) == []
    world.close()


def test_an_altered_entry_is_named_and_nothing_is_left(ways: tuple[str, str]) -> None:
    """A source whose entry has another byte gives no copy at all."""
    source, target = ways
    world = busy(source)
    data = bytearray(world.ledger.journal.entry(50))
    data[-1] ^= 1
    with world.ledger.journal.transaction(write=True) as rows:
        mark = "%s" if source.startswith("postgresql") else "?"
        rows.execute(f"UPDATE stored_events SET state = {mark} WHERE originator_version = 50", (bytes(data),))
    with pytest.raises(StoreTrouble) as caught:
        copy(world.ledger.journal, target)
    assert (caught.value.code, caught.value.values["index"]) == ("copy-differs", 51)
    with pytest.raises(StoreTrouble) as caught:
        opening.open(target)
    assert caught.value.code == "store-missing"
    world.close()


def test_a_backup_while_others_write_is_one_state(store_url: str, tmp_path: Path) -> None:
    """A writer goes on all the time; the file is a whole ledger that was there at some moment, and
    verifies.
    """
    world = busy(store_url)
    size = world.ledger.head().size
    done = threading.Event()
    failed: list[BaseException] = []

    def write() -> None:
        number = 0
        try:
            while not done.is_set():
                number += 1
                world.mine(f"W{number}", "1.000")
        except BaseException as problem:  # noqa: BLE001  told below
            failed.append(problem)

    writer = threading.Thread(target=write)
    writer.start()
    heads = []
    for number in range(3):
        with opening.open(store_url, write=False) as source:
            heads.append(backup(source, tmp_path / f"{number}.backup"))
    done.set()
    writer.join()
    assert failed == []
    assert size <= heads[0].size <= heads[1].size <= heads[2].size
    for number, head in enumerate(heads):
        path = tmp_path / f"{number}.backup"
        assert faults(str(path)) == []
        with opening.open(str(path), write=False) as made:
            assert made.head() == head
            assert Records(made).recorded(head.size - 1).index == head.size - 1
    assert sorted(p.name for p in tmp_path.glob("*.backup*")) == ["0.backup", "1.backup", "2.backup"]
    world.close()


@pytest.mark.skipif(os.name != "posix", reason="files have no such modes here")
def test_a_backup_is_no_more_open_than_the_ledger(store_url: str, tmp_path: Path) -> None:
    """Sealed names and prices lie in it too, and in a copy."""
    world = busy(store_url)
    backup(world.ledger.journal, tmp_path / "safe.db")
    copy(world.ledger.journal, str(tmp_path / "moved.db"))
    world.close()
    for name in ("safe.db", "moved.db"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_a_backup_takes_no_name_that_is_taken(store_url: str, tmp_path: Path) -> None:
    """What is there stays."""
    world = World(store_url)
    path = tmp_path / "there"
    path.write_bytes(b"something")
    with pytest.raises(StoreTrouble) as caught:
        backup(world.ledger.journal, path)
    assert caught.value.code == "store-exists"
    assert path.read_bytes() == b"something"
    with pytest.raises(StoreTrouble) as caught:
        backup(world.ledger.journal, tmp_path / "nowhere" / "file")
    assert caught.value.code == "store-unwritable"
    world.close()
