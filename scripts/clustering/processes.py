"""Processes of the cluster: started so that they outlive the script, found again, and killed as a power cut
kills."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from clustering.programs import surroundings, who


def start(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, all that it says going to ``log``."""
    with log.open("ab") as file:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd="/",
            env=surroundings(),
            start_new_session=True,
            **who(),
        )


def speaking_of(place: str) -> list[int]:
    """The processes whose command line names ``place``: a node's folder, or something in it."""
    wanted, found = place.encode(), []
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and int(path.name) != os.getpid():
            arguments = _read(path / "cmdline").split(b"\0")
            if any(one == wanted or one.startswith(wanted + b"/") for one in arguments):
                found.append(int(path.name))
    return sorted(found)


def and_children(pids: Iterable[int]) -> list[int]:
    """The processes and all that they started, and so on."""
    found: list[int] = []
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        if pid in found:
            continue
        found.append(pid)
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            waiting += map(int, _read(path).split())
    return found


def kill(pids: Sequence[int]) -> None:
    """Kill processes and their children at one blow: first they are halted, so that none starts another one;
    returns when they are gone."""
    known: list[int] = []
    while (now := and_children(pids)) != known:
        for pid in now:
            _signal(pid, signal.SIGSTOP)
        known = now
    for pid in known:
        _signal(pid, signal.SIGKILL)
    wait_gone(known)


def end(pids: Sequence[int], seconds: float = 60) -> None:
    """Ask processes to end, and kill those that do not."""
    for pid in pids:
        _signal(pid, signal.SIGTERM)
    if not wait_gone(pids, seconds):
        kill([pid for pid in pids if is_alive(pid)])


def is_alive(pid: int) -> bool:
    """Whether a process is there and no zombie; one of our own that has ended is let go."""
    with suppress(ChildProcessError):  # started by another script
        os.waitpid(pid, os.WNOHANG)
    state = _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
    return bool(state) and state[0] not in (b"Z", b"X")


def wait_gone(pids: Sequence[int], seconds: float = 60) -> bool:
    """Whether the processes are gone before so many seconds have passed."""
    until = time.monotonic() + seconds
    while any(is_alive(pid) for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    if is_alive(pid):
        try:
            os.kill(pid, number)
        except ProcessLookupError:  # it has just ended, which is what was wanted
            return


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # the process has ended
        return b""
