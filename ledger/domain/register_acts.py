"""Acts about the ledger itself, its parties, and what they may do."""

from __future__ import annotations

from ledger.domain import fields as f
from ledger.domain.act import Event, act, record
from ledger.domain.fields import may, need


@act("ledger-opened/1", "house open")
@record
class LedgerOpened(Event):
    """A ledger begins: its origin, its first authority, the keys that speak for it."""

    origin: str = need(f.TEXT, "the ledger's origin, never used again", always=True)
    participant: str | None = may(f.COUNTRY, "the participant whose ledger it is")
    name: str | None = may(f.TEXT, "the authority's name")
    keys: tuple[str, ...] = need(f.TEXT, "the ledger's verifier keys", many=True)
    predecessor: str | None = may(f.TEXT, "the origin of the ledger that this one continues")
    authority_key: bytes | None = need(f.KEY, "the first authority's key")
    recovery_key: bytes | None = need(f.KEY, "the key that can revoke the ledger's keys")


@act("ledger-closed/1", "house close")
@record
class LedgerClosed(Event):
    """The last entry of a ledger; its successor's entry 0 names it (FORMATS section 3)."""

    size: int = need(f.COUNTED, "how many entries were signed", always=True)
    root: bytes = need(f.HASH, "the root at that size", always=True)
    successor: str = need(f.TEXT, "the origin of the ledger that continues", always=True)


@act("ledger-key-changed/1", "house change-key")
@record
class LedgerKeyChanged(Event):
    """A further key speaks for the ledger; ``proof`` shows that its holder agreed (FORMATS section 6)."""

    key: str = need(f.TEXT, "the new verifier key", always=True)
    proof: bytes = need(f.PROOF, "the key's signature over origin and key", always=True)


@act("ledger-key-revoked/1", "house revoke-key")
@record
class LedgerKeyRevoked(Event):
    """A key no longer speaks for the ledger: what it signed counts only up to ``size`` and under ``root``."""

    key: str = need(f.TEXT, "the verifier key", always=True)
    size: int = need(f.COUNTED, "the last size that it honestly signed", always=True)
    root: bytes = need(f.HASH, "the root at that size", always=True)
    reason: str | None = may(f.TEXT, "why")


@act("certificate-index/1", "house index-certificates")
@record
class CertificateIndex(Event):
    """The root of the sorted index of all certificate numbers known in the first ``size`` entries."""

    size: int = need(f.COUNTED, "how many entries the index covers", always=True)
    count: int = need(f.COUNTED, "how many leaves it has, the two sentinels among them", always=True)
    root: bytes = need(f.HASH, "its root", always=True)


@act("party-registered/1", "party register")
@record
class PartyRegistered(Event):
    """A party is known to the ledger under a public pseudonym; name and address are sealed."""

    party: str = need(f.PARTY, "the party's id", always=True)
    roles: tuple[str, ...] = need(f.ROLE, "what it may do", many=True)
    residence: str | None = may(f.COUNTRY, "its country")
    name: str | f.Withheld | None = may(f.TEXT, "its name", sealed=True)
    address: str | f.Withheld | None = may(f.TEXT, "its address", sealed=True)
    nationality: str | f.Withheld | None = may(f.TEXT, "its nationality or residence status", sealed=True)


@act("alias-recorded/1", "party alias")
@record
class AliasRecorded(Event):
    """Another name of a party, parcel or site."""

    subject: str = need(f.SUBJECT, "what is so called", always=True)
    alias: str = need(f.TEXT, "the other name", always=True)


@act("site-registered/1", "site register")
@record
class SiteRegistered(Event):
    """A mine or field; its exact location is sealed."""

    site: str = need(f.SITE, "the site's id", always=True)
    name: str | None = may(f.TEXT, "its name")
    in_country: str | None = need(f.COUNTRY, "the country where it lies")
    zone: str | None = may(f.TEXT, "its zone, such as a sub-prefecture")
    operator: str | None = may(f.PARTY, "who works it")
    mining: str | None = may(f.MINING, "how it is worked")
    capacity: int | None = may(f.WEIGHT, "what it can yield in a year")
    location: str | f.Withheld | None = may(f.TEXT, "its coordinates", sealed=True)


@act("licence-granted/1", "licence grant")
@record
class LicenceGranted(Event):
    """A licence of a party, for a kind of business and, for mining, a site (KPCS Annex II 9-14)."""

    licence: str = need(f.LICENCE, "the licence's number", always=True)
    party: str = need(f.PARTY, "who is licensed", always=True)
    licensed: str = need(f.LICENCE_KIND, "for what", always=True)
    national: str | None = may(f.TEXT, "its class in the State's own words, such as class B")
    site: str | None = may(f.SITE, "the site it is for")
    since: str = need(f.DATE, "first day", always=True)
    until: str | None = may(f.DATE, "last day")


@act("licence-withdrawn/1", "licence withdraw")
@record
class LicenceWithdrawn(Event):
    """A licence ends before its time."""

    licence: str = need(f.LICENCE, "the licence's number", always=True)
    since: str = need(f.DATE, "from which day on", always=True)
    reason: str | None = may(f.TEXT, "why")


@act("role-granted/1", "role grant")
@record
class RoleGranted(Event):
    """A party may act in a further role."""

    party: str = need(f.PARTY, "the party", always=True)
    role: str = need(f.ROLE, "the role", always=True)
    since: str = need(f.DATE, "first day", always=True)
    until: str | None = may(f.DATE, "last day")


@act("role-withdrawn/1", "role withdraw")
@record
class RoleWithdrawn(Event):
    """A party no longer acts in a role."""

    party: str = need(f.PARTY, "the party", always=True)
    role: str = need(f.ROLE, "the role", always=True)
    since: str = need(f.DATE, "from which day on", always=True)
    reason: str | None = may(f.TEXT, "why")


@act("mandate-granted/1", "mandate grant")
@record
class MandateGranted(Event):
    """A clerk may record kinds of acts for a party that does not sign itself."""

    mandate: str = need(f.MANDATE, "the mandate's id", always=True)
    clerk: str = need(f.PARTY, "who may record", always=True)
    party: str = need(f.PARTY, "for whom", always=True)
    acts: tuple[str, ...] = need(f.WIRE, "which kinds of acts", many=True)
    since: str = need(f.DATE, "first day", always=True)
    until: str | None = may(f.DATE, "last day")


@act("mandate-withdrawn/1", "mandate withdraw")
@record
class MandateWithdrawn(Event):
    """A mandate ends."""

    mandate: str = need(f.MANDATE, "the mandate's id", always=True)
    since: str = need(f.DATE, "from which day on", always=True)
    reason: str | None = may(f.TEXT, "why")


@act("key-enrolled/1", "key enrol")
@record
class KeyEnrolled(Event):
    """A key signs for a party from now on; ``proof`` shows that its holder agreed."""

    party: str = need(f.PARTY, "whose key", always=True)
    key: bytes = need(f.KEY, "the key", always=True)
    proof: bytes = need(f.PROOF, "the key's signature over party and origin", always=True)


@act("key-revoked/1", "key revoke")
@record
class KeyRevoked(Event):
    """A key no longer signs; what it signed since ``since`` is disputed."""

    key: bytes = need(f.KEY, "the key", always=True)
    since: str = need(f.DATE, "from which day on", always=True)
    reason: str | None = may(f.TEXT, "why")
