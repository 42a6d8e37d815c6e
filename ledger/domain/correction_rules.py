"""Acts about acts: corrections, attestations, erasures.

A correction replaces the body of an earlier act by the same author, or by an authority; the original stays.
One that would make a later act impossible is refused, naming that act. What an act on goods sealed is not
erased before the years are over for which the national profile has papers kept (KPCS section III: three,
Annex II 15: five): a duty to keep comes before a wish to erase.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from ledger.domain import events as e
from ledger.domain.refusal import Refusal, Refusals, when
from ledger.domain.standing_rules import roles
from ledger.domain.state import State, Subject, evolve, guarded, replacement
from ledger.domain.vocabulary import Role
from ledger.edtf import calendar_days, day_of, spans

Rules = Callable[[State, e.Recorded], Iterable[Refusal]]

FIXED = (
    e.LedgerOpened,
    e.LedgerClosed,
    e.LedgerKeyChanged,
    e.LedgerKeyRevoked,
    e.CertificateIndex,
    e.KeyEnrolled,
    e.KeyRevoked,
    e.Attested,
    e.Corrected,
    e.DisclosureErased,
    e.Opaque,
)
"""Acts that cannot be corrected: they are revoked, withdrawn, or made again."""


def about_acts(state: State, act: e.Recorded) -> Refusals:
    """Refusals of an act about an entry that is not there, not as stated, or not the author's to correct."""
    event = act.event
    if not isinstance(event, e.Corrected | e.Attested | e.DisclosureErased):
        return
    subject = f"entry:{event.index}"
    house = state.house()
    if isinstance(event, e.Attested) and house is not None and event.origin != house.origin:
        return
    about = act.about
    if about is None or event.index >= act.index:
        yield Refusal("entry-unknown", subject, {"index": event.index, "size": act.index})
        return
    if not isinstance(event, e.DisclosureErased) and event.hash != about.hash:
        yield Refusal(
            "entry-hash",
            subject,
            {"index": event.index, "stated": event.hash.hex()[:16], "found": about.hash.hex()[:16]},
        )
    if isinstance(event, e.Corrected):
        yield from _correctable(state, act, event, about)
    if isinstance(event, e.DisclosureErased):
        yield from _kept(state, act, about)


_PAPERS = ("parcel", "certificate", "shipment")
"""The families of acts that are daily records of trade and certificates."""


def _kept(state: State, act: e.Recorded, about: e.Recorded) -> Refusals:
    house = state.house()
    years = house.profile.retention_years if house is not None and house.profile is not None else None
    if years is None or isinstance(about.event, e.Opaque) or about.event.COMMAND[0] not in _PAPERS:
        return
    begun = calendar_days(when(about))[1] or calendar_days(spans(day_of(about.recorded)))[1]
    today = calendar_days(spans(day_of(act.recorded)))[0]
    if begun is None or today is None:
        return
    first = date.fromordinal(begun)
    leap = (first.month, first.day) == (2, 29)
    until = first.replace(year=first.year + years, day=28 if leap else first.day)
    if today < until.toordinal():
        values = {"index": about.index, "years": years, "until": until.isoformat()}
        yield Refusal("retention-running", f"entry:{about.index}", values)


def _correctable(state: State, act: e.Recorded, event: e.Corrected, about: e.Recorded) -> Refusals:
    subject = f"entry:{event.index}"
    if isinstance(about.event, FIXED):
        yield Refusal("correction-fixed", subject, {"index": event.index, "type": about.event.TYPE})
        return
    new = replacement(event, about).event
    if isinstance(new, e.Opaque):
        first = new.problems[0]
        yield Refusal(
            "correction-body", subject, {"index": event.index, "field": first.field, "problem": first.code}
        )
        return
    if new.documented != about.event.documented or new.by != about.event.by:
        yield Refusal("correction-actor", subject, {"index": event.index})
    before = state.subject(subject)
    named = {*guarded(about.event), *guarded(new)}
    left = [name for name in (before.corrected if before is not None else ()) if name not in named]
    if left:
        values = {"index": event.index, "by": before.corrected_by, "left": left[0]}
        yield Refusal("correction-twice", subject, values)
    if act.author != about.author and not _by_authority(state, act):
        yield Refusal("correction-author", subject, {"index": event.index, "by": event.by or "unknown"})


def _by_authority(state: State, act: e.Recorded) -> bool:
    key = state.key(act.author)
    party = state.party(key.party) if key is not None and key.party is not None else None
    return party is not None and Role.AUTHORITY in roles(party, when(act))


class _Beside(Mapping[str, Subject | None]):
    """What is known of all subjects but some, which are to be folded again from nothing."""

    def __init__(self, state: State, without: Collection[str]) -> None:
        self._state = state
        self._without = without

    def __getitem__(self, name: str) -> Subject | None:
        if name in self._without:
            raise KeyError(name)
        found: Subject | None = self._state.subject(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._state.subjects() if name not in self._without)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def consequences(
    rules: Rules,
    state: State,
    act: e.Recorded,
    histories: Sequence[e.Recorded],
    together: Sequence[e.Recorded] = (),
) -> Refusals:
    """The first act that a correction would make impossible: the corrected one in its place, or a later one.

    ``histories``: every entry of each subject that the original or the replacement guards, and of the
    subjects those entries guard, in index order. ``together``: the corrections of the same batch, which count
    as made: a sheet and the split that followed it are corrected together or not at all. ``rules`` judges
    goods, not standing: who was entitled is settled. Only a refusal that the uncorrected history did not have
    counts. What the histories do not tell (the house, parties, licences) is as ``state`` knows it.
    """
    new = {recorded.index: recorded for recorded in map(_replaced, (*together, act)) if recorded is not None}
    if act.about is None or act.about.index not in new or not isinstance(act.event, e.Corrected):
        return
    original = {
        recorded.about.index: recorded.about for recorded in (*together, act) if recorded.about is not None
    }
    affected = {name for recorded in (*new.values(), *original.values()) for name in guarded(recorded.event)}
    folded = {
        name for recorded in (*histories, *new.values()) for name in guarded(recorded.event, recorded.about)
    }
    base = State(_Beside(state, folded | affected))
    before = _judged(rules, base, histories, {}, affected)
    after = _judged(rules, base, histories, new, affected)
    for index in sorted(after):
        found = [refusal for refusal in after[index] if refusal not in before.get(index, [])]
        if found:
            values = {"index": act.event.index, "later": index, "rule": found[0].code, "said": str(found[0])}
            yield Refusal("correction-impossible", f"entry:{act.event.index}", values)
            return


def _replaced(act: e.Recorded) -> e.Recorded | None:
    if not isinstance(act.event, e.Corrected) or act.about is None or isinstance(act.about.event, FIXED):
        return None
    new = replacement(act.event, act.about)
    return None if isinstance(new.event, e.Opaque) else new


def _judged(
    rules: Rules,
    state: State,
    histories: Sequence[e.Recorded],
    new: Mapping[int, e.Recorded],
    affected: set[str],
) -> dict[int, list[Refusal]]:
    found = {}
    for recorded in histories:
        if isinstance(recorded.event, e.Corrected) and (
            recorded.about is None or recorded.about.index in new
        ):
            continue
        current = new.get(recorded.index, recorded)
        if not isinstance(current.event, e.Corrected | e.Opaque) and affected & set(guarded(current.event)):
            found[current.index] = list(rules(state, replace(current, about=None)))
        state = evolve(state, current)
    return found
