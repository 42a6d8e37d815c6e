"""What speaks against a certificate of another ledger by its letter alone, before the importer's own rules
are asked about goods, dates, ranges of numbers and standing.

A certificate is what its issuer's ledger says of it in that letter: as it was issued, as it was corrected
since, and as it left. An issuer whose ledger runs this software cannot have let go otherwise than it
certified; another's could.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ledger.chain.bundle import Bundle
from ledger.chain.entry import Entry
from ledger.chain.statement import Statement
from ledger.chain.tile_source import TileSource
from ledger.domain import certificates
from ledger.domain import events as e
from ledger.domain.border_rules import left_otherwise, tolerance
from ledger.domain.certificate_rules import differs, in_range, matches
from ledger.domain.certificates import LIFE, LOST, REPLACED, RETURNED, VOIDED, Certificate
from ledger.domain.fields import CERTIFICATE
from ledger.domain.refusal import Refusal, in_force, when
from ledger.domain.state import State, fold_subject
from ledger.domain.vocabulary import carats
from ledger.edtf import Span, day_before
from ledger.errors import Malformed
from ledger.federation.mail import Mail
from ledger.store.decoding import decode
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Lot:
    """A parcel that arrived: its id in the sender's ledger, its id here, and what was measured (0.001 ct)."""

    foreign: str
    parcel: str
    weight: int | None = None
    stones: int | None = None
    hs: str | None = None


@dataclass(frozen=True, slots=True)
class Foreign:
    """A certificate of another ledger as its mail shows it; ``issued`` is its entry there."""

    certificate: Certificate
    issued: e.Recorded
    mail: Mail

    @property
    def event(self) -> e.CertificateIssued:
        """What was issued, as it reads with its corrections."""
        acts = (*self.certificate.acts, self.issued)
        return next(act.event for act in acts if isinstance(act.event, e.CertificateIssued))


def named_in(files: Iterable[bytes]) -> str | None:
    """The certificate that the proofs of a letter speak of, before anything is checked; None where none does
    that can be read."""
    for data in files:
        try:
            statement = Statement.decode(Entry.decode(Bundle.decode(data).entry).statement)
        except Malformed:
            continue  # what is wrong with it, the steps say
        name = statement.body.get("certificate") if statement.type in _ABOUT else None
        if isinstance(name, str) and CERTIFICATE.holds(name):
            return name
    return None


_GIVEN_UP = (VOIDED, REPLACED, RETURNED)
_ENDING = (
    e.CertificateVoided, e.CertificateReplaced, e.CertificateReturned, e.ShipmentReturned, e.ShipmentLost
)  # fmt: skip
_ABOUT = (e.CertificateIssued.TYPE, e.CertificateValidated.TYPE, e.Exported.TYPE)


def foreign(mail: Mail) -> Foreign | None:
    """The certificate that the letter's proofs show issued; None where they show none."""
    for act in mail.acts.values():
        if isinstance(act.event, e.CertificateIssued):
            subject = certificates.subject(act.event.certificate)
            state = fold_subject(subject, [mail.acts[index] for index in sorted(mail.acts)])
            if isinstance(state, Certificate):
                return Foreign(state, act, mail)
    return None


def arriving(mail: Mail, name: str, participant: str | None, day: Span) -> Iterator[Refusal]:
    """What speaks against a certificate of another ledger by its proofs; ``participant``: whose ledger this
    is; ``day``: when it arrived."""
    subject = certificates.subject(name)
    if not in_force(mail.peer.since, None, day):
        values = {"origin": mail.peer.origin, "since": mail.peer.since, "date": day.text}
        yield Refusal("partner-not-yet", subject, values)
    yield from mail.faults(_concerning(mail, name))
    found = foreign(mail)
    if found is None or found.certificate.id != name:
        yield Refusal("certificate-not-shown", subject, {"certificate": name, "origin": mail.peer.origin})
        return
    if mail.peer.participant != name[:2]:
        values = {"certificate": name, "origin": mail.peer.origin, "participant": mail.peer.participant}
        yield Refusal("certificate-other-ledger", subject, values)
    yield from _travelling(found, subject)
    yield from _by_its_profile(found, subject)
    if day_before(day, when(found.issued)):
        values = {"certificate": name, "issued": when(found.issued).text, "date": day.text}
        yield Refusal("certificate-issued-later", subject, values)
    if participant is not None and found.event.destination != participant:
        values = {"certificate": name, "destination": found.event.destination, "participant": participant}
        yield Refusal("certificate-elsewhere", subject, values)


def _concerning(mail: Mail, name: str) -> list[int]:
    """The entries that speak of the certificate, and those that correct one of them."""
    bodies = {index: getattr(report.statement, "body", {}) for index, report in mail.reports.items()}
    about = [index for index, body in bodies.items() if body.get("certificate") == name]
    corrections = {index: body for index, body in bodies.items() if "replacement" in body}
    return [*about, *(index for index, body in corrections.items() if body.get("index") in about)]


def _travelling(found: Foreign, subject: str) -> Iterator[Refusal]:
    """It was validated, left, and was not taken back, in the entries that came along."""
    name, status = found.certificate.id, found.certificate.status
    if status == LOST:
        yield Refusal("certificate-lost-there", subject, {"certificate": name})
        return
    if found.certificate.returns is not None:
        back = {"certificate": name, "returns": found.certificate.returns}
        yield Refusal("certificate-technical", subject, back)
        return
    if status in _GIVEN_UP:
        values = {"certificate": name, "status": status, "size": found.mail.signed.checkpoint.size}
        yield Refusal("certificate-foreign-state", subject, values)
        return
    acts = [act.event for act in found.certificate.acts]
    for wanted in (e.CertificateValidated, e.Exported):
        if not any(isinstance(event, wanted) and event.certificate == name for event in acts):
            values = {"certificate": name, "what": wanted.TYPE.partition("/")[0]}
            yield Refusal("certificate-not-shown-act", subject, values)
            return
    for event in acts:
        if isinstance(event, e.Exported):
            yield from _left(found, event)


def _left(found: Foreign, event: e.Exported) -> Iterator[Refusal]:
    """What left is what was certified: for whom, by whom, under which seals, each parcel with its weight."""
    paper = found.certificate
    stated = {part.parcel: part.weight for part in paper.parts}
    left = {part.parcel: part.weight for part in event.parts}
    yield from left_otherwise(paper, event)
    if stated.keys() != left.keys():
        yield differs(paper.id, "parcels", ", ".join(sorted(stated)), ", ".join(sorted(left)))
        return
    for parcel, weight in left.items():
        wanted = stated[parcel]
        if None not in (weight, wanted) and weight != wanted:
            yield differs(paper.id, f"weight of parcel {parcel}", carats(wanted), carats(weight))


def given_up_since(found: Foreign, tiles: TileSource) -> Iterator[Refusal]:
    """What the issuer published behind the letter: that it took the certificate back, lost the shipment, or
    corrected what it had issued.

    `mail.open_` has held the publication to the partner's keys, and the letter to its tree.
    """
    name, start = found.certificate.id, found.mail.signed.checkpoint.size
    subject = certificates.subject(name)
    for index, entry in enumerate(tiles.entries(start) if start < tiles.size else (), start):
        event = decode(index, entry).event if name.encode() in entry else None
        if isinstance(event, e.Corrected) and event.index == found.issued.index:
            yield Refusal("certificate-corrected-there", subject, {"certificate": name, "index": index})
            return
        if not isinstance(event, _ENDING) or event.certificate != name:
            continue
        if isinstance(event, e.ShipmentLost):
            yield Refusal("certificate-lost-there", subject, {"certificate": name})
        else:
            values = {"certificate": name, "status": LIFE[type(event)][1], "size": tiles.size}
            yield Refusal("certificate-foreign-state", subject, values)
        return


def _by_its_profile(found: Foreign, subject: str) -> Iterator[Refusal]:
    """The number has the form, and lies in the ranges, of the profile that its issuer had adopted then."""
    acts = [found.mail.acts[index] for index in sorted(found.mail.acts) if index < found.issued.index]
    profile = next((act.event for act in reversed(acts) if isinstance(act.event, e.ProfileAdopted)), None)
    if profile is None:
        return
    number, name = found.event.number, found.certificate.id
    if profile.number_pattern is not None and not matches(profile.number_pattern, number):
        yield Refusal("certificate-pattern", subject, {"number": number, "pattern": profile.number_pattern})
    if not in_range(profile, name, when(found.issued)):
        yield Refusal("certificate-range", subject, {"number": number, "issuer": name[:2]})


def each_weighs(state: State, found: Foreign, lots: Sequence[Lot]) -> Iterator[Refusal]:
    """Where several parcels came, each weighs what the certificate states of it: two that were taken for each
    other weigh the same together.
    """
    stated = {part.parcel: part.weight for part in found.event.parts}
    weights: dict[str, list[int]] = {}
    for lot in lots if len(stated) > 1 else ():
        weights.setdefault(lot.foreign, []).append(
            (stated.get(lot.foreign) or 0) if lot.weight is None else lot.weight
        )
    for parcel, measured in weights.items():
        wanted = stated.get(parcel)
        if wanted is not None and abs(sum(measured) - wanted) > tolerance(state, len(measured)):
            what = f"weight of parcel {parcel}"
            yield differs(found.certificate.id, what, carats(wanted), carats(sum(measured)))
