"""A trace that goes on where goods came from another ledger: border by border, with what was verified there.

    borders = across(records, tracing.trace(records, "S1"), [open_("ae/adamas.db"), open_("sl.zip")])

At each border the importing ledger has recorded which entry of which ledger the certificate is, and pinned
that ledger's checkpoints. A source is held to both before a word of it is believed:

(1) it has the entry that the import names, with the same hash; otherwise it is another history (`FAULT`)
(2) at every size that the importing ledger pinned it has the pinned root; otherwise it forked (`FAULT`)
(3) what stands under a checkpoint is signed by a key under which the importing ledger recognises it

What a source cannot tell is *not shown*; where no ledger was named, or none of it is at hand, the border says
so. Sealed fields that are not opened here are counted as withheld.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from ledger import messages
from ledger.chain.proof_steps import FAULT, NOT_SHOWN, OK
from ledger.domain import events as e
from ledger.domain import fields
from ledger.domain.moments import NOW, OCCURRED, Acts, Moment
from ledger.domain.partners import Partner
from ledger.domain.state import fold_subject
from ledger.federation.sources import LETTER, Source, signed_by
from ledger.projections import tracing
from ledger.projections.lineage import Lineage, Origin
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, and how it stands: ok, a fault, or not shown."""

    standing: str
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return messages.text(self.code, self.values)


@dataclass(frozen=True, slots=True)
class Border:
    """Goods that came from another ledger: ``parcel`` here, ``foreign`` there, under ``certificate``.

    ``origin`` None where the import names no ledger; ``place`` None where no source of it is at hand;
    ``lineage`` None where the trace ends; ``withheld``: sealed fields by name, how many; ``onward``: the
    borders behind it.
    """

    parcel: str
    certificate: str | None
    foreign: str | None
    countries: tuple[str, ...]
    origin: str | None = None
    place: str | None = None
    checks: tuple[Check, ...] = ()
    lineage: Lineage | None = None
    withheld: Mapping[str, int] = field(default_factory=dict)
    onward: tuple[Border, ...] = ()

    @property
    def ends(self) -> bool:
        """Whether the trace ends here without having reached where the goods began."""
        return self.lineage is None


def across(acts: Acts, lineage: Lineage, sources: Sequence[Source]) -> tuple[Border, ...]:
    """The borders behind a lineage, and those behind them; each ledger's parcel is walked once."""
    return _Crossing(sources, lineage.moment).behind(acts, lineage)


def mines(lineage: Lineage, borders: Iterable[Border]) -> Iterator[tuple[str | None, Origin]]:
    """Where all goods began, as far as they were followed: the ledger that tells it (None: the own one) and
    the origin."""
    for origin in lineage.origins:
        if origin.kind != "imported":
            yield None, origin
    for border in borders:
        if border.lineage is not None:
            for told, origin in mines(border.lineage, border.onward):
                yield told or border.origin, origin


class _Crossing:
    def __init__(self, sources: Sequence[Source], moment: Moment) -> None:
        self._sources = sources
        # other ledgers count their entries for themselves: of the moments only the world's own goes along
        self._moment = moment if moment.kind == OCCURRED else NOW
        self._met: set[tuple[str, str]] = set()

    def behind(self, acts: Acts, lineage: Lineage) -> tuple[Border, ...]:
        imports = [origin for origin in lineage.origins if origin.kind == "imported"]
        return tuple(self._border(acts, origin) for origin in imports)

    def _border(self, acts: Acts, origin: Origin) -> Border:
        border = Border(origin.parcel, origin.certificate, origin.foreign, origin.countries)
        event = _import(acts, origin)
        if event is None or event.origin is None:
            return replace(border, checks=(Check(NOT_SHOWN, "border-no-ledger"),))
        border = replace(border, origin=event.origin)
        at_hand = [source for source in self._sources if source.origin == event.origin]
        if not at_hand:
            return replace(border, checks=(Check(NOT_SHOWN, "border-no-source", {"origin": event.origin}),))
        partner = fold_subject("partner:" + event.origin, acts.of("partner:" + event.origin))
        tried = [self._try(border, event, partner, source) for source in at_hand]
        return next((one for one in tried if not one.ends), tried[0])

    def _try(self, border: Border, event: e.Imported, partner: Any, source: Source) -> Border:
        known = partner if isinstance(partner, Partner) else None
        checks = [*_entry(event, source), *_pinned(known, source), *_signed(known, source)]
        border = replace(border, place=source.place, checks=tuple(checks))
        if any(check.standing == FAULT for check in checks):
            return border
        foreign = border.foreign
        if foreign is None:
            return _ended(border, "border-no-parcel")
        if not source.acts.of("parcel:" + foreign):
            return _ended(border, "border-parcel-unknown", parcel=foreign)
        if (source.origin, foreign) in self._met:
            return _ended(border, "border-met", parcel=foreign)
        self._met.add((source.origin, foreign))
        lineage = tracing.trace(source.acts, foreign, self._moment)
        onward = self.behind(source.acts, lineage)
        return replace(border, lineage=lineage, withheld=_withheld(lineage), onward=onward)


def _ended(border: Border, code: str, **values: Any) -> Border:
    return replace(border, checks=(*border.checks, Check(NOT_SHOWN, code, values)))


def _import(acts: Acts, origin: Origin) -> e.Imported | None:
    for record in acts.of("parcel:" + origin.parcel):
        if record.index == origin.index and isinstance(record.event, e.Imported):
            return record.event
    return None


def _entry(event: e.Imported, source: Source) -> Iterator[Check]:  # (1)
    if event.entry is None or event.hash is None:
        yield Check(NOT_SHOWN, "border-entry-unnamed")
        return
    found = source.leaf(event.entry)
    values = {"index": event.entry, "origin": source.origin}
    if found is None:
        yield Check(NOT_SHOWN, "border-entry-absent", values)
    else:
        code = "border-entry" if found == event.hash else "border-entry-other"
        yield Check(OK if found == event.hash else FAULT, code, values)


def _pinned(partner: Partner | None, source: Source) -> Iterator[Check]:  # (2)
    pins = () if partner is None else partner.pins
    told = [(size, root, source.root(size)) for size, root, _, _ in pins]
    wrong = [size for size, root, found in told if found is not None and found != root]
    right = [size for size, root, found in told if found == root]
    if wrong:
        yield Check(FAULT, "border-forked", {"size": min(wrong), "origin": source.origin})
    elif right:
        yield Check(OK, "border-pinned", {"size": max(right), "origin": source.origin})
    else:
        yield Check(NOT_SHOWN, "border-not-pinned", {"origin": source.origin})


def _signed(partner: Partner | None, source: Source) -> Iterator[Check]:  # (3)
    if source.signed is None:
        return
    signed = signed_by(source, () if partner is None else _keys(partner, source))
    values = {"size": source.size, "origin": source.origin}
    if signed is None:
        yield Check(NOT_SHOWN, "border-keys", values)
    else:
        yield Check(OK if signed else FAULT, "border-signed" if signed else "border-not-signed", values)
    if source.kind == LETTER:
        yield Check(NOT_SHOWN, "border-letter", values)


def _keys(partner: Partner, source: Source) -> tuple[str, ...]:
    """The keys that speak for a partner, and those that did when this very checkpoint was pinned."""
    if source.signed is None:
        return partner.keys
    head = source.signed.checkpoint
    if not any((size, root) == (head.size, head.root) for size, root, _, _ in partner.pins):
        return partner.keys
    earlier = (act.event.keys for act in partner.acts if isinstance(act.event, e.PartnerRecognised))
    return tuple(dict.fromkeys([*partner.keys, *(key for keys in earlier for key in keys)]))


def _withheld(lineage: Lineage) -> dict[str, int]:
    """The sealed fields in the lineage's acts that are not opened here."""
    events = {stage.entry: stage.event for node in lineage.nodes.values() for stage in node.history.stages}
    counted: dict[str, int] = {}
    for event in events.values():
        for one in fields.table(type(event)):
            if one.sealed and isinstance(getattr(event, one.name), fields.Withheld):
                counted[one.name] = counted.get(one.name, 0) + 1
    return dict(sorted(counted.items()))
