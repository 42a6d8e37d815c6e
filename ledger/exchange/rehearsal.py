"""What the rules would say of acts that are not recorded yet, each judged behind the ones before it.

A documented act gets its discrepancies here, because it is signed before it is appended: what a rule would
have refused must stand in the bytes that are signed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from ledger.chain.statement import SignedStatement
from ledger.domain import rules
from ledger.domain.events import Discrepancy, Event, Recorded
from ledger.domain.refusal import Refusal
from ledger.domain.state import State, Subject, advance, guarded, touched
from ledger.exchange.drafts import Draft
from ledger.keys import SigningKey
from ledger.store.journal import Head
from ledger.store.records import Knowledge, Records


class Receipt(Protocol):
    """What a ledger answers: the entry's index and hash, and when it was recorded."""

    @property
    def index(self) -> int:
        """The entry's index."""

    @property
    def text(self) -> str:
        """``INDEX:HASH``."""


class Door(Protocol):
    """The part of `ledger.application.Ledger` that this floor uses."""

    @property
    def origin(self) -> str:
        """The ledger's origin."""

    @property
    def records(self) -> Records:
        """Its entries, decoded."""

    def head(self) -> Head:
        """Where it ends."""

    def state(self) -> State:
        """What is known now."""

    def sign(
        self,
        event: Event,
        key: SigningKey,
        *,
        occurred: str | None = None,
        on_behalf: str | None = None,
        evidence: Sequence[Mapping[str, Any]] = (),
        publish: Collection[str] = (),
    ) -> SignedStatement:
        """A signed statement; nothing is recorded."""

    def append(self, statements: Sequence[SignedStatement]) -> Sequence[Receipt]:
        """Record statements, together or not at all."""


class _Ahead(Mapping[str, Subject | None]):
    """What the ledger knows, and what acts that are not recorded would change in it."""

    def __init__(self, known: Knowledge) -> None:
        self.known = known
        self.changed: dict[str, Subject | None] = {}

    def get(self, name: str, default: Any = None) -> Any:
        """A subject's state; None where no act concerns it."""
        return self.changed[name] if name in self.changed else self.known.get(name)

    def __getitem__(self, name: str) -> Subject | None:
        found: Subject | None = self.get(name)
        return found

    def __iter__(self) -> Any:
        return iter(self.changed)

    def __len__(self) -> int:
        return len(self.changed)


class Rehearsal:
    """Judges acts that ``author`` (author bytes) would record one after the other, from ``now`` on.

    ``now`` microseconds since 1970 UTC.
    """

    def __init__(self, ledger: Door, author: bytes, now: int) -> None:
        head = ledger.head()
        self._index = head.size
        self._now = max(head.recorded, now)
        self._author = author
        self._ahead = _Ahead(ledger.records.knowledge())
        self._state = State(self._ahead)

    def knows(self, subject: str) -> bool:
        """Whether the ledger, or an act rehearsed before, begins this subject."""
        found = self._ahead.get(subject)
        return found is not None and getattr(found, "known", bool(found.acts))

    def judge(self, draft: Draft) -> tuple[Draft, list[Refusal]]:
        """The draft with its discrepancies named, and why it may not be recorded; one that may is learnt."""
        self._ahead.known.prefetch([*guarded(draft.event), *touched(draft.event)])
        act = self._recorded(draft, draft.event)
        if draft.event.documented:
            event = _named(draft.event, rules.discrepancies(self._state, act))
            draft, act = dataclasses.replace(draft, event=event), self._recorded(draft, event)
        refused = rules.refusals(self._state, act)
        if not refused:
            self._ahead.changed.update(advance(self._ahead.get, act))
            self._index += 1
        return draft, refused

    def _recorded(self, draft: Draft, event: Event) -> Recorded:
        return Recorded(
            self._index, self._now, self._author, event, draft.occurred, draft.on_behalf,
            sources=len(draft.evidence),
        )  # fmt: skip


def _named(event: Event, found: Sequence[Refusal]) -> Event:
    """The event with a discrepancy for each refusal that it does not name already."""
    there = {(line.rule, line.subject) for line in event.discrepancies}
    more = [Discrepancy(r.code, r.subject, str(r)) for r in found if (r.code, r.subject) not in there]
    return dataclasses.replace(event, discrepancies=(*event.discrepancies, *dict.fromkeys(more)))


def signed(ledger: Door, draft: Draft, key: SigningKey) -> SignedStatement:
    """The draft as a signed statement. Raises `Malformed`."""
    return ledger.sign(
        draft.event, key, occurred=draft.occurred, on_behalf=draft.on_behalf, evidence=draft.evidence,
        publish=draft.published,
    )  # fmt: skip
