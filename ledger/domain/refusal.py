"""A refusal: a rule says no before anything is recorded. A value with a stable code, a subject and the
numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from ledger import messages
from ledger.domain.events import Recorded
from ledger.edtf import Span, day_before, moment, spans
from ledger.values import dataclass


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
    return moment(act.recorded)


def in_force(since: str | None, until: str | None, span: Span) -> bool:
    """True unless the calendar puts ``span`` before the day ``since`` or after the day ``until``."""
    if since is not None and day_before(span, spans(since)):
        return False
    return until is None or not day_before(spans(until), span)
