"""Attesting, correcting, erasing: what such an act must name is looked up; a person types an index."""

from __future__ import annotations

import json

from ledger.application import Ledger
from ledger.domain.events import Corrected
from ledger.domain.fields import WITHHELD
from tests.laptop import LEDGER, SOURCE, Laptop

MINER = ("--key", "miner-1")
MINED = "12"
"""The entry that mined K1."""


def test_an_attestation_names_the_entry_by_its_hash(laptop: Laptop) -> None:
    """And by this ledger's origin."""
    size = laptop.size()
    laptop.ok("attest", MINED, "--key", "dealer-1")
    body = laptop.body(size)
    with Ledger.open(laptop.ledger, write=False) as ledger:
        assert body["hash"] == ledger.records.recorded(int(MINED)).hash
    assert (body["origin"], body["by"]) == ("ledger.example/bw/k7q2", "dealer-1")


def test_a_correction_sets_a_field_upon_the_present_body(laptop: Laptop) -> None:
    """What is not set stays; the second correction stands on the first."""
    laptop.ok("correct", MINED, "--set", "lines=K1=12.450,stones=3,hs=710210", "--reason", "misread", *MINER)
    size = laptop.size()
    laptop.ok("correct", MINED, "--set", "note=read again", "--reason", "remark", *MINER)
    new = laptop.body(size)["replacement"]
    assert new["lines"] == [{"parcel": "K1", "weight": 12450, "stones": 3, "hs": "710210"}]
    assert (new["note"], new["site"], new["by"]) == ("read again", "karowe", "miner-1")
    with Ledger.open(laptop.ledger, write=False) as ledger:
        parcel = ledger.state().parcel("K1")
        assert parcel is not None
        assert parcel.weight == 12_450


def test_a_field_is_taken_away(laptop: Laptop) -> None:
    """``FIELD=`` leaves it out of the new body."""
    laptop.ok("correct", "1", "--set", "residence=", "--reason", "not known")
    assert "residence" not in laptop.body(laptop.size() - 1)["replacement"]


def test_a_correction_from_a_file(laptop: Laptop) -> None:
    """The file is the whole new body; settings may stand upon it."""
    body = {"by": "miner-1", "site": "karowe", "lines": [{"parcel": "K1", "weight": 12_400}]}
    (laptop.folder / "new.json").write_text(json.dumps(body), encoding="utf-8")
    laptop.ok("correct", MINED, "--file", "new.json", "--set", "note=x", "--reason", "recount", *MINER)
    assert laptop.body(laptop.size() - 1)["replacement"] == {**body, "note": "x"}


def test_sealed_values_stay_sealed_in_a_correction(laptop: Laptop) -> None:
    """The replaced party's new name is no more in the entry's bytes than the old one was."""
    laptop.ok("correct", "1", "--set", "name=Kgotso Mining", "--reason", "new name")
    index = laptop.size() - 1
    assert laptop.body(index)["replacement"]["name"] == "Kgotso Mining"
    with Ledger.open(laptop.ledger, write=False) as ledger:
        assert b"Kgotso" not in ledger.journal.entry(index)


def test_a_value_that_is_not_here_any_more_is_asked_for(laptop: Laptop) -> None:
    """An erased value cannot be carried over, and that is said."""
    laptop.ok("erase", "1", "--field", "name", "--ground", "request")
    ran = laptop.ok("correct", "1", "--set", "residence=ZA", "--reason", "moved")
    assert "name is not known here and is left out; give it with --set name=..." in ran.err
    assert "name" not in laptop.body(laptop.size() - 1)["replacement"]


def test_a_documented_act_stays_documented(laptop: Laptop) -> None:
    """Its discrepancies are kept with it."""
    act = ("parcel", "sell", "Old-1", "--documented", "--source", SOURCE, "--key", "old-1")
    index = laptop.size()
    laptop.ok(*act)
    laptop.ok("correct", str(index), "--set", "note=page 3", "--reason", "page")
    new = laptop.body(index + 1)["replacement"]
    assert new["documented"] is True
    assert new["discrepancies"] == laptop.body(index)["discrepancies"]


def test_corrections_that_will_not_do(laptop: Laptop) -> None:
    """Nothing to change, an unknown field, a value of another kind, somebody else's entry, a later act."""
    correct = ("correct", MINED, "--reason", "x")
    for words, code, sentence in (
        (correct, 2, "Give the new body with --file, or what changes with --set."),
        ((*correct, "--set", "colour=blue"), 2, "'colour=blue' sets no field of parcel-mined/1;"),
        ((*correct, "--set", "lines=K1=12 g"), 2, "lines: weight: '12 g' will not do"),
        ((*correct, "--set", "site="), 4, "field site is missing"),
        (("correct", MINED, "--set", "note=x"), 2, "Missing --reason"),
        (("correct", "99", "--set", "note=x", "--reason", "x"), 5, "there is no entry 99"),
        (("correct", "0", "--set", "name=x", "--reason", "x"), 3, "correction-fixed"),
    ):  # fmt: skip
        ran = laptop(*words, *MINER)
        assert (ran.code, sentence in ran.err) == (code, True), (words, ran.err)
    assert "correction-author" in laptop(*correct, "--set", "note=x", "--key", "dealer-1").err
    laptop.ok("parcel", "split", "K1", "--output", "K2=12.500", *MINER)
    ran = laptop(*correct, "--set", "lines=K1=12.6", *MINER)
    assert (ran.code, "correction-impossible" in ran.err) == (3, True)


def test_an_erasure_takes_the_value_and_leaves_the_digest(laptop: Laptop) -> None:
    """The entry's hash is as before, and the value is gone from the file."""
    with Ledger.open(laptop.ledger, write=False) as ledger:
        before = ledger.journal.entry(1)
    ran = laptop.ok("erase", "1", "--field", "name", "--ground", "request of 2026-01-02")
    assert "beyond this erasure" in ran.err
    with Ledger.open(laptop.ledger, write=False) as ledger:
        assert ledger.journal.entry(1) == before
        assert ledger.sealed(1) == {}
    assert laptop.body(1)["name"] is WITHHELD
    assert b"miner-1, Gaborone" not in (laptop.folder / LEDGER).read_bytes()


def test_an_erasure_of_nothing(laptop: Laptop) -> None:
    """A misspelt field is told with those that are there; a rehearsal erases nothing."""
    ran = laptop("erase", "1", "--field", "nam", "--ground", "x")
    assert (
        ran.code,
        "no-sealed-value: entry 1 has no sealed value called nam here; it has: name" in ran.err,
    ) == (
        5,
        True,
    )
    rehearsed = laptop.ok("erase", "1", "--field", "name", "--ground", "x", "--dry-run")
    assert "beyond this erasure" not in rehearsed.err
    assert laptop.body(1)["name"] == "miner-1, Gaborone"
    assert laptop("erase", "1", "--field", "name").code == 2


def test_a_correction_is_read_back_as_one(laptop: Laptop) -> None:
    """The entry names the original by index and hash, with the reason."""
    laptop.ok("correct", MINED, "--set", "note=x", "--reason", "because", *MINER)
    with Ledger.open(laptop.ledger, write=False) as ledger:
        recorded = ledger.records.recorded(ledger.head().size - 1)
        original = ledger.records.recorded(int(MINED))
    assert isinstance(recorded.event, Corrected)
    assert (recorded.event.index, recorded.event.hash) == (original.index, original.hash)
    assert recorded.event.reason == "because"


def test_a_field_goes_by_its_options_name_too(laptop: Laptop) -> None:
    """What was typed when recording, ``--line``, is typed when correcting."""
    size = laptop.size()
    set_ = ("--set", "line=K1=12.450,hs=710210", "--set", "line=K0=1")
    laptop.ok("correct", MINED, *set_, "--reason", "misread", *MINER)
    lines = laptop.body(size)["replacement"]["lines"]
    assert lines == [{"parcel": "K1", "weight": 12450, "hs": "710210"}, {"parcel": "K0", "weight": 1000}]
