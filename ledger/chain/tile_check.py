"""Checking a whole published directory, as `adamas fsck` does: every file is derived again from the entries.

1. every entry bundle that a ledger of this size must have is there and holds as many entries as it must
2. every tile is what follows from the entries
3. the root that follows from them is the checkpoint's
4. whatever else lies there is an older partial tile, and a prefix of the true one
5. the entries' statements were made for the checkpoint's ledger (that they are whole, `adamas verify` shows)

Faults are values, and checking goes on after them: where a bundle cannot be read, its tile's hashes stand for
its entries. Memory holds one bundle and one path of tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any

from ledger import encoding, messages
from ledger.chain import tiles
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.entry import Entry
from ledger.chain.statement import Statement
from ledger.chain.tile_source import Read
from ledger.chain.tiles import CHECKPOINT, ENTRIES, WIDTH, Tile, Tiler
from ledger.errors import Malformed
from ledger.values import dataclass

_LEDGER = b"\xa6ledger"


@dataclass(frozen=True, slots=True)
class TileFault:
    """A file that is not as it must be: its path, a catalogue code, and the values of its text."""

    path: str
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return messages.text(self.code, {"path": self.path, **self.values})


def check(
    read: Read,
    head: Checkpoint,
    paths: Iterable[str],
    *,
    statements: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Iterator[TileFault]:
    """The faults of a directory of which ``paths`` are all files (with `/`, relative to it); step 5 only with
    ``statements``. ``progress`` is told how many entries more were looked at."""
    tiler = Tiler()
    origin = head.origin if statements else None
    for place in range(-(-head.size // WIDTH)):
        bundle = tiles.at(ENTRIES, place, head.size)
        derived, faults = _bundle(read, tiler, bundle, origin)
        yield from faults
        yield from _compare(read, derived)
        if progress is not None:
            progress(bundle.width)
    yield from _compare(read, tiler.partial())
    if tiler.root() != head.root:
        values = {"size": head.size, "reached": tiler.root().hex(), "root": head.root.hex()}
        yield TileFault(CHECKPOINT, "tile-root", values)
    yield from strays(read, head.size, paths)


def strays(read: Read, size: int, paths: Iterable[str]) -> Iterator[TileFault]:
    """The files that may not lie in a directory of a ledger of this size (step 4)."""
    for path in sorted(set(paths) - {CHECKPOINT}):
        try:
            tile = Tile.parse(path)
            true = tiles.true_tile(tile, size)
            if tile != true:
                whole = read(true.path)
                tiles.check_prefix(tile, data := read(path) or b"", data if whole is None else whole)
        except Malformed as trouble:
            yield TileFault(path, trouble.code, trouble.values)


Derived = list[tuple[Tile, bytes]]


def _bundle(read: Read, tiler: Tiler, tile: Tile, origin: str | None) -> tuple[Derived, list[TileFault]]:
    """The full files that follow from a bundle's entries, and what is wrong with the bundle (1 and 5)."""
    data = read(tile.path)
    try:
        if data is None:
            raise Malformed("tile-missing", path=tile.path)
        faults = [] if origin is None else list(_foreign(tile, data, origin))
        return list(tiler.add_leaves(tiles.leaves(tile, data))), faults
    except Malformed as trouble:
        hashes = Tile(0, tile.place, tile.width)
        known = read(hashes.path)
        whole = known is not None and len(known) == 32 * tile.width
        leaves = tiles.hashes(hashes, known) if whole and known is not None else [bytes(32)] * tile.width
        return list(tiler.add_leaves(leaves)), [TileFault(tile.path, trouble.code, trouble.values)]


def _foreign(tile: Tile, data: bytes, origin: str) -> Iterator[TileFault]:
    """The first entry whose statement was made for another ledger.

    A statement names its ledger behind these seven bytes. Where they stand once an entry, that is read from
    the bundle at a glance; what an act says may hold them, too, and then the entries are taken apart.
    """
    mark = _LEDGER + encoding.encode(origin)
    if data.count(_LEDGER) == data.count(mark) == tile.width:
        return
    for number, entry in enumerate(tiles.unpack(tile, data), tile.place * WIDTH):
        if not _is_for(entry, mark, origin):
            yield TileFault(tile.path, "tile-foreign", {"index": number})
            return


def _is_for(entry: bytes, mark: bytes, origin: str) -> bool:
    if entry.count(_LEDGER) < 2:
        return mark in entry
    try:
        return Statement.decode(Entry.decode(entry).statement).ledger == origin
    except Malformed:
        return mark in entry  # that it is whole, `adamas verify` shows


def _compare(read: Read, derived: Iterable[tuple[Tile, bytes]]) -> Iterator[TileFault]:
    """Step 2."""
    for tile, true in derived:
        data = read(tile.path)
        if data is None:
            yield TileFault(tile.path, "tile-missing")
        elif data != true:
            place = next((n for n, (a, b) in enumerate(zip(data, true, strict=False)) if a != b), len(data))
            yield TileFault(tile.path, "tile-other", {"place": place, "hash": place // 32})
