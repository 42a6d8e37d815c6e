"""Work on all cores: the same answers in the same order, however many there are."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from ledger.chain import cores


def square(number: int) -> int:
    """The work."""
    return number * number


def stop(parent: int) -> int:
    """Ends the process it runs in, unless that is the one that asked."""
    if os.getpid() != parent:
        os._exit(3)
    return parent


@pytest.mark.parametrize("number", [1, 2, 3])
def test_answers_come_in_the_questions_order(number: int) -> None:
    """Each question with its answer, also more questions than fit in at once."""
    assert list(cores.on_all(square, range(50), number)) == [(n, n * n) for n in range(50)]
    assert list(cores.on_all(square, [], number)) == []


def test_questions_are_not_read_far_ahead() -> None:
    """Memory holds a few pages for each core, not the ledger."""
    read: list[int] = []

    def questions() -> Iterator[int]:
        for number in range(1_000):
            read.append(number)
            yield number

    answers = cores.on_all(square, questions(), 2)
    assert next(answers) == (0, 0)
    assert len(read) <= 6
    answers.close()  # type: ignore[attr-defined]


def test_a_process_that_dies_costs_no_answer() -> None:
    """What it should have answered is worked out here."""
    parent = os.getpid()
    assert list(cores.on_all(stop, [parent, parent], 2)) == [(parent, parent)] * 2


def test_what_is_asked_after_a_process_died_is_answered_too() -> None:
    """The pool takes nothing more then: all that comes later is worked out here."""
    parent = os.getpid()
    assert list(cores.on_all(stop, [parent] * 500, 2)) == [(parent, parent)] * 500


def test_beside_another_thread_processes_are_spawned() -> None:
    """Forking beside a thread could leave a lock taken for ever."""
    waiting = threading.Event()
    other = threading.Thread(target=waiting.wait)
    other.start()
    try:
        assert cores._context().get_start_method() == "spawn"
    finally:
        waiting.set()
        other.join()


def test_there_is_a_core() -> None:
    """However the system counts them."""
    assert cores.count() >= 1
