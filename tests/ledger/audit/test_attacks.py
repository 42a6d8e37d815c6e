"""Attacks by somebody who has the file and no key: each row of the table is played, without and with a
head."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacker import Attacker
from tests.attacks import ATTACKS, Attack
from tests.scene import Scene


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_found_as_the_table_says(attack: Attack, original: Scene, tmp_path: Path) -> None:
    """Where and by which step the table says, and not at all where it says so."""
    attacked = original.copy(tmp_path)
    with Attacker(attacked.path) as attacker:
        attack.deed(attacker, attacked)
    audits = (attacked.audit(), attacked.audit(head=True), attacked.audit(held=True))
    for finding, audit in zip(attack.findings, audits, strict=True):
        faults = audit.faults
        if finding is None:
            assert faults == []
        else:
            assert (finding.step, finding.index(attacked)) in {(one.step, one.index) for one in faults}
            assert all(str(one) for one in faults)


def test_what_is_not_found_without_a_head_is_found_with_one() -> None:
    """Whatever alters an entry is found with a head; without one, only what nothing contradicts is not."""
    unseen = [attack for attack in ATTACKS if attack.without is None and attack.within is not None]
    assert {attack.within.step for attack in unseen if attack.within} == {3}
    assert {attack.held.step for attack in unseen if attack.held} == {6}
    assert len(unseen) == 6
    assert all(attack.without is not None for attack in ATTACKS if attack not in unseen and attack.within)
