"""What an act changes: new values for one subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """New values for one subject; ``begin`` applies only where the subject was not known before.

    ``add`` holds values that are put behind those already there.
    """

    subject: str
    values: Mapping[str, Any]
    begin: Mapping[str, Any] | None = None
    add: Mapping[str, tuple[Any, ...]] | None = None
