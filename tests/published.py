"""Logs of signed entries, published as tlog-tiles by hand, for verifiers that must accept or refuse them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from ledger.chain import checkpoint, disclosure, merkle
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.entry import ZERO_HASH, entry_hash, frame
from ledger.chain.statement import SignedStatement, Statement, sign
from tests.witnessing import ORIGIN, key

AUTHOR = key("author")
Change = Callable[["Made"], "Made"]


@dataclass(frozen=True)
class Made:
    """An entry's parts before it is made; ``signature`` None: the author's own."""

    statement: Statement
    index: int
    previous: bytes
    recorded: int
    signature: bytes | None = None


@dataclass
class Book:
    """Entries in order; ``disclosures`` of every seventh, whose buyer is sealed."""

    entries: list[bytes] = field(default_factory=list)
    disclosures: dict[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def leaves(self) -> list[bytes]:
        """The entries' hashes."""
        return [entry_hash(entry) for entry in self.entries]

    def checkpoint(self, size: int | None = None) -> SignedCheckpoint:
        """The signed checkpoint at a size, by default the whole."""
        leaves = self.leaves[:size]
        return checkpoint.sign(Checkpoint(ORIGIN, len(leaves), merkle.root(leaves)), key(ORIGIN))


def id_of(index: int) -> bytes:
    """The id of the statement at an index."""
    return sha256(b"id %d" % index).digest()[:16]


def book(count: int, changes: dict[int, Change] | None = None) -> Book:
    """A log of ``count`` entries, some of them changed before they are signed, chained and counted."""
    made = Book()
    for index in range(count):
        body = {"buyer": f"dealer-{index}", "parcel": f"P{index}", "weight": index}
        texts: Sequence[str] = ()
        if index % 7 == 0:
            salt = sha256(b"salt %d" % index).digest()[:16]
            body, texts = disclosure.seal(body, [("buyer",)], lambda: salt)  # noqa: B023  called here and now
        statement = Statement(ORIGIN, id_of(index), "example-weighed/1", AUTHOR.public, body, "2015-11")
        previous = entry_hash(made.entries[-1]) if made.entries else ZERO_HASH
        parts = Made(statement, index, previous, 1_700_000_000_000_000 + index)
        if changes is not None and index in changes:
            parts = changes[index](parts)
        signed: SignedStatement = sign(parts.statement, AUTHOR)
        signature = signed.signature if parts.signature is None else parts.signature
        made.entries.append(frame(parts.index, parts.previous, parts.recorded, signed.statement, signature))
        made.disclosures[index] = tuple(texts)
    return made


def stated(**changes: Any) -> Change:
    """The change of a statement's fields."""
    return lambda made: replace(made, statement=replace(made.statement, **changes))


def moved(**changes: Any) -> Change:
    """The change of an entry's own parts."""
    return lambda made: replace(made, **changes)


def publish(book: Book, folder: Path, signed: SignedCheckpoint | None = None) -> Path:
    """Write the directory: entry bundles, tiles of every level, the checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "checkpoint").write_bytes((signed or book.checkpoint()).encode())
    framed = [len(entry).to_bytes(2, "big") + entry for entry in book.entries]
    _write(folder / "tile" / "entries", framed)
    level, hashes = 0, book.leaves
    while hashes:
        _write(folder / "tile" / str(level), hashes)
        whole = len(hashes) // 256 * 256
        hashes = [merkle.root(hashes[start : start + 256]) for start in range(0, whole, 256)]
        level += 1
    return folder


def _write(folder: Path, items: Sequence[bytes]) -> None:
    for place in range(0, len(items), 256):
        name = f"{place // 256:03d}"
        chunk = items[place : place + 256]
        path = folder / name if len(chunk) == 256 else folder / f"{name}.p" / str(len(chunk))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(chunk))
