"""Publishing a ledger as a directory that any web server serves (`ledger.chain.tiles`), and its own checking.

    published = publish(folder, signed, journal.entries, tree.node)

1. what lies there is the ledger's own past: its checkpoint is of this origin, not larger, and its root is the
   ledger's at that size; its right edge leads to that root
2. full tiles that a killed run left behind that are taken over, as many as are whole: the hashes of a tile
   lead to the subtree that the ledger has there, and each entry of its bundle has its hash
3. the entries behind them are read; full tiles are written, then those of the right edge
4. the root that follows is the new checkpoint's
5. every file, written or taken over, is on the disk; then, where no other run has published a later one
   meanwhile, the checkpoint is put in the place of the old one, whole

So a checkpoint never precedes its tiles, and a run that is killed leaves what the next one goes on from, the
first one, too; the file that it was writing is taken away then.
Files of older right edges stay where they are: they are prefixes of the true tiles, and readers of an older
checkpoint use them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from ledger.chain import merkle, tiles
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.merkle import Nodes
from ledger.chain.tile_check import TileFault, check
from ledger.chain.tile_source import TileSource
from ledger.chain.tiles import CHECKPOINT, ENTRIES, HEIGHT, WIDTH, Tile, Tiler
from ledger.errors import Conflict, Malformed, StoreTrouble
from ledger.federation.publications import reading
from ledger.values import dataclass

Entries = Callable[[int, int], Iterable[tuple[int, bytes]]]
"""(start, stop) -> indexes and bytes of entries, in order."""
_PAGE = 64 * WIDTH


@dataclass(frozen=True, slots=True)
class Published:
    """What was done: the sizes before and after, how many files were written beside the checkpoint, and how
    many entries lay in files that a killed run had left whole."""

    before: int
    size: int
    files: int
    found: int = 0


def publish(
    folder: Path,
    signed: SignedCheckpoint,
    entries: Entries,
    nodes: Nodes,
    progress: Callable[[int], object] | None = None,
) -> Published:
    """Bring a directory up to a signed checkpoint; it is made where there is none. ``nodes`` is the ledger's
    tree; ``progress`` is told how many entries more are done.

    Raises `Conflict`: ``publish-other`` (another ledger lies there), ``publish-behind`` (a later checkpoint
    does), ``publish-fork`` (another history does). Raises `Malformed` (``tile-...``, ``checkpoint-...``) for
    a directory that is damaged, `StoreTrouble` (``artefact-...``, ``store-damaged``).
    """
    head = signed.checkpoint
    old = checkpoint_of(folder)
    tiler = Tiler() if old is None else _grown_from(folder, old.checkpoint, head, nodes)  # (1)
    before = tiler.size
    writing = _Writing(folder)
    tell = progress or _nobody
    tell(before)
    edge = min(-before % WIDTH, head.size - before)
    _write(writing, tiler, entries(before, before + edge), tell)
    found = 0
    for place in range(tiler.size >> HEIGHT, head.size >> HEIGHT):  # (2)
        leaves = _left_whole(folder, place, nodes)
        if leaves is None:
            break
        writing.take_over(tiler, place, leaves)
        found += WIDTH
        tell(WIDTH)
    _write(writing, tiler, entries(tiler.size, head.size), tell)  # (3)
    if tiler.size != before:
        writing.write(tiler.partial())
    if tiler.size != head.size or tiler.root() != head.root:  # (4)
        reason = f"the entries lead to another root at size {head.size} than the one that is signed"
        raise StoreTrouble("store-damaged", path=str(folder), reason=reason)
    if old is None or old.checkpoint != head:  # (5)
        writing.settle()
        lying = checkpoint_of(folder)
        if lying is not None:  # another run may have been faster
            _check_past(folder, lying.checkpoint, head, nodes)
        if lying is None or lying.checkpoint != head:
            writing.finish(signed)
    return Published(before, head.size, writing.count, found)


def _write(
    writing: _Writing, tiler: Tiler, entries: Iterable[tuple[int, bytes]], tell: Callable[[int], object]
) -> None:
    coming = iter(entries)
    while page := [data for _, data in islice(coming, _PAGE)]:
        writing.write(tiler.add(page))
        tell(len(page))


def _nobody(count: int) -> None:
    """Nobody asked how far it is."""


def _left_whole(folder: Path, place: int, nodes: Nodes) -> list[bytes] | None:
    """The entries' hashes of a full tile and its bundle that lie there as they must; None where one of them
    is missing, or half written, or another ledger's."""
    read = reading(str(folder))
    tile, bundle = Tile(0, place), Tile(ENTRIES, place)
    try:
        data = read(tile.path)
        if data is None or (packed := read(bundle.path)) is None:
            return None
        leaves = tiles.hashes(tile, data)
        whole = tiles.leaves(bundle, packed) == leaves and merkle.root(leaves) == nodes(HEIGHT, place)
    except (
        Malformed,
        StoreTrouble,
    ):  # the ledger's own tree may be damaged there: then nothing is taken over
        return None
    return leaves if whole else None


def checkpoint_of(folder: Path) -> SignedCheckpoint | None:
    """The checkpoint of a directory, None where there is none. Raises `Malformed` where it is damaged."""
    data = reading(str(folder))(CHECKPOINT)
    return None if data is None else SignedCheckpoint.parse(data)


def published(folder: Path) -> SignedCheckpoint:
    """The checkpoint of a directory. Raises `Malformed` (``publish-no-checkpoint``) where there is none."""
    signed = checkpoint_of(folder)
    if signed is None:
        raise Malformed("publish-no-checkpoint", path=str(folder))
    return signed


def fsck(
    folder: Path, head: Checkpoint, progress: Callable[[int], object] | None = None
) -> Iterator[TileFault]:
    """Derive every file again from the entries, and tell what is not as it must be; ``progress`` is told how
    many entries more were looked at.

    Memory holds one bundle and one path of tiles. Raises `StoreTrouble` (``artefact-unreadable``).
    """
    return check(reading(str(folder)), head, files_of(folder), statements=True, progress=progress)


def files_of(folder: Path) -> Iterator[str]:
    """All files of a directory, and links to folders, with `/` between, relative to it."""
    for place, folders, names in os.walk(folder):
        inner = Path(place).relative_to(folder).as_posix()
        links = [name for name in folders if Path(place, name).is_symlink()]
        yield from (name if inner == "." else f"{inner}/{name}" for name in (*names, *links))


def _grown_from(folder: Path, old: Checkpoint, head: Checkpoint, nodes: Nodes) -> Tiler:
    _check_past(folder, old, head, nodes)
    return TileSource(reading(str(folder)), old).tiler()


def _check_past(folder: Path, old: Checkpoint, head: Checkpoint, nodes: Nodes) -> None:
    if old.origin != head.origin:
        raise Conflict("publish-other", path=str(folder), found=old.origin, origin=head.origin)
    if old.size > head.size:
        raise Conflict("publish-behind", path=str(folder), found=old.size, size=head.size)
    if merkle.root_of(old.size, nodes) != old.root:
        raise Conflict("publish-fork", path=str(folder), origin=old.origin, size=old.size)


class _Writing:
    """Writes files whole, remembers them, and puts the checkpoint in place when all are on the disk."""

    def __init__(self, folder: Path) -> None:
        self.count = 0
        self._files: list[Path] = []
        self._folder = folder
        self._made: set[Path] = set()

    def write(self, made: Iterable[tuple[Tile, bytes]]) -> None:
        """Put tiles in their places."""
        for tile, data in made:
            self._put(self._folder / tile.path, data)

    def take_over(self, tiler: Tiler, place: int, leaves: list[bytes]) -> None:
        """A full tile and its bundle that lie there already: what they complete higher up is written anew."""
        own = Tile(0, place)
        self.write(made for made in tiler.add_leaves(leaves) if made[0] != own)
        self._files += [self._folder / own.path, self._folder / Tile(ENTRIES, place).path]

    def settle(self) -> None:
        """Bring to the disk what the new checkpoint promises."""
        for path in (*self._files, *{path.parent for path in self._files}):
            _on_disk(path)

    def finish(self, signed: SignedCheckpoint) -> None:
        """The new checkpoint, behind everything that it promises."""
        self._put(self._folder / CHECKPOINT, signed.encode())
        _on_disk(self._folder / CHECKPOINT)
        _on_disk(self._folder)

    def _put(self, path: Path, data: bytes) -> None:
        fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
        try:
            if path.parent not in self._made:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(path.parent)
                _tidy(path.parent)
            _tidy(path.with_name(f"{path.name}.p"))
            for last in (False, False, True):  # another run may take the draft for that of a killed one
                fresh.write_bytes(data)
                if path.name == CHECKPOINT:
                    _on_disk(fresh)
                if _moved(fresh, path, last=last):
                    break
        except OSError as problem:
            fresh.unlink(missing_ok=True)
            raise StoreTrouble("artefact-unwritable", path=str(path), reason=problem.strerror) from None
        if path.name != CHECKPOINT:
            self._files.append(path)
            self.count += 1


def _moved(fresh: Path, path: Path, *, last: bool) -> bool:
    try:
        fresh.replace(path)
    except FileNotFoundError:
        if last:
            raise
        return False
    return True


def _tidy(folder: Path) -> None:
    """Take away what a killed run was writing there."""
    if folder.is_dir():
        for path in folder.glob("*.[0-9]*.new"):
            path.unlink(missing_ok=True)


def _on_disk(path: Path) -> None:
    """Folders can be brought to the disk on POSIX only, and need not be elsewhere."""
    if os.name != "posix" and path.is_dir():
        return
    try:
        handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as problem:
        raise StoreTrouble("artefact-unwritable", path=str(path), reason=problem.strerror) from None
