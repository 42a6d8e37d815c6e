"""Shipments under certificates as a list of rows, one for each export and each import: what two participants
compare. Read from a ledger or from proven acts here, from a partner's table in
`ledger.exchange.certificate_rows`.

Weights in thousandths of a carat, values in US cents; None is unknown, or withheld. A day is an ordinal: the
last day on which the act can have happened.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from ledger.domain import events as e
from ledger.domain.state import replacement
from ledger.edtf import calendar_days, day_of, spans
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.store.bodies import Body
    from ledger.store.journal import Journal
    from ledger.store.records import Records

EXPORT, IMPORT = "export", "import"
_OUTNUMBER = 2
"""Where confirmations are so many times the exports, most confirm imports, and only those of exports are
read."""

Classes = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Shipment:
    """One side's record of a shipment: ``flow`` says which side.

    ``issuer`` is whose certificate it is; ``classes`` the weight in each HS class; ``back`` it was returned,
    or it left under a technical certificate that sends back what did not enter; ``lost`` its sender
    recorded it lost or stolen on the way; ``entry`` its entry, where it comes from a ledger.
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
    lost: bool = False
    basis: str | None = None
    entry: int | None = None

    @property
    def issuer(self) -> str:
        """Whose certificate it travelled under."""
        return self.certificate[:2]


_ASKED = (e.CertificateIssued, e.Exported, e.Imported, e.ImportConfirmed, e.ShipmentReturned, e.ShipmentLost)


def shipments(journal: Journal, records: Records, own: str | None) -> list[Shipment]:
    """Every export and import that the ledger records under a certificate, as it is now known to read;
    ``own`` is whose ledger it is.
    """
    return list(_made(_bodies(journal, records), own))


def shipments_told(acts: Iterable[e.Recorded], own: str | None) -> list[Shipment]:
    """The same of acts at hand, such as those that a partner's letters prove; ``own`` is whose acts they are.

    A correction counts where the act that it corrects is at hand too.
    """
    from ledger.store.bodies import Body

    known = {act.index: act for act in acts}
    corrected: dict[int, e.Event] = {}
    for act in (known[index] for index in sorted(known)):
        if isinstance(act.event, e.Corrected) and act.event.index in known:
            now = replacement(act.event, known[act.event.index]).event
            if isinstance(now, e.Event):
                corrected[act.event.index] = now
    read: dict[str, list[Body]] = {record.TYPE: [] for record in _ASKED}
    for index, act in sorted(known.items()):
        if act.event.TYPE in read and isinstance(act.event, e.Event):
            values = e.write(corrected.get(index, act.event))
            read[act.event.TYPE].append(Body(index, act.recorded, act.occurred, values))
    return list(_made(read, own))


def _made(read: Mapping[str, Sequence[Body]], own: str | None) -> Iterator[Shipment]:
    issued = {_named(body): body.values for body in read[e.CertificateIssued.TYPE]}
    confirmed = {_named(body) for body in read[e.ImportConfirmed.TYPE]}
    returned = {_named(body) for body in read[e.ShipmentReturned.TYPE]}
    lost = {_named(body) for body in read[e.ShipmentLost.TYPE]}
    for body in read[e.Exported.TYPE]:
        name = _named(body)
        if name is not None:
            paper = issued.get(name, {})
            back = name in returned or body.values.get("returns") is not None
            made = _exported(name, body, paper, own, confirmed=name in confirmed, back=back)
            yield dataclasses.replace(made, lost=True) if name in lost else made
    for body in read[e.Imported.TYPE]:
        name = _named(body)
        if name is not None:
            yield _imported(name, body, own)


def _named(body: Body) -> str | None:
    name: str | None = body.values.get("certificate")
    return name


_OPENED = {e.CertificateIssued.TYPE: ("value",), e.Imported.TYPE: ("value",)}


def _bodies(journal: Journal, records: Records) -> dict[str, list[Body]]:
    """The bodies of the acts that are asked for, by type, corrected where they were."""
    places: dict[str, list[int]] = {record.TYPE: [] for record in (*_ASKED, e.Corrected)}
    for index, wire in journal.wires():
        if wire in places:
            places[wire].append(index)
    corrected = dict(_corrections(records, places.pop(e.Corrected.TYPE)))
    found: dict[str, list[Body]] = {wire: [] for wire in places}
    late: list[int] = []
    if len(places[e.ImportConfirmed.TYPE]) > _OUTNUMBER * len(places[e.Exported.TYPE]):
        late = places.pop(e.ImportConfirmed.TYPE)
    _read(journal, sorted(chain.from_iterable(places.values())), corrected, found)
    if late:
        names = [f"certificate:{_named(body)}" for body in found[e.Exported.TYPE]]
        guarding = set(chain.from_iterable(journal.guarding(names).values())) | corrected.keys()
        _read(journal, [index for index in late if index in guarding], corrected, found)
    return found


def _read(
    journal: Journal,
    indexes: Sequence[int],
    corrected: Mapping[int, dict[str, Any]],
    found: dict[str, list[Body]],
) -> None:
    """Read bodies in one pass, and sort them by type."""
    from ledger.store.bodies import bodies

    for body in bodies(journal, indexes, _OPENED):
        if body.index in corrected:
            body = dataclasses.replace(body, values=corrected[body.index])
        found[body.wire].append(body)


def _corrections(records: Records, indexes: list[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """What corrected entries say now, the last correction last."""
    for index in indexes:
        correction = records.recorded(index)
        event = correction.event
        if isinstance(event, e.Corrected) and correction.about is not None:
            now = replacement(event, correction.about).event
            if isinstance(now, e.Event):
                yield event.index, e.write(now)


def _exported(
    name: str, body: Body, paper: Mapping[str, Any], own: str | None, *, confirmed: bool, back: bool
) -> Shipment:
    values = body.values
    weight = paper.get("weight")
    classes = [(line["hs"], line.get("weight")) for line in paper.get("classes", ())]
    return Shipment(
        certificate=name,
        flow=EXPORT,
        provenance=paper.get("provenance") or own,
        destination=values.get("destination"),
        day=last_day(body),
        weight=_sum(values.get("parts", ())) if weight is None else weight,
        value=_whole(paper.get("value")),
        classes=tuple(sorted((hs, weight) for hs, weight in classes if weight)),
        origins=tuple(sorted(paper.get("origins", ()))),
        exporter=values.get("by"),
        parcels=len(values.get("parts", ())) or None,
        confirmed=confirmed,
        back=back,
        entry=body.index,
    )


def _imported(name: str, body: Body, own: str | None) -> Shipment:
    values = body.values
    lines = values.get("lines", ())
    measured = _sum(lines)
    classes: dict[str, int] = {}
    for line in lines:
        if line.get("hs") is not None and line.get("weight"):
            classes[line["hs"]] = classes.get(line["hs"], 0) + line["weight"]
    return Shipment(
        certificate=name,
        flow=IMPORT,
        provenance=values.get("provenance"),
        destination=own,
        day=last_day(body),
        weight=values.get("weight") if measured is None else measured,
        value=_whole(values.get("value")),
        classes=tuple(sorted(classes.items())),
        origins=tuple(sorted(values.get("origins", ()))),
        importer=values.get("by"),
        parcels=len(lines) or None,
        entry=body.index,
    )


def _sum(lines: Any) -> int | None:
    """The weight of all lines; None where one of them is not known."""
    weights = [line.get("weight") for line in lines]
    return None if None in weights or not weights else sum(weights)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def last_day(body: Body) -> int | None:
    """The last day on which it can have happened; a live act without a date happened when it was recorded."""
    if body.occurred is None:
        if body.values.get("documented"):
            return None
        return _last_day(day_of(body.recorded))
    return _last_day(body.occurred)


@lru_cache(maxsize=65_536)
def _last_day(text: str) -> int | None:
    return calendar_days(spans(text))[1]
