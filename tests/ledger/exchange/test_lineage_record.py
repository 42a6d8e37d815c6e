"""A lineage as data: JSON for programs, rows for a spreadsheet."""

from __future__ import annotations

import json

import pytest

from ledger.domain import events as e
from ledger.domain.moments import as_recorded_index
from ledger.exchange.lineage_record import HEADERS, cell, rows, value
from ledger.projections.tracing import trace, track
from tests.book import Book
from tests.lineages import Shelf, correct, goods, told


def gap() -> Book:
    """Mined by one, sold by another, cut by the buyer."""
    book = Book()
    told(book, e.Mined(by="miner-1", site="karowe", lines=goods(S=478_000)), "2008-09")
    told(book, e.Sold(by="dealer-1", parcels=("S",), to="dealer-2"), "2008-12")
    told(book, e.Polished(by="dealer-2", parcel="S", outputs=goods(G=102_790), complete=False), None)
    return book


def test_the_value_holds_everything_and_is_json() -> None:
    """Parcels, makings, edges, origins, yields, remarks, and the sentence about its limits."""
    found = json.loads(json.dumps(value(track(Shelf(gap()), "S"))))
    assert (found["parcel"], found["direction"], found["moment"]["kind"]) == ("S", "track", "now")
    assert [p["parcel"] for p in found["parcels"]] == ["S", "G"]
    rough = found["parcels"][0]
    assert (rough["weight"], rough["how"], rough["from_sources"]) == (478_000, "used up", True)
    assert [c["holder"] for c in rough["custody"]] == ["miner-1", "dealer-1", "dealer-2"]
    assert rough["custody"][0]["country"] == "BW"
    assert rough["gaps"][0]["code"] == "gap-other-source"
    assert found["edges"] == [
        {"from": "S", "to": "G", "weight": 102_790, "act": "parcel-polished/1", "entry": 31}
    ]
    assert found["makings"][0]["complete"] is False
    assert found["yields"] == [
        {
            "parcel": "S",
            "rough": 478_000,
            "polished": 102_790,
            "permille": 215,
            "complete": False,
            "cuts": [31],
        }
    ]
    assert [o["kind"] for o in found["origins"]] == ["mined"]
    assert {r["code"] for r in found["remarks"]} == {"gap-other-source", "trace-discrepancy"}
    assert "not that the record is true of the stones" in found["limits"]


def test_a_correction_stands_with_its_act_in_the_value() -> None:
    """Field, value before, value after, and by which entry."""
    book = Book()
    wrong = book.mine("P1", 12_500)
    correction = correct(book, wrong, e.Mined(by="miner-1", site="karowe", lines=goods(P1=12_050)))
    (act,) = value(trace(Shelf(book), "P1"))["parcels"][0]["acts"]
    assert act["corrected"] == {
        "by_entry": correction.index,
        "reason": "typing error",
        "changes": [{"field": "lines.1.weight", "before": "12.50 ct", "after": "12.05 ct"}],
    }
    (before,) = value(trace(Shelf(book), "P1", as_recorded_index(wrong.index)))["parcels"][0]["acts"]
    assert "corrected" not in before


def test_certificates_are_told_with_their_fate() -> None:
    """Status, origins and destination as they are now."""
    book = Book()
    book.mine("P1", 12_500, hs="710210")
    book.certify("P1", 12_500)
    (found,) = value(trace(Shelf(book), "P1"))["certificates"]
    assert (found["certificate"], found["status"], found["origins"]) == ("BW/00000107", "issued", ["BW"])
    assert found["destination"] == "EU"


def test_rows_are_spans_of_custody_with_the_gap_before_them() -> None:
    """Weights in carats with three decimals; each row as long as the headers."""
    found = list(rows(track(Shelf(gap()), "S")))
    assert {len(row) for row in found} == {len(HEADERS)}
    table = [dict(zip(HEADERS, row, strict=True)) for row in found]
    assert [(r["parcel"], r["holder"], r["carats"]) for r in table] == [
        ("S", "miner-1", "478.000"),
        ("S", "dealer-1", "478.000"),
        ("S", "dealer-2", "478.000"),
        ("G", "dealer-2", "102.790"),
    ]
    assert [bool(r["gap_before"]) for r in table] == [False, True, False, False]
    assert table[1]["opened_by_entry"] is None
    assert table[3]["made_from"] == "S"
    assert {r["from_sources"] for r in table} == {"yes", "no"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\r@"])
def test_no_cell_is_taken_for_a_formula(start: str) -> None:
    """What a spreadsheet would compute begins with an apostrophe; an id with a dash inside does not."""
    assert cell(start + "cmd|' /C calc'!A0") == "'" + start + "cmd|' /C calc'!A0"
    assert cell("K-0001") == "K-0001"
    assert cell(None) is None


def test_hostile_names_are_cells() -> None:
    """Through the rows as they are written."""
    book = Book()
    record = book.act(e.Mined(by="=1+1", site="@x", lines=(e.Goods("-P", 1_000, name="+n"),)))
    book.records.append(record)
    (row,) = rows(trace(Shelf(book), "-P"))
    assert row[:4] == ("'-P", "'+n", "", "'=1+1")
    assert row[8] == "'@x"
