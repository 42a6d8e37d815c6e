"""A ledger as a directory of files that any web server serves: tiles and entry bundles (c2sp.org/tlog-tiles).

    checkpoint                     the signed checkpoint; written last
    tile/<L>/<N>[.p/<W>]           256 consecutive hashes of 256^L entries each; W of them at the right edge
    tile/entries/<N>[.p/<W>]       256 entries, each behind two bytes of its length; W at the right edge

L from 0 without leading zeros; N in groups of three digits, all but the last behind an `x`. For size 70,000:

    tile/0/000 .. tile/0/x001/272, tile/0/273.p/112, tile/1/000, tile/1/001.p/17, tile/2/000.p/1

A hash of level L + 1 is the Merkle hash of a *full* tile of level L. Tiles never change; a partial tile of an
older size may remain where it is a prefix of the true tile, and nothing else may lie there.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice

from ledger.chain import merkle
from ledger.chain.entry import LONGEST
from ledger.errors import Malformed

CHECKPOINT = "checkpoint"
HEIGHT = 8
WIDTH = 1 << HEIGHT
ENTRIES = -1
"""The level of entry bundles."""
_PATH = re.compile(
    r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)
_LENGTH = struct.Struct(">H")


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """One file: ``level`` (`ENTRIES` for entry bundles), place in the level, number of hashes or entries."""

    level: int
    place: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it lies under the published directory, with `/` between."""
        groups = f"{self.place:03d}"
        groups = groups.zfill(-(-len(groups) // 3) * 3)
        parts = [groups[start : start + 3] for start in range(0, len(groups), 3)]
        number = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{number}{partial}"

    @classmethod
    def parse(cls, path: str) -> Tile:
        """The tile of a path in its one spelling. Raises `Malformed` (``tile-path``)."""
        found = _PATH.fullmatch(path)
        if found is None:
            raise Malformed("tile-path", path=ascii(path[:80]))
        level, groups, width = found.groups()
        place = int(re.sub("[x/]", "", groups))
        tile = cls(ENTRIES if level == "entries" else int(level), place, int(width or WIDTH))
        if tile.path != path or tile.width > WIDTH:
            raise Malformed("tile-path", path=ascii(path[:80]))
        return tile

    @property
    def full(self) -> Tile:
        """The full tile at this place."""
        return Tile(self.level, self.place)

    @property
    def most(self) -> int:
        """How many bytes the file has at most: nobody needs to fetch more."""
        return self.width * (2 + LONGEST if self.level == ENTRIES else 32)


def required(size: int) -> Iterator[Tile]:
    """What a directory of a ledger of ``size`` entries must hold beside the checkpoint, from the left."""
    level, count = 0, size
    while count:
        full, width = divmod(count, WIDTH)
        for kind in (ENTRIES, level) if level == 0 else (level,):
            yield from (Tile(kind, place) for place in range(full))
            if width:
                yield Tile(kind, full, width)
        level, count = level + 1, full


def at(level: int, place: int, size: int) -> Tile:
    """The tile at a place in a ledger of ``size`` entries, as wide as it is there.

    Raises `Malformed` (``tile-beyond``) where there is none.
    """
    full, width = divmod(size >> HEIGHT * max(level, 0), WIDTH)
    if place < full:
        return Tile(level, place)
    if place > full or not width:
        raise Malformed("tile-beyond", path=Tile(level, place).path, size=size)
    return Tile(level, place, width)


def true_tile(tile: Tile, size: int) -> Tile:
    """The tile of which a file of a directory is, or is a prefix of, at this size.

    Raises `Malformed` (``tile-beyond``) for a file that a ledger of this size, or a smaller one, never has.
    """
    found = at(tile.level, tile.place, size)
    if tile.width > found.width:
        raise Malformed("tile-beyond", path=tile.path, size=size)
    return found


def hashes(tile: Tile, data: bytes) -> list[bytes]:
    """The hashes of a tile's bytes. Raises `Malformed` (``tile-length``)."""
    if len(data) != 32 * tile.width:
        raise Malformed("tile-length", path=tile.path, length=len(data), needed=32 * tile.width)
    return [data[start : start + 32] for start in range(0, len(data), 32)]


def pack(entries: Iterable[bytes]) -> bytes:
    """The bytes of an entry bundle."""
    return b"".join([part for entry in entries for part in (_LENGTH.pack(len(entry)), entry)])


def unpack(tile: Tile, data: bytes) -> list[bytes]:
    """The entries of a bundle's bytes. Raises `Malformed` (``tile-bundle``) unless they fill its width."""
    entries: list[bytes] = []
    start, end = 0, len(data)
    while start + 2 <= end and len(entries) < tile.width:
        stop = start + 2 + (data[start] << 8 | data[start + 1])
        entries.append(data[start + 2 : stop])
        start = stop
    if start != end or len(entries) != tile.width:
        raise Malformed("tile-bundle", path=tile.path, width=tile.width)
    return entries


def leaves(tile: Tile, data: bytes) -> list[bytes]:
    """The hashes of the entries of a bundle's bytes; raises as `unpack`."""
    found: list[bytes] = []
    start, end = 0, len(data)
    while start + 2 <= end:
        stop = start + 2 + (data[start] << 8 | data[start + 1])
        found.append(sha256(b"\x00" + data[start + 2 : stop]).digest())
        start = stop
    if start != end or len(found) != tile.width:
        raise Malformed("tile-bundle", path=tile.path, width=tile.width)
    return found


def check_prefix(tile: Tile, data: bytes, true: bytes) -> None:
    """Raises `Malformed` (``tile-older``) unless an older partial tile's bytes begin the true tile's."""
    if tile.level == ENTRIES:
        unpack(tile, data)
    else:
        hashes(tile, data)
    if not true.startswith(data):
        raise Malformed("tile-older", path=tile.path)


class Tiler:
    """Entries in, files out: pure, and as large as one path of tiles, whatever the ledger's size.

    ``edge`` holds what the partial tiles at the right edge held, by level (`ENTRIES` for the entries), where
    a directory that exists grows on.
    """

    def __init__(self, size: int = 0, edge: dict[int, Sequence[bytes]] | None = None) -> None:
        self.size = size
        self._edge: dict[int, list[bytes]] = {ENTRIES: [], 0: []}
        for level, items in (edge or {}).items():
            self._edge[level] = list(items)
        for level, items in self._edge.items():
            if len(items) != (size >> HEIGHT * max(level, 0)) % WIDTH:
                raise Malformed("tile-edge", level=level, count=len(items), size=size)

    def add(self, entries: Iterable[bytes]) -> Iterator[tuple[Tile, bytes]]:
        """Take further entries; gives each file that is now full. To be exhausted."""
        waiting, coming = self._edge[ENTRIES], iter(entries)
        while chunk := list(islice(coming, WIDTH - len(waiting))):
            waiting += chunk
            if len(waiting) == WIDTH:
                yield Tile(ENTRIES, self.size >> HEIGHT), pack(waiting)
                waiting.clear()
            yield from self.add_leaves([sha256(b"\x00" + entry).digest() for entry in chunk])

    def add_leaves(self, leaves: Sequence[bytes]) -> Iterator[tuple[Tile, bytes]]:
        """Take entries by their hashes, up to the end of a tile at most; their bundle is not given."""
        self._edge[0].extend(leaves)
        self.size += len(leaves)
        if len(self._edge[0]) == WIDTH:
            yield from self._close(0)

    def partial(self) -> Iterator[tuple[Tile, bytes]]:
        """The files at the right edge, as they are at this size."""
        for level, items in sorted(self._edge.items()):
            if items:
                tile = Tile(level, self.size >> HEIGHT * (max(level, 0) + 1), len(items))
                yield tile, pack(items) if level == ENTRIES else b"".join(items)

    def root(self) -> bytes:
        """The root over all entries taken."""
        return merkle.root_of(self.size, lambda level, place: edge_node(self._edge, level, place))

    def _close(self, level: int) -> Iterator[tuple[Tile, bytes]]:
        items = self._edge[level]
        yield Tile(level, (self.size >> HEIGHT * (level + 1)) - 1), b"".join(items)
        above = self._edge.setdefault(level + 1, [])
        above.append(merkle.root(items))
        items.clear()
        if len(above) == WIDTH:
            yield from self._close(level + 1)


def edge_node(edge: dict[int, list[bytes]], level: int, place: int) -> bytes:
    """A complete subtree at the right edge, from the partial tiles there: all that a root is made of."""
    tile_level, height = divmod(level, HEIGHT)
    start = (place << height) % WIDTH
    return merkle.root(edge[tile_level][start : start + (1 << height)])
