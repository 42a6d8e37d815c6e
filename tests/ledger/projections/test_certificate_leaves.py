"""The certificate index from the entries: every number that is known, what became of it, and when."""

from __future__ import annotations

import pytest

from ledger.chain.certificate_index import CertificateIndex, Leaf, decode
from ledger.domain import events as e
from ledger.errors import Malformed
from ledger.projections.certificate_leaves import CertificateLeaves
from tests.refusing import refusing
from tests.world import AUTHORITY, World

DAY = 86_400 * 1_000_000


@pytest.fixture
def busy(world: World) -> World:
    """Three certificates: exported, validated, voided."""
    world.mine("P1", "1.000", "P2", "2.000", "P3", "3.000")
    for parcel in ("P1", "P2", "P3"):
        world.sell(parcel, to="dealer-7")
    world.export(world.certify("101", "P1"))
    world.certify("102", "P2")
    key = world.certify("103", "P3")
    world.do(e.CertificateVoided(by=AUTHORITY, certificate=key, reason="misprinted"))
    return world


def leaves(world: World) -> CertificateLeaves:
    """Nothing asked for yet."""
    return CertificateLeaves(world.ledger.journal, world.ledger.records)


def told(index: CertificateIndex) -> dict[str, str]:
    """Status by number, without the sentinels."""
    rows = [decode(index.leaf(place)) for place in range(1, index.count - 1)]
    return {row.key: row.status for row in rows if isinstance(row, Leaf)}


def test_every_number_has_its_status(busy: World) -> None:
    """In the order of the keys, with the entry that issued it."""
    size = busy.ledger.head().size
    index = leaves(busy).at(size)
    assert told(index) == {"BW/00000101": "exported", "BW/00000102": "validated", "BW/00000103": "voided"}
    first = decode(index.leaf(1))
    assert isinstance(first, Leaf)
    assert first.issued is not None
    assert isinstance(busy.ledger.records.recorded(first.issued).event, e.CertificateIssued)


def test_size_after_size_is_the_same_as_at_once(busy: World) -> None:
    """What is folded again is what changed, and the root is that of a fresh index."""
    size = busy.ledger.head().size
    steady = leaves(busy)
    for at in range(size + 1):
        assert steady.at(at).root == leaves(busy).at(at).root
    with refusing(Malformed, "index-size"):
        steady.at(size - 1)
    with refusing(Malformed, "index-size"):
        steady.at(size + 1)


def test_an_earlier_size_does_not_know_what_came_later(busy: World) -> None:
    """As of the entry that issued it, a certificate is issued."""
    indexes = busy.ledger.journal.guarded_entries("certificate:BW/00000103")
    assert told(leaves(busy).at(indexes[0])).get("BW/00000103") is None
    assert told(leaves(busy).at(indexes[0] + 1))["BW/00000103"] == "issued"
    assert told(leaves(busy).at(indexes[1] + 1))["BW/00000103"] == "validated"


def test_a_certificate_that_nobody_used_expires(busy: World) -> None:
    """By the day of the last covered entry; one that was exported does not."""
    busy.clock.now += 120 * DAY
    busy.mine("P9", "1.000")
    index = leaves(busy).at(busy.ledger.head().size)
    assert told(index)["BW/00000102"] == "expired"
    assert told(index)["BW/00000101"] == "exported"


def test_a_lost_shipment_admits_nothing_and_a_forfeited_one_was_exported_by_its_issuer(busy: World) -> None:
    """The index has eight words: what it has none for is told by the nearest that misleads nobody."""
    busy.do(e.ShipmentLost(by=AUTHORITY, certificate="BW/00000101", how="stolen", parcels=("P1",)))
    foreign = "ZW/00000009"
    busy.do(e.ShipmentArrived(by=AUTHORITY, certificate=foreign, number="ZW 9", provenance="ZW", intact=True))
    busy.do(e.Seized(by=AUTHORITY, lines=(e.Goods("X1", 5_000),)))
    forfeit = e.Forfeited(by=AUTHORITY, parcels=("X1",), fate="kept", certificate=foreign)
    size = busy.ledger.head().size
    busy.do(forfeit)
    busy.do(e.ShipmentLost(by=AUTHORITY, certificate="ZW/00000010", how="stolen"))
    index = told(leaves(busy).at(size + 2))
    assert (index["BW/00000101"], index[foreign], index["ZW/00000010"]) == ("voided", "exported", "voided")
