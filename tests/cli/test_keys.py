"""Keys: made, asked to be enrolled, enrolled, shown, revoked."""

from __future__ import annotations

import json

from ledger.keys import read_key
from tests.laptop import FIRST, LEDGER, Laptop

WEIGH = ("parcel", "weigh", "K1", "--weight", "12.500")


def test_in_two_hands_a_key_is_enrolled_from_a_request(laptop: Laptop) -> None:
    """The request holds nothing secret, and the new key signs at once."""
    laptop.ok("key", "new", "miner-1", "--out", "second.pem", "--no-passphrase")
    text = (laptop.folder / "second.enrolment").read_text(encoding="utf-8")
    assert set(json.loads(text)) == {"format", "party", "origin", "key", "proof"}
    assert "PRIVATE" not in text
    laptop.ok("key", "enrol", "--request", "second.enrolment")
    laptop.ok(*WEIGH, "--key", "second.pem")
    assert len(laptop.data("key", "show", "miner-1")) == 2


def test_a_key_for_a_ledger_that_is_not_here(bare: Laptop) -> None:
    """The origin is given; the file lies where the party is."""
    told = bare.data("key", "new", "dealer-7", "--origin", "ledger.example/bw/k7q2", "--no-passphrase")
    assert told["key"] == "dealer-7.pem"
    assert read_key(bare.folder / "dealer-7.pem").public.hex() == told["public"]
    assert bare("key", "new", "dealer-8", "--no-passphrase").code == 7
    assert not (bare.folder / "dealer-8.pem").exists()


def test_requests_that_will_not_do(laptop: Laptop) -> None:
    """Another party's, another ledger's, altered, no request at all."""
    laptop.ok("key", "new", "miner-1", "--out", "a.pem", "--no-passphrase")
    other = laptop("key", "enrol", "dealer-1", "--request", "a.enrolment")
    assert (other.code, "request-other" in other.err) == (4, True)
    laptop.ok("key", "new", "miner-1", "--out", "b.pem", "--origin", "ledger.example/za/x", "--no-passphrase")
    foreign = laptop("key", "enrol", "--request", "b.enrolment")
    assert (foreign.code, "key-proof" in foreign.err) == (3, True)
    altered = json.loads((laptop.folder / "a.enrolment").read_text(encoding="utf-8")) | {"party": "dealer-1"}
    (laptop.folder / "c.enrolment").write_text(json.dumps(altered), encoding="utf-8")
    assert "key-proof" in laptop("key", "enrol", "--request", "c.enrolment").err
    for text in ("{}", "[]", "no", json.dumps(altered | {"key": "zz"}), json.dumps(altered | {"more": 1})):
        (laptop.folder / "d.enrolment").write_text(text, encoding="utf-8")
        assert laptop("key", "enrol", "--request", "d.enrolment").code == 4, text
    assert laptop("key", "enrol", "miner-1").code == 2
    assert laptop("key", "enrol", "--new").code == 2


def test_no_key_file_stays_of_a_key_that_was_not_enrolled(laptop: Laptop) -> None:
    """An unknown party; an author who may not enrol."""
    folder = laptop.folder / f"{LEDGER}.keys"
    before = sorted(folder.iterdir())
    ran = laptop("key", "enrol", "nobody", "--new", "--no-passphrase")
    assert (ran.code, "party-unknown" in ran.err) == (5, True)
    laptop.ok("party", "register", "late-1", "--role", "dealer")
    ran = laptop("key", "enrol", "late-1", "--new", "--no-passphrase", "--key", "miner-1")
    assert (ran.code, "role-missing" in ran.err) == (3, True)
    laptop.ok("key", "enrol", "late-1", "--new", "--no-passphrase", "--dry-run")
    assert sorted(folder.iterdir()) == before


def test_a_key_file_is_never_overwritten(laptop: Laptop) -> None:
    """A second key of a party needs another name."""
    before = (laptop.folder / f"{LEDGER}.keys" / "miner-1.pem").read_bytes()
    ran = laptop("key", "enrol", "miner-1", "--new", "--no-passphrase")
    assert (ran.code, "key-file-exists" in ran.err) == (6, True)
    assert (laptop.folder / f"{LEDGER}.keys" / "miner-1.pem").read_bytes() == before


def test_two_passphrases_come_through_one_descriptor(bare: Laptop) -> None:
    """The first line opens the authority's key, the second closes the new one."""
    bare.ok("init", *FIRST, passphrase=b"first\n")
    bare.ok("party", "register", "miner-1", "--role", "miner", passphrase=b"first\n")
    bare.ok("key", "enrol", "miner-1", "--new", passphrase=b"first\nsecond\n")
    read_key(bare.folder / f"{LEDGER}.keys" / "miner-1.pem", lambda: b"second")
    bare.ok("parcel", "report", "--report", "nothing", "--key", "miner-1", passphrase=b"second\n")
    wrong = bare("parcel", "report", "--report", "nothing", "--key", "miner-1", passphrase=b"first\n")
    assert (wrong.code, "key-passphrase-wrong" in wrong.err) == (6, True)


def test_a_revoked_key_signs_no_more(laptop: Laptop) -> None:
    """By the party's name; by the key itself; with the recovery key."""
    laptop.ok("key", "revoke", "miner-1", "--since", "2026-01-01", "--reason", "lost")
    ran = laptop(*WEIGH, "--key", "miner-1")
    assert (ran.code, "key-revoked: the key of miner-1 was revoked as of 2026-01-01" in ran.err) == (3, True)
    assert laptop.data("key", "show", "miner-1")[0]["revoked"] == "2026-01-01"
    assert "revoked 2026-01-01" in laptop.ok("key", "show", "miner-1").out
    key = laptop.data("key", "show", "dealer-1")[0]["key"]
    recovery = f"{LEDGER}.keys/recovery.pem"
    laptop.ok("key", "revoke", key, "--since", "2026-01-01", "--key", recovery)
    assert "recovery key" in laptop.ok("key", "show", "--key", recovery).out


def test_revocations_that_will_not_do(laptop: Laptop) -> None:
    """Several keys, none, nobody, another's."""
    laptop.ok("key", "new", "miner-1", "--out", "second.pem", "--no-passphrase")
    laptop.ok("key", "enrol", "--request", "second.enrolment")
    ran = laptop("key", "revoke", "miner-1", "--since", "2026-01-01")
    assert (ran.code, "miner-1 has 2 keys in force" in ran.err) == (2, True)
    laptop.ok("party", "register", "late-1", "--role", "dealer")
    assert "late-1 has 0 keys in force (none)" in laptop("key", "revoke", "late-1", "--since", "2026").err
    assert laptop("key", "revoke", "nobody", "--since", "2026-01-01").code == 5
    ran = laptop("key", "revoke", "dealer-1", "--since", "2026-01-01", "--key", "miner-1")
    assert (ran.code, "not-own" in ran.err) == (3, True)


def test_a_key_that_is_not_enrolled_is_shown_as_such(laptop: Laptop) -> None:
    """The keeper's key is no author's."""
    assert "not enrolled" in laptop.ok("key", "show", "--key", f"{LEDGER}.keys/ledger.pem").out
    assert laptop("key", "show", "nobody").code == 5
