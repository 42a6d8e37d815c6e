"""The leaves of the certificate index (FORMATS.md section 8): every number that is known, and its status.

    leaves = CertificateLeaves(journal, records)
    index = leaves.at(1_000)                        a `ledger.chain.certificate_index.CertificateIndex`
    index = leaves.at(2_000)                        ascending: only what changed meanwhile is folded again

| as this ledger knows it                       | status in the leaf                                        |
|-----------------------------------------------|-----------------------------------------------------------|
| issued, validated                             | the same; expired from the day after the certificate says |
| exported, confirmed, voided, replaced, returned | the same                                                |
| announced, arrived, detained, received, forfeited | exported, by the participant that issued it           |
| lost                                          | voided: it admits nothing any more                        |
| rejected                                      | returned                                                  |
| given up by a correction                      | voided: a number stays known for ever                     |

The day is that of the last covered entry's recording, in UTC: nothing here asks a clock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ledger.chain.certificate_index import STATUSES, CertificateIndex, Leaf
from ledger.domain import certificates, fields
from ledger.domain import events as e
from ledger.domain.certificates import Certificate
from ledger.domain.state import fold_subject, guarded
from ledger.edtf import text_of
from ledger.errors import Malformed
from ledger.store.journal import Journal
from ledger.store.records import Records

_PREFIX = "certificate:"
_NORMALISATION = 1
"""Of keys: `ledger.domain.vocabulary.NORMALISATION` is ``plain/1``."""
_TOLD = dict.fromkeys(
    (
        certificates.ANNOUNCED,
        certificates.ARRIVED,
        certificates.DETAINED,
        certificates.RECEIVED,
        certificates.FORFEITED,
    ),
    "exported",
) | {certificates.REJECTED: "returned", certificates.LOST: "voided"}
_WAITING = (certificates.ISSUED, certificates.VALIDATED)


class CertificateLeaves:
    """The certificate index of a ledger at one size after another, each not smaller than the last."""

    def __init__(self, journal: Journal, records: Records) -> None:
        self._journal = journal
        self._records = records
        self._size = 0
        self._acts: dict[str, list[int]] = defaultdict(list)
        self._issued: dict[str, int] = {}
        self._waiting: set[str] = set()
        self._index = CertificateIndex.of()

    def at(self, size: int) -> CertificateIndex:
        """The index over the first ``size`` entries.

        Raises `Malformed` (``index-size``) for a size beyond the ledger's, or smaller than the last one.
        """
        if not self._size <= size <= self._journal.head().size:
            raise Malformed("index-size", size=size)
        changed = self._changed(size)
        day = text_of(self._records.recorded(size - 1).recorded)[:10] if size else ""
        self._size = size
        self._index = self._index.updated([self._leaf(key, day) for key in changed | self._waiting])
        return self._index

    def _changed(self, size: int) -> set[str]:
        changed: set[str] = set()
        for index, wire in self._journal.wires(self._size, size):
            if wire not in _WIRES:
                continue
            recorded = self._records.recorded(index)
            for name in _certificates(recorded):
                self._acts[name].append(index)
                changed.add(name)
                if isinstance(recorded.event, e.CertificateIssued):
                    self._issued.setdefault(name, index)
        return changed

    def _leaf(self, key: str, day: str) -> Leaf:
        acts = [self._records.recorded(index) for index in self._acts[key]]
        folded = fold_subject(_PREFIX + key, acts)
        found = folded if isinstance(folded, Certificate) else None
        status = "voided" if found is None or found.status is None else found.status
        status = _TOLD.get(status, status)
        self._waiting.discard(key)
        if found is not None and status in _WAITING and found.expiry is not None:
            if day > found.expiry:
                status = "expired"
            else:
                self._waiting.add(key)
        return Leaf(key, _NORMALISATION, status if status in STATUSES else "voided", self._issued.get(key))


def _certificates(recorded: e.Recorded) -> Iterable[str]:
    if isinstance(recorded.event, e.Opaque):
        return ()
    names = guarded(recorded.event, recorded.about)
    return (name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX))


def _may_change(record: type[e.Event]) -> bool:
    return record is e.Corrected or any(row.name == "certificate" for row in fields.table(record))


_WIRES = frozenset(wire for wire, record in e.EVENTS.items() if _may_change(record))
