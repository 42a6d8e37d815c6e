"""Checking a ledger that somebody published, from its files alone: a folder, or any web server.

    check = Mirror(reading("https://ledger.example/bw"), trust)
    for done in check.run(): ...
    check.outcomes

| step | name       | what is true when it finds no fault                                               |
|------|------------|-----------------------------------------------------------------------------------|
| 1    | checkpoint | the directory has a checkpoint in its one spelling, of the trusted ledger         |
| 2    | signature  | a key of the ledger that the reader trusts signed it                              |
| 3    | quorum     | as many witnesses as the reader demands cosigned it                               |
| 4    | root       | the tiles at the right edge lead to the checkpoint's root                         |
| 5    | growth     | the tree grew from the checkpoint that the reader holds                           |
| 6    | entries    | every entry is bytes, link, time and signature as it must be, and is in the tree  |
| 7    | head       | the entry of the receipt that the reader holds is in the tree, unaltered          |

Only what a step needs is fetched: 2 and 3 the checkpoint, 4 one tile of each level, 5 and 7 a few more, 6 all
entries, which is left out on demand, and where 2 fails: as many entries as a stranger likes could follow.
Whatever is used leads to the checkpoint's root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from functools import partial
from typing import Any

from ledger import messages
from ledger.chain import merkle, names
from ledger.chain.bundle_check import signature
from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.entry import entry_hash
from ledger.chain.proof_steps import FAULT, NOT_SHOWN, OK
from ledger.chain.steps import Anchor, Step
from ledger.chain.succession import Revoked
from ledger.chain.tile_source import Read, TileSource
from ledger.chain.tiles import CHECKPOINT
from ledger.chain.trust import Trust
from ledger.chain.verification import Verification
from ledger.errors import Malformed
from ledger.values import dataclass

CHECKED, SIGNATURE, QUORUM, ROOT, GROWTH, ENTRIES, HEAD = range(1, 8)
STEPS = (
    Step(CHECKED, "mirror-step-checkpoint"),
    Step(SIGNATURE, "mirror-step-signature"),
    Step(QUORUM, "mirror-step-quorum"),
    Step(ROOT, "mirror-step-root"),
    Step(GROWTH, "mirror-step-growth"),
    Step(ENTRIES, "mirror-step-entries"),
    Step(HEAD, "mirror-step-head"),
)
_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """How a step ended: `OK`, `FAULT` or `NOT_SHOWN`, a catalogue code and the values of its text."""

    step: int
    standing: str
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return messages.text(self.code, self.values)


@dataclass
class Mirror:
    """One run and what it found.

    ``held`` are checkpoints that the reader holds, ``anchor`` a receipt; ``now`` and ``max_age`` (seconds)
    make old cosignatures not count; without ``entries`` step 6 is left out; ``revoked`` are keys of the
    ledger that count no more than their revocations say.
    """

    read: Read
    trust: Trust
    held: tuple[SignedCheckpoint, ...] = ()
    anchor: Anchor | None = None
    now: int | None = None
    max_age: int | None = None
    entries: bool = True
    revoked: tuple[Revoked, ...] = ()
    outcomes: list[Finding] = field(default_factory=list)
    signed: SignedCheckpoint | None = None

    @property
    def faults(self) -> list[Finding]:
        """What does not hold."""
        return [one for one in self.outcomes if one.standing == FAULT]

    def run(self) -> Iterator[int]:
        """Check; gives the number of entries seen so far. To be exhausted before asking."""
        signed = self._step(CHECKED, self._checkpoint)
        if signed is None:
            return
        self.signed = signed
        trusted = self._step(SIGNATURE, lambda: self._signature(signed))
        self._step(QUORUM, lambda: self._quorum(signed))
        source = self._step(ROOT, lambda: self._root(signed))
        if source is None:
            return
        if not self.held:
            self._tell(GROWTH, NOT_SHOWN, "bundle-nothing-pinned")
        for held in self.held:
            self._step(GROWTH, partial(self._growth, source, held))
        if trusted is not None:
            yield from self._entries(source)
        else:
            self._tell(ENTRIES, NOT_SHOWN, "mirror-entries-untrusted", size=source.size)
        self._step(HEAD, lambda: self._head(source))

    def _step(self, number: int, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Malformed as trouble:
            self.outcomes.append(Finding(number, FAULT, trouble.code, trouble.values))
            return None

    def _tell(self, number: int, standing: str, code: str, **values: Any) -> None:
        self.outcomes.append(Finding(number, standing, code, values))

    def _checkpoint(self) -> SignedCheckpoint:  # (1)
        data = self.read(CHECKPOINT)
        if data is None:
            raise Malformed("tile-missing", path=CHECKPOINT)
        signed = SignedCheckpoint.parse(data)
        head = signed.checkpoint
        if head.origin != self.trust.origin:
            found = names.told(head.origin)
            raise Malformed("trust-origin", origin=names.told(self.trust.origin), found=found)
        self._tell(CHECKED, OK, "mirror-checkpoint", origin=head.origin, size=head.size, root=head.root.hex())
        return signed

    def _signature(self, signed: SignedCheckpoint) -> str:  # (2)
        found = signature(signed, self.trust, self.revoked)
        self._tell(SIGNATURE, OK, found.code, **found.values)
        return found.code

    def _quorum(self, signed: SignedCheckpoint) -> None:  # (3)
        found = self.trust.check_quorum(signed, self.now, self.max_age)
        names = ", ".join(one.witness.name for one in found if one.counts) or "-"
        self._tell(QUORUM, OK, "mirror-quorum", quorum=self.trust.quorum, names=names)

    def _root(self, signed: SignedCheckpoint) -> TileSource:  # (4)
        source = TileSource(self.read, signed.checkpoint)
        self._tell(ROOT, OK, "mirror-root", size=source.size)
        return source

    def _growth(self, source: TileSource, held: SignedCheckpoint) -> None:  # (5)
        signature(held, self.trust, self.revoked)
        old, new = held.checkpoint, source.head
        if old.size > new.size:
            raise Malformed("mirror-behind", held=old.size, size=new.size)
        path = merkle.consistency(old.size, new.size, source.node)
        merkle.check_consistency(old.size, new.size, path, old.root, new.root)
        self._tell(GROWTH, OK, "bundle-grown", pinned=old.size, size=new.size)

    def _entries(self, source: TileSource) -> Iterator[int]:  # (6)
        if not self.entries:
            self._tell(ENTRIES, NOT_SHOWN, "mirror-entries-left-out")
            return

        def read(start: int, stop: int | None) -> Iterator[tuple[int, bytes]]:
            return enumerate(source.entries(start, stop), start)

        check = Verification(read, expected=source.size)
        try:
            yield from check.run()
        except Malformed as trouble:
            self.outcomes.append(Finding(ENTRIES, FAULT, trouble.code, trouble.values))
            return
        if check.origin != self.trust.origin:
            values = {"origin": self.trust.origin, "found": check.origin or "-"}
            self._tell(ENTRIES, FAULT, "mirror-entries-other", **values)
            return
        for fault in check.faults[:_MOST_SHOWN]:
            index = "-" if fault.index is None else fault.index
            self._tell(ENTRIES, FAULT, "mirror-entry", index=index, found=fault.code, said=str(fault))
        if not check.faults:
            self._tell(ENTRIES, OK, "mirror-entries", count=check.size)

    def _head(self, source: TileSource) -> None:  # (7)
        if self.anchor is None:
            self._tell(HEAD, NOT_SHOWN, "mirror-no-head")
            return
        found = entry_hash(source.entry(self.anchor.index))
        values = {"index": self.anchor.index, "held": self.anchor.hash.hex(), "found": found.hex()}
        if found != self.anchor.hash:
            raise Malformed("mirror-head-other", **values)
        self._tell(HEAD, OK, "mirror-head", **values)
