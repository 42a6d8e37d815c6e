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

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ledger.domain import certificates
from ledger.domain import events as e
from ledger.domain.ancestry import ancestors
from ledger.domain.certificates import Certificate
from ledger.domain.parties import HOUSE
from ledger.domain.shipment_parties import exporter_and_importer
from ledger.domain.state import State
from ledger.domain.vocabulary import carats
from ledger.errors import NotFound
from ledger.federation.arriving import Foreign, Lot
from ledger.federation.mail import Mail
from ledger.federation.peers import refused
from ledger.messages import how_many
from ledger.store.records import Records


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
    """The import and its confirmation, which a letter back is about, and what was corrected in them."""
    wanted = (e.Imported, e.ImportConfirmed)
    own = records.of(certificates.subject(certificate))
    return tuple(
        act.index
        for act in own
        if isinstance(act.event, wanted) or (act.about is not None and isinstance(act.about.event, wanted))
    )


def confirmed(state: State, mail: Mail, by: str) -> e.ImportConfirmed:
    """The act by which the exporter records a confirmation that came back.

    Raises `Refused`: ``mail-step``, ``mail-no-confirmation``, ``certificate-unknown``,
    ``confirmation-other-entry`` (it names another entry than the one issued here), ``confirmation-elsewhere``
    (the shipment was for another participant).
    """
    origin = mail.peer.origin
    for refusal in mail.faults(mail.entries(e.ImportConfirmed.TYPE)):
        raise refused(refusal.code, refusal.subject, **refusal.values)
    told = next((act.event for act in mail.now.values() if isinstance(act.event, e.ImportConfirmed)), None)
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
        for act in mail.now.values()
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
