"""Yields of polished goods, with the figures of real stones."""

from __future__ import annotations

from ledger.domain import events as e
from ledger.projections.tracing import track
from ledger.projections.yields import Yield, yields
from tests.book import Book
from tests.lineages import Shelf, goods, told


def rough(weight: int | None) -> Book:
    """A book in which rough ``R`` of a weight was mined."""
    book = Book()
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(R=weight)), "2000")
    return book


def cut(book: Book, parcel: str, complete: bool | None = True, **outputs: int | None) -> int:
    """A documented cut; its entry's index."""
    polished = e.Polished(by="cutter-1", parcel=parcel, outputs=goods(**outputs), complete=complete)
    return told(book, polished, "2001").index


def of(book: Book) -> tuple[Yield, ...]:
    """The yields in the track of ``R``."""
    return yields(track(Shelf(book), "R"))


def test_complete_outputs_give_a_complete_yield() -> None:
    """Lesotho Promise: 603 ct, 26 stones of 223.35 ct together: 37.0 %."""
    book = rough(603_000)
    index = cut(book, "R", largest=76_410, others=146_940)
    assert of(book) == (Yield("R", 603_000, 223_350, True, (index,)),)
    assert of(book)[0].permille == 370


def test_the_principal_stone_alone_is_what_was_at_least_got() -> None:
    """Light of Letseng: only the largest stone has a published weight, 21.5 % at least."""
    book = rough(478_000)
    cut(book, "R", complete=False, principal=102_790)
    (found,) = of(book)
    assert (found.complete, found.permille) == (False, 215)


def test_a_stone_that_was_cut_again_counts_through_its_outputs() -> None:
    """Star of Sierra Leone: its 143.2 ct stone was cut into others; 238.48 ct of 968.9 ct: 24.6 %."""
    book = rough(968_900)
    first = cut(book, "R", flawed=143_200)
    second = cut(book, "flawed", pear=53_960, largest=32_520, others=152_000)
    assert of(book) == (Yield("R", 968_900, 238_480, True, (first, second)),)
    assert of(book)[0].permille == 246


def test_a_later_cut_of_the_same_rough_that_names_all_outputs_counts_alone() -> None:
    """The same stone as another source tells it: both cuts are of the rough itself."""
    book = rough(968_900)
    cut(book, "R", complete=False, flawed=143_200)
    cut(book, "R", pear=53_960, largest=32_520, others=152_000)
    (found,) = of(book)
    assert (found.polished, found.complete, found.permille) == (238_480, True, 246)


def test_two_cuts_that_name_only_some_outputs_add_up() -> None:
    """Neither says that these are all."""
    book = rough(100_000)
    cut(book, "R", complete=False, a=10_000)
    cut(book, "R", complete=None, b=20_000)
    (found,) = of(book)
    assert (found.polished, found.complete) == (30_000, False)


def test_an_output_without_a_weight_leaves_the_yield_open() -> None:
    """All outputs are named, one was never weighed."""
    book = rough(100_000)
    cut(book, "R", a=10_000, b=None)
    (found,) = of(book)
    assert (found.polished, found.complete) == (10_000, False)


def test_rough_that_was_split_first_has_a_yield_of_its_own_and_for_its_pieces() -> None:
    """One piece was cut, the other is still rough: of the whole, at least."""
    book = rough(100_000)
    told(book, e.Split(by="miner-1", parcel="R", outputs=goods(R1=60_000, R2=40_000)), "2000-06")
    index = cut(book, "R1", a=30_000)
    assert of(book) == (
        Yield("R", 100_000, 30_000, False, (index,)),
        Yield("R1", 60_000, 30_000, True, (index,)),
    )
    cut(book, "R2", b=10_000)
    assert of(book)[0].permille == 400
    assert of(book)[0].complete


def test_polished_goods_that_broke_count_in_their_pieces() -> None:
    """A split of a polished stone is no cut; what was got out stays got out."""
    book = rough(100_000)
    cut(book, "R", a=40_000)
    told(book, e.Split(by="cutter-1", parcel="a", outputs=goods(a1=25_000, a2=14_000)), "2002")
    (found,) = of(book)
    assert (found.polished, found.complete) == (39_000, True)


def test_rough_that_was_mixed_is_followed_no_further() -> None:
    """What comes of a mix is the mix's own yield."""
    book = rough(100_000)
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(Q=50_000)), "2000")
    told(book, e.Mixed(by="miner-1", inputs=("R", "Q"), output="X", weight=150_000), "2000")
    index = cut(book, "X", a=60_000)
    assert of(book) == (Yield("X", 150_000, 60_000, True, (index,)),)


def test_rough_that_nobody_weighed_has_no_ratio() -> None:
    """The outputs are known, what they came of is not."""
    book = rough(None)
    cut(book, "R", a=10_000)
    (found,) = of(book)
    assert (found.rough, found.permille) == (None, None)


def test_what_was_never_cut_has_no_yield() -> None:
    """Rough in a drawer."""
    assert of(rough(1_000)) == ()
