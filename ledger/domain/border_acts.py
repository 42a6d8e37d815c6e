"""Acts at the border: Kimberley Process certificates and the shipments that travel under them."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.domain import fields as f
from ledger.domain.act import Arrival, ClassWeight, Event, Part, act
from ledger.domain.fields import may, need, rows


@act("certificate-issued/1", "certificate issue")
@dataclass(frozen=True, slots=True, kw_only=True)
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


@act("certificate-validated/1", "certificate validate")
@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateValidated(Event):
    """The exporting authority found the goods equal to the certificate and sealed them (EUREG 12(2))."""

    certificate: str = need(f.CERTIFICATE, "the certificate", always=True)
    seals: tuple[str, ...] = may(f.SEAL, "the seals' numbers", many=True)


@act("certificate-voided/1", "certificate void")
@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateVoided(Event):
    """A certificate is no longer valid; its parcels are free again."""

    certificate: str = need(f.CERTIFICATE, "the certificate", always=True)
    reason: str = need(f.TEXT, "why", always=True)


@act("shipment-exported/1", "shipment export")
@dataclass(frozen=True, slots=True, kw_only=True)
class Exported(Event):
    """The shipment of a certificate leaves the territory."""

    certificate: str | None = need(f.CERTIFICATE, "the certificate it travels under")
    parts: tuple[Part, ...] = rows(Part, "the parcels that leave, with their weights")
    destination: str | None = need(f.COUNTRY, "where it goes")
    carrier: str | None = may(f.PARTY, "who carries it")
    seals: tuple[str, ...] = may(f.SEAL, "the seals' numbers", many=True)


@act("shipment-imported/1", "shipment import")
@dataclass(frozen=True, slots=True, kw_only=True)
class Imported(Event):
    """A shipment arrives under another participant's certificate; its parcels begin here."""

    certificate: str | None = need(f.CERTIFICATE, "the certificate it came under")
    number: str | None = need(f.NUMBER, "the number as printed")
    lines: tuple[Arrival, ...] = rows(Arrival, "the parcels that arrived")
    weight: int | None = need(f.WEIGHT, "the weight the certificate states")
    origins: tuple[str, ...] = may(f.COUNTRY, "mining origins the certificate states", many=True)
    provenance: str | None = need(f.COUNTRY, "the participant it left")
    expiry: str | None = may(f.DATE, "the certificate's last day")
    seals: tuple[str, ...] = may(f.SEAL, "the seals' numbers found", many=True)
    value: int | f.Withheld | None = may(f.VALUE, "the value the certificate states", sealed=True)


@act("import-confirmed/1", "shipment confirm")
@dataclass(frozen=True, slots=True, kw_only=True)
class ImportConfirmed(Event):
    """The importing authority's confirmation of receipt (KPCS section III): number, parcels, weight,
    parties.
    """

    certificate: str = need(f.CERTIFICATE, "the certificate", always=True)
    parcels: int | None = need(f.STONES, "how many parcels arrived")
    weight: int | None = need(f.WEIGHT, "the weight that arrived")
    importer: str | f.Withheld | None = may(f.TEXT, "who imported", sealed=True)
