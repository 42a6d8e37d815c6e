"""From an entry's bytes to what the domain sees, without a check and without an exception.

Stored bytes were checked when they were recorded; but a newer version may have written them, and a file
can be damaged. What cannot be understood becomes an `Opaque` record in its place, with the reason as its
problem, and the reading goes on.

A sealed value whose disclosure is at hand is put back into its field; otherwise the field is `WITHHELD`. A
digest does not tell which field it hides, so every sealed field of that type that is not there counts as
withheld.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ledger.chain import entry as entries
from ledger.chain.disclosure import SEALED
from ledger.chain.statement import Statement, reveal
from ledger.domain import events
from ledger.domain.events import Attested, Corrected, DisclosureErased, Opaque, Recorded
from ledger.domain.fields import WITHHELD, Problem
from ledger.edtf import spans
from ledger.errors import Malformed

Earlier = Callable[[int], Recorded | None]
"""An entry before this one by its index, None where there is none."""

_SEALED_KEY = b"\xa3_sd"
_UNREADABLE = (Malformed, ValueError, TypeError, LookupError, AttributeError)


def decode(
    index: int, data: bytes, disclosures: Sequence[str] = (), earlier: Earlier | None = None
) -> Recorded:
    """The record of an entry's bytes. With ``earlier``, what an act about an entry names is attached to
    it."""
    name, recorded = entries.entry_hash(data), 0
    try:
        _, _, recorded, signed, _ = entries.fields(data)
        statement = Statement.read(signed)
        return _record(index, name, recorded, statement, _opened(statement, signed, disclosures), earlier)
    except _UNREADABLE as problem:
        why = problem.code if isinstance(problem, Malformed) else type(problem).__name__
        moment = recorded if type(recorded) is int else 0
        return Recorded(
            index, moment, b"", Opaque("", {}, (Problem("entry", "entry-unreadable", why),)), hash=name
        )


def together(entries_at_hand: Mapping[int, tuple[bytes, Sequence[str]]]) -> dict[int, Recorded]:
    """The records of entries at hand by index (bytes, disclosures), such as a letter's, in that order; what
    one of them is about is attached where it is among them, so that a correction counts."""
    found: dict[int, Recorded] = {}

    def earlier(index: int) -> Recorded | None:
        known = found.get(index)
        return None if known is None else dataclasses.replace(known, about=None)

    for index, (data, disclosures) in sorted(entries_at_hand.items()):
        found[index] = decode(index, data, disclosures, earlier)
    return found


def may_seal(data: bytes) -> bool:
    """Whether an entry's bytes can hold sealed values: most do not, and their disclosures need no
    look-up."""
    return _SEALED_KEY in data


def withhold(body: dict[str, Any], wire: str) -> None:
    """Put `WITHHELD` where a digest without a disclosure may stand for a field. Changes ``body``."""
    digests = body.get(SEALED)
    absent = events.sealed_fields(wire) - body.keys()
    # More digests than fields to hide: one hides a field that this version does not know, and stays in the
    # way.
    if digests and len(digests) <= len(absent):
        del body[SEALED]
        body.update(dict.fromkeys(sorted(absent), WITHHELD))


def _opened(statement: Statement, signed: bytes, disclosures: Sequence[str]) -> dict[str, Any]:
    if _SEALED_KEY not in signed:
        return statement.body
    try:
        body, _, _ = reveal(statement, disclosures)
    except Malformed:  # disclosures that are not this statement's: it is as if nobody had any
        body, _, _ = reveal(statement, ())
    withhold(body, statement.type)
    return body


def _record(
    index: int,
    name: bytes,
    recorded: int,
    statement: Statement,
    body: dict[str, Any],
    earlier: Earlier | None,
) -> Recorded:
    spans(statement.occurred)
    if type(statement.author) is not bytes or type(recorded) is not int:
        raise Malformed("entry-form")
    about = None
    if earlier is not None and _is_about(statement, body) and 0 <= body["index"] < index:
        about = earlier(body["index"])
        if about is not None and statement.type == Corrected.TYPE:
            body = {**body, "replacement": dict(body["replacement"])}
            withhold(body["replacement"], about.event.TYPE)
    return Recorded(
        index,
        recorded,
        statement.author,
        events.recall(statement.type, body),
        statement.occurred,
        statement.on_behalf,
        name,
        len(statement.evidence),
        about,
    )


def _is_about(statement: Statement, body: dict[str, Any]) -> bool:
    """Whether the act names an entry of this ledger."""
    if statement.type == Attested.TYPE:
        return bool(body["origin"] == statement.ledger)
    return statement.type in (Corrected.TYPE, DisclosureErased.TYPE)
