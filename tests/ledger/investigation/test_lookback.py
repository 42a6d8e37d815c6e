"""Looking back: a measure adopted later meets the acts it would have stopped, and no others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.domain import events as e
from ledger.errors import NotFound
from ledger.exchange.participant_register import adoption
from ledger.investigation.lookback import Objection, look_back
from ledger.projections.following import reading
from tests.border import on_paper
from tests.world import AUTHORITY, World

SHIPPED_DAY = "2024-01-15"
IMPORT = on_paper(
    by="dealer-7",
    certificate="ZW/00000009",
    number="ZW 9",
    lines=(e.Arrival("Z1", 5_000, None, "710231"),),
    weight=5_000,
    origins=("ZW",),
    provenance="ZW",
    expiry="2024-06-30",
)


def found(world: World) -> list[Objection]:
    """What looking back finds now."""
    with reading(world.ledger.journal, world.ledger.records) as rows:
        return list(look_back(rows, world.ledger.records))


def embargo(participant: str, since: str, **more: object) -> e.MeasureAdopted:
    """A measure that stops all trade of a participant."""
    values: dict[str, object] = {
        "by": AUTHORITY, "measure": f"KP-{participant}", "participant": participant, "effect": "no-trade",
        "authority": "Kimberley Process", "since": since, "source": "a decision of the Chair",
    }  # fmt: skip
    return e.MeasureAdopted(**{**values, **more})  # type: ignore[arg-type]


@pytest.fixture
def world(world: World) -> World:
    """A ledger that adopted the register, exported once and imported once."""
    world.do(adoption(AUTHORITY))
    world.mine("P1", "12.500")
    world.export(world.certify("BW 107", "P1"))
    world.do(IMPORT)
    return world


def test_without_a_register_there_is_nothing_to_look_back_with() -> None:
    """It says so; silence would pass for an acquittal."""
    with pytest.raises(NotFound, match="adopted no register"):
        found(World())


def test_acts_that_were_right_then_and_are_right_now_are_not_found(world: World) -> None:
    """The clean path stays clean."""
    assert found(world) == []


def test_a_measure_adopted_later_finds_the_acts_behind_its_date(world: World) -> None:
    """The certificate issued and the export to it; the import from elsewhere is not touched."""
    adopted = world.do(embargo("AE", SHIPPED_DAY))
    objections = found(world)
    assert [one.type for one in objections] == ["certificate-issued/1", "shipment-exported/1"]
    for one in objections:
        assert (one.code, one.participant, one.measure) == ("standing-no", "AE", "KP-AE")
        assert one.certificate == "BW/00000107"
        assert one.source == "a decision of the Chair"
        assert one.rests_on == (adopted.index,)
        assert "a decision of the Chair" in one.said
        assert not one.documented


def test_a_measure_that_begins_after_the_acts_finds_nothing(world: World) -> None:
    """The day after the export is a day too late, and before is none of its business once it has ended."""
    world.do(embargo("AE", "2024-01-16"))
    world.do(embargo("ZW", "2020", measure="KP-ZW-OLD", until="2024-01-15"))
    assert found(world) == []


def test_goods_of_an_origin_are_found_whatever_country_they_came_through(world: World) -> None:
    """An embargo on diamonds mined in Zimbabwe meets goods that arrive from the Emirates."""
    world.do(
        replace(IMPORT, certificate="AE/00000009", number="AE 9", provenance="AE",
                lines=(e.Arrival("Z2", 5_000, None, "710231"),))
    )  # fmt: skip
    world.do(embargo("ZW", "2023-01-01", effect="no-origin"))
    assert [one.certificate for one in found(world)] == ["ZW/00000009", "AE/00000009"]


def test_an_act_is_judged_as_it_is_now_known_to_read(world: World) -> None:
    """The goods turn out to have been mined elsewhere: the embargo on what was stated does not meet it."""
    recorded = next(one for one in world.ledger.records.between() if isinstance(one.event, e.Imported))
    index = recorded.index
    original = recorded.event
    assert isinstance(original, e.Imported)
    world.do(embargo("ZW", SHIPPED_DAY, effect="no-origin"))
    assert [one.entry for one in found(world)] == [index]
    body = e.write(replace(original, origins=("NA",)))
    world.do(e.Corrected(by="dealer-7", index=index, hash=recorded.hash, reason="misread", replacement=body))
    assert found(world) == []


def test_a_certificate_validated_without_the_attestations_it_needed_is_found() -> None:
    """Special measures on one field, adopted after the fact, ask for the monitor's word."""
    world = World()
    world.do(adoption(AUTHORITY))
    world.mine("P1", "12.500")
    world.certify("BW 107", "P1")
    adopted = world.do(
        embargo("BW", "2023-01-01", effect="supervised", zones=("kalahari-1",), attestations=1)
    )
    objections = found(world)
    assert [(one.type, one.code) for one in objections] == [
        ("certificate-validated/1", "attestation-missing")
    ]
    assert objections[0].participant == "BW"
    assert objections[0].measure == "KP-BW"
    assert objections[0].source == "a decision of the Chair"
    assert objections[0].rests_on == (adopted.index,)


def test_an_import_from_under_supervision_is_found_without_its_attestations(world: World) -> None:
    """The measure became known later. Whoever countersigned is named by one import, not by the two others, of
    which one does not tell the zone either."""
    attested = replace(IMPORT, certificate="ZW/00000010", number="ZW 10", zones=("Marange",),
                       lines=(e.Arrival("Z2", 5_000, None, "710231"),), attested=("monitor-1",))  # fmt: skip
    bare = replace(attested, certificate="ZW/00000011", number="ZW 11", attested=(),
                   lines=(e.Arrival("Z3", 5_000, None, "710231"),))  # fmt: skip
    for arrival in (attested, bare):
        world.do(arrival)
    world.do(embargo("ZW", SHIPPED_DAY, effect="supervised", zones=("Marange",), attestations=1))
    objections = [one for one in found(world) if one.code == "attestation-missing"]
    assert [(one.certificate, one.participant, one.measure) for one in objections] == [
        ("ZW/00000009", "ZW", "KP-ZW"),
        ("ZW/00000011", "ZW", "KP-ZW"),
    ]
    assert objections[0].source == "a decision of the Chair"


def test_a_party_that_was_listed_later_is_found_whoever_the_measure_is_about(world: World) -> None:
    """A measure under a third State's name meets the import that names the party, and no other act."""
    world.do(embargo("LR", SHIPPED_DAY, effect="no-party", parties=("an exporter, harare",)))
    (objection,) = found(world)
    assert (objection.type, objection.certificate) == ("shipment-imported/1", "ZW/00000009")
    assert (objection.code, objection.participant, objection.measure) == ("standing-no", "LR", "KP-LR")
