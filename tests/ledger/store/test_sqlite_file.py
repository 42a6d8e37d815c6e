"""The ledger as a file: what is no ledger is told, what was opened for reading is not written, erased bytes
are gone."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.chain import disclosure
from ledger.errors import Conflict, StoreTrouble
from ledger.store import opening
from ledger.store.journal import Draft, Head
from ledger.store.sqlite import SqliteJournal
from ledger.store.sqlite_file import APPLICATION_ID
from tests.drafts import add, draft


def code_of(url: object, *, write: bool = True) -> str:
    """The code with which opening fails."""
    with pytest.raises(StoreTrouble) as caught:
        opening.open(str(url), write=write)
    assert str(caught.value)
    return caught.value.code


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of three entries, closed."""
    path = tmp_path / "ledger.db"
    with opening.create(str(path)) as journal:
        add(journal, draft(1), draft(2), draft(3))
    return path


def test_a_url_names_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare path, ``sqlite:///`` with a relative or an absolute one; blanks and signs in it are no
    matter."""
    monkeypatch.chdir(tmp_path)
    name = "a b%20ü?#.db"
    with opening.create(name) as journal:
        add(journal, draft(1))
    assert [item.name for item in tmp_path.iterdir()] == [name]
    for url in (name, f"sqlite:///{name}", f"sqlite:///{(tmp_path / name).as_posix()}"):
        with opening.open(url) as journal:
            assert journal.head().size == 1


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql://localhost/ledger?nothing=known", "store-url"),
        ("mysql://localhost/ledger", "store-url"),
        ("sqlite://ledger.db", "store-url"),
        ("https://ledger.example/x", "store-url"),
    ],
)
def test_other_stores_are_named(url: str, code: str) -> None:
    """One that may come, and those that nobody has thought of."""
    for attempt in (opening.open, opening.create):
        with pytest.raises(StoreTrouble) as caught:
            attempt(url)
        assert caught.value.code == code
        assert str(caught.value)


def test_a_missing_ledger_is_not_made_on_opening(tmp_path: Path) -> None:
    """It is told, and nothing lies there afterwards."""
    assert code_of(tmp_path / "none.db") == "store-missing"
    assert code_of(tmp_path / "none" / "none.db") == "store-missing"
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_overwritten(path: Path) -> None:
    """Neither a ledger nor anything else."""
    before = path.read_bytes()
    with pytest.raises(StoreTrouble) as caught:
        opening.create(str(path))
    assert caught.value.code == "store-exists"
    assert path.read_bytes() == before


def test_a_ledger_cannot_be_made_where_no_file_can_be(tmp_path: Path) -> None:
    """The folder is missing."""
    with pytest.raises(StoreTrouble) as caught:
        opening.create(str(tmp_path / "none" / "ledger.db"))
    assert caught.value.code == "store-unwritable"


def test_what_is_not_a_ledger_is_told(tmp_path: Path) -> None:
    """A text, an empty file, a folder, another program's database; none of them is changed."""
    text, empty, folder, other = (tmp_path / name for name in ("text", "empty", "folder", "other.db"))
    text.write_text("SQLite format 3 is not what this is" * 10)
    empty.touch()
    folder.mkdir()
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE stored_events (state BLOB)")
    connection.close()
    before = other.read_bytes()
    for file in (text, empty, folder, other):
        for write in (True, False):
            assert code_of(file, write=write) == "store-not-a-ledger"
    assert other.read_bytes() == before
    assert empty.stat().st_size == 0


def test_a_newer_format_is_told(path: Path) -> None:
    """With its number, so that a person knows what to look for."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    with pytest.raises(StoreTrouble) as caught:
        opening.open(str(path))
    assert (caught.value.code, caught.value.values["version"]) == ("store-newer", 7)


def test_formats_are_counted_from_one(path: Path) -> None:
    """A file whose format was set to 0 is nobody's."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 0")
    connection.close()
    assert code_of(path, write=False) == code_of(path, write=True) == "store-not-a-ledger"


def test_a_header_of_another_schema_format_is_damage(path: Path) -> None:
    """SQLite calls it an error of the statement; whoever reads is told of the file."""
    data = bytearray(path.read_bytes())
    data[47] ^= 1
    path.write_bytes(data)
    assert code_of(path, write=False) == "store-damaged"


def test_a_ledger_says_that_it_is_one_from_the_first(tmp_path: Path) -> None:
    """In the file's own header, also while its entries are in the log only."""
    path = tmp_path / "ledger.db"
    with opening.create(str(path)) as journal:
        header = path.read_bytes()[:100]
        assert int.from_bytes(header[68:72], "big") == APPLICATION_ID
        assert int.from_bytes(header[60:64], "big") == 1
        assert journal.head() == Head()


@pytest.mark.parametrize("place", [100, 4096 + 8, -2048])
def test_damage_is_told_and_not_repaired(path: Path, place: int) -> None:
    """Bytes overwritten in the schema, in a table's first page, at the end: opened or told, never
    changed."""
    data = bytearray(path.read_bytes())
    data[place : place + 64] = b"\xff" * 64 if place > 0 else data[place : place + 64]
    data[place] ^= 0xFF
    path.write_bytes(data)
    assert read_all(path) in ("read", "store-damaged")
    assert path.read_bytes() == data


def read_all(path: Path) -> str:
    """The code with which reading everything fails, or that it does not."""
    try:
        with opening.open(str(path), write=False) as journal:
            list(journal.entries())
            list(journal.links())
    except StoreTrouble as problem:
        return problem.code
    return "read"


def test_a_lost_head_is_told(path: Path) -> None:
    """Without it nobody knows where the ledger ends."""
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM head")
    connection.commit()
    connection.close()
    assert code_of(path) == "store-damaged"


def test_opened_for_reading_nothing_can_be_written(path: Path) -> None:
    """Neither an entry nor a table; the file stays as it was, byte for byte."""
    before = path.read_bytes()
    with opening.open(str(path), write=False) as journal:
        assert (journal.writable, journal.head().size) == (False, 3)
        for attempt in (lambda: add(journal, draft(4)), lambda: journal.transaction(write=True)):
            with pytest.raises(StoreTrouble) as caught:
                attempt()
            assert caught.value.code == "store-readonly"
    assert path.read_bytes() == before


def test_a_reader_sees_what_writers_add(path: Path) -> None:
    """Reading goes on beside writing, in both directions."""
    with opening.open(str(path), write=False) as reader, opening.open(str(path)) as writer:
        add(writer, draft(4))
        assert reader.head() == writer.head()
        assert len(list(reader.entries())) == 4


def test_who_is_kept_waiting_too_long_is_told(path: Path) -> None:
    """Another process holds the lock and does not let go; reading goes on meanwhile."""
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with SqliteJournal.open(str(path), patience=1) as journal:
        with pytest.raises(Conflict) as caught:
            add(journal, draft(4))
        assert caught.value.code == "store-locked"
        assert journal.head().size == 3
        holder.execute("ROLLBACK")
        assert add(journal, draft(4)).size == 4
    holder.close()


def test_who_waits_stands_in_line_and_who_cannot_wait_longer_leaves_it(path: Path) -> None:
    """Behind somebody who is first in line, patience ends as it does in front of the lock itself."""
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    line = path.with_name(path.name + "-turn")
    assert not line.exists()
    with ThreadPoolExecutor(1) as pool, SqliteJournal.open(str(path), patience=1) as hasty:
        patient = SqliteJournal.open(str(path), patience=60)
        waiting = pool.submit(add, patient, draft(4))
        while not line.exists():
            time.sleep(0.01)
        time.sleep(0.1)
        with pytest.raises(Conflict, match="lock"):
            add(hasty, draft(5))
        assert not waiting.done()
        holder.execute("ROLLBACK")
        assert waiting.result(60).size == 4
        assert add(hasty, draft(5)).size == 5
        patient.close()
    holder.close()


def test_erased_bytes_are_in_no_page_and_no_log(path: Path) -> None:
    """Short values and values of several pages, among hundreds that stay; looked for in the raw files."""

    def text(number: int) -> str:
        value = f"{number} begins " + "x" * (number % 7) * 900 + f" and {number} ends"
        return disclosure.disclosure(number.to_bytes(16, "big"), "price", value)

    texts = [text(number) for number in range(300)]
    with opening.open(str(path)) as journal:
        for number, one in enumerate(texts):
            add(journal, Draft(b"", b"", (1000 + number).to_bytes(16, "big"), "a/1", disclosures=(one,)))
        gone = texts[50:250:7]
        for number, one in enumerate(texts):
            if one in gone:
                assert journal.erase(3 + number, [disclosure.digest(one)]) == 1
        files = [file for file in path.parent.iterdir() if file.name.startswith("ledger.db")]
        raw = b"".join(file.read_bytes() for file in files)
        assert len(files) == 4  # with the log, its index, and the writers' turn, which is empty
        for one in gone:
            assert one[:60].encode() not in raw
            assert one[-16:].encode() not in raw
        assert all(one[-16:].encode() in raw for one in texts if one not in gone)


def test_erasing_waits_for_who_still_reads_the_older_state(path: Path) -> None:
    """The rows are gone at once; that their bytes are not is told, and erasing again finishes it."""
    text = disclosure.disclosure(bytes(16), "price", 1)
    with SqliteJournal.open(str(path), patience=1) as journal:
        add(journal, Draft(b"", b"", bytes(16), "a/1", disclosures=(text,)))
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM disclosures").fetchone()
        with pytest.raises(Conflict) as caught:
            journal.erase(3, [disclosure.digest(text)])
        assert caught.value.code == "store-erase-busy"
        assert journal.disclosures(3) == ()
        reader.close()
        assert journal.erase(3, [disclosure.digest(text)]) == 0
        assert text.encode() not in b"".join(file.read_bytes() for file in path.parent.iterdir())
