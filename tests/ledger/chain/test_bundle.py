"""Bundles: one entry as an auditor carries it away, and the steps in which a stranger checks it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ledger import encoding
from ledger.chain import bundle, merkle, note, trust
from ledger.chain import proof_steps as steps
from ledger.chain.bundle import Bundle
from ledger.chain.bundle_check import Reader, Report, verify
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.note import VerifierKey
from ledger.chain.proof import Proof
from ledger.chain.trust import Log, Trust, Witness
from ledger.errors import Malformed
from tests.artefacts import NOW, Book, log_key, opened, roles_of, signing_key, trust_in

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "adamas_format1.json").read_text("utf-8"))
VECTOR = VECTORS["bundle"]
KEYS = VECTORS["keys"]
LEAVES = [bytes.fromhex(entry["entry_hash"]) for entry in VECTORS["entries"]]
VECTOR_TRUST = trust.make(
    [Log(VerifierKey.parse(KEYS["log_vkey"]))],
    [Witness(f"w{place}", VerifierKey.parse(key)) for place, key in enumerate(KEYS["witnesses"])],
    2,
)
BOOK = opened()
READER = Reader(trust_in(), pinned=(BOOK.signed(5),), roles=roles_of)


def standing(report: Report, step: int) -> str:
    """How a step ended."""
    return next(outcome.standing for outcome in report.outcomes if outcome.step == step)


def said(report: Report, step: int) -> tuple[str, str]:
    """How a step ended, and its code; every outcome has its sentence."""
    assert all(str(outcome) for outcome in report.outcomes)
    assert [outcome.step for outcome in report.outcomes] == [step.number for step in steps.BUNDLE]
    return next((o.standing, o.code) for o in report.outcomes if o.step == step)


def first(report: Report) -> tuple[int, str]:
    """The step that must refuse a file, and its code."""
    assert not report.holds
    assert report.fault is not None
    return report.fault.step, said(report, report.fault.step)[1]


def test_the_vectors_bundle_is_read_made_and_verified() -> None:
    """Byte for byte as another implementation wrote it."""
    data = VECTOR["text"].encode()
    read = Bundle.decode(data)
    assert read.encode() == data
    signed = SignedCheckpoint.parse(VECTORS["checkpoints"]["9 with witnesses"].encode())
    texts = [t for t in VECTORS["entries"][5]["disclosures"] if t in read.disclosures]
    made = bundle.make(5, read.entry, signed, merkle.nodes_of(LEAVES), disclosures=texts, since=[5, 9, 0, 12])
    assert made.encode() == data
    pinned = SignedCheckpoint.parse(VECTORS["checkpoints"]["5"].encode())
    report = verify(data, Reader(VECTOR_TRUST, pinned=(pinned,)))
    assert report.holds
    assert standing(report, steps.CONSISTENCY) == "ok"
    disclosed = [path[-1] for path, how in report.fields.items() if how == "disclosed"]
    withheld = sum(how for how in report.fields.values() if isinstance(how, int))
    assert (disclosed, withheld) == (VECTOR["disclosed"], VECTOR["withheld"])
    assert report.body["buyer"] == "Łódź Diamonds"


def test_the_docstrings_table_is_the_catalogues() -> None:
    """The steps stand in the module's docstring in the words that `adamas verify` prints."""
    rows = re.findall(r"^\| (\d+) \| (\w+) \| (.+) \|$", bundle.__doc__ or "", re.M)
    assert [(int(number), name, shows) for number, name, shows in rows] == [
        (step.number, step.name, step.shows) for step in steps.BUNDLE
    ]
    assert [step.number for step in steps.STEPS] == list(range(1, 15))


def test_every_step_of_a_good_bundle_is_told() -> None:
    """Alone it does not show its author's right; with the proofs of entries 0 to 6 it does."""
    data = BOOK.bundle(7, disclose=["buyer"], since=[5]).encode()
    alone = verify(data, READER)
    assert alone.holds
    assert [said(alone, step)[0] for step in range(1, 10)] == ["ok"] * 9
    assert said(alone, steps.AUTHORITY) == ("not shown", "authority-key")
    assert said(alone, steps.FRESHNESS) == ("not shown", "bundle-as-of")
    assert "first 8 entries" in str(alone.outcomes[-1])
    assert "2024-01-15T09:00:00+00:00" in str(alone.outcomes[-1])
    along = [BOOK.bundle(index).encode() for index in range(7)]
    together = verify(data, READER, along)
    assert said(together, steps.AUTHORITY) == ("ok", "authority-shown")
    assert "miner-1 as miner, by entries 1, 2" in str(together.outcomes[9])
    assert said(verify(data, replace(READER, roles=None), along), 10) == ("not shown", "authority-table")


def test_each_field_is_public_disclosed_or_withheld() -> None:
    """What is not disclosed is counted, and nothing of it is seen."""
    nothing = verify(BOOK.bundle(7).encode(), READER)
    assert nothing.fields[("body", "_sd")] == 2
    assert nothing.fields[("body", "weight")] == "public"
    assert "price" not in nothing.body
    everything = verify(BOOK.bundle(7, disclose=["buyer", "price"]).encode(), READER)
    assert {path[-1] for path, how in everything.fields.items() if how == "disclosed"} == {"buyer", "price"}
    assert (everything.body["price"], everything.body["buyer"]) == (100_000, "Łódź Diamonds")
    assert everything.statement is not None
    assert everything.statement.type == "example-weighed/1"


def damaged(**changes: Any) -> bytes:
    """The good bundle with parts exchanged."""
    return replace(BOOK.bundle(7), **changes).encode()


def stranger() -> Book:
    """A ledger with another origin, and the same parties and keys."""
    book = Book("other.example/x")
    book.open()
    for weight in (1, 2):
        book.record("example-weighed/1", {"by": "miner-1", "weight": weight}, "miner-1")
    return book


def foreign() -> bytes:
    """Another ledger's entry, put into a tree of one's own and under one's own checkpoint."""
    book = opened()
    book.add(stranger().entries[8])
    return book.bundle(8).encode()


def moved() -> bytes:
    """An entry that says it has another index than its leaf."""
    book = opened()
    fields = encoding.decode(book.entries[7])
    book.append(fields[4], fields[5], index=11)
    return book.bundle(8).encode()


def having_seen(size: int) -> bytes:
    """An entry, at index 8, whose author says to have seen so many entries."""
    book = opened()
    book.record("example-weighed/1", {"by": "miner-1", "weight": 1}, "miner-1", seen=(size, bytes(32)))
    return book.bundle(8).encode()


def test_what_an_author_has_seen_lies_before_the_entry() -> None:
    """All entries before it at most; whether the root is this ledger's, a bundle does not show."""
    assert verify(having_seen(8), READER).holds


def by_another() -> bytes:
    """An entry whose signature is of another key than its author's."""
    book = opened()
    fields = encoding.decode(book.entries[7])
    book.append(fields[4], signing_key("clerk-6").sign(b"adamas.statement/1\n" + fields[4]))
    return book.bundle(8).encode()


def unsigned() -> bytes:
    """A valid path under a root that only witnesses signed."""
    full = BOOK.cosigned()
    lines = full.note.signatures[1:]
    return damaged(checkpoint=SignedCheckpoint(full.checkpoint, note.Note(full.note.text, lines)))


def other_root() -> bytes:
    """The log's genuine signature under another root, to which the path leads."""
    book = opened()
    book.leaves[0] = bytes(32)
    head = book.head()
    return book.bundle(
        7, SignedCheckpoint(head, note.Note(head.text, BOOK.cosigned().note.signatures))
    ).encode()


FAULTS: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "no entry": (lambda: replace(BOOK.bundle(7).proof, extra=None).encode(), 1, "bundle-no-entry"),
    "too long": (lambda: b"x" * (bundle.LONGEST + 1), 1, "bundle-too-long"),
    "an entry that is none": (lambda: damaged(entry=b"\x90"), 1, "entry-form"),
    "a path too short": (lambda: damaged(path=BOOK.bundle(7).path[:-1]), 4, "tree-path-length"),
    "another leaf": (lambda: damaged(entry=BOOK.entries[6]), 4, "tree-root"),
    "index beyond the size": (lambda: damaged(index=8), 5, "bundle-index-beyond"),
    "another index": (lambda: damaged(index=6), 4, "tree-root"),
    "an entry with another index": (moved, 5, "bundle-index-other"),
    "an author who has seen too much": (lambda: having_seen(9), 5, "bundle-seen-ahead"),
    "another ledger's entry": (foreign, 6, "bundle-ledger-other"),
    "another author's signature": (by_another, 7, "bundle-author-other"),
    "an unsigned root": (unsigned, 2, "note-unsigned"),
    "another root": (other_root, 2, "note-signature"),
    "too few witnesses": (lambda: damaged(checkpoint=BOOK.signed()), 3, "trust-quorum-missed"),
    "a disclosure twice": (
        lambda: damaged(disclosures=BOOK.bundle(7, disclose=["buyer"]).disclosures * 2),
        8,
        "disclosure-twice",
    ),
    "a disclosure of nothing": (
        lambda: damaged(entry=BOOK.entries[7], disclosures=("WyJBQUFBQUFBQUFBQUFBQUFBQUFBQUFBIiwiYSIsMV0",)),
        8,
        "disclosure-unused",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_step_refuses_what_it_must(name: str) -> None:
    """The first step that finds a fault is the one that must, and says why."""
    make, step, code = FAULTS[name]
    assert first(verify(make(), READER)) == (step, code)


def extra(**changes: Any) -> bytes:
    """The good bundle with other keys in its map; None removes one."""
    good = BOOK.bundle(7, since=[5])
    assert good.proof.extra is not None
    fields = encoding.decode(good.proof.extra) | changes
    kept = {key: value for key, value in fields.items() if value is not None}
    return replace(good.proof, extra=encoding.encode(kept)).encode()


PATH = list(BOOK.bundle(7, since=[5]).consistency[0][1])
FORMS = {
    "another version": (extra(v=2), "form-version"),
    "no version": (extra(v=None), "form-missing-key"),
    "an unknown key": (extra(trust="me"), "form-unknown-key"),
    "no disclosures": (extra(disclosures=None), "form-missing-key"),
    "disclosures that are none": (extra(disclosures=[1]), "form-field"),
    "an entry as text": (extra(entry="x"), "form-field"),
    "an empty consistency": (extra(consistency=[]), "bundle-consistency-empty"),
    "a consistency that is a map": (extra(consistency={}), "form-field"),
    "a path without a size": (extra(consistency=[[PATH]]), "bundle-consistency-form"),
    "a size that is a text": (extra(consistency=[["5", PATH]]), "bundle-consistency-form"),
    "a short hash": (extra(consistency=[[5, [b"x" * 31]]]), "bundle-consistency-form"),
    "a path from size 0": (extra(consistency=[[0, []]]), "bundle-consistency-sizes"),
    "a path from its own size": (extra(consistency=[[8, []]]), "bundle-consistency-sizes"),
    "a size twice": (extra(consistency=[[5, PATH], [5, PATH]]), "bundle-consistency-sizes"),
    "sizes descending": (extra(consistency=[[5, PATH], [3, PATH]]), "bundle-consistency-sizes"),
    "another spelling": (
        replace(BOOK.bundle(7).proof, extra=(BOOK.bundle(7).proof.extra or b"") + b"\xc0").encode(),
        "encoding-trailing",
    ),
    "CRLF": (BOOK.bundle(7).encode().replace(b"\n", b"\r\n"), "proof-header"),
    "a line behind": (BOOK.bundle(7).encode() + b"more\n", "note-line"),
}


@pytest.mark.parametrize("name", FORMS)
def test_there_is_one_spelling(name: str) -> None:
    """Everything that another reader might overlook is refused in step 1, and nothing else is then told."""
    data, code = FORMS[name]
    report = verify(data, READER)
    assert first(report) == (1, code)
    assert {outcome.standing for outcome in report.outcomes[1:]} == {"not shown"}
    with pytest.raises(Malformed):
        Bundle.decode(data)


def test_the_tree_must_have_grown_from_what_the_reader_pinned() -> None:
    """Shown with a path, not shown without, and a fault when another history was pinned."""
    data = BOOK.bundle(7, since=[5]).encode()
    fork = opened()
    fork.leaves[2] = bytes(32)

    def pinned(*signed: SignedCheckpoint) -> tuple[str, str]:
        return said(verify(data, replace(READER, pinned=signed)), steps.CONSISTENCY)

    assert pinned() == ("not shown", "bundle-nothing-pinned")
    assert pinned(BOOK.signed(5)) == ("ok", "bundle-grown")
    assert pinned(BOOK.signed(8)) == ("ok", "bundle-grown")
    assert pinned(BOOK.signed(0)) == ("ok", "bundle-grown")
    assert pinned(BOOK.signed(4)) == ("not shown", "bundle-no-path")
    assert pinned(BOOK.signed(4), BOOK.signed(5)) == ("ok", "bundle-grown")
    assert pinned(fork.signed(5)) == ("fault", "bundle-not-grown")
    assert pinned(fork.signed(8)) == ("fault", "bundle-not-grown")
    assert pinned(BOOK.signed(5), fork.signed(5)) == ("fault", "bundle-not-grown")
    assert pinned(BOOK.signed(5, "thief")) == ("not shown", "note-unsigned")
    assert pinned(stranger().signed(5)) == ("not shown", "trust-origin")
    assert pinned(BOOK.signed(5, "thief"), fork.signed(5)) == ("fault", "bundle-not-grown")
    smaller = BOOK.bundle(3, BOOK.cosigned(4)).encode()
    assert said(verify(smaller, READER), steps.CONSISTENCY) == ("not shown", "bundle-no-path")


def test_old_cosignatures_do_not_count_where_an_age_is_asked_for() -> None:
    """Ages are numbers the reader passes in."""
    data = BOOK.bundle(7).encode()
    assert verify(data, replace(READER, now=NOW + 60, max_age=60)).holds
    assert first(verify(data, replace(READER, now=NOW + 61, max_age=60))) == (3, "trust-quorum-missed")


def test_a_trust_file_without_witnesses_says_so() -> None:
    """Step 3 is then shown by the reader's own decision, in words."""
    report = verify(damaged(checkpoint=BOOK.signed()), replace(READER, trust=Trust((Log(log_key()),))))
    assert report.holds
    assert said(report, steps.QUORUM) == ("ok", "bundle-quorum-none")
    assert "demands no witnesses" in str(report.outcomes[2])


def test_a_bundle_of_the_only_entry_has_no_path() -> None:
    """And one of an entry that is not in the tree cannot be made."""
    report = verify(BOOK.bundle(0, BOOK.cosigned(1)).encode(), READER)
    assert report.holds
    with pytest.raises(Malformed) as refused:
        BOOK.bundle(7, BOOK.cosigned(7))
    assert refused.value.code == "tree-index"


def test_every_byte_of_a_bundle_is_checked() -> None:
    """Each byte flipped, cut or doubled: refused, or the very same file."""
    good = BOOK.bundle(7, disclose=["buyer"], since=[5]).encode()
    all_three = replace(READER, trust=trust_in(needed=3))  # a line of nobody's is ignored, if enough are left
    assert verify(good, all_three).holds
    for place in range(len(good)):
        for other in (
            good[:place] + bytes([good[place] ^ 1 << place % 8]) + good[place + 1 :],
            good[:place] + good[place + 1 :],
            good[: place + 1] + good[place:],
        ):
            report = verify(other, all_three)
            assert not report.holds or other == good, (place, other)


def test_a_plain_proof_reads_the_same_file() -> None:
    """Software that knows the specification alone finds the index, the path and the checkpoint."""
    good = BOOK.bundle(7)
    plain = Proof.decode(good.encode())
    assert (plain.index, plain.path, plain.checkpoint) == (7, good.path, good.checkpoint)
    assert plain.check(BOOK.leaves[7]) == BOOK.head()
