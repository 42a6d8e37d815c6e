"""Only what came behind a checkpoint is verified: what that costs, what it finds, and what it says that it
does not look at."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.admission import Act
from ledger.audit.auditing import Audit, Options
from ledger.audit.only_new import OnlyNew
from ledger.audit.report import Report
from ledger.chain.checkpoint import Checkpoint
from ledger.domain import events as e
from ledger.store.checking import open_for_checking
from ledger.store.salvage import Salvage
from tests import scene
from tests.attacker import Attacker
from tests.scene import Scene
from tests.world import SITE, World, goods

MANY, NEW = 1_200, 10


def filled(url: str, many: int, new: int = NEW) -> Checkpoint:
    """A ledger of a thousand entries, the checkpoint after them, and ten more that rest on them."""
    world = World(url)
    key = world.keys["miner-1"]
    for start in range(0, many, 1_000):
        mined = (
            e.Mined(by="miner-1", site=SITE, lines=(goods(f"M{n}", "1.000", hs="710231"),))
            for n in range(start, min(start + 1_000, many))
        )
        world.ledger.record_batch([Act(event, key) for event in mined])
    head = world.ledger.head()
    for n in range(new // 2):
        world.sell(f"M{n * many // new}", to="dealer-7", price=100_000)
        world.do(e.Weighed(by="dealer-7", parcel=f"M{n * many // new}", weight=999))
    checkpoint = Checkpoint(world.ledger.origin, head.size, head.root())
    world.close()
    return checkpoint


def audited(url: str, checkpoint: Checkpoint, **options: object) -> OnlyNew:
    """A finished audit of what came behind the checkpoint."""
    with open_for_checking(url) as journal:
        audit = OnlyNew(journal, Options(cores=1, held=(checkpoint,), **options))  # type: ignore[arg-type]
        list(audit.run())
    return audit


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many entries were read out of any store."""
    read = [0]
    topics = Salvage.topics

    def counting(self: Salvage, start: int = 0, stop: int | None = None):  # type: ignore[no-untyped-def]
        for row in topics(self, start, stop):
            read[0] += 1
            yield row

    monkeypatch.setattr(Salvage, "topics", counting)
    return lambda: read[0]


def test_it_costs_what_is_new(store_url: str, counted: Callable[[], int]) -> None:
    """Of a thousand entries no more are read than a few for each new one, in each store; the whole audit
    reads all, and both end at the same head and root."""
    checkpoint = filled(store_url, MANY)
    audit = audited(store_url, checkpoint)
    read = counted()
    size = checkpoint.size + NEW
    assert audit.faults == []
    assert (audit.size, audit.unread) == (size, checkpoint.size)
    assert {audit.checked[step] for step in (1, 2, 3, 4, 5, 7, 8)} == {NEW}
    assert 2 * NEW <= read < 16 * NEW
    with open_for_checking(store_url) as journal:
        whole = Audit(journal, Options(cores=1, held=(checkpoint,)))
        list(whole.run())
    assert whole.faults == []
    assert counted() - read >= 2 * size
    assert (audit.root, audit.head, audit.recorded) == (whole.root, whole.head, whole.recorded)


def steps_of(path: str, checkpoint: Checkpoint) -> int:
    """The steps that SQLite's machine takes: each row that is read or passed over costs some."""
    steps = [0]

    def step() -> int:
        steps[0] += 1
        return 0

    with open_for_checking(path) as journal:
        connection = journal._connection._connection()  # type: ignore[attr-defined]
        connection.set_progress_handler(step, 1)
        list(OnlyNew(journal, Options(cores=1, held=(checkpoint,))).run())
        connection.set_progress_handler(None, 1)
    return steps[0]


def test_no_table_is_read_to_its_end(tmp_path: Path) -> None:
    """Four times as many entries before the checkpoint cost next to nothing more."""
    small, large = (str(tmp_path / f"{name}.db") for name in ("small", "large"))
    few = steps_of(small, filled(small, 300))
    assert steps_of(large, filled(large, 1_200)) < few * 1.2


def test_a_checkpoint_of_all_entries_has_nothing_new(tmp_path: Path) -> None:
    """Then its last entry is the head, and every step looked at nothing."""
    path = str(tmp_path / "ledger.db")
    checkpoint = filled(path, 20, new=0)
    audit = audited(path, checkpoint)
    assert audit.faults == []
    assert audit.checked[2] == 0
    assert (audit.root, audit.size) == (checkpoint.root, checkpoint.size)
    assert audit.head is not None
    assert audit.head.index == checkpoint.size - 1


@pytest.mark.parametrize("seed", range(2))
def test_every_place_of_the_checkpoint_leads_to_the_root(tmp_path: Path, seed: int) -> None:
    """Whatever subtrees its right edge is made of."""
    path = str(tmp_path / "ledger.db")
    filled(path, 300)
    with open_for_checking(path) as journal:
        from ledger.store.nodes import JournalTree

        tree, size = JournalTree(journal), journal.head().size
        places = [1, size, 16, 256, *random.Random(seed).sample(range(2, size), 6)]
        held = [Checkpoint("ledger.example/bw/k7q2", place, tree.root(place)) for place in places]
        wanted = journal.head().root()
    for checkpoint in held:
        audit = audited(path, checkpoint)
        assert (audit.faults, audit.root) == ([], wanted), checkpoint.size


def test_a_scene_is_verified_from_every_place(tmp_path: Path) -> None:
    """What its later entries say of earlier ones (agreements, corrections, roots seen, erasures) is answered
    from either side of the checkpoint."""
    whole = scene.build(tmp_path)
    for size in range(1, whole.head.index + 2):
        with open_for_checking(str(whole.path)) as journal:
            from ledger.store.nodes import JournalTree

            checkpoint = Checkpoint(whole.checkpoint.origin, size, JournalTree(journal).root(size))
        audit = audited(str(whole.path), checkpoint, evidence=whole.evidence)
        assert audit.faults == [], (size, [str(fault) for fault in audit.faults])
        assert audit.head == whole.head


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scene, Checkpoint]:
    """A scene, and a checkpoint in its midst: before somebody agreed, had seen a root, corrected."""
    whole = scene.build(tmp_path_factory.mktemp("scene"))
    with open_for_checking(str(whole.path)) as journal:
        from ledger.store.nodes import JournalTree

        size = whole.at["attested"]
        return whole, Checkpoint(whole.checkpoint.origin, size, JournalTree(journal).root(size))


def test_damage_before_it_is_not_looked_at_and_said_to_be(tmp_path: Path) -> None:
    """A flipped bit in an entry that no new one rests on: nothing is found, and the report says which entries
    were not looked at; the whole audit finds it."""
    path = tmp_path / "ledger.db"
    checkpoint = filled(str(path), 300)
    with Attacker(path) as attacker:
        attacker.flip(100, attacker.acts()[100].signature)
    audit = audited(str(path), checkpoint)
    assert audit.faults == []
    report = Report(audit, "here", 0, "1")
    assert f"entries 0 to {checkpoint.size - 1}: covered by the checkpoint held outside" in report.as_text()
    said = " ".join(report.as_text().split()).replace("limit: ", "")
    assert f"Entries 0 to {checkpoint.size - 1} were not looked at again" in said
    assert report.values()["unread"] == checkpoint.size
    with open_for_checking(str(path)) as journal:
        whole = Audit(journal, Options(cores=1, held=(checkpoint,)))
        list(whole.run())
    assert 100 in {fault.index for fault in whole.faults}


@pytest.mark.parametrize("name", ["seen", "corrected", "last"])
def test_damage_after_it_is_found(grown: tuple[Scene, Checkpoint], tmp_path: Path, name: str) -> None:
    """Every bit of a new entry is looked at, and the one before the first is that of the checkpoint."""
    whole, checkpoint = grown
    here = whole.copy(tmp_path)
    with Attacker(here.path) as attacker:
        attacker.flip(whole.at[name], attacker.acts()[whole.at[name]].signature)
    found = {fault.code for fault in audited(str(here.path), checkpoint).faults}
    assert "verify-signature" in found


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE nodes SET hash = zeroblob(32) WHERE level = 4 AND place = 0", "verify-covered-root"),
        ("DELETE FROM nodes", "verify-covered-root"),
        ("UPDATE head SET hash = zeroblob(32)", "verify-head-row"),
        ("DELETE FROM links WHERE idx = (SELECT size - 1 FROM head)", "verify-row-missing"),
        ("DELETE FROM ids WHERE idx = (SELECT size - 1 FROM head)", "verify-row-missing"),
        ("DELETE FROM mentions WHERE idx = (SELECT size - 1 FROM head)", "verify-row-missing"),
        ("DELETE FROM types WHERE wire = 'attested/1'", "verify-types"),
        ("CREATE TABLE more (a)", "verify-definition"),
    ],
)
def test_what_is_kept_is_not_believed(
    grown: tuple[Scene, Checkpoint], tmp_path: Path, statement: str, code: str
) -> None:
    """Subtrees that do not lead to the root, and rows of new entries that are not as they must be."""
    whole, checkpoint = grown
    here = whole.copy(tmp_path)
    with Attacker(here.path) as attacker:
        attacker.sql(statement)
    assert code in {fault.code for fault in audited(str(here.path), checkpoint).faults}


def test_another_history_is_refused(grown: tuple[Scene, Checkpoint]) -> None:
    """Another root at that size, or a ledger that is shorter than what was signed: nothing else is
    claimed."""
    whole, checkpoint = grown
    other = Checkpoint(checkpoint.origin, checkpoint.size, bytes(32))
    audit = audited(str(whole.path), other)
    assert [fault.code for fault in audit.faults] == ["verify-covered-root"]
    assert (audit.checked, audit.head) == ({}, None)
    another = Checkpoint("ledger.example/other", checkpoint.size, checkpoint.root)
    assert [fault.code for fault in audited(str(whole.path), another).faults] == ["verify-held-other"]
    longer = Checkpoint(checkpoint.origin, 10_000, bytes(32))
    assert [fault.code for fault in audited(str(whole.path), longer).faults] == ["verify-held-size"]


def test_a_covered_entry_that_new_ones_rest_on_is_led_to_the_root(
    grown: tuple[Scene, Checkpoint], tmp_path: Path
) -> None:
    """An entry beside the opening, which every right rests on, was altered: nothing there leads to the root
    any more, and nothing there is believed."""
    whole, checkpoint = grown
    here = whole.copy(tmp_path)
    at = whole.at["enrolled"]
    with Attacker(here.path) as attacker:
        attacker.flip(at, attacker.acts()[at].signature)
    found = [fault.code for fault in audited(str(here.path), checkpoint).faults]
    assert "verify-covered-entry" in found
