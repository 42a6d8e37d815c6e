"""A partner's certificates from a table: lines under several HS codes are one, faults are named."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.errors import Malformed, Unconfirmed
from ledger.exchange.certificate_rows import key_of, read_certificates
from ledger.exchange.tabular import Options
from ledger.exchange.templates import CERTIFICATES, as_csv
from ledger.investigation.shipments import Shipment

HEAD = "number,flow,provenance,destination,date,weight (ct),value usd,hs,parcels,confirmed\n"


def read(*lines: str, head: str = HEAD) -> list[Shipment]:
    """The shipments of these lines."""
    return read_certificates((head + "".join(f"{line}\n" for line in lines)).encode(), Options(decimal="."))[
        0
    ]


def test_the_template_reads() -> None:
    """What `adamas template certificates` prints is an example of itself."""
    first, second = read_certificates(as_csv(CERTIFICATES).encode(), Options())[0]
    assert first == Shipment(
        certificate="BW/00000107", flow="import", provenance="BW", destination="AE",
        day=date(2024, 3, 4).toordinal(), weight=1_200_500, value=24_010_000,
        classes=(("710231", 1_200_500),), origins=("BW",), parcels=2, basis="CIF",
    )  # fmt: skip
    assert (second.origins, second.confirmed) == (("AO", "BW", "ZA"), True)


def test_lines_under_several_codes_are_one_shipment() -> None:
    """Weights and values are summed; a month counts to its last day."""
    (one,) = read(
        "BW 107,export,BW,AE,2024-02,100.00,5000.00,710231,2,yes",
        "BW 107,export,BW,AE,2024-02,20.00,10.50,710221,2,yes",
    )
    assert (one.weight, one.value, one.parcels) == (120_000, 501_050, 2)
    assert one.classes == (("710221", 20_000), ("710231", 100_000))
    assert one.day == date(2024, 2, 29).toordinal()


def test_a_code_that_comes_again_is_another_entry() -> None:
    """What one side booked in two entries stays two; so do lines without a code, and other days."""
    twice = "BW 107,import,BW,AE,2024-02-01,100.00,,710231,,"
    assert len(read(twice, twice)) == 2
    assert len(read(twice, twice.replace("02-01", "02-02").replace("710231", "710221"))) == 2
    assert len(read(twice.replace("710231", ""), twice.replace("710231", ""))) == 2


def test_a_value_that_is_not_known_of_every_line_is_not_known() -> None:
    """Half a sum is no sum."""
    (one,) = read(
        "BW 107,export,BW,AE,2024-02-01,100.00,5000.00,710231,,",
        "BW 107,export,BW,AE,2024-02-01,20.00,,710221,,",
    )
    assert one.value is None


def test_what_became_of_a_shipment_that_did_not_enter() -> None:
    """Back, or lost on the way; nothing said, it is taken to have gone on."""
    told = [f"BW {number},export,BW,AE,2024-02-01,1.00,,,,,{became}" for number, became in
            ((1, "returned"), (2, "lost"), (3, ""))]  # fmt: skip
    found = read(*told, head=HEAD.replace("confirmed", "confirmed,became"))
    assert [(one.back, one.lost) for one in found] == [(True, False), (False, True), (False, False)]
    with pytest.raises(Malformed, match="became"):
        read(told[0].replace("returned", "gone"), head=HEAD.replace("confirmed", "confirmed,became"))


def test_the_letters_of_a_number_are_its_issuers() -> None:
    """Goods by way of another country keep the certificate of the first; EC is the European Union's."""
    assert key_of("bw-107", "CH") == "BW/00000107"
    assert key_of("107", "BW") == "BW/00000107"
    assert key_of("EC00000107", "EU") == key_of("EC 107", "CH") == "EU/EC00000107"
    assert key_of("JMI/4199", "SL") == "SL/JMI4199"


def test_faults_are_told_with_row_and_column() -> None:
    """All of them at once."""
    with pytest.raises(Malformed) as told:
        read(
            "BW 107,sideways,BW,AE,2024-02-01,100.00,,710231,,",
            "BW 108,export,Botswana,AE,2024-02-01,-1,,710231,,",
        )
    said = str(told.value)
    assert told.value.code == "certificates-faults"
    assert said.startswith("3 faults")
    assert "row 2" in said
    assert "flow" in said
    assert "weight" in said


def test_a_missing_column_and_an_uncertain_unit_are_told() -> None:
    """Nothing is guessed."""
    with pytest.raises(Malformed, match="column provenance is missing"):
        read("x,export", head="number,flow\n")
    with pytest.raises(Unconfirmed):
        read("BW 107,export,BW,AE,2024-02-01,100.00,,,,", head=HEAD.replace(" (ct)", ""))
