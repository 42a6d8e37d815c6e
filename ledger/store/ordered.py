"""Things kept in an order, however many there are: some in memory, the others in a nameless file.

    kept = Ordered(key=lambda one: one.certificate, pack=as_list, unpack=from_list)
    kept.add(one)
    for one in kept: ...                            as often as wanted

What is in the file lies there in runs, each in its order, as JSON; to be gone through they are merged. The
file is gone with what is kept.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator
from typing import IO, Any, Generic, TypeVar
from weakref import finalize

from ledger.errors import StoreTrouble

T = TypeVar("T")


def no_room(problem: OSError) -> StoreTrouble:
    """What to raise where a nameless file cannot be made or grow: ``store-scratch``."""
    import tempfile

    # Which folder it is may be unknown: it is asked for by writing there, and a full disk is what is told.
    reason = problem.strerror or str(problem)
    return StoreTrouble("store-scratch", path=tempfile.tempdir or "TMPDIR", reason=reason)


_READ = 256
"""So many things of a run are in memory while runs are merged."""
_Part = tuple[int, int]
"""Where some things lie in the file, and how long their text is."""


class Ordered(Generic[T]):
    """Things in the order of ``key``; where keys are equal, in the order in which they came.

    ``pack`` makes of a thing what JSON has, ``unpack`` makes the same thing of it again. At most ``most`` are
    in memory. Adding one more may raise `StoreTrouble` (``store-scratch``) where there is no room for
    the file.
    """

    def __init__(
        self, key: Callable[[T], Any], pack: Callable[[T], Any], unpack: Callable[[Any], T], most: int
    ) -> None:
        self._key, self._pack, self._unpack, self._most = key, pack, unpack, most
        self._few: list[T] = []
        self._is_sorted = True
        self._runs: list[list[_Part]] = []
        self._file: IO[bytes] | None = None
        self._count = 0

    def add(self, thing: T) -> None:
        """One more; not while somebody goes through them."""
        self._few.append(thing)
        self._is_sorted = False
        self._count += 1
        if len(self._few) >= self._most:
            self._put_away()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[T]:
        self._sort()
        if not self._runs:
            return iter(self._few)
        return heapq.merge(*map(self._read, self._runs), self._few, key=self._key)

    def _sort(self) -> None:
        if not self._is_sorted:
            self._few.sort(key=self._key)
            self._is_sorted = True

    def _put_away(self) -> None:
        import tempfile  # seldom needed, and takes long to import

        self._sort()
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()
                finalize(self, self._file.close)
            self._runs.append(self._written(self._file))
        except OSError as problem:
            raise no_room(problem) from problem
        self._few = []

    def _written(self, file: IO[bytes]) -> list[_Part]:
        place, run = file.seek(0, 2), []
        for start in range(0, len(self._few), _READ):
            some = [self._pack(thing) for thing in self._few[start : start + _READ]]
            text = json.dumps(some, separators=(",", ":")).encode("ascii")
            file.write(text)
            run.append((place, len(text)))
            place += len(text)
        file.flush()
        return run

    def _read(self, run: list[_Part]) -> Iterator[T]:
        for place, length in run:
            if self._file is None:
                raise ValueError(place)
            self._file.seek(place)
            yield from map(self._unpack, json.loads(self._file.read(length)))
