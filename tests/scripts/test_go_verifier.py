"""The verifier in Go shares no code with ours; it accepts what we write and refuses what is damaged."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.chain import merkle, note, tiles
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.note import Note, VerifierKey
from tests.extent import extent
from tests.go_program import MARKS, VKEY, go, run
from tests.published import AUTHOR, Book, Change, book, id_of, moved, publish, stated
from tests.witnessing import NOW, ORIGIN, key

pytestmark = MARKS


def test_its_own_tests_hold(tmp_path: Path) -> None:
    """The vectors of the second implementation, from Go: spellings, signatures, roots, a bundle."""
    done = go("test", "./...", cache=tmp_path / "cache")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("ok")
    assert go("vet", "./...", cache=tmp_path / "cache").returncode == 0


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 513, 600])
def test_what_is_published_is_accepted(program: Path, tmp_path: Path, good: Book, size: int) -> None:
    """Sizes around a tile's edge; the root that it tells is ours."""
    part = Book(good.entries[:size])
    code, lines = run(program, "-key", VKEY, publish(part, tmp_path / "log"))
    root = merkle.root(part.leaves).hex()
    said = f"{size} entries, root {root}, witnesses 0, authority not shown"
    assert (code, lines) == (0, [f"good: {tmp_path / 'log'}: {said}"])


def test_our_own_writer_publishes_what_it_accepts(program: Path, tmp_path: Path, good: Book) -> None:
    """`ledger.chain.tiles` and the tiles laid by hand here are the same files, and both are accepted."""
    by_hand = publish(good, tmp_path / "hand")
    ours = tmp_path / "ours"
    tiler = tiles.Tiler()
    for tile, data in [*tiler.add(good.entries), *tiler.partial()]:
        (ours / tile.path).parent.mkdir(parents=True, exist_ok=True)
        (ours / tile.path).write_bytes(data)
    (ours / tiles.CHECKPOINT).write_bytes(good.checkpoint().encode())
    assert run(program, "-key", VKEY, ours)[0] == 0
    files = [
        {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        for folder in (by_hand, ours)
    ]
    assert files[0] == files[1]


def test_a_second_line_of_another_algorithm_is_passed_over(program: Path, tmp_path: Path, good: Book) -> None:
    """ML-DSA-44 it cannot check: beside the Ed25519 line it changes nothing, and where it is demanded that is
    said and nothing passes."""
    log = publish(good, tmp_path / "log")
    quantum = VerifierKey(ORIGIN, note.MLDSA44, bytes(1_312))
    second = note.Signature(ORIGIN, quantum.id, bytes(8 + 2_420))
    both = good.checkpoint().with_signatures([second])
    (log / tiles.CHECKPOINT).write_bytes(both.encode())
    trust = tmp_path / "trust"
    trust.write_text(f"log {VKEY}\nlog {quantum}\nquorum none\n")
    assert run(program, "-trust", trust, log)[0] == 0
    trust.write_text(f"log {quantum}\nquorum none\n")
    code, lines = run(program, "-trust", trust, log)
    assert code != 0
    assert "demands ML-DSA-44" in lines[0]


def test_growth_is_shown_from_a_checkpoint_held_outside(program: Path, tmp_path: Path, good: Book) -> None:
    """From every older size; another history's checkpoint of the same key is told."""
    log = publish(good, tmp_path / "log")
    held = tmp_path / "held"
    for size in (0, 1, 300, 600):
        held.write_bytes(good.checkpoint(size).encode())
        assert run(program, "-key", VKEY, "-since", held, log)[0] == 0
    other = book(600, {5: stated(body={"parcel": "another"})})
    held.write_bytes(other.checkpoint(300).encode())
    code, lines = run(program, "-key", VKEY, "-since", held, log)
    assert (code, lines) == (
        1,
        [f"bad: {log}: checkpoint: it did not grow from the one held outside, of size 300"],
    )
    held.write_bytes(good.checkpoint(600).encode())
    shorter = publish(Book(good.entries[:599]), tmp_path / "short")
    assert run(program, "-key", VKEY, "-since", held, shorter)[0] == 1


def test_older_partial_tiles_may_stay(program: Path, tmp_path: Path, good: Book) -> None:
    """Prefixes of the true tiles are no fault; anything else beside them is."""
    log = publish(good, tmp_path / "log")
    publish(Book(good.entries[:100]), log)
    publish(Book(good.entries[:570]), log)
    publish(good, log)
    assert run(program, "-key", VKEY, log)[0] == 0
    old = log / "tile" / "entries" / "000.p" / "100"
    old.write_bytes(old.read_bytes()[:-1] + b"x")
    code, lines = run(program, "-key", VKEY, log)
    assert (code, lines) == (1, [f"bad: {log}: tile/entries/000.p/100: the file has no place here"])


def flip(name: str, place: int = -1) -> Callable[[Path], None]:
    """One bit of a file."""

    def change(log: Path) -> None:
        data = bytearray((log / name).read_bytes())
        data[place] ^= 1
        (log / name).write_bytes(data)

    return change


def rewrite(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """A file's bytes, changed; it may be new."""

    def act(log: Path) -> None:
        path = log / name
        before = path.read_bytes() if path.exists() else b""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(change(before))

    return act


def dropped(name: str) -> Callable[[Path], None]:
    """A file is missing."""
    return lambda log: (log / name).unlink()


def swap(old: bytes, new: bytes) -> Callable[[Path], None]:
    """Other bytes in the checkpoint."""
    return rewrite("checkpoint", lambda data: data.replace(old, new))


def by_a_stranger(log: Path) -> None:
    """The checkpoint under another key."""
    signed = SignedCheckpoint.parse((log / "checkpoint").read_bytes())
    line = note.sign(signed.note.text, "x", key("x"))
    (log / "checkpoint").write_bytes(Note(signed.note.text, (line,)).encode())


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "a tile's hash": (flip("tile/0/001"), "tile/0/001: the tile is not that of the entries"),
    "a partial tile's hash": (flip("tile/0/002.p/88"), "tile/0/002.p/88: the tile is not"),
    "a tile of the second level": (flip("tile/1/000.p/2"), "tile/1/000.p/2: the tile is not"),
    "a tile cut short": (rewrite("tile/0/000", lambda data: data[:-32]), "tile/0/000: the tile is not"),
    "a tile too long": (rewrite("tile/0/000", lambda data: data + data[:32]), "tile/0/000: the tile is not"),
    "a tile missing": (dropped("tile/1/000.p/2"), "no such file"),
    "a bundle missing": (dropped("tile/entries/001"), "no such file"),
    "a bundle cut short": (rewrite("tile/entries/001", lambda data: data[:-1]), "256 whole entries"),
    "a bundle too long": (rewrite("tile/entries/001", lambda data: data + b"\0\0"), "256 whole entries"),
    "an entry's byte": (flip("tile/entries/000", 200), "entry 0: "),
    "the last entry's signature": (flip("tile/entries/002.p/88"), "entry 599: the signature is not"),
    "a stray file": (rewrite("tile/0/notes.txt", lambda _: b"x"), "tile/0/notes.txt: the file has no place"),
    "a tile beyond the size": (rewrite("tile/0/003.p/1", lambda _: bytes(32)), "003.p/1: the file has"),
    "an empty partial tile": (rewrite("tile/0/002.p/0", lambda _: b""), "tile/0/002.p/0: the file has no"),
    "no checkpoint": (dropped("checkpoint"), "checkpoint: "),
    "the checkpoint's signature": (flip("checkpoint", -4), "checkpoint: invalid signature"),
    "a checkpoint of 599 entries": (swap(b"\n600\n", b"\n599\n"), "checkpoint: invalid signature"),
    "CRLF": (swap(b"\n", b"\r\n"), "checkpoint: there is no signature"),
    "a leading zero": (swap(b"\n600\n", b"\n0600\n"), "checkpoint: "),
    "a line behind": (rewrite("checkpoint", lambda data: data + b"more\n"), "checkpoint: a line among"),
    "one key twice": (rewrite("checkpoint", lambda data: data + data.split(b"\n\n")[1]), "the key"),
    "base64 with stray bits": (flip("checkpoint", -3), "checkpoint: a signature is no base64"),
    "a stranger's signature": (by_a_stranger, "checkpoint: note has no verifiable signatures"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named(program: Path, tmp_path: Path, good: Book, what: str) -> None:
    """Each damaged directory lies beside its good twin and causes the finding that it must cause."""
    log = publish(good, tmp_path / "log")
    assert run(program, "-key", VKEY, log)[0] == 0
    act, finding = DAMAGE[what]
    act(log)
    code, lines = run(program, "-key", VKEY, log)
    assert code == 1
    assert any(finding in line for line in lines), lines
    assert all(line.startswith(f"bad: {log}: ") for line in lines)


FORGED: dict[str, tuple[Change, str]] = {
    "a link to nowhere": (
        moved(previous=bytes(32)),
        "it names another hash than that of entry 299 as the one before it",
    ),
    "another index": (moved(index=299), "it says that it is entry 299"),
    "an earlier time": (moved(recorded=1), "it was recorded before the entry before it"),
    "another's signature": (
        moved(signature=bytes(64)),
        f"the signature is not that of the author {AUTHOR.public.hex()}",
    ),
    "an id twice": (stated(id=id_of(7)), "its statement has the id of that of entry 7"),
    "another ledger's statement": (
        stated(ledger="ledger.example/zz/other"),
        'its statement was made for the ledger "ledger.example/zz/other"',
    ),
    "a root nobody had": (
        stated(seen=(100, bytes(32))),
        "its author had seen another root of the first 100 entries",
    ),
    "a size nobody had": (stated(seen=(301, bytes(32))), "its author had seen 301 entries"),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_keeper_who_signs_something_wrong_is_found(program: Path, tmp_path: Path, what: str) -> None:
    """The tree, tiles and checkpoint are right in themselves; an entry is not."""
    change, finding = FORGED[what]
    log = publish(book(310, {300: change}), tmp_path / "log")
    code, lines = run(program, "-key", VKEY, log)
    assert (code, lines) == (1, [f"bad: {log}: entry 300: {finding}"])


def test_what_an_author_had_seen_is_accepted_when_it_was_so(
    program: Path, tmp_path: Path, good: Book
) -> None:
    """A true root, of a size not above the entry's own index."""
    seen = (300, merkle.root(good.leaves[:300]))
    log = publish(book(310, {300: stated(seen=seen)}), tmp_path / "log")
    assert run(program, "-key", VKEY, log)[0] == 0


def test_another_root_than_the_entries_is_found(program: Path, tmp_path: Path, good: Book) -> None:
    """A checkpoint properly signed, over another history of the same size."""
    other = book(600, {599: stated(body={"parcel": "another"})})
    log = publish(good, tmp_path / "log", other.checkpoint())
    code, lines = run(program, "-key", VKEY, log)
    assert code == 1
    assert len(lines) == 1
    assert "the entries have the root" in lines[0]


def test_trust_comes_from_the_reader(program: Path, tmp_path: Path, good: Book) -> None:
    """Without a key, with a trust file that is none, or with another key, nothing is good."""
    log = publish(good, tmp_path / "log")
    other = str(note.verifier_key(ORIGIN, key("other")))
    assert run(program, log)[0] == 2
    assert run(program, "-key", VKEY + "x", log)[0] == 2
    assert run(program, "-key", other, log)[0] == 1
    assert run(program, "-key", VKEY)[0] == 2
    trust = tmp_path / "trust"
    for text in ("", f"log {VKEY}\n", "quorum none\n", f"log {VKEY}\nquorum x\n", f"log {VKEY}\nquorum none"):
        trust.write_text(text, encoding="ascii")
        assert run(program, "-trust", trust, log)[0] == 2, text
    trust.write_text(f"# mine\n\n log\t{VKEY}  https://x \nquorum none\n", encoding="ascii")
    assert run(program, "-trust", trust, log)[0] == 0


def test_witnesses_of_ours_count_there(program: Path, tmp_path: Path, good: Book) -> None:
    """A cosignature that we make reaches a quorum that it reads."""
    signed = good.checkpoint()
    line = note.cosign(signed.note.text, "witness.example/aa", key("aa"), NOW)
    vkey = note.verifier_key("witness.example/aa", key("aa"), note.COSIGNATURE)
    trust = tmp_path / "trust"
    trust.write_text(f"log {VKEY}\nwitness aa {vkey}\nquorum aa\n", encoding="ascii")
    log = publish(good, tmp_path / "log", signed.with_signatures([line]))
    assert run(program, "-trust", trust, log)[0] == 0
    assert run(program, "-trust", trust, publish(good, log))[0] == 1


@pytest.mark.slow
def test_no_mutation_of_a_published_log_is_accepted(program: Path, tmp_path: Path, good: Book) -> None:
    """Bytes flipped, cut, doubled and removed anywhere in a directory, with a checkpoint held outside."""
    log = publish(Book(good.entries[:300]), tmp_path / "log")
    held = tmp_path / "held"
    held.write_bytes((log / "checkpoint").read_bytes())
    files = sorted(path for path in log.rglob("*") if path.is_file())
    chance = random.Random(20151116)
    for _ in range(extent(80, 4_000)):
        path = chance.choice(files)
        before = path.read_bytes()
        place, length = chance.randrange(len(before)), chance.randrange(1, 40)
        kind = chance.choice(("flip", "cut", "double", "remove"))
        piece = before[place : place + length]
        after = {
            "flip": before[:place] + bytes([before[place] ^ 1 << chance.randrange(8)]) + before[place + 1 :],
            "cut": before[:place],
            "double": before[:place] + piece + before[place:],
            "remove": before[:place] + before[place + length :],
        }[kind]
        path.write_bytes(after)
        assert run(program, "-key", VKEY, "-since", held, log)[0] == 1, (path, kind, place, length)
        path.write_bytes(before)
    assert run(program, "-key", VKEY, "-since", held, log)[0] == 0
