"""Proofs for strangers: what travels, what stays sealed, and what they refuse when a byte differs."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger import edtf
from ledger.chain import absence, archive, disclosure, forks
from ledger.chain import proof_steps as steps
from ledger.chain.bundle_check import Reader
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.checkpoint import sign as sign_checkpoint
from ledger.chain.note import VerifierKey
from ledger.chain.proof_steps import FAULT, NOT_SHOWN, OK
from ledger.chain.trust import Log, Trust
from ledger.domain import events as e
from ledger.errors import Malformed, NotFound, Refused, StoreTrouble
from ledger.federation import absences, growth, proof_report
from ledger.federation.entitling import Opening, roles
from ledger.federation.proof_report import ABSENCE, BUNDLE, ZIP, as_text, examine
from ledger.federation.proving import Prover
from ledger.projections.certificate_leaves import CertificateLeaves
from ledger.store.journal import Journal
from tests.artefacts import Book, trust_in
from tests.refusing import refusing
from tests.world import AUTHORITY, LEDGER_KEY, World, signing_key

ZERO = ("zeroblob(32)", "decode(repeat('00', 32), 'hex')")
READER = Reader(Trust((Log(VerifierKey.parse(LEDGER_KEY)),)), roles=roles)


@pytest.fixture(scope="module")
def traded(module_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """P1 is mined, split and sold; P1a is certified and exported; a price is sealed."""
    world = World(module_url, guard=tmp_path_factory.mktemp("guard") / "ledger.pem.guard")
    world.mine("P1", "12.500", "P2", "1.000")
    world.split("P1", {"P1a": "5.000", "P1b": "7.500"})
    world.sell("P1a", to="dealer-7", price=2_500_000)
    world.export(world.certify("107", "P1a"))
    yield world
    world.close()


def prover(world: World) -> Prover:
    """What makes proofs under the checkpoint of now."""
    return Prover(world.ledger.keeper, world.ledger.journal, world.ledger.records)


def test_a_parcel_is_proven_back_to_the_mine(traded: World) -> None:
    """Every act of its lineage, its certificate's, and those that show who was entitled."""
    made = prover(traded)
    indexes = made.parcel("P1a")
    types = [traded.ledger.records.recorded(index).event.TYPE for index in indexes]
    assert types[0] == "parcel-mined/1"
    assert {"parcel-split/1", "parcel-sold/1", "certificate-issued/1", "shipment-exported/1"} <= set(types)
    report = examine(archive.pack(made.make(indexes)), READER)
    assert report.kind == ZIP
    assert report.holds
    for index in indexes:
        standing = {one.step: one.standing for one in report.reports[index].outcomes}
        assert standing[steps.AUTHORITY] == OK, index


def test_without_the_others_authority_is_not_shown(traded: World) -> None:
    """Alone an entry proves its place and author, and no more."""
    made = prover(traded)
    (bundle,) = made.make(made.parcel("P1a")[:1], alone=True)
    report = examine(bundle.encode(), READER)
    assert report.kind == BUNDLE
    assert report.holds
    assert {one.standing for _, one in report.outcomes() if one.step == steps.AUTHORITY} == {NOT_SHOWN}


def test_a_certificate_is_found_by_key_and_by_number(traded: World) -> None:
    """As printed, in any spelling; another number is not known."""
    made = prover(traded)
    assert made.certificate("BW/00000107") == made.certificate("bw 1-07")
    with refusing(NotFound, "certificate-unknown"):
        made.certificate("BW/00000108")
    with refusing(NotFound, "parcel-unknown"):
        made.parcel("P9")
    with refusing(NotFound, "entry-missing"):
        made.entry(9_999)


def test_only_what_is_named_is_disclosed(traded: World) -> None:
    """A price that nobody named stays withheld; a field that is nowhere kept is told."""
    made = prover(traded)
    sold = next(
        index
        for index in made.parcel("P1a")
        if isinstance(traded.ledger.records.recorded(index).event, e.Sold)
    )
    (closed,) = made.make([sold], alone=True)
    (opened,) = made.make([sold], alone=True, opening=chosen("price"))
    assert "disclosed" not in proof_report.as_text(examine(closed.encode(), READER)).split("entry ")[-1]
    assert "US$ 25,000.00" in proof_report.as_text(examine(opened.encode(), READER))
    with refusing(NotFound, "prove-no-field"):
        made.make([sold], opening=chosen("seller"))


def test_among_many_entries_too_the_report_tells_what_was_disclosed(traded: World) -> None:
    """By name, with how many fields are public and withheld; of an entry without sealed fields nothing."""
    made = prover(traded)
    indexes = made.parcel("P1a")
    for opening, told in (
        (None, "0 disclosed, 1 withheld"),
        (chosen("price"), "1 disclosed (price), 0 withheld"),
    ):
        opened = made.make(indexes) if opening is None else made.make(indexes, opening=opening)
        text = proof_report.as_text(examine(archive.pack(opened), READER))
        sold = next(part for part in text.split("\nentry ") if ": parcel-sold/1" in part)
        assert re.search(rf"^    \d+ public, {re.escape(told)}$", sold, re.M)
        mined = next(part for part in text.split("\nentry ") if ": parcel-mined/1" in part)
        assert " public, " not in mined


def chosen(*names: str) -> Opening:
    """Fields that the keeper opens without any grant."""
    return Opening(disclose=frozenset(names), without_grant=True)


def test_a_named_reader_is_given_what_grants_allow_and_no_more(traded: World) -> None:
    """The price is opened for whom a grant names, on its days; for others naming it is refused."""
    sold = next(
        index
        for index in prover(traded).parcel("P1a")
        if isinstance(traded.ledger.records.recorded(index).event, e.Sold)
    )
    grant = e.GrantGiven(
        by=AUTHORITY, grant="G-1", reader="observer-9", fields=("price",), since="2024-01-01"
    )
    traded.do(grant)
    made, day = prover(traded), edtf.parse("2024-02-01")

    def given(reader: str, *names: str, on: edtf.Span = day) -> tuple[str, ...]:
        opening = Opening(frozenset({reader}), on, frozenset(names))
        return made.make([sold], alone=True, opening=opening)[0].disclosures

    assert len(given("observer-9")) == len(given("observer-9", "price")) == 1
    assert given("dealer-8") == given("observer-9", on=edtf.parse("2023-12-31")) == ()
    with refusing(Refused, "grant-missing"):
        given("dealer-8", "price")
    with refusing(Refused, "grant-missing"):
        given("observer-9", "price", on=edtf.parse("2023-12-31"))
    with refusing(Refused, "grant-no-reader"):
        made.make([sold], opening=Opening(disclose=frozenset({"price"})))


@pytest.mark.parametrize("seed", range(3))
def test_a_proof_with_any_other_byte_does_not_hold(seed: int, traded: World) -> None:
    """Flipped, cut, doubled or removed: refused, by a reader who holds the checkpoint that it grew from."""
    made = prover(traded)
    held = _signed(traded, 5, traded.ledger.keeper.tree.root(5))
    reader = Reader(READER.trust, (held,), roles=roles)
    (bundle,) = made.make(made.parcel("P1a")[1:2], alone=True, since=[5])
    data, dice = bundle.encode(), random.Random(seed)
    for _ in range(60):
        broken = mutated(data, dice)
        assert not examine(broken, reader).holds, broken


def mutated(data: bytes, dice: random.Random) -> bytes:
    """The bytes with one change."""
    at = dice.randrange(len(data))
    match dice.randrange(4):
        case 0:
            return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]
        case 1:
            return data[:at]
        case 2:
            return data[:at] + data[at : at + 1] * 2 + data[at + 1 :]
        case _:
            return data[:at] + data[at + 1 :]


def test_a_node_that_was_altered_makes_no_proof(ledger_url: str, tmp_path: Path) -> None:
    """What the store says of the tree is checked before it leaves the house."""
    world = World(ledger_url, guard=tmp_path / "guard")
    world.mine("P1", "1.000")
    with world.ledger.journal.transaction(write=True) as rows:
        rows.execute("UPDATE nodes SET hash = " + ZERO[ledger_url.startswith("postgresql:")])
    world.reopen()
    with refusing(StoreTrouble, "store-damaged"):
        world.ledger.proof(20)


def test_a_certificate_that_was_never_issued_and_one_that_was(traded: World) -> None:
    """As of the newest index; before there is one, nothing is shown."""
    journal, records = traded.ledger.journal, traded.ledger.records
    with refusing(NotFound, "index-none"):
        absences.prove(traded.ledger.keeper, journal, records, "999")
    traded.do(absences.next_index(journal, records, AUTHORITY))
    for number, status in (("999", None), ("107", "exported")):
        made = absences.prove(traded.ledger.keeper, journal, records, number)
        report = examine(made.encode(), READER)
        assert report.kind == ABSENCE
        assert report.holds
        assert report.absence is not None
        assert (report.absence.leaf.status if report.absence.leaf else None) == status
        assert ("between 'BW/00000107' and the end of the index" in as_text(report)) == (status is None)


def test_no_spelling_of_an_issued_certificate_is_proven_absent(traded: World) -> None:
    """What is typed is brought into normal form; a proof of another spelling's absence shows nothing."""
    journal, records = traded.ledger.journal, traded.ledger.records
    traded.do(absences.next_index(journal, records, AUTHORITY))
    for named in ("BW/107", "BW/0000107", "bw/00000107", "BW/00000107 ", "BW 107", "bw1-07", "107"):
        made = absences.prove(traded.ledger.keeper, journal, records, named)
        assert (made.key, len(made.leaves)) == ("BW/00000107", 1), named
    with refusing(Malformed, "absence-key-form"):
        absences.prove(traded.ledger.keeper, journal, records, "BW/BWBW107")
    index = CertificateLeaves(journal, records).at(traded.ledger.head().size - 1)
    bundle = absences.prove(traded.ledger.keeper, journal, records, "999").bundle
    for key in ("BW/107", "bw/00000107", "BW /00000107", "107"):
        report = examine(absence.make(key, index, bundle).encode(), READER)
        assert not report.holds
        assert ["absence-key-form"] == [one.code for _, one in report.outcomes() if one.standing == FAULT]
        assert f"certificate  {key}" in as_text(report)
    for key in ("BW/00000107\u200b", "BW/\u0661\u0660\u0667", "BW/\u0410107"):
        report = examine(absence.make(key, index, bundle).encode(), READER)
        assert ["absence-key-letters"] == [one.code for _, one in report.outcomes() if one.standing == FAULT]
        assert "\u200b" not in as_text(report)
        with refusing(Malformed, "absence-key-letters"):
            absences.prove(traded.ledger.keeper, journal, records, key)


def test_an_index_that_lies_is_found_and_proves_nothing(traded: World) -> None:
    """By `verify`, which works it out again, and before a proof is made of it."""
    journal, records = traded.ledger.journal, traded.ledger.records
    honest = absences.next_index(journal, records, AUTHORITY)
    lie = e.CertificateIndex(by=AUTHORITY, size=honest.size, count=honest.count, root=bytes(32))
    index = traded.do(lie).index
    with refusing(StoreTrouble, "index-wrong"):
        absences.prove(traded.ledger.keeper, journal, records, "107")
    assert {(one.index, one.code) for one in audited(journal)} == {(index, "verify-certificate-index")}


def audited(journal: Journal) -> list[Any]:
    """The faults that `verify` finds."""
    from ledger.audit.auditing import Audit, Options

    audit = Audit(journal, Options(cores=1))
    list(audit.run())
    return list(audit.faults)


def test_growth_or_a_fork_that_convicts(traded: World) -> None:
    """An honest checkpoint of before accuses nobody; one of another history convicts the key."""
    signed = traded.ledger.checkpoint()
    size = signed.checkpoint.size
    held = _signed(traded, 20, traded.ledger.keeper.tree.root(20))
    assert growth.compare(held, signed, traded.ledger).path is not None
    for at in (20, size):
        forged = _signed(traded, at, bytes(32))
        found = growth.compare(forged, signed, traded.ledger)
        assert found.fork is not None
        proof = forks.ForkProof.decode(found.fork.encode())
        assert proof.verify([VerifierKey.parse(LEDGER_KEY)]).keys == (VerifierKey.parse(LEDGER_KEY),)
    assert growth.compare(_signed(traded, size + 1, bytes(32)), signed, traded.ledger).behind
    stranger = sign_checkpoint(Checkpoint(traded.ledger.origin, 20, bytes(32)), signing_key("somebody"))
    with refusing(Malformed, "note-unsigned"):
        growth.compare(stranger, signed, traded.ledger)


def _signed(world: World, size: int, root: bytes) -> SignedCheckpoint:
    return sign_checkpoint(Checkpoint(world.ledger.origin, size, root), signing_key("ledger"))


def test_a_field_that_is_disclosed_in_part_is_told_apart() -> None:
    """A sealed value within a public field is named by its path; the field itself stays public."""
    book = Book()
    book.open()
    text = disclosure.disclosure(bytes(16), "price", 12_345)
    line = {"parcel": "K1", "weight": 1_000, "_sd": [disclosure.digest(text)]}
    index = book.record("example-weighed/1", {"by": "miner-1", "lines": [line], "note": "x"}, "miner-1")
    book.disclosures[index] = (text,)
    reader = Reader(trust_in(needed=3))
    opened = as_text(examine(book.bundle(index, disclose=["price"]).encode(), reader)).split("entry ")[-1]
    assert re.search(r"^    public +lines +.*12345", opened, re.M)
    assert re.search(r"^    disclosed +lines +0\.price in it$", opened, re.M)
    closed = as_text(examine(book.bundle(index).encode(), reader)).split("entry ")[-1]
    assert "disclosed" not in closed
    assert "withheld   1 field" in closed
