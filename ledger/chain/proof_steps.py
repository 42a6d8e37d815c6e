"""The numbered steps of checking a portable proof: one table for the code, `adamas verify` and every report.

Steps 1 to 11 are those of a bundle (`ledger.chain.bundle`), 12 to 14 follow for a proof of absence
(`ledger.chain.absence`). Each step ends in an `Outcome`, and checking goes on after a fault:

- `OK`: what the step shows is so
- `FAULT`: it is not so, and the file proves nothing
- `NOT_SHOWN`: the file does not tell; nobody may conclude either
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from ledger import messages
from ledger.chain.steps import Step
from ledger.errors import Malformed
from ledger.values import dataclass

OK, FAULT, NOT_SHOWN = "ok", "fault", "not shown"

(
    FORM,
    SIGNATURE,
    QUORUM,
    LEAF,
    INDEX,
    LEDGER,
    AUTHOR,
    DISCLOSURES,
    CONSISTENCY,
    AUTHORITY,
    FRESHNESS,
    COVERED,
    LEAVES,
    KEY,
) = range(1, 15)

STEPS = (
    Step(FORM, "proof-step-form"),
    Step(SIGNATURE, "proof-step-signature"),
    Step(QUORUM, "proof-step-quorum"),
    Step(LEAF, "proof-step-leaf"),
    Step(INDEX, "proof-step-index"),
    Step(LEDGER, "proof-step-ledger"),
    Step(AUTHOR, "proof-step-author"),
    Step(DISCLOSURES, "proof-step-disclosures"),
    Step(CONSISTENCY, "proof-step-consistency"),
    Step(AUTHORITY, "proof-step-authority"),
    Step(FRESHNESS, "proof-step-freshness"),
    Step(COVERED, "proof-step-covered"),
    Step(LEAVES, "proof-step-leaves"),
    Step(KEY, "proof-step-key"),
)
"""All steps, in their order."""

BUNDLE = STEPS[:FRESHNESS]
DEMANDED = frozenset(range(FORM, CONSISTENCY))
"""A bundle that does not show these shows nothing; the later ones may be not shown."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step ended: its number, `OK`, `FAULT` or `NOT_SHOWN`, a catalogue code and the values."""

    step: int
    standing: str
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The step's name, two or three words."""
        return STEPS[self.step - 1].name

    def __str__(self) -> str:
        return messages.text(self.code, self.values)


def fault(step: int, trouble: Malformed) -> Outcome:
    """The step ended in this refusal."""
    return Outcome(step, FAULT, trouble.code, trouble.values)


def first_fault(outcomes: Iterable[Outcome]) -> Outcome | None:
    """The fault with the smallest number."""
    return min((o for o in outcomes if o.standing == FAULT), key=lambda outcome: outcome.step, default=None)


def not_reached(steps: Iterable[Step], because: int) -> tuple[Outcome, ...]:
    """Steps that were not taken because an earlier one found a fault."""
    return tuple(Outcome(step.number, NOT_SHOWN, "proof-not-reached", {"step": because}) for step in steps)
