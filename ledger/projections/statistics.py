"""The ledger at a glance: how many entries, parcels, certificates, parties there are, and what they weigh."""

from __future__ import annotations

from ledger.projections.entries import ENTRIES
from ledger.projections.register_goods import CERTIFICATES, PARCELS
from ledger.projections.register_parties import KEYS, LICENCES, PARTIES, SITES
from ledger.store.rows import Rows, Table, Where
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """Parcels of one ``condition``: how many, what they weigh (0.001 ct), how many of unknown weight."""

    condition: str
    documented: bool
    parcels: int
    weight: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of everything, as of the moment that the rows stand for."""

    entries: int
    types: dict[str, int]
    parcels: tuple[Group, ...]
    certificates: dict[str, int]
    parties: int
    licences: int
    sites: int
    keys: int
    documented: int
    corrections: int
    discrepancies: int
    opaque: int


def statistics(rows: Rows) -> Statistics:
    """Count what is there."""
    entries, discrepancies, documented, opaque = rows.sums(
        ENTRIES, ["discrepancies", "documented", "opaque"]
    )[0]
    types = {row[0]: row[1] for row in rows.sums(ENTRIES, [], group=["wire"])}
    certificates = {str(status): count for status, count in rows.sums(CERTIFICATES, [], group=["status"])}
    return Statistics(
        entries=entries,
        types=dict(sorted(types.items())),
        parcels=tuple(_parcels(rows)),
        certificates=dict(sorted(certificates.items())),
        parties=_count(rows, PARTIES, Where("known", "is", 1)),
        licences=_count(rows, LICENCES),
        sites=_count(rows, SITES, Where("known", "is", 1)),
        keys=_count(rows, KEYS),
        documented=documented,
        corrections=_count(rows, ENTRIES, Where("corrected_by", "not", None)),
        discrepancies=discrepancies,
        opaque=opaque,
    )


def _count(rows: Rows, table: Table, *where: Where) -> int:
    return int(rows.sums(table, [], where)[0][0])


def _parcels(rows: Rows) -> list[Group]:
    group = ["condition", "documented"]
    unknown = {row[:2]: row[2] for row in rows.sums(PARCELS, [], [Where("weight", "is", None)], group=group)}
    found = [
        Group(condition, bool(documented), count, weight, unknown.get((condition, documented), 0))
        for condition, documented, count, weight in rows.sums(PARCELS, ["weight"], group=group)
    ]
    return sorted(found, key=lambda one: (one.documented, one.condition))
