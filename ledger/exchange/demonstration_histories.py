"""The documented histories in a ledger of their own, counted history by history.

Recorded in one batch by one archivist: the same reading, rules and bytes as an import of the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ledger.exchange.demonstration_data import histories_path
from ledger.exchange.drafts import Draft
from ledger.exchange.histories import Teller
from ledger.exchange.history_form import History, read_histories
from ledger.exchange.rehearsal import Door, Receipt, Rehearsal, signed
from ledger.keys import SigningKey
from ledger.projections.tracing import track
from ledger.projections.yields import Yield, yields
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Counted:
    """A history as it was recorded: ``acts`` of its source, ``discrepancies`` of those acts by code."""

    history: History
    acts: int
    discrepancies: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Documented:
    """All histories as they were recorded; ``registered`` how many parties, sites and other names."""

    histories: tuple[Counted, ...]
    registered: int
    last: Receipt

    @property
    def acts(self) -> int:
        """How many acts of sources there are."""
        return sum(counted.acts for counted in self.histories)

    def discrepancies(self) -> Counter[str]:
        """How many discrepancies of each code all histories have."""
        total: Counter[str] = Counter()
        for counted in self.histories:
            total.update(counted.discrepancies)
        return total


def record(ledger: Door, key: SigningKey, archivist: str, today: str) -> Documented:
    """Record the histories that ship with Adamas. Raises `NotFound` where their file is missing."""
    histories = list(read_histories(histories_path()))
    rehearsal = Rehearsal(ledger, key.public, 0)
    teller = Teller(archivist, today, known=rehearsal.knows, language="en")
    found: dict[str, Counter[str]] = {history.id: Counter() for history in histories}
    statements, registered = [], 0
    for history in histories:
        for told in teller.tell(history):
            draft, _ = rehearsal.judge(
                Draft(told.event, (), told.occurred, None, told.evidence, told.published)
            )
            statements.append(signed(ledger, draft, key))
            registered += not told.number
            if told.number:
                found[history.id].update(line.rule for line in draft.event.discrepancies)
    receipts = ledger.append(statements)
    counted = tuple(Counted(h, len(h.acts), dict(found[h.id])) for h in histories)
    return Documented(counted, registered, receipts[-1])


def all_yields(ledger: Door, histories: Sequence[Counted]) -> Iterator[tuple[History, Yield]]:
    """The yield of each history's rough, where anything was cut from it."""
    for counted in histories:
        for one in yields(track(ledger.records, counted.history.id))[:1]:
            yield counted.history, one
