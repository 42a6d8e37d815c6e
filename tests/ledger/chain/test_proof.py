"""Portable proofs of one entry."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.chain import merkle
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.note import VerifierKey
from ledger.chain.proof import Proof
from ledger.errors import Malformed

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "adamas_format1.json").read_text("utf-8"))
LEAVES = [bytes.fromhex(vector["entry_hash"]) for vector in VECTORS["entries"]]
LOG_KEY = VerifierKey.parse(VECTORS["keys"]["log_vkey"])
WITNESSES = [VerifierKey.parse(text) for text in VECTORS["keys"]["witnesses"]]
BUNDLE = VECTORS["bundle"]["text"]
BYTES = BUNDLE.encode()


def test_the_vectors_proof_is_read_and_written_alike() -> None:
    """Path and checkpoint are made again from the entries' hashes."""
    proof = Proof.decode(BYTES)
    assert proof.encode() == BYTES
    assert proof.index == VECTORS["bundle"]["index"] == 5
    assert list(proof.path) == merkle.inclusion(5, 9, merkle.nodes_of(LEAVES))
    assert proof.checkpoint.encode() == VECTORS["checkpoints"]["9 with witnesses"].encode()
    assert proof.check(LEAVES[5]) == proof.checkpoint.checkpoint
    assert len(proof.checkpoint.verify([LOG_KEY, *WITNESSES])) == 3


def test_a_proof_without_extra_leaves_the_line_out() -> None:
    """And comes back the same."""
    bare = replace(Proof.decode(BYTES), extra=None)
    assert b"extra" not in bare.encode()
    assert Proof.decode(bare.encode()) == bare


def test_the_only_leaf_of_a_tree_has_no_path() -> None:
    """Header, index, empty line, checkpoint."""
    one = SignedCheckpoint.parse(VECTORS["checkpoints"]["5"].encode())
    proof = Proof(0, (), one)
    assert Proof.decode(proof.encode()) == proof
    with pytest.raises(Malformed) as refused:
        proof.check(LEAVES[0])
    assert refused.value.code == "tree-path-length"


def test_a_proof_holds_for_its_leaf_and_place_only() -> None:
    """Every other leaf, every other index, every hash of the path flipped."""
    proof = Proof.decode(BYTES)
    for index, leaf in enumerate(LEAVES):
        if index != 5:
            with pytest.raises(Malformed):
                proof.check(leaf)
            with pytest.raises(Malformed):
                replace(proof, index=index).check(LEAVES[5])
    with pytest.raises(Malformed) as refused:
        replace(proof, index=9).check(LEAVES[5])
    assert refused.value.code == "tree-index"
    for place in range(len(proof.path)):
        path = list(proof.path)
        path[place] = bytes([path[place][0] ^ 1]) + path[place][1:]
        with pytest.raises(Malformed) as refused:
            replace(proof, path=tuple(path)).check(LEAVES[5])
        assert refused.value.code == "tree-root"
        assert proof.checkpoint.checkpoint.root.hex() in str(refused.value)


def accepts(data: bytes) -> bool:
    """Whether a reader who knows the log and both witnesses takes the file as a proof of leaf 5."""
    try:
        proof = Proof.decode(data)
        proof.check(LEAVES[5])
        return len(proof.checkpoint.verify([LOG_KEY, *WITNESSES])) == 3
    except Malformed:
        return False


def test_flipping_any_bit_of_a_proof_file_is_noticed() -> None:
    """By parsing, by the path, or by a signature; ``extra`` is nobody's word and is left out here."""
    data = replace(Proof.decode(BYTES), extra=None).encode()
    assert accepts(data)
    for place in range(len(data)):
        for bit in range(8):
            broken = bytearray(data)
            broken[place] ^= 1 << bit
            assert not accepts(bytes(broken)), (place, bit)


HEAD, _, NOTE = BUNDLE.partition("\n\n")
LINES = HEAD.split("\n")
PATH = LINES[3:]


def of(*lines: str, checkpoint: str = NOTE) -> bytes:
    """A proof of these lines."""
    return ("\n".join([*lines, "", ""]) + checkpoint).encode()


V1 = "c2sp.org/tlog-proof@v1"
MALFORMED = {
    "empty": (b"", "proof-header"),
    "another format": (of("c2sp.org/tlog-proof@v2", "index 5", *PATH), "proof-header"),
    "header only": (of(V1), "proof-index"),
    "no checkpoint": (of(V1, "index 5", *PATH, checkpoint=""), "note-newline"),
    "no empty line": ("\n".join([V1, "index 5", *PATH]).encode(), "proof-header"),
    "empty line too early": (of(V1, "", "index 5", *PATH), "proof-index"),
    "two empty lines": (of(V1, "index 5", *PATH, ""), "checkpoint-lines"),
    "no index": (of(V1, *PATH), "proof-index"),
    "index after the path": (of(V1, *PATH, "index 5"), "proof-index"),
    "extra after the index": (of(V1, "index 5", "extra AAAA", *PATH), "encoding-base64"),
    "extra twice": (of(V1, "extra AAAA", "extra AAAA", "index 5", *PATH), "proof-index"),
    "extra is empty": (of(V1, "extra ", "index 5", *PATH), "proof-extra"),
    "extra has stray bits": (of(V1, "extra AB==", "index 5", *PATH), "encoding-base64"),
    "extra has no padding": (of(V1, "extra AA", "index 5", *PATH), "encoding-base64"),
    "index 05": (of(V1, "index 05", *PATH), "checkpoint-size"),
    "index +5": (of(V1, "index +5", *PATH), "checkpoint-size"),
    "index with two spaces": (of(V1, "index  5", *PATH), "checkpoint-size"),
    "index 5_0": (of(V1, "index 5_0", *PATH), "checkpoint-size"),
    "index -1": (of(V1, "index -1", *PATH), "checkpoint-size"),
    "index too big": (of(V1, "index 9007199254740992", *PATH), "checkpoint-size"),
    "a hash cut": (of(V1, "index 5", PATH[0][:40], *PATH[1:]), "tree-hash"),
    "a hash without padding": (of(V1, "index 5", PATH[0][:-1], *PATH[1:]), "encoding-base64"),
    "CRLF": (BYTES.replace(b"\n", b"\r\n"), "proof-header"),
    "not ASCII": (BYTES.replace(b"index", "\u0131ndex".encode()), "proof-header"),
    "a line after the signatures": (BYTES + b"more\n", "note-line"),
    "an unsigned checkpoint": (
        of(V1, "index 5", *PATH, checkpoint=NOTE.split("\n\n")[0] + "\n"),
        "note-no-signatures",
    ),
    "extension lines": (
        of(V1, "index 5", *PATH, checkpoint=NOTE.replace("\n\n", "\nmore\n\n")),
        "checkpoint-lines",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_proofs_are_refused(name: str) -> None:
    """One spelling of every line."""
    data, code = MALFORMED[name]
    with pytest.raises(Malformed) as refused:
        Proof.decode(data)
    assert refused.value.code == code
    assert str(refused.value)
