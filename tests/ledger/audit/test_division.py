"""Ranges that processes read for themselves: whatever was done to a ledger, the report is that of one
process."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ledger.audit import processes, ranges
from ledger.audit.auditing import Audit, Options
from ledger.audit.division import Divided
from ledger.audit.only_new import OnlyNew
from ledger.audit.report import Report
from ledger.chain import verification
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.entry import entry_hash
from ledger.chain.inspection import Before, Look
from ledger.chain.merkle import root
from ledger.chain.verification import _Pays
from ledger.errors import StoreTrouble
from ledger.store.checking import open_for_checking, snapshot
from ledger.store.salvage import Salvage
from ledger.store.sharing import SharedFile, shared
from tests.attacker import Attacker
from tests.attacks import ATTACKS, Attack
from tests.postgres_server import PostgresServer
from tests.scene import Scene
from tests.world import World

SIZE = 8
WAYS: list[dict[str, Any]] = [{"chain_only": True}, {"signatures": False}, {}]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ledgers are divided too, into ranges of 8 entries."""
    for name in ("_SIGNATURES", "_STATEMENTS", "_CHAIN"):
        monkeypatch.setattr(verification, name, _Pays(0, SIZE, 1 << 53))


@pytest.fixture
def here(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ranges are read over connections of their own, but in this process, which is sooner there."""

    def on_others(work: Callable[[Any], Any], questions: Iterable[Any], number: int) -> Iterator[Any]:
        assert number == 2
        return ((question, work(question)) for question in questions)

    monkeypatch.setattr(processes, "on_others", on_others)


def reported(audit: Audit) -> dict[str, Any]:
    """All that is told of a finished audit."""
    return Report(audit, "ledger", 0, "1").values() | {"text": Report(audit, "ledger", 0, "1").as_text()}


def audited(of: Scene, cores: int, **options: Any) -> Audit:
    """A finished audit."""
    with open_for_checking(str(of.path)) as journal:
        audit = Audit(journal, replace(Options(cores=cores, evidence=of.evidence), **options))
        told = [(step.phase, step.done) for step in audit.run()]
        assert told == sorted(told)
        assert options.get("chain_only") or told[-1:] in ([], [(2, audit.size)])
    return audit


def compared(of: Scene, **options: Any) -> Audit:
    """The audit in ranges, which tells what that of one process does."""
    alone, divided = audited(of, 1, **options), audited(of, 2, **options)
    assert reported(divided) == reported(alone)
    assert [str(one) for one in divided.faults] == [str(one) for one in alone.faults]
    assert alone.division is not None
    assert alone.division.count == 0
    return divided


def read_elsewhere(audit: Audit) -> int:
    """How many entries other processes read."""
    assert audit.division is not None
    return audit.division.count


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("way", WAYS, ids=["chain", "statements", "all"])
def test_an_honest_ledger_is_read_in_ranges(original: Scene, way: dict[str, Any]) -> None:
    """Every entry once, by those who open it themselves, and no fault."""
    divided = compared(original, **way)
    assert divided.faults == []
    assert read_elsewhere(divided) == original.head.index + 1


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_every_attack_is_reported_alike(attack: Attack, original: Scene, tmp_path: Path) -> None:
    """Fault by fault and in the same order, with a head and a checkpoint held outside; the chain alone."""
    attacked = original.copy(tmp_path)
    with Attacker(attacked.path) as attacker:
        attack.deed(attacker, attacked)
    compared(attacked, anchor=original.head, held=(original.checkpoint,))
    compared(attacked, anchor=original.head, chain_only=True)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("seed", range(12))
def test_many_faults_are_reported_alike(seed: int, original: Scene, tmp_path: Path) -> None:
    """Entries dropped, moved, altered and made unreadable, some of them at the borders of ranges."""
    dice, damaged = random.Random(seed), original.copy(tmp_path)
    last = original.head.index
    places = {dice.randrange(last) for _ in range(4)} | {
        SIZE * dice.randrange(1, last // SIZE) - dice.randrange(2)
    }
    with Attacker(damaged.path) as attacker:
        for place in sorted(places):
            _damage(attacker, place, dice)
    faults = compared(damaged, chain_only=True).faults
    assert faults
    assert len(compared(damaged).faults) >= len(faults)


def _damage(attacker: Attacker, place: int, dice: random.Random) -> None:
    entry = bytearray(attacker.entry(place))
    match dice.randrange(4):
        case 0:
            attacker.sql("DELETE FROM stored_events WHERE originator_version = ?", place)
        case 1:
            attacker.put(place, b"\xff" + bytes(entry[1:]))
        case 2:
            entry[dice.randrange(40)] ^= 1 << dice.randrange(8)
            attacker.put(place, bytes(entry))
        case _:
            attacker.sql(
                "UPDATE stored_events SET originator_version = ? WHERE originator_version = ?",
                10_000 + place,
                place,
            )


def test_ranges_are_those_of_a_tree(original: Scene) -> None:
    """Each begins where the one before ended and lies in one subtree; the last ones are small, so that all
    who read end at about the same time."""
    with open_for_checking(str(original.path)) as journal, snapshot(journal) as salvage:
        file = shared(journal, salvage, 100_003)
    assert isinstance(file, SharedFile)
    divided = Divided(file, lambda start, stop: [])
    first = ranges.Range(file, Look(None), 21, 21, Before(20))
    cut = list(divided._ranges(first, 1 << 14, 3))
    assert (cut[0].start, cut[-1].stop) == (21, 100_003)
    assert [one.before for one in cut] == [Before(20)] + [None] * (len(cut) - 1)
    assert all(one.stop == other.start for one, other in pairwise(cut))
    lengths = [one.stop - one.start for one in cut[1:-1]]
    assert lengths == sorted(lengths, reverse=True)
    assert (lengths[0], lengths[-1]) == (1 << 13, 512)
    assert all(one.start % length == 0 for one, length in zip(cut[1:-1], lengths, strict=True))


@pytest.mark.usefixtures("here")
def test_an_entry_that_is_far_on_is_found_at_once(original: Scene, tmp_path: Path) -> None:
    """What lies between is not gone through range by range."""
    moved = original.copy(tmp_path)
    with Attacker(moved.path) as attacker:
        attacker.sql(
            "UPDATE stored_events SET originator_version = ? WHERE originator_version = ?",
            (1 << 53) - 7,
            original.head.index,
        )
    divided = compared(moved, chain_only=True)
    assert {fault.code for fault in divided.faults} == {"verify-gap", "verify-index-stated"}


@pytest.mark.usefixtures("here")
def test_a_torn_page_is_reported_alike(original: Scene, tmp_path: Path) -> None:
    """Wherever it is: the same entries are lost, for the same reason, and no others."""
    data = original.path.read_bytes()
    size = int.from_bytes(data[16:18], "big")
    lost, codes = 0, set()
    for number in range(1, len(data) // size):
        torn = original.copy(tmp_path / str(number))
        torn.path.write_bytes(data[: number * size] + b"\xee" * size + data[(number + 1) * size :])
        try:
            divided = compared(torn, chain_only=True)
        except StoreTrouble as refused:  # a page without which nobody can open it
            codes.add(refused.code)
            continue
        lost += any(fault.code == "verify-unreadable" for fault in divided.faults)
    assert lost > 5
    assert codes <= {"store-damaged"}


@pytest.mark.usefixtures("here")
def test_only_new_entries_are_divided_too(original: Scene, tmp_path: Path) -> None:
    """Behind a checkpoint that ends in the midst of a range."""
    attacked = original.copy(tmp_path)
    with Attacker(attacked.path) as attacker:
        tree = attacker.sql("SELECT size FROM head")
        entry = bytearray(attacker.entry(original.at["last"]))
        entry[-1] ^= 1
        attacker.put(original.at["last"], bytes(entry))
    assert tree == [(original.head.index + 1,)]
    held = _checkpoint(original, 3 * SIZE + 5)
    found = []
    for where in (original, attacked):
        told = []
        for cores in (1, 2):
            with open_for_checking(str(where.path)) as journal:
                audit = OnlyNew(journal, Options(cores=cores, held=(held,)))
                list(audit.run())
            told.append(reported(audit))
        assert told[0] == told[1]
        assert audit.read >= read_elsewhere(audit)
        assert read_elsewhere(audit) == original.head.index + 1 - held.size
        found.append([(fault.step, fault.index) for fault in audit.faults])
    assert found[0] == []
    assert (7, original.at["last"]) in found[1]


def _checkpoint(of: Scene, size: int) -> Checkpoint:
    with open_for_checking(str(of.path)) as journal:
        hashes = [entry_hash(data) for _, data in journal.entries(0, size)]
    return replace(of.checkpoint, size=size, root=root(hashes))


@pytest.mark.usefixtures("here")
def test_ranges_of_two_states_do_not_pass_for_one(
    original: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody puts another ledger, right in itself, in this one's place while it is verified: what is told
    is the one that was there when the verification began."""
    here = original.copy(tmp_path)
    wanted = reported(audited(here, 1, chain_only=True))
    opened, times = SharedFile.opened, [0]

    @contextmanager
    def rewriting(self: SharedFile) -> Iterator[Salvage]:
        times[0] += 1
        if times[0] == 3:
            with Attacker(here.path) as attacker:
                acts = attacker.acts()
                del acts[original.at["free"]]
                attacker.rewrite(acts)
        with opened(self) as found:
            yield found

    monkeypatch.setattr(SharedFile, "opened", rewriting)
    divided = audited(here, 2, chain_only=True)
    assert reported(divided) == wanted
    assert divided.faults == []
    assert 0 < read_elsewhere(divided) < divided.size
    monkeypatch.undo()
    assert audited(here, 1, chain_only=True).root != divided.root


def test_what_cannot_be_opened_elsewhere_is_read_here(original: Scene, tmp_path: Path) -> None:
    """A process that cannot open the ledger says so with no answer."""
    with open_for_checking(str(original.path)) as journal:
        audit = Audit(journal, Options(cores=1))
        list(audit.run())
    assert audit.division is not None
    assert isinstance(audit.division.source, SharedFile)
    gone = replace(audit.division.source.place, database=f"file:{tmp_path}/gone.db?mode=ro")
    asked = ranges.Range(replace(audit.division.source, place=gone), Look(None), 0, 8, Before())
    assert ranges.inspect_range(asked) is None


def test_a_ledger_in_memory_is_verified_here(small: None) -> None:
    """Nobody else can open it."""
    with closing(World(":memory:")) as world:
        audit = Audit(world.ledger.journal, Options(cores=2, chain_only=True))
        list(audit.run())
        assert audit.division is None
        assert audit.faults == []
        assert audit.size == world.ledger.head().size


@pytest.mark.usefixtures("small")
def test_processes_tell_what_one_does(original: Scene, tmp_path: Path) -> None:
    """The ledger whole, and one with faults, read by processes of their own."""
    assert read_elsewhere(compared(original)) == original.head.index + 1
    attacked = original.copy(tmp_path)
    with Attacker(attacked.path) as attacker:
        for place in (SIZE - 1, 2 * SIZE, original.at["sold"]):
            entry = bytearray(attacker.entry(place))
            entry[-1] ^= 1
            attacker.put(place, bytes(entry))
    assert {SIZE - 1, 2 * SIZE} <= {fault.index for fault in compared(attacked).faults}


@pytest.mark.usefixtures("small")
def test_processes_read_one_snapshot_of_a_server(postgres: PostgresServer) -> None:
    """On PostgreSQL: what is appended or altered after the beginning is seen by none of them."""
    url = postgres.url()
    with closing(World(url)) as world:
        for number in range(40):
            world.mine(f"P{number}", "1.000")
        head = world.ledger.head()
        with open_for_checking(url) as journal:
            audit = Audit(journal, Options(cores=2))
            steps = audit.run()
            assert next(steps).total == head.size
            world.mine("P99", "1.000")
            with world.ledger.journal.transaction(write=True) as rows:
                rows.execute(
                    "UPDATE stored_events SET state = '\\x00' WHERE originator_version = %s", (head.size - 2,)
                )
            list(steps)
        assert audit.faults == []
        assert (audit.size, audit.root) == (head.size, head.root())
        assert read_elsewhere(audit) == head.size
