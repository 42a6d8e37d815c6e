"""Whether acts may be recorded: a batch judged one act after the other, each on what those before it
change.

Nothing is written here. What a batch has read of the ledger, and in which version, is noted in its
`Knowledge`, so that the store can tell whether it still holds when the batch is appended.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from ledger.admission import Proposed, unproven
from ledger.chain.statement import Statement
from ledger.domain import rules
from ledger.domain.events import (
    Attested,
    Corrected,
    DisclosureErased,
    Discrepancy,
    Event,
    Imported,
    LedgerClosed,
    LedgerKeyRevoked,
    Opaque,
    Recorded,
)
from ledger.domain.refusal import Refusal
from ledger.domain.state import State, guarded, replacement, touched
from ledger.errors import Conflict, Refused
from ledger.store.journal import Draft, Head, Journal
from ledger.store.records import Decided, Read, Records
from ledger.store.roots import Roots


class Batch:
    """Acts that are to be recorded together, at one ``moment``, behind ``head``."""

    def __init__(self, origin: str, records: Records, journal: Journal, roots: Roots, moment: int) -> None:
        self.head: Head = records.head
        self.moment = max(self.head.recorded, moment)
        self.knowledge = records.knowledge()
        self.drafts: list[Draft] = []
        self.decided: list[Decided] = []
        self._origin = origin
        self._records = records
        self._journal = journal
        self._roots = roots
        self._state = State(self.knowledge)
        self._corrections: list[Recorded] = []
        self._numbers: dict[bytes, int] = {}

    @property
    def only_closes(self) -> bool:
        """Whether nothing is recorded but the ledger's end."""
        return all(isinstance(one.act.event, LedgerClosed) for one in self.decided)

    def expect(self, proposed: Iterable[Proposed]) -> None:
        """Tell which acts will come: corrections of one batch are judged together."""
        acts = (self._act(one) for one in proposed if isinstance(one.event, Corrected))
        self._corrections = [act for act in acts if act.about is not None]

    def named(self, proposed: Proposed) -> Event:
        """A documented event with all its discrepancies: those it names, and what the rules find
        besides."""
        event = proposed.event
        known = {(line.rule, line.subject) for line in event.discrepancies}
        more = [
            Discrepancy(rule=found.code, subject=found.subject, said=str(found))
            for found in rules.discrepancies(self._state, self._act(proposed))
            if (found.code, found.subject) not in known
        ]
        return dataclasses.replace(event, discrepancies=(*event.discrepancies, *more)) if more else event

    def refusals(self, proposed: Proposed) -> list[Refusal]:
        """Why the act may not be recorded behind those already admitted; empty when it may.

        Raises `Refused` when what its author has seen is not this ledger's.
        """
        return self._judge(Read(self._act(proposed)), proposed)

    def admit(self, proposed: Proposed) -> int:
        """Judge an act and take it into the batch, where its number is the answer; the same one again has
        one.

        Raises `Refused` with all its refusals, `Conflict` (``statement-id-taken``) for an id with other
        bytes.
        """
        signed, statement = proposed.signed, proposed.statement
        number = self._numbers.get(statement.id)
        if number is not None:
            if self.drafts[number].statement != signed.statement:
                index = self.decided[number].act.index
                raise Conflict("statement-id-taken", id=statement.id.hex(), index=index)
            return number
        read = Read(self._act(proposed))
        found = self._judge(read, proposed)
        if found:
            raise Refused(found[0].code, tuple(found), **{"subject": found[0].subject, **found[0].values})
        self._numbers[statement.id] = len(self.drafts)
        self.drafts.append(
            Draft(
                signed.statement,
                signed.signature,
                statement.id,
                statement.type,
                tuple(read.changes),
                touched(read.recorded.event, read.recorded.about, read.changes),
                signed.disclosures,
            )
        )
        self.decided.append(Decided(read.recorded, read.changes, len(signed.statement)))
        self.knowledge.learn(read.recorded, read.changes)
        return len(self.drafts) - 1

    def _act(self, proposed: Proposed) -> Recorded:
        statement = proposed.statement
        return Recorded(
            self.head.size + len(self.drafts),
            self.moment,
            statement.author,
            proposed.event,
            statement.occurred,
            statement.on_behalf,
            b"",
            len(statement.evidence),
            self._about(proposed.event),
        )

    def _about(self, event: Event) -> Recorded | None:
        if not isinstance(event, Attested | Corrected | DisclosureErased):
            return None
        ours = not isinstance(event, Attested) or event.origin == self._origin
        return self._records.recorded(event.index) if ours and event.index < self.head.size else None

    def _judge(self, read: Read, proposed: Proposed) -> list[Refusal]:
        act = read.recorded
        self.knowledge.prefetch(read.changes)
        self._check_roots(act.event, proposed.statement)
        if isinstance(act.event, Corrected):
            together = [one for one in self._corrections if one.event is not act.event]
            found = rules.refusals(self._state, act, self._histories(act, together), together)
        else:
            found = rules.refusals(self._state, act) or self._not_sealed(act.event)
        if found or proposed.by_letter or not isinstance(act.event, Imported | Corrected):
            return found
        return list(unproven(proposed.event, None if act.about is None else act.about.event))

    def _not_sealed(self, event: Event | Opaque) -> list[Refusal]:
        """An erasure names digests that the entry has; nothing can be erased that was not sealed."""
        if not isinstance(event, DisclosureErased):
            return []
        data = self._journal.entry(event.index)
        return [
            Refusal("digest-unknown", f"entry:{event.index}", {"index": event.index, "digest": digest})
            for digest in event.digests
            if digest.encode() not in data
        ]

    def _check_roots(self, event: Event | Opaque, statement: Statement) -> None:
        """What the author says of the ledger's size and root is so."""
        stated = [] if statement.seen is None else [statement.seen]
        if isinstance(event, LedgerClosed | LedgerKeyRevoked):
            stated.append((event.size, event.root))
        for size, root in stated:
            found = self._roots.at(size)
            if found is None:
                raise Refused("seen-size", size=size, found=self.head.size)
            if found != root:
                raise Refused("seen-root", size=size, stated=root.hex()[:16], found=found.hex()[:16])

    def _histories(self, act: Recorded, together: Sequence[Recorded]) -> list[Recorded]:
        """Every entry of each subject that corrected acts or their replacements guard, and of those that
        these entries guard, in index order; with what is in this batch already."""
        names: set[str] = set()
        for one in (act, *together):
            if isinstance(one.event, Corrected) and one.about is not None:
                names |= {*guarded(one.about.event), *guarded(replacement(one.event, one.about).event)}
        for index in self._indexes(names):
            names |= set(self._records.read(index).changes)
        self.knowledge.prefetch(sorted(names))
        recorded = [self._records.recorded(index) for index in self._indexes(names)]
        return recorded + [one.act for one in self.decided if names & one.changes.keys()]

    def _indexes(self, names: set[str]) -> list[int]:
        found = self._journal.guarding(sorted(names)).values()
        return sorted({index for indexes in found for index in indexes})
