"""A reconciliation's statement, attested by both sides.

Each side makes the statement by itself, byte for byte the same, and records its SHA-256
(`reconciliation-stated/1`). That entry travels as any other, in a letter. Whoever receives it compares the
hashes, and where they are one records `attested/1` of the other ledger's entry: from then on both have said
the same, each in its own ledger, and each holds the other's proof of it among its evidence.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.domain import events as e
from ledger.domain.refusal import when
from ledger.domain.standing_rules import roles
from ledger.domain.state import State
from ledger.domain.vocabulary import Role
from ledger.errors import NotFound
from ledger.federation.mail import Mail
from ledger.federation.peers import refused
from ledger.store.journal import Journal
from ledger.store.records import Records
from ledger.values import dataclass

_NOTE = "reconciliation statement "


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement of this ledger, and who attested the same: ``attested`` are ``(origin, index there, entry
    here)`` of other ledgers' statements that this one attested."""

    index: int
    event: e.ReconciliationStated
    attested: tuple[tuple[str, int, int], ...] = ()


def stated(journal: Journal, records: Records) -> list[Stated]:
    """All statements recorded here, oldest first, each with what an authority attested of the same hash."""
    state = records.state()
    agreed: dict[str, list[tuple[str, int, int]]] = {}
    found: list[tuple[int, e.ReconciliationStated]] = []
    for act in _acts(journal, records):
        if isinstance(act.event, e.ReconciliationStated):
            found.append((act.index, act.event))
        elif isinstance(act.event, e.Attested) and _is_word_of_authority(state, act):
            name = (act.event.note or "").removeprefix(_NOTE)
            agreed.setdefault(name, []).append((act.event.origin, act.event.index, act.index))
    return [Stated(index, event, tuple(agreed.get(event.statement.hex(), ()))) for index, event in found]


def _is_word_of_authority(state: State, act: e.Recorded) -> bool:
    event = act.event
    party = state.party(event.by) if isinstance(event, e.Attested) and event.by is not None else None
    named = isinstance(event, e.Attested) and (event.note or "").startswith(_NOTE)
    return named and party is not None and Role.AUTHORITY in roles(party, when(act))


def _acts(journal: Journal, records: Records) -> Iterator[e.Recorded]:
    first = journal.types().get(e.ReconciliationStated.TYPE)
    wires = (e.ReconciliationStated.TYPE, e.Attested.TYPE)
    for index, wire in () if first is None else journal.wires(first):
        if wire in wires:
            yield records.recorded(index)


def told_of(journal: Journal, records: Records, participant: str, period: str | None) -> int:
    """The entry of the newest statement with a participant, of a period or of any.

    Raises `NotFound` (``reconciliation-none``).
    """
    for one in reversed(stated(journal, records)):
        if one.event.participant == participant and period in (None, one.event.period):
            return one.index
    raise NotFound("reconciliation-none", participant=participant, period=period or "-")


def agreed(state: State, journal: Journal, records: Records, mail: Mail, by: str) -> e.Attested:
    """The act by which the other side's statement is attested, since it is ours.

    Raises `Refused`: ``mail-step``, ``mail-no-reconciliation``, ``reconciliation-other`` (it is about another
    participant), ``reconciliation-unstated`` (this ledger stated none of that period),
    ``reconciliation-differs``, ``reconciliation-attested``.
    """
    origin, subject = mail.peer.origin, f"partner:{mail.peer.origin}"
    act, theirs = _told(mail)
    house = state.house()
    if house is None or theirs.participant != house.participant:
        raise refused("reconciliation-other", subject, origin=origin, participant=theirs.participant)
    ours = [
        one
        for one in stated(journal, records)
        if one.event.participant == mail.peer.participant and one.event.period == theirs.period
    ]
    if not ours:
        values = {"participant": mail.peer.participant, "period": theirs.period}
        raise refused("reconciliation-unstated", subject, **values)
    same = [one for one in ours if one.event.statement == theirs.statement]
    if not same:
        hashes = {"ours": ours[-1].event.statement.hex(), "theirs": theirs.statement.hex()}
        raise refused("reconciliation-differs", subject, period=theirs.period, origin=origin, **hashes)
    if any(place[:2] == (origin, act.index) for one in same for place in one.attested):
        raise refused("reconciliation-attested", subject, origin=origin, index=act.index)
    note = _NOTE + theirs.statement.hex()
    return e.Attested(by=by, origin=origin, index=act.index, hash=act.hash, note=note)


def _told(mail: Mail) -> tuple[e.Recorded, e.ReconciliationStated]:
    """The newest statement that the letter proves."""
    wire, origin = e.ReconciliationStated.TYPE, mail.peer.origin
    about = [index for index, one in mail.reports.items() if one.statement and one.statement.type == wire]
    for refusal in mail.faults(about):
        raise refused(refusal.code, refusal.subject, **refusal.values)
    for index in sorted(about, reverse=True):
        act = mail.acts[index]
        if isinstance(act.event, e.ReconciliationStated):
            return act, act.event
    raise refused("mail-no-reconciliation", f"partner:{origin}", origin=origin)
