"""One act of a source as an act of the ledger: its type, the pieces it is about, what it could not say.

`complete`, whether the outputs of a polishing are all of them, is told by a source only where its total
equals the outputs' sum, or where it says that others have no published weight:

| history, act           | complete | because the source says                                        |
|------------------------|----------|----------------------------------------------------------------|
| lesotho-promise 4      | yes      | "26 polished stones, 223.35 ct total"; the outputs sum to that |
| star-of-sierra-leone 4 | yes      | "17 stones, 238.48 ct", the re-cut stone among them            |
| alrosa-dynasty 2       | yes      | "76.22 ct (42.6% yield)"; the outputs sum to that              |
| cullinan-blue-122 3    | yes      | "Four blues, 52.78 ct"; the outputs sum to that                |
| golden-jubilee 2       | yes      | "72.2% yield", one stone                                       |
| lesedi-la-rona 7       | no       | "67 polished stones", one weight                               |
| light-of-letseng 4     | no       | "other outputs not published"                                  |
| graff-venus 3          | no       | "22 further stones without published weights"                  |
| 4-de-fevereiro 7       | no       | "other outputs not published"                                  |
| star-of-sierra-leone 3 | no       | "First principal stone, later re-cut"                          |
| incomparable-890 6     | no       | "14 satellites [...] without published weights"                |
| cullinan-heritage 3    | no       | "24 D IF stones; only the largest weight is published"         |

Everywhere else it stays unknown, also where one output and a yield are given: who says 40.6 % of one stone
does not say that nothing else was cut from the rough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import Any

from ledger import messages
from ledger.domain import events as e
from ledger.domain.vocabulary import Channel, Loss, carats
from ledger.exchange.history_form import History, SourceAct
from ledger.exchange.history_pieces import Found, Pieces
from ledger.values import dataclass

COMPLETE = {
    ("lesotho-promise", 4): True, ("star-of-sierra-leone", 4): True, ("alrosa-dynasty", 2): True,
    ("cullinan-blue-122", 3): True, ("golden-jubilee", 2): True, ("lesedi-la-rona", 7): False,
    ("light-of-letseng", 4): False, ("graff-venus", 3): False, ("4-de-fevereiro", 7): False,
    ("star-of-sierra-leone", 3): False, ("incomparable-890", 6): False, ("cullinan-heritage", 3): False,
}  # fmt: skip

WITH_COUNTERPARTY = frozenset({"sold", "reported", "certified"})
"""The acts that have a field for the other side."""

ROUGH = "710210"
"""Unsorted rough: what a polishing left over unpolished; of its class no source tells more."""


@dataclass(slots=True)
class Retold:
    """An act before its note is written: the event, its own discrepancies, what was told of it already.

    ``weight_told``: the weight that the source states stands in the event, or is what its one parcel last
    weighed.
    """

    event: e.Event
    discrepancies: list[e.Discrepancy] = field(default_factory=list)
    weight_told: bool = False
    published: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Telling:
    """What an act is told with: who acts and to whom are ids of parties here, None for nobody known."""

    history: History
    pieces: Pieces
    act: SourceAct
    by: str | None
    to: str | None
    site: str | None

    @property
    def words(self) -> str:
        """Where the act may name its piece."""
        return " ".join(filter(None, (self.act.note, self.act.place)))

    @property
    def shared(self) -> dict[str, Any]:
        """The fields that every event has."""
        return {"by": self.by, "country": self.act.country, "place": self.act.place, "documented": True}


def named(code: str, subject: str, **values: Any) -> e.Discrepancy:
    """A discrepancy that this reading found, with its sentence."""
    return e.Discrepancy(code, subject, messages.text(code, values))


def retell(telling: Telling) -> Retold:
    """The act of the ledger for an act of a source; the pieces know of it afterwards."""
    return _TYPES[telling.act.type](telling)


def channel(act: SourceAct) -> str | None:
    """How the source says goods were offered or sold, by the words it uses of the place."""
    words = (act.place or "").casefold()
    if act.type == "tendered":
        words += " " + (act.note or "").casefold()
    for word, meant in (("auction", Channel.AUCTION), ("tender", Channel.TENDER), ("ebay", Channel.INTERNET)):
        if word in words:
            return meant.value
    return Channel.TENDER.value if act.type == "tendered" else None


def _is_told(telling: Telling, found: Found) -> bool:
    """True when the stated weight is what the one parcel was last said to weigh."""
    return len(found.ids) == 1 and telling.pieces.last_weight(found.ids[0]) == telling.act.weight


def _found(found: Found, wire: str) -> list[e.Discrepancy]:
    code = found.doubt
    if code is None:
        return []
    subject = f"parcel:{found.ids[0]}" if found.told and len(found.ids) == 1 else f"act:{wire}"
    return [named(code, subject, **found.values)]


def _as_report(telling: Telling, found: Found) -> Retold:
    """What could not have its own type: which of the parcels it changed is not known, so it changes none."""
    act = telling.act
    report = e.Reported(parcels=found.ids, report=_report(act), to=telling.to, **telling.shared)
    wanting = named("recorded-as-report", f"act:{e.Reported.TYPE}", type=act.type)
    return Retold(report, [wanting, *_found(found, e.Reported.TYPE)])


def _report(act: SourceAct) -> str:
    return act.note or act.type


def _mined(telling: Telling) -> Retold:
    act, pieces = telling.act, telling.pieces
    if act.outputs:
        lines = _begin(telling)
    else:
        stones = 1 if telling.history.kind == "stone" else None
        first = pieces.begin(telling.history.name, act.weight)
        lines = (e.Goods(first, act.weight, stones, None, telling.history.name),)
    told = [] if act.weight is None else _total(act.weight, lines)
    return Retold(e.Mined(site=telling.site, lines=lines, **telling.shared), told, True)


def _total(weight: int, lines: Sequence[e.Goods]) -> list[e.Discrepancy]:
    summed = sum(line.weight or 0 for line in lines)
    if summed == weight:
        return []
    values = {"stated": carats(weight), "summed": carats(summed)}
    return [named("weights-differ", f"act:{e.Mined.TYPE}", **values)]


def _begin(telling: Telling) -> tuple[e.Goods, ...]:
    """The outputs as goods; one that nobody polished is rough still."""
    return tuple(
        e.Goods(
            telling.pieces.begin(piece.name, piece.weight, numbered=True), piece.weight, None,
            ROUGH if (piece.name or "").casefold().startswith("unpolished") else None, piece.name,
        )
        for piece in telling.act.outputs
    )  # fmt: skip


def _derived(goods: Sequence[e.Goods]) -> list[e.Discrepancy]:
    """Remainders that somebody computed: a name that says so has no weighing behind it."""
    return [
        named("output-derived", f"parcel:{line.parcel}", name=line.name)
        for line in goods
        if "(derived" in (line.name or "")
    ]


def _divided(telling: Telling) -> Retold:
    act, pieces = telling.act, telling.pieces
    found = pieces.find(act.weight, telling.words)
    if not found.told or len(found.ids) != 1:
        return _as_report(telling, found)
    pieces.close(found.ids)
    outputs = _begin(telling)
    event: e.Event
    if act.type == "split":
        event = e.Split(parcel=found.ids[0], outputs=outputs, **telling.shared)
    else:
        complete = act.complete
        if complete is None:
            complete = COMPLETE.get((telling.history.id, act.number))
        event = e.Polished(parcel=found.ids[0], outputs=outputs, complete=complete, **telling.shared)
    return Retold(event, _found(found, event.TYPE) + _derived(outputs), _is_told(telling, found))


def _weighed(telling: Telling) -> Retold:
    act, pieces = telling.act, telling.pieces
    found = pieces.weighed(act.weight, telling.words)
    if not found.told or len(found.ids) != 1:
        return _as_report(telling, found)
    pieces.weigh(found.ids[0], act.weight)
    event = e.Weighed(parcel=found.ids[0], weight=act.weight, **telling.shared)
    return Retold(event, _found(found, event.TYPE), True)


def _mixed(telling: Telling) -> Retold:
    act, pieces = telling.act, telling.pieces
    if len(act.outputs) > 1:
        return _as_report(telling, Found(pieces.open()))
    inputs = pieces.open()
    pieces.close(inputs)
    name = act.outputs[0].name if act.outputs else None
    weight = act.outputs[0].weight if act.outputs else act.weight
    output = pieces.begin(name, weight)
    event = e.Mixed(inputs=inputs, output=output, weight=weight, name=name, **telling.shared)
    return Retold(event, [], weight == act.weight)


def _of_parcels(make: Callable[[Telling, tuple[str, ...]], e.Event]) -> Callable[[Telling], Retold]:
    """For the types whose parcels may stay untold, but not be guessed."""

    def retold(telling: Telling) -> Retold:
        found = telling.pieces.find(telling.act.weight, telling.words)
        if found.doubt == "piece-unresolved":
            return _as_report(telling, found)
        event = make(telling, found.ids)
        return Retold(event, _found(found, event.TYPE), _is_told(telling, found))

    return retold


def _offered(telling: Telling, parcels: tuple[str, ...]) -> e.Event:
    outcome = "unsold" if "unsold" in (telling.act.note or "").casefold() else None
    return e.Offered(parcels=parcels, channel=channel(telling.act), outcome=outcome, **telling.shared)


def _sold(telling: Telling) -> Retold:
    act = telling.act

    def sale(telling: Telling, parcels: tuple[str, ...]) -> e.Event:
        return e.Sold(parcels=parcels, to=telling.to, channel=channel(act), price=act.price, **telling.shared)

    retold = _of_parcels(sale)(telling)
    if isinstance(retold.event, e.Sold) and act.price is not None:
        retold.published = frozenset({"price"})
    return retold


def _lost(telling: Telling, parcels: tuple[str, ...]) -> e.Event:
    return e.Lost(parcels=parcels, how=Loss.STOLEN.value, **telling.shared)


def _weights(telling: Telling, parcels: tuple[str, ...]) -> list[tuple[str, int | None]]:
    """The parcels with the weight the act gives a single one; several are not weighed one by one."""
    return [(parcel, telling.act.weight if len(parcels) == 1 else None) for parcel in parcels]


def _imported(telling: Telling) -> Retold:
    def arrival(telling: Telling, parcels: tuple[str, ...]) -> e.Event:
        lines = tuple(e.Arrival(parcel, weight) for parcel, weight in _weights(telling, parcels))
        return e.Imported(lines=lines, **telling.shared)

    retold = _of_parcels(arrival)(telling)
    retold.weight_told |= isinstance(retold.event, e.Imported) and len(retold.event.lines) == 1
    return retold


def destination(telling: Telling) -> str | None:
    """The country an export goes to: that of a place which the history's own later acts put in it."""
    words = telling.act.counterparty
    later = telling.history.acts[telling.act.number :]
    return next((a.country for a in later if words and a.country and (a.place or "").startswith(words)), None)


def _exported(telling: Telling) -> Retold:
    def departure(telling: Telling, parcels: tuple[str, ...]) -> e.Event:
        parts = tuple(e.Part(parcel, weight) for parcel, weight in _weights(telling, parcels))
        return e.Exported(parts=parts, destination=destination(telling), **telling.shared)

    retold = _of_parcels(departure)(telling)
    retold.weight_told |= isinstance(retold.event, e.Exported) and len(retold.event.parts) == 1
    return retold


def _reported(telling: Telling) -> Retold:
    act = telling.act
    found = telling.pieces.reported(act.weight, telling.words)
    event = e.Reported(parcels=found.ids, report=_report(act), to=telling.to, **telling.shared)
    told = _found(found, event.TYPE)
    if act.type == "certified":
        told.insert(0, named("certified-without-number", f"act:{event.TYPE}"))
    return Retold(event, told, _is_told(telling, found))


_TYPES: dict[str, Callable[[Telling], Retold]] = {
    "mined": _mined,
    "split": _divided,
    "polished": _divided,
    "weighed": _weighed,
    "mixed": _mixed,
    "tendered": _of_parcels(_offered),
    "sold": _sold,
    "stolen": _of_parcels(_lost),
    "imported": _imported,
    "exported": _exported,
    "reported": _reported,
    "certified": _reported,
}
