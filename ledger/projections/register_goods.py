"""The register of goods: parcels and certificates, a row each. Weights in 0.001 ct."""

from __future__ import annotations

from ledger.domain import events as e
from ledger.domain.certificates import Certificate
from ledger.domain.parcels import Parcel
from ledger.projections.stored import Register, acts, listed, several
from ledger.store.rows import INT, Column, Row, Table, maybe

PARCELS = Table(
    "parcels",
    (
        Column("parcel"),
        Column("condition"),
        maybe("weight", INT),
        maybe("stones", INT),
        maybe("hs"),
        maybe("holder"),
        maybe("owner"),
        maybe("country"),
        maybe("began"),
        maybe("begun", INT),
        maybe("site"),
        maybe("miner"),
        Column("origins"),
        Column("sources"),
        Column("outputs"),
        maybe("certificate"),
        Column("seals"),
        maybe("seized_by"),
        Column("names"),
        Column("documented", INT),
        Column("marked", INT),
        Column("last", INT),
    ),
    indexes=(("holder",),),
)


def mined_by(parcel: Parcel) -> str | None:
    """The party whose production sheet the parcel stands on; None where it began otherwise."""
    for act in parcel.acts:
        if isinstance(act.event, e.Mined) and act.index == parcel.begun:
            return act.event.by
    return None


def _write_parcel(parcel: Parcel) -> Row:
    return (
        parcel.id,
        parcel.condition,
        parcel.weight,
        parcel.stones,
        parcel.hs,
        parcel.holder,
        parcel.owner,
        parcel.country,
        parcel.began,
        parcel.begun,
        parcel.site,
        mined_by(parcel),
        several(parcel.origins),
        several(parcel.sources),
        several(parcel.outputs),
        parcel.certificate,
        several(parcel.seals),
        parcel.seized_by,
        several(parcel.names),
        int(parcel.documented),
        int(parcel.marked),
        parcel.acts[-1].index,
    )


def _read_parcel(row: Row) -> Parcel:
    mined = None
    if row[11] is not None:
        mined = e.Recorded(row[9], 0, b"", e.Mined(by=row[11], site=row[10]))
    return Parcel(
        id=row[0],
        condition=row[1],
        weight=row[2],
        stones=row[3],
        hs=row[4],
        holder=row[5],
        owner=row[6],
        country=row[7],
        began=row[8],
        begun=row[9],
        site=row[10],
        origins=listed(row[12]),
        sources=listed(row[13]),
        outputs=listed(row[14]),
        certificate=row[15],
        seals=listed(row[16]),
        seized_by=row[17],
        names=listed(row[18]),
        documented=bool(row[19]),
        marked=bool(row[20]),
        acts=acts(mined, row[21]),
    )


CERTIFICATES = Table(
    "certificates",
    (
        Column("certificate"),
        maybe("status"),
        maybe("number"),
        maybe("issuer"),
        maybe("exporter"),
        Column("parts"),
        Column("classes"),
        maybe("weight", INT),
        Column("origins"),
        maybe("provenance"),
        maybe("destination"),
        maybe("expiry"),
        Column("seals"),
        maybe("issued", INT),
        maybe("replaces"),
        Column("technical", INT),
        Column("documented", INT),
        Column("last", INT),
    ),
)


def _write_certificate(certificate: Certificate) -> Row:
    return (
        certificate.id,
        certificate.status,
        certificate.number,
        certificate.issuer,
        certificate.exporter,
        several((part.parcel, part.weight) for part in certificate.parts),
        several((line.hs, line.weight) for line in certificate.classes),
        certificate.weight,
        several(certificate.origins),
        certificate.provenance,
        certificate.destination,
        certificate.expiry,
        several(certificate.seals),
        certificate.issued,
        certificate.replaces,
        int(certificate.technical),
        int(certificate.documented),
        certificate.acts[-1].index,
    )


def _read_certificate(row: Row) -> Certificate:
    return Certificate(
        id=row[0],
        status=row[1],
        number=row[2],
        issuer=row[3],
        exporter=row[4],
        parts=tuple(e.Part(*part) for part in listed(row[5])),
        classes=tuple(e.ClassWeight(*line) for line in listed(row[6])),
        weight=row[7],
        origins=listed(row[8]),
        provenance=row[9],
        destination=row[10],
        expiry=row[11],
        seals=listed(row[12]),
        issued=row[13],
        replaces=row[14],
        technical=bool(row[15]),
        documented=bool(row[16]),
        acts=acts(None, row[17]),
    )


GOODS = {
    "parcel": Register(PARCELS, _write_parcel, _read_parcel),
    "certificate": Register(CERTIFICATES, _write_certificate, _read_certificate),
}
"""The registers by kind of subject."""
