"""The ledger as one SQLite file: which file it is, whether it is a ledger at all, and how it can be opened.

SQLite's header tells a ledger from any other file before the database is opened: bytes 0-15 are
``SQLite format 3\\0``, bytes 60-63 the user version (our format), bytes 68-71 the application id
(``Adam``).

What can be written is opened for writing. What cannot (a file or a folder without permission, a stick with
its lock on, a CD) is opened for reading, by the first of these ways that applies:

1. the folder takes SQLite's shared-memory file: read beside others who may be writing;
2. there is a write-ahead log with entries in it: a copy of both files, in a folder that is removed on
   closing;
3. otherwise the file is whole and nobody can write it: read it as immutable.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import stat
from contextlib import suppress
from pathlib import Path

from ledger.errors import StoreTrouble
from ledger.store.journal import FORMAT
from ledger.values import dataclass

APPLICATION_ID = int.from_bytes(b"Adam", "big")
STREAM = "ledger"
"""The one stream's name in the library's table."""
ERASURES = "SELECT originator_version FROM stored_events WHERE topic = 'disclosure-erased/1'"
"""Answered from an index of its own, so that opening a large ledger need not read it."""
_MAGIC = b"SQLite format 3\x00"
_PREFIX = "sqlite:///"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Place:
    """How to connect: ``database`` is a SQLite URI, ``copy`` a folder to remove on closing."""

    url: str
    database: str
    path: Path | None
    writable: bool
    copy: Path | None = None


def path_of(url: str) -> Path:
    """The file's path of ``sqlite:///path`` (four slashes for an absolute one) or of a bare path."""
    return Path(url.removeprefix(_PREFIX))


def is_memory(url: str) -> bool:
    """Whether the ledger lives in this process's memory only."""
    return url == ":memory:" or "mode=memory" in url


def new_place(url: str) -> Place:
    """Where a new ledger goes. The file is made here, empty, so that no other is ever overwritten.

    Raises `StoreTrouble`: ``store-exists``, ``store-unwritable``.
    """
    if is_memory(url):
        name = f"file:adamas-{os.getpid()}-{next(_numbers)}?mode=memory&cache=shared"
        return Place(name, name, None, writable=True)
    path = path_of(url)
    try:
        path.touch(mode=0o600, exist_ok=False)  # sealed names and prices lie in it
    except FileExistsError:
        raise StoreTrouble("store-exists", path=str(path)) from None
    except OSError as problem:
        raise StoreTrouble("store-unwritable", path=str(path), reason=problem.strerror) from None
    return Place(url, _uri(path, "rw"), path, writable=True)


def find_place(url: str, *, write: bool) -> Place:
    """Where a ledger is, and how it can be opened; see the module's head.

    Raises `StoreTrouble`: ``store-missing``, ``store-denied``, ``store-not-a-ledger``, ``store-newer``.
    """
    if is_memory(url):
        return Place(url, url, None, writable=write)
    path = path_of(url)
    _check_header(path)
    if write and os.access(path, os.W_OK) and _folder_takes_files(path):
        _open_what_lies_beside(path)
        return Place(url, _uri(path, "rw"), path, writable=True)
    return _reading_place(url, path)


def _check_header(path: Path) -> None:
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        raise StoreTrouble("store-missing", path=str(path)) from None
    except IsADirectoryError:
        raise StoreTrouble("store-not-a-ledger", path=str(path)) from None
    except OSError as problem:
        if path.is_dir():  # how Windows says it
            raise StoreTrouble("store-not-a-ledger", path=str(path)) from None
        raise StoreTrouble("store-denied", path=str(path), reason=problem.strerror) from None
    if header[:16] != _MAGIC or int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise StoreTrouble("store-not-a-ledger", path=str(path))
    version = int.from_bytes(header[60:64], "big")
    if version == 0:  # formats are counted from 1
        raise StoreTrouble("store-not-a-ledger", path=str(path))
    if version > FORMAT:
        raise StoreTrouble("store-newer", path=str(path), version=version, known=FORMAT)


def _reading_place(url: str, path: Path) -> Place:
    if _reads_beside_writers(path):
        return Place(url, _uri(path, "ro"), path, writable=False)
    log = _log(path)
    if log.exists() and log.stat().st_size > 0:
        return _copied(url, path, log)
    return Place(url, _uri(path, "ro") + "&immutable=1", path, writable=False)


def _reads_beside_writers(path: Path) -> bool:
    """Whether SQLite can read the file as it lies, which needs its shared-memory file in the folder."""
    connection = sqlite3.connect(_uri(path, "ro"), uri=True)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.OperationalError:
        return False
    except (sqlite3.DatabaseError, UnicodeDecodeError) as problem:
        raise StoreTrouble("store-damaged", path=str(path), reason=str(problem)) from None
    finally:
        connection.close()
    return True


def _copied(url: str, path: Path, log: Path) -> Place:
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="adamas-"))
    try:
        for file in (path, log):
            shutil.copyfile(file, folder / file.name)
    except OSError as problem:
        shutil.rmtree(folder, ignore_errors=True)
        raise StoreTrouble("store-copy", path=str(path), reason=problem.strerror) from None
    return Place(url, _uri(folder / path.name, "rw"), path, writable=False, copy=folder)


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _open_what_lies_beside(path: Path) -> None:
    """Whoever read the file while it was closed to writing left its log and shared memory closed as well;
    they take the file's mode again, or nobody could write although the file may be written."""
    for ending in ("-wal", "-shm"):
        beside = path.with_name(path.name + ending)
        if beside.exists() and not os.access(beside, os.W_OK):
            with suppress(OSError):  # another user's: SQLite then says that it cannot write
                beside.chmod(stat.S_IMODE(path.stat().st_mode))


def _folder_takes_files(path: Path) -> bool:
    return os.access(path.absolute().parent, os.W_OK | os.X_OK)


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}"
