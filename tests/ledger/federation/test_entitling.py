"""Which entries show an author entitled, neither too few nor too many, and what grants allow to be opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger import edtf
from ledger.chain import archive, bundle_check, checkpoint, trust
from ledger.chain.bundle import Bundle, make
from ledger.chain.bundle_check import Reader
from ledger.chain.checkpoint import Checkpoint
from ledger.chain.note import verifier_key
from ledger.chain.proof_steps import AUTHORITY, OK
from ledger.chain.trust import Log
from ledger.domain import events as e
from ledger.federation import entitling
from ledger.federation.entitling import Grants, roles, supporting
from ledger.store.nodes import JournalTree
from tests.world import AUTHORITY as MINISTRY
from tests.world import ORIGIN, SITE, World, goods, signing_key

KEY = signing_key("ledger")
READER = Reader(trust.make([Log(verifier_key(ORIGIN, KEY))]), roles=roles)


@pytest.fixture
def world(world: World) -> World:
    """A miner's clerk records a sheet under a mandate; a dealer's certificate is issued and validated."""
    made = world
    made.do(e.MandateGranted(by=MINISTRY, mandate="M-1", clerk="clerk-6", party="miner-1",
                             acts=(e.Mined.TYPE,), since="2024-01-01"))  # fmt: skip
    made.do(e.Mined(by="miner-1", site=SITE, lines=(goods("T1", "1.250", "710231"),), paid=31_000),
            by="clerk-6", on_behalf="miner-1")  # fmt: skip
    made.sell("T1", to="dealer-7", price=50_000)
    made.certify("BW 000107", "T1")
    return made


def bundles(world: World, indexes: set[int]) -> dict[int, Bundle]:
    """Proofs of entries at one checkpoint."""
    journal = world.ledger.journal
    head = journal.head()
    signed = checkpoint.sign(Checkpoint(ORIGIN, head.size, head.root()), KEY)
    tree = JournalTree(journal)
    return {index: make(index, journal.entry(index), signed, tree.node) for index in sorted(indexes)}


def entitled(found: dict[int, Bundle], index: int) -> bool:
    """Whether step 10 is shown for an entry by those that travel with it."""
    reports = bundle_check.verify_all([one.encode() for one in found.values()], READER)
    report = reports[list(found).index(index)]
    return next(one for one in report.outcomes if one.step == AUTHORITY).standing == OK


def about(world: World, subject: str) -> list[int]:
    """The entries that guard a subject."""
    return world.ledger.journal.guarded_entries(subject)


@pytest.mark.parametrize("subject", ["parcel:T1", "certificate:BW/00000107"])
def test_what_travels_along_shows_every_author_entitled(world: World, subject: str) -> None:
    """Authority, dealer, and a clerk on behalf of the miner."""
    ledger, told = world.ledger, about(world, subject)
    found = supporting(ledger.journal, ledger.records, told, ledger.head().size)
    proofs = bundles(world, found)
    assert set(told) < found
    for index in told:
        assert entitled(proofs, index)


def test_a_clerks_act_needs_the_opening_both_parties_the_key_and_the_mandate(world: World) -> None:
    """Each of these left out in turn, the act is not shown entitled any more."""
    ledger = world.ledger
    mined = about(world, "parcel:T1")[0]
    found = supporting(ledger.journal, ledger.records, [mined], ledger.head().size)
    proofs = bundles(world, found)
    needed = {
        index for index in found - {mined}
        if not entitled({at: one for at, one in proofs.items() if at != index}, mined)
    }  # fmt: skip
    kinds = {type(ledger.records.recorded(index).event) for index in needed}
    assert kinds == {e.LedgerOpened, e.PartyRegistered, e.KeyEnrolled, e.MandateGranted}
    assert len([i for i in needed if isinstance(ledger.records.recorded(i).event, e.PartyRegistered)]) == 2


def test_a_revocation_is_not_left_out(world: World) -> None:
    """What the ledger holds against its own author comes along, and speaks."""
    ledger = world.ledger
    mined = about(world, "parcel:T1")[0]
    key = signing_key("clerk-6").public
    revoked = world.do(e.KeyRevoked(by=MINISTRY, key=key, since="2024-01-01", reason="lost"))
    found = supporting(ledger.journal, ledger.records, [mined], ledger.head().size)
    assert revoked.index in found
    proofs = bundles(world, found)
    reports = bundle_check.verify_all([one.encode() for one in proofs.values()], READER)
    assert not reports[list(proofs).index(mined)].holds


def test_what_lies_beyond_the_checkpoint_stays_away(world: World) -> None:
    """A smaller size, and no entry at or beyond it."""
    ledger = world.ledger
    mined = about(world, "parcel:T1")[0]
    found = supporting(ledger.journal, ledger.records, [mined], mined + 1)
    assert max(found) == mined


def test_the_letter_of_all_is_one_zip(world: World, tmp_path: Path) -> None:
    """What is packed is unpacked and verified, each proof with the others."""
    ledger, told = world.ledger, about(world, "certificate:BW/00000107")
    found = supporting(ledger.journal, ledger.records, told, ledger.head().size)
    data = archive.pack(bundles(world, found).values())
    assert all(report.holds for report in archive.verify(data, READER).values())


def give(
    world: World, grant: str, reader: str, *names: str, acts: tuple[str, ...] = (), until: str | None = None
) -> None:
    """A grant from 2024-01-01 on."""
    world.do(e.GrantGiven(by=MINISTRY, grant=grant, reader=reader, fields=names, acts=acts,
                          since="2024-01-01", until=until))  # fmt: skip


def allowed(world: World, reader: str, wire: str, day: str) -> set[str]:
    """What the ledger's grants open for a reader on a day."""
    grants = Grants(world.ledger.journal, world.ledger.records)
    return grants.fields({reader}, wire, edtf.parse(day))


def test_grants_open_what_they_name_for_whom_they_name_in_their_days(world: World) -> None:
    """By reader, by kind of act, by day, until withdrawn; two grants add up."""
    issued, sold = e.CertificateIssued.TYPE, e.Sold.TYPE
    assert allowed(world, "AE", issued, "2024-02-01") == set()
    give(world, "G-1", "AE", "value")
    give(world, "G-2", "AE", "importer", acts=(issued,), until="2024-06-30")
    give(world, "G-3", "IN", "price")
    assert allowed(world, "AE", issued, "2024-02-01") == {"value", "importer"}
    assert allowed(world, "AE", sold, "2024-02-01") == {"value"}
    assert allowed(world, "AE", issued, "2024-07-01") == {"value"}
    assert allowed(world, "AE", issued, "2023-12-31") == set()
    assert allowed(world, "IN", sold, "2024-02-01") == {"price"}
    world.do(e.GrantWithdrawn(by=MINISTRY, grant="G-1", since="2024-03-01"))
    assert allowed(world, "AE", sold, "2024-02-01") == {"value"}
    assert allowed(world, "AE", sold, "2024-03-01") == set()


def test_only_named_fields_are_disclosed(world: World) -> None:
    """The price paid to the miner stays sealed when only the value is opened."""
    journal = world.ledger.journal
    mined = about(world, "parcel:T1")[0]
    assert entitling.disclosed(journal, mined, {"value"}) == []
    assert len(entitling.disclosed(journal, mined, {"paid"})) == 1
