"""Proving, publishing and verifying from the command line, as a keeper and as a stranger use them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger.chain import forks, merkle, trust
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint, sign
from ledger.keys import read_key
from tests.artefacts import Book, log_key
from tests.laptop import FIRST, LEDGER, Laptop, begin
from tests.web_server import served
from tests.world import signing_key


@pytest.fixture
def kept(bare: Laptop) -> Laptop:
    """A ledger with a few entries, published, with a trust file and a held checkpoint."""
    begin(bare)
    bare.ok("checkpoint", "--out", "held")
    bare.ok("parcel", "value", "K1", "--value", "1000000", "--key", "miner-1")
    bare.ok("trust", "--out", "bw.trust")
    bare.ok("publish", "published")
    return bare


def test_an_ordinary_web_server_is_a_mirror(kept: Laptop) -> None:
    """The same check by URL, also of a receipt; a damaged tile is told."""
    receipt = kept.ok("log", "--json").data
    assert receipt
    with served(kept.folder / "published") as url:
        ran = kept.ok("verify", url, "--trust", "bw.trust", "--since", "held")
        assert "result: it holds" in ran.out
        assert kept.data("verify", url, "--trust", "bw.trust", "--no-entries")["holds"] is True
        tile = next((kept.folder / "published" / "tile" / "0").rglob("*.p/*"))
        tile.write_bytes(tile.read_bytes()[:-32] + bytes(32))
        broken = kept("verify", url, "--trust", "bw.trust")
    assert broken.code == 1
    assert "fault: the tiles of the right edge" in broken.out


def test_a_rotten_entry_is_named_by_fsck_and_by_a_mirror(kept: Laptop) -> None:
    """Both name the file; fsck goes on after it."""
    bundle = next((kept.folder / "published" / "tile" / "entries").rglob("*.p/*"))
    data = bytearray(bundle.read_bytes())
    data[200] ^= 1
    bundle.write_bytes(data)
    for words in (("fsck", "published"), ("verify", "published", "--trust", "bw.trust")):
        ran = kept(*words)
        assert ran.code == 1
        assert "tile/" in ran.out


def test_trust_must_come_from_the_reader(kept: Laptop) -> None:
    """Without a trust file nothing is verified, and with another ledger's nothing holds."""
    kept.ok("prove", "entry", "1", "--out", "1.tlog-proof")
    for target in ("1.tlog-proof", "published", "held"):
        assert kept("verify", target).code == 6
    other = (kept.folder / "bw.trust").read_text().replace("k7q2", "zzzz")
    (kept.folder / "other.trust").write_text(other)
    assert kept("verify", "held", "--trust", "other.trust").code == 4


def test_a_held_checkpoint_convicts_a_rewritten_ledger(kept: Laptop) -> None:
    """The ledger was replaced by one of the same size or larger under the same key."""
    key = read_key(kept.folder / f"{LEDGER}.keys" / "ledger.pem")
    true = SignedCheckpoint.parse((kept.folder / "held").read_bytes()).checkpoint
    forged = sign(Checkpoint(true.origin, true.size, bytes(32)), key)
    (kept.folder / "forged").write_bytes(forged.encode())
    ran = kept("checkpoint", "--since", "forged")
    assert ran.code == 1
    proof = kept.folder / "forged.fork-proof"
    assert forks.ForkProof.decode(proof.read_bytes()).smaller == forged
    assert "convicted: ledger.example/bw/k7q2" in kept.ok("verify-fork", proof.name).out
    convicted = kept.data("verify-fork", proof.name, "--trust", "bw.trust")["convicted"]
    assert convicted == [str((kept.folder / "bw.trust").read_text().split()[1])]
    assert "convicted" in kept.ok("verify", proof.name, "--trust", "bw.trust").out
    beyond = sign(Checkpoint(true.origin, 10_000, bytes(32)), key)
    (kept.folder / "beyond").write_bytes(beyond.encode())
    assert "checkpoint-behind" in kept("checkpoint", "--since", "beyond").err


def test_the_database_is_held_to_the_checkpoint(kept: Laptop) -> None:
    """`adamas verify --since` finds another root, a smaller ledger, another ledger's checkpoint."""
    assert "a checkpoint held outside" in kept.ok("verify", "--since", "held", "--trust", "bw.trust").out
    true = SignedCheckpoint.parse((kept.folder / "held").read_bytes()).checkpoint
    for origin, size, code in (
        (true.origin, true.size, "verify-held-root"),
        (true.origin, 10_000, "verify-held-size"),
        ("ledger.example/other", true.size, "verify-held-other"),
    ):
        forged = sign(Checkpoint(origin, size, bytes(32)), signing_key("somebody"))
        (kept.folder / "forged").write_bytes(forged.encode())
        ran = kept("verify", "--since", "forged")
        assert ran.code == 1
        assert code in ran.out
        assert kept("verify", "--since", "forged", "--trust", "bw.trust").code == 4


def test_only_what_is_new_is_read(kept: Laptop) -> None:
    """`adamas verify --since FILE --only-new`: growth from what is held, and every new entry; the report says
    what was not looked at. A checkpoint of another history, or of another key, is none to begin from."""
    given = ("--trust", "bw.trust", "--only-new")
    ran = kept.ok("verify", "--since", "held", *given)
    held = SignedCheckpoint.parse((kept.folder / "held").read_bytes()).checkpoint
    assert f"not read  entries 0 to {held.size - 1}" in ran.out
    assert "(2) indexes" in ran.out.lower()
    told = kept.data("verify", "--since", "held", *given)
    assert (told["unread"], told["entries"], told["steps"][1]["checked"]) == (held.size, held.size + 1, 1)
    assert told["head"] == kept.data("verify")["head"]
    forged = sign(Checkpoint(held.origin, held.size, bytes(32)), signing_key("somebody"))
    (kept.folder / "forged").write_bytes(forged.encode())
    assert kept("verify", "--since", "forged", *given).code == 4
    ran = kept("verify", "--since", "forged", "--only-new")
    assert (ran.code, "verify-covered-root" in ran.out) == (1, True)
    for words in (("--only-new",), ("--since", "held", "--only-new", "--views"), ("published", *given)):
        assert kept("verify", *words).code == 2


def test_a_ledger_named_as_a_file_is_verified_as_a_ledger(kept: Laptop) -> None:
    """`adamas verify FILE` looks at what the file is."""
    assert "Adamas verification report" in kept.ok("verify", LEDGER).out


def test_questions_ask_for_no_key(kept: Laptop) -> None:
    """Reading commands neither read the ledger's key nor touch its guard."""
    keys = kept.folder / f"{LEDGER}.keys"
    (keys / "ledger.pem").rename(keys / "away.pem")
    before = (keys / "ledger.pem.guard").read_bytes()
    for words in (("list", "parcels"), ("show", "parcel", "K1"), ("verify",), ("trace", "K1")):
        assert kept.ok(*words).err.count("not signed") == 0
    assert (keys / "ledger.pem.guard").read_bytes() == before
    ran = kept("checkpoint")
    assert ran.code == 6


def test_without_the_ledger_key_an_act_is_recorded_unsigned(kept: Laptop) -> None:
    """Its receipt is INDEX:HASH; a proof of it cannot be had."""
    keys = kept.folder / f"{LEDGER}.keys"
    (keys / "ledger.pem").rename(kept.folder / "away.pem")
    assert kept.ok("parcel", "weigh", "K1", "--weight", "12.49", "--key", "miner-1").receipt
    refused = kept("parcel", "weigh", "K1", "--weight", "12.48", "--key", "miner-1", "--receipt", "r")
    assert refused.code == 6
    assert not (kept.folder / "r").exists()
    ran = kept.ok(
        "parcel", "weigh", "K1", "--weight", "12.47", "--key", "miner-1", "--ledger-key", "away.pem",
        "--receipt", "r",
    )  # fmt: skip
    assert "not signed" not in ran.err
    assert "result: it holds" in kept.ok("verify", "r", "--trust", "bw.trust").out


def test_an_encrypted_ledger_key_needs_its_passphrase(bare: Laptop) -> None:
    """Given, acts are signed; not given, they are recorded and that is said."""
    first = ("--participant", "BW", "--authority", "authority-bw", "--name", "Office", "--yes")
    bare.ok("init", *first, passphrase=b"correct horse\n")
    words = ("party", "register", "miner-1", "--role", "miner", "--residence", "BW")
    bare.ok(*words, "--receipt", "r", passphrase=b"correct horse\n")
    bare.ok("trust", "--out", "bw.trust")
    assert "result: it holds" in bare.ok("verify", "r", "--trust", "bw.trust").out
    assert bare("checkpoint").code == 6
    assert bare.ok("checkpoint", passphrase=b"correct horse\n").out.startswith("adamas.example/bw/")


def test_an_old_copy_put_back_is_told_how_to_go_on(kept: Laptop) -> None:
    """Nothing is recorded but the end; the message names the command."""
    path = kept.folder / LEDGER
    old = path.read_bytes()
    kept.ok("parcel", "weigh", "K1", "--weight", "12.49", "--key", "miner-1")
    for name in ("-wal", "-shm"):
        (kept.folder / f"{LEDGER}{name}").unlink(missing_ok=True)
    path.write_bytes(old)
    size = kept.size()
    ran = kept("parcel", "weigh", "K1", "--weight", "12.45", "--key", "miner-1")
    assert ran.code == 8
    assert "adamas house close" in ran.err
    assert kept.size() == size
    closed = kept.ok("house", "close", "--successor", "ledger.example/bw/n3x7")
    assert "not signed for the ledger: guard-sideways" in closed.err
    assert kept.size() == size + 1
    again = kept("parcel", "weigh", "K1", "--weight", "12.45", "--key", "miner-1").err
    assert "ledger.example/bw/n3x7" in again or "--continues" in again
    (line,) = [line for line in closed.err.splitlines() if line.startswith("Next: ")]
    words = line.removeprefix("Next: adamas ").replace("FILE", "next.db").split()
    kept.ok(*words, *FIRST, "--no-passphrase")
    opened = kept.data("--ledger", "next.db", "show", "entry", "0")["body"]
    assert (opened["origin"], opened["predecessor"]) == ("ledger.example/bw/n3x7", kept.body(0)["origin"])


def test_a_proof_of_absence_shows_growth_from_what_the_reader_holds(kept: Laptop) -> None:
    """Where its keeper put the path in; without it, or from another size, that is not shown."""
    kept.ok("trust", "--out", "bw.trust")
    kept.ok("checkpoint", "--out", "older")
    size = kept.size()
    kept.ok("house", "index-certificates")
    for pinned, code in (((), 1), (("--pinned", str(size - 1)), 1), (("--pinned", str(size)), 0)):
        kept.ok("certificate", "prove-absent", "BW/999", *pinned, "--out", "999.absence")
        kept.ok("verify", "999.absence", "--trust", "bw.trust")
        assert kept("verify", "999.absence", "--trust", "bw.trust", "--since", "older").code == code


def test_a_ledger_goes_on_from_another_one(bare: Laptop) -> None:
    """What is no origin, and its own origin, is refused before anything is made."""
    for predecessor in ("ledger.example/bw/n3x7", "no origin", ""):
        words = ("--origin", "ledger.example/bw/n3x7", "--continues", predecessor)
        assert bare("init", *FIRST, *words, "--no-passphrase").code in (2, 4)
        assert not list(bare.folder.iterdir())


def test_keys_change_and_both_sign_meanwhile(kept: Laptop) -> None:
    """Whoever trusts either is served; a revoked key signs no more, and what it signed later is void."""
    old = f"{LEDGER}.keys/ledger.pem"
    kept.ok("key", "new", "next", "--out", "next.pem", "--no-passphrase")
    kept.ok("house", "change-key", "--new", "next.pem")
    both = kept.ok("checkpoint", "--ledger-key", f"{old},next.pem").out
    assert both.count("\u2014 ledger.example") == 2
    kept.ok("trust", "--out", "both.trust")
    verifiers = [line.split()[1] for line in (kept.folder / "both.trust").read_text().splitlines()[:2]]
    (kept.folder / "next.trust").write_text(f"log {verifiers[1]}\nquorum none\n")
    (kept.folder / "both").write_text(both)
    for file in ("bw.trust", "next.trust", "both.trust"):
        kept.ok("verify", "both", "--trust", file)
    kept.ok("house", "revoke-key", "--verifier", verifiers[0], "--last", "held", "--ledger-key", "next.pem")
    assert kept("checkpoint").code == 6
    size = kept.size()
    pinned = str(SignedCheckpoint.parse((kept.folder / "held").read_bytes()).checkpoint.size)
    revoking = ("prove", "entry", str(size - 1), "--pinned", pinned, "--ledger-key", "next.pem")
    kept.ok(*revoking, "--entitled", "--out", "void")
    kept.ok(*revoking, "--out", "unshown")
    kept.ok("prove", "entry", "1", "--out", "new.tlog-proof", "--ledger-key", "next.pem")
    assert (
        "result: it holds"
        in kept.ok("verify", "new.tlog-proof", "--trust", "both.trust", "--revoked", "void").out
    )
    for target in ("new.tlog-proof", "held", "published"):
        unshown = kept("verify", target, "--trust", "both.trust", "--revoked", "unshown")
        assert (unshown.code, "succession-authority" in unshown.err) == (4, True)
    forged = sign(Checkpoint("ledger.example/bw/k7q2", 10_000, bytes(32)), read_key(kept.folder / old))
    data = (kept.folder / "new.tlog-proof").read_bytes()
    (kept.folder / "forged.tlog-proof").write_bytes(data.split(b"\n\n")[0] + b"\n\n" + forged.encode())
    (kept.folder / "beyond").write_bytes(forged.encode())
    ran = kept("verify", "forged.tlog-proof", "--trust", "both.trust", "--revoked", "void")
    assert ran.code == 1
    assert "fault: " in ran.out
    kept.ok("verify", "published", "--trust", "both.trust")
    beyond = kept("verify", "beyond", "--trust", "both.trust", "--revoked", "void")
    assert (beyond.code, "succession-later" in beyond.err) == (4, True)
    assert "revoked since" in kept.ok("verify", "held", "--trust", "both.trust", "--revoked", "void").out
    later = kept("verify", "published", "--trust", "both.trust", "--revoked", "void")
    assert later.code == 1
    assert "fault: " in later.out.split("(2)")[1].split("(3)")[0]


def test_a_witness_file_takes_no_own_witness(kept: Laptop) -> None:
    """The ledger's own key as a witness is left out, so a quorum of it cannot be had."""
    own = (kept.folder / "bw.trust").read_text().split()[1]
    ran = kept("trust", "--witness", own, "--quorum", "1", "--out", "own.trust")
    assert ran.code == 4
    assert not (kept.folder / "own.trust").exists()


STRANGE = ("--participant", "SL", "--authority", "authority-sl", "--name", "Office", "--yes")


def test_a_database_is_held_to_the_trust_file(kept: Laptop, tmp_path: Path) -> None:
    """Another ledger is a fault; of one's own the origin is compared and that said; neither is a proof."""
    own = kept.ok("verify", "--trust", "bw.trust")
    assert "only the origin was compared" in " ".join(own.out.split())
    folder = tmp_path / "strange"
    folder.mkdir()
    strange = Laptop(folder)
    strange.ok("init", *STRANGE, "--origin", "ledger.example/sl/x1", "--no-passphrase")
    (kept.folder / "107.tlog-proof").write_bytes((folder / LEDGER).read_bytes())
    assert kept("verify", "107.tlog-proof", "--trust", "bw.trust").code == 2
    ran = kept("--ledger", "107.tlog-proof", "verify", "--trust", "bw.trust")
    assert (ran.code, "verify-trust-other" in ran.out) == (1, True)
    assert kept("verify", "--trust", "nothing.trust").code == 7


def test_every_held_checkpoint_counts_for_a_database(kept: Laptop) -> None:
    """A second one that is another history, also of no entries, is a fault behind a first that is right."""
    key = read_key(kept.folder / f"{LEDGER}.keys" / "ledger.pem")
    true = SignedCheckpoint.parse((kept.folder / "held").read_bytes()).checkpoint
    for size, code in ((true.size, 1), (0, 1)):
        (kept.folder / "forged").write_bytes(sign(Checkpoint(true.origin, size, bytes(32)), key).encode())
        assert kept("verify", "--since", "held", "--since", "forged", "--trust", "bw.trust").code == code
    nothing = Checkpoint(true.origin, 0, merkle.root([]))
    (kept.folder / "nothing").write_bytes(sign(nothing, key).encode())
    kept.ok("verify", "--since", "held", "--since", "nothing", "--trust", "bw.trust")


def test_a_bare_checkpoint_is_held_to_another(kept: Laptop) -> None:
    """Of the same size: the same root or a fork; of other sizes nothing is shown, and that ends with 1."""
    key = read_key(kept.folder / f"{LEDGER}.keys" / "ledger.pem")
    now = kept.ok("checkpoint", "--out", "now")
    assert now.code == 0
    true = SignedCheckpoint.parse((kept.folder / "now").read_bytes()).checkpoint
    for name, size in (("forged", true.size), ("bigger", 10_000), ("nothing", 0)):
        (kept.folder / name).write_bytes(sign(Checkpoint(true.origin, size, bytes(32)), key).encode())
    assert "growth: ok" in kept.ok("verify", "now", "--trust", "bw.trust", "--since", "now").out
    fork = kept("verify", "forged", "--trust", "bw.trust", "--since", "now")
    assert (fork.code, "result: it does not hold" in fork.out) == (1, True)
    assert kept.data("verify", "now", "--trust", "bw.trust", "--since", "now")["grown"] is True
    for file, since in (("now", "held"), ("held", "now"), ("bigger", "now")):
        apart = kept("verify", file, "--trust", "bw.trust", "--since", since)
        assert (apart.code, "result: not shown that the ledger grew" in apart.out) == (1, True)
        assert "verify-since-not-shown" in apart.err
    assert kept("verify", "held", "--trust", "bw.trust", "--since", "absent").code == 7
    assert kept("verify", "nothing", "--trust", "bw.trust").code == 4
    assert kept("verify", "now", "--trust", "bw.trust", "--since", "nothing").code == 1


def test_since_that_a_proof_does_not_show_ends_with_1(kept: Laptop) -> None:
    """No path, a larger pin, a stranger's: each is told in the result, and with a path all is shown."""
    key = read_key(kept.folder / f"{LEDGER}.keys" / "ledger.pem")
    true = SignedCheckpoint.parse((kept.folder / "held").read_bytes()).checkpoint
    for name, signer, size in (("big", key, 10_000), ("stranger", signing_key("somebody"), true.size)):
        (kept.folder / name).write_bytes(sign(Checkpoint(true.origin, size, bytes(32)), signer).encode())
    kept.ok("prove", "entry", "1", "--out", "bare.tlog-proof")
    kept.ok("prove", "entry", "1", "--pinned", str(true.size), "--out", "1.tlog-proof")
    shown = kept.ok("verify", "1.tlog-proof", "--trust", "bw.trust", "--since", "held")
    assert "result: it holds" in shown.out
    assert kept.data("verify", "1.tlog-proof", "--trust", "bw.trust", "--since", "held")["grown"] is True
    for file, since in (
        ("bare.tlog-proof", ["held"]),
        ("1.tlog-proof", ["big"]),
        ("1.tlog-proof", ["stranger"]),
        ("1.tlog-proof", ["held", "big"]),
    ):
        held = [word for name in since for word in ("--since", name)]
        ran = kept("verify", file, "--trust", "bw.trust", *held)
        assert ran.code == 1
        assert "result: not shown that the ledger grew" in ran.out
        assert "result: it holds" not in ran.out


def test_options_that_say_nothing_of_the_file_are_refused(kept: Laptop) -> None:
    """Nothing that was asked is passed over: each kind of thing has its own options."""
    kept.ok("prove", "entry", "1", "--out", "1.tlog-proof")
    kept.ok("prove", "parcel", "K1", "--out", "K1.zip")
    for target, words in (
        ("1.tlog-proof", ("--head", "1:" + "ab" * 32)),
        ("1.tlog-proof", ("--report", "report.txt")),
        ("1.tlog-proof", ("--no-entries",)),
        ("K1.zip", ("--along", "1.tlog-proof")),
        ("held", ("--along", "1.tlog-proof")),
        ("published", ("--along", "1.tlog-proof")),
        ("published", ("--chain-only",)),
        (LEDGER, ("--along", "1.tlog-proof")),
        (LEDGER, ("--max-age", "1")),
        (LEDGER, ("--revoked", "nothing")),
        (LEDGER, ("--no-entries",)),
        (LEDGER, ("--chain-only", "--since", "held")),
        ("1.tlog-proof", ("--max-age", "1")),
        ("held", ("--max-age", "1")),
        ("published", ("--max-age", "1")),
    ):
        ran = kept("verify", target, "--trust", "bw.trust", *words)
        assert ran.code == 2, (target, words)
        assert words[0] in ran.err
    left_out = "that no entry was left out is not shown"
    assert left_out in kept.ok("verify", "K1.zip", "--trust", "bw.trust").out
    assert left_out in str(kept.data("verify", "K1.zip", "--trust", "bw.trust")["limits"])
    one = kept.ok("verify", "1.tlog-proof", "--trust", "bw.trust", "--along", "1.tlog-proof")
    assert left_out not in one.out


def test_no_text_of_others_forges_a_line_of_the_report(kept: Laptop) -> None:
    """A note with line breaks and a terminal's controls stays within its line, and is seen as what it is."""
    note = "x\nresult: it does not hold\r\u2028result: none\x1b[8m\x9b8m\u202e"
    book = Book()
    book.open()
    body = {"by": "miner-1", "parcel": "P1\nresult: it holds", "weight": 12_500, "note": note}
    index = book.record("parcel-weighed/1", body, "miner-1")
    (kept.folder / "note.tlog-proof").write_bytes(book.bundle(index, book.signed()).encode())
    (kept.folder / "log.trust").write_bytes(trust.make([trust.Log(log_key("log"))]).encode())
    ran = kept("verify", "note.tlog-proof", "--trust", "log.trust")
    lines = ran.out.split("\n")
    assert [line for line in lines if line.startswith("result:")] == ["result: it holds"]
    assert lines[-2] == "result: it holds"
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", ran.out)
    assert "\\u001b[8m\\u009b8m\\u202e" in ran.out


def test_no_name_of_others_forges_a_line_either(kept: Laptop) -> None:
    """Of a file in a published folder, of an origin in a checkpoint: neither in the answer nor in the
    sentence of an error."""
    (kept.folder / "published" / "tile" / "x\x1b[8m\ngood: ledger.example").write_bytes(b"")
    ran = kept("fsck", "published", "--trust", "bw.trust")
    assert ran.code == 1
    assert "\ngood: " not in ran.out
    head = f"evil\u202e/x\n5\n{'A' * 43}=\n"
    (kept.folder / "evil").write_text(f"{head}\n\u2014 evil AAAAAAAA\n")
    evil = kept("verify", "evil", "--trust", "bw.trust")
    assert (evil.code, "trust-origin" in evil.err) == (4, True)
    for text in (ran.out, ran.err, evil.out, evil.err):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", text)
