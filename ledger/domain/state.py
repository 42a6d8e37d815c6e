"""Folding: what the ledger knows after each entry.

`evolve` is total. It never refuses, never reads a clock, never rounds; whatever was once recorded can be
folded for ever, whatever the rules say today. A subject's state folds from its own entries alone, so the
state of one parcel needs only the few entries that name it.

Corrections (FORMATS section 4): from the correcting entry's index on, each subject that the corrected act
or its replacement names is folded again with the replacement in the original's place.
"""

from __future__ import annotations

import dataclasses
from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any

from ledger.domain import (
    applications,
    certificates,
    events,
    fields,
    offices,
    parcels,
    participants,
    parties,
    partners,
    registration,
)
from ledger.domain.applications import Application, Reliance
from ledger.domain.certificates import Certificate
from ledger.domain.change import Change
from ledger.domain.events import Corrected, Event, Opaque, Recorded
from ledger.domain.offices import Decision, Office
from ledger.domain.parcels import Parcel
from ledger.domain.participants import Participant
from ledger.domain.parties import HOUSE, Entry, House, Key, Licence, Mandate, Party, Site
from ledger.domain.partners import Alert, Finding, Grant, Partner

Subject = (
    Parcel
    | Certificate
    | Application
    | Reliance
    | Party
    | Licence
    | Mandate
    | Key
    | Site
    | Participant
    | Partner
    | Alert
    | Finding
    | Grant
    | Decision
    | Office
    | Entry
    | House
)

_BLANK: dict[str, Callable[..., Subject]] = {
    "parcel": Parcel,
    "certificate": Certificate,
    "party": Party,
    "licence": Licence,
    "mandate": Mandate,
    "key": Key,
    "site": Site,
    "participant": Participant,
    "application": Application,
    "reliance": Reliance,
    "partner": Partner,
    "alert": Alert,
    "finding": Finding,
    "grant": Grant,
    "decision": Decision,
    "office": Office,
    "entry": Entry,
    "ledger": House,
}


def changes(event: Event | Opaque, index: int) -> Iterator[Change]:
    """Every subject that an event changes, with its new values."""
    yield from parcels.changes(event, index)
    yield from certificates.changes(event, index)
    yield from applications.changes(event, index)
    yield from registration.changes(event, index)
    yield from participants.changes(event, index)
    yield from partners.changes(event, index)
    yield from offices.changes(event, index)


def guarded(event: Event | Opaque, about: Recorded | None = None) -> tuple[str, ...]:
    """The subjects whose state an event changes, each once, in the order the event names them.

    Two acts that guard the same subject cannot both be recorded on the same knowledge of it.
    """
    own = [change.subject for change in changes(event, 0)]
    if isinstance(event, Corrected) and about is not None:
        own += guarded(about.event)
        own += guarded(replacement(event, about).event)
        own.append(f"entry:{event.index}")
    return tuple(dict.fromkeys(own))


def touched(
    event: Event | Opaque, about: Recorded | None = None, held: Collection[str] | None = None
) -> tuple[str, ...]:
    """The subjects that an event names without changing them: parties, sites, countries, parcels, entries.

    ``held``: what it guards, where that is known already.
    """
    names = list(_mentions(event))
    if isinstance(event, Corrected):
        names.append(f"entry:{event.index}")
        if about is not None:
            names += touched(about.event)
            names += touched(replacement(event, about).event)
    if not names:
        return ()
    if held is None:
        held = set(guarded(event, about))
    return tuple(name for name in dict.fromkeys(names) if name not in held)


_MENTIONED = {
    "party": "party:",
    "site": "site:",
    "country": "participant:",
    "licence": "licence:",
    "parcel": "parcel:",
    "certificate": "certificate:",
    "mandate": "mandate:",
    "subject": "",
}


_MENTIONING: dict[Any, tuple[tuple[str, str, bool], ...]] = {}


def _mentioning(record: type[Event]) -> tuple[tuple[str, str, bool], ...]:
    """For a kind of act: the fields that name subjects, the subjects' prefix, whether there are many."""
    found = _MENTIONING.get(record)
    if found is None:
        found = _MENTIONING[record] = tuple(
            (field.name, _MENTIONED[field.kind.name], field.many)
            for field in fields.table(record)
            if field.kind is not None and field.kind.name in _MENTIONED
        )
    return found


def _mentions(event: Event | Opaque) -> Iterator[str]:
    if isinstance(event, Opaque):
        return
    for name, prefix, many in _mentioning(type(event)):
        value = getattr(event, name)
        if isinstance(value, str):
            yield prefix + value
        elif many and isinstance(value, tuple):
            for item in value:
                yield prefix + item
    if isinstance(event, events.DisclosureErased):
        yield f"entry:{event.index}"
    if isinstance(event, events.CertificateApplied):
        yield from ("certificate:" + line.certificate for line in event.acquired)


def replacement(event: Corrected, about: Recorded) -> Recorded:
    """The corrected entry as it reads with the replacement body, in its original place."""
    wire = about.event.TYPE
    return dataclasses.replace(about, event=events.recall(wire, event.replacement))


def apply(change: Change, before: Subject | None, recorded: Recorded) -> Subject:
    """The subject after a change. ``before`` None: it was not known."""
    if before is None:
        return _first(change, recorded)
    subject: Any = before
    values: dict[str, Any] = dict(change.values)
    if change.begin is not None and not _exists(before):
        values = {**change.begin, **values}
    for field, items in (change.add or {}).items():
        values[field] = values.get(field, getattr(subject, field)) + items
    values["acts"] = (*subject.acts, recorded)
    changed: Subject = _changed(subject, values)
    return changed


_SHAPES: dict[Any, tuple[Callable[[Any], tuple[Any, ...]], dict[str, int]]] = {}


def _changed(subject: Any, values: Mapping[str, Any]) -> Any:
    """A subject with new values: `dataclasses.replace`, written out because every act comes through here."""
    kind = type(subject)
    if kind not in _SHAPES:
        names = [field.name for field in dataclasses.fields(kind)]
        _SHAPES[kind] = attrgetter(*names), {name: place for place, name in enumerate(names)}
    read, places = _SHAPES[kind]
    now = list(read(subject))
    for name, value in values.items():
        now[places[name]] = value
    return kind(*now)


def _first(change: Change, recorded: Recorded) -> Subject:
    """A subject's first state: written out because a sheet begins hundreds of parcels at once."""
    kind, _, name = change.subject.partition(":")
    values: Mapping[str, Any] = change.values
    if change.begin is not None:
        values = {**change.begin, **values}
    if change.add is not None:
        values = {**values, **{field: values.get(field, ()) + items for field, items in change.add.items()}}
    if kind == "parcel" and "documented" not in values and getattr(recorded.event, "documented", False):
        values = {**values, "documented": True}  # known from sources only, however its first act came in
    return _BLANK[kind](name, acts=(recorded,), **values)


def _exists(subject: Subject) -> bool:
    return not isinstance(subject, Parcel) or subject.began is not None or bool(subject.acts)


def fold_subject(name: str, records: Iterable[Recorded]) -> Subject | None:
    """One subject's state from its own entries in index order; None where no entry concerns it."""
    subject: Subject | None = None
    for recorded in records:
        subject = _step(name, subject, recorded)
    return subject


def _step(name: str, before: Subject | None, recorded: Recorded) -> Subject | None:
    event = recorded.event
    if isinstance(event, Corrected) and recorded.about is not None:
        return _refold(name, before, recorded, event, recorded.about)
    subject = before
    for change in changes(event, recorded.index):
        if change.subject == name:
            subject = apply(change, subject, recorded)
    return subject


def _refold(
    name: str, before: Subject | None, recorded: Recorded, event: Corrected, about: Recorded
) -> Subject | None:
    if name == f"entry:{about.index}":
        return _corrected(name, before, recorded, guarded(replacement(event, about).event))
    acts = {act.index: act for act in (before.acts if before is not None else ())}
    replaced = dataclasses.replace(replacement(event, about), corrected_by=recorded.index)
    acts.pop(about.index, None)
    if name in guarded(replaced.event):
        acts[about.index] = replaced
    subject: Subject | None = None
    for index in sorted(acts):
        subject = _step(name, subject, acts[index])
    return subject


def _corrected(name: str, before: Subject | None, recorded: Recorded, names: tuple[str, ...]) -> Entry:
    """The corrected entry remembers which subjects its replacement names, for the next correction's sake."""
    entry = before if isinstance(before, Entry) else Entry(name.partition(":")[2])
    acts = (*entry.acts, recorded)
    return dataclasses.replace(entry, corrected_by=recorded.index, corrected=names, acts=acts)


class State:
    """What is known at a moment: subjects by name (``parcel:P1``, ``party:dealer-7``, ...). Immutable.

    ``known`` may be any mapping, also one that reads from a store when asked.
    """

    __slots__ = ("_changed", "_known")

    def __init__(
        self, known: Mapping[str, Subject | None], changed: Mapping[str, Subject | None] | None = None
    ):
        self._known = known
        self._changed: Mapping[str, Subject | None] = {} if changed is None else changed

    def subject(self, name: str) -> Any:
        """The subject's state, or None."""
        if name in self._changed:
            return self._changed[name]
        return self._known.get(name)

    def parcel(self, parcel: str) -> Parcel | None:
        """A parcel, or None."""
        found: Parcel | None = self.subject("parcel:" + parcel)
        return found

    def certificate(self, certificate: str) -> Certificate | None:
        """A certificate by its key, or None."""
        found: Certificate | None = self.subject("certificate:" + certificate)
        return found

    def party(self, party: str) -> Party | None:
        """A registered party, or None."""
        found: Party | None = self.subject("party:" + party)
        return found if found is not None and found.known else None

    def licence(self, licence: str) -> Licence | None:
        """A licence, or None."""
        found: Licence | None = self.subject("licence:" + licence)
        return found

    def mandate(self, mandate: str) -> Mandate | None:
        """A mandate, or None."""
        found: Mandate | None = self.subject("mandate:" + mandate)
        return found

    def site(self, site: str) -> Site | None:
        """A registered site, or None."""
        found: Site | None = self.subject("site:" + site)
        return found if found is not None and found.known else None

    def key(self, author: bytes) -> Key | None:
        """An enrolled key, or None."""
        found: Key | None = self.subject(parties.key_subject(author))
        return found

    def participant(self, code: str) -> Participant | None:
        """A participant of the register, or None."""
        found: Participant | None = self.subject("participant:" + code)
        return found

    def application(self, application: str) -> Application | None:
        """An application for a certificate, or None."""
        found: Application | None = self.subject("application:" + application)
        return found

    def reliance(self, certificate: str) -> Reliance:
        """What rests on a certificate; nothing where no paper does."""
        found: Reliance | None = self.subject("reliance:" + certificate)
        return Reliance(certificate) if found is None else found

    def partner(self, origin: str) -> Partner | None:
        """Another sovereign ledger, or None."""
        found: Partner | None = self.subject("partner:" + origin)
        return found

    def attesters(self, index: int) -> tuple[str, ...]:
        """The parties that attested an entry of this ledger, in order."""
        found: Entry | None = self.subject(f"entry:{index}")
        house = self.house()
        if found is None or house is None:
            return ()
        given = zip(found.attested_by, found.attested_in, strict=True)
        return tuple(party for party, origin in given if origin == house.origin)

    def house(self) -> House | None:
        """The ledger's own state, None before it was opened."""
        found: House | None = self.subject(HOUSE)
        return found

    def subjects(self) -> Mapping[str, Subject | None]:
        """All subjects by name, as far as the underlying mapping can list them."""
        return ChainMap(dict(self._changed), self._known)  # type: ignore[arg-type]

    def after(self, changed: Mapping[str, Subject | None]) -> State:
        """This state with some subjects replaced."""
        return State(self._known, {**self._changed, **changed})


EMPTY = State({})


def evolve(state: State, recorded: Recorded) -> State:
    """The state after one more entry."""
    return state.after(advance(state.subject, recorded))


def advance(known: Callable[[str], Subject | None], recorded: Recorded) -> dict[str, Subject | None]:
    """The subjects that an entry changes, with their states after it. ``known`` gives a state before it."""
    event = recorded.event
    if isinstance(event, Corrected) and recorded.about is not None:
        names = guarded(event, recorded.about)
        return {name: _refold(name, known(name), recorded, event, recorded.about) for name in names}
    changed: dict[str, Subject | None] = {}
    for change in changes(event, recorded.index):
        name = change.subject
        before = changed[name] if name in changed else known(name)
        changed[name] = apply(change, before, recorded)
    return changed


def fold(records: Iterable[Recorded], state: State = EMPTY) -> State:
    """The state after many entries; the same as `evolve` one by one, without a copy for each."""
    subjects = dict(state.subjects())
    for recorded in records:
        subjects.update(advance(subjects.get, recorded))
    return State(subjects)
