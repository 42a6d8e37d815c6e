"""From an act to a signed statement, and from somebody's signed statement to an act: what needs no ledger.

A statement that arrives is taken apart in this order, and the first step that fails is what is told:

1. its bytes are canonical and have the form of a statement (`Malformed`);
2. it was made for this ledger (`Refused`, ``ledger-other``);
3. its signature is its author's, checked strictly (`Malformed`, ``signature-wrong``);
4. every sealed value of its body is disclosed, since rules judge the whole act, and only fields that the
   type's table seals are sealed (`Malformed`);
5. the body is the one spelling of an act of that type (`Malformed`, the field and its code);
6. a key that it enrols was proven to be in its holder's hands (`Refused`, ``key-proof``; for a key of the
   ledger itself `Malformed`, ``succession-...``).

What this process signs itself takes the same steps, without decoding what it just encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypedDict

from ledger import keys
from ledger.chain import disclosure
from ledger.chain.statement import SignedStatement, Statement, reveal, sign, signature_holds
from ledger.domain import events, fields
from ledger.domain.events import (
    Corrected,
    Event,
    Imported,
    KeyEnrolled,
    LedgerKeyChanged,
    LedgerOpened,
    Opaque,
)
from ledger.domain.fields import Problem
from ledger.domain.refusal import Refusal
from ledger.errors import Malformed, Refused
from ledger.keys import SigningKey
from ledger.values import dataclass

TypeOf = Callable[[int], str | None]
"""The type of an entry of this ledger by its index, None where there is none."""
Chance = Callable[[int], bytes]
"""So many random bytes."""


class Said(TypedDict, total=False):
    """What a statement says beside its event: see `Act`."""

    occurred: str | None
    on_behalf: str | None
    evidence: Sequence[Mapping[str, Any]]
    seen: tuple[int, bytes] | None
    publish: Collection[str]
    id: bytes | None
    by_letter: bool


@dataclass(frozen=True, slots=True)
class Act:
    """An event that is to be signed and recorded, and what its statement says beside it.

    ``occurred`` one EDTF spelling, None: unknown; ``on_behalf`` the party it is recorded for under a
    mandate; ``evidence`` maps as FORMATS section 2 lists them; ``seen`` (size, root) of a checkpoint;
    ``publish`` the fields that are not sealed although their table seals them; ``id`` 16 bytes, None: one
    is made. ``by_letter``: whoever records it has opened the letter that proves the entry of another
    ledger which it names (see `unproven`).
    """

    event: Event
    key: SigningKey
    occurred: str | None = None
    on_behalf: str | None = None
    evidence: Sequence[Mapping[str, Any]] = ()
    seen: tuple[int, bytes] | None = None
    publish: Collection[str] = ()
    id: bytes | None = None
    by_letter: bool = False


@dataclass(frozen=True, slots=True)
class Proposed:
    """A signed statement and the event in it, checked as far as that needs no ledger; ``by_letter`` see
    `Act`."""

    signed: SignedStatement
    statement: Statement
    event: Event
    by_letter: bool = False


def time_ordered_id(microseconds: int, chance: Chance) -> bytes:
    """A new statement's id: a UUID of version 7 (RFC 9562), so that later ids sort behind earlier ones."""
    stamp = (microseconds // 1_000).to_bytes(6, "big")
    rest = bytearray(chance(10))
    rest[0] = rest[0] & 0x0F | 0x70
    rest[2] = rest[2] & 0x3F | 0x80
    return stamp + bytes(rest)


def propose(act: Act, origin: str, statement_id: bytes, chance: Chance, type_of: TypeOf) -> Proposed:
    """Sign an act for the ledger ``origin``, with its sealed fields sealed.

    Raises `Malformed` for an event that its table does not allow or that fits into no statement.
    """
    body = events.write(act.event)
    event = act.event if events.plain(act.event) else _read(act.event.TYPE, body)
    _check_proofs(event, origin)
    paths = {path for path in _sealable(event, type_of) if path[-1] not in act.publish}
    paths = disclosure.present(body, paths)
    sealed, texts = (
        disclosure.seal(body, paths, lambda: chance(disclosure.SALT_BYTES)) if paths else (body, [])
    )
    statement = Statement(
        origin,
        statement_id,
        event.TYPE,
        act.key.public,
        sealed,
        act.occurred,
        act.on_behalf,
        act.seen,
        tuple(dict(item) for item in act.evidence),
    )
    signed = sign(statement, act.key, texts)
    _check_signature(signed, statement)
    return Proposed(signed, statement, event, act.by_letter)


def take(signed: SignedStatement, origin: str, type_of: TypeOf) -> Proposed:
    """Take a signed statement apart, in the order that this module's head gives."""
    statement = Statement.decode(signed.statement)  # (1)
    if statement.ledger != origin:  # (2)
        raise Refused("ledger-other", ledger=statement.ledger, origin=origin)
    _check_signature(signed, statement)  # (3)
    body, disclosed = _whole_body(statement, signed)  # (4)
    event = _read(statement.type, body)  # (5)
    _check_sealed(event, disclosed, type_of)
    if events.write(event) != body:
        raise Malformed("body-spelling", type=statement.type)
    _check_proofs(event, origin)  # (6)
    return Proposed(signed, statement, event)


_ENTRY = ("origin", "entry", "hash")


def unproven(event: Event, about: Event | Opaque | None) -> Iterator[Refusal]:
    """An import, or a correction of one (``about``), that names another ledger's entry anew: no rule can see
    a letter, so whoever records it must have opened the letter, and says so (`Act.by_letter`). A statement
    that somebody signed at home says nothing of the kind."""
    before: Mapping[str, Any] = {}
    if isinstance(event, Corrected) and isinstance(about, Imported):
        body, before = event.replacement, events.write(about)
    elif isinstance(event, Imported) and not event.documented:
        body = events.write(event)
    else:
        return
    named = [body.get(name) for name in _ENTRY]
    if body.get("documented") or None in named or named == [before.get(name) for name in _ENTRY]:
        return
    certificate = body.get("certificate")
    values = {"certificate": certificate, "origin": body["origin"], "entry": body["entry"]}
    yield Refusal("import-without-letter", f"certificate:{certificate}", values)


def _check_signature(signed: SignedStatement, statement: Statement) -> None:
    if not signature_holds(signed.statement, statement.author, signed.signature):
        raise Malformed("signature-wrong", key=keys.fingerprint(statement.author))


def _whole_body(
    statement: Statement, signed: SignedStatement
) -> tuple[dict[str, Any], list[tuple[str, ...]]]:
    """The body with its sealed values put back, and the paths of those."""
    body, _, standing = reveal(statement, signed.disclosures)
    missing = sum(count for path, count in standing.items() if type(count) is int and path[0] == "body")
    if missing:
        raise Malformed("disclosure-missing", count=missing)
    paths = [path[1:] for path, how in standing.items() if how == "disclosed" and path[0] == "body"]
    return body, [tuple(map(str, path)) for path in paths]


def _sealable(event: Event, type_of: TypeOf) -> set[tuple[str, ...]]:
    """The paths of the fields that an event's table seals; of a correction, also those of what it
    replaces."""
    paths: set[tuple[str, ...]] = {(name,) for name in events.sealed_fields(event.TYPE)}
    if isinstance(event, Corrected):
        paths |= {("replacement", name) for name in events.sealed_fields(type_of(event.index) or "")}
    return paths


def _check_sealed(event: Event, disclosed: Iterable[tuple[str, ...]], type_of: TypeOf) -> None:
    for path in sorted(set(disclosed) - _sealable(event, type_of)):
        raise Malformed("field-not-sealed", field=".".join(path))


def _read(wire: str, body: Mapping[str, Any]) -> Event:
    event, problems = events.read(wire, body)
    if event is None or problems:
        raise _malformed(wire, problems)
    return event


def _malformed(wire: str, problems: list[Problem]) -> Malformed:
    """The first problem, named with its field; all of them as the value ``problems``."""
    first = problems[0]
    return Malformed(
        first.code,
        field=first.field,
        type=wire,
        value=repr(first.value)[:60],
        form=_form(wire, first.field),
        problems=tuple(problems),
    )


def _form(wire: str, path: str) -> str:
    """What a field takes, in words."""
    record: Any = events.EVENTS.get(wire)
    form = ""
    for name in path.split("."):
        field = next((row for row in fields.table(record) if row.name == name), None) if record else None
        if field is not None:
            record = field.row
            form = "a list of lines" if field.kind is None else field.kind.form
    return form


def _check_proofs(event: Event, origin: str) -> None:
    if isinstance(event, KeyEnrolled) and not keys.verify_possession(
        event.key, event.party, origin, event.proof
    ):
        raise Refused("key-proof", party=event.party, key=keys.fingerprint(event.key))
    if isinstance(event, LedgerOpened) and event.origin != origin:
        raise Refused("ledger-other", ledger=event.origin, origin=origin)
    if isinstance(event, LedgerKeyChanged):
        from ledger.chain import succession  # once in a ledger's life: no command waits for it otherwise

        succession.changed(events.write(event), origin)
