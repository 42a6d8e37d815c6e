"""What a row keeps of a subject's state, and how it is read back.

What a state remembers of its acts is reduced to two: the act that says where the subject began, where later
acts ask for it, and its last one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from ledger.domain.events import Opaque, Recorded
from ledger.store.rows import Row, Table
from ledger.values import dataclass

_FORGOTTEN = Opaque("forgotten/1", {})


@dataclass(frozen=True, slots=True)
class Register:
    """How the subjects of one kind are kept: ``write`` makes a row of a state, ``read`` a state of a row."""

    table: Table
    write: Callable[[Any], Row]
    read: Callable[[Row], Any]


def several(values: Iterable[Any]) -> str:
    """The text of a column that holds several values; empty for none."""
    found = list(values)
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")) if found else ""


def listed(text: str) -> tuple[Any, ...]:
    """The values of a column that holds several."""
    return tuple(json.loads(text)) if text else ()


def acts(first: Recorded | None, last: int) -> tuple[Recorded, ...]:
    """The acts of a state that is read from a row; the last one's event is not known any more."""
    latest = Recorded(last, 0, b"", _FORGOTTEN)
    return (latest,) if first is None else (first, latest)
