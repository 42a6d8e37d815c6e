"""Certificates that come on paper: what must be copied from them, and when paper is not enough.

KPCS Annex I A makes fields of a certificate mandatory, and an import without a letter states each of them.
Where the paper itself lacks one, the goods do not enter: they are detained until its issuer supplies it.

Paper of a participant whose ledger is known here: anybody can print it, so the ledger is asked. Where a
partner's ledger is recognised and pinned, a certificate of that participant is proven by a letter, or
is taken on paper for a reason that the importer states. A ledger that was dropped, or convicted of two
histories, proves nothing any more: then paper is all there is, as between States without ledgers.
"""

from __future__ import annotations

from ledger.domain import events as e
from ledger.domain.certificate_rules import about
from ledger.domain.partners import Partner
from ledger.domain.refusal import Refusal, Refusals, in_force, when
from ledger.domain.state import State
from ledger.edtf import day_before, spans


def on_paper(state: State, act: e.Recorded) -> Refusals:
    """An import that names no entry and no reason, of a participant whose ledger could prove it."""
    event, house = act.event, state.house()
    if not isinstance(event, e.Imported) or house is None or event.on_paper is not None:
        return
    name = event.certificate
    if name is None or not _paper(event):
        return
    for participant, origin in dict.fromkeys(house.partners):
        partner = state.partner(origin) if participant == name[:2] else None
        if partner is not None and _proves(partner, act):
            values = {"certificate": name, "origin": origin, "participant": participant}
            yield Refusal("certificate-on-paper", about(name), values)
            return


def incomplete(act: e.Recorded, event: e.Imported, name: str) -> Refusals:
    """An import on paper states all that KPCS Annex I A makes mandatory; its lines and weight it always
    has.
    """
    if not _paper(event):
        return
    stated: dict[str, object] = {
        "country of origin": event.origins or event.mixed,
        "date of issue": event.issued,
        "date of expiry": event.expiry,
        "issuing authority": event.authority,
        "exporter": event.exporter is not None,
        "importer": event.importer is not None,
        "value": event.value is not None,
        "number of parcels": event.parcels,
        "HS code": event.hs,
    }
    missing = [field for field, value in stated.items() if not value]
    if missing:
        values = {"certificate": name, "missing": ", ".join(missing)}
        yield Refusal("certificate-incomplete", about(name), values)
    if event.issued is not None and day_before(when(act), spans(event.issued)):
        values = {"certificate": name, "issued": event.issued, "date": when(act).text}
        yield Refusal("certificate-issued-later", about(name), values)


def _paper(event: e.Imported) -> bool:
    """Whether it came on paper alone: live, and naming no entry of a ledger (a ledger's name is none)."""
    return not event.documented and None in (event.origin, event.entry, event.hash)


def _proves(partner: Partner, act: e.Recorded) -> bool:
    """Whether its word counts here: recognised by the day, pinned, not dropped, not convicted."""
    lives = partner.dropped is None and partner.forked is None
    return lives and bool(partner.pins) and in_force(partner.since, None, when(act))
