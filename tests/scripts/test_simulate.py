"""The simulated world: the same from the same seed, true to its own rules, with its frauds told apart."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ledger.audit.auditing import Audit
from ledger.domain import events as e
from ledger.federation.sources import open_
from ledger.federation.trace_across import across, mines
from ledger.projections import tracing
from tests.simulated import World, key, ledgers, played

ACTS, SMALL = 1_500, World(7, 4, 1_500, 6, 5)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A world that every test here reads."""
    folder = tmp_path_factory.mktemp("world")
    return folder, played(folder, SMALL)


def test_a_seed_gives_the_same_ledgers_however_many_hands_play_it(
    world: tuple[Path, Any], tmp_path: Path
) -> None:
    """Sizes, roots and keys are equal with one process and with two; another seed gives others."""
    once = played(tmp_path / "again", SMALL, 1)
    other = played(tmp_path / "other", World(8, 4, 1_500, 6, 5), 1)
    assert once.heads == world[1].heads
    assert (once.answers, once.mistakes) == (world[1].answers, world[1].mistakes)
    assert set(other.heads.values()).isdisjoint(world[1].heads.values())


def test_there_are_about_as_many_acts_as_were_asked_for(world: tuple[Path, Any]) -> None:
    """And each is an entry of one of the ledgers, beside those that register who takes part."""
    result = world[1]
    assert ACTS * 0.7 < result.acts < ACTS * 1.5
    assert sum(size for size, _ in result.heads.values()) > result.acts


def test_every_simulated_ledger_verifies(world: tuple[Path, Any]) -> None:
    """Not one act was let past a rule, a signature or the chain."""
    for ledger in ledgers(world[0]):
        audit = Audit(ledger.journal)
        assert [progress.phase for progress in audit.run()]
        assert audit.faults == []


def test_goods_cross_borders_and_can_be_traced_back(world: tuple[Path, Any]) -> None:
    """What a cutter polished leads through certificates to sites in other ledgers."""
    folder = world[0]
    sources = [open_(str(path)) for path in sorted((folder / "ledgers").glob("*.db"))]
    try:
        begun = [origin for source in sources for origin in polished(source.acts, sources)]
    finally:
        for source in sources:
            source.close()
    assert "mined" in begun


def polished(acts: Any, sources: list[Any]) -> list[str]:
    """How the rough of a ledger's first polished stone began, across the borders."""
    first = next((r.event for r in acts.between() if isinstance(r.event, e.Polished)), None)
    if first is None:
        return []
    lineage = tracing.trace(acts, first.outputs[0].parcel)
    borders = across(acts, lineage, sources)
    assert not [check for border in borders for check in border.checks if check.standing == "fault"]
    return [origin.kind for _, origin in mines(lineage, borders)]


def test_mistakes_and_delays_are_as_in_life(world: tuple[Path, Any]) -> None:
    """Prices are mistyped and corrected; not every import is confirmed to its exporter at once."""
    kinds: Counter[type] = Counter()
    for ledger in ledgers(world[0]):
        kinds.update(type(record.event) for record in ledger.records.between())
    corrected = [
        line for line in world[1].mistakes if line["mistake"].endswith(("price-typed-tenfold", "swapped"))
    ]
    assert 1 <= kinds[e.Corrected] <= len(corrected)
    assert kinds[e.Exported] > kinds[e.Imported]
    assert kinds[e.Weighed] > 10


def test_what_went_wrong_by_itself_has_a_key_too(world: tuple[Path, Any]) -> None:
    """Each line names a ledger, a month, and the certificate or parcels that it happened to."""
    lines = key(world[0], "mistakes")
    assert lines == world[1].mistakes
    assert len({line["mistake"] for line in lines}) >= 3
    states = {ledger.origin: ledger.head().size for ledger in ledgers(world[0])}
    for line in lines:
        assert line["ledger"] in states
        assert ("certificate" in line) != ("parcels" in line)


def test_the_answer_key_tells_what_was_planted_and_lies_apart(world: tuple[Path, Any]) -> None:
    """Each line names a ledger and parcels that are in it; no ledger says a word of it."""
    folder, result = world
    lines = key(folder, "answers")
    assert lines == result.answers
    assert len({line["fraud"] for line in lines}) >= 2
    states = {ledger.origin: {parcel for line in lines for parcel in line["parcels"]
                              if ledger.state().parcel(parcel)} for ledger in ledgers(folder)}  # fmt: skip
    for line in lines:
        assert set(line["parcels"]) <= states[line["ledger"]]
        assert line["month"] >= 3
    apart = sorted(path.name for path in folder.iterdir() if path.is_file())
    assert apart == ["answers.jsonl", "mistakes.jsonl"]


def test_more_frauds_than_months_are_refused(tmp_path: Path) -> None:
    """At most one a country and month can be told apart."""
    with pytest.raises(ValueError, match="at most 12 frauds"):
        World(1, 4, 100, 6, 13).planted()
