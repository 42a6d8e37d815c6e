"""Who names an entry of another ledger in an import has opened the letter that proves it, whichever door the
act comes through: no rule can see a letter."""

from __future__ import annotations

import dataclasses

import pytest

from ledger.admission import Act
from ledger.chain.statement import SignedStatement
from ledger.domain import events as e
from ledger.errors import Refused
from tests.world import AUTHORITY, World

ISSUER = "ledger.example/zw/x1"
NAMED = e.Imported(
    by="dealer-7", certificate="ZW/00000009", number="ZW 9", lines=(e.Arrival("Z1", 5_000, None, "710231"),),
    weight=5_000, provenance="ZW", origins=("ZW",), expiry="2099-12-31",
    origin=ISSUER, entry=7, hash=bytes(32),
)  # fmt: skip
PAPER = dataclasses.replace(
    NAMED, origin=None, entry=None, hash=None, issued="2024-01-02", authority="Their office",
    exporter="A mine", importer="A dealer", value=90_000, parcels=1, hs=("710231",),
)  # fmt: skip


PAPER_OF_ANOTHER = dataclasses.replace(
    PAPER, certificate="ZW/00000010", number="ZW 10", lines=(e.Arrival("Z2", 5_000, None, "710231"),)
)


@pytest.fixture
def world(world: World) -> World:
    """A ledger that recognises another State's."""
    known = e.PartnerRecognised(
        by=AUTHORITY, origin=ISSUER, participant="ZW", keys=(f"{ISSUER}+00000000+AQ==",), since="2020-01-01"
    )
    world.ledger.record(known, world.keys[AUTHORITY])
    return world


def refused(world: World, item: Act | SignedStatement) -> bool:
    """Whether it is refused for want of a letter, alone and among others, and nothing was recorded."""
    size = world.ledger.head().size
    with pytest.raises(Refused) as caught:
        _ = world.ledger.record_batch([item]) if isinstance(item, Act) else world.ledger.append([item])
    (answer,) = world.ledger.record_each([item])
    assert isinstance(answer, Refused)
    assert caught.value.code == answer.code
    return caught.value.code == "import-without-letter" and world.ledger.head().size == size


def test_a_program_says_that_it_opened_the_letter(world: World) -> None:
    """Without that its own act is refused, and its rehearsal says so; with it the act is recorded."""
    key = world.keys["dealer-7"]
    assert refused(world, Act(NAMED, key))
    assert [found.code for found in world.ledger.preview(NAMED, key)] == ["import-without-letter"]
    assert world.ledger.preview(NAMED, key, by_letter=True) == []
    world.ledger.record(NAMED, key, by_letter=True)
    parcel = world.parcel("Z1")
    assert parcel is not None
    assert parcel.holder == "dealer-7"


def test_a_statement_that_was_signed_at_home_says_nothing_of_a_letter(world: World) -> None:
    """However its signer signed it; what is recorded already has its first receipt all the same."""
    key = world.keys["dealer-7"]
    assert refused(world, world.ledger.sign(NAMED, key, by_letter=True))
    named = bytes(range(16))
    receipt = world.ledger.record(NAMED, key, by_letter=True, id=named)
    again = world.ledger.record(NAMED, key, id=named)
    assert (again.index, again.hash) == (receipt.index, receipt.hash)
    world.ledger.append([world.ledger.sign(PAPER_OF_ANOTHER, key)])


def test_a_correction_brings_no_entry_in_by_the_back_door(world: World) -> None:
    """A correction that leaves the entry as it is needs no letter; one that names another does."""
    key = world.keys["dealer-7"]

    def corrected(index: int, hash_: bytes, now: e.Imported) -> Act:
        body = e.write(dataclasses.replace(now, value=80_000, importer="A dealer", exporter="A mine"))
        act = e.Corrected(by="dealer-7", index=index, hash=hash_, replacement=body, reason="misread")
        return Act(act, key)

    on_paper = world.ledger.record(PAPER, key)
    assert refused(world, corrected(on_paper.index, on_paper.hash, NAMED))
    world.ledger.record_batch([corrected(on_paper.index, on_paper.hash, PAPER)])
    by_letter = dataclasses.replace(NAMED, certificate="ZW/00000011", number="ZW 11",
                                    lines=(e.Arrival("Z3", 5_000, None, "710231"),))  # fmt: skip
    proven = world.ledger.record(by_letter, key, by_letter=True)
    world.ledger.record_batch([corrected(proven.index, proven.hash, by_letter)])
    other = dataclasses.replace(by_letter, entry=8)
    assert refused(world, corrected(proven.index, proven.hash, other))
