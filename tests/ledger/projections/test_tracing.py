"""Lineages checked by hand, on both clocks, and the conservation of weight over random ones."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain import events as e
from ledger.domain.moments import NOW, Moment, as_occurred, as_recorded, as_recorded_index
from ledger.edtf import text_of
from ledger.projections.lineage import Direction, Lineage, Origin
from ledger.projections.spans import Why
from ledger.projections.tracing import trace, track
from tests.book import MINUTE, START, Book
from tests.border import on_paper
from tests.lineages import Shelf, correct, goods, told


def back(book: Book, parcel: str, moment: Moment = NOW) -> Lineage:
    """The trace of a parcel in a book."""
    return trace(Shelf(book), parcel, moment)


def edges(lineage: Lineage) -> list[tuple[str, str, int | None]]:
    """Source, target, weight."""
    return [(edge.source, edge.target, edge.weight) for edge in lineage.edges]


def two_mines(book: Book) -> dict[str, int]:
    """Two sheets of one mine, each split; a piece of each mixed; the mix split. The entries by what they are.

    M1 10.000 -> A 6.000, B 3.900 (loss 0.100)
    M2  5.000 -> C 2.000, D 3.000
    A + C -> X 8.000 -> Y 7.000, Z 1.000
    """
    return {
        "sheet": book.do(e.Mined(by="miner-1", site="karowe", lines=goods(M1=10_000, M2=5_000))).index,
        "split-1": book.do(
            e.Split(by="miner-1", parcel="M1", outputs=goods(A=6_000, B=3_900), loss=100)
        ).index,
        "split-2": book.do(e.Split(by="miner-1", parcel="M2", outputs=goods(C=2_000, D=3_000))).index,
        "sale": book.do(e.Sold(by="miner-1", parcels=("A", "C"), to="dealer-1")).index,
        "mix": book.do(e.Mixed(by="dealer-1", inputs=("A", "C"), output="X", weight=8_000)).index,
        "split-3": book.do(e.Split(by="dealer-1", parcel="X", outputs=goods(Y=7_000, Z=1_000))).index,
    }


def test_a_trace_goes_back_through_splits_and_mixes_to_the_mine() -> None:
    """Each parcel once, nearest first; siblings and what became of them stay out."""
    book = Book()
    entries = two_mines(book)
    found = back(book, "Y")
    assert list(found.nodes) == ["Y", "X", "A", "C", "M1", "M2"]
    assert [node.distance for node in found.nodes.values()] == [0, 1, 2, 2, 3, 3]
    assert edges(found) == [
        ("M1", "A", 6_000),
        ("M2", "C", 2_000),
        ("A", "X", 6_000),
        ("C", "X", 2_000),
        ("X", "Y", 7_000),
    ]
    assert [making.index for making in found.makings] == [
        entries["split-1"],
        entries["split-2"],
        entries["mix"],
        entries["split-3"],
    ]
    assert found.origins == tuple(
        Origin(
            "mined",
            parcel,
            entries["sheet"],
            text_of(START + entries["sheet"] * MINUTE),
            "miner-1",
            weight,
            "karowe",
            "BW",
            ("BW",),
        )
        for parcel, weight in (("M1", 10_000), ("M2", 5_000))
    )
    assert found.onward("X") == found.edges[2:4]
    assert found.uncertain == ()
    assert found.opaque == (0, None)


def test_a_track_goes_forward_and_marks_what_holds_other_goods_too() -> None:
    """The mix and what comes of it hold goods of the other sheet; the unmixed piece does not."""
    book = Book()
    two_mines(book)
    found = track(Shelf(book), "M1")
    assert found.direction == Direction.FORWARD
    assert list(found.nodes) == ["M1", "A", "B", "X", "Y", "Z"]
    assert [name for name, node in found.nodes.items() if node.mixed] == ["X", "Y", "Z"]
    assert edges(found) == [
        ("M1", "A", 6_000),
        ("M1", "B", 3_900),
        ("A", "X", 6_000),
        ("X", "Y", 7_000),
        ("X", "Z", 1_000),
    ]
    assert [e_.target for e_ in found.onward("M1")] == ["A", "B"]


def test_custody_of_every_parcel_is_in_the_lineage() -> None:
    """Who held the piece before it was mixed."""
    book = Book()
    two_mines(book)
    spans = back(book, "Y").nodes["A"].history.spans
    assert [(span.holder, span.weight) for span in spans] == [("miner-1", 6_000), ("dealer-1", 6_000)]


def test_only_the_parcels_of_the_lineage_are_read_and_each_once() -> None:
    """The cost does not depend on what else the ledger holds."""
    book = Book()
    two_mines(book)
    shelf = Shelf(book)
    trace(shelf, "Y")
    read = {name: count for name, count in shelf.asked.items() if name.startswith("parcel:")}
    assert read == {f"parcel:{name}": 1 for name in ("Y", "X", "A", "C", "M1", "M2")}
    assert set(Counter(shelf.asked).values()) == {1}


def test_as_recorded_sees_the_prefix() -> None:
    """Before the mix was recorded the pieces were whole; before anything was, nothing is known."""
    book = Book()
    entries = two_mines(book)
    then = track(Shelf(book), "M1", as_recorded_index(entries["mix"] - 1))
    assert list(then.nodes) == ["M1", "A", "B"]
    assert back(book, "M1", as_recorded("2023-12-31")).known is False
    assert back(book, "M1", as_recorded("2024-01-02")).known is True


def test_as_occurred_counts_what_had_certainly_happened() -> None:
    """An undated cut may have been made by then: it is not counted, and named."""
    book = Book()
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=478_000)), "2008-09")
    told(book, e.Sold(by="miner-1", parcels=("S",), to="dealer-1"), "2008-12")
    cut = told(book, e.Polished(by="dealer-1", parcel="S", outputs=goods(G=102_790), complete=False), None)
    then = track(Shelf(book), "S", as_occurred("2009"))
    assert list(then.nodes) == ["S"]
    assert then.uncertain == (cut.index,)
    assert [span.holder for span in then.nodes["S"].history.spans] == ["miner-1", "dealer-1"]
    before = track(Shelf(book), "S", as_occurred("2008-11"))
    assert [span.holder for span in before.nodes["S"].history.spans] == ["miner-1"]
    assert not track(Shelf(book), "S", as_occurred("2008-08")).known


def test_as_occurred_puts_what_was_told_late_in_its_place() -> None:
    """The archivist found the first owner after the sale: custody reads in the order of occurrence."""
    book = Book()
    told(book, e.Sold(by="dealer-1", parcels=("S",), to="dealer-2"), "1990")
    told(book, e.Sold(by="miner-1", parcels=("S",), to="dealer-1"), "1985")
    then = back(book, "S", as_occurred("1999")).nodes["S"].history
    assert [span.holder for span in then.spans] == ["miner-1", "dealer-1", "dealer-2"]
    assert then.gaps == ()
    as_told = back(book, "S").nodes["S"].history
    assert [gap.why for gap in as_told.gaps] == [Why.OTHER_SOURCE]


def test_a_correction_changes_the_lineage_from_its_own_index_on() -> None:
    """The split named the wrong output: what is now known leads back, what was known then did not."""
    book = Book()
    book.mine("M1", 10_000)
    wrong = book.do(e.Split(by="miner-1", parcel="M1", outputs=goods(A=10_000)))
    correct(book, wrong, e.Split(by="miner-1", parcel="M1", outputs=goods(B=10_000)))
    assert list(back(book, "B").nodes) == ["B", "M1"]
    assert list(track(Shelf(book), "M1").nodes) == ["M1", "B"]
    assert list(track(Shelf(book), "M1", as_recorded_index(wrong.index)).nodes) == ["M1", "A"]
    gone = back(book, "A")
    assert not gone.known
    assert [stage.entry for stage in gone.nodes["A"].history.struck] == [wrong.index]


def test_how_goods_began_is_told_for_each_kind() -> None:
    """Opening stock, a seizure, an import under another's certificate, and what no act tells."""
    book = Book()
    book.do(e.StockOpened(by="ministry", holder="dealer-1", lines=goods(O=1_000), origins=("BW", "ZA")))
    book.do(e.Seized(by="ministry", lines=goods(T=2_000), country="BW"))
    arrival = on_paper(
        by="dealer-1",
        certificate="ZA/00000009",
        number="9",
        lines=(e.Arrival("I", 3_000, foreign="ZA-77"),),
        weight=3_000,
        origins=("ZA", "LS"),
        provenance="ZA",
        expiry="2024-03-01",
    )
    book.do(arrival)
    told(book, e.Sold(by="dealer-1", parcels=("U",), to="dealer-2"), "1990")
    kinds = {name: back(book, name).origins for name in ("O", "T", "I", "U")}
    assert [(o.kind, o.countries, o.by) for o in kinds["O"]] == [("opening-stock", ("BW", "ZA"), "dealer-1")]
    assert [(o.kind, o.country, o.by) for o in kinds["T"]] == [("seized", "BW", "ministry")]
    (imported,) = kinds["I"]
    assert (imported.kind, imported.certificate, imported.country) == ("imported", "ZA/00000009", "ZA")
    assert (imported.countries, imported.foreign) == (("ZA", "LS"), "ZA-77")
    assert [(o.kind, o.index, o.weight) for o in kinds["U"]] == [("unknown", None, None)]


def test_a_parcel_that_comes_back_under_its_own_id_did_not_begin_with_the_import() -> None:
    """It was mined here, left, and returned."""
    book = Book()
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=1000)), "2010")
    gone = e.Exported(by="miner-1", certificate=None, parts=(e.Part("S"),), destination="EU")
    told(book, gone, "2011")
    arrival = e.Imported(by="miner-1", certificate=None, lines=(e.Arrival("S", 1000),), provenance="BE")
    told(book, arrival, "2012")
    assert [origin.kind for origin in back(book, "S").origins] == ["mined"]


def test_what_weights_do_not_account_for_is_on_the_making() -> None:
    """More came out than went in, or less without a declared loss; a cut may lose, and a live split never."""
    book = Book()
    two_mines(book)
    assert {making.difference for making in back(book, "Y").makings} == {None}
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=1_111_000, T=1_000)), "2015-11")
    told(book, e.Split(by="miner-1", parcel="S", outputs=goods(L=1_109_000, R=373_720)), "2015-11")
    told(book, e.Split(by="miner-1", parcel="T", outputs=goods(V=900)), "2016")
    assert [making.difference for making in back(book, "L").makings] == [371_720]
    assert [making.difference for making in back(book, "V").makings] == [-100]
    told(book, e.Polished(by="dealer-1", parcel="L", outputs=goods(G=302_370)), "2019")
    assert [making.difference for making in back(book, "G").makings] == [371_720, None]


def test_unknown_weights_stay_unknown_on_the_edges() -> None:
    """Cleaved in two, fragments never weighed."""
    book = Book()
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=404_200)), "2016-02")
    told(book, e.Split(by=None, parcel="S", outputs=goods(V=None, W=None)), "2016-06-29")
    assert edges(back(book, "V")) == [("S", "V", None)]
    assert [making.difference for making in back(book, "V").makings] == [None]


def test_outputs_that_are_not_named_do_not_weigh_nothing() -> None:
    """A source tells that a stone was cleaved, and not into what."""
    book = Book()
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=404_200)), "2016-02")
    told(book, e.Split(by="miner-1", parcel="S"), "2016-06-29")
    assert [making.difference for making in track(Shelf(book), "S").makings] == [None]


def test_parcels_made_of_themselves_and_of_one_another_end_the_walk() -> None:
    """What no rule lets happen may still lie in a hostile file."""
    book = Book()
    ring = [
        e.Split(by="miner-1", parcel="A", outputs=goods(B=1, A=1)),
        e.Mixed(by="miner-1", inputs=("B", "B"), output="A", weight=1),
    ]
    for event in ring:
        book.force(book.act(event))
    for walk in (trace, track):
        found = walk(Shelf(book), "A")
        assert set(found.nodes) == {"A", "B"}
        assert {(edge.source, edge.target) for edge in found.edges} == {("A", "B"), ("A", "A"), ("B", "A")}


def test_a_chain_longer_than_any_stack_is_walked() -> None:
    """Two thousand splits in a row."""
    book = Book()
    for number in range(2000):
        book.records.append(
            e.Recorded(
                100 + number,
                100 + number,
                b"",
                e.Split(parcel=f"P{number}", outputs=goods(**{f"P{number + 1}": 1})),
            )
        )

    class Indexed(Shelf):
        """Finds by the number in the name, since looking through all would take long."""

        def of(self, subject: str) -> list[e.Recorded]:
            number = int(subject.removeprefix("parcel:P")) if subject.startswith("parcel:P") else -1
            start = len(book.records) - 2000
            wanted = [start + n for n in (number - 1, number) if 0 <= n < 2000 and number >= 0]
            return [book.records[n] for n in wanted]

        def mentioning(self, subject: str) -> list[e.Recorded]:
            return []

    assert len(trace(Indexed(book), "P2000").nodes) == 2001
    assert len(track(Indexed(book), "P0").nodes) == 2001


def test_opaque_entries_on_which_the_answer_could_depend_are_told() -> None:
    """From the first one's index on; a prefix before it does not depend on it."""
    book = Book()
    mined = book.mine("P1", 1000)
    strange = e.Recorded(mined.index + 1, mined.recorded + 1, b"", e.Opaque("parcel-teleported/9", {}))
    book.force(strange)
    assert back(book, "P1").opaque == (1, strange.index)
    assert back(book, "P1", as_recorded_index(mined.index)).opaque == (0, None)
    assert back(book, "P1", as_recorded_index(strange.index)).opaque == (1, strange.index)


def test_entries_of_a_revoked_key_are_disputed() -> None:
    """Those that the ledger took from the day on; not those before."""
    book = Book()
    before = book.mine("P1", 1000)
    book.do(e.KeyRevoked(by="ministry", key=before.author, since="2024-01-02"))
    (span,) = back(book, "P1").nodes["P1"].history.spans
    assert span.disputed
    (then,) = back(book, "P1", as_recorded_index(before.index)).nodes["P1"].history.spans
    assert not then.disputed
    clean = Book()
    other = clean.mine("P1", 1000)
    clean.do(e.KeyRevoked(by="ministry", key=other.author, since="2024-01-03"))
    (span,) = back(clean, "P1").nodes["P1"].history.spans
    assert not span.disputed


# --- conservation ----------------------------------------------------------------------------------------


@st.composite
def businesses(draw: st.DrawFn) -> tuple[Book, list[str]]:
    """A book of mined, split and mixed parcels, all in one holder's hands, and the parcels that are left."""
    book = Book()
    left: dict[str, int] = {}
    for number in range(draw(st.integers(1, 4))):
        left[f"M{number}"] = draw(st.integers(10, 50_000))
        book.mine(f"M{number}", left[f"M{number}"])
    for turn in range(draw(st.integers(0, 12))):
        names = sorted(left)
        if draw(st.booleans()) and len(names) > 1:
            picked = draw(st.lists(st.sampled_from(names), min_size=2, max_size=3, unique=True))
            held = sum(left.pop(name) for name in picked)
            loss = draw(st.integers(0, min(5, held - 1)))
            left[f"X{turn}"] = held - loss
            book.do(
                e.Mixed(
                    by="miner-1",
                    inputs=tuple(picked),
                    output=f"X{turn}",
                    weight=held - loss,
                    loss=loss or None,
                )
            )
        else:
            name = draw(st.sampled_from(names))
            held = left.pop(name)
            cut = draw(st.integers(1, held))
            loss = draw(st.integers(0, min(5, cut - 1)))
            parts = {f"S{turn}a": cut - loss, **({f"S{turn}b": held - cut} if held > cut else {})}
            left.update(parts)
            book.do(e.Split(by="miner-1", parcel=name, outputs=goods(**parts), loss=loss or None))
    return book, sorted(left)


@settings(deadline=None)
@given(businesses())
def test_weight_traced_back_is_what_was_mined(business: tuple[Book, list[str]]) -> None:
    """Of all that is left together: origins = what is left + declared losses; and every making balances."""
    book, left = business
    lineages = [back(book, name) for name in left]
    mined = {origin.parcel: origin.weight or 0 for found in lineages for origin in found.origins}
    makings = {making.index: making for found in lineages for making in found.makings}
    weights = [found.nodes[found.start].history.weight or 0 for found in lineages]
    losses = sum(making.loss or 0 for making in makings.values())
    assert sum(mined.values()) == sum(weights) + losses
    assert all(making.difference is None for making in makings.values())
    assert {origin.kind for found in lineages for origin in found.origins} == {"mined"}


@settings(deadline=None)
@given(businesses())
def test_the_edges_into_a_parcel_weigh_what_it_weighs(business: tuple[Book, list[str]]) -> None:
    """Less the declared loss: no unit of weight appears or is lost between two parcels."""
    book, left = business
    for name in left:
        found = back(book, name)
        losses = {making.index: making.loss or 0 for making in found.makings}
        for parcel, node in found.nodes.items():
            into = found.onward(parcel)
            if into:
                mix = into[0].act == "parcel-mixed/1"
                loss = losses[into[0].index] if mix else 0
                assert sum(edge.weight or 0 for edge in into) == (node.history.weight or 0) + loss


@settings(deadline=None)
@given(businesses())
def test_back_and_forward_tell_of_the_same_edges(business: tuple[Book, list[str]]) -> None:
    """What a trace finds on the way back, a track from each origin finds on the way forward."""
    book, left = business
    shelf = Shelf(book)
    backward = {edge for name in left for edge in trace(shelf, name).edges}
    mines = sorted({origin.parcel for name in left for origin in trace(shelf, name).origins})
    assert backward == {edge for name in mines for edge in track(shelf, name).edges}
