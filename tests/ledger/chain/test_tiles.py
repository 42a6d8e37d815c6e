"""Published directories: paths, tiles, entry bundles, reading what is needed, checking all of it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.chain import merkle, tile_check, tiles
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.entry import entry_hash
from ledger.chain.tile_source import TileSource
from ledger.chain.tiles import ENTRIES, Tile, Tiler
from tests.artefacts import ORIGIN
from tests.refusing import code_of

Files = dict[str, bytes]


@cache
def entry(index: int) -> bytes:
    """Some bytes; tiles do not look into entries."""
    return b"entry %d " % index + bytes([index % 251]) * (index % 7)


@cache
def leaf(index: int) -> bytes:
    """Its hash."""
    return entry_hash(entry(index))


@cache
def head(size: int) -> Checkpoint:
    """The checkpoint over the first ``size`` entries."""
    return Checkpoint(ORIGIN, size, merkle.root([leaf(index) for index in range(size)]))


@cache
def _directory(size: int) -> tuple[tuple[str, bytes], ...]:
    tiler = Tiler()
    files = [*tiler.add(entry(index) for index in range(size)), *tiler.partial()]
    assert tiler.root() == head(size).root
    return tuple((tile.path, data) for tile, data in files)


def directory(size: int) -> Files:
    """All files of a ledger of ``size`` entries but the checkpoint."""
    return dict(_directory(size))


def faults(files: Files, size: int) -> dict[str, str]:
    """What `tile_check` finds, code by path; each has its sentence."""
    found = list(tile_check.check(files.get, head(size), files))
    assert all(str(fault) for fault in found)
    return {fault.path: fault.code for fault in found}


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 5, 1), "tile/0/005.p/1"),
        (Tile(1, 999, 255), "tile/1/999.p/255"),
        (Tile(2, 1000), "tile/2/x001/000"),
        (Tile(63, 1234067), "tile/63/x001/x234/067"),
        (Tile(ENTRIES, 1234067, 17), "tile/entries/x001/x234/067.p/17"),
        (Tile(0, 9999999), "tile/0/x009/x999/999"),
    ],
)
def test_paths_are_the_specifications(tile: Tile, path: str) -> None:
    """The index 1234067 is the specification's example."""
    assert tile.path == path
    assert Tile.parse(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/x01/000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/data/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/1/2",
        "tile/0/000/",
        "/tile/0/000",
        "./tile/0/000",
        "tile/0/../0/000",
        "tile/0/000\n",
        "tile/0/\u0660\u0660\u0660",
        "Tile/0/000",
        "tile/Entries/000",
        "checkpoint",
        "",
    ],
)
def test_there_is_one_spelling_of_a_path(path: str) -> None:
    """Everything else does not belong there."""
    assert code_of(Tile.parse, path) == "tile-path"


def test_a_ledger_of_70000_has_the_specifications_tiles() -> None:
    """273 full and one of 112 on level 0, one full and one of 17 on level 1, one of 1 on level 2."""
    hashes = [tile for tile in tiles.required(70_000) if tile.level != ENTRIES]
    level_0 = [tile for tile in hashes if tile.level == 0]
    assert level_0 == [*(Tile(0, place) for place in range(273)), Tile(0, 273, 112)]
    assert hashes[274:] == [Tile(1, 0), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert [t for t in tiles.required(256) if t.level >= 0] == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles.required(0)) == []
    bundles = [tile for tile in tiles.required(70_000) if tile.level == ENTRIES]
    assert [replace(tile, level=0) for tile in bundles] == level_0


SIZES = [0, 1, 2, 255, 256, 257, 511, 512, 700, 1024]


@pytest.mark.parametrize("size", SIZES)
def test_what_is_written_is_what_is_required(size: int) -> None:
    """No file more or less; each hash is that of the recursive definition."""
    files = directory(size)
    assert set(files) == {tile.path for tile in tiles.required(size)}
    nodes = merkle.nodes_of([leaf(index) for index in range(size)])
    for tile in tiles.required(size):
        if tile.level == ENTRIES:
            start = tile.place * 256
            assert tiles.unpack(tile, files[tile.path]) == [
                entry(n) for n in range(start, start + tile.width)
            ]
        else:
            expected = [nodes(8 * tile.level, tile.place * 256 + n) for n in range(tile.width)]
            assert files[tile.path] == b"".join(expected)
        assert len(files[tile.path]) <= tile.most
    assert faults(files, size) == {}


@pytest.mark.parametrize("size", SIZES)
def test_a_directory_serves_every_proof(size: int) -> None:
    """Inclusion, consistency and entries are those of the tree in memory."""
    source = TileSource(directory(size).get, head(size))
    nodes = merkle.nodes_of([leaf(index) for index in range(size)])
    assert merkle.root_of(size, source.node) == head(size).root
    for index in {0, 1, size // 2, size - 2, size - 1} & set(range(size)):
        assert source.entry(index) == entry(index)
        path = merkle.inclusion(index, size, source.node)
        assert path == merkle.inclusion(index, size, nodes)
        merkle.check_inclusion(leaf(index), index, size, path, head(size).root)
    for old in {0, 1, size // 3, size - 1, size} & set(range(size + 1)):
        path = merkle.consistency(old, size, source.node)
        merkle.check_consistency(old, size, path, head(old).root, head(size).root)
    assert list(source.entries()) == [entry(index) for index in range(size)]
    for beyond in (-1, size):
        assert code_of(source.entry, beyond) == "tree-index"


def test_only_what_is_needed_is_fetched() -> None:
    """One entry of 1,024: the edge, the tile above, its tile, its bundle."""
    files, fetched = directory(1024), []

    def read(path: str) -> bytes | None:
        fetched.append(path)
        return files.get(path)

    source = TileSource(read, head(1024))
    assert fetched == ["tile/1/000.p/4"]
    assert list(source.entries(300, 302)) == [entry(300), entry(301)]
    assert fetched == ["tile/1/000.p/4", "tile/entries/001", "tile/0/001"]
    assert list(source.entries(1020, 5000)) == [entry(index) for index in range(1020, 1024)]


def test_a_full_tile_serves_where_the_partial_one_is_gone() -> None:
    """The directory has grown since, and older partial tiles were deleted."""
    files = {**directory(1024), "tile/1/000.p/2": directory(700)["tile/1/000.p/2"]}
    assert "tile/0/002.p/188" not in files
    source = TileSource(files.get, head(700))
    assert list(source.entries()) == [entry(index) for index in range(700)]
    assert merkle.inclusion(699, 700, source.node) == merkle.inclusion(
        699, 700, merkle.nodes_of([leaf(n) for n in range(700)])
    )


@pytest.mark.parametrize("size", [300, 700])
def test_no_byte_of_a_tile_is_used_unchecked(size: int) -> None:
    """Whichever file is missing, short, long or flipped somewhere: reading everything is refused."""
    good = directory(size)
    needed = [path for path in good if path != "tile/0/000.p/44"]
    for path in needed:
        data = good[path]
        flipped = data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]
        for broken in (flipped, data[:-1], data + b"x", b""):
            files = {**good, path: broken}
            assert code_of(lambda files=files: list(TileSource(files.get, head(size)).entries())).startswith(
                "tile-"
            )
        files = {key: value for key, value in good.items() if key != path}
        assert code_of(lambda files=files: list(TileSource(files.get, head(size)).entries())) == (
            "tile-missing"
        )


def test_the_first_refusal_names_why() -> None:
    """Another root, a tile that does not fit the one above, an entry that does not fit its tile."""
    good = directory(700)
    assert code_of(TileSource, good.get, replace(head(700), root=bytes(32))) == "tile-root"
    assert code_of(TileSource, good.get, replace(head(700), size=699)) == "tile-missing"
    swapped = {**good, "tile/0/000": good["tile/0/001"]}
    assert code_of(TileSource(swapped.get, head(700)).entry, 0) == "tile-hash"
    assert TileSource(swapped.get, head(700)).entry(300) == entry(300)
    bundle = {**good, "tile/entries/000": good["tile/entries/001"]}
    assert code_of(TileSource(bundle.get, head(700)).entry, 0) == "tile-entry"
    empty = Checkpoint(ORIGIN, 0, merkle.EMPTY)
    assert list(TileSource({}.get, empty).entries()) == []
    assert code_of(TileSource, {}.get, replace(empty, root=bytes(32))) == "tile-root"
    assert code_of(TileSource(good.get, head(700)).node, 9, 1) == "tile-beyond"
    assert code_of(TileSource(good.get, head(700)).node, 0, 700) == "tile-beyond"


@pytest.mark.parametrize(("before", "after"), [(0, 700), (1, 2), (255, 256), (256, 700), (700, 1024)])
def test_a_directory_grows_on(before: int, after: int) -> None:
    """From what lies there; the older partial tiles may stay, as prefixes."""
    files = directory(before)
    tiler = TileSource(files.get, head(before)).tiler()
    grown = {tile.path: data for tile, data in tiler.add(entry(n) for n in range(before, after))}
    grown |= {tile.path: data for tile, data in tiler.partial()}
    assert {**files, **grown}.items() >= directory(after).items()
    assert faults({**files, **grown}, after) == {}
    assert tiler.root() == head(after).root


def test_an_edge_that_does_not_fit_is_refused() -> None:
    """A directory is not continued from somewhere else."""
    assert code_of(Tiler, 3, {0: [bytes(32)] * 3}) == "tile-edge"
    assert code_of(Tiler, 3, {0: [bytes(32)] * 2, ENTRIES: [b""] * 3}) == "tile-edge"
    assert code_of(Tiler, 1, {0: [bytes(32)], 1: [bytes(32)], ENTRIES: [b""]}) == "tile-edge"


@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        "tile/0/000.tmp",
        "tile/0/003",
        "tile/0/002.p/189",
        "tile/1/000.p/3",
        "tile/1/001.p/1",
        "tile/2/000.p/1",
        "tile/0/003.p/1",
        "tile/entries/003",
        "tile/entries/002.p/200",
    ],
)
def test_what_does_not_belong_there_is_a_fault(path: str) -> None:
    """Of a ledger of 700 entries: 2 full tiles, one of 188, and one of 2 above."""
    assert set(faults({**directory(700), path: bytes(32)}, 700)) == {path}


def test_older_partial_tiles_may_stay_if_they_are_prefixes() -> None:
    """Of hashes and of entries; anything else under their name is a fault."""
    good = directory(700)
    older = {
        path: data
        for size in (1, 200, 255, 300, 600, 699)
        for path, data in directory(size).items()
        if ".p/" in path
    }
    assert len(older.keys() - good.keys()) > 12
    assert faults({**older, **good}, 700) == {}
    for path, data in older.items():
        if path in good:
            continue
        wrong = data[:-1] + bytes([data[-1] ^ 1])
        assert faults({**good, path: wrong}, 700) == {path: "tile-older"}
        kind = "tile-bundle" if "entries" in path else "tile-length"
        assert faults({**good, path: data[:-1]}, 700) == {path: kind}
        assert faults({**good, path: b""}, 700) == {path: kind}


def test_every_file_of_a_directory_is_checked() -> None:
    """Each file missing, cut or flipped at some byte is named; nothing else is when it is only missing."""
    good = directory(700)
    for path, data in good.items():
        missing = {key: value for key, value in good.items() if key != path}
        assert faults(missing, 700) == {path: "tile-missing"}
        assert path in faults({**good, path: data[:-1]}, 700)
        assert path in faults({**good, path: b""}, 700)
        for place in range(0, len(data), 97):
            flipped = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            found = faults({**good, path: flipped}, 700)
            assert path in found or "checkpoint" in found, (path, place)
    assert set(faults(good, 699).values()) == {"tile-beyond", "tile-missing", "tile-root"}
    found = list(tile_check.check(good.get, replace(head(700), root=bytes(32)), good))
    assert [(fault.path, fault.code) for fault in found] == [("checkpoint", "tile-root")]


def test_where_a_bundle_cannot_be_read_its_tile_stands_for_it() -> None:
    """One fault is one line; with both gone what follows from them is named too."""
    good = directory(700)
    assert faults({**good, "tile/entries/001": b"x"}, 700) == {"tile/entries/001": "tile-bundle"}
    both = {key: value for key, value in good.items() if key not in ("tile/entries/001", "tile/0/001")}
    assert faults(both, 700) == {
        "tile/entries/001": "tile-missing",
        "tile/0/001": "tile-missing",
        "tile/1/000.p/2": "tile-other",
        "checkpoint": "tile-root",
    }


@given(st.lists(st.binary(max_size=300), max_size=256))
@example([b"x" * 65_535] * 2)
def test_entry_bundles_come_back(entries: list[bytes]) -> None:
    """Whatever the entries are; and not as another number of entries."""
    tile = Tile(ENTRIES, 0, len(entries))
    data = tiles.pack(entries)
    if entries:
        assert tiles.unpack(tile, data) == entries
        assert tiles.leaves(tile, data) == [entry_hash(item) for item in entries]
        assert code_of(tiles.leaves, tile, data[:-1]) == "tile-bundle"
        assert code_of(tiles.unpack, tile, data[:-1]) == "tile-bundle"
    assert code_of(tiles.unpack, replace(tile, width=len(entries) + 1), data) == "tile-bundle"
    for read in (tiles.unpack, tiles.leaves):
        assert code_of(read, tile, data + b"\0") == "tile-bundle"
        assert code_of(read, tile, data + b"\0\0") == "tile-bundle"


@given(st.integers(-1, 63), st.integers(0, 2**45), st.integers(1, 256))
def test_any_tile_has_one_path(level: int, place: int, width: int) -> None:
    """And is read back from it."""
    assert Tile.parse(Tile(level, place, width).path) == Tile(level, place, width)
