"""Letters that come out of order, or back to whoever wrote them."""

from __future__ import annotations

import pytest

from ledger.domain import rules
from tests.ministries import Ministries


def _another(two: Ministries, parcel: str, number: str) -> str:
    two.stock(parcel, "3.000")
    return two.exported(parcel, number)


def test_a_letter_older_than_the_pin_is_shown_to_be_of_the_same_history(two: Ministries) -> None:
    """Mail out of order: the sender's tiles prove it, so nothing is pinned anew; alone it is not shown."""
    first, second = two.exported("K1", "SL 004201"), _another(two, "K2", "SL 004202")
    late, tiles = _another(two, "K3", "SL 004203"), str(two.post / "tiles")
    assert two.receive(late).code == 0
    size = two.hub.size()
    alone = two.receive(first)
    assert (alone.code, "here: not-shown" in alone.err, "--from" in alone.err) == (0, True, True)
    assert (two.hub.size(), "9 not shown" in alone.err) == (size + 2, True)
    two.producer.ok("publish", tiles)
    told = two.receive(second, "--from", tiles)
    assert (told.code, "here: earlier" in told.err, "9 ok" in told.err) == (0, True, True)
    assert two.hub.size() == size + 3


def test_a_ledgers_own_letter_is_told_to_be_its_own(two: Ministries) -> None:
    """Opened by mistake where it was written: nobody is asked to recognise himself."""
    letter = two.exported("K1", "SL 004201")
    ran = two.producer("certificate", "receive", letter)
    assert (ran.code, "mail-own" in ran.err, "partner recognise" in ran.err) == (3, True, False)


def test_what_its_issuer_endorsed_is_received_so(two: Ministries) -> None:
    """The import, the sheet and the confirmation spell the importer as he should be; the paper did not."""
    key = two.certified("K1", "SL 004201")
    two.producer.ok("shipment", "export", key, "--key", "trader-sl", "--occurred", "2024-02-02")
    wrong = ("--field", "importer", "--stated", "Importing", "--endorsed", "Importers")
    two.producer.ok(
        "certificate", "endorse", key, *wrong, "--instruction", "own error", "--occurred", "2024-02-03"
    )
    letter = two.sent(key, "--disclose", "importer", "--without-grant")
    size = two.hub.size()
    assert two.receive(letter).code == 0
    assert two.hub.body(size)["importer"] == "Importers House"
    assert "Importers House" in two.hub.ok("certificate", "print", key).out
    two.hub.ok("shipment", "confirm", key)
    assert two.hub.body(two.hub.size() - 1)["importer"] == "Importers House"


def test_what_was_corrected_before_a_letter_was_written_arrives_corrected(two: Ministries) -> None:
    """A confirmation and an alert: the entry is the one that was recorded, the words are those of now."""
    two.receive(two.exported("K1", "SL 004201"))
    answer, alert = str(two.post / "answer.zip"), str(two.post / "alert.zip")
    two.hub.ok("certificate", "confirm", "SL/00004201", "-o", str(two.post / "first.zip"))
    correct = ("--reason", "misread", "--set")
    two.hub.ok("correct", str(two.hub.size() - 1), *correct, "weight=12.490")
    two.hub.ok("certificate", "confirm", "SL/00004201", "-o", answer)
    two.producer.ok("certificate", "receive-confirmation", answer)
    assert two.producer.body(two.producer.size() - 2)["weight"] == 12_490
    raised = two.hub.size()
    two.hub.ok("alert", "raise", "A-1", "--about", "fake-certificate", "--certificate", "SL/00000107",
               "--text", "an example")  # fmt: skip
    two.hub.ok("correct", str(raised), *correct, "certificate=SL/00000108")
    two.hub.ok("alert", "send", "A-1", "--to", "SL", "-o", alert)
    two.producer.ok("alert", "receive", alert)
    noted = two.producer.body(two.producer.size() - 2)
    assert (noted["index"], noted["certificate"]) == (raised, "SL/00000108")


def test_an_exporter_corrects_no_certificate(two: Ministries, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor with a keeper who lets all pass: the authority did not sign it, and its letter is refused."""
    issue = two.producer.size()
    key = two.certified("K1", "SL 004201", to="IN")
    with monkeypatch.context() as patched:
        patched.setattr(rules, "refusals", lambda *_: [])
        two.producer.ok("correct", str(issue), "--key", "trader-sl", "--set", "destination=AE",
                        "--reason", "for its own good")  # fmt: skip
        two.producer.ok("shipment", "export", key, "--key", "trader-sl", "--occurred", "2024-02-02")
    ran = two.receive(two.sent(key))
    assert (ran.code, "mail-correction" in ran.err) == (3, True), ran.err
