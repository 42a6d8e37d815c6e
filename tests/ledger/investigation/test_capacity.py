"""Production against capacity, exports against what was mined and imported: year by year."""

from __future__ import annotations

import pytest

from ledger.domain import events as e
from ledger.domain.vocabulary import NORMALISATION
from ledger.investigation.capacity import SiteYear, Year, capacity
from tests.border import on_paper
from tests.world import AUTHORITY, World, goods

SMALL, OLD = "pit-18", "old-pit"
IMPORT = on_paper(
    by="dealer-7", certificate="ZW/00000009", number="ZW 9", lines=(e.Arrival("Z1", 2_000, None, "710231"),),
    weight=2_000, origins=("ZW",), provenance="ZW", expiry="2024-06-30",
)  # fmt: skip


@pytest.fixture
def world(world: World) -> World:
    """A pit that can yield ten carats a year, and one of which nobody said how much."""
    world.do(e.SiteRegistered(by=AUTHORITY, site=OLD, in_country="BW", operator="miner-1"))
    world.do(e.SiteRegistered(by=AUTHORITY, site=SMALL, in_country="BW", operator="miner-1", capacity=10_000))
    for site in (SMALL, OLD):
        world.do(
            e.LicenceGranted(by=AUTHORITY, licence=f"ML-{site}", party="miner-1", licensed="mining",
            site=site,
                             since="2016-01-01")
        )  # fmt: skip
    return world


def mined(world: World, parcel: str, carats: str, occurred: str, site: str = SMALL) -> None:
    """A production sheet of a pit."""
    world.do(e.Mined(by="miner-1", site=site, lines=(goods(parcel, carats),)), occurred=occurred)


def found(world: World) -> tuple[list[SiteYear], list[Year]]:
    """What the ledger answers."""
    return capacity(world.ledger.journal, world.ledger.records, world.ledger.state())


def test_a_year_beyond_capacity_is_told_by_how_much(world: World) -> None:
    """To the last thousandth of a carat, each year for itself; a site without capacity is not judged."""
    mined(world, "A1", "6.000", "2022-05-01")
    mined(world, "A2", "4.000", "2022-12-31")
    mined(world, "B1", "10.001", "2023-01-01")
    mined(world, "O1", "1.000", "2023-01-01", site=OLD)
    sites, _ = found(world)
    assert sites == [
        SiteYear(OLD, 2023, 1_000, None, None),
        SiteYear(SMALL, 2022, 10_000, 10_000, 0),
        SiteYear(SMALL, 2023, 10_001, 10_000, 1),
    ]


def test_a_corrected_sheet_counts_as_corrected(world: World) -> None:
    """The weight that is known to be right."""
    mined(world, "A1", "11.000", "2022-05-01")
    index = world.ledger.head().size - 1
    act = world.ledger.records.recorded(index)
    right = e.Mined(by="miner-1", site=SMALL, lines=(goods("A1", "9.000"),))
    world.do(
        e.Corrected(by="miner-1", index=index, hash=act.hash, reason="misread", replacement=e.write(right))
    )
    (site,), _ = found(world)
    assert (site.produced, site.over) == (9_000, 0)


def test_exports_of_goods_that_were_neither_mined_nor_imported_are_told(world: World) -> None:
    """Opening stock leaves; mined and imported goods are no finding."""
    world.mine("P1", "12.500")
    world.do(IMPORT)
    world.export(world.certify("BW 107", "P1"))
    assert found(world)[1] == [Year(2024, 0, 12_500, 2_000, 12_500, 0, 0)]
    stock = e.StockOpened(by=AUTHORITY, holder="miner-1", lines=(goods("S1", "50.000"),), origins=("BW",))
    world.do(stock)
    world.export(world.certify("BW 108", "S1"))
    assert found(world)[1] == [Year(2024, 50_000, 12_500, 2_000, 62_500, 0, 48_000)]


def test_what_came_back_may_leave_again(world: World) -> None:
    """The same carats leave twice; without the return, the second time would be beyond."""
    world.mine("P1", "12.500")
    for number in ("BW 107", "BW 108"):
        key = world.certify(number, "P1")
        world.export(key)
        before = found(world)[1]
        world.do(
            e.ShipmentReturned(by=AUTHORITY, certificate=key, parts=(e.Part("P1", 12_500),), to="miner-1")
        )
    assert before == [Year(2024, 0, 12_500, 0, 25_000, 12_500, 0)]
    assert found(world)[1] == [Year(2024, 0, 12_500, 0, 25_000, 25_000, 0)]


def test_what_goes_back_under_a_technical_certificate_is_no_export(world: World) -> None:
    """It never came in: counted as an export, it would be beyond."""
    foreign = "ZW/00000009"
    world.do(
        e.ShipmentArrived(by=AUTHORITY, certificate=foreign, number="ZW 9", provenance="ZW", intact=False)
    )
    lots = (e.Part("LOT", 2_000),)
    world.do(
        e.CertificateIssued(
            by=AUTHORITY, certificate="BW/00000403", number="BW 403", normalisation=NORMALISATION, parts=lots,
            classes=(e.ClassWeight("710231", 2_000),), weight=2_000, value=100, origins=("ZW",),
            provenance="BW", destination="ZW", exporter="dealer-7", importer="x", expiry="2024-12-31",
            technical=True, returns=foreign,
        )
    )  # fmt: skip
    world.do(e.CertificateValidated(by=AUTHORITY, certificate="BW/00000403", seals=("S",)))
    world.do(e.ShipmentRejected(by=AUTHORITY, certificate=foreign, reason="opened"))
    world.do(
        e.Exported(by=AUTHORITY, certificate="BW/00000403", parts=lots, destination="ZW", returns=foreign)
    )
    assert found(world)[1] == []
