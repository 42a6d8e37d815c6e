"""The other end of the border: a port's ledger, with shipments that arrived in every condition there is.

It is played for what it refuses (`demonstration_port_refusals`): its State has put every case that KPCS
leaves to it into a strict profile. States, parties and goods are invented; XA and XB are nobody's letters.

    for scene in play_port(cast): ...      recorded one after the other, each with its receipt
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

from ledger import keys as keyring
from ledger.chain.checkpoint import Checkpoint, sign
from ledger.chain.note import verifier_key
from ledger.domain import events as e
from ledger.domain.vocabulary import NORMALISATION, certificate_key
from ledger.exchange.demonstration import MINISTRY, Cast, Part, Scene, record
from ledger.keys import SigningKey

PORT = "AE"
TRADER = "trader-1"
FAITHFUL, FORKED = "ledger.example/bw/1", "ledger.example/xa/1"
INVENTED = "invented for the demonstration"


def foreign(serial: int, country: str = "EU") -> str:
    """The key of a certificate of another State."""
    return certificate_key(country, f"{country} {serial:06}")


OPENED, OTHERWISE, ORDERED_BACK, WAITING, STOLEN = (foreign(serial) for serial in range(3, 8))
DETAINED, LIGHTER = foreign(10), foreign(11)
"""Certificates of shipments that came opened, that hold other goods, that go back, that wait, that never
came, that are detained, and that weigh less than is said."""


def play_port(cast: Cast) -> Iterator[Scene]:
    """Record the port's story, each act before the next is made."""
    for part in (*_house(cast), *_partners(cast), *_arrivals(cast), *_papers(cast), _strict()):
        yield record(cast, part)
    yield record(cast, renamed(cast, "D-8", "D-8b"))


def _house(cast: Cast) -> Iterator[Part]:
    known = tuple(
        e.Admission(code, None, "2003-01-01", None, INVENTED) for code in ("AE", "BW", "EU", "XA", "XB")
    )
    bars = e.MeasureLine(
        measure="XA-1", participant="XA", effect="no-trade", since="2010-01-01", source=INVENTED
    )
    watched = e.MeasureLine(
        measure="XB-1",
        participant="XB",
        effect="supervised",
        attestations=1,
        since="2010-01-01",
        source=INVENTED,
    )
    register = e.RegisterAdopted(
        by=MINISTRY, register="demonstration/2", admissions=known, measures=(bars, watched)
    )
    yield Part("adopts a register in which XA may not trade and XB is supervised", register)
    trader = e.PartyRegistered(by=MINISTRY, party=TRADER, roles=("dealer",), residence=PORT)
    yield Part(f"registers {TRADER}", trader)
    key = cast.keys[TRADER]
    proof = keyring.prove_possession(key, TRADER, cast.ledger.origin)
    yield Part(
        f"enrols the key of {TRADER}", e.KeyEnrolled(by=MINISTRY, party=TRADER, key=key.public, proof=proof)
    )
    for kind in ("dealing", "import", "export"):
        licence = e.LicenceGranted(
            by=MINISTRY, licence=f"L-{kind}", party=TRADER, licensed=kind, since=cast.day(800)
        )
        yield Part(f"licenses {TRADER} for {kind}", licence)


def _partners(cast: Cast) -> Iterator[Part]:
    """A ledger that is pinned, so that its paper alone is not enough, and one that showed two histories."""
    for origin, country in ((FAITHFUL, "BW"), (FORKED, "XA")):
        key = str(verifier_key(origin, cast.keys["stranger"]))
        partner = e.PartnerRecognised(
            by=MINISTRY, origin=origin, participant=country, keys=(key,), since=cast.day(400)
        )
        yield Part(f"recognises the ledger of {country}", partner)
    note = _checkpoint(FAITHFUL, cast.keys["stranger"])
    pinned = e.CheckpointPinned(
        by=MINISTRY, origin=FAITHFUL, size=9, root=bytes(32), checkpoint=note, outcome="first"
    )
    yield Part("pins where BW's ledger ended", pinned)
    yield Part(
        "records that XA's showed two", e.ForkProved(by=MINISTRY, origin=FORKED, proof=sha256(b"").digest())
    )


def _checkpoint(origin: str, key: SigningKey) -> str:
    return sign(Checkpoint(origin, 9, bytes(32)), key).encode().decode()


def paper(cast: Cast, serial: int, parcel: str, weight: int, country: str = "EU", **more: Any) -> e.Imported:
    """An import by the trader on paper that states all it must."""
    said: dict[str, Any] = {
        "certificate": foreign(serial, country), "number": f"{country} {serial:06}", "provenance": country,
        "lines": (e.Arrival(parcel, weight, None, "710231"),), "weight": weight, "origins": (country,),
        "issued": cast.day(60), "expiry": cast.day(-30), "authority": "An authority", "parcels": 1,
        "hs": ("710231",), "exporter": "An exporter, Antwerp", "importer": "Trader 1, Dubai",
        "value": 1_000_000_00,
    }  # fmt: skip
    return e.Imported(by=TRADER, **{**said, **more})


def _arrivals(cast: Cast) -> Iterator[Part]:
    day = cast.day
    for serial, parcel, weight in ((1, "D-1", 10_000), (2, "D-2", 5_000), (8, "D-8", 1_000)):
        yield Part(f"imports {parcel}", paper(cast, serial, parcel, weight), day(30))

    def arrived(certificate: str, **found: Any) -> e.ShipmentArrived:
        said = {"number": None, "provenance": "EU", "intact": True, **found}
        return e.ShipmentArrived(by=MINISTRY, certificate=certificate, **said)

    opened = arrived(OPENED, intact=False, seals=("S-1",), number="EU 000003")
    yield Part("sees a shipment come opened", opened, day(20))
    yield Part("sees another come", arrived(OTHERWISE, number="EU 000004"), day(20))
    found = e.ShipmentInspected(by=MINISTRY, certificate=OTHERWISE, weight=900, conforms=False)
    yield Part("finds other goods in it", found, day(19))
    yield Part("sees a third come", arrived(ORDERED_BACK, number="EU 000005"), day(20))
    back = e.ShipmentRejected(by=MINISTRY, certificate=ORDERED_BACK, reason="an example")
    yield Part("orders it back", back, day(18))
    yield Part("sees a fourth come", arrived(WAITING, number="EU 000006"), day(20))
    yield Part("sees a fifth come", arrived(DETAINED, number="EU 000010"), day(20))
    kept = e.ShipmentDetained(by=MINISTRY, certificate=DETAINED, ground="an example")
    yield Part("detains it", kept, day(19))
    yield Part("sees a sixth come", arrived(LIGHTER, number="EU 000011"), day(20))
    weighed = e.ShipmentInspected(by=MINISTRY, certificate=LIGHTER, weight=900, conforms=True)
    yield Part("weighs it", weighed, day(19))
    theft = e.ShipmentLost(by=MINISTRY, certificate=STOLEN, how="stolen")
    yield Part("is told of a theft on the way", theft, day(20))


def issued(cast: Cast, serial: int, parcel: str, weight: int, **more: Any) -> e.CertificateIssued:
    """A certificate of the port's authority for one parcel of the trader, valid for 40 days from today."""
    number = f"{PORT} {serial:06}"
    said: dict[str, Any] = {
        "certificate": certificate_key(PORT, number), "number": number, "normalisation": NORMALISATION,
        "parts": (e.Part(parcel, weight),), "classes": (e.ClassWeight("710231", weight),), "weight": weight,
        "value": 1_000_000_00, "origins": ("EU",), "provenance": PORT, "destination": "BW",
        "exporter": TRADER, "importer": "An importer, Gaborone", "expiry": cast.day(-40),
    }  # fmt: skip
    return e.CertificateIssued(by=MINISTRY, **{**said, **more})


def sent_back(cast: Cast, serial: int, certificate: str, lot: str = "LOT") -> e.CertificateIssued:
    """A technical certificate that sends a shipment back."""
    more = {"technical": True, "returns": certificate, "destination": "EU"}
    return issued(cast, serial, lot, 1_000, **more)


def _papers(cast: Cast) -> Iterator[Part]:
    day = cast.day
    yield Part("issues a technical certificate for what goes back", sent_back(cast, 5, ORDERED_BACK), day(10))
    waits = sent_back(cast, 6, WAITING)
    yield Part("issues one for what still waits", waits, day(10))
    yield Part(
        "validates it",
        e.CertificateValidated(by=MINISTRY, certificate=waits.certificate, seals=("S-6",)),
        day(9),
    )
    first = issued(cast, 2, "D-2", 5_000)
    yield Part("certifies D-2", first, day(10))
    gone = e.CertificateReplaced(by=MINISTRY, certificate=first.certificate, reason="an example")
    yield Part("takes the certificate back", gone, day(9))
    yield Part(
        "issues another in its place", issued(cast, 3, "D-2", 5_000, replaces=first.certificate), day(8)
    )
    yield Part("values D-1", e.Valued(by=TRADER, parcel="D-1", value=900_000_00), day(8))
    yield Part("applies for a certificate, on evidence", applied("A-1", "D-1", foreign(1), 10_000), day(7))


def applied(application: str, parcel: str, certificate: str | None, weight: int = 0) -> e.CertificateApplied:
    """The trader's application for one parcel, with the certificate it came under."""
    evidence = () if certificate is None else (e.Acquired(certificate, weight),)
    return e.CertificateApplied(
        by=TRADER, application=application, parts=(e.Part(parcel),), destination="BW",
        importer="An importer, Gaborone", declaration="1", acquired=evidence,
    )  # fmt: skip


def _strict() -> Part:
    profile = e.ProfileAdopted(
        by=MINISTRY, profile="demonstration/2", retention_years=3, inspection="all", governing="highest",
        application_needed=True, seals_needed=True,
    )  # fmt: skip
    return Part("adopts a strict profile", profile)


def renamed(cast: Cast, before: str, after: str) -> Part:
    """A correction of the import of a parcel: it gets another id."""
    records = cast.ledger.records
    about, event = next(
        (one, one.event)
        for one in records.between()
        if isinstance(one.event, e.Imported) and one.event.lines[0].parcel == before
    )
    body = e.write(replace(event, lines=(replace(event.lines[0], parcel=after),)))
    corrected = e.Corrected(
        by=TRADER, index=about.index, hash=about.hash, replacement=body, reason="an example"
    )
    return Part(f"corrects: {before} is called {after}", corrected)
