"""Reading a published directory: only what is needed, and nothing before it is checked.

    source = TileSource(read, checkpoint)            read("tile/0/000.p/7") -> bytes, or None: not there
    merkle.inclusion(5, source.size, source.node)    proofs as from any other `Nodes`
    source.entry(5)

1. The partial tiles at the right edge together are the tree's root; they are read first and compared with it.
2. A full tile's Merkle hash stands in the tile above it, which is checked first.
3. An entry's hash stands in a tile of level 0.

So whatever is used leads to the checkpoint's root; that the checkpoint is to be trusted is for its signatures
to show. Where a partial tile is gone because the directory grew, the full tile's beginning serves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ledger.chain import merkle, tiles
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.entry import entry_hash
from ledger.chain.tiles import ENTRIES, HEIGHT, WIDTH, Tile, Tiler, edge_node
from ledger.errors import Malformed

Read = Callable[[str], bytes | None]
"""The bytes of a file by its path under the directory, None where there is none."""
_KEPT = 512
"""Tiles that are remembered: 4 MiB."""


class TileSource:
    """The tree and the entries of a published directory under a checkpoint.

    Raises `Malformed` wherever a file is missing, of another form, or leads to another root (``tile-...``).
    """

    def __init__(self, read: Read, head: Checkpoint) -> None:
        self._read = read
        self.head = head
        self._known: dict[tuple[int, int], list[bytes]] = {}
        self._edge: dict[int, list[bytes]] = {}
        for tile in _edge_tiles(head.size):
            self._edge[tile.level] = self._hashes(tile)
        root = merkle.root_of(head.size, lambda level, place: edge_node(self._edge, level, place))
        if root != head.root:
            raise Malformed("tile-root", size=head.size, reached=root.hex(), root=head.root.hex())

    @property
    def size(self) -> int:
        """How many entries the checkpoint covers."""
        return self.head.size

    def node(self, level: int, place: int) -> bytes:
        """The hash of a complete subtree (`merkle.Nodes`)."""
        tile_level, height = divmod(level, HEIGHT)
        first, count = place << height, 1 << height
        found = self._tile(tile_level, first // WIDTH)[first % WIDTH : first % WIDTH + count]
        if len(found) != count:
            raise Malformed("tile-beyond", path=Tile(tile_level, first // WIDTH).path, size=self.size)
        return merkle.root(found)

    def entry(self, index: int) -> bytes:
        """The bytes of one entry. Raises `Malformed` (``tree-index``) beyond the checkpoint's size."""
        if not 0 <= index < self.size:
            raise Malformed("tree-index", index=index, size=self.size)
        return next(self.entries(index, index + 1))

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The entries from ``start`` up to but not including ``stop`` (None: the checkpoint's size)."""
        stop = self.size if stop is None else min(stop, self.size)
        for place in range(start // WIDTH, -(-stop // WIDTH)):
            first = place * WIDTH
            yield from self._bundle(place)[max(start - first, 0) : stop - first]

    def tiler(self) -> Tiler:
        """What lets this directory grow on."""
        edge: dict[int, list[bytes]] = dict(self._edge)
        edge[ENTRIES] = self._bundle(self.size // WIDTH) if self.size % WIDTH else []
        return Tiler(self.size, dict(edge))

    def _bundle(self, place: int) -> list[bytes]:
        tile = tiles.at(ENTRIES, place, self.size)
        found = self._cut(tile)
        leaves = self._tile(0, place)
        for offset, (entry, leaf) in enumerate(zip(found, leaves, strict=True)):
            if entry_hash(entry) != leaf:
                raise Malformed("tile-entry", path=tile.path, index=place * WIDTH + offset)
        return found

    def _tile(self, level: int, place: int) -> list[bytes]:
        tile = tiles.at(level, place, self.size)
        if tile.width < WIDTH:
            return self._edge[level]
        known = self._known.get((level, place))
        if known is None:
            above = self._tile(level + 1, place // WIDTH)[place % WIDTH]
            known = self._hashes(tile)
            if merkle.root(known) != above:
                raise Malformed("tile-hash", path=tile.path)
            if len(self._known) >= _KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[level, place] = known
        return known

    def _hashes(self, tile: Tile) -> list[bytes]:
        data = self._read(tile.path)
        if data is not None or tile.width == WIDTH:
            return tiles.hashes(tile, _there(tile, data))
        return tiles.hashes(tile.full, _there(tile, self._read(tile.full.path)))[: tile.width]

    def _cut(self, tile: Tile) -> list[bytes]:
        data = self._read(tile.path)
        if data is not None or tile.width == WIDTH:
            return tiles.unpack(tile, _there(tile, data))
        return tiles.unpack(tile.full, _there(tile, self._read(tile.full.path)))[: tile.width]


def _edge_tiles(size: int) -> Iterator[Tile]:
    """The partial tiles of a size."""
    level = 0
    while size >> HEIGHT * level:
        if width := (size >> HEIGHT * level) % WIDTH:
            yield Tile(level, size >> HEIGHT * (level + 1), width)
        level += 1


def _there(tile: Tile, data: bytes | None) -> bytes:
    if data is None:
        raise Malformed("tile-missing", path=tile.path)
    return data
