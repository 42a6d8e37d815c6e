"""A book of acts without bytes: the domain alone, for tests of rules and folds.

Keys are names hashed (the domain never looks inside them); time is a counter that starts on 2 January 2024
and steps one minute an entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from ledger.domain import events as e
from ledger.domain import rules
from ledger.domain.refusal import Refusal
from ledger.domain.state import EMPTY, State, evolve, fold, guarded, replacement

START = 1_704_153_600_000_000
MINUTE = 60_000_000
ORIGIN = "ledger.example/bw/test"


def key(name: str) -> bytes:
    """The author bytes of a named key."""
    return b"\x01" + hashlib.sha256(name.encode()).digest()


class Book:
    """An opened ledger with parties of every role, one site, and the licences they need."""

    def __init__(self, *, opened: bool = True) -> None:
        self.state: State = EMPTY
        self.records: list[e.Recorded] = []
        if opened:
            self._open()

    def _open(self) -> None:
        opening = e.LedgerOpened(
            by="ministry",
            origin=ORIGIN,
            participant="BW",
            keys=("vkey",),
            authority_key=key("ministry"),
            recovery_key=key("recovery"),
        )
        self.do(opening)
        for role in (
            "miner",
            "dealer",
            "cutter",
            "laboratory",
            "agent",
            "carrier",
            "clerk",
            "observer",
            "archivist",
        ):
            self.party(f"{role}-1", role)
        self.party("dealer-2", "dealer")
        self.do(e.SiteRegistered(by="ministry", site="karowe", in_country="BW", mining="industrial"))
        self.licence("miner-1", "mining", site="karowe")
        self.licence("miner-1", "export")
        self.licence("dealer-1", "dealing")
        self.licence("dealer-1", "export")
        self.licence("dealer-1", "import")
        self.licence("dealer-2", "dealing")
        self.licence("cutter-1", "cutting")

    def party(self, party: str, *roles: str) -> None:
        """Registers a party and enrols its key."""
        self.do(e.PartyRegistered(by="ministry", party=party, roles=roles))
        self.do(e.KeyEnrolled(by="ministry", party=party, key=key(party), proof=bytes(64)))

    def licence(self, party: str, kind: str, **more: Any) -> str:
        """Grants a licence from 2020 on and returns its number."""
        number = f"{party}/{kind}"
        self.do(
            e.LicenceGranted(
                by="ministry", licence=number, party=party, licensed=kind, since="2020-01-01", **more
            )
        )
        return number

    def act(self, event: e.Event, *, author: str | None = None, **more: Any) -> e.Recorded:
        """The act as it would be recorded now."""
        index = len(self.records)
        about = None
        if isinstance(event, e.Corrected | e.Attested | e.DisclosureErased) and event.index < index:
            about = self.records[event.index]
        return e.Recorded(
            index=index,
            recorded=START + index * MINUTE,
            author=key(author or more.get("on_behalf") or event.by or "nobody"),
            event=event,
            hash=hashlib.sha256(str(index).encode()).digest(),
            about=about,
            **more,
        )

    def attempt(self, event: e.Event, **more: Any) -> list[Refusal]:
        """What the rules say; nothing is recorded."""
        act = self.act(event, **more)
        return rules.refusals(self.state, act, self.histories(act))

    def codes(self, event: e.Event, **more: Any) -> list[str]:
        """The codes of what the rules say."""
        return [refusal.code for refusal in self.attempt(event, **more)]

    def do(self, event: e.Event, **more: Any) -> e.Recorded:
        """Records the act; fails the test when a rule refuses."""
        act = self.act(event, **more)
        refused = rules.refusals(self.state, act, self.histories(act))
        assert refused == [], [str(refusal) for refusal in refused]
        return self.force(act)

    def force(self, act: e.Recorded) -> e.Recorded:
        """Records the act whatever the rules say: what an older or other version may have recorded."""
        self.records.append(act)
        self.state = evolve(self.state, act)
        return act

    def histories(self, act: e.Recorded) -> Sequence[e.Recorded]:
        """What `rules.refusals` asks for with a correction."""
        event, about = act.event, act.about
        if not isinstance(event, e.Corrected) or about is None or isinstance(about.event, e.Opaque):
            return ()
        named = {*guarded(about.event), *guarded(replacement(event, about).event)}
        near = [r for r in self.records if named & set(guarded(r.event, r.about))]
        wider = {name for r in near for name in guarded(r.event, r.about)}
        return [r for r in self.records if wider & set(guarded(r.event, r.about))]

    def mine(self, parcel: str, weight: int, **more: Any) -> e.Recorded:
        """One parcel recovered at the site."""
        line = e.Goods(parcel, weight, **more)
        return self.do(e.Mined(by="miner-1", site="karowe", lines=(line,)))

    def certify(self, parcel: str, weight: int, number: str = "BW 107", *, exporter: str = "miner-1") -> str:
        """A certificate for one parcel to Belgium, issued by the ministry."""
        event = certificate(parcel, weight, number, exporter=exporter)
        self.do(event)
        return event.certificate

    def refolded(self) -> State:
        """The state folded from zero."""
        return fold(self.records)


def certificate(parcel: str, weight: int, number: str = "BW 107", **more: Any) -> e.CertificateIssued:
    """A certificate for one parcel to Belgium."""
    from ledger.domain.vocabulary import certificate_key

    values: dict[str, Any] = {
        "by": "ministry",
        "certificate": certificate_key("BW", number),
        "number": number,
        "normalisation": "plain/1",
        "parts": (e.Part(parcel, weight),),
        "classes": (e.ClassWeight("710210", weight),),
        "weight": weight,
        "value": 5_300_000_00,
        "origins": ("BW",),
        "provenance": "BW",
        "destination": "EU",
        "exporter": "miner-1",
        "importer": "Example Diamonds, Antwerp",
        "expiry": "2024-03-31",
    }
    return e.CertificateIssued(**{**values, **more})
