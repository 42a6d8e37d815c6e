"""Shipments under certificates as a list of rows, one for each export and each import: what two participants
compare. Read from a ledger or from proven acts here, from a partner's table in
`ledger.exchange.certificate_rows`.

Weights in thousandths of a carat, values in US cents; None is unknown, or withheld. A day is an ordinal: the
last day on which the act can have happened.
"""

from __future__ import annotations

import dataclasses
from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, groupby, islice
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from ledger.domain import events as e
from ledger.domain.state import replacement
from ledger.edtf import calendar_days, day_of, spans
from ledger.store.ordered import Ordered
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
    recorded it lost or stolen on the way, or, of an import, whom it was for was told so: then nothing came;
    ``entry`` its entry, where it comes from a ledger.
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


_NAMES = tuple(field.name for field in dataclasses.fields(Shipment))
_VALUES = attrgetter(*_NAMES)
_CLASSES, _ORIGINS = _NAMES.index("classes"), _NAMES.index("origins")
MOST = 120_000
"""So many shipments of a side are in memory at once; see `ledger.store.ordered`."""
_MOST_ACTS = 400_000


def shipments(journal: Journal, records: Records, own: str | None) -> Ordered[Shipment]:
    """Every export and import that the ledger records under a certificate, as it is now known to read, in the
    order of the certificates; ``own`` is whose ledger it is.
    """
    acts = _Acts(journal, records)
    made = in_order(_made(acts.told, own, acts.corrected))
    return made if acts.late is None else in_order(_confirmed(journal, made, acts.late, acts.corrected))


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
    told: list[Told] = []
    for index, act in known.items():
        if act.event.TYPE in _TOLD and isinstance(act.event, e.Event):
            values = e.write(corrected.get(index, act.event))
            body = Body(index, act.recorded, act.occurred, values, act.event.TYPE)
            told += _told(body, as_corrected=False)
    return list(_made(sorted(told, key=_BY), own, ()))


def in_order(found: Iterable[Shipment]) -> Ordered[Shipment]:
    """Shipments in the order of their certificates; those of one certificate as they came."""
    kept: Ordered[Shipment] = Ordered(attrgetter("certificate"), as_values, of_values, MOST)
    for one in found:
        kept.add(one)
    return kept


def as_values(one: Shipment) -> Sequence[Any]:
    """A shipment as JSON can hold it."""
    values: Sequence[Any] = _VALUES(one)
    return values


def of_values(values: list[Any]) -> Shipment:
    """The shipment of what `as_values` made of it, and JSON of that."""
    values[_CLASSES] = tuple((hs, weight) for hs, weight in values[_CLASSES])
    values[_ORIGINS] = tuple(values[_ORIGINS])
    return Shipment(*values)


Told = Sequence[Any]
"""What an act says of a certificate: the certificate, its type's place among `_TOLD`, its index, whether this
is how it reads as corrected; then what its type has."""
_BY = itemgetter(0, 1, 2)


class _Acts:
    """The acts of a ledger that are asked for: ``told`` what they say, by certificate; ``corrected``, those
    that count only as they read as corrected; ``late``, those confirmations that were not read, where there
    are many more of imports than of exports.
    """

    def __init__(self, journal: Journal, records: Records) -> None:
        self.told: Ordered[Told] = Ordered(_BY, list, list, _MOST_ACTS)
        self.late: array[int] | None = None
        self._journal, self._records = journal, records
        self._exports = 0
        confirmations, corrections = array("q"), array("q")
        self._read(self._places(confirmations, corrections))
        self.corrected = dict(self._corrections(corrections))
        self._read_corrected()
        if len(confirmations) > _OUTNUMBER * self._exports:
            self.late = confirmations
        else:
            self._read(iter(confirmations))

    def _places(self, confirmations: array[int], corrections: array[int]) -> Iterator[int]:
        """The entries that are asked for, but for those that are kept for later."""
        apart = {e.ImportConfirmed.TYPE: confirmations, e.Corrected.TYPE: corrections}
        for index, wire in self._journal.wires():
            if wire in apart:
                apart[wire].append(index)
            elif wire in _TOLD:
                self._exports += wire == e.Exported.TYPE
                yield index

    def _read(self, indexes: Iterator[int]) -> None:
        from ledger.store.bodies import bodies

        add = self.told.add
        while page := list(islice(indexes, _PAGE)):
            for body in bodies(self._journal, page, _OPENED):
                for told in _told(body, as_corrected=False):
                    add(told)

    def _corrections(self, indexes: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Which entries were corrected, and by which one; the last correction last."""
        for index in indexes:
            if (found := self._now(index)) is not None:
                yield found[0], index

    def _now(self, index: int) -> tuple[int, dict[str, Any]] | None:
        """What an entry says as a correction has it; None where that is not known here."""
        correction = self._records.recorded(index)
        event = correction.event
        if isinstance(event, e.Corrected) and correction.about is not None:
            now = replacement(event, correction.about).event
            if isinstance(now, e.Event):
                return event.index, e.write(now)
        return None

    def _read_corrected(self) -> None:
        from ledger.store.bodies import bodies

        indexes = iter(sorted(self.corrected))
        while page := list(islice(indexes, _PAGE)):
            for body in bodies(self._journal, page):
                now = self._now(self.corrected[body.index]) if body.wire in _TOLD else None
                if now is not None:
                    for told in _told(dataclasses.replace(body, values=now[1]), as_corrected=True):
                        self.told.add(told)


def _confirmed(
    journal: Journal, found: Iterable[Shipment], late: array[int], corrected: Collection[int]
) -> Iterator[Shipment]:
    """Shipments, with what the confirmations say of exports among them that were not read so far."""
    from ledger.store.bodies import bodies

    every = iter(found)
    while page := list(islice(every, _PAGE)):
        names = {f"certificate:{one.certificate}" for one in page if one.flow == EXPORT}
        guarding = set(chain.from_iterable(journal.guarding(sorted(names)).values())) if names else set()
        asked = sorted(index for index in guarding if _among(late, index) and index not in corrected)
        known = {body.values.get("certificate") for body in bodies(journal, asked)}
        for one in page:
            is_known = one.flow == EXPORT and one.certificate in known
            yield dataclasses.replace(one, confirmed=True) if is_known else one


def _among(indexes: array[int], index: int) -> bool:
    place = bisect_left(indexes, index)
    return place < len(indexes) and indexes[place] == index


_PAGE = 1_000
_OPENED = {e.CertificateIssued.TYPE: ("value",), e.Imported.TYPE: ("value",)}


def _told(body: Body, *, as_corrected: bool) -> Iterator[Told]:
    """What an act says of a certificate; nothing of one that names none."""
    name = body.values.get("certificate")
    if name is not None:
        place, tell = _TOLD[body.wire]
        yield (name, place, body.index, as_corrected, *tell(body))


def _made(told: Iterable[Told], own: str | None, corrected: Collection[int]) -> Iterator[Shipment]:
    """The shipments that acts tell of, which come by certificate, and of each by type and index."""
    for name, acts in groupby(told, key=itemgetter(0)):
        paper: Told = (None, None, None, (), ())
        lost: Told = (None, None)
        known: set[int] = set()
        for _, place, index, is_now, *said in acts:
            if not is_now and index in corrected:
                continue
            if place == _EXPORTED:
                yield _exported(name, index, said, paper, known, own)
            elif place == _IMPORTED:
                yield _imported(name, index, said, own)
            known.add(place)
            paper = said if place == _ISSUED else paper
            lost = (*said, index) if place == _LOST else lost
        if _LOST in known and known.isdisjoint((_ISSUED, _EXPORTED, _IMPORTED)) and name[:2] != own:
            day, index = lost
            yield Shipment(name, IMPORT, None, own, day, None, lost=True, entry=index)


def _exported(
    name: str, index: int, said: Told, paper: Told, known: Collection[int], own: str | None
) -> Shipment:
    destination, day, parts, by, parcels, returns = said
    provenance, weight, value, classes, origins = paper
    return Shipment(
        certificate=name,
        flow=EXPORT,
        provenance=provenance or own,
        destination=destination,
        day=day,
        weight=parts if weight is None else weight,
        value=value,
        classes=tuple((hs, of) for hs, of in classes),
        origins=tuple(origins),
        exporter=by,
        parcels=parcels,
        confirmed=_CONFIRMED in known,
        back=returns or _RETURNED in known,
        lost=_LOST in known,
        entry=index,
    )


def _imported(name: str, index: int, said: Told, own: str | None) -> Shipment:
    provenance, day, weight, value, classes, origins, by, parcels = said
    return Shipment(
        certificate=name,
        flow=IMPORT,
        provenance=provenance,
        destination=own,
        day=day,
        weight=weight,
        value=value,
        classes=tuple((hs, of) for hs, of in classes),
        origins=tuple(origins),
        importer=by,
        parcels=parcels,
        entry=index,
    )


def _issue(body: Body) -> Told:
    values = body.values
    classes = [(line["hs"], line.get("weight")) for line in values.get("classes", ())]
    return (
        values.get("provenance"),
        values.get("weight"),
        _whole(values.get("value")),
        sorted((hs, weight) for hs, weight in classes if weight),
        sorted(values.get("origins", ())),
    )


def _nothing(_: Body) -> Told:
    return ()


def _loss(body: Body) -> Told:
    return (last_day(body),)


def _export(body: Body) -> Told:
    values = body.values
    parts = values.get("parts", ())
    returns = values.get("returns") is not None
    return (
        values.get("destination"),
        last_day(body),
        _sum(parts),
        values.get("by"),
        len(parts) or None,
        returns,
    )


def _import(body: Body) -> Told:
    values = body.values
    lines = values.get("lines", ())
    measured = _sum(lines)
    classes: dict[str, int] = {}
    for line in lines:
        if line.get("hs") is not None and line.get("weight"):
            classes[line["hs"]] = classes.get(line["hs"], 0) + line["weight"]
    return (
        values.get("provenance"),
        last_day(body),
        values.get("weight") if measured is None else measured,
        _whole(values.get("value")),
        sorted(classes.items()),
        sorted(values.get("origins", ())),
        values.get("by"),
        len(lines) or None,
    )


_ISSUED, _CONFIRMED, _RETURNED, _LOST, _EXPORTED, _IMPORTED = range(6)
_TOLD: dict[str, tuple[int, Callable[[Body], Told]]] = {
    e.CertificateIssued.TYPE: (_ISSUED, _issue),
    e.ImportConfirmed.TYPE: (_CONFIRMED, _nothing),
    e.ShipmentReturned.TYPE: (_RETURNED, _nothing),
    e.ShipmentLost.TYPE: (_LOST, _loss),
    e.Exported.TYPE: (_EXPORTED, _export),
    e.Imported.TYPE: (_IMPORTED, _import),
}


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
