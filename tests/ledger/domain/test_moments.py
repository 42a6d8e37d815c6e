"""Two clocks: which acts count at a moment, how they read then, in which order they happened."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain import events as e
from ledger.domain import moments
from ledger.domain.refusal import when
from ledger.domain.state import EMPTY, fold, fold_subject, guarded
from ledger.edtf import certainly_before, parse
from ledger.errors import Malformed
from tests.book import MINUTE, START, Book

DATES = ("2015", "2015-11", "2015-11-16", "2016-02-29", "2014/2016", "../2015", "2015/..", "1989", None)


def act(index: int, occurred: str | None, *, documented: bool = True) -> e.Recorded:
    """An act of no consequence at a date."""
    event = e.Weighed(by="archivist-1", parcel="P1", weight=index + 1, documented=documented)
    return e.Recorded(index, START + index * MINUTE, b"\x01" + bytes(32), event, occurred)


def test_without_a_moment_everything_counts() -> None:
    """Also what has no date."""
    assert moments.counts(act(0, None))
    assert not moments.NOW
    assert str(moments.NOW) == "as known now"


def test_as_recorded_is_what_the_ledger_had_taken_by_the_end_of_the_day_in_utc() -> None:
    """The book begins on 2 January 2024 at 00:00 UTC: a second before midnight counts, midnight does not."""
    moment = moments.as_recorded("2024-01-01")
    assert not moments.counts(act(0, "1905"), moment)
    assert moments.counts(replace(act(0, "1905"), recorded=START - 1), moment)
    assert moments.counts(act(0, "1905"), moments.as_recorded("2024-01-02"))


def test_as_recorded_at_a_moment_counts_its_whole_second() -> None:
    """A moment has its own zone; the last microsecond of its second counts."""
    moment = moments.as_recorded("2024-01-02T02:00:00+02:00")
    assert moments.counts(replace(act(0, None), recorded=START + 999_999), moment)
    assert not moments.counts(replace(act(0, None), recorded=START + 1_000_000), moment)


def test_as_recorded_by_index_includes_that_entry() -> None:
    """Entry N is the last that counts."""
    moment = moments.as_recorded_index(3)
    assert [moments.counts(act(index, None), moment) for index in (2, 3, 4)] == [True, True, False]


@pytest.mark.parametrize(
    ("occurred", "counted", "maybe"),
    [
        ("2015", True, False),
        ("2015-12-31", True, False),
        ("2015/2016", False, True),
        ("2016", False, False),
        ("2016-01-01", False, False),
        ("2015-12-31T23:59:59-12:00", True, False),
        ("2016-01-01T00:00:00-12:00", False, False),
        ("2016-01-02", False, False),
        ("../2015", True, False),
        ("2015/..", False, True),
        (None, False, True),
    ],
)
def test_as_occurred_counts_what_had_certainly_happened(
    occurred: str | None, counted: bool, maybe: bool
) -> None:
    """By the end of 2015; what may have happened by then is told apart from what came later."""
    moment = moments.as_occurred("2015")
    assert moments.counts(act(0, occurred), moment) is counted
    assert moments.may_count(act(0, occurred), moment) is maybe


def test_a_live_act_without_a_date_happened_when_it_was_recorded() -> None:
    """A documented act without a date is never certain, however late the moment."""
    moment = moments.as_occurred("2024-01-02")
    assert moments.counts(act(0, None, documented=False), moment)
    assert not moments.counts(act(0, None, documented=False), moments.as_occurred("2023-12-31"))
    assert not moments.counts(act(0, None), moments.as_occurred("9999"))


@pytest.mark.parametrize("text", ["2015/..", "../2015", "1989/1990"])
def test_a_moment_is_one_date(text: str) -> None:
    """An interval names two ends, and which is meant would be a guess."""
    for make in (moments.as_recorded, moments.as_occurred):
        with pytest.raises(Malformed) as refused:
            make(text)
        assert refused.value.code == "moment-open"


def test_moments_say_which_clock() -> None:
    """An answer without its clock would be read on the other one."""
    assert str(moments.as_recorded("2024")) == "as recorded by 2024 (UTC)"
    assert str(moments.as_recorded_index(7)) == "as recorded up to entry 7"
    occurred = "as occurred by 2015-11 (what had certainly happened by then, as now known)"
    assert str(moments.as_occurred("2015-11")) == occurred


# --- the order of occurrence -----------------------------------------------------------------------------


def naive(acts: list[e.Recorded]) -> list[e.Recorded]:
    """The definition, word by word: the smallest index among those that no waiting act certainly precedes."""
    waiting, order = sorted(acts, key=lambda a: a.index), []
    while waiting:
        free = [a for a in waiting if not any(certainly_before(when(b), when(a)) for b in waiting)]
        order.append(free[0])
        waiting.remove(free[0])
    return order


histories = st.lists(st.tuples(st.sampled_from(DATES), st.booleans()), max_size=12)


def acts_of(drawn: list[tuple[str | None, bool]]) -> list[e.Recorded]:
    """One act for each drawn date, in index order."""
    return [act(index, date, documented=doc) for index, (date, doc) in enumerate(drawn)]


@settings(deadline=None)
@given(histories, st.randoms())
def test_the_order_of_occurrence_is_its_definition(
    drawn: list[tuple[str | None, bool]], chance: object
) -> None:
    """The heaps give what the definition gives, whatever order the acts come in."""
    acts = acts_of(drawn)
    mixed = list(acts)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert moments.in_order_of_occurrence(mixed) == naive(acts)


@settings(deadline=None)
@given(histories)
def test_what_certainly_happened_earlier_comes_earlier(drawn: list[tuple[str | None, bool]]) -> None:
    """And an act comes before one of smaller index only where that one waited for something certain."""
    order = moments.in_order_of_occurrence(acts_of(drawn))
    for first, second in itertools.combinations(range(len(order)), 2):
        a, b = order[first], order[second]
        assert not certainly_before(when(b), when(a))
        if a.index > b.index:
            assert any(certainly_before(when(c), when(b)) for c in order[first:second])


def test_an_order_that_contradicts_no_date_is_kept() -> None:
    """The archivist's order stands between acts that may have happened either way round."""
    acts = acts_of([("2015", True), ("2015-11-16", True), (None, True), ("2015-11", True)])
    assert moments.in_order_of_occurrence(acts) == acts


def test_an_act_told_late_moves_before_what_came_after_it() -> None:
    """A mine found in the archive after the sale was recorded."""
    acts = acts_of([("2017-09-25", True), ("2015-11", True)])
    assert [a.index for a in moments.in_order_of_occurrence(acts)] == [1, 0]


# --- readings --------------------------------------------------------------------------------------------


def corrected(book: Book, wrong: e.Recorded, event: e.Event) -> e.Recorded:
    """The author replaces an entry's body."""
    author = event.by or ""
    body = e.write(event)
    return book.do(
        e.Corrected(by=author, index=wrong.index, hash=wrong.hash, replacement=body, reason="typo")
    )


def test_a_correction_reads_in_the_place_of_what_it_corrects() -> None:
    """From its own index on; before, the original stands."""
    book = Book()
    mined = book.mine("P1", 12_500)
    right = e.Mined(by="miner-1", site="karowe", lines=(e.Goods("P1", 12_050),))
    correction = corrected(book, mined, right)
    (now,) = [r for r in moments.readings(book.records) if r.act.index == mined.index]
    assert (now.act.event, now.original, now.correction) == (right, mined, correction)
    assert now.act.corrected_by == correction.index
    (before,) = [
        r
        for r in moments.readings(book.records, moments.as_recorded_index(correction.index - 1))
        if r.act.index == mined.index
    ]
    assert (before.act, before.original, before.correction) == (mined, None, None)


def test_the_last_of_two_corrections_stands() -> None:
    """Each replaces the original."""
    book = Book()
    mined = book.mine("P1", 12_500)
    for weight in (12_050, 12_005):
        corrected(book, mined, e.Mined(by="miner-1", site="karowe", lines=(e.Goods("P1", weight),)))
    state = fold(moments.known_at(book.records))
    parcel = state.parcel("P1")
    assert parcel is not None
    assert parcel.weight == 12_005


def test_as_occurred_takes_every_correction_known_now() -> None:
    """What is now known of then: the correction came later, and counts."""
    book = Book()
    mined = book.do(
        e.Mined(by="miner-1", site="karowe", lines=(e.Goods("P1", 12_500),)), occurred="2023-12-24"
    )
    corrected(book, mined, e.Mined(by="miner-1", site="karowe", lines=(e.Goods("P1", 12_050),)))
    (only,) = moments.readings(book.records, moments.as_occurred("2023-12-31"))
    assert only.act.index == mined.index
    parcel = fold(moments.known_at(book.records, moments.as_occurred("2023-12-31"))).parcel("P1")
    assert parcel is not None
    assert parcel.weight == 12_050


@settings(deadline=None)
@given(st.data())
def test_folding_what_was_known_gives_the_state_of_that_prefix(data: st.DataObject) -> None:
    """For every prefix, subject by subject and as a whole, also across corrections."""
    book = Book()
    weights = data.draw(st.lists(st.integers(1000, 9000), min_size=1, max_size=4))
    for number, weight in enumerate(weights):
        wrong = book.mine(f"P{number}", weight)
        if data.draw(st.booleans()):
            new = (e.Goods(f"P{number}", data.draw(st.integers(1000, 9000))),)
            corrected(book, wrong, e.Mined(by="miner-1", site="karowe", lines=new))
    size = data.draw(st.integers(0, len(book.records)))
    moment = moments.as_recorded_index(size - 1)
    prefix = book.records[:size]
    whole, again = fold(prefix), fold(moments.known_at(book.records, moment))
    for number in range(len(weights)):
        name = f"parcel:P{number}"
        own = [r for r in book.records if name in guarded(r.event, r.about)]
        assert again.subject(name) == whole.subject(name)
        assert fold_subject(name, moments.known_at(own, moment)) == whole.subject(name)
    if size == 0:
        assert dict(again.subjects()) == dict(EMPTY.subjects())


# --- disputes --------------------------------------------------------------------------------------------


def test_what_a_revoked_key_signed_since_is_disputed() -> None:
    """By the day on which the ledger took it: an act dated back by a thief is disputed too."""
    book = Book()
    before = book.mine("P1", 1000)
    book.do(e.KeyRevoked(by="ministry", key=before.author, since="2024-01-03"))
    key = book.state.key(before.author)
    day = parse("2024-01-03T00:00:00+00:00").earliest
    assert day is not None
    dated_back = replace(before, recorded=day, occurred="2023-05-05")
    assert not moments.disputed(key, before)
    assert moments.disputed(key, dated_back)
    assert not moments.disputed(book.state.key(book.records[0].author), dated_back)
    assert not moments.disputed(None, dated_back)
