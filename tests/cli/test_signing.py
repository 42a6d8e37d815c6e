"""Two hands: what a party signed into a file is recorded as it signed it, once, and only where it belongs."""

from __future__ import annotations

import json
import os
import shutil
from hashlib import sha256

import pytest

from ledger.application import Ledger
from ledger.chain.statement import Statement, decode_file
from tests.laptop import LEDGER, Laptop

MINER = ("--key", "miner-1")
WEIGH = ("parcel", "weigh", "K1", "--weight", "12.500")
ORIGIN = "ledger.example/bw/k7q2"


def test_a_statement_is_signed_here_and_appended_there(laptop: Laptop) -> None:
    """Signing records nothing; the keeper's receipt names the entry, which holds the very bytes."""
    size = laptop.size()
    told = laptop.ok("sign", *WEIGH, *MINER, "-o", "weigh.statement")
    assert told.out.splitlines() == ["signed weigh.statement", "  parcel weigh by miner-1: K1"]
    assert laptop.size() == size
    appended = laptop.ok("append", "weigh.statement")
    assert appended.receipt.startswith(f"{size}:")
    with Ledger.open(str(laptop.folder / LEDGER), write=False) as ledger:
        entry = ledger.journal.entry(size)
    assert decode_file((laptop.folder / "weigh.statement").read_bytes()).statement in entry


def test_the_same_file_again_gives_the_first_receipt(laptop: Laptop) -> None:
    """A keeper may append again after a doubt; nothing is recorded twice."""
    laptop.ok("sign", *WEIGH, *MINER, "-o", "weigh.statement")
    first = laptop.ok("append", "weigh.statement").receipt
    size = laptop.size()
    assert laptop.ok("append", "weigh.statement").receipt == first
    assert laptop.size() == size


def test_a_party_without_the_ledger_signs_by_origin_and_name(laptop: Laptop, bare: Laptop) -> None:
    """Nothing but the key is needed, and the statement names the ledger it is for."""
    away = Laptop(laptop.folder / "away")
    away.folder.mkdir()
    shutil.copy(laptop.folder / f"{LEDGER}.keys" / "miner-1.pem", away.folder / "own.pem")
    signed = ("sign", *WEIGH, "--key", "own.pem", "-o", "weigh.statement", "--ledger-origin", ORIGIN)
    asked = away(*signed)
    assert (asked.code, "Missing --by" in asked.err) == (2, True)
    told = away.ok(*signed, "--by", "miner-1", "--json").data
    assert told == {"statement": "weigh.statement", "type": "parcel-weighed/1", "by": "miner-1"}
    statement = Statement.decode(decode_file((away.folder / "weigh.statement").read_bytes()).statement)
    assert (statement.ledger, statement.body["weight"]) == (ORIGIN, 12500)
    laptop.ok("append", str(away.folder / "weigh.statement"))


def test_without_a_ledger_its_origin_must_be_said(laptop: Laptop) -> None:
    """There is no guess of which ledger is meant."""
    key = str(laptop.folder / f"{LEDGER}.keys" / "miner-1.pem")
    ran = laptop("sign", *WEIGH, "--key", key, "-o", "weigh.statement", "--ledger", "missing.db")
    assert (ran.code, "store-missing" in ran.err) == (7, True)


def test_a_batch_is_recorded_together_or_not_at_all(laptop: Laptop) -> None:
    """The second act refuses, so the first is not recorded either; in the right order both are."""
    split = ("parcel", "split", "K1", "--output", "K2=12.500")
    laptop.ok("sign", *split, *MINER, "-o", "split.statement")
    laptop.ok("sign", "parcel", "weigh", "K2", "--weight", "12.5", *MINER, "-o", "weigh.statement")
    size = laptop.size()
    ran = laptop("append", "weigh.statement", "split.statement")
    assert (ran.code, "parcel-unknown" in ran.err, laptop.size()) == (3, True, size)
    receipts = laptop.data("append", "split.statement", "weigh.statement")
    assert [row["index"] for row in receipts] == [size, size + 1]


def test_who_signs_is_told_what_would_be_refused_here(laptop: Laptop) -> None:
    """The copy may be old, so the file is made all the same."""
    ran = laptop.ok("sign", "parcel", "weigh", "K2", "--weight", "1", *MINER, "-o", "weigh.statement")
    assert "this would be refused: parcel-unknown" in ran.err
    assert (laptop.folder / "weigh.statement").exists()


def test_a_statement_for_another_ledger_is_refused(laptop: Laptop) -> None:
    """It cannot be carried into this one."""
    other = ("--ledger-origin", "ledger.example/za/x1", "--by", "miner-1")
    laptop.ok("sign", *WEIGH, *MINER, "-o", "weigh.statement", *other)
    ran = laptop("append", "weigh.statement")
    assert (ran.code, "refused: ledger-other" in ran.err) == (3, True)


def test_an_altered_statement_is_refused(laptop: Laptop) -> None:
    """One bit in the middle: the signature does not hold, or the bytes are none."""
    laptop.ok("sign", *WEIGH, *MINER, "-o", "weigh.statement")
    whole = (laptop.folder / "weigh.statement").read_bytes()
    place = whole.index(b"K1")
    (laptop.folder / "altered.statement").write_bytes(whole[:place] + b"K9" + whole[place + 2 :])
    size = laptop.size()
    ran = laptop("append", "altered.statement")
    assert (ran.code, "signature-wrong" in ran.err, laptop.size()) == (4, True, size)
    (laptop.folder / "inside.statement").write_bytes(whole.replace(b"body", b"bady"))
    ran = laptop("append", "inside.statement")
    assert (ran.code, "statement-damaged: inside.statement is not a whole" in ran.err) == (4, True)
    (laptop.folder / "short.statement").write_bytes(whole[:-1])
    ran = laptop("append", "short.statement")
    assert (
        ran.code,
        "statement-damaged: short.statement is not a whole statement file (encoding-" in ran.err,
    ) == (4, True)


def test_a_statement_file_is_never_overwritten(laptop: Laptop) -> None:
    """And it is for its owner's eyes, since it holds the sealed values."""
    sold = ("parcel", "sell", "K1", "--to", "dealer-1", "--price", "100", *MINER)
    laptop.ok("sign", *sold, "-o", "sale.statement")
    before = (laptop.folder / "sale.statement").read_bytes()
    ran = laptop("sign", *sold, "-o", "sale.statement")
    assert (ran.code, "statement-exists" in ran.err) == (7, True)
    assert (laptop.folder / "sale.statement").read_bytes() == before
    if os.name == "posix":
        assert (laptop.folder / "sale.statement").stat().st_mode & 0o777 == 0o600
    unwritable = laptop("sign", *sold, "-o", "nowhere/sale.statement")
    assert (unwritable.code, "statement-unwritable" in unwritable.err) == (7, True)


def test_sealed_values_travel_to_the_keeper(laptop: Laptop) -> None:
    """They are not in the statement, and the keeper's ledger holds them."""
    size = laptop.size()
    laptop.ok(
        "sign", "parcel", "sell", "K1", "--to", "dealer-1", "--price", "100", *MINER, "-o", "s.statement"
    )
    signed = decode_file((laptop.folder / "s.statement").read_bytes())
    assert b"price" not in signed.statement
    laptop.ok("append", "s.statement")
    assert laptop.body(size)["price"] == 10_000


def test_an_act_may_be_named_by_its_type(laptop: Laptop) -> None:
    """``parcel-weighed/1`` is ``parcel weigh``, also from a prepared body."""
    body = {"parcel": "K1", "weight": 12_500}
    (laptop.folder / "body.json").write_text(json.dumps(body), encoding="utf-8")
    laptop.ok("sign", "parcel-weighed/1", "--file", "body.json", *MINER, "-o", "weigh.statement")
    laptop.ok("append", "weigh.statement")
    assert laptop("sign", "parcel-teleported/1", "-o", "x.statement").code == 2


def test_documents_go_with_the_statement(laptop: Laptop) -> None:
    """They lie beside the file by their hash, and the keeper's copy comes from there."""
    (laptop.folder / "scale.pdf").write_bytes(b"12.500 ct")
    digest = sha256(b"12.500 ct").hexdigest()
    laptop.ok("sign", *WEIGH, *MINER, "--evidence", "scale.pdf", "-o", "weigh.statement")
    assert (laptop.folder / "weigh.statement.evidence" / digest).read_bytes() == b"12.500 ct"
    assert not (laptop.folder / f"{LEDGER}.evidence").exists()
    laptop.ok("append", "weigh.statement")
    assert (laptop.folder / f"{LEDGER}.evidence" / digest).read_bytes() == b"12.500 ct"


@pytest.mark.parametrize("words", [("attest", "3"), ("correct", "12", "--set", "note=seen", "--reason", "x")])
def test_acts_about_entries_are_signed_too(laptop: Laptop, words: tuple[str, ...]) -> None:
    """Their hashes are read from the copy that is here."""
    size = laptop.size()
    laptop.ok("sign", *words, *MINER, "-o", "act.statement")
    laptop.ok("append", "act.statement")
    assert laptop.size() == size + 1


def test_an_attestation_of_an_entry_elsewhere(laptop: Laptop) -> None:
    """The hash is given, since the other ledger is not here."""
    elsewhere = ("--origin", "ledger.example/za/x1", "--hash", "ab" * 32)
    size = laptop.size()
    laptop.ok("attest", "7", *elsewhere)
    assert laptop.body(size)["hash"] == bytes.fromhex("ab" * 32)
    ran = laptop("attest", "7", "--origin", "ledger.example/za/x1")
    assert (ran.code, "Missing --hash" in ran.err) == (2, True)


def test_a_file_that_is_no_statement(laptop: Laptop) -> None:
    """Text, nothing, something huge."""
    (laptop.folder / "text.statement").write_text("hello", encoding="utf-8")
    (laptop.folder / "empty.statement").touch()
    for name in ("text.statement", "empty.statement"):
        assert laptop("append", name).code == 4
    assert laptop("append", "missing.statement").code == 2
    assert laptop("append").code == 2
