"""What a witness remembers: for each origin the newest checkpoint it cosigned, one small file each.

The file `<32 hex digits of SHA-256 of the origin>.checkpoint` is the signed note itself, with the log's lines
and the witness's own; so it can be read by anybody, and shows at once when it was damaged. It is also half of
the proof should the log ever sign another root at that size: the first such proof is kept beside it, as
`....fork-proof` (`ledger.chain.forks`).

A file is replaced as a whole and is on the disk when `keep` returns. **Never put an old copy of this folder
back**: a witness that forgot what it cosigned can be led to cosign a second history.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from ledger.chain import forks
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.forks import ForkProof
from ledger.chain.note import VerifierKey
from ledger.errors import Malformed, StoreTrouble
from ledger.turns import turn
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Memory:
    """The folder. It must exist; a witness that starts with an empty one has cosigned nothing yet."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> Memory:
        """The folder, made when it is not there. Raises `StoreTrouble` (``memory-unwritable``)."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise StoreTrouble("memory-unwritable", path=str(folder), reason=problem.strerror) from None
        return cls(folder)

    @contextmanager
    def turn(self, origin: str) -> Iterator[None]:
        """Inside the block, nobody else reads or writes what is remembered of this origin."""
        with turn(self._file(origin, "turn")):
            yield

    def latest(self, origin: str, known: Sequence[VerifierKey]) -> SignedCheckpoint | None:
        """The newest cosigned checkpoint, None when there was none; ``known`` are the log's and own keys.

        Raises `StoreTrouble`: ``memory-unreadable``, or ``memory-damaged`` when it is not a checkpoint of
        this origin under a known key. A witness that does not know what it cosigned must not go on.
        """
        path = self._file(origin, "checkpoint")
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise StoreTrouble("memory-unreadable", path=str(path), reason=problem.strerror) from None
        try:
            signed = SignedCheckpoint.parse(data)
            signed.verify(known)
        except Malformed as problem:
            raise StoreTrouble("memory-damaged", path=str(path), reason=str(problem)) from None
        if signed.checkpoint.origin != origin:
            raise StoreTrouble("memory-damaged", path=str(path), reason=signed.checkpoint.origin)
        return signed

    def keep(self, signed: SignedCheckpoint) -> None:
        """Remember a cosigned checkpoint. Raises `StoreTrouble` (``memory-unwritable``)."""
        self._replace(self._file(signed.checkpoint.origin, "checkpoint"), signed.encode())

    def keep_fork(self, proof: ForkProof) -> None:
        """Keep the proof that a log forked, unless there is one already.

        Raises `StoreTrouble` (``memory-unwritable``).
        """
        path = self.fork(proof.smaller.checkpoint.origin)
        if not path.exists():
            self._replace(path, proof.encode())

    def fork(self, origin: str) -> Path:
        """Where the proof that an origin forked lies, if it did."""
        return self._file(origin, forks.SUFFIX.removeprefix("."))

    def _file(self, origin: str, kind: str) -> Path:
        return self.folder / f"{sha256(origin.encode('utf-8')).hexdigest()[:32]}.{kind}"

    def _replace(self, path: Path, data: bytes) -> None:
        fresh = path.with_name(path.name + ".new")
        try:
            with fresh.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            _settle(self.folder)
        except OSError as problem:
            raise StoreTrouble("memory-unwritable", path=str(path), reason=problem.strerror) from None


def _settle(folder: Path) -> None:
    """A file's new name is on the disk only with its folder; Windows settles it by itself."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
