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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from weakref import finalize

from ledger.chain.certificate_index import STATUSES, CertificateIndex, Leaf
from ledger.domain import certificates, fields
from ledger.domain import events as e
from ledger.domain.certificates import Certificate
from ledger.domain.state import fold_subject, guarded
from ledger.edtf import text_of
from ledger.errors import Malformed
from ledger.store.journal import Journal
from ledger.store.records import Records
from ledger.store.rows import INT, Changes, Column, Row, Table, Where, maybe
from ledger.store.tables import Tables

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


_KNOWN = Table(
    "certificate_leaves",
    (Column("certificate"), Column("acts"), maybe("expiry"), Column("changed", INT)),
    indexes=(("changed",), ("expiry",)),
)
"""Each certificate with the indexes of its acts; its last day, as long as that may still change its status;
the step in which it was last met."""
_PAGE = 400
_VIEW = "certificate leaves"


class CertificateLeaves:
    """The certificate index of a ledger at one size after another, each not smaller than the last.

    What is known of each certificate lies in a private table (`Tables.private`), which is gone with this.
    """

    def __init__(self, journal: Journal, records: Records) -> None:
        self._journal = journal
        self._records = records
        self._size = 0
        self._index = CertificateIndex.of()
        self._tables = Tables.private()
        finalize(self, self._tables.close)
        self._tables.advance(_VIEW, 0, [_KNOWN], 0, 0, Changes())
        self._turn = 0

    def at(self, size: int) -> CertificateIndex:
        """The index over the first ``size`` entries.

        Raises `Malformed` (``index-size``) for a size beyond the ledger's, or smaller than the last one.
        """
        if not self._size <= size <= self._journal.head().size:
            raise Malformed("index-size", size=size)
        step = size + 1
        day = text_of(self._records.recorded(size - 1).recorded)[:10] if size else ""
        self._over(day, step)
        self._meet(size, step)
        self._size = size
        self._index = self._index.merged(self._leaves(day, step))
        return self._index

    def _over(self, day: str, step: int) -> None:
        """Certificates whose last day is over change too."""
        while page := list(self._tables.select(_KNOWN, [Where("expiry", "below", day)], limit=_PAGE)):
            self._store((key, acts, None, step) for key, acts, *_ in page)

    def _meet(self, size: int, step: int) -> None:
        """The acts on certificates since the last size."""
        met: dict[str, list[int]] = defaultdict(list)
        for index, wire in self._journal.wires(self._size, size):
            if wire not in _WIRES:
                continue
            for name in _certificates(self._records.recorded(index)):
                met[name].append(index)
            if len(met) >= _PAGE:
                self._add(met, step)
                met.clear()
        self._add(met, step)

    def _add(self, met: Mapping[str, Sequence[int]], step: int) -> None:
        known = self._tables.among(_KNOWN, [(name,) for name in met])
        rows = []
        for name, indexes in met.items():
            _, acts, expiry, _ = known.get((name,), (name, "", None, 0))
            rows.append((name, " ".join([*acts.split(), *map(str, indexes)]), expiry, step))
        self._store(rows)

    def _store(self, rows: Iterable[Row]) -> None:
        changes = Changes()
        for row in rows:
            changes.put(_KNOWN, row)
        self._tables.advance(_VIEW, 0, [_KNOWN], self._turn, self._turn + 1, changes)
        self._turn += 1

    def _leaves(self, day: str, step: int) -> Iterator[Leaf]:
        """Those of the certificates met in a step, in the order of their keys."""
        changed = self._tables.select(_KNOWN, [Where("changed", "is", step)])
        while page := list(islice(changed, _PAGE)):
            leaves = [self._leaf(key, map(int, acts.split()), day) for key, acts, _, _ in page]
            self._store((*row[:2], expiry, step) for row, (_, expiry) in zip(page, leaves, strict=True))
            yield from (leaf for leaf, _ in leaves)

    def _leaf(self, key: str, indexes: Iterable[int], day: str) -> tuple[Leaf, str | None]:
        """A certificate's leaf, and its last day if that is still to come and would change it."""
        acts = [self._records.recorded(index) for index in indexes]
        issued = next((act.index for act in acts if isinstance(act.event, e.CertificateIssued)), None)
        folded = fold_subject(_PREFIX + key, acts)
        found = folded if isinstance(folded, Certificate) else None
        status = "voided" if found is None or found.status is None else found.status
        status, expiry = _TOLD.get(status, status), None
        if found is not None and status in _WAITING and found.expiry is not None:
            if day > found.expiry:
                status = "expired"
            else:
                expiry = found.expiry
        return Leaf(key, _NORMALISATION, status if status in STATUSES else "voided", issued), expiry


def _certificates(recorded: e.Recorded) -> Iterable[str]:
    if isinstance(recorded.event, e.Opaque):
        return ()
    names = guarded(recorded.event, recorded.about)
    return (name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX))


def _may_change(record: type[e.Event]) -> bool:
    return record is e.Corrected or any(row.name == "certificate" for row in fields.table(record))


_WIRES = frozenset(wire for wire, record in e.EVENTS.items() if _may_change(record))
