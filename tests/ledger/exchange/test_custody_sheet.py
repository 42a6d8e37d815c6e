"""A lineage for the officer who asks: what is known, the table of custody, where goods are, yields."""

from __future__ import annotations

from ledger.domain import events as e
from ledger.domain.moments import as_recorded_index
from ledger.exchange.custody_sheet import COLUMNS, custody, headline, origins_line, whereabouts, yield_line
from ledger.projections.tracing import trace, track
from ledger.projections.yields import Yield
from tests.book import Book
from tests.lineages import Shelf, goods, told


def test_a_held_parcel_in_two_lines() -> None:
    """What it is, who holds it."""
    book = Book()
    book.do(
        e.Mined(by="miner-1", site="karowe", lines=(e.Goods("P1", 12_500, 1, "710210", "Sewelô"),)),
        occurred="2023-04-25",
    )
    assert list(headline(trace(Shelf(book), "P1"))) == [
        'P1 "Sewelô": 12.50 ct, 1 stone, HS 710210',
        "Held by miner-1 since 2023-04-25, BW, karowe.",
    ]


def test_goods_that_are_consigned_seized_missing_or_used_up_say_so() -> None:
    """Each in its own words."""
    book = Book()
    book.do(e.Mined(by="miner-1", site="karowe", lines=goods(C=1, S=2, M=3, U=4)), occurred="2023-01-01")
    when = {"occurred": "2023-02-01"}
    book.do(e.Consigned(by="miner-1", parcels=("C",), to="agent-1", purpose="agent"), **when)
    book.do(e.Seized(by="ministry", lines=goods(S=2)), **when)
    book.do(e.Lost(by="miner-1", parcels=("M",), how="stolen"), **when)
    split = book.do(e.Split(by="miner-1", parcel="U", outputs=goods(V=4)), **when)
    lines = {name: list(headline(trace(Shelf(book), name)))[1] for name in "CSMU"}
    assert lines == {
        "C": "Held by agent-1 (consigned) since 2023-02-01.",
        "S": "Held by ministry (seized) since 2023-02-01.",
        "M": "Missing since 2023-02-01.",
        "U": f"Used up: 2023-02-01 (entry {split.index}).",
    }


def test_the_headline_says_by_which_clock() -> None:
    """Only where a moment was asked for."""
    book = Book()
    mined = book.mine("P1", 1_000)
    *_, last = headline(trace(Shelf(book), "P1", as_recorded_index(mined.index)))
    assert last == f"As recorded up to entry {mined.index}."


def test_a_gap_is_a_row_between_two_spans() -> None:
    """Before the holder who is known only from handing the goods on."""
    book = Book()
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=1_000)), "2008-09")
    told(book, e.Sold(by="dealer-1", parcels=("S",), to="dealer-2"), "2008-12")
    table = list(custody(trace(Shelf(book), "S")))
    assert {len(row) for row in table} == {len(COLUMNS)}
    assert [row[1:4] for row in table] == [
        ("2008-09", "unknown", "miner-1"),
        ("-- gap --", "", ""),
        ("unknown", "2008-12", "dealer-1"),
        ("2008-12", "now", "dealer-2"),
    ]
    assert table[2][-1] == "?-30"


def test_where_goods_are_now_leaves_out_what_was_used_up() -> None:
    """And says where other goods are in it too."""
    book = Book()
    book.do(e.Mined(by="miner-1", site="karowe", lines=goods(A=1_000, B=2_000)))
    book.do(e.Mixed(by="miner-1", inputs=("A", "B"), output="X", weight=3_000))
    (row,) = whereabouts(track(Shelf(book), "A"))
    assert (row[0], row[1], row[4]) == ("X", "miner-1", "3.00 ct (holds other goods too)")


def test_mining_origins_in_one_line() -> None:
    """Countries as they are told; what is not told is named."""
    book = Book()
    book.mine("A", 1_000)
    book.do(e.StockOpened(by="ministry", holder="miner-1", lines=goods(B=1_000)))
    book.do(e.Mixed(by="miner-1", inputs=("A", "B"), output="X", weight=2_000))
    assert origins_line(trace(Shelf(book), "A")) == "Mining origin: BW."
    assert origins_line(trace(Shelf(book), "B")) == "Mining origin: not told."
    assert origins_line(trace(Shelf(book), "X")) == "Mining origin: BW; not told of B."


def test_yields_in_one_line() -> None:
    """Complete, at least, and without a ratio."""
    assert yield_line(Yield("R", 603_000, 223_350, True, (1,))) == (
        "R: 223.35 ct polished of 603.00 ct rough: 37.0 %"
    )
    assert yield_line(Yield("R", 478_000, 102_790, False, (1,))) == (
        "R: at least 102.79 ct polished of 478.00 ct rough: at least 21.5 %"
    )
    assert yield_line(Yield("R", None, 5_000, True, (1,))) == "R: 5.00 ct polished of rough of unknown weight"
