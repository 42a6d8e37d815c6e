"""Deadlines that passed: certificates nobody confirmed, shipments detained too long, paper not returned.

| kind                 | counted from             | how long                                    |
|----------------------|--------------------------|---------------------------------------------|
| `unconfirmed-export` | the day of export        | the profile's confirmation days             |
| `unanswered-import`  | the day of import        | the same: we owe the issuer an answer       |
| `detained`           | the day of detention     | the profile's detention days                |
| `unreturned`         | the certificate's expiry | nothing: unused, it goes back (EUREG 12(5)) |

KPCS says "expeditiously" and no number (section III); where the national profile gives none, that kind is not
checked, and `unchecked` counts what waits all the same. A day of which sources tell only the month counts
from its last day. Working days are Monday to Friday; public holidays are not known here. Documented
certificates owe nobody anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain, islice
from typing import TYPE_CHECKING

from ledger.domain import certificates as c
from ledger.domain import events as e
from ledger.domain.certificates import Certificate
from ledger.domain.moments import NOW, Moment, known_at
from ledger.domain.parties import HOUSE, House
from ledger.domain.refusal import when
from ledger.domain.state import fold_subject
from ledger.edtf import calendar_days, spans
from ledger.investigation.shipments import last_day
from ledger.projections.register_goods import CERTIFICATES
from ledger.store.rows import Rows, Where
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.store.journal import Journal
    from ledger.store.records import Records

WAITING = (c.ISSUED, c.VALIDATED, c.EXPORTED, c.RECEIVED, c.DETAINED)
"""The states in which something is still to come."""

_FRIDAY = 4


@dataclass(frozen=True, slots=True)
class Overdue:
    """Something that should have happened by ``due`` and had not ``late`` days later; ``entry`` began it."""

    certificate: str
    kind: str
    since: str
    due: str
    late: int
    entry: int
    other: str | None


def overdue(
    rows: Rows,
    journal: Journal,
    records: Records,
    profile: e.ProfileAdopted | None,
    day: int,
    moment: Moment = NOW,
) -> Iterator[Overdue]:
    """What is overdue on a day (its ordinal), by certificate; ``rows`` are those of the moment."""
    for name in _may_be_late(rows, journal, profile, day):
        subject = c.subject(name)
        found = fold_subject(subject, known_at(records.of(subject), moment))
        if isinstance(found, Certificate):
            yield from _of(found, profile, day)


_PAGE = 400
_UNKNOWN = -1
_BEGINNINGS = (e.Exported.TYPE, e.Imported.TYPE, e.ShipmentDetained.TYPE)


def _may_be_late(rows: Rows, journal: Journal, profile: e.ProfileAdopted | None, day: int) -> Iterator[str]:
    """The certificates, in their order, that may have waited too long: most have not, and to know that the
    bodies of their acts are enough."""
    allowed, status = _allowed(profile), CERTIFICATES.places["status"]
    waiting = rows.select(CERTIFICATES, [Where("status", "among", WAITING), Where("documented", "is", 0)])
    while page := list(islice(waiting, _PAGE)):
        begun = _begun(journal, [str(row[0]) for row in page if row[status] in allowed])
        for row in page:
            name, state = str(row[0]), row[status]
            if state in allowed and begun[name] + allowed[state] < day:
                yield name
            elif state in (c.ISSUED, c.VALIDATED) and _is_over(row[CERTIFICATES.places["expiry"]], day):
                yield name


def _is_over(expiry: str | None, day: int) -> bool:
    last = None if expiry is None else calendar_days(spans(expiry))[1]
    return last is not None and last < day


def _begun(journal: Journal, names: Sequence[str]) -> dict[str, int]:
    """By certificate, the first day that a deadline can count from; before all days where none is known, or a
    correction may have moved it."""
    from ledger.store.bodies import bodies

    acts = journal.guarding(c.subject(name) for name in names)
    begun: dict[int, int] = {}
    for body in bodies(journal, sorted(set(chain.from_iterable(acts.values())))):
        if body.wire == e.Corrected.TYPE:
            begun[body.index] = _UNKNOWN
        elif body.wire in _BEGINNINGS:
            day = last_day(body)
            begun[body.index] = _UNKNOWN if day is None else day
    firsts = {name: [begun[act] for act in acts.get(c.subject(name), ()) if act in begun] for name in names}
    return {name: min(days, default=_UNKNOWN) for name, days in firsts.items()}


def _allowed(profile: e.ProfileAdopted | None) -> dict[str, int]:
    """At least how many days each state may last; none for a state without a deadline."""
    if profile is None:
        return {}
    confirm, detain = profile.confirmation_days, profile.detention_days
    found = {c.EXPORTED: confirm, c.RECEIVED: confirm, c.DETAINED: detain}
    return {state: days for state, days in found.items() if days is not None}


def profile_at(records: Records, moment: Moment) -> e.ProfileAdopted | None:
    """The national profile that the ledger had adopted by a moment."""
    house = fold_subject(HOUSE, known_at(records.of(HOUSE), moment))
    return house.profile if isinstance(house, House) else None


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A kind for which no profile says how long it may take; ``waiting``: how many certificates stand so."""

    kind: str
    waiting: int


def unchecked(rows: Rows, profile: e.ProfileAdopted | None) -> tuple[Unchecked, ...]:
    """The kinds that cannot be checked, each with what waits in it: nobody is acquitted of that."""
    without: dict[str, str] = {}
    if profile is None or profile.confirmation_days is None:
        without |= {"unconfirmed-export": c.EXPORTED, "unanswered-import": c.RECEIVED}
    if profile is None or profile.detention_days is None:
        without["detained"] = c.DETAINED
    return tuple(Unchecked(kind, _standing(rows, state)) for kind, state in without.items())


def _standing(rows: Rows, state: str) -> int:
    """How many certificates of this ledger's own making stand in a state."""
    wanted = [Where("status", "is", state), Where("documented", "is", 0)]
    return sum(1 for _ in rows.select(CERTIFICATES, wanted))


def _of(found: Certificate, profile: e.ProfileAdopted | None, day: int) -> Iterable[Overdue]:
    state = found.status
    confirm = None if profile is None else profile.confirmation_days
    working = profile is not None and bool(profile.confirmation_working)
    detain = None if profile is None else profile.detention_days
    if state == c.EXPORTED and found.returns is not None:
        return ()  # goods sent back are received as returned, not confirmed
    if state == c.EXPORTED:
        return _late(found, "unconfirmed-export", e.Exported, confirm, working, day, found.destination)
    if state == c.RECEIVED:
        return _late(found, "unanswered-import", e.Imported, confirm, working, day, found.provenance)
    if state == c.DETAINED:
        return _late(found, "detained", e.ShipmentDetained, detain, False, day, found.provenance)
    return _unreturned(found, day)


def _late(
    found: Certificate,
    kind: str,
    begun: type[e.Event],
    days: int | None,
    working: bool,
    day: int,
    other: str | None,
) -> Iterator[Overdue]:
    act = next((act for act in reversed(found.acts) if isinstance(act.event, begun)), None)
    since = None if act is None else calendar_days(when(act))[1]
    if act is None or since is None or days is None:
        return
    due = after(since, days, working=working)
    if due < day:
        yield Overdue(found.id, kind, _text(since), _text(due), day - due, act.index, other)


def _unreturned(found: Certificate, day: int) -> Iterator[Overdue]:
    expiry = None if found.expiry is None else calendar_days(spans(found.expiry))[1]
    if expiry is not None and expiry < day and found.issued is not None:
        since = _text(expiry)
        yield Overdue(found.id, "unreturned", since, since, day - expiry, found.issued, found.exporter)


def after(day: int, days: int, *, working: bool) -> int:
    """The day that lies so many days, or working days, after a day; all of them ordinals.

    >>> friday = date(2024, 3, 1).toordinal()
    >>> [date.fromordinal(after(friday, n, working=True)).isoformat() for n in (1, 5)]
    ['2024-03-04', '2024-03-08']
    """
    if not working:
        return day + days
    weeks, left = divmod(days, 5)
    day += weeks * 7
    while date.fromordinal(day).weekday() > _FRIDAY:
        day -= 1  # a weekend counts as its Friday
    for _ in range(left):
        day += 1
        while date.fromordinal(day).weekday() > _FRIDAY:
            day += 1
    return day


def _text(day: int) -> str:
    return date.fromordinal(day).isoformat()
