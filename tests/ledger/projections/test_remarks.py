"""What to look at in a lineage: each remark where it belongs, and none where nothing is wrong."""

from __future__ import annotations

from ledger.domain import events as e
from ledger.domain.moments import as_occurred
from ledger.projections.remarks import changes, remarks
from ledger.projections.tracing import trace, track
from tests.book import Book
from tests.lineages import Shelf, correct, goods, told


def said(book: Book, parcel: str) -> list[str]:
    """The sentences on a trace."""
    return [str(remark) for remark in remarks(trace(Shelf(book), parcel))]


def test_a_whole_record_has_nothing_to_look_at() -> None:
    """Mined, sold, received with the weight that two scales may differ by."""
    book = Book()
    book.mine("P1", 12_500)
    book.do(e.Sold(by="miner-1", parcels=("P1",), to="dealer-1"))
    book.do(e.Received(by="dealer-1", parts=(e.Part("P1", 12_480),), sender="miner-1"))
    assert said(book, "P1") == []


def test_a_weight_that_changed_by_more_than_the_scales_is_named() -> None:
    """0.03 ct less on arrival than was sent."""
    book = Book()
    book.mine("P1", 12_500)
    book.do(e.Sold(by="miner-1", parcels=("P1",), to="dealer-1"))
    found = book.do(e.Received(by="dealer-1", parts=(e.Part("P1", 12_470),), sender="miner-1"))
    assert said(book, "P1") == [f"weight: entry {found.index} found 0.03 ct less in P1 than was known before"]


def test_a_correction_is_told_once_with_the_values_beside_those_they_replaced() -> None:
    """Also where both parcels of the entry are in the lineage."""
    book = Book()
    wrong = book.do(e.Mined(by="miner-1", site="karowe", lines=goods(A=1_000, B=2_000)))
    book.do(e.Mixed(by="miner-1", inputs=("A", "B"), output="X", weight=3_000, loss=None))
    right = e.Mined(by="miner-1", site="karowe", lines=goods(A=1_000, B=2_000), place="South lobe")
    correction = correct(book, wrong, right, reason="the lobe was missing")
    (sentence,) = said(book, "X")
    assert sentence == (
        f"corrected: entry {wrong.index} by entry {correction.index} (the lobe was missing):"
        " place: - -> South lobe"
    )


def test_a_parcel_that_was_struck_out_of_an_act_says_so() -> None:
    """Nothing else is recorded of it."""
    book = Book()
    wrong = book.mine("P1", 12_500)
    correction = correct(book, wrong, e.Mined(by="miner-1", site="karowe", lines=goods(P2=12_500)))
    assert said(book, "P1") == [
        f"corrected: entry {wrong.index} is not about P1, says entry {correction.index} (typing error):"
        " lines.1.parcel: P1 -> P2"
    ]


def test_every_discrepancy_of_an_entry_is_told() -> None:
    """Two of one act are two remarks."""
    book = Book()
    act = told(book, e.Mined(by=None, site="karowe", lines=goods(S=None)), None)
    sentences = said(book, "S")
    assert len(sentences) == len(act.event.discrepancies) == 3  # type: ignore[union-attr]
    assert all(
        sentence.startswith(f"discrepancy: entry {act.index}: field-unknown") for sentence in sentences
    )


def test_outputs_that_exceed_what_went_in_are_named_with_the_difference() -> None:
    """The breakage of a stone that nobody weighed whole."""
    book = Book()
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=1_111_000)), "2015-11")
    split = told(book, e.Split(by="miner-1", parcel="S", outputs=goods(L=1_109_000, R=373_720)), "2015-11")
    assert f"weight: entry {split.index} made 371.72 ct more out of S than there was" in said(book, "L")


def test_weight_missing_without_a_declared_loss_is_named() -> None:
    """Only a source can tell of such a split."""
    book = Book()
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=1_000)), "2015")
    split = told(book, e.Split(by="miner-1", parcel="S", outputs=goods(L=900)), "2016")
    sentence = f"weight: entry {split.index} made 0.10 ct less out of S than there was, and names no loss"
    assert sentence in said(book, "L")


def test_disputed_opaque_and_uncertain_are_named() -> None:
    """A revoked key, an entry of a newer type, an act that may have happened by then."""
    book = Book()
    mined = book.mine("P1", 1_000)
    book.do(e.KeyRevoked(by="ministry", key=mined.author, since="2024-01-01"))
    strange = book.force(e.Recorded(mined.index + 2, mined.recorded + 2, b"", e.Opaque("x/9", {})))
    assert said(book, "P1") == [
        f"disputed: entry {mined.index} was recorded with a key that was revoked from that day or earlier",
        "this version does not understand 1 entry of this ledger, the first of them entry "
        f"{strange.index}; the answer could depend on them",
    ]
    other = Book()
    told(other, e.Mined(by="miner-1", site="karowe", lines=goods(S=1_000)), "2015")
    maybe = told(other, e.Sold(by="miner-1", parcels=("S",), to="dealer-1"), "2015/2017")
    then = track(Shelf(other), "S", as_occurred("2016"))
    assert [str(r) for r in remarks(then) if r.code == "trace-uncertain"] == [
        f"not counted, since they may have happened by then or later: entries {maybe.index} (1)"
    ]


def test_a_voided_certificate_is_named() -> None:
    """The parcel was covered by it once; nothing may travel under it."""
    book = Book()
    book.mine("P1", 12_500, hs="710210")
    certificate = book.certify("P1", 12_500)
    assert said(book, "P1") == []
    book.do(e.CertificateVoided(by="ministry", certificate=certificate, reason="misprint"))
    found = trace(Shelf(book), "P1")
    assert found.certificates[certificate].status == "voided"
    assert said(book, "P1") == [f"certificate {certificate} was voided: nothing may travel under it"]


def test_a_sealed_value_that_changed_is_not_shown() -> None:
    """Whoever was not given the value reads that it is withheld."""
    from ledger.domain.fields import WITHHELD

    before = e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", price=100)
    after = e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", price=WITHHELD)
    assert changes(before, after) == [("price", "US$ 1.00", "withheld")]
    assert changes(before, before) == []
