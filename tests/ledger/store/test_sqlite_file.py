"""The ledger as a file: what is no ledger is told, what cannot be written is read, a full disk records
nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.chain import disclosure
from ledger.errors import AdamasError, Conflict, StoreTrouble
from ledger.store import opening
from ledger.store.journal import Draft, Head, Journal
from ledger.store.sqlite import SqliteJournal
from ledger.store.sqlite_file import APPLICATION_ID

NOBODY = 65_534
START = 1_700_000_000_000_000


def draft(number: int, size: int = 20) -> Draft:
    """A draft that guards a parcel of its own."""
    return Draft(bytes(size), b"s" * 64, number.to_bytes(16, "big"), "example-made/1", (f"parcel:P{number}",))


def add(journal: Journal, *drafts: Draft) -> Head:
    """Append behind the present head."""
    return journal.append(drafts, clock=lambda: START, read={}, head=journal.head())[1]


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


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that every user of this computer can enter."""
    folder = Path(tempfile.mkdtemp(prefix="adamas-test-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


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


def as_nobody(folder: Path, script: str) -> str:
    """What a script prints that runs without permission to write; it may not change the folder either."""
    prelude = (
        "import os, sys, sqlite3, shutil, tempfile\n"
        "from ledger.store import opening, sqlite\n"
        "from ledger.store.journal import Draft\n"
        "from ledger.errors import AdamasError\n"
        f"if hasattr(os, 'geteuid') and os.geteuid() == 0: os.setuid({NOBODY})\n"
        f"path = {str(folder / 'ledger.db')!r}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", prelude + script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


READ = """
with opening.open(path) as journal:
    print(journal.writable, journal.head().size, len(list(journal.entries())))
    try:
        journal.append([Draft(b"", b"", bytes(16), "a/1")], clock=lambda: 1, read={}, head=journal.head())
    except AdamasError as problem:
        print(problem.code)
"""


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_a_file_that_may_not_be_written_is_read(open_to_all: Path) -> None:
    """Asked to open it for writing, the ledger opens for reading and says so when something is appended."""
    path = open_to_all / "ledger.db"
    with opening.create(str(path)) as journal:
        add(journal, draft(1), draft(2))
    path.chmod(0o444)
    before = path.read_bytes()
    assert as_nobody(open_to_all, READ) == "False 2 2\nstore-readonly"
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_a_folder_that_may_not_be_written_is_read_with_what_is_in_the_log(open_to_all: Path) -> None:
    """A ledger copied while it was open: the newest entries are in the log, and no shared memory can be
    made."""
    made = Path(tempfile.mkdtemp(prefix="adamas-test-", dir=open_to_all.parent))
    with opening.create(str(made / "ledger.db")) as journal:
        add(journal, draft(1), draft(2))
        for name in ("ledger.db", "ledger.db-wal"):
            shutil.copyfile(made / name, open_to_all / name)
            (open_to_all / name).chmod(0o444)
    shutil.rmtree(made)
    assert (open_to_all / "ledger.db-wal").stat().st_size > 0
    open_to_all.chmod(0o555)
    assert as_nobody(open_to_all, READ) == "False 2 2\nstore-readonly"
    copies = (
        "print([name for name in os.listdir(tempfile.gettempdir()) if name.startswith('adamas-' + 'copy')])"
    )
    assert as_nobody(open_to_all, READ + copies).splitlines()[-1] == "[]"


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_a_file_that_may_not_be_read_is_told(open_to_all: Path) -> None:
    """With the reason that the system gives."""
    opening.create(str(open_to_all / "ledger.db")).close()
    (open_to_all / "ledger.db").chmod(0o000)
    script = "try:\n    opening.open(path)\nexcept AdamasError as problem:\n    print(problem.code)"
    assert as_nobody(open_to_all, script) == "store-denied"


def fill(journal: Journal) -> tuple[AdamasError, Head]:
    """Append until the store refuses; what it says, and the head before."""
    for number in range(10, 10_000):
        before = journal.head()
        try:
            add(journal, *(draft(number * 100 + place, 20_000) for place in range(5)))
        except AdamasError as problem:
            return problem, before
    raise AssertionError("never full")


def assert_whole(journal: Journal, head: Head) -> None:
    """Entries, links and ids are those of ``head``, and there is nothing of what was refused."""
    assert journal.head() == head
    assert [index for index, _ in journal.entries()] == list(range(head.size))
    assert sorted(index for _, _, index in journal.links()) == list(range(head.size))
    assert sorted(index for _, index in journal.ids()) == list(range(head.size))


def test_a_full_database_records_nothing_of_the_batch(path: Path) -> None:
    """SQLite's own limit of pages stands for the disk's; there being room again, the journal goes on."""
    with SqliteJournal.open(str(path)) as journal:
        with journal.transaction(write=False) as rows:
            rows.execute("PRAGMA max_page_count = 200")
        problem, before = fill(journal)
        assert isinstance(problem, StoreTrouble)
        assert problem.code == "store-full"
        assert_whole(journal, before)
        with journal.transaction(write=False) as rows:
            rows.execute("PRAGMA max_page_count = 100000")
        assert add(journal, draft(9)).size == before.size + 1
    with opening.open(str(path)) as journal:
        assert journal.head().size == before.size + 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs takes root on Linux")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting is not permitted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_records_nothing_of_the_batch(small_disk: Path) -> None:
    """A real disk that is full: told as such, whole afterwards, also when opened again."""
    url = str(small_disk / "ledger.db")
    with opening.create(url) as journal:
        add(journal, draft(1))
        problem, before = fill(journal)
        assert isinstance(problem, StoreTrouble)
        assert problem.code in ("store-full", "store-io")
        assert_whole(journal, before)
    with opening.open(url) as journal:
        assert_whole(journal, before)


def test_no_half_ledger_is_left_where_the_disk_is_full(small_disk: Path) -> None:
    """Making one fails and leaves no file behind."""
    (small_disk / "ballast").write_bytes(bytes(2 * 1024 * 1024 - 16 * 1024))
    with pytest.raises(StoreTrouble) as caught:
        opening.create(str(small_disk / "ledger.db"))
    assert caught.value.code in ("store-full", "store-io")
    assert [item.name for item in small_disk.iterdir()] == ["ballast"]


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
        assert len(files) == 3
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
