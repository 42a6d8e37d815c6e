"""What may not be written is read, what may not be read is told, and a full disk records nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.errors import AdamasError, StoreTrouble
from ledger.store import opening
from ledger.store.journal import Head, Journal
from ledger.store.sqlite import SqliteJournal
from tests import without_override
from tests.drafts import add, draft


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


def closed_out(folder: Path, script: str) -> str:
    """What a script prints that runs without permission to write; it may not change the folder either."""
    prelude = (
        "import os, sys, sqlite3, shutil, tempfile\n"
        "from ledger.store import opening, sqlite\n"
        "from ledger.store.journal import Draft\n"
        "from ledger.errors import AdamasError\n"
        f"path = {str(folder / 'ledger.db')!r}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", prelude + script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[3],
        check=False,
        preexec_fn=without_override.give_up,
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


@pytest.mark.skipif(not without_override.POSSIBLE, reason="nothing is closed to this user")
def test_a_file_that_may_not_be_written_is_read(open_to_all: Path) -> None:
    """Asked to open it for writing, the ledger opens for reading and says so when something is appended."""
    path = open_to_all / "ledger.db"
    with opening.create(str(path)) as journal:
        add(journal, draft(1), draft(2))
    path.chmod(0o444)
    before = path.read_bytes()
    assert closed_out(open_to_all, READ) == "False 2 2\nstore-readonly"
    assert path.read_bytes() == before


@pytest.mark.skipif(not without_override.POSSIBLE, reason="nothing is closed to this user")
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
    assert closed_out(open_to_all, READ) == "False 2 2\nstore-readonly"
    copies = (
        "print([name for name in os.listdir(tempfile.gettempdir()) if name.startswith('adamas-' + 'copy')])"
    )
    assert closed_out(open_to_all, READ + copies).splitlines()[-1] == "[]"


@pytest.mark.skipif(not without_override.POSSIBLE, reason="nothing is closed to this user")
def test_a_file_that_may_not_be_read_is_told(open_to_all: Path) -> None:
    """With the reason that the system gives."""
    opening.create(str(open_to_all / "ledger.db")).close()
    (open_to_all / "ledger.db").chmod(0o000)
    script = "try:\n    opening.open(path)\nexcept AdamasError as problem:\n    print(problem.code)"
    assert closed_out(open_to_all, script) == "store-denied"


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
