"""Each rule refuses what it must, with its code, its subject and its numbers, and lets the rest pass."""

from __future__ import annotations

import dataclasses

import pytest

from ledger.domain import events as e
from tests.book import Book, key


@pytest.fixture
def book() -> Book:
    """A ledger with one mined parcel of 12.500 ct in the miner's hands."""
    made = Book()
    made.mine("P1", 12_500)
    return made


def goods(*pairs: tuple[str, int]) -> tuple[e.Goods, ...]:
    """Outputs by id and weight."""
    return tuple(e.Goods(parcel, weight) for parcel, weight in pairs)


def split(parcel: str, *outputs: tuple[str, int], loss: int | None = None, by: str = "miner-1") -> e.Split:
    """A split by the miner."""
    return e.Split(by=by, parcel=parcel, outputs=goods(*outputs), loss=loss)


# --- weight ----------------------------------------------------------------------------------------


def test_a_split_that_makes_weight_is_refused_with_the_numbers(book: Book) -> None:
    """The sentence names the parcel, what it holds, what is stated, and how much too much that is."""
    (refusal,) = book.attempt(split("P1", ("P2", 3_500), ("P3", 9_200)))
    assert refusal.code == "weight-conserved"
    assert refusal.subject == "parcel:P1"
    assert str(refusal) == ("parcel P1 holds 12.50 ct, outputs and loss sum to 12.70 ct (0.20 ct too much)")


def test_missing_weight_must_be_declared_as_loss(book: Book) -> None:
    """The same split passes once the loss is declared, and not with a loss that is 0.001 ct off."""
    assert book.codes(split("P1", ("P2", 3_500), ("P3", 8_900))) == ["weight-conserved"]
    assert book.codes(split("P1", ("P2", 3_500), ("P3", 8_900), loss=99)) == ["weight-conserved"]
    assert book.codes(split("P1", ("P2", 3_500), ("P3", 8_900), loss=100)) == []


def test_mixing_conserves_weight(book: Book) -> None:
    """The mixed parcel weighs what its inputs weigh, less the declared loss."""
    book.mine("P2", 1_000)
    mix = e.Mixed(by="miner-1", inputs=("P1", "P2"), output="M", weight=13_500)
    assert book.codes(mix) == []
    assert book.codes(dataclasses.replace(mix, weight=13_501)) == ["weight-conserved-mix"]
    assert book.codes(dataclasses.replace(mix, weight=13_400, loss=100)) == []


def test_polishing_may_lose_but_never_gain(book: Book) -> None:
    """Yields below the rough's weight pass; above it they are refused."""
    book.do(e.Transferred(by="miner-1", parcels=("P1",), to="cutter-1"))
    polish = e.Polished(by="cutter-1", parcel="P1", outputs=goods(("S1", 5_000)), complete=True)
    assert book.codes(polish) == []
    assert book.codes(dataclasses.replace(polish, outputs=goods(("S1", 12_501)))) == ["weight-conserved"]


def test_a_weighing_may_grow_by_the_scales_tolerance_only(book: Book) -> None:
    """0.01 ct for each of the two weighings; more when the scale's uncertainty says so."""
    weigh = e.Weighed(by="miner-1", parcel="P1", weight=12_520)
    assert book.codes(weigh) == []
    assert book.codes(dataclasses.replace(weigh, weight=12_521)) == ["weight-grows"]
    assert book.codes(dataclasses.replace(weigh, weight=12_600, uncertainty=50)) == []
    assert book.codes(dataclasses.replace(weigh, weight=11_000)) == []


def test_no_parcel_weighs_nothing_or_more_than_the_world(book: Book) -> None:
    """Zero and more than a year of the world's production are refused."""
    zero = e.Mined(by="miner-1", site="karowe", lines=goods(("Z", 0)))
    huge = e.Mined(by="miner-1", site="karowe", lines=goods(("H", 200_000_000_001)))
    assert book.codes(zero) == ["weight-zero"]
    assert book.codes(huge) == ["weight-too-large"]


def test_goods_change_class_in_one_direction(book: Book) -> None:
    """Unsorted becomes industrial or gem; gem never becomes industrial or unsorted again."""
    book.mine("U", 1_000, hs="710210")
    sort = e.Sorted(
        by="miner-1", parcel="U", outputs=(e.Goods("G", 400, hs="710231"), e.Goods("I", 600, hs="710221"))
    )
    book.do(sort)
    back = e.Sorted(by="miner-1", parcel="G", outputs=(e.Goods("X", 400, hs="710221"),))
    assert book.codes(back) == ["hs-move"]
    assert book.codes(dataclasses.replace(back, outputs=(e.Goods("X", 400, hs="710231"),))) == []


# --- custody ---------------------------------------------------------------------------------------


def test_only_the_holder_moves_goods(book: Book) -> None:
    """A dealer cannot sell what the miner holds."""
    sale = e.Sold(by="dealer-1", parcels=("P1",), to="dealer-2", price=1)
    (refusal,) = book.attempt(sale)
    assert (refusal.code, refusal.values["holder"], refusal.values["by"]) == (
        "holder-only",
        "miner-1",
        "dealer-1",
    )
    book.do(e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", price=1))
    assert book.codes(sale) == []


def test_an_owner_sells_what_an_agent_holds_and_the_agent_does_not(book: Book) -> None:
    """A consignment moves the goods and not the title."""
    book.do(e.Consigned(by="miner-1", parcels=("P1",), to="agent-1", purpose="agent"))
    assert book.codes(e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", price=1)) == []
    assert book.codes(split("P1", ("P2", 12_500))) == ["holder-only"]


def test_nobody_hands_goods_to_itself(book: Book) -> None:
    """A sale, a consignment or a handing over has two parties."""
    assert book.codes(e.Sold(by="miner-1", parcels=("P1",), to="miner-1", price=1)) == ["to-itself"]
    assert book.codes(e.Transferred(by="miner-1", parcels=("P1",), to="miner-1")) == ["to-itself"]
    assert book.codes(e.Transferred(by="miner-1", parcels=("P1",), to="dealer-1")) == []


def test_what_was_used_up_cannot_be_used_again(book: Book) -> None:
    """The refusal names what it became."""
    book.do(split("P1", ("P2", 3_500), ("P3", 9_000)))
    (refusal,) = book.attempt(split("P1", ("P4", 12_500)))
    assert refusal.code == "parcel-consumed"
    assert refusal.values["outputs"] == "P2, P3"


def test_seized_goods_do_not_move_until_released(book: Book) -> None:
    """Only an authority seizes; the goods may be weighed but not sold; after release they move again."""
    seizure = e.Seized(by="ministry", lines=goods(("P1", 12_500)), taken_from="miner-1")
    assert book.codes(dataclasses.replace(seizure, by="dealer-1")) == ["role-missing"]
    book.do(seizure)
    assert "parcel-seized" in book.codes(e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", price=1))
    assert book.codes(e.Weighed(by="ministry", parcel="P1", weight=12_490)) == []
    book.do(e.Released(by="ministry", parcels=("P1",), to="miner-1"))
    assert book.codes(e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", price=1)) == []
    assert book.codes(e.Released(by="ministry", parcels=("P1",), to="miner-1")) == ["parcel-not-seized"]


def test_lost_goods_come_back_by_recovery_only(book: Book) -> None:
    """Stolen goods cannot be sold; a recovery puts them into hands again."""
    book.do(e.Lost(by="miner-1", parcels=("P1",), how="stolen"))
    assert "parcel-lost" in book.codes(e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", price=1))
    book.do(e.Recovered(by="ministry", parts=(e.Part("P1"),), to="miner-1"))
    assert book.codes(e.Recovered(by="ministry", parts=(e.Part("P1"),), to="miner-1")) == ["parcel-not-lost"]
    assert book.codes(e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", price=1)) == []


def test_ids_are_given_once(book: Book) -> None:
    """For parcels, also inside one act, and for parties, sites, licences, mandates and keys."""
    assert book.codes(e.Mined(by="miner-1", site="karowe", lines=goods(("P1", 1)))) == ["id-taken"]
    assert book.codes(e.Mined(by="miner-1", site="karowe", lines=goods(("N", 1), ("N", 1)))) == [
        "parcel-twice"
    ]
    assert book.codes(split("P1", ("P1", 12_500))) == ["parcel-twice", "id-taken"]
    assert book.codes(e.PartyRegistered(by="ministry", party="dealer-1", roles=("dealer",))) == ["id-taken"]
    assert book.codes(e.SiteRegistered(by="ministry", site="karowe", in_country="BW")) == ["id-taken"]
    again = e.LicenceGranted(
        by="ministry", licence="dealer-1/dealing", party="dealer-1", licensed="dealing", since="2024"
    )
    assert book.codes(again) == ["id-taken"]
    taken = e.KeyEnrolled(by="ministry", party="dealer-2", key=key("dealer-1"), proof=bytes(64))
    assert book.codes(taken) == ["key-taken"]


def test_what_is_named_must_be_known(book: Book) -> None:
    """Unknown parcels, parties and sites are named in the refusal."""
    assert book.codes(split("P9", ("P2", 1))) == ["parcel-unknown"]
    assert book.codes(e.Sold(by="miner-1", parcels=("P1",), to="nobody", price=1)) == ["party-unknown"]
    assert book.codes(e.Mined(by="miner-1", site="nowhere", lines=goods(("N", 1)))) == ["site-unknown"]
    assert book.codes(e.AliasRecorded(by="ministry", subject="party:nobody", alias="N")) == [
        "subject-unknown"
    ]


# --- time ------------------------------------------------------------------------------------------


def test_nothing_happens_in_the_future_or_before_what_it_follows(book: Book) -> None:
    """Partial dates compare as intervals: only an impossible order is refused."""
    weigh = e.Weighed(by="miner-1", parcel="P1", weight=12_500)
    book.do(weigh, occurred="2024-01-02")
    assert book.codes(weigh, occurred="2036-01-02") == ["time-future"]
    assert book.codes(weigh, occurred="2023-11") == ["time-order"]
    assert book.codes(weigh, occurred="2024-01") == []
    assert book.codes(weigh, occurred="2024") == []


# --- standing --------------------------------------------------------------------------------------


def test_the_key_decides_who_speaks(book: Book) -> None:
    """Unknown keys, other parties' keys and revoked keys are refused."""
    weigh = e.Weighed(by="miner-1", parcel="P1", weight=12_500)
    assert book.codes(weigh, author="stranger") == ["key-unknown"]
    assert book.codes(weigh, author="dealer-1") == ["author-other-party"]
    book.do(e.KeyRevoked(by="ministry", key=key("miner-1"), since="2024-01-02"))
    assert book.codes(weigh) == ["key-revoked"]


def test_a_clerk_records_under_a_mandate_in_force_for_the_acts_it_names(book: Book) -> None:
    """Without mandate, outside its acts, before and after its dates: refused; the miner's own role still
    counts.
    """
    mined = e.Mined(by="miner-1", site="karowe", lines=goods(("T1", 500)))
    as_clerk = {"author": "clerk-1", "on_behalf": "miner-1"}
    assert book.codes(mined, **as_clerk) == ["mandate-missing"]
    book.do(
        e.MandateGranted(
            by="miner-1",
            mandate="M1",
            clerk="clerk-1",
            party="miner-1",
            acts=("parcel-mined/1",),
            since="2024-01-01",
            until="2024-06-30",
        )
    )
    assert book.codes(mined, **as_clerk) == []
    assert book.codes(mined, occurred="2023-12-31", **as_clerk) == ["mandate-missing"]
    weigh = e.Weighed(by="miner-1", parcel="P1", weight=12_500)
    assert book.codes(weigh, **as_clerk) == ["mandate-missing"]
    book.do(e.MandateWithdrawn(by="miner-1", mandate="M1", since="2024-01-01"))
    assert book.codes(mined, **as_clerk) == ["mandate-missing"]


def test_parties_grant_mandates_and_revoke_keys_for_themselves_only(book: Book) -> None:
    """An authority may do it for others."""
    mandate = e.MandateGranted(
        by="dealer-1", mandate="M", clerk="clerk-1", party="miner-1", acts=("parcel-sold/1",), since="2024"
    )
    assert book.codes(mandate) == ["not-own"]
    assert book.codes(dataclasses.replace(mandate, by="ministry")) == []
    assert book.codes(e.KeyRevoked(by="dealer-1", key=key("dealer-2"), since="2024-01-01")) == ["not-own"]
    assert book.codes(e.KeyRevoked(by="dealer-1", key=key("dealer-1"), since="2024-01-01")) == []


def test_licences_count_on_the_date_of_the_act(book: Book) -> None:
    """No licence, another site's licence, an expired and a withdrawn one are told apart."""
    sale = e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", price=1)
    assert book.codes(sale, occurred="2024-01-02") == []
    (refusal,) = book.attempt(sale, occurred="2019-12-31")
    assert (refusal.code, refusal.subject) == ("licence-expired", "licence:miner-1/mining")
    book.do(e.LicenceWithdrawn(by="ministry", licence="miner-1/mining", since="2024-01-02"))
    assert book.codes(sale, occurred="2024-01-02") == ["licence-expired"]
    book.party("dealer-3", "dealer")
    assert book.codes(e.Sold(by="dealer-3", parcels=("P1",), to="dealer-1", price=1)) == ["licence-missing"]


def test_a_site_that_nobody_knows_is_no_lack_of_a_licence_for_it(book: Book) -> None:
    """Whoever misspells a site is not told to have a licence granted for what is not there."""
    book.party("miner-3", "miner")
    mined = e.Mined(by="miner-3", site="karow", lines=goods(("N", 1_000)))
    assert book.codes(mined) == ["site-unknown"]
    (refusal,) = book.attempt(dataclasses.replace(mined, site="karowe"))
    assert (refusal.code, refusal.values["kinds"]) == (
        "licence-missing",
        "artisanal or mining at site karowe",
    )


def test_roles_count_on_the_date_and_end_when_withdrawn(book: Book) -> None:
    """A role granted later does not reach back."""
    polish = e.Polished(by="dealer-1", parcel="P1", outputs=goods(("S", 1_000)), complete=True)
    assert book.codes(polish) == ["role-missing"]
    book.do(e.RoleGranted(by="ministry", party="dealer-1", role="cutter", since="2024-01-02"))
    assert book.codes(polish, occurred="2023-12-30") == ["role-missing"]
    assert book.codes(polish, occurred="2024-01-02") == ["licence-missing"]
    book.licence("dealer-1", "cutting")
    assert book.codes(polish) == ["holder-only"]
    book.do(e.RoleWithdrawn(by="ministry", party="dealer-1", role="cutter", since="2024-01-02"))
    assert book.codes(polish) == ["role-missing"]


def test_the_ledger_is_opened_once_by_the_key_it_names() -> None:
    """Before it nothing is recorded, after it no second opening."""
    empty = Book(opened=False)
    assert empty.codes(e.PartyRegistered(by="ministry", party="x", roles=("dealer",))) == [
        "ledger-not-opened"
    ]
    opening = e.LedgerOpened(
        by="ministry",
        origin="o",
        participant="BW",
        keys=("k",),
        authority_key=key("other"),
        recovery_key=key("r"),
    )
    assert empty.codes(opening) == ["ledger-opened-by-other"]
    assert Book().codes(opening, author="other") == ["ledger-opened-twice"]
