"""The documented histories are found where they lie, and are the 37 of their README."""

from __future__ import annotations

import json

import pytest

from ledger.errors import NotFound
from ledger.exchange.demonstration_data import demonstration_file, histories_path


def test_the_37_histories_are_found_and_every_act_names_its_sources() -> None:
    """The counts that scripts/data/README.md states are those of the file."""
    histories = [json.loads(line) for line in histories_path().read_text(encoding="utf-8").splitlines()]
    acts = [act for history in histories for act in history["events"]]
    kinds = [history["kind"] for history in histories]
    assert (len(histories), kinds.count("stone"), kinds.count("parcel"), len(acts)) == (37, 30, 7, 146)
    assert all(act["sources"] for act in acts)
    assert len({source for act in acts for source in act["sources"]}) == 136
    assert sum(not act["date"] for act in acts) == 12
    assert sum(bool(act["date"]) and len(act["date"]) == 4 for act in acts) == 25


def test_a_file_that_is_nowhere_is_named_with_the_places() -> None:
    """A person learns where it was looked for."""
    with pytest.raises(NotFound, match=r"none-such\.csv is in none of the places") as trouble:
        demonstration_file("none-such.csv")
    assert "scripts" in str(trouble.value)
