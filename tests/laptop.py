"""One laptop: a folder with a ledger, its keys, and the real command run in it, in this process.

    ran = laptop("parcel", "split", "K1", "--output", "K2=12.500", "--key", "miner-1")
    ran.code, ran.out, ran.err
    laptop.ok("attest", "3")            the same, and it must end with 0
    laptop.data("key", "show")          what it prints with --json

A passphrase is given through a real file descriptor. No terminal is there, and nobody answers.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.main import run

LEDGER = "adamas.db"
FIRST = ("--participant", "BW", "--authority", "authority-bw", "--name", "Diamond Office", "--yes")
SOURCE = "A newspaper <https://press.example/1> 2024-01-10"
PAPER = (
    "--origin", "SL", "--issued", "2003-01-02", "--expiry", "2099-12-31", "--authority", "Their office",
    "--exporter", "A mine, Kono", "--importer", "An importer", "--value", "5000.00", "--parcels", "1",
    "--hs", "710231",
)  # fmt: skip
"""What is copied from a paper certificate besides its number, weight and provenance (KPCS Annex I A)."""


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The JSON it printed."""
        return json.loads(self.out)

    @property
    def receipt(self) -> str:
        """The receipt it printed: ``INDEX:HASH``."""
        return next(line.split()[1] for line in self.out.splitlines() if line.startswith("recorded "))


class Laptop:
    """A folder to work in."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.folder = folder
        self._url = url

    @property
    def ledger(self) -> str:
        """The ledger: the folder's own file, unless there is a URL of another store."""
        return self._url or str(self.folder / LEDGER)

    def beside(self, what: str) -> str:
        """The name of the folder of its ``keys`` or its ``evidence``, which is called as the ledger is."""
        name = f"postgres.{self._url.rpartition('%3D')[2]}" if self._url else LEDGER
        return f"{name}.{what}"

    def move_to(self, url: str) -> None:
        """The ledger lies on a server from now on, under the same keys."""
        self.ok("copy", LEDGER, url)
        folders = {what: self.beside(what) for what in ("keys", "evidence")}
        self._url = url
        for what, folder in folders.items():
            if (self.folder / folder).exists():
                (self.folder / folder).rename(self.folder / self.beside(what))
        (self.folder / LEDGER).unlink()

    def __call__(self, *words: str, passphrase: bytes | None = None, answers: str = "") -> Ran:
        """Run the command; ``answers`` is what is typed, ``passphrase`` comes through a descriptor."""
        out, err = io.StringIO(), io.StringIO()
        with self._entered(), self._descriptor(passphrase) as more, _keyboard(answers):
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = _code([*words, *more])
        return Ran(code, out.getvalue(), err.getvalue())

    def ok(self, *words: str, passphrase: bytes | None = None, answers: str = "") -> Ran:
        """Run the command, which must end with 0."""
        ran = self(*words, passphrase=passphrase, answers=answers)
        assert ran.code == 0, f"{words}: {ran.code}\n{ran.out}\n{ran.err}"
        return ran

    def data(self, *words: str) -> Any:
        """What the command prints with ``--json``."""
        return self.ok(*words, "--json").data

    def size(self) -> int:
        """How many entries the ledger has."""
        from ledger.application import Ledger

        with Ledger.open(self.ledger, write=False) as ledger:
            return ledger.head().size

    def body(self, index: int) -> dict[str, Any]:
        """An entry's body as it was recorded, sealed values opened."""
        from ledger.application import Ledger
        from ledger.domain import events

        with Ledger.open(self.ledger, write=False) as ledger:
            event = ledger.records.recorded(index).event
            assert isinstance(event, events.Event)
            return events.write(event)

    @contextlib.contextmanager
    def _entered(self) -> Iterator[None]:
        """In the folder, with none of the caller's ADAMAS variables but those that a test set here."""
        with pytest.MonkeyPatch.context() as patch, contextlib.chdir(self.folder):
            if self._url is not None:
                patch.setenv("ADAMAS_LEDGER", self._url)
            yield

    @contextlib.contextmanager
    def _descriptor(self, passphrase: bytes | None) -> Iterator[list[str]]:
        if passphrase is None:
            yield []
            return
        reading, writing = os.pipe()
        os.write(writing, passphrase)
        os.close(writing)
        try:
            yield ["--passphrase-fd", str(reading)]
        finally:
            os.close(reading)


def _code(words: list[str]) -> int:
    try:
        run(words)
    except SystemExit as ended:
        return int(ended.code or 0)
    raise AssertionError("run must exit")


@contextlib.contextmanager
def _keyboard(answers: str) -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.StringIO(answers)
    try:
        yield
    finally:
        sys.stdin = before


def begin(laptop: Laptop) -> None:
    """A ledger with a miner, a dealer, a clerk, an archivist, their keys, licences, a site and one parcel.

    Entry 0 opens it; K1, 12.500 ct unsorted, lies with miner-1.
    """
    laptop.ok("init", *FIRST, "--origin", "ledger.example/bw/k7q2", "--no-passphrase")
    for name, role in (
        ("miner-1", "miner"),
        ("dealer-1", "dealer"),
        ("clerk-1", "clerk"),
        ("old-1", "archivist"),
    ):
        laptop.ok(
            "party", "register", name, "--role", role, "--residence", "BW", "--name", f"{name}, Gaborone"
        )
        laptop.ok("key", "enrol", name, "--new", "--no-passphrase")
    laptop.ok("site", "register", "karowe", "--in-country", "BW", "--operator", "miner-1")
    for number, party, kind in (("ML-1", "miner-1", "mining"), ("XL-1", "dealer-1", "export")):
        laptop.ok("licence", "grant", number, "--party", party, "--licensed", kind, "--since", "2016-01-01")
    laptop.ok("parcel", "mine", "karowe", "--line", "K1=12.500,stones=3,hs=710210", "--key", "miner-1")
