"""Processes that inherit nothing: answers in order, whatever becomes of those who give them or who ask."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from operator import neg
from pathlib import Path

import pytest

from ledger.audit.processes import on_others

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind")
ROOT = Path(__file__).parents[3]
SCRIPT = """
import signal, sys
from contextlib import closing
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs tests in the background ignores it
sys.path.insert(0, {root!r})
from ledger.audit.processes import on_others
print("main", flush=True)
asked = ["__import__('os').getpid()"] * 2 + ["__import__('time').sleep({nap})"] * 4
with closing(on_others(eval, asked, 2)) as answers:  # whenever it is interrupted
    print(next(answers)[1], next(answers)[1], flush=True)
    next(answers)
"""
PID = "__import__('os').getpid()"


def test_answers_come_in_the_questions_order() -> None:
    """From other processes, also more questions than are handed on at once."""
    assert list(on_others(neg, range(50), 2)) == [(number, -number) for number in range(50)]
    assert list(on_others(neg, [], 2)) == []
    assert os.getpid() not in {answer for _, answer in on_others(eval, [PID] * 6, 2)}


def test_questions_are_not_read_far_ahead() -> None:
    """Memory holds a few answers for each process, not the ledger."""
    read: list[int] = []

    def questions() -> Iterator[int]:
        for number in range(1_000):
            read.append(number)
            yield number

    answers = on_others(neg, questions(), 2)
    assert next(answers) == (0, 0)
    assert len(read) <= 6
    answers.close()  # type: ignore[attr-defined]


def test_who_dies_costs_no_answer() -> None:
    """What it should have answered, and all that it is asked later, is worked out here."""
    dying = f"__import__('os')._exit(3) if {PID} != {os.getpid()} else 'here'"
    asked = [dying, dying, *["1 + 1"] * 20]
    assert list(on_others(eval, asked, 2)) == [(dying, "here")] * 2 + [("1 + 1", 2)] * 20


def test_where_none_can_be_had_it_is_done_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The system may allow no more of them."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert list(on_others(eval, [PID] * 9, 2)) == [(PID, os.getpid())] * 9


def test_an_exception_is_raised_here() -> None:
    """Who raises is asked again here, where it is heard."""
    with pytest.raises(ZeroDivisionError):
        list(on_others(eval, ["1", "1 // 0"], 2))


def test_who_is_no_longer_asked_is_gone() -> None:
    """Whoever stops in the midst of it leaves nobody at work, and waits for no answer."""
    began = time.monotonic()
    answers = on_others(eval, [PID, PID, *["__import__('time').sleep(60)"] * 6], 2)
    others = {next(answers)[1], next(answers)[1]}
    answers.close()  # type: ignore[attr-defined]
    assert time.monotonic() - began < 30
    assert not any(is_running(pid) for pid in others)


@POSIX
@pytest.mark.parametrize(("how", "nap"), [("SIGINT", 60), ("SIGTERM", 2), ("SIGKILL", 2)])
def test_nobody_outlives_who_asks(how: str, nap: int, tmp_path: Path) -> None:
    """After Ctrl-C all are gone at once, after an end without a word as soon as they have answered. And the
    script that asks is run once, though it guards nothing."""
    script = tmp_path / "unguarded.py"
    script.write_text(SCRIPT.format(root=str(ROOT), nap=nap))
    command = [sys.executable, str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asking:
        assert asking.stdout
        assert asking.stdout.readline() == "main\n"
        others = [int(pid) for pid in asking.stdout.readline().split()]
        assert all(map(is_running, others))
        asking.send_signal(signal.Signals[how])
        said, complained = asking.communicate(timeout=30)
    assert said == ""
    assert complained.count("Traceback") == (how == "SIGINT")
    until = time.monotonic() + (0 if how == "SIGINT" else 30)
    while any(map(is_running, others)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(is_running, others))


def is_running(pid: int) -> bool:
    """Whether there is such a process, and not only its end that nobody has heard of."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")
