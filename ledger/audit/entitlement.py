"""Step 8: whether every author was entitled, on what the ledger knew just before the entry.

The rules are today's. Only who may record is asked (`ledger.domain.standing_rules`), since rules about goods
may have changed since; and the proofs that enrolled keys were in their holders' hands. Of all subjects only
those are folded that standing rests on: the ledger, its parties, keys, licences and mandates. Goods are not
kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ledger.chain import steps
from ledger.chain.steps import StepFault
from ledger.domain.events import KeyEnrolled, LedgerOpened, Opaque, Recorded
from ledger.domain.standing_rules import standing
from ledger.domain.state import State, Subject, advance
from ledger.keys import fingerprint, verify_possession

RESTS_ON = ("ledger:", "party:", "key:", "licence:", "mandate:")


class PageRights:
    """Of the entries of a page: how many were looked at, how many of them are opaque and the first one's
    index, and which ones standing rests on."""

    __slots__ = ("first_opaque", "looked", "opaque", "rested")

    def __init__(self) -> None:
        self.looked = 0
        self.opaque = 0
        self.first_opaque: int | None = None
        self.rested: list[int] = []


class Entitlement:
    """Follows the ledger entry by entry. ``looked`` counts entries; ``opaque`` those of which only the key
    could be judged, ``first_opaque`` the first one's index, all up to the last `turn`; ``known`` is what was
    known before the first. ``origin`` is the ledger's, to be told before the first entry."""

    def __init__(self, known: dict[str, Subject | None] | None = None) -> None:
        self.looked = 0
        self.opaque = 0
        self.first_opaque: int | None = None
        self.origin = ""
        self._new = PageRights()
        self._known = {} if known is None else known

    def look(self, recorded: Recorded, guarded: Sequence[str]) -> list[StepFault]:
        """What speaks against the author of the next entry. Without an opening nobody can be judged: that it
        is missing, another step says."""
        event, state = recorded.event, State(self._known)
        faults: list[StepFault] = []
        if isinstance(event, LedgerOpened) or state.house() is not None:
            self._new.looked += 1
            faults = list(
                self._opaque(state, recorded) if isinstance(event, Opaque) else self._refused(state, recorded)
            )
        if any(name.startswith(RESTS_ON) for name in guarded):
            self._new.rested.append(recorded.index)
            self.follow(recorded)
        return faults

    def follow(self, recorded: Recorded) -> None:
        """An entry that standing rests on, without asking whether its author was entitled."""
        changed = advance(self._known.get, recorded)
        self._known |= {name: one for name, one in changed.items() if name.startswith(RESTS_ON)}

    def turn(self) -> PageRights:
        """The end of a page: what was looked at in it."""
        page, self._new = self._new, PageRights()
        self.join(page)
        return page

    def join(self, page: PageRights) -> None:
        """What was looked at in a page."""
        self.looked += page.looked
        self.opaque += page.opaque
        self.first_opaque = page.first_opaque if self.first_opaque is None else self.first_opaque

    def _refused(self, state: State, recorded: Recorded) -> Iterator[StepFault]:
        for refusal in standing(state, recorded):
            values = {"rule": refusal.code, "said": str(refusal)}
            yield StepFault(steps.AUTHORITY, recorded.index, "verify-authority", values)
        event = recorded.event
        if isinstance(event, KeyEnrolled) and not verify_possession(
            event.key, event.party, self.origin, event.proof
        ):
            values = {"party": event.party, "key": fingerprint(event.key)}
            yield StepFault(steps.AUTHORITY, recorded.index, "verify-possession", values)

    def _opaque(self, state: State, recorded: Recorded) -> Iterator[StepFault]:
        """Of an act that this version cannot read, it can still be said whether its author is anybody
        here."""
        self._new.opaque += 1
        self._new.first_opaque = recorded.index if self._new.first_opaque is None else self._new.first_opaque
        key = state.key(recorded.author)
        if key is None or key.party is None or key.revoked is not None:
            values = {"key": fingerprint(recorded.author)}
            yield StepFault(steps.AUTHORITY, recorded.index, "verify-opaque-author", values)
