"""Figures of other implementations: trees and proofs, notes, cosignatures, paths of tiles.

`tests/data/public_figures.json` names their sources. We agree with every one of them but one, which is named:
there we are stricter.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ledger import encoding, keys
from ledger.chain import merkle, note, tiles
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.entry import entry_hash
from ledger.chain.note import Note, VerifierKey
from ledger.errors import Malformed

FIGURES: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "data" / "public_figures.json").read_text(encoding="utf-8")
)
HASHES = [bytes.fromhex(text) for text in FIGURES["hashes"]]
STRICTER = {"consistency": ["sizes are equal (one) and proof is empty"]}
"""Its two equal roots are the text `don't care 2`: a root that is no hash of 32 bytes is refused here."""
COUNTS = {"inclusion": (98, 6), "consistency": (98, 6)}


def agrees(check: Any, *arguments: Any) -> bool:
    """Whether it is accepted."""
    try:
        check(*arguments)
    except Malformed:
        return False
    return True


def ours(kind: str, row: list[Any]) -> bool:
    """Whether we accept a proof."""
    first, second, one, other, path, *_ = row
    proof = [HASHES[place] for place in path]
    if kind == "inclusion":
        return agrees(merkle.check_inclusion, HASHES[other], first, second, proof, HASHES[one])
    return agrees(merkle.check_consistency, first, second, proof, HASHES[one], HASHES[other])


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_every_proof_is_decided_as_others_decide_it(kind: str) -> None:
    """All 98 of each kind, six of which hold; none is left out."""
    rows = FIGURES[kind]
    assert (len(rows), sum(row[5] for row in rows)) == COUNTS[kind]
    differ = [row for row in rows if ours(kind, row) != row[5]]
    assert [row[6] for row in differ] == STRICTER.get(kind, [])
    assert all(row[5] and not ours(kind, row) for row in differ), "we are never the more lenient ones"


def test_the_reference_tree_is_made_alike() -> None:
    """Leaves, all complete subtrees, and the root at every size from 0 to 8."""
    leaves = [entry_hash(bytes.fromhex(text)) for text in FIGURES["leaves"]]
    nodes = merkle.nodes_of(leaves)
    for level, row in enumerate(FIGURES["nodes"]):
        assert [nodes(level, place) for place in range(len(row))] == [HASHES[place] for place in row]
    assert [merkle.root(leaves[:size]) for size in range(9)] == [HASHES[place] for place in FIGURES["roots"]]


@pytest.mark.parametrize("row", FIGURES["notes"], ids=lambda row: row[3])
def test_every_note_is_decided_as_others_decide_it(row: list[Any]) -> None:
    """Good ones name who signed; malformed ones, bad signatures and notes of strangers are refused."""
    text, known, verified, kind = row
    data = text.encode("utf-8", "surrogateescape")
    trusted = [VerifierKey.parse(key) for key in known]
    if kind == "valid":
        assert [line.key.name for line in Note.parse(data).verify(trusted)] == verified
    else:
        assert not agrees(lambda: Note.parse(data).verify(trusted))
    assert Note.parse(data).encode() == data if kind == "valid" else True


def test_another_programs_key_signs_alike_here() -> None:
    """Its private key over its text gives its note, byte for byte."""
    private, text, whole = FIGURES["signing"]
    name = private.split("+")[2]
    seed = encoding.from_base64(private.split("+", 4)[4])
    key = keys.SigningKey.from_seed(seed[1:])
    assert Note(text, (note.sign(text, name, key),)).encode().decode() == whole


@pytest.mark.parametrize("key", FIGURES["refused_keys"])
def test_keys_that_others_refuse_are_refused(key: str) -> None:
    """A key of another length, an unknown algorithm, both with the id that would fit."""
    assert not agrees(VerifierKey.parse, key)


@pytest.mark.parametrize("row", FIGURES["cosigned"], ids=["witness", "mirror"])
def test_another_programs_cosignatures_hold(row: list[Any]) -> None:
    """With the times that they say; under another size, root or time they do not."""
    text, known, timestamp = row
    trusted = [VerifierKey.parse(key) for key in known]
    signed = SignedCheckpoint.parse(text.encode())
    assert [line.timestamp for line in signed.verify(trusted)] == [timestamp]
    altered = text.replace("\n300\n", "\n301\n", 1)
    assert altered != text
    assert not agrees(lambda: SignedCheckpoint.parse(altered.encode()).verify(trusted))


@pytest.mark.parametrize("row", FIGURES["paths"], ids=lambda row: row[0])
def test_places_are_spelled_as_others_spell_them(row: list[Any]) -> None:
    """Go names the height before the level, which is always 8 here, and calls entries data."""
    path, means = row
    ours = re.sub(r"^tile/[0-9]+/", "tile/", path).replace("/data/", "/entries/")
    if means is None:
        assert not agrees(tiles.Tile.parse, ours)
        return
    _, level, place, width = means
    assert tiles.Tile(level, place, width if ".p/" in path else tiles.WIDTH).path == ours
    assert tiles.Tile.parse(ours).place == place


def test_the_specifications_own_example_of_a_directory() -> None:
    """c2sp.org/tlog-tiles: the place of index 1234067, and which tiles sizes 256 and 70,000 need."""
    assert tiles.Tile(0, 1_234_067).path == "tile/0/x001/x234/067"
    needed = [(tile.level, tile.width) for tile in tiles.required(70_000)]
    assert needed.count((0, 256)) == 273
    assert [one for one in needed if one[0] >= 0 and one != (0, 256)] == [(0, 112), (1, 256), (1, 17), (2, 1)]
    assert [(tile.level, tile.width) for tile in tiles.required(256)] == [(-1, 256), (0, 256), (1, 1)]
