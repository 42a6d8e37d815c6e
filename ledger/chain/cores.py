"""Work on all cores: a pure function over many pages, the answers in the pages' order.

Processes, because signatures are checked under the interpreter's lock. Where one core is all there is, or a
process cannot be had, the same function runs here, one page after the other. What processes take to be
imported is imported when there are to be any.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.context import BaseContext

Question = TypeVar("Question")
Answer = TypeVar("Answer")


def count() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def on_all(
    work: Callable[[Question], Answer], questions: Iterable[Question], cores: int
) -> Iterator[tuple[Question, Answer]]:
    """Each question with its answer. At most a few questions for each core are read ahead of the answers."""
    if cores < 2:
        yield from ((question, work(question)) for question in questions)
        return
    from concurrent.futures import ProcessPoolExecutor

    pool = ProcessPoolExecutor(cores, mp_context=_context(), initializer=_begin)
    waiting: deque[tuple[Question, Future[Answer] | None]] = deque()
    try:
        for question in questions:
            waiting.append((question, _submitted(pool, work, question)))
            if len(waiting) > 2 * cores:
                yield _answered(work, *waiting.popleft())
        while waiting:
            yield _answered(work, *waiting.popleft())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _submitted(
    pool: ProcessPoolExecutor, work: Callable[[Question], Answer], question: Question
) -> Future[Answer] | None:
    """The question handed on; None where a process was lost, after which the pool takes nothing more."""
    from concurrent.futures.process import BrokenProcessPool

    try:
        return pool.submit(work, question)
    except BrokenProcessPool:
        return None


def _answered(
    work: Callable[[Question], Answer], question: Question, future: Future[Answer] | None
) -> tuple[Question, Answer]:
    from concurrent.futures.process import BrokenProcessPool

    try:
        return question, work(question) if future is None else future.result()
    except BrokenProcessPool:
        return question, work(question)


def _context() -> BaseContext:
    """Forking starts at once, and is safe on Linux while this process has no other thread."""
    import multiprocessing

    alone = threading.active_count() == 1
    return multiprocessing.get_context("fork" if sys.platform == "linux" and alone else "spawn")


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who began the work ends it
    gc.disable()  # pages hold no cycles, and looking for some costs a fifth
