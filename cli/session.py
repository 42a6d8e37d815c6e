"""One run of the command: which ledger, whose keys, whose passphrase; opened once, closed at the end.

For a ledger ``adamas.db``, keys lie in ``adamas.db.keys/`` (``ledger.pem``, ``authority.pem``,
``recovery.pem``, ``<party>.pem``), evidence in ``adamas.db.evidence/``. On one laptop nothing more need
be said.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.output import Settings
from ledger.errors import KeyTrouble, StoreTrouble, Unavailable

if TYPE_CHECKING:
    from ledger.application import Ledger
    from ledger.keeping import LedgerKey
    from ledger.keys import LedgerSigner, Signer, SigningKey

K = TypeVar("K")
DEFAULT = "adamas.db"
_ELSEWHERE = ("fd:", "command:")
AUTHORITY, KEEPER, RECOVERY = "authority.pem", "ledger.pem", "recovery.pem"
SECOND = "ledger.mldsa.pem"
"""The keeper's ML-DSA-44 key, where the ledger has one."""


class Session:
    """What a command works with."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._ledger: Ledger | None = None
        self._may_write = False
        self._key: SigningKey | None = None
        self._passphrases: list[bytes] | None = None
        self._typed: list[bytes] = []

    @property
    def json(self) -> bool:
        """True when answers are wanted as JSON."""
        return self.settings.json

    @property
    def path(self) -> str:
        """The ledger as it was named: a file's path or a URL."""
        return self.settings.ledger or DEFAULT

    @property
    def shown(self) -> str:
        """The ledger as it may be shown: a URL without its password."""
        if "://" not in self.path:
            return self.path
        from ledger.store.opening import shown

        return shown(self.path)

    @property
    def file(self) -> Path:
        """The ledger's file; for another kind of URL, the name that its keys and evidence are kept under."""
        return Path(_name_of(self.path) if "://" in self.path else self.path)

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
            keeper = self._key_that_is_there if write else None
            right = self.settings.clock_is_right
            self._ledger = Ledger.open(self.path, write=write, clock_confirmed=right, keeper=keeper)
            self._may_write = write
        return self._ledger

    def keeping(self) -> Ledger:
        """The ledger, opened so that it cannot be written, with the key that speaks for it.

        Raises as `ledger` and `ledger_key`.
        """
        from ledger.application import Ledger

        self.close()
        self._ledger = Ledger.open(self.path, write=False, keeper=self.ledger_key())
        self._may_write = False
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

    def ledger_key(self, row: str | None = None) -> LedgerKey:
        """The keeper's key, which speaks for the ledger, its guard, and what signs beside it: further ones
        that were named, and the ML-DSA-44 key where it lies in its place and none was named. ``row`` takes
        the place of `guard_row`.

        Raises `KeyTrouble`, `Unavailable` (``mldsa-unavailable``).
        """
        from ledger.keeping import LedgerKey
        from ledger.keys import MlDsa44Key

        first, *more = self._named_keys()
        signer = self._signer(first)
        also = [(self._signer(one), self._guard_of(one)) for one in more]
        second = self.keys_folder / SECOND
        if second.exists() and not any(isinstance(one, MlDsa44Key) for one in (signer, *dict(also))):
            also.append((self._signer(str(second)), self._guard_of(str(second))))
        row = row or self.guard_row()
        if row is None:
            _say_missing([self._guard_of(first), *(guard for _, guard in also)])
        return LedgerKey(signer, self._guard_of(first), tuple(also), row)

    def guard_row(self) -> str | None:
        """The URL of the row that guards the ledger on all machines: a file beside its key names it.

        Raises `KeyTrouble` (``guard-unreadable``).
        """
        for spelled in (*self._named_keys(), str(self.keys_folder / KEEPER)):
            file = _row_beside(self._guard_of(spelled))
            try:
                return file.read_text(encoding="utf-8").strip()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except (OSError, UnicodeDecodeError) as problem:
                raise KeyTrouble("guard-unreadable", path=str(file), reason=str(problem)) from None
        return None

    def name_guard_row(self, key: LedgerKey, url: str) -> None:
        """Write it into the file beside each of the keys. Raises `KeyTrouble` (``guard-unwritable``)."""
        for guard in (key.guard, *(guard for _, guard in key.also)):
            file = _row_beside(guard)
            try:
                file.write_text(f"{url}\n", encoding="utf-8")
            except OSError as problem:
                raise KeyTrouble("guard-unwritable", path=str(file), reason=problem.strerror) from None

    def _named_keys(self) -> list[str]:
        """As they are spelled, the first one first; the one in its place where none is named."""
        spelled = self.settings.ledger_key or str(self.keys_folder / KEEPER)
        return [spelled] if spelled.startswith("command:") else spelled.split(",")

    def _guard_of(self, spelled: str) -> Path:
        """The guard beside a key file; of a key that lies elsewhere, beside the keeper's."""
        file = self.keys_folder / KEEPER if spelled.startswith(_ELSEWHERE) else Path(spelled)
        return file.with_name(file.name + ".guard")

    def _signer(self, spelled: str) -> Signer:
        from ledger.signers import signer

        if spelled.startswith(_ELSEWHERE):
            return signer(spelled, lambda: self.passphrase(spelled))
        return self.read_ledger_key(Path(spelled))

    def _key_that_is_there(self) -> LedgerKey | None:
        """The keeper's key if it was named, or lies in its place and can be opened without asking in vain."""
        if self.settings.ledger_key is not None:
            return self.ledger_key()
        if not (self.keys_folder / KEEPER).exists():
            return None
        try:
            return self.ledger_key()
        except (KeyTrouble, Unavailable) as trouble:
            click.echo(f"not signed for the ledger: {trouble.code}: {trouble}", err=True)
            return None

    def read_key(self, path: Path) -> SigningKey:
        """The key in a file; its passphrase is asked for where it has one and none that was typed before
        opens it. Raises `KeyTrouble`."""
        from ledger.keys import read_key

        return self._read(read_key, path)

    def read_ledger_key(self, path: Path) -> LedgerSigner:
        """As `read_key`, of a key that speaks for a ledger. Raises `KeyTrouble`, `Unavailable`."""
        from ledger.keys import read_ledger_key

        return self._read(read_ledger_key, path)

    def _read(self, read: Callable[[Path, Callable[[], bytes]], K], path: Path) -> K:
        for typed in self._typed:
            try:
                return read(path, lambda typed=typed: typed)  # type: ignore[misc]
            except KeyTrouble as trouble:
                if trouble.code != "key-passphrase-wrong":
                    raise
        return read(path, lambda: self.passphrase(f"Passphrase of {path}"))

    def passphrase(self, question: str) -> bytes:
        """The passphrase of a key: the first line of the file descriptor that was given, or asked.

        Raises `KeyTrouble` (``passphrase-not-given``) where neither is there.
        """
        lines = self._lines()
        if lines is not None:
            return lines[0]
        self._typed.append(_asked(question, twice=False))
        return self._typed[-1]

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


def _name_of(url: str) -> str:
    """A file's path of ``sqlite:///path``; ``database`` or ``database.schema`` of a PostgreSQL URL, which may
    hold a password."""
    if url.startswith("sqlite:///"):
        return url.removeprefix("sqlite:///")
    from urllib.parse import parse_qs, urlsplit

    try:
        said = urlsplit(url)
    except ValueError:
        raise StoreTrouble("store-url", url=re.sub(r"(?<=:)[^:@/]*@", "@", url)) from None
    more = parse_qs(said.query)
    database = said.path.lstrip("/") or more.get("dbname", ["adamas"])[0]
    schema = re.search(r"search_path=([^\s,]+)", more.get("options", [""])[0])
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", database + (f".{schema[1]}" if schema else ""))


def _row_beside(guard: Path) -> Path:
    return guard.with_name(guard.name + "-row")


def _say_missing(guards: list[Path]) -> None:
    """A guard is never begun anew in silence."""
    for guard in guards:
        if not guard.exists():
            click.echo(
                f"no guard {guard}: what its key signed before is not known, so one is begun", err=True
            )


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
