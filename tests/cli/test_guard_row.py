"""Two machines that sign for one ledger, as people set them up: `adamas house share-guard` on each."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

import pytest

from tests.laptop import FIRST, LEDGER, Laptop
from tests.postgres_server import PostgresServer

ORIGIN = "ledger.example/bw/k7q2"
_numbers = count(1)


@pytest.fixture
def guards(postgres: PostgresServer) -> str:
    """A database for guards, which is not the ledger's; its URL has a password."""
    name = f"cli_guards{next(_numbers)}"
    with postgres.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgres.url(password="secret").replace("/postgres?", f"/{name}?")


def machine(folder: Path, url: str | None) -> Laptop:
    """A machine with a folder of its own."""
    folder.mkdir(exist_ok=True)
    return Laptop(folder, url)


def act(number: int) -> tuple[str, ...]:
    """Some act of the authority."""
    return ("party", "register", f"dealer-{number}", "--role", "dealer", "--residence", "BW")


def test_two_machines_with_a_key_each_share_a_guard(
    tmp_path: Path, postgres: PostgresServer, guards: str
) -> None:
    """Once it is named, every command asks the row; so an old copy on the machine that signed nothing since
    is refused, and not put back."""
    url, old = postgres.url(), postgres.url()
    first, second = machine(tmp_path / "first", url), machine(tmp_path / "second", url)
    first.ok("init", *FIRST, "--origin", ORIGIN, "--no-passphrase")
    told = first.ok("house", "share-guard", guards)
    assert "secret" not in told.out + told.err
    assert "Another server is safer" in told.err
    assert "every other machine" in told.err
    (keys,) = first.folder.glob("*.keys")
    theirs = second.folder / keys.name
    theirs.mkdir(mode=0o700)
    for name in ("ledger.pem", "authority.pem"):
        shutil.copy(keys / name, theirs / name)
    assert "no guard" not in second.ok("house", "share-guard", guards).err
    place = (theirs / "ledger.pem.guard-row").read_text(encoding="utf-8").strip()
    assert "secret" not in place
    assert second.data("status")["guard"] == place
    for number, one in enumerate((first, second, first, second)):
        ran = one.ok(*act(number))
        assert "not signed" not in ran.err
        assert "no guard" not in ran.err
    second.ok("copy", url, old)
    second.ok("backup", "old.adamas")
    first.ok(*act(8))
    named = ("--ledger-key", str(theirs / "ledger.pem"), "--key", str(theirs / "authority.pem"))
    refused = machine(second.folder, old)(*act(9), *named)
    assert (refused.code, f"guard {place}" in refused.err) == (8, True)
    refused = second("restore", "old.adamas", LEDGER, *named)
    assert (refused.code, "restore-behind" in refused.err) == (8, True)
    second.ok("restore", "old.adamas", LEDGER, *named, "--behind-the-guard")
    assert machine(second.folder, None)("checkpoint", *named).code == 8
    (theirs / "ledger.pem.guard-row").unlink()  # as somebody does who gives the row up: it would sign
    assert machine(second.folder, None)("checkpoint", *named).code == 0


def test_a_guard_that_cannot_be_had_is_not_named(tmp_path: Path, postgres: PostgresServer) -> None:
    """In the ledger's own database, out of reach, or no database at all: commands go on as before."""
    url = postgres.url()
    first = machine(tmp_path / "first", url)
    first.ok("init", *FIRST, "--origin", ORIGIN, "--no-passphrase")
    for wanted, code in (
        (postgres.url(), "guard-own-database"),
        (url.replace("/postgres?", "/nothing?"), "guard-row-unusable"),
        ("guards.db", "store-url"),
    ):
        refused = first("house", "share-guard", wanted)
        assert (refused.code, code in refused.err, "next: " in refused.err or code == "store-url") == (
            7 if code == "store-url" else 6, True, True,
        )  # fmt: skip
    assert "guard" not in first.data("status")
    first.ok(*act(1))


def test_a_guard_out_of_reach_stops_signing_with_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No act is taken; one restores a backup only to look at it."""
    pytest.importorskip("psycopg")
    monkeypatch.setattr("ledger.store.guard_row.FIRST_PATIENCE", 0.0)
    only = machine(tmp_path / "first", None)
    only.ok("init", *FIRST, "--origin", ORIGIN, "--no-passphrase")
    only.ok("backup", "old.adamas")
    beside = only.folder / f"{LEDGER}.keys" / "ledger.pem.guard-row"
    beside.write_text(f"postgresql:///guards?host={tmp_path}\n", encoding="utf-8")
    for words in (
        act(1),
        ("checkpoint",),
        ("restore", "old.adamas", "new.db", "--ledger-key", str(beside)[:-10]),
    ):
        refused = only(*words)
        assert refused.code == 6
        assert refused.err.startswith("adamas: guard-unreachable: ")
        assert "next: start that server" in refused.err
        assert len(refused.err.splitlines()) == 2
    assert only.size() == 1
    looked = only.ok(
        "restore", "old.adamas", "new.db", "--behind-the-guard", "--ledger-key", str(beside)[:-10]
    )
    assert "guard-unreachable" in looked.err
    beside.unlink()
    beside.mkdir()
    refused = only("checkpoint")
    assert (refused.code, "guard-unreadable" in refused.err) == (6, True)
