"""The register of parties, their licences, sites and keys, a row each."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.domain import events as e
from ledger.domain.parties import Key, Licence, Party, Site, Standing
from ledger.projections.stored import Register, acts, listed, several
from ledger.store.rows import INT, Column, Row, Table, maybe

PARTIES = Table(
    "parties",
    (
        Column("party"),
        Column("known", INT),
        maybe("residence"),
        Column("roles"),
        Column("standings"),
        Column("withdrawn"),
        Column("aliases"),
        Column("licences"),
        Column("mandates"),
        Column("keys"),
        maybe("registered", INT),
        Column("documented", INT),
        Column("last", INT),
    ),
)


def roles(party: Party) -> Iterator[str]:
    """The roles that were given to a party and not taken again, whatever their dates."""
    gone = {role for role, _ in party.withdrawn}
    yield from dict.fromkeys(standing.role for standing in party.standings if standing.role not in gone)


def registered_by(party: Party) -> int | None:
    """The entry that tells the party's name."""
    for act in party.acts:
        if isinstance(act.event, e.PartyRegistered | e.LedgerOpened):
            return act.index
    return None


def _write_party(party: Party) -> Row:
    return (
        party.id,
        int(party.known),
        party.residence,
        " ".join(roles(party)),
        several((one.role, one.since, one.until) for one in party.standings),
        several(party.withdrawn),
        several(party.aliases),
        several(party.licences),
        several(party.mandates),
        several(key.hex() for key in party.keys),
        registered_by(party),
        int(party.documented),
        party.acts[-1].index,
    )


def _read_party(row: Row) -> Party:
    registered = None
    if row[10] is not None:
        registered = e.Recorded(row[10], 0, b"", e.PartyRegistered(by=None, party=row[0]))
    return Party(
        row[0],
        known=bool(row[1]),
        residence=row[2],
        standings=tuple(Standing(*one) for one in listed(row[4])),
        withdrawn=tuple((role, since) for role, since in listed(row[5])),
        aliases=listed(row[6]),
        licences=listed(row[7]),
        mandates=listed(row[8]),
        keys=tuple(bytes.fromhex(key) for key in listed(row[9])),
        documented=bool(row[11]),
        acts=acts(registered, row[12]),
    )


LICENCES = Table(
    "licences",
    (
        Column("licence"),
        maybe("party"),
        maybe("licensed"),
        maybe("national"),
        maybe("site"),
        maybe("since"),
        maybe("until"),
        maybe("withdrawn"),
        Column("last", INT),
    ),
)


def _write_licence(licence: Licence) -> Row:
    return (
        licence.id,
        licence.party,
        licence.licensed,
        licence.national,
        licence.site,
        licence.since,
        licence.until,
        licence.withdrawn,
        licence.acts[-1].index,
    )


def _read_licence(row: Row) -> Licence:
    return Licence(
        id=row[0],
        party=row[1],
        licensed=row[2],
        national=row[3],
        site=row[4],
        since=row[5],
        until=row[6],
        withdrawn=row[7],
        acts=acts(None, row[8]),
    )


SITES = Table(
    "sites",
    (
        Column("site"),
        Column("known", INT),
        maybe("name"),
        maybe("country"),
        maybe("zone"),
        maybe("operator"),
        maybe("mining"),
        maybe("capacity", INT),
        Column("aliases"),
        Column("documented", INT),
        Column("last", INT),
    ),
)


def _write_site(site: Site) -> Row:
    return (
        site.id,
        int(site.known),
        site.name,
        site.country,
        site.zone,
        site.operator,
        site.mining,
        site.capacity,
        several(site.aliases),
        int(site.documented),
        site.acts[-1].index,
    )


def _read_site(row: Row) -> Site:
    return Site(
        id=row[0],
        known=bool(row[1]),
        name=row[2],
        country=row[3],
        zone=row[4],
        operator=row[5],
        mining=row[6],
        capacity=row[7],
        aliases=listed(row[8]),
        documented=bool(row[9]),
        acts=acts(None, row[10]),
    )


KEYS = Table(
    "keys",
    (
        Column("key"),
        maybe("party"),
        Column("recovery", INT),
        maybe("revoked"),
        maybe("revoked_at", INT),
        Column("last", INT),
    ),
)


def _write_key(key: Key) -> Row:
    return (key.id, key.party, int(key.recovery), key.revoked, key.revoked_at, key.acts[-1].index)


def _read_key(row: Row) -> Key:
    return Key(row[0], row[1], bool(row[2]), row[3], row[4], acts=acts(None, row[5]))


PEOPLE = {
    "party": Register(PARTIES, _write_party, _read_party),
    "licence": Register(LICENCES, _write_licence, _read_licence),
    "site": Register(SITES, _write_site, _read_site),
    "key": Register(KEYS, _write_key, _read_key),
}
"""The registers by kind of subject."""
