"""A whole ledger verified: what an honest one shows, and what else is told beside faults."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ledger.audit.auditing import Audit, Options
from ledger.chain import steps
from ledger.chain.statement import Statement
from ledger.domain import events as e
from ledger.store.salvage import open_for_checking
from tests import scene
from tests.attacker import Act, Attacker, signed
from tests.scene import Scene
from tests.world import AUTHORITY, ORIGIN, SITE, World, goods, signing_key


def audited(of: Scene, **options: object) -> Audit:
    """A finished audit."""
    with open_for_checking(str(of.path)) as journal:
        audit = Audit(journal, replace(Options(cores=1, evidence=of.evidence), **options))  # type: ignore[arg-type]
        list(audit.run())
        assert audit.root is None or audit.root == journal.head().root() or audit.faults
    return audit


def test_an_honest_ledger_has_no_fault(original: Scene) -> None:
    """Every step looked at all there is; the head is what its keeper's receipts say; one erasure is told
    of."""
    audit = audited(original, views=True, anchor=original.head)
    size = original.head.index + 1
    assert audit.faults == []
    assert (audit.size, audit.origin, audit.head) == (size, ORIGIN, original.head)
    assert {audit.checked[step] for step in (1, 2, 3, 4, 5, 7, 8)} == {size}
    assert audit.checked[steps.SEEN] == 3
    assert audit.checked[steps.EVIDENCE] == 1
    assert audit.checked[steps.TABLES] > 3 * size
    assert [remark.code for remark in audit.remarks] == ["verify-remark-erased"]
    assert audit.root is not None


def test_progress_is_told_by_phase(original: Scene) -> None:
    """Bytes, entries, views, each to its end."""
    with open_for_checking(str(original.path)) as journal:
        told = [(step.phase, step.done, step.total) for step in Audit(journal, Options(views=True)).run()]
    size = original.head.index + 1
    assert told == [(1, size, size), (2, size, size), (3, 0, size), (3, size, size)]


def test_steps_that_were_not_taken_are_not_claimed(original: Scene) -> None:
    """Following the chain, leaving out signatures, having no folder of documents."""
    assert set(audited(original, chain_only=True).checked) == {2, 3, 4}
    assert audited(original, chain_only=True).root == audited(original).root
    assert set(audited(original, signatures=False).checked) == set(range(1, 12)) - {7}
    assert set(audited(original, evidence=None).checked) == set(range(1, 11))


def test_a_document_that_is_not_here_is_a_note(original: Scene, tmp_path: Path) -> None:
    """Absent proves nothing; one that cannot be read, neither."""
    here = original.copy(tmp_path)
    (document,) = here.evidence.folder.iterdir()
    document.unlink()
    assert [one.code for one in audited(here).remarks] == ["verify-remark-erased", "verify-remark-absent"]
    document.mkdir()
    audit = audited(here)
    assert [one.code for one in audit.remarks] == ["verify-remark-erased", "verify-remark-unreadable"]
    assert audit.faults == []
    assert all(str(remark) for remark in audit.remarks)


def appended(of: Scene, tmp_path: Path, *events: tuple[e.Event | Statement, str]) -> Audit:
    """The audit of a copy to which acts were appended past all rules, each signed with a party's key."""
    here = of.copy(tmp_path)
    with Attacker(here.path) as attacker:
        acts = attacker.acts()
        acts += [_act(event, by, number, acts[-1].recorded) for number, (event, by) in enumerate(events)]
        attacker.rewrite(acts)
    return audited(here)


def _act(event: e.Event | Statement, by: str, number: int, recorded: int) -> Act:
    key = signing_key(by)
    if isinstance(event, Statement):
        return signed(replace(event, author=key.public), key, recorded)
    statement = Statement(ORIGIN, number.to_bytes(16, "big"), event.TYPE, key.public, e.write(event))
    return signed(statement, key, recorded)


def rules(audit: Audit) -> list[tuple[int, int | None, str]]:
    """Step, index and code of each fault; of one of authority, the rule that was broken."""
    return [(one.step, one.index, one.values.get("rule", one.code)) for one in audit.faults]


def mined(by: str) -> e.Mined:
    """A stone mined, as they say."""
    return e.Mined(by=by, site=SITE, lines=(goods("X1", "1.000", "710231"),))


AGAIN = e.LedgerOpened(
    by=AUTHORITY,
    origin=ORIGIN,
    keys=("k",),
    authority_key=signing_key("thief").public,
    recovery_key=signing_key("other").public,
)


@pytest.mark.parametrize(
    ("event", "by", "rule"),
    [
        (mined("dealer-7"), "dealer-7", "role-missing"),
        (mined("miner-1"), "dealer-7", "author-other-party"),
        (mined("miner-1"), "thief", "key-unknown"),
        (AGAIN, AUTHORITY, "ledger-opened-twice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_authority_is_judged_at_the_entry(
    original: Scene, tmp_path: Path, event: e.Event, by: str, rule: str
) -> None:
    """Step 8: whoever was not entitled is named, however well the entry is signed and chained."""
    audit = appended(original, tmp_path, (event, by))
    assert (8, original.head.index + 1, rule) in rules(audit)


def test_a_revoked_key_signs_no_more(original: Scene, tmp_path: Path) -> None:
    """Before its revocation a key's acts stand; what it signs afterwards does not."""
    revoked = e.KeyRevoked(by=AUTHORITY, key=signing_key("miner-1").public, since="2024-01-15")
    audit = appended(original, tmp_path, (revoked, AUTHORITY), (mined("miner-1"), "miner-1"))
    assert rules(audit) == [(8, original.head.index + 2, "key-revoked")]


def test_a_key_is_enrolled_with_its_holders_proof(original: Scene, tmp_path: Path) -> None:
    """Step 8: not even the authority enrols a key that somebody else holds."""
    stolen = signing_key("stranger")
    enrolled = e.KeyEnrolled(
        by=AUTHORITY, party="dealer-8", key=stolen.public, proof=stolen.sign(b"another text")
    )
    audit = appended(original, tmp_path, (enrolled, AUTHORITY))
    assert rules(audit) == [(8, original.head.index + 1, "verify-possession")]


def test_a_time_that_no_calendar_has_is_a_fault(original: Scene, tmp_path: Path) -> None:
    """Step 4 names the entry, and no rule is asked about it: verification goes on to its end."""
    here = original.copy(tmp_path)
    with Attacker(here.path) as attacker:
        acts = attacker.acts()
        acts[-1] = replace(acts[-1], recorded=253_402_300_800 * 1_000_000)
        attacker.rewrite(acts)
    told = rules(audited(here))
    assert (steps.RECORDED, here.head.index, "verify-recorded-range") in told
    assert {step for step, _, _ in told} <= {steps.RECORDED, steps.TABLES}
    assert rules(audited(here, chain_only=True)) == told[:1]


def test_an_act_of_a_newer_type_is_told_and_no_fault(original: Scene, tmp_path: Path) -> None:
    """Opaque entries of enrolled authors are counted; with a key that nobody enrolled they are a fault."""
    newer = Statement(ORIGIN, b"n" * 16, "parcel-blessed/1", b"", {"by": "miner-1"})
    audit = appended(original, tmp_path / "one", (newer, "miner-1"))
    assert audit.faults == []
    (told,) = [remark for remark in audit.remarks if remark.code == "verify-remark-opaque"]
    assert told.values == {"count": 1, "first": original.head.index + 1}
    assert rules(appended(original, tmp_path / "two", (newer, "thief"))) == [
        (8, original.head.index + 1, "verify-opaque-author")
    ]


def test_views_are_not_compared_with_what_has_faults(original: Scene, tmp_path: Path) -> None:
    """They follow from entries and tables, so a fault there would show again in every row."""
    here = original.copy(tmp_path)
    with Attacker(here.path) as attacker:
        attacker.sql("DELETE FROM links WHERE idx = ?", here.at["sold"])
        attacker.sql("UPDATE view_parcels SET weight = weight + 1")
    audit = audited(here, views=True)
    assert {fault.code for fault in audit.faults} == {"verify-row-missing", "verify-version"}
    assert "verify-remark-views" in {remark.code for remark in audit.remarks}


def test_views_of_another_version_are_told_and_left(original: Scene, tmp_path: Path) -> None:
    """Whoever reads next builds them anew; a list of tables that no version wrote is a fault."""
    here = original.copy(tmp_path)
    with Attacker(here.path) as attacker:
        attacker.sql("UPDATE views SET version = version - 1")
    audit = audited(here, views=True)
    assert audit.faults == []
    assert "verify-remark-other-views" in {remark.code for remark in audit.remarks}
    with Attacker(here.path) as attacker:
        attacker.sql("UPDATE views SET tables = 'stored_events'")
    assert {fault.step for fault in audited(here, views=True).faults} == {steps.TABLES}


def test_a_damaged_page_is_told_as_damage(original: Scene, tmp_path: Path) -> None:
    """Step 1 names each entry that cannot be read; that it is missing is not told again."""
    here = original.copy(tmp_path)
    with Attacker(here.path) as attacker:
        entry = attacker.entry(20)
    data = bytearray(here.path.read_bytes())
    size = int.from_bytes(data[16:18], "big")
    start = data.index(entry[5:60]) // size * size
    data[start : start + size] = b"\xee" * size
    here.path.write_bytes(bytes(data))
    faults = audited(here).faults
    lost = {fault.index for fault in faults if fault.code == "verify-unreadable"}
    assert 20 in lost
    assert not any(fault.code == "verify-gap" for fault in faults)
    assert any(fault.code == "verify-structure" for fault in faults)


def test_rows_are_found_among_thousands(tmp_path: Path) -> None:
    """Sums of 1,024 entries' rows lead to the one row that is wrong, wherever it is."""
    world = World(tmp_path / "ledger.db")
    size = world.ledger.head().size
    lines = [
        e.Mined(by="miner-1", site=SITE, lines=(goods(f"P{n}", "1.000", "710231"),)) for n in range(2_100)
    ]
    world.ledger.record_batch(scene.acts_of(world, lines))
    end = world.ledger.head()
    world.close()
    held = scene.Checkpoint(ORIGIN, end.size, end.root())
    here = Scene(tmp_path / "ledger.db", {}, scene.Anchor(end.size - 1, end.hash), "", held)
    assert audited(here, signatures=False).faults == []
    with Attacker(here.path) as attacker:
        attacker.sql("UPDATE links SET idx = ? WHERE subject = 'parcel:P7'", size + 1_500)
        attacker.sql("DELETE FROM mentions WHERE idx = ?", size + 2_000)
    found = {(fault.index, fault.code) for fault in audited(here, signatures=False).faults}
    missing = {(size + 7, "verify-row-missing"), (size + 2_000, "verify-row-missing")}
    assert found >= missing | {(size + 1_500, "verify-row-extra")}
    assert {index for index, _ in found} == {size + 7, size + 1_500, size + 2_000}
