"""A turn is had by one, among threads and among processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ledger.errors import StoreTrouble
from ledger.turns import Turn, turn
from tests.refusing import refusing
from tests.world import World

HOLD = """
import sys, time
from pathlib import Path
from ledger.turns import turn
with turn(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_threads_hold_it_one_after_the_other(tmp_path: Path) -> None:
    """Eight threads that each read, wait and write lose nothing."""
    count = tmp_path / "count"
    count.write_text("0")

    def add() -> None:
        for _ in range(10):
            with turn(tmp_path / "x.turn"):
                before = int(count.read_text())
                time.sleep(0.0005)
                count.write_text(str(before + 1))

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count.read_text() == "80"


def test_another_process_waits_and_a_dead_one_lets_go(tmp_path: Path) -> None:
    """While a process holds it nobody else does; when it is killed, the next one does."""
    path = tmp_path / "x.turn"
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        had = threading.Event()

        def take() -> None:
            with turn(path):
                had.set()

        waiting = threading.Thread(target=take)
        waiting.start()
        assert not had.wait(0.3)
        holder.kill()
        assert had.wait(10)
        waiting.join()


def test_where_no_file_can_be_made_there_is_no_turn(tmp_path: Path) -> None:
    """It is told, and the block is not entered."""
    with refusing(StoreTrouble, "turn-impossible"), turn(tmp_path / "no such folder" / "x.turn"):
        raise AssertionError


def test_who_waits_too_long_is_told_and_may_try_again(tmp_path: Path) -> None:
    """What was given up while another held it is nobody's: it is there for the next as soon as it is given
    back."""
    holder, waiter = Turn(tmp_path / "x.turn"), Turn(tmp_path / "x.turn")
    for _ in range(3):
        holder.take()
        for _ in range(2):
            with pytest.raises(TimeoutError):
                waiter.take(0.02)
        later = threading.Timer(0.1, holder.give_back)
        later.start()
        waiter.take(30)
        later.join()
        with pytest.raises(TimeoutError):
            holder.take(0.02)
        waiter.give_back()
    holder.take(0.02)
    holder.close()
    waiter.take(0.02)
    waiter.close()


@pytest.mark.usefixtures("interruptible")
@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="one thread cannot be interrupted here")
def test_an_interrupted_wait_leaves_the_turn_to_others(tmp_path: Path) -> None:
    """Control-C while waiting: the turn is not taken behind the back of who was interrupted."""
    holder, waiter = Turn(tmp_path / "x.turn"), Turn(tmp_path / "x.turn")
    holder.take()
    interruption = threading.Timer(0.2, signal.pthread_kill, [threading.get_ident(), signal.SIGINT])
    interruption.start()
    with pytest.raises(KeyboardInterrupt):
        waiter.take(30)
    holder.give_back()
    for turn_of in (holder, waiter, holder):
        turn_of.take(10)
        turn_of.give_back()
    holder.close()
    waiter.close()


def test_a_file_that_is_removed_is_nobodys_turn(tmp_path: Path) -> None:
    """Who discards it leaves no file behind, unless somebody holds it; who waited takes a new one."""
    path = tmp_path / "x.turn"
    first, second, third = Turn(path), Turn(path), Turn(path)
    first.take()
    first.give_back()
    second.take()
    first.discard()
    assert path.exists()
    waiting = threading.Thread(target=third.take, args=(30,))
    waiting.start()
    time.sleep(0.1)
    path.unlink()  # as if by hand
    second.give_back()
    waiting.join()
    with pytest.raises(TimeoutError):
        second.take(0.02)
    third.give_back()
    third.discard()
    second.discard()
    assert not path.exists() or sys.platform == "win32"


UNCLOSED = """
import sys
from cli.main import spare_the_collector
from ledger.application import Ledger
from ledger.domain import moments
from ledger.investigation.replay import replay
spare_the_collector()
ledger = Ledger.open(sys.argv[1])
with replay(ledger.journal, ledger.records, moments.as_occurred("9998"), lambda count: None) as found:
    print(found.counted)
"""


def test_a_program_that_closes_nothing_ends_without_a_word(tmp_path: Path) -> None:
    """A ledger that wrote its views and was never closed, taken apart when all modules are gone already."""
    world = World(tmp_path / "ledger.db")
    world.mine("P1", "1.000")
    size = world.ledger.head().size
    world.close()
    ended = subprocess.run(
        [sys.executable, "-c", UNCLOSED, str(tmp_path / "ledger.db")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == (f"{size}\n", "", 0)
