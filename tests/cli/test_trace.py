"""`adamas trace` and `adamas track`: found by id or name, in every form, on both clocks."""

from __future__ import annotations

import csv
import io

import pytest

from tests.laptop import SOURCE, Laptop

MINER = ("--key", "miner-1")


@pytest.fixture
def divided(laptop: Laptop) -> Laptop:
    """K9 (12.500 ct) is mined and split into K9a, named, and K9b."""
    laptop.ok("parcel", "mine", "karowe", "--line", "K9=12.500", "--occurred", "2024-01-08", *MINER)
    outputs = ("--output", "K9a=8.000,name=Morning star", "--output", "K9b=4.500")
    laptop.ok("parcel", "split", "K9", *outputs, "--occurred", "2024-01-09", *MINER)
    return laptop


def test_a_trace_ends_with_what_a_ledger_proves(divided: Laptop) -> None:
    """And shows tree and custody."""
    ran = divided.ok("trace", "K9a")
    assert "└─ K9  12.50 ct  (split, 2024-01-09" in ran.out
    assert ran.out.rstrip().endswith(
        "A ledger proves what was recorded, not that the record is true of the stones."
    )
    assert ran.err == ""


def test_a_parcel_is_found_by_its_whole_name(divided: Laptop) -> None:
    """Letter case aside; which parcel that is, is said beside the answer."""
    ran = divided.ok("trace", "morning STAR")
    assert ran.out == divided.ok("trace", "K9a").out
    assert ran.err == "morning STAR: parcel K9a\n"


def test_what_could_be_meant_is_named(divided: Laptop) -> None:
    """A part of a name, or of several ids, is not enough."""
    ran = divided("trace", "morning")
    assert (ran.code, ran.out) == (5, "")
    assert "trace-not-one" in ran.err
    assert "K9a (Morning star)" in ran.err
    divided.ok("parcel", "name", "K9b", "--name", "Morning star", *MINER)
    assert "K9a (Morning star), K9b (Morning star)" in divided("track", "Morning star").err
    assert divided("trace", "no such stone").code == 5
    assert "parcel-unknown" in divided("trace", "no such stone").err


def test_an_id_goes_before_a_name(divided: Laptop) -> None:
    """A parcel that is called like another's id does not hide that one."""
    divided.ok("parcel", "name", "K9b", "--name", "K9a", *MINER)
    assert divided.data("trace", "K9a")["parcel"] == "K9a"


def test_the_two_clocks(divided: Laptop) -> None:
    """Before it happened there is nothing; by the index of recording there is the prefix."""
    ran = divided("trace", "K9a", "--as-occurred", "2024-01-07")
    assert (ran.code, "trace-not-then" in ran.err) == (5, True)
    assert [p["parcel"] for p in divided.data("track", "K9")["parcels"]] == ["K9", "K9a", "K9b"]
    last = divided.data("track", "K9")["makings"][0]["entry"]
    then = divided.data("track", "K9", "--as-recorded-index", str(last - 1))
    assert [p["parcel"] for p in then["parcels"]] == ["K9"]
    assert then["moment"]["kind"] == "as-recorded-index"
    assert divided("trace", "K9", "--as-recorded", "2024", "--as-occurred", "2024").code == 2


def test_every_form_is_printed_alone(divided: Laptop) -> None:
    """So that it can be piped: CSV parses, DOT and Mermaid begin as they must."""
    rows = list(csv.DictReader(io.StringIO(divided.ok("trace", "K9a", "--csv").out)))
    assert [(row["parcel"], row["holder"], row["carats"]) for row in rows] == [
        ("K9a", "miner-1", "8.000"),
        ("K9", "miner-1", "12.500"),
    ]
    assert divided.ok("track", "K9", "--dot").out.startswith("digraph lineage {\n")
    assert divided.ok("track", "K9", "--mermaid").out.startswith("flowchart LR\n")


def test_a_terminal_without_the_letters_gets_ascii(divided: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The strokes of the tree are drawn with what is there."""
    from cli import trace

    class Old:
        """An output that knows ASCII only."""

        encoding = "ascii"

    monkeypatch.setattr(trace.sys, "stdout", Old())
    assert not trace._can_draw()
    monkeypatch.undo()
    assert "└─" in divided.ok("trace", "K9a").out


def test_documented_goods_show_their_gap_and_their_yield(laptop: Laptop) -> None:
    """Told by an archivist: mined by one, sold by another, cut."""
    said = ("--documented", "--source", SOURCE, "--key", "old-1")
    laptop.ok(
        "parcel", "mine", "karowe", "--by", "miner-1", "--line", "S=478", "--occurred", "2008-09", *said
    )
    laptop.ok("parcel", "sell", "S", "--by", "dealer-1", "--to", "dealer-1", "--occurred", "2008-12", *said)
    polish = ("parcel", "polish", "S", "--by", "dealer-1", "--output", "G=102.79", "--complete", "no")
    laptop.ok(*polish, *said)
    out = laptop.ok("track", "S").out
    assert "-- gap --" in out
    assert "gap: S was last known with miner-1" in out
    assert "S: at least 102.79 ct polished of 478.00 ct rough: at least 21.5 %" in out
    assert "discrepancy: entry" in out
