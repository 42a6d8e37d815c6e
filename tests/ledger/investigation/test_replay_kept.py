"""A replay whose tables are kept in a file: stopped anywhere it goes on, and says what one run says."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ledger.application import Ledger
from ledger.domain.moments import Moment, as_occurred, as_recorded, as_recorded_index
from ledger.errors import Conflict, Malformed, StoreTrouble
from ledger.investigation import occurrence
from ledger.investigation.replay import Replay, replay
from ledger.projections import views
from ledger.store.records import Records
from ledger.store.rows import Row
from tests.random_acts import Play
from tests.refusing import refusing
from tests.view_rows import all_rows
from tests.world import World

ROOT = Path(__file__).parents[3]
MOMENTS = [as_recorded_index(70), as_recorded("2030"), as_occurred("2023"), as_occurred("2030")]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of ten acts."""
    monkeypatch.setattr(views, "_PAGE", 10)
    monkeypatch.setattr(occurrence, "_PAGE", 10)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world in which much happened, some of it told late, some corrected."""
    world = World(tmp_path_factory.mktemp("played") / "ledger.db")
    play, chance = Play(world), random.Random(31)
    for _ in range(140):
        play.take(chance.getrandbits(80))
    yield world
    world.close()


class Stopped(Exception):
    """A run ends in the middle."""


Found = tuple[Replay, dict[str, list[Row]]]


def asked(ledger: Ledger, moment: Moment, file: Path | None = None) -> Found:
    """The state as of a moment, row by row."""
    with replay(ledger.journal, ledger.records, moment, file=file) as found:
        return found, all_rows(found.rows)


def stopped_after(ledger: Ledger, moment: Moment, file: Path, pages: int) -> None:
    """A replay that ends after so many pages."""
    ledger_views = asked(ledger, as_occurred("1900"))  # the views themselves stand, and tell no progress
    assert ledger_views[0].counted == 0
    left = [pages + file.exists()]  # first it is told how much is there already

    def progress(count: int) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Stopped

    with pytest.raises(Stopped), replay(ledger.journal, ledger.records, moment, progress, file):
        pass


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_stopped_anywhere_it_goes_on(played: World, tmp_path: Path, moment: Moment) -> None:
    """Once after each page; then what is told is what one run tells, and nothing was folded twice."""
    wanted, rows = asked(played.ledger, moment)
    file = tmp_path / "kept"
    for number in range((wanted.counted - 1) // 10):
        stopped_after(played.ledger, moment, file, 1)
        assert file.exists(), number
    found, told = asked(played.ledger, moment, file)
    assert told == rows
    assert (found.counted, found.uncertain) == (wanted.counted, wanted.uncertain)
    assert wanted.counted - 10 <= found.found < wanted.counted
    assert wanted.counted > 20


@pytest.mark.parametrize("moment", MOMENTS[1:3], ids=str)
def test_the_next_question_is_answered_at_once(
    played: World, tmp_path: Path, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No entry is folded again, nor are their times put in order again."""
    first, rows = asked(played.ledger, moment, tmp_path / "kept")

    def fold(*_: object) -> object:
        raise AssertionError

    monkeypatch.setattr(views.Folding, "fold", fold)
    monkeypatch.setattr(occurrence.moments, "merged", fold)
    second, again = asked(played.ledger, moment, tmp_path / "kept")
    assert again == rows
    assert (second.counted, second.uncertain) == (first.counted, first.uncertain)
    assert (first.found, second.found) == (0, first.counted)


def test_the_order_of_occurrence_is_resumed_while_it_is_made(
    played: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first act is folded, its time and that of all others is in the tables."""
    moment, counted, left = as_occurred("2030"), occurrence.moments.counts, [45]

    def counts(*given: object) -> bool:
        left[0] -= 1
        if left[0] == 0:
            raise Stopped
        return counted(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(occurrence.moments, "counts", counts)
    for _ in range(2):
        left[0] = 45
        with pytest.raises(Stopped):
            asked(played.ledger, moment, tmp_path / "kept")
    left[0] = 1 << 30
    assert asked(played.ledger, moment, tmp_path / "kept")[1] == asked(played.ledger, moment)[1]
    assert (1 << 30) - left[0] < 2 * played.ledger.head().size


def test_a_ledger_that_grew_meanwhile(tmp_path: Path) -> None:
    """What was recorded by then stays so and goes on; what is known of the past is asked anew."""
    world = World(tmp_path / "ledger.db")
    play, chance = Play(world), random.Random(37)
    for _ in range(60):
        play.take(chance.getrandbits(80))
    recorded, occurred = as_recorded("2030"), as_occurred("2030")
    stopped_after(world.ledger, recorded, tmp_path / "recorded", 2)
    stopped_after(world.ledger, occurred, tmp_path / "occurred", 2)
    world.mine("late", "1.000", occurred="2023-01-10")
    found, rows = asked(world.ledger, recorded, tmp_path / "recorded")
    assert (found.found, found.is_anew, found.counted) == (20, False, world.ledger.head().size)
    assert rows == asked(world.ledger, recorded)[1]
    found, rows = asked(world.ledger, occurred, tmp_path / "occurred")
    assert (found.found, found.is_anew) == (0, True)
    assert rows == asked(world.ledger, occurred)[1]
    world.close()


def test_tables_of_another_version_begin_anew(
    played: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry that was not understood may be understood now."""
    file, moment = tmp_path / "kept", MOMENTS[0]
    monkeypatch.setattr(views, "VERSION", views.VERSION ^ 1)
    stopped_after(played.ledger, moment, file, 2)
    monkeypatch.undo()
    found, rows = asked(played.ledger, moment, file)
    assert (found.found, found.is_anew) == (0, True)
    assert rows == asked(played.ledger, moment)[1]


def test_another_replay_is_refused(played: World, tmp_path: Path) -> None:
    """Of another moment, of another ledger, of another history of this one."""
    file, moment = tmp_path / "kept", as_recorded_index(70)
    stopped_after(played.ledger, moment, file, 2)
    before = file.read_bytes()
    for other in (as_recorded_index(69), as_recorded("2030"), as_occurred("2023")):
        with refusing(Malformed, "replay-file-other"):
            asked(played.ledger, other, file)
    world = World(tmp_path / "other.db", participant="ZA")
    for number in range(60):
        world.mine(f"P{number}", "1.000")
    with refusing(Malformed, "replay-file-other"):
        asked(world.ledger, moment, file)
    world.close()
    assert file.read_bytes() == before


def test_a_history_that_was_altered_where_it_was_folded(tmp_path: Path) -> None:
    """The entry that the replay came to has another hash; one before it, if the chain is not linked anew, is
    for `adamas verify` to find."""
    path, moment = tmp_path / "ledger.db", as_recorded_index(35)
    world = World(path)
    world.mine("P1", "1.000")
    world.mine("P2", "1.000")
    for index in (0, 1, 2, 3, 4, 5):
        world.mine(f"Q{index}", "1.000")
    stopped_after(world.ledger, moment, tmp_path / "kept", 2)
    world.close()
    for index, is_refused in ((5, False), (19, True)):
        flipped(path, index)
        shutil.copyfile(tmp_path / "kept", tmp_path / str(index))
        ledger = Ledger.open(str(path), write=False)
        if is_refused:
            with refusing(Malformed, "replay-file-other"):
                asked(ledger, moment, tmp_path / str(index))
        else:
            assert asked(ledger, moment, tmp_path / str(index))[0].found == 20
        ledger.close()


def flipped(path: Path, index: int) -> None:
    """One bit of an entry's signature."""
    with closing(sqlite3.connect(path)) as connection:
        where = "WHERE originator_version = ?"
        ((data,),) = connection.execute(f"SELECT state FROM stored_events {where}", (index,))
        changed = data[:-1] + bytes([data[-1] ^ 1])
        connection.execute(f"UPDATE stored_events SET state = ? {where}", (changed, index))
        connection.commit()


@pytest.mark.parametrize("harm", ["cut", "overwritten"])
def test_a_file_that_was_damaged(played: World, tmp_path: Path, harm: str) -> None:
    """Its end is missing, or pages in its middle are no pages any more: refused with a sentence."""
    file, moment = tmp_path / "kept", MOMENTS[1]
    stopped_after(played.ledger, moment, file, 8)
    data = file.read_bytes()
    half = len(data) // 2 // 4_096 * 4_096
    file.write_bytes(data[:half] if harm == "cut" else data[:4_096] + b"\xee" * (len(data) - 4_096))
    with refusing(StoreTrouble, "kept-tables-unusable"):
        asked(played.ledger, moment, file)


def test_a_file_that_is_another_programs_stays_as_it_is(played: World, tmp_path: Path) -> None:
    """Nor is a ledger written over; a folder is no file."""
    for number, content in enumerate((b"A letter.", Path(str(played.ledger.journal.url)).read_bytes())):
        file = tmp_path / str(number)
        file.write_bytes(content)
        with refusing(Malformed, "kept-tables-strange"):
            asked(played.ledger, MOMENTS[0], file)
        assert file.read_bytes() == content
    with refusing(StoreTrouble, "kept-tables-unusable"):
        asked(played.ledger, MOMENTS[0], tmp_path)


def test_one_process_at_a_time(played: World, tmp_path: Path) -> None:
    """The other one is told."""
    file, ledger = tmp_path / "kept", played.ledger
    with (
        replay(ledger.journal, ledger.records, MOMENTS[0], file=file),
        refusing(Conflict, "kept-tables-busy"),
    ):
        asked(ledger, MOMENTS[0], file)
    assert asked(ledger, MOMENTS[0], file)[0].found == 71


SCRIPT = """
import os, signal, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from ledger.application import Ledger
from ledger.domain.moments import as_occurred
from ledger.investigation.replay import replay
from ledger.projections import views
views._PAGE = 10
left = [4]
def progress(count):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
ledger = Ledger.open({path!r}, write=False)
with replay(ledger.journal, ledger.records, as_occurred("2030"), progress, Path({file!r})):
    pass
"""


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_killed_it_goes_on(played: World, tmp_path: Path) -> None:
    """By the system, which asks nobody, while it has the file."""
    asked(played.ledger, as_occurred("1900"))
    file = tmp_path / "kept"
    names = {"root": str(ROOT), "path": str(played.ledger.journal.url), "file": str(file)}
    ended = subprocess.run([sys.executable, "-c", SCRIPT.format(**names)], check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    found, rows = asked(played.ledger, as_occurred("2030"), file)
    assert found.found == 40
    assert rows == asked(played.ledger, as_occurred("2030"))[1]


def test_a_store_that_is_only_read(played: World, tmp_path: Path) -> None:
    """An auditor's copy: the tables are the auditor's own."""
    ledger = Ledger.open(str(played.ledger.journal.url), write=False)
    assert isinstance(ledger.records, Records)
    stopped_after(ledger, MOMENTS[2], tmp_path / "kept", 3)
    assert asked(ledger, MOMENTS[2], tmp_path / "kept")[1] == asked(ledger, MOMENTS[2])[1]
    ledger.close()


def test_of_either_store(store_url: str, tmp_path: Path) -> None:
    """A ledger on a server is replayed into a file here."""
    with closing(World(store_url)) as world:
        for number in range(12):
            world.mine(f"P{number}", "1.000", occurred="2023-01-10")
        for name, moment in (("recorded", as_recorded("2030")), ("occurred", as_occurred("2030"))):
            stopped_after(world.ledger, moment, tmp_path / name, 2)
            found, rows = asked(world.ledger, moment, tmp_path / name)
            assert found.found == 20
            assert rows == asked(world.ledger, moment)[1]
