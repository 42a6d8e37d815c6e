"""A refusal: a rule says no before anything is recorded. A value with a stable code, a subject and the
numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger import messages
from ledger.domain.events import Recorded
from ledger.edtf import Span, spans
from ledger.edtf import text_of as moment_text


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an act may not be recorded: ``code`` in the catalogue, ``subject`` it is about, ``values`` of the
    text.
    """

    code: str
    subject: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return messages.text(self.code, {"subject": self.subject, **self.values})


Refusals = Iterator[Refusal]


def when(act: Recorded) -> Span:
    """When an act is taken to have happened: as stated; a live act that states nothing, when it was
    recorded.
    """
    if act.occurred is not None:
        return spans(act.occurred)
    event = act.event
    if getattr(event, "documented", False):
        return spans(None)
    return Span(moment_text(act.recorded), act.recorded, act.recorded)


def in_force(since: str | None, until: str | None, span: Span) -> bool:
    """True unless it is certain that something from ``since`` to ``until`` was not in force at ``span``."""
    first, last = spans(since), spans(until)
    if (
        since is not None
        and span.latest is not None
        and first.earliest is not None
        and span.latest < first.earliest
    ):
        return False
    too_late = until is not None and span.earliest is not None and last.latest is not None
    return not (too_late and span.earliest > last.latest)  # type: ignore[operator]
