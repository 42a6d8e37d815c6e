"""A turn is had by one, among threads and among processes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from ledger.errors import StoreTrouble
from ledger.turns import turn
from tests.witnessing import raised

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
    with raised(StoreTrouble, "turn-impossible"), turn(tmp_path / "no such folder" / "x.turn"):
        raise AssertionError
