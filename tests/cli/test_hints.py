"""Behind a refusal or an error the command says what to do next, with the ids of the ledger at hand."""

from __future__ import annotations

import json

import pytest

from tests.laptop import Laptop

MINER = ("--key", "miner-1")


@pytest.mark.parametrize(
    ("words", "step"),
    [
        (("parcel", "weigh", "K2", "--weight", "1", *MINER), "did you mean K1? Otherwise see what"),
        (("parcel", "sell", "K1", "--to", "daeler-1", *MINER), "did you mean dealer-1?"),
        (("parcel", "mine", "karow", "--line", "K2=1", *MINER), "did you mean karowe?"),
        (("show", "party", "Miner 1"), "did you mean miner-1"),
        (("licence", "withdraw", "ML1", "--since", "2026-01-01"), "did you mean ML-1"),
        (("show", "parcel", "K11"), "did you mean K1?"),
        (("trace", "J1"), "did you mean K1?"),
        (("show", "party", "mine"), "did you mean miner-1?"),
        (("parcel", "weigh", "K1", "--weight", "12", "--key", "dealer-1"),
         "miner-1 records it with its own key (--key miner-1); if dealer-1 got the goods, record first how: "
         "adamas parcel sell K1 --to dealer-1 --key miner-1"),
        (("parcel", "sort", "K1", "--output", "K2=12.6", *MINER), "what was lost is declared with --loss"),
        (("parcel", "weigh", "K1", "--weight", "12", "--key", "nobody"),
         "authority, clerk-1, dealer-1, ledger, miner-1, old-1, recovery"),
        (("show", "entry", "99"), "see the entries with: adamas log"),
        (("find", "zzz"), "try fewer letters"),
    ],
)  # fmt: skip
def test_the_next_step_stands_behind(laptop: Laptop, words: tuple[str, ...], step: str) -> None:
    """One line behind the sentence, and the same in JSON."""
    told = laptop(*words).err.splitlines()
    assert [line.startswith("  next: ") for line in told] == [False, True], told
    assert step in told[1]
    said = json.loads(laptop(*words, "--json").err)
    assert said["hint"] == told[1].removeprefix("  next: ")
    assert [row["hint"] for row in said.get("refusals", [said])] == [said["hint"]]


def test_goods_that_cannot_become_another_class(laptop: Laptop) -> None:
    """The classes that they can become are named."""
    laptop.ok("parcel", "sort", "K1", "--output", "K2=12.5,hs=710221", *MINER)
    ran = laptop("parcel", "sort", "K2", "--output", "K3=12.5,hs=710231", *MINER)
    assert "refused: hs-move:" in ran.err
    assert "out of HS 710221 can come: 710221, 710229; give K3 one of these with hs=" in ran.err


def test_a_date_that_cannot_be_tells_from_when_on_it_can(laptop: Laptop) -> None:
    """The day of the act before, and how that one is corrected."""
    laptop.ok("parcel", "mine", "karowe", "--line", "K5=1", "--occurred", "2026-02-03", *MINER)
    ran = laptop("parcel", "weigh", "K5", "--weight", "1", "--occurred", "2026-02-02", *MINER)
    assert "refused: time-order:" in ran.err
    assert "give the day it happened with --occurred, 2026-02-03 or later; if the date of entry" in ran.err


def test_one_step_for_several_refusals_is_told_once(laptop: Laptop) -> None:
    """Two parcels that are unknown, one line that says where to look; each keeps its own in JSON."""
    words = ("parcel", "weigh", "KX", "--weight", "1", "--occurred", "2999", *MINER)
    ran = laptop("parcel", "mix", "--input", "K1", "--input", "K1", "--output", "M", "--weight", "25", *MINER)
    assert len(ran.err.splitlines()) == len(set(ran.err.splitlines()))
    refused = json.loads(laptop(*words, "--json").err)
    assert [row["code"] for row in refused["refusals"]] == ["time-future", "parcel-unknown"]
    time, parcel = (row["hint"] for row in refused["refusals"])
    assert (time, "adamas find KX" in parcel) == ("give the day it happened with --occurred", True)


def test_what_nobody_can_type_is_not_proposed(laptop: Laptop) -> None:
    """Goods that are in nobody's hands here: the holder is unknown, and no key of *unknown* is named."""
    laptop.ok("parcel", "sell", "K1", "--to", "dealer-1", "--key", "miner-1")
    laptop.ok(
        "certificate", "issue", "BW 107", "--part", "K1", "--value", "1000", "--origin", "BW",
        "--destination", "BE", "--exporter", "dealer-1", "--importer", "x", "--expiry", "2099-12-31",
    )  # fmt: skip
    laptop.ok("certificate", "validate", "BW/00000107", "--seal", "S1")
    laptop.ok("shipment", "export", "BW/00000107", "--key", "dealer-1")
    ran = laptop("parcel", "sell", "K1", "--to", "dealer-1", *MINER)
    assert "holder-only: parcel K1 is held by unknown" in ran.err
    assert "--key unknown" not in ran.err
    assert "adamas show parcel K1 tells where it went" in ran.err


def test_nothing_near_and_no_ledger_are_no_trouble(laptop: Laptop, bare: Laptop) -> None:
    """Where nothing is near nothing is guessed; where there is no ledger the sentence stands alone."""
    ran = laptop("show", "parcel", "zzzzzzzz")
    assert "did you mean" not in ran.err
    assert "next: see what there is with: adamas list parcels" in ran.err
    gone = laptop("show", "parcel", "K1", "--ledger", "elsewhere.db")
    assert gone.err.splitlines() == [
        "adamas: store-missing: there is no ledger elsewhere.db; adamas init makes one",
        "  next: go to the ledger's folder, or name its file with --ledger (or in the variable "
        "ADAMAS_LEDGER)",
    ]


@pytest.mark.parametrize(("word", "kind"), [("K1", "parcel"), ("miner-1", "party"), ("3", "entry")])
def test_what_is_shown_without_its_kind_is_looked_up(laptop: Laptop, word: str, kind: str) -> None:
    """What is known under one kind alone is shown, with the options of that kind."""
    wanted = laptop.ok("show", kind, word).out
    assert wanted.startswith(f"{kind} {word}")
    assert laptop.ok("show", word).out == wanted
    assert laptop.data("show", word) == laptop.data("show", kind, word)
    assert laptop.ok("show", word, "--csv").out == laptop.ok("show", kind, word, "--csv").out


def test_a_certificate_is_looked_up_by_its_number_as_printed(laptop: Laptop) -> None:
    """And a moment may be named behind it."""
    laptop.ok("parcel", "sell", "K1", "--to", "dealer-1", *MINER)
    laptop.ok(
        "certificate", "issue", "BW 107", "--part", "K1", "--value", "1000", "--origin", "BW",
        "--destination", "BE", "--exporter", "dealer-1", "--importer", "x", "--expiry", "2099-12-31",
    )  # fmt: skip
    assert laptop.ok("show", "BW 107").out.startswith("certificate BW/00000107")
    assert laptop("show", "BW 107", "--as-occurred", "2016").code == 5


def test_what_could_be_two_things_is_asked_about(laptop: Laptop) -> None:
    """A parcel that is called as an entry is numbered: both lines are there to type."""
    laptop.ok("parcel", "mine", "karowe", "--line", "3=1,hs=710210", *MINER)
    ran = laptop("show", "3")
    assert (ran.code, ran.err.splitlines()[-1]) == (
        2, "Error: say what 3 is: adamas show entry 3 or adamas show parcel 3",
    )  # fmt: skip
    laptop.ok("show", "parcel", "3")


@pytest.mark.parametrize("word", ["999", "K 9", "K9", "٣"])
def test_what_nothing_is_called_is_told(laptop: Laptop, word: str) -> None:
    """Also a number beyond the last entry, and one in digits that no index is written in."""
    ran = laptop("show", word)
    assert (ran.code, f"show-unknown: nothing has the id {word} here\n" in ran.err) == (5, True), ran.err
    assert "adamas find" in ran.err
    assert "No such command" in laptop("show", word, "K1").err


def test_licences_and_sites_are_told_where_they_stand(laptop: Laptop) -> None:
    """They are known, and nothing of them is shown alone."""
    licence, site = laptop("show", "ML-1"), laptop("show", "karowe")
    assert (licence.code, site.code) == (5, 5)
    assert "ML-1 is a licence, and stands in their list\n  next: adamas list licences\n" in licence.err
    assert "karowe is a site, and stands in their list\n" in site.err
    assert "adamas log --site karowe" in site.err


@pytest.mark.parametrize("named", [("--ledger", "other.db"), ("--ledger=other.db",)])
def test_what_is_shown_is_looked_up_in_the_ledger_that_is_named(
    laptop: Laptop, named: tuple[str, ...]
) -> None:
    """Also where it is named behind; where nothing is named behind the option, nothing breaks."""
    (laptop.folder / "adamas.db").rename(laptop.folder / "other.db")
    assert laptop.ok("show", "K1", *named).out.startswith("parcel K1")
    assert laptop("show", "K1", "--ledger").code == 7


def test_what_is_shown_without_a_ledger_tells_that_there_is_none(bare: Laptop) -> None:
    """Nothing can be looked up."""
    ran = bare("show", "K1")
    assert (ran.code, "store-missing: there is no ledger adamas.db" in ran.err) == (7, True)


@pytest.mark.parametrize(
    ("text", "kind", "listing"),
    [
        ("BW 107", "certificate", "adamas list parcels --certificate BW/00000107"),
        ("BW/00000107", "certificate", "adamas list parcels --certificate BW/00000107"),
        ("miner-1", "party", "adamas list parcels --holder miner-1"),
        ("karowe", "site", "adamas list parcels --site karowe"),
    ],
)
def test_what_is_no_parcel_is_not_traced_and_told_what_it_is(
    laptop: Laptop, text: str, kind: str, listing: str
) -> None:
    """A certificate's number, a party, a site: the line that lists its parcels, which finds K1."""
    laptop.ok(
        "certificate", "issue", "BW 107", "--part", "K1", "--value", "1000", "--origin", "BW",
        "--destination", "BE", "--exporter", "miner-1", "--importer", "x", "--expiry", "2099-12-31",
    )  # fmt: skip
    for verb in ("trace", "track"):
        ran = laptop(verb, text)
        assert ran.code == 5
        assert ran.err.splitlines() == [
            f"adamas: trace-other-kind: '{text}' is no parcel but a {kind}",
            f"  next: trace one of its parcels: {listing}",
        ]
    assert "K1" in laptop.ok(*listing.split()[1:]).out
    assert laptop("trace", "nobody").err.startswith("adamas: parcel-unknown:")


def test_no_hint_is_recorded(laptop: Laptop) -> None:
    """What a documented act names as a discrepancy is the rule's sentence alone: it never changes."""
    laptop.ok(
        "parcel", "sell", "OLD-1", "--to", "dealer-1", "--documented", "--key", "old-1",
        "--source", "A newspaper <https://press.example/1> 2024-01-10",
    )  # fmt: skip
    found = laptop.body(laptop.size() - 1)["discrepancies"]
    assert {line["rule"]: line["said"] for line in found}["parcel-unknown"] == (
        "parcel OLD-1 is not known to this ledger"
    )


def test_a_missing_licence_tells_where_it_is_missing(laptop: Laptop) -> None:
    """A licence for one site is none for another; the line to type names the party."""
    laptop.ok("party", "register", "miner-2", "--role", "miner")
    laptop.ok("key", "enrol", "miner-2", "--new", "--no-passphrase")
    laptop.ok("site", "register", "orapa", "--in-country", "BW")
    given = ("--party", "miner-2", "--licensed", "mining", "--site", "karowe", "--since", "2018-01-01")
    laptop.ok("licence", "grant", "ML-2", *given)
    laptop.ok("parcel", "mine", "karowe", "--line", "K8=1", "--key", "miner-2")
    ran = laptop("parcel", "mine", "orapa", "--line", "K9=1", "--key", "miner-2")
    assert "miner-2 holds no licence for artisanal or mining at site orapa\n" in ran.err
    assert "adamas licence grant NUMBER --party miner-2 --licensed KIND --since DATE" in ran.err
