"""Looking back: past acts at the border that today's register and measures would not have let pass on their
dates (A/RES/67/135 paragraph 2).

When an act is recorded, the rules ask what the ledger knew of participants and measures then. A measure is
often adopted, or becomes known, later than the day from which it binds. `look_back` asks
`ledger.domain.measure_rules` again about every certificate issued and validated, every export and every
import, as they are now known to read, with what the ledger knows of participants now. Nothing is undone by
it: what it finds is a reason to look.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ledger.domain import events as e
from ledger.domain.measure_rules import good_standing
from ledger.domain.participants import measures
from ledger.domain.refusal import Refusal
from ledger.domain.state import State, replacement
from ledger.errors import NotFound
from ledger.projections.entries import ENTRIES
from ledger.store.rows import Rows, Where
from ledger.values import dataclass

if TYPE_CHECKING:
    from ledger.store.records import Records

ASKED = tuple(record.TYPE for record in (e.CertificateIssued, e.CertificateValidated, e.Exported, e.Imported))
"""The acts that are looked back on."""


@dataclass(frozen=True, slots=True)
class Objection:
    """A past act that would be refused today.

    ``entry`` the act; ``code`` and ``said`` what the rule would say; ``measure`` None where it is the
    membership; ``source`` who says so; ``rests_on`` the entries by which this ledger knows it.
    """

    entry: int
    type: str
    certificate: str | None
    day: str
    participant: str
    code: str
    said: str
    measure: str | None
    source: str
    rests_on: tuple[int, ...]
    documented: bool


def look_back(rows: Rows, records: Records) -> Iterator[Objection]:
    """Every objection, in the order of the entries; documented acts are asked about too.

    Raises `NotFound` (``register-missing``) where no register of participants was adopted: without one no
    rule asks.
    """
    state = records.state()
    house = state.house()
    if house is None or house.register is None:
        raise NotFound("register-missing")
    return _objections(rows, records, state)


def _objections(rows: Rows, records: Records, state: State) -> Iterator[Objection]:
    place = ENTRIES.places["corrected_by"]
    for row in rows.select(ENTRIES, [Where("wire", "among", ASKED)]):
        act = _as_it_reads(records, int(row[0]), row[place])
        for refusal in good_standing(state, act):
            yield _objection(state, act, refusal)


def _as_it_reads(records: Records, index: int, corrected_by: int | None) -> e.Recorded:
    act = records.recorded(index)
    correction = None if corrected_by is None else records.recorded(corrected_by).event
    if isinstance(correction, e.Corrected):
        return dataclasses.replace(replacement(correction, act), corrected_by=corrected_by)
    return act


def _objection(state: State, act: e.Recorded, refusal: Refusal) -> Objection:
    values = refusal.values
    named = values.get("measure")
    code = str(values.get("participant") or _participant_of(state, act, named))
    measure = None if named in (None, "", "membership") else str(named)
    return Objection(
        entry=act.index,
        type=act.event.TYPE,
        certificate=getattr(act.event, "certificate", None),
        day=str(values.get("date") or act.occurred or ""),
        participant=code,
        code=refusal.code,
        said=str(refusal),
        measure=measure,
        source=str(values.get("source") or _source(state, code, measure)),
        rests_on=_rests_on(state, code, measure),
        documented=bool(getattr(act.event, "documented", False)),
    )


def _participant_of(state: State, act: e.Recorded, measure: object) -> str:
    """Whose measure asks for attestations: the certificate's own issuer, as the rule has it."""
    certificate = state.certificate(getattr(act.event, "certificate", None) or "")
    for code in certificate.origins if certificate is not None else ():
        participant = state.participant(code)
        if participant is not None and any(one.id == measure for one in measures(participant)):
            return code
    return certificate.id[:2] if certificate is not None else ""


def _source(state: State, code: str, measure: str | None) -> str:
    participant = state.participant(code)
    found = () if participant is None else measures(participant)
    return next((one.source for one in found if one.id == measure), "")


def _rests_on(state: State, code: str, measure: str | None) -> tuple[int, ...]:
    """The entries that adopted or ended the measure, or that tell the membership."""
    participant = state.participant(code)
    if participant is None:
        return ()
    return tuple(act.index for act in participant.acts if _tells(act.event, measure))


def _tells(event: e.Event | e.Opaque, measure: str | None) -> bool:
    match event:
        case e.RegisterAdopted():
            return measure is None or any(row.measure == measure for row in event.measures)
        case e.MeasureAdopted() | e.MeasureEnded():
            return event.measure == measure
        case e.ParticipantAdmitted() | e.ParticipantLeft():
            return measure is None
        case _:
            return False
