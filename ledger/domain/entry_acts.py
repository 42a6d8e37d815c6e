"""Acts about entries: attestations, corrections, erasures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.domain import fields as f
from ledger.domain.act import Event, act, record
from ledger.domain.fields import need


@act("attested/1", "attest")
@record
class Attested(Event):
    """A further signer agrees with an entry, of this ledger or another."""

    origin: str = need(f.TEXT, "the ledger's origin", always=True)
    index: int = need(f.INDEX, "the entry's index", always=True)
    hash: bytes = need(f.HASH, "the entry's hash", always=True)


@act("corrected/1", "correct")
@record
class Corrected(Event):
    """An earlier entry's body is replaced from here on; the original stays (FORMATS section 4)."""

    index: int = need(f.INDEX, "the entry's index", always=True)
    hash: bytes = need(f.HASH, "the entry's hash", always=True)
    replacement: Mapping[str, Any] = need(f.BODY, "the body that replaces it", always=True)
    reason: str = need(f.TEXT, "why", always=True)


@act("disclosure-erased/1", "erase")
@record
class DisclosureErased(Event):
    """Sealed values of an entry were erased from this database, by law."""

    index: int = need(f.INDEX, "the entry's index", always=True)
    digests: tuple[str, ...] = need(f.TEXT, "the digests whose values are gone", many=True)
    ground: str = need(f.TEXT, "on what ground", always=True)
