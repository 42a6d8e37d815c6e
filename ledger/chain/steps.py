"""The numbered steps of verification: one table, printed by `adamas verify`, the README and every report.

What each step shows stands in the catalogue under the step's code, as ``name: what it shows``; whoever quotes
a step quotes its number. Steps 1 to 7 need bytes alone (`verification`), 8 to 11 the ledger's own rules and
tables (`ledger.audit.auditing`). A `StepFault` is a value: verification goes on after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from ledger import encoding, messages
from ledger.errors import Malformed
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its number, and the code of its text."""

    number: int
    code: str

    @property
    def name(self) -> str:
        """Two or three words."""
        return messages.text(self.code, {}).partition(": ")[0]

    @property
    def shows(self) -> str:
        """What is true when the step finds no fault."""
        return messages.text(self.code, {}).partition(": ")[2]


BYTES, INDEXES, LINKS, RECORDED, ORIGIN, SEEN, SIGNATURES, AUTHORITY, TABLES, DISCLOSURES, EVIDENCE = range(
    1, 12
)

STEPS = (
    Step(BYTES, "verify-step-bytes"),
    Step(INDEXES, "verify-step-indexes"),
    Step(LINKS, "verify-step-links"),
    Step(RECORDED, "verify-step-recorded"),
    Step(ORIGIN, "verify-step-origin"),
    Step(SEEN, "verify-step-seen"),
    Step(SIGNATURES, "verify-step-signatures"),
    Step(AUTHORITY, "verify-step-authority"),
    Step(TABLES, "verify-step-tables"),
    Step(DISCLOSURES, "verify-step-disclosures"),
    Step(EVIDENCE, "verify-step-evidence"),
)
"""All steps, in their order."""


@dataclass(frozen=True, slots=True)
class StepFault:
    """Something that does not hold: the step that found it, the entry's index (None: no single entry), a
    catalogue code, and the values of its text."""

    step: int
    index: int | None
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return messages.text(self.code, {"index": self.index, **self.values})


def in_order(faults: Iterable[StepFault]) -> list[StepFault]:
    """Faults by step, then by index; those of no single entry last."""
    return sorted(faults, key=lambda fault: (fault.step, fault.index is None, fault.index or 0, fault.code))


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head that somebody holds outside the ledger: the hash of the entry at ``index``."""

    index: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.index}:{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> Anchor:
        """The anchor of ``INDEX:HASH`` as every receipt prints it. Raises `Malformed`
        (``verify-anchor-form``)."""
        number, _, spelled = text.partition(":")
        try:
            anchor = cls(int(number), bytes.fromhex(spelled))
        except ValueError:
            raise Malformed("verify-anchor-form", text=text[:100]) from None
        if str(anchor) != text or len(anchor.hash) != 32 or not 0 <= anchor.index < encoding.BELOW:
            raise Malformed("verify-anchor-form", text=text[:100])
        return anchor
