"""Which of several valuations of a parcel governs, as the national profile says, and that a certificate
states it (Liberia: the highest of three; A/RES/67/135 paragraph 19)."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.domain import events as e
from ledger.domain.certificate_rules import about
from ledger.domain.parcels import Parcel
from ledger.domain.refusal import Refusal, Refusals, when
from ledger.domain.standing_rules import roles
from ledger.domain.state import State
from ledger.domain.vocabulary import Role, dollars


def governing_value(state: State, choice: str, parcel: Parcel, exporter: str) -> int | None:
    """The value of a parcel that governs (US cents); None where it has none, or it was withheld.

    ``choice``: ``highest`` of all, ``latest``, the latest by an ``authority`` or by the ``exporter``.
    """
    values = [
        act.event.value
        for act in parcel.acts
        if isinstance(act.event, e.Valued) and _asked(state, choice, act, act.event, exporter)
    ]
    known = [value for value in values if isinstance(value, int)]
    if not known or len(known) < len(values):
        return None
    return max(known) if choice == "highest" else known[-1]


def _asked(state: State, choice: str, act: e.Recorded, event: e.Valued, exporter: str) -> bool:
    if choice == "exporter":
        return event.by == exporter
    if choice == "authority":
        party = state.party(event.by or "")
        return party is not None and Role.AUTHORITY in roles(party, when(act))
    return True


def valued(state: State, event: e.CertificateIssued) -> Refusals:
    """The certificate's value is the sum of the governing values, where every parcel has one."""
    house = state.house()
    choice = house.profile.governing if house is not None and house.profile is not None else None
    if choice is None or not isinstance(event.value, int):
        return
    values = list(_values(state, choice, event))
    if None not in values and sum(value or 0 for value in values) != event.value:
        total = dollars(sum(value or 0 for value in values))
        told = {"certificate": event.certificate, "stated": dollars(event.value), "governs": total}
        yield Refusal("certificate-value", about(event.certificate), {**told, "choice": choice})


def _values(state: State, choice: str, event: e.CertificateIssued) -> Iterator[int | None]:
    for part in event.parts:
        parcel = state.parcel(part.parcel)
        yield None if parcel is None else governing_value(state, choice, parcel, event.exporter)


def within(first: int, second: int, hundredths: int) -> bool:
    """Whether the larger value exceeds the smaller by no more than so many hundredths of a percent."""
    return abs(first - second) * 10_000 <= min(first, second) * hundredths
