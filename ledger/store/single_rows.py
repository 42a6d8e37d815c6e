"""Single rows of one snapshot (`ledger.store.salvage`), found by their indexes: for whoever checks the end of
a ledger and leaves the rest where it is.

    rows = SingleRows(salvage)
    JournalTree(rows).node(4, 17)
    rows.linked({"parcel:P1"}), rows.mentioned("party:dealer-7", 4_990), rows.ids([...])

A value of another kind than its column's is not found here; `Salvage.rows` tells of such.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ledger.store.salvage import Salvage

_NODES = "SELECT hash FROM nodes WHERE level = ? AND place >= ? AND place < ? ORDER BY place"
_LINKS = "SELECT version, idx FROM links WHERE subject = ? ORDER BY version"
_MENTIONS = "SELECT idx FROM mentions WHERE subject = ? AND idx >= ? ORDER BY idx"
_IDS = "SELECT idx FROM ids WHERE id = ?"
_TYPES = "SELECT wire, first FROM types"


class SingleRows:
    """Questions that cost what they find, whatever the ledger's size. ``read`` counts entries read so.

    Every method may raise `StoreTrouble` (``store-damaged``).
    """

    def __init__(self, salvage: Salvage) -> None:
        self.read = 0
        self._salvage = salvage
        self._is_server = "%s" in salvage.LAST

    @property
    def url(self) -> str:
        """Where the ledger is."""
        return self._salvage.url

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """See `Salvage.entries`."""
        for index, data in self._salvage.entries(start, stop):
            self.read += 1
            yield index, data

    def nodes(self, level: int, start: int, stop: int) -> list[bytes]:
        """The kept hashes of the complete subtrees of a level, from place ``start`` to before ``stop``."""
        return [node for (node,) in self._all(_NODES, level, start, stop) if _is_hash(node)]

    def linked(self, subjects: Iterable[str]) -> dict[str, list[tuple[int, int]]]:
        """(version, index) of the entries that guard each subject, in the order of the versions."""
        return {name: [tuple(row) for row in self._all(_LINKS, name)] for name in subjects}

    def mentioned(self, subject: str, start: int) -> list[int]:
        """The indexes, from ``start`` on, of the entries that only mention a subject."""
        return [index for (index,) in self._all(_MENTIONS, subject, start)]

    def ids(self, ids: Iterable[bytes]) -> dict[bytes, int]:
        """The indexes of the statements with these ids; unknown ids are left out."""
        return {name: row[0] for name in ids for row in self._all(_IDS, name)}

    def types(self) -> dict[Any, Any]:
        """The types of which there are entries, and the index of the first of each."""
        return dict(self._all(_TYPES))

    def _all(self, statement: str, *values: object) -> list[Any]:
        spelled = statement.replace("?", "%s") if self._is_server else statement
        return list(self._salvage._all(spelled, *values))  # noqa: SLF001  the snapshot's own way of asking


def _is_hash(node: object) -> bool:
    return isinstance(node, bytes) and len(node) == 32
