"""How a table is written is detected where it can be known, and open where it cannot: never guessed."""

from __future__ import annotations

import pytest

from ledger.errors import Malformed, Unconfirmed
from ledger.exchange import dialect as d
from ledger.exchange.cells import check
from ledger.exchange.tabular import Options, Table, read_table
from ledger.exchange.templates import PRODUCTION, TEMPLATES

HEADINGS = "parcel,weight (ct),site,date"
ROW = "P1,12.50,karowe,2024-01-02"
SHEET = f"{HEADINGS}\n{ROW}\n"


def read(data: bytes | str, **options: object) -> Table:
    """The sheet under the production template."""
    return read_table(
        data.encode() if isinstance(data, str) else data,
        PRODUCTION,
        Options(**options),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp1250", "cp850"]
)
def test_separator_and_encoding_are_detected(separator: str, encoding: str) -> None:
    """Every separator in every encoding; names of places come through whole."""
    text = "parcel,weight (ct),site,date,name\nP1,12.50,karowe,2024-01-02,Séguéla\n".replace(",", separator)
    table = read(text.encode(encoding))
    assert table.dialect["separator"] == separator
    assert table.rows[0][1] == ("P1", "12.50", "karowe", "2024-01-02", "Séguéla")
    assert not any(part.given for part in table.dialect.parts)


@pytest.mark.parametrize(("encoding", "name"), [("cp1252", "Côte"), ("cp850", "Séguéla"), ("cp1250", "Łódź")])
def test_a_code_page_is_told_by_its_letters(encoding: str, name: str) -> None:
    """Only one of the three makes letters of all the bytes."""
    part = d.encoding_of(name.encode(encoding))
    assert part.value is not None
    assert name.encode(encoding).decode(part.value) == name


def test_a_code_page_that_may_be_another_is_open() -> None:
    """E8 is an e in western Europe and a c in central Europe: it must be given."""
    data = SHEET.replace("P1", "Pč").encode("cp1250")
    with pytest.raises(Unconfirmed, match="--encoding") as trouble:
        read(data)
    assert trouble.value.code == "dialect-open"
    assert read(data, encoding="cp1250").rows[0][1][0] == "Pč"
    assert read(data, encoding="cp1252").rows[0][1][0] == "Pè"


@pytest.mark.parametrize(
    ("weights", "mark"),
    [
        (["12.5"], "."),
        (["12,5"], ","),
        (["0.345"], "."),
        (["1,234.5"], "."),
        (["1.234,5"], ","),
        (["1.234.567"], ","),
        (["12", "7"], "."),
        (["1.234", "0.5"], "."),
        (["1.234", "0,5"], ","),
        (["12.345"], None),
        (["1,234", "12,345"], None),
        (["0.5", "0,5"], None),
        (["12,5,0", "1,5"], ","),
        (["twelve", "1.2.3"], "."),
        (["1 234,5"], ","),
    ],
)
def test_a_decimal_mark_is_told_or_open(weights: list[str], mark: str | None) -> None:
    """12.345 may be twelve carats or twelve thousand; nobody decides that in silence."""
    assert d.decimal_of(weights).value == mark


def test_an_open_decimal_mark_must_be_given() -> None:
    """Given, it is taken; the two readings differ a thousandfold."""
    sheet = SHEET.replace("12.50", "12.345")
    with pytest.raises(Unconfirmed, match="--decimal"):
        read(sheet)
    assert read(sheet, decimal=".").dialect["decimal"] == "."


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("weight (ct)", "ct"), ("Weight [g]", "g"), ("weight_g", "g"), ("carats", "ct"), ("grams", "g"),
        ("WEIGHT (Carats)", "ct"),
    ],
)  # fmt: skip
def test_the_unit_is_told_by_the_heading(heading: str, unit: str) -> None:
    """Grams are five carats each, so nothing is assumed."""
    assert read(SHEET.replace("weight (ct)", heading)).dialect["unit"] == unit


def test_a_weight_without_a_unit_is_open() -> None:
    """A heading that only says weight."""
    sheet = SHEET.replace("weight (ct)", "weight")
    with pytest.raises(Unconfirmed, match="--unit"):
        read(sheet)
    assert read(sheet, unit="g").dialect["unit"] == "g"


def test_headings_nobody_knows_leave_the_separator_open() -> None:
    """Without one known column there is nothing to tell it by."""
    with pytest.raises(Unconfirmed, match="--separator"):
        read("a,b;c\n1,2;3\n")


def test_a_line_that_names_the_separator_counts_as_a_row() -> None:
    """Spreadsheets write it; the rows below keep the numbers that they show."""
    table = read(f"sep=;\n{SHEET}".replace(",", ";"))
    assert table.dialect["separator"] == ";"
    assert table.rows[0][0] == 3


@pytest.mark.parametrize(
    ("text", "decimal", "plain"),
    [
        ("12,5", ",", "12.5"),
        ("1 234,5", ",", "1234.5"),
        ("1\u202f234,5", ",", "1234.5"),
        ("1'234.5", ".", "1234.5"),
        ("1.234,5", ",", "1234.5"),
        ("-3", ".", "-3"),
    ],
)
def test_numbers_are_read_with_their_mark(text: str, decimal: str, plain: str) -> None:
    """Spaces and apostrophes divide thousands; so does the other mark where both are there."""
    assert d.plain_number(text, decimal) == plain


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("12,5,0", ","), ("1.234", ","), ("12.5", ","), ("12,5", "."), ("1e3", "."), ("0x10", "."), ("", "."),
        ("١٢", "."), ("12 5", "."), ("1.23,4", ","), ("+5", "."), ("--5", "."), ("NaN", "."), ("9" * 16, "."),
    ],
)  # fmt: skip
def test_what_is_no_number_is_none(text: str, decimal: str) -> None:
    """Nothing is repaired: not even a point that divides thousands without a decimal mark behind it."""
    with pytest.raises(ValueError):
        d.plain_number(text, decimal)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'parcel,weight (ct),site,date\nP1,"12.50,karowe,2024-01-02\n', "table-quote"),
        (b'parcel,weight (ct),site,date\n"P"1,12.50,karowe,2024-01-02\n', "table-quote"),
        (b"parcel,weight (ct),site,date\nP1\x00,12.50,karowe,2024-01-02\n", "table-nul"),
        (b"parcel,parcel,weight (ct),site,date\nP1,P2,1,karowe,2024\n", "column-twice"),
        (b"parcel,carats,weight (g),site,date\nP1,2,1,karowe,2024\n", "column-twice"),
        (b"parcel,weight (ct),site,date,colour\nP1,1,karowe,2024,D\n", "column-unknown"),
        (b"parcel,weight (ct),site\nP1,1,karowe\n", "column-missing"),
        (b"parcel,weight (ct),site,date\n", "table-no-rows"),
        (b"parcel,weight (ct),site,date\n,,,\n\n", "table-no-rows"),
        (HEADINGS.encode() + b"," * 70 + b"\n" + b",".join([b"1"] * 75) + b"\n", "table-columns"),
        (b"\xff\xfe" + SHEET.encode("utf-16-le")[:-1], "table-encoding"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "table-old-workbook"),
        (HEADINGS.encode() + b'\nP1,"' + b"x" * 200_000 + b'",karowe,2024\n', "table-quote"),
    ],
)
def test_a_hostile_table_is_refused_by_name(data: bytes, code: str) -> None:
    """Open quotation marks, zero bytes, headings twice or unknown, cells and columns without end."""
    with pytest.raises(Malformed) as trouble:
        read(data)
    assert trouble.value.code == code
    assert str(trouble.value)


def test_an_encoding_nobody_knows_is_named() -> None:
    """A misspelt option is not a fault of the program."""
    with pytest.raises(Malformed, match="utf-88"):
        read(SHEET, encoding="utf-88")


def test_columns_can_be_named_and_left_out_but_not_in_silence() -> None:
    """The sheet of another country, with its own headings."""
    sheet = "Colis,Poids,Site,Jour,Couleur\nP1,12.50,karowe,2024-01-02,D\n"
    names = {"Colis": "parcel", "Poids": "weight (ct)", "Jour": "date", "Couleur": "-"}
    table = read(sheet, columns=names)
    assert [column.name if column else None for column in table.columns] == [
        "parcel", "weight", "site", "date", None,
    ]  # fmt: skip
    with pytest.raises(Malformed, match="Couleur"):
        read(sheet, columns={k: v for k, v in names.items() if v != "-"})


def test_every_column_of_every_template_is_known_by_its_own_heading() -> None:
    """What `adamas template` prints is what the import understands."""
    for template in TEMPLATES.values():
        for column in template.columns:
            found = template.recognised(column.name.upper().replace(" ", "_"))
            assert found is not None
            assert found[0] is column


def dated(*dates: str, **options: object) -> Table:
    """A sheet with these dates."""
    rows = "\n".join(f"P{n},12.50,karowe,{date}" for n, date in enumerate(dates))
    return read(f"{HEADINGS}\n{rows}\n", **options)


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["2024-01-02", "2024"], None),
        (["24.11.2024"], "day-first"),
        (["4.11.2024"], "day-first"),
        (["24/11/2024", "04/11/2024"], "day-first"),
        (["04/11/2024", "11/24/2024"], "month-first"),
        (["04-11-2024", "24-11-2024", "2024-11"], "day-first"),
    ],
)
def test_which_comes_first_day_or_month_is_told_or_open(dates: list[str], order: str | None) -> None:
    """A day above twelve tells it for the whole file, and dots do; nothing is said where nothing is in
    doubt.
    """
    table = dated(*dates)
    assert [part.value for part in table.dialect.parts if part.name == "dates"] == ([order] if order else [])
    lines, faults = check(table)
    assert faults == []
    fourth = "2024-04-11" if order == "month-first" else "2024-11-04"
    assert {fourth, "2024-11-24", "2024-01-02", "2024", "2024-11"} >= {x.values["date"] for x in lines}


@pytest.mark.parametrize(
    "dates", [["04/11/2024"], ["24/11/2024", "11/24/2024"], ["24.11.2024", "11/24/2024"]]
)
def test_an_open_date_must_be_given(dates: list[str]) -> None:
    """It can be read in two ways, or the file writes both; what is no date then is a fault of its row."""
    with pytest.raises(Unconfirmed, match="leaves --dates open") as trouble:
        dated(*dates)
    assert trouble.value.values["part"] == "dates"
    for order, wanted in (("day-first", "2024-11-04"), ("month-first", "2024-04-11")):
        lines, _ = check(dated("04/11/2024", dates=order))
        assert [line.values["date"] for line in lines] == [wanted]
    _, faults = check(dated("24/11/2024", dates="month-first"))
    assert [(fault.code, fault.values["value"]) for fault in faults] == [("cell-kind", "24/11/2024")]


def test_an_order_that_is_given_is_not_asked_where_no_date_needs_it() -> None:
    """Dates with the year first stay as they are."""
    assert [part.name for part in dated("2024-01-02", dates="month-first").dialect.parts][-1] == "unit"
    assert check(dated("2024-01-02", dates="month-first"))[0][0].values["date"] == "2024-01-02"
