"""Folding: every way of getting to a moment gives the same state, corrections included."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain import events as e
from ledger.domain import rules
from ledger.domain.state import EMPTY, State, evolve, fold, fold_subject, guarded, touched
from ledger.domain.vocabulary import carats
from tests.book import Book, certificate
from tests.extent import extent


def goods(*pairs: tuple[str, int]) -> tuple[e.Goods, ...]:
    """Outputs by id and weight."""
    return tuple(e.Goods(parcel, weight) for parcel, weight in pairs)


def correct(book: Book, index: int, replacement: e.Event, by: str) -> e.Corrected:
    """A correction of an entry by a replacement act."""
    return e.Corrected(
        by=by,
        index=index,
        hash=book.records[index].hash,
        replacement=e.write(replacement),
        reason="typing error",
    )


def test_a_parcels_state_tells_what_happened_to_it() -> None:
    """Weight, holder, owner, condition, sources and outputs follow the acts."""
    book = Book()
    mined = book.mine("P1", 12_500)
    book.do(e.Consigned(by="miner-1", parcels=("P1",), to="agent-1", purpose="agent"))
    book.do(e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", price=1))
    book.do(e.Split(by="dealer-1", parcel="P1", outputs=goods(("A", 5_000), ("B", 7_400)), loss=100))
    parent, child = book.state.parcel("P1"), book.state.parcel("A")
    assert parent is not None
    assert child is not None
    assert (parent.condition, parent.outputs, parent.site, parent.begun) == (
        "consumed",
        ("A", "B"),
        "karowe",
        mined.index,
    )
    assert (child.sources, child.holder, child.owner, carats(child.weight)) == (
        ("P1",),
        "dealer-1",
        "dealer-1",
        "5.00 ct",
    )
    assert [act.event.TYPE for act in parent.acts] == [
        "parcel-mined/1",
        "parcel-consigned/1",
        "parcel-sold/1",
        "parcel-split/1",
    ]


def test_an_act_guards_what_it_changes_and_touches_what_it_names() -> None:
    """A sale guards its parcels; buyer and seller are only named."""
    sale = e.Sold(by="miner-1", parcels=("P1", "P2"), to="dealer-1", price=1, country="BW")
    assert guarded(sale) == ("parcel:P1", "parcel:P2")
    assert set(touched(sale)) == {"party:miner-1", "party:dealer-1", "participant:BW"}


def test_a_correction_counts_from_its_own_index_on() -> None:
    """Before it the old weight, after it the new one, and the original entry stays."""
    book = Book()
    entry = book.mine("P1", 12_500)
    before = book.state
    assert isinstance(entry.event, e.Mined)
    right = dataclasses.replace(entry.event, lines=goods(("P1", 12_050)))
    book.do(correct(book, entry.index, right, "miner-1"))
    assert before.parcel("P1").weight == 12_500  # type: ignore[union-attr]
    after = book.state.parcel("P1")
    assert after is not None
    assert after.weight == 12_050
    assert after.acts[0].corrected_by == len(book.records) - 1
    assert book.records[entry.index].event == entry.event


def test_a_correction_may_move_an_act_to_another_parcel() -> None:
    """Both the parcel that was named and the one that was meant are folded again."""
    book = Book()
    book.mine("P1", 1_000)
    book.mine("P2", 1_000)
    sale = e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", price=1)
    entry = book.do(sale)
    correction = correct(book, entry.index, dataclasses.replace(sale, parcels=("P2",)), "miner-1")
    recorded = book.do(correction)
    assert set(guarded(correction, recorded.about)) == {"parcel:P1", "parcel:P2", f"entry:{entry.index}"}
    assert book.state.parcel("P1").holder == "miner-1"  # type: ignore[union-attr]
    assert book.state.parcel("P2").holder == "dealer-1"  # type: ignore[union-attr]


def test_a_second_correction_leaves_no_subject_with_a_stale_act() -> None:
    """What the first replacement named, the second names too, or it is refused."""
    book = Book()
    for parcel in ("P1", "P2", "P3"):
        book.mine(parcel, 1_000)
    sale = e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", price=1)
    entry = book.do(sale)
    book.do(correct(book, entry.index, dataclasses.replace(sale, parcels=("P2",)), "miner-1"))
    third = correct(book, entry.index, dataclasses.replace(sale, parcels=("P3",)), "miner-1")
    assert book.codes(third) == ["correction-twice"]
    book.do(correct(book, entry.index, dataclasses.replace(sale, parcels=("P2", "P3")), "miner-1"))
    holders = {p: book.state.parcel(p).holder for p in ("P1", "P2", "P3")}  # type: ignore[union-attr]
    assert holders == {"P1": "miner-1", "P2": "dealer-1", "P3": "dealer-1"}
    assert same(book.state, book.refolded())


def test_a_correction_that_makes_a_later_act_impossible_is_refused_naming_it() -> None:
    """A sheet cannot be corrected below what was split from it; once the split is corrected too, it can."""
    book = Book()
    mined = book.mine("P1", 12_500)
    split = e.Split(by="miner-1", parcel="P1", outputs=goods(("A", 5_000), ("B", 7_500)))
    later = book.do(split)
    assert isinstance(mined.event, e.Mined)
    lighter = correct(
        book, mined.index, dataclasses.replace(mined.event, lines=goods(("P1", 12_000))), "miner-1"
    )
    (refusal,) = book.attempt(lighter)
    assert refusal.code == "correction-impossible"
    assert refusal.values["later"] == later.index
    assert refusal.values["rule"] == "weight-conserved"
    weights = goods(("A", 5_000), ("B", 7_000))
    both = correct(book, later.index, dataclasses.replace(split, outputs=weights), "miner-1")
    assert book.codes(both) == ["correction-impossible"]
    together = [book.act(both), dataclasses.replace(book.act(lighter), index=len(book.records) + 1)]
    for act in together:
        assert rules.refusals(book.state, act, book.histories(act), together) == []
    same = correct(book, mined.index, dataclasses.replace(mined.event, note="clean"), "miner-1")
    assert book.attempt(same) == []


def test_a_certificates_number_can_be_corrected() -> None:
    """The trial of what would follow knows the house and its parties; the old number is free of goods
    again.
    """
    book = Book()
    book.mine("P1", 12_500)
    issued = certificate("P1", 12_500)
    entry = book.do(issued)
    right = dataclasses.replace(issued, certificate="BW/00000108", number="BW 108")
    book.do(correct(book, entry.index, right, "ministry"))
    assert book.state.certificate("BW/00000107") is None
    found = book.state.certificate("BW/00000108")
    parcel = book.state.parcel("P1")
    assert found is not None
    assert parcel is not None
    assert (found.status, parcel.certificate) == ("issued", "BW/00000108")
    assert same(book.state, book.refolded())


def test_corrections_are_the_authors_or_an_authoritys_and_fit_the_act() -> None:
    """Another party, a wrong hash, a body of another kind, an act about keys: each refused."""
    book = Book()
    mined = book.mine("P1", 12_500)
    assert isinstance(mined.event, e.Mined)
    right = dataclasses.replace(mined.event, lines=goods(("P1", 12_050)))
    good = correct(book, mined.index, right, "miner-1")
    assert book.codes(dataclasses.replace(good, by="dealer-1")) == ["correction-author"]
    assert book.codes(dataclasses.replace(good, by="ministry")) == []
    assert book.codes(dataclasses.replace(good, hash=bytes(32))) == ["entry-hash"]
    assert book.codes(dataclasses.replace(good, replacement={"by": "miner-1"})) == ["correction-body"]
    assert book.codes(dataclasses.replace(good, replacement={**good.replacement, "by": "dealer-1"})) == [
        "correction-actor"
    ]
    assert book.codes(correct(book, 0, right, "ministry")) == ["correction-fixed"]
    assert book.codes(dataclasses.replace(good, index=10_000)) == ["entry-unknown"]


def test_attestations_and_erasures_name_an_entry_as_it_is() -> None:
    """A wrong hash is refused; an entry of another ledger is taken as stated."""
    book = Book()
    mined = book.mine("P1", 12_500)
    origin = book.state.house().origin  # type: ignore[union-attr]
    attested = e.Attested(by="dealer-1", origin=str(origin), index=mined.index, hash=mined.hash)
    assert book.codes(attested) == []
    assert book.codes(dataclasses.replace(attested, hash=bytes(32))) == ["entry-hash"]
    assert book.codes(dataclasses.replace(attested, origin="elsewhere", hash=bytes(32))) == []
    erased = e.DisclosureErased(by="ministry", index=99_999, digests=("d",), ground="law")
    assert book.codes(erased) == ["entry-unknown"]


# --- whatever is recorded, every way of folding agrees ---------------------------------------------

Step = Callable[[Book, Any], e.Event | None]


def _held(book: Book, draw: Any) -> str | None:
    names = [
        parcel.id
        for parcel in book.state.subjects().values()
        if getattr(parcel, "condition", None) == "held" and getattr(parcel, "weight", None)
    ]
    return draw(st.sampled_from(sorted(names))) if names else None


def _act(book: Book, draw: Any, number: int) -> e.Event | None:
    kind = draw(
        st.sampled_from(["mine", "split", "mix", "sell", "weigh", "seize", "release", "lose", "correct"])
    )
    if kind == "mine":
        line = e.Goods(f"P{number}", draw(st.integers(2, 50_000)))
        return e.Mined(by="miner-1", site="karowe", lines=(line,))
    name = _held(book, draw)
    parcel = book.state.parcel(name) if name is not None else None
    if parcel is None or parcel.holder is None or parcel.weight is None:
        return None
    if kind == "split" and parcel.weight > 1:
        cut = draw(st.integers(1, parcel.weight - 1))
        outputs = goods((f"P{number}a", cut), (f"P{number}b", parcel.weight - cut))
        return e.Split(by=parcel.holder, parcel=parcel.id, outputs=outputs)
    if kind == "mix":
        other = book.state.parcel(_held(book, draw) or "")
        if other is None or other.id == parcel.id or other.weight is None:
            return None
        total = parcel.weight + other.weight
        return e.Mixed(by=parcel.holder, inputs=(parcel.id, other.id), output=f"P{number}", weight=total)
    if kind == "sell":
        to = draw(st.sampled_from(["dealer-1", "dealer-2", "miner-1"]))
        return e.Sold(by=parcel.holder, parcels=(parcel.id,), to=to, price=1)
    if kind == "weigh":
        return e.Weighed(by=parcel.holder, parcel=parcel.id, weight=max(1, parcel.weight - 1))
    if kind == "seize":
        return e.Seized(by="ministry", lines=(e.Goods(parcel.id, parcel.weight),))
    if kind == "release":
        return e.Released(by="ministry", parcels=(parcel.id,), to="miner-1")
    if kind == "lose":
        return e.Lost(by=parcel.holder, parcels=(parcel.id,), how="lost")
    index = draw(st.integers(0, len(book.records) - 1))
    original = book.records[index].event
    if isinstance(original, e.Sold):
        return correct(
            book,
            index,
            dataclasses.replace(original, to=draw(st.sampled_from(["dealer-1", "dealer-2"]))),
            "ministry",
        )
    return None


@st.composite
def histories(draw: Any) -> Book:
    """A book of random acts that the rules let pass."""
    book = Book()
    for number in range(draw(st.integers(5, 60))):
        event = _act(book, draw, number)
        if event is not None and book.attempt(event) == []:
            book.do(event)
    return book


def same(a: State, b: State) -> bool:
    """Whether two states know the same of every subject."""
    return dict(a.subjects()) == dict(b.subjects())


@given(histories(), st.data())
@pytest.mark.slow
@settings(max_examples=extent(20, 200), deadline=None)
def test_every_fold_agrees(book: Book, data: Any) -> None:
    """One by one, all at once, any prefix and then the rest, and each subject from its own entries alone."""
    records = book.records
    assert same(book.state, fold(records))
    cut = data.draw(st.integers(0, len(records)))
    assert same(fold(records[cut:], fold(records[:cut])), book.state)
    for name, subject in book.state.subjects().items():
        own = [r for r in records if name in guarded(r.event, r.about)]
        assert fold_subject(name, own) == subject


@given(histories())
@pytest.mark.slow
@settings(max_examples=extent(20, 200), deadline=None)
def test_every_carat_is_conserved(book: Book) -> None:
    """What was mined is in hand, lost, or declared away by a weighing; nothing else."""
    mined = weighed_away = 0
    state = EMPTY
    for recorded in book.records:
        if isinstance(recorded.event, e.Mined):
            mined += sum(line.weight or 0 for line in recorded.event.lines)
        if isinstance(recorded.event, e.Weighed):
            parcel = state.parcel(recorded.event.parcel)
            assert parcel is not None
            weighed_away += (parcel.weight or 0) - (recorded.event.weight or 0)
        state = evolve(state, recorded)
    parcels = [p for n, p in state.subjects().items() if n.startswith("parcel:")]
    there = sum(p.weight or 0 for p in parcels if p.condition in ("held", "lost"))  # type: ignore[union-attr]
    assert mined == there + weighed_away
