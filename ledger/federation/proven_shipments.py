"""A partner's shipments as its letters prove them: what a reconciliation takes in the place of its ledger.

    told = proven(state, {"107.zip": data, ...}, "AE")

Each letter is opened as any other (`ledger.federation.mail`): held to the keys under which its sender is
recognised and to what is pinned of it. An act counts where its proof holds and its author was entitled. A
letter has only the entries that were put into it, so what none of them tells is not shown to be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ledger.domain import events as e
from ledger.domain.state import State
from ledger.errors import Malformed
from ledger.federation import mail
from ledger.federation.mail import Mail
from ledger.federation.peers import FORKS, refused, refused_all
from ledger.investigation.shipments import Shipment, shipments_told

_ASKED = (
    e.CertificateIssued, e.Exported, e.Imported, e.ImportConfirmed, e.ShipmentReturned, e.ShipmentLost,
    e.Corrected,
)  # fmt: skip


def proven(state: State, letters: Mapping[str, bytes], participant: str) -> list[Shipment]:
    """The shipments that the letters (name -> bytes) of a participant's ledgers prove.

    Raises as `mail.open_`; `Refused` (``mail-step``, ``letter-forks``), `Malformed` (``letter-other``: of
    another participant; ``letters-differ``: two letters tell one entry otherwise).
    """
    acts: dict[tuple[str, int], tuple[str, e.Recorded]] = {}
    for name, data in letters.items():
        opened = mail.open_(state, data)
        _check(name, opened, participant)
        for act in _told(opened):
            place = (opened.peer.origin, act.index)
            earlier, known = acts.setdefault(place, (name, act))
            if known.hash != act.hash:
                raise Malformed("letters-differ", one=earlier, other=name, index=act.index, origin=place[0])
    origins = dict.fromkeys(origin for origin, _ in acts)
    return [shipment for origin in origins for shipment in shipments_told(_of(acts, origin), participant)]


def _of(acts: Mapping[tuple[str, int], tuple[str, e.Recorded]], wanted: str) -> Iterable[e.Recorded]:
    return (act for (origin, _), (_, act) in acts.items() if origin == wanted)


def _check(name: str, opened: Mail, participant: str) -> None:
    origin = opened.peer.origin
    if opened.peer.participant != participant:
        whose = opened.peer.participant or "nobody"
        raise Malformed("letter-other", path=name, origin=origin, whose=whose, wanted=participant)
    if opened.comparison.outcome == FORKS:
        raise refused("letter-forks", f"partner:{origin}", path=name, origin=origin)


def _told(opened: Mail) -> Iterator[e.Recorded]:
    """The acts on shipments whose proofs hold. Raises `Refused` for one whose proof does not."""
    wires = {kind.TYPE for kind in _ASKED}
    about = [
        index
        for index, report in opened.reports.items()
        if report.statement is None or report.statement.type in wires
    ]
    why = refused_all(opened.faults(about))
    if why is not None:
        raise why
    for index in about:
        if index in opened.acts:
            yield opened.acts[index]
