"""A certificate between two ledgers: sent with its proofs, checked on arrival, confirmed, by files alone.

    exporter                                   importer
    send     certificate-issued, -validated,
             shipment-exported      ------>    receive   shipment-imported, checkpoint-pinned
    receive  import-confirmed,      <------    confirm   import-confirmed and the pin of the exporter
    back     checkpoint-pinned

What arrives is refused for what its proofs show (`arriving`), before the importer's own rules are asked about
goods, dates, ranges of numbers and standing. A certificate that makes its second journey, or whose goods
differ, is found by those rules; one that is not in its issuer's ledger, by the proofs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ledger.chain.bundle import Bundle
from ledger.chain.entry import Entry
from ledger.chain.statement import Statement
from ledger.chain.tile_source import TileSource
from ledger.domain import certificates
from ledger.domain import events as e
from ledger.domain.ancestry import ancestors
from ledger.domain.border_rules import tolerance
from ledger.domain.certificate_rules import differs, in_range, matches
from ledger.domain.certificates import LIFE, LOST, REPLACED, RETURNED, VOIDED, Certificate
from ledger.domain.fields import CERTIFICATE
from ledger.domain.parties import HOUSE
from ledger.domain.refusal import Refusal, in_force, when
from ledger.domain.shipment_parties import exporter_and_importer
from ledger.domain.state import State, fold_subject
from ledger.domain.vocabulary import carats
from ledger.edtf import Span, day_before
from ledger.errors import Malformed, NotFound
from ledger.federation.mail import Mail
from ledger.federation.peers import refused
from ledger.messages import how_many
from ledger.store.decoding import decode
from ledger.store.records import Records
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
        """What was issued."""
        event = self.issued.event
        if not isinstance(event, e.CertificateIssued):
            raise TypeError(event)
        return event


def told_of(records: Records, certificate: str, *, history: bool = False) -> tuple[int, ...]:
    """The entries that a certificate's letter is about: all that changed it, the profile it was issued under;
    with ``history`` also those of its parcels. Raises `NotFound` (``certificate-unknown``)."""
    own = records.of(certificates.subject(certificate))
    if not own:
        raise NotFound("certificate-unknown", certificate=certificate)
    found = {record.index for record in own}
    issued = next((record for record in own if isinstance(record.event, e.CertificateIssued)), None)
    if issued is not None:
        attested = records.of(f"entry:{issued.index}")
        found.update(one.index for one in attested if isinstance(one.event, e.Attested))
        profiles = [one.index for one in records.of(HOUSE) if isinstance(one.event, e.ProfileAdopted)]
        found.update([index for index in profiles if index < issued.index][-1:])
    if history and issued is not None and isinstance(issued.event, e.CertificateIssued):
        found.update(_past(records, [part.parcel for part in issued.event.parts]))
    return tuple(sorted(found))


def _past(records: Records, parcels: Sequence[str]) -> Iterator[int]:
    """The entries of parcels and of all that they were made from, and of their sites."""
    state = records.state()
    for name in parcels:
        for parcel in ancestors(state, name):
            subjects = ["parcel:" + parcel.id, *([] if parcel.site is None else ["site:" + parcel.site])]
            for record in (record for subject in subjects for record in records.of(subject)):
                yield record.index
                if isinstance(record.event, e.Imported) and record.event.origin is not None:
                    known = records.of("partner:" + record.event.origin)
                    yield from (one.index for one in known)


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
    about = [index for index, report in mail.reports.items() if _concerns(report.statement, name)]
    yield from mail.faults(about)
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


def _concerns(statement: object, name: str) -> bool:
    body = getattr(statement, "body", {})
    return body.get("certificate") == name


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
    acts = [act.event for act in found.mail.acts.values()]
    for wanted in (e.CertificateValidated, e.Exported):
        if not any(isinstance(event, wanted) and event.certificate == name for event in acts):
            values = {"certificate": name, "what": wanted.TYPE.partition("/")[0]}
            yield Refusal("certificate-not-shown-act", subject, values)
            return


def given_up_since(found: Foreign, tiles: TileSource) -> Iterator[Refusal]:
    """What the issuer published behind the letter: that it took the certificate back, or lost the shipment.

    `mail.open_` has held the publication to the partner's keys, and the letter to its tree.
    """
    name, start = found.certificate.id, found.mail.signed.checkpoint.size
    subject = certificates.subject(name)
    for index, entry in enumerate(tiles.entries(start) if start < tiles.size else (), start):
        event = decode(index, entry).event if name.encode() in entry else None
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


def imported(found: Foreign, lots: Sequence[Lot], by: str, here: str | None) -> e.Imported:
    """The act that records the arrival; without ``lots`` every parcel keeps its id and stated weight.

    Raises `Refused` (``certificate-differs``) where a lot is not of the certificate's parcels.
    """
    issued = found.event
    stated = {part.parcel: part.weight for part in issued.parts}
    lots = lots or [Lot(parcel, parcel) for parcel in stated]
    strangers = sorted({lot.foreign for lot in lots} - stated.keys())
    missing = sorted(stated.keys() - {lot.foreign for lot in lots})
    if strangers or missing:
        values = {"certificate": issued.certificate, "what": "parcels", "stated": ", ".join(sorted(stated))}
        found_there = ", ".join(sorted(lot.foreign for lot in lots))
        subject = certificates.subject(issued.certificate)
        raise refused("certificate-differs", subject, **values, found=found_there)
    only = issued.classes[0].hs if len(issued.classes) == 1 else None
    importer = certificates.said(found.certificate, "importer")
    return e.Imported(
        by=by,
        country=here,
        certificate=issued.certificate,
        number=issued.number,
        lines=tuple(
            e.Arrival(
                lot.parcel,
                stated[lot.foreign] if lot.weight is None else lot.weight,
                lot.stones,
                lot.hs or only,
                lot.foreign,
            )
            for lot in lots
        ),
        weight=issued.weight,
        origins=issued.origins,
        provenance=issued.provenance,
        exporter=issued.exporter,
        attested=_attested(found),
        expiry=issued.expiry,
        seals=found.certificate.seals,
        value=issued.value if isinstance(issued.value, int) else None,
        origin=found.mail.peer.origin,
        entry=found.issued.index,
        hash=found.issued.hash,
        importer=importer if isinstance(importer, str) else None,
    )


def _attested(found: Foreign) -> tuple[str, ...]:
    """Who attested the issue in the issuer's ledger, as far as the letter shows it."""
    own = (found.issued.index, found.mail.peer.origin)
    given = [
        act.event.by
        for index, act in sorted(found.mail.acts.items())
        if isinstance(act.event, e.Attested)
        and (act.event.index, act.event.origin) == own
        and not any(found.mail.faults([index]))
    ]
    apart = (found.certificate.issuer, found.certificate.exporter)
    return tuple(dict.fromkeys(party for party in given if party is not None and party not in apart))


def confirmation(state: State, certificate: str, by: str) -> e.ImportConfirmed | None:
    """The act by which this ledger confirms what it imported; None where it did so already.

    Raises `NotFound` (``certificate-unknown``), `Refused` (``certificate-not-received``).
    """
    known = state.certificate(certificate)
    if known is None:
        raise NotFound("certificate-unknown", certificate=certificate)
    if known.status == certificates.CONFIRMED:
        return None
    if known.status != certificates.RECEIVED:
        subject = certificates.subject(certificate)
        raise refused("certificate-not-received", subject, certificate=certificate, status=known.status)
    weights = [part.weight for part in known.parts]
    total = None if None in weights else sum(weight or 0 for weight in weights)
    exporter, importer = exporter_and_importer(state, certificate)
    return e.ImportConfirmed(
        by=by,
        certificate=certificate,
        parcels=len(weights),
        weight=total,
        importer=importer,
        exporter=exporter,
    )


def entries_of_confirmation(records: Records, certificate: str) -> tuple[int, ...]:
    """The import and its confirmation, which a letter back is about."""
    wanted = (e.Imported, e.ImportConfirmed)
    own = records.of(certificates.subject(certificate))
    return tuple(record.index for record in own if isinstance(record.event, wanted))


def confirmed(state: State, mail: Mail, by: str) -> e.ImportConfirmed:
    """The act by which the exporter records a confirmation that came back.

    Raises `Refused`: ``mail-step``, ``mail-no-confirmation``, ``certificate-unknown``,
    ``confirmation-other-entry`` (it names another entry than the one issued here), ``confirmation-elsewhere``
    (the shipment was for another participant).
    """
    origin = mail.peer.origin
    about = [i for i, r in mail.reports.items() if r.statement and r.statement.type == e.ImportConfirmed.TYPE]
    for refusal in mail.faults(about):
        raise refused(refusal.code, refusal.subject, **refusal.values)
    told = next((act.event for act in mail.acts.values() if isinstance(act.event, e.ImportConfirmed)), None)
    if told is None:
        raise refused("mail-no-confirmation", f"partner:{origin}", origin=origin)
    known, subject = state.certificate(told.certificate), certificates.subject(told.certificate)
    if known is None or known.issued is None:
        raise refused("certificate-unknown", subject, certificate=told.certificate)
    if not _names(mail, known):
        raise refused("confirmation-other-entry", subject, certificate=told.certificate, index=known.issued)
    if mail.peer.participant != known.destination:
        values = {"certificate": known.id, "participant": mail.peer.participant or origin}
        raise refused("confirmation-elsewhere", subject, **values, destination=known.destination or "-")
    importer = told.importer if isinstance(told.importer, str) else None
    exporter = told.exporter if isinstance(told.exporter, str) else None
    return replace(told, by=by, importer=importer, exporter=exporter)


def _names(mail: Mail, known: Certificate) -> bool:
    """Whether the import in the letter names the very entry by which the certificate was issued here."""
    issued = next(act for act in known.acts if isinstance(act.event, e.CertificateIssued))
    return any(
        isinstance(act.event, e.Imported)
        and act.event.certificate == known.id
        and (act.event.entry, act.event.hash) == (issued.index, issued.hash)
        for act in mail.acts.values()
    )


def differences(state: State, told: e.ImportConfirmed) -> Iterator[str]:
    """What the confirmation states otherwise than the certificate, in words for a remark."""
    known = state.certificate(told.certificate)
    if known is None:
        return
    if told.weight is not None and known.weight is not None and told.weight != known.weight:
        yield f"weight {carats(told.weight)} arrived, {carats(known.weight)} stated"
    if told.parcels is not None and known.parts and told.parcels != len(known.parts):
        yield f"{how_many('count-parcels', told.parcels)} arrived, {len(known.parts)} stated"
