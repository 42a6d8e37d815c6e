"""Finding: whatever letter case, diacritics, spaces and dashes somebody types."""

from __future__ import annotations

import pytest

from ledger.domain import events as e
from ledger.projections.following import reading
from ledger.projections.names import bare, find
from tests.world import AUTHORITY, SITE, World


@pytest.fixture
def named(world: World) -> World:
    """Parcels, a party, a site and a certificate with names."""
    world.mine("LD-0042", "12.500", "LD-0043", "0.350", "Łódź-7", "1.000")
    world.do(e.Named(by="miner-1", parcel="LD-0042", name="Lesedi La Rona"))
    world.do(e.Sealed(by="miner-1", parcels=("LD-0043",), seals=("BW 00-77/a",)))
    world.do(e.AliasRecorded(by=AUTHORITY, subject=f"site:{SITE}", alias="Letšeng"))
    world.do(e.AliasRecorded(by=AUTHORITY, subject="party:dealer-7", alias="Братья Ивановы"))
    world.do(e.Sold(by="miner-1", parcels=("Łódź-7",), to="dealer-7", channel="courier", tracking="Z 99-41"))
    world.certify("BW 1-07", "LD-0042")
    lines = (e.Goods("T-0044", 200),)
    world.do(e.Mined(by="miner-1", site=SITE, lines=lines, paid=9_000, ticket="KONO 2024/017"))
    return world


def found(world: World, text: str, limit: int = 50) -> list[tuple[str, str, str]]:
    """Subject, kind and text of what is found."""
    with reading(world.ledger.journal, world.ledger.records) as rows:
        return [(row[1], row[2], row[3]) for row in find(rows, text, limit)]


@pytest.mark.parametrize(
    ("text", "subject", "kind"),
    [
        ("LD-0042", "parcel:LD-0042", "id"),
        ("ld-0042", "parcel:LD-0042", "id"),
        ("lesedi la rona", "parcel:LD-0042", "name"),
        ("RONA", "parcel:LD-0042", "name"),
        ("La  Rona", "parcel:LD-0042", "name"),
        ("esedi", "parcel:LD-0042", "name"),
        ("lodz", "parcel:Łódź-7", "id"),
        ("letseng", f"site:{SITE}", "alias"),
        ("LETŠENG", f"site:{SITE}", "alias"),
        ("ивановы", "party:dealer-7", "alias"),
        ("bw0077A", "parcel:LD-0043", "seal"),
        ("BW 00-77/a", "parcel:LD-0043", "seal"),
        ("BW/00000107", "certificate:BW/00000107", "id"),
        ("bw107", "certificate:BW/00000107", "number"),
        ("BW 1-07", "certificate:BW/00000107", "number"),
        ("mining/miner-1", "licence:mining/miner-1", "id"),
        ("dealer-7", "party:dealer-7", "id"),
        ("z9941", "parcel:Łódź-7", "tracking"),
        ("Z 99-41", "parcel:Łódź-7", "tracking"),
        ("kono 2024/017", "parcel:T-0044", "ticket"),
        ("Kono2024017", "parcel:T-0044", "ticket"),
    ],
)
def test_a_name_is_found(named: World, text: str, subject: str, kind: str) -> None:
    """By its beginning, by a word of it, or by a part of it where nothing begins so."""
    assert (subject, kind) in [one[:2] for one in found(named, text)]


@pytest.mark.parametrize("text", ["zzz", "", " ", "%", "_", "LD-9"])
def test_what_nothing_is_called_is_not_found(named: World, text: str) -> None:
    """Signs that databases read as any text stand for themselves."""
    assert found(named, text) == []


def test_the_beginning_comes_before_the_middle(named: World) -> None:
    """Where names begin with the text, those that only contain it are left out."""
    assert {one[0] for one in found(named, "LD-")} == {"parcel:LD-0042", "parcel:LD-0043"}
    assert {one[0] for one in found(named, "D-00")} == {"parcel:LD-0042", "parcel:LD-0043"}
    assert len(found(named, "LD-", limit=1)) == 1


def test_a_name_that_was_corrected_away_is_not_found(named: World) -> None:
    """And the one in its place is."""
    receipt = named.do(e.Named(by="miner-1", parcel="LD-0043", name="Wrong Name"))
    right = e.Named(by="miner-1", parcel="LD-0043", name="Right Name")
    assert found(named, "wrong") != []
    named.do(
        e.Corrected(
            by="miner-1",
            index=receipt.index,
            hash=receipt.hash,
            replacement=e.write(right),
            reason="misheard",
        )
    )
    assert found(named, "wrong") == []
    assert [one[0] for one in found(named, "right name")] == ["parcel:LD-0043"]


def test_numbers_without_their_marks() -> None:
    """How people copy a number."""
    assert bare("BW 1-07/a.") == "bw107a"
    assert bare("§ -") == ""
