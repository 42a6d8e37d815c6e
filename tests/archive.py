"""A real ledger in memory for imports and documented histories: keys from fixed seeds, a clock that counts.

An authority opened it, and registered an archivist, a miner with its site and licence, and a dealer.
"""

from __future__ import annotations

import hashlib

from ledger import keys
from ledger.application import Ledger
from ledger.domain import events as e
from ledger.keys import SigningKey
from tests.world import Chance, Clock

START = 1_795_500_000_000_000
"""24 November 2026."""
ORIGIN = "ledger.example/bw/k7q2"
TODAY = "2026-11-24"


def key_of(party: str) -> SigningKey:
    """A party's key, the same in every run."""
    return SigningKey.from_seed(hashlib.sha256(party.encode()).digest())


def enrol(ledger: Ledger, party: str, *roles: str) -> SigningKey:
    """A party with its roles and its key."""
    key = key_of(party)
    ledger.record(e.PartyRegistered(by="ministry", party=party, roles=roles), key_of("ministry"))
    proof = keys.prove_possession(key, party, ledger.origin)
    ledger.record(e.KeyEnrolled(by="ministry", party=party, key=key.public, proof=proof), key_of("ministry"))
    return key


def opened(url: str) -> Ledger:
    """A new ledger at ``url`` with its parties."""
    authority = key_of("ministry")
    opening = e.LedgerOpened(
        by="ministry", origin=ORIGIN, participant="BW", keys=("ledger.example/bw/k7q2+00000000+AA==",),
        authority_key=authority.public, recovery_key=key_of("recovery").public,
    )  # fmt: skip
    ledger = Ledger.create(url, opening, authority, clock=Clock(START), chance=Chance())
    for party, role in (("archive", "archivist"), ("mine-1", "miner"), ("dealer-1", "dealer")):
        enrol(ledger, party, role)
    record = ledger.record
    record(e.SiteRegistered(by="ministry", site="karowe", in_country="BW", mining="industrial"), authority)
    record(
        e.LicenceGranted(
            by="ministry", licence="M-1", party="mine-1", licensed="mining", site="karowe", since="2020-01-01"
        ),
        authority,
    )
    return ledger
