"""Answers of any length: the same bytes as when all of it is held in memory, and little of it is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import measured, output
from cli.measured import shown_width
from cli.output import as_json, emit_csv, emit_json, emit_table
from ledger.errors import StoreTrouble
from tests.peak import highest
from tests.refusing import refusing

CELLS = st.one_of(
    st.none(),
    st.text(max_size=6),
    st.integers(-9_999, 99_999),
    st.sampled_from(["12.50 ct", "US$ 3", "\u94bb"]),
)
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=12)
HEADERS = ("ID", "WEIGHT", "\u94bb\u77f3")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def said(work: Callable[[], None]) -> str:
    """What is written to standard output meanwhile, in pieces as small as can be."""
    told = io.StringIO()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(output, "_AT_ONCE", 10)
        patched.setattr(measured, "_FEW", 3)
        patched.setattr("sys.stdout", told)
        work()
    return told.getvalue()


def plain_table(rows: list[tuple[Any, ...]], *, empty: bool) -> str:
    """A table as it is made of lines that are all at hand."""
    lines = [["" if cell is None else output._within_its_line(str(cell)) for cell in row] for row in rows]
    places = [n for n in range(3) if empty or not lines or any(line[n] for line in lines)]
    kept = [[HEADERS[n] for n in places], *([line[n] for n in places] for line in lines)]
    widths = [max(map(shown_width, column)) for column in zip(*kept, strict=True)]
    right = [bool(lines) and all(measured._NUMBER.fullmatch(line[n]) for line in lines) for n in places]
    told = ""
    for line in kept:
        cells = []
        for cell, width, to_the_right in zip(line, widths, right, strict=True):
            blank = " " * (width - shown_width(cell))
            cells.append(blank + cell if to_the_right else cell + blank)
        told += "  ".join(cells).rstrip() + "\n"
    return told


@given(rows=ROWS, empty=st.booleans())
def test_a_table_is_the_same_however_it_is_kept(rows: list[tuple[Any, ...]], empty: bool) -> None:
    """Also when most of its lines have gone through a file."""
    told = said(lambda: emit_table(HEADERS, iter(rows), empty=empty))
    assert told == plain_table(rows, empty=empty)


@given(head=st.dictionaries(st.text(max_size=4), VALUES, max_size=3), lines=st.lists(VALUES, max_size=5))
def test_json_is_the_same_however_it_is_written(head: dict[str, Any], lines: list[Any]) -> None:
    """An array that is gone through is that of a list, wherever it stands among the members."""
    told = said(
        lambda: emit_json({"before": 1, "lines": iter(lines), **head, "more": iter([{"a": iter(lines)}])})
    )
    assert told == as_json({"before": 1, "lines": lines, **head, "more": [{"a": lines}]}) + "\n"


@given(rows=ROWS)
def test_csv_is_the_same_however_it_is_written(rows: list[tuple[Any, ...]]) -> None:
    """As the library writes all rows at once."""
    whole = io.StringIO()
    csv.writer(whole, lineterminator="\n").writerows([HEADERS, *rows])
    assert said(lambda: emit_csv(HEADERS, iter(rows))) == whole.getvalue()


def lines(count: int) -> Iterator[tuple[str, int]]:
    """So many lines, none of which is kept here."""
    return ((f"P{number:06}", number) for number in range(count))


WAYS: dict[str, Callable[[int], None]] = {
    "json": lambda count: emit_json({"lines": ({"id": name, "n": n} for name, n in lines(count))}),
    "csv": lambda count: emit_csv(("id", "n"), lines(count)),
    "table": lambda count: emit_table(("id", "n"), lines(count)),
}


@pytest.mark.parametrize("way", WAYS)
def test_memory_does_not_grow_with_the_answer(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four times as many lines take as much memory at the highest; to hold them would take 300 kB more."""
    monkeypatch.setattr(output, "_AT_ONCE", 2_000)
    monkeypatch.setattr(measured, "_FEW", 50)
    monkeypatch.setattr("click.echo", lambda *_, **__: None)
    assert highest(lambda: WAYS[way](2_000)) < 1.2 * highest(lambda: WAYS[way](500)) + 100_000


def test_where_there_is_no_room_for_a_long_table_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the folder where its lines should have waited."""
    monkeypatch.setattr(measured, "_FEW", 3)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with refusing(StoreTrouble, "store-scratch") as told:
        emit_table(("id", "n"), lines(3))
    assert str(tmp_path) in str(told.value)


def test_where_the_first_lines_fail_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """A short answer is whole or not there."""

    def failing(first: Any) -> Iterator[Any]:
        yield first
        raise LookupError

    with pytest.raises(LookupError):
        emit_json({"lines": failing({"n": 1})})
    with pytest.raises(LookupError):
        emit_csv(("n",), failing([1]))
    assert capsys.readouterr().out == ""
    emit_json({"lines": iter([{"n": 1}])})
    assert json.loads(capsys.readouterr().out) == {"lines": [{"n": 1}]}
