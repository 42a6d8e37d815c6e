"""On a terminal: passphrases are asked for without an echo, and a question can be interrupted."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.laptop import FIRST, LEDGER, Laptop

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there is no pseudo-terminal here")
ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "import sys; sys.path.insert(0, sys.argv.pop(1)); from cli.main import run; run()"


def on_terminal(folder: Path, *words: str, typed: tuple[tuple[str, str], ...] = ()) -> tuple[int, str]:
    """Run the command on a terminal of its own; ``typed``: when this is asked, type that."""
    import fcntl
    import termios

    ours, theirs = os.openpty()

    def take_terminal() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs tests in the background ignores it
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(ROOT), *words],
        cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs,
        preexec_fn=take_terminal, env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    shown, waiting, until = "", list(typed), time.monotonic() + 60
    while time.monotonic() < until:
        if not select.select([ours], [], [], 1)[0]:
            continue
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        shown += piece.decode()
        if waiting and waiting[0][0] in shown:
            os.write(ours, (waiting.pop(0)[1] + "\n").encode())
    os.close(ours)
    if time.monotonic() >= until:
        process.kill()
    assert not waiting, f"never asked: {waiting}; shown: {shown}"
    return process.wait(60), shown


def test_a_passphrase_is_asked_twice_and_never_shown(bare: Laptop) -> None:
    """And the next command asks for it once."""
    asked = (("Passphrase for the new keys", "correct horse"), ("Repeat", "correct horse"))
    without_yes = tuple(word for word in FIRST if word != "--yes")
    answers = (("Origin", ""), *asked)
    code, shown = on_terminal(bare.folder, "init", *without_yes, typed=answers)
    assert code == 0, shown
    assert "correct horse" not in shown
    act = ("party", "register", "miner-1", "--role", "miner")
    code, shown = on_terminal(
        bare.folder, *act, typed=((f"Passphrase of {LEDGER}.keys/authority.pem", "correct horse"),)
    )
    assert (code, "recorded 1:" in shown, "correct horse" in shown) == (0, True, False), shown
    code, shown = on_terminal(bare.folder, *act, typed=(("Passphrase of", "wrong"),))
    assert (code, "key-passphrase-wrong" in shown) == (6, True), shown


def test_an_interrupted_question_ends_quietly(bare: Laptop) -> None:
    """Ctrl-C at a question: 130, no traceback, no ledger."""
    code, shown = on_terminal(bare.folder, "init", "--no-passphrase", typed=(("Participant", "\x03"),))
    assert (code, "Traceback" in shown) == (130, False), shown
    assert not (bare.folder / LEDGER).exists()


def test_views_are_built_with_a_bar(laptop: Laptop) -> None:
    """On a terminal; a program that reads standard error is not bothered with one."""
    code, shown = on_terminal(laptop.folder, "views", "rebuild")
    assert (code, "Building views" in shown, "100%" in shown) == (0, True, True), shown
    assert laptop.ok("views", "rebuild").err == ""
