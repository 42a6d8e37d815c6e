"""One after the other: whoever holds a turn holds it alone, among threads and among a machine's processes.

A turn is the operating system's lock on a file, which ends with the process that holds it, however it ends.
The file itself stays, empty, and says nothing.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ledger.errors import StoreTrouble

if sys.platform == "win32":
    import msvcrt

    def _take(file: BinaryIO) -> None:
        while True:
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            except PermissionError:  # another handle has it
                time.sleep(0.01)
            else:
                return

    def _give_back(file: BinaryIO) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)

    def _give_back(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Waits until nobody else holds the turn of this file, and holds it inside the block.

    Raises `StoreTrouble` (``turn-impossible``) where the file cannot be made or the system cannot lock it.
    """
    try:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        file = os.fdopen(os.open(path, flags, 0o600), "rb+")
    except OSError as problem:
        raise StoreTrouble("turn-impossible", path=str(path), reason=problem.strerror) from None
    with file:
        try:
            _take(file)
        except OSError as problem:
            raise StoreTrouble("turn-impossible", path=str(path), reason=problem.strerror) from None
        try:
            yield
        finally:
            _give_back(file)
