"""The frauds that are known from real cases (DOMAIN.md section 1.10), tried on a ledger: what it refuses, and
what it can only be told of.

Forged letters are in test_three_ledgers.py and in the transcript of the three ledgers; here are the frauds on
paper, by its issuer, and in the goods.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.laptop import PAPER, Laptop
from tests.ministries import HUB, PRODUCER, Ministries, key_of

IMPORT = ("--weight", "5.000", "--key", "trader-ae", *PAPER[2:])


@pytest.fixture(scope="module")
def _pinned(tmp_path_factory: pytest.TempPathFactory, _two_prepared: Path) -> Path:
    folder = tmp_path_factory.mktemp("pinned")
    found = Ministries(folder, _two_prepared)
    found.receive(found.exported("K1", "SL 004201"))
    return folder


@pytest.fixture
def two(_pinned: Path, tmp_path: Path) -> Ministries:
    """Two ministries that recognise each other; the hub pinned the producer's ledger. Copies, as all are."""
    return Ministries(tmp_path, _pinned)


def arrives(hub: Laptop, number: str, country: str, day: str, *more: str) -> tuple[int, str]:
    """A paper certificate of a country arrives with five carats: the exit code, and what was said."""
    ran = hub("shipment", "import", number, "--line", f"Z{hub.size()}=5.000,hs=710231", "--origin", country,
              "--provenance", country, "--occurred", day, *IMPORT, *more)  # fmt: skip
    return ran.code, ran.err


@pytest.mark.parametrize(
    ("number", "country", "day", "code"),
    [
        ("CM 12", "CM", "2012-08-13", "standing-"),  # fake Cameroonian certificates of before its admission
        ("KE 1", "KE", "2015-07-01", "standing-"),  # a fake Kenyan one; Kenya never took part
        ("CM 12", "CM", "2012-08-14", None),
        ("ZA 15", "ZA", "2015-07-01", None),
    ],
)
def test_an_issuer_that_was_no_participant_on_the_day(
    two: Ministries, number: str, country: str, day: str, code: str | None
) -> None:
    """The shipped register knows who took part on which day; on the next day it may be otherwise."""
    two.hub.ok("participant", "adopt", "--shipped")
    two.hub.ok("licence", "grant", "old-1", "--party", "trader-ae", "--licensed", "import",
               "--since", "2003-01-01")  # fmt: skip
    ended, said = arrives(two.hub, number, country, day)
    assert (ended, code is None or code in said) == (0 if code is None else 3, True), said


def test_a_counterfeit_of_a_number_that_its_issuer_never_gave_out(two: Ministries) -> None:
    """On paper it is refused where the issuer's ledger is pinned; its issuer proves that it never was."""
    code, said = arrives(two.hub, "SL 004306", "SL", "2024-02-06")
    assert (code, "certificate-on-paper" in said, "certificate receive" in said) == (3, True, True)
    two.producer.ok("house", "index-certificates")
    for number, told in (("SL 004306", "never issued"), ("SL 004201", "exported")):
        out = str(two.post / "answer.absence")
        assert told in two.producer.ok("certificate", "prove-absent", number, "-o", out).out
        shown = two.hub.ok("verify", out, "--trust", str(two.post / "SL.trust")).out
        assert "result: it holds" in shown
    code, said = arrives(two.hub, "SL 004306", "SL", "2024-02-06", "--on-paper", "their office was closed")
    assert code == 0, said


def test_paper_is_all_there_is_after_a_fork_or_a_drop(two: Ministries) -> None:
    """A ledger that proves nothing any more does not close the border to its country's goods."""
    two.hub.ok("partner", "drop", PRODUCER, "--since", "2024-02-01")
    assert arrives(two.hub, "SL 004306", "SL", "2024-02-06")[0] == 0


def test_only_whom_the_shipment_was_for_confirms_it(two: Ministries) -> None:
    """A ledger of another State that took the goods says so in vain: they were not sent there."""
    answer = str(two.post / "answer.zip")
    two.hub.ok("certificate", "confirm", "SL/00004201", "-o", answer)
    two.producer.ok("partner", "recognise", HUB, "--verifier-key", key_of(two.hub),
                    "--participant", "IN", "--since", "2020-01-01")  # fmt: skip
    ran = two.producer("certificate", "receive-confirmation", answer)
    assert (ran.code, "confirmation-elsewhere" in ran.err) == (3, True), ran.err
    two.recognise(two.producer, "AE")
    two.producer.ok("certificate", "receive-confirmation", answer)


@pytest.mark.parametrize(("day", "code"), [("2024-01-31", 3), ("2024-02-01", 0)])
def test_nothing_arrives_before_its_certificate_was_issued(two: Ministries, day: str, code: int) -> None:
    """An import dated back, to before a measure or a suspension, is held against its issuer's own date."""
    two.stock("K2", "3.000")
    letter = two.exported("K2", "SL 004202")
    ran = two.hub("certificate", "receive", letter, "--import-key", "trader-ae", "--occurred", day)
    assert (ran.code, "certificate-issued-later" in ran.err) == (code, bool(code)), ran.err


def test_a_barred_issuer_does_not_hide_behind_anothers_name(two: Ministries) -> None:
    """Whose certificate it is, is who let the goods go: its standing is asked, whatever is stated."""
    two.hub.ok("participant", "adopt", "--shipped")
    two.hub.ok("measure", "adopt", "M-ZW", "--participant", "ZW", "--effect", "no-trade",
               "--since", "2024-01-20", "--source", "an example")  # fmt: skip
    assert "standing-no" in arrives(two.hub, "ZW 12", "ZW", "2024-02-06")[1]
    code, said = arrives(two.hub, "ZW 12", "BW", "2024-02-06", "--certificate", "ZW/00000012")
    assert (code, "provenance is stated as BW, found as ZW" in said) == (3, True), said
    assert arrives(two.hub, "BW 12", "BW", "2024-02-06")[0] == 0


def test_an_entry_of_the_issuers_ledger_is_named_by_its_letter_alone(two: Ministries, tmp_path: Path) -> None:
    """Whoever names one by hand, or signs that at home, passes for no letter; nor does a correction."""
    by_hand = ("--issuer-ledger", PRODUCER, "--issuer-entry", "3", "--issuer-hash", "ab" * 32)
    hub, size = two.hub, two.hub.size()
    for more in ((), ("--dry-run",)):
        code, said = arrives(hub, "SL 004306", "SL", "2024-02-06", *by_hand, *more)
        assert (code, "import-without-letter" in said, hub.size()) == (3, True, size), said
    out = str(tmp_path / "import.statement")
    hub.ok("sign", "shipment", "import", "SL 004306", "--line", "Z1=5.000,hs=710231", "--origin", "SL",
           "--provenance", "SL", "--occurred", "2024-02-06", *IMPORT, *by_hand, "--out", out)  # fmt: skip
    ran = hub("append", out)
    assert (ran.code, "import-without-letter" in ran.err, hub.size()) == (3, True, size), ran.err
    assert arrives(hub, "ZA 15", "ZA", "2024-02-06")[0] == 0
    corrected = ("correct", str(size), "--key", "trader-ae", "--reason", "misread")
    ran = hub(*corrected, "--set", f"issuer-ledger={PRODUCER}", "--set", "issuer-entry=3",
              "--set", f"issuer-hash={'ab' * 32}")  # fmt: skip
    assert (ran.code, "import-without-letter" in ran.err) == (3, True), ran.err
    hub.ok(*corrected, "--set", "authority=The other office")


@pytest.mark.parametrize(
    ("since", "code"),
    [((), None), (("shipment", "lose", "SL/00004202", "--how", "stolen"), "certificate-lost-there"),
     (("shipment", "return", "SL/00004202", "--part", "K2=3.000", "--to", "trader-sl"),
      "certificate-foreign-state"),
     (("correct", "ISSUE", "--set", "value=90.00", "--reason", "misread"), "certificate-corrected-there")],
)  # fmt: skip
def test_an_old_letter_is_held_to_what_its_issuer_published_since(
    two: Ministries, since: tuple[str, ...], code: str | None
) -> None:
    """Who kept the letter of a shipment that was stolen later brings nothing in where the tiles are asked."""
    two.stock("K2", "3.000")
    letter, tiles = two.exported("K2", "SL 004202"), str(two.post / "tiles")
    issued = str(two.producer.size() - 3)
    if since:
        two.producer.ok(*(issued if word == "ISSUE" else word for word in since))
    two.stock("K3", "3.000")
    two.producer.ok("publish", tiles)
    ran = two.receive(letter, "--from", tiles)
    assert (ran.code, code is None or code in ran.err) == (0 if code is None else 3, True), ran.err


def test_a_corrected_certificate_arrives_as_it_was_corrected(two: Ministries) -> None:
    """The correction is in the letter, and the import takes what it says, not what it replaced; who may be
    given a sealed field of a certificate is given it as it was corrected."""
    two.stock("K2", "3.000")
    issue = two.producer.size()
    key = two.certified("K2", "SL 004202", to="IN")
    correct = ("correct", str(issue), "--reason", "misread")
    two.producer.ok(*correct, "--set", "destination=AE", "--set", "value=7000.00",
                    "--set", "expiry=2024-04-30")  # fmt: skip
    two.producer.ok("grant", "give", "G-1", "--reader", "AE", "--field", "value", "--act",
                    "certificate-issued/1", "--since", "2024-01-01")  # fmt: skip
    two.producer.ok("shipment", "export", key, "--key", "trader-sl", "--occurred", "2024-02-02")
    letter = two.sent(key)
    assert two.receive(letter).code == 0
    body = two.hub.body(two.hub.size() - 2)
    assert (body["entry"], body["expiry"], body.get("value")) == (issue, "2024-04-30", 700_000)
    assert "7,000.00" in two.hub.ok("certificate", "print", key).out


@pytest.mark.parametrize(("first", "second", "code"), [("3.000", "2.000", 0), ("2.000", "3.000", 3)])
def test_two_parcels_that_were_taken_for_each_other(
    two: Ministries, first: str, second: str, code: int
) -> None:
    """Together they weigh what the certificate states; each is held to its own weight."""
    two.stock("K2", "3.000")
    two.stock("K3", "2.000")
    sender = two.producer
    sender.ok("certificate", "issue", "SL 004202", "--part", "K2", "--part", "K3", "--origin", "SL",
              "--destination", "AE", "--exporter", "trader-sl", "--importer", "Importing House",
              "--value", "9000.00", "--expiry", "2024-03-31", "--occurred", "2024-02-01")  # fmt: skip
    sender.ok("certificate", "validate", "SL/00004202", "--occurred", "2024-02-01")
    sender.ok("shipment", "export", "SL/00004202", "--key", "trader-sl", "--occurred", "2024-02-02")
    letter = two.sent("SL/00004202")
    ran = two.receive(letter, "--parcel", f"K2=D2={first}", "--parcel", f"K3=D3={second}")
    assert (ran.code, "weight of parcel K2 is stated as 3.00 ct" in ran.err) == (code, bool(code)), ran.err


def test_a_certificate_with_our_own_letters_that_we_never_issued(two: Ministries) -> None:
    """A forged paper of our own is met at our own border."""
    code, said = arrives(two.hub, "AE 99", "AE", "2024-02-06")
    assert (code, "certificate-own" in said) == (3, True)


@pytest.mark.parametrize(("conforms", "code"), [("no", 3), ("yes", 0)])
def test_a_right_certificate_with_other_goods_of_the_same_weight(
    two: Ministries, conforms: str, code: int
) -> None:
    """No ledger sees stones: it takes an inspection that says so, and then nothing is imported."""
    two.stock("K2", "3.000")
    letter = two.exported("K2", "SL 004202")
    two.hub.ok("shipment", "arrive", "SL/00004202", "--number", "SL 004202", "--provenance", "SL",
               "--intact", "yes", "--occurred", "2024-02-05")  # fmt: skip
    inspect = ("shipment", "inspect", "SL/00004202", "--weight", "3.000", "--occurred", "2024-02-05")
    two.hub.ok(*inspect, "--conforms", conforms)
    ran = two.receive(letter)
    assert (ran.code, "certificate-nonconforming" in ran.err) == (code, bool(code)), ran.err


def test_semi_cut_stones_do_not_slip_out_of_the_scheme(two: Ministries) -> None:
    """Rough goods cannot leave without a certificate, nor worked ones with one."""
    hub = two.hub
    bare = hub("shipment", "export", "--part", "K1=12.500", "--destination", "IN", "--key", "trader-ae")
    assert (bare.code, "certificate-needed" in bare.err) == (3, True), bare.err
    hub.ok("role", "grant", "trader-ae", "--role", "cutter", "--since", "2020-01-01")
    hub.ok("licence", "grant", "cutting-1", "--party", "trader-ae", "--licensed", "cutting",
           "--since", "2020-01-01")  # fmt: skip
    hub.ok("parcel", "polish", "K1", "--output", "S1=6.000", "--complete", "yes", "--occurred", "2024-02-10",
           "--key", "trader-ae")  # fmt: skip
    issue = hub("certificate", "issue", "AE 77001", "--part", "S1", "--origin", "SL", "--destination", "IN",
                "--exporter", "trader-ae", "--importer", "Cutter 1", "--value", "9000.00",
                "--class", "710239=6.000", "--expiry", "2024-04-30", "--occurred", "2024-02-12")  # fmt: skip
    assert (issue.code, "certificate-polished" in issue.err) == (3, True), issue.err


def test_origin_is_not_laundered_through_a_mixture(two: Ministries) -> None:
    """A list of countries that leaves one out is not the goods' own."""
    hub = two.hub
    assert arrives(hub, "ZA 15", "ZA", "2024-02-06")[0] == 0
    lot = f"Z{hub.size() - 1}"
    hub.ok("parcel", "mix", "K1", lot, "--output", "M1", "--hs", "710231", "--occurred", "2024-02-10",
           "--key", "trader-ae")  # fmt: skip
    issue = ("certificate", "issue", "AE 77001", "--part", "M1", "--destination", "IN", "--exporter",
             "trader-ae", "--importer", "Cutter 1", "--value", "9000.00", "--expiry", "2024-04-30",
             "--occurred", "2024-02-12", "--origin", "ZA")  # fmt: skip
    ran = hub(*issue)
    assert (ran.code, "mining origin is stated as ZA, found as SL, ZA" in ran.err) == (3, True), ran.err
    hub.ok(*issue, "--origin", "SL")
