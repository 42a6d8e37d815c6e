"""The printed sheet of a certificate that another ledger issued: told from the letter with which it came."""

from __future__ import annotations

from pathlib import Path

from tests.laptop import Laptop
from tests.ministries import PRODUCER, Ministries

CERTIFICATE = "SL/00004201"


def sheet_of(laptop: Laptop) -> dict[str, str]:
    """All lines of the certificate's sheet, by their label."""
    told = laptop.data("certificate", "print", CERTIFICATE)
    return {label: value for _, lines in told["sections"] for label, value in lines} | dict(told["foot"])


def test_the_importers_sheet_is_told_from_the_kept_letter(two: Ministries) -> None:
    """Validated, exporter, HS code and destination as the letter proves them, and whose word it is."""
    two.receive(two.exported("K1", "SL 004201"), "--parcel", "K1=D1")
    found, issued = sheet_of(two.hub), sheet_of(two.producer)
    for label in ("Date of issuance", "HS code", "Destination", "On", "Parcel 1", "Validated by"):
        assert found[label] == issued[label]
    assert found["Exporter"] == "trader-sl"
    assert (found["Value"], found["Importer"]) == ("withheld", "withheld")
    assert (found["Parcel 1"], found["Parcel 1 here"]) == ("K1, 12.50 ct", "D1, 12.50 ct")
    assert found["Entry"] == f"{issued['Entry']} of {PRODUCER}"
    assert found["Told by"].startswith(f"the letter of {PRODUCER}")
    assert "Told by" not in issued
    two.hub.ok("partner", "drop", PRODUCER, "--since", "2024-03-01")
    assert sheet_of(two.hub) == found


def test_a_letter_that_is_gone_or_another_tells_no_sheet(two: Ministries) -> None:
    """Then the sheet says whose ledger knows, and never that nothing was validated."""
    two.receive(two.exported("K1", "SL 004201"))
    folder = two.hub.folder / two.hub.beside("evidence")
    (kept,) = folder.iterdir()
    whole = kept.read_bytes()
    two.stock("K2", "3.000")
    for other in (b"PK\x03\x04 a scan", Path(two.exported("K2", "SL 004202")).read_bytes(), None):
        kept.unlink() if other is None else kept.write_bytes(other)
        found = sheet_of(two.hub)
        assert found["Validated"] == "see the ledger of its issuer, SL"
        assert "Told by" not in found
    kept.write_bytes(whole)
    assert "Validated by" in sheet_of(two.hub)
