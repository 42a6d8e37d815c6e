"""Tables into a real ledger: checked whole, held against the rules, never twice, not even after a kill."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ledger.application import Ledger
from ledger.domain import events as e
from ledger.errors import Conflict, Malformed, Refused
from ledger.exchange import import_file
from ledger.exchange.demonstration_data import histories_path
from ledger.exchange.history_form import read_histories
from ledger.exchange.importing import Importer, Plan, append, begun, plan, plan_histories, prepare
from ledger.exchange.tabular import Options, read_table
from ledger.exchange.templates import HISTORY, PARTIES, PRODUCTION, Template, as_csv
from tests import archive

ROOT = Path(__file__).resolve().parents[3]
HEADINGS = "parcel,weight (ct),site,date\n"


@pytest.fixture
def ledger(ledger_url: str) -> Any:
    """A ledger with an archivist, a miner and a dealer."""
    with archive.opened(ledger_url) as opened:
        yield opened


def importer(party: str = "mine-1") -> Importer:
    """Who imports in these tests."""
    return Importer(archive.key_of(party), party, archive.START, archive.TODAY, "2026-11-23")


def sheet(*rows: str) -> bytes:
    """A production sheet of the one site."""
    return (HEADINGS + "".join(f"{row}\n" for row in rows)).encode()


def planned(ledger: Ledger, data: bytes, template: Template = PRODUCTION, party: str = "mine-1") -> Plan:
    """What importing these bytes would do."""
    return plan(read_table(data, template, Options(decimal=".")), ledger, importer(party))


def imported(
    ledger: Ledger, path: Path, data: bytes, template: Template = PRODUCTION, party: str = "mine-1"
) -> int:
    """Import these bytes as the file; how many lines were recorded."""
    path.write_bytes(data)
    found = planned(ledger, data, template, party)
    assert found.faults == ()
    prepare(import_file.beside(path), data, found, ledger, importer(party))
    return sum(batch.lines for batch in append(import_file.beside(path), ledger))


def faults(found: Plan) -> list[tuple[int, str]]:
    """Rows and codes."""
    return [(fault.row, fault.code) for fault in found.faults]


def test_the_examples_of_all_templates_import_themselves(ledger: Ledger, tmp_path: Path) -> None:
    """What `adamas template` prints is a file that can be recorded as it is."""
    for template, party in ((PARTIES, "ministry"), (PRODUCTION, "mine-1"), (HISTORY, "archive")):
        data = as_csv(template).encode()
        assert imported(ledger, tmp_path / f"{template.name}.csv", data, template, party) >= 2
    state = ledger.state()
    assert state.parcel("K-0001").weight == 12_500
    assert state.parcel("example-stone/1").documented
    assert state.party("karowe-mine").known


def test_a_sheet_is_one_act_for_each_day(ledger: Ledger, tmp_path: Path) -> None:
    """Rows of a day stand together; each act has its date."""
    rows = ("A,1,karowe,2024-01-02", "B,2,karowe,2024-01-03", "C,3,karowe,2024-01-02")
    found = planned(ledger, sheet(*rows))
    assert [(draft.occurred, draft.rows) for draft in found.drafts] == [
        ("2024-01-02", (2, 4)), ("2024-01-03", (3,)),
    ]  # fmt: skip


def test_more_than_500_lines_are_several_acts(ledger: Ledger, tmp_path: Path) -> None:
    """1,201 lines of one day: 500, 500 and 201, and all of them are there."""
    rows = [f"P{n},0.5{n % 10},karowe,2024-01-02" for n in range(1_201)]
    before = ledger.head().size
    assert imported(ledger, tmp_path / "s.csv", sheet(*rows)) == 1_201
    recorded = [record.event for record in ledger.records.between(before)]
    assert [len(event.lines) for event in recorded if isinstance(event, e.Mined)] == [500, 500, 201]
    assert ledger.state().parcel("P1200").holder == "mine-1"


def test_long_names_make_smaller_acts_that_fit_into_entries(ledger: Ledger, tmp_path: Path) -> None:
    """A name of 4,000 letters in each of 40 lines: no entry is over its limit."""
    headings = HEADINGS.strip() + ",name\n"
    rows = "".join(f"P{n},1,karowe,2024-01-02,{'ö' * 4000}\n" for n in range(40))
    assert imported(ledger, tmp_path / "s.csv", (headings + rows).encode()) == 40


def test_another_miners_rows_are_recorded_on_its_behalf(ledger: Ledger) -> None:
    """Without a mandate the rules refuse them, and the miner's own rows stand."""
    data = b"parcel,weight (ct),site,date,by\nA,1,karowe,2024-01-02,\nB,1,karowe,2024-01-02,mine-2\n"
    found = planned(ledger, data)
    assert faults(found) == [(3, "party-unknown")]
    assert found.lines == 1


def test_ids_twice_in_the_file_or_in_the_ledger_are_named(ledger: Ledger, tmp_path: Path) -> None:
    """The second one has its row named, and where the first stands."""
    imported(ledger, tmp_path / "s.csv", sheet("A,1,karowe,2024-01-02"))
    found = planned(ledger, sheet("B,1,karowe,2024-01-02", "B,2,karowe,2024-01-02", "A,3,karowe,2024-01-02"))
    assert faults(found) == [(3, "row-repeated"), (4, "id-taken")]
    assert [draft.rows for draft in found.drafts] == [(2,)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("A,0,karowe,2024-01-02", "weight-zero"),
        ("A,200000001,karowe,2024-01-02", "weight-too-large"),
        ("A,1,elsewhere,2024-01-02", "site-unknown"),
        ("A,1,karowe,2031-01-02", "time-future"),
        ("A,1,karowe,2019-12-31", "licence-expired"),
    ],
)
def test_what_the_rules_refuse_has_its_row(ledger: Ledger, row: str, code: str) -> None:
    """Nothing is recorded that a rule refuses; the row and the rule are named."""
    found = planned(ledger, sheet("B,1,karowe,2024-01-02", row))
    assert (3, code) in faults(found)
    assert all(fault.refused for fault in found.faults)


def test_the_key_of_another_role_records_nothing(ledger: Ledger) -> None:
    """A dealer does not mine, an archivist registers no live party."""
    assert {
        code for _, code in faults(planned(ledger, sheet("A,1,karowe,2024-01-02"), party="dealer-1"))
    } == {"role-missing"}
    found = planned(ledger, as_csv(PARTIES).encode(), PARTIES, "archive")
    assert faults(found) == [(2, "role-missing"), (3, "role-missing")]


def test_a_slip_of_the_unit_is_asked_about(ledger: Ledger, tmp_path: Path) -> None:
    """A thousand times what the site brings, larger or smaller, of any row; five times, of five rows on."""
    rows = [f"P{n},{10 + n % 3}.50,karowe,2024-01-02" for n in range(20)]
    imported(ledger, tmp_path / "s.csv", sheet(*rows))

    def asked(weight: str, rows: int = 5) -> list[tuple[int, bool]]:
        found = planned(ledger, sheet(*(f"Q{n},{weight},karowe,2024-01-03" for n in range(rows))))
        return [(slip.factor, slip.larger) for slip in found.slips]

    assert asked("11.50") == []
    assert asked("57.50") == [(5, True)]
    assert asked("2.30") == [(5, False)]
    assert asked("11500") == [(1000, True)]
    assert asked("0.012") == [(1000, False)]
    for rows in range(1, 5):
        assert (asked("57.50", rows), asked("2.30", rows)) == ([], [])
        assert asked("11500", rows) == [(1000, True)]
        assert asked("0.012", rows) == [(1000, False)]


def test_one_row_that_lost_its_decimal_mark_is_asked_about(ledger: Ledger, tmp_path: Path) -> None:
    """The row is named; its neighbours are not."""
    imported(ledger, tmp_path / "s.csv", sheet(*(f"P{n},1.2{n},karowe,2024-01-02" for n in range(9))))
    found = planned(
        ledger, sheet("Q1,1.25,karowe,2024-01-03", "Q2,1250,karowe,2024-01-03", "Q3,1.20,karowe,2024")
    )
    assert [(slip.rows, slip.factor, slip.larger) for slip in found.slips] == [((3,), 1000, True)]


def test_a_site_without_a_past_is_compared_with_nothing(ledger: Ledger) -> None:
    """The first sheet of a mine may weigh anything."""
    assert planned(ledger, sheet("A,100000,karowe,2024-01-02")).slips == ()


def test_importing_again_records_nothing_again(ledger: Ledger, tmp_path: Path) -> None:
    """The saved statements have their first receipts."""
    path = tmp_path / "s.csv"
    imported(ledger, path, sheet("A,1,karowe,2024-01-02"))
    size = ledger.head().size
    assert begun(import_file.beside(path), path.read_bytes(), PRODUCTION.name, ledger) is not None
    again = [
        receipt.index for batch in append(import_file.beside(path), ledger) for receipt in batch.receipts
    ]
    assert again == [size - 1]
    assert ledger.head().size == size


@pytest.mark.parametrize(
    "trouble", [PermissionError(1, "not permitted"), OSError(95, "not supported"), NotImplementedError()]
)
def test_a_file_system_without_links_takes_statements_too(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    """However it says so; and the first of two imports of one file still wins."""

    def refused(*_: Any, **__: Any) -> None:
        raise trouble

    monkeypatch.setattr(os, "link", refused)
    path, data = tmp_path / "s.csv", sheet("A,1,karowe,2024-01-02")
    assert imported(ledger, path, data) == 1
    with pytest.raises(Conflict) as caught:
        prepare(
            import_file.beside(path),
            data,
            planned(ledger, sheet("B,1,karowe,2024-01-02")),
            ledger,
            importer(),
        )
    assert caught.value.code == "import-exists"


def test_statements_of_another_table_are_not_appended(ledger: Ledger, tmp_path: Path) -> None:
    """The table was changed after its statements were signed."""
    path = tmp_path / "s.csv"
    imported(ledger, path, sheet("A,1,karowe,2024-01-02"))
    saved = import_file.beside(path)
    for data, template in ((b"other", PRODUCTION.name), (path.read_bytes(), PARTIES.name)):
        with pytest.raises(Conflict) as trouble:
            begun(saved, data, template, ledger)
        assert trouble.value.code == "import-other"


def test_two_imports_of_one_file_cannot_both_be_prepared(ledger: Ledger, tmp_path: Path) -> None:
    """The second finds the first one's statements, and would go on with them."""
    path = tmp_path / "s.csv"
    data = sheet("A,1,karowe,2024-01-02")
    imported(ledger, path, data)
    with pytest.raises(Conflict) as trouble:
        prepare(import_file.beside(path), data, Plan("x", 0, (), (), ()), ledger, importer())
    assert trouble.value.code == "import-exists"
    assert sorted(item.name for item in tmp_path.iterdir() if "s.csv" in item.name) == [
        "s.csv", "s.csv.adamas-import",
    ]  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_saved_statements_are_their_owners_only(ledger: Ledger, tmp_path: Path) -> None:
    """They hold the sealed values in the open."""
    path = tmp_path / "p.csv"
    imported(ledger, path, as_csv(PARTIES).encode(), PARTIES, "ministry")
    assert stat.S_IMODE(import_file.beside(path).stat().st_mode) == 0o600


@pytest.mark.parametrize("cut", [1, 5, 40, 200])
def test_a_damaged_file_of_statements_is_named(ledger: Ledger, tmp_path: Path, cut: int) -> None:
    """Cut off anywhere: nothing is appended behind what is whole, and the file is named."""
    path = tmp_path / "s.csv"
    imported(ledger, path, sheet("A,1,karowe,2024-01-02"))
    saved = import_file.beside(path)
    saved.write_bytes(saved.read_bytes()[:-cut])
    with pytest.raises(Malformed) as trouble:
        list(append(saved, ledger))
    assert trouble.value.code == "import-broken"


def test_a_ledger_that_changed_refuses_the_rest_and_keeps_what_is_there(
    ledger: Ledger, tmp_path: Path
) -> None:
    """Somebody else used the id between the check and the append."""
    path = tmp_path / "s.csv"
    data = sheet("A,1,karowe,2024-01-02")
    path.write_bytes(data)
    found = planned(ledger, data)
    prepare(import_file.beside(path), data, found, ledger, importer())
    other = e.Mined(by="mine-1", site="karowe", lines=(e.Goods("A", 5_000),))
    ledger.record(other, archive.key_of("mine-1"), occurred="2024-01-01")
    with pytest.raises(Refused):
        list(append(import_file.beside(path), ledger))
    assert ledger.state().parcel("A").weight == 5_000


KILLED = """
import os, signal, sys
from pathlib import Path
from ledger.application import Ledger
from ledger.exchange.import_file import beside
from ledger.exchange.importing import append
with Ledger.open(sys.argv[1], clock_confirmed=True) as ledger:
    for number, batch in enumerate(append(beside(Path(sys.argv[2])), ledger), 1):
        if number == int(sys.argv[3]):
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
"""


@pytest.mark.file("a killed client of a server: tests/scripts/test_faults.py")
@pytest.mark.parametrize("after", [1, 3])
def test_an_import_that_was_killed_goes_on_and_records_nothing_twice(
    ledger: Ledger, tmp_path: Path, after: int
) -> None:
    """SIGKILL between two batches of a real process; the next run records what is missing, once."""
    path = tmp_path / "s.csv"
    data = sheet(*(f"P{n},1.25,karowe,2024-01-{1 + n // 1_000:02}" for n in range(20_000)))
    path.write_bytes(data)
    before = ledger.head().size
    prepare(import_file.beside(path), data, planned(ledger, data), ledger, importer())
    command = [sys.executable, "-c", KILLED, str(tmp_path / "ledger.db"), str(path), str(after)]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert killed.returncode not in (0, 1), killed.stderr
    recorded = ledger.head().size - before
    assert recorded == 10 * after
    assert sum(batch.lines for batch in append(import_file.beside(path), ledger)) == 20_000
    mined = [r.event for r in ledger.records.between(before) if isinstance(r.event, e.Mined)]
    parcels = [line.parcel for event in mined for line in event.lines]
    assert len(parcels) == len(set(parcels)) == 20_000


def test_killed_while_the_statements_were_written_leaves_nothing_behind(
    ledger: Ledger, tmp_path: Path
) -> None:
    """Killed while they were written: what is not complete has another name, and the next run begins anew."""
    path = tmp_path / "s.csv"
    data = sheet("A,1,karowe,2024-01-02")
    path.write_bytes(data)
    saved = import_file.beside(path)
    saved.with_name(f"{saved.name}.{os.getpid()}.part").write_bytes(b"half")
    assert begun(saved, data, PRODUCTION.name, ledger) is None
    assert imported(ledger, path, data) == 1


def test_histories_from_json_lines_are_recorded_with_their_discrepancies(ledger: Ledger) -> None:
    """The same 37, through the import: every line a history."""
    histories = list(read_histories(histories_path()))
    found = plan_histories(histories, ledger, importer("archive"))
    assert found.faults == ()
    assert len({draft.rows for draft in found.drafts}) == 37
    assert sum(len(draft.event.discrepancies) for draft in found.drafts) == 270


HISTORY_ROWS = """history,title,kind,type,date,actor,counterparty,piece,weight (ct),sources
h1,One,stone,mined,2014,Mine A,,,10.50,https://example.org
h1,,,polished,2015,Cutter,,,10.50,https://example.org
h1,,,output,,,,pear,4.20,
h2,Two,stone,mined,2014,Mine A,,,5.50,https://example.org
h2,,,sold,{date},Mine A,Buyer,,5.50,https://example.org
"""


def test_a_history_is_recorded_whole_or_not_at_all(ledger: Ledger) -> None:
    """A fault in one row keeps the history's other rows out, and no other history."""
    good = planned(ledger, HISTORY_ROWS.format(date="2015").encode(), HISTORY, "archive")
    assert good.faults == ()
    bad = planned(ledger, HISTORY_ROWS.format(date="the other day").encode(), HISTORY, "archive")
    assert faults(bad) == [(5, "history-incomplete"), (6, "cell-kind")]
    assert {row for draft in bad.drafts for row in draft.rows} == {2, 3}


def test_a_history_is_recorded_once(ledger: Ledger, tmp_path: Path) -> None:
    """Its parcel is there: the row is named, whatever file it comes from."""
    data = HISTORY_ROWS.format(date="2015").encode()
    assert imported(ledger, tmp_path / "h.csv", data, HISTORY, "archive") > 4
    found = planned(ledger, data, HISTORY, "archive")
    assert [code for _, code in faults(found) if code == "history-known"] == ["history-known"] * 2
    assert found.drafts == ()


MINED, SOLD = "mined,2014,,,,1.50,u\n", "sold,2015,,,,1.50,u\n"


@pytest.mark.parametrize(
    ("rows", "row", "code"),
    [
        (f"h1,,stone,{MINED}", 2, "cell-missing"),
        ("h1,One,stone,output,,,,pear,1.50,\n", 2, "history-output-first"),
        (f"h1,A,stone,{MINED}h2,B,stone,{MINED}h1,,,{SOLD}", 4, "history-scattered"),
        (f"{'h' * 50},A,stone,{MINED}", 2, "history-id-long"),
    ],
)
def test_rows_of_a_history_out_of_order_are_named(ledger: Ledger, rows: str, row: int, code: str) -> None:
    """A history begins with its title, its rows stand together, an output stands under its act."""
    headings = HISTORY_ROWS.partition("\n")[0] + "\n"
    assert (row, code) in faults(planned(ledger, (headings + rows).encode(), HISTORY, "archive"))
