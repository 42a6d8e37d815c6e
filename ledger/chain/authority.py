"""Whether an entry's author was entitled, as far as other entries show it (FORMATS.md section 7, step 10).

Nothing is looked up: only the entries that travel with a bundle count, in the order of their indexes, each of
them only if its own author is shown to be entitled by those before it. Everything begins with entry 0.

| shown by           | what                                                                         |
|--------------------|------------------------------------------------------------------------------|
| `ledger-opened/1`  | the first authority's key and role; the recovery key                         |
| `party-registered/1`, `role-granted/1` | the roles of a party, with their days                    |
| `key-enrolled/1`   | whose a key is, with the proof that its holder agreed                        |
| `mandate-granted/1` | that a clerk records kinds of acts for a party                              |
| `role-withdrawn/1`, `mandate-withdrawn/1`, `key-revoked/1` | that these ended                     |

Which role may record an act is the reader's table (`Roles`): wire name -> roles. Dates compare by the
calendar, as the ledger's own rules do: what is granted is out of force only where no reading puts the act
into its days. Licences, corrections and conditions of the goods are not looked at here.

What contradicts the act (a revoked key, another party's key) is a fault; what is missing is *not shown*.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from ledger import edtf, keys
from ledger.chain import forms
from ledger.chain.proof_steps import AUTHORITY, FAULT, FRESHNESS, NOT_SHOWN, OK, Outcome
from ledger.chain.statement import Statement
from ledger.edtf import Span
from ledger.errors import Malformed
from ledger.values import dataclass

Roles = Callable[[str], Collection[str]]
"""The act-by-role table: wire name -> the roles that may record such an act, none for an unknown act."""
OPENED = "ledger-opened/1"
_AUTHORITY, _CLERK, _ARCHIVIST = "authority", "clerk", "archivist"
_BY_RECOVERY = frozenset({"key-revoked/1", "key-enrolled/1", "ledger-key-changed/1", "ledger-key-revoked/1"})


@dataclass(frozen=True, slots=True)
class Act:
    """An entry whose bytes, place and signature were checked; ``recorded`` in microseconds since 1970."""

    index: int
    recorded: int
    statement: Statement

    @property
    def span(self) -> Span:
        """When it is taken to have happened: as stated, otherwise when it was recorded."""
        if self.statement.occurred is not None:
            return edtf.parse(self.statement.occurred)
        return self.span_recorded

    @property
    def span_recorded(self) -> Span:
        """When the ledger took it."""
        return edtf.moment(self.recorded)


@dataclass(frozen=True, slots=True)
class _Key:
    party: str
    index: int
    recovery: bool = False


@dataclass(frozen=True, slots=True)
class _Granted:
    what: str
    since: str | None
    until: str | None
    index: int

    def in_force(self, span: Span) -> bool:
        if self.since is not None and edtf.day_before(span, edtf.parse(self.since)):
            return False
        return self.until is None or not edtf.day_before(edtf.parse(self.until), span)


@dataclass(frozen=True, slots=True)
class _Mandate:
    clerk: str
    party: str
    acts: tuple[str, ...]
    days: _Granted


class _Unentitled(Exception):
    """Why an author is not shown to be entitled."""

    def __init__(self, standing: str, code: str, **values: Any) -> None:
        super().__init__(code)
        self.outcome = Outcome(AUTHORITY, standing, code, values)


class Register:
    """What the entries seen so far show of keys, parties and mandates."""

    def __init__(self, roles: Roles) -> None:
        self._allowed = roles
        self._keys: dict[bytes, _Key] = {}
        self._revoked: dict[bytes, _Granted] = {}
        self._roles: dict[str, list[_Granted]] = {}
        self._withdrawn: dict[str, list[_Granted]] = {}
        self._mandates: dict[str, _Mandate] = {}
        self._ended: dict[str, _Granted] = {}

    def judge(self, act: Act) -> Outcome:
        """Whether the act's author was entitled, by what was seen so far; if so, it is seen too."""
        try:
            outcome = self._judge(act)
        except _Unentitled as why:
            return why.outcome
        except Malformed as trouble:  # a time beyond the calendar, a body of another form
            return Outcome(AUTHORITY, NOT_SHOWN, trouble.code, trouble.values)
        self._take(act)
        return outcome

    def since(self, act: Act) -> Outcome | None:
        """What later entries say against the act (step 11): its key was revoked for the act's time."""
        revoked = self._revoked.get(act.statement.author)
        if revoked is None or revoked.index < act.index or not _overlaps(revoked, act):
            return None
        values = {"index": revoked.index, "since": revoked.since}
        return Outcome(FRESHNESS, FAULT, "proof-disputed", values)

    def _judge(self, act: Act) -> Outcome:
        statement, body = act.statement, act.statement.body
        if statement.type == OPENED:
            return _opening(act)
        key = self._keys.get(statement.author)
        if key is None:
            fingerprint = keys.fingerprint(statement.author)
            raise _Unentitled(NOT_SHOWN, "authority-key", key=fingerprint)
        if statement.author in self._revoked:
            raise _Unentitled(FAULT, "authority-key-revoked", index=self._revoked[statement.author].index)
        if key.recovery and statement.type not in _BY_RECOVERY:
            raise _Unentitled(FAULT, "authority-recovery", type=statement.type)
        if body.get("documented") is True:
            shown = self._role(key.party, {_ARCHIVIST}, act.span_recorded, statement.type)
            return _entitled(key.party, shown, [key.index, shown.index])
        acting = key.party if statement.on_behalf is None else statement.on_behalf
        if body.get("by") != acting:
            raise _Unentitled(FAULT, "authority-other-party", party=acting)
        by = [key.index]
        if statement.on_behalf is not None:
            by += self._mandated(act, key.party, acting)
        shown = self._role(acting, self._allowed(statement.type), act.span, statement.type)
        self._check_own(act, acting)
        return _entitled(acting, shown, [*by, shown.index])

    def _held(self, party: str, span: Span) -> list[_Granted]:
        """The roles of a party at a time: granted, and not withdrawn by then."""
        gone = {ended.what for ended in self._withdrawn.get(party, ()) if ended.in_force(span)}
        granted = self._roles.get(party, ())
        return [item for item in granted if item.what not in gone and item.in_force(span)]

    def _role(self, party: str, allowed: Collection[str], span: Span, wire: str) -> _Granted:
        for granted in self._held(party, span):
            if granted.what in allowed:
                return granted
        names = ", ".join(sorted(allowed)) or "-"
        raise _Unentitled(NOT_SHOWN, "authority-role", party=party, roles=names, type=wire)

    def _mandated(self, act: Act, clerk: str, party: str) -> list[int]:
        role = self._role(clerk, {_CLERK}, act.span, act.statement.type)
        for name, mandate in self._mandates.items():
            fits = (mandate.clerk, mandate.party) == (clerk, party) and act.statement.type in mandate.acts
            ended = name in self._ended and self._ended[name].in_force(act.span)
            if fits and mandate.days.in_force(act.span) and not ended:
                return [role.index, mandate.days.index]
        raise _Unentitled(NOT_SHOWN, "authority-mandate", clerk=clerk, party=party, type=act.statement.type)

    def _check_own(self, act: Act, acting: str) -> None:
        """Who is no authority gives mandates for itself, and revokes its own keys only."""
        body, wire = act.statement.body, act.statement.type
        if any(granted.what == _AUTHORITY for granted in self._held(acting, act.span)):
            return
        owner: Any = acting
        if wire == "mandate-granted/1":
            owner = body.get("party")
        elif wire == "mandate-withdrawn/1":
            mandate = self._mandates.get(_text(body, "mandate"))
            owner = acting if mandate is None else mandate.party
        elif wire == "key-revoked/1":
            key = self._keys.get(_bytes(body, "key"))
            owner = acting if key is None else key.party
        if owner != acting:
            raise _Unentitled(FAULT, "authority-not-own", party=acting, type=wire)

    def _take(self, act: Act) -> None:
        try:
            self._read(act)
        except Malformed:
            return  # a body that cannot be read shows nothing of anybody's authority

    def _read(self, act: Act) -> None:
        body = act.statement.body
        match act.statement.type:
            case "ledger-opened/1":
                self._read_opening(act)
            case "party-registered/1":
                for role in _array(body, "roles"):
                    self._grant(_text(body, "party"), _Granted(role, None, None, act.index))
            case "role-granted/1":
                self._grant(_text(body, "party"), _days(act, _text(body, "role")))
            case "role-withdrawn/1":
                ended = _days(act, _text(body, "role"))
                self._withdrawn.setdefault(_text(body, "party"), []).append(ended)
            case "key-enrolled/1":
                self._enrol(act, _text(body, "party"), _bytes(body, "key"), _bytes(body, "proof"))
            case "key-revoked/1":
                self._revoked.setdefault(_bytes(body, "key"), _days(act, "key"))
            case "mandate-granted/1":
                days = _days(act, _text(body, "mandate"))
                mandate = _Mandate(_text(body, "clerk"), _text(body, "party"), _array(body, "acts"), days)
                self._mandates.setdefault(days.what, mandate)
            case "mandate-withdrawn/1":
                self._ended.setdefault(_text(body, "mandate"), _days(act, "mandate"))

    def _read_opening(self, act: Act) -> None:
        body = act.statement.body
        party = _text(body, "by")
        self._keys[_bytes(body, "authority_key")] = _Key(party, act.index)
        self._grant(party, _Granted(_AUTHORITY, None, None, act.index))
        if "recovery_key" in body:
            self._keys.setdefault(_bytes(body, "recovery_key"), _Key(party, act.index, recovery=True))

    def _enrol(self, act: Act, party: str, key: bytes, proof: bytes) -> None:
        """A key belongs to one party for ever."""
        if keys.verify_possession(key, party, act.statement.ledger, proof):
            self._keys.setdefault(key, _Key(party, act.index))

    def _grant(self, party: str, granted: _Granted) -> None:
        self._roles.setdefault(party, []).append(granted)


def judge(acts: Iterable[Act], roles: Roles) -> dict[int, tuple[Outcome, Outcome | None]]:
    """For each act, by its index: step 10, and what later acts say against it (step 11; None: nothing).

    All acts must be of one ledger and one checkpoint.
    """
    register = Register(roles)
    ordered = sorted(acts, key=lambda act: act.index)
    outcomes = {act.index: register.judge(act) for act in ordered}
    return {act.index: (outcomes[act.index], register.since(act)) for act in ordered}


def _overlaps(revoked: _Granted, act: Act) -> bool:
    try:
        return revoked.in_force(act.span)
    except Malformed:
        return True  # a time beyond the calendar lies after every day of it


def _opening(act: Act) -> Outcome:
    body = act.statement.body
    right = body.get("authority_key") == act.statement.author and body.get("origin") == act.statement.ledger
    if act.index != 0 or not right:
        raise _Unentitled(FAULT, "authority-opening-other", index=act.index)
    return Outcome(AUTHORITY, OK, "authority-opening", {"party": str(body.get("by"))})


def _entitled(party: str, role: _Granted, indexes: Iterable[int]) -> Outcome:
    entries = ", ".join(map(str, sorted(set(indexes))))
    return Outcome(AUTHORITY, OK, "authority-shown", {"party": party, "role": role.what, "entries": entries})


def _text(body: dict[str, Any], name: str) -> str:
    forms.check_kind(body.get(name), str, "body", name)
    return str(body[name])


def _bytes(body: dict[str, Any], name: str) -> bytes:
    forms.check_kind(body.get(name), bytes, "body", name)
    return bytes(body[name])


def _array(body: dict[str, Any], name: str) -> tuple[str, ...]:
    forms.check_kind(body.get(name), list, "body", name)
    for item in body[name]:
        forms.check_kind(item, str, "body", name)
    return tuple(body[name])


def _days(act: Act, what: str) -> _Granted:
    """``since`` and ``until`` of a body, each an EDTF spelling where it is there."""
    body = act.statement.body
    days = {name: _text(body, name) for name in ("since", "until") if name in body}
    for text in days.values():
        edtf.parse(text)
    return _Granted(what, days.get("since"), days.get("until"), act.index)
