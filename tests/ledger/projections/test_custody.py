"""One parcel's custody, checked by hand: spans, gaps, corrections, disputes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain import events as e
from ledger.domain.moments import as_recorded_index, readings
from ledger.domain.parcels import CONSUMED, EXPORTED, LOST, Parcel, changes
from ledger.domain.state import fold_subject
from ledger.projections.custody import history
from ledger.projections.handling import What, handlings
from ledger.projections.spans import Custody, History, How, Why
from tests.book import Book
from tests.examples import example
from tests.lineages import Shelf, correct, goods, told


def of(book: Book, parcel: str) -> History:
    """The custody of a parcel in a book."""
    shelf = Shelf(book)
    records = [*shelf.of("parcel:" + parcel), *shelf.mentioning("parcel:" + parcel)]
    return history(parcel, readings(records), country_of={"karowe": "BW"}.get)


def rows(told: History) -> list[tuple[str | None, str, str | None, str | None]]:
    """Holder, in what way, since, until: days only."""
    return [(s.holder, s.how.value, s.since and s.since[:10], s.until and s.until[:10]) for s in told.spans]


def test_a_live_parcel_from_the_mine_to_the_border() -> None:
    """Each act that hands the goods on closes one span and opens the next; nothing is missing between."""
    book = Book()
    book.mine("P1", 12_500, hs="710210")
    book.do(e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", channel="tender", country="BW"))
    book.do(e.Received(by="dealer-1", parts=(e.Part("P1", 12_490),), sender="miner-1", place="Gaborone"))
    certificate = book.certify("P1", 12_490, exporter="dealer-1")
    book.do(e.CertificateValidated(by="ministry", certificate=certificate))
    book.do(
        e.Exported(by="dealer-1", certificate=certificate, parts=(e.Part("P1", 12_490),), destination="EU")
    )
    found = of(book, "P1")
    day = "2024-01-02"
    assert rows(found) == [
        ("miner-1", "held", day, day),
        ("dealer-1", "held", day, day),
        (None, "outside this ledger", day, None),
    ]
    mine, dealer, away = found.spans
    assert (mine.country, mine.place, mine.weight, mine.act) == ("BW", "karowe", 12_500, "parcel-mined/1")
    assert (dealer.place, dealer.weight, dealer.certificate) == ("Gaborone", 12_490, "BW/00000107")
    assert (away.country, away.certificate) == ("EU", "BW/00000107")
    assert [s.entry for s in dealer.stages] == [dealer.opened, dealer.opened + 1, dealer.opened + 2]
    assert (dealer.closed, away.opened) == (away.opened, dealer.closed)
    received = dealer.stages[1]
    assert (received.before, received.weight) == (12_500, 12_490)
    assert found.gaps == ()
    assert not any(span.documented or span.corrected or span.disputed for span in found.spans)


def test_consigned_goods_are_sold_by_their_owner_without_a_gap() -> None:
    """The agent holds them, the miner owns them: both the consignment and the owner's sale are in order."""
    book = Book()
    book.mine("P1", 1000)
    book.do(e.Consigned(by="miner-1", parcels=("P1",), to="agent-1", purpose="agent"))
    book.do(e.Sold(by="miner-1", parcels=("P1",), to="dealer-1"))
    found = of(book, "P1")
    assert [(s.holder, s.how) for s in found.spans] == [
        ("miner-1", How.HELD),
        ("agent-1", How.CONSIGNED),
        ("dealer-1", How.HELD),
    ]
    assert found.gaps == ()


def test_seizure_release_loss_and_recovery_are_shown_as_such() -> None:
    """Each is a span of its own kind; none of them is a gap."""
    book = Book()
    book.mine("P1", 1000)
    book.do(e.Seized(by="ministry", lines=goods(P1=1000), taken_from="miner-1"))
    book.do(e.Released(by="ministry", parcels=("P1",), to="dealer-1"))
    book.do(e.Lost(by="dealer-1", parcels=("P1",), how="stolen"))
    book.do(e.Recovered(by="ministry", parts=(e.Part("P1", 990),), to="dealer-1"))
    found = of(book, "P1")
    assert [(s.holder, s.how) for s in found.spans] == [
        ("miner-1", How.HELD),
        ("ministry", How.SEIZED),
        ("dealer-1", How.HELD),
        (None, How.MISSING),
        ("dealer-1", How.HELD),
    ]
    assert found.spans[-1].weight == 990
    assert found.gaps == ()


def test_a_documented_sale_by_somebody_else_is_a_gap() -> None:
    """The seller is not the last known holder: a span without a beginning stands for the seller."""
    book = Book()
    mined = told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=1_109_000)), "2015-11-16")
    sold = told(book, e.Sold(by="dealer-1", parcels=("S",), to="dealer-2"), "2017-09-25")
    found = of(book, "S")
    assert rows(found) == [
        ("miner-1", "held", "2015-11-16", None),
        ("dealer-1", "held", None, "2017-09-25"),
        ("dealer-2", "held", "2017-09-25", None),
    ]
    (gap,) = found.gaps
    assert (gap.why, gap.holder, gap.source) == (Why.OTHER_SOURCE, "miner-1", "dealer-1")
    assert (gap.after, gap.before, gap.since, gap.until) == (
        mined.index,
        sold.index,
        "2015-11-16",
        "2017-09-25",
    )
    assert found.spans[1].opened is None


def test_unknown_hands_are_a_span_and_what_comes_out_of_them_a_gap() -> None:
    """Sold to nobody named, then sold by somebody: how the seller came by it is not told."""
    book = Book()
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=890_000)), "1984")
    told(book, e.Sold(by="miner-1", parcels=("S",), to=None), "1984/1988")
    told(book, e.Sold(by="dealer-1", parcels=("S",), to="dealer-2"), None)
    found = of(book, "S")
    assert [(s.holder, s.since, s.until) for s in found.spans] == [
        ("miner-1", "1984", "1984/1988"),
        (None, "1984/1988", None),
        ("dealer-1", None, None),
        ("dealer-2", None, None),
    ]
    assert [(g.why, g.holder, g.source) for g in found.gaps] == [(Why.OTHER_SOURCE, "miner-1", "dealer-1")]
    assert all(span.documented for span in found.spans if span.opened is not None)


def test_an_act_that_does_not_say_from_whom_is_a_gap() -> None:
    """Unknown is not the last known holder."""
    book = Book()
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=1000)), "2010")
    told(book, e.Sold(by=None, parcels=("S",), to="dealer-2"), "2011")
    assert [(g.why, g.holder, g.source) for g in of(book, "S").gaps] == [
        (Why.SOURCE_UNKNOWN, "miner-1", None)
    ]


def test_goods_that_left_and_act_again_without_returning_are_a_gap() -> None:
    """An import is what brings them back."""
    book = Book()
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=1000, T=1000)), "2010")
    for parcel in ("S", "T"):
        told(
            book,
            e.Exported(by="miner-1", certificate=None, parts=(e.Part(parcel),), destination="EU"),
            "2011",
        )
    told(book, e.Sold(by="dealer-1", parcels=("S",), to="dealer-2"), "2012")
    arrival = e.Imported(by="dealer-1", certificate=None, lines=(e.Arrival("T", 1000),), provenance="BW")
    told(book, arrival, "2012")
    assert [g.why for g in of(book, "S").gaps] == [Why.NOT_RETURNED]
    assert of(book, "T").gaps == ()
    assert [s.how for s in of(book, "T").spans] == [How.HELD, How.ABROAD, How.HELD]


def test_consumed_goods_that_act_again_are_a_gap() -> None:
    """A stone that was polished is sold as rough afterwards."""
    book = Book()
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=1000)), "2010")
    told(book, e.Polished(by="miner-1", parcel="S", outputs=goods(G=400), complete=True), "2011")
    assert of(book, "S").ended
    told(book, e.Sold(by="miner-1", parcels=("S",), to="dealer-2"), "2012")
    found = of(book, "S")
    assert [g.why for g in found.gaps] == [Why.AFTER_END]
    assert not found.ended


def test_an_import_that_does_not_say_whose_leaves_goods_with_their_holder() -> None:
    """Two imports in a year by nobody named: still the owner's stone, in another country."""
    book = Book()
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=1000)), "2016-02")
    arrival = e.Imported(lines=(e.Arrival("S", None),), country="BE")
    told(book, arrival, "2016")
    found = of(book, "S")
    assert [(span.holder, span.country) for span in found.spans] == [("miner-1", "BW"), ("miner-1", "BE")]
    assert found.gaps == ()


def test_goods_first_told_of_when_they_were_used_up_are_used_up() -> None:
    """Nothing else is known of them, and what acts on them later is a gap all the same."""
    book = Book()
    told(book, e.Split(by=None, parcel="S", outputs=goods(T=1)), "2010")
    assert (of(book, "S").spans, of(book, "S").ended) == ((), True)
    told(book, e.Received(by="dealer-1", parts=(e.Part("S"),)), "2011")
    assert [g.why for g in of(book, "S").gaps] == [Why.AFTER_END]


def test_a_parcel_first_told_of_in_a_sale_has_no_beginning() -> None:
    """The seller held it; since when and from where is not told."""
    book = Book()
    told(book, e.Sold(by="dealer-1", parcels=("S",), to="dealer-2"), "1990")
    found = of(book, "S")
    assert rows(found) == [("dealer-1", "held", None, "1990"), ("dealer-2", "held", "1990", None)]
    assert found.begun == ()
    assert found.gaps == ()


def test_the_sender_named_on_receipt_is_held_against_the_seller() -> None:
    """Who received it names another sender than the one who sold it."""
    book = Book()
    book.mine("P1", 1000)
    book.do(e.Sold(by="miner-1", parcels=("P1",), to="dealer-1"))
    book.do(e.Received(by="dealer-1", parts=(e.Part("P1", 1000),), sender="dealer-2"))
    (gap,) = of(book, "P1").gaps
    assert (gap.why, gap.holder, gap.source) == (Why.OTHER_SOURCE, "miner-1", "dealer-2")


def test_a_correction_stands_beside_what_it_replaced() -> None:
    """The weight is the corrected one, the original stays at hand, and before the correction it stood."""
    book = Book()
    wrong = book.mine("P1", 12_500)
    correction = correct(book, wrong, e.Mined(by="miner-1", site="karowe", lines=goods(P1=12_050)))
    (span,) = of(book, "P1").spans
    assert (span.weight, span.corrected) == (12_050, True)
    reading = span.stages[0].reading
    assert reading.original == wrong
    assert reading.correction == correction
    records = Shelf(book).of("parcel:P1")
    (before,) = history("P1", readings(records, as_recorded_index(wrong.index))).spans
    assert (before.weight, before.corrected) == (12_500, False)


def test_a_correction_that_takes_a_parcel_out_of_an_act_strikes_it() -> None:
    """The sheet named the wrong parcel: its history is empty now, and says what was struck."""
    book = Book()
    wrong = book.mine("P1", 12_500)
    correct(book, wrong, e.Mined(by="miner-1", site="karowe", lines=goods(P2=12_500)))
    gone, there = of(book, "P1"), of(book, "P2")
    assert (gone.spans, gone.stages) == ((), ())
    assert [stage.entry for stage in gone.struck] == [wrong.index]
    assert gone.struck[0].struck
    assert [s.weight for s in there.spans] == [12_500]


def test_offers_and_reports_belong_to_the_history_and_move_nothing() -> None:
    """They only mention the parcel, and an offer in London does not bring it there."""
    book = Book()
    book.mine("P1", 1000)
    offer = e.Offered(by="miner-1", parcels=("P1",), channel="auction", outcome="unsold", country="GB")
    book.do(offer)
    (span,) = of(book, "P1").spans
    assert span.country == "BW"
    assert [type(stage.event) for stage in span.stages] == [e.Mined, e.Offered]


def test_disputed_entries_mark_their_span() -> None:
    """Whoever asks says which entries are."""
    book = Book()
    mined = book.mine("P1", 1000)
    shelf = Shelf(book)
    (span,) = history("P1", readings(shelf.of("parcel:P1")), disputed=lambda act: act == mined).spans
    assert span.disputed
    (clean,) = history("P1", readings(shelf.of("parcel:P1"))).spans
    assert not clean.disputed


def test_an_act_that_is_not_understood_is_kept_among_the_steps() -> None:
    """It may have moved the goods, for all this version knows."""
    book = Book()
    book.mine("P1", 1000)
    records = Shelf(book).of("parcel:P1")
    strange = replace(records[0], index=99, event=e.Opaque("parcel-teleported/1", {"parcel": "P1"}))
    (span,) = history("P1", readings([*records, strange])).spans
    assert [stage.entry for stage in span.stages] == [records[0].index, strange.index]
    assert span.stages[1].handlings == ()


# --- held against the domain -----------------------------------------------------------------------------


@pytest.mark.parametrize("wire", sorted(e.EVENTS))
def test_an_act_passes_exactly_the_parcels_that_it_names(wire: str) -> None:
    """No act is forgotten here that the domain lets change a parcel, and none is about a stranger."""
    event = example(e.EVENTS[wire])
    for change in changes(event, 7):
        name = change.subject.removeprefix("parcel:")
        assert list(handlings(event, name)), f"{event.TYPE} changes {name}"
    assert list(handlings(event, "somebody else's parcel")) == []


PARCELS = ("A", "B", "C")
PARTIES = ("miner-1", "dealer-1", "dealer-2", None)
WEIGHTS = (None, 1000, 2000)


@st.composite
def any_acts(draw: st.DrawFn) -> list[e.Event]:
    """Documented acts in any order, as contradictory as sources can be."""
    parcel, party, weight = st.sampled_from(PARCELS), st.sampled_from(PARTIES), st.sampled_from(WEIGHTS)
    names = st.tuples(parcel)
    lines = st.builds(e.Goods, parcel=parcel, weight=weight)
    part = st.tuples(st.builds(e.Part, parcel=parcel, weight=weight))
    several = st.lists(lines, min_size=1, max_size=3, unique_by=lambda g: g.parcel).map(tuple)
    kinds = st.one_of(
        st.builds(e.Mined, by=party, site=st.none(), lines=several),
        st.builds(e.StockOpened, by=party, holder=party, lines=several),
        st.builds(e.Split, by=party, parcel=parcel, outputs=several),
        st.builds(e.Polished, by=party, parcel=parcel, outputs=several),
        st.builds(e.Mixed, by=party, inputs=st.tuples(parcel, parcel), output=parcel, weight=weight),
        st.builds(e.Consigned, by=party, parcels=names, to=party, purpose=st.none()),
        st.builds(e.Transferred, by=party, parcels=names, to=party, title=st.booleans()),
        st.builds(e.Sold, by=party, parcels=names, to=party),
        st.builds(e.Received, by=party, parts=part, sender=party),
        st.builds(e.Seized, by=party, lines=several, taken_from=party),
        st.builds(e.Released, by=party, parcels=names, to=party),
        st.builds(e.Lost, by=party, parcels=names, how=st.none()),
        st.builds(e.Recovered, by=party, parts=part, to=party),
        st.builds(e.Weighed, by=party, parcel=parcel, weight=weight),
        st.builds(e.Exported, by=party, certificate=st.none(), parts=part, destination=st.none()),
        st.builds(e.ShipmentReturned, by=party, certificate=st.just("BW/00000107"), parts=part, to=party),
        st.builds(e.Forfeited, by=party, parcels=names, fate=st.sampled_from((None, "destroyed"))),
        st.builds(
            e.Imported,
            by=party,
            certificate=st.none(),
            number=st.none(),
            lines=st.tuples(st.builds(e.Arrival, parcel=parcel, weight=weight)),
            weight=st.none(),
            provenance=st.none(),
        ),
    )
    return draw(st.lists(kinds, max_size=8))


def last(told: History) -> Custody | None:
    """The span that is open."""
    return told.spans[-1] if told.spans and told.spans[-1].closed is None else None


@settings(deadline=None)
@given(any_acts())
def test_the_last_span_says_what_the_domain_says(acts: list[e.Event]) -> None:
    """Holder, weight, stones and names equal the parcel's folded state, whatever was recorded.

    So does the condition, except where a gap says that goods acted after they had gone; and what was used
    up and acts again is with whoever used it up, of whom the domain need not know.
    """
    records = [e.Recorded(index, index, b"", event) for index, event in enumerate(acts)]
    for parcel in PARCELS:
        name = "parcel:" + parcel
        state = fold_subject(name, records)
        told = history(parcel, readings(records))
        if state is None:
            assert not told.spans
            continue
        assert isinstance(state, Parcel)
        assert (told.last_weight, told.stones) == (state.weight, state.stones)
        assert told.names == tuple(dict.fromkeys(state.names))
        now, broken = last(told), {gap.why for gap in told.gaps}
        if now is not None and Why.AFTER_END not in broken:
            assert (now.holder, now.weight) == (state.holder, state.weight)
        if broken & {Why.NOT_RETURNED, Why.AFTER_END}:
            continue
        assert (now is None) == (state.condition == CONSUMED)
        if now is not None:
            assert (now.how == How.ABROAD) == (state.condition == EXPORTED)
            assert (now.how == How.MISSING) == (state.condition == LOST)


@settings(deadline=None)
@given(any_acts())
def test_spans_meet_and_every_step_is_in_one_or_closes_one(acts: list[e.Event]) -> None:
    """No act is lost between the spans, and only the last can be open."""
    records = [e.Recorded(index, index, b"", event) for index, event in enumerate(acts)]
    for parcel in PARCELS:
        told = history(parcel, readings(records))
        assert all(span.closed is not None for span in told.spans[:-1])
        shown = {stage.entry for span in told.spans for stage in span.stages}
        shown |= {span.closed for span in told.spans if span.closed is not None}
        ends = {s.entry for s in told.stages if any(p.what == What.ENDS for p in s.handlings)}
        moving = {s.entry for s in told.stages if any(p.what != What.STAYS for p in s.handlings)}
        assert moving <= shown | ends
