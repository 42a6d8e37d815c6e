"""Acts at the border: the shipments that travel under Kimberley Process certificates, and what befalls
them."""

from __future__ import annotations

from ledger.domain import fields as f
from ledger.domain.act import Arrival, Event, Part, act, record
from ledger.domain.fields import may, need, rows


@act("shipment-exported/1", "shipment export")
@record
class Exported(Event):
    """The shipment of a certificate leaves the territory."""

    certificate: str | None = may(f.CERTIFICATE, "the certificate it travels under")
    parts: tuple[Part, ...] = rows(Part, "the parcels that leave, with their weights")
    destination: str | None = need(f.COUNTRY, "where it goes")
    returns: str | None = may(f.CERTIFICATE, "the certificate of the shipment that goes back unentered")
    carrier: str | None = may(f.PARTY, "who carries it")
    seals: tuple[str, ...] = may(f.SEAL, "the seals' numbers", many=True)


@act("shipment-imported/1", "shipment import")
@record
class Imported(Event):
    """A shipment arrives under another participant's certificate; its parcels begin here.

    Without an entry of the issuer's ledger, all that KPCS Annex I makes mandatory is copied from the paper.
    """

    certificate: str | None = may(f.CERTIFICATE, "the certificate it came under")
    number: str | None = may(f.NUMBER, "the number as printed")
    lines: tuple[Arrival, ...] = rows(Arrival, "the parcels that arrived")
    weight: int | None = need(f.WEIGHT, "the weight the certificate states")
    origins: tuple[str, ...] = may(f.COUNTRY, "mining origins the certificate states", many=True)
    zones: tuple[str, ...] = may(f.TEXT, "zones of mining the certificate states", many=True)
    provenance: str | None = need(f.COUNTRY, "the participant it left")
    exporter: str | f.Withheld | None = may(f.TEXT, "who exported, as the certificate states", sealed=True)
    attested: tuple[str, ...] = may(f.TEXT, "who countersigned it under special measures", many=True)
    expiry: str | None = may(f.DATE, "the certificate's last day")
    seals: tuple[str, ...] = may(f.SEAL, "the seals' numbers found", many=True)
    value: int | f.Withheld | None = may(f.VALUE, "the value the certificate states", sealed=True)
    origin: str | None = may(f.TEXT, "the issuer's ledger, where it has one")
    entry: int | None = may(f.INDEX, "the certificate's entry in that ledger")
    hash: bytes | None = may(f.HASH, "that entry's hash")
    on_paper: str | None = may(f.TEXT, "why it is taken on paper, although its issuer's ledger is known here")
    mixed: bool | None = may(f.YES, "whether the certificate says that origins are mixed, without a list")
    issued: str | None = may(f.DATE, "the day of issue the certificate states")
    authority: str | None = may(f.TEXT, "the issuing authority the certificate states")
    importer: str | f.Withheld | None = may(f.TEXT, "who imports, as the certificate states", sealed=True)
    parcels: int | None = may(f.NUMBERED, "how many parcels the certificate states")
    hs: tuple[str, ...] = may(f.HS, "the HS codes the certificate states", many=True)


@act("import-confirmed/1", "shipment confirm")
@record
class ImportConfirmed(Event):
    """The importing authority's confirmation of receipt (KPCS section III): number, parcels, weight,
    parties.
    """

    certificate: str = need(f.CERTIFICATE, "the certificate", always=True)
    parcels: int | None = need(f.NUMBERED, "how many parcels arrived")
    weight: int | None = need(f.WEIGHT, "the weight that arrived")
    importer: str | f.Withheld | None = may(f.TEXT, "who imported", sealed=True)
    exporter: str | f.Withheld | None = may(f.TEXT, "who exported, as the certificate states", sealed=True)


@act("shipment-notified/1", "shipment notify")
@record
class ShipmentNotified(Event):
    """The notice to the importing authority, sent or received (KPCS Annex II 19 and 21)."""

    certificate: str = need(f.CERTIFICATE, "the certificate", always=True)
    direction: str | None = need(f.DIRECTION, "sent or received")
    weight: int | None = need(f.WEIGHT, "the weight it states")
    value: int | f.Withheld | None = may(f.VALUE, "the value it states", sealed=True)
    expected: str | None = may(f.DATE, "when it should arrive")
    exporter: str | f.Withheld | None = may(f.TEXT, "who exports", sealed=True)


@act("shipment-arrived/1", "shipment arrive")
@record
class ShipmentArrived(Event):
    """A shipment is presented to the importing authority (KPCS Annex II 22)."""

    certificate: str = need(f.CERTIFICATE, "the certificate it came under", always=True)
    number: str | None = need(f.NUMBER, "the number as printed")
    provenance: str | None = need(f.COUNTRY, "the participant it left")
    seals: tuple[str, ...] = may(f.SEAL, "the seals' numbers found", many=True)
    intact: bool | None = need(f.YES, "whether container and seals are unopened")


@act("shipment-inspected/1", "shipment inspect")
@record
class ShipmentInspected(Event):
    """The contents are weighed, counted and valued against the certificate (KPCS Annex II 23)."""

    certificate: str = need(f.CERTIFICATE, "the certificate", always=True)
    weight: int | None = need(f.WEIGHT, "the weight measured")
    stones: int | None = may(f.STONES, "how many stones were counted")
    value: int | f.Withheld | None = may(f.VALUE, "the value found", sealed=True)
    conforms: bool | None = need(f.YES, "whether the contents match the certificate")


@act("shipment-detained/1", "shipment detain")
@record
class ShipmentDetained(Event):
    """Conditions are not met: the shipment is detained and the issuer informed (EUREG 5(1)(b), 5(3))."""

    certificate: str = need(f.CERTIFICATE, "the certificate", always=True)
    ground: str | f.Withheld | None = need(f.TEXT, "on what ground", sealed=True)


@act("shipment-remedied/1", "shipment remedy")
@record
class ShipmentRemedied(Event):
    """A detained shipment is released after remedial measures (EUREG 5(2), 14(2))."""

    certificate: str = need(f.CERTIFICATE, "the certificate", always=True)
    remedy: str = need(f.TEXT, "what was done", always=True)


@act("shipment-rejected/1", "shipment reject")
@record
class ShipmentRejected(Event):
    """A shipment may not enter and is ordered back to its provenance (CAACT 15, 17)."""

    certificate: str = need(f.CERTIFICATE, "the certificate", always=True)
    reason: str = need(f.TEXT, "why", always=True)
    technical: str | None = may(f.CERTIFICATE, "the technical certificate it goes back under")


@act("shipment-returned/1", "shipment return")
@record
class ShipmentReturned(Event):
    """An exported shipment is back: its parcels are in hand again."""

    certificate: str = need(f.CERTIFICATE, "the certificate it left under", always=True)
    parts: tuple[Part, ...] = rows(Part, "the parcels that came back, with the weights found")
    to: str | None = need(f.PARTY, "who holds them now")


@act("shipment-lost/1", "shipment lose")
@record
class ShipmentLost(Event):
    """A shipment, or part of it, is lost or stolen on its way: recorded by the authority it left, and by one
    that was told of it.
    """

    certificate: str = need(f.CERTIFICATE, "the certificate it travelled under", always=True)
    how: str | None = need(f.LOSS, "how")
    parcels: tuple[str, ...] = may(f.PARCEL, "what is missing, in the ledger that sent it", many=True)


@act("parcel-forfeited/1", "parcel forfeit")
@record
class Forfeited(Event):
    """Seized goods are forfeited: destroyed, sold where they do not re-enter the trade, or kept (CAACT
    27-31).
    """

    parcels: tuple[str, ...] = need(f.PARCEL, "what is forfeited", many=True)
    fate: str | None = need(f.FATE, "what becomes of them")
    decision: str | None = may(f.TEXT, "the decision it rests on")
    certificate: str | None = may(f.CERTIFICATE, "the certificate of the detained shipment they came in")
