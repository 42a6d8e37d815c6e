"""The order of occurrence of many acts, read in pages, is that of the acts held in memory."""

from __future__ import annotations

import random

import pytest

from ledger.domain import events as e
from ledger.domain import moments
from ledger.investigation.occurrence import happened
from ledger.projections import entries, views
from ledger.projections.entries import ENTRIES
from ledger.store.rows import Changes
from ledger.store.tables import Tables

DAY = 86_400_000_000
COUNT = 4_500
"""More than two pages."""
DATES = (
    None,
    None,
    None,
    "2015",
    "2015-11",
    "2015-11-16",
    "2015-11-15/2015-12",
    "../2015-11",
    "2016-02-29",
    "2014/..",
)


def acts(seed: int) -> list[e.Recorded]:
    """Acts recorded through 2015 and 2016, some of them told late and some without a date at all."""
    chance = random.Random(seed)
    start = 1_420_070_400_000_000
    made = []
    for index in range(COUNT):
        documented = chance.random() < 0.3
        event = e.Weighed(by="miner-1", parcel="P1", weight=1, documented=documented)
        recorded = start + index * 700 * DAY // COUNT
        made.append(e.Recorded(index, recorded, b"\0", event, chance.choice(DATES)))
    return made


@pytest.mark.parametrize("until", ["2014-12-31", "2015-06", "2015-11-16", "2016", "2030"])
def test_it_is_the_order_of_the_acts_in_memory(until: str) -> None:
    """With as many that may have happened by then."""
    moment = moments.as_occurred(until)
    known = acts(len(until))
    with Tables.private() as source, Tables.private() as tables:
        changes = Changes()
        for act in known:
            changes.put(ENTRIES, entries.row(act, None))
        assert source.advance(views.VIEW, views.VERSION, views.TABLES, 0, COUNT, changes)
        found = happened(tables, source, moment)
        counted = [act for act in known if moments.counts(act, moment)]
        assert list(found.order) == [act.index for act in moments.in_order_of_occurrence(counted)]
        assert found.uncertain == sum(moments.may_count(act, moment) for act in known)
    assert (len(counted) > COUNT // 2) == (until in ("2016", "2030"))


def test_nothing_has_happened_in_an_empty_ledger() -> None:
    """No page, no tables, no order."""
    with Tables.private() as source, Tables.private() as tables:
        views.prepare(source)
        found = happened(tables, source, moments.as_occurred("2016"))
        assert (list(found.order), found.uncertain) == ([], 0)
