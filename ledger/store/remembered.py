"""A memory with a bound: what was used last is kept, up to a total weight."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """Values by key, each with a weight; what was not used for longest is forgotten when all weigh too
    much."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._kept: OrderedDict[Key, tuple[Value, int]] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The value, which counts as used now; None where it is not remembered."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: Key, value: Value, weight: int) -> None:
        """Remember a value. One that alone weighs too much is not remembered."""
        self.drop(key)
        self._kept[key] = (value, weight)
        self._weight += weight
        while self._weight > self._most:
            _, (_, freed) = self._kept.popitem(last=False)
            self._weight -= freed

    def drop(self, key: Key) -> None:
        """Forget a value, if it is remembered."""
        found = self._kept.pop(key, None)
        if found is not None:
            self._weight -= found[1]

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._weight = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: Key) -> bool:
        return key in self._kept
