"""What the port refuses: attempts on the ledger of `demonstration_port`, and on ledgers that are not there
yet or not any more. Nothing of them is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Unpack

from ledger.domain import events as e
from ledger.domain import rules
from ledger.domain.refusal import Refusal
from ledger.domain.state import fold
from ledger.exchange.demonstration import MINISTRY, Cast, Said
from ledger.exchange.demonstration_port import (
    FORKED,
    OPENED,
    ORDERED_BACK,
    OTHERWISE,
    TRADER,
    WAITING,
    applied,
    foreign,
    issued,
    paper,
    renamed,
    sent_back,
)
from ledger.exchange.demonstration_refusals import (
    ARRIVAL,
    BORDER,
    ENTRIES,
    EVIDENCE,
    RETURN,
    STANDING,
    Attempt,
)
from ledger.keys import SigningKey
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Imagined:
    """A ledger of a few entries that nobody keeps: the rules are asked what they would say of the next."""

    entries: tuple[e.Recorded, ...]

    def preview(self, event: e.Event, key: SigningKey, **said: Unpack[Said]) -> list[Refusal]:
        """As `ledger.application.Ledger.preview`."""
        at = len(self.entries)
        around = said.get("occurred"), said.get("on_behalf")
        act = e.Recorded(at, at, key.public, event, *around, sources=len(said.get("evidence", ())))
        return rules.refusals(fold(self.entries), act)


def port_attempts(cast: Cast) -> Iterator[Attempt]:
    """All attempts on the port's ledger, and on those that are none."""
    yield from _begun_and_ended(cast)
    yield from _arriving(cast)
    yield from _sending_back(cast)
    yield from _issuing(cast)
    yield from _acquired(cast)
    yield from _entries(cast)


def _begun_and_ended(cast: Cast) -> Iterator[Attempt]:
    authority, stranger = cast.keys[MINISTRY], cast.keys["stranger"]
    opening = e.LedgerOpened(
        by=MINISTRY, origin="ledger.example/none", participant="XA", keys=("a+key",),
        authority_key=authority.public, recovery_key=stranger.public,
    )  # fmt: skip
    first = e.Recorded(0, 0, authority.public, opening)
    closing = e.LedgerClosed(by=MINISTRY, size=1, root=bytes(32), successor="ledger.example/next")
    ended = Imagined((first, e.Recorded(1, 1, authority.public, closing)))
    party = e.PartyRegistered(by=MINISTRY, party="dealer-1", roles=("dealer",))
    yield Attempt(STANDING, "ledger-not-opened", party, MINISTRY, on=Imagined(()))
    yield Attempt(STANDING, "ledger-opened-by-other", opening, "stranger", on=Imagined(()))
    yield Attempt(STANDING, "ledger-closed", party, MINISTRY, on=ended)


def _arriving(cast: Cast) -> Iterator[Attempt]:
    def no(code: str, event: e.Imported) -> Attempt:
        return Attempt(ARRIVAL, code, event, TRADER, {"occurred": cast.day(1)})

    def of(serial: int, **more: Any) -> e.Imported:
        return paper(cast, serial, "X", 1_000, **more)

    proven = of(1, country="XA", origin=FORKED, entry=1, hash=bytes(32))
    yield no("certificate-needed", replace(of(9), certificate=None, number=None))
    yield no("certificate-lost", of(7))
    yield no("certificate-issued-later", of(9, issued=cast.day(0)))
    yield no("certificate-on-paper", of(9, country="BW"))
    yield no("partner-forked", proven)
    yield no("standing-no", of(9, country="XA"))
    yield no("attestation-missing", of(9, country="XB"))
    yield no("inspection-missing", of(9))
    yield no("container-opened", of(3))
    yield no("seals-differ", of(3, seals=("S-2",)))
    yield no("certificate-nonconforming", of(4))
    yield no("certificate-detained", of(10))
    yield no("inspection-differs", of(11))
    early = e.ShipmentDetained(by=MINISTRY, certificate=OTHERWISE, ground="an example")
    yield Attempt(ARRIVAL, "certificate-order", early, MINISTRY, {"occurred": cast.day(25)})


def _sending_back(cast: Cast) -> Iterator[Attempt]:
    def no(code: str, event: e.Event, party: str = MINISTRY) -> Attempt:
        return Attempt(RETURN, code, event, party, {"occurred": cast.day(1)})

    other = e.ShipmentRejected(by=MINISTRY, certificate=WAITING, reason="an example", technical="AE/00000099")
    leaves = e.Exported(
        by=TRADER, certificate="AE/00000006", parts=(e.Part("LOT", 1_000),), destination="EU", returns=WAITING
    )
    yield no("technical-shipment", sent_back(cast, 9, foreign(1)))
    yield no("technical-parcel", sent_back(cast, 9, OPENED, "D-1"))
    yield no("technical-twice", sent_back(cast, 9, ORDERED_BACK))
    yield no("technical-unknown", other)
    yield no("technical-not-rejected", leaves, TRADER)


def _issuing(cast: Cast) -> Iterator[Attempt]:
    def no(code: str, event: e.Event) -> Attempt:
        return Attempt(BORDER, code, event, MINISTRY, {"occurred": cast.day(1)})

    asked = issued(cast, 9, "D-1", 10_000)
    yield no("application-needed", asked)
    yield no("certificate-value", replace(asked, application="A-1"))
    yield no("certificate-replaced", issued(cast, 9, "D-2", 5_000, replaces="AE/00000002"))
    unsealed = e.CertificateValidated(by=MINISTRY, certificate="AE/00000003")
    yield no("seals-missing", unsealed)


def _acquired(cast: Cast) -> Iterator[Attempt]:
    def no(code: str, event: e.CertificateApplied) -> Attempt:
        return Attempt(EVIDENCE, code, event, TRADER, {"occurred": cast.day(1)})

    yield no("acquired-elsewhere", applied("A-2", "D-1", foreign(2), 1_000))
    yield no("acquired-spent", applied("A-2", "D-1", foreign(1), 1_000))
    yield no("acquired-weight", applied("A-2", "D-1", foreign(1), 11_000))
    yield no("acquired-missing", applied("A-2", "D-1", None))


def _entries(cast: Cast) -> Iterator[Attempt]:
    index = next(r.index for r in cast.ledger.records.between() if isinstance(r.event, e.Imported))
    erased = e.DisclosureErased(by=MINISTRY, index=index, digests=("none",), ground="an example")
    yield Attempt(ENTRIES, "correction-twice", renamed(cast, "D-8", "D-8").event, TRADER)
    yield Attempt(ENTRIES, "retention-running", erased, MINISTRY)
