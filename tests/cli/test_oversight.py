"""Measures, deadlines, samples, sheets, lists of findings: what only the command itself can show."""

from __future__ import annotations

import json
from pathlib import Path

from tests.laptop import Laptop


def certify(laptop: Laptop) -> None:
    """A certificate issued for the miner's one parcel; entry numbers do not matter here."""
    laptop.ok("licence", "grant", "XL-2", "--party", "miner-1", "--licensed", "export", "--since", "2016")
    laptop.ok(
        "certificate", "issue", "BW 107", "--part", "K1", "--value", "53000.00", "--origin", "BW",
        "--destination", "AE", "--exporter", "miner-1", "--importer", "Example, Dubai",
        "--expiry", "2099-12-31",
    )  # fmt: skip


def test_looking_back_without_a_register_is_an_error_not_an_acquittal(laptop: Laptop) -> None:
    """Exit 5, and it says what to do."""
    ran = laptop("check", "measures")
    assert ran.code == 5
    assert "participant adopt --shipped" in ran.err


def test_looking_back_ends_with_1_and_tells_the_entries(laptop: Laptop) -> None:
    """In JSON with all there is to know of each."""
    certify(laptop)
    laptop.ok("participant", "adopt", "--shipped")
    assert laptop.ok("check", "measures", "--json").data["objections"] == []
    measure = ("measure", "adopt", "M-1", "--participant", "AE", "--effect", "no-trade", "--since", "2020",
               "--authority", "an example", "--source", "nowhere")  # fmt: skip
    adopted = laptop.data(*measure)["index"]
    ran = laptop("check", "measures", "--json")
    assert ran.code == 1
    (one,) = ran.data["objections"]
    assert (one["certificate"], one["measure"], one["source"]) == ("BW/00000107", "M-1", "nowhere")
    assert one["rests_on"] == [adopted]


def test_a_sample_is_the_same_twice_and_holds_traces_or_proofs(laptop: Laptop) -> None:
    """Names, digests and files; proofs verify against the ledger's own key."""
    certify(laptop)
    for name in ("one", "two"):
        laptop.ok("sample", "--count", "5", "--seed", "x", "--out", name)
    one, two = ((laptop.folder / name / "sample.json").read_text("utf-8") for name in ("one", "two"))
    assert one == two
    (line,) = json.loads(one)["certificates"]
    told = json.loads((laptop.folder / "one" / line["file"]).read_text("utf-8"))
    assert told["certificate"] == "BW/00000107"
    assert [trace["parcel"] for trace in told["traces"]] == ["K1"]
    laptop.ok("sample", "--count", "5", "--seed", "x", "--bundles", "--out", "three")
    assert (laptop.folder / "three" / "0001-BW-00000107.zip").read_bytes()[:2] == b"PK"


def test_a_sheet_is_printed_by_key_and_by_number_alike(laptop: Laptop) -> None:
    """As text, as a page, as data."""
    certify(laptop)
    assert (
        laptop.ok("certificate", "print", "BW/00000107").out == laptop.ok("certificate", "print", "107").out
    )
    assert laptop.ok("certificate", "print", "107", "--html").out.startswith("<!DOCTYPE html>")
    assert laptop.data("certificate", "print", "107")["title"] == "Kimberley Process Certificate"
    assert laptop("certificate", "print", "108").code == 5


def test_findings_and_alerts_are_listed_with_where_they_stand(laptop: Laptop) -> None:
    """Filtered by state, review, kind and certificate."""
    laptop.ok("review", "find", "F1", "--review", "RV", "--text", "no seal", "--entry", "3")
    laptop.ok("review", "find", "F2", "--text", "no records")
    laptop.ok("review", "follow", "F2", "--state", "answered")
    lines = laptop.data("list", "findings")["findings"]
    assert [(line["finding"], line["state"]) for line in lines] == [("F1", "open"), ("F2", "answered")]
    assert [one["finding"] for one in laptop.data("list", "findings", "--review", "RV")["findings"]] == ["F1"]
    laptop.ok("alert", "raise", "A1", "--about", "fake-certificate", "--certificate", "SL/00004306")
    laptop.ok("alert", "raise", "A2", "--about", "infringement")
    laptop.ok("alert", "close", "A2", "--outcome", "dismissed")
    alerts = laptop.data("list", "alerts", "--state", "open")["alerts"]
    assert [one["alert"] for one in alerts] == ["A1"]
    assert laptop.data("list", "alerts", "--certificate", "SL/00004306")["alerts"] == alerts


def test_init_adopts_the_register_as_entry_1(bare: Laptop, tmp_path: Path) -> None:
    """The receipt that is printed is the adoption's."""
    ran = bare.ok("init", "--yes", "--participant", "BW", "--no-passphrase", "--adopt-register", "--json")
    assert ran.data["receipt"].startswith("1:")
    assert bare.size() == 2
    assert bare.data("participant", "standing", "CI", "--on", "2010")["may_trade"] == "no"
    assert (tmp_path / "adamas.db").exists()


def test_both_sides_write_the_same_statement(bare: Laptop, laptop: Laptop) -> None:
    """The files are alike to the byte, and the act names their hash."""
    laptop.ok("template", "certificates")
    sheet = laptop.ok("template", "certificates").out
    (laptop.folder / "ae.csv").write_text(sheet, "utf-8")
    words = ("reconcile", "ae.csv", "--participant", "AE", "--period", "2024", "--statement", "s.jsonl")
    ran = laptop.ok(*words, "--record", "--json")
    from hashlib import sha256

    digest = sha256((laptop.folder / "s.jsonl").read_bytes()).hexdigest()
    assert ran.data["statement"] == digest
    body = laptop.body(int(ran.data["receipt"].partition(":")[0]))
    assert body["statement"].hex() == digest
    assert (body["matched"], body["differing"], body["unexplained"]) == (0, 2, 2)
    assert laptop(*words).code == 7
