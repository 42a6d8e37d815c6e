"""The guard: a small file beside the ledger key that remembers what was last signed.

It keeps an honest keeper from convicting himself. A ledger that was put back from an old copy, or of which
two copies run, would sign a second history over the same origin; the guard refuses: never a smaller size
than was signed, never another root at the same size (FORMATS section 6). Going on is then possible under a
new origin only.

The file holds one line of JSON: ``{"origin": ..., "size": ..., "root": <hex>}``. It is written at least
once a second while signing, and when closing; written whole beside itself and put in place, so that it is
never half there. It is no secret and proves nothing to others.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import Conflict, KeyTrouble

EVERY = 1.0
"""Seconds that may pass between a signature and the guard's remembering it."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed last: a size and the root at that size."""

    size: int
    root: bytes


class Guard:
    """The guard of one ledger's key. One object is for one thread at a time; processes may share the file."""

    def __init__(self, path: Path, origin: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self._origin = origin
        self._clock = clock
        self._kept = self._read()
        self._newest = self._kept
        self._stamp = self._stat()
        self._written = clock()

    @property
    def newest(self) -> Signed | None:
        """What was signed last, as far as this process knows; None where nothing was."""
        return self._newest

    def look(self) -> Signed | None:
        """What was signed last, by this process or another one. Raises `KeyTrouble` (``guard-...``)."""
        if self._stat() != self._stamp:
            self._take_in(self._read())
        return self._newest

    def permit(self, size: int, root: bytes) -> None:
        """Refuse to sign backwards or sideways; what may be signed is remembered.

        Raises `Conflict` (``guard-behind``, ``guard-sideways``) and `KeyTrouble` (``guard-unreadable``,
        ``guard-unwritable``).
        """
        self.look()
        self.remember(size, root)

    def remember(self, size: int, root: bytes) -> None:
        """`permit`, for whoever has just looked."""
        last = self._newest
        if last is not None and size < last.size:
            raise Conflict(
                "guard-behind", path=str(self.path), size=size, signed=last.size, origin=self._origin
            )
        if last is not None and size == last.size and root != last.root:
            raise Conflict(
                "guard-sideways",
                path=str(self.path),
                size=size,
                origin=self._origin,
                root=root.hex()[:16],
                signed=last.root.hex()[:16],
            )
        self._newest = Signed(size, root)
        if self._kept is None or self._clock() - self._written >= EVERY:
            self.write()

    def write(self) -> None:
        """Put what was signed last into the file, unless another process has put something newer there."""
        self._take_in(self._read())
        newest = self._newest
        if newest is None or newest == self._kept:
            self._written = self._clock()
            return
        line = json.dumps({"origin": self._origin, "size": newest.size, "root": newest.root.hex()}) + "\n"
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="ascii", newline="\n") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
        except OSError as trouble:
            raise KeyTrouble("guard-unwritable", path=str(self.path), reason=trouble.strerror) from trouble
        self._kept, self._stamp, self._written = newest, self._stat(), self._clock()

    def _take_in(self, found: Signed | None) -> None:
        """What the file says; another process may have signed a later size."""
        self._kept, self._stamp = found, self._stat()
        if found is not None and (self._newest is None or found.size > self._newest.size):
            self._newest = found

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> Signed | None:
        try:
            text = self.path.read_text(encoding="ascii")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as trouble:
            raise KeyTrouble("guard-unreadable", path=str(self.path), reason=str(trouble)) from trouble
        try:
            line = json.loads(text)
            origin, signed = line["origin"], Signed(int(line["size"]), bytes.fromhex(line["root"]))
        except (ValueError, KeyError, TypeError) as trouble:
            raise KeyTrouble("guard-unreadable", path=str(self.path), reason=str(trouble)) from trouble
        if origin != self._origin:
            raise KeyTrouble("guard-other", path=str(self.path), found=origin, origin=self._origin)
        return signed
