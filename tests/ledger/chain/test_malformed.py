"""The corpus of malformed files: each is refused by the step that must, and the good ones are taken."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.chain.bundle_check import Reader, verify
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.tile_source import TileSource
from ledger.errors import Malformed
from tests import malformed
from tests.malformed import JUDGES, Refusal, data_of, directory, read

CORPUS = {name: read(name) for name in [*JUDGES, "directory"]}
BAD = [(name, item["name"]) for name in JUDGES for item in CORPUS[name]["bad"]]
GOOD = [(name, item["name"]) for name in JUDGES for item in CORPUS[name]["good"]]
DIRECTORIES = [item["name"] for item in CORPUS["directory"]["bad"]]


def item_of(name: str, which: str, called: str) -> dict[str, Any]:
    """One item of the corpus."""
    found: dict[str, Any] = next(item for item in CORPUS[name][which] if item["name"] == called)
    return found


@pytest.mark.parametrize(("name", "called"), BAD)
def test_what_is_malformed_is_refused_by_its_step(name: str, called: str) -> None:
    """With the code that says why."""
    item = item_of(name, "bad", called)
    assert JUDGES[name](data_of(item), CORPUS[name]["given"]) == Refusal(item["step"], item["code"])


@pytest.mark.parametrize(("name", "called"), GOOD)
def test_what_is_good_is_taken(name: str, called: str) -> None:
    """Otherwise the refusals would say nothing."""
    assert JUDGES[name](data_of(item_of(name, "good", called)), CORPUS[name]["given"]) is None


@pytest.mark.parametrize("called", DIRECTORIES)
def test_a_directory_with_one_file_changed_has_that_fault(called: str) -> None:
    """It is found in the file that was changed, or in what follows from it."""
    content = CORPUS["directory"]
    item = {**content["good"][0], **item_of("directory", "bad", called)}
    found = list(directory(item, content["given"]))
    assert (item["step"], item["code"]) in {(step, code) for step, code, _ in found}
    if item["step"] != 2:
        assert (item["step"], item["code"], *item["change"]) in found


def test_a_good_directory_has_no_fault_and_serves_every_entry() -> None:
    """With what was left of an older size in it."""
    content = CORPUS["directory"]
    assert list(directory(content["good"][0], content["given"])) == []
    files = {path: bytes.fromhex(data) for path, data in content["good"][0]["files"].items()}
    given = content["given"]
    head = Checkpoint(given["origin"], given["size"], bytes.fromhex(given["root"]))
    assert len(list(TileSource(files.get, head).entries())) == given["size"]


def test_names_are_unique_and_every_leniency_is_there() -> None:
    """A case that stands twice would hide one; what FORMATS.md section 6 names is in each signed format."""
    for name, content in CORPUS.items():
        names = [item["name"] for item in content["bad"]]
        assert len(set(names)) == len(names), name
    said = {(name, item["name"]) for name in JUDGES for item in CORPUS[name]["bad"]}
    for name in ("note", "checkpoint", "proof", "bundle", "absence", "fork"):
        for called in ("CRLF", "a line after the signatures", "stray bits in a signature"):
            assert (name, called) in said
    for name in ("note", "checkpoint", "bundle", "fork"):
        assert {(name, "one key's signature twice"), (name, "the ledger's signature twice")} & said
    for spelled in ("08", "+8", "8_0"):
        assert ("checkpoint", f"the size as {spelled}") in said
    for spelled in ("05", "+5", "5_0"):
        assert ("proof", f"the index as {spelled}") in said
    assert {
        ("bundle", "a valid path under an unsigned root"),
        ("bundle", "another ledger's entry under this checkpoint"),
        ("bundle", "a disclosure that shadows a public field"),
        ("bundle", "a digest twice"),
        ("bundle", "an author's key of small order"),
        ("bundle", "an index beyond the size"),
    } <= said
    assert len(said) > 220


def test_the_corpus_is_what_its_makers_make() -> None:
    """So nobody edits it by hand, and everybody can see how a case came about."""
    assert malformed.made() == CORPUS


def test_other_software_needs_only_the_corpus() -> None:
    """Steps are numbers of each format's table; trust, keys and pinned checkpoints come with it."""
    given = CORPUS["bundle"]["given"]
    item = CORPUS["bundle"]["good"][0]
    with pytest.raises(Malformed) as refused:
        malformed.Trust.parse(given["trust"].replace("quorum", "quorums").encode())
    assert refused.value.code == "trust-line"
    reader = Reader(malformed.Trust.parse(given["trust"].encode()))
    assert verify(data_of(item), reader).holds
