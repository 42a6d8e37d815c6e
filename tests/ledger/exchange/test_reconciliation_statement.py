"""The statement of a reconciliation: the same bytes whoever makes it, other bytes for any other content."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from ledger.exchange.reconciliation_statement import digest, statement, tally
from ledger.investigation.reconciliation import Terms, reconcile
from ledger.investigation.shipments import EXPORT, IMPORT, Shipment

TERMS = Terms(date(2024, 1, 1).toordinal(), date(2024, 12, 31).toordinal())
SENT = Shipment(
    certificate="BW/00000107", flow=EXPORT, provenance="BW", destination="AE",
    day=date(2024, 3, 1).toordinal(), weight=1_200_500, value=24_010_000, classes=(("710231", 1_200_500),),
    origins=("BW",), exporter="miner-1", parcels=2, entry=9,
)  # fmt: skip
CAME = replace(
    SENT, flow=IMPORT, day=date(2024, 3, 4).toordinal(), exporter=None, importer="Döring, Dubai", entry=17
)
LOST = replace(SENT, certificate="BW/00000108", weight=5_000, classes=(), entry=12)


def made(here: list[Shipment], there: list[Shipment]) -> bytes:
    """The statement as Botswana makes it."""
    return statement(reconcile(here, there, "BW", "AE", TERMS), "2024", TERMS)


def test_both_sides_make_the_same_bytes() -> None:
    """Whoever reconciles with whom, and in whatever order the lists were."""
    one = made([SENT, LOST], [CAME])
    other = statement(reconcile([CAME], [LOST, SENT], "AE", "BW", TERMS), "2024", TERMS)
    assert one == other
    assert digest(one) == digest(other)


def test_what_only_one_side_knows_is_not_in_it() -> None:
    """No pseudonym, no name, no number of an entry."""
    text = made([SENT, LOST], [CAME]).decode()
    for word in ("miner-1", "Döring", "entry"):
        assert word not in text


def test_every_line_is_one_canonical_object() -> None:
    """Read again and written again, it is the same line."""
    lines = made([SENT, LOST], [CAME]).decode().splitlines()
    for line in lines:
        value = json.loads(line)
        assert json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")) == line
    head = json.loads(lines[0])
    assert head["participants"] == ["AE", "BW"]
    assert head["flows"][1]["classes"] == {"not-returned": 1, "agrees": 1}
    agreeing = json.loads(lines[-2])
    assert (agreeing["sent_on"], agreeing["received_on"]) == ("2024-03-01", "2024-03-04")
    assert agreeing["both"]["weight"] == 1_200_500


def test_any_other_content_has_another_digest() -> None:
    """A weight, a value, a term, a certificate more."""
    digests = {
        digest(made([SENT], [CAME])),
        digest(made([SENT], [replace(CAME, weight=1_200_499)])),
        digest(made([SENT], [replace(CAME, value=24_010_001)])),
        digest(made([SENT, LOST], [CAME])),
        digest(statement(reconcile([SENT], [CAME], "BW", "AE", TERMS), "2024", replace(TERMS, days=31))),
    }
    assert len(digests) == 5


def test_the_tally_counts_what_agrees_what_differs_and_what_nobody_explains() -> None:
    """As `reconciliation-stated/1` has them."""
    weighed = replace(SENT, certificate="BW/00000109")
    flows = reconcile([SENT, LOST, weighed], [CAME, replace(CAME, certificate="BW/00000109",
    weight=1_200_490)],
                      "BW", "AE", TERMS)  # fmt: skip
    assert tally(flows) == (1, 2, 1)
