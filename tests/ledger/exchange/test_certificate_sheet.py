"""The sheet of a certificate: every field of Annex I A, mixed origin, withheld values, nothing unescaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from ledger.domain import events as e
from ledger.domain.certificates import Certificate
from ledger.domain.state import fold_subject
from ledger.exchange.certificate_sheet import (
    MIXED,
    NOT_STATED,
    STATEMENT,
    TITLE,
    WITHHELD,
    Sheet,
    as_html,
    as_text,
    sheet,
)
from tests.border import PAPER, on_paper
from tests.world import AUTHORITY, World


def made(world: World, key: str, missing: int = 0) -> Sheet:
    """The sheet of a certificate of the world."""
    return sheet(world.certificate(key), world.ledger.state(), missing=missing)


def values(found: Sheet) -> dict[str, str]:
    """All lines by their label."""
    return {label: value for _, lines in found.sections for label, value in lines} | dict(found.foot)


@pytest.fixture
def world(world: World) -> World:
    """A ledger with one parcel of its own."""
    world.mine("P1", "12.500")
    return world


def test_every_element_that_annex_i_demands_is_on_it(world: World) -> None:
    """Title and statement word for word, then numbers 3 to 15 (KPCS Annex I A)."""
    key = world.certify("BW 107", "P1")
    found = made(world, key)
    lines = values(found)
    for text in (as_text(found), as_html(found)):
        assert TITLE in text
        assert STATEMENT in " ".join(text.split())
    assert STATEMENT == (
        "The rough diamonds in this shipment have been handled in accordance with the provisions of the "
        "Kimberley Process Certification Scheme for rough diamonds"
    )
    assert lines["Country of origin"] == "BW"
    assert lines["Number"] == "BW 107"
    assert lines["Issuer and number"] == "BW/00000107"
    assert (lines["Date of issuance"], lines["Date of expiry"]) == ("2024-01-15", "2024-03-15")
    assert lines["Issuing authority"] == "gaborone"
    assert lines["Exporter"] == "The firm miner-1 (miner-1)"
    assert lines["Importer"] == "Importing House, Dubai"
    assert lines["Carat weight"] == "12.50 ct"
    assert lines["Value"] == "US$ 1,000.00"
    assert lines["Number of parcels"] == "1"
    assert lines["HS code"] == "710231 (12.50 ct)"
    assert (lines["Validated by"], lines["On"]) == ("gaborone", "2024-01-15")
    assert lines["Seals"] == "S-1"


def test_state_and_receipts_are_those_of_the_ledger(world: World) -> None:
    """Whoever holds the sheet can hold the ledger to it."""
    key = world.certify("BW 107", "P1")
    acts = world.certificate(key).acts
    lines = values(made(world, key))
    assert lines["State"] == "validated"
    assert lines["Receipt"] == f"{acts[0].index}:{acts[0].hash.hex()}"
    assert lines["Last entry"] == f"{acts[-1].index}:{acts[-1].hash.hex()}"
    world.export(key)
    assert values(made(world, key))["State"] == "exported"


def test_mixed_origin_is_asterisks_and_a_list(world: World) -> None:
    """31 CFR 592.307, and the list that participants may give since May 2024."""
    world.do(
        on_paper(by="dealer-7", certificate="AE/00000009", number="AE 9", lines=(e.Arrival("A1", 5_000),),
                   weight=5_000, provenance="AE", origins=("AO", "ZA"), expiry="2024-06-30")
    )  # fmt: skip
    lines = values(made(world, "AE/00000009"))
    assert lines["Country of origin"] == MIXED == "***"
    assert lines["Countries of mining origin"] == "AO, ZA"
    assert lines["Date of receipt"] == "2024-01-15"
    assert lines["Validated"] == "see the ledger of its issuer, AE"


def test_what_was_copied_from_paper_is_on_the_sheet(world: World) -> None:
    """All that Annex I makes mandatory; where only *mixed* is printed, there is no list."""
    world.do(
        on_paper(by="dealer-7", certificate="AE/00000009", number="AE 9", lines=(e.Arrival("A1", 5_000),),
                 weight=5_000, provenance="AE", parcels=2)
    )  # fmt: skip
    lines = values(made(world, "AE/00000009"))
    assert NOT_STATED not in {value for label, value in lines.items() if label != "Destination"}
    assert (lines["Country of origin"], lines["Number of parcels"]) == (MIXED, "2")
    assert (lines["Date of issuance"], lines["Issuing authority"]) == (PAPER["issued"], PAPER["authority"])
    assert (lines["Exporter"], lines["Importer"]) == (PAPER["exporter"], PAPER["importer"])
    assert (lines["HS code"], "Countries of mining origin" in lines) == ("710231", False)


def test_what_is_erased_is_shown_as_withheld(world: World) -> None:
    """Never as empty, never as zero."""
    key = world.certify("BW 107", "P1")
    index = world.certificate(key).acts[0].index
    digests = tuple(world.ledger.sealed(index).values())
    world.do(e.DisclosureErased(by=AUTHORITY, index=index, digests=digests, ground="a court's order"))
    found = made(world, key)
    assert values(found)["Value"] == values(found)["Importer"] == WITHHELD
    assert "Importing House" not in as_text(found)
    assert as_html(found).count(f'<td class="absent">{WITHHELD}</td>') == 2


def test_missing_attestations_make_it_disputed(world: World) -> None:
    """With their number; without them the state stands alone."""
    key = world.certify("BW 107", "P1")
    assert values(made(world, key, missing=2))["State"].startswith("validated; disputed")
    assert "disputed" not in as_text(made(world, key))


def test_endorsements_and_confirmation_stand_on_it(world: World) -> None:
    """As the importing authority returned them."""
    key = world.certify("BW 107", "P1")
    world.export(key)
    world.do(
        e.CertificateEndorsed(
            by=AUTHORITY,
            certificate=key,
            field="importer's address",
            stated="Dubai",
            endorsed="Dubayy",
            instruction="e-mail",
        )
    )
    world.do(e.ImportConfirmed(by=AUTHORITY, certificate=key, parcels=1, weight=12_490, importer="A firm"))
    lines = values(made(world, key))
    assert lines["importer's address"] == "Dubai -> Dubayy"
    parties = next(rows for heading, rows in made(world, key).sections if heading == "Parties")
    assert dict(parties)["Importer"] == "Importing House, Dubayy"
    assert (lines["Weight confirmed"], lines["Parcels confirmed"]) == ("12.49 ct", "1")


class Balanced(HTMLParser):
    """Whether tags close in order, and which text and tags were met."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.met: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """A tag opens; ``meta`` has no end."""
        self.met.add(tag)
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It closes the tag that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text between tags."""
        self.text.append(data)


def test_the_page_needs_nothing_and_lets_nothing_in(world: World) -> None:
    """No script, no address, no markup from a value; well formed."""
    evil = '"><script>alert(1)</script>&amp;'
    key = world.certify("BW 107", "P1")
    world.export(key)
    world.do(
        e.CertificateEndorsed(
            by=AUTHORITY, certificate=key, field="remark", stated=evil, endorsed=evil, instruction="e-mail"
        )
    )
    page = as_html(made(world, key))
    reader = Balanced()
    reader.feed(page)
    assert reader.open == []
    assert "script" not in reader.met
    assert evil in "".join(reader.text)
    assert not re.search(r"https?://|src=|href=|@import|url\(", page)


def test_text_is_no_wider_than_paper(world: World) -> None:
    """88 columns, but for hashes."""
    lines = as_text(made(world, world.certify("BW 107", "P1"))).splitlines()
    assert max(len(line) for line in lines if not re.search(r"[0-9a-f]{64}", line)) <= 88


def test_what_its_issuer_validated_is_not_said_to_be_unvalidated(world: World) -> None:
    """On paper alone, the issuer's ledger knows; of a certificate of our own, ours does."""
    world.do(
        on_paper(by="dealer-7", certificate="ZW/00000009", number="ZW 9", weight=5_000, provenance="ZW",
                   lines=(e.Arrival("Z1", 5_000),), expiry="2024-06-30")
    )  # fmt: skip
    assert values(made(world, "ZW/00000009"))["Validated"] == "see the ledger of its issuer, ZW"
    issued = e.CertificateIssued
    key = world.certify("BW 107", "P1")
    only_issued = next(act for act in world.certificate(key).acts if isinstance(act.event, issued))
    found = fold_subject("certificate:" + key, [only_issued])
    assert isinstance(found, Certificate)
    assert values(sheet(found, world.ledger.state()))["Validated"] == "no"
