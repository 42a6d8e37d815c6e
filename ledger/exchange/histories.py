"""Documented histories into documented acts: what sources tell, recorded as they tell it.

Every act of a source becomes exactly one act here, of its own type wherever that is possible:

| the source says | becomes               | notes                                                           |
|-----------------|-----------------------|-----------------------------------------------------------------|
| mined           | `parcel-mined/1`      | several stones named: several lines                             |
| split           | `parcel-split/1`      | also breakage and cleaving; no outputs where none are published |
| weighed         | `parcel-weighed/1`    |                                                                 |
| tendered        | `parcel-offered/1`    | channel auction where place or note say so, else tender         |
| sold            | `parcel-sold/1`       | the price is published: it comes from public sources            |
| polished        | `parcel-polished/1`   | `complete` as `history_acts` says                               |
| imported        | `shipment-imported/1` | under a certificate nobody names                                |
| exported        | `shipment-exported/1` | likewise                                                        |
| mixed           | `parcel-mixed/1`      | of all the history's open pieces                                |
| stolen          | `parcel-lost/1`       |                                                                 |
| reported        | `parcel-reported/1`   |                                                                 |
| certified       | `parcel-reported/1`   | no certificate's number is given (`certified-without-number`)   |

An act on one of several pieces, nobody knows which, is a `parcel-reported/1` that names them all and the type
it could not have (`recorded-as-report`). What has no field of its own (a date in words, a stated weight, a
value, words that name nobody) stands in the note, in brackets. Parties and sites are registered as documented
the first time a history names them, by the archivist, on the evidence of that act. Nothing is added that no
source tells.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from ledger.domain import events as e
from ledger.domain.vocabulary import carats, dollars
from ledger.exchange.history_acts import WITH_COUNTERPARTY, Retold, Telling, named, retell
from ledger.exchange.history_dates import occurred
from ledger.exchange.history_form import History, SourceAct
from ledger.exchange.history_names import party_id, pseudonym
from ledger.exchange.history_pieces import Pieces
from ledger.values import dataclass

COMPILED = "2026-11-23"
"""The day on which the 37 histories were compiled: their sources were seen by then."""


@dataclass(frozen=True, slots=True)
class Told:
    """A documented act, ready to be signed.

    ``number`` counts the history's acts from 1; 0 is a registration. ``published`` are the sealed fields
    whose values come from public sources.
    """

    history: str
    number: int
    event: e.Event
    occurred: str | None
    evidence: tuple[dict[str, Any], ...]
    published: frozenset[str] = frozenset()


class Teller:
    """Tells histories as acts, one after the other.

    ``archivist`` registers the parties and sites, on the day ``on``; ``seen`` is the date when the sources
    were seen; ``known`` says of a subject (``party:petra-diamonds``) whether the ledger has it already;
    ``language`` is that of the texts.
    """

    def __init__(
        self,
        archivist: str,
        on: str,
        *,
        seen: str = COMPILED,
        known: Callable[[str], bool] = lambda subject: False,
        language: str | None = None,
    ) -> None:
        self._archivist = archivist
        self._on = on
        self._seen = seen
        self._known = known
        self._language = language
        self._spelled: dict[str, set[str]] = {}
        self._sites: dict[str, str | None] = {}

    def tell(self, history: History) -> Iterator[Told]:
        """The history's acts in their order, each behind the registrations it needs.

        Raises `Malformed` (``history-date``).
        """
        pieces = Pieces(history.id, history.kind)
        for act in history.acts:
            evidence = tuple(self._source(url) for url in act.sources)
            by, to = party_id(history.id, act.actor), None
            yield from self._register(history, act.actor, by, evidence)
            if act.type in WITH_COUNTERPARTY:
                to = party_id(history.id, act.counterparty)
                yield from self._register(history, act.counterparty, to, evidence)
            site = self._site_id(act) if act.type == "mined" else None
            if site is not None:
                yield from self._register_site(history, act, site, evidence)
            telling = Telling(history, pieces, act, by, to, site)
            new = history.id not in pieces
            yield self._told(telling, retell(telling), evidence)
            if new and history.id in pieces and act.type != "mined":
                yield self._call(history, evidence)

    def _source(self, url: str) -> dict[str, Any]:
        return {"title": _host(url) or url, "url": url, "seen": self._seen}

    def _told(self, telling: Telling, retold: Retold, evidence: tuple[dict[str, Any], ...]) -> Told:
        act = telling.act
        found = list(retold.discrepancies)
        if act.date_note is not None:
            found.append(named("date-in-words", f"act:{retold.event.TYPE}", words=act.date_note))
        note = _note(telling, retold)
        event = dataclasses.replace(
            retold.event, discrepancies=tuple(found), note=note, language=self._language if note else None
        )
        date = occurred(act, f"{telling.history.id}, act {act.number}")
        return Told(telling.history.id, act.number, event, date, evidence, retold.published)

    def _register(
        self, history: History, words: str | None, party: str | None, evidence: tuple[dict[str, Any], ...]
    ) -> Iterator[Told]:
        """The party, the first time it is named; another spelling of its name, the first time it is used."""
        if party is None or words is None:
            return
        spelled = self._spelled.setdefault(party, set())
        event: e.Event
        if not spelled and not self._known(f"party:{party}"):
            event = e.PartyRegistered(by=self._archivist, party=party, name=words, documented=True)
        elif spelled and words not in spelled:
            event = e.AliasRecorded(
                by=self._archivist, subject=f"party:{party}", alias=words, documented=True
            )
        else:
            spelled.add(words)
            return
        spelled.add(words)
        published = frozenset({"name"}) if isinstance(event, e.PartyRegistered) else frozenset[str]()
        yield Told(history.id, 0, event, self._on, evidence, published)

    def _call(self, history: History, evidence: tuple[dict[str, Any], ...]) -> Told:
        """The history's name, for the goods that it begins with otherwise than by mining them."""
        event = e.AliasRecorded(
            by=self._archivist, subject=f"parcel:{history.id}", alias=history.name, documented=True
        )
        return Told(history.id, 0, event, self._on, evidence)

    def _site_id(self, act: SourceAct) -> str | None:
        """One place, one site; a place of the same name in another country is another."""
        if act.place is None:
            return None
        site = pseudonym(act.place)
        if site in self._sites and self._sites[site] != act.country:
            site = f"{site}-{(act.country or 'unknown').lower()}"
        return site

    def _register_site(
        self, history: History, act: SourceAct, site: str, evidence: tuple[dict[str, Any], ...]
    ) -> Iterator[Told]:
        if site in self._sites or self._known(f"site:{site}"):
            return
        self._sites[site] = act.country
        event = e.SiteRegistered(
            by=self._archivist, site=site, name=act.place, in_country=act.country, documented=True
        )
        yield Told(history.id, 0, event, self._on, evidence)


def _note(telling: Telling, retold: Retold) -> str | None:
    """The source's note, and in brackets what else it says that has no field in the event."""
    note = None if isinstance(retold.event, e.Reported) and telling.act.note else telling.act.note
    beside = "; ".join(_beside(telling, retold))
    if not beside:
        return note
    return f"{note} [{beside}]" if note else f"[{beside}]"


def _beside(telling: Telling, retold: Retold) -> Iterator[str]:
    act, event = telling.act, retold.event
    if act.date_note is not None:
        yield f"date: {act.date_note}"
    if act.date_note is not None and act.date is not None:
        yield f"date stated: {act.date}"
    if act.weight is not None and not retold.weight_told:
        yield f"weight stated: {carats(act.weight)}"
    if act.weight_basis is not None:
        yield f"weights in: {act.weight_basis}"
    if act.price is not None and "price" not in retold.published:
        yield f"price: {dollars(act.price)}"
    if act.value is not None:
        yield f"value: {dollars(act.value)} ({act.value_basis or 'basis not stated'})"
    if act.actor is not None and telling.by is None:
        yield f"by: {act.actor}"
    if act.counterparty is not None and telling.to is None:
        yield f"to: {act.counterparty}"
    if isinstance(event, e.Reported) and act.outputs:
        yield "outputs: " + ", ".join(f"{piece.name} {carats(piece.weight)}" for piece in act.outputs)


def _host(url: str) -> str:
    """Whose page it is; empty where the text is no URL, which the source says all the same."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
