"""A memory with a bound: what was used last is kept, up to a total weight."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


Parts = dict[Any, int]


class Remembered(Generic[Key, Value]):
    """Values by key, each with a weight; what was not used for longest is forgotten when all weigh too
    much.

    Values may share parts, such as the entry that five hundred parcels began with: a part is weighed once,
    as long as one of those values is there.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._kept: OrderedDict[Key, tuple[Value, int, Parts]] = OrderedDict()
        self._shared: dict[Hashable, int] = {}

    def get(self, key: Key) -> Value | None:
        """The value, which counts as used now; None where it is not remembered."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: Key, value: Value, weight: int, parts: Mapping[Any, int] | None = None) -> None:
        """Remember a value; ``parts`` weigh besides. What alone weighs too much is not remembered."""
        self.drop(key)
        self._kept[key] = (value, weight, {})
        self._weight += weight
        for part, more in (parts or {}).items():
            self._add(self._kept[key][2], part, more)
        self._shrink()

    def share(self, key: Key, part: Hashable, weight: int) -> None:
        """The value, which is remembered, has one more part."""
        self._add(self._kept[key][2], part, weight)
        self._shrink()

    def drop(self, key: Key) -> None:
        """Forget a value, if it is remembered."""
        found = self._kept.pop(key, None)
        if found is not None:
            self._forget(found)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._shared.clear()
        self._weight = 0

    def _add(self, parts: Parts, part: Hashable, weight: int) -> None:
        if part in parts:
            return
        parts[part] = weight
        sharing = self._shared.get(part, 0)
        self._shared[part] = sharing + 1
        if not sharing:
            self._weight += weight

    def _shrink(self) -> None:
        while self._weight > self._most:
            self._forget(self._kept.popitem(last=False)[1])

    def _forget(self, found: tuple[Value, int, Parts]) -> None:
        self._weight -= found[1]
        for part, weight in found[2].items():
            self._shared[part] -= 1
            if not self._shared[part]:
                del self._shared[part]
                self._weight -= weight

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: Key) -> bool:
        return key in self._kept
