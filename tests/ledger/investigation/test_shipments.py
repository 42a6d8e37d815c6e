"""A ledger's shipments: as its acts state them, corrected, returned, confirmed, withheld."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from operator import attrgetter

from ledger.domain import events as e
from ledger.investigation.shipments import Shipment, shipments
from ledger.store.bodies import bodies
from tests import plain_reconciliation
from tests.border import on_paper
from tests.world import AUTHORITY, World

DAY = date(2024, 1, 15).toordinal()
IMPORT = on_paper(
    by="dealer-7",
    certificate="ZW/00000009",
    number="ZW 9",
    lines=(e.Arrival("Z1", 5_000, None, "710231"), e.Arrival("Z2", 2_000, None, "710210")),
    weight=7_010,
    origins=("ZW",),
    provenance="ZW",
    expiry="2024-06-30",
    value=70_000,
)


def found(world: World) -> list[Shipment]:
    """The shipments of the world's ledger."""
    told = list(shipments(world.ledger.journal, world.ledger.records, "BW"))
    plain = plain_reconciliation.shipments(world.ledger, "BW")
    assert told == sorted(plain, key=attrgetter("certificate"))
    return told


def exported(world: World) -> str:
    """One certificate that left."""
    world.mine("P1", "12.500")
    key = world.certify("BW 107", "P1")
    world.export(key)
    return key


def test_an_export_and_an_import_are_told_in_full(world: World) -> None:
    """Weights by class, the value although it is sealed, the day, the entry."""
    exported(world)
    world.do(IMPORT)
    left, came = found(world)
    assert left == Shipment(
        certificate="BW/00000107", flow="export", provenance="BW", destination="AE", day=DAY, weight=12_500,
        value=100_000, classes=(("710231", 12_500),), origins=("BW",), exporter="miner-1", parcels=1,
        entry=left.entry,
    )  # fmt: skip
    assert isinstance(world.ledger.records.recorded(left.entry or 0).event, e.Exported)
    assert (came.provenance, came.destination, came.weight, came.value) == ("ZW", "BW", 7_000, 70_000)
    assert came.classes == (("710210", 2_000), ("710231", 5_000))
    assert (came.parcels, came.importer, came.day) == (2, "dealer-7", DAY)


def test_what_was_confirmed_or_came_back_says_so(world: World) -> None:
    """One after the other, on two certificates."""
    key = exported(world)
    assert [(one.confirmed, one.back) for one in found(world)] == [(False, False)]
    world.do(e.ImportConfirmed(by=AUTHORITY, certificate=key, parcels=1, weight=12_500))
    world.mine("P2", "3.000")
    second = world.certify("BW 108", "P2")
    world.export(second)
    world.do(e.ShipmentReturned(by=AUTHORITY, certificate=second, parts=(e.Part("P2", 3_000),), to="miner-1"))
    assert [(one.confirmed, one.back) for one in found(world)] == [(True, False), (False, True)]


def test_what_was_stolen_on_the_way_says_so(world: World) -> None:
    """As the sender recorded it; the other one left as well, and nothing befell it."""
    key = exported(world)
    world.mine("P2", "3.000")
    world.export(world.certify("BW 108", "P2"))
    assert [one.lost for one in found(world)] == [False, False]
    world.do(e.ShipmentLost(by=AUTHORITY, certificate=key, how="stolen", parcels=("P1",)))
    assert [one.lost for one in found(world)] == [True, False]


def test_a_confirmation_is_found_among_many_of_imports(world: World) -> None:
    """One that came back for an export, one whose number was corrected to that of an export, and one of
    none.
    """
    world.mine("P1", "12.500", "P2", "3.000", "P3", "1.000")
    first, second, third = (
        world.certify(f"BW {n}", f"P{place}") for place, n in enumerate((107, 108, 109), 1)
    )
    for name in (first, second, third):
        world.export(name)
    for number in range(1, 11):
        arrival = replace(IMPORT, certificate=f"ZW/{number:08}", number=f"ZW {number}", weight=1_000,
                          lines=(e.Arrival(f"Z{number}", 1_000),))  # fmt: skip
        world.do(arrival)
        told = e.ImportConfirmed(by=AUTHORITY, certificate=arrival.certificate, parcels=1, weight=1_000)
        receipt = world.do(told)
    body = e.write(replace(told, certificate=second))
    world.do(
        e.Corrected(by=AUTHORITY, index=receipt.index, hash=receipt.hash, reason="another", replacement=body)
    )
    world.do(e.ImportConfirmed(by=AUTHORITY, certificate=first, parcels=1, weight=12_500))
    confirmed = {one.certificate for one in found(world) if one.confirmed}
    assert confirmed == {first, second}


def test_a_corrected_act_reads_as_corrected(world: World) -> None:
    """The last correction is the one that holds."""
    receipt = world.do(IMPORT, occurred="2024-01-10")
    for country in ("NA", "ZA"):
        body = e.write(replace(IMPORT, origins=(country,)))
        world.do(
            e.Corrected(
                by="dealer-7", index=receipt.index, hash=receipt.hash, reason="misread", replacement=body
            )
        )
    (one,) = found(world)
    assert (one.origins, one.entry) == (("ZA",), receipt.index)
    assert one.day == date(2024, 1, 10).toordinal()


def test_an_erased_value_is_unknown(world: World) -> None:
    """Erased by law, it is not compared; all else is."""
    receipt = world.do(IMPORT)
    digests = tuple(world.ledger.sealed(receipt.index).values())
    world.do(e.DisclosureErased(by=AUTHORITY, index=receipt.index, digests=digests, ground="a court order"))
    (one,) = found(world)
    assert (one.value, one.weight) == (None, 7_000)


def test_sealed_values_are_opened_only_where_asked(world: World) -> None:
    """And each in its own body."""
    first, second = world.do(IMPORT), world.do(replace(IMPORT, certificate="ZW/00000010", number="ZW 10",
                                                       lines=(e.Arrival("Z3", 1_000),), weight=1_000,
                                                       value=5))  # fmt: skip
    journal = world.ledger.journal
    asked = ({}, {e.Exported.TYPE: ("value",)}, {e.Imported.TYPE: ("value",)})
    plain, other, opened = (list(bodies(journal, [first.index, second.index], names)) for names in asked)
    assert [body.values.get("value") for body in opened] == [70_000, 5]
    assert ["value" in body.values for body in (*plain, *other)] == [False] * 4
    assert {body.wire for body in opened} == {e.Imported.TYPE}
    assert [body.index for body in opened] == [first.index, second.index]


def test_a_loss_that_was_told_is_no_arrival(world: World) -> None:
    """Whom the shipment was for records it under the other State's certificate, and nothing came."""
    world.do(e.ShipmentLost(by=AUTHORITY, certificate="ZW/00000009", how="stolen"), occurred="2024-01-10")
    (one,) = found(world)
    assert (one.certificate, one.flow, one.lost, one.weight) == ("ZW/00000009", "import", True, None)
    assert (one.destination, one.day) == ("BW", date(2024, 1, 10).toordinal())
