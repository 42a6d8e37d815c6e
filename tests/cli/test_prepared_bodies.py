"""Prepared bodies of the acts that work their own bodies out: a ledger's opening, and what the house says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest

from cli.main import adamas
from ledger.application import Ledger
from ledger.chain.note import verifier_key
from ledger.domain import events as e
from ledger.keys import SigningKey, read_key, write_key
from tests.examples import example
from tests.laptop import FIRST, LEDGER, Laptop, begin

KEYS = f"{LEDGER}.keys"
ORIGIN = "ledger.example/bw/k7q2"


def written(laptop: Laptop, **body: Any) -> str:
    """A file with a body, bytes in hexadecimal."""
    told = {name: value.hex() if isinstance(value, bytes) else value for name, value in body.items()}
    (laptop.folder / "body.json").write_text(json.dumps(told), encoding="utf-8")
    return "body.json"


def event(laptop: Laptop, index: int) -> e.Event:
    """An entry's act."""
    with Ledger.open(laptop.ledger, write=False) as ledger:
        found = ledger.records.recorded(index).event
    assert isinstance(found, e.Event)
    return found


def files(laptop: Laptop) -> set[str]:
    """The names of all files but the body."""
    return {path.name for path in laptop.folder.rglob("*") if path.is_file()} - {"body.json"}


@pytest.mark.parametrize("wire", sorted(e.EVENTS))
def test_every_act_takes_a_prepared_body_and_a_rehearsal(wire: str) -> None:
    """Its command has ``--file`` and ``--dry-run``, whatever module makes it."""
    words = ("init",) if wire == e.LedgerOpened.TYPE else e.EVENTS[wire].COMMAND
    command: click.Command | None = adamas
    with click.Context(adamas) as context:
        for word in words:
            assert isinstance(command, click.Group)
            command = command.get_command(context, word)
    assert command is not None
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"--file", "--dry-run"} <= options


def whole_body(laptop: Laptop, wire: str) -> dict[str, Any]:
    """A body with every field that an act can have, whose facts are this ledger's where they must be."""
    body = {name: shown(value) for name, value in e.write(example(e.EVENTS[wire])).items()}
    key = str(verifier_key(ORIGIN, SigningKey.generate()))
    if wire == e.LedgerOpened.TYPE:
        body |= {
            "authority_key": read_key(laptop.folder / KEYS / "authority.pem").public.hex(),
            "origin": ORIGIN,
        }
    facts = {e.LedgerKeyChanged.TYPE: {"key": key}, e.LedgerKeyRevoked.TYPE: {"key": key}}
    if wire == e.CertificateIndex.TYPE:
        body = laptop.data("house", "index-certificates", "--dry-run")["body"]
    return {**body, **facts.get(wire, {})}


def shown(value: Any) -> Any:
    """As a file holds it: bytes in hexadecimal."""
    if isinstance(value, dict):
        return {name: shown(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    return value.hex() if isinstance(value, bytes) else value


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    """One ledger for all who only rehearse."""
    laptop = Laptop(tmp_path_factory.mktemp("begun"))
    begin(laptop)
    return laptop


@pytest.mark.parametrize("wire", sorted(e.EVENTS))
def test_a_whole_body_is_all_that_an_act_takes(begun: Laptop, wire: str) -> None:
    """Nothing more is asked on the command line: rules or proofs may say no, the command is understood."""
    if wire == e.Corrected.TYPE:
        pytest.skip("its --file holds the new body of the entry that it corrects")
    words: tuple[str, ...] = e.EVENTS[wire].COMMAND
    if wire == e.LedgerOpened.TYPE:
        words = ("init", "--ledger", "new.db", "--key", f"{KEYS}/authority.pem")
    file = written(begun, **whole_body(begun, wire))
    ran = begun(*words, "--file", file, "--dry-run")
    assert ran.code in (0, 3) or "succession-" in ran.err, (ran.code, ran.err)


def test_an_erasure_from_a_body(laptop: Laptop) -> None:
    """Digests from the file, or looked up by the fields' names in the entry that it names."""
    with Ledger.open(laptop.ledger, write=False) as ledger:
        index = next(n for n in range(ledger.head().size) if "name" in ledger.sealed(n))
        digest = ledger.sealed(index)["name"]
    body = {"index": index, "digests": [digest], "ground": "a court's order"}
    laptop.ok("erase", "--file", written(laptop, **body), "--dry-run")
    del body["digests"]
    laptop.ok("erase", "--file", written(laptop, **body), "--field", "name")
    erased = event(laptop, laptop.size() - 1)
    assert isinstance(erased, e.DisclosureErased)
    assert (erased.index, erased.digests) == (index, (digest,))
    for words in (("erase",), ("erase", "--field", "name")):
        assert "Missing INDEX" in laptop(*words, "--ground", "x").err
    assert "Missing --field" in laptop("erase", "3", "--ground", "x").err
    assert "Missing INDEX" in laptop("erase", "--file", written(laptop, ground="x"), "--field", "name").err


def test_keys_from_a_body(laptop: Laptop) -> None:
    """An enrolment with its proof, and a revocation; without a body both say what they need."""
    laptop.ok("party", "register", "dealer-2", "--role", "dealer")
    made = laptop.data("key", "enrol", "dealer-2", "--new", "--no-passphrase", "--dry-run")["body"]
    laptop.ok("key", "enrol", "--file", written(laptop, **made))
    gone = {"key": made["key"], "since": "2026-01-01", "reason": "lost"}
    assert laptop("key", "enrol", "dealer-2", "--new", "--file", "body.json").code == 2
    laptop.ok("key", "revoke", "--file", written(laptop, **gone))
    revoked = event(laptop, laptop.size() - 1)
    assert isinstance(revoked, e.KeyRevoked)
    assert (revoked.key.hex(), revoked.reason) == (made["key"], "lost")
    assert "Missing PARTY|KEY" in laptop("key", "revoke", "--since", "2026-01-01").err
    assert "Missing --since" in laptop("key", "revoke", "miner-1").err
    assert "Give one of --new, --request FILE and --file BODY" in laptop("key", "enrol", "dealer-2").err


def test_a_ledger_opens_as_its_body_says_and_nobody_is_asked(bare: Laptop) -> None:
    """What it lacks is proposed or made; an option takes its field's place."""
    file = written(bare, origin=ORIGIN, participant="BW", by="ministry", name="Diamond Office", note="spring")
    bare.ok("init", "--file", file, "--no-passphrase", "--authority", "office")
    opened = event(bare, 0)
    assert isinstance(opened, e.LedgerOpened)
    assert (opened.origin, opened.participant, opened.by) == (ORIGIN, "BW", "office")
    assert (opened.name, opened.note) == ("Diamond Office", "spring")
    assert opened.recovery_key == read_key(bare.folder / KEYS / "recovery.pem").public


def test_keys_that_a_body_names_are_not_made(bare: Laptop) -> None:
    """The recovery key lies elsewhere, the authority's is the one that was given; both stand in entry 0."""
    recovery, authority = SigningKey.generate(), SigningKey.generate()
    write_key(bare.folder / "mine.pem", authority, None)
    file = written(
        bare, origin=ORIGIN, by="house", recovery_key=recovery.public, authority_key=authority.public
    )
    ran = bare.ok("init", "--file", file, "--no-passphrase", "--key", "mine.pem")
    opened = event(bare, 0)
    assert isinstance(opened, e.LedgerOpened)
    assert (opened.recovery_key, opened.authority_key) == (recovery.public, authority.public)
    assert {file for file in files(bare) if file.endswith(".pem")} == {"ledger.pem", "mine.pem"}
    assert "safe place" not in ran.err
    bare.ok("party", "register", "m", "--role", "miner", "--key", "mine.pem")


def test_the_ledgers_keys_can_be_named_too(bare: Laptop) -> None:
    """Then whoever holds one signs for the ledger, and a second kind of key cannot be made beside them."""
    keeper, authority, recovery = (SigningKey.generate() for _ in range(3))
    for name, key in (("ledger", keeper), ("mine", authority)):
        write_key(bare.folder / f"{name}.pem", key, None)
    file = written(
        bare, origin=ORIGIN, by="house", keys=[str(verifier_key(ORIGIN, keeper))],
        authority_key=authority.public, recovery_key=recovery.public,
    )  # fmt: skip
    at_hand = ("--key", "mine.pem", "--ledger-key", "ledger.pem")
    bare.ok("init", "--file", file, *at_hand)
    assert not list(bare.folder.glob("*.keys/*.pem"))
    assert bare.ok("checkpoint", *at_hand).out.startswith(f"{ORIGIN}\n1\n")
    ran = bare("init", "--file", file, *at_hand, "--post-quantum", "--ledger", "third.db")
    assert (ran.code, "names those already" in ran.err) == (2, True)
    again = bare("init", "--file", file, *at_hand, "--ledger", "again.db")
    assert (again.code, "guard-behind" in again.err) == (8, True), "one key would speak for two ledgers"


def test_another_key_than_the_body_names_opens_nothing(bare: Laptop) -> None:
    """Refused by the rule, and nothing is left."""
    write_key(bare.folder / "mine.pem", SigningKey.generate(), None)
    file = written(bare, origin=ORIGIN, by="house", authority_key=SigningKey.generate().public)
    ran = bare("init", "--file", file, "--no-passphrase", "--key", "mine.pem")
    assert (ran.code, "ledger-opened-by-other" in ran.err) == (3, True), ran.err
    assert files(bare) == {"mine.pem"}


@pytest.mark.parametrize(
    ("body", "fault"),
    [({"origin": 5}, "origin"), ({"participant": "Botswana"}, "participant"), ({"orgin": ORIGIN}, "orgin"),
     ({"recovery_key": "01ff"}, "recovery_key")],
)  # fmt: skip
def test_a_faulty_opening_is_told_field_by_field(bare: Laptop, body: dict[str, Any], fault: str) -> None:
    """Before anything is made."""
    ran = bare("init", "--file", written(bare, **body), "--no-passphrase")
    assert (ran.code, "body-faults" in ran.err, fault in ran.err) == (4, True, True), ran.err
    assert files(bare) == set()


def test_an_opening_is_rehearsed_and_leaves_nothing(bare: Laptop) -> None:
    """With or without a body; keys that would be made are not shown, and rules are asked."""
    ran = bare.ok("init", *FIRST, "--dry-run", "--origin", ORIGIN)
    assert ran.out == f"would be opened: {ORIGIN} by authority-bw\n"
    told = bare.data("init", "--file", written(bare, origin=ORIGIN, by="house"), "--dry-run")
    assert told == {"dry_run": True, "type": "ledger-opened/1", "body": {"by": "house", "origin": ORIGIN}}
    refused = bare("init", "--file", written(bare, origin="https://x", by="house"), "--dry-run")
    assert (refused.code, "name-origin" in refused.err) == (4, True)
    refused = bare("init", "--file", written(bare, origin=ORIGIN, by="house", documented=True), "--dry-run")
    assert refused.code in (3, 4), refused.err
    assert files(bare) == set()


def test_a_ledgers_end_from_a_body(laptop: Laptop) -> None:
    """Its size and root are worked out; those that a file states must be so."""
    wrong = laptop(
        "house", "close", "--file", written(laptop, successor="x.example/2", size=3, root=bytes(32))
    )
    assert (wrong.code, "seen-root" in wrong.err) == (3, True), wrong.err
    assert laptop("house", "close").code == 2
    size = laptop.size()
    file = written(laptop, successor="x.example/2", reason="moved")
    assert "reason" in laptop("house", "close", "--file", file).err
    file = written(laptop, successor="x.example/2", note="moved")
    laptop.ok("house", "close", "--file", file, "--dry-run")
    laptop.ok("house", "close", "--file", file, "--successor", "x.example/3")
    closed = event(laptop, size)
    assert isinstance(closed, e.LedgerClosed)
    assert (closed.size, closed.successor, closed.note) == (size, "x.example/3", "moved")


def test_a_new_key_whose_holder_is_elsewhere(bare: Laptop) -> None:
    """Key and proof come in a file from the machine that holds the key; a wrong proof is refused."""
    bare.ok("init", *FIRST, "--no-passphrase", "--origin", ORIGIN)
    bare.ok("key", "new", "next", "--out", "next.pem", "--no-passphrase")
    made = bare.data("house", "change-key", "--new", "next.pem", "--dry-run")["body"]
    del made["by"]
    flipped = made["proof"][:-2] + ("00" if made["proof"][-2:] != "00" else "01")
    refused = bare("house", "change-key", "--file", written(bare, **{**made, "proof": flipped}))
    assert refused.code in (3, 4), refused.err
    bare.ok("house", "change-key", "--file", written(bare, **made))
    changed = event(bare, 1)
    assert isinstance(changed, e.LedgerKeyChanged)
    assert (changed.key, changed.proof.hex()) == (made["key"], made["proof"])
    assert "Missing --new" in bare("house", "change-key").err
    assert "Missing --verifier" in bare("house", "revoke-key").err
    bare.ok("house", "revoke-key", "--file", written(bare, key=made["key"], reason="lost"))
    revoked = event(bare, 2)
    assert isinstance(revoked, e.LedgerKeyRevoked)
    assert (revoked.key, revoked.size, revoked.reason) == (made["key"], 2, "lost")


def test_an_index_that_is_not_what_the_entries_give_is_refused(laptop: Laptop) -> None:
    """Its size may be an earlier one; count and root must be those of that size."""
    size = laptop.size()
    said = laptop.data("house", "index-certificates", "--dry-run")["body"]
    for wrong in ({"root": "00" * 32}, {"count": 7}, {"size": size + 1}, {"size": 0}):
        ran = laptop("house", "index-certificates", "--file", written(laptop, **{**said, **wrong}))
        assert (ran.code, "body-stated" in ran.err) == (4, True), ran.err
    assert laptop.size() == size
    laptop.ok("house", "index-certificates", "--file", written(laptop, size=3))
    stated = event(laptop, size)
    assert isinstance(stated, e.CertificateIndex)
    assert (stated.size, stated.count) == (3, said["count"])


def test_whoever_is_named_takes_the_place_of_the_bodys(laptop: Laptop) -> None:
    """``--by`` beside a file, as every other option."""
    file = written(laptop, by="dealer-1", parcel="K1", weight=12_400)
    ran = laptop("parcel", "weigh", "--file", file, "--key", "miner-1")
    assert (ran.code, "author-other-party" in ran.err) == (3, True), ran.err
    laptop.ok("parcel", "weigh", "--file", file, "--by", "miner-1", "--key", "miner-1")
    assert Path(laptop.ledger).exists()


def test_an_alert_that_came_by_telephone(laptop: Laptop) -> None:
    """From options or a body; what is neither a letter nor all of these is told."""
    size = laptop.size()
    typed = ("alert", "receive", "x.example/be", "--index", "80", "--hash", "02" * 32, "--about", "fork")
    refused = laptop(*typed, "--dry-run")
    assert (refused.code, "partner-unknown" in refused.err) == (3, True), refused.err
    key = str(verifier_key("x.example/be", SigningKey.generate()))
    since = ("--participant", "BE", "--since", "2020-01-01")
    laptop.ok("partner", "recognise", "x.example/be", "--verifier-key", key, *since)
    laptop.ok(*typed, "--dry-run")
    assert laptop.size() == size + 1
    laptop.ok("alert", "receive", "--file", written(laptop, **laptop.data(*typed, "--dry-run")["body"]))
    received = event(laptop, size + 1)
    assert isinstance(received, e.AlertReceived)
    assert (received.origin, received.index) == ("x.example/be", 80)
    assert "Missing LETTER" in laptop("alert", "receive").err
    assert "There is no file gone.zip" in laptop("alert", "receive", "gone.zip").err
