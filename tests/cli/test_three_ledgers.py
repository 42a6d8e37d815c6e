"""Certificates, confirmations and alerts between ledgers, as files; what the transcript does not show.

The whole journey, with three ledgers and each known forgery, is played in tests/transcripts/three-ledgers.md.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from ledger.application import Ledger
from ledger.chain import archive, checkpoint
from ledger.chain.bundle import Bundle
from ledger.chain.forks import ForkProof
from ledger.chain.note import VerifierKey
from ledger.domain.fields import WITHHELD
from ledger.federation import mail
from tests.laptop import LEDGER, Laptop
from tests.ministries import HUB, PRODUCER, Ministries, key_of
from tests.world import signing_key

CERTIFICATE = "SL/00004201"


def pins(laptop: Laptop, origin: str) -> list[tuple[int, str]]:
    """Size and outcome of each pin of a partner."""
    with Ledger.open(laptop.ledger, write=False) as ledger:
        partner = ledger.state().partner(origin)
        assert partner is not None
        return [(size, outcome) for size, _, _, outcome in partner.pins]


def fields_in(letter: str) -> dict[str, object]:
    """The certificate's body as the letter's reader sees it."""
    from ledger.domain.events import CertificateIssued
    from ledger.store.decoding import decode

    for index, data in mail.files(Path(letter).read_bytes()).items():
        bundle = Bundle.decode(data)
        event = decode(index, bundle.entry, bundle.disclosures).event
        if isinstance(event, CertificateIssued):
            return vars(event)
    raise AssertionError("no certificate in the letter")


def test_a_certificate_travels_and_comes_back_confirmed(two: Ministries) -> None:
    """Issue, import and confirmation name each other by index and hash; both sides pin each other."""
    letter = two.exported("K1", "SL 004201")
    assert two.receive(letter).code == 0
    two.confirmed(CERTIFICATE)
    shown = two.producer.data("show", "certificate", CERTIFICATE)
    assert "confirmed" in str(shown)
    assert [outcome for _, outcome in pins(two.hub, PRODUCER)] == ["first"]
    assert [outcome for _, outcome in pins(two.producer, HUB)] == ["first"]


def test_the_next_letter_brings_the_path_from_what_the_partner_pinned(two: Ministries) -> None:
    """The confirmation told the exporter what was pinned, so that nobody need type a size."""
    two.receive(two.exported("K1", "SL 004201"))
    two.confirmed(CERTIFICATE)
    two.stock("K2", "3.000")
    assert two.receive(two.exported("K2", "SL 004202")).code == 0
    assert [outcome for _, outcome in pins(two.hub, PRODUCER)] == ["first", "extends"]


def test_mail_without_a_path_is_taken_and_marked(two: Ministries) -> None:
    """What was not shown is no proof against anybody: the import goes on, the pin says so."""
    two.receive(two.exported("K1", "SL 004201"))
    two.stock("K2", "3.000")
    assert two.receive(two.exported("K2", "SL 004202")).code == 0
    assert [outcome for _, outcome in pins(two.hub, PRODUCER)] == ["first", "not-shown"]


def test_letters_out_of_order_accuse_nobody(two: Ministries) -> None:
    """The older letter arrives last: its checkpoint is smaller than the pinned one."""
    first = two.exported("K1", "SL 004201")
    two.stock("K2", "3.000")
    second = two.exported("K2", "SL 004202")
    assert two.receive(second).code == 0
    assert two.receive(first).code == 0
    assert [outcome for _, outcome in pins(two.hub, PRODUCER)] == ["first", "not-shown"]


def test_only_what_a_grant_allows_is_opened(two: Ministries) -> None:
    """Without a grant values and names stay sealed; with one for value, the name still does."""
    letter = two.exported("K1", "SL 004201")
    assert fields_in(letter)["value"] is WITHHELD
    two.producer.ok("grant", "give", "G-1", "--reader", "AE", "--field", "value", "--since", "2024-01-01")
    opened = fields_in(two.sent(CERTIFICATE))
    assert (opened["value"], opened["importer"]) == (900_000, WITHHELD)
    two.producer.ok("grant", "withdraw", "G-1", "--since", "2024-02-01")
    assert fields_in(two.sent(CERTIFICATE, "--pinned", "3"))["value"] is WITHHELD
    by_hand = fields_in(two.sent(CERTIFICATE, "--disclose", "importer", "--without-grant", "--pinned", "4"))
    assert (by_hand["value"], by_hand["importer"]) == (WITHHELD, "Importing House")


def test_a_field_without_a_grant_is_opened_only_by_a_named_choice(two: Ministries) -> None:
    """In a letter as in a proof: naming it is refused, and nothing is written."""
    two.exported("K1", "SL 004201")
    out = str(two.post / "opened.zip")
    sent = two.producer("certificate", "send", CERTIFICATE, "--to", "AE", "--disclose", "value", "-o", out)
    proven = two.producer(
        "prove", "certificate", CERTIFICATE, "--reader", "AE", "--disclose", "value", "-o", out
    )
    for ran in (sent, proven):
        assert (ran.code, "grant-missing" in ran.err, Path(out).exists()) == (3, True, False)
    nobody = two.producer("prove", "certificate", CERTIFICATE, "--disclose", "value", "-o", out)
    assert (nobody.code, "grant-no-reader" in nobody.err) == (3, True)
    two.producer.ok("grant", "give", "G-1", "--reader", "AE", "--field", "value", "--since", "2024-01-01")
    for reader in ("AE", HUB):
        two.producer.ok("prove", "certificate", CERTIFICATE, "--reader", reader, "-o", out)
        assert (fields_in(out)["value"], fields_in(out)["importer"]) == (900_000, WITHHELD)


def test_a_refused_import_pins_nothing(two: Ministries) -> None:
    """Import and pin are one batch: all or nothing."""
    letter = two.exported("K1", "SL 004201")
    size = two.hub.size()
    ran = two.receive(letter, "--parcel", "K1=D1=13.500")
    assert (ran.code, "certificate-differs" in ran.err) == (3, True)
    assert two.hub.size() == size


@pytest.mark.parametrize(
    ("lot", "said"),
    [("K9=D1", "found as K9"), ("K1", "is no parcel that arrived"), ("K1=D1=heavy", "heavy"),
     ("K1=D1,colour=D", "is no parcel that arrived")],
)  # fmt: skip
def test_parcels_that_are_not_the_certificates_are_refused(two: Ministries, lot: str, said: str) -> None:
    """A stranger's parcel, and what cannot be read."""
    ran = two.receive(two.exported("K1", "SL 004201"), "--parcel", lot)
    assert ran.code in (2, 3)
    assert said in ran.err


def test_a_certificate_that_never_left_is_refused(two: Ministries) -> None:
    """Validated is not exported."""
    key = two.certified("K1", "SL 004201")
    ran = two.receive(two.sent(key))
    assert (ran.code, "certificate-not-shown-act" in ran.err) == (3, True)


def test_a_ledger_that_is_recognised_as_anothers_issues_nothing(two: Ministries, tmp_path: Path) -> None:
    """A certificate counts only in its issuer's own ledger."""
    two.hub.ok("partner", "recognise", PRODUCER, "--verifier-key", key_of(two.producer),
               "--participant", "BW", "--since", "2020-01-01")  # fmt: skip
    ran = two.receive(two.exported("K1", "SL 004201"))
    assert (ran.code, "certificate-other-ledger" in ran.err) == (3, True)


def test_a_dropped_partner_is_unknown(two: Ministries) -> None:
    """Nothing is imported on the word of a ledger that is no longer recognised."""
    letter = two.exported("K1", "SL 004201")
    two.hub.ok("partner", "drop", PRODUCER, "--since", "2024-02-01")
    ran = two.receive(letter)
    assert (ran.code, "partner-unknown" in ran.err) == (3, True)


def test_a_letter_about_something_else_is_no_certificate(two: Ministries) -> None:
    """An alert's letter is not received as a certificate, nor a certificate's as an alert."""
    two.producer.ok("alert", "raise", "A-1", "--about", "infringement")
    path = str(two.post / "alert.zip")
    two.producer.ok("alert", "send", "A-1", "--to", "AE", "-o", path)
    assert "mail-no-certificate" in two.receive(path).err
    letter = two.exported("K1", "SL 004201")
    assert "mail-no-alert" in two.hub("alert", "receive", letter).err
    assert "mail-no-confirmation" in two.hub("certificate", "receive-confirmation", letter).err


def test_an_alert_is_noted_by_its_entry_and_opened_only_where_allowed(two: Ministries) -> None:
    """What was seen is sealed until its sender opens it."""
    two.producer.ok("alert", "raise", "A-1", "--about", "infringement", "--text", "a truck at night")
    sealed, opened = str(two.post / "sealed.zip"), str(two.post / "opened.zip")
    two.producer.ok("alert", "send", "A-1", "--to", "AE", "-o", sealed)
    two.producer.ok("alert", "send", "A-1", "--to", "AE", "--disclose", "text", "--without-grant",
                    "-o", opened)  # fmt: skip
    assert "withheld" in two.hub.ok("alert", "receive", sealed).out
    assert "a truck at night" in two.hub.ok("alert", "receive", opened).out
    assert two.hub.ok("list", "alerts").out.count(PRODUCER) == 1
    two.producer.ok("alert", "raise", "A-2", "--about", "infringement", "--text", "and another")
    two.producer.ok("alert", "send", "A-2", "--to", "AE", "-o", sealed)
    two.hub.ok("alert", "receive", sealed)
    assert two.hub.ok("list", "alerts").out.count(PRODUCER) == 2


def test_only_what_was_imported_is_confirmed(two: Ministries) -> None:
    """An unknown certificate has nothing to confirm; one that was confirmed is sent again, not recorded."""
    assert two.hub("certificate", "confirm", CERTIFICATE, "-o", "x.zip").code == 5
    two.receive(two.exported("K1", "SL 004201"))
    two.hub.ok("certificate", "confirm", CERTIFICATE, "-o", "x.zip")
    size = two.hub.size()
    two.hub.ok("certificate", "confirm", CERTIFICATE, "-o", "y.zip")
    assert two.hub.size() == size


def test_a_confirmation_counts_once(two: Ministries) -> None:
    """The same letter again finds the certificate confirmed."""
    two.receive(two.exported("K1", "SL 004201"))
    two.confirmed(CERTIFICATE)
    again = two.producer("certificate", "receive-confirmation", str(two.post / "answer-SL-00004201.zip"))
    assert (again.code, "certificate-state" in again.err) == (3, True)


def rewritten(two: Ministries, folder: Path) -> str:
    """The producer's ledger of before the certificate, told otherwise; the letter of what was pinned."""
    before = folder / "sl-before"
    shutil.copytree(two.producer.folder, before)
    two.receive(two.exported("K1", "SL 004201"))
    pinned = pins(two.hub, PRODUCER)[-1][0]
    shutil.rmtree(two.producer.folder)
    shutil.copytree(before, two.producer.folder)
    for guard in (two.producer.folder / f"{LEDGER}.keys").glob("*.guard"):
        guard.unlink()
    two.stock("K9", "3.000")
    two.stock("K8", "3.000")
    return two.exported("K9", "SL 004201", "--pinned", str(pinned))


@pytest.mark.file("the folder of before is put back")
def test_a_rewritten_past_is_convicted_and_stops_imports(two: Ministries, tmp_path: Path) -> None:
    """The proof lies beside the letter, is recorded by its hash with an alarm, and convicts by itself."""
    letter = rewritten(two, tmp_path)
    ran = two.receive(letter)
    assert (ran.code, "partner-forked" in ran.err) == (3, True)
    data = Path(letter + ".fork-proof").read_bytes()
    verdict = ForkProof.decode(data).verify([VerifierKey.parse(key_of(two.producer))])
    assert [key.name for key in verdict.keys] == [PRODUCER]
    with Ledger.open(two.hub.ledger, write=False) as ledger:
        partner = ledger.state().partner(PRODUCER)
        assert partner is not None
        assert partner.forked == sha256(data).digest()
        assert ledger.state().subject("alert:fork-f3k9").about == "fork"
    assert "partner-forked" in two.receive(letter).err


@pytest.mark.file("the folder of before is put back")
def test_a_trace_refuses_a_ledger_that_is_not_the_pinned_one(two: Ministries, tmp_path: Path) -> None:
    """The rewritten file is named as such, and no word of it is believed."""
    rewritten(two, tmp_path)
    ran = two.hub("trace", "K1", "--with", two.producer.ledger)
    assert ran.code == 1
    assert "another history" in ran.out
    assert "was rewritten" in ran.out
    assert "K1  12.50 ct [outside" not in ran.out
    told = two.hub("trace", "K1", "--with", two.producer.ledger, "--json")
    assert (told.code, '"fault"' in told.out) == (1, True)


def test_a_trace_goes_on_in_the_true_ledger_and_says_where_it_ends(two: Ministries) -> None:
    """As data: the border, its checks, the trace behind it; without a source, that none is at hand."""
    two.receive(two.exported("K1", "SL 004201"), "--parcel", "K1=D1")
    told = two.hub.data("trace", "D1", "--with", two.producer.ledger)
    (border,) = told["borders"]
    assert (border["ledger"], border["foreign_parcel"], border["certificate"]) == (
        PRODUCER,
        "K1",
        CERTIFICATE,
    )
    assert [check["standing"] for check in border["checks"]] == ["ok", "ok"]
    assert border["trace"]["parcels"][0]["parcel"] == "K1"
    own = two.hub.data("trace", "D1", "--with", two.hub.ledger)
    assert [check["code"] for check in own["borders"][0]["checks"]] == ["border-no-source"]
    assert own["borders"][0]["trace"] is None


def test_recognising_reads_one_ledgers_keys(two: Ministries, tmp_path: Path) -> None:
    """A trust file, or a file with the key alone; not one of several ledgers, and not one without keys."""
    alone, several, none = tmp_path / "key", tmp_path / "several", tmp_path / "none"
    keys = key_of(two.producer), key_of(two.hub)
    alone.write_text(keys[0] + "\n", "utf-8")
    several.write_text(f"log {keys[0]}\nlog {keys[1]}\nquorum none\n", "utf-8")
    none.write_text("quorum none\n", "utf-8")
    more = ("--participant", "SL", "--since", "2020-01-01")
    two.hub.ok("partner", "recognise", "--trust", str(alone), *more)
    assert "partner-origins" in two.hub("partner", "recognise", "--trust", str(several), *more).err
    assert "partner-no-key" in two.hub("partner", "recognise", "--trust", str(none), *more).err


def test_a_partner_counts_from_its_day_on(two: Ministries) -> None:
    """Nothing that arrived before it was recognised is imported on its word."""
    two.recognise(two.hub, "SL", "--since", "2024-06-01")
    ran = two.receive(two.exported("K1", "SL 004201"))
    assert (ran.code, "partner-not-yet" in ran.err) == (3, True)


def test_the_issuers_own_profile_is_held_against_its_numbers(two: Ministries) -> None:
    """A letter brings the profile that was in force; one of the number's form is taken."""
    two.producer.ok("profile", "adopt", "SL 2024", "--number-pattern", "SL ######",
                    "--range", "SL=4000,last=4299", "--occurred", "2024-01-20")  # fmt: skip
    assert two.receive(two.exported("K1", "SL 004201")).code == 0


def test_published_tiles_show_what_the_letter_does_not(two: Ministries) -> None:
    """With the sender's published directory, mail without a path is shown to extend what was pinned."""
    two.receive(two.exported("K1", "SL 004201"))
    two.stock("K2", "3.000")
    letter, tiles = two.exported("K2", "SL 004202"), str(two.post / "tiles")
    two.producer.ok("publish", tiles)
    told = two.receive(letter, "--from", tiles, "--json").data
    assert (told["against_pin"], told["certificate"]) == ("extends", "SL/00004202")
    assert [step["step"] for step in told["steps"]] == list(range(1, 12))


@pytest.mark.file("the folder of before is put back")
def test_a_rewritten_publication_convicts_too(two: Ministries, tmp_path: Path) -> None:
    """No path in the letter: the public tiles are the second history."""
    rewritten(two, tmp_path)
    letter, tiles = two.sent(CERTIFICATE), str(two.post / "tiles")
    two.producer.ok("publish", tiles)
    assert two.receive(letter, "--from", tiles).code == 3
    assert Path(letter + ".fork-proof").exists()


def test_a_trace_reads_publications_and_letters(two: Ministries) -> None:
    """Both are held to the importer's pin and the partner's keys; what is sealed is counted."""
    letter = two.exported("K1", "SL 004201", "--history")
    two.receive(letter, "--parcel", "K1=D1")
    tiles = str(two.post / "tiles")
    two.producer.ok("publish", tiles)
    for place, more in ((tiles, []), (letter, ["not shown"])):
        (border,) = two.hub.data("trace", "D1", "--with", place)["borders"]
        assert [check["standing"] for check in border["checks"]] == ["ok", "ok", "ok", *more]
        assert border["trace"]["parcels"][0]["parcel"] == "K1"
        assert border["withheld"]["importer"] == 1


def test_a_trace_reads_the_letters_that_were_kept(two: Ministries) -> None:
    """What was received lies in the evidence folder, among other documents, and is enough to go on."""
    two.receive(two.exported("K1", "SL 004201", "--history"), "--parcel", "K1=D1")
    kept = two.hub.folder / two.hub.beside("evidence")
    (kept / "scan").write_bytes(b"PK\x03\x04 a scan that begins as a letter does")
    (kept / "note").write_text("a note", "utf-8")
    (border,) = two.hub.data("trace", "D1", "--with", str(kept))["borders"]
    assert border["trace"]["parcels"][0]["parcel"] == "K1"
    assert Path(border["read_from"]).parent == kept


def test_a_trace_takes_no_letter_that_a_stranger_signed(two: Ministries, tmp_path: Path) -> None:
    """The same entries under another key: whoever signs in the partner's name is not the partner."""
    letter = two.exported("K1", "SL 004201", "--history")
    two.receive(letter, "--parcel", "K1=D1")
    forged = two.post / "forged.zip"
    bundles = [Bundle.decode(data) for data in mail.files(Path(letter).read_bytes()).values()]
    signed = checkpoint.sign(bundles[0].checkpoint.checkpoint, signing_key("a stranger"))
    forged.write_bytes(archive.pack(replace(bundle, checkpoint=signed) for bundle in bundles))
    ran = two.hub("trace", "D1", "--with", str(forged))
    assert (ran.code, "no key under which" in ran.out) == (1, True)
    assert "mail-not-signed" in two.receive(str(forged)).err


def test_every_altered_proof_of_a_letter_is_refused(two: Ministries) -> None:
    """One bit of each entry and of each path: the step that found it is named, and nothing is recorded."""
    letter = two.exported("K1", "SL 004201")
    bundles = {i: Bundle.decode(data) for i, data in mail.files(Path(letter).read_bytes()).items()}
    size = two.hub.size()
    about = [i for i, one in bundles.items() if b"certificate" in one.entry]
    for index in about:
        one = bundles[index]
        flipped = bytes([one.path[0][0] ^ 1]) + one.path[0][1:]
        altered = one.entry[:-1] + bytes([one.entry[-1] ^ 1])
        for forged in (replace(one, path=(flipped, *one.path[1:])), replace(one, entry=altered)):
            path = two.post / "altered.zip"
            path.write_bytes(archive.pack([*(b for i, b in bundles.items() if i != index), forged]))
            ran = two.receive(str(path))
            assert (ran.code, "mail-step" in ran.err or "certificate-not-shown" in ran.err) == (3, True)
    assert about
    assert two.hub.size() == size
