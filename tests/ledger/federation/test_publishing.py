"""A ledger as static files: written bit by bit, never ahead of its tiles, and never over another history."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from ledger.chain import checkpoint
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.note import VerifierKey, verifier_key
from ledger.chain.steps import Anchor
from ledger.chain.tile_source import TileSource
from ledger.chain.tiles import Tiler
from ledger.chain.trust import Log, Trust
from ledger.domain import events as e
from ledger.errors import Conflict, Malformed, StoreTrouble
from ledger.federation import publishing
from ledger.federation.mirror import ENTRIES, GROWTH, HEAD, ROOT, Mirror
from ledger.federation.publications import reading
from ledger.federation.publishing import Published, files_of, fsck, publish, published
from tests import witnessing
from tests.published import book, stated
from tests.published import publish as published_by_hand
from tests.refusing import refusing
from tests.world import LEDGER_KEY, World, goods, signing_key

TRUST = Trust((Log(VerifierKey.parse(LEDGER_KEY)),))


@pytest.fixture(scope="module")
def grown(module_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A ledger of some 600 entries that signs."""
    world = World(module_url, guard=tmp_path_factory.mktemp("guard") / "ledger.pem.guard")
    _mine(world, "G", 560)
    yield world
    world.close()


def _mine(world: World, name: str, count: int) -> None:
    acts = [
        world.ledger.sign(
            e.Mined(by="miner-1", site="kalahari-1", lines=(goods(f"{name}{number}", "1.000"),)),
            world.keys["miner-1"],
        )
        for number in range(count)
    ]
    world.ledger.append(acts)


def signed_at(world: World, size: int) -> SignedCheckpoint:
    """The checkpoint of an earlier size, as it was signed then."""
    head = Checkpoint(world.ledger.origin, size, world.ledger.keeper.tree.root(size))
    return checkpoint.sign(head, signing_key("ledger"))


def put(world: World, folder: Path, size: int | None = None) -> int:
    """Publish up to a size; how many files were written."""
    signed = world.ledger.checkpoint() if size is None else signed_at(world, size)
    return publish(folder, signed, world.ledger.journal.entries, world.ledger.keeper.tree.node).files


def mirror(folder: Path, **given: object) -> Mirror:
    """A finished check of a directory."""
    found = Mirror(reading(str(folder)), TRUST, **given)  # type: ignore[arg-type]
    list(found.run())
    return found


def test_bit_by_bit_is_the_same_as_at_once(grown: World, tmp_path: Path) -> None:
    """Whatever the steps, the files that the newest size needs are the same, and all is as it must be."""
    for size in (1, 17, 255, 256, 257, 400, 512, 513):
        put(grown, tmp_path / "steps", size)
    put(grown, tmp_path / "steps")
    put(grown, tmp_path / "once")
    once = {path: (tmp_path / "once" / path).read_bytes() for path in files_of(tmp_path / "once")}
    assert {path: (tmp_path / "steps" / path).read_bytes() for path in once} == once
    for name in ("steps", "once"):
        told: list[int] = []
        head = published(tmp_path / name).checkpoint
        assert list(fsck(tmp_path / name, head, told.append)) == []
        assert (sum(told), max(told), len(told)) == (head.size, 256, -(-head.size // 256))


def test_only_what_is_new_is_written(grown: World, tmp_path: Path) -> None:
    """Nothing for the same head; the right edge for a few entries."""
    assert put(grown, tmp_path, 300) == 5
    assert put(grown, tmp_path, 300) == 0
    assert put(grown, tmp_path, 301) == 3


def test_a_cosigned_checkpoint_of_the_same_head_stays(grown: World, tmp_path: Path) -> None:
    """Publishing again does not take the witnesses' lines away."""
    put(grown, tmp_path, 300)
    more = (tmp_path / "checkpoint").read_bytes() + b"\xe2\x80\x94 witness.example AAAAAAA=\n"
    (tmp_path / "checkpoint").write_bytes(more)
    put(grown, tmp_path, 300)
    assert (tmp_path / "checkpoint").read_bytes() == more


def test_the_checkpoint_never_precedes_its_tiles(grown: World, tmp_path: Path) -> None:
    """Killed at any place, the directory is that of its old checkpoint, and the next run goes on."""
    put(grown, tmp_path, 300)

    killed_at(grown, tmp_path, 530)
    assert published(tmp_path).checkpoint.size == 300
    assert not mirror(tmp_path).faults
    put(grown, tmp_path)
    assert list(fsck(tmp_path, grown.ledger.checkpoint().checkpoint)) == []


class Killed(Exception):
    """A run ends in the middle."""


def killed_at(world: World, folder: Path, index: int) -> None:
    """A publication that ends where it should read an entry."""

    def entries(start: int, stop: int) -> Iterable[tuple[int, bytes]]:
        for one in world.ledger.journal.entries(start, stop):
            if one[0] == index:
                raise Killed
            yield one

    with pytest.raises(Killed):
        publish(folder, world.ledger.checkpoint(), entries, world.ledger.keeper.tree.node)


def gone_on(world: World, folder: Path) -> tuple[Published, list[int]]:
    """A publication, and which entries it read from the ledger."""
    read: list[int] = []

    def entries(start: int, stop: int) -> Iterable[tuple[int, bytes]]:
        for one in world.ledger.journal.entries(start, stop):
            read.append(one[0])
            yield one

    told: list[int] = []
    done = publish(folder, world.ledger.checkpoint(), entries, world.ledger.keeper.tree.node, told.append)
    assert sum(told) == done.size
    assert list(fsck(folder, world.ledger.checkpoint().checkpoint)) == []
    return done, read


@pytest.mark.parametrize("before", [None, 100])
def test_a_publication_that_was_killed_goes_on(
    grown: World, tmp_path: Path, before: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one too: what it left whole is not read again, and the directory is that of a run that
    nobody stopped."""
    monkeypatch.setattr(publishing, "_PAGE", 256)
    if before is not None:
        put(grown, tmp_path / "killed", before)
    killed_at(grown, tmp_path / "killed", 530)
    done, read = gone_on(grown, tmp_path / "killed")
    begun = [] if before is None else list(range(before, 256))
    assert read == [*begun, *range(512, grown.ledger.head().size)]
    assert (done.before, done.found) == (before or 0, 512 if before is None else 256)
    put(grown, tmp_path / "once")
    once = {path: (tmp_path / "once" / path).read_bytes() for path in files_of(tmp_path / "once")}
    assert {path: (tmp_path / "killed" / path).read_bytes() for path in once} == once
    assert gone_on(grown, tmp_path / "killed")[0] == Published(done.size, done.size, 0)


@pytest.mark.parametrize("path", ["tile/0/001", "tile/entries/001"])
@pytest.mark.parametrize("harm", ["cut", "empty", "flipped", "gone", "elsewhere"])
def test_a_file_that_is_not_whole_is_not_taken_over(
    grown: World, tmp_path: Path, path: str, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off in the middle, empty, a bit flipped, missing, another tile's: written anew from there on."""
    monkeypatch.setattr(publishing, "_PAGE", 256)
    killed_at(grown, tmp_path, 530)
    file = tmp_path / path
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    harmed = {"cut": bytes(data[: len(data) // 2]), "empty": b"", "flipped": bytes(data)}
    if harm == "gone":
        file.unlink()
    else:
        other = file.with_name("000")
        file.write_bytes(harmed[harm] if harm in harmed else other.read_bytes())
    done, read = gone_on(grown, tmp_path)
    assert (done.found, read[0]) == (256, 256)


def test_what_another_history_left_is_not_taken_over(grown: World, tmp_path: Path) -> None:
    """A tile and a bundle that fit each other, but not the ledger's own tree."""
    entries = [data for _, data in grown.ledger.journal.entries(0, 256)]
    entries[3] = entries[4]
    for tile, data in Tiler().add(entries):
        (tmp_path / tile.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / tile.path).write_bytes(data)
    done, read = gone_on(grown, tmp_path)
    assert (done.found, read[0]) == (0, 0)


def test_what_a_killed_run_was_writing_is_taken_away(grown: World, tmp_path: Path) -> None:
    """At the edge of the checkpoint, in a folder that is full meanwhile, at the checkpoint; other files stay
    and are told."""
    put(grown, tmp_path, 300)
    left = [
        "tile/0/001.p/44.12.new",
        "tile/0/001.p/90.12.new",
        "tile/entries/001.12.new",
        "checkpoint.12.new",
    ]
    for path in (*left, "tile/entries/mine.new"):
        (tmp_path / path).write_bytes(b"half")
    head = grown.ledger.checkpoint().checkpoint
    assert {fault.path for fault in fsck(tmp_path, signed_at(grown, 300).checkpoint)} >= set(left)
    put(grown, tmp_path)
    assert {fault.path for fault in fsck(tmp_path, head)} == {"tile/entries/mine.new"}


def test_another_ledger_a_later_head_another_history(grown: World, tmp_path: Path) -> None:
    """Nothing is published over them, and nothing there is altered."""
    put(grown, tmp_path)
    before = (tmp_path / "checkpoint").read_bytes()
    with refusing(Conflict, "publish-behind"):
        put(grown, tmp_path, 300)
    head = published(tmp_path).checkpoint
    for other, code in (
        (Checkpoint("ledger.example/other", head.size, head.root), "publish-other"),
        (Checkpoint(head.origin, head.size - 1, bytes(32)), "publish-fork"),
    ):
        foreign = checkpoint.sign(other, signing_key("ledger"))
        (tmp_path / "checkpoint").write_bytes(foreign.encode())
        with refusing(Conflict, code):
            put(grown, tmp_path)
        assert (tmp_path / "checkpoint").read_bytes() == foreign.encode()
    (tmp_path / "checkpoint").write_bytes(before)


def test_a_damaged_edge_is_not_grown_on(grown: World, tmp_path: Path) -> None:
    """What lies there must lead to the checkpoint that lies there."""
    put(grown, tmp_path, 300)
    edge = tmp_path / "tile" / "0" / "001.p" / "44"
    data = bytearray(edge.read_bytes())
    data[40] ^= 1
    edge.write_bytes(data)
    with refusing(Malformed, "tile-root"):
        put(grown, tmp_path)


def test_entries_that_are_not_those_signed_are_not_published(grown: World, tmp_path: Path) -> None:
    """The root must follow from what is written."""

    def entries(start: int, stop: int) -> Iterable[tuple[int, bytes]]:
        for index, data in grown.ledger.journal.entries(start, stop):
            yield index, data + b"x" if index == 200 else data

    with refusing(StoreTrouble, "store-damaged"):
        publish(tmp_path, grown.ledger.checkpoint(), entries, grown.ledger.keeper.tree.node)
    assert not (tmp_path / "checkpoint").exists()


def test_a_mirror_is_checked_without_the_ledger(grown: World, tmp_path: Path) -> None:
    """Entries, growth from what is held, and a receipt."""
    put(grown, tmp_path)
    head = grown.ledger.head()
    anchor = Anchor(head.size - 1, head.hash)
    found = mirror(tmp_path, held=(signed_at(grown, 299),), anchor=anchor)
    assert [one.standing for one in found.outcomes] == ["ok"] * 7


def test_only_what_is_needed_is_fetched(grown: World, tmp_path: Path) -> None:
    """Root, growth and a receipt take a few tiles, and one bundle of entries."""
    put(grown, tmp_path)
    asked: list[str] = []

    def read(path: str) -> bytes | None:
        asked.append(path)
        return reading(str(tmp_path))(path)

    anchor = Anchor(0, grown.ledger.records.recorded(0).hash)
    found = Mirror(read, TRUST, (signed_at(grown, 100),), anchor, entries=False)
    list(found.run())
    assert not found.faults
    assert len([path for path in asked if "entries" in path]) == 1
    assert len(asked) <= 6


def test_a_mirror_that_does_not_hold_names_the_step(grown: World, tmp_path: Path) -> None:
    """Another root, an altered entry, another history, another receipt."""
    put(grown, tmp_path)
    forged = checkpoint.sign(Checkpoint(grown.ledger.origin, 299, bytes(32)), signing_key("ledger"))
    assert {one.step for one in mirror(tmp_path, held=(signed_at(grown, 100), forged)).faults} == {GROWTH}
    assert {one.step for one in mirror(tmp_path, anchor=Anchor(3, bytes(32))).faults} == {HEAD}
    shutil.copytree(tmp_path, tmp_path / "altered")
    bundle = tmp_path / "altered" / "tile" / "entries" / "000"
    data = bytearray(bundle.read_bytes())
    data[1_000] ^= 1
    bundle.write_bytes(data)
    assert {one.step for one in mirror(tmp_path / "altered").faults} == {ENTRIES}
    (tmp_path / "altered" / "tile" / "1" / "000.p" / "2").unlink()
    assert {one.step for one in mirror(tmp_path / "altered").faults} == {ROOT}


def test_erasing_a_value_changes_nothing_that_was_published(ledger_url: str, tmp_path: Path) -> None:
    """Chain, root, tiles and proofs are the same; only the value can no longer be disclosed."""
    world = World(ledger_url, guard=tmp_path / "guard")
    registered = e.PartyRegistered(by="gaborone", party="digger-1", roles=("miner",), name="Widow Nkomo")
    receipt = world.do(registered)
    put(world, tmp_path / "before")
    proof = receipt.proof().encode()
    signed = world.ledger.checkpoint()
    digest = world.ledger.sealed(receipt.index)["name"]
    world.do(
        e.DisclosureErased(by="gaborone", index=receipt.index, digests=(digest,), ground="a court's order")
    )
    put(world, tmp_path / "after", signed.checkpoint.size)
    for path in files_of(tmp_path / "before"):
        assert (tmp_path / "after" / path).read_bytes() == (tmp_path / "before" / path).read_bytes()
    again = world.ledger.keeper.proof(receipt.index, signed)
    assert again.encode() == proof
    assert world.ledger.sealed(receipt.index) == {}
    source = TileSource(reading(str(tmp_path / "after")), signed.checkpoint)
    assert source.entry(receipt.index) == world.ledger.journal.entry(receipt.index)


def test_another_ledgers_entries_do_not_hold_under_a_trusted_checkpoint(grown: World, tmp_path: Path) -> None:
    """Whoever copies a ledger and signs its root by a name of one's own published nothing of that name."""
    thief, name = signing_key("thief"), "ledger.example/ru/mall1"
    head = Checkpoint(name, 300, grown.ledger.keeper.tree.root(300))
    publish(
        tmp_path, checkpoint.sign(head, thief), grown.ledger.journal.entries, grown.ledger.keeper.tree.node
    )
    found = Mirror(reading(str(tmp_path)), Trust((Log(verifier_key(name, thief)),)))
    for _ in found.run():
        continue
    assert [(one.step, one.code) for one in found.faults] == [(ENTRIES, "mirror-entries-other")]


def test_entries_of_another_ledger_under_ones_checkpoint_are_told(grown: World, tmp_path: Path) -> None:
    """`fsck` names the first of each bundle; the mirror refuses them, too."""
    put(grown, tmp_path)
    true = grown.ledger.checkpoint().checkpoint
    assert list(fsck(tmp_path, true)) == []
    other = Checkpoint("ledger.example/sl/x1", true.size, true.root)
    (tmp_path / "checkpoint").write_bytes(checkpoint.sign(other, signing_key("ledger")).encode())
    found = [(fault.code, fault.values["index"]) for fault in fsck(tmp_path, other)]
    assert found == [("tile-foreign", at) for at in range(0, true.size, 256)]
    trusted = Trust((Log(verifier_key("ledger.example/sl/x1", signing_key("ledger"))),))
    check = Mirror(reading(str(tmp_path)), trusted)
    list(check.run())
    assert ("mirror-entries-other", ENTRIES) in [(one.code, one.step) for one in check.faults]


def test_an_entry_of_another_ledger_is_told_whatever_its_act_says(tmp_path: Path) -> None:
    """Its body may imitate how a statement names its ledger; an own entry whose body does is no fault."""
    like, zz = {"ledger": witnessing.ORIGIN}, "ledger.example/zz/other"
    for number, (changes, found) in enumerate(
        (
            ({"body": like}, []),
            ({"body": {"ledger": zz}}, []),
            ({"ledger": zz}, [7]),
            ({"ledger": zz, "body": like}, [7]),
            ({"ledger": zz, "body": {"a": like, "b": like}}, [7]),
        )
    ):
        log = book(300, {7: stated(**changes)})
        place = published_by_hand(log, tmp_path / str(number))
        told = list(fsck(place, log.checkpoint().checkpoint))
        assert [(one.code, one.values["index"]) for one in told] == [("tile-foreign", at) for at in found]


def test_entries_that_nobody_trusted_signed_for_are_not_read(grown: World, tmp_path: Path) -> None:
    """A stranger's directory might never end; the signature's fault is told, and no entry bundle is asked
    for."""
    put(grown, tmp_path)
    head = grown.ledger.checkpoint().checkpoint
    (tmp_path / "checkpoint").write_bytes(checkpoint.sign(head, signing_key("somebody")).encode())
    asked: list[str] = []

    def read(path: str) -> bytes | None:
        asked.append(path)
        return reading(str(tmp_path))(path)

    check = Mirror(read, TRUST)
    assert list(check.run()) == []
    assert [one.code for one in check.faults] == ["note-unsigned"]
    assert ("mirror-entries-untrusted", "not shown") in [(one.code, one.standing) for one in check.outcomes]
    assert not any("entries" in path for path in asked)
    put(grown, tmp_path / "good")
    good = mirror(tmp_path / "good")
    assert any((one.step, one.standing) == (ENTRIES, "ok") for one in good.outcomes)


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_link_to_a_folder_is_a_stray(grown: World, tmp_path: Path) -> None:
    """A web server would follow it."""
    put(grown, tmp_path)
    head = grown.ledger.checkpoint().checkpoint
    assert list(fsck(tmp_path, head)) == []
    (tmp_path / "tile" / "loop").symlink_to(tmp_path / "tile")
    assert [(fault.path, fault.code) for fault in fsck(tmp_path, head)] == [("tile/loop", "tile-path")]
