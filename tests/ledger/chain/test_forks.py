"""Fork proofs: every fork convicts, and no two checkpoints of one history accuse anybody."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.chain import forks, merkle, note
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.forks import ForkProof, Verdict
from ledger.chain.note import Note, VerifierKey
from ledger.errors import Malformed
from tests.artefacts import ORIGIN, log_key, signing_key
from tests.extent import extent
from tests.refusing import code_of

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "adamas_format1.json").read_text("utf-8"))
VECTOR_KEY = VerifierKey.parse(VECTORS["keys"]["log_vkey"])
SAME_SIZE, PREFIX = (VECTORS["forks"][name].encode() for name in ("same_size", "prefix"))
KNOWN = [log_key(), log_key("log-2")]


def leaves(size: int, history: int = 0, since: int = 0) -> list[bytes]:
    """The leaves of a history that differs from history 0 from ``since`` on."""
    return [sha256(b"%d of %d" % (index, history if index >= since else 0)).digest() for index in range(size)]


def signed(tree: list[bytes], *names: str, origin: str = ORIGIN) -> SignedCheckpoint:
    """A tree's checkpoint under log keys of these names."""
    head = Checkpoint(origin, len(tree), merkle.root(tree))
    lines = [note.sign(head.text, origin, signing_key(name)) for name in names or ("log",)]
    return SignedCheckpoint(head, Note(head.text, tuple(lines)))


@pytest.mark.parametrize("data", [SAME_SIZE, PREFIX])
def test_the_vectors_forks_convict(data: bytes) -> None:
    """Read, written and verified as another implementation wrote them."""
    proof = ForkProof.decode(data)
    assert proof.encode() == data
    assert proof.verify([VECTOR_KEY]) == Verdict(VECTORS["keys"]["origin"], (VECTOR_KEY,))
    assert code_of(proof.verify, KNOWN) == "note-unsigned"
    assert code_of(proof.verify, []) == "note-unsigned"


def test_the_vectors_forks_are_made_again() -> None:
    """From the two checkpoints and the vectors' tree."""
    tree = [bytes.fromhex(entry["entry_hash"]) for entry in VECTORS["entries"]]
    for data in (SAME_SIZE, PREFIX):
        proof = ForkProof.decode(data)
        for pair in ((proof.smaller, proof.bigger), (proof.bigger, proof.smaller)):
            assert forks.make(*pair, merkle.nodes_of(tree)).encode() == data


def test_no_history_contains_both_of_a_convicted_pair() -> None:
    """The vector's prefix is what the ledger itself had at that size; the other checkpoint is the lie."""
    proof = ForkProof.decode(PREFIX)
    assert proof.prefix == bytes.fromhex(VECTORS["roots"][7])
    assert proof.smaller.checkpoint.root != proof.prefix


def test_one_key_is_convicted_or_the_origin() -> None:
    """Where different keys of the ledger signed the two, none of them alone is shown to lie."""
    a, b = leaves(5), leaves(5, 1, 3)
    made = forks.make(signed(a, "log"), signed(b, "log-2"))
    assert made.verify(KNOWN) == Verdict(ORIGIN, ())
    made = forks.make(signed(a, "log", "log-2"), signed(b, "log-2"))
    assert made.verify(KNOWN) == Verdict(ORIGIN, (log_key("log-2"),))
    assert code_of(made.verify, [log_key()]) == "note-unsigned"
    assert made.verify([log_key("log-2")]).keys == (log_key("log-2"),)
    both = forks.make(signed(a, "log", "log-2"), signed(b, "log", "log-2"))
    assert set(both.verify(KNOWN).keys) == set(KNOWN)


def test_a_key_known_for_another_origin_convicts_nobody() -> None:
    """Even when it signed both notes."""
    a, b = leaves(5), leaves(5, 1, 3)
    proof = forks.make(signed(a, origin="other.example/x"), signed(b, origin="other.example/x"))
    assert code_of(proof.verify, [log_key()]) == "note-unsigned"
    assert proof.verify([log_key("log", "other.example/x")]).origin == "other.example/x"


def tried(chance: random.Random) -> tuple[SignedCheckpoint, SignedCheckpoint, list[bytes], bool]:
    """Two checkpoints of random sizes, the bigger one's leaves, and whether one history contains both."""
    sizes = [chance.choice((0, 1, 7, 8, chance.randrange(70), chance.randrange(150))) for _ in "ab"]
    since = chance.choice((0, 0, chance.randrange(10), chance.randrange(100), 400))
    small, big = sorted(sizes)
    smaller, bigger = leaves(small), leaves(big, 1, since)
    honest = smaller == bigger[:small]
    keys = chance.choice((("log",), ("log-2",), ("log", "log-2")))
    return signed(smaller, *keys), signed(bigger, *keys), bigger, honest


@pytest.mark.slow
def test_thousands_of_pairs_of_both_kinds() -> None:
    """Every fork is convicted, also after its file was read again; no honest pair is accused."""
    chance = random.Random(20_240_115)
    count = {True: 0, False: 0}
    pairs = extent(1_200, 6_000)
    for _ in range(pairs):
        one, other, tree, honest = tried(chance)
        count[honest] += 1
        nodes = merkle.nodes_of(tree)
        if honest:
            assert code_of(forks.make, one, other, nodes) == "fork-none"
            assert_not_accused(one, other, tree)
        else:
            proof = forks.make(other, one, nodes)
            verdict = ForkProof.decode(proof.encode()).verify(KNOWN)
            assert verdict.keys
            assert verdict.origin == ORIGIN
    assert min(count.values()) > pairs // 3.5, count


def assert_not_accused(one: SignedCheckpoint, other: SignedCheckpoint, tree: list[bytes]) -> None:
    """Neither the true path nor some other prefix and path convicts two checkpoints of one history."""
    small, big = one.checkpoint, other.checkpoint
    if small.size == big.size:
        assert code_of(ForkProof(one, other).verify, KNOWN) == "fork-none"
        return
    path = tuple(merkle.consistency(small.size, big.size, merkle.nodes_of(tree)))
    assert code_of(ForkProof(one, other, small.root, path).verify, KNOWN) == "fork-none"
    lie = sha256(small.root).digest()
    assert code_of(ForkProof(one, other, lie, path).verify, KNOWN).startswith("tree-")
    if path:
        bent = (*path[:-1], sha256(path[-1]).digest())
        assert code_of(ForkProof(one, other, lie, bent).verify, KNOWN).startswith("tree-")


@pytest.mark.slow
@settings(max_examples=extent(80, 400), deadline=None)
@given(st.integers(0, 2**32), st.binary(min_size=32, max_size=32), st.data())
def test_no_path_of_anybodys_accuses_an_honest_pair(seed: int, prefix: bytes, data: st.DataObject) -> None:
    """Whatever prefix and hashes an accuser makes up."""
    chance = random.Random(seed)
    one, other, tree, honest = tried(chance)
    while not honest or one.checkpoint.size == other.checkpoint.size:
        one, other, tree, honest = tried(chance)
    true = merkle.consistency(one.checkpoint.size, other.checkpoint.size, merkle.nodes_of(tree))
    hashes = st.lists(st.sampled_from([*true, *tree[:4], prefix, bytes(32)]), max_size=len(true) + 2)
    proof = ForkProof(one, other, prefix, tuple(data.draw(hashes)))
    assert code_of(proof.verify, KNOWN)


A, B = leaves(7, 1, 2), leaves(9)
GOOD = forks.make(signed(A), signed(B), merkle.nodes_of(B))
EQUAL = forks.make(signed(leaves(7)), signed(leaves(7, 1, 2)))


def test_a_fork_of_other_trees_cannot_be_made() -> None:
    """The bigger tree is needed, and must be its own; two ledgers may differ."""
    assert code_of(forks.make, signed(A), signed(B)) == "fork-tree"
    assert code_of(forks.make, signed(A), signed(B), merkle.nodes_of(leaves(9, 2))) == "fork-tree"
    assert code_of(forks.make, signed(A), signed(A)) == "fork-none"
    assert code_of(forks.make, signed(B[:7]), signed(B), merkle.nodes_of(B)) == "fork-none"
    assert code_of(forks.make, signed(A), signed(A, origin="other.example/x")) == "fork-origins"


TEXT = GOOD.encode()
LINES = TEXT.split(b"\n")
NOTES = (GOOD.smaller.encode(), GOOD.bigger.encode())
EQUAL_NOTES = (EQUAL.smaller.encode(), EQUAL.bigger.encode())
HEAD = b"\n".join(LINES[: LINES.index(b"")])


def of(head: bytes, *notes: bytes) -> bytes:
    """A file of these parts."""
    return head + b"\n\n" + b"\n".join(notes)


HEADER = b"adamas/fork-proof@v1"
REFUSED = {
    "nothing": (b"", "fork-notes"),
    "one note": (of(HEAD, NOTES[0]), "fork-notes"),
    "three notes": (of(HEAD, *NOTES, NOTES[0]), "fork-notes"),
    "another format": (TEXT.replace(b"@v1", b"@v2"), "fork-header"),
    "a header of other letters": (TEXT.replace(b"adamas", "\u0430damas".encode()), "fork-header"),
    "the bigger first": (of(HEAD, *NOTES[::-1]), "fork-order"),
    "the bigger root first": (of(HEADER, *EQUAL_NOTES[::-1]), "fork-order"),
    "no prefix": (of(HEADER, *NOTES), "fork-prefix"),
    "no word prefix": (TEXT.replace(b"prefix ", b""), "fork-prefix"),
    "a prefix at equal sizes": (of(HEAD, *EQUAL_NOTES), "fork-prefix"),
    "a short prefix": (TEXT.replace(LINES[1], b"prefix AAAA"), "tree-hash"),
    "a prefix with stray bits": (TEXT.replace(LINES[1], LINES[1][:-2] + b"B="), "encoding-base64"),
    "a short hash": (TEXT.replace(LINES[2], b"AAAA"), "tree-hash"),
    "CRLF": (TEXT.replace(b"\n", b"\r\n"), "fork-notes"),
    "a line behind": (TEXT + b"more\n", "note-line"),
    "an empty line behind": (TEXT + b"\n", "fork-notes"),
    "no last newline": (TEXT[:-1], "note-newline"),
    "two origins": (of(HEAD, NOTES[0], signed(B, origin="other.example/x").encode()), "fork-origins"),
    "an unsigned note": (
        of(HEAD, NOTES[0].split(b"\n\n")[0] + b"\n\n", NOTES[1]),
        "fork-notes",
    ),
    "too long": (bytes(forks.LONGEST + 1), "fork-too-long"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_there_is_one_spelling(name: str) -> None:
    """Everything else is refused before anybody is accused."""
    data, code = REFUSED[name]
    assert code_of(ForkProof.decode, data) == code


def test_what_does_not_convict_is_refused() -> None:
    """A path that does not hold, a signature that fails, checkpoints that do not contradict."""
    assert GOOD.verify(KNOWN).keys == (log_key(),)
    assert code_of(replace(GOOD, prefix=GOOD.smaller.checkpoint.root).verify, KNOWN) == "fork-none"
    assert code_of(replace(GOOD, prefix=bytes(32)).verify, KNOWN) == "tree-prefix"
    assert code_of(replace(GOOD, path=GOOD.path[:-1]).verify, KNOWN) == "tree-path-length"
    for place in range(len(GOOD.path)):
        bent = (*GOOD.path[:place], bytes(32), *GOOD.path[place + 1 :])
        assert code_of(replace(GOOD, path=bent).verify, KNOWN).startswith("tree-")
    forged = SignedCheckpoint(
        GOOD.smaller.checkpoint, Note(GOOD.smaller.note.text, GOOD.bigger.note.signatures)
    )
    assert code_of(replace(GOOD, smaller=forged).verify, KNOWN) == "note-signature"
    assert code_of(replace(GOOD, smaller=signed(A, "thief")).verify, KNOWN) == "note-unsigned"
    assert code_of(ForkProof(signed(A), signed(A)).verify, KNOWN) == "fork-none"


def test_an_empty_ledger_has_one_root() -> None:
    """A checkpoint of nothing with another root contradicts every history; the true one none."""
    empty = signed([])
    lie = SignedCheckpoint(
        replace(empty.checkpoint, root=bytes(32)),
        Note(
            text := replace(empty.checkpoint, root=bytes(32)).text,
            (note.sign(text, ORIGIN, signing_key("log")),),
        ),
    )
    assert forks.make(lie, signed(B), merkle.nodes_of(B)).verify(KNOWN).keys == (log_key(),)
    assert forks.make(lie, empty).verify(KNOWN).keys == (log_key(),)
    assert code_of(forks.make, empty, signed(B), merkle.nodes_of(B)) == "fork-none"


@pytest.mark.parametrize("good", [GOOD.encode(), EQUAL.encode()])
def test_every_byte_of_a_fork_proof_is_checked(good: bytes) -> None:
    """Each byte flipped, cut or doubled: refused, or the very same file."""
    assert ForkProof.decode(good).verify(KNOWN).keys
    for place in range(len(good)):
        for other in (
            good[:place] + bytes([good[place] ^ 1 << place % 8]) + good[place + 1 :],
            good[:place] + good[place + 1 :],
            good[: place + 1] + good[place:],
        ):
            if other != good:
                with pytest.raises(Malformed):
                    ForkProof.decode(other).verify(KNOWN)
