"""Erasing by law: the value is gone from this database, every hash stays, and the erasure is an act."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ledger.chain.entry import entry_hash
from ledger.domain import events as e
from ledger.domain.fields import WITHHELD
from ledger.errors import Refused
from ledger.store import opening as stores
from tests.world import AUTHORITY, World

SECRET = "Widow Nkomo, 12 Independence Avenue"


@pytest.fixture
def registered(world_file: World) -> tuple[World, int, str]:
    """A world with a party whose name is sealed: the entry's index and the name's digest."""
    receipt = world_file.do(e.PartyRegistered(by=AUTHORITY, party="digger-1", roles=("miner",), name=SECRET))
    return world_file, receipt.index, world_file.ledger.sealed(receipt.index)["name"]


def erase(world: World, index: int, digest: str) -> int:
    """Record the erasure; its index."""
    return world.do(
        e.DisclosureErased(by=AUTHORITY, index=index, digests=(digest,), ground="a court's order")
    ).index


def raw(world: World) -> bytes:
    """Every byte that lies beside the ledger's file, its log included."""
    folder = Path(world.ledger.journal.url).parent
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


@pytest.mark.file("the bytes of the file and its log")
def test_an_erased_value_is_in_no_file(registered: tuple[World, int, str]) -> None:
    """Looked for in the raw bytes of database and log, before and after."""
    world, index, digest = registered
    (text,) = world.ledger.journal.disclosures(index)
    assert text.encode() in raw(world)
    erase(world, index, digest)
    assert text.encode() not in raw(world)
    assert text[-16:].encode() not in raw(world)
    assert world.ledger.sealed(index) == {}


def test_what_was_remembered_of_it_is_forgotten(registered: tuple[World, int, str]) -> None:
    """The state shows it as withheld, in the process that had read it."""
    world, index, digest = registered
    assert world.ledger.state().party("digger-1").name == SECRET  # type: ignore[union-attr]
    erase(world, index, digest)
    assert world.ledger.state().party("digger-1").name is WITHHELD  # type: ignore[union-attr]


def test_no_hash_changes_and_the_erasure_is_an_entry(registered: tuple[World, int, str]) -> None:
    """The entries before it are byte for byte the same; who erased what, on what ground, is recorded."""
    world, index, digest = registered
    before = list(world.ledger.journal.entries())
    at = erase(world, index, digest)
    after = list(world.ledger.journal.entries())
    assert after[:-1] == before
    record = world.ledger.records.recorded(at)
    assert record.event == e.DisclosureErased(
        by=AUTHORITY, index=index, digests=(digest,), ground="a court's order"
    )
    assert record.about is not None
    assert record.about.hash == entry_hash(before[index][1])
    assert world.ledger.journal.erasures() == [at]


def test_only_an_authority_erases_and_only_what_is_sealed(registered: tuple[World, int, str]) -> None:
    """Another party, another digest, an entry that is not there."""
    world, index, digest = registered
    event = e.DisclosureErased(by="dealer-7", index=index, digests=(digest,), ground="wish")
    assert "role-missing" in world.codes(event)
    for index_, digest_, code in ((index, "A" * 43, "digest-unknown"), (index + 9, digest, "entry-unknown")):
        with pytest.raises(Refused) as caught:
            erase(world, index_, digest_)
        assert caught.value.code == code
    assert world.ledger.sealed(index) == {"name": digest}


@pytest.mark.file("the bytes of the file")
def test_a_copy_that_brings_values_back_loses_them_on_opening(registered: tuple[World, int, str]) -> None:
    """A table put back from a backup, beside entries that say it was erased."""
    world, index, digest = registered
    (text,) = world.ledger.journal.disclosures(index)
    erase(world, index, digest)
    with world.ledger.journal.transaction(write=True) as rows:
        rows.execute(
            "INSERT INTO disclosures (idx, digest, disclosure) VALUES (?, ?, ?)", (index, digest, text)
        )
    world.reopen(write=False)
    assert world.ledger.journal.disclosures(index) == (text,)
    world.reopen()
    assert world.ledger.journal.disclosures(index) == ()
    assert text.encode() not in raw(world)


@pytest.mark.file("the file is copied")
def test_a_copy_made_before_is_beyond_reach(registered: tuple[World, int, str], tmp_path: Path) -> None:
    """It says nothing of an erasure that came later, and keeps the value: what the documents say, too."""
    world, index, digest = registered
    world.ledger.close()
    kept = tmp_path / "backup" / "ledger.db"
    kept.parent.mkdir()
    shutil.copyfile(world.ledger.journal.url, kept)
    world.reopen()
    erase(world, index, digest)
    with stores.open(str(kept)) as journal:
        assert len(journal.disclosures(index)) == 1
        assert journal.erasures() == []
