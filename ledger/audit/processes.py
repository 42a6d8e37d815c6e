"""Processes that answer questions and inherit nothing of this one: no open file, no lock, no main script.

    for question, answer in on_others(work, questions, 2): ...

For work that opens itself what it needs, such as a database that is open here too: SQLite in a forked child
would take this process's locks for the child's own. Python's own way to begin so (``spawn``) runs the
program's main script once more in each process, and a script need not be made for that. Here only the
module of ``work`` is imported, so starting costs no more than that, on every system alike.

A process whose pipe ends, ends: whatever became of this one. It hears of no Ctrl-C; who asked ends it.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from typing import Any, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

_BEGIN = "import sys; sys.path[:] = {path!r}; from ledger.audit.serving import serve; serve()"
_LOST: Any = object()
_NEW_GROUP = 0x200
"""``CREATE_NEW_PROCESS_GROUP``, which Python names on Windows only."""


def on_others(
    work: Callable[[Question], Answer], questions: Iterable[Question], number: int
) -> Iterator[tuple[Question, Answer]]:
    """Each question with its answer, in their order, by as many processes.

    At most a few questions for each are read ahead of the answers. What a process that died should have
    answered is worked out here; everything, where none can be had.
    """
    waiting: deque[tuple[Question, Future[Any]]] = deque()
    with ExitStack() as ending:
        threads = ending.enter_context(ThreadPoolExecutor(number))
        free: SimpleQueue[_Process] = SimpleQueue()
        with suppress(OSError):  # as many as the system allows
            for _ in range(number):
                free.put(ending.enter_context(_Process()))
        if free.empty():
            yield from ((question, work(question)) for question in questions)
            return

        def ask(question: Question) -> Any:
            process = free.get()
            try:
                return process.ask(work, question)
            finally:
                free.put(process)

        def answered() -> tuple[Question, Answer]:
            question, future = waiting.popleft()
            answer = future.result()
            return question, work(question) if answer is _LOST else answer

        try:
            for question in questions:
                waiting.append((question, threads.submit(ask, question)))
                if len(waiting) > 2 * number:
                    yield answered()
            while waiting:
                yield answered()
        finally:
            for _, future in waiting:
                future.cancel()


class _Process:
    """One that runs `ledger.audit.serving`; on leaving it is ended."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", _BEGIN.format(path=sys.path)]
        windows = sys.platform == "win32"
        alone: dict[str, Any] = {"creationflags": _NEW_GROUP} if windows else {"process_group": 0}
        self._running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **alone)

    def __enter__(self) -> _Process:
        return self

    def __exit__(self, *_: object) -> None:
        self._running.kill()
        with suppress(OSError):  # what it has not read
            self._running.stdin.close()  # type: ignore[union-attr]
        self._running.stdout.close()  # type: ignore[union-attr]
        self._running.wait()

    def ask(self, work: Callable[[Question], Answer], question: Question) -> Answer:
        """The answer, or `_LOST` from a process that is gone."""
        assert self._running.stdin and self._running.stdout  # noqa: S101, PT018  both are pipes
        try:
            pickle.dump((work, question), self._running.stdin, pickle.HIGHEST_PROTOCOL)
            self._running.stdin.flush()
            return pickle.load(self._running.stdout)  # type: ignore[no-any-return] # noqa: S301  our own
        except (OSError, EOFError, pickle.UnpicklingError):
            return _LOST  # type: ignore[no-any-return]
