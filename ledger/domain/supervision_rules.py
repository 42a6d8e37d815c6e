"""Special measures: who must have countersigned a certificate before goods of a supervised zone travel
(Marange: the Kimberley monitor, 2009-2012).

Asked when a certificate is validated, of goods mined here and of those that were imported straight from under
supervision: an import that came with the attestations carries them on, one that came without needs them now.
Asked again of whoever imports such goods. Goods that reach this ledger through a third participant were that
participant's to ask about. A certificate that lacks attestations is *disputed*, which is not fraud.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ledger.domain import events as e
from ledger.domain.ancestry import ancestors
from ledger.domain.certificates import REPLACED, RETURNED, VOIDED, status
from ledger.domain.parcels import Parcel
from ledger.domain.participants import measured, measures
from ledger.domain.refusal import Refusal, Refusals, when
from ledger.domain.state import State
from ledger.domain.vocabulary import folded
from ledger.edtf import Span
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """How many attestations goods need, by which measure of whom, from whom (none named: from anybody), and
    who gave one when they were imported.
    """

    count: int
    measure: str
    participant: str
    source: str
    named: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()

    def lacking(self, given: Iterable[str]) -> int:
        """How many are missing, where ``given`` attested beside those of the import."""
        wanted = {folded(name) for name in self.named}
        counted = {folded(name) for name in (*self.shown, *given)}
        return max(0, self.count - len(counted & wanted if wanted else counted))


def supervised(state: State, act: e.Recorded) -> Refusals:
    """Refusals of a validation or an import for want of attestations."""
    match act.event:
        case e.CertificateValidated() as event:
            found = _worst(state, event.certificate, when(act))
            if found is not None:
                yield _missing(event.certificate, *found)
        case e.Imported(certificate=str(name)) as event:
            for need in _of_arrival(state, event, when(act)):
                if need.lacking(()):
                    yield _missing(name, need.lacking(()), need)


def missing_attestations(state: State, certificate: str, today: Span) -> int:
    """How many attestations a certificate of this ledger lacks: as of its validation, or of today while that
    is still to come; 0 for one that will not travel any more."""
    found = state.certificate(certificate)
    if found is None or status(found) in (VOIDED, REPLACED, RETURNED):
        return 0
    validated = [when(act) for act in found.acts if isinstance(act.event, e.CertificateValidated)]
    worst = _worst(state, certificate, validated[-1] if validated else today)
    return 0 if worst is None else worst[0]


def is_supervised(state: State, participants: Iterable[str]) -> bool:
    """Whether a measure supervises, or ever supervised, goods of any of these participants."""
    known = filter(None, map(state.participant, participants))
    return any(measure.effect == "supervised" for one in known for measure in measures(one))


def _worst(state: State, certificate: str, day: Span) -> tuple[int, Need] | None:
    """How many attestations an own certificate lacks at most, and under what; None where it lacks none."""
    found = state.certificate(certificate)
    if found is None or found.issued is None or found.returns is not None:
        return None
    given = [one for one in state.attesters(found.issued) if one not in (found.issuer, found.exporter)]
    lacking = [
        (need.lacking(given), need)
        for part in found.parts
        for parcel in ancestors(state, part.parcel)
        for need in _of_parcel(state, parcel, day)
    ]
    missing, need = max(lacking, key=lambda one: one[0], default=(0, None))
    return None if need is None or not missing else (missing, need)


def _of_parcel(state: State, parcel: Parcel, day: Span) -> Iterator[Need]:
    site = state.site(parcel.site) if parcel.site is not None else None
    if site is not None and site.country is not None:
        yield from _under(state, site.country, site.zone or site.name or site.id, day, ())
    for act in parcel.acts:
        if isinstance(act.event, e.Imported):
            yield from _of_arrival(state, act.event, day)


def _of_arrival(state: State, event: e.Imported, day: Span) -> Iterator[Need]:
    """Of goods that came straight from where they were mined; without origins, that is where they came
    from.
    """
    source = event.provenance
    if source is not None and (not event.origins or source in event.origins):
        for zone in event.zones or (None,):
            yield from _under(state, source, zone, day, event.attested)


def _under(state: State, country: str, zone: str | None, day: Span, shown: tuple[str, ...]) -> Iterator[Need]:
    participant, house = state.participant(country), state.house()
    if participant is None or house is None:
        return
    among = [measure for measure in measures(participant) if measure.effect == "supervised"]
    answer = measured(among, day, zone=zone, here=house.participant)
    if answer is not None and answer.attestations and answer.measure is not None:
        named = next((measure.parties for measure in among if measure.id == answer.measure), ())
        yield Need(answer.attestations, answer.measure, country, answer.source, named, shown)


def _missing(certificate: str, missing: int, need: Need) -> Refusal:
    values = {
        "certificate": certificate,
        "missing": missing,
        "needed": need.count,
        "measure": need.measure,
        "named": ", ".join(need.named) or "any party but issuer and exporter",
        "participant": need.participant,
        "source": need.source,
    }
    return Refusal("attestation-missing", f"certificate:{certificate}", values)
