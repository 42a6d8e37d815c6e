"""A small world to play in: one authority, its parties with real keys from fixed seeds, a clock that
ticks, a real ledger in memory or in a file.

    world = World()
    world.mine("P1", "12.500")
    world.split("P1", {"P1a": "5.000", "P1b": "7.500"})
    world.sell("P1a", to="dealer-7")
    world.parcel("P1a").holder                    'dealer-7'
    world.do(Weighed(by="dealer-7", parcel="P1a", weight=4_990))

Everything in it is the same in every run: keys, ids, salts, times, hashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from ledger.admission import Act
from ledger.application import Ledger, Receipt
from ledger.chain.note import verifier_key
from ledger.domain import events as e
from ledger.domain.certificates import Certificate
from ledger.domain.parcels import Parcel
from ledger.domain.vocabulary import NORMALISATION, certificate_key, parse_carats
from ledger.keeping import LedgerKey
from ledger.keys import SigningKey, prove_possession

ORIGIN = "ledger.example/bw/k7q2"
AUTHORITY = "gaborone"
SITE = "kalahari-1"
START = 1_705_305_600_000_000
"""2024-01-15T08:00:00+00:00"""
SECOND = 1_000_000

ROLES: Mapping[str, tuple[str, ...]] = {
    "miner-1": ("miner",),
    "dealer-7": ("dealer",),
    "dealer-8": ("dealer",),
    "cutter-2": ("cutter",),
    "laboratory-3": ("laboratory",),
    "agent-4": ("agent",),
    "carrier-5": ("carrier",),
    "clerk-6": ("clerk",),
    "observer-9": ("observer",),
    "archivist-0": ("archivist",),
}
LICENCES: Mapping[str, tuple[str, ...]] = {
    "miner-1": ("mining", "export"),
    "dealer-7": ("dealing", "export", "import"),
    "dealer-8": ("dealing", "export", "import"),
    "cutter-2": ("cutting", "dealing"),
}
SOURCE = {"title": "A newspaper", "url": "https://press.example/1", "seen": "2024-01-10"}


def signing_key(name: str) -> SigningKey:
    """The key that ``name`` has in every world."""
    return SigningKey.from_seed(sha256(b"a key of the test world: " + name.encode()).digest())


LEDGER_KEY = str(verifier_key(ORIGIN, signing_key("ledger")))
"""The verifier key of a world's ledger that signs."""


class Clock:
    """A clock that stands at ``now`` and moves by ``step`` microseconds each time it is read."""

    def __init__(self, now: int = START, step: int = SECOND) -> None:
        self.now = now
        self.step = step

    def __call__(self) -> int:
        """The time, one step later than the last time."""
        self.now += self.step
        return self.now


class Chance:
    """Random bytes that are the same in every run."""

    def __init__(self, seed: bytes = b"chance") -> None:
        self._state = sha256(seed).digest()

    def __call__(self, count: int) -> bytes:
        """So many bytes, others each time."""
        drawn = b""
        while len(drawn) < count:
            self._state = sha256(self._state).digest()
            drawn += sha256(b"drawn" + self._state).digest()
        return drawn[:count]


class World:
    """A ledger and who acts in it. ``bare``: only the authority is there; ``guard``: the file beside the
    ledger's key, with which the ledger signs where it ends."""

    kept: LedgerKey | None = None

    def __init__(
        self,
        url: str | Path = ":memory:",
        *,
        bare: bool = False,
        participant: str = "BW",
        guard: Path | None = None,
    ) -> None:
        self.clock = Clock()
        self.keys = {name: signing_key(name) for name in (AUTHORITY, "recovery", *ROLES)}
        self.chance = Chance()
        self.kept = None if guard is None else LedgerKey(signing_key("ledger"), guard)
        self.ledger = Ledger.create(
            str(url),
            self.opening(participant),
            self.keys[AUTHORITY],
            clock=self.clock,
            chance=self.chance,
            keeper=self.kept,
        )
        if not bare:
            self.ledger.record_batch(Act(event, self.keys[AUTHORITY]) for event in self.registrations())

    def opening(self, participant: str = "BW") -> e.LedgerOpened:
        """Entry 0."""
        return e.LedgerOpened(
            by=AUTHORITY,
            origin=ORIGIN,
            participant=participant,
            keys=(LEDGER_KEY if self.kept else "ledger.example/bw/k7q2+0a1b2c3d+placeholder",),
            authority_key=self.keys[AUTHORITY].public,
            recovery_key=self.keys["recovery"].public,
        )

    def registrations(self) -> Iterable[e.Event]:
        """The authority's acts that make the parties known."""
        yield e.SiteRegistered(by=AUTHORITY, site=SITE, in_country="BW", mining="industrial", capacity=10**12)
        for name, roles in ROLES.items():
            yield e.PartyRegistered(
                by=AUTHORITY, party=name, roles=roles, residence="BW", name=f"The firm {name}"
            )
            yield self.enrolment(name, self.keys[name])
        for name, kinds in LICENCES.items():
            for kind in kinds:
                site = SITE if kind == "mining" else None
                yield e.LicenceGranted(
                    by=AUTHORITY, licence=f"{kind}/{name}", party=name, licensed=kind, site=site,
                    since="2020-01-01", until="2029-12-31",
                )  # fmt: skip

    def enrolment(self, party: str, key: SigningKey) -> e.KeyEnrolled:
        """The enrolment of a key, with its holder's proof."""
        return e.KeyEnrolled(
            by=AUTHORITY, party=party, key=key.public, proof=prove_possession(key, party, ORIGIN)
        )

    def do(self, event: e.Event, *, by: str | None = None, **said: Any) -> Receipt:
        """Record an act with the key of ``by``, or of the party that acts in it."""
        return self.ledger.record(event, self.key(event, by), **said)

    def key(self, event: e.Event, by: str | None = None) -> SigningKey:
        """The key with which an act is signed."""
        return self.keys[by or event.by or AUTHORITY]

    def codes(self, event: e.Event, *, by: str | None = None, **said: Any) -> list[str]:
        """The codes for which an act would be refused; empty when it may be recorded."""
        return [refusal.code for refusal in self.ledger.preview(event, self.key(event, by), **said)]

    def tell(self, event: e.Event, **said: Any) -> Receipt:
        """Record an act as the archivist does, from a source; ``event`` need not say that it is
        documented."""
        from dataclasses import replace

        said.setdefault("evidence", (SOURCE,))
        return self.do(replace(event, documented=True), by="archivist-0", **said)

    def parcel(self, name: str) -> Parcel:
        """A parcel as it is known now; it must be known."""
        found = self.ledger.state().parcel(name)
        assert found is not None, f"parcel {name} is not known"
        return found

    def certificate(self, name: str) -> Certificate:
        """A certificate as it is known now; it must be known."""
        found = self.ledger.state().certificate(name)
        assert found is not None, f"certificate {name} is not known"
        return found

    def holder(self, parcel: str) -> str:
        """In whose hands a parcel is."""
        return str(self.parcel(parcel).holder)

    def mine(self, *parcels: str, by: str = "miner-1", hs: str | None = "710231", **said: Any) -> Receipt:
        """Mine parcels: ids and carats in turn, ``mine("P1", "12.500", "P2", "0.350")``."""
        pairs = zip(parcels[::2], parcels[1::2], strict=True)
        return self.do(e.Mined(by=by, site=SITE, lines=tuple(goods(*pair, hs=hs) for pair in pairs)), **said)

    def split(self, parcel: str, into: Mapping[str, str], *, loss: str | None = None, **said: Any) -> Receipt:
        """The holder divides a parcel."""
        outputs = tuple(goods(name, weight) for name, weight in into.items())
        lost = None if loss is None else parse_carats(loss)
        return self.do(e.Split(by=self.holder(parcel), parcel=parcel, outputs=outputs, loss=lost), **said)

    def mix(self, output: str, *parcels: str, **said: Any) -> Receipt:
        """The holder puts parcels together."""
        weight = sum(self.parcel(name).weight or 0 for name in parcels)
        by = self.holder(parcels[0])
        return self.do(e.Mixed(by=by, inputs=parcels, output=output, weight=weight, hs="710231"), **said)

    def sell(self, *parcels: str, to: str, price: int | None = None, **said: Any) -> Receipt:
        """The holder sells parcels; ``price`` in US cents is sealed."""
        return self.do(e.Sold(by=self.holder(parcels[0]), parcels=parcels, to=to, price=price), **said)

    def certify(self, number: str, *parcels: str, to: str = "AE", **said: Any) -> str:
        """The authority issues and validates a certificate for parcels; its key."""
        held = [self.parcel(name) for name in parcels]
        weight = sum(parcel.weight or 0 for parcel in held)
        classes: dict[str, int] = {}
        for parcel in held:
            classes[parcel.hs or "710231"] = classes.get(parcel.hs or "710231", 0) + (parcel.weight or 0)
        key = certificate_key("BW", number)
        issued = e.CertificateIssued(
            by=AUTHORITY,
            certificate=key,
            number=number,
            normalisation=NORMALISATION,
            parts=tuple(e.Part(parcel.id, parcel.weight) for parcel in held),
            classes=tuple(e.ClassWeight(hs, weight) for hs, weight in sorted(classes.items())),
            weight=weight,
            value=100_000,
            origins=("BW",),
            provenance="BW",
            destination=to,
            exporter=str(held[0].holder),
            importer="Importing House, Dubai",
            expiry="2024-03-15",
        )
        self.do(issued, **said)
        self.do(e.CertificateValidated(by=AUTHORITY, certificate=key, seals=("S-1",)))
        return key

    def export(self, certificate: str, **said: Any) -> Receipt:
        """The exporter sends a certificate's shipment on its way."""
        found = self.certificate(certificate)
        return self.do(
            e.Exported(
                by=found.exporter, certificate=certificate, parts=found.parts, destination=found.destination
            ),
            **said,
        )

    def reopen(self, *, write: bool = True) -> Ledger:
        """Close the ledger of a file and open it again, with the same clock."""
        url = self.ledger.journal.url
        self.ledger.close()
        self.ledger = Ledger.open(
            url, write=write, clock=self.clock, chance=self.chance, keeper=self.kept if write else None
        )
        return self.ledger

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()


def goods(parcel: str, carats: str, hs: str | None = None) -> e.Goods:
    """A line of a sheet, an output of a split."""
    return e.Goods(parcel, parse_carats(carats), None, hs)
