"""Who else agreed with the acts of a lineage: the buyer, a monitor, the other side."""

from __future__ import annotations

from ledger.domain import events as e
from ledger.domain.moments import Acts, counts
from ledger.projections.lineage import Lineage
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Attestation:
    """``party`` agreed with ``entry`` in entry ``index``."""

    entry: int
    party: str | None
    index: int


def attestations(acts: Acts, lineage: Lineage) -> tuple[Attestation, ...]:
    """The attestations of the lineage's acts that count at its moment, by entry; with one question.

    One that names another hash, or the entry of another ledger, agrees with something else and is left out.
    """
    hashes = {
        stage.entry: stage.reading.act.hash
        for node in lineage.nodes.values()
        for stage in (*node.history.stages, *node.history.struck)
    }
    found: set[Attestation] = set()
    for records in acts.histories(f"entry:{entry}" for entry in hashes).values():
        for record in records:
            event, about = record.event, record.about
            if not isinstance(event, e.Attested) or about is None or not counts(record, lineage.moment):
                continue
            if hashes.get(about.index) == event.hash:
                found.add(Attestation(about.index, event.by, record.index))
    return tuple(sorted(found, key=lambda one: (one.entry, one.index)))
