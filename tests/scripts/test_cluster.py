"""The cluster: what its trial holds a ledger to finds what is wrong, and a killed leader costs no act."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.entry import fields
from ledger.chain.statement import Statement
from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "scripts"))

from clustering import programs, settings  # noqa: E402
from clustering.judging import Acts, Judge  # noqa: E402

HELD = (
    "no acknowledged act lost",
    "no act doubled",
    "chain verified",
    "never forked",
    "the same on every node",
    "every carat is there",
)


@pytest.fixture
def told(tmp_path: Path) -> tuple[str, Acts, int]:
    """A ledger that signs, and what its one writer was answered."""
    world = World(tmp_path / "ledger.db", guard=tmp_path / "guard")
    before = world.ledger.head().size
    receipts = [
        world.mine("P1", "12.500", "P2", "1.000"),
        world.split("P1", {"P3": "5.000", "P4": "7.500"}),
        world.sell("P4", to="dealer-7"),
    ]
    acts = []
    for receipt in receipts:
        assert receipt.signed is not None
        head = receipt.signed.checkpoint
        statement = Statement.decode(fields(world.ledger.journal.entry(receipt.index))[3])
        acts.append(
            {
                "id": statement.id.hex(),
                "index": receipt.index,
                "hash": receipt.hash.hex(),
                "signed": [head.size, head.root.hex()],
                "trouble": None,
                "writer": "w1",
            }
        )
    held = {"P2": ("miner-1", 1_000), "P3": ("miner-1", 5_000), "P4": ("dealer-7", 7_500)}
    world.close()
    return str(tmp_path / "ledger.db"), Acts(acts, held), before


def failing(url: str, acts: Acts, before: int, nodes: dict[str, str] | None = None) -> list[str]:
    """The questions that are not answered with yes."""
    verdicts = list(Judge(url, nodes or {"one": url}, acts, before).verdicts())
    assert tuple(verdict.question for verdict in verdicts) == HELD
    return [verdict.question for verdict in verdicts if verdict.faults]


def test_an_honest_ledger_is_held_to_nothing_more(told: tuple[str, Acts, int]) -> None:
    """All questions are answered with yes, on a copy too."""
    url, acts, before = told
    shutil.copy(url, f"{url}.copy")
    assert failing(url, acts, before, {"one": url, "copy": f"{url}.copy"}) == []


@pytest.mark.parametrize(
    ("wrong", "question"),
    [
        ({"hash": "00" * 32}, ["no acknowledged act lost"]),
        ({"index": 999}, ["no acknowledged act lost"]),
        ({"id": "00" * 16}, ["no acknowledged act lost"]),
        ({"signed": [30, "00" * 32]}, ["never forked"]),
        ({"signed": [999, "00" * 32]}, ["never forked"]),
    ],
)
def test_a_receipt_that_does_not_hold_is_found(
    told: tuple[str, Acts, int], wrong: dict[str, Any], question: list[str]
) -> None:
    """An entry that is gone or another one, a checkpoint of another history."""
    url, acts, before = told
    acts.acts[1].update(wrong)
    assert failing(url, acts, before) == question


def test_an_act_too_many_is_found(told: tuple[str, Acts, int]) -> None:
    """In the ledger though nobody was answered, or answered twice."""
    url, acts, before = told
    assert failing(url, dataclasses.replace(acts, acts=acts.acts[:2]), before) == ["no act doubled"]
    twice = [*acts.acts, acts.acts[0]]
    assert failing(url, dataclasses.replace(acts, acts=twice), before) == ["no act doubled"]


def test_a_carat_too_few_and_a_node_that_stays_behind_are_found(
    told: tuple[str, Acts, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writers' own books, and a copy with other entries."""
    monkeypatch.setattr("clustering.judging.CAUGHT_UP", 0)
    url, acts, before = told
    World(tmp_path / "other.db").close()
    acts.parcels["P3"] = ("miner-1", 4_999)
    assert failing(url, acts, before, {"other": str(tmp_path / "other.db")}) == [
        "the same on every node",
        "every carat is there",
    ]


def test_no_act_is_answered_before_a_second_server_has_it() -> None:
    """The nodes are told so, and whoever cannot reach a second one waits."""
    node = settings.Node("north", "/nowhere/north", 1, 2, 3, 4)
    plan = settings.Plan("/nowhere", (node,), dict.fromkeys(("postgres", "replicator", "rewinder"), "x"))
    shared = settings.patroni_settings(plan, node, Path("/nowhere/bin"))["bootstrap"]["dcs"]
    assert shared["synchronous_mode"]
    assert shared["synchronous_mode_strict"]
    assert shared["loop_wait"] + 2 * shared["retry_timeout"] <= shared["ttl"]  # or leaders step down idly
    assert "synchronous_commit" not in shared["postgresql"]["parameters"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the cluster runs on Linux only")
def test_without_the_packages_it_says_the_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing, and the line of apt-get."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(programs.Missing) as missing:
        programs.Programs.found()
    assert "not installed: etcd, patroni" in str(missing.value)
    assert "\n  apt-get install patroni etcd-server postgresql" in str(missing.value)


@pytest.mark.slow
def test_a_killed_leader_costs_no_act() -> None:
    """One failover under load, as `scripts/cluster --trial 1` does it."""
    if os.environ.get("ADAMAS_SLOW") != "full":
        pytest.skip("scripts/cluster --trial takes two minutes: ADAMAS_SLOW=full runs it")
    try:
        programs.Programs.found()
    except programs.Missing as missing:
        pytest.skip(" ".join(str(missing).split()))
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "cluster", "--trial", "1"],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for question in ("every writer to its end", *HELD):
        [line] = [line for line in done.stdout.splitlines() if line.startswith(question)]
        assert line.endswith("yes"), done.stdout
