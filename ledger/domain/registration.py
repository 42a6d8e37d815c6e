"""What acts change in the register of a ledger: its house, parties, licences, mandates, keys, sites,
attested entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ledger.domain import events as e
from ledger.domain.change import Change
from ledger.domain.parties import HOUSE, Standing, key_subject
from ledger.domain.vocabulary import Role


def _opened(event: e.LedgerOpened) -> Iterator[Change]:
    yield Change(
        HOUSE,
        {
            "origin": event.origin,
            "participant": event.participant,
            "authority": event.by,
            "keys": event.keys,
            "recovery": event.recovery_key,
            "predecessor": event.predecessor,
        },
    )
    if event.by is None:
        return
    yield Change(
        "party:" + event.by,
        {"known": True, "residence": event.participant, "name": event.name},
        add={
            "standings": (Standing(Role.AUTHORITY.value),),
            "keys": () if event.authority_key is None else (event.authority_key,),
        },
    )
    if event.authority_key is not None:
        yield Change(key_subject(event.authority_key), {"party": event.by})
    if event.recovery_key is not None:
        yield Change(key_subject(event.recovery_key), {"party": event.by, "recovery": True})


def _licence(event: e.LicenceGranted | e.LicenceWithdrawn) -> Iterator[Change]:
    if isinstance(event, e.LicenceWithdrawn):
        yield Change("licence:" + event.licence, {"withdrawn": event.since})
        return
    values = {
        "party": event.party,
        "licensed": event.licensed,
        "national": event.national,
        "site": event.site,
        "since": event.since,
        "until": event.until,
    }
    yield Change("licence:" + event.licence, values)
    yield Change("party:" + event.party, {}, add={"licences": (event.licence,)})


def _mandate(event: e.MandateGranted | e.MandateWithdrawn) -> Iterator[Change]:
    if isinstance(event, e.MandateWithdrawn):
        yield Change("mandate:" + event.mandate, {"withdrawn": event.since})
        return
    values = {
        "clerk": event.clerk,
        "party": event.party,
        "kinds": event.acts,
        "since": event.since,
        "until": event.until,
    }
    yield Change("mandate:" + event.mandate, values)
    yield Change("party:" + event.party, {}, add={"mandates": (event.mandate,)})


def _registered(event: e.PartyRegistered, index: int) -> Iterator[Change]:
    values = {
        "known": True,
        "residence": event.residence,
        "name": event.name,
        "documented": event.documented,
    }
    yield Change(
        "party:" + event.party, values, add={"standings": tuple(Standing(role) for role in event.roles)}
    )


def _site(event: e.SiteRegistered, index: int) -> Iterator[Change]:
    values = {
        "known": True,
        "name": event.name,
        "country": event.in_country,
        "zone": event.zone,
        "operator": event.operator,
        "mining": event.mining,
        "capacity": event.capacity,
        "documented": event.documented,
    }
    yield Change("site:" + event.site, values)


def _alias(event: e.AliasRecorded, index: int) -> Iterator[Change]:
    field = "names" if event.subject.startswith("parcel:") else "aliases"
    yield Change(event.subject, {}, add={field: (event.alias,)})


def _role(event: e.RoleGranted | e.RoleWithdrawn, index: int) -> Iterator[Change]:
    if isinstance(event, e.RoleGranted):
        standing = Standing(event.role, event.since, event.until)
        yield Change("party:" + event.party, {}, add={"standings": (standing,)})
    else:
        yield Change("party:" + event.party, {}, add={"withdrawn": ((event.role, event.since),)})


def _enrolled(event: e.KeyEnrolled, index: int) -> Iterator[Change]:
    yield Change(key_subject(event.key), {"party": event.party})
    yield Change("party:" + event.party, {}, add={"keys": (event.key,)})


def _revoked(event: e.KeyRevoked, index: int) -> Iterator[Change]:
    yield Change(key_subject(event.key), {"revoked": event.since, "revoked_at": index})


def _adopted(event: e.RegisterAdopted, index: int) -> Iterator[Change]:
    barring = [row.participant for row in event.measures if row.effect == "no-party"]
    yield Change(HOUSE, {"register": event.register}, add={"barring": tuple(dict.fromkeys(barring))})


def _measure(event: e.MeasureAdopted, index: int) -> Iterator[Change]:
    if event.effect == "no-party":
        yield Change(HOUSE, {}, add={"barring": (event.participant,)})


def _attested(event: e.Attested, index: int) -> Iterator[Change]:
    if event.by is not None:
        given = {"attested_by": (event.by,), "attested_in": (event.origin,)}
        yield Change(f"entry:{event.index}", {}, add=given)


_CHANGES: dict[type[Any], Callable[[Any, int], Iterable[Change]]] = {
    e.LedgerOpened: lambda event, _: _opened(event),
    e.LedgerClosed: lambda event, _: [Change(HOUSE, {"successor": event.successor})],
    e.LedgerKeyChanged: lambda event, _: [Change(HOUSE, {}, add={"keys": (event.key,)})],
    e.LedgerKeyRevoked: lambda event, _: [
        Change(HOUSE, {}, add={"revoked": ((event.key, event.size, event.root),)})
    ],
    e.CertificateIndex: lambda _, index: [Change(HOUSE, {"indexed": index})],
    e.PartyRegistered: _registered,
    e.SiteRegistered: _site,
    e.AliasRecorded: _alias,
    e.LicenceGranted: lambda event, _: _licence(event),
    e.LicenceWithdrawn: lambda event, _: _licence(event),
    e.RoleGranted: _role,
    e.RoleWithdrawn: _role,
    e.MandateGranted: lambda event, _: _mandate(event),
    e.MandateWithdrawn: lambda event, _: _mandate(event),
    e.KeyEnrolled: _enrolled,
    e.KeyRevoked: _revoked,
    e.RegisterAdopted: _adopted,
    e.MeasureAdopted: _measure,
    e.Attested: _attested,
}


def changes(event: e.Event | e.Opaque, index: int) -> Iterable[Change]:
    """Every subject of the register that an event changes, with its new values."""
    rule = _CHANGES.get(type(event))
    return () if rule is None else rule(event, index)
