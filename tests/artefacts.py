"""A ledger in bytes, for tests of what strangers check: real statements and entries, checkpoints, witnesses.

    book = Book()
    book.open()                                     entry 0 and the parties; see `Book.open`
    index = book.record("example-weighed/1", {"by": "miner-1", "weight": 12_500}, "miner-1")
    book.bundle(index).encode()                     a `.tlog-proof` under the newest checkpoint

Nothing of the domain, the store or a clock is needed; keys, ids, salts and times are the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from ledger import keys
from ledger.chain import bundle, disclosure, merkle, note, statement, trust
from ledger.chain.bundle import Bundle
from ledger.chain.checkpoint import Checkpoint, SignedCheckpoint
from ledger.chain.entry import ZERO_HASH, Entry, entry_hash
from ledger.chain.note import Note, VerifierKey
from ledger.chain.statement import Statement
from ledger.chain.trust import Log, Trust, Witness

ORIGIN = "ledger.example/bw/k7q2"
START = 1_705_305_600_000_000
"""2024-01-15T08:00:00+00:00 in microseconds."""
NOW = START // 1_000_000 + 3_600
WITNESSES = ("witness.example/aa", "witness.example/bb", "witness.example/cc")


def signing_key(name: str) -> keys.SigningKey:
    """The key of this name."""
    return keys.SigningKey.from_seed(sha256(b"a key of the test artefacts: " + name.encode()).digest())


def log_key(name: str = "log", origin: str = ORIGIN) -> VerifierKey:
    """The verifier key of a log's signing key."""
    return note.verifier_key(origin, signing_key(name))


def witness_key(name: str) -> VerifierKey:
    """A witness's verifier key."""
    return note.verifier_key(name, signing_key(name), note.COSIGNATURE)


def trust_in(*names: str, needed: int = 2, origin: str = ORIGIN) -> Trust:
    """Trust in log keys of these names (``log`` where none is given) and ``needed`` of three witnesses."""
    logs = tuple(Log(log_key(name, origin)) for name in names or ("log",))
    return trust.make(logs, [Witness(name, witness_key(name)) for name in WITNESSES], needed)


def cosigned(
    signed: SignedCheckpoint, witnesses: Iterable[str] = WITNESSES, at: int = NOW
) -> SignedCheckpoint:
    """The checkpoint with cosignatures of these witnesses at a time in seconds since 1970."""
    text = signed.checkpoint.text
    return signed.with_signatures([note.cosign(text, name, signing_key(name), at) for name in witnesses])


class Book:
    """A growing ledger; a checkpoint over any of its sizes can be had at any time, under any key."""

    def __init__(self, origin: str = ORIGIN) -> None:
        self.origin = origin
        self.entries: list[bytes] = []
        self.leaves: list[bytes] = []
        self.disclosures: dict[int, tuple[str, ...]] = {}
        self._salts = 0

    def open(self) -> None:
        """Entry 0 opens the ledger; 1 and 2 register and enrol `miner-1`, 3 and 4 `clerk-6`, 5 makes that a
        clerk, 6 is its mandate to record `example-weighed/1` for `miner-1` in 2024."""
        authority = signing_key("gaborone")
        self.record(
            "ledger-opened/1",
            {
                "by": "gaborone",
                "origin": self.origin,
                "keys": [str(log_key(origin=self.origin))],
                "authority_key": authority.public,
                "recovery_key": signing_key("recovery").public,
            },
            "gaborone",
        )
        for party, roles in (("miner-1", ["miner"]), ("clerk-6", ["observer"])):
            self.record("party-registered/1", {"by": "gaborone", "party": party, "roles": roles}, "gaborone")
            self.enrol(party)
        days = {"since": "2024-01-01", "until": "2024-12-31"}
        self.record(
            "role-granted/1", {"by": "gaborone", "party": "clerk-6", "role": "clerk", **days}, "gaborone"
        )
        mandate = {"mandate": "M1", "clerk": "clerk-6", "party": "miner-1", "acts": ["example-weighed/1"]}
        self.record("mandate-granted/1", {"by": "miner-1", **mandate, **days}, "miner-1")

    def enrol(self, party: str, key: str | None = None, by: str = "gaborone") -> int:
        """Enrol a party's key (named as the party) and return the entry's index."""
        signer = signing_key(key or party)
        proof = keys.prove_possession(signer, party, self.origin)
        body = {"by": by, "party": party, "key": signer.public, "proof": proof}
        return self.record("key-enrolled/1", body, by)

    def record(
        self, wire: str, body: dict[str, Any], author: str, *, sealed: Sequence[str] = (), **more: Any
    ) -> int:
        """Append a statement signed by the key of ``author``; ``sealed`` fields become digests."""
        index = len(self.entries)
        body, texts = disclosure.seal(body, [(name,) for name in sealed], self._salt)
        ledger = more.pop("ledger", self.origin)
        signer = signing_key(author)
        said = Statement(ledger, index.to_bytes(16, "big"), wire, signer.public, body, **more)
        signed = statement.sign(said, signer, texts)
        return self.append(signed.statement, signed.signature, tuple(texts))

    def append(
        self, said: bytes, signature: bytes, texts: tuple[str, ...] = (), index: int | None = None
    ) -> int:
        """Append a signed statement's bytes as they are; ``index`` is what the entry says of itself."""
        place = len(self.entries)
        previous = self.leaves[-1] if self.leaves else ZERO_HASH
        recorded = START + place * 1_000_000
        own = place if index is None else index
        self.add(Entry(own, previous, recorded, said, signature).encode())
        self.disclosures[place] = texts
        return place

    def add(self, data: bytes) -> None:
        """Append an entry's bytes."""
        self.entries.append(data)
        self.leaves.append(entry_hash(data))

    def _salt(self) -> bytes:
        self._salts += 1
        return sha256(b"salt %d" % self._salts).digest()[:16]

    def head(self, size: int | None = None) -> Checkpoint:
        """The unsigned checkpoint of the first ``size`` entries."""
        size = len(self.leaves) if size is None else size
        return Checkpoint(self.origin, size, merkle.root(self.leaves[:size]))

    def signed(self, size: int | None = None, *names: str) -> SignedCheckpoint:
        """The checkpoint under the log keys of these names (``log``), without witnesses."""
        head = self.head(size)
        lines = [note.sign(head.text, self.origin, signing_key(name)) for name in names or ("log",)]
        return SignedCheckpoint(head, Note(head.text, tuple(lines)))

    def cosigned(self, size: int | None = None, *names: str) -> SignedCheckpoint:
        """`signed`, with all witnesses' lines."""
        return cosigned(self.signed(size, *names))

    def bundle(
        self,
        index: int,
        under: SignedCheckpoint | None = None,
        *,
        disclose: Sequence[str] = (),
        since: Iterable[int] = (),
    ) -> Bundle:
        """The bundle of an entry, with disclosures of the named fields."""
        texts = [
            text for text in self.disclosures.get(index, ()) if disclosure.parse(text).name in set(disclose)
        ]
        nodes = merkle.nodes_of(self.leaves)
        under = under or self.cosigned()
        return bundle.make(index, self.entries[index], under, nodes, disclosures=texts, since=since)


def opened() -> Book:
    """A book with `Book.open` and an act with two sealed fields at index 7."""
    book = Book()
    book.open()
    body = {"by": "miner-1", "parcel": "P1", "weight": 12_500, "price": 1_000_00, "buyer": "Łódź Diamonds"}
    book.record("example-weighed/1", body, "miner-1", sealed=["price", "buyer"], occurred="2024-01-15")
    return book


def roles_of(wire: str) -> frozenset[str]:
    """A small act-by-role table."""
    if wire == "example-weighed/1":
        return frozenset({"miner"})
    if wire in ("mandate-granted/1", "mandate-withdrawn/1", "key-revoked/1"):
        return frozenset({"authority", "miner", "observer"})
    return frozenset({"authority"})
