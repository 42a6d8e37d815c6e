"""The report: text and values say the same, and what cannot be seen is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.audit.auditing import Audit, AuditRemark, Options
from ledger.audit.report import Report
from ledger.chain.steps import STEPS, Anchor, Findings, StepFault
from ledger.store.salvage import open_for_checking
from tests.world import World

MOMENT = 1_700_000_000_000_000


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    """The audit of an honest ledger."""
    path = tmp_path_factory.mktemp("report") / "ledger.db"
    World(path).close()
    return audited(path, Options(views=True))


def audited(path: Path, options: Options) -> Audit:
    """A finished audit."""
    with open_for_checking(str(path)) as journal:
        audit = Audit(journal, options)
        list(audit.run())
    return audit


def report(audit: Audit, *faults: StepFault, options: Options | None = None) -> Report:
    """The report of an audit that found these faults."""
    told = Audit(audit.journal, options or audit.options, Findings(faults), audit.remarks, audit.checked)
    told.size, told.origin, told.head, told.root = audit.size, audit.origin, audit.head, audit.root
    told.recorded = audit.recorded
    return Report(told, "ledger.db", MOMENT, "1.2.3")


def test_text_and_values_say_the_same(finished: Audit) -> None:
    """Ledger, date, version, head, root, each step in the table's own words."""
    told = report(finished)
    text, values = told.as_text(), told.values()
    assert (values["ledger"], values["version"]) == ("ledger.db", "1.2.3")
    assert values["verified"] == "2023-11-14T22:13:20+00:00"
    assert "verified  2023-11-14T22:13:20+00:00, by adamas 1.2.3" in text
    assert f"the last recorded at {values['recorded']}" in text
    assert f"head: {values['head']}\n" in text
    assert finished.root is not None
    assert finished.root.hex() in text
    for step, row in zip(STEPS, values["steps"], strict=True):
        assert row["name"] == step.name
        assert f"({step.number}) {step.name}: {step.shows}\n" in text
    for limit in values["limits"]:
        assert " ".join(limit["said"].split()) in " ".join(text.split())


def test_neighbouring_faults_of_a_kind_are_one_line(finished: Audit) -> None:
    """A thousand entries of another ledger are told once; programs get each."""
    values = {"stated": "a", "origin": "b"}
    alike = [StepFault(5, index, "verify-origin", values) for index in (3, 4, 5, 9)]
    told = report(finished, *alike, StepFault(9, None, "verify-head-count", {"count": 0}))
    lines = [line for line in told.as_text().splitlines() if "verify-" in line and line.startswith("    ")]
    assert [line.split(": verify-")[0].strip() for line in lines[:2]] == ["entries 3 to 5", "entry 9"]
    assert lines[0].endswith("And so on.")
    assert lines[2] == "    verify-head-count: the head must be one row, and there are 0"
    assert "result: 5 faults found" in told.as_text()
    assert [fault["index"] for fault in told.values()["faults"]] == [3, 4, 5, 9, None]


def test_a_head_with_faults_is_not_recommended(finished: Audit) -> None:
    """Whoever kept it would keep what is wrong."""
    assert "Keep it outside" in report(finished).as_text()
    fault = StepFault(9, None, "verify-head-count", {"count": 0})
    assert "Keep it outside" not in report(finished, fault).as_text()


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        (Options(views=True), ["truth", "no-head", "recorded"]),
        (Options(Anchor(3, bytes(32)), views=True), ["truth", "head", "recorded"]),
        (Options(signatures=False), ["truth", "no-head", "recorded", "signatures", "views"]),
        (Options(chain_only=True), ["truth", "no-head", "recorded", "chain"]),
    ],
)
def test_what_cannot_be_seen_depends_on_what_was_done(
    finished: Audit, options: Options, codes: list[str]
) -> None:
    """Each limit is one sentence of the catalogue."""
    limits = list(report(finished, options=options).limits())
    assert [limit.code for limit in limits] == [f"verify-limit-{code}" for code in codes]
    assert all(str(limit) for limit in limits)


def test_notes_stand_beside_faults(finished: Audit) -> None:
    """A remark is told and does not count."""
    told = report(finished)
    told.audit.remarks = [AuditRemark("verify-remark-absent", {"count": 2})]
    assert "note:  2 documents that entries state are not here" in told.as_text()
    assert "result: no fault found" in told.as_text()


def test_an_empty_ledger_has_a_report_too(tmp_path: Path) -> None:
    """A making that was interrupted: no entry, no head, one fault."""
    from ledger.store import opening

    opening.create(str(tmp_path / "empty.db")).close()
    audit = audited(tmp_path / "empty.db", Options(views=True))
    told = Report(audit, "empty.db", MOMENT, "1.2.3")
    assert [fault.code for fault in audit.faults] == ["verify-empty"]
    assert (told.values()["head"], told.values()["entries"]) == (None, 0)
    assert "entries   0\n" in told.as_text()
