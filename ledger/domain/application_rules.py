"""Applications: what a certificate may be asked for, and that what answers an application is what was asked.

The evidence of lawful acquisition (KPCS Annex II 17-18, EUREG 12(1)(a), CAREG 2) is looked at here: goods
were mined here, lay here before the ledger did, or were imported under certificates. The carats of a
certificate are spent like coins: no application may spend those that another one, which was not refused and
whose certificate was not given up, has spent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ledger.domain import events as e
from ledger.domain.ancestry import ancestors
from ledger.domain.applications import OPEN, REFUSED, Application
from ledger.domain.certificate_rules import about, differs
from ledger.domain.certificates import CONFIRMED, RECEIVED, REPLACED, RETURNED, VOIDED, Certificate, status
from ledger.domain.fields import Withheld
from ledger.domain.parcels import Parcel
from ledger.domain.refusal import Refusal, Refusals
from ledger.domain.state import State
from ledger.domain.vocabulary import carats
from ledger.domain.weight_rules import WEIGHING_TOLERANCE


def applying(state: State, event: e.CertificateApplied) -> Refusals:
    """Refusals of an application: its number is new, its evidence holds."""
    if state.application(event.application) is not None:
        yield Refusal("id-taken", f"application:{event.application}", {"id": event.application})
    brought = dict(_imports(state, event))
    stated: Counter[str] = Counter()
    for line in event.acquired:
        stated[line.certificate] += line.weight or 0
    for name, weight in stated.items():
        yield from _spent(state, event, name, weight, brought.get(name))
    yield from _covered(state, event, sum(stated.values()), imported=bool(brought))


def _imports(state: State, event: e.CertificateApplied) -> Iterator[tuple[str, int]]:
    """The certificates under which goods of an application can have come, with the carats they brought."""
    for part in event.parts:
        for parcel in ancestors(state, part.parcel):
            arrival = _arrival(parcel)
            if arrival is not None and arrival.certificate is not None:
                yield arrival.certificate, sum(line.weight or 0 for line in arrival.lines)


def _arrival(parcel: Parcel) -> e.Imported | None:
    return next((act.event for act in parcel.acts if isinstance(act.event, e.Imported)), None)


def _spent(
    state: State, event: e.CertificateApplied, name: str, weight: int, brought: int | None
) -> Refusals:
    values = {"certificate": name, "application": event.application}
    if status(state.certificate(name)) not in (RECEIVED, CONFIRMED):
        yield Refusal("acquired-unknown", about(name), values)
    elif brought is None:
        yield Refusal("acquired-elsewhere", about(name), values)
    else:
        before = [(one, spent) for one, spent in state.reliance(name).spent if counts(state, one)]
        earlier = sum(spent or 0 for _, spent in before)
        if earlier + weight > brought:
            by = ", ".join(dict.fromkeys(one for one, _ in before)) or "no application"
            told = {
                "brought": carats(brought),
                "earlier": carats(earlier),
                "stated": carats(weight),
                "by": by,
            }
            yield Refusal("acquired-spent", about(name), {**values, **told})


def counts(state: State, name: str) -> bool:
    """Whether what an application spent is still spent: it is open, or its certificate is not given up."""
    application = state.application(name)
    if application is None or application.status == REFUSED:
        return False
    return application.certificate is None or _lives(state, application.certificate)


def _lives(state: State, name: str) -> bool:
    """A replaced certificate lives on in its successor, unless that was applied for by itself."""
    if status(state.certificate(name)) != REPLACED:
        return status(state.certificate(name)) not in (VOIDED, RETURNED)
    heirs = [(one, state.certificate(one)) for one in state.reliance(name).replaced_by]
    return any(heir is not None and heir.application is None and _lives(state, one) for one, heir in heirs)


def _covered(state: State, event: e.CertificateApplied, spent: int, *, imported: bool) -> Refusals:
    """Evidence is for these goods: not for more carats, and for all that can only have been imported."""
    subject = f"application:{event.application}"
    parcels = [state.parcel(part.parcel) for part in event.parts]
    weights = [parcel.weight if parcel is not None else None for parcel in parcels]
    roots = [one for part in event.parts for one in ancestors(state, part.parcel) if not one.sources]
    others = [one.weight for one in roots if _arrival(one) is None]
    total = sum(weight or 0 for weight in weights)
    values = {"application": event.application, "stated": carats(spent), "weight": carats(total)}
    if None in weights or not (imported or spent):
        return
    if spent > total:
        yield Refusal("acquired-weight", subject, values)
    left = total - spent - sum(weight or 0 for weight in others)
    if None not in others and left > 2 * WEIGHING_TOLERANCE * len(roots):
        yield Refusal("acquired-missing", subject, {**values, "missing": carats(left)})


def refusing(state: State, event: e.CertificateRefused) -> Refusals:
    """Refusals of the refusal of an application that is not open."""
    known = state.application(event.application)
    if known is None or known.status != OPEN:
        values = {"application": event.application}
        yield Refusal("application-not-open", f"application:{event.application}", values)


def answers(state: State, event: e.CertificateIssued) -> Refusals:
    """The application it answers is open and asked for this; what it replaces was replaced, and once."""
    house = state.house()
    profile = house.profile if house is not None else None
    needed = profile is not None and bool(profile.application_needed)
    if event.application is not None:
        application = state.application(event.application)
        if application is None or application.status != OPEN:
            values = {"application": event.application}
            yield Refusal("application-not-open", f"application:{event.application}", values)
        else:
            yield from _as_asked(application, event)
    elif needed and event.returns is None and event.replaces is None:
        yield Refusal("application-needed", about(event.certificate), {"certificate": event.certificate})
    if event.replaces is not None:
        yield from _replaces(state, event, event.replaces)


def _as_asked(asked: Application, event: e.CertificateIssued) -> Refusals:
    name = event.certificate
    wanted, covered = {part.parcel for part in asked.parts}, {part.parcel for part in event.parts}
    if wanted != covered:
        yield differs(name, "parcels", ", ".join(sorted(covered)), ", ".join(sorted(wanted)))
    stated = {part.parcel: part.weight for part in event.parts}
    for part in asked.parts:
        if part.weight is not None and stated.get(part.parcel) not in (None, part.weight):
            what = f"weight of parcel {part.parcel}"
            yield differs(name, what, carats(stated[part.parcel]), carats(part.weight))
    for what in ("destination", "exporter", "importer"):
        now, then = getattr(event, what), getattr(asked, what)
        if now != then and not isinstance(now, Withheld) and not isinstance(then, Withheld):
            yield differs(name, what, now, f"{then} in application {asked.id}")


def _replaces(state: State, event: e.CertificateIssued, name: str) -> Refusals:
    """A certificate gives way once: to one for goods of its own, unless that one was voided."""
    original = state.certificate(name)
    if original is None or status(original) != REPLACED:
        what = "the original of a replacement"
        values = {"certificate": name, "status": status(original), "wanted": "replaced", "what": what}
        yield Refusal("certificate-state", about(name), values)
        return
    heirs = [one for one in state.reliance(name).replaced_by if status(state.certificate(one)) != VOIDED]
    if heirs:
        yield Refusal("certificate-replaced", about(name), {"certificate": name, "by": heirs[-1]})
    if not _goods(original) & {part.parcel for part in event.parts}:
        stated = ", ".join(sorted(part.parcel for part in event.parts))
        yield differs(event.certificate, "parcels", stated, ", ".join(sorted(_goods(original))))


def _goods(certificate: Certificate) -> set[str]:
    return {part.parcel for part in certificate.parts}
