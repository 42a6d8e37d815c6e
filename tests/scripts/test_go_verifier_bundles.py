"""The verifier in Go and bundles: ours and the vectors' are accepted, damaged ones refused."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

from ledger import encoding
from ledger.chain import bundle, merkle, note
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.note import Note
from tests.go_program import MARKS, VKEY, run
from tests.published import Book, book, moved, stated
from tests.witnessing import ORIGIN, key

pytestmark = MARKS
VECTORS = json.loads((Path(__file__).parents[1] / "data/adamas_format1.json").read_text(encoding="utf-8"))


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


def test_growth_that_nothing_shows_is_a_finding(program: Path, tmp_path: Path, good: Book) -> None:
    """With a checkpoint held outside, a bundle without a path from it ends with 1; in a zip, one bundle with
    the path is enough for all at its checkpoint, and for none at another."""
    held, file, packed = tmp_path / "held", tmp_path / "7.tlog-proof", tmp_path / "all.zip"
    held.write_bytes(good.checkpoint(300).encode())
    without = bundle_of(good, 7, consistency=())
    file.write_bytes(without)
    assert run(program, "-key", VKEY, file)[0] == 0
    code, lines = run(program, "-key", VKEY, "-since", held, file)
    assert (code, lines[0].endswith("growth not shown")) == (1, True)
    assert lines[1].startswith(f"bad: {file}: growth: ")
    older = bundle.make(8, good.entries[8], good.checkpoint(400), merkle.nodes_of(good.leaves[:400]))
    for more, expected in (([], 1), ([bundle_of(good, 8)], 0), ([bundle_of(good, 8), older.encode()], 1)):
        with zipfile.ZipFile(packed, "w") as archive:
            for number, data in enumerate([without, *more]):
                archive.writestr(f"{number}.tlog-proof", data)
        assert run(program, "-key", VKEY, "-since", held, packed)[0] == expected


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
    ahead = book(600, {7: stated(seen=[8, bytes(32)])})
    files["an author who has seen too much"] = bundle_of(ahead, 7)
    files["no entry"] = whole.proof.encode().split(b"\n", 2)[0] + b"\n" + whole.encode().split(b"\n", 2)[2]
    files["no such file form"] = b"c2sp.org/tlog-proof@v2" + whole.encode()[22:]
    for name, data in files.items():
        file.write_bytes(data)
        code, lines = run(program, "-key", VKEY, file)
        assert code == 1, (name, lines)
        assert lines[0].startswith(f"bad: {file}: bundle: "), name
