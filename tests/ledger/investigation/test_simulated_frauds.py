"""What the existing commands find of the frauds and the mistakes in a simulated world, held against its keys;
and what they do not find, said as plainly."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import cycle, islice
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from ledger.audit.auditing import Audit
from ledger.domain import events as e
from ledger.domain.certificates import Certificate
from ledger.domain.moments import as_recorded, known_at
from ledger.domain.state import fold_subject
from ledger.federation.sources import open_
from ledger.federation.trace_across import across, mines
from ledger.investigation import deadlines
from ledger.investigation import reconciliation as r
from ledger.investigation import shipments as shipments_module
from ledger.investigation.capacity import capacity
from ledger.investigation.deadlines import Overdue, overdue
from ledger.investigation.lookback import look_back
from ledger.investigation.replay import replay
from ledger.investigation.shipments import Shipment, shipments
from ledger.projections import tracing
from ledger.projections.register_goods import CERTIFICATES
from ledger.projections.yields import yields
from ledger.store.ordered import Ordered
from ledger.store.rows import Where
from tests import plain_reconciliation
from tests.simulated import World, key, ledgers, played

pytestmark = pytest.mark.xdist_group("simulated")  # one process plays the world
MONTHS = 10
SETTLED = date(2018, 8, 31).toordinal()
"""What left by then has arrived by the world's end, late mail too."""
TERMS = r.Terms(date(2018, 1, 1).toordinal(), date(2018, 12, 31).toordinal(), value=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two producers, two hubs and a cutter among five countries, a fraud in most months of each."""
    folder = tmp_path_factory.mktemp("world")
    played(folder, World(1, 5, 10_000, MONTHS, 26))
    return folder


@pytest.fixture(scope="module")
def pairs(folder: Path) -> dict[str, r.Pair]:
    """Every certificate of the world as `reconcile` classes it, between its exporter and its importer."""
    told: dict[str, Ordered[Shipment]] = {}
    for ledger in ledgers(folder):
        own = ledger.origin.split("/")[1].upper()
        told[own] = shipments(ledger.journal, ledger.records, own)
    found: dict[str, r.Pair] = {}
    for own in told:
        for other in told:
            if own < other:
                for flow in r.reconcile(told[own], told[other], own, other, TERMS):
                    found |= {pair.certificate: pair for pair in flow.pairs}
    return found


@pytest.fixture(scope="module")
def planted(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The answer key by kind."""
    return _by(key(folder, "answers"), "fraud")


@pytest.fixture(scope="module")
def erred(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The key of mistakes by kind."""
    return _by(key(folder, "mistakes"), "mistake")


def _by(lines: Iterable[dict[str, Any]], name: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        found[line[name]].append(line)
    return found


def certificates(lines: Iterable[dict[str, Any]]) -> set[str]:
    """Which certificates a key's lines are about."""
    return {line["certificate"] for line in lines}


def of(pairs: dict[str, r.Pair], difference: str) -> set[str]:
    """The settled certificates that differ in something."""
    return {name for name, pair in pairs.items() if settled(pair) and difference in pair.differences}


def settled(pair: r.Pair) -> bool:
    """It left early enough for everything to have happened."""
    return all(one.day is not None and one.day <= SETTLED for one in pair.sent)


def test_a_vanished_shipment_is_found_by_reconcile(
    pairs: dict[str, r.Pair], planted: dict[str, list[dict[str, Any]]]
) -> None:
    """Not received, and nobody confirmed it: those and no others."""
    vanished = {name for name in certificates(planted["vanished"]) if settled(pairs[name])}
    assert vanished
    assert of(pairs, r.NOT_RETURNED) == vanished


def test_shipments_are_those_of_all_bodies_at_once(folder: Path) -> None:
    """Of each ledger, certificate by certificate; also where all but a few acts have gone through a file."""
    for ledger, most in zip(ledgers(folder), cycle((7, shipments_module._MOST_ACTS)), strict=False):
        own = ledger.origin.split("/")[1].upper()
        plain = sorted(plain_reconciliation.shipments(ledger, own), key=attrgetter("certificate"))
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(shipments_module, "_MOST_ACTS", 50 * most)
            patched.setattr(shipments_module, "MOST", 10 * most)
            found = shipments(ledger.journal, ledger.records, own)
        assert list(found) == plain
        assert len(found) == len(plain)


def test_nothing_is_late_that_is_not_asked_about(folder: Path) -> None:
    """To look at first acts before a certificate is read spares time, and loses none."""
    profile = e.ProfileAdopted(by="authority", profile="test/1", confirmation_days=30, detention_days=5)
    late = 0
    for ledger in islice(ledgers(folder), 2):
        with replay(ledger.journal, ledger.records, as_recorded("2018-09-01")) as found:
            waiting = [Where("status", "among", deadlines.WAITING), Where("documented", "is", 0)]
            plain: list[Overdue] = []
            for row in found.rows.select(CERTIFICATES, waiting):
                known = known_at(ledger.records.of(f"certificate:{row[0]}"), found.moment)
                folded = fold_subject(f"certificate:{row[0]}", known)
                if isinstance(folded, Certificate):
                    plain += deadlines._of(folded, profile, SETTLED)
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(deadlines, "_PAGE", 7)
                told = overdue(found.rows, ledger.journal, ledger.records, profile, SETTLED, found.moment)
                assert list(told) == plain
            late += len(plain)
    assert late


def test_a_vanished_shipment_is_found_by_its_deadline(
    folder: Path, planted: dict[str, list[dict[str, Any]]], erred: dict[str, list[dict[str, Any]]]
) -> None:
    """With it those whose confirmation was lost, or came back under a number keyed wrongly."""
    profile = e.ProfileAdopted(by="authority", profile="test/1", confirmation_days=60)
    late: set[str] = set()
    for ledger in ledgers(folder):
        with replay(ledger.journal, ledger.records, as_recorded("2019-01-01")) as found:
            day = date(2018, 10, 31).toordinal()
            lines = overdue(found.rows, ledger.journal, ledger.records, profile, day)
            late |= {line.certificate for line in lines if line.kind == "unconfirmed-export"}
    expected = certificates(planted["vanished"])
    for kind in ("confirmation-lost", "number-miskeyed"):
        expected |= certificates(erred[kind])
    assert late & certificates(planted["vanished"])
    assert late <= expected | certificates(erred["mail-a-month-late"]) | certificates(
        erred["confirmation-late"]
    )


def test_what_left_while_its_sender_was_suspended_is_found_by_looking_back(
    folder: Path, planted: dict[str, list[dict[str, Any]]]
) -> None:
    """`check measures` names those certificates and no others, once the suspension is recorded."""
    told = [line for line in planted["shipped-while-suspended"] if line["month"] < MONTHS - 1]
    wanted = {name for line in told for name in line["certificates"]}
    found = set()
    for ledger in ledgers(folder):
        with replay(ledger.journal, ledger.records, as_recorded("2019-01-01")) as past:
            found |= {one.certificate for one in look_back(past.rows, ledger.records)}
    assert wanted
    assert found == wanted


@pytest.mark.parametrize(
    ("mistake", "difference"),
    [
        ("number-miskeyed", r.NUMBER),
        ("class-miskeyed", r.HS),
        ("provenance-as-origin", r.ORIGIN),
    ],
)
def test_each_slip_of_an_importer_has_its_class(
    pairs: dict[str, r.Pair], erred: dict[str, list[dict[str, Any]]], mistake: str, difference: str
) -> None:
    """Reconcile names the cause; it does not take it for a fraud."""
    wanted = {name for name in certificates(erred[mistake]) if settled(pairs[name])}
    assert wanted
    assert of(pairs, difference) == wanted


def test_values_typed_tenfold_and_late_mail_stay_to_be_explained(
    pairs: dict[str, r.Pair], erred: dict[str, list[dict[str, Any]]]
) -> None:
    """And nothing else does."""
    kinds = ("value-typed-tenfold", "mail-a-month-late")
    wanted = {name for kind in kinds for name in certificates(erred[kind]) if settled(pairs[name])}
    assert wanted
    assert of(pairs, r.UNEXPLAINED) == wanted


def test_an_impossible_yield_is_found_by_a_trace(
    folder: Path, planted: dict[str, list[dict[str, Any]]]
) -> None:
    """More than 70 per cent of the rough became polished: those parcels and no others."""
    marked = {parcel for line in planted["impossible-yield"] for parcel in line["parcels"]}
    found = set()
    for ledger in ledgers(folder):
        for act in ledger.records.between():
            if isinstance(act.event, e.Polished):
                (one,) = yields(tracing.track(ledger.records, act.event.parcel))
                found |= {one.parcel} if one.permille is not None and one.permille > 700 else set()
    assert marked
    assert found == marked


def test_laundered_goods_are_found_by_a_trace_across_borders(
    folder: Path, planted: dict[str, list[dict[str, Any]]]
) -> None:
    """What came of them began as stock that somebody declared; all else began in a mine."""
    marked = {parcel for line in planted["laundered"] for parcel in line["parcels"]}
    declared: Counter[str] = Counter()
    sources = [open_(str(path)) for path in sorted((folder / "ledgers").glob("*.db"))]
    try:
        for source in sources:
            for act in source.acts.between():
                if not isinstance(act.event, e.CertificateIssued) or act.event.certificate[:2] == "XA":
                    continue
                for part in act.event.parts:
                    lineage = tracing.trace(source.acts, part.parcel)
                    begun = [one for _, one in mines(lineage, across(source.acts, lineage, sources))]
                    declared.update(one.parcel for one in begun if one.kind == "opening-stock")
    finally:
        for source in sources:
            source.close()
    assert marked
    assert set(declared) <= marked
    assert declared


def test_an_inflow_is_found_by_the_capacity_of_the_pit(
    folder: Path, planted: dict[str, list[dict[str, Any]]]
) -> None:
    """`check capacity` names those pits and no others. No rule refuses the ticket: the ledger verifies."""
    wanted = {(line["ledger"], line["party"]) for line in planted["inflow"]}
    found = set()
    for ledger in ledgers(folder):
        sites, _ = capacity(ledger.journal, ledger.records, ledger.state())
        found |= {(ledger.origin, one.site) for one in sites if one.over}
        if ledger.origin in {origin for origin, _ in wanted}:
            audit = Audit(ledger.journal)
            assert [progress.phase for progress in audit.run()]
            assert audit.faults == []
    assert wanted
    assert found == wanted


def test_an_undervalued_shipment_is_found_by_nothing_yet(
    pairs: dict[str, r.Pair],
    planted: dict[str, list[dict[str, Any]]],
    erred: dict[str, list[dict[str, Any]]],
) -> None:
    """Both sides book the same low value; only a comparison of prices could tell (PV1)."""
    slipped = {line["certificate"] for lines in erred.values() for line in lines if "certificate" in line}
    low = certificates(planted["undervalued"]) - slipped
    assert low
    assert {pairs[name].kind for name in low if settled(pairs[name])} <= {r.AGREES, r.WEIGHING}
