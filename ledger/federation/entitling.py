"""Which entries show that authors were entitled, and which sealed values a reader may be given.

Authority is shown only by proofs (FORMATS.md section 7): of an act travel along the opening, the entries of
its author's key, of the party that acted and of its clerk, the mandates between them; and of those entries
the same, until nothing new is found. Withdrawals and revocations come along too, since they are entries of
the same subjects: what a ledger holds against its own author is not left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from ledger.chain import disclosure
from ledger.domain.events import (
    EVENTS,
    Corrected,
    Event,
    GrantGiven,
    GrantWithdrawn,
    ImportConfirmed,
    Opaque,
    Recorded,
)
from ledger.domain.parties import MAY_RECORD, key_subject
from ledger.domain.refusal import Refusal, in_force
from ledger.domain.state import State, replacement
from ledger.edtf import Span
from ledger.errors import NotFound, Refused
from ledger.store.journal import Journal
from ledger.store.records import Records
from ledger.values import dataclass


def roles(wire: str) -> frozenset[str]:
    """The act-by-role table for `ledger.chain.authority`; none for an act that this version does not know."""
    return frozenset(str(role) for role in MAY_RECORD.get(EVENTS.get(wire, Event), ()))


def supporting(journal: Journal, records: Records, indexes: Iterable[int], size: int) -> set[int]:
    """The entries below ``size`` that show the authors of ``indexes`` entitled, and those entries
    themselves."""
    state = records.state()
    found, asked = {0}, set[str]()
    waiting = list(indexes)
    while waiting:
        index = waiting.pop()
        found.add(index)
        for subject in _subjects(state, records.recorded(index)):
            if subject not in asked:
                asked.add(subject)
                more = [item for item in journal.guarded_entries(subject) if item < size]
                waiting += [item for item in more if item not in found]
    return found


def _subjects(state: State, act: Recorded) -> Iterator[str]:
    yield key_subject(act.author)
    key = state.key(act.author)
    if key is None or key.party is None:
        return
    yield "party:" + key.party
    if act.on_behalf is None:
        return
    yield "party:" + act.on_behalf
    party = state.party(act.on_behalf)
    for name in () if party is None else party.mandates:
        mandate = state.mandate(name)
        if mandate is not None and mandate.clerk == key.party:
            yield "mandate:" + name


class Grants:
    """The grants of a ledger: which sealed fields it may give to a reader on a day."""

    def __init__(self, journal: Journal, records: Records) -> None:
        self._given: dict[str, GrantGiven] = {}
        self._ended: dict[str, str] = {}
        firsts = journal.types()
        start = firsts.get(GrantGiven.TYPE)
        for index, wire in () if start is None else journal.wires(start):
            if wire in (GrantGiven.TYPE, GrantWithdrawn.TYPE):
                self._take(records.recorded(index))

    def _take(self, act: Recorded) -> None:
        if isinstance(act.event, GrantGiven):
            self._given[act.event.grant] = act.event
        elif isinstance(act.event, GrantWithdrawn):
            self._ended[act.event.grant] = act.event.since

    def fields(self, readers: Collection[str], wire: str, day: Span) -> set[str]:
        """The names of the fields of such an act that any of ``readers`` may be given."""
        allowed: set[str] = set()
        for name, grant in self._given.items():
            ended = name in self._ended and in_force(self._ended[name], None, day)
            fits = grant.reader in readers and (not grant.acts or wire in grant.acts)
            if fits and not ended and in_force(grant.since, grant.until, day):
                allowed.update(grant.fields)
        return allowed


@dataclass(frozen=True, slots=True)
class Opening:
    """Which sealed fields are opened, and for whom.

    What grants allow ``readers`` on ``day`` is opened by itself, and so are the parties in a confirmation of
    receipt for the exporting participant (`owed`). ``disclose`` names fields that must come
    along: each needs a grant too, unless the keeper chose ``without_grant``.
    """

    readers: frozenset[str] = frozenset()
    day: Span | None = None
    disclose: frozenset[str] = frozenset()
    without_grant: bool = False


def opened(
    journal: Journal, records: Records, indexes: Iterable[int], opening: Opening
) -> dict[int, list[str]]:
    """The disclosures of each entry that go along.

    Raises `NotFound` (``prove-no-field``) for a field of which no value is kept, `Refused`
    (``grant-missing``) for one that none of the readers has a grant for.
    """
    grants = Grants(journal, records) if opening.readers and opening.day is not None else None
    sealed = {
        index: {disclosure.parse(text).name for text in journal.disclosures(index)} for index in indexes
    }
    granted: dict[int, set[str]] = {}
    for index in sealed:
        granted[index] = set()
        for event in _as_told(records.recorded(index)):
            if grants is not None and opening.day is not None:
                granted[index] |= grants.fields(opening.readers, event.TYPE, opening.day)
            granted[index] |= owed(event, opening.readers)
    _check_kept(sealed, opening)
    if not opening.without_grant:
        _check_granted(records, sealed, granted, opening)
    return {index: disclosed(journal, index, granted[index] | opening.disclose) for index in sealed}


def _as_told(act: Recorded) -> Iterator[Event | Opaque]:
    """The act, and of a correction what the corrected act says now: a grant for that is one for this."""
    yield act.event
    if isinstance(act.event, Corrected) and act.about is not None:
        yield replacement(act.event, act.about).event


def owed(event: Event | Opaque, readers: Collection[str]) -> set[str]:
    """The sealed fields that a reader is owed without a grant: a confirmation of receipt tells the exporting
    participant who exported and who imported (KPCS section III)."""
    theirs = isinstance(event, ImportConfirmed) and event.certificate[:2] in readers
    return {"exporter", "importer"} if theirs else set()


def _check_kept(sealed: Mapping[int, set[str]], opening: Opening) -> None:
    kept = set[str]().union(*sealed.values())
    for name in sorted(opening.disclose - kept):
        raise NotFound("prove-no-field", field=name, kept=", ".join(sorted(kept)) or "-")


def _check_granted(
    records: Records, sealed: Mapping[int, set[str]], granted: Mapping[int, set[str]], opening: Opening
) -> None:
    reader = ", ".join(sorted(opening.readers))
    wanting = [
        Refusal(
            "grant-missing" if reader else "grant-no-reader",
            f"entry:{index}",
            {"field": name, "index": index, "type": records.recorded(index).event.TYPE, "reader": reader},
        )
        for index, names in sorted(sealed.items())
        for name in sorted(opening.disclose & names - granted[index])
    ]
    if wanting:
        raise Refused(wanting[0].code, tuple(wanting), subject=wanting[0].subject, **wanting[0].values)


def disclosed(journal: Journal, index: int, names: Collection[str]) -> list[str]:
    """The disclosures of an entry's fields of these names, as far as they are kept."""
    if not names:
        return []
    return [text for text in journal.disclosures(index) if disclosure.parse(text).name in names]
