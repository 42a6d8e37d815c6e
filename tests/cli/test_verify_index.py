"""A stranger convicts a certificate index that lies, with files alone; a true one is convicted by nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ledger.chain import absence, archive, certificate_index
from ledger.chain.absence import Absence, convict
from ledger.chain.bundle_check import Reader, verify_all
from ledger.chain.certificate_index import CertificateIndex, Leaf, Sentinel
from ledger.chain.note import VerifierKey
from ledger.chain.trust import Log, Trust
from ledger.domain import events
from ledger.domain import events as e
from ledger.errors import Malformed
from ledger.federation.absences import next_index
from ledger.federation.entitling import roles
from ledger.federation.proving import Prover
from ledger.projections.certificate_leaves import CertificateLeaves
from tests.laptop import Laptop
from tests.world import AUTHORITY, LEDGER_KEY, World

TRUST = Trust((Log(VerifierKey.parse(LEDGER_KEY)),))
READER = Reader(TRUST, roles=roles)
ISSUED = "BW/00000107"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Certificates that were exported, voided, corrected to another number; and entries of other kinds."""
    made = World(guard=tmp_path / "guard")
    made.mine("P1", "1.000", "P2", "2.000", "P3", "3.000")
    for parcel in ("P1", "P2", "P3"):
        made.sell(parcel, to="dealer-7")
    made.export(made.certify("107", "P1"))
    made.do(e.CertificateVoided(by=AUTHORITY, certificate=made.certify("108", "P2"), reason="misprinted"))
    made.certify("106", "P3")
    made.mine("P4", "4.000")
    made.sell("P4", to="dealer-7")
    first = made.ledger.records.recorded(made.ledger.journal.guarded_entries(f"certificate:{ISSUED}")[0])
    assert isinstance(first.event, e.CertificateIssued)
    event = replace(
        first.event,
        certificate="BW/00000109",
        number="109",
        weight=4_000,
        parts=(e.Part("P4", 4_000),),
        classes=(e.ClassWeight("710231", 4_000),),
    )
    at = made.do(event)
    right = {**events.write(event), "certificate": "BW/00000110", "number": "110"}
    made.do(e.Corrected(by=AUTHORITY, index=at.index, hash=at.hash, replacement=right, reason="misread"))
    return made


@pytest.fixture
def stranger(tmp_path: Path) -> Laptop:
    """A folder without a ledger, with a trust file."""
    folder = tmp_path / "stranger"
    folder.mkdir()
    (folder / "bw.trust").write_bytes(TRUST.encode())
    return Laptop(folder)


def stated(world: World, leaves: list[Leaf]) -> CertificateIndex:
    """An index of these leaves, stated by the ledger as that of all its entries."""
    made = CertificateIndex.of(leaves)
    size = world.ledger.head().size
    world.do(e.CertificateIndex(by=AUTHORITY, size=size, count=made.count, root=made.root))
    return made


def claimed(world: World, index: CertificateIndex, key: str = ISSUED) -> Absence:
    """What the index, in the newest entry, says of a key."""
    return absence.make(key, index, world.ledger.keeper.proof(world.ledger.head().size - 1))


def true_leaves(world: World) -> list[Leaf]:
    """The leaves of the true index."""
    index = CertificateLeaves(world.ledger.journal, world.ledger.records).at(world.ledger.head().size)
    found = [certificate_index.decode(index.leaf(place)) for place in range(index.count)]
    return [one for one in found if not isinstance(one, Sentinel)]


def proven(world: World, folder: Path, key: str = ISSUED) -> None:
    """The proofs of a certificate at the checkpoint of now, as a zip."""
    prover = Prover(world.ledger.keeper, world.ledger.journal, world.ledger.records)
    (folder / "107.zip").write_bytes(archive.pack(prover.make(prover.certificate(key))))


@pytest.mark.parametrize("lie", ["left out", "issued later", "issued by another"])
def test_a_lying_index_is_convicted(lie: str, world: World, stranger: Laptop) -> None:
    """By the proof of the certificate that somebody holds since earlier, or has of now."""
    proven(world, stranger.folder)
    others = [leaf for leaf in true_leaves(world) if leaf.key != ISSUED]
    at = {"issued later": world.ledger.head().size - 1, "issued by another": None}
    leaves = others if lie == "left out" else [*others, Leaf(ISSUED, 1, "exported", at[lie])]
    told = claimed(world, stated(world, leaves))
    (stranger.folder / "107.absence").write_bytes(told.encode())
    words = ("verify-index", "107.absence", "107.zip", "--trust", "bw.trust")
    assert "two histories were signed" in stranger.ok(*words).out
    ran = stranger("verify", "107.absence", "--trust", "bw.trust", "--along", "107.zip")
    assert (ran.code, "convicted by adamas verify-index" in ran.out) == (1, True)
    stranger.ok("verify", "107.absence", "--trust", "bw.trust")
    proven(world, stranger.folder)
    ran = stranger.ok(*words)
    assert "lied about BW/00000107" in ran.out
    assert "two histories" not in ran.out
    verdict = stranger.data(*words)
    assert (verdict["certificate"], verdict["one_checkpoint"]) == (ISSUED, True)


def test_a_true_index_is_convicted_by_no_entry(world: World, stranger: Laptop) -> None:
    """Neither by its own nor any other entry, at the same or an older checkpoint, whatever key it is asked
    of; with certificates exported, voided, and given another number by a correction."""
    ledger = world.ledger
    keys = (ISSUED, "BW/00000108", "BW/00000109", "BW/00000110", "BW/00000106", "SL/00000001")
    older = verify_all([ledger.keeper.proof(at).encode() for at in range(ledger.head().size)], READER)
    world.do(next_index(ledger.journal, ledger.records, AUTHORITY))
    made = CertificateIndex.of(true_leaves(world))
    told = [absence.verify(claimed(world, made, key).encode(), READER) for key in keys]
    assert all(one.holds for one in told)
    newer = verify_all([ledger.keeper.proof(at).encode() for at in range(ledger.head().size)], READER)
    for claim in told:
        for entry in (*older, *newer):
            with pytest.raises(Malformed) as refused:
                convict(claim, entry)
            assert refused.value.code in ("index-agrees", "index-not-covered")
    proven(world, stranger.folder)
    (stranger.folder / "107.absence").write_bytes(claimed(world, made).encode())
    ran = stranger("verify-index", "107.absence", "107.zip", "--trust", "bw.trust")
    assert (ran.code, "index-" in ran.err) == (4, True)
    stranger.ok("verify", "107.absence", "--trust", "bw.trust", "--along", "107.zip")


def test_what_does_not_hold_convicts_nobody(world: World, stranger: Laptop) -> None:
    """A proof under another key, and a claim that was altered, speak against nobody."""
    proven(world, stranger.folder)
    told = claimed(world, stated(world, [leaf for leaf in true_leaves(world) if leaf.key != ISSUED]))
    data = told.encode()
    (stranger.folder / "107.absence").write_bytes(data.replace(b"leaf ", b"leaf 1", 1))
    words = ("verify-index", "107.absence", "107.zip", "--trust")
    ran = stranger(*words, "bw.trust")
    assert (ran.code, "index-unproven" in ran.err) == (4, True)
    (stranger.folder / "107.absence").write_bytes(data)
    stranger.ok(*words, "bw.trust")
    other = VerifierKey(TRUST.origin, 1, bytes(31) + b"\x01")
    (stranger.folder / "other.trust").write_text(f"log {other}\nquorum none\n")
    assert stranger(*words, "other.trust").code == 4
    assert stranger(*words, "nothing.trust").code == 7
