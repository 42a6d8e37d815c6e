"""Letters that come out of order, or back to whoever wrote them."""

from __future__ import annotations

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
