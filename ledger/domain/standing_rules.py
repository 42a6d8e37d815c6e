"""Who may record an act: the key, the party it speaks for, its role, its licence, a clerk's mandate.

The steps, in order; the first that fails is the refusal:
(1) the key is enrolled and not revoked; (2) the acting party is the key's own, or a mandate in force names
clerk, party and kind of act; (3) the acting party holds, on the act's date, a role that the act-by-role table
allows; (4) a licence of the right kind is in force where the role needs one. Documented acts need an
archivist's key and a source instead, and the kinds of acts that sources can tell of.
"""

from __future__ import annotations

from ledger.domain import events as e
from ledger.domain.parties import ARCHIVED, MAY_RECORD, NEEDS_LICENCE, Key, Party
from ledger.domain.refusal import Refusal, Refusals, in_force, when
from ledger.domain.state import State
from ledger.domain.vocabulary import Role
from ledger.edtf import Span, moment

_BY_RECOVERY = (e.KeyRevoked, e.KeyEnrolled, e.LedgerKeyChanged, e.LedgerKeyRevoked)


def standing(state: State, act: e.Recorded) -> Refusals:
    """Refusals of an act whose author was not entitled to record it."""
    event = act.event
    if isinstance(event, e.Opaque):
        yield Refusal("type-unknown", f"entry:{act.index}", {"type": event.TYPE})
    elif isinstance(event, e.LedgerOpened):
        yield from _opening(state, act, event)
    elif (house := state.house()) is None:
        yield Refusal("ledger-not-opened", "ledger:house")
    elif house.successor is not None:
        yield Refusal("ledger-closed", "ledger:house", {"successor": house.successor})
    else:
        key = state.key(act.author)
        if key is None or key.party is None:
            yield Refusal("key-unknown", "key", {"key": act.author.hex()[2:18]})
        elif key.revoked is not None:
            yield Refusal("key-revoked", f"party:{key.party}", {"since": key.revoked, "party": key.party})
        elif event.documented:
            yield from _documented(state, act, event, key.party)
        else:
            yield from _live(state, act, event, key)


def _opening(state: State, act: e.Recorded, event: e.LedgerOpened) -> Refusals:
    if act.index != 0 or state.house() is not None:
        yield Refusal("ledger-opened-twice", "ledger:house")
    elif event.authority_key != act.author:
        yield Refusal("ledger-opened-by-other", "ledger:house")


def roles(party: Party, span: Span) -> frozenset[Role]:
    """The roles a party holds at a time: granted, and not certainly withdrawn or ended by then."""
    held = {Role(s.role) for s in party.standings if in_force(s.since, s.until, span)}
    gone = {Role(role) for role, since in party.withdrawn if in_force(since, None, span)}
    return frozenset(held - gone)


def _documented(state: State, act: e.Recorded, event: e.Event, author: str) -> Refusals:
    party = state.party(author)
    if party is None or Role.ARCHIVIST not in roles(party, moment(act.recorded)):
        yield Refusal("role-missing", f"party:{author}", _said(event, author, "archivist"))
    elif type(event) not in ARCHIVED:
        yield Refusal("documented-kind", f"party:{author}", {"type": event.TYPE})
    elif act.sources == 0:
        yield Refusal("documented-source", f"party:{author}", {"type": event.TYPE})


def _said(event: e.Event, party: str, allowed: str) -> dict[str, str]:
    return {"party": party, "type": event.TYPE, "roles": allowed}


def _live(state: State, act: e.Recorded, event: e.Event, key: Key) -> Refusals:
    author = key.party or ""
    if key.recovery and not isinstance(event, _BY_RECOVERY):
        yield Refusal("key-recovery-only", f"party:{author}", {"type": event.TYPE})
        return
    acting = author if act.on_behalf is None else act.on_behalf
    if event.by != acting:
        yield Refusal("author-other-party", f"party:{author}", {"by": str(event.by), "party": author})
        return
    party = state.party(acting)
    if party is None:
        yield Refusal("party-unknown", f"party:{acting}", {"party": acting})
        return
    if act.on_behalf is not None:
        refused = list(_mandated(state, act, event, author, party))
        if refused:
            yield from refused
            return
    yield from _entitled(state, act, event, party)
    yield from _own_only(state, event, acting, party, when(act))


def _mandated(state: State, act: e.Recorded, event: e.Event, clerk: str, party: Party) -> Refusals:
    own = state.party(clerk)
    if own is None or Role.CLERK not in roles(own, when(act)):
        yield Refusal("role-missing", f"party:{clerk}", _said(event, clerk, "clerk"))
        return
    for name in party.mandates:
        mandate = state.mandate(name)
        if mandate is None or mandate.clerk != clerk or event.TYPE not in mandate.kinds:
            continue
        ended = mandate.withdrawn is not None and in_force(mandate.withdrawn, None, when(act))
        if in_force(mandate.since, mandate.until, when(act)) and not ended:
            return
    yield Refusal(
        "mandate-missing", f"party:{clerk}", {"clerk": clerk, "party": party.id, "type": event.TYPE}
    )


def _entitled(state: State, act: e.Recorded, event: e.Event, party: Party) -> Refusals:
    allowed = MAY_RECORD[type(event)]
    held = roles(party, when(act)) & allowed
    if not held:
        names = ", ".join(sorted(allowed))
        yield Refusal("role-missing", f"party:{party.id}", _said(event, party.id, names))
        return
    needs = [licences_needed(state, event, role) for role in held]
    if all(needs):
        yield from _licensed(state, act, event, party, frozenset().union(*needs))


Wanted = frozenset[tuple[str, str | None]]
"""Kinds of licences, one of which is enough, each with its class in the State's own words where that
counts."""


def licences_needed(state: State, event: e.Event, role: Role) -> Wanted:
    """The licences of which a role needs one for an act: the national profile's, where it says, else the
    built-in ones. Empty where it needs none."""
    house = state.house()
    lines = house.profile.licences if house is not None and house.profile is not None else ()
    own = frozenset(
        (line.licensed, line.national) for line in lines if (line.role, line.act) == (role, event.TYPE)
    )
    built_in = NEEDS_LICENCE.get(type(event), {}).get(role, frozenset())
    return own or frozenset((kind, None) for kind in built_in)


def _licensed(state: State, act: e.Recorded, event: e.Event, party: Party, wanted: Wanted) -> Refusals:
    site = event.site if isinstance(event, e.Mined) else None
    ended = None
    for number in party.licences:
        licence = state.licence(number)
        if licence is None or not wanted & {(licence.licensed, None), (licence.licensed, licence.national)}:
            continue
        if site is not None and licence.site is not None and licence.site != site:
            continue
        withdrawn = licence.withdrawn is not None and in_force(licence.withdrawn, None, when(act))
        if in_force(licence.since, licence.until, when(act)) and not withdrawn:
            return
        ended = licence
    kinds = sorted(f"{kind} ({national})" if national else kind for kind, national in wanted)
    at = "" if site is None else f" at site {site}"
    values = {"party": party.id, "kinds": " or ".join(kinds) + at, "date": when(act).text}
    if ended is None and site is not None and state.site(site) is None:
        yield Refusal("site-unknown", f"site:{site}", {"site": site})  # nobody can have a licence for it
        return
    if ended is None:
        yield Refusal("licence-missing", f"party:{party.id}", values)
        return
    until = ended.withdrawn or ended.until or "unbounded"
    yield Refusal(
        "licence-expired",
        f"licence:{ended.id}",
        {**values, "licence": ended.id, "since": ended.since or "unbounded", "until": until},
    )


def _own_only(state: State, event: e.Event, acting: str, party: Party, span: Span) -> Refusals:
    """A party that is no authority gives mandates for itself and revokes its own keys only."""
    if Role.AUTHORITY in roles(party, span):
        return
    whose: str | None = acting
    match event:
        case e.MandateGranted():
            whose = event.party
        case e.MandateWithdrawn():
            mandate = state.mandate(event.mandate)
            whose = acting if mandate is None else mandate.party
        case e.KeyRevoked():
            key = state.key(event.key)
            whose = acting if key is None else key.party
    if whose != acting:
        yield Refusal(
            "not-own", f"party:{acting}", {"party": acting, "other": str(whose), "type": event.TYPE}
        )
