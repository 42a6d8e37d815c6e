"""The guard: what remembers, beside the ledger key, what was last signed.

It keeps an honest keeper from convicting himself. A ledger that was put back from an old copy, or of which
two copies run, would sign a second history over the same origin; the guard refuses: never a smaller size
than was signed, never another root at the same size (FORMATS section 6). Going on is then possible under a
new origin only.

There are two: a file (`FileGuard`), and where several machines write, a row in a database that all of them
reach (`ledger.store.guard_row`), which is asked before the file.

The file holds one line of JSON, ``{"origin": ..., "size": ..., "root": <hex>}``, filled up with spaces to 512
bytes. It is written before each signature, in one piece and in its place, and forced onto the disk at least
once a second while signing, and when closing: so a killed process forgets nothing, and a machine that loses
its power a second at most. Looking and writing are one turn among processes (`ledger.turns`), so of two
copies that run at once one is refused. It is no secret and proves nothing to others.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from ledger.errors import Conflict, KeyTrouble
from ledger.turns import Turn
from ledger.values import dataclass

EVERY = 1.0
"""Seconds that may pass until what is remembered is forced onto the disk."""
_LENGTH = 512


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed last: a size and the root at that size."""

    size: int
    root: bytes


class Moved(Exception):
    """Another process has signed since the caller looked."""


class _Any:
    """Whatever was signed last."""


ANY = _Any()


class Guard(Protocol):
    """What a keeper asks before it signs. One object is for one thread at a time."""

    @property
    def newest(self) -> Signed | None:
        """What was signed last, as far as this process knows; None where nothing was."""
        ...

    def look(self) -> Signed | None:
        """What was signed last, by this process or another one. Raises `KeyTrouble` (``guard-...``)."""
        ...

    def permit(self, size: int, root: bytes, after: Signed | _Any | None = ANY) -> None:
        """Refuse to sign backwards or sideways; what may be signed is remembered before this returns.

        ``after`` is what the caller knows to have been signed last. Raises `Moved` when it was something
        else, `Conflict` (``guard-behind``, ``guard-sideways``), `KeyTrouble` (``guard-...``).
        """
        ...

    def close(self) -> None:
        """Make what was remembered last, and let go of files and connections."""
        ...


def check_grows(last: Signed | None, wanted: Signed, origin: str, place: Path | str) -> None:
    """Raises `Conflict`: ``guard-behind`` where ``wanted`` is smaller than what was signed ``last``,
    ``guard-sideways`` where it is another root at that size. ``place`` is the guard's, for people."""
    if last is not None and wanted.size < last.size:
        raise Conflict("guard-behind", path=str(place), size=wanted.size, signed=last.size, origin=origin)
    if last is not None and wanted.size == last.size and wanted.root != last.root:
        raise Conflict(
            "guard-sideways",
            path=str(place),
            size=wanted.size,
            origin=origin,
            root=wanted.root.hex()[:16],
            signed=last.root.hex()[:16],
        )


class FileGuard:
    """A guard in a file. One object is for one thread at a time; processes may share the file."""

    _shut = staticmethod(os.close)  # at the program's very end modules are gone before the last objects

    def __init__(self, path: Path, origin: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._file: int | None = None
        self.path = path
        self._turn = Turn(path.with_name(path.name + ".turn"))
        self._origin = origin
        self._spelled = json.dumps(origin)
        self._clock = clock
        self._known: tuple[bytes | None, Signed | None] = (None, None)
        self._stamp: tuple[int, int, int] | None = None
        self._newest = self._read()
        self._forced: float | None = None
        self._waiting = False

    @property
    def newest(self) -> Signed | None:
        """What was signed last, as far as this process knows; None where nothing was."""
        return self._newest

    def look(self) -> Signed | None:
        """See `Guard.look`."""
        if self._stat() != self._stamp:
            self._take_in()
        return self._newest

    def permit(self, size: int, root: bytes, after: Signed | _Any | None = ANY) -> None:
        """See `Guard.permit`. Raises `KeyTrouble` (``guard-unreadable``, ``guard-unwritable``),
        `StoreTrouble` (``turn-impossible``)."""
        wanted = Signed(size, root)
        with self._in_turn():
            self._take_in()
            check_grows(self._newest, wanted, self._origin, self.path)
            if self._newest == wanted:
                return
            if after is not ANY and self._newest != after:
                raise Moved
            self._write(wanted)

    def write(self) -> None:
        """Force what was remembered onto the disk."""
        if self._waiting:
            with self._in_turn():
                self._take_in()
                if self._newest is not None:
                    self._write(self._newest, force=True)

    def close(self) -> None:
        """Force what was remembered onto the disk, and let go of the files."""
        try:
            self.write()
        finally:
            self._let_go()
            self._turn.close()

    def __del__(self) -> None:
        self._let_go()

    def _in_turn(self) -> AbstractContextManager[None]:
        if self._file is None and not self.path.parent.is_dir():
            raise KeyTrouble("guard-unwritable", path=str(self.path), reason="its folder is missing")
        return self._turn.hold()

    def _write(self, signed: Signed, *, force: bool = False) -> None:
        line = f'{{"origin": {self._spelled}, "size": {signed.size}, "root": "{signed.root.hex()}"}}'
        data = (line.ljust(_LENGTH - 1) + "\n").encode("ascii")
        now = self._clock()
        force = force or self._forced is None or now - self._forced >= EVERY
        try:
            file = self._opened()
            os.lseek(file, 0, os.SEEK_SET)
            os.write(file, data)
            if force:
                os.fsync(file)
        except OSError as trouble:
            raise KeyTrouble("guard-unwritable", path=str(self.path), reason=trouble.strerror) from trouble
        self._known = (data, signed)
        self._newest, self._stamp, self._waiting = signed, self._stat(), not force
        if force:
            self._forced = now

    def _opened(self) -> int:
        if self._file is None:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        return self._file

    def _let_go(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            self._shut(file)

    def _take_in(self) -> None:
        """What the file says; another process may have signed a later size."""
        found = self._read()
        if found is not None and (self._newest is None or found.size > self._newest.size):
            self._newest = found

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            return _stamp(self.path.stat())
        except FileNotFoundError:
            return None

    def _read(self) -> Signed | None:
        try:
            data = self._bytes()
        except FileNotFoundError:
            self._let_go()  # who removed it did not remove what this process remembers
            self._stamp = None
            return None
        except OSError as trouble:
            raise KeyTrouble("guard-unreadable", path=str(self.path), reason=str(trouble)) from trouble
        if data != self._known[0]:
            self._known = (data, self._parsed(data))
        return self._known[1]

    def _bytes(self) -> bytes:
        """The file's content, by the handle that is open if that is still the file."""
        there = self.path.stat()
        self._stamp = _stamp(there)  # from before it is read: what comes later is seen as a change
        if self._file is not None:
            if os.path.samestat(there, os.fstat(self._file)):
                os.lseek(self._file, 0, os.SEEK_SET)
                return os.read(self._file, 8 * _LENGTH)
            self._let_go()
        return self.path.read_bytes()

    def _parsed(self, data: bytes) -> Signed:
        try:
            line = json.loads(data.decode("ascii"))
            origin, signed = line["origin"], Signed(int(line["size"]), bytes.fromhex(line["root"]))
        except (ValueError, KeyError, TypeError, RecursionError) as trouble:
            raise KeyTrouble("guard-unreadable", path=str(self.path), reason=str(trouble)) from trouble
        if origin != self._origin:
            raise KeyTrouble("guard-other", path=str(self.path), found=origin, origin=self._origin)
        return signed


def _stamp(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_mtime_ns, found.st_size, found.st_ino
