"""How `adamas show` tells what is known of one thing: facts, then tables, in the same words for every kind.

For people each fact is a line and each table follows with its heading; as JSON facts and tables are one
object; as CSV every fact and every cell of a table is a line (section, row, field, value).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cli.asking import Opaque, flat, opaque_remark, opaque_values, shown, table
from cli.output import emit_csv, emit_json, heading, say
from cli.session import Session
from ledger import messages
from ledger.domain import events as e
from ledger.domain.certificates import said
from ledger.domain.moments import PRESENT, Moment
from ledger.domain.parties import Licence, Mandate
from ledger.edtf import text_of
from ledger.projections.wording import body_of, summary, told

if TYPE_CHECKING:
    from ledger.projections.particulars import (
        Act,
        CertificateParticulars,
        EntryParticulars,
        ParcelParticulars,
        PartyParticulars,
    )

_ELSEWHERE = frozenset({"receipt", "body"})
"""What is too wide for a table; of an entry, `adamas show entry` tells it."""

_BODY = frozenset({"body"})
"""An act's body as it was recorded, its numbers in their units: for JSON."""

Facts = dict[str, Any]
Tables = dict[str, Sequence[Mapping[str, Any]]]


def emit(
    session: Session, title: str, facts: Facts, tables: Tables, *, as_csv: bool, opaque: Opaque = (0, None)
) -> None:
    """Print what is known; what is empty is left out, except in JSON."""
    if session.json:
        listed = {name: list(lines) for name, lines in tables.items()}
        emit_json({**facts, **listed, **opaque_values(*opaque)})
        return
    opaque_remark(*opaque)
    if as_csv:
        emit_csv(("section", "row", "field", "value"), _cells(title, facts, tables))
    else:
        heading(title)
        for name, value in facts.items():
            text = "" if name in _BODY else shown(name, value)
            if text:
                say(f"  {name.replace('_', ' '):<18}{text}")
        for name, lines in tables.items():
            if lines:
                say()
                heading(name.replace("_", " "))
                table(lines, [column for column in lines[0] if column not in _ELSEWHERE])


def _cells(title: str, facts: Facts, tables: Tables) -> Iterator[tuple[Any, ...]]:
    for name, value in facts.items():
        if name not in _BODY:
            yield (title, None, name, flat(value))
    for section, lines in tables.items():
        for number, line in enumerate(lines, 1):
            yield from (
                (section, number, name, flat(value)) for name, value in line.items() if name not in _BODY
            )


def _moment(title: str, moment: Moment) -> str:
    return title if moment.kind == PRESENT else f"{title}, {moment}"


def of_entry(found: EntryParticulars) -> tuple[str, Facts, Tables]:
    """An entry's receipt, times, signer and fields; corrections beside what they replaced."""
    recorded, event = found.recorded, found.recorded.event
    known = event if isinstance(event, e.Event) else None
    standing = {one.name: one.standing for one in found.sealed}
    facts: Facts = {
        "receipt": _receipt(recorded),
        "type": event.TYPE,
        "recorded": text_of(recorded.recorded),
        "occurred": _occurred(recorded),
        "signed_by": found.signer,
        "on_behalf_of": _on_behalf(recorded, found.signer),
        "key": recorded.author.hex(),
        "documented": known is not None and known.documented,
        "disputed": found.disputed,
        "understood": known is not None,
        "body": body_of(event),
    }
    tables: Tables = {
        "fields": [
            {"field": name, "value": _value(text, standing.get(name)), "sealed": standing.get(name, "")}
            for name, text in told(event)
        ],
        "sources": [_source(item) for item in found.evidence],
        "discrepancies": _discrepancies(known),
        "corrections": [
            {"entry": act.correction, "field": field, "was": was, "is": now}
            for act in found.corrections
            for field, was, now in act.differs
        ],
        "attested_by": [{"entry": index, "party": party} for index, party in found.attested],
        "erased_by": [{"entry": index} for index in found.erased],
    }
    if isinstance(event, e.Corrected) and recorded.about is not None:
        tables["replaces"] = [{"entry": event.index, "type": recorded.about.event.TYPE}]
    return f"entry {recorded.index}: {event.TYPE}", facts, tables


def _value(text: str, standing: str | None) -> str:
    """A field's text; of one that was perhaps never given it is not said that it is withheld."""
    from ledger.projections.particulars import UNCERTAIN

    return UNCERTAIN if standing == UNCERTAIN else text


def _receipt(recorded: e.Recorded) -> str:
    return f"{recorded.index}:{recorded.hash.hex()}"


def _occurred(recorded: e.Recorded) -> str | None:
    documented = isinstance(recorded.event, e.Event) and recorded.event.documented
    return recorded.occurred or (messages.text("unknown-date", {}) if documented else None)


def _on_behalf(recorded: e.Recorded, signer: str | None) -> str | None:
    if recorded.on_behalf is None:
        return None
    return messages.text("recorded-for", {"signer": signer, "party": recorded.on_behalf})


def _source(item: Mapping[str, Any]) -> dict[str, Any]:
    """A source or document as the statement names it; what is sealed of it is left out."""
    return {name: item.get(name) for name in ("title", "name", "media", "url", "seen", "size", "sha256")}


def _discrepancies(event: e.Event | None) -> list[dict[str, Any]]:
    lines = () if event is None else event.discrepancies
    return [{"rule": line.rule, "subject": line.subject, "said": line.said} for line in lines]


def of_parcel(found: ParcelParticulars, moment: Moment) -> tuple[str, Facts, Tables]:
    """A parcel as it is, and its acts."""
    parcel = found.parcel
    certificate = parcel.certificate
    if certificate is not None and found.certificate_status is not None:
        certificate = f"{certificate} ({found.certificate_status})"
    facts: Facts = {
        "parcel": parcel.id,
        "names": parcel.names,
        "condition": parcel.condition,
        "weight": parcel.weight,
        "stones": parcel.stones,
        "hs": parcel.hs,
        "holder": parcel.holder,
        "owner": parcel.owner if parcel.owner != parcel.holder else None,
        "seized_by": parcel.seized_by,
        "country": parcel.country,
        "site": parcel.site,
        "origins": parcel.origins,
        "certificate": certificate,
        "seals": parcel.seals,
        "value": parcel.value,
        "made_from": parcel.sources,
        "made_into": parcel.outputs,
        "documented": parcel.documented,
        "marked": parcel.marked,
        "last_receipt": _receipt(found.acts[-1].recorded),
    }
    return _moment(f"parcel {parcel.id}", moment), facts, _act_tables(found.acts, found.named_in)


def _act_tables(acts: Sequence[Act], others: Iterable[Act] = ()) -> Tables:
    """Acts in their order, what a correction replaced beside them, and what their sources did not tell."""
    return {
        "acts": [_act(act) for act in acts],
        "corrections": [
            {
                "entry": act.recorded.index,
                "corrected_by": act.correction,
                "field": field,
                "was": was,
                "is": now,
            }
            for act in acts
            for field, was, now in act.differs
        ],
        "discrepancies": [
            {"entry": act.recorded.index, **line}
            for act in acts
            if isinstance(act.event, e.Event)
            for line in _discrepancies(act.event)
        ],
        "named_in": [_act(act) for act in others],
    }


def _act(act: Act) -> dict[str, Any]:
    event = act.event
    return {
        "entry": act.recorded.index,
        "receipt": _receipt(act.recorded),
        "occurred": _occurred(act.recorded),
        "recorded": text_of(act.recorded.recorded),
        "type": event.TYPE,
        "by": event.by if isinstance(event, e.Event) else None,
        "what": summary(event),
        "documented": isinstance(event, e.Event) and event.documented,
        "corrected_by": act.correction,
        "body": body_of(event),
    }


def of_certificate(
    found: CertificateParticulars, moment: Moment, lacking: int = 0
) -> tuple[str, Facts, Tables]:
    """A certificate as it is, its parcels, and its acts; disputed where attestations are ``lacking``."""
    paper = found.certificate
    facts: Facts = {
        "certificate": paper.id,
        "number": paper.number,
        "status": paper.status,
        "disputed": messages.text("attestations-lacking", {"count": lacking}) if lacking else None,
        "issuer": paper.issuer,
        "exporter": paper.exporter or said(paper, "exporter"),
        "importer": said(paper, "importer"),
        "weight": paper.weight,
        "value": paper.value,
        "origins": paper.origins,
        "provenance": paper.provenance,
        "destination": paper.destination,
        "expiry": paper.expiry,
        "seals": paper.seals,
        "replaces": paper.replaces,
        "application": paper.application,
        "technical": paper.technical,
        "returns": paper.returns,
        "documented": paper.documented,
        "last_receipt": _receipt(found.acts[-1].recorded),
    }
    tables: Tables = {
        "parcels": [{"parcel": part.parcel, "weight": part.weight} for part in paper.parts],
        "classes": [{"hs": line.hs, "weight": line.weight} for line in paper.classes],
        "endorsements": [
            {"field": field, "stated": stated, "endorsed": endorsed}
            for field, stated, endorsed in paper.endorsements
        ],
        **_act_tables(found.acts, found.named_in),
    }
    return _moment(f"certificate {paper.id}", moment), facts, tables


def of_party(found: PartyParticulars, moment: Moment) -> tuple[str, Facts, Tables]:
    """A party as it is, with what it may do and the keys that sign for it."""
    party = found.party
    gone = dict(party.withdrawn)
    facts: Facts = {
        "party": party.id,
        "name": party.name,
        "aliases": party.aliases,
        "residence": party.residence,
        "documented": party.documented,
        "last_receipt": _receipt(found.acts[-1].recorded),
    }
    tables: Tables = {
        "roles": [
            {"role": one.role, "since": one.since, "until": one.until, "withdrawn": gone.get(one.role)}
            for one in party.standings
        ],
        "licences": [
            {
                "licence": one.id,
                "licensed": one.licensed,
                "national": one.national,
                "site": one.site,
                **_dates(one),
            }
            for one in found.licences
        ],
        "mandates": [
            {"mandate": one.id, "clerk": one.clerk, "acts": one.kinds, **_dates(one)}
            for one in found.mandates
        ],
        "keys": [{"key": one.id, "revoked": one.revoked} for one in found.keys],
        **_act_tables(found.acts),
    }
    return _moment(f"party {party.id}", moment), facts, tables


def _dates(one: Licence | Mandate) -> dict[str, str | None]:
    return {"since": one.since, "until": one.until, "withdrawn": one.withdrawn}
