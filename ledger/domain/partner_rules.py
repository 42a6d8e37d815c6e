"""Paper of a participant whose ledger is known here: anybody can print it, so the ledger is asked.

Where a partner's ledger is recognised and pinned, a certificate of that participant is proven by a letter, or
is taken on paper for a reason that the importer states. A ledger that was dropped, or convicted of two
histories, proves nothing any more: then paper is all there is, as between States without ledgers.
"""

from __future__ import annotations

from ledger.domain import events as e
from ledger.domain.certificate_rules import about
from ledger.domain.partners import Partner
from ledger.domain.refusal import Refusal, Refusals, in_force, when
from ledger.domain.state import State


def on_paper(state: State, act: e.Recorded) -> Refusals:
    """An import that names no entry and no reason, of a participant whose ledger could prove it."""
    event, house = act.event, state.house()
    if not isinstance(event, e.Imported) or event.documented or house is None:
        return
    name = event.certificate
    named = None not in (event.origin, event.entry, event.hash)  # an entry of a ledger, not its name alone
    if name is None or named or event.on_paper is not None:
        return
    for participant, origin in dict.fromkeys(house.partners):
        partner = state.partner(origin) if participant == name[:2] else None
        if partner is not None and _proves(partner, act):
            values = {"certificate": name, "origin": origin, "participant": participant}
            yield Refusal("certificate-on-paper", about(name), values)
            return


def _proves(partner: Partner, act: e.Recorded) -> bool:
    """Whether its word counts here: recognised by the day, pinned, not dropped, not convicted."""
    lives = partner.dropped is None and partner.forked is None
    return lives and bool(partner.pins) and in_force(partner.since, None, when(act))
