"""The border through the real command: returns, thefts, evidence, disputes, offices, and the words of the
help."""

from __future__ import annotations

import re

import click
import pytest

from cli.acts import act_command, run_act
from cli.options import act_classes, metavar
from ledger.domain.fields import table
from tests.laptop import PAPER, Laptop
from tests.ministries import Ministries

CERTIFICATE, TECHNICAL = "SL/00004201", "AE/00000403"
WHEN = ("--occurred", "2024-02-06")
MADE_OF = {"STONES": {"stones"}, "INDEX": {"index", "entry", "entries"}}
"""Metavars that say what a number counts, and the fields that are of that."""


@pytest.mark.parametrize("event", act_classes(), ids=lambda event: event.TYPE)
def test_no_option_borrows_the_word_of_another_kind(event: type) -> None:
    """Days are not stones and a percentage is no entry's index."""
    for field in table(event):
        allowed = MADE_OF.get(metavar(field))
        assert allowed is None or field.name in allowed, field.name


def test_the_help_of_a_profile_says_days_years_and_percent() -> None:
    """As a person reads it."""
    event = next(event for event in act_classes() if event.TYPE == "profile-adopted/1")
    command = act_command(event, "adopt", run_act)
    said = command.get_help(click.Context(command))
    for option in ("--validity-days DAYS", "--retention-years YEARS", "--value-tolerance PERCENT"):
        assert option in said
    assert not re.search(r"--\S+ (STONES|INDEX)\b", said)


def test_a_percentage_is_typed_as_one(laptop: Laptop) -> None:
    """Half a percent is 50 hundredths; what is none is refused."""
    size = laptop.size()
    laptop.ok("profile", "adopt", "BW/1", "--value-tolerance", "0.50", "--validity-days", "60")
    assert (laptop.body(size)["value_tolerance"], laptop.body(size)["validity_days"]) == (50, 60)
    assert laptop("profile", "adopt", "BW/2", "--value-tolerance", "0.505").code == 2
    assert laptop("profile", "adopt", "BW/2", "--validity-days", "0").code == 2


def sent_back(two: Ministries) -> None:
    """The hub orders a shipment back, and it leaves under a technical certificate."""
    two.exported("K1", "SL 004201")
    hub = two.hub
    hub.ok(
        "shipment", "arrive", CERTIFICATE, "--number", "004201", "--provenance", "SL", "--intact", "no", *WHEN
    )
    hub.ok("shipment", "reject", CERTIFICATE, "--reason", "seal broken", *WHEN)
    hub.ok(
        "certificate", "issue", "AE 403", "--technical", "yes", "--returns", CERTIFICATE,
        "--part", "LOT-1=12.500", "--class", "710231=12.500", "--origin", "SL", "--exporter", "trader-ae",
        "--importer", "Diamond Office", "--value", "9000.00", "--expiry", "2024-04-30", *WHEN,
    )  # fmt: skip
    hub.ok("certificate", "validate", TECHNICAL, *WHEN)
    hub.ok("shipment", "export", TECHNICAL, "--key", "trader-ae", *WHEN)


def classes(laptop: Laptop, other: Laptop, participant: str) -> dict[str, str]:
    """How a ledger classes each certificate against another."""
    file = other.ledger
    told = laptop.data("reconcile", file, "--participant", participant, "--period", "2024", "--all")
    return {line["certificate"]: line["class"] for line in told["certificates"]}


def test_a_shipment_that_was_ordered_back_is_a_return_to_both_sides(two: Ministries) -> None:
    """Neither an import here nor an export from here; what the certificate stated is filled in."""
    sent_back(two)
    size = two.hub.size()
    assert two.hub.body(size - 1)["returns"] == CERTIFICATE
    assert two.hub.body(size - 3)["destination"] == "SL"
    two.producer.ok("shipment", "return", CERTIFICATE, "--part", "K1=12.500", "--to", "trader-sl",
                    "--occurred", "2024-02-20")  # fmt: skip
    found = classes(two.hub, two.producer, "SL")
    assert found == {CERTIFICATE: "returned", TECHNICAL: "returned"}
    assert two.hub.data("list", "parcels")["parcels"] == []
    shown = two.hub.data("show", "certificate", TECHNICAL)
    assert (shown["technical"], shown["returns"]) == (True, CERTIFICATE)
    for how in ((), ("--bundles",)):
        drawn = ("sample", "--count", "5", "--seed", "x", *how, "--out", f"sample{len(how)}")
        assert f"{TECHNICAL}  0001-AE-00000403" in two.hub.ok(*drawn).out


def test_a_letter_with_a_technical_certificate_is_no_import(two: Ministries) -> None:
    """Who gets its goods back says so; they would begin a second time otherwise."""
    sent_back(two)
    letter = str(two.post / "back.zip")
    two.hub.ok("certificate", "send", TECHNICAL, "--to", "SL", "-o", letter)
    ran = two.producer("certificate", "receive", letter, "--import-key", "trader-sl")
    assert (ran.code, "certificate-technical" in ran.err) == (3, True)


def test_goods_of_one_s_own_are_no_technical_return(two: Ministries) -> None:
    """The word alone makes none, and an export that was never received is not explained by it."""
    ran = two.producer(
        "certificate", "issue", "SL 4203", "--technical", "yes", "--part", "K1", "--origin", "SL",
        "--destination", "AE", "--exporter", "trader-sl", "--importer", "x", "--value", "1.00",
        "--expiry", "2099-01-01",
    )  # fmt: skip
    assert (ran.code, "technical-returns" in ran.err) == (3, True)
    two.exported("K1", "SL 004201")
    assert classes(two.producer, two.hub, "AE") == {CERTIFICATE: "not-returned"}


def test_a_theft_reaches_the_certificate_and_whoever_is_written_to(two: Ministries) -> None:
    """The first letter would have been believed; after the second one the goods enter nowhere."""
    before = two.exported("K1", "SL 004201")
    size = two.producer.size()
    two.producer.ok("shipment", "lose", CERTIFICATE, "--how", "stolen")
    assert two.producer.body(size)["parcels"] == ["K1"]
    assert two.producer.data("show", "certificate", CERTIFICATE)["status"] == "lost"
    ran = two.receive(two.sent(CERTIFICATE))
    assert (ran.code, "certificate-lost-there" in ran.err) == (3, True)
    two.hub.ok("shipment", "lose", CERTIFICATE, "--how", "stolen")
    ran = two.receive(before)
    assert (ran.code, "certificate-lost" in ran.err) == (3, True)
    assert two.producer("parcel", "lose", "K1", "--how", "stolen").code == 3


def test_a_confirmation_tells_who_exported_and_who_imported(two: Ministries) -> None:
    """The exporting authority reads both, without a grant; nobody else's letter opens them."""
    two.receive(two.exported("K1", "SL 004201"))
    two.confirmed(CERTIFICATE)
    body = two.producer.body(two.producer.size() - 2)
    assert (body["exporter"], body["importer"]) == ("trader-sl", "trader-ae")
    assert "trader-ae" in two.producer.ok("certificate", "print", CERTIFICATE).out


def test_attestations_travel_with_the_letter(two: Ministries) -> None:
    """Whom the issuer's ledger shows to have agreed, the import names; the issuer itself does not count."""
    two.producer.ok("party", "register", "monitor-1", "--role", "observer")
    two.producer.ok("key", "enrol", "monitor-1", "--new", "--no-passphrase")
    key = two.certified("K1", "SL 004201")
    issued = two.producer.size() - 2
    two.producer.ok("attest", str(issued), "--key", "monitor-1")
    two.producer.ok("attest", str(issued))
    two.producer.ok("shipment", "export", key, "--key", "trader-sl", "--occurred", "2024-02-02")
    assert two.receive(two.sent(key)).code == 0
    assert two.hub.body(two.hub.size() - 2)["attested"] == ["monitor-1"]


def test_evidence_is_typed_with_its_carats(two: Ministries) -> None:
    """And spent once."""
    two.receive(two.exported("K1", "SL 004201"))
    apply = ("certificate", "apply", "A-1", "--part", "K1", "--destination", "SL", "--importer", "x",
             "--declaration", "kpcs/1", "--key", "trader-ae")  # fmt: skip
    assert "acquired-missing" in two.hub(*apply).err
    assert "acquired-weight" in two.hub(*apply, "--acquired", f"{CERTIFICATE}=12.600").err
    two.hub.ok(*apply, "--acquired", f"{CERTIFICATE}=12.500")
    hub = two.hub
    issue = ("certificate", "issue", "AE 9", "--application", "A-1", "--origin", "SL", "--value", "1.00",
             "--expiry", "2099-01-01")  # fmt: skip
    assert "certificate-differs" in hub(*issue, "--destination", "IN").err
    size = hub.size()
    hub.ok(*issue)
    body = hub.body(size)
    assert (body["destination"], body["exporter"], body["importer"]) == ("SL", "trader-ae", "x")
    assert body["parts"] == [{"parcel": "K1", "weight": 12_500}]
    assert "certificate-applied" in hub.ok("log", "--certificate", CERTIFICATE).out
    again = (*apply[:2], "A-2", *apply[3:])
    assert "acquired-spent" in two.hub(*again, "--acquired", f"{CERTIFICATE}=12.500").err


def test_disputed_certificates_are_listed(laptop: Laptop) -> None:
    """Until somebody who is named attests; then the list of disputed ones is empty."""
    laptop.ok("party", "register", "monitor-1", "--role", "observer")
    laptop.ok("key", "enrol", "monitor-1", "--new", "--no-passphrase")
    laptop.ok("participant", "adopt", "test", "--admission", "BW,since=2003,source=a", "--admission",
              "AE,since=2003,source=a")  # fmt: skip
    laptop.ok("licence", "grant", "XL-2", "--party", "miner-1", "--licensed", "export", "--since", "2016")
    laptop.ok(
        "certificate", "issue", "BW 107", "--part", "K1", "--value", "53000.00", "--origin", "BW",
        "--destination", "AE", "--exporter", "miner-1", "--importer", "Example, Dubai",
        "--expiry", "2099-12-31",
    )  # fmt: skip
    issued = laptop.size() - 1
    assert laptop.data("list", "certificates", "--disputed")["certificates"] == []
    laptop.ok("measure", "adopt", "M-1", "--participant", "BW", "--effect", "supervised", "--zone", "karowe",
              "--since", "2020", "--source", "a decision", "--attestations", "1")  # fmt: skip
    (line,) = laptop.data("list", "certificates", "--disputed")["certificates"]
    assert (line["certificate"], line["lacking"]) == ("BW/00000107", 1)
    assert "LACKING" in laptop.ok("list", "certificates").out
    assert laptop("list", "certificates", "--disputed", "--as-occurred", "2020").code == 2
    laptop.ok("attest", str(issued), "--key", "monitor-1")
    assert laptop.data("list", "certificates", "--disputed")["certificates"] == []
    (line,) = laptop.data("list", "certificates")["certificates"]
    assert line["lacking"] is None


def test_who_held_an_office_on_a_day_and_what_was_decided(laptop: Laptop) -> None:
    """An open appointment ends when the next begins."""
    appoint = ("governance", "appoint", "Chair", "--holder")
    laptop.ok(*appoint, "US", "--since", "2012-01-01", "--until", "2012-12-31")
    laptop.ok(*appoint, "ZA", "--since", "2013-01-01")
    laptop.ok(*appoint, "CN", "--since", "2014-01-01")
    assert "2013-12-31" in laptop.ok("list", "offices").out

    def held(day: str) -> list[str]:
        found = laptop.data("list", "offices", "--office", "chair", "--on", day)["offices"]
        return [line["holder"] for line in found]

    assert [held(day) for day in ("2011", "2012-12-31", "2013-01-01", "2020")] == [[], ["US"], ["ZA"], ["CN"]]
    assert laptop("list", "offices", "--on", "yesterday").code == 2
    decide = (
        "governance",
        "decide",
        "AD-1",
        "--body",
        "Plenary",
        "--title",
        "Peer review",
        "--since",
        "2013",
    )
    laptop.ok(*decide)
    assert "id-taken" in laptop(*decide).err
    assert [line["decision"] for line in laptop.data("list", "decisions")["decisions"]] == ["AD-1"]
    assert laptop.data("list", "decisions", "--body", "Chair")["decisions"] == []
    assert laptop.data("list", "decisions", "--on", "2012")["decisions"] == []
    assert (
        laptop.ok("list", "decisions", "--on", "2014", "--csv").out.splitlines()[1].startswith("AD-1,Plenary")
    )


def test_a_licence_has_its_class_in_the_states_own_words(laptop: Laptop) -> None:
    """Listed and shown; the built-in kind stands beside it."""
    laptop.ok("licence", "grant", "B-1", "--party", "dealer-1", "--licensed", "broking", "--national",
    "class B",
              "--since", "2020")  # fmt: skip
    found = {line["licence"]: line for line in laptop.data("list", "licences")["licences"]}
    assert (found["B-1"]["licensed"], found["B-1"]["national"]) == ("broking", "class B")
    assert found["XL-1"]["national"] is None
    assert "class B" in laptop.ok("show", "party", "dealer-1").out


def test_nothing_sealed_is_erased_while_papers_are_kept(laptop: Laptop) -> None:
    """The command refuses, and the value is still there; after the years it goes."""
    sale = ("parcel", "value", "K1", "--key", "miner-1", "--value")
    old, new = laptop.size(), laptop.size() + 1
    laptop.ok(*sale, "10.00", "--occurred", "2017-01-01")
    laptop.ok(*sale, "20.00")
    laptop.ok("profile", "adopt", "BW/1", "--retention-years", "5")
    ran = laptop("erase", str(new), "--field", "value", "--ground", "a request")
    assert (ran.code, "retention-running" in ran.err) == (3, True)
    assert laptop.body(new)["value"] == 2_000
    laptop.ok("erase", str(old), "--field", "value", "--ground", "a request")
    assert laptop.body(old)["value"] != 1_000


def test_a_paper_import_is_confirmed_with_the_parties_that_it_names(two: Ministries) -> None:
    """Both are copied from the paper and sealed: KPCS section III asks for their details."""
    arrival = ("shipment", "import", "--provenance", "SL", "--weight", "1.000", "--key", "trader-ae", *WHEN)
    two.hub.ok(*arrival, "SL 9", "--line", "D1=1.000", *PAPER)
    size = two.hub.size()
    two.hub.ok("shipment", "confirm", "SL/00000009")
    named = two.hub.body(size)
    assert (named["exporter"], named["importer"], named["parcels"]) == ("A mine, Kono", "An importer", 1)
    assert two.hub.ok("show", "entry", str(size)).out.count("disclosed") == 2


def test_an_endorsement_is_shown_printed_and_confirmed(two: Ministries) -> None:
    """A typing error in a name; a weight is refused, and stays."""
    two.hub.ok("shipment", "import", "SL 9", "--provenance", "SL", "--weight", "1.000", "--line", "D1=1.000",
               *PAPER, "--key", "trader-ae", *WHEN)  # fmt: skip
    endorse = ("certificate", "endorse", "SL/00000009", "--instruction", "their e-mail of today", "--field")
    ran = two.hub(*endorse, "weight", "--stated", "1.00", "--endorsed", "2.00")
    assert (ran.code, "endorsement-substance" in ran.err, "certificate replace" in ran.err) == (3, True, True)
    ran = two.hub(*endorse, "importer", "--stated", "An importer", "--endorsed", "Somebody else")
    assert (ran.code, "endorsement-spelling" in ran.err) == (3, True)
    two.hub.ok(*endorse, "importer's name", "--stated", "importer", "--endorsed", "imparter")
    told = two.hub.data("show", "certificate", "SL/00000009")
    assert (told["importer"], told["weight"], len(told["endorsements"])) == ("An imparter", 1_000, 1)
    printed = two.hub.ok("certificate", "print", "SL/00000009").out
    assert "An imparter" in printed
    assert "importer -> imparter" in printed
    size = two.hub.size()
    two.hub.ok("shipment", "confirm", "SL/00000009")
    assert two.hub.body(size)["importer"] == "An imparter"
