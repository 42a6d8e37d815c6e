"""The European Union's ledger: one participant, two series of numbers, its own rules in its profile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.domain import events as e
from ledger.domain.vocabulary import NORMALISATION, certificate_key, certificate_series
from ledger.exchange.profile_file import read_profile, shipped
from tests.border import on_paper
from tests.world import AUTHORITY, World, signing_key


@pytest.fixture
def world(ledger_url: str) -> World:
    """A ledger of the Union with one parcel from Botswana."""
    world = World(ledger_url, participant="EU")
    world.do(
        on_paper(by="dealer-7", certificate="BW/00000107", number="BW 107",
                   lines=(e.Arrival("A1", 5_000, None, "710231"),), weight=5_000, provenance="BW",
                   origins=("BW",), expiry="2024-06-30")
    )  # fmt: skip
    return world


def issue(number: str, expiry: str = "2024-03-15") -> e.CertificateIssued:
    """A certificate of the Union for that parcel."""
    return e.CertificateIssued(
        by=AUTHORITY, certificate=certificate_key("EU", number), number=number, normalisation=NORMALISATION,
        parts=(e.Part("A1", 5_000),), classes=(e.ClassWeight("710231", 5_000),), weight=5_000, value=1,
        origins=("BW",), provenance="EU", destination="IN", exporter="dealer-7", importer="A firm, Surat",
        expiry=expiry,
    )  # fmt: skip


def test_both_series_are_its_own(world: World) -> None:
    """EC and EU are letters of one issuer, and the same digits under them are two certificates."""
    assert world.codes(issue("EU00000107")) == []
    assert world.codes(issue("EC00000107")) == []
    assert issue("EU00000107").certificate != issue("EC00000107").certificate
    assert certificate_series("EU/EC00000107") == ("EC", "00000107")
    assert certificate_series("EC/00000107") == ("EC", "00000107")


def test_its_profile_ends_the_old_series_with_2012(world: World) -> None:
    """Since 1 January 2013 nothing is issued under EC, and nothing for longer than two months."""
    profile = read_profile(shipped("eu"), AUTHORITY)
    world.do(profile.event, evidence=profile.sources)
    assert world.codes(issue("EU00000107")) == []
    assert world.codes(issue("EC00000107")) == ["certificate-pattern", "certificate-range"]
    assert world.codes(issue("EU107")) == ["certificate-pattern"]
    assert world.codes(issue("EU00000107", expiry="2024-03-18")) == ["certificate-validity"]


def test_several_authorities_are_one_participant(world: World) -> None:
    """One issues, another validates, a third confirms: what each of them does is the Union's."""
    authorities = {"authority-be": "BE", "authority-de": "DE", "authority-ro": "RO"}
    for party, country in authorities.items():
        world.keys[party] = signing_key(party)
        world.do(e.PartyRegistered(by=AUTHORITY, party=party, roles=("authority",), residence=country))
        world.do(world.enrolment(party, world.keys[party]))
    issued = replace(issue("EU00000107"), by="authority-de")
    assert world.codes(replace(issued, certificate="DE/00000107", number="DE 107")) == ["certificate-issuer"]
    world.do(issued)
    validation = e.CertificateValidated(by="authority-be", certificate=issued.certificate, seals=("BE-1",))
    assert world.codes(replace(validation, by="dealer-7")) == ["role-missing"]
    world.do(validation)
    found = world.certificate(issued.certificate)
    assert (found.status, found.issuer, found.id[:2]) == ("validated", "authority-de", "EU")
    assert [act.event.by for act in found.acts] == ["authority-de", "authority-be"]  # type: ignore[union-attr]
    confirmation = e.ImportConfirmed(by="authority-ro", certificate="BW/00000107", parcels=1, weight=5_000)
    assert world.codes(confirmation) == []


def test_ecuador_is_not_taken_for_it(world: World) -> None:
    """A key under EC is nobody's: the normal form of such a number is the Union's."""
    codes = world.codes(replace(issue("EC00000107"), certificate="EC/00000107"))
    assert codes == ["certificate-issuer", "certificate-number"]
