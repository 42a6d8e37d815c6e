"""Two lists of shipments: every certificate in one class, each class for its reason, in any order."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.investigation import reconciliation as r
from ledger.investigation import shipments as shipments_module
from ledger.investigation.mirror import asymmetry, mirrors, quarter_of
from ledger.investigation.shipments import EXPORT, IMPORT, Shipment, in_order
from ledger.store import ordered
from tests import plain_reconciliation
from tests.peak import highest

MARCH = date(2024, 3, 4).toordinal()
TERMS = r.Terms(date(2024, 1, 1).toordinal(), date(2024, 12, 31).toordinal())


def sent(number: int = 107, **more: Any) -> Shipment:
    """An export from Botswana to the Emirates."""
    values: dict[str, Any] = {
        "certificate": f"BW/{number:08}", "flow": EXPORT, "provenance": "BW", "destination": "AE",
        "day": MARCH, "weight": 1_200_500, "value": 24_010_000, "classes": (("710231", 1_200_500),),
        "origins": ("BW",), "parcels": 2,
    }  # fmt: skip
    return Shipment(**{**values, **more})


def came(number: int = 107, **more: Any) -> Shipment:
    """The same shipment as the Emirates have it, three days later."""
    return replace(sent(number), **{"flow": IMPORT, "day": MARCH + 3, **more})


class Every(r._Matching):
    """Of all days, not only of a period."""

    def _keep(self, pair: r.Pair) -> None:
        self._pairs.add(pair)


def match(left: list[Shipment], right: list[Shipment], terms: r.Terms) -> list[r.Pair]:
    """The pairs of exports and imports, whatever countries and days they name."""
    matching = Every("BW", "AE", terms)
    for one, other in r._side_by_side(left, right):
        matching.match(one, other)
    return list(matching.flow().pairs)


def only(pairs: list[r.Pair]) -> r.Pair:
    """The one pair."""
    (pair,) = pairs
    return pair


CASES: dict[str, tuple[list[Shipment], list[Shipment], str]] = {
    "the same on both sides": ([sent()], [came()], r.AGREES),
    "0.04 ct apart": ([sent()], [came(weight=1_200_460)], r.WEIGHING),
    "0.06 ct apart": ([sent()], [came(weight=1_200_440)], r.UNEXPLAINED),
    "valued at a tenth more": ([sent()], [came(value=26_411_000)], r.BASIS),
    "valued at more than that": ([sent()], [came(value=26_411_001)], r.UNEXPLAINED),
    "value withheld on one side": ([sent()], [came(value=None)], r.AGREES),
    "in another HS class": ([sent()], [came(classes=(("710210", 1_200_500),))], r.HS),
    "left in December": ([sent(day=TERMS.last - 1)], [came(day=TERMS.last + 2)], r.TIMING),
    "arrived after a year": ([sent(day=MARCH - 365)], [came()], r.UNEXPLAINED),
    "arrived a week before it left": ([sent()], [came(day=MARCH - 7)], r.UNEXPLAINED),
    "another number": ([sent(107)], [came(701)], r.NUMBER),
    "provenance booked as origin": ([sent(origins=("AO", "BW"))], [came(origins=("BW",))], r.ORIGIN),
    "origins that nobody stated": ([sent(origins=("AO", "BW"))], [came(origins=("ZA",))], r.UNEXPLAINED),
    "by way of Switzerland, says the sender": ([sent(destination="CH")], [came()], r.TRANSIT),
    "by way of Switzerland, says the receiver": ([sent()], [came(provenance="CH")], r.TRANSIT),
    "split into four parcels": ([sent()], [came(parcels=4)], r.SPLIT),
    "in two entries": (
        [sent()],
        [came(weight=700_000, value=14_000_000, parcels=1, classes=(("710231", 700_000),)),
         came(weight=500_500, value=10_010_000, parcels=1, classes=(("710231", 500_500),))],
        r.SPLIT,
    ),
    "fewer parcels than left": ([sent()], [came(parcels=1)], r.UNEXPLAINED),
    "stolen on the way, says the sender": ([sent(lost=True)], [], r.LOST),
    "what remained of it came back": ([sent(lost=True, back=True)], [], r.RETURNED),
    "stolen on the way, and yet received": ([sent(lost=True)], [came()], r.UNEXPLAINED),
    "never came, nobody confirmed": ([sent()], [], r.NOT_RETURNED),
    "never came, and was confirmed": ([sent(confirmed=True)], [], r.AT_IMPORTER),
    "came back": ([sent(back=True)], [], r.RETURNED),
    "still on its way at the year's end": ([sent(day=TERMS.last - 3)], [], r.TIMING),
    "never left": ([], [came()], r.AT_EXPORTER),
    "left before the year began": ([], [came(day=TERMS.first + 3)], r.TIMING),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_difference_has_its_class(case: str) -> None:
    """Each by the one thing that differs."""
    left, arrived, kind = CASES[case]
    pair = only(match(left, arrived, TERMS))
    assert pair.kind == kind
    assert pair.kind == (pair.differences[0] if pair.differences else r.AGREES)


def test_every_class_has_a_case() -> None:
    """None is only promised."""
    assert {kind for _, _, kind in CASES.values()} == set(r.CLASSES)


def test_of_several_differences_the_one_that_needs_a_person_gives_the_class() -> None:
    """The others are listed behind it."""
    pair = only(match([sent()], [came(weight=1_200_460, value=99_000_000, parcels=3)], TERMS))
    assert pair.kind == r.UNEXPLAINED
    assert pair.differences == (r.UNEXPLAINED, r.SPLIT, r.WEIGHING)


def test_what_crosses_the_end_of_the_list_of_the_other_side_is_not_excused() -> None:
    """Timing explains a late departure only where the importer's list ends with the period."""
    late = sent(day=TERMS.last - 3)
    assert only(match([late], [], TERMS)).kind == r.TIMING
    pairs = match([late], [came(200, day=TERMS.last + 20, weight=5)], TERMS)
    assert [pair.kind for pair in pairs] == [r.NOT_RETURNED, r.AT_EXPORTER]


def test_without_a_number_the_closest_is_taken() -> None:
    """First the value, then the weight, then the day; each arrival once."""
    near = came(901, weight=1_200_490, day=MARCH + 1)
    nearer = came(902, weight=1_200_500, day=MARCH + 20)
    dear = came(903, weight=1_200_500, day=MARCH, value=1)
    pairs = match([sent()], [near, nearer, dear], TERMS)
    matched = [pair for pair in pairs if pair.sent]
    assert [pair.received for pair in matched] == [(nearer,)]
    assert sorted(pair.kind for pair in pairs if not pair.sent) == [r.AT_EXPORTER, r.AT_EXPORTER]


def test_a_shipment_of_a_month_ago_is_no_counterpart() -> None:
    """Within the days a journey may take, or not at all."""
    assert match([sent()], [came(901, day=MARCH + 30)], TERMS)[0].kind == r.NUMBER
    kinds = [pair.kind for pair in match([sent()], [came(901, day=MARCH + 31)], TERMS)]
    assert kinds == [r.NOT_RETURNED, r.AT_EXPORTER]


def test_both_directions_are_compared_and_other_partners_left_out() -> None:
    """What went to or came from somebody else is none of this reconciliation's business."""
    back = replace(sent(9), certificate="AE/00000009", provenance="AE", destination="BW")
    elsewhere = sent(300, destination="BE")
    ours = [sent(), elsewhere, replace(back, flow=IMPORT)]
    theirs = [came(), back, came(400, provenance="BE", certificate="BE/00000400")]
    out, into = r.reconcile(ours, theirs, "BW", "AE", TERMS)
    assert (out.exporter, out.importer, out.counted) == ("BW", "AE", Counter({r.AGREES: 1}))
    assert (into.exporter, into.importer, into.counted) == ("AE", "BW", Counter({r.AGREES: 1}))


@pytest.mark.parametrize(
    ("left", "differences"),
    [
        ({}, (r.NOT_RETURNED, r.LOST)),
        ({"confirmed": True}, (r.AT_IMPORTER, r.LOST)),
        ({"lost": True}, (r.LOST,)),
        ({"back": True}, (r.RETURNED, r.LOST)),
    ],
)
def test_a_loss_that_only_the_importer_recorded_closes_nothing(
    left: dict[str, Any], differences: tuple[str, ...]
) -> None:
    """It stands beside what the sender's own record says; nothing arrived, and nobody made it up."""
    told = came(weight=None, value=None, provenance=None, lost=True)
    out, into = r.reconcile([sent(**left)], [told], "BW", "AE", TERMS)
    (pair,) = out.pairs
    assert (pair.kind, pair.differences, pair.received) == (differences[0], differences, ())
    assert list(r.reconcile([told], [sent(**left)], "AE", "BW", TERMS)[1].pairs) == [pair]
    assert [*into.pairs, *r.reconcile([], [told], "BW", "AE", TERMS)[0].pairs] == []


def test_what_lies_outside_the_period_on_both_sides_is_left_out() -> None:
    """Earlier years have their own statements."""
    out, _ = r.reconcile([sent(day=MARCH - 800)], [came(day=MARCH - 795)], "BW", "AE", TERMS)
    assert list(out.pairs) == []


def test_both_sides_find_the_same() -> None:
    """Whoever reconciles, flows and classes are those of the other."""
    ours, theirs = [sent(), sent(108)], [came(weight=1_200_470)]
    here = r.reconcile(ours, theirs, "BW", "AE", TERMS)
    there = r.reconcile(theirs, ours, "AE", "BW", TERMS)
    assert [(flow.exporter, list(flow.pairs)) for flow in here] == [
        (flow.exporter, list(flow.pairs)) for flow in there[::-1]
    ]
    assert [len(flow.pairs) for flow in here] == [2, 0]


shipments = st.builds(
    sent,
    number=st.integers(1, 30),
    day=st.one_of(st.none(), st.integers(TERMS.first - 40, TERMS.last + 40)),
    weight=st.one_of(st.none(), st.integers(1_000, 1_200)),
    value=st.one_of(st.none(), st.integers(0, 1_000)),
    origins=st.sampled_from([(), ("BW",), ("AO", "BW")]),
    parcels=st.one_of(st.none(), st.integers(1, 3)),
    classes=st.sampled_from([(), (("710210", 1_100),)]),
    confirmed=st.booleans(),
    back=st.booleans(),
)
lists = st.lists(shipments, max_size=25)


places = st.sampled_from(("BW", "AE", "ZA", None))
journeys = st.builds(
    replace, shipments, flow=st.sampled_from((EXPORT, IMPORT)), provenance=places, destination=places,
    certificate=st.builds("{}/{:08}".format, st.sampled_from(("BW", "AE")), st.integers(1, 20)),
    weight=st.one_of(st.none(), st.integers(1_000, 1_300)), lost=st.booleans(),
)  # fmt: skip
journals = st.lists(journeys, max_size=40)


@settings(max_examples=60, deadline=None)
@given(journals, journals, st.sampled_from((0, 3, 50, 400)))
def test_side_by_side_is_what_two_lists_give(ours: list[Shipment], theirs: list[Shipment], near: int) -> None:
    """Pair for pair, in the same order; also where all but a few have gone through a file."""
    terms = replace(TERMS, weight=near)
    plain = [
        plain_reconciliation.flow(ours, theirs, "BW", "AE", terms),
        plain_reconciliation.flow(theirs, ours, "AE", "BW", terms),
    ]
    for most in (shipments_module.MOST, 3):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(r, "MOST", most)
            patched.setattr(shipments_module, "MOST", most)
            flows = r.reconcile(ours, theirs, "BW", "AE", terms)
        assert [list(flow.pairs) for flow in flows] == plain
        assert [len(flow.pairs) for flow in flows] == [len(pairs) for pairs in plain]


def test_memory_does_not_grow_with_the_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times as many certificates take as much memory at the highest, whether their numbers agree or
    not."""
    monkeypatch.setattr(r, "MOST", 100)
    monkeypatch.setattr(shipments_module, "MOST", 100)
    monkeypatch.setattr(ordered, "_READ", 8)

    def work(count: int) -> None:
        ours = in_order(sent(n, weight=n * 500) for n in range(count))
        theirs = in_order(came(n + n % 2 * 1_000_000, weight=n * 500) for n in range(count))
        out, _ = r.reconcile(ours, theirs, "BW", "AE", TERMS)
        assert out.counted == Counter({r.AGREES: count // 2, r.NUMBER: count // 2})

    assert highest(lambda: work(800)) < 1.5 * highest(lambda: work(200))


@settings(max_examples=150, deadline=None)
@given(lists, lists, st.randoms(use_true_random=False))
def test_every_shipment_is_in_exactly_one_pair_whatever_the_order(
    left: list[Shipment], right: list[Shipment], chance: random.Random
) -> None:
    """Nothing is lost, nothing doubled, and the order of the lists does not matter."""
    arrived = [replace(one, flow=IMPORT) for one in right]
    pairs = match(left, arrived, TERMS)
    assert Counter(one for pair in pairs for one in pair.sent) == Counter(left)
    assert Counter(one for pair in pairs for one in pair.received) == Counter(arrived)
    assert all(pair.kind in r.CLASSES and (pair.sent or pair.received) for pair in pairs)
    mixed_left, mixed_right = left[:], arrived[:]
    chance.shuffle(mixed_left)
    chance.shuffle(mixed_right)
    again = match(mixed_left, mixed_right, TERMS)
    assert [(pair.certificate, pair.kind) for pair in again] == [(p.certificate, p.kind) for p in pairs]


@settings(max_examples=100, deadline=None)
@given(st.lists(shipments, max_size=30, unique_by=lambda one: one.certificate), st.randoms())
def test_a_permutation_of_a_list_agrees_with_it(left: list[Shipment], chance: random.Random) -> None:
    """Whatever is in it."""
    arrived = [replace(one, flow=IMPORT) for one in left]
    chance.shuffle(arrived)
    pairs = match(left, arrived, TERMS)
    assert [pair.kind for pair in pairs] == [r.AGREES] * len(left)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.randoms(use_true_random=False))
def test_numbers_keyed_otherwise_are_matched_by_what_was_shipped(count: int, chance: random.Random) -> None:
    """Where weights are distinct enough, each finds its own."""
    left = [sent(n, weight=n * 1_000, value=n, classes=()) for n in range(1, count)]
    arrived = [came(n + 500, weight=n * 1_000, value=n, classes=()) for n in range(1, count)]
    chance.shuffle(arrived)
    pairs = match(left, arrived, TERMS)
    assert [pair.kind for pair in pairs] == [r.NUMBER] * len(left)
    assert all(pair.sent[0].weight == pair.received[0].weight for pair in pairs)


def test_mirrors_are_exact_fractions_by_quarter_and_code() -> None:
    """A shipment that crosses the quarter's end shows on both sides of it."""
    late = sent(108, day=date(2024, 3, 30).toordinal(), weight=3_000_000, value=None, classes=())
    there = came(108, day=date(2024, 4, 2).toordinal(), weight=3_000_000, value=None, classes=())
    found = mirrors([sent(), late], [came(), there], TERMS.first, TERMS.last)
    assert [(one.quarter, one.hs, one.exported, one.imported) for one in found] == [
        ("2024-Q1", "all", 4_200_500, 1_200_500),
        ("2024-Q1", "710231", 1_200_500, 1_200_500),
        ("2024-Q2", "all", 0, 3_000_000),
    ]
    first, sorted_, second = found
    assert first.asymmetry == asymmetry(4_200_500, 1_200_500)
    assert (sorted_.asymmetry, second.asymmetry) == (0, -2)
    assert (first.marked, sorted_.marked, second.marked) == (True, False, True)
    assert first.value_asymmetry == 0
    assert second.value_asymmetry is None


def test_what_came_back_is_in_no_mirror() -> None:
    """Nor what only went back under a technical certificate: it is no trade."""
    assert mirrors([sent(back=True)], [], TERMS.first, TERMS.last) == []
    (one, *_) = mirrors([sent(), sent(108, back=True)], [came()], TERMS.first, TERMS.last)
    assert (one.exported, one.imported) == (1_200_500, 1_200_500)


def test_a_mirror_below_the_floor_is_not_marked() -> None:
    """One small shipment makes any figure."""
    (one,) = mirrors([sent(classes=(), weight=900_000)], [], TERMS.first, TERMS.last)
    assert one.asymmetry == 2
    assert not one.marked


def test_quarters() -> None:
    """By their last and first days."""
    days = [date(2024, 3, 31), date(2024, 4, 1), date(2024, 12, 31)]
    assert [quarter_of(day.toordinal()) for day in days] == ["2024-Q1", "2024-Q2", "2024-Q4"]
