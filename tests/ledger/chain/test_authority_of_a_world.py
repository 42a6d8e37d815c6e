"""What the ledger's rules let in, the bytes alone show to have been recorded by right."""

from __future__ import annotations

import pytest

from ledger.chain import merkle, note
from ledger.chain.bundle import make
from ledger.chain.bundle_check import Reader, Report, verify_all
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.entry import entry_hash
from ledger.chain.note import Note
from ledger.chain.trust import Log, Trust
from ledger.domain import events as e
from ledger.domain.parties import MAY_RECORD
from tests.artefacts import log_key, signing_key
from tests.world import AUTHORITY, ORIGIN, World, goods


def roles_of(wire: str) -> frozenset[str]:
    """The program's own act-by-role table."""
    return frozenset(str(role) for role in MAY_RECORD.get(e.EVENTS.get(wire, e.Event), ()))


@pytest.fixture(scope="module")
def world(module_url: str) -> World:
    """Acts of every kind of right: own keys, a clerk's, an archivist's, a revoked one, a withdrawn role."""
    made = World(module_url)
    made.mine("P1", "12.500", "P2", "0.350")
    made.split("P1", {"P1a": "5.000", "P1b": "7.500"})
    made.sell("P1a", to="dealer-7", price=100)
    made.certify("0000107", "P1b")
    mandate = e.MandateGranted(
        by="miner-1", mandate="M1", clerk="clerk-6", party="miner-1", acts=("parcel-weighed/1",),
        since="2024-01-01", until="2024-12-31",
    )  # fmt: skip
    made.do(mandate)
    made.do(e.Weighed(by="miner-1", parcel="P2", weight=349), by="clerk-6", on_behalf="miner-1")
    made.tell(e.StockOpened(by=AUTHORITY, holder="dealer-8", lines=(goods("D1", "1.000"),)), occurred="1905")
    made.do(e.RoleGranted(by=AUTHORITY, party="dealer-8", role="cutter", since="2024-01-01"))
    made.do(e.RoleWithdrawn(by=AUTHORITY, party="dealer-8", role="cutter", since="2024-01-10"))
    made.do(e.KeyRevoked(by="carrier-5", key=made.keys["carrier-5"].public, since="2024-02-01"))
    made.do(e.KeyRevoked(by=AUTHORITY, key=made.keys["agent-4"].public, since="2024"), by="recovery")
    return made


def reports(world: World, without: frozenset[int] = frozenset()) -> dict[int, Report]:
    """The reports on all entries but some, travelling together."""
    entries = dict(world.ledger.journal.entries())
    leaves = [entry_hash(entries[index]) for index in range(len(entries))]
    head = Checkpoint(ORIGIN, len(leaves), merkle.root(leaves))
    signed = SignedCheckpoint(head, Note(head.text, (note.sign(head.text, ORIGIN, signing_key("log")),)))
    nodes = merkle.nodes_of(leaves)
    kept = [index for index in entries if index not in without]
    bundles = [make(index, entries[index], signed, nodes).encode() for index in kept]
    found = verify_all(bundles, Reader(Trust((Log(log_key()),)), roles=roles_of))
    return dict(zip(kept, found, strict=True))


def test_every_act_that_was_let_in_is_shown_to_be_by_right(world: World) -> None:
    """By entry 0 and what follows from it."""
    for index, report in reports(world).items():
        assert report.statement is not None
        outcome = report.outcomes[9]
        assert outcome.standing == "ok", (index, report.statement.type, str(outcome))


def test_without_the_enrolment_nothing_of_the_party_is_shown(world: World) -> None:
    """Each enrolment left out in turn: that key's acts, and a clerk's under its mandate, are not shown."""
    enrolments = {
        index: report.body["key"]
        for index, report in reports(world).items()
        if report.statement is not None and report.statement.type == "key-enrolled/1"
    }
    assert len(enrolments) > 5
    for left_out, key in enrolments.items():
        for report in reports(world, frozenset({left_out})).values():
            assert report.statement is not None
            shown = report.outcomes[9].standing == "ok"
            if report.statement.on_behalf is None:
                assert shown is (report.statement.author != key)
            else:
                assert shown is (key not in {world.keys[name].public for name in ("miner-1", "clerk-6")})
