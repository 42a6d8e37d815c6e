"""Acts on certificates: applied for, issued, validated, endorsed, replaced, returned, voided (KPCS Annex I,
CAACT)."""

from __future__ import annotations

from ledger.domain import fields as f
from ledger.domain.act import ClassWeight, Event, Part, act, record
from ledger.domain.fields import may, need, rows
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Acquired:
    """A certificate under which goods were imported, and how many of its carats are among the goods now."""

    certificate: str = need(f.CERTIFICATE, "the certificate", always=True)
    weight: int | None = need(f.WEIGHT, "the carats of it that are among the goods")


@act("certificate-applied/1", "certificate apply")
@record
class CertificateApplied(Event):
    """An exporter asks for a certificate and declares that the goods are not conflict diamonds (Annex II
    17-18).
    """

    application: str = need(f.APPLICATION, "the application's number", always=True)
    parts: tuple[Part, ...] = rows(Part, "the parcels of the shipment")
    destination: str | None = need(f.COUNTRY, "the participant they go to")
    importer: str | f.Withheld | None = need(f.TEXT, "who imports: name and address", sealed=True)
    declaration: str | None = need(f.TEXT, "the version of the declaration that was signed")
    acquired: tuple[Acquired, ...] = rows(
        Acquired, "evidence of lawful acquisition: the certificates they were imported under", required=False
    )


@act("certificate-refused/1", "certificate refuse")
@record
class CertificateRefused(Event):
    """An application is refused."""

    application: str = need(f.APPLICATION, "the application's number", always=True)
    reason: str = need(f.TEXT, "why", always=True)


@act("certificate-issued/1", "certificate issue")
@record
class CertificateIssued(Event):
    """A Kimberley Process certificate for one shipment (KPCS Annex I A); values and names are sealed."""

    certificate: str = need(f.CERTIFICATE, "issuer and normal form of the number", always=True)
    number: str = need(f.NUMBER, "the number as printed", always=True)
    normalisation: str | None = need(f.TEXT, "how the number was brought to normal form")
    parts: tuple[Part, ...] = rows(Part, "the parcels of the shipment, with their weights")
    classes: tuple[ClassWeight, ...] = rows(ClassWeight, "the weight in each HS class")
    weight: int | None = need(f.WEIGHT, "the shipment's weight")
    value: int | f.Withheld | None = need(f.VALUE, "the shipment's value", sealed=True)
    origins: tuple[str, ...] = need(f.COUNTRY, "countries of mining origin; several = mixed", many=True)
    provenance: str | None = need(f.COUNTRY, "the participant it leaves")
    destination: str | None = need(f.COUNTRY, "the participant it goes to")
    exporter: str = need(f.PARTY, "who exports", always=True)
    importer: str | f.Withheld | None = need(f.TEXT, "who imports: name and address", sealed=True)
    expiry: str = need(f.DATE, "last day on which it is valid", always=True)
    seals: tuple[str, ...] = may(f.SEAL, "the seals' numbers", many=True)
    application: str | None = may(f.APPLICATION, "the application it answers")
    replaces: str | None = may(f.CERTIFICATE, "the certificate it takes the place of")
    technical: bool | None = may(f.YES, "whether it only sends back goods that may not enter")
    returns: str | None = may(
        f.CERTIFICATE, "the certificate of the shipment that a technical one sends back"
    )
    quality: str | None = may(f.TEXT, "quality characteristics (Annex I B)")


@act("certificate-validated/1", "certificate validate")
@record
class CertificateValidated(Event):
    """The exporting authority found the goods equal to the certificate and sealed them (EUREG 12(2))."""

    certificate: str = need(f.CERTIFICATE, "the certificate", always=True)
    seals: tuple[str, ...] = may(f.SEAL, "the seals' numbers", many=True)


@act("certificate-voided/1", "certificate void")
@record
class CertificateVoided(Event):
    """A certificate is no longer valid; its parcels are free again."""

    certificate: str = need(f.CERTIFICATE, "the certificate", always=True)
    reason: str = need(f.TEXT, "why", always=True)
    motion: str | None = may(f.MOTION, "on whose motion")


@act("certificate-endorsed/1", "certificate endorse")
@record
class CertificateEndorsed(Event):
    """A minor typing error is endorsed on the issuer's instruction; the certificate stays valid with it
    (INSOP).
    """

    certificate: str = need(f.CERTIFICATE, "the certificate", always=True)
    field: str = need(
        f.TEXT, "what was misspelt: exporter, importer, authority, quality or remark", always=True
    )
    stated: str = need(f.TEXT, "as printed", always=True)
    endorsed: str = need(f.TEXT, "as it should read", always=True)
    instruction: str | None = need(f.TEXT, "the issuer's instruction")


@act("certificate-replaced/1", "certificate replace")
@record
class CertificateReplaced(Event):
    """A certificate gives way to another before export; the original comes back (CAACT 11, CAREG 3)."""

    certificate: str = need(f.CERTIFICATE, "the certificate", always=True)
    reason: str = need(f.TEXT, "why", always=True)


@act("certificate-returned/1", "certificate return")
@record
class CertificateReturned(Event):
    """A certificate comes back to its issuer unused or expired (EUREG 12(5))."""

    certificate: str = need(f.CERTIFICATE, "the certificate", always=True)
    reason: str = need(f.RETURN_REASON, "unused or expired", always=True)
