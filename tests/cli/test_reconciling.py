"""Reconciling with what a partner gave: its letters, a folder of them, and files that are neither."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.chain import archive, checkpoint
from ledger.chain.bundle import Bundle
from ledger.federation import mail
from tests.ministries import PRODUCER, Ministries
from tests.world import signing_key

CERTIFICATE = "SL/00004201"
TERMS = ("--participant", "SL", "--period", "2024")


@pytest.fixture
def two(two: Ministries) -> Ministries:
    """Two ministries that recognise each other, and one certificate between them."""
    two.receive(two.exported("K1", "SL 004201"), "--parcel", "K1=D1=12.480")
    return two


def letter_of(two: Ministries) -> str:
    """The newest letter of the certificate, with its value opened."""
    return two.sent(CERTIFICATE, "--disclose", "value", "--without-grant")


def classes(two: Ministries, *others: str) -> dict[str, str]:
    """How the hub classes each certificate against what it was given."""
    told = two.hub.data("reconcile", *others, *TERMS, "--all")
    return {line["certificate"]: line["class"] for line in told["certificates"]}


def test_letters_tell_what_the_ledger_would(two: Ministries) -> None:
    """The same classes from the producer's ledger, its letter, and a single proof of the export."""
    of_ledger = classes(two, two.producer.ledger)
    assert classes(two, letter_of(two)) == of_ledger == {CERTIFICATE: "weighing"}
    out = str(two.post / "export.tlog-proof")
    exported = two.producer.size() - 1
    two.producer.ok("prove", "entry", str(exported), "-o", out)
    ran = two.hub("reconcile", out, *TERMS)
    assert (ran.code, "mail-step" in ran.err) == (3, True)  # alone, nobody shows who was entitled


def test_several_letters_and_a_folder_of_them(two: Ministries) -> None:
    """What was received lies among other documents; those are passed over and counted."""
    two.stock("K2", "3.000")
    second = two.exported("K2", "SL 004202")
    found = classes(two, letter_of(two), second)
    assert found == {CERTIFICATE: "weighing", "SL/00004202": "missing-at-importer"} or found == {
        CERTIFICATE: "weighing", "SL/00004202": "not-returned"
    }  # fmt: skip
    folder = two.hub.folder / two.hub.beside("evidence")
    (folder / "note").write_text("a note", "utf-8")
    ran = two.hub.ok("reconcile", str(folder), *TERMS)
    assert "1 file in" in ran.err
    assert "what none of them tells is not shown to be missing" in ran.err


def test_a_loss_is_told_by_its_senders_letter_and_by_the_importers_record(two: Ministries) -> None:
    """What the sender's newest letter says is the class; before that, what was told here stands beside it."""
    two.stock("K2", "3.000")
    letter, lost = two.exported("K2", "SL 004202"), ("shipment", "lose", "SL/00004202", "--how", "stolen")
    two.hub.ok(*lost)
    told = two.hub.data("reconcile", letter, *TERMS)["certificates"]
    assert ["not-returned", "lost"] in [line["differences"] for line in told]
    two.producer.ok(*lost, "--parcel", "K2")
    assert classes(two, two.sent("SL/00004202"))["SL/00004202"] == "lost"


def test_the_partners_imports_are_told_by_its_confirmations(two: Ministries) -> None:
    """The producer reconciles with the letter that confirmed."""
    two.confirmed(CERTIFICATE)
    answer = str(two.post / "answer-SL-00004201.zip")
    told = two.producer.data("reconcile", answer, "--participant", "AE", "--period", "2024", "--all")
    assert [(line["class"], line["received"]) for line in told["certificates"]] == [("weighing", 12_480)]


def test_a_letter_is_believed_only_under_the_partners_keys(two: Ministries) -> None:
    """Of a stranger's signature, altered, of another participant, of nobody that is recognised."""
    letter = letter_of(two)
    bundles = [Bundle.decode(data) for data in mail.files(Path(letter).read_bytes()).values()]
    forged = two.post / "forged.zip"
    signed = checkpoint.sign(bundles[0].checkpoint.checkpoint, signing_key("a stranger"))
    forged.write_bytes(archive.pack(replace(bundle, checkpoint=signed) for bundle in bundles))
    assert "mail-not-signed" in two.hub("reconcile", str(forged), *TERMS).err
    altered = [
        replace(one, entry=one.entry[:-1] + bytes([one.entry[-1] ^ 1]))
        if b"shipment-exp" in one.entry
        else one
        for one in bundles
    ]
    forged.write_bytes(archive.pack(altered))
    assert "mail-step" in two.hub("reconcile", str(forged), *TERMS).err
    other = two.hub("reconcile", letter, "--participant", "BW", "--period", "2024")
    assert (other.code, "letter-other" in other.err) == (4, True)
    two.hub.ok("partner", "drop", PRODUCER, "--since", "2024-02-01")
    assert "partner-unknown" in two.hub("reconcile", letter, *TERMS).err


def test_what_is_neither_is_refused_in_one_sentence(two: Ministries) -> None:
    """A zip of something else, noise, a table among letters, a folder without letters."""
    stranger, noise, table = two.post / "scans.zip", two.post / "noise", two.post / "table.csv"
    with zipfile.ZipFile(stranger, "w") as file:
        file.writestr("scan.png", b"\x89PNG")
    noise.write_bytes(bytes(range(256)))
    table.write_text("number,flow\n", "utf-8")
    (two.post / "empty").mkdir()
    truncated = two.post / "cut.zip"
    truncated.write_bytes(stranger.read_bytes()[:40])
    for path in (stranger, noise, truncated):
        ran = two.hub("reconcile", str(path), *TERMS)
        assert (ran.code, "reconcile-neither" in ran.err, "Error" in ran.err) == (4, True, False), ran.err
    assert "reconcile-several" in two.hub("reconcile", letter_of(two), str(table), *TERMS).err
    several = two.hub("reconcile", letter_of(two), "postgresql://keeper:secret@db/sl", *TERMS).err
    assert ("reconcile-several" in several, "secret" in several) == (True, False)
    assert "reconcile-no-letters" in two.hub("reconcile", str(two.post / "empty"), *TERMS).err
    assert "table-unreadable" in two.hub("reconcile", str(two.post / "none"), *TERMS).err
