"""What a person should look at in a lineage: gaps, weights that do not add up, corrections, disputes,
discrepancies.

A remark is a value with a code of the catalogue, the parcel and the entry; ``str`` gives the sentence.
Remarks accuse nobody: they say where the record is not whole, or was changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from ledger import messages
from ledger.domain import events as e
from ledger.domain import fields
from ledger.domain.certificates import VOIDED
from ledger.domain.fields import WITHHELD
from ledger.domain.vocabulary import carats
from ledger.domain.weight_rules import WEIGHING_TOLERANCE
from ledger.projections.handling import What
from ledger.projections.lineage import Lineage, Making, Node
from ledger.projections.spans import Gap, Stage
from ledger.values import dataclass


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to look at: ``parcel`` and ``entry`` where it is about one."""

    code: str
    parcel: str | None = None
    entry: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return messages.text(self.code, {"parcel": self.parcel, "entry": self.entry, **self.values})


def remarks(lineage: Lineage) -> tuple[Remark, ...]:
    """All remarks on a lineage: parcel by parcel, nearest first, then those on the whole."""
    found: list[Remark] = []
    told: set[str] = set()
    for node in lineage.nodes.values():
        for remark in _on_parcel(node):
            sentence = str(remark)
            if sentence not in told:  # an act on several parcels is one entry
                found.append(remark)
            told.add(sentence)
    found += (remark for making in lineage.makings for remark in _on_making(making))
    found += _on_the_whole(lineage)
    return tuple(found)


def _on_parcel(node: Node) -> Iterator[Remark]:
    history = node.history
    yield from (gap_remark(node.parcel, gap) for gap in history.gaps)
    if not history.stages and not history.struck:
        yield Remark("trace-nothing-known", node.parcel)
    for stage in (*history.stages, *history.struck):
        if stage.struck:
            yield Remark("trace-struck", node.parcel, stage.entry, _correction(stage))
        elif stage.reading.correction is not None:
            yield Remark("trace-corrected", node.parcel, stage.entry, _correction(stage))
        if stage.disputed:
            yield Remark("trace-disputed", node.parcel, stage.entry)
        yield from _on_weight(node.parcel, stage)
        if isinstance(stage.event, e.Opaque):
            yield Remark("trace-opaque-act", node.parcel, stage.entry, {"type": stage.event.TYPE})
        else:
            for line in stage.event.discrepancies:
                said = {"rule": line.rule, "said": line.said or line.subject or ""}
                yield Remark("trace-discrepancy", node.parcel, stage.entry, said)


def _on_weight(parcel: str, stage: Stage) -> Iterator[Remark]:
    """Weighed again, by more or less than two scales may differ."""
    begins = any(handling.what == What.BEGINS for handling in stage.handlings)
    if begins or stage.before is None or stage.weight is None:
        return
    change = stage.weight - stage.before
    if abs(change) > 2 * WEIGHING_TOLERANCE:
        values = {"difference": carats(abs(change)), "direction": "more" if change > 0 else "less"}
        yield Remark("trace-weight-changed", parcel, stage.entry, values)


def gap_remark(parcel: str, gap: Gap) -> Remark:
    """The remark on a gap in a parcel's custody."""
    values = {
        "holder": gap.holder or messages.text("trace-unknown", {}),
        "source": gap.source or messages.text("trace-unknown", {}),
        "after": "?" if gap.after is None else gap.after,
    }
    return Remark(gap.code, parcel, gap.before, values)


def _on_making(making: Making) -> Iterator[Remark]:
    if making.difference is None:
        return
    code = "trace-weight-over" if making.difference > 0 else "trace-weight-under"
    names = ", ".join(making.inputs)
    yield Remark(code, names, making.index, {"difference": carats(abs(making.difference))})


def _on_the_whole(lineage: Lineage) -> Iterator[Remark]:
    for certificate in lineage.certificates.values():
        if certificate.status == VOIDED:
            yield Remark("trace-certificate-void", None, None, {"certificate": certificate.id})
    if lineage.uncertain:
        entries = ", ".join(map(str, lineage.uncertain))
        yield Remark("trace-uncertain", None, None, {"count": len(lineage.uncertain), "entries": entries})
    count, first = lineage.opaque
    if count:
        yield Remark("trace-opaque", None, first, {"count": count})


def _correction(stage: Stage) -> dict[str, Any]:
    reading = stage.reading
    correction, original = reading.correction, reading.original
    changed = [] if original is None else changes(original.event, reading.act.event)
    shown = "; ".join(f"{name}: {before} -> {after}" for name, before, after in changed)
    reason = getattr(correction.event, "reason", "") if correction is not None else ""
    index = correction.index if correction is not None else None
    return {"by": index, "reason": reason, "changes": shown or messages.text("trace-no-change", {})}


def changes(before: e.Event | e.Opaque, after: e.Event | e.Opaque) -> list[tuple[str, str, str]]:
    """What differs between two readings of an act: field, value before, value after, as people read them."""
    old, new = dict(_shown(before)), dict(_shown(after))
    names = [*new, *(name for name in old if name not in new)]
    return [(n, old.get(n, "-"), new.get(n, "-")) for n in names if old.get(n) != new.get(n)]


def _shown(event: e.Event | e.Opaque) -> Iterator[tuple[str, str]]:
    if isinstance(event, e.Opaque):
        yield from ((name, str(value)) for name, value in event.body.items())
    else:
        yield from _fields_of(event, "")


def _fields_of(record: Any, at: str) -> Iterator[tuple[str, str]]:
    for row in fields.table(type(record)):
        value = getattr(record, row.name)
        if row.row is not None:
            for number, line in enumerate(value, 1):
                yield from _fields_of(line, f"{at}{row.name}.{number}.")
        elif value is WITHHELD:
            yield at + row.name, messages.text("trace-withheld", {})
        elif value is not None and value != () and row.kind is not None:
            shown = [row.kind.show(item) for item in (value if row.many else (value,))]
            yield at + row.name, ", ".join(shown)
