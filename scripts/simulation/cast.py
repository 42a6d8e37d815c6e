"""Who is in a simulated world: countries that do not exist, their ledgers, parties and keys, from a seed.

Country codes are those that ISO 3166 leaves to its users (XA to XZ, QM to QZ): no real participant is named.
A producer digs, a hub mixes and sends on, a cutter polishes.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from ledger.chain.note import verifier_key
from ledger.domain import events as e
from ledger.keys import SigningKey, prove_possession

PRODUCER, HUB, CUTTER = "producer", "hub", "cutter"
CODES = [f"X{letter}" for letter in string.ascii_uppercase] + [f"Q{letter}" for letter in "MNOPQRSTUVWXYZ"]
AUTHORITY, KEEPER, CLERK, EXPORTER = "authority", "keeper", "clerk-1", "exporter-1"
MINES, DIGGERS, DEALERS, CUTTERS = 2, 8, 3, 3
PIT_YIELD, MINE_YIELD = 1_500, 60_000
"""What a pit and a mine can yield in a year for each act of its country in a month, in 0.001 ct: about twice
what they do yield.
"""
_SINCE = "2010-01-01"


@lru_cache(maxsize=10_000)
def key_of(seed: int, code: str, party: str) -> SigningKey:
    """The key of a party, the same in every run of a seed. Nobody must ever sign anything real with it."""
    return SigningKey.from_seed(sha256(f"simulated {seed} {code} {party}".encode()).digest())


@dataclass(frozen=True)
class Country:
    """One participant with its ledger."""

    seed: int
    code: str
    kind: str

    @property
    def origin(self) -> str:
        """Its ledger's origin."""
        return f"simulated.example/{self.code.lower()}/s{self.seed}"

    def key(self, party: str) -> SigningKey:
        """A party's key."""
        return key_of(self.seed, self.code, party)

    @property
    def verifier(self) -> str:
        """The verifier key of its ledger."""
        return str(verifier_key(self.origin, self.key(KEEPER)))

    @property
    def traders(self) -> list[str]:
        """Who buys and sells rough here."""
        if self.kind == CUTTER:
            return [f"cutter-{number}" for number in range(1, CUTTERS + 1)]
        return [f"dealer-{number}" for number in range(1, DEALERS + 1)]

    @property
    def mines(self) -> list[str]:
        """Industrial mines; the miner has the site's name."""
        return [f"mine-{number}" for number in range(1, MINES + 1)] if self.kind == PRODUCER else []

    @property
    def diggers(self) -> list[str]:
        """Artisanal diggers, who do not sign: a clerk records for them. The pit has the digger's name."""
        return [f"digger-{number}" for number in range(1, DIGGERS + 1)] if self.kind == PRODUCER else []

    def opening(self) -> e.LedgerOpened:
        """Entry 0."""
        return e.LedgerOpened(
            by=AUTHORITY, origin=self.origin, participant=self.code, keys=(self.verifier,),
            authority_key=self.key(AUTHORITY).public, recovery_key=self.key("recovery").public,
        )  # fmt: skip

    def registrations(self, others: list[Country], quota: int) -> Iterator[e.Event]:
        """All that the authority records before the first stone: participants, parties, sites, licences,
        partners. What a site can yield goes by the acts that a month has."""
        known = sorted({self.code, *(other.code for other in others)})
        admitted = tuple(e.Admission(code, None, _SINCE, None, "simulated") for code in known)
        yield e.RegisterAdopted(by=AUTHORITY, register="simulated/1", admissions=admitted)
        role = "cutter" if self.kind == CUTTER else "dealer"
        yield from self._party(EXPORTER, "dealer", "export", "dealing")
        for name in self.traders:
            yield from self._party(
                name, role, "dealing", "import", "export", *(["cutting"] * (role == CUTTER))
            )
        if self.kind == PRODUCER:
            yield from self._party(CLERK, "clerk")
        for name in self.mines:
            yield from self._party(name, "miner", "mining")
            yield self._site(name, "industrial", MINE_YIELD * quota)
        for name in self.diggers:
            yield e.PartyRegistered(by=AUTHORITY, party=name, roles=("miner",))
            yield from self._licences(name, "artisanal")
            yield self._site(name, "artisanal", PIT_YIELD * quota)
            acts = (e.Mined.TYPE, e.Sold.TYPE, e.Corrected.TYPE)
            yield e.MandateGranted(
                by=AUTHORITY, mandate=f"m-{name}", clerk=CLERK, party=name, acts=acts, since=_SINCE
            )
        for other in others:
            yield e.PartnerRecognised(
                by=AUTHORITY,
                origin=other.origin,
                participant=other.code,
                keys=(other.verifier,),
                since=_SINCE,
            )

    def _party(self, name: str, role: str, *licences: str) -> Iterator[e.Event]:
        yield e.PartyRegistered(by=AUTHORITY, party=name, roles=(role,), residence=self.code)
        key = self.key(name)
        proof = prove_possession(key, name, self.origin)
        yield e.KeyEnrolled(by=AUTHORITY, party=name, key=key.public, proof=proof)
        yield from self._licences(name, *licences)

    def _licences(self, name: str, *licences: str) -> Iterator[e.Event]:
        for kind in licences:
            yield e.LicenceGranted(
                by=AUTHORITY, licence=f"{kind}/{name}", party=name, licensed=kind, since=_SINCE
            )

    def _site(self, name: str, mining: str, capacity: int) -> e.SiteRegistered:
        return e.SiteRegistered(
            by=AUTHORITY, site=name, in_country=self.code, mining=mining, capacity=capacity or None
        )


def cast(seed: int, participants: int) -> list[Country]:
    """The countries of a world: of ten, five producers, two hubs, three cutters; at least one of each."""
    kinds = [PRODUCER, HUB, CUTTER, PRODUCER, CUTTER, PRODUCER, PRODUCER, HUB, CUTTER, PRODUCER]
    if not 3 <= participants <= len(CODES):
        raise ValueError(f"3 to {len(CODES)} participants")
    return [Country(seed, CODES[place], kinds[place % len(kinds)]) for place in range(participants)]
