"""Shipments under certificates as a list of rows, one for each export and each import: what two participants
compare. Read from a ledger here, from a partner's table in `ledger.exchange.certificate_rows`.

Weights in thousandths of a carat, values in US cents; None is unknown, or withheld. A day is an ordinal: the
last day on which the act can have happened.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ledger.domain import certificates as c
from ledger.domain import events as e
from ledger.domain.refusal import when
from ledger.domain.state import replacement
from ledger.edtf import calendar_days
from ledger.projections.entries import ENTRIES
from ledger.projections.register_goods import CERTIFICATES
from ledger.projections.stored import listed
from ledger.store.records import Records
from ledger.store.rows import Rows, Where

EXPORT, IMPORT = "export", "import"

Classes = tuple[tuple[str, int], ...]
_CLOSE = 16
"""Entries that lie closer together than this are read in one stream, with those between them."""


@dataclass(frozen=True, slots=True)
class Shipment:
    """One side's record of a shipment: ``flow`` says which side.

    ``issuer`` is whose certificate it is; ``classes`` the weight in each HS class; ``back`` it was returned,
    or only sends back goods that might not enter; ``entry`` its entry, where it comes from a ledger.
    """

    certificate: str
    flow: str
    provenance: str | None
    destination: str | None
    day: int | None
    weight: int | None
    value: int | None = None
    classes: Classes = ()
    origins: tuple[str, ...] = ()
    exporter: str | None = None
    importer: str | None = None
    parcels: int | None = None
    confirmed: bool = False
    back: bool = False
    basis: str | None = None
    entry: int | None = None

    @property
    def issuer(self) -> str:
        """Whose certificate it travelled under."""
        return self.certificate[:2]


def shipments(rows: Rows, records: Records, own: str | None) -> list[Shipment]:
    """Every export and import that the ledger records under a certificate; ``own`` is whose ledger it is."""
    papers: dict[str, dict[str, Any]] = {
        str(row[0]): CERTIFICATES.labelled(row) for row in rows.select(CERTIFICATES)
    }
    acts = list(_acts(rows, records))
    values = _values(records, papers, acts)
    found: list[Shipment] = []
    for act in acts:
        event = act.event
        if isinstance(event, e.Exported) and event.certificate is not None:
            paper = papers.get(event.certificate, {})
            found.append(_exported(act, event, paper, values.get(event.certificate), own))
        elif isinstance(event, e.Imported) and event.certificate is not None:
            found.append(_imported(act, event, own))
    return found


def _acts(rows: Rows, records: Records) -> Iterator[e.Recorded]:
    """The exports and imports as they are now known to read."""
    wanted = (e.Exported.TYPE, e.Imported.TYPE)
    place = ENTRIES.places["corrected_by"]
    corrected = {int(row[0]): row[place] for row in rows.select(ENTRIES, [Where("wire", "among", wanted)])}
    for act in read(records, corrected):
        by = corrected[act.index]
        correction = None if by is None else records.recorded(by).event
        if isinstance(correction, e.Corrected):
            yield dataclasses.replace(replacement(correction, act), corrected_by=by)
        else:
            yield act


def _values(
    records: Records, papers: Mapping[str, Mapping[str, Any]], acts: Iterable[e.Recorded]
) -> dict[str, int]:
    """The values of exported certificates, as far as they are known here: they stand in the issue alone."""
    left = {getattr(act.event, "certificate", None) for act in acts if isinstance(act.event, e.Exported)}
    issued = sorted(
        int(paper["issued"]) for name, paper in papers.items() if name in left and paper["issued"] is not None
    )
    found: dict[str, int] = {}
    for act in read(records, issued):
        event = act.event
        if isinstance(event, e.CertificateIssued) and isinstance(event.value, int):
            found[event.certificate] = event.value
    return found


def read(records: Records, indexes: Iterable[int]) -> Iterator[e.Recorded]:
    """Entries by their indexes, which rise; those that lie close together are read in one stream."""
    order = list(indexes)
    breaks = [0, *(n for n, (a, b) in enumerate(pairwise(order), 1) if b - a > _CLOSE), len(order)]
    for start, stop in pairwise(breaks):
        run = order[start:stop]
        if len(run) == 1:
            yield records.recorded(run[0])
        elif run:
            wanted = set(run)
            between = records.between(run[0], run[-1] + 1)
            yield from (act for act in between if act.index in wanted)


def _exported(
    act: e.Recorded, event: e.Exported, paper: Mapping[str, Any], value: int | None, own: str | None
) -> Shipment:
    weights = [part.weight for part in event.parts]
    total = None if None in weights or not weights else sum(weight or 0 for weight in weights)
    weight = paper.get("weight")
    status = paper.get("status")
    return Shipment(
        certificate=str(event.certificate),
        flow=EXPORT,
        provenance=paper.get("provenance") or own,
        destination=event.destination,
        day=_day(act),
        weight=total if weight is None else weight,
        value=value,
        classes=tuple(sorted((hs, grams) for hs, grams in listed(paper.get("classes", "")) if grams)),
        origins=tuple(sorted(listed(paper.get("origins", "")))),
        exporter=event.by,
        parcels=len(event.parts) or None,
        confirmed=status == c.CONFIRMED,
        back=status == c.RETURNED or bool(paper.get("technical")),
        entry=act.index,
    )


def _imported(act: e.Recorded, event: e.Imported, own: str | None) -> Shipment:
    weights = [line.weight for line in event.lines]
    measured = None if None in weights or not weights else sum(weight or 0 for weight in weights)
    classes: dict[str, int] = {}
    for line in event.lines:
        if line.hs is not None and line.weight is not None:
            classes[line.hs] = classes.get(line.hs, 0) + line.weight
    return Shipment(
        certificate=str(event.certificate),
        flow=IMPORT,
        provenance=event.provenance,
        destination=own,
        day=_day(act),
        weight=event.weight if measured is None else measured,
        value=event.value if isinstance(event.value, int) else None,
        classes=tuple(sorted(classes.items())),
        origins=tuple(sorted(event.origins)),
        importer=event.by,
        parcels=len(event.lines) or None,
        entry=act.index,
    )


def _day(act: e.Recorded) -> int | None:
    return calendar_days(when(act))[1]
