"""Alarms between ledgers: a fork is proven, a forged certificate told, an alert of others noted.

A fork stops imports from that partner (`fork-proved/1`, rule ``partner-forked``); what is merely doubtful
stops nothing by itself. An alert's text is sealed; whom it may be opened for, a grant or the sender says.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from ledger.chain.forks import ForkProof
from ledger.domain import events
from ledger.domain.events import AlertRaised, AlertReceived, ForkProved
from ledger.domain.refusal import Refusal
from ledger.domain.state import State
from ledger.errors import NotFound
from ledger.federation.mail import Mail
from ledger.federation.peers import refused
from ledger.messages import how_many
from ledger.store.records import Records

FAKE, FORK = "fake-certificate", "fork"
_LONGEST = 64
_MOST_TEXT = 4_000


def fork_acts(state: State, origin: str, proof: ForkProof, by: str) -> tuple[ForkProved, AlertRaised]:
    """The acts that record a proven fork: the proof's hash, and the alarm that others can be sent."""
    small, big = proof.smaller.checkpoint, proof.bigger.checkpoint
    sizes = f"{small.size} and {how_many('count-entries', big.size)}"
    text = f"{origin} signed two histories, of {sizes}; the proof convicts it."
    name = free_name(state, f"fork-{origin.rpartition('/')[2]}")
    alert = _raised({"by": by, "alert": name, "about": FORK, "code": FORK, "text": text})
    return ForkProved(by=by, origin=origin, proof=sha256(proof.encode()).digest()), alert


def fake_alert(state: State, certificate: str, refusal: Refusal, by: str) -> AlertRaised:
    """The alert that a certificate was refused, and why."""
    body = {
        "by": by,
        "alert": free_name(state, f"fake-{certificate}"),
        "about": FAKE,
        "certificate": certificate,
        "code": refusal.code,
        "text": str(refusal)[:_MOST_TEXT],
    }
    return _raised(body)


def _raised(body: dict[str, Any]) -> AlertRaised:
    event, problems = events.read(AlertRaised.TYPE, body)
    if not isinstance(event, AlertRaised):
        raise TypeError(problems)
    return event


def free_name(state: State, wanted: str) -> str:
    """An alert's id that is not taken: the wanted one, or with the next number behind it."""
    name, number = wanted[:_LONGEST], 1
    while state.subject("alert:" + name) is not None:
        number += 1
        ending = f"-{number}"
        name = wanted[: _LONGEST - len(ending)] + ending
    return name


def told_of(records: Records, alert: str) -> tuple[int, ...]:
    """The entries of an alert. Raises `NotFound` (``alert-unknown``)."""
    own = records.of("alert:" + alert)
    if not own:
        raise NotFound("alert-unknown", alert=alert)
    return tuple(record.index for record in own)


def received(mail: Mail, by: str) -> tuple[AlertReceived, AlertRaised]:
    """The act that notes another ledger's alert, and the alert itself as it was opened for us.

    Raises `Refused`: ``mail-no-alert``, ``mail-step``.
    """
    for refusal in mail.faults(mail.entries(AlertRaised.TYPE)):
        raise refused(refusal.code, refusal.subject, **refusal.values)
    for act in mail.now.values():
        event = act.event
        if isinstance(event, AlertRaised):
            noted = AlertReceived(
                by=by,
                origin=mail.peer.origin,
                index=act.index,
                hash=act.hash,
                about=event.about,
                certificate=event.certificate,
            )
            return noted, event
    origin = mail.peer.origin
    raise refused("mail-no-alert", f"partner:{origin}", origin=origin)
