"""One run of the command: which ledger, whose keys, whose passphrase; opened once, closed at the end.

For a ledger ``adamas.db``, keys lie in ``adamas.db.keys/`` (``ledger.pem``, ``authority.pem``,
``recovery.pem``, ``<party>.pem``), evidence in ``adamas.db.evidence/``. On one laptop nothing more need
be said.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.output import Settings
from ledger.errors import KeyTrouble

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.keys import SigningKey

DEFAULT = "adamas.db"
AUTHORITY, KEEPER, RECOVERY = "authority.pem", "ledger.pem", "recovery.pem"


class Session:
    """What a command works with."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._ledger: Ledger | None = None
        self._may_write = False
        self._key: SigningKey | None = None
        self._passphrases: list[bytes] | None = None

    @property
    def json(self) -> bool:
        """True when answers are wanted as JSON."""
        return self.settings.json

    @property
    def path(self) -> str:
        """The ledger as it was named: a file's path or a URL."""
        return self.settings.ledger or DEFAULT

    @property
    def file(self) -> Path:
        """The ledger's file; for another kind of URL, the name that its keys and evidence are kept under."""
        return Path(self.path.removeprefix("sqlite:///").replace("://", "_"))

    @property
    def keys_folder(self) -> Path:
        """The folder beside the ledger where `init` puts its keys."""
        return self.file.with_name(self.file.name + ".keys")

    @property
    def evidence_folder(self) -> Path:
        """The folder beside the ledger where attached documents are kept by their hash."""
        return self.file.with_name(self.file.name + ".evidence")

    def ledger(self, write: bool = False) -> Ledger:
        """The ledger, opened once; reading commands open it so that they cannot write.

        Raises `StoreTrouble` as ``Ledger.open``.
        """
        from ledger.application import Ledger

        if self._ledger is not None and write and not self._may_write:
            self.close()
        if self._ledger is None:
            self._ledger = Ledger.open(self.path, write=write, clock_confirmed=self.settings.clock_is_right)
            self._may_write = write
        return self._ledger

    def key(self) -> SigningKey:
        """The author's key, read once. Raises `KeyTrouble`."""
        if self._key is None:
            self._key = self.read_key(self.key_file())
        return self._key

    def key_file(self) -> Path:
        """Where the author's key lies: a file, or a party's name in the keys folder."""
        named = self.settings.key
        if named is None:
            return self.keys_folder / AUTHORITY
        own = self.keys_folder / f"{named}.pem"
        return own if not Path(named).exists() and own.exists() else Path(named)

    def ledger_key(self) -> SigningKey:
        """The keeper's key, which speaks for the ledger. Raises `KeyTrouble`."""
        return self.read_key(Path(self.settings.ledger_key or self.keys_folder / KEEPER))

    def read_key(self, path: Path) -> SigningKey:
        """The key in a file; its passphrase is asked for where it has one. Raises `KeyTrouble`."""
        from ledger.keys import read_key

        return read_key(path, lambda: self.passphrase(f"Passphrase of {path}"))

    def passphrase(self, question: str) -> bytes:
        """The passphrase of a key: the first line of the file descriptor that was given, or asked.

        Raises `KeyTrouble` (``passphrase-not-given``) where neither is there.
        """
        lines = self._lines()
        return _asked(question, twice=False) if lines is None else lines[0]

    def new_passphrase(self, question: str) -> bytes:
        """The passphrase for new keys: the descriptor's second line, else its first, or asked twice."""
        lines = self._lines()
        return _asked(question, twice=True) if lines is None else lines[-1]

    def _lines(self) -> list[bytes] | None:
        if self.settings.passphrase_fd is not None and self._passphrases is None:
            self._passphrases = _read_lines(self.settings.passphrase_fd)
        return self._passphrases

    def clock(self) -> int:
        """This computer's clock, microseconds since 1970 UTC."""
        return time.time_ns() // 1000

    def close(self) -> None:
        """Close the ledger, if it was opened."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None


def _asked(question: str, *, twice: bool) -> bytes:
    if not sys.stdin.isatty():
        raise KeyTrouble("passphrase-not-given")
    answer: str = click.prompt(question, hide_input=True, confirmation_prompt=twice, err=True)
    return answer.encode("utf-8")


def _read_lines(descriptor: int) -> list[bytes]:
    """One or two lines. The descriptor stays open, since it may be standard input."""
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            first, second = stream.readline().rstrip(b"\r\n"), stream.readline().rstrip(b"\r\n")
    except OSError as problem:
        raise KeyTrouble("passphrase-descriptor", descriptor=descriptor, reason=problem.strerror) from None
    return [first, second] if second else [first]


def pass_session(function: Callable[..., Any]) -> Callable[..., Any]:
    """Gives the `Session` as first argument; it is closed when the command ends."""

    @click.pass_context
    def with_session(context: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        return context.invoke(function, session_of(context), *args, **kwargs)

    return functools.update_wrapper(with_session, function)


def session_of(context: click.Context) -> Session:
    """The one session of this run."""
    root = context.find_root()
    session: Session | None = root.meta.get(__name__)
    if session is None:
        session = root.meta[__name__] = Session(context.ensure_object(Settings))
        root.call_on_close(session.close)
    return session
