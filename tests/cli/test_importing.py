"""``adamas import`` and ``adamas template``: shown and confirmed, checked whole, going on after a kill."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger.application import Ledger
from ledger.domain import events as e
from ledger.exchange.demonstration_data import histories_path
from ledger.exchange.sheets import WORKBOOK, rows_of_sheet
from tests.laptop import LEDGER, Laptop

ROOT = Path(__file__).resolve().parents[2]
HEADINGS = "parcel;weight (ct);site;date\n"
MINER = ("--as", "production-sheet", "--key", "miner-1")


def put(laptop: Laptop, text: str, name: str = "s.csv", encoding: str = "utf-8") -> str:
    """A file on the laptop."""
    (laptop.folder / name).write_bytes(text.encode(encoding))
    return name


def sheet(*rows: str) -> str:
    """A production sheet as it is written in central Europe."""
    return HEADINGS + "".join(f"{row}\n" for row in rows)


GOOD = sheet("A;12,50;karowe;2024-01-02", "B;3,07;karowe;2024-01-03")


def test_what_was_detected_is_shown_and_must_be_confirmed(laptop: Laptop) -> None:
    """Nobody is there to confirm it: nothing is recorded, and the options are named."""
    size = laptop.size()
    ran = laptop("import", put(laptop, GOOD), *MINER)
    assert ran.code == 9
    assert "separator  ;" in ran.err
    assert "decimal    ," in ran.err
    assert "add --yes, or give --encoding, --separator, --decimal, --unit" in ran.err
    assert laptop.size() == size
    assert not (laptop.folder / "s.csv.adamas-import").exists()


def test_yes_takes_it_as_detected(laptop: Laptop) -> None:
    """Two days, two acts; the weights have come through the decimal comma."""
    ran = laptop.ok("import", put(laptop, GOOD), *MINER, "--yes")
    assert "recorded 2 acts, entries" in ran.out
    assert laptop.body(laptop.size() - 2)["lines"][0]["weight"] == 12_500


def test_options_for_all_of_it_need_no_confirmation(laptop: Laptop) -> None:
    """What was given is not asked about."""
    said = ("--encoding", "utf-8", "--separator", "semicolon", "--decimal", "comma", "--unit", "carats")
    ran = laptop.ok("import", put(laptop, GOOD), *MINER, *said, "--json")
    assert ran.data["lines"] == 2
    assert ran.data["receipt"].startswith(f"{ran.data['last']}:")


def test_what_the_file_leaves_open_must_be_given_even_with_yes(laptop: Laptop) -> None:
    """12,345 is twelve carats or twelve thousand."""
    name = put(laptop, sheet("A;12,345;karowe;2024-01-02"))
    ran = laptop("import", name, *MINER, "--yes")
    assert ran.code == 9
    assert "dialect-open" in ran.err
    assert "--decimal" in ran.err
    laptop.ok("import", name, *MINER, "--yes", "--decimal", "comma")
    assert laptop.body(laptop.size() - 1)["lines"][0]["weight"] == 12_345


def test_every_fault_is_told_and_nothing_is_recorded(laptop: Laptop) -> None:
    """Row and column, with the code."""
    size = laptop.size()
    name = put(laptop, sheet("A;12,5,0;karowe;2024-01-02", "B;1,5;karowe;2024-01-02", "C;;karowe;soon"))
    ran = laptop("import", name, *MINER, "--yes")
    assert ran.code == 4
    assert 'row 2, column weight: weight-not-a-number: "12,5,0" is not a number' in ran.err
    assert ran.err.count("  next for weight-not-a-number: write the weight in the sheet's unit") == 1
    assert "row 4, column weight: cell-missing" in ran.err
    assert "row 4, column date: cell-kind" in ran.err
    assert "2 of 3 rows have faults" in ran.err
    assert laptop.size() == size


def test_dates_as_they_are_written_in_the_world(laptop: Laptop) -> None:
    """Day first is detected and shown; what could be either must be given; what is recorded is one
    spelling.
    """
    size = laptop.size()
    open_ = put(laptop, sheet("A;1,5;karowe;03/04/2024"))
    ran = laptop("import", open_, *MINER, "--yes")
    assert ran.code == 9
    assert "--dates open: 03/04/2024 can be read in two ways; give one of day-first" in ran.err
    ran = laptop.ok("import", put(laptop, sheet("B;1,5;karowe;24.11.2023"), "b.csv"), *MINER, "--yes")
    assert "  dates      day-first  as in 24.11.2023" in ran.err
    laptop.ok(
        "import", put(laptop, sheet("C;1,5;karowe;03/04/2024")), *MINER, "--yes", "--dates", "day-first"
    )
    with Ledger.open(laptop.ledger, write=False) as ledger:
        said = [ledger.records.recorded(index).occurred for index in (size, size + 1)]
    assert said == ["2023-11-24", "2024-04-03"]


def test_what_only_rules_refuse_ends_as_a_refusal(laptop: Laptop) -> None:
    """An unknown site, an id that is taken: code 3, each with its row."""
    name = put(laptop, sheet("K1;1,5;karowe;2024-01-02", "B;1,5;karowe;2024-01-02"))
    ran = laptop("import", name, *MINER, "--yes")
    assert ran.code == 3
    assert "row 2, column parcel: id-taken" in ran.err
    assert "  next for id-taken: choose another id; adamas find K1 shows what has this one" in ran.err


def test_skip_errors_records_the_good_rows_and_writes_the_others(laptop: Laptop) -> None:
    """The rejects are mended and imported; then all is there, each once."""
    name = put(laptop, sheet("A;1,5;karowe;2024-01-02", "B;x;karowe;2024-01-02", "C;2,5;karowe;2024-01-02"))
    ran = laptop.ok("import", name, *MINER, "--yes", "--skip-errors", "--json")
    assert (ran.data["lines"], ran.data["rejects"]) == (2, "s.csv.rejects.csv")
    rejects = laptop.folder / "s.csv.rejects.csv"
    text = rejects.read_text(encoding="utf-8-sig")
    assert "weight-not-a-number" in text
    assert "A;" not in text
    rejects.write_text(text.replace("B;x;", "B;3,5;"), encoding="utf-8")
    laptop.ok("import", rejects.name, *MINER, "--yes")
    assert laptop.body(laptop.size() - 1)["lines"] == [{"parcel": "B", "weight": 3_500}]


def test_without_one_good_row_nothing_is_recorded(laptop: Laptop) -> None:
    """The rejects are written all the same."""
    name = put(laptop, sheet("A;x;karowe;2024-01-02"))
    ran = laptop("import", name, *MINER, "--yes", "--decimal", "comma", "--skip-errors")
    assert ran.code == 4
    assert "import-nothing" in ran.err
    assert (laptop.folder / "s.csv.rejects.csv").exists()


def test_a_dry_run_records_nothing(laptop: Laptop) -> None:
    """It says how many it would be."""
    size = laptop.size()
    ran = laptop.ok("import", put(laptop, GOOD), *MINER, "--yes", "--dry-run")
    assert "would record 2 of 2 rows in 2 acts" in ran.out
    assert laptop.size() == size


def test_the_same_command_again_records_nothing_again(laptop: Laptop) -> None:
    """It answers with the first receipt."""
    first = laptop.ok("import", put(laptop, GOOD), *MINER, "--yes")
    size = laptop.size()
    again = laptop.ok("import", "s.csv", *MINER, "--yes")
    assert again.out == first.out
    assert "prepared before" in again.err
    assert laptop.size() == size


def test_a_table_that_changed_after_it_was_signed_is_not_mixed_up(laptop: Laptop) -> None:
    """The saved statements are of the table as it was."""
    laptop.ok("import", put(laptop, GOOD), *MINER, "--yes")
    put(laptop, GOOD + "C;1,50;karowe;2024-01-02\n")
    ran = laptop("import", "s.csv", *MINER, "--yes")
    assert ran.code == 8
    assert "import-other" in ran.err


def test_a_slip_of_the_unit_is_asked_about(laptop: Laptop) -> None:
    """--yes does not answer that; somebody must have looked."""
    usual = sheet(*(f"U{n};1,2{n};karowe;2024-01-02" for n in range(9)))
    laptop.ok("import", put(laptop, usual), *MINER, "--yes")
    name = put(laptop, sheet(*(f"V{n};6,1{n};karowe;2024-01-03" for n in range(9))), "grams.csv")
    ran = laptop("import", name, *MINER, "--yes")
    assert ran.code == 9
    assert "weight-slip: site karowe: 9 rows have a median of 6.14 ct" in ran.err
    assert "about 5 times too large" in ran.err
    laptop.ok("import", name, *MINER, "--yes", "--weights-confirmed")


def test_parties_with_names_from_every_code_page(laptop: Laptop) -> None:
    """Polish letters in the page that Poland used."""
    text = "party;roles;name\nlodz-1;dealer;Łódzkie Brylanty, Gdańsk\n"
    name = put(laptop, text, "p.csv", "cp1250")
    ran = laptop.ok("import", name, "--as", "parties", "--yes")
    assert "encoding   cp1250" in ran.err
    assert laptop.body(laptop.size() - 1)["name"] == "Łódzkie Brylanty, Gdańsk"


def test_a_workbook_imports(laptop: Laptop) -> None:
    """Numbers and dates as a spreadsheet keeps them."""
    import openpyxl

    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    for row in (["parcel", "weight (g)", "site", "date"], ["W1", 2.5, "karowe", "2024-01-02"]):
        first.append(row)
    book.save(laptop.folder / "s.xlsx")
    ran = laptop.ok("import", "s.xlsx", *MINER, "--yes")
    assert "sheet      Sheet" in ran.err
    assert laptop.body(laptop.size() - 1)["lines"] == [{"parcel": "W1", "weight": 12_500}]


def test_without_the_extra_a_workbook_is_unavailable(laptop: Laptop) -> None:
    """The sentence says what to install, and that CSV needs nothing."""
    (laptop.folder / "s.xlsx").write_bytes(b"PK\x03\x04" + bytes(100))
    code = (
        "import sys; sys.modules['openpyxl'] = None\n"
        "from cli.main import run\n"
        f"run(['--ledger', {LEDGER!r}, 'import', 's.xlsx', '--as', 'production-sheet', '--key', 'miner-1'])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=laptop.folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 10
    assert "adamas[xlsx]" in ran.stderr


@pytest.mark.parametrize(
    ("name", "key"), [("production-sheet", "miner-1"), ("parties", "authority"), ("history", "old-1")]
)
def test_a_template_is_printed_and_imports_itself(laptop: Laptop, name: str, key: str) -> None:
    """The example is a file that can be recorded as it is."""
    put(laptop, laptop.ok("template", name).out, f"{name}.csv")
    ran = laptop.ok("import", f"{name}.csv", "--as", name, "--key", key, "--yes", "--json")
    assert ran.data["lines"] >= 2


def number(cell: str) -> str:
    """A cell in one spelling: 12.50 is 12.5."""
    return str(float(cell)) if re.fullmatch(r"[0-9]+\.[0-9]+", cell) else cell


@pytest.mark.parametrize(
    ("name", "key"), [("production-sheet", "miner-1"), ("parties", "authority"), ("history", "old-1")]
)
def test_a_template_is_written_as_a_workbook_and_imports_itself(laptop: Laptop, name: str, key: str) -> None:
    """By the file's name; what it holds is what the CSV holds, and nothing is written over."""
    pytest.importorskip("openpyxl")
    laptop.ok("template", name, "--out", f"{name}.xlsx")
    data = (laptop.folder / f"{name}.xlsx").read_bytes()
    assert data[:4] == WORKBOOK
    rows = [[number(str(cell)) for cell in row] for _, row in rows_of_sheet(data, name)]
    printed = csv.reader(io.StringIO(laptop.ok("template", name).out))
    assert rows == [[number(cell) for cell in row] for row in printed]
    again = laptop("template", name, "--out", f"{name}.xlsx")
    assert (again.code, "artefact-exists" in again.err) == (7, True)
    assert (laptop.folder / f"{name}.xlsx").read_bytes() == data
    ran = laptop.ok("import", f"{name}.xlsx", "--as", name, "--key", key, "--yes", "--json")
    assert ran.data["lines"] >= 2


def test_a_template_is_written_as_csv_under_any_other_name(laptop: Laptop) -> None:
    """The same text as is printed; a profile is no sheet."""
    laptop.ok("template", "parties", "--out", "parties.txt")
    assert (laptop.folder / "parties.txt").read_text("utf-8") == laptop.ok("template", "parties").out
    ran = laptop("template", "profile", "--out", "profile.xlsx")
    assert (ran.code, "a profile is no sheet" in ran.err) == (2, True)
    laptop.ok("template", "profile", "--out", "profile.toml")
    laptop.ok("template", "certificates", "--out", "certificates.csv")
    ran = laptop("template", "parties", "--out", "nowhere/parties.csv")
    assert (ran.code, "artefact-unwritable" in ran.err) == (7, True)


def test_the_37_histories_import_from_their_own_file(laptop: Laptop) -> None:
    """JSON lines, signed by the archivist; the second time they are there."""
    (laptop.folder / "h.jsonl").write_bytes(histories_path().read_bytes())
    words = ("--as", "history", "--key", "old-1", "--json")
    ran = laptop.ok("import", "h.jsonl", *words, "--seen", "2026-11-23")
    assert ran.data["acts"] == 271
    (laptop.folder / "h2.jsonl").write_bytes(histories_path().read_bytes())
    again = laptop("import", "h2.jsonl", *words)
    assert again.code == 4
    assert "history-known" in again.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--separator", "dot"), "give one of"),
        (("--decimal", ";"), "give one of comma, point"),
        (("--unit", "ounces"), "carats, grams"),
        (("--column", "Weight"), "HEADING=COLUMN"),
        (("--seen", "yesterday"), "yesterday"),
        (("--seen", "2024/2025"), "one date"),
        (("--as", "recipes"), "recipes"),
    ],
)
def test_options_that_make_no_sense_are_named(laptop: Laptop, words: tuple[str, ...], said: str) -> None:
    """Before the file is opened."""
    ran = laptop("import", put(laptop, GOOD), *MINER, *words)
    assert ran.code == 2
    assert said in ran.err


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEADINGS + '"A;1,5;karowe;2024\n', "table-quote"),
        ("parcel;parcel;weight (ct);site;date\nA;A;1;karowe;2024\n", "column-twice"),
        ("parcel;weight (ct);site;date;colour\nA;1;karowe;2024;D\n", "column-unknown"),
        ("parcel;weight (ct);site;date\nA\0;1;karowe;2024\n", "table-nul"),
    ],
)
def test_a_file_that_is_no_table_ends_with_its_code(laptop: Laptop, text: str, code: str) -> None:
    """Malformed, 4."""
    ran = laptop("import", put(laptop, text), *MINER, "--yes")
    assert ran.code == 4
    assert f"adamas: {code}: " in ran.err


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_the_command_killed_in_the_middle_goes_on(laptop: Laptop) -> None:
    """A real process, killed while it records; given again, the same command records the rest, once."""
    rows = (f"P{n};1,25;karowe;2024-01-{1 + n // 2_000:02}" for n in range(40_000))
    name = put(laptop, sheet(*rows))
    before = laptop.size()
    words = ["import", name, *MINER, "--yes"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from cli.main import run; run()", *words], cwd=laptop.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    while laptop.size() == before and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (laptop.folder / "s.csv.adamas-import").exists()
    laptop.ok(*words)
    with Ledger.open(str(laptop.folder / LEDGER), write=False) as ledger:
        mined = [r.event for r in ledger.records.between(before) if isinstance(r.event, e.Mined)]
    parcels = [line.parcel for event in mined for line in event.lines]
    assert len(parcels) == len(set(parcels)) == 40_000


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_on_a_terminal_a_person_is_asked(laptop: Laptop) -> None:
    """The decimal mark that the file leaves open, with a wrong answer first; then whether all is right."""
    import pty

    name = put(laptop, sheet("A;12,345;karowe;2024-01-02"))
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from cli.main import run; run()", "import", name, *MINER], cwd=laptop.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=terminal, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    os.write(keyboard, b"dot\ncomma\ny\n")
    out, err = process.communicate(timeout=60)
    os.close(keyboard)
    os.close(terminal)
    assert process.returncode == 0, err
    assert b"recorded 1 act, entry" in out
    assert b"Is that how the file is written?" in err
    assert laptop.body(laptop.size() - 1)["lines"][0]["weight"] == 12_345


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_a_person_who_says_no_records_nothing(laptop: Laptop) -> None:
    """Unconfirmed, 9."""
    import pty

    name, size = put(laptop, GOOD), laptop.size()
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from cli.main import run; run()", "import", name, *MINER], cwd=laptop.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=terminal, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    os.write(keyboard, b"n\n")
    process.communicate(timeout=60)
    os.close(keyboard)
    os.close(terminal)
    assert process.returncode == 9
    assert laptop.size() == size


def test_faults_are_json_too(laptop: Laptop) -> None:
    """A script reads the code and the count."""
    ran = laptop(
        "import", put(laptop, sheet("A;x;karowe;2024")), *MINER, "--yes", "--decimal", "comma", "--json"
    )
    said = ran.err[ran.err.index("{") :]
    assert json.loads(said)["code"] == "import-faults"
