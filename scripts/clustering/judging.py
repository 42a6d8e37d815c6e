"""What a trial's ledger is held to when it is over.

| question               | how                                                                   |
|------------------------|-----------------------------------------------------------------------|
| nothing lost           | the entry at every receipt's index has its hash and its statement     |
| nothing doubled        | no statement twice; as many entries as receipts, after the setting up |
| the chain holds        | `ledger.audit`, all steps: signatures, rules and tables included      |
| never forked           | each checkpoint that was signed has the final tree's root at its size |
| the same on every node | size and hash of the head, and the tree's root                        |
| every carat is there   | every parcel is in the hands and of the weight that its writer knows  |
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.application import Ledger
from ledger.audit.auditing import Audit
from ledger.chain.entry import entry_hash, fields
from ledger.chain.merkle import Frontier
from ledger.chain.statement import Statement
from ledger.store import opening as stores

CAUGHT_UP = 20
"""Seconds in which a replica must have caught up."""


@dataclass(frozen=True)
class Verdict:
    """One question: what was looked at, and the faults, empty where all is well."""

    question: str
    looked_at: str
    faults: Sequence[str]


@dataclass(frozen=True)
class Acts:
    """What the writers say: acts acknowledged, and their parcels when they stopped."""

    acts: list[dict[str, Any]]
    parcels: dict[str, tuple[str, int]]

    @classmethod
    def read(cls, folder: Path) -> Acts:
        """From the writers' files; a line that is half there is still being written."""
        acts, parcels = [], {}
        for path in sorted(folder.glob("*.acts")):
            for text in path.read_text(encoding="utf-8").splitlines(keepends=True):
                line = json.loads(text) if text.endswith("\n") else {}
                if "parcels" in line:
                    parcels.update({name: (held[0], held[1]) for name, held in line["parcels"].items()})
                elif line:
                    acts.append({**line, "writer": path.stem})
        return cls(acts, parcels)


class Judge:
    """Holds a ledger to what was acknowledged. ``nodes``: by name, the url of each copy; ``before``: how many
    entries there were before the writers."""

    def __init__(self, url: str, nodes: Mapping[str, str], acts: Acts, before: int) -> None:
        self.url = url
        self.nodes = nodes
        self.acts = acts.acts
        self.parcels = acts.parcels
        self.before = before
        self._hashes: list[bytes] = []
        self._ids: list[str] = []
        self._roots: dict[int, str] = {}

    def verdicts(self) -> Iterator[Verdict]:
        """All questions, in the order of this module's table."""
        wanted = {act["signed"][0] for act in self.acts if act["signed"]}
        with Ledger.open(self.url, write=False) as ledger:
            self._read(ledger, wanted)
            yield self._lost()
            yield self._doubled()
            yield self._verified(ledger)
            yield self._forked()
            yield self._nodes(ledger)
            yield self._carats(ledger)

    def _read(self, ledger: Ledger, wanted: set[int]) -> None:
        frontier = Frontier()
        for _, data in ledger.journal.entries():
            self._hashes.append(entry_hash(data))
            self._ids.append(Statement.decode(fields(data)[3]).id.hex())
            frontier.append(self._hashes[-1])
            if len(self._hashes) in wanted:
                self._roots[len(self._hashes)] = frontier.root().hex()

    def _lost(self) -> Verdict:
        faults = [
            f"{act['writer']}: {act['index']}:{act['hash']}"
            for act in self.acts
            if act["index"] >= len(self._hashes)
            or self._hashes[act["index"]].hex() != act["hash"]
            or self._ids[act["index"]] != act["id"]
        ]
        return Verdict("no acknowledged act lost", f"{len(self.acts):,} receipts", faults)

    def _doubled(self) -> Verdict:
        faults = [] if len(set(self._ids)) == len(self._ids) else ["a statement is there twice"]
        if len({act["id"] for act in self.acts}) != len(self.acts):
            faults.append("an act was acknowledged twice")
        if len(self._ids) - self.before != len(self.acts):
            faults.append(f"{len(self._ids) - self.before} entries, {len(self.acts)} receipts")
        return Verdict("no act doubled", f"{len(self._ids):,} entries", faults)

    def _verified(self, ledger: Ledger) -> Verdict:
        audit = Audit(ledger.journal)
        steps = sum(1 for _ in audit.run())
        faults = [str(fault) for fault in audit.faults]
        if not steps or audit.size != len(self._ids):
            faults.append(f"{audit.size} entries were verified")
        return Verdict("chain verified", f"{audit.size:,} entries, all steps", faults)

    def _forked(self) -> Verdict:
        signed = {(size, root) for size, root in (act["signed"] for act in self.acts if act["signed"])}
        faults = [f"size {size}: {root}" for size, root in sorted(signed) if self._roots.get(size) != root]
        unsigned = [act["trouble"] or "first receipt" for act in self.acts if not act["signed"]]
        why = ", ".join(f"{unsigned.count(code)} {code}" for code in sorted(set(unsigned)))
        more = f"; without one: {why}" if unsigned else ""
        return Verdict("never forked", f"{len(signed):,} signed checkpoints{more}", faults)

    def _nodes(self, ledger: Ledger) -> Verdict:
        head, faults = ledger.head(), []
        for name, url in self.nodes.items():
            journal = stores.open(url, write=False)
            try:
                until = time.monotonic() + CAUGHT_UP
                while (found := journal.head()) != head and time.monotonic() < until:
                    time.sleep(0.1)
            finally:
                journal.close()
            if found != head:
                faults.append(f"{name} ends at {found.size}, not as the leader at {head.size}")
        return Verdict("the same on every node", f"{len(self.nodes)} heads and roots", faults)

    def _carats(self, ledger: Ledger) -> Verdict:
        state, faults, weight = ledger.state(), [], 0
        for name, held in sorted(self.parcels.items()):
            parcel = state.parcel(name)
            weight += held[1]
            if parcel is None or (parcel.holder, parcel.weight) != held:
                faults.append(f"{name} should be {held}")
        seen = f"{len(self.parcels):,} parcels, {weight / 1_000:,.2f} ct"
        return Verdict("every carat is there", seen, faults)
