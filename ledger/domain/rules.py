"""The rules: when an act is refused.

    refusals(state, act) -> list of `Refusal`, empty when the act may be recorded

Rules look at what is known before the act and may say no; replaying never asks them, so they can change for
twenty years and every old ledger still opens. The order is the order in which a person would ask: may you
(standing), is it known (registry), about which entry (corrections), when (times), whose goods (custody),
how much (weights), under which certificate (border), between which participants (good standing).

A documented act, recorded from sources, is never refused for what the source lacks: what these rules would
have said of it is its `discrepancies`, stored with the act by name. It is refused only if its author is no
archivist, no source is given, or it would touch goods that are recorded live.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.domain import events as e
from ledger.domain import fields
from ledger.domain.border_rules import border
from ledger.domain.correction_rules import about_acts, consequences
from ledger.domain.custody_rules import begun, custody, used
from ledger.domain.measure_rules import good_standing
from ledger.domain.partner_rules import on_paper
from ledger.domain.refusal import Refusal, Refusals, when
from ledger.domain.registry_rules import registry
from ledger.domain.standing_rules import standing
from ledger.domain.state import State
from ledger.domain.weight_rules import weights

__all__ = ["Refusal", "discrepancies", "refusals"]


def refusals(
    state: State,
    act: e.Recorded,
    histories: Sequence[e.Recorded] = (),
    together: Sequence[e.Recorded] = (),
) -> list[Refusal]:
    """Why ``act`` may not be recorded on what ``state`` knows; empty when it may.

    ``act`` is the act as it would be recorded: with the index and the time it would get. ``histories`` is
    asked for with corrections only (see `correction_rules.consequences`).
    """
    event = act.event
    found = list(standing(state, act))
    if found or isinstance(event, e.Opaque):
        return found
    if event.documented:
        return list(_documented(state, act, event))
    found += _business(state, act)
    if not found:
        found += consequences(goods, state, act, histories, together)
    return found


def goods(state: State, act: e.Recorded) -> list[Refusal]:
    """What the rules about goods alone say: custody, weights, border."""
    return [*custody(state, act), *weights(state, act), *border(state, act)]


def _business(state: State, act: e.Recorded) -> list[Refusal]:
    found = [*registry(state, act), *about_acts(state, act), *_times(act), *on_paper(state, act)]
    return [*found, *goods(state, act), *good_standing(state, act)]


def _times(act: e.Recorded) -> Refusals:
    span = when(act)
    if span.earliest is not None and span.earliest > act.recorded:
        yield Refusal("time-future", f"entry:{act.index}", {"date": span.text})


def _documented(state: State, act: e.Recorded, event: e.Event) -> Refusals:
    for name in dict.fromkeys(used(event) + begun(event) + _seized(event)):
        parcel = state.parcel(name)
        harmless = isinstance(event, e.Reported)
        if parcel is not None and not parcel.documented and not harmless:
            yield Refusal("documented-on-live", f"parcel:{name}", {"parcel": name})
    yield from (refusal for refusal in registry(state, act) if refusal.code == "id-taken")
    named = {(line.rule, line.subject) for line in event.discrepancies}
    for found in discrepancies(state, act):
        if (found.code, found.subject) not in named:
            yield Refusal("discrepancy-unnamed", found.subject, {"rule": found.code, "said": str(found)})


def _seized(event: e.Event) -> tuple[str, ...]:
    return tuple(line.parcel for line in event.lines) if isinstance(event, e.Seized) else ()


def discrepancies(state: State, act: e.Recorded) -> list[Refusal]:
    """What the rules would have refused in a documented act, each to be stored with it by name."""
    event = act.event
    if isinstance(event, e.Opaque) or not event.documented:
        return []
    found = list(_absent(act, event))
    found += (refusal for refusal in _business(state, act) if refusal.code != "id-taken" or _reused(event))
    return found


def _reused(event: e.Event) -> bool:
    return bool(begun(event))


def _absent(act: e.Recorded, event: e.Event) -> Refusals:
    if act.occurred is None:
        yield Refusal("field-unknown-date", f"act:{event.TYPE}", {"type": event.TYPE})
    for field in fields.table(type(event)):
        value = getattr(event, field.name)
        if field.required and (value is None or value == ()):
            yield Refusal(
                "field-unknown-value", f"field:{field.name}", {"field": field.name, "type": event.TYPE}
            )
        elif field.row is not None:
            yield from _absent_in_rows(event, field.name, field.row, value)


def _absent_in_rows(event: e.Event, name: str, row: type, lines: Sequence[object]) -> Refusals:
    for number, line in enumerate(lines, 1):
        for field in fields.table(row):
            if field.required and getattr(line, field.name) is None:
                where = f"{name}.{number}.{field.name}"
                yield Refusal("field-unknown-value", f"field:{where}", {"field": where, "type": event.TYPE})
