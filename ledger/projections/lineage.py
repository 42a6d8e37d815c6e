"""Lineage: what goods were made of, back to the mines, or what became of them.

Parcels are the nodes, each met once; an act that uses parcels up and makes parcels of them (split, sorted,
mixed, polished) is a **making**, with an edge from each parcel it used to each it made. Where no act made a
parcel out of others, it has **origins**: mined at a site, opening stock, a seizure, an import under another
participant's certificate, or unknown. `ledger.projections.tracing` walks them.

Weights are thousandths of a carat, None unknown; times are as the acts spell them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from ledger.domain import events as e
from ledger.domain.certificates import Certificate
from ledger.domain.moments import Moment
from ledger.projections.spans import History, Stage
from ledger.values import dataclass


class Direction(StrEnum):
    """Which way the lineage was walked."""

    BACK = "trace"
    FORWARD = "track"


@dataclass(frozen=True, slots=True)
class Origin:
    """How goods began, as far as this ledger tells: ``kind`` mined, opening-stock, seized, imported or
    unknown.

    ``countries`` where they can have been mined; ``country`` where they were mined or came from; ``foreign``
    the parcel's id in the sender's ledger. ``weight`` 0.001 ct; ``index`` None where no act tells it.
    """

    kind: str
    parcel: str
    index: int | None = None
    when: str | None = None
    by: str | None = None
    weight: int | None = None
    site: str | None = None
    country: str | None = None
    countries: tuple[str, ...] = ()
    certificate: str | None = None
    foreign: str | None = None
    documented: bool = False


@dataclass(frozen=True, slots=True)
class Making:
    """An act that used parcels up and made parcels of them.

    ``difference`` 0.001 ct: outputs and loss less inputs, where all are known and it is not 0; cutting loses
    weight, so for polished goods only what is too much counts. ``complete``: all polished outputs are named.
    """

    stage: Stage
    inputs: tuple[str, ...]
    outputs: tuple[e.Goods, ...]
    loss: int | None = None
    complete: bool | None = None
    difference: int | None = None

    @property
    def index(self) -> int:
        """The entry's index."""
        return self.stage.entry

    @property
    def act(self) -> str:
        """The act's wire name."""
        return self.stage.event.TYPE

    @property
    def polishes(self) -> bool:
        """True where rough or polished goods were cut."""
        return isinstance(self.stage.event, e.Polished)


@dataclass(frozen=True, slots=True)
class Edge:
    """Goods of ``source`` became goods of ``target`` in entry ``index``; ``weight`` 0.001 ct, None unknown.

    Of a division the weight of the output, of a mix the weight that went in.
    """

    source: str
    target: str
    index: int
    act: str
    weight: int | None


@dataclass(frozen=True, slots=True)
class Node:
    """A parcel in a lineage, with its custody at the moment.

    ``distance`` how many makings away from where the walk began; ``mixed`` True going forward where other
    goods are in it too.
    """

    parcel: str
    history: History
    origins: tuple[Origin, ...] = ()
    distance: int = 0
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class Lineage:
    """A walk through the makings: nodes nearest first, makings by index, edges in their order.

    ``certificates`` that its custody names, as they were at the moment; ``uncertain`` acts may have happened
    by the moment and were not counted; ``opaque`` entries of unknown types, and the first one's index, on
    which the answer could depend.
    """

    start: str
    direction: Direction
    moment: Moment
    nodes: Mapping[str, Node]
    makings: tuple[Making, ...] = ()
    edges: tuple[Edge, ...] = ()
    certificates: Mapping[str, Certificate] = field(default_factory=dict)
    uncertain: tuple[int, ...] = ()
    opaque: tuple[int, int | None] = (0, None)

    @property
    def known(self) -> bool:
        """False where nothing at all is told of the parcel at the moment."""
        return bool(self.nodes[self.start].history.stages)

    @property
    def origins(self) -> tuple[Origin, ...]:
        """How all the goods began, nearest parcel first."""
        return tuple(origin for node in self.nodes.values() for origin in node.origins)

    def onward(self, parcel: str) -> tuple[Edge, ...]:
        """The edges that lead on from a parcel in the direction of the walk."""
        back = self.direction == Direction.BACK
        return tuple(edge for edge in self.edges if (edge.target if back else edge.source) == parcel)
