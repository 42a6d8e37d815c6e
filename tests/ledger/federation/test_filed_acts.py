"""Acts filed in tables are found as those in memory are, and memory does not grow with them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from itertools import cycle, islice

import pytest

from ledger.domain import events as e
from ledger.domain.state import guarded, touched
from ledger.errors import Malformed
from ledger.federation import filed_acts
from ledger.federation.filed_acts import FiledActs
from ledger.federation.sources import Gathered
from ledger.store.decoding import decode
from tests.world import World, goods


@pytest.fixture
def entries() -> list[bytes]:
    """Goods mined, divided, sold and mixed; a sheet that was attested and corrected; one that is not read."""
    world = World()
    sheet = world.mine("P1", "12.500", "P2", "4.000")
    world.split("P1", {"P1a": "5.000", "P1b": "7.500"})
    world.do(e.Attested(by="dealer-7", index=sheet.index, hash=sheet.hash, origin=world.ledger.origin))
    world.sell("P1a", "P2", to="dealer-7", price=100)
    world.mix("X", "P1a", "P2")
    for number in range(20):
        mined = world.mine(f"Q{number}", "1.000")
        right = e.Mined(by="miner-1", site="kalahari-1", lines=(goods(f"Q{number}", "2.000"),))
        world.do(
            e.Corrected(
                by="miner-1", index=mined.index, hash=mined.hash, reason="misread", replacement=e.write(right)
            )
        )
    found = [data for _, data in world.ledger.journal.entries()]
    world.close()
    return [*found, b"\x96 no entry"]


def in_memory(entries: list[bytes]) -> tuple[Gathered, set[str]]:
    """The same acts in memory, and all names in them."""
    known: dict[int, e.Recorded] = {}
    names = {"parcel:nobody-knows"}
    for index, data in enumerate(entries):
        known[index] = act = decode(index, data, (), lambda at: decode(at, entries[at]))
        names |= {*guarded(act.event, act.about), *touched(act.event, act.about)}
    return Gathered(known.values()), names


@pytest.mark.parametrize("page", [1, 7, 1_000])
def test_they_are_found_as_in_memory(
    entries: list[bytes], page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By every subject, whatever lies on one page with what it is about."""
    monkeypatch.setattr(filed_acts, "_PAGE", page)
    gathered, names = in_memory(entries)
    with closing(FiledActs(entries)) as filed:
        assert len(names) > 30
        for name in names:
            assert filed.of(name) == list(gathered.of(name))
        wanted = {name: list(acts) for name, acts in gathered.histories(names).items()}
        assert filed.histories(names) == wanted
        assert filed.opaque() == gathered.opaque() == (1, len(entries) - 1)
        for wire in (*e.EVENTS, "", "parcel-dreamt/1"):
            assert filed.has(wire) == gathered.has(wire)
        assert [act.event.TYPE for act in filed.of("parcel:X")] == ["parcel-mixed/1"]


def test_of_no_entries_nothing_is_found() -> None:
    """An empty publication is no fault."""
    with closing(FiledActs([])) as filed:
        assert (filed.of("parcel:P1"), filed.histories(["parcel:P1"])) == ([], {"parcel:P1": []})
        assert filed.opaque() == (0, None)


def test_what_reading_raises_is_raised(entries: list[bytes]) -> None:
    """A tile that is not as it must be ends it."""

    def broken() -> Iterator[bytes]:
        yield from entries
        raise Malformed("tile-missing", path="tile/entries/000")

    with pytest.raises(Malformed, match="tile/entries/000"):
        FiledActs(broken())


def test_memory_does_not_grow_with_them(entries: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times as many take no more."""
    monkeypatch.setattr(filed_acts, "_PAGE", 100)

    def held(count: int) -> int:
        tracemalloc.start()
        try:
            with closing(FiledActs(islice(cycle(entries[:-1]), count))):
                return tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    held(500)
    few, many = held(1_000), held(4_000)
    assert many < few + 200_000
