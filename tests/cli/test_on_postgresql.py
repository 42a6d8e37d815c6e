"""The commands on a PostgreSQL ledger: the tests of the laptop once more, and what only a server knows."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.again import again
from tests.laptop import FIRST, Laptop
from tests.postgres_server import PostgresServer

HERE = Path(__file__).parent
AGAIN: dict[str, tuple[str, ...]] = {
    "about_entries": ("test_an_erasure_takes_the_value_and_leaves_the_digest",),
    "acts": (
        "test_options_for_all_may_stand_before_the_command_or_behind_it",
        "test_a_document_is_kept_beside_the_ledger",
    ),
    "asking": (
        "test_the_views_are_kept_in_the_ledger",
        "test_verify_finds_a_row_that_somebody_changed",
        "test_a_ledger_that_nobody_may_write_answers_the_same",
        "test_a_ledger_opened_for_reading_answers_the_same",
        "test_a_replay_is_answered_from_its_file",
    ),
    "bad_input": (
        "test_a_key_of_another_role",
        "test_the_recovery_key_does_not_record",
        "test_a_key_file_that_others_can_read",
        "test_a_ledger_that_may_not_be_written",
        "test_a_ledger_and_a_key_that_may_not_be_read",
        "test_a_copied_database_without_its_keys",
    ),
    "border_commands": (),
    "certificates": (),
    "hints": ("test_what_is_shown_is_looked_up_in_the_ledger_that_is_named",),
    "importing": (
        "test_without_the_extra_a_workbook_is_unavailable",
        "test_the_command_killed_in_the_middle_goes_on",
        "test_on_a_terminal_a_person_is_asked",
        "test_a_person_who_says_no_records_nothing",
    ),
    "json": (),
    "keys": (
        "test_no_key_file_stays_of_a_key_that_was_not_enrolled",
        "test_a_key_file_is_never_overwritten",
        "test_a_revoked_key_signs_no_more",
        "test_a_key_that_is_not_enrolled_is_shown_as_such",
    ),
    "main": (),
    "misunderstood": (
        "test_no_answer_takes_the_place_of_a_ledger_a_key_or_a_guard",
        "test_what_was_meant_stands_behind",
        "test_nothing_is_published_where_other_files_lie",
        "test_the_nearest_cause_is_told",
    ),
    "oversight": (),
    "prepared_bodies": ("test_whoever_is_named_takes_the_place_of_the_bodys",),
    "signing": (
        "test_a_statement_is_signed_here_and_appended_there",
        "test_a_party_without_the_ledger_signs_by_origin_and_name",
        "test_documents_go_with_the_statement",
    ),
    "trace": (),
    "verify": (
        "test_faults_end_with_1_and_are_named",
        "test_a_file_and_folder_that_may_only_be_read",
        "test_a_damaged_file_is_a_report_and_no_traceback",
        "test_what_is_no_ledger_ends_with_7",
        "test_a_ledger_that_was_cut_off_is_a_fault",
        "test_an_attached_document_is_looked_at",
        "test_a_run_that_was_stopped_goes_on",
        "test_a_run_goes_on_from_its_own_paper_alone",
        "test_the_command_runs_in_a_process_of_its_own",
    ),
    "views": ("test_a_wrong_list_is_right_again",),
}
"""Modules whose tests of a laptop with a ledger run here too, but those that are about the file, or about
what is called and kept as the file is. Two ministries lie in each store by their fixture."""
ELSEWHERE = {
    "copying": "from server to file and back: below, and in tests/ledger/store/test_copying.py",
    "cosign": "a book stands for the ledger",
    "hostile_files": "files that somebody prepared",
    "terminal": "a command of its own process names the file",
}
"""Modules whose tests do not, and why."""


@pytest.fixture
def laptop(_prepared: Path, tmp_path: Path, postgres: PostgresServer) -> Laptop:
    """The prepared ledger, copied onto the server, with its keys."""
    shutil.copytree(_prepared, tmp_path, dirs_exist_ok=True)
    laptop = Laptop(tmp_path)
    laptop.move_to(postgres.url())
    return laptop


for _name, _but in AGAIN.items():
    globals().update(again(HERE / f"test_{_name}.py", taking=("laptop",), but=_but))


def test_every_module_that_works_on_a_ledger_is_run_here() -> None:
    """Or it is said why not."""
    there = {
        path.stem.removeprefix("test_")
        for path in HERE.glob("test_*.py")
        if re.search(r"^def test_\w+\([^)]*laptop: Laptop", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert there - {"on_postgresql"} == AGAIN.keys() | ELSEWHERE.keys()


@pytest.fixture
def auditor(postgres: PostgresServer) -> Iterator[str]:
    """A role that may read."""
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE auditor LOGIN")
        connection.execute("CREATE ROLE stranger LOGIN")
    yield "auditor"
    with postgres.connect() as connection:
        for role in ("auditor", "stranger"):
            connection.execute(f"DROP OWNED BY {role}")
            connection.execute(f"DROP ROLE {role}")


def begun(folder: Path, url: str, *more: str) -> Laptop:
    """A ledger that holds its opening."""
    laptop = Laptop(folder, url)
    laptop.ok("init", *FIRST, "--no-passphrase", *more)
    return laptop


def test_init_makes_the_schema_and_the_keys_beside_its_name(tmp_path: Path, postgres: PostgresServer) -> None:
    """Keys lie in a folder called by database and schema; a second init refuses."""
    url = postgres.url("bw")
    laptop = begun(tmp_path, url)
    assert [path.name for path in tmp_path.iterdir()] == ["postgres.bw.keys"]
    assert laptop.size() == 1
    assert "no fault found" in laptop.ok("verify").out
    again = laptop("init", *FIRST, "--no-passphrase")
    assert again.code == 6
    shutil.rmtree(tmp_path / "postgres.bw.keys")
    again = laptop("init", *FIRST, "--no-passphrase")
    assert again.code == 7
    assert "store-exists" in again.err
    assert list(tmp_path.rglob("*.pem")) == []


def test_an_auditor_reads_everything_and_writes_nothing(
    tmp_path: Path, postgres: PostgresServer, auditor: str
) -> None:
    """The role that init names may verify, search and list, also what is recorded later; others may not."""
    url = postgres.url()
    keeper = begun(tmp_path, url, "--auditor-role", auditor)
    keeper.ok("party", "register", "miner-1", "--role", "miner", "--residence", "BW", "--name", "A mine")
    keeper.ok("list", "parties")
    reader = Laptop(tmp_path, url.replace("user=postgres", f"user={auditor}"))
    assert "no fault found" in reader.ok("verify", "--views").out
    assert "miner-1" in reader.ok("list", "parties").out
    refused = reader("party", "register", "miner-2", "--role", "miner", "--residence", "BW", "--name", "B")
    assert refused.code == 7
    assert "adamas: store-reader: this database role may only read" in refused.err
    refused = reader("views", "rebuild")
    assert (refused.code, refused.err.partition(" this")[0]) == (7, "adamas: store-reader:")
    stranger = Laptop(tmp_path, url.replace("user=postgres", "user=stranger"))("verify")
    assert stranger.code == 7
    assert keeper.size() == 2


def test_a_role_that_is_not_there_stops_init_before_anything_is_made(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    """Neither keys nor tables; a file knows no roles at all."""
    url = postgres.url()
    for place, code in ((url, "store-role-missing"), (str(tmp_path / "a.db"), "store-no-roles")):
        ran = Laptop(tmp_path, place)("init", *FIRST, "--no-passphrase", "--auditor-role", "nobody-such")
        assert (ran.code, code in ran.err) == (7, True)
        assert list(tmp_path.iterdir()) == []
    assert Laptop(tmp_path, url)("verify").code == 7


def test_a_server_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    """Exit code 7 and a sentence, no traceback, no password."""
    ran = Laptop(tmp_path, "postgresql://keeper:secret@localhost:1/bw")("verify")
    assert ran.code == 7
    assert ran.err.startswith("adamas: store-unreachable: the database of postgresql://keeper@localhost:1/bw")
    assert "secret" not in ran.err


@pytest.mark.parametrize("command", ["verify", "log"])
def test_a_url_that_is_none_is_told_without_its_password(tmp_path: Path, command: str) -> None:
    """Whatever stands in the place of the host."""
    for host in ("[", "[::1", "db:port"):
        ran = Laptop(tmp_path, f"postgresql://keeper:secret@{host}/bw")(command)
        assert ran.code == 7
        assert ran.err.startswith("adamas: store-")
        assert "secret" not in ran.err + ran.out


def test_a_database_that_is_not_there_is_told(tmp_path: Path, postgres: PostgresServer) -> None:
    """Which one, and what makes one."""
    ran = Laptop(tmp_path, postgres.url().replace(":///postgres?", ":///nowhere?"))("verify")
    assert ran.code == 7
    assert "store-database-missing" in ran.err


def test_a_backup_of_a_server_is_put_back_into_a_file_and_a_server(
    laptop: Laptop, postgres: PostgresServer
) -> None:
    """The same head in all three, and each verifies."""
    head = laptop.data("verify")["head"]
    assert laptop.data("backup", "b.adamas")["head"] == head
    for place in ("again.db", postgres.url()):
        laptop.ok("restore", "b.adamas", place)
        assert laptop.data("verify", "--ledger", place)["head"] == head
    with psycopg.connect(laptop.ledger) as connection:
        assert connection.execute("SELECT count(*) FROM links").fetchone() != (0,)


def test_a_password_comes_from_libpqs_variables_and_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PGPASSWORD, PGPASSFILE; without one or with a wrong one it is refused, and never shown."""
    server = PostgresServer.start()
    try:
        with server.connect() as connection:
            connection.execute("CREATE ROLE keeper LOGIN PASSWORD 'secret-of-the-keeper'")
            connection.execute("GRANT CREATE ON DATABASE postgres TO keeper")
            rules = server.data / "pg_hba.conf"
            rules.write_text("local all keeper scram-sha-256\n" + rules.read_text())
            connection.execute("SELECT pg_reload_conf()")
        url = server.url().replace("user=postgres", "user=keeper")
        for word in (None, "wrong"):
            if word is not None:
                monkeypatch.setenv("PGPASSWORD", word)
            ran = Laptop(tmp_path, url)("verify")
            assert (ran.code, "store-denied" in ran.err) == (7, True)
        monkeypatch.setenv("PGPASSWORD", "secret-of-the-keeper")
        laptop = begun(tmp_path, url)
        monkeypatch.delenv("PGPASSWORD")
        secrets = tmp_path / "pgpass"
        secrets.write_text("*:*:*:keeper:secret-of-the-keeper\n")
        secrets.chmod(0o600)
        monkeypatch.setenv("PGPASSFILE", str(secrets))
        ran = laptop("verify")
        assert (ran.code, "no fault found" in ran.out) == (0, True)
        assert "secret-of" not in ran.out + ran.err
    finally:
        server.stop()
