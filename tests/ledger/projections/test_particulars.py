"""One thing in full: an entry, a parcel, a certificate, a party, with all that it rests on."""

from __future__ import annotations

import pytest

from ledger.domain import events as e
from ledger.domain.moments import as_occurred, as_recorded_index
from ledger.errors import NotFound
from ledger.projections import particulars
from ledger.projections.wording import summary, told
from tests.busy import busy as made_busy
from tests.world import AUTHORITY, World


@pytest.fixture
def busy(world: World) -> World:
    """Live and documented goods, and a sale that was corrected."""
    return made_busy(world)


def test_an_entry_in_full(busy: World) -> None:
    """The correction beside what it replaced; sealed fields by their standing; who agrees."""
    ledger = busy.ledger
    sold = next(one for one in ledger.records.between() if isinstance(one.event, e.Sold))
    busy.do(e.Attested(by="dealer-7", origin=ledger.origin, index=sold.index, hash=sold.hash))
    known = particulars.entry(ledger.journal, ledger.records, sold.index)
    assert [(one.name, one.standing) for one in known.sealed] == [("price", "disclosed")]
    assert [act.differs for act in known.corrections] == [(("price", "US$ 5.00", "US$ 7.00"),)]
    assert [party for _, party in known.attested] == ["dealer-7"]
    assert (known.signer, known.disputed, known.erased) == ("miner-1", False, ())


def test_what_is_published_is_public_and_what_is_erased_withheld(world: World) -> None:
    """Three standings of a value that its table seals; as many are hidden as could be."""
    world.mine("P1", "1.000", "P2", "1.000", "P3", "1.000")
    ledger = world.ledger
    event = e.Sold(
        by="miner-1", parcels=("P1",), to="dealer-7", price=500, invoice="7/24", amount="4", currency="EUR"
    )
    receipt = world.do(event, publish=frozenset({"price", "amount"}))
    world.do(
        e.DisclosureErased(
            by=AUTHORITY,
            index=receipt.index,
            digests=tuple(ledger.sealed(receipt.index).values()),
            ground="law",
        )
    )
    known = particulars.entry(ledger.journal, ledger.records, receipt.index)
    assert {one.name: one.standing for one in known.sealed}["price"] == "public"
    assert {one.name: one.standing for one in known.sealed}["invoice"] == "withheld"
    assert dict(told(known.recorded.event))["invoice"] == "withheld"
    assert "invoice withheld" in summary(known.recorded.event)
    assert len(known.erased) == 1


def test_what_was_perhaps_never_given_is_not_said_to_be_withheld(world: World) -> None:
    """A digest does not tell its field: of three that could be sealed and one that was, none is certain."""
    ledger = world.ledger

    def standings(party: str, **given: str) -> dict[str, str]:
        event = e.PartyRegistered(by=AUTHORITY, party=party, roles=("dealer",), **given)  # type: ignore[arg-type]
        index = world.do(event).index
        gone = (ledger.sealed(index)["name"],)
        world.do(e.DisclosureErased(by=AUTHORITY, index=index, digests=gone, ground="law"))
        known = particulars.entry(ledger.journal, ledger.records, index)
        return {one.name: one.standing for one in known.sealed}

    uncertain = "withheld or never given"
    assert standings("one", name="N") == dict.fromkeys(("name", "address", "nationality"), uncertain)
    assert standings("two", name="N", address="A") == {
        "name": uncertain, "address": "disclosed", "nationality": uncertain,
    }  # fmt: skip
    assert standings("three", name="N", address="A", nationality="BW") == {
        "name": "withheld", "address": "disclosed", "nationality": "disclosed",
    }  # fmt: skip


def test_a_documented_entry_names_its_sources_and_discrepancies(busy: World) -> None:
    """What the source lacks, and where it was published."""
    ledger = busy.ledger
    index = next(one.index for one in ledger.records.between() if getattr(one.event, "documented", False))
    known = particulars.entry(ledger.journal, ledger.records, index)
    assert [item["title"] for item in known.evidence] == ["A newspaper"]
    assert isinstance(known.recorded.event, e.Mined)
    assert "field-unknown-value" in {line.rule for line in known.recorded.event.discrepancies}


def test_a_key_that_was_revoked_disputes_what_it_signed(busy: World) -> None:
    """From the day on that the revocation names."""
    ledger = busy.ledger
    key = busy.keys["miner-1"].public
    busy.do(e.KeyRevoked(by=AUTHORITY, key=key, since="2024-01-01", reason="stolen"))
    sold = next(one for one in ledger.records.between() if isinstance(one.event, e.Sold))
    assert particulars.entry(ledger.journal, ledger.records, sold.index).disputed


def test_a_parcel_in_full_at_a_moment(busy: World) -> None:
    """As it is, as it was, and what corrections changed of its acts."""
    records = busy.ledger.records
    now = particulars.parcel(records, "P1")
    assert (now.parcel.holder, [act.correction is not None for act in now.acts]) == (
        "dealer-7",
        [False, True],
    )
    then = particulars.parcel(records, "P1", as_occurred("2023-11-20"))
    assert (then.parcel.holder, len(then.acts)) == ("miner-1", 1)
    with pytest.raises(NotFound, match="P9 is not known"):
        particulars.parcel(records, "P9")
    with pytest.raises(NotFound):
        particulars.parcel(records, "P1", as_recorded_index(3))
    with pytest.raises(NotFound):
        particulars.parcel(records, "a:b")


@pytest.mark.parametrize("name", ["BW/00000107", "BW 1-07", "107", "bw/107"])
def test_a_certificate_is_known_by_its_key_and_its_number(world: World, name: str) -> None:
    """As printed, too; what nobody issued is not known."""
    world.mine("P1", "1.000")
    world.certify("0000107", "P1")
    known = particulars.certificate(world.ledger.records, name)
    assert (known.certificate.id, known.certificate.status, len(known.acts)) == (
        "BW/00000107",
        "validated",
        2,
    )
    with pytest.raises(NotFound, match="108"):
        particulars.certificate(world.ledger.records, "BW/00000108")


def test_a_party_in_full(busy: World) -> None:
    """Roles, licences and keys; a party that was never registered is not known."""
    known = particulars.party(busy.ledger.records, "dealer-7")
    assert {one.licensed for one in known.licences} == {"dealing", "export", "import"}
    assert [one.party for one in known.keys] == ["dealer-7"]
    with pytest.raises(NotFound, match="nobody is not registered"):
        particulars.party(busy.ledger.records, "nobody")
