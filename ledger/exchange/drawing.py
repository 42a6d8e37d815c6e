"""A lineage drawn: as a tree for a terminal, in DOT for Graphviz, in Mermaid for a web page.

Each parcel is drawn once; where it is met again, the tree says *see above*. The order is that of the lineage,
so the same ledger gives the same drawing. What people wrote (names, places) is shown without the control
characters that could move a terminal's cursor or turn its text around, and escaped as each format demands.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from ledger.domain.vocabulary import carats
from ledger.projections.lineage import Direction, Edge, Lineage, Making, Node, Origin
from ledger.projections.spans import How
from ledger.values import dataclass

ACTS = {
    "parcel-split/1": "split",
    "parcel-sorted/1": "sorted",
    "parcel-mixed/1": "mixed",
    "parcel-polished/1": "polished",
}


def visible(text: str) -> str:
    """Text on one line, without controls: what is shown of what people wrote.

    >>> visible("Karowe\\n\\x1b[31mred\\u202e")
    'Karowe [31mred'
    """
    spaced = (" " if c.isspace() or unicodedata.category(c) == "Cc" else c for c in text)
    return " ".join("".join(c for c in spaced if unicodedata.category(c) not in _UNSEEN).split())


_UNSEEN = ("Cf", "Cs", "Co", "Cn")
"""Format characters (they turn text around), lone surrogates, private use, unassigned."""


def day(when: str | None) -> str:
    """A date for people: of a moment its day; ``at an unknown time`` for None."""
    return "date unknown" if when is None else when.partition("T")[0]


def parcel_line(node: Node) -> str:
    """One parcel: id, name, weight first and last, marks."""
    told = node.history
    names = "".join(f' "{visible(name)}"' for name in told.names[:1])
    weight = carats(told.weight) if told.weight is not None else "weight unknown"
    if told.last_weight is not None and told.last_weight != told.weight:
        weight = f"{weight}, later {carats(told.last_weight)}"
    marks = "".join(f" [{mark}]" for mark in marks_of(node))
    return f"{visible(node.parcel)}{names}  {weight}{marks}"


def marks_of(node: Node) -> Iterator[str]:
    """What sets a parcel apart: documented, marked for life, gone, in dispute, not whole."""
    told = node.history
    if told.documented:
        yield "from sources"
    if told.marked:
        yield "marked"
    if told.now is not None and told.now.how != How.HELD:
        yield told.now.how.value
    if node.mixed:
        yield "holds other goods too"
    if any(span.disputed for span in told.spans):
        yield "disputed"
    if told.gaps:
        yield "gap" if len(told.gaps) == 1 else f"{len(told.gaps)} gaps"


def origin_line(origin: Origin) -> str:
    """How goods began, in one line."""
    where = {
        "mined": f"mined at {visible(origin.site or 'an unknown site')}",
        "opening-stock": "opening stock",
        "seized": "seized",
        "imported": f"imported under {origin.certificate or 'no certificate'}",
    }.get(origin.kind, "origin unknown")
    if origin.country is not None:
        where += {"imported": " from ", "mined": ", "}.get(origin.kind, " in ") + origin.country
    if origin.kind in ("imported", "opening-stock") and origin.countries:
        where += f" (mined in {', '.join(origin.countries)})"
    by = f" by {visible(origin.by)}" if origin.by is not None else ""
    if origin.index is None:
        return where
    return f"{where}{by}, {day(origin.when)}, entry {origin.index}: {carats(origin.weight)}"


@dataclass(frozen=True, slots=True)
class Strokes:
    """The strokes of a tree."""

    branch: str
    last: str
    through: str
    blank: str = "   "


BOX = Strokes("├─ ", "└─ ", "│  ")
ASCII = Strokes("|- ", "`- ", "|  ")


def tree(lineage: Lineage, strokes: Strokes = BOX) -> Iterator[str]:
    """The lines of the tree, from where the walk began on."""
    onward = _onward(lineage)
    makings = {making.index: making for making in lineage.makings}
    drawn = {lineage.start}
    yield parcel_line(lineage.nodes[lineage.start])
    waiting = _below(lineage, onward, lineage.start, "")
    while waiting:
        item, prefix, is_last = waiting.pop()
        head = prefix + (strokes.last if is_last else strokes.branch)
        if isinstance(item, Origin):
            yield head + origin_line(item)
            continue
        name = item.source if lineage.direction == Direction.BACK else item.target
        line = f"{head}{parcel_line(lineage.nodes[name])}  ({edge_line(item, makings[item.index])})"
        below = _below(lineage, onward, name, prefix + (strokes.blank if is_last else strokes.through))
        if name in drawn and below:
            yield line + " see above"
            continue
        yield line
        drawn.add(name)
        waiting += below


Item = Edge | Origin


def _onward(lineage: Lineage) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = {}
    for edge in lineage.edges:
        found.setdefault(edge.target if lineage.direction == Direction.BACK else edge.source, []).append(edge)
    return found


def _below(
    lineage: Lineage, onward: dict[str, list[Edge]], parcel: str, prefix: str
) -> list[tuple[Item, str, bool]]:
    """What hangs below a parcel, last first: the other parcels, and how its goods began."""
    items: list[Item] = [*onward.get(parcel, [])]
    if lineage.direction == Direction.BACK:
        items += lineage.nodes[parcel].origins
    return [(item, prefix, place == 0) for place, item in enumerate(reversed(items))]


def edge_line(edge: Edge, making: Making) -> str:
    """The act that leads from one parcel to another."""
    words = [ACTS.get(edge.act, edge.act), day(making.stage.when), f"entry {edge.index}"]
    if isinstance(making.loss, int):
        words.append(f"loss {carats(making.loss)}")
    if making.stage.reading.correction is not None:
        words.append("corrected")
    if making.difference is not None:
        words.append("weights do not add up")
    return ", ".join(words)


def dot(lineage: Lineage) -> str:
    """The lineage as a directed graph in DOT; arrows point the way the goods went."""
    lines = [
        "digraph lineage {",
        "  rankdir=LR;",
        '  node [shape=box, fontname="sans-serif"];',
        '  edge [fontname="sans-serif"];',
    ]
    for place, node in enumerate(lineage.nodes.values()):
        style = ", penwidth=2" if node.parcel == lineage.start else ""
        lines.append(f"  p{place} [label={_dot(*_label(node))}{style}];")
    for number, (origin, parcel) in enumerate(_origins(lineage)):
        lines.append(f"  o{number} [shape=ellipse, label={_dot(origin_line(origin))}];")
        lines.append(f"  o{number} -> p{parcel};")
    for source, target, words in _arrows(lineage):
        lines.append(f"  p{source} -> p{target} [label={_dot(*words)}];")
    return "\n".join([*lines, "}"])


def _dot(*lines: str) -> str:
    """A quoted string in DOT; the language knows no escape but of the quote and, in labels, of the
    backslash.
    """
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'


def mermaid(lineage: Lineage) -> str:
    """The lineage as a Mermaid flowchart; arrows point the way the goods went."""
    lines = ["flowchart LR"]
    for place, node in enumerate(lineage.nodes.values()):
        lines.append(f"  p{place}[{_mermaid(*_label(node))}]")
    for number, (origin, parcel) in enumerate(_origins(lineage)):
        lines.append(f"  o{number}([{_mermaid(origin_line(origin))}]) --> p{parcel}")
    for source, target, words in _arrows(lineage):
        lines.append(f"  p{source} -->|{_mermaid(*words)}| p{target}")
    return "\n".join(lines)


def _mermaid(*lines: str) -> str:
    """A quoted label in Mermaid: whatever could be markup is written by its number."""
    return '"' + "<br/>".join("".join(map(_numbered, line)) for line in lines) + '"'


def _numbered(character: str) -> str:
    plain = character.isalnum() or character in " .,:()/-_"
    return character if plain else f"#{ord(character)};"


def _label(node: Node) -> tuple[str, ...]:
    told = node.history
    names = [visible(name) for name in told.names[:1]]
    weight = carats(told.weight) if told.weight is not None else "weight unknown"
    return (visible(node.parcel), *names, weight, *marks_of(node))


def _origins(lineage: Lineage) -> Iterator[tuple[Origin, int]]:
    for place, node in enumerate(lineage.nodes.values()):
        for origin in node.origins:
            yield origin, place


def _arrows(lineage: Lineage) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    places = {parcel: place for place, parcel in enumerate(lineage.nodes)}
    makings = {making.index: making for making in lineage.makings}
    for edge in lineage.edges:
        weight = carats(edge.weight) if edge.weight is not None else "weight unknown"
        yield places[edge.source], places[edge.target], (edge_line(edge, makings[edge.index]), weight)
