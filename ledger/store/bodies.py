"""Bodies of many entries, for questions that need a few of their fields and cannot wait for whole records.

What an entry's author signed is taken as the ledger stored it; a sealed value is put back where its digest
stands in the body, as `ledger.store.decoding` does, without making a record of the act.
"""

from __future__ import annotations

import json
from binascii import a2b_base64
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ledger.chain.disclosure import SEALED, digest
from ledger.chain.entry import fields
from ledger.chain.statement import told
from ledger.store.journal import Journal
from ledger.values import dataclass

_PAGE = 1_000
_SPARSE = 8
"""Where entries lie further apart than this, their disclosures are asked for by index, not all in between."""
_NONE: Mapping[str, Collection[str]] = {}
_FROM_URL = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True, slots=True)
class Body:
    """An entry's body as it was recorded; ``recorded`` microseconds since 1970, ``occurred`` as stated,
    ``wire`` its type.
    """

    index: int
    recorded: int
    occurred: str | None
    values: dict[str, Any]
    wire: str = ""


def bodies(
    journal: Journal, indexes: Sequence[int], opened: Mapping[str, Collection[str]] = _NONE
) -> Iterator[Body]:
    """The bodies of entries, in the order of their indexes; ``opened`` are the sealed fields that are wanted
    too, by type.
    """
    for start in range(0, len(indexes), _PAGE):
        page = indexes[start : start + _PAGE]
        found = journal.several(page)
        kept = _disclosed(journal, page) if opened else {}
        for index in page:
            _, _, recorded, signed, _ = fields(found[index])
            wire, occurred, body = told(signed)
            if index in kept and wire in opened and SEALED in body:
                body = {**body, **_values(body[SEALED], kept[index], opened[wire])}
            yield Body(index, recorded, occurred, body, wire)


def _disclosed(journal: Journal, page: Sequence[int]) -> dict[int, tuple[str, ...]]:
    if page[-1] - page[0] <= _SPARSE * len(page):
        return journal.disclosed(page[0], page[-1] + 1)
    return journal.disclosed_among(page)


def _values(digests: Collection[str], texts: Sequence[str], opened: Collection[str]) -> dict[str, Any]:
    """What the wanted disclosures say; one whose digest the author did not sign says nothing."""
    values: dict[str, Any] = {}
    for text in texts:
        spelled = a2b_base64(text.encode("ascii").translate(_FROM_URL) + b"==").decode("utf-8")
        if not any(f'"{name}"' in spelled for name in opened):
            continue  # most are not wanted, and reading them takes longest
        _, name, value = json.loads(spelled)
        if name in opened and digest(text) in digests:
            values[name] = value
    return values
