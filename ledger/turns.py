"""One after the other: whoever holds a turn holds it alone, among threads and among a machine's processes.

A turn is the operating system's lock on a file, which ends with the process that holds it, however it ends.
The file itself stays, empty, and says nothing.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import StoreTrouble

_PAUSE = 0.001
"""Seconds between two looks at a turn that somebody else has."""

if sys.platform == "win32":
    import msvcrt

    def _try(file: int) -> bool:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError:  # another handle has it
            return False
        return True

    def _wait(file: int) -> None:
        while not _try(file):
            time.sleep(_PAUSE)

    def _give_back(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)

    def _give_back(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


class Turn:
    """The turn of one file, for who takes it often: the file stays open between two times.

    One object is for one thread at a time; each has its own hold on the file, also within a process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    @contextmanager
    def hold(self, patience: float | None = None) -> Iterator[None]:
        """Waits until nobody else holds the turn, and holds it inside the block.

        Raises `StoreTrouble` (``turn-impossible``) where the file cannot be made or the system cannot lock
        it, `TimeoutError` after ``patience`` seconds where that is given.
        """
        try:
            file = self._taken(patience)
        except TimeoutError:
            raise
        except OSError as problem:
            self.close()
            raise StoreTrouble("turn-impossible", path=str(self._path), reason=problem.strerror) from None
        try:
            yield
        finally:
            _give_back(file)

    def close(self) -> None:
        """Let go of the file; the turn can be taken again."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def __del__(self) -> None:
        self.close()

    def _taken(self, patience: float | None) -> int:
        until = None if patience is None else time.monotonic() + patience
        while True:
            if self._file is None:
                flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
                self._file = os.open(self._path, flags, 0o600)
            if until is None:
                _wait(self._file)
            elif not _try(self._file):
                self._wait_until(self._file, until)
            if self._is_there(self._file):
                return self._file
            self.close()  # somebody removed the file: others take their turn on another one by now

    def _wait_until(self, file: int, until: float) -> None:
        """Wait in a thread, which is woken the moment the turn is free; who waited too long leaves it to
        close the file."""
        deciding = threading.Lock()
        told: list[OSError | None] = []

        def wait() -> None:
            problem = None
            try:
                _wait(file)
            except OSError as raised:
                problem = raised
            with deciding:
                if self._file == file:
                    told.append(problem)
                else:
                    os.close(file)

        waiting = threading.Thread(target=wait, daemon=True)
        waiting.start()
        waiting.join(max(0.0, until - time.monotonic()))
        with deciding:
            if not told:
                self._file = None
                raise TimeoutError
        if told[0] is not None:
            raise told[0]

    def _is_there(self, file: int) -> bool:
        try:
            return os.path.samestat(self._path.stat(), os.fstat(file))
        except FileNotFoundError:
            return False


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """`Turn.hold`, once."""
    taken = Turn(path)
    try:
        with taken.hold():
            yield
    finally:
        taken.close()
