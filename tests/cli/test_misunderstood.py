"""What a person types wrong: nothing is lost by it, and the answer says what to type instead."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from tests.go_program import VKEY
from tests.laptop import LEDGER, Laptop

MINER = ("--key", "miner-1")
KEY = f"{LEDGER}.keys/authority.pem"
GUARD = f"{LEDGER}.keys/ledger.pem.guard"


RECOGNISE = ("partner", "recognise", "ledger.example/eu/1", "--participant", "EU", "--since", "2026",
             "--verifier-key")  # fmt: skip


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("file", [LEDGER, KEY, GUARD])
@pytest.mark.parametrize(
    "words",
    [
        ("prove", "entry", "0", "--out"),
        ("trust", "--out"),
        ("checkpoint", "--out"),
        ("verify", "--report"),
    ],
    ids=" ".join,
)
def test_no_answer_takes_the_place_of_a_ledger_a_key_or_a_guard(
    laptop: Laptop, words: tuple[str, ...], file: str
) -> None:
    """One slip in ``--out`` must not cost what cannot be had back."""
    laptop.ok("checkpoint")
    before = _digest(laptop.folder / file)
    ran = laptop(*words, file)
    assert (ran.code, "artefact-kept" in ran.err) == (7, True), ran.err
    assert _digest(laptop.folder / file) == before
    assert not list(laptop.folder.rglob("*.new"))


def test_an_older_answer_gives_way_and_a_device_stays_one(laptop: Laptop) -> None:
    """A checkpoint may be kept in one place; ``/dev/null`` is not replaced by a file."""
    laptop.ok("checkpoint", "--out", "bw.checkpoint")
    laptop.ok("attest", "3")
    laptop.ok("checkpoint", "--out", "bw.checkpoint")
    assert (laptop.folder / "bw.checkpoint").read_text().splitlines()[1] == str(laptop.size())
    if os.name == "posix":
        laptop.ok("prove", "entry", "0", "--out", os.devnull)
        assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("parcel list", "'list'. Did you mean adamas list parcels?"),
        ("party list", "'list'. Did you mean adamas list parties?"),
        ("parcel show K1", "'show'. Did you mean adamas show parcel?"),
        ("shipment show BW/1", "'show'. Did you mean adamas show?"),
        ("mine karowe", "'mine'. Did you mean adamas parcel mine?"),
        ("sign sell K1", "'sell'. Did you mean adamas parcel sell?"),
        ("receive x", "mean adamas parcel receive or adamas certificate receive or adamas reconcil"),
        ("parcel sold K1", "'sold'. Did you mean sell?"),
        ("parcel lost K1", "'lost'. Did you mean lose?"),
        ("certificate cancel BW/1", "'cancel'. Did you mean void?"),
        ("licence add ML-2", "'add'. Did you mean grant?"),
        ("delete 6", "'delete'. Did you mean correct?"),
        ("search karowe", "'search'. Did you mean find?"),
        ("list parcel", "'parcel'. Did you mean parcels?"),
        ("help parcel min", "'min'. Did you mean mine?"),
        ("nothing-like-it", "No such command 'nothing-like-it'.\n"),
        ("log --since 2024", "Did you mean --recorded-since or --occurred-since"),
        ("list certificates --state issued", "'--state'. Did you mean --status?"),
        ("attest 6 --agree yes", "No such option '--agree'.\n"),
        ("--ledgr x status", "'--ledgr'. Did you mean --ledger or --ledger-key?"),
        ("parcel weigh K1 -key miner-1", "'-k'. Longer options begin with two hyphens: --key."),
        ("sign -o x parcel sell K1", "'-o'. A command's options stand behind it."),
        ("parcel weigh K1 \u2014weight 1", "Options begin with two plain hyphens: --weight"),
        ("parcel weigh K1 \u2013-weight 1", "Options begin with two plain hyphens: --weight"),
        ("prove entry 0", "Missing --out: where the proof goes."),
        ("sample --out x", "Missing --seed: what decides the draw"),
        ("prove entry six --out x", "'six' will not do: it takes a whole number from 0\n"),
        ("check capacity --year 10000", "'10000' will not do: it takes a whole number from 1 to 9999"),
        ("party register x", "Missing --role: what it may do (one of authority, miner,"),
        ("licence grant L --party miner-1 --licensed mining", "first day (a date such as 2015, 2015-11 or"),
        ("balance country Botswana", "'Botswana' will not do: it takes a country's two capital letters"),
        ("list parcels --country botswana", "such as BW; did you mean BW?"),
        ("log --country bw", "such as BW; did you mean BW?"),
        ("list parties --residence Bw", "such as BW; did you mean BW?"),
        ("party register x --role miner --residence C\u00f4te\u00a0d'Ivoire", "did you mean CI?"),
        ("parcel value K1 --value 5\u202f300,00", "write a point before the decimals, and no comma"),
        ("template parties --out p.ods", "A sheet is written as a workbook (FILE.xlsx) or as CSV"),
        ("house close --successor ledger.example/bw/k7q2", "is this ledger itself; name its successor's own"),
        ("erase 3 --ground law", "Error: Missing --field: what of it goes.\n"),
        ("erase --ground law", "Missing INDEX: which entry.\nMissing --field: what of it goes.\n"),
        ("profile adopt ours.toml", "'ours.toml' reads like a file, and a name belongs here; give a"),
        ("participant adopt adamas.db", "reads like a file, and a name belongs here; adopt the"),
        ("certificate issue X --part K1 --class 710210", "weight of line 1; write 710210=WEIGHT"),
    ],
)  # fmt: skip
def test_what_was_meant_stands_behind(laptop: Laptop, words: str, meant: str) -> None:
    """The likeliest alone; where nothing is near, nothing is guessed."""
    ran = laptop(*words.split(" "))
    assert (ran.code, meant in ran.err, ran.out) == (2, True, ""), ran.err


@pytest.mark.parametrize("folder", [".", f"{LEDGER}.keys", "documents"])
def test_nothing_is_published_where_other_files_lie(laptop: Laptop, folder: str) -> None:
    """A web server would give the ledger and its keys to everybody; a second publication goes where the
    first went."""
    (laptop.folder / "documents").mkdir()
    (laptop.folder / "documents" / "letter.txt").write_text("x")
    ran = laptop("publish", folder)
    assert (ran.code, "publish-folder" in ran.err, ran.out) == (7, True, ""), ran.err
    assert not (laptop.folder / folder / "tile").exists()
    laptop.ok("publish", "public")
    laptop.ok("publish", "public")
    (laptop.folder / LEDGER).rename(laptop.folder / "public" / LEDGER)
    assert "publish-folder" in laptop("publish", "public", "--ledger", f"public/{LEDGER}").err


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("parcel", "mine", "karowe", "--line", "X=1"), 3, "record it with the key of a party that has it"),
        (("parcel", "mine", "karow", "--line", "X=1", *MINER), 3, "refused: site-unknown: site karow is not"),
        (("parcel", "split", "K1", "--output", "A=6", "--output", "A=6.5", *MINER), 3, "an id of its own"),
        (("parcel", "weigh", "K1", "--weight", "1", "--key", "notes.txt"), 6, "notes.txt holds no Ed25519"),
        (("init", "--ledger", "no/n.db", "--yes", "--no-passphrase"), 7, "the ledger no/n.db cannot be made"),
        (("house", "close", "--successor", "x y"), 4, "name-origin: 'x y' (3 bytes) is no origin"),
        ((*RECOGNISE, "garbage"), 4, "note-key: 'garbage' is no verifier key"),
        ((*RECOGNISE, VKEY), 4, "partner-key-name: the verifier key names ledger.example/bw/k7q2, and"),
        (("key", "new", "miner-1", "--no-passphrase"), 6, "to record with the key that is there: --key"),
        (("verify", "ftp://ledger.example/bw", "--trust", "t"), 4, "'ftp://ledger.example/bw' is no http or"),
    ],
)  # fmt: skip
def test_the_nearest_cause_is_told(laptop: Laptop, words: tuple[str, ...], code: int, sentence: str) -> None:
    """Not what follows from it: a site that nobody knows, not the licence for it; no key, not its mode."""
    (laptop.folder / "notes.txt").write_text("no key")
    ran = laptop(*words)
    assert (ran.code, sentence in ran.err) == (code, True), ran.err
    assert len([line for line in ran.err.splitlines() if line.startswith(("refused", "adamas:"))]) == 1


def test_a_certificate_whose_number_is_written_otherwise_is_meant(laptop: Laptop) -> None:
    """Without the zeros of its normal form."""
    laptop.ok(
        "certificate", "issue", "BW 107", "--part", "K1", "--value", "1000", "--origin", "BW",
        "--destination", "BE", "--exporter", "miner-1", "--importer", "x", "--expiry", "2099-12-31",
    )  # fmt: skip
    ran = laptop("certificate", "validate", "BW/107", "--seal", "S1")
    assert (ran.code, "next: did you mean BW/00000107? Otherwise see" in ran.err) == (3, True), ran.err


@pytest.mark.parametrize("moment", ["--as-recorded", "--as-occurred"])
def test_a_moment_before_the_ledger_is_told_from_an_empty_list(laptop: Laptop, moment: str) -> None:
    """Nobody takes it for an answer about the goods."""
    early = laptop.ok("replay", moment, "1999-01-01", "parcels").err
    assert "no entry of this ledger counts at that moment" in early
    assert "no entry" not in laptop.ok("replay", "--as-recorded-index", "1", "parcels").err
