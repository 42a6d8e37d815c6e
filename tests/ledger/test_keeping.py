"""The keeper: signs what is durable and nothing else, and never convicts an honest ledger."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ledger.application import Ledger
from ledger.chain import bundle_check, merkle
from ledger.chain.bundle_check import Reader
from ledger.chain.note import VerifierKey
from ledger.chain.trust import Log, Trust
from ledger.domain import events as e
from ledger.errors import Conflict, KeyTrouble, StoreTrouble
from ledger.guard import FileGuard
from ledger.keeping import LedgerKey
from ledger.store.sqlite import SqliteJournal
from tests.refusing import refusing
from tests.world import AUTHORITY, LEDGER_KEY, ORIGIN, World, signing_key

READER = Reader(Trust((Log(VerifierKey.parse(LEDGER_KEY)),)))


@pytest.fixture
def kept(ledger_url: str, tmp_path: Path) -> World:
    """A world whose ledger signs."""
    return World(ledger_url, guard=tmp_path / "ledger.pem.guard")


def reopened(world: World) -> Ledger:
    """The ledger of the world's file, once more, with the same key and guard."""
    return Ledger.open(world.ledger.journal.url, clock=world.clock, chance=world.chance, keeper=world.kept)


def test_a_receipt_proves_at_once(kept: World) -> None:
    """Of a single act, of each of a batch, and of a statement that was there already."""
    first = kept.mine("P1", "12.500")
    assert bundle_check.verify(first.proof().encode(), READER).holds
    batch = kept.ledger.append(
        [
            kept.ledger.sign(e.Weighed(by="miner-1", parcel="P1", weight=weight), kept.keys["miner-1"])
            for weight in (12_499, 12_498, 12_497)
        ]
    )
    again = kept.ledger.append(
        [kept.ledger.sign(e.Weighed(by="miner-1", parcel="P1", weight=1), kept.keys["miner-1"])]
    )
    for receipt in (*batch, *again):
        report = bundle_check.verify(receipt.proof().encode(), READER)
        assert report.holds
        assert report.entry is not None
        assert report.entry.index == receipt.index


def test_a_proof_with_one_other_hash_does_not_hold(kept: World) -> None:
    """Every hash of a receipt's path matters."""
    for number in range(3):
        proof = kept.mine(f"P{number}", "12.500").proof()
    assert len(proof.path) == 2
    for place in range(len(proof.path)):
        path = (*proof.path[:place], bytes(32), *proof.path[place + 1 :])
        broken = type(proof)(proof.index, path, proof.checkpoint, proof.entry)
        assert not bundle_check.verify(broken.encode(), READER).holds


def test_the_ledger_proves_that_it_grew(kept: World) -> None:
    """From any checkpoint that somebody took away."""
    before = kept.ledger.checkpoint().checkpoint
    kept.mine("P1", "12.500", "P2", "1.000")
    now = kept.ledger.checkpoint().checkpoint
    path = kept.ledger.consistency(before.size, now.size)
    merkle.check_consistency(before.size, now.size, path, before.root, now.root)
    assert now.size > before.size


def test_without_a_ledger_key_all_goes_on_as_before(world: World) -> None:
    """A receipt is INDEX:HASH, and says that nobody signs."""
    receipt = world.mine("P1", "12.500")
    assert receipt.text == f"{receipt.index}:{receipt.hash.hex()}"
    assert receipt.signed is None
    with refusing(KeyTrouble, "ledger-key-none"):
        receipt.proof()


def test_a_key_that_the_ledger_does_not_name_signs_nothing(kept: World, tmp_path: Path) -> None:
    """The act is recorded; its receipt tells why it is not signed."""
    url = kept.ledger.journal.url
    kept.close()
    other = LedgerKey(signing_key("somebody"), tmp_path / "other.guard")
    kept.ledger = Ledger.open(url, clock=kept.clock, chance=kept.chance, keeper=other)
    receipt = kept.mine("P1", "12.500")
    assert kept.ledger.head().size == receipt.index + 1
    with refusing(KeyTrouble, "ledger-key-other"):
        receipt.proof()


def put_back(kept: World, folder: Path) -> Path:
    """A copy in its place, from before the last act that was recorded and signed."""
    path = Path(kept.ledger.journal.url)
    kept.close()
    shutil.copyfile(path, folder / "old.db")
    kept.ledger = reopened(kept)
    kept.mine("P1", "12.500")
    kept.close()
    shutil.copyfile(folder / "old.db", path)
    kept.ledger = reopened(kept)
    return path


@pytest.mark.file("a copy of the file is put back")
def test_an_old_copy_put_back_takes_nothing_more(kept: World, tmp_path: Path) -> None:
    """Neither smaller than what was signed, nor when it is said to have grown beyond it."""
    path = put_back(kept, tmp_path)
    with refusing(Conflict, "guard-behind") as refused:
        kept.mine("P1", "9.999")
    assert "adamas house close" in str(refused.value)
    with refusing(Conflict, "guard-behind"):
        kept.ledger.checkpoint()
    kept.close()
    grown = Ledger.open(str(path), clock=kept.clock, chance=kept.chance)  # without the key it grows
    for number in range(3):
        mined = e.Mined(by="miner-1", site="kalahari-1", lines=(e.Goods(f"Q{number}", 1_000),))
        grown.record(mined, kept.keys["miner-1"])
    grown.close()
    kept.ledger = reopened(kept)
    with refusing(Conflict, "guard-sideways"):
        kept.ledger.checkpoint()


@pytest.mark.file("a copy of the file is put back")
def test_going_on_behind_the_guard_is_the_end_under_this_origin(kept: World, tmp_path: Path) -> None:
    """The old copy can record that it ends and what continues it; nobody signs that, and nothing follows."""
    put_back(kept, tmp_path)
    head = kept.ledger.head()
    closed = e.LedgerClosed(
        by=AUTHORITY, size=head.size, root=head.root(), successor="ledger.example/bw/next"
    )
    receipt = kept.do(closed)
    assert receipt.index == head.size
    assert isinstance(receipt.trouble, Conflict)
    house = kept.ledger.state().house()
    assert house is not None
    assert house.successor == "ledger.example/bw/next"


@pytest.mark.file("the file is copied")
def test_of_two_copies_only_the_first_goes_on(kept: World, tmp_path: Path) -> None:
    """Both have the key and the guard's file; what the second recorded before is not signed."""
    path = Path(kept.ledger.journal.url)
    kept.close()
    shutil.copyfile(path, tmp_path / "copy.db")
    kept.ledger = reopened(kept)
    copy = Ledger.open(str(tmp_path / "copy.db"), clock=kept.clock, chance=kept.chance, keeper=kept.kept)
    kept.mine("P1", "12.500")
    kept.close()
    with refusing(Conflict, "guard-behind"):
        copy.record(e.Mined(by="miner-1", site="kalahari-1", lines=(e.Goods("P1", 7),)), kept.keys["miner-1"])
    with refusing(Conflict, "guard-behind"):
        copy.checkpoint()


def test_several_processes_keep_one_ledger(kept: World) -> None:
    """Whoever is behind reads the head again; nobody is accused."""
    other = reopened(kept)
    for number in range(4):
        mined = e.Mined(by="miner-1", site="kalahari-1", lines=(e.Goods(f"Q{number}", 1_000),))
        receipt = (kept.ledger, other)[number % 2].record(mined, kept.keys["miner-1"])
        FileGuard(kept.kept.guard, ORIGIN).write()  # type: ignore[union-attr]
        assert bundle_check.verify(receipt.proof().encode(), READER).holds
    sizes = {ledger.checkpoint().checkpoint.size for ledger in (kept.ledger, other)}
    assert sizes == {kept.ledger.head().size}


class Lost(SqliteJournal):
    """A store whose answer to a commit is lost: ``before`` or after it became durable."""

    before = False
    lost = False

    def append(self, *args: object, **more: object) -> object:  # type: ignore[override]
        """Append, and lose the answer once it is switched on."""
        if self.lost and self.before:
            raise StoreTrouble("store-full", path=self.url)
        answer: object = super().append(*args, **more)  # type: ignore[arg-type]
        if self.lost:
            raise StoreTrouble("store-full", path=self.url)
        return answer


@pytest.mark.file("a server's lost answers: tests/ledger/store/test_postgres.py")
@pytest.mark.parametrize("before", [True, False])
def test_an_unknown_outcome_is_read_again_before_signing(
    before: bool, kept: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the commit became durable or not, the checkpoint is that of what is there, and the same
    statement again has one receipt."""
    monkeypatch.setattr("ledger.store.sqlite.SqliteJournal", Lost)
    kept.close()
    kept.ledger = reopened(kept)
    journal = kept.ledger.journal
    assert isinstance(journal, Lost)
    signed = kept.ledger.sign(
        e.Mined(by="miner-1", site="kalahari-1", lines=(e.Goods("P1", 1_000),)), kept.keys["miner-1"]
    )
    size = kept.ledger.head().size
    journal.lost, journal.before = True, before
    with refusing(StoreTrouble, "store-full"):
        kept.ledger.append([signed])
    journal.lost = False
    now = kept.ledger.checkpoint().checkpoint
    assert now.size == size + (not before)
    assert now.root == kept.ledger.head().root()
    (receipt,) = kept.ledger.append([signed])
    assert receipt.index == size
    assert bundle_check.verify(receipt.proof().encode(), READER).holds


def _revoke(world: World) -> e.Event:
    head = world.ledger.head()
    return e.LedgerKeyRevoked(by=AUTHORITY, key=LEDGER_KEY, size=head.size, root=head.root())


def test_a_revoked_key_signs_no_more(kept: World) -> None:
    """From the entry on that says so."""
    receipt = kept.do(_revoke(kept))
    with refusing(KeyTrouble, "ledger-key-void"):
        receipt.proof()
    with refusing(KeyTrouble, "ledger-key-void"):
        kept.ledger.checkpoint()


def test_what_another_process_signs_during_the_check_is_no_accusation(kept: World) -> None:
    """Between reading the guard and asking it, a second process signs: both histories are the same one."""
    kept.mine("P1", "12.500")
    with reopened(kept) as other:
        keeper = other.keeper
        root_of, signed = keeper.tree.root, []

        def meanwhile(size: int) -> bytes:
            if len(signed) < 3:
                kept.mine(f"M{len(signed)}", "1.000")
                kept.ledger.keeper.close()
                signed.append(kept.ledger.checkpoint().checkpoint)
            return root_of(size)

        keeper.tree.root = meanwhile  # type: ignore[method-assign]
        keeper.check()
        last = keeper.checkpoint().checkpoint
    assert len(signed) == 3
    assert last == signed[-1]
