"""The verifier in Go shares no code with ours; it accepts what we write and refuses what is damaged."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ledger import encoding
from ledger.chain import bundle, merkle, note
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.note import Note
from tests.extent import extent
from tests.published import AUTHOR, Book, Change, book, id_of, publish, stated
from tests.witnessing import NOW, ORIGIN, key

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "scripts" / "verifier"
VECTORS = json.loads((ROOT / "tests/data/adamas_format1.json").read_text(encoding="utf-8"))
LIBRARY = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")
VKEY = str(note.verifier_key(ORIGIN, key(ORIGIN)))

pytestmark = [
    pytest.mark.xdist_group("go"),
    pytest.mark.skipif(shutil.which("go") is None, reason="no Go toolchain (apt-get install golang-go)"),
    pytest.mark.skipif(
        not LIBRARY.is_dir(), reason="no Go library x/mod (apt-get install golang-golang-x-mod-dev)"
    ),
]


def go(*arguments: str, cache: Path) -> subprocess.CompletedProcess[str]:
    """Run Go on the verifier's sources, without a network."""
    variables = {
        **os.environ,
        "GOCACHE": os.environ.get("GOCACHE", str(cache)),
        "GOPROXY": "off",
        "GOFLAGS": "-mod=mod",
        "GOTOOLCHAIN": "local",
        "HOME": os.environ.get("HOME", str(cache)),
    }
    return subprocess.run(["go", *arguments], cwd=SOURCES, env=variables, capture_output=True, text=True)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The verifier, built from its sources."""
    folder = tmp_path_factory.mktemp("go")
    built = go("build", "-o", str(folder / "verifier"), ".", cache=folder / "cache")
    assert built.returncode == 0, built.stderr
    return folder / "verifier"


@pytest.fixture(scope="module")
def good() -> Book:
    """A log of six hundred entries: two full bundles, one partial, two levels of tiles."""
    return book(600)


def run(program: Path, *arguments: str | Path) -> tuple[int, list[str]]:
    """Exit code and lines."""
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr).splitlines()


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
    assert (code, lines) == (0, [f"good: {tmp_path / 'log'}: {size} entries, root {root}, witnesses 0"])


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


def moved(**changes: object) -> Change:
    """The change of an entry's own parts."""
    return lambda made: replace(made, **changes)


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


def trust_file(path: Path, needed: str = "all") -> Path:
    """The log of the vectors and its two witnesses."""
    keys = VECTORS["keys"]
    rows = [f"log {keys['log_vkey']}", *(f"witness w{n} {vkey}" for n, vkey in enumerate(keys["witnesses"]))]
    path.write_text("\n".join([*rows, f"group two {needed} w0 w1", "quorum two", ""]), encoding="ascii")
    return path


def test_the_vectors_bundle_is_accepted_under_its_quorum(program: Path, tmp_path: Path) -> None:
    """Witnesses count, and a checkpoint without them does not."""
    file = tmp_path / "a.tlog-proof"
    file.write_text(VECTORS["bundle"]["text"], encoding="utf-8")
    trust = trust_file(tmp_path / "trust")
    shown = "entry 5 of 9, example-weighed/1, disclosed [buyer], withheld 1, witnesses 2"
    assert run(program, "-trust", trust, file) == (0, [f"good: {file}: bundle: {shown}"])
    text = VECTORS["bundle"]["text"]
    file.write_text("\n".join(text.split("\n")[:-2]) + "\n", encoding="utf-8")  # without the last witness
    assert run(program, "-trust", trust, file)[0] == 1
    assert run(program, "-trust", trust_file(tmp_path / "trust", "any"), file)[0] == 0
    assert run(program, "-key", VECTORS["keys"]["log_vkey"], file)[0] == 0


def bundle_of(good: Book, index: int, **parts: object) -> bytes:
    """Our own bundle of an entry, with a path from size 300."""
    made = bundle.make(
        index,
        good.entries[index],
        good.checkpoint(),
        merkle.nodes_of(good.leaves),
        disclosures=good.disclosures[index],
        since=[300],
    )
    return replace(made, **parts).encode()


def test_our_bundles_are_accepted(program: Path, tmp_path: Path, good: Book) -> None:
    """One file each, and many in a zip; what is disclosed and withheld is told."""
    held = tmp_path / "held"
    held.write_bytes(good.checkpoint(300).encode())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for index in (0, 1, 7, 255, 256, 599):
            file = tmp_path / f"{index}.tlog-proof"
            file.write_bytes(bundle_of(good, index))
            archive.write(file, file.name)
            code, lines = run(program, "-key", VKEY, "-since", held, file)
            assert code == 0, lines
            assert f"entry {index} of 600" in lines[0]
            assert ("disclosed [buyer], withheld 0" in lines[0]) == (index % 7 == 0)
            assert lines[0].endswith("grown from 300")
    (tmp_path / "all.zip").write_bytes(packed.getvalue())
    code, lines = run(program, "-key", VKEY, tmp_path / "all.zip")
    assert (code, len(lines)) == (0, 6)
    file.write_bytes(bundle_of(good, 7, disclosures=()))
    assert "disclosed [], withheld 1" in run(program, "-key", VKEY, file)[1][0]


def test_damaged_bundles_are_refused(program: Path, tmp_path: Path, good: Book) -> None:
    """Wrong entry, index, path, disclosure, ledger, author; a valid path under an unsigned root."""
    file = tmp_path / "a.tlog-proof"
    whole = bundle.Bundle.decode(bundle_of(good, 7))
    foreign = book(600, {7: stated(ledger="ledger.example/zz/other")})
    text = whole.checkpoint.note.text
    unsigned = Note(text, (note.sign(text, ORIGIN, key("thief")),))
    shadow = encoding.to_base64url(b'["AAAAAAAAAAAAAAAAAAAAAA","weight",1]')
    wrong = {
        "another entry": replace(whole, entry=good.entries[8]),
        "another index": replace(whole, index=8),
        "a shorter path": replace(whole, path=whole.path[:-1]),
        "a longer path": replace(whole, path=(*whole.path, bytes(32))),
        "a foreign disclosure": replace(whole, disclosures=good.disclosures[14]),
        "a disclosure twice": replace(whole, disclosures=whole.disclosures * 2),
        "a shadow": replace(whole, disclosures=(shadow,)),
        "an unsigned root": replace(
            whole, checkpoint=SignedCheckpoint(whole.checkpoint.checkpoint, unsigned)
        ),
    }
    file.write_bytes(whole.encode())
    assert run(program, "-key", VKEY, file)[0] == 0
    files = {name: item.encode() for name, item in wrong.items()}
    files["another ledger's statement"] = bundle_of(foreign, 7)
    files["not its author's"] = bundle_of(book(600, {7: moved(signature=bytes(64))}), 7)
    files["no entry"] = whole.proof.encode().split(b"\n", 2)[0] + b"\n" + whole.encode().split(b"\n", 2)[2]
    files["no such file form"] = b"c2sp.org/tlog-proof@v2" + whole.encode()[22:]
    for name, data in files.items():
        file.write_bytes(data)
        code, lines = run(program, "-key", VKEY, file)
        assert code == 1, (name, lines)
        assert lines[0].startswith(f"bad: {file}: bundle: "), name


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
    for _ in range(extent(150, 4_000)):
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
