"""Certificates, shipments and mixtures: what follows from what is known is filled in, and only that."""

from __future__ import annotations

import pytest

from tests.laptop import PAPER, Laptop

MINER = ("--key", "miner-1")
DEALER = ("--key", "dealer-1")
ISSUE = (
    "certificate", "issue", "BW 107", "--value", "53000.00", "--origin", "BW", "--destination", "BE",
    "--exporter", "dealer-1", "--importer", "Scheldt Diamonds, Antwerp", "--expiry", "2099-12-31",
)  # fmt: skip
KEY = "BW/00000107"


@pytest.fixture
def sorted_goods(laptop: Laptop) -> Laptop:
    """K2 (3.500 ct, industrial) and K3 (9.000 ct, gems) lie with the dealer."""
    outputs = ("--output", "K2=3.500,hs=710221", "--output", "K3=9.000,hs=710231")
    laptop.ok("parcel", "sort", "K1", *outputs, *MINER)
    laptop.ok("parcel", "sell", "K2", "K3", "--to", "dealer-1", *MINER)
    return laptop


def test_a_certificate_is_filled_in_from_its_parcels(sorted_goods: Laptop) -> None:
    """Key, normal form, provenance, weights, classes; the value and the importer are sealed."""
    size = sorted_goods.size()
    sorted_goods.ok(*ISSUE, "--part", "K2", "--part", "K3")
    body = sorted_goods.body(size)
    assert (body["certificate"], body["number"], body["normalisation"]) == (KEY, "BW 107", "plain/1")
    assert (body["provenance"], body["weight"]) == ("BW", 12_500)
    assert body["parts"] == [{"parcel": "K2", "weight": 3500}, {"parcel": "K3", "weight": 9000}]
    assert body["classes"] == [{"hs": "710221", "weight": 3500}, {"hs": "710231", "weight": 9000}]


def test_what_is_given_is_not_filled_in(sorted_goods: Laptop) -> None:
    """A wrong weight is refused with both numbers, not put right."""
    ran = sorted_goods(*ISSUE, "--part", "K2=3.400", "--part", "K3")
    assert "weight of parcel K2 is stated as 3.40 ct, found as 3.50 ct" in ran.err
    ran = sorted_goods(*ISSUE, "--part", "K2", "--part", "K3", "--weight", "12.600")
    assert (ran.code, "weight is stated as 12.60 ct, found as 12.50 ct" in ran.err) == (3, True)
    ran = sorted_goods(*ISSUE, "--part", "K2", "--certificate", "BW/00000108")
    assert (ran.code, "certificate-number" in ran.err) == (3, True)


def test_classes_are_not_guessed(laptop: Laptop) -> None:
    """A parcel without an HS class: the person states the classes."""
    laptop.ok("parcel", "mine", "karowe", "--line", "K9=1.000", *MINER)
    laptop.ok("parcel", "sell", "K9", "--to", "dealer-1", *MINER)
    ran = laptop(*ISSUE, "--part", "K9")
    assert (ran.code, "Missing --class" in ran.err, "Missing --weight" in ran.err) == (2, True, False)
    laptop.ok(*ISSUE, "--part", "K9", "--class", "710231=1.000")


def test_a_shipment_is_its_certificates(sorted_goods: Laptop) -> None:
    """Parcels, weights and destination come from the certificate; the confirmation counts them."""
    sorted_goods.ok(*ISSUE, "--part", "K2", "--part", "K3")
    sorted_goods.ok("certificate", "validate", KEY, "--seal", "BW-1", "--seal", "BW-2")
    size = sorted_goods.size()
    sorted_goods.ok("shipment", "export", KEY, *DEALER)
    body = sorted_goods.body(size)
    assert body["parts"] == [{"parcel": "K2", "weight": 3500}, {"parcel": "K3", "weight": 9000}]
    assert body["destination"] == "BE"
    ran = sorted_goods("shipment", "confirm", KEY)
    assert (ran.code, "Missing --weight: the weight that arrived (carats" in ran.err) == (2, True)
    sorted_goods.ok("shipment", "confirm", KEY, "--weight", "12.490")
    assert sorted_goods.body(size + 1)["parcels"] == 2


def test_an_import_has_the_key_of_its_number(laptop: Laptop) -> None:
    """The number as printed and the provenance give it; the confirmation takes the weights measured."""
    laptop.ok(
        "licence", "grant", "IL-1", "--party", "dealer-1", "--licensed", "import", "--since", "2020-01-01"
    )
    size = laptop.size()
    lines = ("--line", "A1=3.499", "--line", "A2=9.001,foreign=P1")
    stated = ("--weight", "12.500", "--provenance", "SL")
    ran = laptop("shipment", "import", "004911", *stated, *lines, *DEALER)
    assert (ran.code, "certificate-incomplete" in ran.err, "HS code" in ran.err) == (3, True, True)
    laptop.ok("shipment", "import", "004911", *stated, *lines, *PAPER, *DEALER)
    assert laptop.body(size)["certificate"] == "SL/00004911"
    laptop.ok("shipment", "confirm", "SL/00004911")
    assert (laptop.body(size + 1)["parcels"], laptop.body(size + 1)["weight"]) == (2, 12_500)


def test_a_mixture_weighs_what_went_into_it(sorted_goods: Laptop) -> None:
    """Less the loss that is declared."""
    size = sorted_goods.size()
    mixed = ("parcel", "mix", "K2", "K3", "--output", "K4", *DEALER)
    body = sorted_goods.data(*mixed, "--dry-run")["body"]
    assert (body["weight"], "hs" in body) == (12_500, False)
    sorted_goods.ok(*mixed, "--loss", "0.010")
    assert sorted_goods.body(size)["weight"] == 12_490
    assert "parcel-consumed" in sorted_goods(*mixed[:4], "--output", "K5", *DEALER).err


def test_a_mixture_of_one_class_is_of_that_class(sorted_goods: Laptop) -> None:
    """What was sorted stays sorted, so that a certificate can tell its classes."""
    split = [f"{name}={carats},hs=710221" for name, carats in (("K21", "1.500"), ("K22", "2.000"))]
    sorted_goods.ok("parcel", "split", "K2", "--output", split[0], "--output", split[1], *DEALER)
    mixed = ("parcel", "mix", "K21", "K22", "--output", "K4", *DEALER, "--dry-run")
    assert sorted_goods.data(*mixed)["body"]["hs"] == "710221"


def test_the_help_says_what_is_filled_in(laptop: Laptop) -> None:
    """Each field that is, and no needed one beside it says so."""
    shown = " ".join(laptop.ok("certificate", "issue", "--help").out.split())
    assert "[filled in: the sums of the parcels by HS class; repeat for more]" in shown
    assert "Last day on which it is valid: a date such as 2015, 2015-11 or 2015-11-16. [needed]" in shown
