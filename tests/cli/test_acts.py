"""Every act is recorded through its command: what is typed becomes the body, and a receipt comes back."""

from __future__ import annotations

import json
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ledger.application import Ledger
from ledger.chain.entry import fields
from ledger.chain.statement import Statement
from ledger.domain.fields import WITHHELD
from tests.laptop import LEDGER, SOURCE, Laptop

MINER = ("--key", "miner-1")
DEALER = ("--key", "dealer-1")
SPLIT = ("parcel", "split", "K1", "--output", "K2=3.500", "--output", "K3=8.900,stones=2", "--loss", "0.1")


def written(path: Path, body: Any) -> str:
    """A JSON file with a body; its path."""
    path.write_text(json.dumps(body), encoding="utf-8")
    return str(path)


def test_a_split_is_recorded_with_what_was_typed(laptop: Laptop) -> None:
    """Weights become thousandths of a carat, rows become maps, who acts is the key's party."""
    size = laptop.size()
    ran = laptop.ok(*SPLIT, *MINER)
    assert ran.out.splitlines()[1] == "  parcel split by miner-1: K1, K2, K3"
    assert laptop.body(size) == {
        "by": "miner-1",
        "parcel": "K1",
        "outputs": [{"parcel": "K2", "weight": 3500}, {"parcel": "K3", "weight": 8900, "stones": 2}],
        "loss": 100,
    }


def test_the_receipt_names_the_entry_and_its_hash(laptop: Laptop) -> None:
    """What is printed is what the ledger holds, in words and in JSON."""
    size = laptop.size()
    index, _, digest = laptop.ok(*SPLIT, *MINER).receipt.partition(":")
    with Ledger.open(laptop.ledger, write=False) as ledger:
        assert (int(index), digest) == (size, ledger.head().hash.hex())
    told = laptop.data("parcel", "weigh", "K2", "--weight", "3.490", *MINER)
    assert told["receipt"] == f"{size + 1}:{told['hash']}"
    assert (told["index"], told["type"], told["by"]) == (size + 1, "parcel-weighed/1", "miner-1")


def test_options_for_all_may_stand_before_the_command_or_behind_it(laptop: Laptop) -> None:
    """The same key and ledger, wherever they are named."""
    (laptop.folder / LEDGER).rename(laptop.folder / "other.db")
    (laptop.folder / f"{LEDGER}.keys").rename(laptop.folder / "other.db.keys")
    assert laptop("parcel", "weigh", "K1", "--weight", "12.5", *MINER).code == 7
    laptop.ok("--ledger", "other.db", *MINER, "parcel", "weigh", "K1", "--weight", "12.5")
    laptop.ok("parcel", "--ledger", "other.db", "weigh", "K1", "--weight", "12.5", *MINER)
    laptop.ok("parcel", "weigh", "K1", "--weight", "12.5", "--ledger", "sqlite:///other.db", *MINER)


def test_variables_name_ledger_and_key(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    """An option is stronger than a variable."""
    monkeypatch.setenv("ADAMAS_LEDGER", laptop.ledger)
    monkeypatch.setenv("ADAMAS_KEY", "dealer-1")
    refused = laptop("parcel", "weigh", "K1", "--weight", "12.5")
    assert (refused.code, "holder-only" in refused.err) == (3, True)
    laptop.ok("parcel", "weigh", "K1", "--weight", "12.5", *MINER)


def test_a_rehearsal_records_nothing(laptop: Laptop) -> None:
    """``--dry-run`` says what would be recorded, or what refuses it."""
    size = laptop.size()
    assert laptop.ok(*SPLIT, *MINER, "--dry-run").out.startswith("would be recorded: parcel split by miner-1")
    body = laptop.data(*SPLIT, *MINER, "--dry-run")["body"]
    assert body["loss"] == 100
    refused = laptop(*SPLIT[:-2], *MINER, "--dry-run")
    assert (refused.code, "refused: weight-conserved: parcel K1" in refused.err) == (3, True)
    assert laptop.size() == size


def test_prices_are_sealed_unless_published(laptop: Laptop) -> None:
    """A sealed field is not in the entry's bytes; a published one is."""
    sold = ("parcel", "sell", "K1", "--to", "dealer-1", "--price", "53000", "--invoice", "R-77", *MINER)
    index = laptop.size()
    laptop.ok(*sold, "--publish", "invoice")
    assert laptop.body(index)["price"] == 5_300_000
    with Ledger.open(laptop.ledger, write=False) as ledger:
        entry = ledger.journal.entry(index)
        assert set(ledger.sealed(index)) == {"price"}
    assert b"R-77" in entry
    assert b"price" not in entry


@pytest.mark.parametrize("channel", ["counter", "tender", "internet", "courier"])
def test_a_sale_tells_its_channel_and_its_warranty(laptop: Laptop, channel: str) -> None:
    """And by which courier's number it went; read back where people look. Another channel is refused."""
    sold = (
        "parcel",
        "sell",
        "K1",
        "--to",
        "dealer-1",
        "--warranty",
        "warranty/2",
        "--tracking",
        "T-77",
        *MINER,
    )
    assert laptop(*sold, "--channel", "pigeon").code == 2
    index = laptop.size()
    laptop.ok(*sold, "--channel", channel)
    shown = laptop.ok("show", "entry", str(index)).out
    assert [word in shown for word in (channel, "warranty/2", "T-77")] == [True] * 3


def test_a_field_that_is_not_sealed_cannot_be_published(laptop: Laptop) -> None:
    """``--publish`` takes the sealed fields of the act, by name."""
    ran = laptop("parcel", "sell", "K1", "--to", "dealer-1", "--publish", "to", *MINER)
    assert (ran.code, "'to' is not one of 'price', 'invoice'" in ran.err) == (2, True)


def test_it_happened_now_unless_said(laptop: Laptop) -> None:
    """Live acts carry a time to the second with an offset; a person may say another, or nothing."""
    weigh = ("parcel", "weigh", "K1", "--weight", "12.500", *MINER)
    size = laptop.size()
    for more in ((), ("--occurred", time.strftime("%Y")), ("--occurred", "unknown")):
        laptop.ok(*weigh, *more)
    with Ledger.open(laptop.ledger, write=False) as ledger:
        now, year, unknown = (ledger.records.recorded(size + n).occurred for n in range(3))
    assert now is not None
    assert len(now) == len("2026-01-01T00:00:00+00:00")
    assert (year, unknown) == (time.strftime("%Y"), None)


def test_a_clerk_records_for_another_under_a_mandate(laptop: Laptop) -> None:
    """``--for`` names the party that acts; without a mandate it is refused."""
    act = ("parcel", "weigh", "K1", "--weight", "12.500", "--key", "clerk-1", "--for", "miner-1")
    assert "mandate-missing" in laptop(*act).err
    given = ("--clerk", "clerk-1", "--party", "miner-1", "--act", "parcel-weighed/1", "--since", "2020-01-01")
    laptop.ok("mandate", "grant", "M-1", *given)
    size = laptop.size()
    laptop.ok(*act)
    with Ledger.open(laptop.ledger, write=False) as ledger:
        recorded = ledger.records.recorded(size)
    assert recorded.on_behalf == "miner-1"
    assert laptop.body(size)["by"] == "miner-1"


def test_documented_acts_name_their_discrepancies(laptop: Laptop) -> None:
    """What the source lacks stays unknown, and what the rules would have said is printed and stored."""
    size = laptop.size()
    told = laptop.ok(
        "parcel", "sell", "Old-1", "--documented", "--source", SOURCE, "--key", "old-1", "--occurred", "1989"
    )  # fmt: skip
    body = laptop.body(size)
    assert body["documented"] is True
    assert "by" not in body
    rules = [line["rule"] for line in body["discrepancies"]]
    assert "parcel-unknown" in rules
    assert f"documented, {len(rules)} discrepancies" in told.out
    assert "  parcel-unknown: parcel Old-1 is not known to this ledger" in told.out.splitlines()


def test_a_stored_discrepancy_tells_no_next_step(laptop: Laptop) -> None:
    """It is there for ever; what could be done about it today is printed with a refusal alone."""
    size = laptop.size()
    sale = ("parcel", "sell", "Old-1", "--to", "graff")
    laptop.ok(*sale, "--documented", "--source", SOURCE, "--key", "old-1", "--occurred", "1989")
    said = {line["rule"]: line["said"] for line in laptop.body(size)["discrepancies"]}
    assert said["party-unknown"] == "party graff is not registered"
    assert not [text for text in said.values() if "adamas " in text or "--" in text]
    refused = laptop("parcel", "sell", "K1", "--to", "graff", "--key", "miner-1")
    assert "refused: party-unknown: party graff is not registered\n  next: register it with" in refused.err


def test_a_documented_act_needs_a_source(laptop: Laptop) -> None:
    """Without one it is refused; a live act of the archivist is refused too."""
    ran = laptop("parcel", "report", "Old-1", "--report", "seen", "--documented", "--key", "old-1")
    assert (ran.code, "documented-source" in ran.err) == (3, True)


def test_a_body_from_a_file(laptop: Laptop) -> None:
    """The file is JSON with weights in thousandths; options take the place of its fields."""
    file = written(
        laptop.folder / "body.json",
        {"parcel": "K1", "outputs": [{"parcel": "K2", "weight": 3500}], "loss": 1},
    )
    size = laptop.size()
    laptop.ok("parcel", "split", "--file", file, "--loss", "9.000", *MINER)
    assert laptop.body(size)["loss"] == 9000
    assert laptop.body(size)["outputs"] == [{"parcel": "K2", "weight": 3500}]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (
            {"parcel": "K1", "weight": 12.5},
            "field weight cannot be 12.5: it takes a whole number of thousandths",
        ),
        ({"parcel": "K1", "weight": "12500"}, 'field weight cannot be "12500"'),
        ({"parcel": "K1", "weight": -1}, "field weight cannot be -1"),
        ({"parcel": "K1", "weight": True}, "field weight cannot be true"),
        ({"parcel": "K1", "wait": 3}, "field wait is not known for parcel-weighed/1"),
        ({"parcel": "K1"}, "field weight is missing; parcel-weighed/1 needs it"),
        ({"parcel": "a:b", "weight": 1}, 'field parcel cannot be "a:b": it takes a parcel\'s id'),
        ([], "must hold one JSON object"),
    ],
)
def test_a_faulty_body_is_told_field_by_field(laptop: Laptop, body: Any, fault: str) -> None:
    """The field, the value and what it takes instead."""
    ran = laptop("parcel", "weigh", "--file", written(laptop.folder / "body.json", body), *MINER)
    assert (ran.code, fault in ran.err) == (4, True), ran.err


def test_all_faults_of_a_body_are_told_at_once(laptop: Laptop) -> None:
    """Rows are counted from 1."""
    outputs = [{"parcel": "K2", "weight": 1}, {"parcel": "K3", "weight": 1.5, "hs": "7102"}]
    file = written(laptop.folder / "body.json", {"parcel": "K1", "outputs": outputs, "more": 1})
    ran = laptop("parcel", "split", "--file", file, *MINER)
    assert ran.code == 4
    assert "field outputs.2.weight cannot be 1.5" in ran.err
    assert 'field outputs.2.hs cannot be "7102": it takes one of 710210' in ran.err
    assert "field more is not known" in ran.err
    assert "\\u00" not in ran.err  # a refusal is one line: its own breaks would be spelled out


def test_a_whole_entry_as_it_is_shown(laptop: Laptop) -> None:
    """The body is taken out of it; an entry of another type is not taken for one of this."""
    body = {"site": "karowe", "lines": [{"parcel": "K7", "weight": 7}]}
    file = written(laptop.folder / "entry.json", {"type": "parcel-mined/1", "receipt": "x", "body": body})
    laptop.ok("parcel", "mine", "--file", file, *MINER)
    assert laptop.body(laptop.size() - 1)["lines"] == body["lines"]
    ran = laptop("parcel", "weigh", "--file", file, *MINER)
    assert (ran.code, "holds an act of type parcel-mined/1" in ran.err) == (4, True)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"{", "is no JSON"),
        (b'{"parcel": "K1", "parcel": "K2"}', "the field 'parcel' stands twice"),
        (b'{"weight": NaN}', "NaN is no number"),
        (b"\xff\xfe", "no UTF-8 at byte 0"),
        (b"[" * 100_000, "is no JSON"),
    ],
)
def test_a_file_that_is_no_body(laptop: Laptop, content: bytes, fault: str) -> None:
    """Broken and hostile JSON ends with a sentence."""
    (laptop.folder / "body.json").write_bytes(content)
    ran = laptop("parcel", "weigh", "--file", "body.json", *MINER)
    assert (ran.code, fault in ran.err) == (4, True), ran.err


def test_names_are_kept_in_one_normal_form(laptop: Laptop) -> None:
    """Decomposed letters, as some keyboards type them, are composed."""
    size = laptop.size()
    laptop.ok("party", "alias", "site:karowe", "--alias", "Lets\u030ceng")
    assert laptop.body(size)["alias"] == "Let\u0161eng"
    file = written(laptop.folder / "body.json", {"subject": "site:karowe", "alias": "Lets\u030ceng 2"})
    laptop.ok("party", "alias", "--file", file)
    assert laptop.body(size + 1)["alias"] == "Let\u0161eng 2"


def test_values_withheld_here_are_not_printed(laptop: Laptop) -> None:
    """An entry whose sealed value was erased reads as withheld."""
    size = laptop.size()
    laptop.ok("parcel", "value", "K1", "--value", "100", *MINER)
    laptop.ok("erase", str(size), "--field", "value", "--ground", "court order")
    assert laptop.body(size)["value"] is WITHHELD


def test_a_document_is_kept_beside_the_ledger(laptop: Laptop) -> None:
    """The entry states its hash, name, kind and size; of a refused act nothing is kept."""
    (laptop.folder / "scale.pdf").write_bytes(b"12.500 ct")
    digest = sha256(b"12.500 ct").digest()
    weigh = ("parcel", "weigh", "K1", "--evidence", "scale.pdf", *MINER, "--weight")
    assert laptop(*weigh, "13").code == 3
    laptop.ok(*weigh, "12.500", "--dry-run")
    assert not (laptop.folder / f"{LEDGER}.evidence").exists()
    index = laptop.size()
    laptop.ok(*weigh, "12.500")
    assert (laptop.folder / f"{LEDGER}.evidence" / digest.hex()).read_bytes() == b"12.500 ct"
    with Ledger.open(laptop.ledger, write=False) as ledger:
        statement = Statement.read(fields(ledger.journal.entry(index))[3])
    assert statement.evidence == (
        {"media": "application/pdf", "name": "scale.pdf", "size": 9, "sha256": digest},
    )
