"""The beginning: a ledger, three keys, and nothing left lying about when it fails."""

from __future__ import annotations

import os
import re

import pytest

from ledger.application import Ledger
from ledger.chain.note import VerifierKey
from ledger.domain.events import LedgerOpened
from ledger.keys import read_key
from tests.laptop import FIRST, LEDGER, Laptop


def opening(laptop: Laptop) -> LedgerOpened:
    """The ledger's entry 0."""
    with Ledger.open(str(laptop.folder / LEDGER), write=False) as ledger:
        event = ledger.records.recorded(0).event
    assert isinstance(event, LedgerOpened)
    return event


def test_a_ledger_and_its_keys(bare: Laptop) -> None:
    """Entry 0 names the keys that lie in the folder beside the ledger."""
    ran = bare.ok("init", *FIRST, "--no-passphrase")
    event = opening(bare)
    keys = bare.folder / f"{LEDGER}.keys"
    assert event.authority_key == read_key(keys / "authority.pem").public
    assert event.recovery_key == read_key(keys / "recovery.pem").public
    spoken = VerifierKey.parse(event.keys[0])
    assert (spoken.name, b"\x01" + spoken.public) == (event.origin, read_key(keys / "ledger.pem").public)
    assert (event.participant, event.by, event.name) == ("BW", "authority-bw", "Diamond Office")
    assert re.fullmatch(r"adamas\.example/bw/[a-z0-9]{8}", event.origin)
    assert ran.receipt.startswith("0:")
    assert "not encrypted" in ran.err
    assert "Move" in ran.err


def test_a_state_without_a_register_is_told_that_nobody_is_asked(bare: Laptop) -> None:
    """A ledger that adopts one is not told, nor one of no participant."""
    said = "adamas participant adopt --shipped"
    assert said in bare.ok("init", *FIRST, "--no-passphrase", "--ledger", "a.db").err
    assert said not in bare.ok("init", *FIRST, "--no-passphrase", "--ledger", "b.db", "--adopt-register").err
    assert said not in bare.ok("init", "--no-passphrase", "--ledger", "c.db", answers="\n\n\n\n").err


def test_two_ledgers_have_two_origins(bare: Laptop) -> None:
    """The last part of a proposed origin is random."""
    origins = {
        bare.ok("init", *FIRST, "--no-passphrase", "--ledger", f"{n}.db", "--json").data["origin"]
        for n in "ab"
    }
    assert len(origins) == 2


@pytest.mark.skipif(os.name != "posix", reason="the system has no file modes")
def test_keys_are_closed_to_others(bare: Laptop) -> None:
    """Files 0600 in a folder 0700."""
    bare.ok("init", *FIRST, "--no-passphrase")
    folder = bare.folder / f"{LEDGER}.keys"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_keys_are_encrypted(bare: Laptop) -> None:
    """The passphrase of the descriptor opens them, and nothing else does."""
    ran = bare.ok("init", *FIRST, passphrase=b"correct horse\n")
    assert "(encrypted)" in ran.out
    for file in (bare.folder / f"{LEDGER}.keys").glob("*.pem"):
        assert file.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    read_key(bare.folder / f"{LEDGER}.keys" / "ledger.pem", lambda: b"correct horse")


def test_a_person_is_asked_and_told_why(bare: Laptop) -> None:
    """Empty answers take what is proposed."""
    ran = bare.ok("init", "--no-passphrase", answers="NA\n\nDiamond Desk\nledger.example/na/1\n")
    assert "A ledger belongs to one organisation" in ran.err
    event = opening(bare)
    assert (event.participant, event.by, event.name) == ("NA", "authority-na", "Diamond Desk")
    assert event.origin == "ledger.example/na/1"


def test_a_companys_own_ledger_has_no_participant(bare: Laptop) -> None:
    """An empty answer; the authority is the house."""
    bare.ok("init", "--no-passphrase", answers="\n\n\n\n")
    assert (opening(bare).participant, opening(bare).by, opening(bare).name) == (None, "house", None)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--participant", "bw"), 2, "'bw' will not do: it takes a country's two capital letters"),
        (("--authority", "a:b"), 2, "'a:b' will not do: it takes a party's id"),
        (("--origin", "https://x"), 4, "name-origin"),
        (("--origin", "two words"), 4, "name-origin"),
    ],
)
def test_answers_that_will_not_do(bare: Laptop, words: tuple[str, ...], code: int, sentence: str) -> None:
    """No ledger and no key is left."""
    ran = bare("init", "--yes", "--no-passphrase", *words)
    assert (ran.code, sentence in ran.err) == (code, True), ran.err
    assert list(bare.folder.iterdir()) == []


def test_nobody_answers(bare: Laptop) -> None:
    """A script that forgot ``--yes``, or what to do about the passphrase."""
    ran = bare("init", "--no-passphrase")
    assert (ran.code, "answer-missing: nobody answered: Participant" in ran.err) == (9, True)
    ran = bare("init", *FIRST)
    assert (ran.code, "init-passphrase" in ran.err) == (9, True)
    ran = bare("init", *FIRST, passphrase=b"\n")
    assert (ran.code, "key-passphrase-length" in ran.err) == (6, True)
    assert [path for path in bare.folder.rglob("*") if path.is_file()] == []


def test_nothing_is_overwritten(bare: Laptop) -> None:
    """Neither a ledger nor a key; and what is there stays as it is."""
    bare.ok("init", *FIRST, "--no-passphrase")
    before = {path: path.read_bytes() for path in bare.folder.rglob("*.pem")}
    again = bare("init", *FIRST, "--no-passphrase")
    assert (again.code, "init-exists: adamas.db exists already" in again.err) == (7, True)
    (bare.folder / LEDGER).unlink()
    again = bare("init", *FIRST, "--no-passphrase")
    assert (again.code, "key-file-exists" in again.err) == (6, True)
    assert {path: path.read_bytes() for path in bare.folder.rglob("*.pem")} == before
    assert not (bare.folder / LEDGER).exists()


def test_keys_go_again_when_the_ledger_cannot_be_made(bare: Laptop) -> None:
    """A folder that is not there: they would speak for nothing."""
    ran = bare("init", *FIRST, "--no-passphrase", "--ledger", "postgresql://somewhere/x")
    assert ran.code in (6, 7), ran.err
    assert [path for path in bare.folder.rglob("*") if path.is_file()] == []
    ran = bare("init", *FIRST, "--no-passphrase", "--ledger", "nowhere/x.db")
    assert ran.code in (6, 7), ran.err
    assert not (bare.folder / "nowhere").exists()


def test_whoever_mistypes_is_asked_again(bare: Laptop) -> None:
    """With what is wrong; the answers given before are kept."""
    typed = "Botswana\nBW\nMy Ministry: one\nministry\n\nhttps://x\nledger.example/bw/7\n"
    ran = bare.ok("init", "--no-passphrase", answers=typed)
    assert "'Botswana' will not do: it takes a country's two capital letters" in ran.err
    assert "'My Ministry: one' will not do: it takes a party's id" in ran.err
    assert ran.err.count("Origin") == 2
    event = opening(bare)
    assert (event.participant, event.by, event.origin) == ("BW", "ministry", "ledger.example/bw/7")
