"""The verifier in Go and ours judge alike: the corpus of malformed files, files changed at random, and what a
keeper who signs anything could hand out."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from ledger.chain import bundle_check
from ledger.chain.bundle_check import Reader
from tests.artefacts import trust_in
from tests.extent import extent
from tests.fuzzing import mutants
from tests.go_program import MARKS, run
from tests.hostile_keeper import bundles
from tests.malformed import JUDGES, data_of, read

pytestmark = MARKS
KINDS = ("checkpoint", "bundle", "absence", "fork")


def accepted(program: Path, folder: Path, trust: str, files: list[bytes]) -> list[bool]:
    """What the verifier in Go says of each, in one run."""
    (folder / "trust").write_text(trust, encoding="utf-8")
    places = [folder / f"{number:05}" for number in range(len(files))]
    for place, data in zip(places, files, strict=True):
        place.write_bytes(data)
    _, lines = run(program, "-trust", folder / "trust", *places)
    told = {
        good: {line.split(": ")[1] for line in lines if line.startswith(good)} for good in ("good", "bad")
    }
    assert told["good"] | told["bad"] == {str(place) for place in places}
    assert not told["good"] & told["bad"]
    return [str(place) in told["good"] for place in places]


def trust_of(given: dict[str, object]) -> str:
    """The reader's trust, as a file."""
    keys = given.get("keys", ())
    assert isinstance(keys, list | tuple)
    return str(given.get("trust") or "".join(f"log {key}\n" for key in keys) + "quorum none\n")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_corpus_is_judged_alike(program: Path, tmp_path: Path, kind: str) -> None:
    """Every good file is taken, every bad one refused, and of files made of them by chance both say the
    same."""
    corpus = read(kind)
    given = {**corpus["given"], "pinned": []}
    good, bad = ([data_of(item) for item in corpus[which]] for which in ("good", "bad"))
    changed = [data for data in mutants([*good, *bad], random.Random(7), extent(150, 5_000)) if data]
    found = accepted(program, tmp_path, trust_of(given), [*good, *bad, *changed])
    step_9 = [kind == "bundle" and item["step"] == 9 for item in corpus["bad"]]  # nothing is pinned here
    assert found[: len(good) + len(bad)] == [True] * len(good) + step_9
    for data, verdict in zip(changed, found[len(good) + len(bad) :], strict=True):
        assert verdict == (JUDGES[kind](data, given) is None), data.hex()


def test_malformed_trust_files_let_nothing_begin(program: Path, tmp_path: Path) -> None:
    """Each ends with 2; the good ones do not."""
    file, target = tmp_path / "trust", tmp_path / "target"
    target.write_bytes(b"")
    for which, code in (("good", 1), ("bad", 2)):
        for item in read("trust")[which]:
            file.write_bytes(data_of(item))
            assert run(program, "-trust", file, target)[0] == code, item["name"]


@pytest.mark.slow
def test_a_keeper_who_signs_anything_is_judged_alike(program: Path, tmp_path: Path) -> None:
    """Forms, spellings, disclosures and evidence, all under good signatures."""
    trust = trust_in(needed=0)
    files = list(bundles(random.Random(3), extent(400, 8_000)))
    found = accepted(program, tmp_path, trust.encode().decode(), files)
    reader, counted = Reader(trust), Counter[bool]()
    for data, verdict in zip(files, found, strict=True):
        fault = bundle_check.verify(data, reader).fault
        assert verdict == (fault is None), (str(fault), data.hex())
        counted[verdict] += 1
    assert min(counted.values()) > len(files) // 12
