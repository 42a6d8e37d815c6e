"""The commands that ask: as text, JSON and CSV; from a ledger that nobody may write; what is opaque."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from ledger.application import Ledger
from ledger.chain.statement import Statement, sign
from ledger.projections.views import VERSION, VIEW
from ledger.store.journal import Draft
from ledger.store.tables import Tables
from tests import without_override
from tests.laptop import LEDGER, Laptop
from tests.world import signing_key

EVERY = (
    ("show", "entry", "1"),
    ("show", "parcel", "K1"),
    ("show", "party", "miner-1"),
    ("find", "K1"),
    ("status",),
    ("log",),
    ("list", "parcels"),
    ("list", "parties"),
    ("list", "licences"),
    ("list", "sites"),
    ("list", "certificates"),
    ("balance", "party", "miner-1"),
    ("balance", "ledger"),
    ("replay", "--as-recorded-index", "3"),
    ("replay", "--as-recorded-index", "12", "parcels"),
    ("compare", "index:3", "now"),
)
NAMES = [" ".join(words) for words in EVERY]


@pytest.mark.parametrize("words", EVERY, ids=NAMES)
def test_every_answer_comes_as_a_text_as_json_and_as_csv(laptop: Laptop, words: tuple[str, ...]) -> None:
    """Three forms of the same; CSV has a header, and every line as many fields."""
    assert laptop.ok(*words).out
    assert laptop.data(*words)
    rows = list(csv.reader(io.StringIO(laptop.ok(*words, "--csv").out)))
    assert rows[0] == [name.lower() for name in rows[0]]
    assert {len(row) for row in rows} == {len(rows[0])}


def test_a_name_is_typed_in_any_form_of_its_letters(laptop: Laptop) -> None:
    """Composed or decomposed, it is the same id."""
    laptop.ok("parcel", "mine", "karowe", "--line", "Z\u0301=1.000", "--key", "miner-1")
    for typed in ("\u0179", "Z\u0301"):
        assert laptop.data("show", "parcel", typed)["parcel"] == "\u0179"
        assert laptop.data("balance", "parcel", typed)["closing"]["weight"] == 1_000
    assert len(laptop.data("log", "--parcel", "Z\u0301")["log"]) == 1


def test_the_views_are_kept_in_the_ledger(laptop: Laptop) -> None:
    """The second command need not derive again what the first did."""
    laptop.ok("list", "parcels")
    with Ledger.open(str(laptop.folder / LEDGER)) as ledger:
        tables = Tables.of(ledger.journal)
        assert tables.position(VIEW, VERSION) == ledger.head().size


def test_verify_finds_a_row_that_somebody_changed(laptop: Laptop) -> None:
    """And names it; without --views nobody looks."""
    laptop.ok("list", "parcels")
    assert laptop("verify", "--views").code == 0
    with Ledger.open(str(laptop.folder / LEDGER)) as ledger:
        with ledger.journal.transaction(write=True) as cursor:
            cursor.execute("UPDATE view_parcels SET weight = 99999 WHERE parcel = 'K1'")
    assert laptop.data("list", "parcels")["parcels"][0]["weight"] == 99_999
    ran = laptop("verify", "--views")
    assert ran.code == 1
    assert "view parcels, row K1: weight should be 12500, is 99999" in ran.out
    assert laptop("verify").code == 0


@pytest.mark.skipif(not without_override.POSSIBLE, reason="nothing is closed to this user")
def test_a_ledger_that_nobody_may_write_answers_the_same(laptop: Laptop) -> None:
    """The tail is folded in private: an auditor's copy stays as it is, and nothing is put beside it."""
    file = laptop.folder / LEDGER
    before, names = file.read_bytes(), sorted(path.name for path in laptop.folder.iterdir())
    file.chmod(0o400)
    laptop.folder.chmod(0o500)
    try:
        answers = without_override.adamas(laptop.folder, *EVERY)
    finally:
        laptop.folder.chmod(0o700)
        file.chmod(0o600)
    assert file.read_bytes() == before
    assert sorted(path.name for path in laptop.folder.iterdir()) == names
    assert [answer.code for answer in answers] == [0] * len(EVERY), answers
    assert [answer.out for answer in answers] == [laptop.ok(*words).out for words in EVERY]


def test_a_ledger_opened_for_reading_answers_the_same(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As above, by opening it so."""
    monkeypatch.setattr("cli.session.Session.ledger", _reading)
    before = (laptop.folder / LEDGER).read_bytes()
    answers = [laptop.ok(*words).out for words in EVERY]
    assert (laptop.folder / LEDGER).read_bytes() == before
    assert all(answers)
    assert "K1" in answers[NAMES.index("list parcels")]


def _reading(session: Any, write: bool = False) -> Ledger:
    if session._ledger is None:
        session._ledger = Ledger.open(session.path, write=False)
    ledger: Ledger = session._ledger
    return ledger


# --- entries of a newer version -----------------------------------------------------------------------------


@pytest.fixture
def newer(laptop: Laptop) -> Laptop:
    """A ledger with an entry of a type that this version does not know."""
    with Ledger.open(str(laptop.folder / LEDGER)) as ledger:
        key = signing_key("somebody")
        name = bytes(16)
        signed = sign(Statement(ledger.origin, name, "parcel-tokenised/9", key.public, {"parcel": "K1"}), key)
        draft = Draft(signed.statement, signed.signature, name, "parcel-tokenised/9", touched=("parcel:K1",))
        recorded = ledger.head().recorded
        ledger.journal.append([draft], clock=lambda: recorded, read={}, head=ledger.head())
    return laptop


@pytest.mark.parametrize(
    "words",
    [
        ("show", "parcel", "K1"),
        ("show", "party", "miner-1"),
        ("find", "K1"),
        ("status",),
        ("log",),
        ("list", "parcels"),
        ("balance", "party", "miner-1"),
        ("replay", "--as-recorded", "2099"),
        ("compare", "index:3", "now"),
    ],
    ids=lambda words: " ".join(words),
)
def test_an_answer_that_may_depend_on_opaque_entries_says_so(newer: Laptop, words: tuple[str, ...]) -> None:
    """How many, and from which index on."""
    index = newer.size() - 1
    assert f"1 opaque entry from index {index}: " in newer.ok(*words).err
    said = str(newer.data(*words))
    assert f"'opaque': {{'entries': 1, 'first': {index}}}" in said


def test_an_answer_of_a_moment_before_them_does_not(newer: Laptop) -> None:
    """What was recorded later cannot have mattered."""
    assert newer.ok("replay", "--as-recorded-index", "5").err == ""
    assert newer.ok("list", "parcels", "--as-recorded-index", "5").err == ""


def test_an_opaque_entry_is_shown_as_it_is(newer: Laptop) -> None:
    """Its body, and that it is not understood."""
    index = newer.size() - 1
    shown = newer.data("show", "entry", str(index))
    assert (shown["type"], shown["understood"], shown["body"]) == (
        "parcel-tokenised/9",
        False,
        {"parcel": "K1"},
    )
    assert newer.data("log", "--parcel", "K1")["log"][-1]["opaque"] is True
    assert "?" in newer.ok("log", "--limit", "1").out


# --- small things -------------------------------------------------------------------------------------------


def test_a_limit_says_that_there_is_more(laptop: Laptop) -> None:
    """And none, where all is shown."""
    assert len(laptop.data("log", "--limit", "2")["log"]) == 2
    assert "these are the newest 2" in laptop.ok("log", "--limit", "2").err
    assert laptop.ok("log", "--limit", "0").err == ""
    assert len(laptop.data("log", "--limit", "0")["log"]) == laptop.size()
    assert len(laptop.data("list", "parties", "--limit", "2")["parties"]) == 2
    assert len(laptop.data("list", "parties", "--limit", "0")["parties"]) == 5


def test_acts_of_uncertain_date_are_counted_beside(laptop: Laptop) -> None:
    """They may have happened by then, and do not count."""
    laptop.ok("parcel", "value", "K1", "--value", "100", "--occurred", "2024", "--key", "miner-1")
    ran = laptop.ok("list", "parcels", "--as-occurred", "2024-06-01")
    assert "1 more act may have happened by 2024-06-01" in ran.err
    assert laptop.data("replay", "--as-occurred", "2024-06-01")["uncertain"] == 1


def test_a_replay_is_answered_from_its_file(laptop: Laptop) -> None:
    """The second question, also another one of the same moment; another moment's is refused."""
    words = ("replay", "--as-recorded-index", "8", "--resume", "kept")
    first = laptop.ok(*words)
    assert first.err == ""
    second = laptop.ok(*words)
    assert second.out == first.out == laptop.ok(*words[:3]).out
    assert second.err == "9 entries were folded already, as kept has them\n"
    assert laptop.ok(*words, "parcels").out == laptop.ok(*words[:3], "parcels").out
    other = laptop("replay", "--as-recorded-index", "7", "--resume", "kept")
    assert (other.code, "replay-file-other" in other.err) == (4, True)
    strange = laptop("replay", "--as-recorded-index", "7", "--resume", LEDGER)
    assert (strange.code, "kept-tables-strange" in strange.err) == (4, True)


def test_a_sealed_value_that_is_gone_reads_withheld(laptop: Laptop) -> None:
    """In a table, in JSON and in CSV."""
    laptop.ok("parcel", "value", "K1", "--value", "53000.00", "--key", "miner-1")
    index = laptop.size() - 1
    assert "US$ 53,000.00" in laptop.ok("show", "parcel", "K1").out
    assert laptop.data("show", "parcel", "K1")["value"] == 5_300_000
    laptop.ok("erase", str(index), "--field", "value", "--ground", "court order")
    assert "withheld" in laptop.ok("show", "entry", str(index)).out
    assert laptop.data("show", "entry", str(index))["body"]["value"] == {"withheld": True}
    assert laptop.data("show", "parcel", "K1")["value"] == {"withheld": True}
    assert "parcel K1,,value,withheld" in laptop.ok("show", "parcel", "K1", "--csv").out


@pytest.mark.parametrize(
    "moment", ["index:99999", "recorded:2015-13", "occurred:1989/1990", "index:x", "then"]
)
def test_a_moment_that_is_none_is_told(laptop: Laptop, moment: str) -> None:
    """As a mistake in typing, or as an entry that is not there."""
    assert laptop("compare", "now", moment).code == (5 if moment == "index:99999" else 2)


def test_a_folder_without_a_ledger_is_told(bare: Laptop, tmp_path: Path) -> None:
    """Every command that asks, by the store's own words."""
    for words in EVERY:
        ran = bare(*words)
        assert (ran.code, "store-missing" in ran.err) == (7, True), words
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_finds_nothing_says_so(laptop: Laptop) -> None:
    """A type that is misspelt is no answer, and a parcel that nobody knows is remarked."""
    ran = laptop("log", "--type", "parcel-slod")
    assert (ran.code, "'parcel-slod' is no type of act" in ran.err) == (2, True)
    ran = laptop.ok("log", "--type", "parcel-lost", "--parcel", "K1")
    assert "no entry is of all that was asked for" in ran.err
    assert laptop.ok("log", "--type", "parcel mine").err == ""


def test_two_moments_each_tell_what_is_uncertain_at_them(laptop: Laptop) -> None:
    """By their dates, since one sentence twice would tell nothing; nothing is looked for under no name."""
    laptop.ok("parcel", "value", "K1", "--value", "100", "--occurred", "2024", "--key", "miner-1")
    ran = laptop.ok("compare", "occurred:2024-03", "occurred:2024-06")
    assert "may have happened by 2024-03;" in ran.err
    assert "may have happened by 2024-06;" in ran.err
    assert laptop("find", " ").code == 2


def test_a_list_that_finds_nothing_says_so(laptop: Laptop) -> None:
    """Where something was asked for; a list of all that is empty is an answer."""
    ran = laptop.ok("list", "parcels", "--holder", "nobody")
    assert ran.err == "nothing is of all that was asked for; adamas find looks for names and ids\n"
    assert laptop.ok("list", "parcels", "--holder", "miner-1").err == ""
    assert laptop.ok("list", "certificates").err == ""


def test_a_parcels_certificate_stands_with_its_status(laptop: Laptop) -> None:
    """Issued, expired, voided, exported: what may travel is told from what may not, on the moment's day."""
    laptop.ok("parcel", "sell", "K1", "--to", "dealer-1", "--key", "miner-1")
    issue = (
        "certificate", "issue", "--part", "K1", "--value", "1000", "--origin", "BW", "--destination", "BE",
        "--exporter", "dealer-1", "--importer", "x", "--expiry", "2099-12-31",
    )  # fmt: skip
    laptop.ok(*issue, "BW 107")
    assert ("BW/00000107", "issued") in listed(laptop)
    assert ("BW/00000107", "expired") in listed(laptop, "--as-occurred", "2100")
    assert ("BW/00000107", "issued") in listed(laptop, "--as-occurred", "2099-12-31")
    laptop.ok("certificate", "void", "BW/00000107", "--reason", "misprint")
    assert ("BW/00000107", "voided") in listed(laptop)
    assert ("BW/00000107", "voided") in listed(laptop, "--as-occurred", "2100")
    laptop.ok(*issue, "BW 108")
    laptop.ok("certificate", "validate", "BW/00000108", "--seal", "S1")
    assert ("BW/00000108", "validated") in listed(laptop)
    laptop.ok("shipment", "export", "BW/00000108", "--key", "dealer-1")
    assert ("BW/00000108", "exported") in listed(laptop, "--condition", "exported")
    assert "CERTIFICATE  STATUS" in laptop.ok("list", "parcels").out
    last = str(laptop.size() - 5)
    assert ("BW/00000107", "issued") in listed(laptop, "--as-recorded-index", last)


def listed(laptop: Laptop, *words: str) -> list[tuple[str | None, str | None]]:
    """Of each parcel in the list its certificate and that one's status."""
    lines = laptop.data("list", "parcels", *words)["parcels"]
    return [(line["certificate"], line["status"]) for line in lines]
