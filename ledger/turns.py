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
from contextlib import contextmanager, suppress
from pathlib import Path

from ledger.errors import StoreTrouble

_PAUSE = 0.001
"""Seconds between two looks at a turn that somebody else has."""

if sys.platform == "win32":
    import msvcrt

    _BEYOND = (1 << 31) - 2
    """A place behind the end of any file that is locked here."""

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

    def have_alone(file: int) -> bool:
        """Whether no other process has an open file, which is this one's until it is closed. Raises `OSError`
        where the system cannot lock it. Afterwards it stands at its beginning."""
        os.lseek(file, _BEYOND, os.SEEK_SET)  # others cannot even read what is locked here
        try:
            return _try(file)
        finally:
            os.lseek(file, 0, os.SEEK_SET)

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

    def have_alone(file: int) -> bool:
        """Whether no other process has an open file, which is this one's until it is closed. Raises `OSError`
        where the system cannot lock it. Afterwards it stands at its beginning."""
        os.lseek(file, 0, os.SEEK_SET)
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # unlike `flock`, no forked child keeps it
        except (BlockingIOError, PermissionError):
            return False
        return True


def _is_there(file: int) -> bool:
    """Whether the file still has a name, so that others find the same one."""
    return os.fstat(file).st_nlink > 0


class _Waiting:
    """A thread that waits in the system, which wakes it the moment the lock is free but ends no wait early;
    whoever it waits for can give up."""

    def __init__(self) -> None:
        self._file: int | None = None
        self._problem: OSError | None = None
        self._had = self._given_up = False
        self._deciding, self._asked, self._told = threading.Lock(), threading.Lock(), threading.Lock()
        self._asked.acquire()
        self._told.acquire()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether there is such a thread: a forked process has none."""
        return self._thread.is_alive()

    def wait(self, file: int, seconds: float) -> None:
        """Until the file is locked. Raises `OSError` where that cannot be; `TimeoutError`, as any other
        exception that ends the wait, leaves the file to the thread, which closes it and ends."""
        self._file, self._had = file, False
        self._asked.release()
        try:
            told = self._told.acquire(timeout=seconds)
        except BaseException:
            if not self._give_up():
                self._drop(file)
            raise
        if not told and self._give_up():
            raise TimeoutError
        if self._problem is not None:
            self._drop(file)
            raise self._problem

    def end(self) -> None:
        """No more waiting."""
        self._file = None
        self._asked.release()

    def _give_up(self) -> bool:
        """False where the lock was had at the last moment."""
        with self._deciding:
            self._given_up = not self._had
            self._told.acquire(blocking=False)
        return self._given_up

    def _drop(self, file: int) -> None:
        os.close(file)
        self.end()

    def _run(self) -> None:
        while True:
            self._asked.acquire()
            file = self._file
            if file is None:
                return
            problem = None
            try:
                _wait(file)
            except OSError as raised:
                problem = raised
            with self._deciding:
                if self._given_up:
                    os.close(file)
                    return
                self._problem, self._had = problem, True
                self._told.release()


class Turn:
    """The turn of one file, for who takes it often: the file stays open between two times.

    One object is for one thread at a time; each has its own hold on the file, also within a process.
    """

    _shut = staticmethod(os.close)  # at the program's very end modules are gone before the last objects

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._waiting: _Waiting | None = None

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Holds the turn inside the block. Raises as `take`."""
        self.take()
        try:
            yield
        finally:
            self.give_back()

    def take(self, patience: float | None = None) -> None:
        """Waits until nobody else holds the turn, and holds it until it is given back.

        Raises `StoreTrouble` (``turn-impossible``) where the file cannot be made or the system cannot lock
        it, `TimeoutError` after ``patience`` seconds where that is given.
        """
        try:
            self._take(patience)
        except TimeoutError:
            raise
        except OSError as problem:
            self.close()
            raise StoreTrouble("turn-impossible", path=str(self._path), reason=problem.strerror) from None

    def give_back(self) -> None:
        """The next one has it."""
        if self._file is not None:
            _give_back(self._file)

    def close(self) -> None:
        """Let go of the file; the turn can be taken again."""
        file, self._file = self._file, None
        if file is not None:
            self._shut(file)
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.end()

    def discard(self) -> None:
        """`close`, and remove the file unless somebody else holds the turn or it was never taken here."""
        if self._file is not None and _try(self._file):
            # Who opened it before finds, once it is theirs, that it is no longer there, and takes another.
            with suppress(OSError):  # where it cannot be removed it stays: it is empty and says nothing
                if _is_there(self._file):
                    self._path.unlink()
            _give_back(self._file)
        self.close()

    def __del__(self) -> None:
        self.close()

    def _take(self, patience: float | None) -> None:
        until = None if patience is None else time.monotonic() + patience
        while True:
            if self._file is None:
                flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
                self._file = os.open(self._path, flags, 0o600)
            if until is None:
                _wait(self._file)
            elif not _try(self._file):
                self._wait_until(self._file, until)
            if _is_there(self._file):
                return
            self.close()  # somebody removed the file: others take their turn on another one by now

    def _wait_until(self, file: int, until: float) -> None:
        """Wait in a thread; who waited too long, or was interrupted, leaves it to that to close the file."""
        if self._waiting is None or not self._waiting.alive:
            self._waiting = _Waiting()
        try:
            self._waiting.wait(file, max(0.0, until - time.monotonic()))
        except BaseException:
            self._file = self._waiting = None
            raise


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """`Turn.hold`, once."""
    taken = Turn(path)
    try:
        with taken.hold():
            yield
    finally:
        taken.close()
