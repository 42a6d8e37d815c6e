"""Things in an order, of which most lie in a file: as if all were in memory."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import StoreTrouble
from ledger.store import ordered
from ledger.store.ordered import Ordered
from tests.peak import highest
from tests.refusing import refusing

Thing = tuple[str, int]


def kept(things: list[Thing], most: int) -> Ordered[Thing]:
    """Things by their first part."""
    made: Ordered[Thing] = Ordered(lambda one: one[0], list, lambda values: (values[0], values[1]), most)
    for one in things:
        made.add(one)
    return made


@given(st.lists(st.tuples(st.text(max_size=2), st.integers())), st.integers(1, 6), st.integers(1, 3))
def test_the_order_is_that_of_a_list(things: list[Thing], most: int, read: int) -> None:
    """However few are in memory, those of one key stay as they came; as often as one goes through them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ordered, "_READ", read)
        made = kept(things, most)
        expected = sorted(things, key=lambda one: one[0])
        assert list(made) == list(made) == expected
        assert len(made) == len(things)


def test_two_go_through_them_at_once() -> None:
    """Each from its own place in the file."""
    made = kept([(f"{number:03}", number) for number in range(50)], 7)
    assert list(zip(made, made, strict=True)) == [(one, one) for one in made]


def test_more_can_be_added_afterwards() -> None:
    """What was gone through once is not yet all."""
    made = kept([("b", 1), ("d", 2)], 2)
    assert list(made) == [("b", 1), ("d", 2)]
    for one in (("c", 3), ("a", 4), ("e", 5)):
        made.add(one)
    assert [key for key, _ in made] == list("abcde")


def test_where_there_is_no_room_for_the_file_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the folder where it should have been; where none can be written, by those that were tried."""
    for place, tried in ((str(tmp_path / "gone"), []), (None, [str(tmp_path / "gone")])):
        monkeypatch.setattr("tempfile.tempdir", place)
        monkeypatch.setattr("tempfile._candidate_tempdir_list", lambda tried=tried: tried)
        made = kept([("b", 1)], 2)
        with refusing(StoreTrouble, "store-scratch") as told:
            made.add(("a", 2))
        assert str(tmp_path) in str(told.value)


def test_memory_does_not_grow_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times as many take little more."""
    monkeypatch.setattr(ordered, "_READ", 16)

    def work(count: int) -> None:
        made = kept([], 500)
        for number in range(count):
            made.add((f"{number * 7919 % count:06}", number))
        assert [key for key, _ in islice(made, 3)] == ["000000", "000001", "000002"]
        assert sum(1 for _ in made) == count

    assert highest(lambda: work(4_000)) < 1.5 * highest(lambda: work(1_000))
