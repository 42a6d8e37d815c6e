"""Which piece an act is about. Sources give no parcel references: it follows from weight and name, or not.

The first that fits, in this order; the doubt is stored with the act by that name:

| the act's goods are                                                    | doubt              |
|------------------------------------------------------------------------|--------------------|
| the history's own parcel, while no piece of it is known                |                    |
| the one open piece of exactly that weight                              |                    |
| of several open pieces of that weight, the one whose name the act says |                    |
| open pieces, the only ones whose weights sum to exactly that           | `pieces-by-sum`    |
| the one piece of that weight that was used up before                   | (the rules say so) |
| the one open piece whose name the act says                             | `piece-by-name`    |
| in the history of one stone: its only open piece                       | `piece-inferred`   |
| one of several: not guessed                                            | `piece-unresolved` |
| with a weight that nothing has: a piece of its own, from nowhere       | `piece-unknown`    |
| without a weight and a name: not told                                  | `piece-untold`     |

A piece is open until it was split, mixed or polished; its weights are all it was ever said to have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import field
from typing import Any

from ledger.domain.vocabulary import carats, folded
from ledger.values import dataclass

MOST_TO_SUM = 16
"""Of more open pieces no sums are tried: 2^16 sums take a moment, and more would fit by chance."""


@dataclass(slots=True)
class Piece:
    """A piece of a history: parcel id, name, every weight it was said to have (0.001 ct), latest last."""

    id: str
    name: str | None = None
    weights: list[int] = field(default_factory=list)
    open: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """The parcels an act is about; ``doubt`` is the code of its discrepancy where there is one.

    With ``piece-unresolved`` the ids are those of all that fit; with ``piece-untold`` there are none.
    """

    ids: tuple[str, ...]
    doubt: str | None = None
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def told(self) -> bool:
        """True when the ids are the act's goods, not candidates."""
        return self.doubt not in ("piece-unresolved", "piece-untold")


class Pieces:
    """The pieces of one history, as far as its acts were told."""

    def __init__(self, history: str, kind: str) -> None:
        self._history = history
        self._one_stone = kind == "stone"
        self._pieces: dict[str, Piece] = {}
        self._numbered = 0

    def begin(self, name: str | None, weight: int | None, *, numbered: bool = False) -> str:
        """A new piece: its id is the history's for the first not ``numbered``, else that and a number."""
        if numbered or self._history in self._pieces:
            self._numbered += 1
            identity = f"{self._history}/{self._numbered}"
        else:
            identity = self._history
        self._pieces[identity] = Piece(identity, name)
        self.weigh(identity, weight)
        return identity

    def __contains__(self, piece: str) -> bool:
        return piece in self._pieces

    def weigh(self, piece: str, weight: int | None) -> None:
        """The piece is said to have this weight, too."""
        if weight is not None:
            self._pieces[piece].weights.append(weight)

    def close(self, pieces: Iterable[str]) -> None:
        """The pieces were used up."""
        for piece in pieces:
            self._pieces[piece].open = False

    def open(self) -> tuple[str, ...]:
        """The pieces that were not used up."""
        return tuple(piece.id for piece in self._pieces.values() if piece.open)

    def last_weight(self, piece: str) -> int | None:
        """What the piece was last said to weigh."""
        weights = self._pieces[piece].weights
        return weights[-1] if weights else None

    def reported(self, weight: int | None, words: str) -> Found:
        """What a report is about: nothing in particular where it tells no weight."""
        return self.find(weight, words) if weight is not None else Found(())

    def weighed(self, weight: int | None, words: str) -> Found:
        """What was put on the scale: its weight may be new."""
        known = any(weight in piece.weights for piece in self._pieces.values())
        return self.find(weight if known or not self._one_stone else None, words)

    def find(self, weight: int | None, words: str) -> Found:
        """What an act is about that says this weight (0.001 ct) and these words."""
        if not self._pieces:
            return Found((self.begin(None, weight),))
        if weight is not None:
            found = self._by_weight(weight, words)
            if found is not None:
                return found
        return self._by_name(words) or self._otherwise(weight)

    def _by_weight(self, weight: int, words: str) -> Found | None:
        fitting = [piece for piece in self._pieces.values() if weight in piece.weights]
        still = [piece for piece in fitting if piece.open]
        if len(still) > 1:
            named = _named(still, words)
            return Found((named[0].id,)) if len(named) == 1 else _unresolved(still, weight)
        if still:
            return Found((still[0].id,))
        summed = self._by_sum(weight)
        if summed is not None:
            return summed
        if len(fitting) == 1:
            return Found((fitting[0].id,))
        return _unresolved(fitting, weight) if fitting else None

    def _by_sum(self, weight: int) -> Found | None:
        weighed = [(p.id, p.weights[-1]) for p in self._pieces.values() if p.open and p.weights]
        if not 2 <= len(weighed) <= MOST_TO_SUM:
            return None
        sums = _sums(weighed, weight)
        if len(sums) == 1:
            return Found(sums[0], "pieces-by-sum", {"weight": carats(weight), "count": len(sums[0])})
        return None

    def _by_name(self, words: str) -> Found | None:
        named = _named([piece for piece in self._pieces.values() if piece.open], words)
        if len(named) == 1:
            return Found((named[0].id,), "piece-by-name", {"name": named[0].name})
        return _unresolved(named, None) if named else None

    def _otherwise(self, weight: int | None) -> Found:
        still = self.open()
        if weight is not None:
            return Found((self.begin(None, weight),), "piece-unknown", {"weight": carats(weight)})
        if self._one_stone and len(still) == 1:
            return Found(still, "piece-inferred", {})
        return Found((), "piece-untold", {})


def _unresolved(pieces: Sequence[Piece], weight: int | None) -> Found:
    ids = tuple(piece.id for piece in pieces)
    return Found(ids, "piece-unresolved", {"weight": carats(weight), "pieces": ", ".join(ids)})


def _named(pieces: Iterable[Piece], words: str) -> list[Piece]:
    said = folded(words)
    return [piece for piece in pieces if piece.name is not None and _says(said, folded(piece.name))]


def _says(said: str, name: str) -> bool:
    """True where the words hold the name as words: a pear is not in what appears."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said) is not None


def _sums(weighed: Sequence[tuple[str, int]], weight: int) -> list[tuple[str, ...]]:
    """All choices of two or more pieces that weigh exactly so much together; at most two are looked for."""
    found: list[tuple[str, ...]] = []

    def choose(place: int, chosen: tuple[str, ...], left: int) -> None:
        if len(found) == 2 or left < 0:
            return
        if left == 0:
            if len(chosen) > 1:
                found.append(chosen)
            return
        for number in range(place, len(weighed)):
            identity, size = weighed[number]
            choose(number + 1, (*chosen, identity), left - size)

    choose(0, (), weight)
    return found
