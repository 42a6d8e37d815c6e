"""The entries as a table: what kind of act each is, when it was recorded and happened, who did and signed it.

``earliest`` and ``latest`` are the instants (microseconds since 1970 UTC) between which the act happened; one
that is empty is not known. A documented act without a date has neither. The row of a corrected entry keeps
what was recorded and names the correction.
"""

from __future__ import annotations

import dataclasses

from ledger.domain import events as e
from ledger.domain.refusal import when
from ledger.store.rows import INT, Column, Row, Table, maybe

ENTRIES = Table(
    "entries",
    (
        Column("entry", INT),
        Column("wire"),
        Column("recorded", INT),
        maybe("occurred"),
        maybe("earliest", INT),
        maybe("latest", INT),
        maybe("by"),
        maybe("on_behalf"),
        maybe("signer"),
        maybe("country"),
        Column("documented", INT),
        Column("opaque", INT),
        Column("discrepancies", INT),
        maybe("corrects", INT),
        maybe("corrected_by", INT),
    ),
)


def row(recorded: e.Recorded, signer: str | None, corrected_by: int | None = None) -> Row:
    """The row of an entry; ``signer`` is the party whose key signed it."""
    event = recorded.event
    span = when(recorded)
    known = event if isinstance(event, e.Event) else None
    return (
        recorded.index,
        event.TYPE,
        recorded.recorded,
        recorded.occurred,
        span.earliest,
        span.latest,
        None if known is None else known.by,
        recorded.on_behalf,
        signer,
        None if known is None else known.country,
        int(known is not None and known.documented),
        int(known is None),
        0 if known is None else len(known.discrepancies),
        event.index if isinstance(event, e.Corrected) else None,
        corrected_by,
    )


def date_only(found: Row) -> e.Recorded:
    """An entry of which nothing but its index and its times is known: enough to put entries in order."""
    index, _, recorded, occurred = found[:4]
    event = _DOCUMENTED if found[ENTRIES.places["documented"]] else _LIVE
    return e.Recorded(index, recorded, b"", event, occurred)


_LIVE = e.Reported(by=None, report="-")
_DOCUMENTED = dataclasses.replace(_LIVE, documented=True)
