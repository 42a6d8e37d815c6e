"""A certificate's life, transition by transition: those that are drawn, and every one that must not exist."""

from __future__ import annotations

import dataclasses

import pytest

from ledger.domain import certificates as c
from ledger.domain import events as e
from ledger.domain.certificate_rules import matches
from ledger.domain.vocabulary import certificate_key
from tests.book import Book, certificate
from tests.border import ARRIVAL, EXPORT, FOREIGN, IMPORT, OWN, PAPER, by_ministry, lost, returned

PATHS: dict[str, tuple[e.Event, ...]] = {
    c.ISSUED: (certificate("P1", 12_500),),
    c.VALIDATED: (certificate("P1", 12_500), by_ministry(e.CertificateValidated, OWN)),
    c.VOIDED: (certificate("P1", 12_500), by_ministry(e.CertificateVoided, OWN)),
    c.REPLACED: (certificate("P1", 12_500), by_ministry(e.CertificateReplaced, OWN)),
    c.RETURNED: (certificate("P1", 12_500), by_ministry(e.CertificateReturned, OWN)),
    c.EXPORTED: (certificate("P1", 12_500), by_ministry(e.CertificateValidated, OWN), EXPORT),
    c.CONFIRMED: (
        certificate("P1", 12_500),
        by_ministry(e.CertificateValidated, OWN),
        EXPORT,
        by_ministry(e.ImportConfirmed, OWN),
    ),
    c.LOST: (
        certificate("P1", 12_500),
        by_ministry(e.CertificateValidated, OWN),
        EXPORT,
        lost(OWN, "P1"),
    ),
    c.ANNOUNCED: (by_ministry(e.ShipmentNotified, FOREIGN),),
    c.ARRIVED: (ARRIVAL,),
    c.DETAINED: (ARRIVAL, by_ministry(e.ShipmentDetained, FOREIGN)),
    c.REJECTED: (ARRIVAL, by_ministry(e.ShipmentRejected, FOREIGN)),
    c.FORFEITED: (
        ARRIVAL,
        by_ministry(e.ShipmentDetained, FOREIGN),
        e.Seized(by="ministry", lines=(e.Goods("X1", 5_000),)),
        e.Forfeited(by="ministry", parcels=("X1",), fate="kept", certificate=FOREIGN),
    ),
    c.RECEIVED: (IMPORT,),
}
"""One way to each state: own certificates first, then another participant's."""


def in_state(state: str) -> tuple[Book, str]:
    """A ledger whose certificate is in a state, and that certificate."""
    book = Book()
    book.mine("P1", 12_500)
    path = PATHS[state]
    for event in path:
        book.do(event)
    name = str(getattr(path[0], "certificate", OWN))
    assert c.status(book.state.certificate(name)) == state
    return book, name


def attempt(record: type[e.Event], name: str) -> e.Event:
    """The act of that kind on that certificate."""
    match record:
        case e.CertificateIssued:
            return dataclasses.replace(certificate("P1", 12_500), certificate=name)
        case e.Exported:
            return dataclasses.replace(EXPORT, certificate=name)
        case e.Imported:
            return dataclasses.replace(IMPORT, certificate=name, number=name.replace("/", " "))
        case e.ShipmentArrived:
            return dataclasses.replace(ARRIVAL, certificate=name, number=name.replace("/", " "))
        case e.ShipmentReturned:
            return returned()
        case e.ShipmentLost:
            return lost(name, *(("P1",) if name == OWN else ()))
        case _:
            return by_ministry(record, name)


LIFE_CODES = {
    "certificate-state",
    "certificate-used",
    "certificate-unknown",
    "certificate-taken",
    "certificate-lost",
    "certificate-detained",
}


def test_every_state_is_reached() -> None:
    """The drawing has no state that no act leads to."""
    assert set(PATHS) == set(c.STATES)


@pytest.mark.parametrize("state", c.STATES)
@pytest.mark.parametrize("record", list(c.LIFE), ids=lambda record: record.TYPE)
def test_each_transition_is_drawn_or_refused(state: str, record: type[e.Event]) -> None:
    """From each state each act passes the life's rule exactly where `LIFE` draws it, and leads where it
    says.
    """
    book, name = in_state(state)
    event = attempt(record, name)
    codes = set(book.codes(event)) & LIFE_CODES
    wanted, target = c.LIFE[record]
    if state in wanted:
        assert codes == set()
        after = book.force(book.act(event))
        reached = c.status(book.state.certificate(name))
        assert reached == (state if target == c.SAME else target), after.event.TYPE
    else:
        assert len(codes) == 1


def test_replacement_return_and_endorsement() -> None:
    """A replaced certificate frees its goods for the one that replaces it; an endorsement is kept with its
    words.
    """
    book, _ = in_state(c.VALIDATED)
    second = certificate("P1", 12_500, "BW 108", replaces=OWN)
    assert book.codes(second) == ["parcel-certified", "certificate-state"]
    book.do(by_ministry(e.CertificateReplaced, OWN))
    book.do(second)
    book, name = in_state(c.RECEIVED)
    endorsed = e.CertificateEndorsed(
        by="ministry",
        certificate=name,
        field="importer's address",
        stated="Gabarone",
        endorsed="Gaborone",
        instruction="letter 7",
    )
    assert book.codes(endorsed) == ["certificate-differs"]
    book.do(dataclasses.replace(endorsed, stated="Gaborone", endorsed="Gabarone"))
    found = book.state.certificate(name)
    assert found is not None
    assert found.endorsements == (("importer's address", "Gaborone", "Gabarone"),)
    assert c.said(found, "importer") == "An importer, Gabarone"
    book.do(endorsed)
    found = book.state.certificate(name)
    assert found is not None
    assert c.said(found, "importer") == PAPER["importer"] == "An importer, Gaborone"


def test_an_application_is_answered_once_and_for_the_same_goods() -> None:
    """Applied, then issued or refused; not twice, not for other parcels."""
    book = Book()
    book.mine("P1", 12_500)
    book.mine("P2", 100)
    apply = e.CertificateApplied(
        by="miner-1",
        application="A1",
        parts=(e.Part("P1"),),
        destination="EU",
        importer="Example Diamonds, Antwerp",
        declaration="kpcs/1",
    )
    assert book.codes(dataclasses.replace(apply, by="dealer-1")) == ["holder-only"]
    book.do(apply)
    assert book.codes(apply) == ["id-taken"]
    issue = certificate("P1", 12_500, application="A1")
    assert book.codes(certificate("P2", 100, application="A1")) == ["certificate-differs"]
    assert book.codes(dataclasses.replace(issue, application="A2")) == ["application-not-open"]
    book.do(issue)
    assert book.codes(e.CertificateRefused(by="ministry", application="A1", reason="x")) == [
        "application-not-open"
    ]


def test_goods_that_come_back_are_in_hand_again_and_stolen_ones_are_not() -> None:
    """Carats are spent like coins: what left is gone until it returns; theft in transit is recorded."""
    book, _ = in_state(c.EXPORTED)
    sale = e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", price=1)
    assert "parcel-exported" in book.codes(sale)
    assert book.codes(dataclasses.replace(returned(), parts=(e.Part("P9", 1),))) == [
        "parcel-unknown",
        "certificate-differs",
    ]
    book.do(returned())
    assert book.codes(sale) == []
    book, _ = in_state(c.EXPORTED)
    assert book.codes(e.Lost(by="ministry", parcels=("P1",), how="stolen")) == ["parcel-underway"]
    assert book.codes(lost(OWN)) == ["certificate-differs"]
    book.do(lost(OWN, "P1"))
    assert book.state.parcel("P1").condition == "lost"  # type: ignore[union-attr]
    assert c.status(book.state.certificate(OWN)) == c.LOST
    assert book.codes(returned()) == ["parcel-lost"]


def test_who_was_told_that_a_shipment_was_stolen_lets_nobody_bring_it() -> None:
    """The importing authority records what it was told; before that the same paper would have been taken."""
    book = Book()
    assert book.codes(IMPORT) == []
    book.do(lost(FOREIGN))
    assert book.codes(IMPORT) == ["certificate-lost"]
    assert book.codes(ARRIVAL) == ["certificate-lost"]
    forged = lost("BW/00000999")
    assert book.codes(forged) == ["certificate-own"]


def test_forfeited_goods_are_seized_first_and_destroyed_ones_are_gone() -> None:
    """Forfeiture needs a seizure; its fate decides whether the goods remain."""
    book = Book()
    book.mine("P1", 12_500)
    forfeit = e.Forfeited(by="ministry", parcels=("P1",), fate="destroyed")
    assert book.codes(forfeit) == ["parcel-not-seized"]
    book.do(e.Seized(by="ministry", lines=(e.Goods("P1", 12_500),)))
    book.do(forfeit)
    assert book.state.parcel("P1").condition == "lost"  # type: ignore[union-attr]


def test_the_profile_decides_what_the_scheme_leaves_open() -> None:
    """Validity, form and range of numbers, tolerance on arrival, who may sell to whom."""
    book = Book()
    book.mine("P1", 12_500)
    profile = e.ProfileAdopted(
        by="ministry",
        profile="test/1",
        validity_days=60,
        number_pattern="BW ###",
        weight_tolerance=100,
        ranges=(e.RangeLine("BW", 100, 199), e.RangeLine("ZW", 1, 9)),
        trade=(e.TradeLine("miner", "dealer"),),
    )
    long = certificate("P1", 12_500, expiry="2024-12-31")
    assert book.codes(long) == []
    book.do(profile)
    assert book.codes(long) == ["certificate-validity"]
    assert book.codes(certificate("P1", 12_500, "BW 1070", expiry="2024-02-01")) == [
        "certificate-pattern",
        "certificate-range",
    ]
    assert book.codes(certificate("P1", 12_500, expiry="2024-02-01")) == []
    assert book.codes(dataclasses.replace(IMPORT, weight=5_100)) == []
    assert book.codes(dataclasses.replace(IMPORT, weight=5_101)) == ["certificate-differs"]
    beyond = dataclasses.replace(IMPORT, certificate="ZW/00000010", number="ZW 10")
    assert book.codes(beyond) == ["certificate-range"]
    sale = e.Sold(by="miner-1", parcels=("P1",), to="dealer-1", price=1)
    assert book.codes(sale) == []
    assert book.codes(dataclasses.replace(sale, to="cutter-1")) == ["trade-not-allowed"]


def test_certificates_of_the_european_union_bore_ec_until_the_end_of_2012() -> None:
    """Both series are the Union's, each with its own ranges; EC is not taken for Ecuador."""
    book = Book()
    ranges = (
        e.RangeLine("EC", 1, 99_999_999, None, "2013-02-28"),
        e.RangeLine("EU", 1, 99_999_999, "2013-01-01", None),
    )
    book.do(e.ProfileAdopted(by="ministry", profile="test/1", ranges=ranges))
    new = dataclasses.replace(
        ARRIVAL, certificate=certificate_key("EU", "EU 107"), number="EU00000107", provenance="EU"
    )
    old = dataclasses.replace(new, certificate=certificate_key("EU", "EC 107"), number="EC00000107")
    assert (new.certificate, old.certificate) == ("EU/00000107", "EU/EC00000107")
    assert book.codes(new) == []
    assert book.codes(old) == ["certificate-range"]
    assert book.codes(old, occurred="2012-11-20") == []
    as_ecuador = dataclasses.replace(old, certificate="EC/00000107")
    assert "certificate-number" in book.codes(as_ecuador, occurred="2012-11-20")


def test_a_partner_shown_to_keep_two_histories_is_believed_no_more() -> None:
    """Recognised, pinned, then forked: imports on its word stop; without its word they do not."""
    book = Book()
    origin = "ledger.example/zw/k3"
    told = dataclasses.replace(IMPORT, origin=origin, entry=7, hash=bytes(32))
    assert book.codes(told) == ["partner-unknown"]
    book.do(
        e.PartnerRecognised(by="ministry", origin=origin, participant="ZW", keys=("k",), since="2024-01-01")
    )
    assert book.codes(told) == []
    pin = e.CheckpointPinned(
        by="ministry", origin=origin, size=5, root=bytes(32), checkpoint="note", outcome="first"
    )
    book.do(pin)
    partner = book.state.partner(origin)
    assert partner is not None
    assert [(size, outcome) for size, _, _, outcome in partner.pins] == [(5, "first")]
    book.do(e.ForkProved(by="ministry", origin=origin, proof=bytes(32)))
    assert book.codes(told) == ["partner-forked"]
    assert book.codes(IMPORT) == []


def test_paper_of_a_participant_whose_ledger_is_pinned_needs_a_reason() -> None:
    """Recognised is not enough, pinned is; a reason, another participant, a drop or a fork let paper
    through.
    """
    origin = "ledger.example/zw/k3"
    recognised = e.PartnerRecognised(
        by="ministry", origin=origin, participant="ZW", keys=("k",), since="2024-01-01"
    )
    pin = e.CheckpointPinned(
        by="ministry", origin=origin, size=5, root=bytes(32), checkpoint="note", outcome="first"
    )
    book = Book()
    book.do(recognised)
    assert book.codes(IMPORT) == []
    book.do(pin)
    assert book.codes(IMPORT) == ["certificate-on-paper"]
    assert book.codes(IMPORT, occurred="2023-12-31") == []
    assert book.codes(dataclasses.replace(IMPORT, on_paper="their office was closed")) == []
    assert book.codes(dataclasses.replace(IMPORT, origin=origin, entry=7, hash=bytes(32))) == []
    assert book.codes(dataclasses.replace(IMPORT, origin=origin)) == ["certificate-on-paper"]
    other = dataclasses.replace(IMPORT, certificate="AE/00000009", number="AE 9", provenance="AE")
    assert "certificate-on-paper" not in book.codes(other)
    end = e.PartnerDropped(by="ministry", origin=origin, since="2024-01-10")
    for act in (e.ForkProved(by="ministry", origin=origin, proof=bytes(32)), end):
        book = Book()
        for before in (recognised, pin, act):
            book.do(before)
        assert book.codes(IMPORT) == []


def test_a_certificate_with_our_letters_that_we_never_issued_does_not_arrive() -> None:
    """A forged own certificate is refused at our own border."""
    book = Book()
    forged = dataclasses.replace(ARRIVAL, certificate="BW/00000999", number="BW 999", provenance="BW")
    assert book.codes(forged) == ["certificate-own"]


def test_alerts_findings_and_grants_have_one_beginning() -> None:
    """Closed, followed and withdrawn only what was raised, found and given."""
    book = Book()
    alert = e.AlertRaised(by="ministry", alert="AL-1", about="fake-certificate", certificate=FOREIGN)
    closed = e.AlertClosed(by="ministry", alert="AL-1", outcome="dismissed")
    assert book.codes(closed) == ["subject-unknown"]
    book.do(alert)
    assert book.codes(alert) == ["id-taken"]
    book.do(closed)
    finding = e.FindingRecorded(by="observer-1", finding="F1", text="seals not listed")
    assert book.codes(e.FindingFollowed(by="ministry", finding="F1", state="sent")) == ["subject-unknown"]
    book.do(finding)
    book.do(e.FindingFollowed(by="ministry", finding="F1", state="explained"))
    assert book.state.subject("finding:F1").state == "explained"
    grant = e.GrantGiven(by="ministry", grant="G1", reader="ZW", fields=("value",), since="2024")
    assert book.codes(e.GrantWithdrawn(by="ministry", grant="G1", since="2024")) == ["subject-unknown"]
    book.do(grant)
    assert book.codes(grant) == ["id-taken"]


def test_a_validation_is_not_dated_before_its_issue() -> None:
    """Otherwise a date before a measure would evade it."""
    book = Book()
    book.mine("P1", 12_500)
    book.do(certificate("P1", 12_500), occurred="2024-01-02")
    validation = by_ministry(e.CertificateValidated, OWN)
    assert book.codes(validation, occurred="2024-01-01") == ["certificate-order"]
    assert book.codes(validation, occurred="2024-01-02") == []


def test_what_an_inspection_found_wanting_is_not_imported() -> None:
    """Until it is inspected again and conforms."""
    book = Book()
    book.do(ARRIVAL)
    found = e.ShipmentInspected(by="ministry", certificate=FOREIGN, weight=1_000, conforms=False)
    book.do(found)
    assert book.codes(IMPORT) == ["certificate-nonconforming"]
    book.do(dataclasses.replace(found, weight=5_000, conforms=True))
    assert book.codes(IMPORT) == []


def test_a_container_that_came_opened_is_imported_only_after_an_inspection() -> None:
    """It was intact: nothing is asked. It was not: what is in it must have been found to match."""
    for intact, codes in ((True, []), (False, ["container-opened"])):
        book = Book()
        book.do(dataclasses.replace(ARRIVAL, intact=intact))
        assert book.codes(IMPORT) == codes
    found = e.ShipmentInspected(by="ministry", certificate=FOREIGN, weight=5_000, conforms=False)
    book.do(found)
    assert book.codes(IMPORT) == ["certificate-nonconforming"]
    book.do(by_ministry(e.ShipmentDetained, FOREIGN))
    book.do(by_ministry(e.ShipmentRemedied, FOREIGN))
    assert book.codes(IMPORT) == ["certificate-nonconforming"]
    book.do(dataclasses.replace(found, conforms=True))
    assert book.codes(IMPORT) == []


def test_seals_that_are_not_the_certificates_hold_an_import_up() -> None:
    """Compared where both are known; an inspection that finds the goods settles it."""
    stated = dataclasses.replace(IMPORT, seals=("S-1", "S-2"))
    for seals, codes in ((("S-2", "S-1"), []), ((), []), (("S-1", "S-9"), ["seals-differ"])):
        book = Book()
        book.do(dataclasses.replace(ARRIVAL, seals=seals))
        assert book.codes(stated) == codes
        assert book.codes(IMPORT) == []
    book.do(e.ShipmentInspected(by="ministry", certificate=FOREIGN, weight=5_000, conforms=True))
    assert book.codes(stated) == []


def test_number_patterns() -> None:
    """``#`` is a digit, everything else itself."""
    assert matches("EU########", "EU 12345678")
    assert not matches("EU########", "EC12345678")
    assert not matches("EU########", "EU1234567")
