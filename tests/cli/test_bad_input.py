"""What goes wrong ends with its exit code and one sentence that a person can act on; nothing is recorded."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests import without_override
from tests.laptop import FIRST, LEDGER, Laptop
from tests.world import World

MINER = ("--key", "miner-1")
WEIGH = ("parcel", "weigh", "K1", "--weight")
SPLIT = ("parcel", "split", "K1", "--output")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        # weights and units
        ((*WEIGH, "12.5 g"), 2, "'12.5 g' will not do: it takes carats with at most three decimals"),
        ((*WEIGH, "12,5"), 2, "such as 12.345; write a point before the decimals, and no comma"),
        ((*WEIGH, "12.500,00"), 2, "write a point before the decimals, and no comma"),
        ((*SPLIT, "K2=3,5"), 2, "the row has a comma inside the number 3,5: write a point"),
        ((*SPLIT, "K2=3,5,hs=710210"), 2, "the row has a comma inside the number 3,5: write a point"),
        ((*SPLIT, "K2=3.5,twelve"), 2, "'twelve' is no field of this row; it can have weight"),
        (("parcel", "value", "K1", "--value", "53,000.00"), 2, "and no comma"),
        (("certificate", "validate", "bw 107"), 2, "did you mean BW/00000107?"),
        (("certificate", "validate", "107"), 2, "'107' will not do: it takes issuer and number"),
        ((*WEIGH, "-12.5"), 2, "'-12.5' will not do"),
        ((*WEIGH, "1.2345"), 2, "'1.2345' will not do"),
        ((*WEIGH, "1e3"), 2, "'1e3' will not do"),
        ((*WEIGH, "\u0661\u0662"), 2, "will not do"),
        ((*WEIGH, "0"), 3, "refused: weight-zero: parcel K1 has no weight"),
        ((*WEIGH, "200000000.001"), 3, "refused: weight-too-large: parcel K1 would weigh"),
        ((*WEIGH, "9999999999999"), 2, "will not do"),
        ((*WEIGH, "1" * 20_000), 2, f"'{'1' * 60}...' will not do"),
        ((*WEIGH, "12.6"), 3, "refused: weight-grows: parcel K1 held 12.50 ct"),
        ((*SPLIT, "K2=12.6"), 3, "refused: weight-conserved"),
        # rows
        ((*SPLIT, "K2=3.5 g"), 2, "weight: '3.5 g' will not do"),
        ((*SPLIT, "K2=3.5,colour=blue"), 2, "'colour' is no field of this row; it can have weight, stones"),
        ((*SPLIT, "K2=3.5,stones=0"), 2, "stones: '0' will not do: it takes a whole number of stones"),
        ((*SPLIT, "K2=3.5,hs=7102"), 2, "hs: '7102' will not do: it takes one of 710210"),
        ((*SPLIT, "K2=3.5,weight=3"), 2, "the field weight stands twice in this row"),
        ((*SPLIT, 'K2=3.5,name="x'), 2, "cannot be read"),
        ((*SPLIT, "K2"), 2, "Missing --output: weight of line 1; write K2=WEIGHT."),
        # what is named
        (("parcel", "weigh", "K9", "--weight", "1"), 3, "refused: parcel-unknown: parcel K9"),
        (("parcel", "sell", "K1", "--to", "nobody"), 3, "refused: party-unknown: party nobody"),
        (("parcel", "sell", "K1", "--to", "a:b"), 2, "'a:b' will not do: it takes a party's id"),
        (("parcel", "sell", "K1"), 2, "Missing --to: the buyer."),
        (("parcel", "sell", "--to", "dealer-1"), 2, "Missing PARCEL: what is sold."),
        (("parcel", "seize", "X1"), 2, "Missing PARCEL=WEIGHT: weight of line 1; write X1=WEIGHT."),
        (("party", "alias", "miner-1", "--alias", "M"), 2, "it takes a kind and an id, such as party:"),
        (("parcel", "mine", "nowhere", "--line", "K2=1"), 3, "refused: site-unknown: site nowhere"),
        (("parcel", "mine", "karowe", "--line", "K1=1"), 3, "refused: id-taken: K1 is already used"),
        (("parcel", "mine", "karowe", "--line", "K2=1", "--line", "K2=2"), 3, "refused: parcel-twice"),
        # when
        ((*WEIGH, "12.5", "--occurred", "yesterday"), 2, "'yesterday'"),
        ((*WEIGH, "12.5", "--occurred", "2026-13"), 2, "2026-13"),
        ((*WEIGH, "12.5", "--occurred", "2026-01-01T00:00:00Z"), 2, "2026-01-01T00:00:00Z"),
        ((*WEIGH, "12.5", "--occurred", "2999"), 3, "refused: time-future: the act is dated 2999"),
        # roles and rights
        (("party", "register", "x", "--role", "miner"), 3, "refused: role-missing: miner-1 may not record"),
        (("certificate", "void", "BW/00000001", "--reason", "x"), 3, "refused: role-missing"),
        ((*WEIGH, "12.5", "--by", "dealer-1"), 3, "refused: author-other-party"),
        ((*WEIGH, "12.5", "--for", "dealer-1"), 3, "refused: role-missing: miner-1"),
        # sources and files
        (("parcel", "report", "K1", "--report", "x", "--source", "A title"), 2, "'A title' is no source"),
        ((*WEIGH, "12.5", "--evidence", "missing.pdf"), 2, "'missing.pdf' does not exist"),
        (("parcel", "weigh", "--file", "missing.json"), 2, "'missing.json' does not exist"),
        (("parcel", "teleport", "K1"), 2, "No such command 'teleport'."),
        (("parcel", "splitt", "K1"), 2, "No such command 'splitt'. Did you mean split"),
        (("trcae", "K1"), 2, "No such command 'trcae'. Did you mean trace"),
        (("list", "parcel"), 2, "No such command 'parcel'. Did you mean parcels"),
    ],
)  # fmt: skip
def test_an_act_that_will_not_do(laptop: Laptop, words: tuple[str, ...], code: int, sentence: str) -> None:
    """Each with its code and sentence."""
    size = laptop.size()
    ran = laptop(*words, *MINER)
    assert (ran.code, sentence in ran.err, ran.out) == (code, True, ""), ran.err
    assert laptop.size() == size


def test_a_slip_of_the_unit_is_asked_about_at_the_keyboard_too(laptop: Laptop) -> None:
    """A thousandfold for any line; a fivefold only of as many lines as tell it from an unusual stone."""
    mine = ("parcel", "mine", "karowe", *MINER)
    usual = [word for n in range(5) for word in ("--line", f"U{n}=1.2{n}")]
    laptop.ok(*mine, *usual)
    size = laptop.size()
    for dry in ((), ("--dry-run",)):
        ran = laptop(*mine, "--line", "T1=1.23", "--line", "T2=1230", *dry)
        assert (ran.code, ran.out) == (9, "")
        assert "weight-slip: site karowe: line 2 has 1230.00 ct" in ran.err
        assert "about 1000 times too large" in ran.err
    grams = [word for n in range(5) for word in ("--line", f"V{n}=6.1{n}")]
    ran = laptop(*mine, *grams)
    assert ran.code == 9
    assert "weight-slip: site karowe: 5 lines have a median of 6.12 ct" in ran.err
    assert laptop.size() == size
    laptop.ok(*mine, "--line", "W1=6.15")
    laptop.ok(*mine, *grams, "--weights-confirmed")
    assert laptop.size() == size + 2


def test_the_largest_weight_in_the_world_is_still_judged_by_the_rules(laptop: Laptop) -> None:
    """Just at the bound it is not too large; it only grows."""
    ran = laptop(*WEIGH, "200000000", *MINER)
    assert "weight-too-large" not in ran.err
    assert "weight-grows" in ran.err


def test_errors_as_json(laptop: Laptop) -> None:
    """One object on standard error, with the code for scripts and every refusal."""
    refused = json.loads(laptop(*SPLIT, "K2=12.6", *MINER, "--json").err)
    assert (refused["exit"], refused["code"]) == (3, "weight-conserved")
    assert refused["refusals"][0]["subject"] == "parcel:K1"
    unknown = json.loads(laptop("attest", "99", "--json").err)
    assert (unknown["exit"], unknown["code"], "99" in unknown["said"]) == (5, "no-entry", True)
    usage = json.loads(laptop(*WEIGH, "1 g", "--json").err)
    assert (usage["exit"], usage["code"]) == (2, "usage")


def test_a_key_of_somebody_unknown(laptop: Laptop) -> None:
    """A key that is not enrolled."""
    laptop.ok("key", "new", "stranger", "--no-passphrase", "--out", "stranger.pem")
    ran = laptop(*WEIGH, "12.5", "--key", "stranger.pem")
    assert (ran.code, "refused: key-unknown: the key" in ran.err) == (3, True)


def test_a_key_of_another_role(laptop: Laptop) -> None:
    """A dealer does not mine, and the keeper's key records nothing."""
    mine = ("parcel", "mine", "karowe", "--line", "K2=1")
    assert "role-missing: dealer-1 may not record" in laptop(*mine, "--key", "dealer-1").err
    keeper = laptop(*mine, "--key", f"{LEDGER}.keys/ledger.pem")
    assert (keeper.code, "key-unknown" in keeper.err) == (3, True)


def test_the_recovery_key_does_not_record(laptop: Laptop) -> None:
    """It revokes and enrols, nothing else."""
    ran = laptop("party", "register", "x", "--role", "miner", "--key", f"{LEDGER}.keys/recovery.pem")
    assert (ran.code, "key-recovery-only" in ran.err) == (3, True)


def test_key_files_that_will_not_do(laptop: Laptop) -> None:
    """Missing, no key at all, of another kind."""
    (laptop.folder / "text.pem").write_text("-----BEGIN PRIVATE KEY-----\n", encoding="utf-8")
    (laptop.folder / "text.pem").chmod(0o600)
    for name, sentence in (("nobody", "key-file-missing: there is no key file nobody"),
                           ("text.pem", "key-file-unreadable: text.pem holds no Ed25519")):  # fmt: skip
        ran = laptop(*WEIGH, "12.5", "--key", name)
        assert (ran.code, sentence in ran.err) == (6, True), ran.err


@pytest.mark.skipif(os.name != "posix", reason="the system has no file modes")
def test_a_key_file_that_others_can_read(laptop: Laptop) -> None:
    """Mode 0644 is refused with the command that closes it."""
    (laptop.folder / f"{LEDGER}.keys" / "miner-1.pem").chmod(0o644)
    ran = laptop(*WEIGH, "12.5", *MINER)
    assert (ran.code, "may be used by others (mode 0644)" in ran.err) == (6, True)
    assert "chmod 600" in ran.err


def test_passphrases(bare: Laptop) -> None:
    """Wrong, missing, empty; and the right one."""
    bare.ok("init", *FIRST, passphrase=b"correct horse\n")
    act = ("party", "register", "x", "--role", "miner")
    for given, sentence in ((b"wrong\n", "key-passphrase-wrong"), (b"", "key-passphrase-wrong"),
                            (None, "passphrase-not-given")):  # fmt: skip
        ran = bare(*act, passphrase=given)
        assert (ran.code, sentence in ran.err) == (6, True), ran.err
    closed = bare(*act, "--passphrase-fd", "999")
    assert (closed.code, "no passphrase can be read from file descriptor 999" in closed.err) == (6, True)
    bare.ok(*act, passphrase=b"correct horse")


def test_ledgers_that_will_not_do(laptop: Laptop) -> None:
    """Missing, no ledger at all, empty, a folder, another kind of database."""
    (laptop.folder / "text.db").write_text("a shopping list, " * 100, encoding="utf-8")
    (laptop.folder / "empty.db").touch()
    (laptop.folder / "folder.db").mkdir()
    for name in ("missing.db", "text.db", "empty.db", "folder.db", "mysql://x/y"):
        ran = laptop(*WEIGH, "12.5", "--ledger", name)
        assert ran.code == 7, (name, ran.err)
        assert ran.err.startswith("adamas: store-"), ran.err
    assert not (laptop.folder / "missing.db").exists()


@pytest.mark.skipif(not without_override.POSSIBLE, reason="nothing is closed to this user")
def test_a_ledger_that_may_not_be_written(laptop: Laptop) -> None:
    """A read-only file can be read and not added to; with its mode back, it is."""
    (laptop.folder / LEDGER).chmod(0o444)
    size = laptop.size()
    weigh = (*WEIGH, "12.5", *MINER)
    reading = (("key", "show", "miner-1"), ("trace", "K1"), ("list", "parcels"), ("verify",))
    ran, *read = without_override.adamas(laptop.folder, weigh, *reading)
    assert (ran.code, "adamas: store-readonly:" in ran.err) == (7, True), ran.err
    assert "next: give yourself rights to the file and its folder" in ran.err
    assert [one.code for one in read] == [0, 0, 0, 0], read
    assert laptop.size() == size
    (laptop.folder / LEDGER).chmod(0o600)
    (ran,) = without_override.adamas(laptop.folder, weigh)
    assert (ran.code, laptop.size()) == (0, size + 1), ran.err


@pytest.mark.skipif(not without_override.POSSIBLE, reason="nothing is closed to this user")
def test_a_ledger_and_a_key_that_may_not_be_read(laptop: Laptop) -> None:
    """Closed to this user: each is named with what to do, and nothing is recorded."""
    size = laptop.size()
    (laptop.folder / f"{LEDGER}.keys" / "miner-1.pem").chmod(0o000)
    (ran,) = without_override.adamas(laptop.folder, (*WEIGH, "12.5", *MINER))
    assert (ran.code, "adamas: key-file-denied: key file" in ran.err) == (6, True), ran.err
    assert laptop.size() == size
    (laptop.folder / LEDGER).chmod(0o000)
    (ran,) = without_override.adamas(laptop.folder, ("list", "parcels"))
    assert (ran.code, "adamas: store-denied:" in ran.err) == (7, True), ran.err


def test_a_clock_far_from_the_last_entry_is_asked_about(tmp_path: Path) -> None:
    """A ledger whose last entry is years ago, or to come: a person looks at the calendar once."""
    world = World(tmp_path / LEDGER)
    world.mine("P1", "12.500")
    world.close()
    laptop = Laptop(tmp_path)
    from ledger.keys import write_key

    write_key(tmp_path / "miner.pem", world.keys["miner-1"], None)
    act = ("parcel", "weigh", "P1", "--weight", "12.500", "--key", "miner.pem")
    asked = laptop(*act)
    assert (asked.code, "clock-ahead" in asked.err) == (9, True), asked.err
    laptop.ok(*act, "--clock-is-right")


def test_a_shipment_of_an_unknown_certificate(laptop: Laptop) -> None:
    """What would be filled in from it is not there: the rule's own sentence."""
    ran = laptop("shipment", "export", "BW/00000109", "--key", "dealer-1")
    assert (ran.code, "refused: certificate-unknown: certificate BW/00000109" in ran.err) == (3, True)
    issued = laptop(
        "certificate",
        "issue",
        "7",
        "--part",
        "K9",
        "--value",
        "1",
        "--origin",
        "BW",
        "--destination",
        "BE",
        "--exporter",
        "dealer-1",
        "--importer",
        "x",
        "--expiry",
        "2099",
    )
    assert (issued.code, "refused: parcel-unknown: parcel K9" in issued.err) == (3, True)


def test_a_copied_database_without_its_keys(laptop: Laptop) -> None:
    """The sentence names the file that is looked for."""
    shutil.rmtree(laptop.folder / f"{LEDGER}.keys")
    ran = laptop("party", "register", "x", "--role", "miner")
    assert (ran.code, "authority.pem" in ran.err) == (6, True)
