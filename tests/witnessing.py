"""A growing log and the witnesses it asks, with real keys from fixed seeds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from ledger.chain import checkpoint, merkle, note, trust
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.note import VerifierKey
from ledger.federation.add_checkpoint import AddCheckpoint
from ledger.federation.memory import Memory
from ledger.federation.witness import Witness
from ledger.federation.witness_http import WitnessServer
from ledger.keys import MlDsa44Key, SigningKey

ORIGIN = "ledger.example/bw/k7q2"
NOW = 1_700_000_000
"""Seconds since 1970."""


def key(name: str) -> SigningKey:
    """A signing key that is the same in every run."""
    return SigningKey.from_seed(sha256(name.encode()).digest())


@dataclass
class Log:
    """A log of leaf hashes; `fork` gives one that shares the first entries and then tells another story."""

    origin: str = ORIGIN
    story: str = "true"
    leaves: list[bytes] = field(default_factory=list)

    def grow(self, count: int) -> Log:
        """Append leaves."""
        start = len(self.leaves)
        self.leaves += [sha256(f"{self.story} {n}".encode()).digest() for n in range(start, start + count)]
        return self

    def fork(self, at: int) -> Log:
        """Another log with the first ``at`` leaves of this one."""
        return Log(self.origin, "forged", self.leaves[:at])

    @property
    def signer(self) -> SigningKey:
        """The log's key."""
        return key(self.origin)

    @property
    def pinned(self) -> VerifierKey:
        """What verifiers pin of it."""
        return note.verifier_key(self.origin, self.signer)

    def checkpoint(self, size: int | None = None) -> SignedCheckpoint:
        """The signed checkpoint at a size, by default the whole."""
        leaves = self.leaves[: len(self.leaves) if size is None else size]
        return checkpoint.sign(Checkpoint(self.origin, len(leaves), merkle.root(leaves)), self.signer)

    def prove(self, old: int, size: int | None = None) -> list[bytes]:
        """The consistency proof between two sizes."""
        new = len(self.leaves) if size is None else size
        return merkle.consistency(old, new, merkle.nodes_of(self.leaves)) if 0 < old < new else []

    def request(self, old: int, size: int | None = None) -> bytes:
        """The body of an honest request."""
        return AddCheckpoint(old, tuple(self.prove(old, size)), self.checkpoint(size)).encode()


def witness(
    folder: Path, name: str = "witness.example/aa", log: Log | None = None, now: int = NOW,
    second: MlDsa44Key | None = None,
) -> Witness:  # fmt: skip
    """A witness of one log, whose clock stands still."""
    logs = {(log or Log()).origin: [(log or Log()).pinned]}
    return Witness(name, key(name), logs, Memory.at(folder), lambda: now, second)


@contextmanager
def serving(witness: Witness, **bounds: float) -> Iterator[tuple[WitnessServer, list[str]]]:
    """The witness on a free port of this machine, and the lines of its log."""
    lines: list[str] = []
    server = WitnessServer(witness, ("127.0.0.1", 0), lines.append, **bounds)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server, lines
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def trusting(log: Log, witnesses: list[tuple[Witness, str | None]], needed: int) -> trust.Trust:
    """The trust file of a log with these witnesses at their URLs."""
    rows = [
        trust.Witness(f"w{number}-{kind.kind}", kind, url)
        for number, (item, url) in enumerate(witnesses)
        for kind in item.keys
    ]
    return trust.make([trust.Log(log.pinned)], rows, needed)
