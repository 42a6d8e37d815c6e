"""The guard refuses to sign backwards and sideways, whatever became of the database."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ledger.errors import Conflict, KeyTrouble, Unavailable
from ledger.guard import EVERY, FileGuard, Moved, Signed
from ledger.keeping import LedgerKey
from tests.refusing import refusing
from tests.world import World, signing_key

ORIGIN = "ledger.example/bw/k7q2"
A, B = b"a" * 32, b"b" * 32


class Hand:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def hand() -> Hand:
    """The clock."""
    return Hand()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the guard lies."""
    return tmp_path / "ledger.pem.guard"


def test_it_lets_a_ledger_grow_and_stand_still(path: Path, hand: Hand) -> None:
    """The same size and root may be signed as often as asked."""
    guard = FileGuard(path, ORIGIN, hand)
    for size, root in ((1, A), (1, A), (2, B), (7, A)):
        guard.permit(size, root)
    assert guard.newest == Signed(7, A)


@pytest.mark.parametrize(("size", "root", "code"), [(6, A, "guard-behind"), (7, B, "guard-sideways")])
def test_it_refuses_backwards_and_sideways(path: Path, hand: Hand, size: int, root: bytes, code: str) -> None:
    """In the same process, and after a restart with an old copy of the database."""
    guard = FileGuard(path, ORIGIN, hand)
    guard.permit(7, A)
    with refusing(Conflict, code):
        guard.permit(size, root)
    guard.write()
    with refusing(Conflict, code) as refused:
        FileGuard(path, ORIGIN, hand).permit(size, root)
    assert "new origin" in str(refused.value)


def test_a_killed_process_forgets_nothing(path: Path, hand: Hand) -> None:
    """Each signature is remembered before it is made, also within the second in which nothing is forced."""
    guard = FileGuard(path, ORIGIN, hand)
    for size, root, now in ((1, A, 0.0), (2, B, EVERY / 2), (3, A, EVERY)):
        hand.now = now
        guard.permit(size, root)
        assert FileGuard(path, ORIGIN).newest == Signed(size, root)
        assert path.stat().st_size == 512


def test_of_two_copies_the_one_that_comes_second_is_refused_at_once(path: Path, hand: Hand) -> None:
    """Without a write in between, and without a second's grace."""
    one, other = FileGuard(path, ORIGIN, hand), FileGuard(path, ORIGIN, hand)
    one.permit(33, A)
    other.look()
    one.permit(34, A)
    with refusing(Conflict, "guard-sideways"):
        other.permit(34, B)


def test_two_copies_that_run_at_once_do_not_sign_two_histories(path: Path, hand: Hand) -> None:
    """The second process sees what the first one signed; two writers of one ledger do not hinder each
    other.
    """
    one, other = FileGuard(path, ORIGIN, hand), FileGuard(path, ORIGIN, hand)
    one.permit(4, A)
    one.write()
    with refusing(Conflict, "guard-sideways"):
        other.permit(4, B)
    other.permit(4, A)
    other.permit(5, B)
    other.write()
    one.permit(6, A)
    one.write()
    other.write()
    assert FileGuard(path, ORIGIN).newest == Signed(6, A)


def test_what_another_process_signed_since_is_told_before_anything_is_signed(path: Path, hand: Hand) -> None:
    """The caller names what it knows to be signed; a copy must contain what it does not know yet."""
    one, other = FileGuard(path, ORIGIN, hand), FileGuard(path, ORIGIN, hand)
    one.permit(4, A)
    other.permit(5, B, after=Signed(4, A))
    with pytest.raises(Moved):
        one.permit(6, A, after=Signed(4, A))
    assert FileGuard(path, ORIGIN).newest == Signed(5, B)
    one.permit(6, A, after=Signed(5, B))


def test_a_guard_whose_file_was_replaced_or_removed_is_read_anew(path: Path, hand: Hand) -> None:
    """By its name, although the file is kept open; what this process signed it does not forget."""
    guard = FileGuard(path, ORIGIN, hand)
    guard.permit(4, A)
    other = path.with_name("put-in-its-place")
    FileGuard(other, ORIGIN, hand).permit(9, B)
    other.replace(path)
    with refusing(Conflict, "guard-behind"):
        guard.permit(5, A)
    path.unlink()
    path.with_name(path.name + ".turn").unlink()
    with refusing(Conflict, "guard-behind"):
        guard.permit(5, A)
    guard.permit(10, A)
    assert FileGuard(path, ORIGIN).newest == Signed(10, A)
    guard.close()


@pytest.mark.parametrize(
    "text", ["", "{}", '{"origin": "x", "size": 1}', "\xff", '{"origin": 1, "size": "a", "root": "zz"}']
)
def test_a_damaged_guard_is_not_passed_over(path: Path, text: str) -> None:
    """Signing stops with the file's name; a guard is never silently begun anew."""
    path.write_bytes(text.encode("latin-1"))
    with refusing(KeyTrouble, "guard-unreadable"):
        FileGuard(path, ORIGIN)


def test_another_ledgers_guard_is_refused(path: Path) -> None:
    """A key speaks for one ledger."""
    path.write_text(json.dumps({"origin": "other", "size": 1, "root": A.hex()}))
    with refusing(KeyTrouble, "guard-other"):
        FileGuard(path, ORIGIN)


def test_a_guard_that_cannot_be_written_stops_signing(tmp_path: Path, hand: Hand) -> None:
    """Nothing is signed that could not be remembered."""
    guard = FileGuard(tmp_path / "missing" / "guard", ORIGIN, hand)
    with refusing(KeyTrouble, "guard-unwritable"):
        guard.permit(1, A)


def test_a_guard_that_cannot_be_opened_is_not_passed_over(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row is named, and the extra for it is missing: nothing is recorded, nor when one tries again."""
    world = World(path.with_name("ledger.db"), guard=path)
    for name in ("ledger.store.guard_row", "ledger.store.postgres_connection"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    world.kept = LedgerKey(signing_key("ledger"), path, row="postgresql:///guards")
    size = world.reopen().head().size
    for _ in range(2):
        with refusing(Unavailable, "extra-postgresql"):
            world.mine("P1", "12.500")
    assert world.ledger.head().size == size
    world.close()
