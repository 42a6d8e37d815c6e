"""Cells, workbooks, rejects: every fault by row and column, no formula computed, no bomb unpacked."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from ledger.errors import Malformed, Unconfirmed
from ledger.exchange import rejects, sheets
from ledger.exchange.cells import check
from ledger.exchange.tabular import Options, Table, read_file, read_table
from ledger.exchange.templates import HISTORY, PARTIES, PRODUCTION, Template

HEADINGS = ["parcel", "weight (ct)", "stones", "hs", "site", "date"]
GOOD = ["P1", "12.50", "3", "710210", "karowe", "2024-01-02"]


def table(*rows: list[str], headings: list[str] = HEADINGS, template: Template = PRODUCTION) -> Table:
    """A CSV table of these rows."""
    text = "\n".join(";".join(cells) for cells in (headings, *rows)) + "\n"
    return read_table(text.encode(), template, Options(separator=";", decimal=".", encoding="utf-8"))


def faults(*rows: list[str], **options: Any) -> list[tuple[int, str | None, str]]:
    """Where and what."""
    return [(fault.row, fault.column, fault.code) for fault in check(table(*rows, **options))[1]]


def changed(**cells: str) -> list[str]:
    """The good row with some cells changed."""
    return [cells.get(heading.split()[0], cell) for heading, cell in zip(HEADINGS, GOOD, strict=True)]


def test_a_good_row_becomes_values() -> None:
    """Weights in thousandths, counts as integers, codes as text."""
    lines, found = check(table(GOOD))
    assert found == []
    assert lines[0].row == 2
    assert lines[0].values == {
        "parcel": "P1", "weight": 12_500, "stones": 3, "hs": "710210", "site": "karowe", "date": "2024-01-02",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"weight": "12,5,0"}, "weight", "weight-not-a-number"),
        ({"weight": "-12.5"}, "weight", "weight-negative"),
        ({"weight": "12.5001"}, "weight", "weight-too-fine"),
        ({"weight": "twelve"}, "weight", "weight-not-a-number"),
        ({"weight": "=1+1"}, "weight", "weight-not-a-number"),
        ({"weight": ""}, "weight", "cell-missing"),
        ({"parcel": "a:b"}, "parcel", "cell-kind"),
        ({"parcel": "x" * 65}, "parcel", "cell-kind"),
        ({"parcel": "x" * 4_001}, "parcel", "cell-long"),
        ({"parcel": "a\x07b"}, "parcel", "cell-control"),
        ({"parcel": "   "}, "parcel", "cell-missing"),
        ({"stones": "0"}, "stones", "cell-kind"),
        ({"stones": "2.5"}, "stones", "cell-kind"),
        ({"hs": "999999"}, "hs", "cell-kind"),
        ({"date": "30.02.2024"}, "date", "cell-kind"),
        ({"date": "2 January 2024"}, "date", "cell-kind"),
        ({"date": "2024-02-30"}, "date", "cell-kind"),
    ],
)
def test_each_fault_is_named_by_row_and_column(cells: dict[str, str], column: str, code: str) -> None:
    """The good rows around it are lines, and the sentence says what is expected."""
    assert faults(GOOD, changed(**cells), GOOD) == [(3, column, code)]
    fault = check(table(changed(**cells)))[1][0]
    assert str(fault).startswith(f"row 2, column {column}: {code}: ")


def test_all_faults_of_a_file_are_told_at_once() -> None:
    """A person mends a file once, not fault by fault."""
    rows = [changed(weight="x", stones="y"), GOOD, changed(date="z"), [*GOOD, "more"]]
    assert [(row, code) for row, _, code in faults(*rows)] == [
        (2, "weight-not-a-number"), (2, "cell-kind"), (4, "cell-kind"), (5, "row-long"),
    ]  # fmt: skip


def test_grams_are_five_carats_exactly() -> None:
    """0.0002 g is 0.001 ct; finer is no weight."""
    headings = ["parcel", "weight (g)", "stones", "hs", "site", "date"]
    lines, _ = check(table(changed(weight="2.5"), changed(weight="0.0002"), headings=headings))
    assert [line.values["weight"] for line in lines] == [12_500, 1]
    assert faults(changed(weight="0.0001"), headings=headings) == [(2, "weight", "weight-too-fine")]


def test_typed_text_is_normalised() -> None:
    """A letter and its accent become one character: the same id from every keyboard."""
    lines, _ = check(table(changed(parcel="Letse\u030cng")))
    assert lines[0].values["parcel"] == "Let\u0073\u011bng"


def test_empty_rows_are_passed_over_and_keep_their_numbers() -> None:
    """Row numbers stay those of the spreadsheet."""
    assert faults(GOOD, [""] * 6, changed(weight="x")) == [(4, "weight", "weight-not-a-number")]


def test_roles_are_words_with_spaces() -> None:
    """Each is checked."""
    rows = [["d-7", "dealer cutter"], ["d-8", "dealer king"]]
    lines, found = check(table(*rows, headings=["party", "roles"], template=PARTIES))
    assert lines[0].values["roles"] == ("dealer", "cutter")
    assert [(fault.row, fault.column) for fault in found] == [(3, "roles")]


def workbook(*rows: list[Any], headings: list[str] = HEADINGS, **more: list[list[Any]]) -> bytes:
    """A workbook with one sheet, and others by name."""
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    for row in (headings, *rows):
        first.append(row)
    for name, cells in more.items():
        sheet = book.create_sheet(name)
        for row in cells:
            sheet.append(row)
    return saved(book)


def saved(book: Any) -> bytes:
    """The workbook's bytes."""
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook_gives_values_with_exact_decimals() -> None:
    """Numbers, dates and text; 0.1 + 0.2 shows as 0.3, as in the spreadsheet."""
    day = dt.datetime(2024, 1, 2)  # noqa: DTZ001 - a spreadsheet's dates have no zone
    data = workbook(
        ["P1", 12.345, 3, "710210", "karowe", day], ["P2", 0.1 + 0.2, None, 710210, "karowe", day.date()]
    )
    lines, found = check(read_table(data, PRODUCTION, Options()))
    assert found == []
    assert [line.values["weight"] for line in lines] == [12_345, 300]
    assert [line.values["date"] for line in lines] == ["2024-01-02", "2024-01-02"]
    assert lines[1].values["hs"] == "710210"


def test_numbers_of_a_workbook_have_points_and_its_text_its_own_mark() -> None:
    """A German sheet with one weight typed as text."""
    data = workbook([*GOOD[:1], 0.5, *GOOD[2:]], [*GOOD[:1], "0,25", *GOOD[2:]])
    lines, _ = check(read_table(data, PRODUCTION, Options()))
    assert [line.values["weight"] for line in lines] == [500, 250]


def test_a_formula_without_a_value_is_a_fault_and_never_computed() -> None:
    """No program has opened the sheet since it was written, so there is no value."""
    data = workbook(["P1", "=1+1", 3, "710210", "karowe", "2024-01-02"])
    _, found = check(read_table(data, PRODUCTION, Options()))
    assert [(fault.row, fault.column, fault.code) for fault in found] == [(2, "weight", "cell-formula")]
    assert "=1+1" in str(found[0])


def test_a_formula_in_a_column_that_may_be_empty_is_a_fault_too() -> None:
    """It would be dropped in silence otherwise."""
    data = workbook(["P1", 12.5, "=3", "710210", "karowe", "2024-01-02"])
    assert [fault.code for fault in check(read_table(data, PRODUCTION, Options()))[1]] == ["cell-formula"]


def test_the_sheet_of_several_must_be_named() -> None:
    """Nobody guesses which month is meant."""
    data = workbook(GOOD, January=[HEADINGS, [*GOOD[:1], "1.5", *GOOD[2:]]])
    with pytest.raises(Unconfirmed, match="Sheet, January"):
        read_table(data, PRODUCTION, Options())
    found = read_table(data, PRODUCTION, Options(sheet="January"))
    assert found.rows[0][1][1] == "1.5"
    with pytest.raises(Malformed, match="no sheet February"):
        read_table(data, PRODUCTION, Options(sheet="February"))


def archive(**members: bytes) -> bytes:
    """A zip of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as parts:
        for name, data in members.items():
            parts.writestr(name, data)
    return stream.getvalue()


def with_part(data: bytes, name: str, change: tuple[bytes, bytes]) -> bytes:
    """A workbook with one part changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        members = {item: parts.read(item) for item in parts.namelist()}
    assert change[0] in members[name]
    members[name] = members[name].replace(*change)
    return archive(**members)


def test_a_zip_bomb_is_refused_before_it_unpacks() -> None:
    """300 MiB of nothing in 300 kB."""
    with pytest.raises(Malformed) as trouble:
        sheets.inspect(archive(bomb=bytes(300 * 1024 * 1024)))
    assert trouble.value.code == "workbook-big"


def test_a_size_that_lies_is_found() -> None:
    """The directory says a hundred bytes, the data are a million."""
    data = bytearray(archive(bomb=bytes(1_000_000)))
    place = data.rindex(b"PK\x01\x02") + 24
    data[place : place + 4] = (100).to_bytes(4, "little")
    with pytest.raises(Malformed) as trouble:
        sheets.inspect(bytes(data))
    assert trouble.value.code == "workbook-broken"


def test_many_parts_are_refused() -> None:
    """A directory of three thousand parts is no workbook."""
    with pytest.raises(Malformed) as trouble:
        sheets.inspect(archive(**{str(n): b"" for n in range(3_000)}))
    assert trouble.value.code == "workbook-big"


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


def test_entities_are_refused() -> None:
    """A billion laughs, or a file of this computer, would hide in them."""
    data = with_part(workbook(GOOD), "xl/worksheets/sheet1.xml", (b"<worksheet", ENTITIES + b"<worksheet"))
    with pytest.raises(Malformed) as trouble:
        read_table(data, PRODUCTION, Options())
    assert trouble.value.code == "workbook-entities"


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04" + bytes(200),
        workbook(GOOD)[:-40],
        with_part(workbook(GOOD), "xl/worksheets/sheet1.xml", (b"</row>", b"</wor>")),
        with_part(workbook(GOOD), "xl/workbook.xml", (b"<sheets>", b"<sheets")),
    ],
)
def test_a_broken_workbook_is_refused_by_name(data: bytes) -> None:
    """Cut off, or with XML that does not close."""
    with pytest.raises(Malformed) as trouble:
        read_table(data, PRODUCTION, Options())
    assert trouble.value.code == "workbook-broken"


def test_a_zip_of_something_else_is_no_workbook() -> None:
    """Such as a letter between ledgers: one clear sentence."""
    with pytest.raises(Malformed) as trouble:
        read_table(archive(hello=b"world"), PRODUCTION, Options())
    assert trouble.value.code == "workbook-none"


def test_a_workbook_with_columns_without_end_is_refused() -> None:
    """The limit counts what is there, not what the sheet says of its size."""
    with pytest.raises(Malformed) as trouble:
        read_table(workbook([*GOOD, *["x"] * 80]), PRODUCTION, Options())
    assert trouble.value.code == "table-columns"


def test_files_are_read_within_limits(tmp_path: Path) -> None:
    """Missing, empty, a folder: each by name."""
    with pytest.raises(Malformed, match="no file") as trouble:
        read_file(tmp_path / "none.csv")
    assert trouble.value.code == "table-missing"
    (tmp_path / "empty.csv").write_bytes(b" \n")
    with pytest.raises(Malformed, match="empty"):
        read_file(tmp_path / "empty.csv")
    with pytest.raises(Malformed) as trouble:
        read_file(tmp_path)
    assert trouble.value.code == "table-unreadable"


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    """A sparse file of 65 MiB."""
    big = tmp_path / "big.csv"
    with big.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
        file.seek(0)
        file.write(b"parcel")
    with pytest.raises(Malformed) as trouble:
        read_file(big)
    assert trouble.value.code == "table-big"


def test_rejects_hold_the_rows_as_they_were_with_the_reasons(tmp_path: Path) -> None:
    """The mended file imports: the reasons and the apostrophes are taken off again."""
    bad = changed(parcel="=HYPERLINK(1)", weight="12,5")
    found = table(GOOD, bad)
    place = rejects.write(tmp_path / "r.csv", found, check(found)[1])
    text = place.read_text(encoding="utf-8-sig")
    assert "'=HYPERLINK(1)" in text
    assert "weight: weight-not-a-number" in text
    assert "P1" not in text
    mended = text.replace("12,5;", "12.5;").encode()
    lines, left = check(read_table(mended, PRODUCTION, Options(separator=";", encoding="utf-8", decimal=".")))
    assert left == []
    assert lines[0].values["parcel"] == "=HYPERLINK(1)"


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"])
def test_no_cell_of_the_rejects_is_a_formula(cell: str) -> None:
    """A spreadsheet that opens the rejects computes nothing."""
    assert rejects.harmless(cell) == "'" + cell
    assert rejects.harmless("P1") == "P1"


def test_rejects_never_write_over_a_file(tmp_path: Path) -> None:
    """The second file gets a number."""
    found = table(changed(weight="x"))
    first, second = (rejects.write(tmp_path / "r.csv", found, check(found)[1]) for _ in range(2))
    assert (first.name, second.name) == ("r.csv", "r-2.csv")


def test_rejects_of_a_workbook_keep_one_decimal_mark() -> None:
    """Numbers and text of the sheet come out in the mark that the sheet's text has."""
    data = workbook(
        ["P1", 0.5, "x", "710210", "karowe", "2024-01-02"], ["P2", "0,25", "y", "", "karowe", "2024"]
    )
    found = read_table(data, PRODUCTION, Options())
    text = rejects.as_csv(found, check(found)[1])
    assert '"0,5"' in text
    assert '"0,25"' in text


def test_a_history_in_a_table_needs_its_sources() -> None:
    """Without a source nothing is documented."""
    rows = [["h", "H", "stone", "mined", "https://example.org"], ["h", "", "", "sold", ""]]
    headings = ["history", "title", "kind", "type", "sources"]
    from ledger.exchange.drafts import gather

    lines, found = check(table(*rows, headings=headings, template=HISTORY))
    assert found == []
    _, _, wrong = gather(lines)
    assert [(fault.row, fault.column, fault.code) for fault in wrong] == [(3, "sources", "cell-missing")]
