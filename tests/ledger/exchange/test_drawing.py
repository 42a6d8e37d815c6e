"""A lineage drawn: trees, DOT and Mermaid, and what people wrote in them cannot break out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain import events as e
from ledger.exchange.drawing import ASCII, dot, mermaid, origin_line, tree, visible
from ledger.projections.lineage import Lineage, Origin
from ledger.projections.tracing import trace, track
from tests.book import Book
from tests.lineages import Shelf, goods, told

HOSTILE = 'a"b\\"];x->y;//\n\x1b[2J<b>#`|\u202e=cmd'


def mixture() -> Book:
    """K1 is split; one piece is mixed with K2."""
    book = Book()
    book.do(e.Mined(by="miner-1", site="karowe", lines=goods(K1=12_500, K2=4_000)), occurred="2023-05-01")
    book.do(
        e.Split(by="miner-1", parcel="K1", outputs=goods(A=8_000, B=4_400), loss=100), occurred="2023-05-02"
    )
    mixed = e.Mixed(by="miner-1", inputs=("A", "K2"), output="D", weight=12_000, name="Zambezi")
    book.do(mixed, occurred="2023-05-03T10:00:00+02:00")
    return book


def back(book: Book, parcel: str) -> Lineage:
    """A trace."""
    return trace(Shelf(book), parcel)


def test_a_trace_as_a_tree() -> None:
    """From the parcel down to how its goods began."""
    assert list(tree(back(mixture(), "D"))) == [
        'D "Zambezi"  12.00 ct',
        "├─ A  8.00 ct  (mixed, 2023-05-03, entry 31)",
        "│  └─ K1  12.50 ct  (split, 2023-05-02, entry 30, loss 0.10 ct)",
        "│     └─ mined at karowe, BW by miner-1, 2023-05-01, entry 29: 12.50 ct",
        "└─ K2  4.00 ct  (mixed, 2023-05-03, entry 31)",
        "   └─ mined at karowe, BW by miner-1, 2023-05-01, entry 29: 4.00 ct",
    ]


def test_a_track_as_a_tree_without_the_letters_for_it() -> None:
    """Terminals that know ASCII only."""
    assert list(tree(track(Shelf(mixture()), "K1"), ASCII)) == [
        "K1  12.50 ct",
        "|- A  8.00 ct  (split, 2023-05-02, entry 30, loss 0.10 ct)",
        '|  `- D "Zambezi"  12.00 ct [holds other goods too]  (mixed, 2023-05-03, entry 31)',
        "`- B  4.40 ct  (split, 2023-05-02, entry 30, loss 0.10 ct)",
    ]


def test_a_parcel_that_is_met_again_is_not_drawn_again() -> None:
    """Two pieces of one parcel, put together again."""
    book = Book()
    book.mine("K1", 10_000)
    book.do(e.Split(by="miner-1", parcel="K1", outputs=goods(A=6_000, B=4_000)))
    book.do(e.Mixed(by="miner-1", inputs=("A", "B"), output="D", weight=10_000))
    lines = list(tree(back(book, "D")))
    assert len(lines) == 6
    assert sum("mined at" in line for line in lines) == 1
    assert lines[-1].endswith("see above")


def test_a_ring_of_parcels_is_drawn_once_round() -> None:
    """What only a hostile file can hold does not hang the drawing."""
    book = Book()
    for event in (
        e.Split(by="miner-1", parcel="A", outputs=goods(B=1, A=1)),
        e.Mixed(by="miner-1", inputs=("B", "B"), output="A", weight=1),
    ):
        book.force(book.act(event))
    for lineage in (back(book, "A"), track(Shelf(book), "A")):
        assert len(list(tree(lineage))) <= 5
        assert dot(lineage).count(" -> ") == 3


def test_a_long_chain_is_drawn() -> None:
    """Longer than Python would recurse."""
    book = Book()
    book.mine("P0", 1)
    for number in range(1500):
        split = e.Split(by="miner-1", parcel=f"P{number}", outputs=goods(**{f"P{number + 1}": 1}))
        book.records.append(e.Recorded(1000 + number, 1000 + number, b"", split))
    assert len(list(tree(back(book, "P1500")))) == 1502


def test_marks_say_what_sets_a_parcel_apart() -> None:
    """From sources, with a gap; seized goods; opening stock."""
    book = Book()
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=None)), "2015")
    told(book, e.Sold(by="dealer-1", parcels=("S",), to="dealer-2"), "2016")
    book.do(e.Seized(by="ministry", lines=goods(T=1_000)))
    assert next(tree(back(book, "S"))) == "S  weight unknown [from sources] [gap]"
    assert next(tree(back(book, "T"))) == "T  1.00 ct [marked] [seized]"


@pytest.mark.parametrize(
    ("origin", "line"),
    [
        (Origin("unknown", "P"), "origin unknown"),
        (
            Origin("imported", "P", 7, "2024-01-02", "d-1", 1_000, None, "ZA", ("LS", "ZA"), "ZA/00000009"),
            "imported under ZA/00000009 from ZA (mined in LS, ZA) by d-1, 2024-01-02, entry 7: 1.00 ct",
        ),
        (
            Origin("opening-stock", "P", 7, None, "d-1", None, countries=("BW",)),
            "opening stock (mined in BW) by d-1, date unknown, entry 7: unknown",
        ),
        (Origin("seized", "P", 7, "2024", "m", 500, None, "BW"), "seized in BW by m, 2024, entry 7: 0.50 ct"),
        (Origin("mined", "P", 7, "2024", None, 5), "mined at an unknown site, 2024, entry 7: 0.005 ct"),
    ],
)
def test_how_goods_began_is_one_line(origin: Origin, line: str) -> None:
    """For each kind."""
    assert origin_line(origin) == line


def test_dot_draws_the_way_the_goods_went() -> None:
    """Arrows from source to product, with act and weight; origins as ellipses."""
    text = dot(back(mixture(), "D"))
    assert text.splitlines()[0] == "digraph lineage {"
    assert '  p0 [label="D\\nZambezi\\n12.00 ct", penwidth=2];' in text
    assert '  p1 -> p0 [label="mixed, 2023-05-03, entry 31\\n8.00 ct"];' in text
    assert text.count("shape=ellipse") == 2
    assert text.endswith("\n}")


def test_mermaid_draws_the_same() -> None:
    """A flowchart with quoted labels."""
    text = mermaid(back(mixture(), "D"))
    assert text.splitlines()[0] == "flowchart LR"
    assert '  p0["D<br/>Zambezi<br/>12.00 ct"]' in text
    assert '  p1 -->|"mixed, 2023-05-03, entry 31<br/>8.00 ct"| p0' in text


def named(name: str) -> Lineage:
    """A parcel with that name, in the ledger as whoever wrote it wanted it."""
    book = Book()
    record = book.act(e.Mined(by=name, site=name, lines=(e.Goods(name, 1_000, name=name),), place=name))
    book.records.append(record)
    return back(book, name)


STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


@settings(deadline=None)
@given(st.one_of(st.just(HOSTILE), st.text(min_size=1, max_size=30)))
def test_names_cannot_break_out_of_a_drawing(name: str) -> None:
    """In DOT quotes inside are escaped, in Mermaid no markup is left, and the tree stays on its lines."""
    lineage = named(name)
    lines = list(tree(lineage))
    assert len(lines) == 2
    assert not any(c in line for line in lines for c in "\n\r\x1b\u202e\x00")
    graph = dot(lineage)
    bare = STRING.sub("S", graph)
    assert '"' not in bare
    assert bare.splitlines()[4:] == [
        "  p0 [label=S, penwidth=2];",
        "  o0 [shape=ellipse, label=S];",
        "  o0 -> p0;",
        "}",
    ]
    chart = mermaid(lineage).splitlines()
    assert len(chart) == 3
    for line in chart[1:]:
        assert line.count('"') == 2
        assert not re.search(r"[|`<>]", line.split('"')[1].replace("<br/>", ""))


def test_diacritics_stay() -> None:
    """Only what cannot be seen is taken away."""
    assert visible("Letšeng la Terai\u202e\n ✓ Ω") == "Letšeng la Terai ✓ Ω"
    assert "Letšeng" in mermaid(named("Letšeng"))
