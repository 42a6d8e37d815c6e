"""However many entries state hashes and roots of earlier ones, few of these claims are held at a time."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ledger.audit.auditing import Audit, Options
from ledger.chain import claims, paging, steps
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
