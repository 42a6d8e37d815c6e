"""The numbered steps of verification: one table, printed by `adamas verify`, the README and every report.

What each step shows stands in the catalogue under the step's code, as ``name: what it shows``; whoever quotes
a step quotes its number. Steps 1 to 7 need bytes alone (`verification`), 8 to 11 the ledger's own rules and
tables (`ledger.audit.auditing`). A `StepFault` is a value: verification goes on after it.
"""

from __future__ import annotations

from collections import Counter
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


NAMED = 20_000
"""So many faults of a step and code are kept; a damaged file may have one in every entry."""
_GAP, _UNDATED = "verify-gap", "verify-recorded-range"


def _is_needed(fault: StepFault) -> bool:
    """Whether it is kept however many there are, since what later steps look into depends on each: entries
    of which nothing more can be said, or that are missing."""
    return fault.step == BYTES or fault.code in (_GAP, _UNDATED)


class Findings(list[StepFault]):
    """Faults as they are found. ``unnamed``: how many more there were of a step and code than are kept."""

    def __init__(self, faults: Iterable[StepFault] = ()) -> None:
        super().__init__()
        self.unnamed: Counter[tuple[int, str]] = Counter()
        self._kept: Counter[tuple[int, str]] = Counter()
        self.extend(faults)

    @property
    def total(self) -> int:
        """How many there were."""
        return len(self) + self.unnamed.total()

    def of(self, step: int) -> int:
        """How many a step found."""
        unnamed = sum(count for (number, _), count in self.unnamed.items() if number == step)
        return sum(fault.step == step for fault in self) + unnamed

    def append(self, fault: StepFault) -> None:
        """One more."""
        kind = fault.step, fault.code
        if self._kept[kind] >= NAMED and not _is_needed(fault):
            self.unnamed[kind] += 1
        else:
            self._kept[kind] += 1
            super().append(fault)

    def extend(self, faults: Iterable[StepFault]) -> None:
        """Some more; of other findings those, too, that are not kept."""
        for fault in faults:
            self.append(fault)
        if isinstance(faults, Findings):
            self.unnamed.update(faults.unnamed)

    def __iadd__(self, faults: Iterable[StepFault]) -> Findings:  # type: ignore[override,misc]
        self.extend(faults)
        return self

    def put_in_order(self) -> None:
        """By step, then by index; those of no single entry last."""
        self.sort(key=lambda fault: (fault.step, fault.index is None, fault.index or 0, fault.code))


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
