"""However many claims, missing values and faults a ledger has, few of them are in memory at a time."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ledger.audit import kept_values
from ledger.audit.auditing import Audit, Options
from ledger.audit.report import Report
from ledger.audit.working_paper import WorkingPaper
from ledger.chain import claims, inspection, paging, steps
from ledger.domain import events as e
from ledger.store.checking import open_for_checking
from tests.attacker import Attacker
from tests.attacks import ATTACKS, Attack
from tests.scene import Scene
from tests.world import ORIGIN, World


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many claims were held whenever some were answered, three of them at most and those of a page of
    four entries."""
    found: list[int] = []
    answer = claims.Claims._answer

    def answering(self: claims.Claims, page: int, asked: list[bytes]) -> Any:
        found.append(len(asked))
        return answer(self, page, asked)

    monkeypatch.setattr(paging, "PAGE", 4)
    monkeypatch.setattr(claims, "_MOST", 3)
    monkeypatch.setattr(claims.Claims, "_answer", answering)
    return found


def told(url: str) -> tuple[list[str], int]:
    """The faults of an audit, and how many claims it looked at."""
    with open_for_checking(url) as journal:
        audit = Audit(journal, Options(cores=1))
        list(audit.run())
    return [str(fault) for fault in audit.faults], audit.checked[steps.SEEN]


def test_claims_are_answered_while_entries_are_read(store_url: str, held: list[int]) -> None:
    """Of both kinds, about what lies near and far, in either store."""
    with closing(World(store_url)) as world:
        first = world.mine("P1", "1.000")
        for number in range(12):
            head = world.ledger.head()
            weighed = e.Weighed(by="miner-1", parcel="P1", weight=1_000 - number)
            world.do(weighed, seen=(head.size, head.root()))
            about = first if number % 2 else world.mine(f"Q{number}", "1.000")
            world.do(e.Attested(by="miner-1", origin=ORIGIN, index=about.index, hash=about.hash))
        size = world.ledger.head().size
    faults, count = told(store_url)
    assert (faults, count) == ([], 24)
    assert sum(held) == 24
    assert max(held) <= 3 + 4
    assert size > 40


@pytest.mark.parametrize(
    "attack",
    [one for one in ATTACKS if any(found and found.step == steps.SEEN for found in one.findings)],
    ids=lambda attack: attack.name,
)
def test_what_is_wrong_is_told_as_by_all_at_once(
    attack: Attack, original: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answered in the middle or in the end, the faults are the same."""
    attacked = original.copy(tmp_path)
    with Attacker(attacked.path) as attacker:
        attack.deed(attacker, attacked)
    at_once = told(str(attacked.path))
    monkeypatch.setattr(claims, "_MOST", 1)
    monkeypatch.setattr(paging, "PAGE", 4)
    assert told(str(attacked.path)) == at_once


@pytest.fixture
def emptied(original: Scene, tmp_path: Path) -> Scene:
    """A ledger all of whose sealed values were taken away, without a word."""
    emptied = original.copy(tmp_path)
    with Attacker(emptied.path) as attacker:
        attacker.sql("DELETE FROM disclosures")
        attacker.sql("DELETE FROM mentions")
    return emptied


def test_values_that_are_missing_wait_in_a_file(emptied: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few are in memory, the same ones are named; what an entry says was erased is none of them."""
    at_once = told(str(emptied.path))[0]
    monkeypatch.setattr(kept_values, "_DIGESTS", 1)
    assert told(str(emptied.path))[0] == at_once
    missing = [fault for fault in at_once if "sealed" in fault]
    assert len(missing) > 1
    assert not any(emptied.forgotten in fault for fault in missing)


def test_faults_without_number_are_counted(
    emptied: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first ones of a kind are named, and how many more there are; also where the run was stopped."""
    whole = audited(emptied)
    monkeypatch.setattr(steps, "NAMED", 2)
    few = audited(emptied)
    (kind,) = {(fault.step, fault.code) for fault in whole.faults if fault.code == "verify-row-missing"}
    assert few.faults.total == whole.faults.total > len(few.faults)
    assert few.faults.unnamed[kind] == sum(fault.code == kind[1] for fault in whole.faults) - 2
    assert all(fault in whole.faults for fault in few.faults)
    report, full = Report(few, "ledger", 0, "1"), Report(whole, "ledger", 0, "1")
    assert [one["faults"] for one in report.values()["steps"]] == [
        one["faults"] for one in full.values()["steps"]
    ]
    assert "more faults of this kind are counted and not named" in report.as_text()
    assert report.as_text().splitlines()[-1] == full.as_text().splitlines()[-1]
    with WorkingPaper(tmp_path / "paper") as paper:
        audited(emptied, paper)
    with WorkingPaper(tmp_path / "paper") as paper:
        again = audited(emptied, paper)
    assert Report(again, "ledger", 0, "1").values() == report.values()


def test_entries_of_which_nothing_can_be_said_are_all_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Later steps leave each of them out; of other faults of the same steps some stand for all."""
    monkeypatch.setattr(steps, "NAMED", 2)
    for step, code, named in (
        (steps.BYTES, "verify-entry-bytes", 5),
        (steps.INDEXES, "verify-gap", 5),
        (steps.RECORDED, inspection.UNDATED, 5),
        (steps.INDEXES, "verify-index-stated", 2),
        (steps.RECORDED, "verify-recorded", 2),
    ):
        found = steps.Findings(steps.StepFault(step, index, code) for index in range(5))
        assert (len(found), found.total, found.of(step)) == (named, 5, 5)


def audited(of: Scene, paper: WorkingPaper | None = None) -> Audit:
    """A finished audit."""
    with open_for_checking(str(of.path)) as journal:
        audit = Audit(journal, Options(cores=1), paper=paper)
        list(audit.run())
    return audit
